/* SPDX-License-Identifier: MIT */
/*
 * Release: the last handle on an executor is dropped, and nothing shuts it down.
 *
 * Executors that a task, a callback or an initializer releases are the case's
 * own, so that the clean-up knows nothing of them.
 */
#define _GNU_SOURCE
#include "shutdowns.h"

#include <unistd.h>

static void submit_all(struct pp_executor *e, struct pp_future **f, int n)
{
	int i;

	for (i = 0; i < n; i++)
		f[i] = submit(e, task_return, THE_VALUE);
}

static void expect_all_returned(struct pp_future **f, int n)
{
	int i;

	for (i = 0; i < n; i++)
		expect_result(f[i], F_RETURNED, PP_FOREVER);
}

/* ---- work ------------------------------------------------------------------- */

static void expect_queued_work_done(int workers, int queued)
{
	struct pp_executor *e = executor_new(workers);
	struct work *w = work_on(e, workers);
	struct pp_future *f[50];

	submit_all(e, f, queued);
	executor_release(e);
	gate_open(w->gate);
	expect_all_returned(f, queued);
}

CASE(release_1_queued_work_is_done)
{
	expect_queued_work_done(1, 1);
}

CASE(release_1_all_queued_work_is_done)
{
	expect_queued_work_done(1, 50);
}

CASE(release_1_queued_work_is_done_after_failures)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *f[20];
	struct work *w;

	have_failures(e, 2);
	w = work_on(e, 2);
	submit_all(e, f, 20);
	executor_release(e);
	gate_open(w->gate);
	expect_all_returned(f, 20);
}

CASE(release_1_queued_work_of_initialized_workers_is_done)
{
	struct pp_executor *e = executor_new_with_initializer(2, initializer_count, counter_new());
	struct pp_future *f[20];
	struct work *w = work_on(e, 2);

	submit_all(e, f, 20);
	executor_release(e);
	gate_open(w->gate);
	expect_all_returned(f, 20);
}

CASE(release_1_thousands_of_queued_work_items_are_done)
{
	enum { N = 5000 };
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *ran = counter_new();
	struct pp_future *last = NULL;

	NEED(executor_release);
	for (int i = 0; i < N; i++)
		last = submit(e, task_count, ran);
	executor_release(e);
	gate_open(gate);
	context("the last of %d work items that were queued when their executor was released", N);
	EXPECT_STATUS(PP_OK, result(last, PP_FOREVER, &(void *){NULL}));
	context("how many of them the one worker has run");
	EXPECT_INT(N, counter_value(ran));
}

CASE(release_1_queued_work_of_several_workers_is_done)
{
	expect_queued_work_done(3, 50);
}

CASE(release_2_running_task_gives_its_outcome)
{
	struct pp_executor *e = executor_new(2);
	struct work *w = work_new();
	struct pp_future *returns = submit(e, task_work, w);
	struct pp_future *raises = submit(e, task_raise_at_gate, w->gate);

	gate_await(w->gate, 2);
	executor_release(e);
	expect_in(returns, F_RUNNING);
	expect_in(raises, F_RUNNING);
	gate_open(w->gate);
	expect_result(returns, F_RETURNED, PP_FOREVER);
	expect_result(raises, F_RAISED, PP_FOREVER);
}

CASE(release_3_returns_while_a_task_runs)
{
	struct pp_executor *e = executor_new(2);
	struct work *w = work_on(e, 2);

	submit(e, task_work, w);
	executor_release(e);
	context("two tasks are RUNNING and one queued, and they end only after the release");
	EXPECT_INT(0, counter_value(w->ended));
	gate_open(w->gate);
	counter_await(w->ended, 3);
}

CASE(release_4_meets_the_start_of_a_worker)
{
	int round;

	for (round = 0; round < 100; round++) {
		struct pp_executor *e = executor_any();
		struct pp_future *f = submit(e, task_return, THE_VALUE);

		executor_release(e);
		expect_result(f, F_RETURNED, PP_FOREVER);
	}
}

