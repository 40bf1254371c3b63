/* SPDX-License-Identifier: MIT */
/* Memory: when arguments, outcomes, futures and executors are let go of. */
#include "futures.h"

#include <string.h>

/* ---- release functions ---------------------------------------------------------- */

/* An argument that knows what has become of it. */
struct parcel {
	struct counter *released;
	struct gate *gate;
	long seen_by_task; /* releases so far, when the task ended */
	long written;	   /* by the task, for the release function */
	long found;	   /* by the release function */
};

static struct parcel *parcel_new(void)
{
	struct parcel *p = shared_alloc(sizeof(*p));

	p->released = counter_new();
	p->gate = gate_new();
	p->seen_by_task = -1;
	return p;
}

static void release_parcel(void *arg)
{
	struct parcel *p = arg;

	p->found = p->written;
	counter_add(p->released, 1);
}

static int task_use(void *arg, void **outcome)
{
	struct parcel *p = arg;

	p->written = 42;
	p->seen_by_task = counter_value(p->released);
	*outcome = THE_VALUE;
	return PP_OK;
}

static int task_use_and_raise(void *arg, void **outcome)
{
	task_use(arg, outcome);
	*outcome = THE_EXCEPTION;
	return PP_RAISED;
}

static int task_use_after_gate(void *arg, void **outcome)
{
	struct parcel *p = arg;

	gate_wait(p->gate);
	return task_use(arg, outcome);
}

static struct pp_future *send(struct pp_executor *e, pp_task *task, struct parcel *p)
{
	return submit_with_release(e, task, p, release_parcel);
}

static void expect_released_once(struct parcel *p, const char *what)
{
	context("the release function of the argument of a work item that %s, after shutdown", what);
	EXPECT_INT(1, counter_value(p->released));
}

CASE(mem_1_released_when_the_task_has_returned)
{
	struct pp_executor *e = executor_any();
	struct parcel *p = parcel_new();

	send(e, task_use, p);
	counter_await(p->released, 1);
	shutdown_wait(e);
	expect_released_once(p, "returned");
}

CASE(mem_1_each_of_many)
{
	struct pp_executor *e = executor_any();
	struct counter *released = counter_new();
	int i;

	for (i = 0; i < 200; i++)
		submit_with_release(e, task_return, released, release_count);
	counter_await(released, 200);
	shutdown_wait(e);
	EXPECT_INT(200, counter_value(released));
}

/* Most was meant for other workers, which are held. */
CASE(mem_1_each_of_many_by_the_only_free_worker)
{
	struct pp_executor *e = executor_new(4);
	struct gate *gate = hold(e, 3);
	struct counter *released = counter_new();
	int i;

	for (i = 0; i < 40; i++)
		submit_with_release(e, task_return, released, release_count);
	counter_await(released, 40);
	gate_open(gate);
	shutdown_wait(e);
	EXPECT_INT(40, counter_value(released));
}

CASE(mem_2_released_when_the_task_has_raised)
{
	struct pp_executor *e = executor_any();
	struct parcel *p = parcel_new();

	send(e, task_use_and_raise, p);
	counter_await(p->released, 1);
	shutdown_wait(e);
	expect_released_once(p, "raised");
}

CASE(mem_3_released_when_cancelled)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct parcel *p = parcel_new();

	REQUIRE(cancel(send(e, must_not_run, p)));
	gate_open(gate);
	shutdown_wait(e);
	expect_released_once(p, "was cancelled");
}

/* Whatever else is done to the future afterwards. */
CASE(mem_4_once_when_returned)
{
	struct pp_executor *e = executor_any();
	struct parcel *p = parcel_new();
	struct pp_future *f = send(e, task_use, p);
	void *outcome;

	result(f, PP_FOREVER, &outcome);
	if (HAS(cancel))
		cancel(f);
	result(f, PP_FOREVER, &outcome);
	shutdown_wait(e);
	shutdown_wait(e);
	if (HAS(future_release))
		future_release(f);
	expect_released_once(p, "returned and was cancelled too late");
}

