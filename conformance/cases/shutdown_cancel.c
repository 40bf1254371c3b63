/* SPDX-License-Identifier: MIT */
/*
 * Shutdown that cancels: what is PENDING, what runs, those who wait, and calls that meet.
 */
#define _GNU_SOURCE
#include "shutdowns.h"

#include <stdlib.h>

static void expect_all_cancelled(int workers, int victims)
{
	struct pp_executor *e = executor_new(workers);
	struct work *w = work_on(e, workers);
	struct pp_future *f[1500];

	need_form(CANCELS_RETURNS);
	submit_victims(e, f, victims);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(w->gate);
	shutdown_wait(e);
	expect_cancelled(f, victims);
}

CASE(shutdown_32_cancels_what_is_pending)
{
	expect_all_cancelled(1, 1);
}

CASE(shutdown_32_cancels_all_that_is_pending)
{
	expect_all_cancelled(1, 1500);
}

CASE(shutdown_32_cancels_all_behind_several_workers)
{
	expect_all_cancelled(3, 20);
}

static int initializer_pass_gate(void *gate)
{
	gate_wait(gate);
	return PP_OK;
}

static void cancel_all_of(void *e)
{
	backend()->shutdown_cancel(e, false);
}

/* What cancels them has no place on its stack for a frame of each. */
CASE(shutdown_32_cancels_twenty_thousand_on_a_small_stack)
{
	enum { N = 20000 };
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future **f = calloc(N, sizeof(struct pp_future *));

	REQUIRE(f);
	need_form(CANCELS_RETURNS);
	submit_victims(e, f, N);
	on_a_small_stack(cancel_all_of, e);
	gate_open(w->gate);
	shutdown_wait(e);
	expect_cancelled(f, N);
	free(f);
}

/* Those that were cancelled before stand at the head, in the middle and at the end. */
CASE(shutdown_32_cancels_what_is_between_cancelled_ones)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[9];

	NEED(cancel);
	need_form(CANCELS_RETURNS);
	submit_victims(e, f, 9);
	for (int i = 0; i < 9; i += 4)
		REQUIRE(cancel(f[i]));
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(w->gate);
	shutdown_wait(e);
	expect_cancelled(f, 9);
}

/* The one worker that there is prepares itself. */
CASE(shutdown_32_cancels_while_an_initializer_runs)
{
	struct gate *gate = gate_new();
	struct pp_executor *e = executor_new_with_initializer(1, initializer_pass_gate, gate);
	struct pp_future *f[5];

	need_form(CANCELS_RETURNS);
	submit_victims(e, f, 5);
	gate_await(gate, 1);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(gate);
	shutdown_wait(e);
	expect_cancelled(f, 5);
}

static int task_cancels_all(void *e, void **outcome)
{
	(void)outcome;
	return backend()->shutdown_cancel(e, false);
}

/* Who asks is a worker, but of another executor. */
CASE(shutdown_32_task_of_another_executor_cancels)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[5];
	void *outcome;

	need_shared_memory();
	need_form(CANCELS_RETURNS);
	submit_victims(e, f, 5);
	REQUIRE(result(submit(executor_any(), task_cancels_all, e), PP_FOREVER, &outcome) == PP_OK);
	gate_open(w->gate);
	shutdown_wait(e);
	expect_cancelled(f, 5);
}

/* The thread may come to cancel no earlier than the gate is opened, so it settles first. */
CASE(shutdown_32_cancels_and_waits)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct counter *ran = counter_new();
	struct pp_future *f[10];
	struct shutter s;
	void *outcome;
	int i, finished = 0;

	for (i = 0; i < 10; i++)
		f[i] = submit(e, task_count, ran);
	shutter_start(&s, e, CANCELS_WAITS, w->ended);
	gate_open(w->gate);
	shutter_join(&s, 1);
	for (i = 0; i < 10; i++)
		finished += result(f[i], PP_FOREVER, &outcome) != PP_CANCELLED;
	context("futures that were PENDING and were not cancelled, and tasks that ran");
	EXPECT_INT(finished, counter_value(ran));
}

