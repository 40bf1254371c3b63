/* SPDX-License-Identifier: MIT */
/*
 * Callback: what is called when a future is done.
 *
 * No case assumes which thread calls it, nor that it has been called when
 * result returns: a case waits for the call itself.
 */
#include "futures.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* ---- callbacks that record ---------------------------------------------------- */

struct note {
	struct record *order;
	long value;
};

static int callback_note(struct pp_future *f, void *arg)
{
	struct note *note = arg;

	(void)f;
	record_add(note->order, note->value);
	return PP_OK;
}

static int callback_note_and_raise(struct pp_future *f, void *arg)
{
	callback_note(f, arg);
	return PP_RAISED;
}

static int callback_raise(struct pp_future *f, void *arg)
{
	(void)f;
	if (arg)
		counter_add(arg, 1);
	return PP_RAISED;
}

/* What a callback sees of its future, and where. */
struct look {
	struct counter *calls;
	struct pp_future *f;
	int done;
	int cancelled;
	int status;
	void *outcome;
	pid_t pid;
	pthread_t thread;
};

static int callback_look(struct pp_future *f, void *arg)
{
	struct look *look = arg;

	look->f = f;
	look->done = backend()->done ? backend()->done(f) : -1;
	look->cancelled = backend()->cancelled ? backend()->cancelled(f) : -1;
	look->status = backend()->result(f, 0, &look->outcome);
	look->pid = getpid();
	look->thread = pthread_self();
	counter_add(look->calls, 1);
	return PP_OK;
}

static struct look *look_new(void)
{
	struct look *look = shared_alloc(sizeof(*look));

	look->calls = counter_new();
	return look;
}

static void add(struct pp_future *f, pp_done_callback *callback, void *arg)
{
	REQUIRE(add_done_callback(f, callback, arg) == PP_OK);
}

/* ---- called, and once -------------------------------------------------------- */

static void expect_called_on_finish(enum future_state s)
{
	struct pp_future *f = future_in(F_RUNNING);
	struct counter *calls = counter_new();

	add(f, callback_count, calls);
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

	add(f, callback_count, calls);
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

/* With an executor that runs tasks inside submit the future is done already. */
CASE(callback_1_whenever_it_is_added)
{
	struct pp_executor *e = executor_any();
	struct counter *calls = counter_new();
	int i;

	for (i = 0; i < 100; i++)
		add(submit(e, task_return, token(i)), callback_count, calls);
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

	add(f, callback_count, calls);
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

	add(f, callback_count, calls);
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

	add(f, callback_count, calls);
	REQUIRE(cancel(f));
	counter_await(calls, 1);
	EXPECT_INT(1, counter_value(calls));
}

CASE(callback_4_author_cancelled_and_not_notified)
{
	struct pp_future *f = future_in(F_PENDING);
	struct counter *calls = counter_new();

	add(f, callback_count, calls);
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

	add(f, callback_count, calls);
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

	add(f, callback_count, calls);
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

	add(f, callback_count, calls);
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

	add(f, callback_count, calls);
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

	add(f, callback_count, calls);
	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_OK && !run);
	EXPECT_INT(1, counter_value(calls));
}

CASE(callback_7_not_again_when_cancelled_again)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_PENDING, &gate);
	struct counter *calls = counter_new();

	add(f, callback_count, calls);
	REQUIRE(cancel(f));
	REQUIRE(cancel(f));
	gate_open(gate);
	counter_await(calls, 1);
	REQUIRE(cancel(f));
	context("the future was cancelled three times");
	EXPECT_INT(1, counter_value(calls));
}

/* ---- what it is given ------------------------------------------------------ */

/* A look at f, which the case makes done after this, or has made so before. */
static struct look *look_at(struct pp_future *f)
{
	struct look *look = look_new();

	add(f, callback_look, look);
	return look;
}

static struct look *look_at_finished_by_executor(struct pp_future **f)
{
	struct gate *gate;
	struct look *look;

	*f = submitted_in(F_RUNNING, &gate);
	look = look_at(*f);
	gate_open(gate);
	counter_await(look->calls, 1);
	return look;
}

