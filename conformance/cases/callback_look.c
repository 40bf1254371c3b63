/* SPDX-License-Identifier: MIT */
/* Callback: what it is given and what it sees, in which thread and which process. */
#include "callbacks.h"

#include <string.h>
#include <unistd.h>

/* ---- what it is given -------------------------------------------------- */

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

	add_callback(f, callback_keep_argument, record);
	gate_open(gate);
	record_await(record, 1);
	EXPECT_INT((long)record, record_at(record, 0));
}

CASE(callback_9_argument_when_added_late)
{
	struct record *record = record_new();

	add_callback(submitted_in(F_RETURNED, NULL), callback_keep_argument, record);
	EXPECT_INT((long)record, record_at(record, 0));
}

static int callback_null_argument(struct pp_future *f, void *arg)
{
	return arg ? callback_must_not_run(f, arg) : PP_OK;
}

CASE(callback_9_argument_may_be_null)
{
	struct pp_future *f = future_in(F_PENDING);

	add_callback(f, callback_null_argument, NULL);
	EXPECT_STATUS(PP_OK, set_result(f, THE_VALUE));
	EXPECT_STATUS(PP_OK, add_done_callback(f, callback_null_argument, NULL));
}

/* ---- what it sees ------------------------------------------------------ */

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

	add_callback(f, callback_wait_for_own, look);
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

/* ---- threads and processes --------------------------------------------- */

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
			add_callback(finisher.f[i], callback_count, calls[i]);
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

		add_callback(f, callback_count, calls);
		add_callback(f, callback_count, calls);
		counter_await(calls, 2 * i + 2);
	}
	shutdown_wait(e);
	EXPECT_INT(200, counter_value(calls));
}

CASE(callback_35_four_thousand)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	struct record *order = add_notes(f, 4000, callback_note);

	gate_open(gate);
	expect_order(order, 4000);
}

/* CALLBACK-35: more than 16 bits can count. */
CASE(callback_35_seventy_thousand)
{
	enum { N = 70000 };
	struct pp_future *f = future_in(F_RUNNING);
	struct counter *calls = counter_new();

	for (int i = 0; i < N; i++)
		add_callback(f, callback_count, calls);
	REQUIRE(set_result(f, THE_VALUE) == PP_OK);
	context("calls of %d callbacks of one future", N);
	EXPECT_INT(N, counter_value(calls));
}

static void finish(void *f)
{
	backend()->set_result(f, THE_VALUE);
}

/* CALLBACK-35: what finishes it has no place on its stack for a frame of each. */
CASE(callback_35_twenty_thousand_on_a_small_stack)
{
	enum { N = 20000 };
	struct pp_future *f = future_new();
	struct counter *calls = counter_new();

	for (int i = 0; i < N; i++)
		add_callback(f, callback_count, calls);
	NEED(set_result);
	on_a_small_stack(finish, f);
	context("a future with %d callbacks, which a thread with a small stack has finished", N);
	expect_in(f, F_RETURNED);
	EXPECT_INT(N, counter_value(calls));
}

/* A future whose callback waits at the gate returned. */
static struct gate *stuck_in_callback(struct pp_future **f)
{
	struct gate *held, *in_callback = gate_new();

	*f = submitted_in(F_RUNNING, &held);
	add_callback(*f, callback_pass_gate, in_callback);
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
		add_callback(submit(e, must_not_run, NULL), callback_count, calls);
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
	add_callback(f, callback_count, calls);
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

	add_callback(submit(e, task_fill, sum.words), callback_sum, &sum);
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
	add_callback(other, callback_count, calls);
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

	add_callback(f, callback_count, calls);
	add_callback(other, callback_count, other_calls);
	REQUIRE(set_result(other, THE_VALUE) == PP_OK);
	counter_await(other_calls, 1);
	context("another future has finished");
	EXPECT_INT(0, counter_value(calls));
}
