/* SPDX-License-Identifier: MIT */
/*
 * as_completed.c: ASCOMP, to be yielded each of a set of futures as it completes.
 *
 * The order of completion is made by hand: either each task is held at a gate
 * of its own and the next gate is opened when the future before it is done, or
 * the futures belong to no executor and the case sets their results.
 */
#include "futures.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* What a clock may be coarse by. */
#define TICK 0.001

#define MANY 1000

/* Four tasks, each held at a gate of its own. */
struct four {
	struct pp_executor *e;
	struct gate *gates[4];
	struct pp_future *fs[4];
};

static struct four four_held(void)
{
	struct four s = {.e = executor_new(4)};

	for (int i = 0; i < 4; i++) {
		s.gates[i] = gate_new();
		s.fs[i] = submit(s.e, task_pass_gate, s.gates[i]);
	}
	for (int i = 0; i < 4; i++)
		gate_await(s.gates[i], 1);
	return s;
}

/* Let number i end, and return when it is done. */
static void finish(struct four *s, int i)
{
	void *outcome;

	gate_open(s->gates[i]);
	REQUIRE(result(s->fs[i], PP_FOREVER, &outcome) == PP_OK);
}

/* The place of f in fs; -1 if it has none. */
static int place(struct pp_future *const *fs, int count, const struct pp_future *f)
{
	for (int i = 0; i < count; i++)
		if (fs[i] == f)
			return i;
	return -1;
}