static struct look *look_at_cancelled(struct pp_future **f)
{
	struct gate *gate;
	struct look *look;

	*f = submitted_in(F_PENDING, &gate);
	look = look_at(*f);
	REQUIRE(cancel(*f));
	gate_open(gate);
	counter_await(look->calls, 1);
	return look;
}

CASE(callback_8_same_future_when_finished)
{
	struct pp_future *f;
	struct look *look = look_at_finished_by_executor(&f);

	EXPECT_PTR(f, look->f);
}

CASE(callback_8_same_future_when_cancelled)
{
	struct pp_future *f;
	struct look *look = look_at_cancelled(&f);

	EXPECT_PTR(f, look->f);
}

CASE(callback_8_same_future_when_added_late)
{
	struct pp_future *f = submitted_in(F_RETURNED, NULL);

	EXPECT_PTR(f, look_at(f)->f);
}

CASE(callback_8_each_its_own_future)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *f[10];
	struct look *look[10];
	int i;

	for (i = 0; i < 10; i++) {
		f[i] = submit(e, task_return, token(i));
		look[i] = look_at(f[i]);
	}
	gate_open(gate);
	for (i = 0; i < 10; i++) {
		counter_await(look[i]->calls, 1);
		context("the callback of future %d of 10", i + 1);
		EXPECT_PTR(f[i], look[i]->f);
	}
}

static int callback_keep_argument(struct pp_future *f, void *arg)
{
	(void)f;
	record_add(arg, (long)arg);
	return PP_OK;
}

CASE(callback_9_argument_when_finished)
{
	struct record *record = record_new();
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);

	add(f, callback_keep_argument, record);
	gate_open(gate);
	record_await(record, 1);
	EXPECT_INT((long)record, record_at(record, 0));
}

CASE(callback_9_argument_when_added_late)
{
	struct record *record = record_new();

	add(submitted_in(F_RETURNED, NULL), callback_keep_argument, record);
	EXPECT_INT((long)record, record_at(record, 0));
}

static int callback_null_argument(struct pp_future *f, void *arg)
{
	return arg ? callback_must_not_run(f, arg) : PP_OK;
}

CASE(callback_9_argument_may_be_null)
{
	struct pp_future *f = future_in(F_PENDING);

	add(f, callback_null_argument, NULL);
	EXPECT_STATUS(PP_OK, set_result(f, THE_VALUE));
	EXPECT_STATUS(PP_OK, add_done_callback(f, callback_null_argument, NULL));
}

/* ---- order ------------------------------------------------------------------- */

#define NOTES 10

static struct record *add_notes(struct pp_future *f, int count, pp_done_callback *callback)
{
	struct record *order = record_new();
	int i;

	for (i = 0; i < count; i++) {
		struct note *note = shared_alloc(sizeof(*note));

		*note = (struct note){order, i};
		add(f, callback, note);
	}
	return order;
}

static void expect_order(struct record *order, int count)
{
	int i;

	record_await(order, count);
	for (i = 0; i < count; i++) {
		context("of %d callbacks, the one that was called as number %d", count, i);
		EXPECT_INT(i, record_at(order, i));
	}
	EXPECT_INT(count, record_count(order));
}

CASE(callback_10_order_when_finished)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	struct record *order = add_notes(f, NOTES, callback_note);

	gate_open(gate);
	expect_order(order, NOTES);
}

CASE(callback_10_order_when_added_in_two_states)
{
	struct pp_future *f = future_in(F_PENDING);
	struct record *order = record_new();
	struct note early = {order, 0}, late = {order, 1};
	bool run;

	add(f, callback_note, &early);
	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_OK);
	add(f, callback_note, &late);
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

/* A PENDING future of a pool that breaks when *gate is opened. */
static struct pp_future *about_to_break(struct pp_executor **e, struct gate **gate)
{
	*gate = gate_new();
	*e = executor_new_with_initializer(1, initializer_fail_at_gate, *gate);
	return submit(*e, must_not_run, NULL);
}

