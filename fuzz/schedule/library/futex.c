/* SPDX-License-Identifier: MIT */
/*
 * futex.c: futexes, by the function syscall.
 *
 * What a futex compares is plain memory, whose changes are no steps: an
 * exploration with futexes samples.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "library.h"
#include "raw.h"

static long fail(int error)
{
	errno = error;
	return -1;
}

static long futex_wait(uint32_t *word, struct object *o, int how, uint32_t value, const struct timespec *t)
{
	struct operation sleep = operation_on(OP_FUTEX_SLEEP, o, CHANGES);
	bool absolute = (how & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
	int clock = absolute && (how & FUTEX_CLOCK_REALTIME) ? CLOCK_REALTIME : CLOCK_MONOTONIC;

	if (t && !operation_until(&sleep, clock, t))
		return fail(EINVAL);
	if (t && !absolute)
		sleep.deadline += me()->time;
	step_on(OP_FUTEX_WAIT, o, CHANGES);
	if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value)
		return fail(EAGAIN);
	return fall_asleep(sleep, (struct operation){.kind = OP_POINT}) == WAY_TIMEOUT ? fail(ETIMEDOUT) : 0;
}

static long futex_wake(struct object *o, uint32_t most)
{
	struct thread *list[THREADS_MAX];
	int i, n;

	step_on(OP_FUTEX_WAKE, o, CHANGES);
	n = sleepers_on(o, list, THREADS_MAX);
	for (i = 0; i < n && (uint32_t)i < most; i++)
		wake(list[i]);
	return i;
}

static long futex(uint32_t *word, int how, uint32_t value, const struct timespec *t)
{
	struct object *o = object_at(word, OBJECT_FUTEX, !(how & FUTEX_PRIVATE_FLAG));

	caveat(CAVEAT_FUTEX, NULL);
	switch (how & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		return futex_wait(word, o, how, value, t);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		return futex_wake(o, value);
	default:
		end_execution(END_LOST, "futex operation %d is not controlled", how & FUTEX_CMD_MASK);
	}
}

EXPORT long syscall(long number, ...)
{
	long a[6], result;
	va_list args;
	int i;

	va_start(args, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	me();
	if (number == SYS_futex)
		return futex((uint32_t *)a[0], (int)a[1], (uint32_t)a[2], (const struct timespec *)a[3]);
	result = raw(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	return result < 0 && result > -4096 ? fail((int)-result) : result;
}
