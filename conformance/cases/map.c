/* SPDX-License-Identifier: MIT */
/* map.c: MAP, one task for each argument, and the outcomes in their order. */
#include "maps.h"
#include "meetings.h"

#include <float.h>
#include <math.h>

/* ---- arguments and outcomes ---------------------------------------------------- */

/* MAP-1: short tasks on any executor. */
CASE(map_1_order_of_the_arguments)
{
	struct pp_executor *e = executor_any();
	void *args[50];

	for (int i = 0; i < 50; i++)
		args[i] = token(i);
	struct pp_map *it = mapped(e, task_return, args, 50);
	for (int i = 0; i < 50; i++) {
		context("outcome number %d of 50", i);
		expect_next(it, PP_OK, token(i));
	}
	expect_stop(it);
}

/* MAP-1: four at once, which end in the reverse order. */
CASE(map_1_order_though_they_end_in_reverse)
{
	struct pp_executor *e = executor_new(4);
	void *args[4];
	struct counter *ended = steps_new(args, 4);
	struct pp_map *it = mapped(e, task_step, args, 4);

	for (int i = 0; i < 4; i++)
		await_step(args[i]);
	for (int i = 3; i >= 0; i--) {
		open_step(args[i]);
		counter_await(ended, 4 - i);
	}
	for (int i = 0; i < 4; i++) {
		context("outcome number %d of four tasks that ended in reverse order", i);
		expect_next(it, PP_OK, token(i));
	}
	expect_stop(it);
}

/* MAP-2: each argument counts its runs. */
CASE(map_2_each_argument_once)
{
	struct pp_executor *e = executor_any();
	void *args[40];

	for (int i = 0; i < 40; i++)
		args[i] = counter_new();
	struct pp_map *it = mapped(e, task_count, args, 40);
	for (int i = 0; i < 40; i++)
		expect_next(it, PP_OK, args[i]);
	shutdown_wait(e);
	for (int i = 0; i < 40; i++) {
		context("runs of the task for argument number %d of 40", i);
		EXPECT_INT(1, counter_value(args[i]));
	}
}

/* MAP-3: NULL, and one argument again and again. */
CASE(map_3_arguments_that_repeat)
{
	struct pp_executor *e = executor_any();
	void *args[] = {token(1), token(1), NULL, token(1), NULL, (void *)~0UL, token(2)};
	struct pp_map *it = mapped(e, task_return, args, 7);

	for (int i = 0; i < 7; i++) {
		context("a task that returns its argument, number %d of 7", i);
		expect_next(it, PP_OK, args[i]);
	}
	expect_stop(it);
}

/* MAP-4: asked three times more; a NULL value before is not an end. */
CASE(map_4_stopped_for_good)
{
	struct pp_executor *e = executor_any();
	void *args[] = {NULL};
	struct pp_map *it = mapped(e, task_return, args, 1);

	expect_next(it, PP_OK, NULL);
	for (int i = 0; i < 3; i++) {
		context("ask number %d after the only outcome", i + 1);
		expect_next(it, PP_STOP_ITERATION, token(4000));
	}
}

/* MAP-5: the source is asked once. */
CASE(map_5_empty_source)
{
	struct pp_executor *e = executor_any();
	struct counter *pulled = counter_new();
	struct pp_map *it = NULL;
	void *raised = NULL;

	context("map over an empty source");
	EXPECT_STATUS(PP_OK, map_begin(e, must_not_run, source_of(NULL, 0, pulled), PP_FOREVER, 0, &it, &raised));
	expect_stop(it);
	EXPECT_INT(1, counter_value(pulled));
}

/* MAP-6: three tasks that meet. */
CASE(map_6_tasks_run_at_the_same_time)
{
	struct pp_executor *e = executor_new(3);
	struct barrier *b = barrier_new(3);
	void *args[] = {b, b, b};
	struct pp_map *it = mapped(e, task_meet, args, 3);

	for (int i = 0; i < 3; i++) {
		context("three tasks of one map that meet on three workers");
		expect_next(it, PP_OK, b);
	}
	expect_stop(it);
}