CASE(shutdown_33_cancels_nothing_unasked)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[10];
	int i;

	NEED(cancelled);
	for (i = 0; i < 10; i++)
		f[i] = submit(e, task_return, THE_VALUE);
	REQUIRE(shutdown_nowait(e) == PP_OK);
	for (i = 0; i < 10; i++)
		expect_in(f[i], F_PENDING);
	gate_open(w->gate);
	shutdown_wait(e);
	for (i = 0; i < 10; i++)
		expect_in(f[i], F_RETURNED);
}

CASE(shutdown_33_waits_and_cancels_nothing)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[10];
	struct shutter s;
	int i;

	for (i = 0; i < 10; i++)
		f[i] = submit(e, task_return, THE_VALUE);
	shutter_start(&s, e, WAITS, w->ended);
	gate_open(w->gate);
	shutter_join(&s, 1);
	for (i = 0; i < 10; i++)
		expect_in(f[i], F_RETURNED);
}

/* The workers get to the end of the queue on which the cancelled work was. */
CASE(shutdown_34_cancelled_work_never_runs)
{
	struct pp_executor *e = executor_new(2);
	struct work *w = work_on(e, 2);
	struct pp_future *f[20];

	need_form(CANCELS_RETURNS);
	submit_victims(e, f, 20);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(w->gate);
	context("20 futures were cancelled, and the workers have gone");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
	EXPECT_INT(2, counter_value(w->ended));
}

CASE(shutdown_35_running_task_gives_its_outcome)
{
	expect_running_task_ends(CANCELS_RETURNS);
}

CASE(shutdown_36_finished_futures_keep_their_outcome)
{
	struct pp_executor *e = executor_any();
	struct pp_future *returned = submit(e, task_return, THE_VALUE);
	struct pp_future *raised = submit(e, task_raise, THE_EXCEPTION);
	void *outcome;

	result(returned, PP_FOREVER, &outcome);
	result(raised, PP_FOREVER, &outcome);
	REQUIRE(shutdown_cancel(e, true) == PP_OK);
	expect_in(returned, F_RETURNED);
	expect_in(raised, F_RAISED);
}

CASE(shutdown_37_cancels_and_waits_for_a_running_task)
{
	expect_waits(CANCELS_WAITS, 1, 1, 0);
}

CASE(shutdown_37_cancels_and_waits_for_several_running_tasks)
{
	expect_waits(CANCELS_WAITS, 4, 3, 0);
}

CASE(shutdown_38_cancels_and_returns_while_a_task_runs)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[3];

	need_form(CANCELS_RETURNS);
	submit_victims(e, f, 3);
	context("a task is RUNNING, and ends only after the shutdown");
	EXPECT_STATUS(PP_OK, shutdown_cancel(e, false));
	EXPECT_INT(0, counter_value(w->ended));
	gate_open(w->gate);
}

struct slow_cancel {
	struct pp_executor *e;
	struct pp_future *f[5];
	struct gate *gate; /* of a done callback of the first */
	int undone; /* when a shutdown that waits had returned; atomic */
};

static void cancel_all(void *arg)
{
	struct slow_cancel *c = arg;

	backend()->shutdown_cancel(c->e, false);
}

static void wait_and_look(void *arg)
{
	struct slow_cancel *c = arg;
	int i;

	backend()->shutdown(c->e);
	for (i = 0; i < 5; i++)
		__atomic_add_fetch(&c->undone, !backend()->done(c->f[i]), __ATOMIC_SEQ_CST);
}

