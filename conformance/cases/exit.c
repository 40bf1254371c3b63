/* SPDX-License-Identifier: MIT */
/* exit.c: EXIT, what is still done when the main program ends, and what it leaves with. */
#define _GNU_SOURCE
#include "exits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct exit_log *exit_log_new(void)
{
	struct exit_log *log = shared_alloc(sizeof(*log));

	log->begun = counter_new();
	log->ended = counter_new();
	log->called = counter_new();
	log->ready = gate_new();
	log->status = -1;
	return log;
}

int task_take_time(void *arg, void **outcome)
{
	struct exit_log *log = arg;

	(void)outcome;
	counter_add(log->begun, 1);
	pass_time(short_time());
	counter_add(log->ended, 1);
	return PP_OK;
}

int task_end(void *arg, void **outcome)
{
	struct exit_log *log = arg;

	(void)outcome;
	counter_add(log->ended, 1);
	return PP_OK;
}

void keep_at_it(struct pp_executor *e, struct exit_log *log, int n, int queued)
{
	long before = counter_value(log->begun);
	int i;

	for (i = 0; i < n; i++)
		submit(e, task_take_time, log);
	counter_await(log->begun, before + n);
	for (i = 0; i < queued; i++)
		submit(e, task_end, log);
}

void expect_exit(void (*body)(void *), struct exit_log *log, int code)
{
	int status = process_run(body, log);

	context("the process has left by itself, and was not ended by a signal");
	EXPECT(WIFEXITED(status));
	context("the status that the process left with");
	EXPECT_INT(code, WEXITSTATUS(status));
}

void expect_ended(struct exit_log *log, long expected)
{
	context("tasks that had ended when the process was gone");
	EXPECT_INT(expected, counter_value(log->ended));
}

void expect_done(void (*body)(void *), long expected)
{
	struct exit_log *log = exit_log_new();

	expect_exit(body, log, 0);
	expect_ended(log, expected);
}

/* ---- work ----------------------------------------------------------------------- */

static void leave_one_queued(void *arg)
{
	keep_at_it(executor_any(), arg, 1, 1);
}

static void leave_many_queued(void *arg)
{
	keep_at_it(executor_any(), arg, 1, 50);
}

static void leave_many_queued_for_three(void *arg)
{
	keep_at_it(executor_new(3), arg, 3, 50);
}

static void leave_right_after_submit(void *arg)
{
	submit(executor_any(), task_end, arg);
}

CASE(exit_1_queued_work_is_done)
{
	expect_done(leave_one_queued, 2);
}

CASE(exit_1_all_queued_work_is_done)
{
	expect_done(leave_many_queued, 51);
}

CASE(exit_1_queued_work_of_several_workers_is_done)
{
	expect_done(leave_many_queued_for_three, 53);
}

/* The worker may not have begun to look at the queue. */
CASE(exit_1_work_of_a_starting_worker_is_done)
{
	expect_done(leave_right_after_submit, 1);
}

static void leave_one_running(void *arg)
{
	keep_at_it(executor_any(), arg, 1, 0);
}

static void leave_three_running(void *arg)
{
	keep_at_it(executor_new(4), arg, 3, 0);
}

CASE(exit_2_running_task_ends)
{
	expect_done(leave_one_running, 1);
}

CASE(exit_2_running_tasks_end)
{
	expect_done(leave_three_running, 3);
}

static void leave_one_queued_after_failures(void *arg)
{
	struct pp_executor *e = executor_new(1);

	have_failures(e, 1);
	keep_at_it(e, arg, 1, 1);
}

static void leave_one_running_after_failures(void *arg)
{
	struct pp_executor *e = executor_new(1);

	have_failures(e, 1);
	keep_at_it(e, arg, 1, 0);
}

CASE(exit_1_queued_work_is_done_after_failures)
{
	expect_done(leave_one_queued_after_failures, 2);
}

CASE(exit_2_running_task_ends_after_failures)
{
	expect_done(leave_one_running_after_failures, 1);
}

static void shut_down_in_thread(void *e)
{
	backend()->shutdown(e);
}