CASE(release_4_meets_an_idle_worker)
{
	int round;

	for (round = 0; round < 50; round++) {
		struct pp_executor *e = executor_any();
		struct pp_future *f;

		expect_result(submit(e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
		f = submit(e, task_return, THE_VALUE);
		executor_release(e);
		expect_result(f, F_RETURNED, PP_FOREVER);
	}
}

CASE(release_4_meets_the_start_of_four_workers)
{
	int round;

	for (round = 0; round < 50; round++) {
		struct pp_executor *e = executor_new(4);
		struct pp_future *f[4];

		submit_all(e, f, 4);
		executor_release(e);
		expect_all_returned(f, 4);
	}
}

/* ---- workers ------------------------------------------------------------------- */

CASE(release_5_idle_workers_go)
{
	struct pp_executor *e = executor_new(3);
	struct work *w = work_on(e, 3);

	gate_open(w->gate);
	counter_await(w->ended, 3);
	pass_time(0.001);
	executor_release(e);
	await_gone(w->tids);
	context("idle workers that have gone since their executor was released");
	EXPECT_INT(3, record_count(w->tids));
}

CASE(release_6_busy_workers_go)
{
	struct pp_executor *e = executor_new(3);
	struct work *w = work_on(e, 3);

	executor_release(e);
	gate_open(w->gate);
	await_gone(w->tids);
	context("workers that were busy when their executor was released, and have gone");
	EXPECT_INT(3, record_count(w->tids));
	EXPECT_INT(3, counter_value(w->ended));
}

CASE(release_6_busy_and_idle_workers_go)
{
	struct pp_executor *e = executor_new(3);
	struct work *busy = work_on(e, 1), *idle = work_on(e, 2);

	gate_open(idle->gate);
	counter_await(idle->ended, 2);
	executor_release(e);
	gate_open(busy->gate);
	await_gone(idle->tids);
	await_gone(busy->tids);
	context("workers of which one was busy when their executor was released, and have gone");
	EXPECT_INT(3, record_count(idle->tids) + record_count(busy->tids));
}

/* How many threads more there are when 24 executors were made and released. */
static int threads_kept(void)
{
	int i, before = thread_count();
	double end;

	for (i = 0; i < 20; i++)
		executor_release(executor_any());
	for (i = 1; i < 5; i++)
		executor_release(executor_new(i));
	end = now() + 100 * short_time(); /* for threads that are about to end */
	while (thread_count() > before && now() < end)
		pass_time(0.001);
	return thread_count() - before;
}

/* An executor may start threads that the process keeps for others: as many as it has use for at once. */
CASE(release_7_executor_that_never_had_work)
{
	struct pp_executor *first = executor_any();
	int row, kept = 1;

	submit(first, task_return, NULL);
	REQUIRE(shutdown_wait(first) == PP_OK);
	executor_release(first);
	for (row = 0; row < 4 && kept > 0; row++)
		kept = threads_kept();
	context("threads that were kept when 24 executors were made and released, in each of four such rows");
	EXPECT_AT_MOST(0, kept);
}

/* ---- futures --------------------------------------------------------------------- */

CASE(release_8_wait_returns)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	bool is_done[3] = {false, false, false};
	struct pp_future *f[3];
	int i;

	submit_all(e, f, 3);
	executor_release(e);
	gate_open(w->gate);
	EXPECT_STATUS(PP_OK, wait_for(f, 3, PP_FOREVER, PP_ALL_COMPLETED, is_done));
	for (i = 0; i < 3; i++) {
		context("future %d of 3, whose executor was released, when wait for all has returned", i);
		EXPECT(is_done[i]);
	}
}

/* The executor is released while a thread loops over the futures. */
static void expect_loop_ends(void body(void *), int status)
{
	struct loop loop = {.return_when = PP_ALL_COMPLETED, .status = -1};
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);

	submit_all(e, loop.f, FUTURES);
	loop.thread = thread_start(body, &loop);
	thread_settle(loop.thread);
	executor_release(e);
	gate_open(w->gate);
	thread_join(loop.thread);
	EXPECT_STATUS(status, loop.status);
	context("futures that were told as done to a thread that waited when their executor was released");
	EXPECT_INT(FUTURES, loop_told(&loop));
}

CASE(release_8_thread_inside_wait_returns)
{
	NEED(wait);
	expect_loop_ends(wait_in_thread, PP_OK);
}

CASE(release_9_as_completed_yields)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[3], *yielded;
	struct pp_completed *it;
	int i;

	submit_all(e, f, 3);
	executor_release(e);
	it = as_completed_begin(f, 3, PP_FOREVER);
	gate_open(w->gate);
	for (i = 0; i < 3; i++) {
		context("as_completed of futures whose executor was released, time %d of 3", i + 1);
		EXPECT_STATUS(PP_OK, as_completed_next(it, &yielded));
	}
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &yielded));
}