CASE(mem_4_once_when_cancelled_twice)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct parcel *p = parcel_new();
	struct pp_future *f = send(e, must_not_run, p);

	REQUIRE(cancel(f));
	REQUIRE(cancel(f));
	gate_open(gate);
	shutdown_wait(e);
	REQUIRE(cancel(f));
	if (HAS(future_release))
		future_release(f);
	expect_released_once(p, "was cancelled three times");
}

/* Work items without a release function, which may stand where some with one stood. */
CASE(mem_4_not_again_for_others_in_their_place)
{
	struct pp_executor *e = executor_any();
	struct counter *released = counter_new();
	int i;

	NEED(future_release);
	for (i = 0; i < 64; i++) {
		struct pp_future *f = i < 32 ? submit_with_release(e, task_return, released, release_count)
					     : submit(e, task_return, released);
		void *outcome;

		REQUIRE(result(f, PP_FOREVER, &outcome) == PP_OK);
		future_release(f);
		if (i == 31)
			counter_await(released, 32);
	}
	shutdown_wait(e);
	context("releases of 32 arguments, after 32 work items without a release function");
	EXPECT_INT(32, counter_value(released));
}

CASE(mem_5_not_before_the_task_has_ended)
{
	struct pp_executor *e = executor_any();
	struct parcel *p = parcel_new();
	void *outcome;

	result(send(e, task_use, p), PP_FOREVER, &outcome);
	context("releases that the task saw at its end");
	EXPECT_INT(0, p->seen_by_task);
}

/* The handle is dropped, cancel is refused, the executor shut down: the task still runs. */
CASE(mem_5_not_while_the_task_runs)
{
	struct pp_executor *e = executor_new(1);
	struct parcel *p = parcel_new();
	struct pp_future *f = send(e, task_use_after_gate, p);

	gate_await(p->gate, 1);
	if (HAS(cancel))
		cancel(f);
	if (HAS(shutdown_nowait))
		shutdown_nowait(e);
	if (HAS(future_release))
		future_release(f);
	context("the task is running");
	EXPECT_INT(0, counter_value(p->released));
	gate_open(p->gate);
	shutdown_wait(e);
	context("releases that the task saw at its end");
	EXPECT_INT(0, p->seen_by_task);
	expect_released_once(p, "returned");
}

CASE(mem_6_not_while_pending)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct parcel *p = parcel_new();

	send(e, task_use, p);
	context("the future of the argument is PENDING");
	EXPECT_INT(0, counter_value(p->released));
	gate_open(gate);
	shutdown_wait(e);
	context("releases that the task saw at its end");
	EXPECT_INT(0, p->seen_by_task);
}

/* A release function is given no more than the argument, so it records that. */
static struct record *given;

static void release_record(void *arg)
{
	record_add(given, (long)arg);
}

static void expect_given(void *arg)
{
	struct pp_executor *e = executor_any();

	given = record_new();
	submit_with_release(e, task_return, arg, release_record);
	shutdown_wait(e);
	context("the argument was %p", arg);
	EXPECT_INT(1, record_count(given));
	EXPECT_INT((long)arg, record_at(given, 0));
}

CASE(mem_7_given_the_argument)
{
	expect_given(token(3));
}

CASE(mem_7_given_null)
{
	expect_given(NULL);
}

CASE(mem_7_given_a_small_number)
{
	expect_given((void *)2);
}

CASE(mem_8_not_when_refused)
{
	struct pp_executor *e = executor_any();
	struct parcel *p = parcel_new();
	struct pp_future *f;

	NEED(submit_with_release);
	shutdown_wait(e);
	REQUIRE(try_submit_with_release(e, must_not_run, p, release_parcel, &f) == PP_SHUTDOWN);
	if (HAS(executor_release))
		executor_release(e);
	context("submit was refused with PP_SHUTDOWN, and the executor has gone");
	EXPECT_INT(0, counter_value(p->released));
}

