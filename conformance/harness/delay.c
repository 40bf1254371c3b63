/* SPDX-License-Identifier: MIT */
/*
 * delay.c: what a round leaves to chance, all of it drawn from one number.
 *
 * Each thread draws from a sequence of its own, so that what one thread draws
 * does not depend on how far another has come.  A thread of the backend gets its
 * sequence when it first passes a point.
 */
#include <sched.h>
#include <time.h>

#include "race.h"
#include "sanitizers.h"

/* How a round is delayed. */
enum mood {
	QUIET,	/* not at all */
	SPINS,	/* some hundred steps of a loop */
	YIELDS, /* sched_yield */
	SLEEPS, /* rarely, for some microseconds */
	MIXED,
	MOODS
};

/*
 * Relaxed: a worker of the round before may still be on its way out when the
 * main thread sets them, and must not be ordered by them.
 */
static _Atomic uint64_t round_seed;
static atomic_ulong round_number; /* so that a sequence knows its round */
static atomic_int mood;
static atomic_bool pinned;
static atomic_uint strangers; /* threads that are none of ours */

#define GET(what) atomic_load_explicit(&(what), memory_order_relaxed)
#define SET(what, value) atomic_store_explicit(&(what), (value), memory_order_relaxed)

static _Thread_local uint64_t state;
static _Thread_local unsigned long state_round;

/* splitmix64 */
static uint64_t draw(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static void begin_sequence(uint64_t number)
{
	uint64_t s = GET(round_seed) ^ (number << 48);

	state = draw(&s);
	state_round = GET(round_number);
}

static uint64_t next(void)
{
	if (state_round != GET(round_number))
		begin_sequence(1000 + atomic_fetch_add_explicit(&strangers, 1, memory_order_relaxed));
	return draw(&state);
}

static int below(int n)
{
	return (int)(next() % (unsigned)n);
}

int choose(int n)
{
	return pp_schedule_choose ? pp_schedule_choose(n) : below(n);
}

/* ---- pinning ------------------------------------------------------------------- */

/* The processors that we may use, as they were at first; the main thread asks first. */
static const cpu_set_t *allowed(void)
{
	static cpu_set_t set;
	static bool known;

	if (!known)
		known = sched_getaffinity(0, sizeof(set), &set) == 0;
	return &set;
}

/* Workers that a pinned thread starts stay where it is: that is part of the game. */
static void pin(int to)
{
	cpu_set_t one;
	int cpu, n = CPU_COUNT(allowed());

	if (n < 2)
		return;
	to %= n;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, allowed()) || to-- > 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		return;
	}
}

void delays_open(void)
{
	valgrind_unordered(&round_seed, sizeof(round_seed));
	valgrind_unordered(&round_number, sizeof(round_number));
	valgrind_unordered(&mood, sizeof(mood));
	valgrind_unordered(&pinned, sizeof(pinned));
	valgrind_unordered(&strangers, sizeof(strangers));
}

void delays_begin(uint64_t seed, bool quiet)
{
	SET(round_seed, seed);
	SET(round_number, GET(round_number) + 1);
	SET(strangers, 0);
	begin_sequence(0);
	SET(mood, quiet ? QUIET : below(MOODS));
	SET(pinned, !quiet && below(4) == 0);
	allowed();
}

void delays_thread(int t)
{
	begin_sequence((uint64_t)t + 1);
	if (GET(pinned))
		pin(below(64));
}

int crowd_size(int bodies, int most)
{
	int room = most - bodies;

	if (room < 1 || below(3))
		return 1;
	return 1 + below(room + 1);
}

/* ---- points ---------------------------------------------------------------------- */

static void spin(int steps)
{
	volatile int i;

	for (i = 0; i < steps; i++)
		;
}

static void delay(enum mood how)
{
	switch (how) {
	case SPINS:
		spin(below(2) ? below(3000) : below(100));
		break;
	case YIELDS:
		if (below(2))
			sched_yield();
		break;
	case SLEEPS:
		if (below(6) == 0)
			pass_time((1 + below(80)) * 1e-6);
		break;
	case MIXED:
		delay((enum mood)below(MIXED));
		break;
	default:
		break;
	}
}

void point(const char *label)
{
	if (pp_schedule_point)
		pp_schedule_point(label);
	else
		delay((enum mood)GET(mood));
}
