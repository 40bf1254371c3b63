/* SPDX-License-Identifier: MIT */
/* broken_pool.c: INIT, what becomes of futures, and of those who wait for them, when an initializer fails. */
#include "initializers.h"

/* ---- what a broken pool does to work that is pending ------------------------------- */

CASE(init_9_result_tells_broken)
{
	struct pp_future *f[5];
	struct plan *p = about_to_break(f, 5);
	int i;

	gate_open(p->gate);
	for (i = 0; i < 5; i++)
		expect_broken(f[i]);
	expect_broken(f[0]);
}

/* All four initializers fail, and one after the other sweeps. */
CASE(init_9_result_tells_broken_with_four_workers)
{
	struct plan *p = plan_new(4, ALL);
	struct pp_future *f[20];
	int i;

	for (i = 0; i < 20; i++)
		f[i] = submit(p->e, must_not_run, NULL);
	gate_await(p->gate, 1);
	gate_open(p->gate);
	for (i = 0; i < 20; i++)
		expect_broken(f[i]);
}

/* Breaks though another worker is busy, with three futures PENDING; that one is let go then. */
static struct plan *break_beside_a_busy_worker(void)
{
	struct pp_future *f[3];
	struct gate *busy;
	struct plan *p = about_to_break_beside(&busy, f, 3);
	int i;

	gate_open(p->gate);
	for (i = 0; i < 3; i++)
		expect_broken(f[i]);
	gate_open(busy);
	return p;
}

CASE(init_9_beside_a_busy_worker)
{
	break_beside_a_busy_worker();
}

/* The pool may break before the submit, or after it. */
CASE(init_9_initializer_fails_at_once)
{
	int round;

	for (round = 0; round < 50; round++) {
		struct pp_executor *e = executor_new_with_initializer(1 + round % 3, initializer_fail, NULL);

		expect_refused_or_broken(e);
		expect_refused_or_broken(e);
	}
}

CASE(init_10_output_left)
{
	struct pp_future *f;
	void *outcome = token(9);

	broken(&f);
	context("exception of a future that was PENDING when an initializer failed");
	EXPECT_STATUS(PP_BROKEN, exception(f, PP_FOREVER, &outcome));
	EXPECT_PTR(token(9), outcome);
}

CASE(init_9_each_of_many_tells_broken)
{
	struct pp_future *f[1500];
	struct plan *p = about_to_break(f, 1500);
	int i;

	gate_open(p->gate);
	for (i = 0; i < 1500; i++)
		expect_broken(f[i]);
}

CASE(init_10_exception_tells_broken)
{
	struct pp_future *f[3];
	struct plan *p = about_to_break(f, 3);
	void *outcome;
	int i;

	gate_open(p->gate);
	for (i = 0; i < 3; i++) {
		context("exception of a future that was PENDING when an initializer failed");
		EXPECT_STATUS(PP_BROKEN, exception(f[i], PP_FOREVER, &outcome));
	}
}

CASE(init_11_broken_work_never_runs)
{
	struct pp_future *f[10];
	struct plan *p = about_to_break(f, 10);
	int i;

	gate_open(p->gate);
	for (i = 0; i < 10; i++)
		expect_broken(f[i]);
	context("the pool is broken, and is shut down");
	EXPECT_STATUS(PP_OK, shutdown_wait(p->e));
}

/* Another worker is left, which could take it. */
CASE(init_11_broken_work_never_runs_on_another_worker)
{
	struct plan *p = break_beside_a_busy_worker();

	context("the pool is broken, its other worker has ended its task, and it is shut down");
	EXPECT_STATUS(PP_OK, shutdown_wait(p->e));
}

CASE(init_12_broken_future_is_done)
{
	struct pp_future *f;

	NEED(done);
	broken(&f);
	context("a future whose outcome is BROKEN");
	EXPECT(done(f));
}

CASE(init_13_broken_future_is_not_cancelled)
{
	struct pp_future *f;

	NEED(cancelled);
	broken(&f);
	context("a future whose outcome is BROKEN");
	EXPECT_FALSE(cancelled(f));
}

CASE(init_14_broken_future_is_not_running)
{
	struct pp_future *f;

	NEED(running);
	broken(&f);
	context("a future whose outcome is BROKEN");
	EXPECT_FALSE(running(f));
}