/* MAP-7: the second is held. */
CASE(map_7_does_not_wait_for_later_ones)
{
	struct pp_executor *e = executor_new(2);
	void *args[2];

	steps_new(args, 2);
	struct pp_map *it = mapped(e, task_step, args, 2);
	open_step(args[0]);
	context("the first outcome, while the second task is held");
	expect_next(it, PP_OK, token(0));
	open_step(args[1]);
	expect_next(it, PP_OK, token(1));
	expect_stop(it);
}

/* MAP-8: a thousand. */
CASE(map_8_a_thousand_arguments)
{
	struct pp_executor *e = executor_any();
	void **args = shared_alloc(MANY * sizeof(*args));

	for (int i = 0; i < MANY; i++)
		args[i] = token(i);
	struct pp_map *it = mapped(e, task_return, args, MANY);
	for (int i = 0; i < MANY; i++) {
		context("outcome number %d of a thousand", i);
		expect_next(it, PP_OK, token(i));
	}
	expect_stop(it);
}

/* MAP-8: one more than 16 bits can count. */
CASE(map_8_more_than_16_bits_can_count)
{
	enum { N = 65537 };
	struct pp_executor *e = executor_any();
	void **args = shared_alloc(N * sizeof(*args));
	int wrong = 0;

	for (int i = 0; i < N; i++)
		args[i] = &args[i];
	struct pp_map *it = mapped(e, task_return, args, N);
	for (int i = 0; i < N; i++) {
		void *outcome = NULL;

		wrong += map_next(it, &outcome) != PP_OK || outcome != args[i];
	}
	context("wrong outcomes among %d", N);
	EXPECT_INT(0, wrong);
	expect_stop(it);
}

/* MAP-9: two, asked by turns. */
CASE(map_9_two_at_the_same_time)
{
	struct pp_executor *e = executor_any();
	void *ups[10], *downs[10];

	for (int i = 0; i < 10; i++) {
		ups[i] = token(i);
		downs[i] = token(100 - i);
	}
	struct pp_map *up = mapped(e, task_return, ups, 10), *down = mapped(e, task_raise, downs, 10);
	context("two maps on one executor, asked by turns");
	for (int i = 0; i < 10; i++) {
		expect_next(up, PP_OK, ups[i]);
		if (i == 0)
			expect_next(down, PP_RAISED, downs[0]);
	}
	expect_stop(up);
}

/* MAP-9: more at once than a byte can count; the executor outlives them. */
CASE(map_9_many_at_the_same_time)
{
	enum { N = 257 };
	struct pp_executor *e = executor_any();
	struct pp_map *its[N];

	for (int i = 0; i < N; i++)
		its[i] = mapped(e, task_return, abc, 3);
	for (int i = 0; i < N; i++) {
		context("map %d of %d on one executor", i + 1, N);
		expect_next(its[i], PP_OK, abc[0]);
		map_end(its[i]);
		if (i < 4)
			threads_settle(); /* an executor that took this for its end is gone then */
	}
	context("the executor of %d maps that have ended", N);
	expect_usable(e);
}

/* A task that maps and sums up. */
struct inside {
	struct pp_executor *e;
	struct pp_source *source;
	int begun, taken, status;
};

static int task_map_inside(void *arg, void **outcome)
{
	struct inside *in = arg;
	struct pp_map *it = NULL;
	void *got = NULL;

	(void)outcome;
	in->begun = backend()->map_begin(in->e, task_return, in->source, PP_FOREVER, 0, &it, &got);
	if (in->begun != PP_OK)
		return PP_OK;
	while ((in->status = backend()->map_next(it, &got)) == PP_OK)
		in->taken += got == abc[in->taken];
	backend()->map_end(it);
	return PP_OK;
}

