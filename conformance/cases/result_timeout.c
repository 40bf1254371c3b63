/* SPDX-License-Identifier: MIT */
/* result_timeout.c: result and exception with a timeout: how long they wait, and what is left when the time is up. */
#include "futures.h"

#include <float.h>
#include <math.h>

/* ---- timeouts --------------------------------------------------------- */

CASE(result_17_zero_submitted_pending)
{
	expect_result(submitted_in(F_PENDING, NULL), F_PENDING, 0);
}

CASE(result_17_zero_author_pending)
{
	expect_result(future_in(F_PENDING), F_PENDING, 0);
}

CASE(result_17_zero_submitted_running)
{
	expect_result(submitted_in(F_RUNNING, NULL), F_RUNNING, 0);
}

CASE(result_17_zero_author_running)
{
	expect_result(future_in(F_RUNNING), F_RUNNING, 0);
}

CASE(result_17_minus_zero)
{
	expect_result(submitted_in(F_PENDING, NULL), F_PENDING, -0.0);
}

static const double negative[] = {-1, -DBL_MIN, -1e-9, -0.5, -1e9, -1e300, -DBL_MAX, -INFINITY};

#define COUNT(array_) (sizeof(array_) / sizeof((array_)[0]))

typedef void expectation(struct pp_future *f, enum future_state s, double timeout);

static void expect_each(expectation *expect, struct pp_future *f, enum future_state s, const double *timeouts,
			size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		expect(f, s, timeouts[i]);
}

CASE(result_18_negative_pending)
{
	expect_each(expect_result, submitted_in(F_PENDING, NULL), F_PENDING, negative, COUNT(negative));
}

CASE(result_18_negative_running)
{
	expect_each(expect_result, submitted_in(F_RUNNING, NULL), F_RUNNING, negative, COUNT(negative));
}

CASE(result_18_negative_author_pending)
{
	expect_each(expect_result, future_in(F_PENDING), F_PENDING, negative, COUNT(negative));
}

static const double every_timeout[] = {-DBL_MAX, -1, 0, DBL_TRUE_MIN, 1e-9, 1, 1e9, 1e10, 1e19, 1e300, DBL_MAX,
				       PP_FOREVER};

static void expect_whatever_timeout(expectation *expect, enum future_state s)
{
	expect_each(expect, submitted_in(s, NULL), s, every_timeout, COUNT(every_timeout));
}

CASE(result_19_value_whatever_the_timeout)
{
	expect_whatever_timeout(expect_result, F_RETURNED);
}

CASE(result_19_exception_whatever_the_timeout)
{
	expect_whatever_timeout(expect_result, F_RAISED);
}

CASE(result_19_cancelled_whatever_the_timeout)
{
	expect_whatever_timeout(expect_result, F_CANCELLED);
}

CASE(result_20_short_timeout_pending)
{
	expect_result(submitted_in(F_PENDING, NULL), F_PENDING, short_time());
}

CASE(result_20_short_timeout_running)
{
	expect_result(submitted_in(F_RUNNING, NULL), F_RUNNING, short_time());
}

CASE(result_20_short_timeout_author_pending)
{
	expect_result(future_in(F_PENDING), F_PENDING, short_time());
}

static long microseconds(double seconds)
{
	return (long)(seconds * 1e6);
}

/* One millisecond is allowed for clocks that differ in their grain. */
static void expect_not_early(const struct waiter *w)
{
	EXPECT_STATUS(PP_TIMEOUT, w->status);
	context("the call returned after %ld of %ld microseconds", microseconds(w->seconds), microseconds(w->timeout));
	EXPECT_AT_LEAST(microseconds(w->timeout) - 1000, microseconds(w->seconds));
}

static void time_waiter(bool asks_exception)
{
	struct waiter w;

	waiter_start(&w, submitted_in(F_RUNNING, NULL), short_time(), asks_exception);
	waiter_join(&w);
	expect_not_early(&w);
}

CASE(result_21_not_before_the_time)
{
	time_waiter(false);
}

/* One after the other; half of them is far more than clocks differ by. */
static void expect_parts_of_a_millisecond(bool asks_exception)
{
	enum { TIMES = 50 };
	struct pp_future *f = submitted_in(F_RUNNING, NULL);
	double begin = now();
	void *ignored;
	int i;

	for (i = 0; i < TIMES; i++)
		REQUIRE((asks_exception ? exception : result)(f, 0.0009, &ignored) == PP_TIMEOUT);
	context("fifty calls that each gave up after 0.0009 seconds have lasted half as long as they must");
	EXPECT(now() - begin >= TIMES * 0.0009 / 2);
}

CASE(result_21_not_before_parts_of_a_millisecond)
{
	expect_parts_of_a_millisecond(false);
}

/* Everything that could wake a waiter, but for the one thing that it waits for. */
static void disturb(struct pp_future *f, struct waiter *w)
{
	void *ignored;

	while (counter_value(w->returned) == 0) {
		result(f, 0, &ignored);
		result(f, 1e-4, &ignored);
		if (HAS(cancel))
			cancel(f);
		if (HAS(done))
			done(f);
	}
}

