/* SPDX-License-Identifier: MIT */
/*
 * exit.c: EXIT, what is still done when the main program ends.
 *
 * Each case runs a process whose main program ends with work to do, and then
 * looks at what its tasks have left in the arena.  They take some time, in which
 * a process that does not wait for them is gone; to be right they need none.
 */
#define _GNU_SOURCE
#include "futures.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* What a process and its tasks leave behind. */
struct log {
	struct counter *begun;
	struct counter *ended;
	struct counter *called; /* done callbacks */
	struct gate *ready;	/* what a task needs is set */
	struct pp_executor *e;
	struct pp_future *other;
	int status;
	void *outcome;
	int accepted; /* atomic */
	int refused;  /* atomic */
	int code;     /* to leave with */
	int calls;    /* atomic; of the initializer */
};

static struct log *log_new(void)
{
	struct log *log = shared_alloc(sizeof(*log));

	log->begun = counter_new();
	log->ended = counter_new();
	log->called = counter_new();
	log->ready = gate_new();
	log->status = -1;
	return log;
}

static int task_take_time(void *arg, void **outcome)
{
	struct log *log = arg;

	(void)outcome;
	counter_add(log->begun, 1);
	pass_time(short_time());
	counter_add(log->ended, 1);
	return PP_OK;
}

static int task_end(void *arg, void **outcome)
{
	struct log *log = arg;

	(void)outcome;
	counter_add(log->ended, 1);
	return PP_OK;
}

/* n workers of e are at it, and queued work items behind them. */
static void work_on(struct pp_executor *e, struct log *log, int n, int queued)
{
	long before = counter_value(log->begun);
	int i;

	for (i = 0; i < n; i++)
		submit(e, task_take_time, log);
	counter_await(log->begun, before + n);
	for (i = 0; i < queued; i++)
		submit(e, task_end, log);
}

/* Run such a process; it left with code. */
static void expect_left(void (*body)(void *), struct log *log, int code)
{
	int status = process_run(body, log);

	context("the process has left by itself, and was not ended by a signal");
	EXPECT(WIFEXITED(status));
	context("the status that the process left with");
	EXPECT_INT(code, WEXITSTATUS(status));
}

static void expect_ended(struct log *log, long expected)
{
	context("tasks that had ended when the process was gone");
	EXPECT_INT(expected, counter_value(log->ended));
}

/* ---- work ----------------------------------------------------------------------- */

static void leave_one_queued(void *arg)
{
	work_on(executor_any(), arg, 1, 1);
}

static void leave_many_queued(void *arg)
{
	work_on(executor_any(), arg, 1, 50);
}

static void leave_many_queued_for_three(void *arg)
{
	work_on(executor_new(3), arg, 3, 50);
}

static void leave_right_after_submit(void *arg)
{
	submit(executor_any(), task_end, arg);
}

CASE(exit_1_queued_work_is_done)
{
	struct log *log = log_new();

	expect_left(leave_one_queued, log, 0);
	expect_ended(log, 2);
}

CASE(exit_1_all_queued_work_is_done)
{
	struct log *log = log_new();

	expect_left(leave_many_queued, log, 0);
	expect_ended(log, 51);
}

CASE(exit_1_queued_work_of_several_workers_is_done)
{
	struct log *log = log_new();

	expect_left(leave_many_queued_for_three, log, 0);
	expect_ended(log, 53);
}

/* The worker may not have begun to look at the queue. */
CASE(exit_1_work_of_a_starting_worker_is_done)
{
	struct log *log = log_new();

	expect_left(leave_right_after_submit, log, 0);
	expect_ended(log, 1);
}

static void leave_one_running(void *arg)
{
	work_on(executor_any(), arg, 1, 0);
}

static void leave_three_running(void *arg)
{
	work_on(executor_new(4), arg, 3, 0);
}

CASE(exit_2_running_task_ends)
{
	struct log *log = log_new();

	expect_left(leave_one_running, log, 0);
	expect_ended(log, 1);
}

