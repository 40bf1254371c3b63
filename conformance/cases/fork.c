/* SPDX-License-Identifier: MIT */
/*
 * fork.c: FORK, what the child of a fork can do, and what the parent keeps.
 *
 * The child records what it was told; the parent looks when the child is gone.
 */
#define _GNU_SOURCE
#include "shutdowns.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORK 10

/* What a child, or a task, leaves behind. */
struct log {
	struct counter *ran; /* tasks of the child's own executors */
	int used;	     /* futures of these that gave their outcomes */
	struct pp_executor *e;
	struct pp_future *f[2];
	struct pp_completed *it;
	int status[2];
	int told[3];
	void *outcome[2];
	bool answer;
	struct gate *gate;
	struct record *pids; /* of the processes in which tasks of the parent ran */
	int left;	     /* what waitpid gave, in a task */
};

static struct log *log_new(void)
{
	struct log *log = shared_alloc(sizeof(*log));

	NEED(process_fork);
	log->ran = counter_new();
	log->gate = gate_new();
	log->pids = record_new();
	log->status[0] = log->status[1] = -1;
	log->outcome[0] = log->outcome[1] = token(9);
	return log;
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

/* The same, for a child that starts threads; ThreadSanitizer ends it for that. */
static struct log *log_of_threads_new(void)
{
#ifdef __SANITIZE_THREAD__
	unsupported("ThreadSanitizer lets the child of a fork start no threads");
#else
	return log_new();
#endif
}

/* The process left by itself, with code. */
static void expect_left(int status, int code)
{
	context("the child has left by itself, and was not ended by a signal");
	EXPECT(WIFEXITED(status));
	context("the status that the child left with");
	EXPECT_INT(code, WEXITSTATUS(status));
}

static void do_nothing(void *arg)
{
	(void)arg;
}

/* Make, use and shut down an executor. */
static void use_own(void *arg)
{
	struct log *log = arg;
	struct pp_executor *e = executor_any();
	struct pp_future *f[WORK];
	void *outcome;
	int i;

	for (i = 0; i < WORK; i++)
		f[i] = submit(e, task_count, log->ran);
	for (i = 0; i < WORK; i++)
		log->used += result(f[i], PP_FOREVER, &outcome) == PP_OK;
	shutdown_wait(e);
}

/* The same, and leave it to exit to do the work. */
static void use_own_and_leave(void *arg)
{
	struct log *log = arg;
	struct pp_executor *e = executor_any();
	int i;

	for (i = 0; i < WORK; i++)
		log->used += submit(e, task_count, log->ran) != NULL;
	counter_await(log->ran, WORK);
}

static void expect_used(struct log *log)
{
	context("futures of the child's own executor that gave their outcomes");
	EXPECT_INT(WORK, log->used);
	context("tasks of the child's own executor that ran");
	EXPECT_INT(WORK, counter_value(log->ran));
}

static void expect_child_works(void)
{
	struct log *log = log_of_threads_new();

	expect_left(process_fork_run(use_own, log), 0);
	expect_used(log);
}

/* ---- an executor of the child's own ------------------------------------------------- */

CASE(fork_1_child_uses_an_executor)
{
	expect_child_works();
}

CASE(fork_1_child_uses_an_executor_as_the_parent_did)
{
	expect_result(submit(executor_any(), task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	expect_child_works();
	expect_result(submit(executor_any(), task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	expect_child_works();
}

CASE(fork_1_child_leaves_without_shutting_it_down)
{
	struct log *log = log_of_threads_new();

	NEED(process_exit);
	expect_left(process_fork_run(use_own_and_leave, log), 0);
	expect_used(log);
}

CASE(fork_2_parents_workers_are_busy)
{
	struct pp_executor *e = executor_new(3);
	struct gate *gate = hold(e, 3);
	int i;

	for (i = 0; i < 5; i++)
		submit(e, task_return, NULL);
	expect_child_works();
	gate_open(gate);
}

CASE(fork_2_parents_workers_are_idle)
{
	struct pp_executor *e = executor_new(3);

	gate_open(hold(e, 3));
	expect_child_works();
}

/* Threads that use executors until they are told to stop. */
struct noise {
	struct pp_executor *e;
	int stop; /* atomic */
	struct counter *rounds;
};

static bool goes_on(struct noise *noise)
{
	counter_add(noise->rounds, 1);
	return !__atomic_load_n(&noise->stop, __ATOMIC_SEQ_CST);
}

static void submit_and_wait(struct pp_executor *e)
{
	struct pp_future *f;
	void *outcome;

	if (backend()->submit(e, task_return, NULL, &f) != PP_OK)
		return;
	backend()->result(f, PP_FOREVER, &outcome);
	drop(f);
}

static void use_one_executor(void *arg)
{
	struct noise *noise = arg;

	while (goes_on(noise))
		submit_and_wait(noise->e);
}

static void make_executors(void *arg)
{
	struct noise *noise = arg;
	struct pp_executor *e;

	while (goes_on(noise)) {
		if (backend()->executor_new(1, &e) != PP_OK)
			continue;
		submit_and_wait(e);
		backend()->shutdown(e);
		if (backend()->executor_release)
			backend()->executor_release(e);
	}
}

static void expect_child_works_in_noise(void (*body)(void *), int threads)
{
	struct noise noise = {executor_new(2), 0, counter_new()};
	struct thread *t[2];
	int i;

	need_fork();
	for (i = 0; i < threads; i++)
		t[i] = thread_start(body, &noise);
	for (i = 0; i < 10; i++) {
		counter_await(noise.rounds, counter_value(noise.rounds) + threads);
		expect_child_works();
	}
	__atomic_store_n(&noise.stop, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < threads; i++)
		thread_join(t[i]);
}

CASE(fork_3_threads_submit)
{
	expect_child_works_in_noise(use_one_executor, 2);
}

CASE(fork_3_thread_makes_executors_and_shuts_them_down)
{
	expect_child_works_in_noise(make_executors, 1);
}

static int callback_pass_gate(struct pp_future *f, void *gate)
{
	(void)f;
	gate_wait(gate);
	return PP_OK;
}

static void cancel_all(void *e)
{
	backend()->shutdown_cancel(e, false);
}

/* FORK-3: of three futures that a thread cancels, it is at the callback of the first. */
CASE(fork_3_thread_is_inside_a_callback_of_what_shutdown_cancels)
{
	struct pp_executor *e = executor_new(1);
	struct gate *busy = hold(e, 1), *gate = gate_new();
	struct pp_future *f[3];
	struct thread *t;
	int i;

	need_form(CANCELS_RETURNS);
	NEED(add_done_callback);
	for (i = 0; i < 3; i++)
		f[i] = submit(e, must_not_run, NULL);
	REQUIRE(add_done_callback(f[0], callback_pass_gate, gate) == PP_OK);
	t = thread_start(cancel_all, e);
	thread_settle(t);
	expect_child_works();
	gate_open(gate);
	thread_join(t);
	gate_open(busy);
	context("shutdown in the parent, after a fork");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
}

/* ---- the end of the child ------------------------------------------------------------- */

CASE(fork_4_child_exits_though_workers_are_idle)
{
	struct pp_executor *e = executor_new(3);
	struct log *log = log_new();
	struct gate *gate = hold(e, 3);

	gate_open(gate);
	expect_result(submit(e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	expect_left(process_fork_run(do_nothing, log), 0);
}

/* Twenty executors, each with an idle worker. */
CASE(fork_4_child_exits_though_many_executors_have_workers)
{
	struct log *log = log_new();
	int i;

	for (i = 0; i < 20; i++)
		expect_result(submit(executor_new(1), task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	expect_left(process_fork_run(do_nothing, log), 0);
}

CASE(fork_5_child_exits_though_there_is_work)
{
	struct pp_executor *e = executor_new(2);
	struct log *log = log_new();
	struct gate *gate = hold(e, 2);
	struct pp_future *f[5];
	int i;

	for (i = 0; i < 5; i++)
		f[i] = submit(e, task_return, THE_VALUE);
	expect_left(process_fork_run(do_nothing, log), 0);
	gate_open(gate);
	for (i = 0; i < 5; i++)
		expect_result(f[i], F_RETURNED, PP_FOREVER);
}

CASE(fork_5_child_exits_though_work_has_callbacks)
{
	struct pp_executor *e = executor_new(1);
	struct log *log = log_new();
	struct pp_future *f[] = {submit(e, task_pass_gate, log->gate), submit(e, task_return, THE_VALUE)};
	struct counter *called = counter_new();
	int i;

	gate_await(log->gate, 1);
	for (i = 0; i < 6; i++)
		REQUIRE(add_done_callback(f[i % 2], callback_count, called) == PP_OK);
	expect_left(process_fork_run(do_nothing, log), 0);
	gate_open(log->gate);
	REQUIRE(shutdown_wait(e) == PP_OK);
	context("calls of six done callbacks of a RUNNING and a PENDING future, after a fork");
	EXPECT_INT(6, counter_value(called));
}

static void leave_with_7(void *arg)
{
	(void)arg;
	if (HAS(process_exit))
		backend()->process_exit(7);
	exit(7);
}

static void use_own_and_leave_with_7(void *arg)
{
	use_own(arg);
	leave_with_7(arg);
}

CASE(fork_6_status_of_the_child)
{
	struct pp_executor *e = executor_new(1);
	struct log *log = log_new();
	struct gate *gate = hold(e, 1);

	expect_left(process_fork_run(leave_with_7, log), 7);
	gate_open(gate);
}

CASE(fork_6_status_of_a_child_that_used_an_executor)
{
	struct log *log = log_of_threads_new();

	expect_result(submit(executor_any(), task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	expect_left(process_fork_run(use_own_and_leave_with_7, log), 7);
	expect_used(log);
}

/* ---- the parent ------------------------------------------------------------------------ */

static int task_note_process(void *arg, void **outcome)
{
	struct log *log = arg;

	(void)outcome;
	record_add(log->pids, (long)getpid());
	return PP_OK;
}

/* The work may go on in the parent while the child is there. */
static void open_and_use_own(void *arg)
{
	struct log *log = arg;

	gate_open(log->gate);
	use_own(log);
}

CASE(fork_7_queued_work_runs_once)
{
	struct pp_executor *e = executor_new(1);
	struct log *log = log_of_threads_new();
	int i;

	submit(e, task_pass_gate, log->gate);
	gate_await(log->gate, 1);
	for (i = 0; i < WORK; i++)
		submit(e, task_note_process, log);
	expect_left(process_fork_run(open_and_use_own, log), 0);
	expect_used(log);
	shutdown_wait(e);
	context("runs of %d tasks that were queued in the parent at the fork", WORK);
	EXPECT_INT(WORK, record_count(log->pids));
	for (i = 0; i < WORK && !backend()->separate_memory; i++) {
		context("the process in which task %d ran, which was queued in the parent at the fork", i);
		EXPECT_INT(getpid(), record_at(log->pids, i));
	}
}

CASE(fork_8_parents_executor_goes_on)
{
	struct pp_executor *e = executor_any();
	struct log *log = log_of_threads_new();
	int i;

	for (i = 0; i < 3; i++) {
		struct pp_future *f;

		context("submit in the parent, after %d forks", i);
		EXPECT_STATUS(PP_OK, try_submit(e, task_return, THE_VALUE, &f));
		expect_result(f, F_RETURNED, PP_FOREVER);
		expect_left(process_fork_run(use_own, log), 0);
		context("submit in the parent, after %d forks", i + 1);
		EXPECT_STATUS(PP_OK, try_submit(e, task_raise, THE_EXCEPTION, &f));
		expect_result(f, F_RAISED, PP_FOREVER);
	}
	context("shutdown in the parent, after forks");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
}

CASE(fork_8_parents_executor_goes_on_with_all_its_workers)
{
	struct pp_executor *e = executor_new(3);
	struct log *log = log_of_threads_new();
	struct gate *gate = hold(e, 1);

	expect_left(process_fork_run(use_own, log), 0);
	gate_open(hold(e, 2));
	gate_open(gate);
	context("shutdown in the parent, after a fork");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
}

CASE(fork_9_running_tasks_end)
{
	struct pp_executor *e = executor_new(2);
	struct log *log = log_of_threads_new();
	struct pp_future *returns = submit(e, task_return_at_gate, log->gate);
	struct pp_future *raises = submit(e, task_raise_at_gate, log->gate);

	gate_await(log->gate, 2);
	expect_left(process_fork_run(use_own, log), 0);
	expect_in(returns, F_RUNNING);
	gate_open(log->gate);
	expect_result(returns, F_RETURNED, PP_FOREVER);
	expect_result(raises, F_RAISED, PP_FOREVER);
}

/* ---- futures in the child ------------------------------------------------------------- */

static void ask_both(struct log *log, double timeout)
{
	int i;

	for (i = 0; i < 2; i++)
		log->status[i] = result(log->f[i], timeout, &log->outcome[i]);
}

static void ask_both_for_ever(void *arg)
{
	ask_both(arg, PP_FOREVER);
}

static void ask_both_shortly(void *arg)
{
	ask_both(arg, short_time());
}

CASE(fork_10_finished_futures_give_their_outcomes)
{
	struct pp_executor *e = executor_any();
	struct log *log = log_new();

	log->f[0] = submit(e, task_return, THE_VALUE);
	log->f[1] = submit(e, task_raise, THE_EXCEPTION);
	expect_result(log->f[0], F_RETURNED, PP_FOREVER);
	expect_result(log->f[1], F_RAISED, PP_FOREVER);
	expect_left(process_fork_run(ask_both_for_ever, log), 0);
	context("result in the child of a future that was FINISHED with a value");
	EXPECT_STATUS(PP_OK, log->status[0]);
	EXPECT_PTR(THE_VALUE, log->outcome[0]);
	context("result in the child of a future that was FINISHED with an exception");
	EXPECT_STATUS(PP_RAISED, log->status[1]);
	EXPECT_PTR(THE_EXCEPTION, log->outcome[1]);
}

/* What the child sees of both futures, and lets go of. */
static void ask_all_and_drop(void *arg)
{
	struct log *log = arg;
	int i;

	log->answer = true;
	for (i = 0; i < 2; i++) {
		if (HAS(cancelled) && HAS(done))
			log->answer &= backend()->cancelled(log->f[i]) && backend()->done(log->f[i]);
		log->status[i] = backend()->result(log->f[i], 0, &log->outcome[i]);
		drop(log->f[i]);
	}
}

static void expect_cancelled_in_the_child(struct log *log, const char *which)
{
	int i;

	expect_left(process_fork_run(ask_all_and_drop, log), 0);
	for (i = 0; i < 2; i++) {
		context("result in the child of a future that was cancelled and %s at the fork", which);
		EXPECT_STATUS(PP_CANCELLED, log->status[i]);
	}
	context("two futures that were cancelled and %s at the fork are cancelled and done in the child", which);
	EXPECT(log->answer);
}

static struct log *two_cancelled(struct pp_executor *e)
{
	struct log *log = log_new();
	int i;

	NEED(cancel);
	for (i = 0; i < 2; i++) {
		log->f[i] = submit(e, must_not_run, NULL);
		REQUIRE(cancel(log->f[i]));
	}
	return log;
}

CASE(fork_10_cancelled_and_still_queued)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);

	expect_cancelled_in_the_child(two_cancelled(e), "queued");
	gate_open(gate);
}

/* The worker has met both, and is idle or busy with something else. */
CASE(fork_10_cancelled_and_met_by_a_worker)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct log *log = two_cancelled(e);

	expect_result((gate_open(gate), submit(e, task_return, THE_VALUE)), F_RETURNED, PP_FOREVER);
	expect_cancelled_in_the_child(log, "met by a worker");
	gate = hold(e, 1);
	expect_cancelled_in_the_child(two_cancelled(e), "queued behind another task");
	gate_open(gate);
}

/* Memory that the child hands out anew is none that a future lies in. */
static void make_futures_and_ask_all(void *arg)
{
	int i;

	for (i = 0; i < WORK; i++)
		set_result(future_new(), THE_VALUE);
	ask_all_and_drop(arg);
}

/* They are the last that the worker has met. */
CASE(fork_10_cancelled_and_met_last_by_a_worker)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct log *log = two_cancelled(e);
	int i;

	NEED(set_result);
	gate_open(gate);
	threads_settle();
	expect_left(process_fork_run(make_futures_and_ask_all, log), 0);
	for (i = 0; i < 2; i++) {
		context("result in the child, which has made futures, of number %d that was cancelled and met by an idle worker", i + 1);
		EXPECT_STATUS(PP_CANCELLED, log->status[i]);
	}
	context("two futures that were cancelled and met by an idle worker are cancelled and done in the child");
	EXPECT(log->answer);
}

static void cancel_first(void *arg)
{
	struct log *log = arg;

	log->answer = cancel(log->f[0]);
}

CASE(fork_11_cancel_in_the_child)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct log *log = log_new();

	NEED(cancel);
	log->f[0] = submit(e, task_return, THE_VALUE);
	expect_left(process_fork_run(cancel_first, log), 0);
	expect_in(log->f[0], F_PENDING);
	gate_open(gate);
	expect_result(log->f[0], F_RETURNED, PP_FOREVER);
}

static void finish_own(void *arg)
{
	struct log *log = arg;
	bool run;
	int i;

	for (i = 0; i < 2; i++) {
		log->f[i] = future_new();
		set_running_or_notify_cancel(log->f[i], &run);
	}
	set_result(log->f[0], THE_VALUE);
	set_exception(log->f[1], THE_EXCEPTION);
	ask_both(log, PP_FOREVER);
}

CASE(fork_12_child_finishes_futures)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct log *log = log_new();

	expect_left(process_fork_run(finish_own, log), 0);
	gate_open(gate);
	context("result of a future that was made in the child and finished there with a value");
	EXPECT_STATUS(PP_OK, log->status[0]);
	EXPECT_PTR(THE_VALUE, log->outcome[0]);
	context("result of a future that was made in the child and finished there with an exception");
	EXPECT_STATUS(PP_RAISED, log->status[1]);
	EXPECT_PTR(THE_EXCEPTION, log->outcome[1]);
}

#define MADE 64

/* Tasks ask a future that is done, until the child is there, which makes futures of its own. */
struct askers {
	struct pp_future *f;
	struct counter *asking;
	int forked;   /* atomic */
	int finished; /* in the child */
};

static int task_asks_until_forked(void *arg, void **outcome)
{
	struct askers *a = arg;

	counter_add(a->asking, 1);
	while (!__atomic_load_n(&a->forked, __ATOMIC_SEQ_CST))
		backend()->result(a->f, 0, outcome);
	*outcome = THE_VALUE;
	return PP_OK;
}

static void finish_many(void *arg)
{
	struct askers *a = arg;
	void *outcome;
	int i;

	__atomic_store_n(&a->forked, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < MADE; i++) {
		struct pp_future *f = future_new();

		set_result(f, THE_VALUE);
		a->finished += result(f, 0, &outcome) == PP_OK;
	}
}

CASE(fork_12_child_finishes_futures_though_tasks_ask_another)
{
	struct pp_executor *e = executor_new(2);
	struct askers *a = shared_alloc(sizeof(*a));
	struct pp_future *asker[2];
	int round, i;

	need_fork();
	need_shared_memory();
	NEED(set_result);
	log_new();
	a->asking = counter_new();
	a->f = future_new();
	REQUIRE(set_result(a->f, THE_VALUE) == PP_OK);
	for (round = 1; round <= 12; round++) {
		a->forked = a->finished = 0;
		for (i = 0; i < 2; i++)
			asker[i] = submit(e, task_asks_until_forked, a);
		counter_await(a->asking, 2 * round);
		expect_left(process_fork_run(finish_many, a), 0);
		for (i = 0; i < 2; i++)
			expect_result(asker[i], F_RETURNED, PP_FOREVER);
		context("round %d: futures of %d that the child has made and finished", round, MADE);
		EXPECT_INT(MADE, a->finished);
	}
}

/* ---- a task that forks ------------------------------------------------------------------ */

static int task_forks(void *arg, void **outcome)
{
	struct log *log = arg;

	log->left = process_fork_run(use_own, log);
	*outcome = THE_VALUE;
	return PP_OK;
}

CASE(fork_13_child_of_a_task_uses_an_executor)
{
	struct log *log = log_of_threads_new();
	void *outcome;

	need_shared_memory();
	result(submit(executor_any(), task_forks, log), PP_FOREVER, &outcome);
	expect_left(log->left, 0);
	expect_used(log);
}

CASE(fork_14_task_goes_on)
{
	struct pp_executor *e = executor_any();
	struct log *log = log_of_threads_new();
	struct pp_future *f[3];
	int i;

	need_shared_memory();
	log->f[0] = submit(e, task_forks, log);
	for (i = 0; i < 3; i++) {
		context("submit %d to an executor of which a task forks", i);
		EXPECT_STATUS(PP_OK, try_submit(e, task_return, THE_VALUE, &f[i]));
	}
	expect_result(log->f[0], F_RETURNED, PP_FOREVER);
	for (i = 0; i < 3; i++)
		expect_result(f[i], F_RETURNED, PP_FOREVER);
	context("shutdown in the parent, after a task has forked");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
}

/* The child is where its parent was: in the task, which returns to the worker. */
static int task_forks_and_returns(void *arg, void **outcome)
{
	struct log *log = arg;

	gate_wait(log->gate);
	*outcome = THE_VALUE;
	if (!process_fork_here(&log->left))
		return PP_OK;
	process_leave_settled();
	if (log->e)
		backend()->executor_release(log->e);
	return PP_OK;
}

CASE(fork_7_queued_work_runs_once_though_the_task_that_forked_returns_in_the_child)
{
	struct pp_executor *e = executor_new(1);
	struct log *log = log_of_threads_new();
	int i;

	need_shared_memory();
	log->f[0] = submit(e, task_forks_and_returns, log);
	for (i = 0; i < WORK; i++)
		submit(e, task_note_process, log);
	gate_open(log->gate);
	expect_result(log->f[0], F_RETURNED, PP_FOREVER);
	expect_left(log->left, 0);
	shutdown_wait(e);
	context("runs of %d tasks that were queued in the parent when a task forked", WORK);
	EXPECT_INT(WORK, record_count(log->pids));
	for (i = 0; i < WORK; i++) {
		context("the process in which task %d ran, which was queued in the parent when a task forked", i);
		EXPECT_INT(getpid(), record_at(log->pids, i));
	}
}

/* FORK-18: other workers were started before its own and after it. */
CASE(fork_18_task_releases_in_the_child_and_returns)
{
	struct log *log = log_of_threads_new();
	struct gate *gate;

	NEED(executor_release);
	need_shared_memory();
	log->e = executor_new(3);
	gate = hold(log->e, 1);
	log->f[0] = submit(log->e, task_forks_and_returns, log);
	gate_await(log->gate, 1);
	gate_open(hold(log->e, 1));
	gate_open(log->gate);
	expect_result(log->f[0], F_RETURNED, PP_FOREVER);
	expect_left(log->left, 0);
	gate_open(gate);
	expect_result(submit(log->e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
}

/* ---- the parent's executor in the child ----------------------------------------------- */

CASE(fork_15_result_with_a_timeout_returns)
{
	struct pp_executor *e = executor_new(1);
	struct log *log = log_new();
	int i;

	log->f[0] = submit(e, task_pass_gate, log->gate);
	gate_await(log->gate, 1);
	log->f[1] = submit(e, task_return, THE_VALUE);
	expect_left(process_fork_run(ask_both_shortly, log), 0);
	gate_open(log->gate);
	for (i = 0; i < 2; i++) {
		context("result in the child of a future that was %s at the fork told %s",
			i == 0 ? "RUNNING" : "PENDING", status_name(log->status[i]));
		EXPECT(log->status[i] == PP_TIMEOUT || log->status[i] == PP_BROKEN);
	}
}

static void iterate(void *arg)
{
	struct log *log = arg;
	int i;

	for (i = 0; i < 2; i++) {
		struct pp_future *f = NULL;

		log->status[i] = as_completed_next(log->it, &f);
		log->outcome[i] = f;
	}
}

CASE(fork_22_iterator_begun_before_the_fork)
{
	struct pp_executor *e = executor_new(2);
	struct log *log = log_new();

	NEED(as_completed_begin);
	log->f[0] = submit(e, task_return, THE_VALUE);
	expect_result(log->f[0], F_RETURNED, PP_FOREVER);
	log->f[1] = submit(e, task_pass_gate, log->gate);
	gate_await(log->gate, 1);
	log->it = as_completed_begin(log->f, 2, 2 * short_time());
	expect_left(process_fork_run(iterate, log), 0);
	gate_open(log->gate);
	context("the iterator in the child gave the future that was done at the fork");
	EXPECT_STATUS(PP_OK, log->status[0]);
	EXPECT_PTR(log->f[0], log->outcome[0]);
	context("then, for one that was RUNNING at the fork, it told %s", status_name(log->status[1]));
	EXPECT(log->status[1] == PP_TIMEOUT || (log->status[1] == PP_OK && log->outcome[1] == log->f[1]));
	as_completed_end(log->it);
}

/* The child finishes one of the two itself. */
static void finish_and_iterate(void *arg)
{
	struct log *log = arg;

	set_result(log->f[1], THE_VALUE);
	iterate(arg);
}

CASE(fork_22_future_that_the_child_finishes)
{
	struct log *log = log_new();
	int i;

	NEED(as_completed_begin);
	NEED(set_result);
	log->f[0] = future_new();
	log->f[1] = future_new();
	REQUIRE(set_result(log->f[0], THE_VALUE) == PP_OK);
	log->it = as_completed_begin(log->f, 2, PP_FOREVER);
	expect_left(process_fork_run(finish_and_iterate, log), 0);
	for (i = 0; i < 2; i++) {
		context("the iterator in the child gives the future that was done %s", i == 0 ? "at the fork" : "by the child itself");
		EXPECT_STATUS(PP_OK, log->status[i]);
		EXPECT(log->outcome[0] == log->f[i] || log->outcome[1] == log->f[i]); /* in whichever order */
	}
	as_completed_end(log->it);
}

static void ask_second(void *arg)
{
	struct log *log = arg;
	void *outcome;

	backend()->result(log->f[1], PP_FOREVER, &outcome);
}

static void wait_for_second(void *arg)
{
	struct log *log = arg;
	bool is_done[2];

	backend()->wait(log->f, 2, PP_FOREVER, PP_ALL_COMPLETED, is_done);
}

/* Threads of the child take up the stacks of the parent's, and write over them. */
static void write_on_the_stack(void *arg)
{
	unsigned char volatile there[64 << 10];
	size_t i;

	(void)arg;
	for (i = 0; i < sizeof(there); i++)
		there[i] = 0xa5;
}

static void reuse_stacks_and_finish(void *arg)
{
	struct thread *t[4];
	int i;

	for (i = 0; i < 4; i++)
		t[i] = thread_start(write_on_the_stack, NULL);
	for (i = 0; i < 4; i++)
		thread_join(t[i]);
	finish_and_iterate(arg);
}

/* FORK-22: a thread of the parent waits at the fork for what the child makes done. */
static void expect_child_finishes_beside(void (*waits)(void *))
{
	struct log *log = log_of_threads_new();
	struct thread *t;
	int i;

	NEED(as_completed_begin);
	NEED(set_result);
	log->f[0] = future_new();
	log->f[1] = future_new();
	REQUIRE(set_result(log->f[0], THE_VALUE) == PP_OK);
	log->it = as_completed_begin(log->f, 2, PP_FOREVER);
	t = thread_start(waits, log);
	thread_settle(t);
	expect_left(process_fork_run(reuse_stacks_and_finish, log), 0);
	for (i = 0; i < 2; i++) {
		context("the iterator in the child, whose parent waits for the same in a thread, gives the future that was done %s",
			i == 0 ? "at the fork" : "by the child itself");
		EXPECT_STATUS(PP_OK, log->status[i]);
		EXPECT(log->outcome[0] == log->f[i] || log->outcome[1] == log->f[i]);
	}
	set_result(log->f[1], THE_VALUE);
	thread_join(t);
	as_completed_end(log->it);
}

CASE(fork_22_future_that_the_child_finishes_and_a_thread_of_the_parent_waits_for)
{
	expect_child_finishes_beside(ask_second);
}

CASE(fork_22_future_that_the_child_finishes_and_a_thread_is_inside_wait_for)
{
	NEED(wait);
	expect_child_finishes_beside(wait_for_second);
}

#define CROWD 48

/* Futures, each with an iterator and a thread of the parent that waits for it. */
struct crowd {
	struct pp_future *f[CROWD];
	struct pp_completed *it[CROWD];
	struct barrier *meeting;
	int given; /* by iterators, in the child */
};

struct of_crowd {
	struct crowd *c;
	int i;
};

/* Every other one waits for its future and the next. */
static void wait_in_crowd(void *arg)
{
	struct of_crowd *own = arg;
	struct pp_future *f[2] = {own->c->f[own->i], own->c->f[(own->i + 1) % CROWD]};
	bool is_done[2];
	void *outcome;

	if (own->i % 2 && HAS(wait))
		backend()->wait(f, 2, PP_FOREVER, PP_ALL_COMPLETED, is_done);
	else
		backend()->result(f[0], PP_FOREVER, &outcome);
}

static void write_and_meet(void *arg)
{
	write_on_the_stack(NULL);
	barrier_meet(arg);
}

static void finish_crowd(void *arg)
{
	struct crowd *c = arg;
	struct thread *t[CROWD];
	struct pp_future *f;
	int i;

	for (i = 0; i < CROWD; i++)
		t[i] = thread_start(write_and_meet, c->meeting);
	for (i = 0; i < CROWD; i++)
		thread_join(t[i]);
	for (i = 0; i < CROWD; i++)
		set_result(c->f[i], THE_VALUE);
	for (i = 0; i < CROWD; i++)
		c->given += as_completed_next(c->it[i], &f) == PP_OK && f == c->f[i];
	for (i = 0; i < CROWD; i++)
		as_completed_end(c->it[i]);
	for (i = 0; i < CROWD; i++) {
		struct pp_completed *it = as_completed_begin(&c->f[i], 1, PP_FOREVER);

		c->given += as_completed_next(it, &f) == PP_OK && f == c->f[i];
		as_completed_end(it);
	}
}

CASE(fork_22_crowd_of_iterators_and_threads)
{
	struct crowd *c = shared_alloc(sizeof(*c));
	struct of_crowd own[CROWD];
	struct thread *t[CROWD];
	int i;

	NEED(set_result);
	NEED(as_completed_begin);
	log_of_threads_new();
	c->meeting = barrier_new(CROWD);
	for (i = 0; i < CROWD; i++)
		c->f[i] = future_new();
	for (i = 0; i < CROWD; i++) {
		own[i] = (struct of_crowd){c, i};
		c->it[i] = as_completed_begin(&c->f[i], 1, PP_FOREVER);
		t[i] = thread_start(wait_in_crowd, &own[i]);
		thread_settle(t[i]);
	}
	expect_left(process_fork_run(finish_crowd, c), 0);
	context("iterators of %d begun before the fork, and %d after it, that gave in the child what the child made done", CROWD, CROWD);
	EXPECT_INT(2 * CROWD, c->given);
	for (i = 0; i < CROWD; i++)
		set_result(c->f[i], THE_VALUE);
	for (i = 0; i < CROWD; i++)
		thread_join(t[i]);
}

static void shut_twice(void *arg)
{
	struct log *log = arg;

	log->status[0] = HAS(shutdown_nowait) ? shutdown_nowait(log->e) : PP_OK;
	log->status[1] = shutdown_wait(log->e);
}

static void shut_down_waiting(void *arg)
{
	struct log *log = arg;

	log->status[0] = shutdown_wait(log->e);
	log->status[1] = shutdown_wait(log->e);
}

static void expect_shut_down(struct log *log, void (*body)(void *))
{
	int i;

	expect_left(process_fork_run(body, log), 0);
	for (i = 0; i < 2; i++) {
		context("shutdown number %d of the parent's executor in the child", i + 1);
		EXPECT_STATUS(PP_OK, log->status[i]);
	}
}

static void expect_child_shuts_down(void (*body)(void *), bool is_busy)
{
	struct log *log = log_new();
	struct gate *gate;

	log->e = executor_new(2);
	gate = hold(log->e, 2);
	log->f[0] = submit(log->e, task_return, THE_VALUE);
	if (!is_busy) {
		gate_open(gate);
		expect_result(log->f[0], F_RETURNED, PP_FOREVER);
	}
	expect_shut_down(log, body);
	gate_open(gate);
	expect_result(log->f[0], F_RETURNED, PP_FOREVER);
	expect_result(submit(log->e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
}

CASE(fork_17_shutdown_of_idle_workers)
{
	expect_child_shuts_down(shut_twice, false);
}

CASE(fork_17_shutdown_that_waits_of_idle_workers)
{
	expect_child_shuts_down(shut_down_waiting, false);
}

CASE(fork_17_shutdown_of_busy_workers)
{
	expect_child_shuts_down(shut_twice, true);
}

CASE(fork_17_shutdown_that_waits_of_busy_workers)
{
	expect_child_shuts_down(shut_down_waiting, true);
}

static void shut_down_and_count(void *arg)
{
	struct log *log = arg;

	if (backend()->shutdown(log->e) == PP_OK)
		counter_add(log->ran, 1);
}

/* In the child two threads wait for the worker that it is. */
static int task_forks_shutters_and_returns(void *arg, void **outcome)
{
	struct log *log = arg;
	int i;

	*outcome = THE_VALUE;
	if (!process_fork_here(&log->left))
		return PP_OK;
	for (i = 0; i < 2; i++)
		thread_settle(thread_start(shut_down_and_count, log));
	process_leave_settled();
	return PP_OK;
}

CASE(fork_17_two_threads_of_the_child_of_a_task_shut_down)
{
	struct log *log = log_of_threads_new();

	need_shared_memory();
	log->e = executor_new(1);
	log->f[0] = submit(log->e, task_forks_shutters_and_returns, log);
	expect_result(log->f[0], F_RETURNED, PP_FOREVER);
	expect_left(log->left, 0);
	context("threads of the child of a task that asked the executor of that task to shut down and wait, and were told that it has");
	EXPECT_INT(2, counter_value(log->ran));
}

static bool is_child; /* no shared memory */

static int callback_forks(struct pp_future *f, void *arg)
{
	struct log *log = arg;

	(void)f;
	is_child = process_fork_here(&log->left);
	return PP_OK;
}

/* FORK-17: it cancels three, and the callback of one forks: it goes on in both. */
static void expect_shutdown_goes_on(int forks)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct log *log = log_new();
	struct pp_future *f[3];
	int i;

	need_form(CANCELS_RETURNS);
	NEED(add_done_callback);
	NEED(set_result);
	for (i = 0; i < 3; i++)
		f[i] = submit(e, must_not_run, NULL);
	REQUIRE(add_done_callback(f[forks], callback_forks, log) == PP_OK);
	log->status[0] = backend()->shutdown_cancel(e, false);
	if (is_child) {
		for (i = 0; i < WORK; i++)
			set_result(future_new(), THE_VALUE);
		for (i = 0; i < 3; i++)
			log->told[i] = backend()->result(f[i], 0, &log->outcome[1]);
		_exit(0);
	}
	expect_left(log->left, 0);
	context("shutdown that cancels, in the child of a callback that it called");
	EXPECT_STATUS(PP_OK, log->status[0]);
	context("result in the child of the future whose callback has forked");
	EXPECT_STATUS(PP_CANCELLED, log->told[forks]);
	for (i = 0; i < 3; i++) {
		context("result in the child of future %d of those that shutdown cancels told %s", i + 1, status_name(log->told[i]));
		EXPECT(log->told[i] == PP_CANCELLED || log->told[i] == PP_TIMEOUT || log->told[i] == PP_BROKEN);
	}
	for (i = 0; i < 3; i++)
		expect_in(f[i], F_NOTIFIED);
	gate_open(gate);
}

CASE(fork_17_shutdown_that_cancels_goes_on_in_the_child_of_the_first_callback)
{
	expect_shutdown_goes_on(0);
}

CASE(fork_17_shutdown_that_cancels_goes_on_in_the_child_of_the_last_callback)
{
	expect_shutdown_goes_on(2);
}

static void release_parents(void *arg)
{
	struct log *log = arg;

	backend()->executor_release(log->e);
	use_own(log);
}

static void expect_child_releases(bool is_busy)
{
	struct log *log = log_of_threads_new();
	struct gate *gate;

	NEED(executor_release);
	log->e = executor_new(2);
	gate = hold(log->e, 2);
	if (!is_busy)
		gate_open(gate);
	expect_left(process_fork_run(release_parents, log), 0);
	expect_used(log);
	gate_open(gate);
	expect_result(submit(log->e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
}

CASE(fork_18_release_with_idle_workers)
{
	expect_child_releases(false);
}

CASE(fork_18_release_with_busy_workers)
{
	expect_child_releases(true);
}

static void shut_down_parents(void *e)
{
	backend()->shutdown(e);
}

CASE(fork_18_release_while_a_thread_is_inside_shutdown)
{
	struct log *log = log_of_threads_new();
	struct thread *t;
	struct gate *gate;

	NEED(executor_release);
	log->e = executor_new(2);
	gate = hold(log->e, 1);
	t = thread_start(shut_down_parents, log->e);
	thread_settle(t);
	expect_left(process_fork_run(release_parents, log), 0);
	expect_used(log);
	gate_open(gate);
	thread_join(t);
}

static void submit_to_parents(void *arg)
{
	struct log *log = arg;

	log->status[0] = try_submit(log->e, task_return, THE_VALUE, &log->f[0]);
	if (log->status[0] == PP_OK)
		log->status[1] = result(log->f[0], PP_FOREVER, &log->outcome[0]);
}

static void expect_child_submits(struct log *log)
{
	expect_left(process_fork_run(submit_to_parents, log), 0);
	if (log->status[0] != PP_OK) {
		context("submit in the child to the parent's executor told %s", status_name(log->status[0]));
		EXPECT(log->status[0] == PP_SHUTDOWN || log->status[0] == PP_BROKEN || log->status[0] == PP_NO_RESOURCES);
		return;
	}
	context("result of work that the parent's executor has accepted in the child");
	EXPECT_STATUS(PP_OK, log->status[1]);
	EXPECT_PTR(THE_VALUE, log->outcome[0]);
}

CASE(fork_19_submit_with_idle_workers)
{
	struct log *log = log_of_threads_new();

	log->e = executor_new(2);
	gate_open(hold(log->e, 2));
	expect_result(submit(log->e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	expect_child_submits(log);
}

CASE(fork_19_submit_with_busy_workers)
{
	struct log *log = log_of_threads_new();
	struct gate *gate;

	log->e = executor_new(2);
	gate = hold(log->e, 2);
	expect_child_submits(log);
	gate_open(gate);
}

CASE(fork_19_submit_without_workers)
{
	struct log *log = log_of_threads_new();

	log->e = executor_any();
	expect_child_submits(log);
}

/* ---- and what else ----------------------------------------------------------------------- */

static void fork_again(void *arg)
{
	struct log *log = arg;

	log->left = process_fork_run(use_own, log);
}

static void use_and_fork_again(void *arg)
{
	void *outcome;

	result(submit(executor_any(), task_return, THE_VALUE), PP_FOREVER, &outcome);
	fork_again(arg);
}

static void expect_grandchild_works(void (*body)(void *))
{
	struct log *log = log_of_threads_new();

	expect_result(submit(executor_any(), task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	expect_left(process_fork_run(body, log), 0);
	expect_left(log->left, 0);
	expect_used(log);
}

CASE(fork_20_child_of_a_child)
{
	expect_grandchild_works(fork_again);
}

CASE(fork_20_child_of_a_child_that_used_an_executor)
{
	expect_grandchild_works(use_and_fork_again);
}

CASE(fork_21_child_exits_after_a_shutdown)
{
	struct pp_executor *e = executor_any();
	struct log *log = log_new();

	expect_result(submit(e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	REQUIRE(shutdown_wait(e) == PP_OK);
	expect_left(process_fork_run(do_nothing, log), 0);
}

CASE(fork_21_child_exits_after_a_shutdown_that_did_not_wait)
{
	struct pp_executor *e = executor_new(1);
	struct log *log = log_new();
	struct gate *gate = hold(e, 1);

	REQUIRE(shutdown_nowait(e) == PP_OK);
	expect_left(process_fork_run(do_nothing, log), 0);
	gate_open(gate);
}

/* Nobody has waited for the workers, which have left. */
CASE(fork_21_child_exits_after_a_shutdown_when_the_workers_have_left)
{
	struct pp_executor *e = executor_new(3);
	struct log *log = log_new();
	struct gate *gate = hold(e, 3);

	REQUIRE(shutdown_nowait(e) == PP_OK);
	gate_open(gate);
	threads_settle();
	expect_left(process_fork_run(do_nothing, log), 0);
	context("shutdown in the parent, after a fork");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
}

/* A thread of the parent waits for the thread of the worker. */
CASE(fork_21_child_exits_though_the_thread_of_a_worker_is_long_in_ending)
{
	struct pp_executor *e = executor_new(1);
	struct slow_end *slow = slow_end_new();
	struct log *log = log_new();
	struct thread *t;

	expect_result(submit(e, task_ends_slowly, slow), F_RETURNED, PP_FOREVER);
	t = thread_start(shut_down_parents, e);
	threads_settle();
	expect_left(process_fork_run(do_nothing, log), 0);
	gate_open(slow->gate);
	thread_join(t);
}

/* In the child the task returns to a worker whose executor nobody has a handle on. */
CASE(fork_21_task_of_a_released_executor_forks_and_returns)
{
	struct log *log = log_of_threads_new();
	struct pp_executor *e;

	need_shared_memory();
	e = executor_new(1);
	log->f[0] = submit(e, task_forks_and_returns, log);
	gate_await(log->gate, 1);
	executor_release(e);
	gate_open(log->gate);
	expect_result(log->f[0], F_RETURNED, PP_FOREVER);
	expect_left(log->left, 0);
}

CASE(fork_21_child_exits_after_a_release)
{
	struct pp_executor *e = executor_new(1);
	struct log *log = log_new();
	struct gate *gate = hold(e, 1);

	executor_release(e);
	expect_left(process_fork_run(do_nothing, log), 0);
	gate_open(gate);
}