CASE(mem_8_not_when_refused_as_broken)
{
	struct pp_executor *e = executor_new_with_initializer(1, initializer_fail, NULL);
	struct parcel *p = parcel_new();
	struct pp_future *f;
	void *outcome;

	NEED(submit_with_release);
	if (try_submit(e, must_not_run, NULL, &f) == PP_OK)
		result(f, PP_FOREVER, &outcome);
	REQUIRE(try_submit_with_release(e, must_not_run, p, release_parcel, &f) == PP_BROKEN);
	shutdown_wait(e);
	if (HAS(executor_release))
		executor_release(e);
	context("submit was refused with PP_BROKEN, and the executor has gone");
	EXPECT_INT(0, counter_value(p->released));
}

CASE(mem_9_all_when_shutdown_returns)
{
	struct pp_executor *e = executor_new(2);
	struct gate *gate = hold(e, 2);
	struct counter *released = counter_new();
	struct pp_future *f[60];
	int i;

	for (i = 0; i < 60; i++)
		f[i] = submit_with_release(e, i % 2 ? task_return : task_raise, released, release_count);
	if (HAS(cancel))
		for (i = 0; i < 60; i += 5)
			cancel(f[i]);
	gate_open(gate);
	shutdown_wait(e);
	context("shutdown has returned; of 60 arguments so many were released");
	EXPECT_INT(60, counter_value(released));
}

/* Nothing is submitted or shut down after it: the worker lets go by itself. */
static void expect_idle_worker_holds_nothing(pp_task *task, int status)
{
	struct pp_executor *e = executor_new(1);
	struct parcel *p = parcel_new();
	void *outcome;

	REQUIRE(result(send(e, task, p), PP_FOREVER, &outcome) == status);
	counter_await(p->released, 1);
	context("the executor is idle");
	EXPECT_INT(1, counter_value(p->released));
}

CASE(mem_10_idle_worker_holds_nothing)
{
	expect_idle_worker_holds_nothing(task_use, PP_OK);
}

CASE(mem_10_idle_worker_holds_nothing_after_an_exception)
{
	expect_idle_worker_holds_nothing(task_use_and_raise, PP_RAISED);
}

CASE(mem_10_idle_worker_holds_nothing_after_a_cancelled_one)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct parcel *p = parcel_new();

	REQUIRE(cancel(send(e, must_not_run, p)));
	gate_open(gate);
	counter_await(p->released, 1);
	context("the executor is idle");
	EXPECT_INT(1, counter_value(p->released));
}

CASE(mem_11_once_when_shutdown_cancels)
{
	struct pp_executor *e;
	struct counter *released = counter_new();
	struct gate *gate;
	int i;

	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	e = executor_new(1);
	gate = hold(e, 1);
	for (i = 0; i < 20; i++)
		submit_with_release(e, must_not_run, released, release_count);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(gate);
	shutdown_wait(e);
	context("shutdown has cancelled 20 work items");
	EXPECT_INT(20, counter_value(released));
}

CASE(mem_12_once_when_the_pool_breaks)
{
	struct gate *gate = gate_new();
	struct pp_executor *e = executor_new_with_initializer(1, initializer_fail_at_gate, gate);
	struct counter *released = counter_new();
	int i;

	for (i = 0; i < 20; i++)
		submit_with_release(e, must_not_run, released, release_count);
	gate_open(gate);
	shutdown_wait(e);
	context("20 work items were PENDING when the pool broke, and it was shut down");
	EXPECT_INT(20, counter_value(released));
}

struct asked {
	struct counter *times;
	struct counter *released;
};

static int callback_that_asks(struct pp_future *f, void *arg)
{
	struct asked *asked = arg;
	void *outcome;

	backend()->result(f, PP_FOREVER, &outcome);
	counter_add(asked->times, 1);
	return PP_OK;
}

/* MEM-12: submit is refused once the pool has told all that was PENDING. */
CASE(mem_12_once_though_a_callback_has_asked)
{
	struct gate *gate = gate_new();
	struct asked *asked = shared_alloc(sizeof(*asked));
	struct pp_executor *e;
	struct pp_future *f, *refused;

	NEED(add_done_callback);
	e = executor_new_with_initializer(1, initializer_fail_at_gate, gate);
	*asked = (struct asked){counter_new(), counter_new()};
	f = submit_with_release(e, must_not_run, asked->released, release_count);
	REQUIRE(add_done_callback(f, callback_that_asks, asked) == PP_OK);
	gate_open(gate);
	counter_await(asked->times, 1);
	REQUIRE(try_submit(e, must_not_run, NULL, &refused) == PP_BROKEN);
	shutdown_wait(e);
	context("a callback of the future of a broken pool has asked for its result, and shutdown has returned");
	EXPECT_INT(1, counter_value(asked->released));
}