CASE(result_21_not_before_the_time_though_others_ask)
{
	struct pp_future *f = submitted_in(F_RUNNING, NULL);
	struct waiter w;

	waiter_start(&w, f, 2 * short_time(), false);
	disturb(f, &w);
	waiter_join(&w);
	expect_not_early(&w);
}

/* With nearly a second, the sum with most times of a clock carries one. */
CASE(result_21_not_before_nearly_a_second)
{
	struct waiter w;

	waiter_start(&w, submitted_in(F_RUNNING, NULL), 0.999, false);
	waiter_join(&w);
	expect_not_early(&w);
}

/* Another future of the same executor finishes in the middle of the wait. */
CASE(result_21_not_before_the_time_though_another_is_done)
{
	struct pp_executor *e = executor_new(2);
	struct gate *gate = hold(e, 1);
	struct gate *held = gate_new();
	struct pp_future *f;
	struct waiter w;

	f = submit(e, task_pass_gate, held);
	gate_await(held, 1);
	waiter_start(&w, f, 2 * short_time(), false);
	thread_settle(w.thread);
	gate_open(gate);
	waiter_join(&w);
	expect_not_early(&w);
}

static const double tiny[] = {DBL_TRUE_MIN, DBL_MIN, 1e-300, 1e-12, 1e-9};

CASE(result_22_tiny_pending)
{
	expect_each(expect_result, submitted_in(F_PENDING, NULL), F_PENDING, tiny, COUNT(tiny));
}

CASE(result_22_tiny_running)
{
	expect_each(expect_result, submitted_in(F_RUNNING, NULL), F_RUNNING, tiny, COUNT(tiny));
}

static void expect_unharmed(enum future_state s)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(s, &gate);
	struct waiter w;
	void *ignored;

	REQUIRE(result(f, 0, &ignored) == PP_TIMEOUT);
	REQUIRE(result(f, short_time(), &ignored) == PP_TIMEOUT);
	context("result has timed out on %s", future_called(s));
	expect_in(f, s);
	for (int i = 0; i < 600; i++)
		REQUIRE(result(f, i % 2 ? 1e-6 : 0, &ignored) == PP_TIMEOUT);
	context("result has timed out 600 times on %s", future_called(s));
	expect_in(f, s);
	waiter_start(&w, f, PP_FOREVER, false);
	thread_settle(w.thread);
	gate_open(gate);
	waiter_join(&w);
	EXPECT_STATUS(PP_OK, w.status);
	expect_result(f, F_RETURNED, PP_FOREVER);
}

CASE(result_23_pending_goes_on_after_a_timeout)
{
	expect_unharmed(F_PENDING);
}

CASE(result_23_running_goes_on_after_a_timeout)
{
	expect_unharmed(F_RUNNING);
}

/*
 * A timeout that overflows makes the call return before the gate is opened:
 * at the latest when the waiter has settled.
 */
static void expect_patience(double timeout, bool asks_exception)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	struct waiter w;

	waiter_start(&w, f, timeout, asks_exception);
	thread_settle(w.thread);
	gate_open(gate);
	waiter_join(&w);
	context("a thread waited with a timeout of %g s for a RUNNING future", timeout);
	EXPECT_STATUS(PP_OK, w.status);
	if (!asks_exception)
		EXPECT_PTR(THE_VALUE, w.outcome);
}

CASE(result_24_a_billion_seconds)
{
	expect_patience(1e9, false);
}

/* Beyond 32 bits of seconds, and 63 bits of nanoseconds. */
CASE(result_25_ten_billion_seconds)
{
	expect_patience(1e10, false);
}

/* Beyond 63 bits of seconds. */
CASE(result_25_more_than_64_bits)
{
	expect_patience(1e20, false);
}

CASE(result_25_1e300_seconds)
{
	expect_patience(1e300, false);
}

CASE(result_25_the_largest_double)
{
	expect_patience(DBL_MAX, false);
}

CASE(result_25_the_most_nanoseconds)
{
	expect_patience(9223372036.854775, false);
}

/*
 * What becomes a number of 31 or 32 bits of microseconds, milliseconds or seconds turns
 * negative, or starts again, here.  One whose time has become short is back when a short time has passed.
 */
static const double ends_of_words[] = {0x1p31 / 1e6, 0x1p32 / 1e6, 0x1p31 / 1e3, 0x1p32 / 1e3, 0x1p31, 0x1p32};

static void expect_patience_beyond_words(bool asks_exception)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	struct waiter w[COUNT(ends_of_words)];
	void *outcome;
	size_t i;

	for (i = 0; i < COUNT(w); i++)
		waiter_start(&w[i], f, ends_of_words[i] + 0.001, asks_exception);
	for (i = 0; i < COUNT(w); i++)
		thread_settle(w[i].thread);
	REQUIRE(result(f, short_time(), &outcome) == PP_TIMEOUT);
	gate_open(gate);
	for (i = 0; i < COUNT(w); i++)
		waiter_join(&w[i]);
	for (i = 0; i < COUNT(w); i++) {
		context("a thread waited with a timeout of %.3f s for a RUNNING future", w[i].timeout);
		EXPECT_STATUS(PP_OK, w[i].status);
	}
}

