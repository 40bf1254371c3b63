/* SPDX-License-Identifier: MIT */
/* exit_calls.c: EXIT where the executor is called meanwhile, by its tasks and by threads, and where work is called off. */
#include "exits.h"

/* ---- work that calls the executor meanwhile ------------------------------------------- */

static int task_wait_for_other(void *arg, void **outcome)
{
	struct exit_log *log = arg;

	(void)outcome;
	gate_wait(log->ready);
	pass_time(short_time() / 2);
	log->status = backend()->result(log->other, PP_FOREVER, &log->outcome);
	return PP_OK;
}

static int task_take_time_and_return(void *arg, void **outcome)
{
	struct exit_log *log = arg;

	counter_add(log->begun, 1);
	pass_time(short_time());
	*outcome = THE_VALUE;
	return PP_OK;
}

static void leave_waiting(struct exit_log *log, bool for_queued)
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
	struct exit_log *log = exit_log_new();

	expect_exit(body, log, 0);
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
	struct exit_log *log = arg;
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

static void leave_submitting(struct exit_log *log, int tasks)
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
	struct exit_log *log = exit_log_new();

	expect_exit(leave_one_submitting, log, 0);
	context("a task that submits without end was refused at last, as the process exits");
	EXPECT_INT(1, log->refused);
}

/* Two executors, each with a task that submits to the other one. */
static void leave_two_submitting_to_each_other(void *arg)
{
	struct exit_log *logs = arg;

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
	struct exit_log *logs = shared_alloc(2 * sizeof(*logs));

	logs[0] = *exit_log_new();
	logs[1] = *exit_log_new();
	expect_exit(leave_two_submitting_to_each_other, logs, 0);
	context("tasks that submit without end to another executor were refused at last, as the process exits");
	EXPECT_INT(1, logs[0].refused);
	EXPECT_INT(1, logs[1].refused);
}

/* Of three executors, a task of the first submits to the second. */
static void leave_one_submitting_to_the_second_of_three(void *arg)
{
	struct pp_executor *first = executor_new(1);
	struct exit_log *log = arg;

	need_shared_memory();
	log->e = executor_new(1);
	keep_at_it(executor_new(1), log, 1, 0);
	submit(first, task_submit_until_refused, log);
	counter_await(log->begun, 2);
}

CASE(exit_12_task_is_refused_by_the_second_of_three_executors)
{
	struct exit_log *log = exit_log_new();

	expect_exit(leave_one_submitting_to_the_second_of_three, log, 0);
	context("a task that submits without end to the second of three executors was refused at last, as the process exits");
	EXPECT_INT(1, log->refused);
}

/* Once the other one refuses, it makes an executor of its own. */
static int task_submit_to_own_until_refused(void *arg, void **outcome)
{
	struct exit_log *log = arg;

	task_submit_until_refused(log, outcome);
	if (backend()->executor_new(1, &log->e) == PP_OK)
		task_submit_until_refused(log, outcome);
	else
		__atomic_add_fetch(&log->refused, 1, __ATOMIC_SEQ_CST);
	return PP_OK;
}

static void leave_one_making_an_executor(void *arg)
{
	struct exit_log *log = arg;

	need_shared_memory();
	log->e = executor_new(2);
	submit(log->e, task_submit_to_own_until_refused, log);
	counter_await(log->begun, 1);
}

/* EXIT-12: exit has begun, and is over for the first executor only when the task ends. */
CASE(exit_12_task_is_refused_by_an_executor_that_it_makes)
{
	struct exit_log *log = exit_log_new();

	expect_exit(leave_one_making_an_executor, log, 0);
	context("executors that refused a task at last: its own, and one that it has made as the process exits");
	EXPECT_INT(2, log->refused);
	expect_ended(log, log->accepted);
}

static void expect_accepted_work_done(void (*body)(void *))
{
	int round;

	for (round = 0; round < 5; round++) {
		struct exit_log *log = exit_log_new();

		expect_exit(body, log, 0);
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
	struct exit_log *log = arg;
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
	struct exit_log *log = exit_log_new();

	expect_exit(leave_cancelled, log, 0);
	context("futures that were cancelled, with other work before and behind them");
	EXPECT_INT(5, log->accepted);
	expect_ended(log, 2);
}

/* It begins to take its time when nothing more is asked of its executor. */
static int task_take_time_at_last(void *arg, void **outcome)
{
	struct exit_log *log = arg;

	gate_wait(log->ready);
	return task_take_time(log, outcome);
}

static void leave_cancelling(void *arg)
{
	struct pp_executor *e = executor_new(1);
	struct exit_log *log = arg;
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
	expect_done(leave_cancelling, 1);
}
