/* SPDX-License-Identifier: MIT */
/* result.c: RESULT, what result and exception tell, and that they wait for it. */
#include "futures.h"

#include <stdint.h>

/* The largest number that a status has; values up to it look like one. */
#define LAST_STATUS PP_STOP_ITERATION

static void *number(int i)
{
	return (void *)(intptr_t)i;
}

/* ---- the outcome ----------------------------------------------------------- */

static void expect_given(pp_task *task, void *outcome_of_task, int expected)
{
	struct pp_future *f = submit(executor_any(), task, outcome_of_task);
	void *outcome = token(9);

	EXPECT_STATUS(expected, result(f, PP_FOREVER, &outcome));
	EXPECT_PTR(outcome_of_task, outcome);
}

CASE(result_1_value_is_returned)
{
	expect_given(task_return, token(7), PP_OK);
}

CASE(result_1_address_is_returned)
{
	int local;

	expect_given(task_return, &local, PP_OK);
}

CASE(result_2_null_is_a_value)
{
	expect_given(task_return, NULL, PP_OK);
}

CASE(result_3_value_that_looks_like_a_status)
{
	int i;

	for (i = 1; i <= LAST_STATUS; i++)
		expect_given(task_return, number(i), PP_OK);
}

CASE(result_3_value_of_all_ones)
{
	expect_given(task_return, number(-1), PP_OK);
}

CASE(result_4_exception_is_raised)
{
	expect_given(task_raise, token(7), PP_RAISED);
}

CASE(result_5_null_is_an_exception)
{
	expect_given(task_raise, NULL, PP_RAISED);
}

CASE(result_6_exception_that_looks_like_a_status)
{
	int i;

	for (i = 1; i <= LAST_STATUS; i++)
		expect_given(task_raise, number(i), PP_RAISED);
}

CASE(result_6_exception_of_all_ones)
{
	expect_given(task_raise, number(-1), PP_RAISED);
}

CASE(result_7_one_pointer_returned_and_raised)
{
	struct pp_executor *e = executor_any();
	struct pp_future *returned = submit(e, task_return, token(3));
	struct pp_future *raised = submit(e, task_raise, token(3));
	void *outcome;

	EXPECT_STATUS(PP_OK, result(returned, PP_FOREVER, &outcome));
	EXPECT_PTR(token(3), outcome);
	EXPECT_STATUS(PP_RAISED, result(raised, PP_FOREVER, &outcome));
	EXPECT_PTR(token(3), outcome);
}

/* A task may return what another one raised, as it took it from its future. */
CASE(result_7_exception_returned_as_a_value)
{
	struct pp_executor *e = executor_any();
	struct pp_future *raised = submit(e, task_raise, token(4));
	void *raised_outcome = NULL, *outcome = NULL;

	REQUIRE(result(raised, PP_FOREVER, &raised_outcome) == PP_RAISED);
	EXPECT_STATUS(PP_OK, result(submit(e, task_return, raised_outcome), PP_FOREVER, &outcome));
	EXPECT_PTR(token(4), outcome);
}

CASE(result_8_no_outcome_set_is_null)
{
	struct pp_future *f = submit(executor_any(), task_silent, token(1));
	void *outcome = token(9);

	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_PTR(NULL, outcome);
}

static void expect_repeated(enum future_state s)
{
	struct pp_future *f = submitted_in(s, NULL);
	int i;

	for (i = 0; i < 300; i++)
		expect_result(f, s, i % 2 ? PP_FOREVER : 0);
}

CASE(result_9_value_again)
{
	expect_repeated(F_RETURNED);
}

CASE(result_9_exception_again)
{
	expect_repeated(F_RAISED);
}

CASE(result_9_cancelled_again)
{
	expect_repeated(F_CANCELLED);
}

#define WAITERS 4

static void start_waiters(struct waiter *w, int n, struct pp_future *f, bool asks_exception)
{
	int i;

	for (i = 0; i < n; i++)
		waiter_start(&w[i], f, PP_FOREVER, asks_exception);
	for (i = 0; i < n; i++)
		thread_settle(w[i].thread);
}

static void expect_every_thread(enum future_state s)
{
	struct waiter w[WAITERS];

	start_waiters(w, WAITERS, submitted_in(s, NULL), false);
	expect_waiters(w, WAITERS, s);
}

CASE(result_10_every_thread_gets_the_value)
{
	expect_every_thread(F_RETURNED);
}

CASE(result_10_every_thread_gets_the_exception)
{
	expect_every_thread(F_RAISED);
}

/* ---- cancelled futures ------------------------------------------------- */

CASE(result_11_cancelled_while_the_worker_is_busy)
{
	expect_result(submitted_in(F_CANCELLED, NULL), F_CANCELLED, PP_FOREVER);
}