CASE(init_15_broken_future_cannot_be_cancelled)
{
	struct pp_future *f;

	NEED(cancel);
	broken(&f);
	context("a future whose outcome is BROKEN");
	EXPECT_FALSE(cancel(f));
	expect_broken(f);
}

CASE(init_16_callbacks_are_called)
{
	struct pp_future *f[3];
	struct plan *p = about_to_break(f, 3);
	struct counter *called[3];
	int i;

	for (i = 0; i < 3; i++) {
		called[i] = counter_new();
		REQUIRE(add_done_callback(f[i], callback_count, called[i]) == PP_OK);
	}
	gate_open(p->gate);
	for (i = 0; i < 3; i++)
		counter_await(called[i], 1);
	shutdown_wait(p->e);
	for (i = 0; i < 3; i++) {
		context("calls of the done callback of a future that was PENDING when an initializer failed");
		EXPECT_INT(1, counter_value(called[i]));
	}
}

static int callback_ask(struct pp_future *f, void *arg)
{
	void *outcome;

	record_add(arg, backend()->result(f, 0, &outcome));
	return PP_OK;
}

CASE(init_17_callback_is_told_broken)
{
	struct pp_future *f[3];
	struct plan *p = about_to_break(f, 3);
	struct record *told = record_new();
	int i;

	for (i = 0; i < 3; i++)
		REQUIRE(add_done_callback(f[i], callback_ask, told) == PP_OK);
	gate_open(p->gate);
	record_await(told, 3);
	for (i = 0; i < 3; i++) {
		context("what a done callback was told by its future without waiting");
		EXPECT_STATUS(PP_BROKEN, (int)record_at(told, i));
	}
}

CASE(init_18_late_callback_is_called)
{
	struct counter *called = counter_new();
	struct pp_future *f;
	struct plan *p = broken(&f);

	EXPECT_STATUS(PP_OK, add_done_callback(f, callback_count, called));
	counter_await(called, 1);
	shutdown_wait(p->e);
	context("calls of a done callback that was added to a future whose outcome is BROKEN");
	EXPECT_INT(1, counter_value(called));
}

/* ---- those who wait when the pool breaks ---------------------------------------------- */

CASE(init_19_thread_inside_result_returns)
{
	struct pp_future *f[2];
	struct plan *p = about_to_break(f, 2);
	struct waiter waiters[2];
	int i;

	for (i = 0; i < 2; i++) {
		waiter_start(&waiters[i], f[i], PP_FOREVER, i == 1 && HAS(exception));
		thread_settle(waiters[i].thread);
	}
	gate_open(p->gate);
	for (i = 0; i < 2; i++) {
		waiter_join(&waiters[i]);
		context("a thread was waiting for a future when an initializer failed");
		EXPECT_STATUS(PP_BROKEN, waiters[i].status);
	}
}

static void loop_start(struct loop *loop, void body(void *))
{
	loop->status = -1;
	loop->thread = thread_start(body, loop);
	thread_settle(loop->thread);
}

/* It ended with this status, having told all of the futures. */
static void loop_join(struct loop *loop, int status, const char *what)
{
	int i;

	thread_join(loop->thread);
	context("%s", what);
	EXPECT_STATUS(status, loop->status);
	for (i = 0; i < FUTURES; i++) {
		context("%s: future %d of %d was told as done", what, i, FUTURES);
		EXPECT(loop->told[i]);
	}
}

CASE(init_20_thread_inside_wait_returns)
{
	struct loop loop = {.return_when = PP_ALL_COMPLETED};
	struct plan *p = about_to_break(loop.f, FUTURES);

	NEED(wait);
	loop_start(&loop, wait_in_thread);
	gate_open(p->gate);
	loop_join(&loop, PP_OK, "wait for futures that are PENDING when an initializer fails");
}