/* MAP-10: with a second worker free. */
CASE(map_10_from_inside_a_task)
{
	struct inside in = {.e = executor_new(2), .begun = PP_TIMEOUT, .status = PP_TIMEOUT};
	void *outcome;

	NEED(map_begin);
	need_shared_memory();
	in.source = source_of(abc, 3, NULL);
	context("a task has mapped over three arguments, with a second worker free");
	EXPECT_STATUS(PP_OK, result(submit(in.e, task_map_inside, &in), PP_FOREVER, &outcome));
	EXPECT_STATUS(PP_OK, in.begun);
	EXPECT_INT(3, in.taken);
	EXPECT_STATUS(PP_STOP_ITERATION, in.status);
}

/* MAP-11: begun here, asked there. */
CASE(map_11_asked_by_another_thread)
{
	struct pp_executor *e = executor_any();
	struct asker a = {.it = mapped(e, task_return, abc, 3)};

	expect_next(a.it, PP_OK, abc[0]);
	asker_start(&a);
	thread_join(a.thread);
	context("the second outcome, asked for by another thread than the first");
	EXPECT_STATUS(PP_OK, a.status);
	EXPECT_PTR(abc[1], a.outcome);
	expect_next(a.it, PP_OK, abc[2]);
	expect_stop(a.it);
}

/* ---- exceptions --------------------------------------------------------------------- */

/* MAP-21: the first is fine, the second raises. */
CASE(map_21_exception_at_its_place)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = mapped(e, task_raise_odd, two_three_four, 3);

	context("map over three arguments, of which the task raises for the second");
	expect_next(it, PP_OK, (void *)2);
	expect_next(it, PP_RAISED, (void *)3);
}

/* MAP-21: NULL as an exception. */
CASE(map_21_null_exception)
{
	struct pp_executor *e = executor_any();
	void *args[] = {NULL};

	context("map over one argument, for which the task raises NULL");
	expect_next(mapped(e, task_raise, args, 1), PP_RAISED, NULL);
}

/* MAP-22: the third is still told, and then the end. */
CASE(map_22_goes_on_after_an_exception)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = mapped(e, task_raise_odd, two_three_four, 3);

	expect_next(it, PP_OK, (void *)2);
	expect_next(it, PP_RAISED, (void *)3);
	context("map asked on after the exception of the second of three arguments");
	expect_next(it, PP_OK, (void *)4);
	expect_stop(it);
}

/* MAP-22: all raise. */
CASE(map_22_one_exception_after_another)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = mapped(e, task_raise, abc, 3);

	for (int i = 0; i < 3; i++) {
		context("exception number %d of three", i);
		expect_next(it, PP_RAISED, abc[i]);
	}
	expect_stop(it);
}

static int task_raise_first(void *arg, void **outcome)
{
	struct step *s = arg;

	counter_add(s->ended, 1);
	*outcome = s->value;
	return s->raises ? PP_RAISED : PP_OK;
}

/* MAP-22: those behind the exception are PENDING when it is told, for the only worker is held. */
CASE(map_22_pending_ones_go_on_after_an_exception)
{
	struct pp_executor *e = executor_new(1);
	void *args[4];

	steps_new(args, 4);
	((struct step *)args[0])->raises = true;
	struct pp_map *it = mapped(e, task_step, args, 4);
	open_step(args[0]);
	await_step(args[1]);
	expect_next(it, PP_RAISED, token(0));
	for (int i = 1; i < 4; i++) {
		open_step(args[i]);
		context("outcome number %d of four, of which the first was an exception", i);
		expect_next(it, PP_OK, token(i));
	}
}

/* MAP-23: the first raises; the iterator is not asked. */
CASE(map_23_an_exception_stops_no_other_task)
{
	struct pp_executor *e = executor_any();
	void *args[10];
	struct counter *ended = steps_new(args, 10);

	((struct step *)args[0])->raises = true;
	mapped(e, task_raise_first, args, 10);
	shutdown_wait(e);
	context("ten tasks of a map, of which the first has raised, after a shutdown that waits");
	EXPECT_INT(10, counter_value(ended));
}