CASE(exit_2_running_tasks_end)
{
	struct log *log = log_new();

	expect_left(leave_three_running, log, 0);
	expect_ended(log, 3);
}

static int callback_note(struct pp_future *f, void *arg)
{
	struct log *log = arg;

	(void)f;
	counter_add(log->called, 1);
	return PP_OK;
}

static void leave_callbacks(void *arg)
{
	struct pp_executor *e = executor_any();
	struct log *log = arg;
	int i;

	for (i = 0; i < 3; i++)
		add_done_callback(submit(e, task_take_time, log), callback_note, log);
	counter_await(log->begun, 1);
}

CASE(exit_3_callbacks_are_called)
{
	struct log *log = log_new();

	expect_left(leave_callbacks, log, 0);
	context("done callbacks that had been called when the process was gone");
	EXPECT_INT(3, counter_value(log->called));
}

/* ---- the status ------------------------------------------------------------------- */

static void leave(struct log *log)
{
	backend()->process_exit(log->code);
}

static void leave_with_code(void *arg)
{
	work_on(executor_any(), arg, 1, 3);
	leave(arg);
}

static void leave_with_code_when_idle(void *arg)
{
	struct log *log = arg;

	work_on(executor_any(), log, 1, 0);
	counter_await(log->ended, 1);
	leave(log);
}

CASE(exit_4_status_with_work_to_do)
{
	struct log *log = log_new();

	log->code = 7;
	expect_left(leave_with_code, log, 7);
}

CASE(exit_4_status_with_nothing_to_do)
{
	struct log *log = log_new();

	log->code = 42;
	expect_left(leave_with_code_when_idle, log, 42);
}

static int raise_late(void *arg, void **outcome)
{
	struct log *log = arg;

	counter_add(log->begun, 1);
	pass_time(short_time());
	*outcome = THE_EXCEPTION;
	return PP_RAISED;
}

/* One has raised, one raises meanwhile and one later. */
static void leave_with_code_and_exceptions(void *arg)
{
	struct pp_executor *e = executor_any();
	struct log *log = arg;
	void *outcome;

	result(submit(e, task_raise, THE_EXCEPTION), PP_FOREVER, &outcome);
	submit(e, raise_late, log);
	submit(e, task_raise, THE_EXCEPTION);
	counter_await(log->begun, 1);
	leave(log);
}

CASE(exit_5_status_0_though_tasks_raise)
{
	struct log *log = log_new();

	expect_left(leave_with_code_and_exceptions, log, 0);
}

CASE(exit_5_status_7_though_tasks_raise)
{
	struct log *log = log_new();

	log->code = 7;
	expect_left(leave_with_code_and_exceptions, log, 7);
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
	struct log *log = arg;

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
	struct log *log = arg;

	(void)outcome;
	gate_wait(log->ready);
	return pthread_setspecific(writing_end, arg) == 0 ? PP_OK : PP_RAISED;
}

/* The thread of a worker is ending when this returns, or is kept for other executors. */
static void await_end(struct log *log)
{
	int i;

	for (i = 0; i < 20 && counter_value(log->called) == 0; i++)
		threads_settle();
}

/* The same, of a worker that had reason to go since let_go. */
static void work_on_with_a_slow_end(struct pp_executor *e, struct log *log, void (*let_go)(struct pp_executor *e))
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
	struct log *log = arg;

	NEED(executor_release);
	work_on_with_a_slow_end(e, log, let_go_by_shutdown);
	thread_settle(thread_start(release_in_thread, e));
	leave(log);
}