/* A PENDING future that shutdown can cancel, behind a worker held at *gate. */
static struct pp_future *about_to_be_cancelled(struct pp_executor **e, struct gate **gate)
{
	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	*e = executor_new(1);
	*gate = hold(*e, 1);
	return submit(*e, must_not_run, NULL);
}

CASE(callback_10_order_when_the_pool_breaks)
{
	struct pp_executor *e;
	struct gate *gate;
	struct record *order = add_notes(about_to_break(&e, &gate), NOTES, callback_note);

	gate_open(gate);
	expect_order(order, NOTES);
}

CASE(callback_11_order_when_shutdown_cancels)
{
	struct pp_executor *e;
	struct gate *gate;
	struct record *order = add_notes(about_to_be_cancelled(&e, &gate), NOTES, callback_note);

	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(gate);
	expect_order(order, NOTES);
}

CASE(callback_12_added_twice_called_twice)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	struct counter *calls = counter_new();

	add(f, callback_count, calls);
	add(f, callback_count, calls);
	gate_open(gate);
	counter_await(calls, 2);
	EXPECT_INT(2, counter_value(calls));
}

CASE(callback_12_added_twice_late_called_twice)
{
	struct pp_future *f = submitted_in(F_RETURNED, NULL);
	struct counter *calls = counter_new();

	add(f, callback_count, calls);
	add(f, callback_count, calls);
	EXPECT_INT(2, counter_value(calls));
}

/* ---- callbacks that raise ---------------------------------------------------- */

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
	struct record *order = add_notes(about_to_break(&e, &gate), NOTES, callback_note_and_raise);

	gate_open(gate);
	expect_order(order, NOTES);
}

CASE(callback_13_others_called_when_shutdown_cancels)
{
	struct pp_executor *e;
	struct gate *gate;
	struct record *order = add_notes(about_to_be_cancelled(&e, &gate), NOTES, callback_note_and_raise);

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

	add(f, callback_raise, calls);
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

		add(submit(e, task_return, token(i)), callback_raise, calls);
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
	add(f, callback_raise, NULL);
	gate_open(gate);
	context("a done callback raises while the executor is shutting down");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
}

CASE(callback_16_cancel_returns_true)
{
	struct pp_future *f = submitted_in(F_PENDING, NULL);

	add(f, callback_raise, NULL);
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

	NEED(set_log_hook);
	f = submitted_in(F_RUNNING, &gate);
	log = log_record();
	add(f, callback_raise, NULL);
	gate_open(gate);
	record_await(log, 1);
	EXPECT_AT_LEAST(1, record_count(log));
}

CASE(callback_18_author_logged_when_finished)
{
	struct record *log;
	struct pp_future *f;

	NEED(set_log_hook);
	f = future_in(F_RUNNING);
	log = log_record();
	add(f, callback_raise, NULL);
	REQUIRE(set_result(f, THE_VALUE) == PP_OK);
	record_await(log, 1);
	EXPECT_AT_LEAST(1, record_count(log));
}

/* How many lines a pool logs that breaks; what breaks it may be logged too. */
static long lines_of_a_breaking_pool(pp_done_callback *callback)
{
	struct pp_executor *e;
	struct gate *gate;
	struct pp_future *f = about_to_break(&e, &gate);
	struct record *log = log_record();

	add(f, callback, counter_new());
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
	context("a callback that was added to a FINISHED future has raised");
	EXPECT_AT_LEAST(1, record_count(log));
}

CASE(callback_20_logged_when_cancelled)
{
	struct gate *gate;
	struct record *log;
	struct pp_future *f;

	NEED(set_log_hook);
	f = submitted_in(F_PENDING, &gate);
	log = log_record();
	add(f, callback_raise, NULL);
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
	f = about_to_be_cancelled(&e, &gate);
	log = log_record();
	add(f, callback_raise, NULL);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(gate);
	record_await(log, 1);
	EXPECT_AT_LEAST(1, record_count(log));
}

/* ---- when, in each state -------------------------------------------------------- */

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

	add(f, callback_count, calls);
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

	add(f, callback_count, calls);
	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_OK && run);
	context("the future went from PENDING to RUNNING");
	EXPECT_INT(0, counter_value(calls));
}

