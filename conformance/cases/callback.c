/* SPDX-License-Identifier: MIT */
/*
 * Callback: that it is called when its future is done, once, and in which order.
 *
 * No case assumes which thread calls it, nor that it has been called when
 * result returns: a case waits for the call itself.
 */
#include "callbacks.h"

/* ---- called, and once -------------------------------------------------- */

static void expect_called_on_finish(enum future_state s)
{
	struct pp_future *f = future_in(F_RUNNING);
	struct counter *calls = counter_new();

	add_callback(f, callback_count, calls);
	REQUIRE((s == F_RAISED ? set_exception(f, THE_EXCEPTION) : set_result(f, THE_VALUE)) == PP_OK);
	counter_await(calls, 1);
	EXPECT_INT(1, counter_value(calls));
}

/* The future is RUNNING when the callback is added, so its end sets it off. */
static void expect_called_by_executor(pp_task *task, void *arg)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *f = submit(e, task, arg);
	struct counter *calls = counter_new();

	add_callback(f, callback_count, calls);
	gate_open(gate);
	counter_await(calls, 1);
	shutdown_wait(e);
	EXPECT_INT(1, counter_value(calls));
}

CASE(callback_1_submitted_value)
{
	expect_called_by_executor(task_return, THE_VALUE);
}

CASE(callback_1_author_value)
{
	expect_called_on_finish(F_RETURNED);
}

static void expect_called_with_null(pp_task *task, int (*set)(struct pp_future *f, void *outcome))
{
	struct pp_future *f = future_in(F_RUNNING);
	struct counter *calls = counter_new();

	expect_called_by_executor(task, NULL);
	add_callback(f, callback_count, calls);
	REQUIRE(set(f, NULL) == PP_OK);
	EXPECT_INT(1, counter_value(calls));
}

/* NULL is a value like any other. */
CASE(callback_1_null_value)
{
	expect_called_with_null(task_return, set_result);
}

CASE(callback_2_null_exception)
{
	expect_called_with_null(task_raise, set_exception);
}

/* With an executor that runs tasks inside submit the future is done already. */
CASE(callback_1_whenever_it_is_added)
{
	struct pp_executor *e = executor_any();
	struct counter *calls = counter_new();
	int i;

	for (i = 0; i < 100; i++)
		add_callback(submit(e, task_return, token(i)), callback_count, calls);
	counter_await(calls, 100);
	shutdown_wait(e);
	EXPECT_INT(100, counter_value(calls));
}

CASE(callback_2_submitted_exception)
{
	expect_called_by_executor(task_raise, THE_EXCEPTION);
}

CASE(callback_2_author_exception)
{
	expect_called_on_finish(F_RAISED);
}

CASE(callback_3_submitted_cancelled)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_PENDING, &gate);
	struct counter *calls = counter_new();

	add_callback(f, callback_count, calls);
	REQUIRE(cancel(f));
	gate_open(gate);
	counter_await(calls, 1);
	EXPECT_INT(1, counter_value(calls));
}

CASE(callback_3_author_cancelled)
{
	struct pp_future *f = future_in(F_PENDING);
	struct counter *calls = counter_new();
	bool run;

	add_callback(f, callback_count, calls);
	REQUIRE(cancel(f));
	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_OK);
	counter_await(calls, 1);
	EXPECT_INT(1, counter_value(calls));
}

/* Every worker is busy until the callback has been called. */
CASE(callback_4_cancelled_while_workers_are_busy)
{
	struct pp_future *f = submitted_in(F_PENDING, NULL);
	struct counter *calls = counter_new();

	add_callback(f, callback_count, calls);
	REQUIRE(cancel(f));
	counter_await(calls, 1);
	EXPECT_INT(1, counter_value(calls));
}

CASE(callback_4_author_cancelled_and_not_notified)
{
	struct pp_future *f = future_in(F_PENDING);
	struct counter *calls = counter_new();

	add_callback(f, callback_count, calls);
	REQUIRE(cancel(f));
	counter_await(calls, 1);
	EXPECT_INT(1, counter_value(calls));
}

/* A further call would be made by one of the operations that are refused. */
CASE(callback_5_once_though_begun_and_cancelled_again)
{
	struct pp_future *f = future_in(F_RUNNING);
	struct counter *calls = counter_new();
	bool run;

	add_callback(f, callback_count, calls);
	REQUIRE(set_result(f, THE_VALUE) == PP_OK);
	counter_await(calls, 1);
	set_running_or_notify_cancel(f, &run);
	cancel(f);
	context("the future was finished, and then begun and cancelled again");
	EXPECT_INT(1, counter_value(calls));
}

