/* SPDX-License-Identifier: MIT */
/*
 * spurious: every sleep may end without a cause, and every step may be delayed.
 *
 * -o seed=N  which of them do; a number of its own is drawn by each thread
 */
#include "pool/pool.h"

#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t seed = 1;

/* The next number of the calling thread's own sequence, which begins with its turn. */
static uint64_t draw(void)
{
	static _Thread_local uint64_t state AT_THREAD_START;
	static uint64_t threads;
	uint64_t z;

	if (!state)
		state = seed + __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED) * 0x9e3779b97f4a7c15;
	z = state += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

#define EAGER 1000

/*
 * Of a hundred steps one sleeps, and twenty let others go first.  A thread that makes many is
 * delayed less and less often: each time may cost a slice of a busy processor.
 */
static void step(void)
{
	static _Thread_local uint64_t steps AT_THREAD_START;
	struct timespec t = {0};
	uint64_t n = draw();

	if (++steps > EAGER && draw() % (steps / EAGER) != 0)
		return;
	if (n % 100 < 20)
		sched_yield();
	if (n % 100 != 99)
		return;
	t.tv_nsec = (long)(n / 100 % 300000);
	nanosleep(&t, NULL);
}

static bool wakes(void)
{
	return draw() % 2;
}

static bool option(const struct pp_option *option)
{
	char *end;

	if (strcmp(option->key, "seed") != 0)
		return false;
	seed = strtoull(option->value, &end, 10);
	return *option->value && !*end;
}

static const struct design spurious = {
	.name = "spurious",
	.concurrency = PP_UNLIMITED,
	.step = step,
	.wakes = wakes,
	.option = option,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	return pool_backend(&spurious, host);
}