CASE(release_9_thread_inside_as_completed_is_yielded_all)
{
	NEED(as_completed_begin);
	NEED(as_completed_next);
	NEED(as_completed_end);
	expect_loop_ends(iterate_in_thread, PP_STOP_ITERATION);
}

/* What stands behind them is done, so their turn has come and gone. */
CASE(release_10_pending_future_can_be_cancelled)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[3], *last;
	int i;

	for (i = 0; i < 3; i++)
		f[i] = submit(e, must_not_run, NULL);
	last = submit(e, task_return, THE_VALUE);
	executor_release(e);
	for (i = 0; i < 3; i++) {
		context("a future is PENDING, and its executor was released");
		EXPECT(cancel(f[i]));
	}
	gate_open(w->gate);
	expect_result(last, F_RETURNED, PP_FOREVER);
	for (i = 0; i < 3; i++)
		expect_in(f[i], F_NOTIFIED);
}

CASE(release_11_wait_for_a_cancelled_future_returns)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	bool is_done[2] = {false, false};
	struct pp_future *f[2];
	int i;

	for (i = 0; i < 2; i++) {
		f[i] = submit(e, must_not_run, NULL);
		REQUIRE(cancel(f[i]));
	}
	executor_release(e);
	gate_open(w->gate);
	context("wait for futures that were cancelled before their executor was released");
	EXPECT_STATUS(PP_OK, wait_for(f, 2, PP_FOREVER, PP_ALL_COMPLETED, is_done));
	EXPECT(is_done[0] && is_done[1]);
}

CASE(release_12_callbacks_are_called)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_new();
	struct counter *called[3];
	struct pp_future *f[3];
	int i;

	for (i = 0; i < 3; i++) {
		called[i] = counter_new();
		f[i] = submit(e, task_work, w);
		REQUIRE(add_done_callback(f[i], callback_count, called[i]) == PP_OK);
	}
	gate_await(w->gate, 1);
	executor_release(e);
	gate_open(w->gate);
	for (i = 0; i < 3; i++) {
		counter_await(called[i], 1);
		await_gone(w->tids);
		context("calls of the done callback of future %d of 3, which ended after its executor was released", i);
		EXPECT_INT(1, counter_value(called[i]));
	}
}

CASE(release_13_map_yields_all)
{
	void *args[5] = {token(0), token(1), token(2), token(3), token(4)};
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_map *it;
	void *outcome;
	int i;

	REQUIRE(map_begin(e, task_return, source_of(args, 5, NULL), PP_FOREVER, 0, &it, &outcome) == PP_OK);
	executor_release(e);
	gate_open(w->gate);
	for (i = 0; i < 5; i++) {
		context("outcome %d of a map whose executor was released", i);
		EXPECT_STATUS(PP_OK, map_next(it, &outcome));
		EXPECT_PTR(args[i], outcome);
	}
	EXPECT_STATUS(PP_STOP_ITERATION, map_next(it, &outcome));
}

/* RELEASE-13: most are submitted when the executor was released, and its worker was idle or has gone. */
CASE(release_13_map_with_a_buffersize_yields_all)
{
	void *args[5] = {token(0), token(1), token(2), token(3), token(4)};
	struct pp_executor *e = executor_new(1);
	struct pp_map *it;
	void *outcome;
	int i;

	REQUIRE(map_begin(e, task_return, source_of(args, 5, NULL), PP_FOREVER, 1, &it, &outcome) == PP_OK);
	executor_release(e);
	for (i = 0; i < 5; i++) {
		threads_settle();
		context("outcome %d of a map with a buffersize of 1, whose executor was released", i);
		EXPECT_STATUS(PP_OK, map_next(it, &outcome));
		EXPECT_PTR(args[i], outcome);
	}
	EXPECT_STATUS(PP_STOP_ITERATION, map_next(it, &outcome));
}

/* ---- and shutdown ------------------------------------------------------------------- */

CASE(release_14_queued_work_is_done_after_a_shutdown_too)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[20];

	submit_all(e, f, 20);
	REQUIRE(shutdown_nowait(e) == PP_OK);
	executor_release(e);
	gate_open(w->gate);
	expect_all_returned(f, 20);
}

CASE(release_15_after_a_shutdown_that_waited)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f = submit(e, task_return, THE_VALUE);

	REQUIRE(shutdown_wait(e) == PP_OK);
	executor_release(e);
	expect_in(f, F_RETURNED);
}

