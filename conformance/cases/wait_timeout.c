/* SPDX-License-Identifier: MIT */
/* wait_timeout.c: wait with a timeout: how long it lasts, and what is told when the time is up. */
#include "waits.h"

#include <float.h>
#include <math.h>

/* What a clock may be coarse by. */
#define TICK 0.001

/* WAIT-21: some are done when the time is up; all modes for which that is no reason to return. */
CASE(wait_21_time_is_up)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *value = ended(e, task_return);
	struct held *h = held_new(e, false);
	struct pp_future *fs[] = {value, h->f};

	for (size_t m = 1; m < 3; m++) {
		bool done[2] = {false, true};

		context("%s with a short timeout over a future with a value and a running one", mode_names[m]);
		EXPECT_STATUS(PP_OK, wait_for(fs, 2, short_time(), modes[m], done));
		EXPECT(done[0]);
		EXPECT_FALSE(done[1]);
	}
}

/* WAIT-21: one becomes done while the thread waits, and that is told when the time is up. */
CASE(wait_21_tells_what_became_done_meanwhile)
{
	struct pp_executor *e = executor_new(2);
	struct held *a = held_new(e, false), *b = held_new(e, false);
	struct wait_call w = {.fs = {a->f, b->f}, .count = 2, .timeout = 4 * short_time(), .return_when = PP_ALL_COMPLETED};
	double begin = now(), finished;

	wait_call_start(&w);
	held_finish(a);
	finished = now();
	context("ALL_COMPLETED with a timeout over two futures, of which one finishes within the time");
	expect_returns(&w);
	EXPECT_FALSE(w.done[1]);
	if (finished - begin < w.timeout)
		EXPECT(w.done[0]);
}

/* WAIT-17, WAIT-21: the last of many is the one that is not done, and all modes tell of all others. */
CASE(wait_21_tells_of_all_but_the_last_of_many)
{
	enum { N = 1000 };
	struct pp_future *fs[N];
	bool done[N];

	for (int i = 0; i < N; i++)
		fs[i] = future_new();
	for (int i = 0; i + 1 < N; i++)
		REQUIRE(set_result(fs[i], NULL) == PP_OK);
	for (size_t m = 0; m < MODES; m++) {
		int told = 0;

		for (int i = 0; i < N; i++)
			done[i] = i + 1 == N;
		context("%s with a short timeout over %d futures, all done but the last", mode_names[m], N);
		EXPECT_STATUS(PP_OK, wait_for(fs, N, short_time(), modes[m], done));
		for (int i = 0; i + 1 < N; i++)
			told += done[i];
		EXPECT_INT(N - 1, told);
		EXPECT_FALSE(done[N - 1]);
	}
}

/* WAIT-22: a lower bound, in each mode, and again to see that one wait does not shorten the next. */
CASE(wait_22_lasts_its_timeout)
{
	struct pp_executor *e = executor_new(1);
	struct held *h = held_new(e, false);

	for (size_t m = 0; m < 3; m++) {
		bool done = true;
		double timeout = short_time(), begin = now();

		context("%s with a short timeout over a running future", mode_names[m]);
		EXPECT_STATUS(PP_OK, wait_for(&h->f, 1, timeout, modes[m], &done));
		EXPECT(now() - begin >= timeout - TICK);
		EXPECT_FALSE(done);
	}
}

/* WAIT-22: completions that do not make return_when hold do not shorten it either. */
CASE(wait_22_lasts_its_timeout_despite_completions)
{
	struct pp_executor *e = executor_new(3);
	struct held *a = held_new(e, false), *b = held_new(e, false), *c = held_new(e, false);
	struct wait_call w = {.fs = {a->f, b->f, c->f}, .count = 3, .timeout = 2 * short_time(), .return_when = PP_ALL_COMPLETED};
	double begin = now();

	wait_call_start(&w);
	held_finish(a);
	held_finish(b);
	context("ALL_COMPLETED with a timeout over three futures, of which two finish");
	expect_returns(&w);
	EXPECT(now() - begin >= w.timeout - TICK);
	EXPECT_FALSE(w.done[2]);
}

static void poll_running(double timeout)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *value = ended(e, task_return);
	struct held *h = held_new(e, false);
	struct pp_future *fs[] = {h->f, value};

	for (size_t m = 0; m < 3; m++) {
		bool done[2] = {true, false};

		context("%s with timeout %g over a running future and a done one", mode_names[m], timeout);
		EXPECT_STATUS(PP_OK, wait_for(fs, 2, timeout, modes[m], done));
		EXPECT_FALSE(done[0]);
		EXPECT(done[1]);
	}
}

/* WAIT-23: a wait without limit would last until the deadline of the case. */
CASE(wait_23_timeout_zero)
{
	poll_running(0);
}

/* WAIT-24: small and large negative numbers. */
CASE(wait_24_negative_timeout)
{
	poll_running(-0.001);
	poll_running(-1e9);
	poll_running(-1e300);
}