/* MAP-24: the executor is shut down with cancel_futures behind a held task of the map. */
CASE(map_24_cancelled_by_a_shutdown)
{
	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	struct pp_executor *e = executor_new(1);
	void *args[3];

	steps_new(args, 3);
	struct pp_map *it = mapped(e, task_step, args, 3);
	await_step(args[0]);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	for (int i = 0; i < 3; i++)
		open_step(args[i]);
	context("map over three arguments, of which the first was running when PENDING ones were cancelled");
	expect_next(it, PP_OK, token(0));
	void *outcome;
	EXPECT_STATUS(PP_CANCELLED, map_next(it, &outcome));
}

/* MAP-25: refused at once if the pool broke in time; if not, each place says so. */
CASE(map_25_broken_pool)
{
	struct pp_executor *e = executor_new_with_initializer(1, initializer_fail, NULL);
	struct pp_map *it = NULL;
	void *raised = NULL, *outcome;
	int begun = map_begin(e, must_not_run, source_of(abc, 3, NULL), PP_FOREVER, 0, &it, &raised);

	context("map on a pool whose initializer fails");
	EXPECT(begun == PP_OK || begun == PP_BROKEN);
	if (begun == PP_OK)
		EXPECT_STATUS(PP_BROKEN, map_next(it, &outcome));
}

/* ---- timeouts ------------------------------------------------------------------------ */

static void pass_until(double until)
{
	while (now() < until)
		pass_time(TICK);
}

static struct pp_map *mapped_for(struct pp_executor *e, pp_task *task, void *const *args, size_t count, double timeout)
{
	struct pp_map *it = NULL;
	void *raised = NULL;

	EXPECT_STATUS(PP_OK, map_begin(e, task, source_of(args, count, NULL), timeout, 0, &it, &raised));
	return it;
}

/* MAP-1: when both others have ended, on the one worker that is free, one of them is there. */
CASE(map_1_waits_for_the_first_though_others_are_there)
{
	struct pp_executor *e = executor_new(2);
	void *args[3];

	struct counter *ended = steps_new(args, 3);
	struct pp_map *it = mapped_for(e, task_step, args, 3, short_time());

	open_step(args[1]);
	open_step(args[2]);
	counter_await(ended, 2);
	context("the first outcome of map with a short timeout, its first task held and the others done");
	expect_next(it, PP_TIMEOUT, token(4000));
}

/* MAP-26, at the first and at the second outcome. */
CASE(map_26_time_is_up)
{
	struct pp_executor *e = executor_new(2);
	void *args[2];

	steps_new(args, 2);
	context("map with a short timeout, its first task held");
	expect_next(mapped_for(e, task_step, args, 2, short_time()), PP_TIMEOUT, token(4000));
}

/*
 * MAP-26: the first is there, the second is held.  On a busy machine the time may be
 * up before the first is there: then once more, with twice the time.
 */
CASE(map_26_time_is_up_at_the_second)
{
	struct pp_executor *e = executor_new(2);
	struct pp_map *it = NULL;
	double timeout = short_time();
	void *args[2], *outcome;
	int status = PP_TIMEOUT;

	for (; status == PP_TIMEOUT; timeout *= 2) {
		if (it) {
			open_step(args[1]);
			map_end(it);
		}
		steps_new(args, 2);
		open_step(args[0]);
		it = mapped_for(e, task_step, args, 2, timeout);
		status = map_next(it, &outcome);
	}
	context("map with a timeout of %g, its second task held", timeout / 2);
	EXPECT_STATUS(PP_OK, status);
	EXPECT_PTR(token(0), outcome);
	expect_next(it, PP_TIMEOUT, token(4000));
}