/* SHUTDOWN-11: another thread cancels what is PENDING, and is inside a callback of the first. */
CASE(shutdown_11_while_another_thread_still_cancels)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct slow_cancel c = {.e = e, .gate = gate_new()};
	struct thread *cancels, *waits[2];
	int i;

	need_form(CANCELS_RETURNS);
	NEED(add_done_callback);
	NEED(done);
	for (i = 0; i < 5; i++)
		c.f[i] = submit(e, task_return, THE_VALUE);
	REQUIRE(add_done_callback(c.f[0], callback_pass_gate, c.gate) == PP_OK);
	cancels = thread_start(cancel_all, &c);
	thread_settle(cancels);
	for (i = 0; i < 2; i++)
		waits[i] = thread_start(wait_and_look, &c);
	gate_open(w->gate);
	threads_settle();
	gate_open(c.gate);
	thread_join(cancels);
	for (i = 0; i < 2; i++)
		thread_join(waits[i]);
	context("futures of five that were not done when two shutdowns that wait returned, while another one cancelled them");
	EXPECT_INT(0, c.undone);
}

CASE(shutdown_39_thread_inside_result_returns)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct waiter waiters[2];
	struct pp_future *f[2];
	int i;

	need_form(CANCELS_RETURNS);
	submit_victims(e, f, 2);
	for (i = 0; i < 2; i++) {
		waiter_start(&waiters[i], f[i], PP_FOREVER, i == 1 && HAS(exception));
		thread_settle(waiters[i].thread);
	}
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(w->gate);
	for (i = 0; i < 2; i++) {
		waiter_join(&waiters[i]);
		context("a thread was waiting for a future that shutdown cancelled");
		EXPECT_STATUS(PP_CANCELLED, waiters[i].status);
	}
}

enum moment { BEFORE_SHUTDOWN, AFTER_SHUTDOWN, AFTER_ALL };

/* A thread loops over futures that shutdown cancels; it begins at some moment. */
static void loop_over_cancelled(struct loop *loop, void body(void *), enum moment begins)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);

	need_form(CANCELS_RETURNS);
	submit_victims(e, loop->f, FUTURES);
	if (begins == BEFORE_SHUTDOWN) {
		loop->thread = thread_start(body, loop);
		thread_settle(loop->thread);
	}
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	if (begins == AFTER_SHUTDOWN) {
		loop->thread = thread_start(body, loop);
		thread_settle(loop->thread);
	}
	gate_open(w->gate);
	shutdown_wait(e);
	if (begins == AFTER_ALL)
		loop->thread = thread_start(body, loop);
	thread_join(loop->thread);
}

/* SHUTDOWN-53: with no cancelling, for comparison. */
CASE(shutdown_53_thread_inside_wait_returns)
{
	struct loop loop = {.return_when = PP_ALL_COMPLETED, .status = -1};
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct shutter s;
	int i;

	NEED(wait);
	for (i = 0; i < FUTURES; i++)
		loop.f[i] = submit(e, task_return, THE_VALUE);
	loop.thread = thread_start(wait_in_thread, &loop);
	thread_settle(loop.thread);
	shutter_start(&s, e, WAITS, w->ended);
	gate_open(w->gate);
	shutter_join(&s, 1);
	thread_join(loop.thread);
	EXPECT_STATUS(PP_OK, loop.status);
	context("futures of work that was done while the executor shut down, and wait told as done");
	EXPECT_INT(FUTURES, loop_told(&loop));
}

static void expect_wait_returns(enum moment begins)
{
	struct loop loop = {.return_when = PP_ALL_COMPLETED, .status = -1};

	NEED(wait);
	loop_over_cancelled(&loop, wait_in_thread, begins);
	EXPECT_STATUS(PP_OK, loop.status);
	context("futures that shutdown cancelled and wait told as done");
	EXPECT_INT(FUTURES, loop_told(&loop));
}

CASE(shutdown_40_thread_inside_wait_returns)
{
	expect_wait_returns(BEFORE_SHUTDOWN);
}

CASE(shutdown_40_thread_inside_wait_for_the_first_returns)
{
	struct loop loop = {.return_when = PP_FIRST_COMPLETED, .status = -1};

	NEED(wait);
	loop_over_cancelled(&loop, wait_in_thread, BEFORE_SHUTDOWN);
	EXPECT_STATUS(PP_OK, loop.status);
	context("futures that shutdown cancelled and wait told as done");
	EXPECT_AT_LEAST(1, loop_told(&loop));
}