#define ROUNDS 150

CASE(mem_13_once_when_cancel_meets_the_beginning)
{
	struct pp_executor *e = executor_new(1);
	struct counter *released[ROUNDS];
	bool accepted[ROUNDS];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct gate *gate = hold(e, 1);
		struct pp_future *f;

		released[i] = counter_new();
		f = submit_with_release(e, task_return, released[i], release_count);
		gate_open(gate);
		accepted[i] = cancel(f);
	}
	shutdown_wait(e);
	for (i = 0; i < ROUNDS; i++) {
		context("round %d: cancel, as the worker came, returned %s", i, accepted[i] ? "true" : "false");
		EXPECT_INT(1, counter_value(released[i]));
	}
}

CASE(mem_14_sees_what_the_task_did)
{
	struct pp_executor *e = executor_any();
	struct parcel *p = parcel_new();

	send(e, task_use, p);
	counter_await(p->released, 1);
	context("the task wrote 42 into its argument");
	EXPECT_INT(42, p->found);
}

/* ---- handles on futures ----------------------------------------------------- */

static void need_release(void)
{
	NEED(future_release);
}

CASE(mem_15_dropped_right_after_submit)
{
	struct pp_executor *e = executor_any();
	struct counter *ran = counter_new();
	int i;

	need_release();
	for (i = 0; i < 200; i++)
		future_release(submit(e, task_count, ran));
	shutdown_wait(e);
	context("the handles on 200 futures were dropped right after the submit");
	EXPECT_INT(200, counter_value(ran));
}

CASE(mem_15_dropped_while_pending)
{
	struct pp_executor *e = executor_new(1);
	struct counter *ran = counter_new();
	struct gate *gate = hold(e, 1);
	int i;

	need_release();
	for (i = 0; i < 20; i++)
		future_release(submit(e, task_count, ran));
	gate_open(gate);
	shutdown_wait(e);
	context("the handles on 20 futures were dropped while they were PENDING");
	EXPECT_INT(20, counter_value(ran));
}

CASE(mem_16_dropped_while_running)
{
	struct pp_executor *e = executor_new(1);
	struct parcel *p = parcel_new();
	struct pp_future *f;

	need_release();
	f = submit(e, task_use_after_gate, p);
	gate_await(p->gate, 1);
	future_release(f);
	gate_open(p->gate);
	shutdown_wait(e);
	context("the handle was dropped while the task was running");
	EXPECT_INT(42, p->written);
}

/* A PENDING future of e, with a callback that counts, and no handle of the caller's. */
static struct counter *dropped_with_a_callback(struct pp_executor *e, pp_task *task)
{
	struct counter *calls = counter_new();
	struct pp_future *f;

	need_release();
	f = submit(e, task, THE_VALUE);
	REQUIRE(add_done_callback(f, callback_count, calls) == PP_OK);
	future_release(f);
	return calls;
}

static void expect_called(struct counter *calls)
{
	counter_await(calls, 1);
	EXPECT_INT(1, counter_value(calls));
}

static void expect_called_though_dropped(pp_task *task)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *calls = dropped_with_a_callback(e, task);

	gate_open(gate);
	expect_called(calls);
}

CASE(mem_17_callbacks_though_dropped)
{
	expect_called_though_dropped(task_return);
}

CASE(mem_17_callbacks_though_raised_and_dropped)
{
	expect_called_though_dropped(task_raise);
}

CASE(mem_17_callbacks_though_dropped_and_shutdown_cancels)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *calls;

	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	calls = dropped_with_a_callback(e, must_not_run);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(gate);
	expect_called(calls);
}

CASE(mem_17_callbacks_though_dropped_and_the_pool_breaks)
{
	struct gate *gate = gate_new();
	struct pp_executor *e = executor_new_with_initializer(1, initializer_fail_at_gate, gate);
	struct counter *calls = dropped_with_a_callback(e, must_not_run);

	gate_open(gate);
	expect_called(calls);
}