/* WAIT-24: as far below zero as a double goes. */
CASE(wait_24_timeout_minus_infinity)
{
	poll_running(-INFINITY);
}

/* WAIT-21: times that no clock can tell from none. */
CASE(wait_21_tiny_timeouts)
{
	poll_running(DBL_TRUE_MIN);
	poll_running(1e-300);
	poll_running(1e-9);
}

/* WAIT-22: one after the other; half of them is far more than clocks differ by. */
CASE(wait_22_lasts_parts_of_a_millisecond)
{
	enum { TIMES = 50 };
	struct held *h = held_new(executor_new(1), false);
	double begin = now();
	bool done;

	NEED(wait);
	for (int i = 0; i < TIMES; i++)
		REQUIRE(wait_for(&h->f, 1, 0.0009, PP_ALL_COMPLETED, &done) == PP_OK);
	context("fifty waits of 0.0009 seconds have lasted half as long as they must");
	EXPECT(now() - begin >= TIMES * 0.0009 / 2);
}

/* A task ends while the main thread waits with a timeout that is as good as none. */
static void wait_out(double timeout)
{
	struct pp_executor *e = executor_new(1);
	struct held *h = held_new(e, false);
	struct wait_call w = {.fs = {h->f}, .count = 1, .timeout = timeout, .return_when = PP_ALL_COMPLETED};

	wait_call_start(&w);
	context("ALL_COMPLETED with timeout %g over a running future", timeout);
	expect_still_waiting(&w);
	held_finish(h);
	expect_returns(&w);
	EXPECT(w.done[0]);
	shutdown_wait(e);
}

/* WAIT-25: beyond 32 bits of milliseconds and of seconds, within 64 bits of nanoseconds. */
CASE(wait_25_large_timeouts)
{
	wait_out(5e6);
	wait_out(5e9);
}

/* WAIT-25: beyond 64 bits of nanoseconds, of seconds, and of everything. */
CASE(wait_25_huge_timeouts)
{
	wait_out(1e10);
	wait_out(1e19);
	wait_out(1.7e308);
}

/* WAIT-25: where a number of 31 or 32 bits of microseconds, milliseconds or seconds starts again. */
CASE(wait_25_just_beyond_a_word)
{
	static const double ends[] = {0x1p31 / 1e6, 0x1p32 / 1e6, 0x1p31 / 1e3, 0x1p32 / 1e3, 0x1p31, 0x1p32};
	enum { N = sizeof(ends) / sizeof(ends[0]) };
	struct pp_executor *e = executor_new(1);
	struct held *h = held_new(e, false);
	struct wait_call w[N];
	void *outcome;

	for (int i = 0; i < N; i++) {
		w[i] = (struct wait_call){.fs = {h->f}, .count = 1, .timeout = ends[i] + 0.001, .return_when = PP_ALL_COMPLETED};
		wait_call_start(&w[i]);
	}
	REQUIRE(result(h->f, short_time(), &outcome) == PP_TIMEOUT);
	held_finish(h);
	for (int i = 0; i < N; i++) {
		context("ALL_COMPLETED with timeout %.3f over a future that was running, and is done", w[i].timeout);
		expect_returns(&w[i]);
		EXPECT(w[i].done[0]);
	}
}

CASE(wait_37_timeout_that_is_not_a_number)
{
	struct pp_executor *e = executor_new(1);
	struct held *h = held_new(e, false);
	bool done = false;
	int status = wait_for(&h->f, 1, NAN, PP_ALL_COMPLETED, &done);

	context("wait with a timeout that is not a number, over a running future: %s", status_name(status));
	EXPECT(status == PP_OK || status == PP_INVALID_ARGUMENT);
	EXPECT_FALSE(done);
	held_finish(h);
}

/* WAIT-26: what was installed for a wait that timed out is gone before the futures become done. */
CASE(wait_26_futures_go_on_after_a_timeout)
{
	struct pp_executor *e = executor_new(2);
	struct held *a = held_new(e, false), *b = held_new(e, true);
	struct pp_future *fs[] = {a->f, b->f};
	bool done[2];

	for (size_t m = 0; m < 3; m++) {
		context("%s with timeout %g over two running futures", mode_names[m], short_time() / 10);
		EXPECT_STATUS(PP_OK, wait_for(fs, 2, short_time() / 10, modes[m], done));
		EXPECT_FALSE(done[0] || done[1]);
	}
	for (int i = 0; i < 600; i++)
		REQUIRE(wait_for(fs, 2, i % 2 ? 1e-6 : 0, modes[i % 3], done) == PP_OK);
	struct wait_call w = {.fs = {a->f, b->f}, .count = 2, .timeout = PP_FOREVER, .return_when = PP_ALL_COMPLETED};
	wait_call_start(&w);
	held_finish(a);
	context("ALL_COMPLETED after 603 waits that timed out");
	expect_still_waiting(&w);
	held_finish(b);
	expect_returns(&w);
	EXPECT(w.done[0] && w.done[1]);
}