CASE(release_15_after_a_shutdown_that_did_not_wait)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);

	REQUIRE(shutdown_nowait(e) == PP_OK);
	executor_release(e);
	gate_open(w->gate);
	await_gone(w->tids);
	context("the executor was shut down and released while a task ran, and its worker has gone");
	EXPECT_INT(1, counter_value(w->ended));
}

CASE(release_15_after_a_shutdown_that_cancelled)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f = submit(e, must_not_run, NULL);

	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	executor_release(e);
	gate_open(w->gate);
	await_gone(w->tids);
	expect_result(f, F_CANCELLED, PP_FOREVER);
}

CASE(release_15_after_a_shutdown_that_cancelled_and_waited)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f = submit(e, task_return, THE_VALUE);

	expect_result(f, F_RETURNED, PP_FOREVER);
	REQUIRE(shutdown_cancel(e, true) == PP_OK);
	executor_release(e);
	expect_in(f, F_RETURNED);
}

/* ---- by the executor's own worker ------------------------------------------------------ */

struct inside {
	struct pp_executor *e;
	struct gate *gate;
	struct work *work; /* notes the worker */
};

static struct inside *inside_new(void)
{
	struct inside *in = shared_alloc(sizeof(*in));

	need_shared_memory();
	in->gate = gate_new();
	in->work = work_new();
	gate_open(in->work->gate);
	return in;
}

static void drop_inside(struct inside *in)
{
	record_add(in->work->tids, (long)gettid());
	gate_wait(in->gate);
	backend()->executor_release(in->e);
}

static int task_drops(void *arg, void **outcome)
{
	drop_inside(arg);
	*outcome = THE_VALUE;
	return PP_OK;
}

static int callback_drops(struct pp_future *f, void *arg)
{
	(void)f;
	drop_inside(arg);
	return PP_OK;
}

static int initializer_drops(void *arg)
{
	drop_inside(arg);
	return PP_OK;
}

CASE(release_16_by_a_task)
{
	struct inside *in = inside_new();
	struct pp_future *own, *f[10];

	in->e = own_executor(1);
	own = submit(in->e, task_drops, in);
	submit_all(in->e, f, 10);
	gate_open(in->gate);
	expect_result(own, F_RETURNED, PP_FOREVER);
	expect_all_returned(f, 10);
}

CASE(release_17_by_a_callback)
{
	struct inside *in = inside_new();
	struct gate *gate = gate_new();
	struct pp_future *first, *f[10];

	in->e = own_executor(1);
	first = submit(in->e, task_pass_gate, gate);
	REQUIRE(add_done_callback(first, callback_drops, in) == PP_OK);
	submit_all(in->e, f, 10);
	gate_open(gate);
	gate_open(in->gate);
	expect_all_returned(f, 10);
}

CASE(release_18_by_an_initializer)
{
	struct inside *in = inside_new();
	struct pp_future *f[5];

	NEED(executor_release);
	NEED(executor_new_with_initializer);
	if (backend()->concurrency < 1)
		unsupported("the backend runs tasks inside submit");
	REQUIRE(backend()->executor_new_with_initializer(1, initializer_drops, in, &in->e) == PP_OK);
	submit_all(in->e, f, 5);
	gate_open(in->gate);
	expect_all_returned(f, 5);
}

CASE(release_19_worker_that_drops_the_executor_goes)
{
	struct inside *in = inside_new();
	struct pp_future *own;

	in->e = own_executor(1);
	own = submit(in->e, task_drops, in);
	gate_open(in->gate);
	expect_result(own, F_RETURNED, PP_FOREVER);
	await_gone(in->work->tids);
	context("workers that have gone, of an executor that its own task dropped");
	EXPECT_INT(1, record_count(in->work->tids));
}

CASE(release_19_other_workers_go_too)
{
	struct inside *in = inside_new();
	struct pp_future *own;
	struct work *idle;

	in->e = own_executor(3);
	own = submit(in->e, task_drops, in);
	gate_await(in->gate, 1);
	idle = work_on(in->e, 2);
	gate_open(idle->gate);
	counter_await(idle->ended, 2);
	gate_open(in->gate);
	expect_result(own, F_RETURNED, PP_FOREVER);
	await_gone(idle->tids);
	await_gone(in->work->tids);
	context("workers that have gone, of an executor that a task of one of them dropped");
	EXPECT_INT(3, record_count(idle->tids) + record_count(in->work->tids));
}