/* The first of the futures is that of a task that goes on. */
static void expect_wait_hears_first(struct loop *loop, bool breaks_first)
{
	struct pp_executor *other = executor_new(1);
	struct gate *gate = gate_new();
	struct plan *p = about_to_break(&loop->f[1], FUTURES - 1);
	void *outcome;

	NEED(wait);
	loop->f[0] = submit(other, task_pass_gate, gate);
	gate_await(gate, 1);
	if (breaks_first) {
		gate_open(p->gate);
		REQUIRE(result(loop->f[1], PP_FOREVER, &outcome) == PP_BROKEN);
	}
	loop_start(loop, wait_in_thread);
	gate_open(p->gate);
	thread_join(loop->thread);
	context("wait for the first exception of a task that goes on and two futures that the pool breaks");
	EXPECT_STATUS(PP_OK, loop->status);
	context("the task that goes on was told as done");
	EXPECT_FALSE(loop->told[0]);
	context("a future whose outcome is BROKEN was told as done");
	EXPECT(loop->told[1] || loop->told[2]);
	gate_open(gate);
}

CASE(init_21_wait_for_the_first_exception_returns)
{
	struct loop loop = {.return_when = PP_FIRST_EXCEPTION};

	expect_wait_hears_first(&loop, false);
}

CASE(init_21_wait_for_the_first_exception_begins_later)
{
	struct loop loop = {.return_when = PP_FIRST_EXCEPTION};

	expect_wait_hears_first(&loop, true);
}

CASE(init_22_as_completed_yields_all)
{
	struct loop loop = {.return_when = PP_ALL_COMPLETED};
	struct plan *p = about_to_break(loop.f, FUTURES);

	need_as_completed();
	loop_start(&loop, iterate_in_thread);
	gate_open(p->gate);
	loop_join(&loop, PP_STOP_ITERATION, "as_completed of futures that are PENDING when an initializer fails");
}

CASE(init_23_map_tells_broken)
{
	void *args[3] = {token(1), token(2), token(3)};
	struct plan *p = plan_new(1, ALL);
	struct pp_map *it;
	void *outcome;

	REQUIRE(map_begin(p->e, must_not_run, source_of(args, 3, NULL), PP_FOREVER, 0, &it, &outcome) == PP_OK);
	gate_await(p->gate, 1);
	gate_open(p->gate);
	context("the initializer failed when map had begun");
	EXPECT_STATUS(PP_BROKEN, map_next(it, &outcome));
}

/* ---- futures that are not pending ------------------------------------------------------ */

CASE(init_24_cancelled_future_stays_cancelled)
{
	struct pp_future *f[3];
	struct plan *p = about_to_break(f, 3);
	int i;

	for (i = 0; i < 3; i++)
		REQUIRE(cancel(f[i]));
	gate_open(p->gate);
	shutdown_wait(p->e);
	for (i = 0; i < 3; i++)
		expect_in(f[i], F_NOTIFIED);
}

static void expect_others_broken(int victim)
{
	struct pp_future *f[4];
	struct plan *p = about_to_break(f, 4);
	int i;

	REQUIRE(cancel(f[victim]));
	gate_open(p->gate);
	for (i = 0; i < 4; i++) {
		if (i != victim)
			expect_broken(f[i]);
	}
	expect_in(f[victim], F_NOTIFIED);
}

CASE(init_25_first_was_cancelled)
{
	expect_others_broken(0);
}

CASE(init_25_last_was_cancelled)
{
	expect_others_broken(3);
}

static void expect_told_though_cancelled(void body(void *), int status, const char *what)
{
	struct loop loop = {.return_when = PP_ALL_COMPLETED};
	struct plan *p = about_to_break(loop.f, FUTURES);
	int i;

	loop_start(&loop, body);
	for (i = 0; i < FUTURES; i++)
		REQUIRE(cancel(loop.f[i]));
	gate_open(p->gate);
	loop_join(&loop, status, what);
}

CASE(init_26_wait_for_cancelled_futures_returns)
{
	NEED(wait);
	expect_told_though_cancelled(wait_in_thread, PP_OK,
				     "wait for futures that were cancelled before an initializer failed");
}

CASE(init_26_wait_begins_when_the_pool_is_broken)
{
	struct pp_future *f[2];
	struct plan *p = about_to_break(f, 2);
	bool is_done[2] = {false, false};

	REQUIRE(cancel(f[1]));
	gate_open(p->gate);
	expect_broken(f[0]);
	context("wait for a future that was cancelled before an initializer failed, and one that was not");
	EXPECT_STATUS(PP_OK, wait_for(f, 2, PP_FOREVER, PP_ALL_COMPLETED, is_done));
	EXPECT(is_done[0] && is_done[1]);
}