/* Take what is yielded until the iterator stops: each of fs once, in any order. */
static void expect_each_once(struct pp_completed *it, struct pp_future *const *fs, int count)
{
	int *seen = shared_alloc((size_t)count * sizeof(*seen) + 1);
	struct pp_future *f = NULL;

	for (int i = 0; i < count; i++) {
		EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
		EXPECT_AT_LEAST(0, place(fs, count, f));
		EXPECT_INT(1, ++seen[place(fs, count, f)]);
	}
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

static void expect_next(struct pp_completed *it, const struct pp_future *expected)
{
	struct pp_future *f = NULL;

	EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
	EXPECT_PTR(expected, f);
}

/* A thread that asks an iterator for one. */
struct asker {
	struct pp_completed *it;
	struct pp_future *f;
	int status;
	struct counter *returned;
	struct thread *thread;
};

static void ask(void *arg)
{
	struct asker *a = arg;

	a->status = backend()->as_completed_next(a->it, &a->f);
	counter_add(a->returned, 1);
}

static void asker_start(struct asker *a)
{
	a->returned = counter_new();
	a->thread = thread_start(ask, a);
	thread_settle(a->thread);
}

/* ---- what is yielded ------------------------------------------------------ */

/* ASCOMP-1: short tasks, some of which raise. */
CASE(ascomp_1_each_once_and_then_stop)
{
	struct pp_executor *e = executor_any();
	struct pp_future *fs[10];

	for (int i = 0; i < 10; i++)
		fs[i] = submit(e, i % 3 ? task_return : task_raise, token(i));
	context("as_completed over ten futures of short tasks");
	expect_each_once(as_completed_begin(fs, 10, PP_FOREVER), fs, 10);
}

/* ASCOMP-1: the array is the caller's again once the iterator is there. */
CASE(ascomp_1_array_is_borrowed_for_the_call)
{
	struct pp_executor *e = executor_any();
	struct pp_future *fs[] = {ended(e, task_return), ended(e, task_return)}, *given[] = {fs[0], fs[1]};
	struct pp_completed *it = as_completed_begin(given, 2, PP_FOREVER);

	given[0] = given[1] = NULL;
	context("as_completed over two futures, in an array that was overwritten since");
	expect_each_once(it, fs, 2);
}

/* ASCOMP-2: finished ones given again and again. */
CASE(ascomp_2_duplicates_that_are_done)
{
	struct pp_executor *e = executor_any();
	struct pp_future *a = ended(e, task_return), *b = ended(e, task_raise);
	struct pp_future *given[] = {a, b, a, a, b}, *fs[] = {a, b};

	context("as_completed over two finished futures, one given three times and one twice");
	expect_each_once(as_completed_begin(given, 5, PP_FOREVER), fs, 2);
}

/* ASCOMP-2: given twice, and done only during the iteration. */
CASE(ascomp_2_duplicates_that_become_done)
{
	struct four s = four_held();
	struct pp_future *given[] = {s.fs[0], s.fs[1], s.fs[0], s.fs[1]}, *f = NULL;
	struct pp_completed *it = as_completed_begin(given, 4, PP_FOREVER);

	context("as_completed over two running futures, each given twice, which finish one after the other");
	finish(&s, 1);
	expect_next(it, s.fs[1]);
	finish(&s, 0);
	expect_next(it, s.fs[0]);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-3: a thread asks; it gets no answer while none is done. */
CASE(ascomp_3_waits_for_one_that_is_done)
{
	struct four s = four_held();
	struct asker a = {.it = as_completed_begin(s.fs, 3, PP_FOREVER)};

	asker_start(&a);
	context("as_completed asked with three running futures, while another one finishes");
	finish(&s, 3);
	thread_settle(a.thread);
	EXPECT_INT(0, counter_value(a.returned));
	finish(&s, 1);
	thread_join(a.thread);
	EXPECT_STATUS(PP_OK, a.status);
	EXPECT_PTR(s.fs[1], a.f);
}

/* ASCOMP-3: whatever is yielded says itself that it is done, also under load. */
CASE(ascomp_3_yielded_ones_say_that_they_are_done)
{
	struct pp_executor *e = executor_any();
	struct pp_future *fs[100], *f = NULL;

	NEED(done);
	for (int i = 0; i < 100; i++)
		fs[i] = submit(e, task_return, token(i));
	struct pp_completed *it = as_completed_begin(fs, 100, PP_FOREVER);
	for (int i = 0; i < 100; i++) {
		context("future number %d that as_completed yields", i);
		EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
		EXPECT(done(f));
	}
}

/* ASCOMP-4: nothing to yield, with a limit and without. */
CASE(ascomp_4_no_futures)
{
	static const double timeouts[] = {PP_FOREVER, 0, -1, 1e9};
	struct pp_future *none = NULL, *f = NULL;

	for (size_t i = 0; i < 4; i++) {
		struct pp_completed *it = as_completed_begin(&none, 0, timeouts[i]);

		context("as_completed over no futures with timeout %g", timeouts[i]);
		EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
		EXPECT_PTR(NULL, f);
	}
}

/* ASCOMP-5: asked three times more. */
CASE(ascomp_5_stopped_for_good)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f = ended(e, task_return), *got = NULL;
	struct pp_completed *it = as_completed_begin(&f, 1, PP_FOREVER);

	expect_next(it, f);
	for (int i = 0; i < 3; i++) {
		context("ask number %d after the only future was yielded", i + 1);
		EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &got));
		EXPECT_PTR(NULL, got);
	}
}

/* ASCOMP-6: a raised one among the done ones, and one that raises during the iteration. */
CASE(ascomp_6_raised_ones_are_yielded)
{
	struct pp_executor *e = executor_any();
	struct pp_future *raised = ended(e, task_raise), *later = future_new();
	struct pp_future *fs[] = {later, raised}, *f = NULL;
	struct pp_completed *it = as_completed_begin(fs, 2, PP_FOREVER);

	context("as_completed over a future that has raised and one that is about to");
	expect_next(it, raised);
	REQUIRE(set_exception(later, token(2)) == PP_OK);
	expect_next(it, later);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-7: nobody ever runs it. */
CASE(ascomp_7_broken_ones_are_yielded)
{
	struct pp_executor *e = executor_new_with_initializer(1, initializer_fail, NULL);
	struct pp_future *f = NULL, *got = NULL;

	if (try_submit(e, task_return, NULL, &f) != PP_OK)
		unsupported("the pool is broken before it accepts work");
	struct pp_completed *it = as_completed_begin(&f, 1, PP_FOREVER);
	context("as_completed over the future of a pool whose initializer fails");
	expect_next(it, f);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &got));
}