/* The thread sleeps there, unless the executor runs its work inside submit. */
static void leave_while_a_thread_shuts_down(void *arg)
{
	struct pp_executor *e = executor_any();

	keep_at_it(e, arg, 1, 3);
	thread_settle(thread_start(shut_down_in_thread, e));
}

CASE(exit_1_queued_work_is_done_while_a_thread_is_inside_shutdown)
{
	expect_done(leave_while_a_thread_shuts_down, 4);
}

static int callback_note(struct pp_future *f, void *arg)
{
	struct exit_log *log = arg;

	(void)f;
	counter_add(log->called, 1);
	return PP_OK;
}

static void leave_callbacks(void *arg)
{
	struct pp_executor *e = executor_any();
	struct exit_log *log = arg;
	int i;

	for (i = 0; i < 3; i++)
		add_done_callback(submit(e, task_take_time, log), callback_note, log);
	counter_await(log->begun, 1);
}

CASE(exit_3_callbacks_are_called)
{
	struct exit_log *log = exit_log_new();

	expect_exit(leave_callbacks, log, 0);
	context("done callbacks that had been called when the process was gone");
	EXPECT_INT(3, counter_value(log->called));
}

static int callback_take_time(struct pp_future *f, void *arg)
{
	struct exit_log *log = arg;

	(void)f;
	pass_time(short_time());
	counter_add(log->called, 1);
	return PP_OK;
}

static void leave_one_callback(void *arg)
{
	struct exit_log *log = arg;

	add_done_callback(submit(executor_any(), task_take_time, log), callback_take_time, log);
	counter_await(log->begun, 1);
}

/* EXIT-3: the task has ended long before its callback has. */
CASE(exit_3_callback_that_takes_time_ends)
{
	struct exit_log *log = exit_log_new();

	expect_exit(leave_one_callback, log, 0);
	context("done callbacks that had ended when the process was gone");
	EXPECT_INT(1, counter_value(log->called));
}

static void note_line(void *arg, const char *message)
{
	struct exit_log *log = arg;

	(void)message;
	counter_add(log->called, 1);
}

static void leave_one_that_raises(void *arg)
{
	struct exit_log *log = arg;

	if (HAS(set_log_hook))
		backend()->set_log_hook(note_line, log);
	add_done_callback(submit(executor_any(), task_take_time, log), callback_raise, NULL);
	counter_await(log->begun, 1);
}

/* CALLBACK-18: nobody but the log hears of it. */
CASE(callback_18_logged_while_the_process_exits)
{
	struct exit_log *log = exit_log_new();

	expect_exit(leave_one_that_raises, log, 0);
	NEED(set_log_hook);
	context("lines logged by a process whose last done callback raised as it exited");
	EXPECT_AT_LEAST(1, counter_value(log->called));
}

/* ---- the status ------------------------------------------------------------------- */

static void leave(struct exit_log *log)
{
	backend()->process_exit(log->code);
}

static void leave_with_code(void *arg)
{
	keep_at_it(executor_any(), arg, 1, 3);
	leave(arg);
}

static void leave_with_code_when_idle(void *arg)
{
	struct exit_log *log = arg;

	keep_at_it(executor_any(), log, 1, 0);
	counter_await(log->ended, 1);
	leave(log);
}

CASE(exit_4_status_with_work_to_do)
{
	struct exit_log *log = exit_log_new();

	log->code = 7;
	expect_exit(leave_with_code, log, 7);
}

CASE(exit_4_status_with_nothing_to_do)
{
	struct exit_log *log = exit_log_new();

	log->code = 42;
	expect_exit(leave_with_code_when_idle, log, 42);
}

static int raise_late(void *arg, void **outcome)
{
	struct exit_log *log = arg;

	counter_add(log->begun, 1);
	pass_time(short_time());
	*outcome = THE_EXCEPTION;
	return PP_RAISED;
}

/* One has raised, one raises meanwhile and one later. */
static void leave_with_code_and_exceptions(void *arg)
{
	struct pp_executor *e = executor_any();
	struct exit_log *log = arg;
	void *outcome;

	result(submit(e, task_raise, THE_EXCEPTION), PP_FOREVER, &outcome);
	submit(e, raise_late, log);
	submit(e, task_raise, THE_EXCEPTION);
	counter_await(log->begun, 1);
	leave(log);
}

