/* SPDX-License-Identifier: MIT */
/* as_completed_timeout.c: iterators with a timeout: when their time is up, and what they yield until then and after. */
#include "iterators.h"

#include <float.h>
#include <math.h>

/* What a clock may be coarse by. */
#define TICK 0.001

/* ASCOMP-16: one done, one running. */
CASE(ascomp_16_time_is_up)
{
	struct four s = four_held();
	struct pp_future *f = NULL;

	four_finish(&s, 0);
	struct pp_completed *it = as_completed_begin(s.fs, 2, short_time());
	context("as_completed with a short timeout over a finished future and a running one");
	expect_yields(it, s.fs[0]);
	EXPECT_STATUS(PP_TIMEOUT, as_completed_next(it, &f));
	EXPECT_PTR(NULL, f);
}

CASE(ascomp_35_output_left)
{
	NEED(as_completed_begin);
	struct pp_future *untouched = (struct pp_future *)token(9), *f = untouched, *fs[] = {future_new()};

	context("as_completed over no futures, asked");
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(as_completed_begin(fs, 0, PP_FOREVER), &f));
	EXPECT_PTR(untouched, f);
	context("as_completed over a PENDING future with a timeout of zero, asked");
	EXPECT_STATUS(PP_TIMEOUT, as_completed_next(as_completed_begin(fs, 1, 0), &f));
	EXPECT_PTR(untouched, f);
}

/* ASCOMP-17: from before the call to the answer; completions in between do not count. */
CASE(ascomp_17_lasts_its_timeout)
{
	struct four s = four_held();
	struct pp_future *f = NULL;
	double timeout = 2 * short_time(), begin = now();
	struct pp_completed *it = as_completed_begin(s.fs, 3, timeout);

	four_finish(&s, 1);
	context("as_completed with a short timeout over three futures, of which one finishes");
	int status = as_completed_next(it, &f);
	if (status == PP_OK)
		status = as_completed_next(it, &f);
	EXPECT_STATUS(PP_TIMEOUT, status);
	EXPECT(now() - begin >= timeout - TICK);
}

/* How long the first ask takes that comes when all of the timeout has passed. */
static double first_ask_when_time_is_up(struct pp_future *never, double timeout)
{
	struct pp_future *f = NULL;
	void *outcome;
	double begin = now();
	struct pp_completed *it = as_completed_begin(&never, 1, timeout);

	while (now() - begin < timeout + TICK)
		REQUIRE(result(never, timeout, &outcome) == PP_TIMEOUT);
	begin = now();
	context("as_completed asked for the first time when its time is up");
	EXPECT_STATUS(PP_TIMEOUT, as_completed_next(it, &f));
	return now() - begin;
}

/*
 * ASCOMP-18: if the time ran from the first ask, none could be answered before all of it
 * has passed once more.  On a machine that is busy one may be late; not each of them,
 * with timeouts that double.
 */
CASE(ascomp_18_time_runs_from_the_call)
{
	NEED(as_completed_begin);
	NEED(as_completed_next);
	struct pp_future *never = future_new();
	double timeout = short_time();
	int tries = 6, early = 0;

	for (; tries > 0 && !early; tries--, timeout *= 2)
		early = first_ask_when_time_is_up(never, timeout) < timeout - TICK;
	context("of the first asks that came when the time was up, none was answered before as much had passed again");
	EXPECT(early);
}

static void take_what_is_there(double timeout)
{
	struct four s = four_held();
	struct pp_future *one = NULL, *two = NULL, *f = NULL;

	four_finish(&s, 0);
	four_finish(&s, 2);
	struct pp_completed *it = as_completed_begin(s.fs, 4, timeout);
	context("as_completed with timeout %g over two finished futures and two running ones", timeout);
	EXPECT_STATUS(PP_OK, as_completed_next(it, &one));
	EXPECT_STATUS(PP_OK, as_completed_next(it, &two));
	EXPECT((one == s.fs[0] && two == s.fs[2]) || (one == s.fs[2] && two == s.fs[0]));
	EXPECT_STATUS(PP_TIMEOUT, as_completed_next(it, &f));
	EXPECT_PTR(NULL, f);
}

/* ASCOMP-19: what is there is yielded, and then the time is up. */
CASE(ascomp_19_timeout_zero)
{
	take_what_is_there(0);
}

/* ASCOMP-20: the same. */
CASE(ascomp_20_negative_timeout)
{
	take_what_is_there(-0.001);
	take_what_is_there(-1e9);
	take_what_is_there(-1e300);
	take_what_is_there(-INFINITY);
}