/* MAP-27: from before the call to the answer. */
CASE(map_27_lasts_its_timeout)
{
	struct pp_executor *e = executor_new(1);
	void *args[1], *outcome;

	steps_new(args, 1);
	double timeout = short_time(), begin = now();
	struct pp_map *it = mapped_for(e, task_step, args, 1, timeout);
	context("map with a short timeout, its only task held");
	EXPECT_STATUS(PP_TIMEOUT, map_next(it, &outcome));
	EXPECT(now() - begin >= timeout - TICK);
}

/* MAP-28: all has ended, and then the time is let pass. */
CASE(map_28_there_though_the_time_is_up)
{
	struct pp_executor *e = executor_any();
	double timeout = short_time(), begin = now();
	struct pp_map *it = mapped_for(e, task_return, abc, 3, timeout);

	shutdown_wait(e);
	pass_until(begin + timeout + TICK);
	context("map asked after its time for outcomes that are there");
	for (int i = 0; i < 3; i++)
		expect_next(it, PP_OK, abc[i]);
	expect_stop(it);
}

static void poll_held(double timeout)
{
	struct pp_executor *e = executor_new(1);
	void *args[1];

	steps_new(args, 1);
	context("map with timeout %g, its only task held", timeout);
	expect_next(mapped_for(e, task_step, args, 1, timeout), PP_TIMEOUT, token(4000));
}

/* MAP-29: a map without limit would not answer. */
CASE(map_29_timeout_zero_or_less)
{
	poll_held(0);
	poll_held(-0.001);
	poll_held(-1e9);
	poll_held(-1e300);
	poll_held(-INFINITY);
}

/* MAP-26: times that no clock can tell from none. */
CASE(map_26_tiny_timeouts)
{
	poll_held(DBL_TRUE_MIN);
	poll_held(1e-300);
	poll_held(1e-9);
}

/* MAP-27: one after the other; half of them is far more than clocks differ by. */
CASE(map_27_lasts_parts_of_a_millisecond)
{
	enum { TIMES = 50 };
	struct pp_executor *e = executor_new(1);
	void *args[1], *outcome;

	steps_new(args, 1);
	double begin = now();
	for (int i = 0; i < TIMES; i++)
		REQUIRE(map_next(mapped_for(e, task_step, args, 1, 0.0009), &outcome) == PP_TIMEOUT);
	context("fifty maps that each gave up after 0.0009 seconds have lasted half as long as they must");
	EXPECT(now() - begin >= TIMES * 0.0009 / 2);
}

/* MAP-29: what is there is yielded all the same. */
CASE(map_29_timeout_zero_with_all_done)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = mapped_for(e, task_return, abc, 3, 0);

	shutdown_wait(e);
	context("map with timeout 0, asked when all tasks have ended");
	for (int i = 0; i < 3; i++)
		expect_next(it, PP_OK, abc[i]);
	expect_stop(it);
}

static void wait_out(double timeout)
{
	struct pp_executor *e = executor_new(1);
	void *args[1];

	steps_new(args, 1);
	struct asker a = {.it = mapped_for(e, task_step, args, 1, timeout)};
	asker_start(&a);
	context("map with timeout %g, its only task held", timeout);
	thread_settle(a.thread);
	EXPECT_INT(0, counter_value(a.returned));
	open_step(args[0]);
	thread_join(a.thread);
	EXPECT_STATUS(PP_OK, a.status);
	EXPECT_PTR(token(0), a.outcome);
}

/* MAP-30: beyond 32 bits of milliseconds and of seconds. */
CASE(map_30_large_timeouts)
{
	wait_out(5e6);
	wait_out(5e9);
}

/* MAP-30: beyond 64 bits of nanoseconds, of seconds, and of everything. */
CASE(map_30_huge_timeouts)
{
	wait_out(1e10);
	wait_out(1e19);
	wait_out(1.7e308);
}

