/* SPDX-License-Identifier: MIT */
/* Callback: one that raises is the business of nobody but the log. */
#include "callbacks.h"

static int callback_note_and_raise(struct pp_future *f, void *arg)
{
	callback_note(f, arg);
	return PP_RAISED;
}

CASE(callback_13_others_called_when_finished)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	struct record *order = add_notes(f, NOTES, callback_note_and_raise);

	gate_open(gate);
	expect_order(order, NOTES);
}

CASE(callback_13_others_called_when_cancelled)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_PENDING, &gate);
	struct record *order = add_notes(f, NOTES, callback_note_and_raise);

	REQUIRE(cancel(f));
	gate_open(gate);
	expect_order(order, NOTES);
}

CASE(callback_13_others_called_when_the_pool_breaks)
{
	struct pp_executor *e;
	struct gate *gate;
	struct record *order = add_notes(future_about_to_break(&e, &gate), NOTES, callback_note_and_raise);

	gate_open(gate);
	expect_order(order, NOTES);
}

CASE(callback_13_others_called_when_shutdown_cancels)
{
	struct pp_executor *e;
	struct gate *gate;
	struct record *order = add_notes(future_about_to_be_cancelled(&e, &gate), NOTES, callback_note_and_raise);

	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(gate);
	expect_order(order, NOTES);
}

CASE(callback_13_author_others_called)
{
	struct pp_future *f = future_in(F_RUNNING);
	struct record *order = add_notes(f, NOTES, callback_note_and_raise);

	EXPECT_STATUS(PP_OK, set_result(f, THE_VALUE));
	expect_order(order, NOTES);
}

static void expect_outcome_kept(pp_task *task, void *arg, enum future_state s)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *f = submit(e, task, arg);
	struct counter *calls = counter_new();

	add_callback(f, callback_raise, calls);
	gate_open(gate);
	counter_await(calls, 1);
	expect_result(f, s, PP_FOREVER);
	shutdown_wait(e);
	context("its done callback has raised");
	expect_in(f, s);
}

CASE(callback_14_value_kept)
{
	expect_outcome_kept(task_return, THE_VALUE, F_RETURNED);
}

CASE(callback_14_exception_kept)
{
	expect_outcome_kept(task_raise, THE_EXCEPTION, F_RAISED);
}

CASE(callback_14_kept_when_added_late)
{
	struct pp_future *f = submitted_in(F_RETURNED, NULL);

	add_done_callback(f, callback_raise, NULL);
	expect_in(f, F_RETURNED);
}