/* ASCOMP-16: times that no clock can tell from none. */
CASE(ascomp_16_tiny_timeouts)
{
	take_what_is_there(DBL_TRUE_MIN);
	take_what_is_there(1e-300);
	take_what_is_there(1e-9);
}

/* ASCOMP-17: one after the other; half of them is far more than clocks differ by. */
CASE(ascomp_17_lasts_parts_of_a_millisecond)
{
	enum { TIMES = 50 };
	struct four s = four_held();
	struct pp_future *f = NULL;
	double begin = now();

	for (int i = 0; i < TIMES; i++)
		REQUIRE(as_completed_next(as_completed_begin(s.fs, 1, 0.0009), &f) == PP_TIMEOUT);
	context("fifty iterators that each gave up after 0.0009 seconds have lasted half as long as they must");
	EXPECT(now() - begin >= TIMES * 0.0009 / 2);
}

static void wait_out(double timeout)
{
	struct four s = four_held();
	struct taker a = {.it = as_completed_begin(s.fs, 1, timeout)};

	taker_start(&a);
	context("as_completed with timeout %g over a running future", timeout);
	thread_settle(a.thread);
	EXPECT_INT(0, counter_value(a.returned));
	four_finish(&s, 0);
	thread_join(a.thread);
	EXPECT_STATUS(PP_OK, a.status);
	EXPECT_PTR(s.fs[0], a.f);
}

/* ASCOMP-21: beyond 32 bits of milliseconds and of seconds. */
CASE(ascomp_21_large_timeouts)
{
	wait_out(5e6);
	wait_out(5e9);
}

/* ASCOMP-21: beyond 64 bits of nanoseconds, of seconds, and of everything. */
CASE(ascomp_21_huge_timeouts)
{
	wait_out(1e10);
	wait_out(1e19);
	wait_out(1.7e308);
}

/* ASCOMP-21: where a number of 31 or 32 bits of microseconds, milliseconds or seconds starts again. */
CASE(ascomp_21_just_beyond_a_word)
{
	static const double ends[] = {0x1p31 / 1e6, 0x1p32 / 1e6, 0x1p31 / 1e3, 0x1p32 / 1e3, 0x1p31, 0x1p32};
	enum { N = sizeof(ends) / sizeof(ends[0]) };
	struct four s = four_held();
	struct taker a[N];
	void *outcome;

	for (int i = 0; i < N; i++) {
		a[i] = (struct taker){.it = as_completed_begin(s.fs, 1, ends[i] + 0.001)};
		taker_start(&a[i]);
	}
	REQUIRE(result(s.fs[0], short_time(), &outcome) == PP_TIMEOUT);
	four_finish(&s, 0);
	for (int i = 0; i < N; i++) {
		thread_join(a[i].thread);
		context("as_completed with timeout %.3f over a future that was running, and is done", ends[i] + 0.001);
		EXPECT_STATUS(PP_OK, a[i].status);
	}
}

/* ASCOMP-22: done within the time, asked for after it.  The time is passed by a wait that times out. */
CASE(ascomp_22_done_in_time_and_asked_for_late)
{
	NEED(as_completed_begin);
	struct pp_future *fs[] = {future_new(), future_new()}, *never = future_new();
	double timeout = 5 * short_time(), begin = now();
	void *outcome;

	REQUIRE(set_result(fs[0], NULL) == PP_OK);
	struct pp_completed *it = as_completed_begin(fs, 2, timeout);
	expect_yields(it, fs[0]);
	REQUIRE(set_result(fs[1], NULL) == PP_OK);
	if (now() - begin >= timeout)
		unsupported("the machine is too slow for this timeout");
	while (now() - begin < timeout + TICK)
		REQUIRE(result(never, timeout / 5, &outcome) == PP_TIMEOUT);
	context("as_completed asked after its time for a future that became done within it");
	expect_yields(it, fs[1]);
}

/* ASCOMP-23: an answer, whichever; and none that is no future of the two. */
CASE(ascomp_23_asked_again_after_timeout)
{
	struct four s = four_held();
	struct pp_future *f = NULL;
	struct pp_completed *it = as_completed_begin(s.fs, 2, short_time());
	int status;

	REQUIRE(as_completed_next(it, &f) == PP_TIMEOUT);
	for (int i = 0; i < 3; i++) {
		context("as_completed over two running futures asked again after TIMEOUT");
		status = as_completed_next(it, &f);
		EXPECT(status == PP_TIMEOUT || status == PP_STOP_ITERATION);
	}
}