CASE(callback_5_once_though_drained_and_asked)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *f = submit(e, task_return, THE_VALUE);
	struct counter *calls = counter_new();
	void *outcome;

	add_callback(f, callback_count, calls);
	gate_open(gate);
	result(f, PP_FOREVER, &outcome);
	counter_await(calls, 1);
	result(f, PP_FOREVER, &outcome);
	shutdown_wait(e);
	EXPECT_INT(1, counter_value(calls));
}

CASE(callback_6_submitted_not_again_when_noticed)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *f = submit(e, must_not_run, NULL);
	struct counter *calls = counter_new();

	add_callback(f, callback_count, calls);
	REQUIRE(cancel(f));
	gate_open(gate);
	counter_await(calls, 1);
	shutdown_wait(e);
	context("the executor has come upon the cancelled work item");
	EXPECT_INT(1, counter_value(calls));
}

CASE(callback_6_author_not_again_when_noticed)
{
	struct pp_future *f = future_in(F_PENDING);
	struct counter *calls = counter_new();
	bool run;

	add_callback(f, callback_count, calls);
	REQUIRE(cancel(f));
	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_OK && !run);
	counter_await(calls, 1);
	EXPECT_INT(1, counter_value(calls));
	EXPECT_STATUS(PP_INVALID_STATE, set_running_or_notify_cancel(f, &run));
	EXPECT_INT(1, counter_value(calls));
}

/* One that was added to a CANCELLED future has been called, and is forgotten. */
CASE(callback_6_added_late_not_again_when_noticed)
{
	struct pp_future *f = future_in(F_CANCELLED);
	struct counter *calls = counter_new();
	bool run;

	add_callback(f, callback_count, calls);
	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_OK && !run);
	EXPECT_INT(1, counter_value(calls));
}

CASE(callback_7_not_again_when_cancelled_again)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_PENDING, &gate);
	struct counter *calls = counter_new();

	add_callback(f, callback_count, calls);
	REQUIRE(cancel(f));
	REQUIRE(cancel(f));
	gate_open(gate);
	counter_await(calls, 1);
	REQUIRE(cancel(f));
	context("the future was cancelled three times");
	EXPECT_INT(1, counter_value(calls));
}

/* ---- order ------------------------------------------------------------- */

CASE(callback_10_order_when_finished)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	struct record *order = add_notes(f, NOTES, callback_note);

	gate_open(gate);
	expect_order(order, NOTES);
}

static int callback_note_too(struct pp_future *f, void *note)
{
	return callback_note(f, note);
}

/* Two functions by turns: those of one are not called together. */
CASE(callback_10_order_of_two_functions)
{
	struct pp_future *f = future_in(F_RUNNING);
	struct record *order = record_new();

	for (int i = 0; i < NOTES; i++) {
		struct note *n = shared_alloc(sizeof(*n));

		*n = (struct note){order, i};
		add_callback(f, i % 2 ? callback_note : callback_note_too, n);
	}
	REQUIRE(set_result(f, THE_VALUE) == PP_OK);
	expect_order(order, NOTES);
}

CASE(callback_10_order_when_added_in_two_states)
{
	struct pp_future *f = future_in(F_PENDING);
	struct record *order = record_new();
	struct note early = {order, 0}, late = {order, 1};
	bool run;

	add_callback(f, callback_note, &early);
	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_OK);
	add_callback(f, callback_note, &late);
	REQUIRE(set_result(f, THE_VALUE) == PP_OK);
	expect_order(order, 2);
}

CASE(callback_10_order_when_raised)
{
	struct pp_future *f = future_in(F_RUNNING);
	struct record *order = add_notes(f, NOTES, callback_note);

	REQUIRE(set_exception(f, THE_EXCEPTION) == PP_OK);
	expect_order(order, NOTES);
}

CASE(callback_11_order_when_cancelled)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_PENDING, &gate);
	struct record *order = add_notes(f, NOTES, callback_note);

	REQUIRE(cancel(f));
	gate_open(gate);
	expect_order(order, NOTES);
}

CASE(callback_11_author_order_when_cancelled)
{
	struct pp_future *f = future_in(F_PENDING);
	struct record *order = add_notes(f, NOTES, callback_note);
	bool run;

	REQUIRE(cancel(f));
	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_OK);
	expect_order(order, NOTES);
}

