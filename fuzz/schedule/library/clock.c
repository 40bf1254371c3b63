/* SPDX-License-Identifier: MIT */
/*
 * clock.c: virtual time.
 *
 * Each thread has a clock.  It goes on with the thread's steps, is never behind the
 * objects that they touch, and jumps to the deadline of a timeout.  So what a
 * thread reads depends on what came before it, and on no order of independent
 * steps.  A sleep ends when any timer may fire.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "library.h"

#define SECOND 1000000000LL
#define FOREVER (INT64_MAX / 4)

static bool is_realtime(int clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

static int64_t nanoseconds(const struct timespec *t)
{
	return t->tv_sec > FOREVER / SECOND ? FOREVER : t->tv_sec * SECOND + t->tv_nsec;
}

static bool is_valid(const struct timespec *t)
{
	return t->tv_nsec >= 0 && t->tv_nsec < SECOND;
}

bool operation_until(struct operation *op, int clock, const struct timespec *t)
{
	if (!is_valid(t))
		return false;
	op->timed = true;
	op->deadline = nanoseconds(t) - (is_realtime(clock) ? REALTIME_AHEAD : 0);
	return true;
}

static int64_t read_clock(int clock)
{
	struct thread *t = me();

	t->time += 100;
	return t->time + (is_realtime(clock) ? REALTIME_AHEAD : 0);
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *t)
{
	int64_t now = read_clock(clock);

	t->tv_sec = now / SECOND;
	t->tv_nsec = now % SECOND;
	return 0;
}

EXPORT int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	int64_t now = read_clock(CLOCK_REALTIME);

	(void)zone;
	t->tv_sec = now / SECOND;
	t->tv_usec = now % SECOND / 1000;
	return 0;
}

EXPORT time_t time(time_t *t)
{
	time_t now = read_clock(CLOCK_REALTIME) / SECOND;

	if (t)
		*t = now;
	return now;
}

EXPORT int timespec_get(struct timespec *t, int base)
{
	clock_gettime(CLOCK_REALTIME, t);
	return base;
}

EXPORT clock_t clock(void)
{
	return read_clock(CLOCK_MONOTONIC) / 1000;
}

static void sleep_until(int64_t deadline)
{
	step((struct operation){.kind = OP_SLEEP, .timed = true, .deadline = deadline});
}

static int64_t from_now(int64_t duration)
{
	return me()->time + duration;
}

EXPORT int nanosleep(const struct timespec *t, struct timespec *left)
{
	(void)left;
	if (!is_valid(t) || t->tv_sec < 0) {
		errno = EINVAL;
		return -1;
	}
	sleep_until(from_now(nanoseconds(t)));
	return 0;
}

EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *t, struct timespec *left)
{
	struct operation op = {.kind = OP_SLEEP};

	(void)left;
	if (!operation_until(&op, clock, t))
		return EINVAL;
	sleep_until(flags & TIMER_ABSTIME ? op.deadline : from_now(nanoseconds(t)));
	return 0;
}

EXPORT int usleep(useconds_t n)
{
	sleep_until(from_now(n * 1000LL));
	return 0;
}

EXPORT unsigned sleep(unsigned n)
{
	sleep_until(from_now(n * SECOND));
	return 0;
}

EXPORT int thrd_sleep(const struct timespec *t, struct timespec *left)
{
	return nanosleep(t, left) ? -2 : 0;
}