CASE(result_11_author_cancelled)
{
	expect_result(future_in(F_CANCELLED), F_CANCELLED, PP_FOREVER);
}

CASE(result_12_submitted_notified)
{
	expect_result(submitted_in(F_NOTIFIED, NULL), F_NOTIFIED, PP_FOREVER);
}

CASE(result_12_author_notified)
{
	expect_result(future_in(F_NOTIFIED), F_NOTIFIED, PP_FOREVER);
}

/* ---- the output where there is nothing to tell --------------------------- */

typedef int asker(struct pp_future *f, double timeout, void **outcome);

static void expect_output_left(asker *ask, enum future_state s, int status)
{
	void *outcome = token(8);

	REQUIRE(ask(submitted_in(s, NULL), 0, &outcome) == status);
	context("the output before the call was %p", token(8));
	EXPECT_PTR(token(8), outcome);
}

CASE(result_28_output_left_on_timeout)
{
	expect_output_left(result, F_RUNNING, PP_TIMEOUT);
}

CASE(result_29_output_left_on_cancelled)
{
	expect_output_left(result, F_CANCELLED, PP_CANCELLED);
}

CASE(result_35_output_left_without_an_exception)
{
	expect_output_left(exception, F_RETURNED, PP_OK);
}

CASE(result_50_output_left_on_timeout)
{
	expect_output_left(exception, F_RUNNING, PP_TIMEOUT);
}

CASE(result_51_output_left_on_cancelled)
{
	expect_output_left(exception, F_CANCELLED, PP_CANCELLED);
}

/* ---- waiting --------------------------------------------------------------- */

/*
 * A waiter that returned too early would have done so when its thread has
 * settled; that it got the outcome shows that it did not.
 */
static void expect_waits(enum future_state s, bool asks_exception)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(s, &gate);
	struct waiter w;

	waiter_start(&w, f, PP_FOREVER, asks_exception);
	thread_settle(w.thread);
	context("a thread waits, without a limit, for %s", future_called(s));
	EXPECT_INT(0, counter_value(w.returned));
	gate_open(gate);
	expect_waiters(&w, 1, F_RETURNED);
}

static void expect_author_waits(enum future_state s, bool asks_exception)
{
	struct pp_future *f = future_in(s);
	struct waiter w;

	waiter_start(&w, f, PP_FOREVER, asks_exception);
	thread_settle(w.thread);
	context("a thread waits, without a limit, for %s", future_called(s));
	EXPECT_INT(0, counter_value(w.returned));
	REQUIRE(set_result(f, THE_VALUE) == PP_OK);
	expect_waiters(&w, 1, F_RETURNED);
}

CASE(result_13_waits_for_submitted_pending)
{
	expect_waits(F_PENDING, false);
}

CASE(result_13_waits_for_author_pending)
{
	expect_author_waits(F_PENDING, false);
}

/* To become RUNNING is news, but not the news that the waiter is there for. */
CASE(result_13_not_woken_when_it_begins)
{
	struct pp_future *f = future_in(F_PENDING);
	struct waiter w;
	bool run;

	waiter_start(&w, f, PP_FOREVER, false);
	thread_settle(w.thread);
	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_OK);
	thread_settle(w.thread);
	context("a thread waits for a future that went from PENDING to RUNNING");
	EXPECT_INT(0, counter_value(w.returned));
	REQUIRE(set_result(f, THE_VALUE) == PP_OK);
	expect_waiters(&w, 1, F_RETURNED);
}

CASE(result_14_waits_for_submitted_running)
{
	expect_waits(F_RUNNING, false);
}

CASE(result_14_waits_for_author_running)
{
	expect_author_waits(F_RUNNING, false);
}

CASE(result_15_every_waiter_of_pending_is_woken)
{
	struct gate *gate;
	struct waiter w[WAITERS];

	start_waiters(w, WAITERS, submitted_in(F_PENDING, &gate), false);
	gate_open(gate);
	expect_waiters(w, WAITERS, F_RETURNED);
}

CASE(result_15_every_waiter_of_running_is_woken)
{
	struct gate *gate;
	struct waiter w[WAITERS];

	start_waiters(w, WAITERS, submitted_in(F_RUNNING, &gate), false);
	gate_open(gate);
	expect_waiters(w, WAITERS, F_RETURNED);
}

/* The waiter comes while the task ends, again and again. */
CASE(result_15_no_wake_up_is_lost)
{
	struct pp_executor *e = executor_any();
	int i;

	for (i = 0; i < 200; i++) {
		void *outcome = token(9);
		struct pp_future *f = submit(e, task_return, token(i));

		context("round %d: result is asked while the task ends", i);
		EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
		EXPECT_PTR(token(i), outcome);
	}
}

static void cancel_under_waiters(struct pp_future *f, bool asks_exception)
{
	struct waiter w[WAITERS];

	start_waiters(w, WAITERS, f, asks_exception);
	REQUIRE(cancel(f));
	expect_waiters(w, WAITERS, F_CANCELLED);
}