CASE(shutdown_41_wait_begins_while_a_task_runs)
{
	expect_wait_returns(AFTER_SHUTDOWN);
}

CASE(shutdown_41_wait_begins_when_all_is_over)
{
	expect_wait_returns(AFTER_ALL);
}

static void expect_all_yielded(enum moment begins)
{
	struct loop loop = {.status = -1};

	need_as_completed();
	loop_over_cancelled(&loop, iterate_in_thread, begins);
	EXPECT_STATUS(PP_STOP_ITERATION, loop.status);
	context("futures that shutdown cancelled and as_completed yielded");
	EXPECT_INT(FUTURES, loop_told(&loop));
}

CASE(shutdown_42_as_completed_yields_what_is_cancelled)
{
	expect_all_yielded(BEFORE_SHUTDOWN);
}

CASE(shutdown_43_as_completed_begins_while_a_task_runs)
{
	expect_all_yielded(AFTER_SHUTDOWN);
}

CASE(shutdown_43_as_completed_begins_when_all_is_over)
{
	expect_all_yielded(AFTER_ALL);
}

/* SHUTDOWN-42: what its caller cancelled became done then, and does not again. */
CASE(shutdown_42_as_completed_yields_what_was_cancelled_before_once)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = gate_new();
	struct pp_future *fs[2] = {submit(e, task_pass_gate, gate), submit(e, must_not_run, NULL)}, *f = NULL;
	struct pp_completed *it;

	need_form(CANCELS_RETURNS);
	need_as_completed();
	gate_await(gate, 1);
	it = as_completed_begin(fs, 2, PP_FOREVER);
	REQUIRE(cancel(fs[1]));
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(gate);
	shutdown_wait(e);
	context("as_completed over a task that ran and work that its caller cancelled, and then shutdown");
	for (int i = 0, seen = 0; i < 2; i++) {
		EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
		seen |= f == fs[0] ? 1 : 2;
		if (i == 1)
			EXPECT_INT(3, seen);
	}
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

CASE(shutdown_44_wait_for_a_future_cancelled_before)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f;
	bool is_done = false;

	need_form(CANCELS_RETURNS);
	f = submit(e, must_not_run, NULL);
	REQUIRE(cancel(f));
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(w->gate);
	shutdown_wait(e);
	context("the future was cancelled by its caller, and then by shutdown");
	EXPECT_STATUS(PP_OK, wait_for(&f, 1, PP_FOREVER, PP_ALL_COMPLETED, &is_done));
	EXPECT(is_done);
}

CASE(shutdown_44_thread_inside_wait_for_a_future_cancelled_before)
{
	struct loop loop = {.return_when = PP_ALL_COMPLETED, .status = -1};
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	int i;

	NEED(wait);
	need_form(CANCELS_RETURNS);
	submit_victims(e, loop.f, FUTURES);
	loop.thread = thread_start(wait_in_thread, &loop);
	thread_settle(loop.thread);
	for (i = 0; i < FUTURES; i++)
		REQUIRE(cancel(loop.f[i]));
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(w->gate);
	thread_join(loop.thread);
	EXPECT_STATUS(PP_OK, loop.status);
	context("futures that their caller cancelled, before a shutdown that cancels, and wait told as done");
	EXPECT_INT(FUTURES, loop_told(&loop));
}

CASE(shutdown_45_map_tells_what_is_cancelled)
{
	void *args[2] = {token(1), token(2)};
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_map *it;
	void *outcome;

	need_form(CANCELS_RETURNS);
	REQUIRE(map_begin(e, must_not_run, source_of(args, 2, NULL), PP_FOREVER, 0, &it, &outcome) == PP_OK);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(w->gate);
	context("shutdown has cancelled the futures of map");
	EXPECT_STATUS(PP_CANCELLED, map_next(it, &outcome));
}

/* Tasks that each count in a place of their own. */
#define ITEMS 20