CASE(exit_5_status_0_though_tasks_raise)
{
	struct exit_log *log = exit_log_new();

	expect_exit(leave_with_code_and_exceptions, log, 0);
}

CASE(exit_5_status_7_though_tasks_raise)
{
	struct exit_log *log = exit_log_new();

	log->code = 7;
	expect_exit(leave_with_code_and_exceptions, log, 7);
}

/* What is handed out anew, and kept, is memory that nobody else still uses. */
static void write_on_the_heap(void *arg)
{
	static void **last;

	(void)arg;
	for (size_t size = 16; size <= 1024; size += 16) {
		void **block = malloc(size);

		if (!block)
			return;
		memset(block, 0xa5, size);
		*block = last;
		last = block;
	}
}

/* A worker whose thread takes time when it ends, though its work is done. */
static pthread_key_t slow_end, writing_end;

static void take_time_at_end(void *arg)
{
	struct exit_log *log = arg;

	counter_add(log->called, 1);
	pass_time(short_time());
}

static int task_ends_slowly(void *arg, void **outcome)
{
	(void)outcome;
	return pthread_setspecific(slow_end, arg) == 0 ? PP_OK : PP_RAISED;
}

static int task_wait_at_gate(void *arg, void **outcome)
{
	struct exit_log *log = arg;

	(void)outcome;
	gate_wait(log->ready);
	return pthread_setspecific(writing_end, arg) == 0 ? PP_OK : PP_RAISED;
}

/* The thread of a worker is ending when this returns, or is kept for other executors. */
static void await_end(struct exit_log *log)
{
	int i;

	for (i = 0; i < 20 && counter_value(log->called) == 0; i++)
		threads_settle();
}

/* The same, of a worker that had reason to go since let_go. */
static void work_on_with_a_slow_end(struct pp_executor *e, struct exit_log *log, void (*let_go)(struct pp_executor *e))
{
	void *outcome;

	need_shared_memory();
	if (pthread_key_create(&slow_end, take_time_at_end) == 0)
		result(submit(e, task_ends_slowly, log), PP_FOREVER, &outcome);
	let_go(e);
	await_end(log);
}

static void let_go_by_shutdown(struct pp_executor *e)
{
	shutdown_nowait(e);
}

static void release_in_thread(void *e)
{
	backend()->executor_release(e);
	write_on_the_heap(NULL);
}

static void leave_while_a_thread_releases(void *arg)
{
	struct pp_executor *e = executor_new(1);
	struct exit_log *log = arg;

	NEED(executor_release);
	work_on_with_a_slow_end(e, log, let_go_by_shutdown);
	thread_settle(thread_start(release_in_thread, e));
	leave(log);
}

static void leave_while_the_last_worker_goes(void *arg)
{
	struct exit_log *log = arg;
	struct pp_executor *e = executor_new(2);

	pthread_key_create(&writing_end, write_on_the_heap);
	submit(e, task_wait_at_gate, log);
	gate_await(log->ready, 1);
	work_on_with_a_slow_end(e, log, executor_release);
	gate_open(log->ready);
	threads_settle();
	leave(log);
}

/* It goes wrong, where it does, in about every other process. */
static void expect_status_7(void (*body)(void *))
{
	int round;

	for (round = 0; round < 8; round++) {
		struct exit_log *log = exit_log_new();

		log->code = 7;
		expect_exit(body, log, 7);
	}
}

CASE(exit_4_status_while_a_thread_releases_an_executor)
{
	expect_status_7(leave_while_a_thread_releases);
}

CASE(exit_4_status_while_the_last_worker_of_a_released_executor_goes)
{
	expect_status_7(leave_while_the_last_worker_goes);
}

/* ---- from a task ------------------------------------------------------------------------- */

static int task_leave(void *arg, void **outcome)
{
	(void)outcome;
	leave(arg);
	return PP_OK;
}

/* The main program waits for a task that does not end. */
static void leave_in_a_task(void *arg)
{
	void *outcome;

	need_shared_memory();
	result(submit(executor_any(), task_leave, arg), PP_FOREVER, &outcome);
}

CASE(exit_18_task_ends_the_process)
{
	struct exit_log *log = exit_log_new();

	log->code = 7;
	expect_exit(leave_in_a_task, log, 7);
}