CASE(callback_26_not_when_cancel_is_refused)
{
	struct pp_future *f = submitted_in(F_RUNNING, NULL);
	struct counter *calls = counter_new();

	add(f, callback_count, calls);
	REQUIRE(!cancel(f));
	context("cancel of a RUNNING future was refused");
	EXPECT_INT(0, counter_value(calls));
}

/* ---- what it sees --------------------------------------------------------------- */

CASE(callback_27_done_when_finished)
{
	struct pp_future *f;

	NEED(done);
	EXPECT_INT(true, look_at_finished_by_executor(&f)->done);
}

CASE(callback_27_done_when_cancelled)
{
	struct pp_future *f;

	NEED(done);
	EXPECT_INT(true, look_at_cancelled(&f)->done);
}

CASE(callback_27_author_done)
{
	struct pp_future *f = future_in(F_RUNNING);
	struct look *look = look_at(f);

	NEED(done);
	REQUIRE(set_exception(f, THE_EXCEPTION) == PP_OK);
	counter_await(look->calls, 1);
	EXPECT_INT(true, look->done);
}

CASE(callback_28_takes_the_value)
{
	struct pp_future *f;
	struct look *look = look_at_finished_by_executor(&f);

	EXPECT_STATUS(PP_OK, look->status);
	EXPECT_PTR(THE_VALUE, look->outcome);
}

CASE(callback_28_takes_the_exception)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct look *look = look_at(submit(e, task_raise, THE_EXCEPTION));

	gate_open(gate);
	counter_await(look->calls, 1);
	EXPECT_STATUS(PP_RAISED, look->status);
	EXPECT_PTR(THE_EXCEPTION, look->outcome);
}

static int callback_wait_for_own(struct pp_future *f, void *arg)
{
	struct look *look = arg;

	look->status = backend()->result(f, PP_FOREVER, &look->outcome);
	counter_add(look->calls, 1);
	return PP_OK;
}

CASE(callback_28_does_not_wait_for_itself)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	struct look *look = look_new();

	add(f, callback_wait_for_own, look);
	gate_open(gate);
	counter_await(look->calls, 1);
	context("a done callback asked for the result of its own future without a limit");
	EXPECT_STATUS(PP_OK, look->status);
	EXPECT_PTR(THE_VALUE, look->outcome);
}

CASE(callback_29_cancelled_sees_cancelled)
{
	struct pp_future *f;
	struct look *look;

	NEED(cancelled);
	look = look_at_cancelled(&f);
	EXPECT_INT(true, look->cancelled);
	EXPECT_STATUS(PP_CANCELLED, look->status);
}

CASE(callback_30_finished_sees_not_cancelled)
{
	struct pp_future *f;

	NEED(cancelled);
	EXPECT_INT(false, look_at_finished_by_executor(&f)->cancelled);
}

CASE(callback_30_dropped_sees_not_cancelled)
{
	struct pp_executor *e;
	struct pp_future *f;
	struct gate *gate;
	struct look *look;

	NEED(cancelled);
	NEED(future_release);
	e = executor_new(1);
	gate = hold(e, 1);
	f = submit(e, task_return, THE_VALUE);
	look = look_at(f);
	future_release(f);
	gate_open(gate);
	counter_await(look->calls, 1);
	context("the caller dropped its handle before the future was done");
	EXPECT_INT(false, look->cancelled);
	EXPECT_STATUS(PP_OK, look->status);
	EXPECT_PTR(THE_VALUE, look->outcome);
}

/* ---- callbacks that add callbacks ---------------------------------------------- */

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

	add(f, callback_add_another, nest);
	gate_open(gate);
	expect_nested(nest);
}

CASE(callback_31_added_in_a_callback_when_cancelled)
{
	struct nest *nest = nest_new();
	struct gate *gate;
	struct pp_future *f = submitted_in(F_PENDING, &gate);

	add(f, callback_add_another, nest);
	REQUIRE(cancel(f));
	gate_open(gate);
	expect_nested(nest);
}