CASE(result_25_just_beyond_a_word)
{
	expect_patience_beyond_words(false);
}

CASE(result_26_without_a_limit)
{
	expect_patience(PP_FOREVER, false);
}

/* RESULT-54 */
static void expect_no_wait(const char *what, int status)
{
	context("%s of a future that is not done, with a timeout that is not a number: %s", what, status_name(status));
	EXPECT(status == PP_TIMEOUT || status == PP_INVALID_ARGUMENT);
}

CASE(result_54_timeout_that_is_not_a_number)
{
	struct pp_future *f[] = {submitted_in(F_PENDING, NULL), submitted_in(F_RUNNING, NULL)};
	void *outcome;
	int i;

	for (i = 0; i < 2; i++) {
		expect_no_wait("result", result(f[i], NAN, &outcome));
		expect_no_wait("exception", exception(f[i], NAN, &outcome));
	}
}

/* One waiter gives up; the wake-up that comes then is for the other. */
CASE(result_27_waiter_that_gives_up_takes_no_wake_up)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	struct waiter patient, impatient;

	waiter_start(&impatient, f, short_time(), false);
	waiter_start(&patient, f, PP_FOREVER, false);
	waiter_join(&impatient);
	REQUIRE(impatient.status == PP_TIMEOUT);
	gate_open(gate);
	expect_waiters(&patient, 1, F_RETURNED);
}

/* The time of some is up just when the future finishes. */
CASE(result_27_time_out_meets_completion)
{
	int i;

	for (i = 0; i < 20; i++) {
		struct pp_future *f = future_in(F_RUNNING);
		struct waiter patient, impatient;

		waiter_start(&patient, f, PP_FOREVER, false);
		waiter_start(&impatient, f, 1e-4 * i, false);
		thread_settle(impatient.thread);
		REQUIRE(set_result(f, THE_VALUE) == PP_OK);
		expect_waiters(&patient, 1, F_RETURNED);
		waiter_join(&impatient);
		context("one whose time was up as the future finished");
		EXPECT(impatient.status == PP_OK || impatient.status == PP_TIMEOUT);
	}
}

/* ---- the same of exception ----------------------------------------------- */

CASE(result_44_zero_submitted_pending)
{
	expect_exception(submitted_in(F_PENDING, NULL), F_PENDING, 0);
}

CASE(result_44_zero_author_pending)
{
	expect_exception(future_in(F_PENDING), F_PENDING, 0);
}

CASE(result_44_zero_submitted_running)
{
	expect_exception(submitted_in(F_RUNNING, NULL), F_RUNNING, 0);
}

CASE(result_44_zero_author_running)
{
	expect_exception(future_in(F_RUNNING), F_RUNNING, 0);
}

CASE(result_45_negative_pending)
{
	expect_each(expect_exception, submitted_in(F_PENDING, NULL), F_PENDING, negative, COUNT(negative));
}

CASE(result_45_negative_running)
{
	expect_each(expect_exception, submitted_in(F_RUNNING, NULL), F_RUNNING, negative, COUNT(negative));
}

CASE(result_46_returned_whatever_the_timeout)
{
	expect_whatever_timeout(expect_exception, F_RETURNED);
}

CASE(result_46_raised_whatever_the_timeout)
{
	expect_whatever_timeout(expect_exception, F_RAISED);
}

CASE(result_46_cancelled_whatever_the_timeout)
{
	expect_whatever_timeout(expect_exception, F_CANCELLED);
}

CASE(result_47_short_timeout)
{
	expect_exception(submitted_in(F_RUNNING, NULL), F_RUNNING, short_time());
}

CASE(result_47_tiny_timeouts)
{
	expect_exception(submitted_in(F_RUNNING, NULL), F_RUNNING, DBL_TRUE_MIN);
	expect_exception(submitted_in(F_PENDING, NULL), F_PENDING, 1e-300);
	expect_exception(submitted_in(F_RUNNING, NULL), F_RUNNING, 1e-9);
}

CASE(result_48_exception_not_before_the_time)
{
	time_waiter(true);
}

CASE(result_48_exception_not_before_parts_of_a_millisecond)
{
	expect_parts_of_a_millisecond(true);
}

CASE(result_49_exception_1e9_seconds)
{
	expect_patience(1e9, true);
}

/* Beyond 32 bits of milliseconds, and of seconds. */
CASE(result_49_exception_large_timeouts)
{
	expect_patience(5e6, true);
	expect_patience(5e9, true);
}

/* Beyond 63 bits of nanoseconds, of seconds, and everything. */
CASE(result_49_exception_huge_timeouts)
{
	expect_patience(1e10, true);
	expect_patience(1e20, true);
	expect_patience(DBL_MAX, true);
}

CASE(result_49_exception_just_beyond_a_word)
{
	expect_patience_beyond_words(true);
}

CASE(result_49_exception_1e300_seconds)
{
	expect_patience(1e300, true);
}