CASE(init_27_as_completed_yields_cancelled_futures)
{
	need_as_completed();
	expect_told_though_cancelled(iterate_in_thread, PP_STOP_ITERATION,
				     "as_completed of futures that were cancelled before an initializer failed");
}

static void expect_running_task_ends(pp_task *task, enum future_state s)
{
	struct plan *p = plan_new(2, 2);
	struct gate *busy = gate_new();
	struct pp_future *f = submit(p->e, task, busy), *victim;

	gate_await(busy, 1);
	victim = submit(p->e, must_not_run, NULL);
	gate_await(p->gate, 1);
	gate_open(p->gate);
	expect_broken(victim);
	expect_in(f, F_RUNNING);
	gate_open(busy);
	expect_result(f, s, PP_FOREVER);
}

/* Four tasks on four of five workers, when the initializer of the fifth fails. */
CASE(init_28_every_running_task_returns_its_value)
{
	struct plan *p = plan_new(5, 5);
	struct gate *gate = gate_new();
	struct pp_future *own[4], *f;
	void *outcome;
	int i;

	for (i = 0; i < 4; i++)
		own[i] = submit(p->e, task_pass_gate, gate);
	gate_await(gate, 4);
	f = submit(p->e, must_not_run, NULL);
	gate_await(p->gate, 1);
	gate_open(p->gate);
	expect_broken(f);
	gate_open(gate);
	for (i = 0; i < 4; i++) {
		context("task %d of four that were running when their pool broke", i + 1);
		EXPECT_STATUS(PP_OK, result(own[i], PP_FOREVER, &outcome));
		EXPECT_PTR(gate, outcome);
	}
}

CASE(init_28_running_task_returns_its_value)
{
	expect_running_task_ends(task_return_at_gate, F_RETURNED);
}

CASE(init_28_running_task_raises_its_exception)
{
	expect_running_task_ends(task_raise_at_gate, F_RAISED);
}

/* One of two workers is inside its initializer, which fails; the other may be replaced from task to task. */
CASE(init_29_finished_futures_keep_their_outcome)
{
	struct plan *p = plan_new(2, 2);
	struct gate *busy = hold(p->e, 1);
	struct pp_future *returned = submit(p->e, task_return, THE_VALUE);
	struct pp_future *raised = submit(p->e, task_raise, THE_EXCEPTION);
	struct pp_future *victim;
	struct gate *still_busy = gate_new();

	submit(p->e, task_pass_gate, still_busy);
	gate_await(p->gate, 1);
	gate_open(busy);
	expect_result(returned, F_RETURNED, PP_FOREVER);
	expect_result(raised, F_RAISED, PP_FOREVER);
	gate_await(still_busy, 1);
	victim = submit(p->e, must_not_run, NULL);
	gate_open(p->gate);
	expect_broken(victim);
	expect_in(returned, F_RETURNED);
	expect_in(raised, F_RAISED);
	gate_open(still_busy);
}

struct opener {
	struct barrier *start;
	struct gate *gate;
};

static void open_in_thread(void *arg)
{
	struct opener *o = arg;

	barrier_meet(o->start);
	gate_open(o->gate);
}

CASE(init_30_meets_a_cancel)
{
	int round;

	NEED(cancel);
	NEED(add_done_callback);
	for (round = 0; round < 100; round++) {
		struct pp_future *f;
		struct plan *p = about_to_break(&f, 1);
		struct counter *called = counter_new();
		struct opener o = {barrier_new(2), p->gate};
		struct thread *t = thread_start(open_in_thread, &o);
		void *outcome;
		bool answer;

		REQUIRE(add_done_callback(f, callback_count, called) == PP_OK);
		barrier_meet(o.start);
		answer = cancel(f);
		thread_join(t);
		context("round %d: cancel, as the initializer failed, returned %s", round, answer ? "true" : "false");
		EXPECT_STATUS(answer ? PP_CANCELLED : PP_BROKEN, result(f, PP_FOREVER, &outcome));
		counter_await(called, 1);
		shutdown_wait(p->e);
		context("round %d: calls of the done callback", round);
		EXPECT_INT(1, counter_value(called));
	}
}
