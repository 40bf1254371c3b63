/* SPDX-License-Identifier: MIT */
/*
 * test_ownership.c: the release functions are told exactly once, in every way
 * that a work item can end.
 */
#include "unit.h"

static struct {
	atomic_int ran, released, values, exceptions;
	_Atomic(void *) outcome; /* the last one that was released */
	atomic_bool released_first; /* the argument, before its future was done */
	_Atomic(struct cf_future *) future;
} told;

static int value, callers;

static void note_release(void *arg)
{
	struct cf_future *f = told.future;

	(void)arg;
	told.released++;
	told.released_first = f && !cf_future_done(f);
}

static void note_outcome(enum cf_status status, void *outcome)
{
	told.values += status == CF_OK;
	told.exceptions += status == CF_RAISED;
	told.outcome = outcome;
}

static void expect_told(int ran, int released, int values, int exceptions)
{
	ck_assert_int_eq(ran, told.ran);
	ck_assert_int_eq(released, told.released);
	ck_assert_int_eq(values, told.values);
	ck_assert_int_eq(exceptions, told.exceptions);
}

static int task_value(void *arg, void **outcome)
{
	(void)arg;
	told.ran++;
	*outcome = &value;
	return CF_OK;
}

static int task_exception(void *arg, void **outcome)
{
	task_value(arg, outcome);
	return CF_RAISED;
}

static int task_exit(void *arg, void **outcome)
{
	task_value(arg, outcome);
	pthread_exit(NULL);
}

static int task_held_value(void *hold, void **outcome)
{
	task_hold(hold, outcome);
	return task_value(hold, outcome);
}

static struct cf_future *submit_told(struct cf_executor *e, cf_task *task, void *arg)
{
	struct cf_call call = {task, arg, note_release, note_outcome};
	struct cf_future *f = NULL;

	EXPECT_STATUS(CF_OK, cf_executor_submit_call(e, &call, &f));
	return f;
}

/* One that is PENDING until *hold is let go. */
static struct cf_future *submit_pending(struct cf_executor *e, struct hold *hold)
{
	cf_future_release(hold_worker(e, hold));
	return submit_told(e, task_value, hold);
}

static void refuse_told(struct cf_executor *e, enum cf_status expected)
{
	struct cf_call call = {task_value, NULL, note_release, note_outcome};

	EXPECT_STATUS(expected, cf_executor_submit_call(e, &call, NULL));
	expect_told(0, 0, 0, 0);
}

/* ---- it ran ------------------------------------------------------------------------ */

static void run(cf_task *task, enum cf_status status)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *held = hold_worker(e, &hold), *f = submit_told(e, task, NULL);

	told.future = f;
	gate_open(&hold.leave);
	expect_end(cf_future_retain(f), status);
	/* On the worker, before its future is FINISHED. */
	ck_assert(told.released_first);
	expect_told(1, 1, 0, 0);
	pool_end(e);
	cf_future_release(held);
	expect_told(1, 1, 0, 0);
	cf_future_release(f);
}

TEST(of_a_value)
{
	run(task_value, CF_OK);
	expect_told(1, 1, 1, 0);
	ck_assert_ptr_eq(&value, told.outcome);
}

TEST(of_an_exception)
{
	run(task_exception, CF_RAISED);
	expect_told(1, 1, 0, 1);
	ck_assert_ptr_eq(&value, told.outcome);
}

/* What it had put in *outcome does not count. */
TEST(of_a_thread_that_ended)
{
	run(task_exit, CF_RAISED);
	expect_told(1, 1, 0, 1);
	ck_assert_ptr_null(told.outcome);
}

TEST(of_a_future_that_nobody_asked_for)
{
	struct cf_call call = {task_value, NULL, note_release, note_outcome};
	struct cf_executor *e = pool_new(1);

	EXPECT_STATUS(CF_OK, cf_executor_submit_call(e, &call, NULL));
	pool_end(e);
	expect_told(1, 1, 1, 0);
}

TEST(of_a_future_dropped_before_it_ran)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;

	cf_future_release(submit_pending(e, &hold));
	expect_told(0, 0, 0, 0);
	gate_open(&hold.leave);
	pool_end(e);
	expect_told(1, 1, 1, 0);
}

TEST(of_one_dropped_by_its_own_callback)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	atomic_int called = 0;
	struct cf_future *f = submit_pending(e, &hold);

	cf_future_add_done_callback(f, callback_count, &called);
	cf_future_release(f);
	gate_open(&hold.leave);
	pool_end(e);
	ck_assert_int_eq(1, called);
	expect_told(1, 1, 1, 0);
}

/* ---- it never ran -------------------------------------------------------------------- */

TEST(of_one_that_was_cancelled)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *f = submit_pending(e, &hold);

	ck_assert(cf_future_cancel(f));
	expect_told(0, 1, 0, 0);
	ck_assert(cf_future_cancel(f));
	gate_open(&hold.leave);
	pool_end(e);
	cf_future_release(f);
	expect_told(0, 1, 0, 0);
}

TEST(of_one_that_was_cancelled_and_dropped_at_once)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *f = submit_pending(e, &hold);

	ck_assert(cf_future_cancel(f));
	cf_future_release(f);
	gate_open(&hold.leave);
	pool_end(e);
	expect_told(0, 1, 0, 0);
}