static void leave_while_the_last_worker_goes(void *arg)
{
	struct log *log = arg;
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
		struct log *log = log_new();

		log->code = 7;
		expect_left(body, log, 7);
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

/* ---- executors in all conditions ----------------------------------------------------- */

static void leave_idle_workers(void *arg)
{
	struct log *log = arg;

	work_on(executor_new(4), log, 4, 0);
	counter_await(log->ended, 4);
	pass_time(short_time() / 10);
}

CASE(exit_6_idle_workers)
{
	struct log *log = log_new();

	expect_left(leave_idle_workers, log, 0);
	expect_ended(log, 4);
}

static void leave_unused_executors(void *arg)
{
	struct log *log = arg;

	executor_any();
	executor_any();
	counter_add(log->ended, 1);
}

CASE(exit_7_executor_that_never_had_work)
{
	struct log *log = log_new();

	expect_left(leave_unused_executors, log, 0);
	context("the process had made two executors and ended");
	EXPECT_INT(1, counter_value(log->ended));
}

static void leave_shut_down(void *arg)
{
	struct pp_executor *e = executor_any();

	work_on(e, arg, 1, 20);
	shutdown_nowait(e);
}

CASE(exit_8_queued_work_is_done_after_a_shutdown_too)
{
	struct log *log = log_new();

	expect_left(leave_shut_down, log, 0);
	expect_ended(log, 21);
}

static void leave_released(void *arg)
{
	struct pp_executor *e = executor_any();

	work_on(e, arg, 1, 20);
	executor_release(e);
}

static void leave_shut_down_and_released(void *arg)
{
	struct pp_executor *e = executor_any();

	work_on(e, arg, 1, 20);
	shutdown_nowait(e);
	executor_release(e);
}

CASE(exit_9_queued_work_of_a_released_executor_is_done)
{
	struct log *log = log_new();

	expect_left(leave_released, log, 0);
	expect_ended(log, 21);
}

CASE(exit_9_queued_work_of_an_executor_shut_down_and_released_is_done)
{
	struct log *log = log_new();

	expect_left(leave_shut_down_and_released, log, 0);
	expect_ended(log, 21);
}

static void leave_three_executors(void *arg)
{
	int i;

	for (i = 0; i < 3; i++)
		work_on(executor_any(), arg, 1, 10);
}

CASE(exit_10_work_of_every_executor_is_done)
{
	struct log *log = log_new();

	expect_left(leave_three_executors, log, 0);
	expect_ended(log, 33);
}

#define EXECUTORS 130

static void leave_many_executors(void *arg)
{
	for (int i = 0; i < EXECUTORS; i++)
		work_on(executor_new(1), arg, 1, 2);
}

CASE(exit_10_work_of_many_executors_is_done)
{
	struct log *log = log_new();

	expect_left(leave_many_executors, log, 0);
	expect_ended(log, 3 * EXECUTORS);
}

/* A task makes an executor and leaves work to it. */
static int task_leave_to_an_executor(void *arg, void **outcome)
{
	(void)outcome;
	work_on(executor_any(), arg, 1, 10);
	return PP_OK;
}

static void leave_executor_of_a_task(void *arg)
{
	void *outcome;

	need_shared_memory();
	result(submit(executor_any(), task_leave_to_an_executor, arg), PP_FOREVER, &outcome);
}

CASE(exit_10_work_of_an_executor_that_a_task_made_is_done)
{
	struct log *log = log_new();

	expect_left(leave_executor_of_a_task, log, 0);
	expect_ended(log, 11);
}

/* The only worker of executor number i of n has weights[i] tasks that take time. */
static void leave_some_that_last(struct log *log, const int *weights, int n)
{
	for (int i = 0; i < n; i++) {
		struct pp_executor *e = executor_new(1);

		for (int j = 0; j < weights[i]; j++)
			submit(e, task_take_time, log);
	}
}

static void leave_the_last_to_last(void *arg)
{
	leave_some_that_last(arg, (const int[]){1, 2, 4}, 3);
}

static void leave_the_first_to_last(void *arg)
{
	leave_some_that_last(arg, (const int[]){4, 2, 1}, 3);
}

CASE(exit_10_executor_that_was_made_last_takes_longest)
{
	struct log *log = log_new();

	expect_left(leave_the_last_to_last, log, 0);
	expect_ended(log, 7);
}

CASE(exit_10_executor_that_was_made_first_takes_longest)
{
	struct log *log = log_new();

	expect_left(leave_the_first_to_last, log, 0);
	expect_ended(log, 7);
}

/* Far from the first and from the last. */
static void leave_one_of_many_to_last(void *arg)
{
	int weights[EXECUTORS];

	for (int i = 0; i < EXECUTORS; i++)
		weights[i] = i == EXECUTORS / 2 ? 4 : 1;
	leave_some_that_last(arg, weights, EXECUTORS);
}

CASE(exit_10_one_of_many_executors_takes_longest)
{
	struct log *log = log_new();

	expect_left(leave_one_of_many_to_last, log, 0);
	expect_ended(log, EXECUTORS + 3);
}

/* ---- work that calls the executor meanwhile ------------------------------------------- */

static int task_wait_for_other(void *arg, void **outcome)
{
	struct log *log = arg;

	(void)outcome;
	gate_wait(log->ready);
	pass_time(short_time() / 2);
	log->status = backend()->result(log->other, PP_FOREVER, &log->outcome);
	return PP_OK;
}

static int task_take_time_and_return(void *arg, void **outcome)
{
	struct log *log = arg;

	counter_add(log->begun, 1);
	pass_time(short_time());
	*outcome = THE_VALUE;
	return PP_OK;
}

static void leave_waiting(struct log *log, bool for_queued)
{
	need_shared_memory();
	log->e = executor_new(2);
	submit(log->e, task_wait_for_other, log);
	gate_await(log->ready, 1);
	log->other = submit(log->e, task_take_time_and_return, log);
	counter_await(log->begun, 1);
	if (for_queued)
		log->other = submit(log->e, task_return, THE_VALUE);
	gate_open(log->ready);
}

static void leave_waiting_for_running(void *arg)
{
	leave_waiting(arg, false);
}

static void leave_waiting_for_queued(void *arg)
{
	leave_waiting(arg, true);
}

static void expect_waited(void (*body)(void *))
{
	struct log *log = log_new();

	expect_left(body, log, 0);
	context("what a task was told by the future of another, while the process exits");
	EXPECT_STATUS(PP_OK, log->status);
	EXPECT_PTR(THE_VALUE, log->outcome);
}

CASE(exit_11_waits_for_work_that_is_running)
{
	expect_waited(leave_waiting_for_running);
}

CASE(exit_11_waits_for_work_that_is_queued)
{
	expect_waited(leave_waiting_for_queued);
}

/* Submits until it is refused; hastily at first. */
static int task_submit_until_refused(void *arg, void **outcome)
{
	struct log *log = arg;
	struct pp_future *f;

	(void)outcome;
	counter_add(log->begun, 1);
	while (backend()->submit(log->e, task_end, log, &f) == PP_OK) {
		if (__atomic_add_fetch(&log->accepted, 1, __ATOMIC_SEQ_CST) > 100)
			pass_time(0.001);
		if (backend()->future_release)
			backend()->future_release(f);
	}
	__atomic_add_fetch(&log->refused, 1, __ATOMIC_SEQ_CST);
	return PP_OK;
}

static void leave_submitting(struct log *log, int tasks)
{
	int i;

	need_shared_memory();
	log->e = executor_new(2);
	for (i = 0; i < tasks; i++)
		submit(log->e, task_submit_until_refused, log);
	counter_await(log->begun, tasks);
}

static void leave_one_submitting(void *arg)
{
	leave_submitting(arg, 1);
}

static void leave_two_submitting(void *arg)
{
	leave_submitting(arg, 2);
}

CASE(exit_12_task_is_refused)
{
	struct log *log = log_new();

	expect_left(leave_one_submitting, log, 0);
	context("a task that submits without end was refused at last, as the process exits");
	EXPECT_INT(1, log->refused);
}

/* Two executors, each with a task that submits to the other one. */
static void leave_two_submitting_to_each_other(void *arg)
{
	struct log *logs = arg;

	need_shared_memory();
	logs[0].e = executor_new(2);
	logs[1].e = executor_new(2);
	submit(logs[0].e, task_submit_until_refused, &logs[1]);
	submit(logs[1].e, task_submit_until_refused, &logs[0]);
	counter_await(logs[0].begun, 1);
	counter_await(logs[1].begun, 1);
}

CASE(exit_12_task_is_refused_by_another_executor)
{
	struct log *logs = shared_alloc(2 * sizeof(*logs));

	logs[0] = *log_new();
	logs[1] = *log_new();
	expect_left(leave_two_submitting_to_each_other, logs, 0);
	context("tasks that submit without end to another executor were refused at last, as the process exits");
	EXPECT_INT(1, logs[0].refused);
	EXPECT_INT(1, logs[1].refused);
}

/* Of three executors, a task of the first submits to the second. */
static void leave_one_submitting_to_the_second_of_three(void *arg)
{
	struct pp_executor *first = executor_new(1);
	struct log *log = arg;

	need_shared_memory();
	log->e = executor_new(1);
	work_on(executor_new(1), log, 1, 0);
	submit(first, task_submit_until_refused, log);
	counter_await(log->begun, 2);
}

CASE(exit_12_task_is_refused_by_the_second_of_three_executors)
{
	struct log *log = log_new();

	expect_left(leave_one_submitting_to_the_second_of_three, log, 0);
	context("a task that submits without end to the second of three executors was refused at last, as the process exits");
	EXPECT_INT(1, log->refused);
}

/* Once the other one refuses, it makes an executor of its own. */
static int task_submit_to_own_until_refused(void *arg, void **outcome)
{
	struct log *log = arg;

	task_submit_until_refused(log, outcome);
	if (backend()->executor_new(1, &log->e) == PP_OK)
		task_submit_until_refused(log, outcome);
	else
		__atomic_add_fetch(&log->refused, 1, __ATOMIC_SEQ_CST);
	return PP_OK;
}

static void leave_one_making_an_executor(void *arg)
{
	struct log *log = arg;

	need_shared_memory();
	log->e = executor_new(2);
	submit(log->e, task_submit_to_own_until_refused, log);
	counter_await(log->begun, 1);
}

/* EXIT-12: exit has begun, and is over for the first executor only when the task ends. */
CASE(exit_12_task_is_refused_by_an_executor_that_it_makes)
{
	struct log *log = log_new();

	expect_left(leave_one_making_an_executor, log, 0);
	context("executors that refused a task at last: its own, and one that it has made as the process exits");
	EXPECT_INT(2, log->refused);
	expect_ended(log, log->accepted);
}

static void expect_accepted_work_done(void (*body)(void *))
{
	int round;

	for (round = 0; round < 5; round++) {
		struct log *log = log_new();

		expect_left(body, log, 0);
		context("round %d: tasks that had ended when the process was gone, of those accepted as exit began", round);
		EXPECT_INT(log->accepted, counter_value(log->ended));
	}
}

CASE(exit_13_accepted_work_is_done)
{
	expect_accepted_work_done(leave_one_submitting);
}

CASE(exit_13_accepted_work_of_two_tasks_is_done)
{
	expect_accepted_work_done(leave_two_submitting);
}

/* ---- work that is called off ------------------------------------------------------------ */

static void leave_cancelled(void *arg)
{
	struct pp_executor *e = executor_new(1);
	struct log *log = arg;
	struct gate *gate = hold(e, 1);
	int i;

	submit(e, task_take_time, log);
	for (i = 0; i < 5; i++)
		__atomic_add_fetch(&log->accepted, cancel(submit(e, must_not_run, NULL)), __ATOMIC_SEQ_CST);
	submit(e, task_end, log);
	gate_open(gate);
}

CASE(exit_14_cancelled_work_never_runs)
{
	struct log *log = log_new();

	expect_left(leave_cancelled, log, 0);
	context("futures that were cancelled, with other work before and behind them");
	EXPECT_INT(5, log->accepted);
	expect_ended(log, 2);
}

/* It begins to take its time when nothing more is asked of its executor. */
static int task_take_time_at_last(void *arg, void **outcome)
{
	struct log *log = arg;

	gate_wait(log->ready);
	return task_take_time(log, outcome);
}

static void leave_cancelling(void *arg)
{
	struct pp_executor *e = executor_new(1);
	struct log *log = arg;
	int i;

	submit(e, task_take_time_at_last, log);
	gate_await(log->ready, 1);
	for (i = 0; i < 5; i++)
		submit(e, must_not_run, NULL);
	shutdown_cancel(e, false);
	gate_open(log->ready);
}

CASE(exit_15_after_a_shutdown_that_cancelled)
{
	struct log *log = log_new();

	expect_left(leave_cancelling, log, 0);
	expect_ended(log, 1);
}

/* ---- a pool that breaks --------------------------------------------------------------- */

static void leave_broken(void *arg)
{
	struct pp_executor *e = executor_new_with_initializer(2, initializer_fail, NULL);
	struct pp_future *f;
	struct log *log = arg;
	void *outcome;

	log->status = try_submit(e, must_not_run, NULL, &f);
	if (log->status == PP_OK)
		log->status = result(f, PP_FOREVER, &outcome);
}

CASE(exit_16_broken_pool)
{
	struct log *log = log_new();

	expect_left(leave_broken, log, 0);
	context("what the process was told before it left");
	EXPECT_STATUS(PP_BROKEN, log->status);
}

static void leave_breaking(void *arg)
{
	struct pp_executor *e = executor_new_with_initializer(2, initializer_fail, NULL);
	struct pp_future *f;
	struct log *log = arg;

	log->status = try_submit(e, must_not_run, NULL, &f);
}

/* The initializer fails about when the process exits. */
CASE(exit_16_pool_that_breaks_meanwhile)
{
	struct log *log = log_new();

	expect_left(leave_breaking, log, 0);
	context("what the process was told by submit before it left");
	EXPECT(log->status == PP_OK || log->status == PP_BROKEN);
}

static int second_fails_late(void *arg)
{
	struct log *log = arg;

	if (__atomic_add_fetch(&log->calls, 1, __ATOMIC_SEQ_CST) == 1)
		return PP_OK;
	counter_add(log->called, 1);
	pass_time(short_time());
	return PP_RAISED;
}

static int task_take_longer(void *arg, void **outcome)
{
	struct log *log = arg;

	(void)outcome;
	counter_add(log->begun, 1);
	pass_time(3 * short_time());
	counter_add(log->ended, 1);
	return PP_OK;
}

/* If workers start early, the pool may break before it accepts any work. */
static void leave_breaking_beside_a_busy_worker(void *arg)
{
	struct log *log = arg;
	struct pp_executor *e = executor_new_with_initializer(2, second_fails_late, log);
	struct pp_future *f;

	log->accepted = try_submit(e, task_take_longer, log, &f) == PP_OK;
	try_submit(e, task_return, NULL, &f);
	counter_await(log->called, 1);
}

CASE(exit_17_pool_that_breaks_beside_a_busy_worker)
{
	struct log *log = log_new();

	expect_left(leave_breaking_beside_a_busy_worker, log, 0);
	expect_ended(log, counter_value(log->begun));
}

/* The pool is broken before the process exits. */
static void leave_broken_beside_a_busy_worker(void *arg)
{
	struct log *log = arg;
	struct pp_executor *e = executor_new_with_initializer(2, second_fails_late, log);
	struct pp_future *f;
	void *outcome;

	log->accepted = try_submit(e, task_take_longer, log, &f) == PP_OK;
	if (try_submit(e, task_return, NULL, &f) == PP_OK)
		result(f, PP_FOREVER, &outcome);
}

CASE(exit_2_running_task_of_a_broken_pool_ends)
{
	struct log *log = log_new();

	expect_left(leave_broken_beside_a_busy_worker, log, 0);
	expect_ended(log, log->accepted);
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
	struct log *log = log_new();

	log->code = 7;
	expect_left(leave_in_a_task, log, 7);
}