/* ASCOMP-8: finished, cancelled, raised, by an executor that is drained since. */
CASE(ascomp_8_cancelled_before)
{
	struct pp_executor *e = executor_new(1);
	struct pp_future *value = ended(e, task_return);
	struct gate *gate = hold(e, 1);
	struct pp_future *fs[] = {value, submit(e, must_not_run, NULL), submit(e, task_raise, token(2))};

	REQUIRE(cancel(fs[1]));
	gate_open(gate);
	shutdown_wait(e);
	context("as_completed over one finished, one cancelled and one raised future, their executor drained");
	expect_each_once(as_completed_begin(fs, 3, PP_FOREVER), fs, 3);
}

/* ASCOMP-8: cancelled during the iteration; the worker that comes across it tells. */
CASE(ascomp_8_cancelled_during_the_iteration)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *fs[] = {submit(e, must_not_run, NULL), submit(e, task_return, token(1))};
	struct pp_completed *it = as_completed_begin(fs, 2, PP_FOREVER);
	struct asker a = {.it = it};

	asker_start(&a);
	REQUIRE(cancel(fs[0]));
	gate_open(gate);
	context("as_completed over a future that is cancelled while it is waited for, and one behind it");
	thread_join(a.thread);
	EXPECT_STATUS(PP_OK, a.status);
	struct pp_future *f = NULL;
	EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
	EXPECT((a.f == fs[0] && f == fs[1]) || (a.f == fs[1] && f == fs[0]));
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-8: cancelled and notified by the author's own hands, before and during. */
CASE(ascomp_8_notified_by_hand)
{
	struct pp_future *fs[] = {future_new(), future_new()}, *f = NULL;
	bool run = true;

	REQUIRE(cancel(fs[1]));
	REQUIRE(set_running_or_notify_cancel(fs[1], &run) == PP_OK && !run);
	struct pp_completed *it = as_completed_begin(fs, 2, PP_FOREVER);
	context("as_completed over a CANCELLED_AND_NOTIFIED future and one that becomes so");
	expect_next(it, fs[1]);
	REQUIRE(cancel(fs[0]));
	REQUIRE(set_running_or_notify_cancel(fs[0], &run) == PP_OK && !run);
	expect_next(it, fs[0]);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-9: the worker is still held, so nobody has come across it. */
CASE(ascomp_9_cancelled_counts_at_once)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *victim = submit(e, must_not_run, NULL), *got = NULL;

	REQUIRE(cancel(victim));
	struct pp_completed *it = as_completed_begin(&victim, 1, 0);
	context("as_completed with timeout 0 over a future that is cancelled, its worker still held");
	EXPECT_STATUS(PP_OK, as_completed_next(it, &got));
	EXPECT_PTR(victim, got);
	gate_open(gate);
}

/* ---- in which order --------------------------------------------------------- */

/* ASCOMP-10: two done between two running ones. */
CASE(ascomp_10_done_ones_first)
{
	struct four s = four_held();
	struct pp_future *one = NULL, *two = NULL;

	finish(&s, 1);
	finish(&s, 3);
	struct pp_completed *it = as_completed_begin(s.fs, 4, PP_FOREVER);
	context("as_completed over four futures, of which the second and the fourth are done");
	EXPECT_STATUS(PP_OK, as_completed_next(it, &one));
	EXPECT_STATUS(PP_OK, as_completed_next(it, &two));
	EXPECT((one == s.fs[1] && two == s.fs[3]) || (one == s.fs[3] && two == s.fs[1]));
	finish(&s, 2);
	expect_next(it, s.fs[2]);
	finish(&s, 0);
	expect_next(it, s.fs[0]);
}

/*
 * ASCOMP-11: eight are done before the call, eight more before the first ask.
 * So many, that an iterator that begins with the first ask is not right by luck.
 */
CASE(ascomp_11_done_before_the_call_come_first)
{
	struct pp_future *fs[16], *f = NULL;

	NEED(as_completed_begin);
	for (int i = 0; i < 16; i++)
		fs[i] = future_new();
	for (int i = 1; i < 16; i += 2)
		REQUIRE(set_result(fs[i], token(i)) == PP_OK);
	struct pp_completed *it = as_completed_begin(fs, 16, PP_FOREVER);
	for (int i = 0; i < 16; i += 2)
		REQUIRE(set_result(fs[i], token(i)) == PP_OK);
	for (int i = 0; i < 16; i++) {
		EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
		bool done_before_the_call = place(fs, 16, f) % 2;

		context("as_completed over 8 futures done before the call and 8 done since, number %d of what is yielded", i);
		EXPECT_INT(i < 8, done_before_the_call);
	}
}