/* MAP-30: where a number of 31 or 32 bits of microseconds, milliseconds or seconds starts again. */
CASE(map_30_just_beyond_a_word)
{
	static const double ends[] = {0x1p31 / 1e6, 0x1p32 / 1e6, 0x1p31 / 1e3, 0x1p32 / 1e3, 0x1p31, 0x1p32};
	enum { N = sizeof(ends) / sizeof(ends[0]) };
	struct asker a[N];
	void *args[1];

	steps_new(args, 1);
	for (int i = 0; i < N; i++) {
		a[i] = (struct asker){.it = mapped_for(executor_new(1), task_step, args, 1, ends[i] + 0.001)};
		asker_start(&a[i]);
	}
	pass_time(short_time());
	open_step(args[0]);
	for (int i = 0; i < N; i++) {
		thread_join(a[i].thread);
		context("map with timeout %.3f, its only task held for a short time", ends[i] + 0.001);
		EXPECT_STATUS(PP_OK, a[i].status);
	}
}

/* MAP-52: how long the first ask takes that comes when all of the timeout has passed. */
static double first_ask_when_time_is_up(double timeout)
{
	struct pp_executor *e = executor_new(1);
	double begin = now();
	void *args[1];

	steps_new(args, 1);
	struct pp_map *it = mapped_for(e, task_step, args, 1, timeout);
	pass_until(begin + timeout + TICK);
	begin = now();
	context("map asked for the first time when its time is up");
	expect_next(it, PP_TIMEOUT, token(4000));
	return now() - begin;
}

/*
 * MAP-52: if the time ran from the first ask, none could be answered before all of it
 * has passed once more.  On a machine that is busy one may be late; not each of them,
 * with timeouts that double.
 */
CASE(map_52_time_runs_from_the_call)
{
	double timeout = short_time();
	int tries = 6, early = 0;

	for (; tries > 0 && !early; tries--, timeout *= 2)
		early = first_ask_when_time_is_up(timeout) < timeout - TICK;
	context("of the first asks that came when the time was up, none was answered before as much had passed again");
	EXPECT(early);
}

/* MAP-52: the same for the second ask, when the first was given its outcome. */
static double second_ask_when_time_is_up(double timeout, size_t buffersize)
{
	struct pp_executor *e = executor_new(1);
	struct pp_map *it = NULL;
	double begin = now();
	void *args[2], *raised;

	steps_new(args, 2);
	REQUIRE(map_begin(e, task_step, source_of(args, 2, NULL), timeout, buffersize, &it, &raised) == PP_OK);
	open_step(args[0]);
	await_step(args[1]); /* the only worker has ended the first */
	pass_until(begin + timeout + TICK);
	context("map asked when its time is up, with one outcome there");
	expect_next(it, PP_OK, token(0));
	begin = now();
	context("map asked again when its time is up");
	expect_next(it, PP_TIMEOUT, token(4000));
	return now() - begin;
}

static void expect_time_runs_on(size_t buffersize)
{
	double timeout = short_time();
	int tries = 6, early = 0;

	for (; tries > 0 && !early; tries--, timeout *= 2)
		early = second_ask_when_time_is_up(timeout, buffersize) < timeout - TICK;
	context("of the second asks that came when the time was up, none was answered before as much had passed again");
	EXPECT(early);
}

CASE(map_52_time_runs_on_after_an_outcome)
{
	expect_time_runs_on(0);
}

CASE(map_52_time_runs_on_after_an_outcome_with_buffersize)
{
	expect_time_runs_on(2);
}

/* MAP-31: the outcome comes after TIMEOUT and is there to be taken. */
CASE(map_31_asked_again_after_timeout)
{
	struct pp_executor *e = executor_new(1);
	void *args[2];

	steps_new(args, 2);
	struct pp_map *it = mapped_for(e, task_step, args, 2, short_time());
	expect_next(it, PP_TIMEOUT, token(4000));
	open_step(args[0]);
	open_step(args[1]);
	shutdown_wait(e);
	context("map asked again after TIMEOUT, when all tasks have ended");
	expect_next(it, PP_OK, token(0));
	expect_next(it, PP_OK, token(1));
	expect_stop(it);
}