/* ---- what else ------------------------------------------------------------------------- */

CASE(release_20_other_executors_go_on)
{
	struct pp_executor *e = executor_new(1), *other = executor_new(1);
	struct work *w = work_on(other, 1);
	struct pp_future *queued = submit(other, task_return, THE_VALUE), *f;

	expect_result(submit(e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	executor_release(e);
	expect_in(queued, F_PENDING);
	gate_open(w->gate);
	expect_result(queued, F_RETURNED, PP_FOREVER);
	context("submit to another executor than the one that was released");
	EXPECT_STATUS(PP_OK, try_submit(other, task_return, THE_VALUE, &f));
	expect_result(f, F_RETURNED, PP_FOREVER);
}

CASE(release_21_arguments_are_let_go_of)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct counter *released[10];
	int i;

	for (i = 0; i < 10; i++) {
		released[i] = counter_new();
		submit_with_release(e, task_return, released[i], release_count);
	}
	executor_release(e);
	gate_open(w->gate);
	for (i = 0; i < 10; i++)
		counter_await(released[i], 1);
	await_gone(w->tids);
	for (i = 0; i < 10; i++) {
		context("calls of the release function of argument %d of 10, whose executor was released", i);
		EXPECT_INT(1, counter_value(released[i]));
	}
}

CASE(release_21_arguments_of_cancelled_work_are_let_go_of)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct counter *released = counter_new();
	struct pp_future *f = submit_with_release(e, must_not_run, released, release_count);

	executor_release(e);
	REQUIRE(cancel(f));
	gate_open(w->gate);
	counter_await(released, 1);
	await_gone(w->tids);
	context("calls of the release function of work that was cancelled after its executor was released");
	EXPECT_INT(1, counter_value(released));
}

/* The release comes a little earlier or later in each round. */
CASE(release_22_meets_the_end_of_the_last_task)
{
	int round, i;

	for (round = 0; round < 100; round++) {
		struct pp_executor *e = executor_new(1);
		struct work *w = work_on(e, 1);
		volatile int spin = 0;

		gate_open(w->gate);
		for (i = 0; i < round * 50; i++)
			spin++;
		executor_release(e);
		await_gone(w->tids);
		context("round %d: tasks that ended as the executor was released", round);
		EXPECT_INT(1, counter_value(w->ended));
	}
}

CASE(release_22_meets_the_ends_of_four_tasks)
{
	int round;

	for (round = 0; round < 30; round++) {
		struct pp_executor *e = executor_new(4);
		struct work *w = work_on(e, 4);

		gate_open(w->gate);
		counter_await(w->ended, round % 5);
		executor_release(e);
		await_gone(w->tids);
		context("round %d: tasks that ended as the executor was released", round);
		EXPECT_INT(4, counter_value(w->ended));
	}
}

/* A thread that makes, uses, shuts down and releases executors of its own. */
struct founder {
	struct gate *start;
	int wrong;
	struct thread *thread;
};

static void found_many(void *arg)
{
	const struct pp_backend *b = backend();
	struct founder *me = arg;

	gate_wait(me->start);
	for (int i = 0; i < 100; i++) {
		struct pp_executor *e = NULL;
		struct pp_future *f = NULL;
		void *outcome = NULL;

		if (b->executor_new(1, &e) != PP_OK) {
			me->wrong++;
			continue;
		}
		if (b->submit(e, task_return, me, &f) != PP_OK || b->result(f, PP_FOREVER, &outcome) != PP_OK || outcome != me)
			me->wrong++;
		if (f && HAS(future_release))
			b->future_release(f);
		me->wrong += b->shutdown(e) != PP_OK;
		b->executor_release(e);
	}
}

CASE(release_20_several_threads_make_and_release_their_own)
{
	struct founder *all = shared_alloc(4 * sizeof(*all));
	struct gate *start = gate_new();

	NEED(executor_release);
	for (int i = 0; i < 4; i++) {
		all[i].start = start;
		all[i].thread = thread_start(found_many, &all[i]);
	}
	gate_await(start, 4);
	gate_open(start);
	for (int i = 0; i < 4; i++)
		thread_join(all[i].thread);
	for (int i = 0; i < 4; i++) {
		context("what a thread found wrong with executors of its own, while three others made and released theirs");
		EXPECT_INT(0, all[i].wrong);
	}
}