CASE(mem_17_callbacks_though_cancelled_and_dropped)
{
	struct pp_executor *e = executor_new(1);
	struct counter *calls = counter_new();
	struct gate *gate = hold(e, 1);
	struct pp_future *f;

	need_release();
	f = submit(e, must_not_run, NULL);
	REQUIRE(add_done_callback(f, callback_count, calls) == PP_OK);
	REQUIRE(cancel(f));
	future_release(f);
	gate_open(gate);
	counter_await(calls, 1);
	EXPECT_INT(1, counter_value(calls));
}

struct taken {
	struct counter *calls;
	int status;
	void *outcome;
};

static int callback_take(struct pp_future *f, void *arg)
{
	struct taken *taken = arg;

	taken->status = backend()->result(f, 0, &taken->outcome);
	counter_add(taken->calls, 1);
	return PP_OK;
}

CASE(mem_18_callback_uses_a_dropped_future)
{
	struct pp_executor *e = executor_new(1);
	struct taken *taken = shared_alloc(sizeof(*taken));
	struct gate *gate = hold(e, 1);
	struct pp_future *f;

	need_release();
	taken->calls = counter_new();
	f = submit(e, task_return, THE_VALUE);
	REQUIRE(add_done_callback(f, callback_take, taken) == PP_OK);
	future_release(f);
	gate_open(gate);
	counter_await(taken->calls, 1);
	EXPECT_STATUS(PP_OK, taken->status);
	EXPECT_PTR(THE_VALUE, taken->outcome);
}

CASE(mem_19_cancelled_and_dropped_does_not_run)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *after;
	int i;

	need_release();
	for (i = 0; i < 20; i++) {
		struct pp_future *f = submit(e, must_not_run, NULL);

		REQUIRE(cancel(f));
		future_release(f);
	}
	after = submit(e, task_return, THE_VALUE);
	gate_open(gate);
	context("20 work items before this one were cancelled and their futures dropped");
	expect_result(after, F_RETURNED, PP_FOREVER);
}

/* ---- futures without their executor ----------------------------------------- */

/* The future of an executor that was shut down and released. */
static struct pp_future *orphan(pp_task *task, void *arg)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f = submit(e, task, arg);

	NEED(executor_release);
	REQUIRE(shutdown_wait(e) == PP_OK);
	executor_release(e);
	return f;
}

CASE(mem_20_value_without_executor)
{
	expect_result(orphan(task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
}

CASE(mem_20_exception_without_executor)
{
	expect_result(orphan(task_raise, THE_EXCEPTION), F_RAISED, PP_FOREVER);
}

CASE(mem_20_many_without_executor)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f[100];
	void *outcome;
	int i;

	NEED(executor_release);
	for (i = 0; i < 100; i++)
		f[i] = submit(e, task_return, token(i));
	shutdown_wait(e);
	executor_release(e);
	for (i = 0; i < 100; i++) {
		context("the executor has gone; future %d of 100", i + 1);
		EXPECT_STATUS(PP_OK, result(f[i], PP_FOREVER, &outcome));
		EXPECT_PTR(token(i), outcome);
	}
}

CASE(mem_21_questions_without_executor)
{
	struct pp_future *f;

	NEED(cancel);
	f = orphan(task_return, THE_VALUE);
	expect_in(f, F_RETURNED);
	EXPECT_FALSE(cancel(f));
	expect_in(f, F_RETURNED);
}

CASE(mem_21_cancelled_without_executor)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *f = submit(e, must_not_run, NULL);

	NEED(executor_release);
	REQUIRE(cancel(f));
	gate_open(gate);
	shutdown_wait(e);
	executor_release(e);
	expect_in(f, F_NOTIFIED);
	EXPECT(cancel(f));
}

CASE(mem_22_callback_without_executor)
{
	struct counter *calls = counter_new();
	struct pp_future *f;

	NEED(add_done_callback);
	f = orphan(task_return, THE_VALUE);
	EXPECT_STATUS(PP_OK, add_done_callback(f, callback_count, calls));
	context("the executor has gone, and the callback was added to its FINISHED future");
	EXPECT_INT(1, counter_value(calls));
}