/* MAP-32: an answer, whichever. */
CASE(map_32_does_not_wait_after_timeout)
{
	struct pp_executor *e = executor_new(1);
	void *args[2], *outcome;

	steps_new(args, 2);
	struct pp_map *it = mapped_for(e, task_step, args, 2, short_time());
	expect_next(it, PP_TIMEOUT, token(4000));
	for (int i = 0; i < 3; i++) {
		int status = map_next(it, &outcome);

		context("map asked again after TIMEOUT, its first task still held");
		EXPECT(status == PP_TIMEOUT || status == PP_STOP_ITERATION);
	}
}

/* ---- an early end ------------------------------------------------------------------------ */

/* A task that is let pass while it is asked for, and others that only count. */
struct mixed {
	void *args[6];
	struct counter *ran;
};

/*
 * One worker: argument 0 returns at once, argument 1 holds the worker, and the
 * four others are PENDING behind it.
 */
static struct mixed mixed_new(void)
{
	struct mixed m;

	m.ran = steps_new(m.args, 6);
	open_step(m.args[0]);
	for (int i = 2; i < 6; i++)
		open_step(m.args[i]);
	return m;
}

/* MAP-33: one outcome was taken. */
CASE(map_33_early_end_cancels_what_is_pending)
{
	struct pp_executor *e = executor_new(1);
	struct mixed m = mixed_new();
	struct pp_map *it = mapped(e, task_step, m.args, 6);

	expect_next(it, PP_OK, token(0));
	await_step(m.args[1]);
	map_end(it);
	open_step(m.args[1]);
	shutdown_wait(e);
	context("tasks of a map that was ended while one of six was running and four PENDING, after a shutdown that waits");
	EXPECT_INT(2, counter_value(m.ran));
}

/*
 * MAP-33: ended by a caller that saw an exception.  The futures are cancelled one by
 * one, maybe by the ask that tells the exception, and the worker may skip the second and
 * begin a later one before its turn has come; but when all is over, no more than one.
 */
CASE(map_33_end_after_an_exception)
{
	struct pp_executor *e = executor_new(1);
	struct mixed m = mixed_new();

	((struct step *)m.args[0])->raises = true;
	struct pp_map *it = mapped(e, task_step, m.args, 6);
	expect_next(it, PP_RAISED, token(0));
	map_end(it);
	long ran = counter_value(m.ran);
	open_step(m.args[1]); /* it may be cancelled: nobody may come */
	shutdown_wait(e);
	context("tasks of a map that was ended after the exception of the first of six, of which %ld had run then, "
		"after a shutdown that waits", ran);
	EXPECT_AT_MOST(ran + 1, counter_value(m.ran));
}

/* MAP-33: ended by a caller whose time was up. */
CASE(map_33_end_after_timeout)
{
	struct pp_executor *e = executor_new(1);
	struct counter *ran = counter_new();
	struct gate *gate = hold(e, 1);
	void *args[] = {ran, ran, ran};
	struct pp_map *it = mapped_for(e, task_count, args, 3, short_time());

	expect_next(it, PP_TIMEOUT, token(4000));
	map_end(it);
	gate_open(gate);
	shutdown_wait(e);
	context("three PENDING tasks of a map that was ended after TIMEOUT, after a shutdown that waits");
	EXPECT_INT(0, counter_value(ran));
}

/* MAP-34: never asked. */
CASE(map_34_end_without_an_ask_cancels_too)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *ran = counter_new();
	void *args[] = {ran, ran, ran};
	struct pp_map *it = mapped(e, task_count, args, 3);

	map_end(it);
	gate_open(gate);
	shutdown_wait(e);
	context("three PENDING tasks of a map that was ended without an ask, after a shutdown that waits");
	EXPECT_INT(0, counter_value(ran));
}

/* MAP-35: the running one is held until after the end. */
CASE(map_35_end_does_not_wait)
{
	struct pp_executor *e = executor_new(1);
	struct mixed m = mixed_new();
	struct pp_map *it = mapped(e, task_step, m.args, 6);

	expect_next(it, PP_OK, token(0));
	await_step(m.args[1]);
	map_end(it);
	context("a map was ended while one of its tasks is held");
	EXPECT_INT(1, counter_value(m.ran));
	open_step(m.args[1]);
}