/* ASCOMP-12: asked once, and then all become done in an order of their own before the next ask. */
CASE(ascomp_12_order_of_completion)
{
	static const int order[] = {6, 2, 7, 1, 4, 3, 5};
	struct pp_future *fs[8];

	NEED(as_completed_begin);
	for (int i = 0; i < 8; i++)
		fs[i] = future_new();
	REQUIRE(set_result(fs[0], NULL) == PP_OK);
	struct pp_completed *it = as_completed_begin(fs, 8, PP_FOREVER);
	expect_next(it, fs[0]);
	for (int i = 0; i < 7; i++)
		REQUIRE(set_result(fs[order[i]], NULL) == PP_OK);
	for (int i = 0; i < 7; i++) {
		context("number %d of seven futures that became done one after the other", i);
		expect_next(it, fs[order[i]]);
	}
}

/* ASCOMP-12: by workers, each at a gate of its own. */
CASE(ascomp_12_order_of_completion_by_workers)
{
	static const int order[] = {2, 0, 3, 1};
	struct four s = four_held();
	struct pp_future *f = NULL;
	struct pp_completed *it = as_completed_begin(s.fs, 4, PP_FOREVER);

	for (int i = 0; i < 4; i++) {
		finish(&s, order[i]);
		context("number %d of four tasks that end one after the other", i);
		expect_next(it, s.fs[order[i]]);
	}
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-12: values and exceptions take their places alike. */
CASE(ascomp_12_exceptions_keep_their_place)
{
	static const int order[] = {3, 1, 5, 2, 4};
	struct pp_future *fs[6];

	NEED(as_completed_begin);
	for (int i = 0; i < 6; i++)
		fs[i] = future_new();
	REQUIRE(set_result(fs[0], NULL) == PP_OK);
	struct pp_completed *it = as_completed_begin(fs, 6, PP_FOREVER);
	expect_next(it, fs[0]);
	for (int i = 0; i < 5; i++)
		REQUIRE((i % 2 ? set_result : set_exception)(fs[order[i]], token(i)) == PP_OK);
	for (int i = 0; i < 5; i++) {
		context("number %d of five futures that became done, every other one by an exception", i);
		expect_next(it, fs[order[i]]);
	}
}

/* ASCOMP-13: not asked at all before all of them are done. */
CASE(ascomp_13_order_of_completion_before_the_first_ask)
{
	static const int order[] = {6, 2, 0, 7, 1, 4, 3, 5};
	struct pp_future *fs[8];

	NEED(as_completed_begin);
	for (int i = 0; i < 8; i++)
		fs[i] = future_new();
	struct pp_completed *it = as_completed_begin(fs, 8, PP_FOREVER);
	for (int i = 0; i < 8; i++)
		REQUIRE(set_result(fs[order[i]], NULL) == PP_OK);
	for (int i = 0; i < 8; i++) {
		context("number %d of eight futures that became done before the first ask", i);
		expect_next(it, fs[order[i]]);
	}
}

/* ASCOMP-14: the asking thread waits already. */
CASE(ascomp_14_woken_by_one_of_several)
{
	struct four s = four_held();
	struct pp_completed *it = as_completed_begin(s.fs, 4, PP_FOREVER);

	for (int i = 3; i >= 0; i--) {
		struct asker a = {.it = it};

		asker_start(&a);
		finish(&s, i);
		context("an iterator waits, and future number %d finishes", i);
		thread_join(a.thread);
		EXPECT_STATUS(PP_OK, a.status);
		EXPECT_PTR(s.fs[i], a.f);
	}
}

/* ASCOMP-15: the body of the loop makes the next one done, in each of three ways. */
CASE(ascomp_15_made_done_inside_the_loop)
{
	struct pp_future *fs[4], *f = NULL;
	bool run = true;

	NEED(as_completed_begin);
	for (int i = 0; i < 4; i++)
		fs[i] = future_new();
	REQUIRE(set_result(fs[2], NULL) == PP_OK);
	struct pp_completed *it = as_completed_begin(fs, 4, PP_FOREVER);
	context("a loop over four futures, whose body makes the next one done each time");
	expect_next(it, fs[2]);
	REQUIRE(set_exception(fs[0], NULL) == PP_OK);
	expect_next(it, fs[0]);
	REQUIRE(cancel(fs[3]));
	REQUIRE(set_running_or_notify_cancel(fs[3], &run) == PP_OK && !run);
	expect_next(it, fs[3]);
	REQUIRE(set_result(fs[1], NULL) == PP_OK);
	expect_next(it, fs[1]);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ---- timeouts --------------------------------------------------------------- */

/* ASCOMP-16: one done, one running. */
CASE(ascomp_16_time_is_up)
{
	struct four s = four_held();
	struct pp_future *f = NULL;

	finish(&s, 0);
	struct pp_completed *it = as_completed_begin(s.fs, 2, short_time());
	context("as_completed with a short timeout over a finished future and a running one");
	expect_next(it, s.fs[0]);
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

	finish(&s, 1);
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

	finish(&s, 0);
	finish(&s, 2);
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
	struct asker a = {.it = as_completed_begin(s.fs, 1, timeout)};

	asker_start(&a);
	context("as_completed with timeout %g over a running future", timeout);
	thread_settle(a.thread);
	EXPECT_INT(0, counter_value(a.returned));
	finish(&s, 0);
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
	struct asker a[N];
	void *outcome;

	for (int i = 0; i < N; i++) {
		a[i] = (struct asker){.it = as_completed_begin(s.fs, 1, ends[i] + 0.001)};
		asker_start(&a[i]);
	}
	REQUIRE(result(s.fs[0], short_time(), &outcome) == PP_TIMEOUT);
	finish(&s, 0);
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
	expect_next(it, fs[0]);
	REQUIRE(set_result(fs[1], NULL) == PP_OK);
	if (now() - begin >= timeout)
		unsupported("the machine is too slow for this timeout");
	while (now() - begin < timeout + TICK)
		REQUIRE(result(never, timeout / 5, &outcome) == PP_TIMEOUT);
	context("as_completed asked after its time for a future that became done within it");
	expect_next(it, fs[1]);
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

/* ---- the end -------------------------------------------------------------------- */

/* ASCOMP-24: ended after the first of four; the others go on, are told by callbacks, and waited for. */
CASE(ascomp_24_ended_early)
{
	struct four s = four_held();
	struct counter *called = counter_new();
	struct pp_completed *it = as_completed_begin(s.fs, 4, PP_FOREVER);

	finish(&s, 0);
	expect_next(it, s.fs[0]);
	as_completed_end(it);
	if (HAS(add_done_callback))
		for (int i = 1; i < 4; i++)
			REQUIRE(add_done_callback(s.fs[i], callback_count, called) == PP_OK);
	for (int i = 1; i < 4; i++)
		finish(&s, i);
	shutdown_wait(s.e);
	context("three futures become done after the iterator over them was ended");
	EXPECT_INT(HAS(add_done_callback) ? 3 : 0, counter_value(called));
	expect_each_once(as_completed_begin(s.fs, 4, PP_FOREVER), s.fs, 4);
}

/* ASCOMP-24: ended by its timeout, with the same futures in another iterator that goes on. */
CASE(ascomp_24_ended_beside_another)
{
	struct four s = four_held();
	struct pp_future *f = NULL;
	struct pp_completed *stays = as_completed_begin(s.fs, 4, PP_FOREVER);
	struct pp_completed *ends = as_completed_begin(s.fs, 4, 0);

	REQUIRE(as_completed_next(ends, &f) == PP_TIMEOUT);
	as_completed_end(ends);
	for (int i = 3; i >= 0; i--) {
		finish(&s, i);
		context("future number %d finishes, in one iterator that was ended and one that was not", i);
		expect_next(stays, s.fs[i]);
	}
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(stays, &f));
}

/* ASCOMP-24: three iterators over the same futures end in every order, before the futures become done and after. */
CASE(ascomp_24_ended_in_every_order)
{
	static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	for (int round = 0; round < 12; round++) {
		struct four s = four_held();
		struct pp_completed *its[3];

		for (int i = 0; i < 3; i++)
			its[i] = as_completed_begin(s.fs, 4, PP_FOREVER);
		if (round >= 6) {
			finish(&s, 0);
			for (int i = 0; i < 3; i++)
				expect_next(its[i], s.fs[0]);
		}
		for (int i = 0; i < 3; i++)
			as_completed_end(its[orders[round % 6][i]]);
		for (int i = round >= 6; i < 4; i++)
			finish(&s, i);
		context("round %d: four futures whose three iterators have ended", round);
		expect_each_once(as_completed_begin(s.fs, 4, 0), s.fs, 4);
		EXPECT_STATUS(PP_OK, shutdown_wait(s.e));
	}
}

/* ASCOMP-24: rounds in which the iterator ends just as its future becomes done. */
CASE(ascomp_24_ended_as_they_become_done)
{
	struct pp_executor *e = executor_new(2);
	void *outcome;

	NEED(as_completed_begin);
	for (int round = 0; round < 100; round++) {
		struct gate *gate = gate_new();
		struct pp_future *fs[] = {submit(e, task_pass_gate, gate), submit(e, task_pass_gate, gate)};
		struct pp_completed *it = as_completed_begin(fs, 2, round % 2 ? 0 : PP_FOREVER);
		struct pp_future *f = NULL;

		if (round % 2)
			REQUIRE(as_completed_next(it, &f) == PP_TIMEOUT);
		gate_open(gate);
		as_completed_end(it);
		context("round %d: two futures become done as the iterator over them is ended", round);
		for (int i = 0; i < 2; i++) {
			EXPECT_STATUS(PP_OK, result(fs[i], PP_FOREVER, &outcome));
			let_go(fs[i]);
		}
	}
}

/* ASCOMP-25: what is PENDING behind a held worker runs after all. */
CASE(ascomp_25_ended_early_cancels_nothing)
{
	struct pp_executor *e = executor_new(1);
	struct pp_future *before = ended(e, task_return);
	struct gate *gate = hold(e, 1);
	struct counter *ran = counter_new();
	struct pp_future *fs[] = {before, submit(e, task_count, ran), submit(e, task_count, ran)};
	struct pp_completed *it = as_completed_begin(fs, 3, PP_FOREVER);
	void *outcome;

	expect_next(it, before);
	as_completed_end(it);
	gate_open(gate);
	context("two PENDING futures of an iterator that was ended");
	EXPECT_STATUS(PP_OK, result(fs[1], PP_FOREVER, &outcome));
	EXPECT_STATUS(PP_OK, result(fs[2], PP_FOREVER, &outcome));
	EXPECT_INT(2, counter_value(ran));
}

/* ASCOMP-26: over none, done ones and running ones. */
CASE(ascomp_25_ended_without_an_ask_cancels_nothing)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *f = submit(e, task_return, token(1));
	void *outcome;

	as_completed_end(as_completed_begin(&f, 1, PP_FOREVER));
	gate_open(gate);
	context("a PENDING future of an iterator that was ended without an ask");
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_PTR(token(1), outcome);
}

CASE(ascomp_26_ended_without_an_ask)
{
	struct four s = four_held();
	void *outcome;

	finish(&s, 0);
	as_completed_end(as_completed_begin(s.fs, 0, PP_FOREVER));
	as_completed_end(as_completed_begin(s.fs, 1, PP_FOREVER));
	as_completed_end(as_completed_begin(s.fs, 4, PP_FOREVER));
	as_completed_end(as_completed_begin(s.fs, 4, 0));
	context("futures become done after iterators over them were ended without an ask");
	for (int i = 0; i < 4; i++) {
		gate_open(s.gates[i]);
		EXPECT_STATUS(PP_OK, result(s.fs[i], PP_FOREVER, &outcome));
	}
}

/* ---- whose futures, and how many ------------------------------------------------ */

/* ASCOMP-27: of three executors, of which one is shut down. */
CASE(ascomp_27_futures_of_several_executors)
{
	struct pp_executor *gone = executor_any(), *e1 = executor_new(1), *e2 = executor_new(1);
	struct gate *g1 = gate_new(), *g2 = gate_new();
	struct pp_future *fs[] = {submit(e1, task_pass_gate, g1), submit(e2, task_pass_gate, g2), ended(gone, task_return)};
	struct pp_future *f = NULL;

	shutdown_wait(gone);
	struct pp_completed *it = as_completed_begin(fs, 3, PP_FOREVER);
	context("as_completed over futures of three executors");
	expect_next(it, fs[2]);
	gate_open(g2);
	expect_next(it, fs[1]);
	gate_open(g1);
	expect_next(it, fs[0]);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-28: one without an executor, beside one with. */
CASE(ascomp_28_futures_of_no_executor)
{
	NEED(as_completed_begin);
	struct pp_executor *e = executor_any();
	struct pp_future *fs[] = {future_new(), ended(e, task_return)}, *f = NULL;
	struct pp_completed *it = as_completed_begin(fs, 2, PP_FOREVER);

	context("as_completed over a future of no executor and one of an executor");
	expect_next(it, fs[1]);
	REQUIRE(set_result(fs[0], NULL) == PP_OK);
	expect_next(it, fs[0]);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-28: in either order. */
CASE(ascomp_28_futures_of_executors_and_of_none)
{
	for (int own_first = 0; own_first < 2; own_first++) {
		struct four s = four_held();
		struct pp_future *own = future_new(), *f = NULL;
		struct pp_future *fs[] = {own_first ? own : s.fs[0], own_first ? s.fs[0] : own};
		struct pp_completed *it = as_completed_begin(fs, 2, PP_FOREVER);

		context("as_completed over a future of no executor and one of an executor, the first %s", own_first ? "of none" : "of one");
		if (own_first)
			finish(&s, 0);
		else
			REQUIRE(set_result(own, NULL) == PP_OK);
		expect_next(it, fs[1]);
		if (own_first)
			REQUIRE(set_result(own, NULL) == PP_OK);
		else
			finish(&s, 0);
		expect_next(it, fs[0]);
		EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
	}
}

/* ASCOMP-29: three iterators, one of them begun when half is done. */
CASE(ascomp_29_several_iterators_over_the_same)
{
	struct four s = four_held();
	struct pp_completed *its[3];
	struct pp_future *f = NULL;

	its[0] = as_completed_begin(s.fs, 4, PP_FOREVER);
	its[1] = as_completed_begin(s.fs, 4, PP_FOREVER);
	finish(&s, 2);
	expect_next(its[1], s.fs[2]);
	finish(&s, 1);
	its[2] = as_completed_begin(s.fs, 4, PP_FOREVER);
	finish(&s, 0);
	finish(&s, 3);
	context("three iterators over the same four futures, which are all done");
	expect_each_once(its[0], s.fs, 4);
	expect_each_once(its[2], s.fs, 4);
	for (int i = 0; i < 3; i++)
		EXPECT_STATUS(PP_OK, as_completed_next(its[1], &f));
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(its[1], &f));
}

/* ASCOMP-30: a thousand, on as many workers as there are. */
CASE(ascomp_30_a_thousand_futures)
{
	struct pp_executor *e = executor_any();
	static struct pp_future *fs[MANY];

	NEED(as_completed_begin);
	for (int i = 0; i < MANY; i++)
		fs[i] = submit(e, task_return, NULL);
	context("as_completed over a thousand futures");
	expect_each_once(as_completed_begin(fs, MANY, PP_FOREVER), fs, MANY);
}

/* ASCOMP-30: more than 15 bits can count, counted. */
CASE(ascomp_30_more_than_15_bits_can_count)
{
	enum { N = 32769 };
	NEED(as_completed_begin);
	struct pp_future **fs = shared_alloc(N * sizeof(*fs)), *f = NULL;
	struct pp_completed *it;
	int yielded = 0;

	for (int i = 0; i < N; i++) {
		fs[i] = future_new();
		REQUIRE(set_result(fs[i], NULL) == PP_OK);
	}
	it = as_completed_begin(fs, N, PP_FOREVER);
	while (as_completed_next(it, &f) == PP_OK)
		yielded++;
	context("futures that as_completed yielded of %d", N);
	EXPECT_INT(N, yielded);
}

/* ASCOMP-29: more at once than a byte can count; the future outlives them all. */
CASE(ascomp_29_many_iterators_over_one)
{
	enum { N = 257 };
	NEED(as_completed_begin);
	struct pp_future *f = NULL, *one = future_new();
	struct pp_completed *its[N];

	for (int i = 0; i < N; i++)
		its[i] = as_completed_begin(&one, 1, PP_FOREVER);
	for (int i = 0; i < N / 2; i++)
		as_completed_end(its[i]);
	REQUIRE(set_result(one, NULL) == PP_OK);
	for (int i = N / 2; i < N; i++) {
		context("iterator %d of %d over one future, of which half were ended early", i + 1, N);
		expect_next(its[i], one);
		EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(its[i], &f));
		as_completed_end(its[i]);
	}
	context("the future that %d iterators were over", N);
	EXPECT_STATUS(PP_OK, result(one, 0, &(void *){NULL}));
}

/* ASCOMP-31: begun here, asked and ended there. */
static void take_all(void *arg)
{
	struct asker *a = arg;
	int taken = 0;

	while ((a->status = backend()->as_completed_next(a->it, &a->f)) == PP_OK)
		taken++;
	counter_add(a->returned, taken);
}

CASE(ascomp_31_asked_by_another_thread)
{
	struct four s = four_held();
	struct pp_completed *it = as_completed_begin(s.fs, 4, PP_FOREVER);
	struct asker a = {.it = it, .returned = counter_new()};

	finish(&s, 3);
	expect_next(it, s.fs[3]);
	a.thread = thread_start(take_all, &a);
	for (int i = 0; i < 3; i++)
		finish(&s, i);
	context("as_completed begun by one thread and asked by it and then by another");
	thread_join(a.thread);
	EXPECT_STATUS(PP_STOP_ITERATION, a.status);
	EXPECT_INT(3, counter_value(a.returned));
}

/* ASCOMP-32: a task that submits three more and takes them as they complete. */
struct inside {
	struct pp_executor *e;
	int submitted, taken, status;
};

static int task_iterate_inside(void *arg, void **outcome)
{
	struct inside *in = arg;
	struct pp_future *fs[3] = {NULL, NULL, NULL}, *f;
	struct pp_completed *it = NULL;

	(void)outcome;
	for (int i = 0; i < 3; i++)
		in->submitted += backend()->submit(in->e, task_return, token(i), &fs[i]) == PP_OK;
	if (in->submitted == 3 && backend()->as_completed_begin(fs, 3, PP_FOREVER, &it) == PP_OK) {
		while ((in->status = backend()->as_completed_next(it, &f)) == PP_OK)
			in->taken++;
		backend()->as_completed_end(it);
	}
	for (int i = 0; i < 3 && backend()->future_release; i++)
		if (fs[i])
			backend()->future_release(fs[i]);
	return PP_OK;
}

CASE(ascomp_32_from_inside_a_task)
{
	struct inside in = {.e = executor_new(2), .status = PP_TIMEOUT};
	void *outcome;

	NEED(as_completed_begin);
	if (backend()->separate_memory)
		unsupported("tasks have no access to the executor");
	struct pp_future *f = submit(in.e, task_iterate_inside, &in);
	context("a task has iterated over three that it submitted, with a second worker free");
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_INT(3, in.submitted);
	EXPECT_INT(3, in.taken);
	EXPECT_STATUS(PP_STOP_ITERATION, in.status);
}

/* ASCOMP-33: one gate lets all workers end at once, while the main thread iterates. */
CASE(ascomp_33_completions_at_the_same_time)
{
	struct pp_executor *e = executor_new(8);
	struct pp_future *fs[8];

	NEED(as_completed_begin);
	for (int round = 0; round < 50; round++) {
		struct gate *gate = gate_new();

		for (int i = 0; i < 8; i++)
			fs[i] = submit(e, task_pass_gate, gate);
		struct pp_completed *it = as_completed_begin(fs, 8, PP_FOREVER);
		gate_open(gate);
		context("round %d: as_completed over eight futures that finish at the same time", round);
		expect_each_once(it, fs, 8);
		as_completed_end(it);
		for (int i = 0; i < 8; i++)
			let_go(fs[i]);
	}
}