CASE(callback_31_added_in_a_callback_that_was_added_late)
{
	struct nest *nest = nest_new();

	add(submitted_in(F_RETURNED, NULL), callback_add_another, nest);
	expect_nested(nest);
}

CASE(callback_32_the_rest_is_called_once)
{
	struct nest *nest = nest_new();
	struct counter *before = counter_new(), *after = counter_new();
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);

	add(f, callback_count, before);
	add(f, callback_add_another, nest);
	add(f, callback_add_another, nest);
	add(f, callback_count, after);
	gate_open(gate);
	counter_await(after, 1);
	counter_await(nest->outer, 2);
	EXPECT_INT(1, counter_value(before));
	EXPECT_INT(2, counter_value(nest->outer));
	EXPECT_INT(2, counter_value(nest->inner));
	EXPECT_INT(1, counter_value(after));
}

/* ---- threads and processes ------------------------------------------------------ */

CASE(callback_33_in_this_process_when_finished)
{
	struct pp_future *f;

	EXPECT_INT(getpid(), look_at_finished_by_executor(&f)->pid);
}

CASE(callback_33_in_this_process_when_cancelled)
{
	struct pp_future *f;

	EXPECT_INT(getpid(), look_at_cancelled(&f)->pid);
}

#define ROUNDS 100
#define ADDED 3

struct finisher {
	struct pp_future *f[ROUNDS];
	struct barrier *start[ROUNDS];
	bool by_cancel;
};

static void finish_each(void *arg)
{
	struct finisher *finisher = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		barrier_meet(finisher->start[i]);
		if (finisher->by_cancel)
			backend()->cancel(finisher->f[i]);
		else
			backend()->set_result(finisher->f[i], THE_VALUE);
	}
}

static void add_while_done(bool by_cancel)
{
	static struct finisher finisher;
	struct counter *calls[ROUNDS];
	struct thread *other;
	bool run;
	int i, j;

	finisher.by_cancel = by_cancel;
	NEED(set_result);
	NEED(cancel);
	for (i = 0; i < ROUNDS; i++) {
		finisher.f[i] = future_new();
		finisher.start[i] = barrier_new(2);
		calls[i] = counter_new();
	}
	other = thread_start(finish_each, &finisher);
	for (i = 0; i < ROUNDS; i++) {
		barrier_meet(finisher.start[i]);
		for (j = 0; j < ADDED; j++)
			add(finisher.f[i], callback_count, calls[i]);
	}
	thread_join(other);
	for (i = 0; i < ROUNDS; i++) {
		if (by_cancel) /* CALLBACK-3: it need not be told earlier */
			set_running_or_notify_cancel(finisher.f[i], &run);
		counter_await(calls[i], ADDED);
	}
	for (i = 0; i < ROUNDS; i++) {
		context("round %d: %d callbacks were added while the future became done", i, ADDED);
		EXPECT_INT(ADDED, counter_value(calls[i]));
	}
}

CASE(callback_34_added_while_finishing)
{
	add_while_done(false);
}

CASE(callback_34_added_while_being_cancelled)
{
	add_while_done(true);
}

CASE(callback_34_added_while_the_task_ends)
{
	struct pp_executor *e = executor_any();
	struct counter *calls = counter_new();
	int i;

	for (i = 0; i < 100; i++) {
		struct pp_future *f = submit(e, task_return, token(i));

		add(f, callback_count, calls);
		add(f, callback_count, calls);
		counter_await(calls, 2 * i + 2);
	}
	shutdown_wait(e);
	EXPECT_INT(200, counter_value(calls));
}

CASE(callback_35_a_thousand)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	struct record *order = add_notes(f, 1000, callback_note);

	gate_open(gate);
	expect_order(order, 1000);
}

static int callback_pass_gate(struct pp_future *f, void *arg)
{
	(void)f;
	gate_wait(arg);
	return PP_OK;
}

/* A future whose callback waits at the gate returned. */
static struct gate *stuck_in_callback(struct pp_future **f)
{
	struct gate *held, *in_callback = gate_new();

	*f = submitted_in(F_RUNNING, &held);
	add(*f, callback_pass_gate, in_callback);
	gate_open(held);
	gate_await(in_callback, 1);
	return in_callback;
}

