/* SPDX-License-Identifier: MIT */
/*
 * fork.c: FORK, that the child of a fork uses executors of its own and ends, and what the parent keeps.
 *
 * The child records what it was told; the parent looks when the child is gone.
 */
#include "forks.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- an executor of the child's own -------------------------------------- */

/* What use_own does, but leave it to exit to do the work. */
static void use_own_and_leave(void *arg)
{
	struct log *log = arg;
	struct pp_executor *e = executor_any();
	int i;

	for (i = 0; i < WORK; i++)
		log->used += submit(e, task_count, log->ran) != NULL;
	counter_await(log->ran, WORK);
}

static void expect_child_works(void)
{
	struct log *log = log_of_threads_new();

	expect_left(process_fork_run(use_own, log), 0);
	expect_used(log);
}

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

static int task_count_late(void *ran, void **outcome)
{
	(void)outcome;
	pass_time(short_time());
	counter_add(ran, 1);
	return PP_OK;
}

/* The first takes its time while the process exits, and the second is behind it. */
static void leave_own_with_work(void *arg)
{
	struct log *log = arg;
	struct pp_executor *e = executor_any();

	submit(e, task_count_late, log->ran);
	submit(e, task_count, log->ran);
}

CASE(fork_1_child_leaves_with_work_to_do)
{
	struct log *log = log_of_threads_new();

	NEED(process_exit);
	expect_result(submit(executor_any(), task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	expect_left(process_fork_run(leave_own_with_work, log), 0);
	context("tasks of the child's own executor that had ended when the child was gone");
	EXPECT_INT(2, counter_value(log->ran));
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

#define GENERATIONS 5

/* Its child, and so on; the last of them uses an executor. */
static void fork_for_generations(void *arg)
{
	struct log *log = arg;
	int left;

	if (--log->told[0] == 0) {
		use_own(log);
		return;
	}
	left = process_fork_run(fork_for_generations, log);
	if (left != 0)
		log->left = left;
}

CASE(fork_20_child_of_the_fifth_generation)
{
	struct log *log = log_of_threads_new();

	need_shared_memory();
	expect_result(submit(executor_any(), task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	log->told[0] = GENERATIONS;
	log->left = 0;
	expect_left(process_fork_run(fork_for_generations, log), 0);
	expect_left(log->left, 0);
	expect_used(log);
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

CASE(fork_21_child_exits_after_a_release)
{
	struct pp_executor *e = executor_new(1);
	struct log *log = log_new();
	struct gate *gate = hold(e, 1);

	executor_release(e);
	expect_left(process_fork_run(do_nothing, log), 0);
	gate_open(gate);
}

/* ---- the parent ------------------------------------------------------------------------ */

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