/* MAP-36: the running one ends, and what it does is done. */
CASE(map_36_running_ones_go_on)
{
	struct pp_executor *e = executor_new(2);
	void *args[2];
	struct counter *ended = steps_new(args, 2);
	struct pp_map *it = mapped(e, task_step, args, 2);

	await_step(args[0]);
	await_step(args[1]);
	map_end(it);
	open_step(args[1]);
	open_step(args[0]);
	shutdown_wait(e);
	context("two tasks that were running when their map was ended, after a shutdown that waits");
	EXPECT_INT(2, counter_value(ended));
}

/* MAP-37: cancelled siblings of an exception are in the way of nobody. */
/* MAP-37: what others have submitted, before the map and after it, is not the map's to cancel. */
CASE(map_37_other_work_runs)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *before = submit(e, task_return, token(1));
	struct pp_map *it = mapped(e, task_return, abc, 3);
	struct pp_future *after = submit(e, task_return, token(2));
	void *outcome = NULL;

	map_end(it);
	gate_open(gate);
	context("work submitted before a map that was ended early");
	EXPECT_STATUS(PP_OK, result(before, PP_FOREVER, &outcome));
	EXPECT_PTR(token(1), outcome);
	context("work submitted after a map that was ended early");
	EXPECT_STATUS(PP_OK, result(after, PP_FOREVER, &outcome));
	EXPECT_PTR(token(2), outcome);
}

CASE(map_37_usable_after_an_early_end)
{
	struct pp_executor *e = executor_new(1);
	struct mixed m = mixed_new();

	((struct step *)m.args[0])->raises = true;
	struct pp_map *it = mapped(e, task_step, m.args, 6);
	expect_next(it, PP_RAISED, token(0));
	map_end(it);
	open_step(m.args[1]);
	context("work submitted after a map was ended early");
	expect_usable(e);
	expect_usable(e);
}

/* MAP-37: rounds of maps that end as their tasks run. */
CASE(map_37_ended_as_tasks_run)
{
	struct pp_executor *e = executor_new(2);

	for (int round = 0; round < 50; round++) {
		struct counter *ran = counter_new();
		void *args[] = {ran, ran, ran, ran, ran, ran, ran, ran}, *outcome;
		struct pp_map *it = mapped(e, task_count, args, 8);

		EXPECT_STATUS(PP_OK, map_next(it, &outcome));
		map_end(it);
	}
	context("work submitted after fifty maps that ended as their tasks ran");
	expect_usable(e);
}

/* ---- shutdown --------------------------------------------------------------------------------- */

static void expect_refused_after_shutdown(size_t count)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = NULL;
	void *raised = NULL;

	shutdown_wait(e);
	context("map over %zu arguments on an executor that was shut down", count);
	EXPECT_STATUS(PP_SHUTDOWN, map_begin(e, must_not_run, source_of(abc, count, NULL), PP_FOREVER, 0, &it, &raised));
}

/* MAP-38: refused by the call. */
CASE(map_38_refused_after_shutdown)
{
	expect_refused_after_shutdown(3);
}

/* MAP-39: nothing to do, and refused all the same. */
CASE(map_39_empty_source_refused_after_shutdown)
{
	expect_refused_after_shutdown(0);
}

/* MAP-40: one more argument than workers, then shutdown, then the outcomes. */
CASE(map_40_outcomes_after_shutdown)
{
	struct pp_executor *e = executor_new(2);
	struct pp_map *it = mapped(e, task_return, abc, 3);

	shutdown_wait(e);
	context("map over three arguments on two workers, asked after a shutdown that waits");
	for (int i = 0; i < 3; i++)
		expect_next(it, PP_OK, abc[i]);
	expect_stop(it);
}