static void expect_untouched(pp_task *task)
{
	struct pp_executor *e = executor_any();
	unsigned char *words = shared_alloc(256);
	struct pp_future *f;
	void *outcome = NULL;
	int i;

	NEED(executor_release);
	need_release();
	memset(words, 0x5a, 256);
	f = submit(e, task, words);
	result(f, PP_FOREVER, &outcome);
	future_release(f);
	shutdown_wait(e);
	executor_release(e);
	EXPECT_PTR(words, outcome);
	for (i = 0; i < 256 && words[i] == 0x5a; i++)
		;
	context("the future and the executor have gone; so many bytes of the outcome are as they were");
	EXPECT_INT(256, i);
}

CASE(mem_23_value_untouched)
{
	expect_untouched(task_return);
}

CASE(mem_23_exception_untouched)
{
	expect_untouched(task_raise);
}

/* Released without a shutdown, so that the work is still to be done. */
CASE(mem_24_waiter_outlives_the_executor)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = gate_new();
	struct pp_future *f;
	struct waiter w;

	NEED(executor_release);
	f = submit(e, task_pass_gate, gate);
	gate_await(gate, 1);
	waiter_start(&w, f, PP_FOREVER, false);
	thread_settle(w.thread);
	executor_release(e);
	gate_open(gate);
	waiter_join(&w);
	context("a thread was waiting as the executor was released");
	EXPECT_STATUS(PP_OK, w.status);
	EXPECT_PTR(gate, w.outcome);
}

CASE(mem_25_released_right_after_result)
{
	int i;

	NEED(executor_release);
	for (i = 0; i < 50; i++) {
		struct pp_executor *e = executor_any();
		void *outcome = NULL;
		struct pp_future *f = submit(e, task_return, token(i));

		context("round %d", i);
		EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
		shutdown_wait(e);
		executor_release(e);
		EXPECT_PTR(token(i), outcome);
	}
}

CASE(mem_25_released_without_shutdown_right_after_result)
{
	int i;

	NEED(executor_release);
	for (i = 0; i < 50; i++) {
		struct pp_executor *e = executor_any();
		void *outcome = NULL;
		struct pp_future *f = submit(e, task_return, token(i));

		context("round %d", i);
		EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
		executor_release(e);
		EXPECT_PTR(token(i), outcome);
	}
}

CASE(mem_26_exceptions_that_nobody_takes)
{
	struct pp_executor *e = executor_any();
	int i;

	need_release();
	for (i = 0; i < 100; i++)
		future_release(submit(e, task_raise, token(i)));
	context("the futures of 100 tasks that raise were dropped");
	expect_result(submit(e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
}

CASE(mem_27_dropped_right_after_result)
{
	struct pp_executor *e = executor_any();
	int i;

	need_release();
	for (i = 0; i < 200; i++) {
		struct pp_future *f = submit(e, task_return, token(i));
		void *outcome = NULL;

		context("round %d", i);
		EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
		future_release(f);
		EXPECT_PTR(token(i), outcome);
	}
}

CASE(mem_28_dropped_right_after_cancel)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate;
	int round, i;

	need_release();
	for (round = 0; round < 5; round++) {
		gate = hold(e, 1);
		for (i = 0; i < 20; i++) {
			struct pp_future *f = submit(e, must_not_run, NULL);

			REQUIRE(cancel(f));
			future_release(f);
		}
		gate_open(gate);
	}
	context("100 futures were cancelled and dropped while their work items were on the queue");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
}

CASE(mem_29_released_though_the_future_was_dropped)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct parcel *runs = parcel_new(), *cancelled_ = parcel_new();
	struct pp_future *f;

	need_release();
	NEED(cancel);
	future_release(send(e, task_use, runs));
	f = send(e, must_not_run, cancelled_);
	REQUIRE(cancel(f));
	future_release(f);
	gate_open(gate);
	shutdown_wait(e);
	expect_released_once(runs, "returned, its future dropped before");
	expect_released_once(cancelled_, "was cancelled, its future dropped then");
}