/* The only worker is busy throughout: the cancellation alone wakes them. */
CASE(result_16_every_waiter_is_woken_by_cancel)
{
	cancel_under_waiters(submitted_in(F_PENDING, NULL), false);
}

CASE(result_16_every_waiter_of_author_pending_is_woken_by_cancel)
{
	cancel_under_waiters(future_in(F_PENDING), false);
}

/* ---- what an outcome brings with it ---------------------------------------- */

#define WORDS 512

/* Fills the words it is given, in plain stores. */
static int task_fill(void *arg, void **outcome)
{
	long *words = arg;
	int i;

	for (i = 0; i < WORDS; i++)
		words[i]++;
	*outcome = words;
	return PP_OK;
}

CASE(result_30_what_the_task_wrote_is_there)
{
	struct pp_executor *e = executor_any();
	long *words = shared_alloc(WORDS * sizeof(*words));
	int round, i;

	for (round = 1; round <= 100; round++) {
		void *outcome = NULL;

		REQUIRE(result(submit(e, task_fill, words), PP_FOREVER, &outcome) == PP_OK);
		for (i = 0; i < WORDS && words[i] == round; i++)
			;
		context("round %d: so many of the words that the task wrote are there", round);
		EXPECT_INT(WORDS, i);
	}
}

#define MANY 300

/* All raise, and each has a callback. */
CASE(result_31_each_gets_its_own_exception)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *called = counter_new();
	struct pp_future *f[10];
	int i;

	for (i = 0; i < 10; i++) {
		f[i] = submit(e, task_raise, token(i));
		if (HAS(add_done_callback))
			REQUIRE(add_done_callback(f[i], callback_count, called) == PP_OK);
	}
	gate_open(gate);
	for (i = 0; i < 10; i++) {
		void *outcome = NULL;

		context("the outcome of work item %d of 10, each of which raises its own exception", i);
		EXPECT_STATUS(PP_RAISED, result(f[i], PP_FOREVER, &outcome));
		EXPECT_PTR(token(i), outcome);
	}
}

CASE(result_31_each_gets_its_own)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f[MANY];
	int i;

	for (i = 0; i < MANY; i++)
		f[i] = submit(e, i % 3 ? task_return : task_raise, token(i));
	for (i = MANY - 1; i >= 0; i--) {
		void *outcome = NULL;

		context("the outcome of work item %d of %d", i, MANY);
		EXPECT_STATUS(i % 3 ? PP_OK : PP_RAISED, result(f[i], PP_FOREVER, &outcome));
		EXPECT_PTR(token(i), outcome);
	}
}

CASE(result_32_a_task_that_raises_harms_no_other)
{
	struct pp_executor *e = executor_any();
	int i;

	for (i = 0; i < 10; i++) {
		void *outcome = NULL;

		REQUIRE(result(submit(e, task_raise, token(i)), PP_FOREVER, &outcome) == PP_RAISED);
		context("after %d tasks that raised", i + 1);
		EXPECT_STATUS(PP_OK, result(submit(e, task_return, token(i)), PP_FOREVER, &outcome));
		EXPECT_PTR(token(i), outcome);
	}
}

/* As many raise as there are workers, and more, before anybody asks. */
CASE(result_32_tasks_that_raise_use_up_no_worker)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f;
	void *outcome = NULL;
	int i;

	for (i = 0; i < 20; i++)
		submit(e, task_raise, token(i));
	f = submit(e, task_return, token(20));
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_PTR(token(20), outcome);
}

/* Two futures of one executor, both waited for; the first to finish is the other. */
CASE(result_33_not_woken_by_another_future)
{
	struct pp_executor *e = executor_new(2);
	struct gate *mine = gate_new(), *other = gate_new();
	struct waiter waits_for_mine, waits_for_other;

	waiter_start(&waits_for_mine, submit(e, task_pass_gate, mine), PP_FOREVER, false);
	waiter_start(&waits_for_other, submit(e, task_pass_gate, other), PP_FOREVER, false);
	thread_settle(waits_for_mine.thread);
	gate_open(other);
	waiter_join(&waits_for_other);
	thread_settle(waits_for_mine.thread);
	context("another future of the same executor is done");
	EXPECT_INT(0, counter_value(waits_for_mine.returned));
	gate_open(mine);
	waiter_join(&waits_for_mine);
	EXPECT_STATUS(PP_OK, waits_for_mine.status);
	EXPECT_PTR(mine, waits_for_mine.outcome);
}

/* ---- exception ------------------------------------------------------------- */

CASE(result_34_submitted_returned_has_no_exception)
{
	void *outcome;

	EXPECT_STATUS(PP_OK, exception(submitted_in(F_RETURNED, NULL), PP_FOREVER, &outcome));
}