static int task_mark(void *arg, void **outcome)
{
	long *mark = arg;

	__atomic_add_fetch(mark, 1, __ATOMIC_SEQ_CST);
	*outcome = THE_VALUE;
	return PP_OK;
}

static void expect_each_one_way(struct pp_future **f, const long *marks, int n, int round)
{
	void *outcome;
	int i;

	for (i = 0; i < n; i++) {
		int status = result(f[i], PP_FOREVER, &outcome);

		context("round %d: future %d of %d, as shutdown cancels and workers take work", round, i, n);
		EXPECT(status == PP_OK || status == PP_CANCELLED);
		context("round %d: runs of task %d of %d, whose result is %s", round, i, n, status_name(status));
		EXPECT_INT(status == PP_OK, marks[i]);
	}
}

static void expect_cancel_meets_workers(struct pp_executor *e, bool wait, int n, int round)
{
	long *marks = shared_alloc(ITEMS * sizeof(*marks));
	struct pp_future *f[ITEMS];
	int i;

	for (i = 0; i < n; i++)
		f[i] = submit(e, task_mark, &marks[i]);
	REQUIRE(shutdown_cancel(e, wait) == PP_OK);
	expect_each_one_way(f, marks, n, round);
	if (!wait)
		shutdown_wait(e);
}

CASE(shutdown_46_meets_workers_that_take_work)
{
	int round;

	for (round = 0; round < 50; round++)
		expect_cancel_meets_workers(executor_new(2), true, ITEMS, round);
}

CASE(shutdown_46_meets_workers_that_take_work_and_returns)
{
	int round;

	need_form(CANCELS_RETURNS);
	for (round = 0; round < 50; round++)
		expect_cancel_meets_workers(executor_new(2), false, ITEMS, round);
}

/* The first work item ever: its worker is about to start. */
CASE(shutdown_46_meets_the_first_work)
{
	int round;

	for (round = 0; round < 50; round++)
		expect_cancel_meets_workers(executor_any(), true, 1, round);
}

/* The only worker is idle, and about to be woken for the work item. */
static void expect_cancel_meets_idle_worker(bool wait, int rounds)
{
	void *outcome;
	int round;

	for (round = 0; round < rounds; round++) {
		struct pp_executor *e = executor_any();

		result(submit(e, task_return, THE_VALUE), PP_FOREVER, &outcome);
		expect_cancel_meets_workers(e, wait, 1, round);
	}
}

CASE(shutdown_46_meets_an_idle_worker)
{
	expect_cancel_meets_idle_worker(true, 100);
}

CASE(shutdown_46_meets_an_idle_worker_and_returns)
{
	need_form(CANCELS_RETURNS);
	expect_cancel_meets_idle_worker(false, 100);
}

struct canceller {
	struct pp_future *f;
	struct barrier *start;
	bool answer;
};

static void cancel_in_thread(void *arg)
{
	struct canceller *c = arg;

	barrier_meet(c->start);
	c->answer = backend()->cancel(c->f);
}

CASE(shutdown_47_meets_a_cancel)
{
	int round;

	NEED(cancel);
	NEED(add_done_callback);
	need_form(CANCELS_RETURNS);
	for (round = 0; round < 50; round++) {
		struct pp_executor *e = executor_new(1);
		struct gate *gate = hold(e, 1);
		struct counter *called = counter_new();
		struct canceller c = {submit(e, must_not_run, NULL), barrier_new(2), false};
		struct thread *t = thread_start(cancel_in_thread, &c);

		REQUIRE(add_done_callback(c.f, callback_count, called) == PP_OK);
		barrier_meet(c.start);
		REQUIRE(shutdown_cancel(e, false) == PP_OK);
		thread_join(t);
		gate_open(gate);
		shutdown_wait(e);
		context("round %d: cancel of a future that shutdown cancels too", round);
		EXPECT(c.answer);
		expect_in(c.f, F_NOTIFIED);
		context("round %d: calls of the done callback", round);
		EXPECT_INT(1, counter_value(called));
	}
}