CASE(callback_10_order_when_the_pool_breaks)
{
	struct pp_executor *e;
	struct gate *gate;
	struct record *order = add_notes(future_about_to_break(&e, &gate), NOTES, callback_note);

	gate_open(gate);
	expect_order(order, NOTES);
}

CASE(callback_11_order_when_shutdown_cancels)
{
	struct pp_executor *e;
	struct gate *gate;
	struct record *order = add_notes(future_about_to_be_cancelled(&e, &gate), NOTES, callback_note);

	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(gate);
	expect_order(order, NOTES);
}

CASE(callback_12_added_twice_called_twice)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	struct counter *calls = counter_new();

	add_callback(f, callback_count, calls);
	add_callback(f, callback_count, calls);
	gate_open(gate);
	counter_await(calls, 2);
	EXPECT_INT(2, counter_value(calls));
}

/* Another one stands between the two. */
CASE(callback_12_added_twice_and_another_between)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	struct counter *calls = counter_new(), *others = counter_new();
	int i;

	for (i = 0; i < 3; i++) {
		add_callback(f, callback_count, calls);
		add_callback(f, callback_count, others);
	}
	gate_open(gate);
	counter_await(others, 3);
	EXPECT_INT(3, counter_value(calls));
}

CASE(callback_12_added_twice_late_called_twice)
{
	struct pp_future *f = submitted_in(F_RETURNED, NULL);
	struct counter *calls = counter_new();

	add_callback(f, callback_count, calls);
	add_callback(f, callback_count, calls);
	EXPECT_INT(2, counter_value(calls));
}

/* ---- when, in each state ----------------------------------------------- */

static void expect_at_once(struct pp_future *f, enum future_state s)
{
	struct counter *calls = counter_new();

	NEED(add_done_callback);
	context("a callback was added to %s", future_called(s));
	EXPECT_STATUS(PP_OK, add_done_callback(f, callback_count, calls));
	context("add_done_callback has returned; the callback was added to %s", future_called(s));
	EXPECT_INT(1, counter_value(calls));
}

CASE(callback_21_at_once_submitted_returned)
{
	expect_at_once(submitted_in(F_RETURNED, NULL), F_RETURNED);
}

CASE(callback_21_at_once_submitted_raised)
{
	expect_at_once(submitted_in(F_RAISED, NULL), F_RAISED);
}

CASE(callback_21_at_once_author_returned)
{
	expect_at_once(future_in(F_RETURNED), F_RETURNED);
}

CASE(callback_21_at_once_author_raised)
{
	expect_at_once(future_in(F_RAISED), F_RAISED);
}

CASE(callback_22_at_once_submitted_cancelled)
{
	expect_at_once(submitted_in(F_CANCELLED, NULL), F_CANCELLED);
}

CASE(callback_22_at_once_author_cancelled)
{
	expect_at_once(future_in(F_CANCELLED), F_CANCELLED);
}

CASE(callback_23_at_once_submitted_notified)
{
	expect_at_once(submitted_in(F_NOTIFIED, NULL), F_NOTIFIED);
}

CASE(callback_23_at_once_author_notified)
{
	expect_at_once(future_in(F_NOTIFIED), F_NOTIFIED);
}

static void expect_adding_thread(enum future_state s)
{
	struct look *look = look_at(submitted_in(s, NULL));

	context("the thread that called the callback is the one that added it to %s", future_called(s));
	EXPECT(pthread_equal(pthread_self(), look->thread));
}

CASE(callback_24_in_the_adding_thread_returned)
{
	expect_adding_thread(F_RETURNED);
}

CASE(callback_24_in_the_adding_thread_raised)
{
	expect_adding_thread(F_RAISED);
}

CASE(callback_24_in_the_adding_thread_cancelled)
{
	expect_adding_thread(F_CANCELLED);
}

CASE(callback_24_in_the_adding_thread_notified)
{
	expect_adding_thread(F_NOTIFIED);
}

static void expect_not_yet(struct pp_future *f, enum future_state s)
{
	struct counter *calls = counter_new();

	add_callback(f, callback_count, calls);
	context("a callback was added to %s", future_called(s));
	EXPECT_INT(0, counter_value(calls));
}

CASE(callback_25_not_while_submitted_pending)
{
	expect_not_yet(submitted_in(F_PENDING, NULL), F_PENDING);
}