CASE(result_34_author_returned_has_no_exception)
{
	void *outcome;

	EXPECT_STATUS(PP_OK, exception(future_in(F_RETURNED), PP_FOREVER, &outcome));
}

CASE(result_34_value_that_looks_like_an_exception)
{
	struct pp_executor *e = executor_any();
	void *outcome;
	int i;

	for (i = 0; i <= LAST_STATUS; i++) {
		context("exception of a future FINISHED with the value %d", i);
		EXPECT_STATUS(PP_OK, exception(submit(e, task_return, number(i)), PP_FOREVER, &outcome));
	}
}

static void expect_exception_given(void *raised)
{
	struct pp_future *f = submit(executor_any(), task_raise, raised);
	void *outcome = token(9);

	EXPECT_STATUS(PP_RAISED, exception(f, PP_FOREVER, &outcome));
	EXPECT_PTR(raised, outcome);
}

CASE(result_36_submitted_exception_is_given)
{
	expect_exception_given(token(7));
}

CASE(result_36_author_exception_is_given)
{
	expect_exception(future_in(F_RAISED), F_RAISED, PP_FOREVER);
}

CASE(result_37_null_is_an_exception)
{
	expect_exception_given(NULL);
}

CASE(result_38_exception_that_looks_like_a_status)
{
	int i;

	for (i = 1; i <= LAST_STATUS; i++)
		expect_exception_given(number(i));
}

CASE(result_39_submitted_cancelled)
{
	expect_exception(submitted_in(F_CANCELLED, NULL), F_CANCELLED, PP_FOREVER);
}

CASE(result_39_author_cancelled)
{
	expect_exception(future_in(F_CANCELLED), F_CANCELLED, PP_FOREVER);
}

CASE(result_40_submitted_notified)
{
	expect_exception(submitted_in(F_NOTIFIED, NULL), F_NOTIFIED, PP_FOREVER);
}

CASE(result_40_author_notified)
{
	expect_exception(future_in(F_NOTIFIED), F_NOTIFIED, PP_FOREVER);
}

CASE(result_41_exception_waits_for_submitted_pending)
{
	expect_waits(F_PENDING, true);
}

CASE(result_41_exception_waits_for_submitted_running)
{
	expect_waits(F_RUNNING, true);
}

CASE(result_41_exception_waits_for_author_pending)
{
	expect_author_waits(F_PENDING, true);
}

CASE(result_41_exception_waits_for_author_running)
{
	expect_author_waits(F_RUNNING, true);
}

CASE(result_42_every_waiter_is_woken_by_a_value)
{
	struct gate *gate;
	struct waiter w[WAITERS];

	start_waiters(w, WAITERS, submitted_in(F_RUNNING, &gate), true);
	gate_open(gate);
	expect_waiters(w, WAITERS, F_RETURNED);
}

CASE(result_42_every_waiter_is_woken_by_an_exception)
{
	struct pp_future *f = future_in(F_RUNNING);
	struct waiter w[WAITERS];

	start_waiters(w, WAITERS, f, true);
	REQUIRE(set_exception(f, THE_EXCEPTION) == PP_OK);
	expect_waiters(w, WAITERS, F_RAISED);
}

CASE(result_43_every_waiter_in_exception_is_woken_by_cancel)
{
	cancel_under_waiters(submitted_in(F_PENDING, NULL), true);
}

static void expect_agreement(enum future_state s)
{
	struct pp_future *f = submitted_in(s, NULL);

	expect_exception(f, s, PP_FOREVER);
	expect_result(f, s, PP_FOREVER);
	expect_exception(f, s, 0);
	expect_result(f, s, 0);
}

CASE(result_52_agree_on_a_value)
{
	expect_agreement(F_RETURNED);
}

CASE(result_52_agree_on_an_exception)
{
	expect_agreement(F_RAISED);
}

CASE(result_52_agree_on_a_cancellation)
{
	expect_agreement(F_CANCELLED);
}

/* Addresses at which nothing is; to look is to crash. */
static void expect_not_looked_into(pp_task *task, int expected)
{
	static const uintptr_t nowhere[] = {1, 8, 4095, UINTPTR_MAX, UINTPTR_MAX / 2 + 9};
	struct pp_executor *e = executor_any();
	size_t i;

	for (i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		void *outcome = NULL;

		EXPECT_STATUS(expected, result(submit(e, task, (void *)nowhere[i]), PP_FOREVER, &outcome));
		EXPECT_PTR((void *)nowhere[i], outcome);
	}
}

CASE(result_53_values_are_not_looked_into)
{
	expect_not_looked_into(task_return, PP_OK);
}

CASE(result_53_exceptions_are_not_looked_into)
{
	expect_not_looked_into(task_raise, PP_RAISED);
}