CASE(callback_36_done_while_a_callback_runs)
{
	struct pp_future *f;
	struct gate *gate;

	NEED(done);
	gate = stuck_in_callback(&f);
	context("a done callback of the future is running");
	EXPECT(done(f));
	gate_open(gate);
}

CASE(callback_37_result_while_a_callback_runs)
{
	struct pp_future *f;
	struct gate *gate = stuck_in_callback(&f);

	expect_result(f, F_RETURNED, PP_FOREVER);
	gate_open(gate);
}

CASE(callback_37_another_is_added_while_a_callback_runs)
{
	struct pp_future *f;
	struct gate *gate = stuck_in_callback(&f);
	struct look *look = look_at(f);

	context("a callback was added while another one of the future was running");
	EXPECT_INT(1, counter_value(look->calls));
	EXPECT_STATUS(PP_OK, look->status);
	gate_open(gate);
}

CASE(callback_38_once_when_shutdown_cancels)
{
	struct pp_executor *e;
	struct counter *calls = counter_new();
	struct gate *gate;
	int i;

	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	e = executor_new(1);
	gate = hold(e, 1);
	for (i = 0; i < 10; i++)
		add(submit(e, must_not_run, NULL), callback_count, calls);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(gate);
	shutdown_wait(e);
	counter_await(calls, 10);
	context("shutdown has cancelled 10 futures with a callback each");
	EXPECT_INT(10, counter_value(calls));
}

/* Cancelled by its caller first, then by shutdown: still once. */
CASE(callback_38_once_when_shutdown_cancels_again)
{
	struct pp_executor *e;
	struct counter *calls = counter_new();
	struct pp_future *f;
	struct gate *gate;

	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	e = executor_new(1);
	gate = hold(e, 1);
	f = submit(e, must_not_run, NULL);
	add(f, callback_count, calls);
	REQUIRE(cancel(f));
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(gate);
	shutdown_wait(e);
	counter_await(calls, 1);
	EXPECT_INT(1, counter_value(calls));
}

#define WORDS 512

static int task_fill(void *arg, void **outcome)
{
	memset(arg, 1, WORDS);
	*outcome = arg;
	return PP_OK;
}

struct sum {
	unsigned char *words;
	struct counter *found;
	struct counter *calls;
};

static int callback_sum(struct pp_future *f, void *arg)
{
	struct sum *sum = arg;
	int i;

	(void)f;
	for (i = 0; i < WORDS; i++)
		counter_add(sum->found, sum->words[i]);
	counter_add(sum->calls, 1);
	return PP_OK;
}

CASE(callback_39_sees_what_the_task_did)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct sum sum = {shared_alloc(WORDS), counter_new(), counter_new()};

	add(submit(e, task_fill, sum.words), callback_sum, &sum);
	gate_open(gate);
	counter_await(sum.calls, 1);
	context("so many of the bytes that the task wrote were there for the callback");
	EXPECT_INT(WORDS, counter_value(sum.found));
}

CASE(callback_40_not_for_another_future)
{
	struct pp_executor *e = executor_new(1);
	struct counter *calls = counter_new();
	struct gate *gate = hold(e, 1);
	struct pp_future *f = submit(e, task_return, THE_VALUE);
	struct pp_future *other;

	other = submit(e, task_return, THE_VALUE);
	add(other, callback_count, calls);
	REQUIRE(cancel(f));
	context("another future of the same executor was cancelled");
	EXPECT_INT(0, counter_value(calls));
	gate_open(gate);
	counter_await(calls, 1);
	EXPECT_INT(1, counter_value(calls));
}

CASE(callback_40_author_not_for_another_future)
{
	struct pp_future *f = future_new(), *other = future_new();
	struct counter *calls = counter_new(), *other_calls = counter_new();

	add(f, callback_count, calls);
	add(other, callback_count, other_calls);
	REQUIRE(set_result(other, THE_VALUE) == PP_OK);
	counter_await(other_calls, 1);
	context("another future has finished");
	EXPECT_INT(0, counter_value(calls));
}