static void cancel_by_shutdown(bool before)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *f = submit_pending(e, &hold);

	if (before)
		ck_assert(cf_future_cancel(f));
	cf_executor_shutdown(e, CF_CANCEL_FUTURES);
	expect_told(0, 1, 0, 0);
	EXPECT_STATE(CF_STATE_CANCELLED_AND_NOTIFIED, f);
	gate_open(&hold.leave);
	pool_end(e);
	cf_future_release(f);
	expect_told(0, 1, 0, 0);
}

TEST(of_one_that_a_shutdown_cancelled)
{
	cancel_by_shutdown(false);
}

TEST(of_one_that_was_cancelled_before_a_shutdown)
{
	cancel_by_shutdown(true);
}

static struct gate broken;

static int initializer_fail(void *unused)
{
	(void)unused;
	gate_wait(&broken);
	return CF_RAISED;
}

static void ignore_log(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static void break_pool(bool cancel)
{
	struct cf_executor *e = pool_with_initializer(1, initializer_fail, NULL);
	struct cf_future *f = submit_told(e, task_value, NULL);

	cf_set_log_hook(ignore_log, NULL);
	if (cancel)
		ck_assert(cf_future_cancel(f));
	gate_open(&broken);
	pool_end(e);
	expect_end(f, cancel ? CF_CANCELLED : CF_BROKEN);
	expect_told(0, 1, 0, 0);
}

TEST(of_one_whose_pool_broke)
{
	break_pool(false);
}

TEST(of_one_that_was_cancelled_before_its_pool_broke)
{
	break_pool(true);
}

/* ---- it was refused --------------------------------------------------------------------- */

TEST(of_one_refused_after_shutdown)
{
	struct cf_executor *e = pool_new(1);

	cf_executor_shutdown(e, CF_WAIT);
	refuse_told(e, CF_SHUTDOWN);
	cf_executor_release(e);
}

TEST(of_one_refused_by_a_broken_pool)
{
	struct cf_executor *e = pool_with_initializer(1, initializer_fail, NULL);

	cf_set_log_hook(ignore_log, NULL);
	gate_open(&broken);
	expect_end(submit(e, task_must_not_run, NULL), CF_BROKEN);
	refuse_told(e, CF_BROKEN);
	pool_end(e);
	expect_told(0, 0, 0, 0);
}

/* ---- its future was finished by a caller ------------------------------------------------ */

/* An outcome that a caller gives is the future's as well. */
TEST(of_one_that_a_caller_finished_before_it_ran)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *f = submit_pending(e, &hold);

	EXPECT_STATUS(CF_OK, cf_future_set_result(f, &callers));
	gate_open(&hold.leave);
	pool_end(e);
	expect_told(0, 1, 0, 0);
	expect_value(f, &callers);
	expect_told(0, 1, 1, 0);
	ck_assert_ptr_eq(&callers, told.outcome);
}

/* The task's own outcome comes too late: it is released at once, the other with f. */
TEST(of_one_that_a_caller_finished_while_it_ran)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold = {0};
	struct cf_future *f = submit_told(e, task_held_value, &hold);

	gate_wait(&hold.begun);
	EXPECT_STATUS(CF_OK, cf_future_set_exception(f, &callers));
	gate_open(&hold.leave);
	pool_end(e);
	expect_told(1, 1, 1, 0);
	ck_assert_ptr_eq(&value, told.outcome);
	expect_end(f, CF_RAISED);
	expect_told(1, 1, 1, 1);
	ck_assert_ptr_eq(&callers, told.outcome);
}

TEST(of_one_that_a_caller_began)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *f = submit_pending(e, &hold);
	bool run;

	EXPECT_STATUS(CF_OK, cf_future_set_running_or_notify_cancel(f, &run));
	gate_open(&hold.leave);
	pool_end(e);
	expect_told(0, 1, 0, 0);
	EXPECT_STATE(CF_STATE_RUNNING, f);
	EXPECT_STATUS(CF_OK, cf_future_set_result(f, &callers));
	expect_value(f, &callers);
	expect_told(0, 1, 1, 0);
}

/* RUNNING is no state that a shutdown cancels. */
TEST(of_one_that_a_caller_began_before_a_shutdown)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *f = submit_pending(e, &hold);
	bool run;

	EXPECT_STATUS(CF_OK, cf_future_set_running_or_notify_cancel(f, &run));
	cf_executor_shutdown(e, CF_CANCEL_FUTURES);
	expect_told(0, 1, 0, 0);
	EXPECT_STATE(CF_STATE_RUNNING, f);
	EXPECT_STATUS(CF_OK, cf_future_set_result(f, &callers));
	gate_open(&hold.leave);
	pool_end(e);
	expect_value(f, &callers);
	expect_told(0, 1, 1, 0);
}

TEST(of_one_that_a_caller_cancelled_and_notified)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *f = submit_pending(e, &hold);
	bool run;

	ck_assert(cf_future_cancel(f));
	EXPECT_STATUS(CF_OK, cf_future_set_running_or_notify_cancel(f, &run));
	gate_open(&hold.leave);
	pool_end(e);
	cf_future_release(f);
	expect_told(0, 1, 0, 0);
}

/* ---- idle workers ----------------------------------------------------------------------- */

/* Its handle was dropped and its worker has gone idle: nothing holds it. */
TEST(an_idle_worker_holds_nothing)
{
	struct cf_executor *e = pool_new(1);

	expect_value(submit_told(e, task_value, NULL), &value);
	await_sleepers(1);
	expect_told(1, 1, 1, 0);
	pool_end(e);
}
