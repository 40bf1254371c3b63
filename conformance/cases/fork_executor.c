/* SPDX-License-Identifier: MIT */
/* fork_executor.c: the parent's executor in the child of a fork, also when it is a task of it that forks. */
#include "forks.h"

#include <pthread.h>
#include <unistd.h>

/* ---- shutdown ------------------------------------------------------------ */

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

static bool is_child; /* no shared memory */
static pthread_t caller;

static int callback_forks(struct pp_future *f, void *arg)
{
	struct log *log = arg;

	(void)f;
	if (pthread_equal(pthread_self(), caller))
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
	caller = pthread_self();
	log->left = -1;
	log->status[0] = backend()->shutdown_cancel(e, false);
	if (is_child) {
		for (i = 0; i < WORK; i++)
			set_result(future_new(), THE_VALUE);
		for (i = 0; i < 3; i++)
			log->told[i] = backend()->result(f[i], 0, &log->outcome[1]);
		_exit(0);
	}
	gate_open(gate);
	if (log->left == -1)
		unsupported("shutdown leaves it to another thread to call the callbacks");
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
}

CASE(fork_17_shutdown_that_cancels_goes_on_in_the_child_of_the_first_callback)
{
	expect_shutdown_goes_on(0);
}

CASE(fork_17_shutdown_that_cancels_goes_on_in_the_child_of_the_last_callback)
{
	expect_shutdown_goes_on(2);
}

/* ---- release ------------------------------------------------------------- */

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

/* ---- submit -------------------------------------------------------------- */

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

/* FORK-19: nobody is there to make room. */
CASE(fork_19_submit_to_a_full_queue)
{
	struct log *log = log_of_threads_new();
	struct counter *ran = counter_new();
	struct gate *gate;
	int n;

	log->e = executor_new(1);
	gate = hold(log->e, 1);
	n = queue_holds(4);
	for (int i = 0; i < n; i++)
		submit(log->e, task_count, ran);
	expect_child_submits(log);
	gate_open(gate);
	counter_await(ran, n);
}

CASE(fork_19_submit_without_workers)
{
	struct log *log = log_of_threads_new();

	log->e = executor_any();
	expect_child_submits(log);
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

static void submit_to_parents_and_leave(void *arg)
{
	struct log *log = arg;
	struct pp_future *f = NULL;

	log->status[0] = backend()->submit(log->e, task_return, THE_VALUE, &f);
}

/* FORK-7: a worker that the child starts for its own work would find the rest. */
CASE(fork_7_queued_work_runs_once_though_the_child_submits)
{
	struct log *log = log_of_threads_new();
	struct gate *gate;

	log->e = executor_new(1);
	gate = hold(log->e, 1);
	for (int i = 0; i < WORK; i++)
		submit(log->e, task_note_process, log);
	expect_left(process_fork_run(submit_to_parents_and_leave, log), 0);
	gate_open(gate);
	shutdown_wait(log->e);
	context("runs of %d tasks that were queued in the parent, to whose executor the child submitted: it was told %s",
		WORK, status_name(log->status[0]));
	EXPECT_INT(WORK, record_count(log->pids));
}

static void fork_and_return(struct log *log)
{
	gate_wait(log->gate);
	if (process_fork_here(&log->left))
		process_leave_settled();
}

static int callback_forks_and_returns(struct pp_future *f, void *log)
{
	(void)f;
	fork_and_return(log);
	return PP_OK;
}

static int initializer_forks_and_returns(void *log)
{
	fork_and_return(log);
	return PP_OK;
}

static void release_forks_and_returns(void *log)
{
	fork_and_return(log);
}

/* All is queued behind what forks as soon as the gate is open. */
static void expect_queued_work_runs_once(struct pp_executor *e, struct log *log)
{
	for (int i = 0; i < WORK; i++)
		submit(e, task_note_process, log);
	gate_open(log->gate);
	shutdown_wait(e);
	expect_left(log->left, 0);
	context("runs of %d tasks that were queued in the parent when there was a fork", WORK);
	EXPECT_INT(WORK, record_count(log->pids));
	for (int i = 0; i < WORK; i++) {
		context("the process in which task %d ran, which was queued in the parent when there was a fork", i);
		EXPECT_INT(getpid(), record_at(log->pids, i));
	}
}

CASE(fork_7_queued_work_runs_once_though_the_task_that_forked_returns_in_the_child)
{
	need_shared_memory();
	struct pp_executor *e = executor_new(1);
	struct log *log = log_of_threads_new();
	struct pp_future *f = submit(e, task_forks_and_returns, log);

	expect_queued_work_runs_once(e, log);
	expect_result(f, F_RETURNED, PP_FOREVER);
}

CASE(fork_7_queued_work_runs_once_though_a_callback_forks_and_returns_in_the_child)
{
	need_shared_memory();
	struct pp_executor *e = executor_new(1);
	struct log *log = log_of_threads_new();
	struct pp_future *f = submit(e, task_return_at_gate, log->gate);

	gate_await(log->gate, 1);
	add_done_callback(f, callback_forks_and_returns, log);
	expect_queued_work_runs_once(e, log);
}

CASE(fork_7_queued_work_runs_once_though_an_initializer_forks_and_returns_in_the_child)
{
	need_shared_memory();
	struct log *log = log_of_threads_new();

	expect_queued_work_runs_once(executor_new_with_initializer(1, initializer_forks_and_returns, log), log);
}

CASE(fork_7_queued_work_runs_once_though_a_release_function_forks_and_returns_in_the_child)
{
	need_shared_memory();
	struct pp_executor *e = executor_new(1);
	struct log *log = log_of_threads_new();

	submit(e, task_pass_gate, log->gate);
	submit_with_release(e, task_silent, log, release_forks_and_returns);
	expect_queued_work_runs_once(e, log);
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

static void shut_down_and_count(void *arg)
{
	struct log *log = arg;

	if (backend()->shutdown(log->e) == PP_OK)
		counter_add(log->ran, 1);
}

static void leave_when_counted(void *arg)
{
	counter_await(((struct log *)arg)->ran, 2);
	_exit(0);
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
	thread_start(leave_when_counted, log);
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
