/* SPDX-License-Identifier: MIT */
/* exit_executors.c: EXIT for executors in all conditions, and for a pool that breaks. */
#include "exits.h"

/* ---- executors in all conditions ----------------------------------------------------- */

static void leave_idle_workers(void *arg)
{
	struct exit_log *log = arg;

	keep_at_it(executor_new(4), log, 4, 0);
	counter_await(log->ended, 4);
	pass_time(short_time() / 10);
}

CASE(exit_6_idle_workers)
{
	expect_done(leave_idle_workers, 4);
}

static void leave_unused_executors(void *arg)
{
	struct exit_log *log = arg;

	executor_any();
	executor_any();
	counter_add(log->ended, 1);
}

CASE(exit_7_executor_that_never_had_work)
{
	struct exit_log *log = exit_log_new();

	expect_exit(leave_unused_executors, log, 0);
	context("the process had made two executors and ended");
	EXPECT_INT(1, counter_value(log->ended));
}

static void leave_shut_down(void *arg)
{
	struct pp_executor *e = executor_any();

	keep_at_it(e, arg, 1, 20);
	shutdown_nowait(e);
}

CASE(exit_8_queued_work_is_done_after_a_shutdown_too)
{
	expect_done(leave_shut_down, 21);
}

static void leave_released(void *arg)
{
	struct pp_executor *e = executor_any();

	keep_at_it(e, arg, 1, 20);
	executor_release(e);
}

static void leave_shut_down_and_released(void *arg)
{
	struct pp_executor *e = executor_any();

	keep_at_it(e, arg, 1, 20);
	shutdown_nowait(e);
	executor_release(e);
}

CASE(exit_9_queued_work_of_a_released_executor_is_done)
{
	expect_done(leave_released, 21);
}

CASE(exit_9_queued_work_of_an_executor_shut_down_and_released_is_done)
{
	expect_done(leave_shut_down_and_released, 21);
}

static void leave_three_executors(void *arg)
{
	int i;

	for (i = 0; i < 3; i++)
		keep_at_it(executor_any(), arg, 1, 10);
}

CASE(exit_10_work_of_every_executor_is_done)
{
	expect_done(leave_three_executors, 33);
}

#define EXECUTORS 130

static void leave_many_executors(void *arg)
{
	for (int i = 0; i < EXECUTORS; i++)
		keep_at_it(executor_new(1), arg, 1, 2);
}

CASE(exit_10_work_of_many_executors_is_done)
{
	struct exit_log *log = exit_log_new();

	expect_exit(leave_many_executors, log, 0);
	expect_ended(log, 3 * EXECUTORS);
}

/* A task makes an executor and leaves work to it. */
static int task_leave_to_an_executor(void *arg, void **outcome)
{
	(void)outcome;
	keep_at_it(executor_any(), arg, 1, 10);
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
	expect_done(leave_executor_of_a_task, 11);
}

/* The only worker of executor number i of n has weights[i] tasks that take time. */
static void leave_some_that_last(struct exit_log *log, const int *weights, int n)
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
	expect_done(leave_the_last_to_last, 7);
}

CASE(exit_10_executor_that_was_made_first_takes_longest)
{
	expect_done(leave_the_first_to_last, 7);
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
	struct exit_log *log = exit_log_new();

	expect_exit(leave_one_of_many_to_last, log, 0);
	expect_ended(log, EXECUTORS + 3);
}

/* ---- a pool that breaks --------------------------------------------------------------- */

static void leave_broken(void *arg)
{
	struct pp_executor *e = executor_new_with_initializer(2, initializer_fail, NULL);
	struct pp_future *f;
	struct exit_log *log = arg;
	void *outcome;

	log->status = try_submit(e, must_not_run, NULL, &f);
	if (log->status == PP_OK)
		log->status = result(f, PP_FOREVER, &outcome);
}

CASE(exit_16_broken_pool)
{
	struct exit_log *log = exit_log_new();

	expect_exit(leave_broken, log, 0);
	context("what the process was told before it left");
	EXPECT_STATUS(PP_BROKEN, log->status);
}

static void leave_breaking(void *arg)
{
	struct pp_executor *e = executor_new_with_initializer(2, initializer_fail, NULL);
	struct pp_future *f;
	struct exit_log *log = arg;

	log->status = try_submit(e, must_not_run, NULL, &f);
}

/* The initializer fails about when the process exits. */
CASE(exit_16_pool_that_breaks_meanwhile)
{
	struct exit_log *log = exit_log_new();

	expect_exit(leave_breaking, log, 0);
	context("what the process was told by submit before it left");
	EXPECT(log->status == PP_OK || log->status == PP_BROKEN);
}

static int second_fails_late(void *arg)
{
	struct exit_log *log = arg;

	if (__atomic_add_fetch(&log->calls, 1, __ATOMIC_SEQ_CST) == 1)
		return PP_OK;
	counter_add(log->called, 1);
	pass_time(short_time());
	return PP_RAISED;
}

static int task_take_longer(void *arg, void **outcome)
{
	struct exit_log *log = arg;

	(void)outcome;
	counter_add(log->begun, 1);
	pass_time(3 * short_time());
	counter_add(log->ended, 1);
	return PP_OK;
}

/* If workers start early, the pool may break before it accepts any work. */
static void leave_breaking_beside_a_busy_worker(void *arg)
{
	struct exit_log *log = arg;
	struct pp_executor *e = executor_new_with_initializer(2, second_fails_late, log);
	struct pp_future *f;

	log->accepted = try_submit(e, task_take_longer, log, &f) == PP_OK;
	try_submit(e, task_return, NULL, &f);
	counter_await(log->called, 1);
}

CASE(exit_17_pool_that_breaks_beside_a_busy_worker)
{
	struct exit_log *log = exit_log_new();

	expect_exit(leave_breaking_beside_a_busy_worker, log, 0);
	expect_ended(log, counter_value(log->begun));
}

/* The pool is broken before the process exits. */
static void leave_broken_beside_a_busy_worker(void *arg)
{
	struct exit_log *log = arg;
	struct pp_executor *e = executor_new_with_initializer(2, second_fails_late, log);
	struct pp_future *f;
	void *outcome;

	log->accepted = try_submit(e, task_take_longer, log, &f) == PP_OK;
	if (try_submit(e, task_return, NULL, &f) == PP_OK)
		result(f, PP_FOREVER, &outcome);
}

CASE(exit_2_running_task_of_a_broken_pool_ends)
{
	struct exit_log *log = exit_log_new();

	expect_exit(leave_broken_beside_a_busy_worker, log, 0);
	expect_ended(log, log->accepted);
}