CASE(callback_25_not_while_author_pending)
{
	expect_not_yet(future_in(F_PENDING), F_PENDING);
}

CASE(callback_26_not_while_submitted_running)
{
	expect_not_yet(submitted_in(F_RUNNING, NULL), F_RUNNING);
}

CASE(callback_26_not_while_author_running)
{
	expect_not_yet(future_in(F_RUNNING), F_RUNNING);
}

CASE(callback_26_not_when_it_begins)
{
	struct pp_future *f = future_in(F_PENDING);
	struct counter *calls = counter_new();
	bool run;

	add_callback(f, callback_count, calls);
	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_OK && run);
	context("the future went from PENDING to RUNNING");
	EXPECT_INT(0, counter_value(calls));
}

CASE(callback_26_not_when_cancel_is_refused)
{
	struct pp_future *f = submitted_in(F_RUNNING, NULL);
	struct counter *calls = counter_new();

	add_callback(f, callback_count, calls);
	REQUIRE(!cancel(f));
	context("cancel of a RUNNING future was refused");
	EXPECT_INT(0, counter_value(calls));
}

/* ---- callbacks that add callbacks -------------------------------------- */

struct nest {
	struct counter *inner;
	struct counter *outer;
	int status;
	long inner_on_return; /* calls of the inner one when add_done_callback had returned */
};

static int callback_add_another(struct pp_future *f, void *arg)
{
	struct nest *nest = arg;

	nest->status = backend()->add_done_callback(f, callback_count, nest->inner);
	nest->inner_on_return = counter_value(nest->inner);
	counter_add(nest->outer, 1);
	return PP_OK;
}

static struct nest *nest_new(void)
{
	struct nest *nest = shared_alloc(sizeof(*nest));

	nest->inner = counter_new();
	nest->outer = counter_new();
	return nest;
}

static void expect_nested(struct nest *nest)
{
	counter_await(nest->outer, 1);
	EXPECT_STATUS(PP_OK, nest->status);
	context("a callback has added another to its own future, and add_done_callback has returned");
	EXPECT_INT(1, nest->inner_on_return);
}

CASE(callback_31_added_in_a_callback_when_finished)
{
	struct nest *nest = nest_new();
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);

	add_callback(f, callback_add_another, nest);
	gate_open(gate);
	expect_nested(nest);
}

CASE(callback_31_added_in_a_callback_when_cancelled)
{
	struct nest *nest = nest_new();
	struct gate *gate;
	struct pp_future *f = submitted_in(F_PENDING, &gate);

	add_callback(f, callback_add_another, nest);
	REQUIRE(cancel(f));
	gate_open(gate);
	expect_nested(nest);
}

CASE(callback_31_added_in_a_callback_that_was_added_late)
{
	struct nest *nest = nest_new();

	add_callback(submitted_in(F_RETURNED, NULL), callback_add_another, nest);
	expect_nested(nest);
}

#define DEEP 50

/* Adds itself, until it was called DEEP times; outer counts those that saw that on return. */
static int callback_add_itself(struct pp_future *f, void *arg)
{
	struct nest *nest = arg;

	counter_add(nest->inner, 1);
	if (counter_value(nest->inner) == DEEP)
		return PP_OK;
	nest->status = backend()->add_done_callback(f, callback_add_itself, nest);
	if (counter_value(nest->inner) == DEEP)
		counter_add(nest->outer, 1);
	return PP_OK;
}

CASE(callback_31_fifty_deep)
{
	struct nest *nest = nest_new();

	add_callback(submitted_in(F_RETURNED, NULL), callback_add_itself, nest);
	context("of %d callbacks, each added by the one before it, those that saw the last one called on return", DEEP);
	EXPECT_INT(DEEP - 1, counter_value(nest->outer));
}

CASE(callback_32_the_rest_is_called_once)
{
	struct nest *nest = nest_new();
	struct counter *before = counter_new(), *after = counter_new();
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);

	add_callback(f, callback_count, before);
	add_callback(f, callback_add_another, nest);
	add_callback(f, callback_add_another, nest);
	add_callback(f, callback_count, after);
	gate_open(gate);
	counter_await(after, 1);
	counter_await(nest->outer, 2);
	EXPECT_INT(1, counter_value(before));
	EXPECT_INT(2, counter_value(nest->outer));
	EXPECT_INT(2, counter_value(nest->inner));
	EXPECT_INT(1, counter_value(after));
}