/* More callbacks raise than there are workers to lose. */
CASE(callback_15_executor_goes_on)
{
	struct pp_executor *e = executor_new(1);
	struct counter *calls = counter_new();
	int i;

	for (i = 0; i < 10; i++) {
		struct gate *gate = hold(e, 1);

		add_callback(submit(e, task_return, token(i)), callback_raise, calls);
		gate_open(gate);
		counter_await(calls, i + 1);
	}
	context("%d callbacks have raised", i);
	expect_result(submit(e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
}

CASE(callback_15_shutdown_returns)
{
	struct gate *gate;
	struct pp_executor *e = executor_new(1);
	struct pp_future *f;

	gate = hold(e, 1);
	f = submit(e, task_return, THE_VALUE);
	add_callback(f, callback_raise, NULL);
	gate_open(gate);
	context("a done callback raises while the executor is shutting down");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
}

CASE(callback_16_cancel_returns_true)
{
	struct pp_future *f = submitted_in(F_PENDING, NULL);

	add_callback(f, callback_raise, NULL);
	context("a done callback of the future raises");
	EXPECT(cancel(f));
	expect_in(f, F_CANCELLED);
}

static void expect_not_reported(enum future_state s)
{
	struct pp_future *f = submitted_in(s, NULL);
	struct counter *calls = counter_new();

	context("a callback that raises was added to %s", future_called(s));
	EXPECT_STATUS(PP_OK, add_done_callback(f, callback_raise, calls));
	EXPECT_INT(1, counter_value(calls));
}

CASE(callback_17_not_reported_when_returned)
{
	expect_not_reported(F_RETURNED);
}

CASE(callback_17_not_reported_when_raised)
{
	expect_not_reported(F_RAISED);
}

CASE(callback_17_not_reported_when_cancelled)
{
	expect_not_reported(F_CANCELLED);
}

CASE(callback_18_logged_when_finished)
{
	struct gate *gate;
	struct record *log;
	struct pp_future *f;
	int i;

	NEED(set_log_hook);
	log = log_record();
	for (i = 1; i <= 3; i++) {
		f = submitted_in(F_RUNNING, &gate);
		add_callback(f, callback_raise, NULL);
		gate_open(gate);
		record_await(log, i);
	}
	EXPECT_AT_LEAST(3, record_count(log));
}

/* CALLBACK-18: however many have raised before. */
CASE(callback_18_author_logged_each_of_a_hundred_times)
{
	struct record *log;

	NEED(set_log_hook);
	log = log_record();
	for (int i = 1; i <= 100; i++) {
		struct pp_future *f = future_in(F_RUNNING);

		add_callback(f, callback_raise, NULL);
		REQUIRE(set_result(f, THE_VALUE) == PP_OK);
	}
	context("lines logged about a hundred callbacks that raised");
	EXPECT_AT_LEAST(100, record_count(log));
}

CASE(callback_18_author_logged_when_finished)
{
	struct record *log;
	struct pp_future *f;

	NEED(set_log_hook);
	f = future_in(F_RUNNING);
	log = log_record();
	add_callback(f, callback_raise, NULL);
	REQUIRE(set_result(f, THE_VALUE) == PP_OK);
	record_await(log, 1);
	EXPECT_AT_LEAST(1, record_count(log));
}

/* How many lines a pool logs that breaks; what breaks it may be logged too. */
static long lines_of_a_breaking_pool(pp_done_callback *callback)
{
	struct pp_executor *e;
	struct gate *gate;
	struct pp_future *f = future_about_to_break(&e, &gate);
	struct record *log = log_record();

	add_callback(f, callback, counter_new());
	gate_open(gate);
	REQUIRE(shutdown_wait(e) == PP_OK);
	return record_count(log);
}

CASE(callback_18_logged_when_the_pool_breaks)
{
	long without;

	NEED(set_log_hook);
	without = lines_of_a_breaking_pool(callback_count);
	context("lines logged by a pool that breaks, whose future has a callback that raises; %ld if none does", without);
	EXPECT_AT_LEAST(without + 1, lines_of_a_breaking_pool(callback_raise));
}

CASE(callback_19_logged_when_added_late)
{
	struct record *log;
	struct pp_future *f;

	NEED(set_log_hook);
	f = submitted_in(F_RETURNED, NULL);
	log = log_record();
	add_done_callback(f, callback_raise, NULL);
	add_done_callback(f, callback_raise, NULL);
	context("two callbacks that were added to a FINISHED future have raised");
	EXPECT_AT_LEAST(2, record_count(log));
}

CASE(callback_20_logged_when_cancelled)
{
	struct gate *gate;
	struct record *log;
	struct pp_future *f;

	NEED(set_log_hook);
	f = submitted_in(F_PENDING, &gate);
	log = log_record();
	add_callback(f, callback_raise, NULL);
	REQUIRE(cancel(f));
	gate_open(gate);
	record_await(log, 1);
	EXPECT_AT_LEAST(1, record_count(log));
}

CASE(callback_20_logged_when_shutdown_cancels)
{
	struct pp_executor *e;
	struct gate *gate;
	struct record *log;
	struct pp_future *f;

	NEED(set_log_hook);
	f = future_about_to_be_cancelled(&e, &gate);
	log = log_record();
	add_callback(f, callback_raise, NULL);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(gate);
	record_await(log, 1);
	EXPECT_AT_LEAST(1, record_count(log));
}
