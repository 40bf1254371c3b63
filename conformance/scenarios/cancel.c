/* SPDX-License-Identifier: MIT */
/* cancel.c: cancel meets a worker, a completion, an outcome, another cancel. */
#include "bodies.h"

SCENARIO(cancel_14_cancel_vs_dequeue,
	 .set_up = one_is_queued_to_cancel,
	 .threads = {MANY(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

static void idle_with_cancel(void)
{
	NEED(cancel);
	pool_is_idle();
}

static void submits_and_cancels(void)
{
	do_submit(0, VALUE);
	do_cancel(0);
}

SCENARIO(cancel_14_cancel_right_after_submit,
	 .set_up = idle_with_cancel,
	 .threads = {ONCE(submits_and_cancels), MANY(submits_another)},
	 .check = look_at_2,
	 .outcomes = {
		 {"cancelled, value", ACCEPTABLE, "cancel came first"},
		 {"value, value", ACCEPTABLE, "a worker came first"},
	 });

SCENARIO(cancel_15_cancel_vs_cancel,
	 .set_up = one_is_queued_to_cancel,
	 .threads = {MANY(cancels), MANY(cancels)},
	 .check = look_at_1,
	 .outcomes = {
		 {"cancelled", ACCEPTABLE, "no worker is free to take it"},
	 });

SCENARIO(cancel_15_cancel_vs_cancel_vs_dequeue,
	 .set_up = one_is_queued_to_cancel,
	 .threads = {MANY(cancels), ONCE(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

static void cancels_and_asks(void)
{
	do_cancel(0);
	note(0, do_result(0, PP_FOREVER));
}

/* Who asks after cancel has woken the others looks at the state. */
SCENARIO(cancel_21_cancel_and_result_vs_dequeue,
	 .set_up = one_is_queued_to_cancel,
	 .threads = {MANY(cancels_and_asks), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_CANCELLED; cancelled", ACCEPTABLE, "cancel came first"},
		 {"PP_OK; value", ACCEPTABLE, "the worker came first"},
	 });

static void one_is_queued_with_release(void)
{
	NEED(submit_with_release);
	one_is_queued_to_cancel();
}

SCENARIO(mem_13_cancel_vs_dequeue,
	 .set_up = one_is_queued_with_release,
	 .threads = {MANY(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"cancelled", ACCEPTABLE, "cancel came first; the accounting has seen the argument let go of once"},
		 {"value", ACCEPTABLE, "the worker came first, and the same"},
	 });

static void one_runs_to_cancel(void)
{
	NEED(cancel);
	one_runs();
}

static void one_runs_to_raise_and_cancel(void)
{
	NEED(cancel);
	one_runs_to_raise();
}

SCENARIO(cancel_17_cancel_vs_completion_with_value,
	 .set_up = one_runs_to_cancel,
	 .threads = {MANY(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "what runs is not cancelled"},
	 });

SCENARIO(cancel_17_cancel_vs_completion_with_exception,
	 .set_up = one_runs_to_raise_and_cancel,
	 .threads = {MANY(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"exception", ACCEPTABLE, "what runs is not cancelled"},
	 });

/* Three items on the work queue, and only the middle one is cancelled. */
static void three_are_queued(void)
{
	NEED(cancel);
	two_are_queued();
	put(2, EXCEPTION);
}

static void cancels_the_middle(void)
{
	do_cancel(1);
}

SCENARIO(cancel_12_cancel_between_others_vs_dequeue,
	 .set_up = three_are_queued,
	 .threads = {MANY(cancels_the_middle), ONCE(lets_go)},
	 .check = look_at_3,
	 .outcomes = {
		 {"value, cancelled, exception", ACCEPTABLE, "cancel came first"},
		 {"value, value, exception", ACCEPTABLE, "the worker came first"},
	 });

/* ---- the executor author's half --------------------------------------------- */

static void one_of_our_own(void)
{
	NEED(cancel);
	NEED(set_result);
	NEED(set_exception);
	NEED(set_running_or_notify_cancel);
	put_own(0);
}

static void sets_result(void)
{
	do_set_result(0);
}

static void sets_exception(void)
{
	do_set_exception(0);
}

static void begins(void)
{
	note(0, do_begin(0));
}

static void begins_too(void)
{
	note(1, do_begin(0));
}

SCENARIO(cancel_18_cancel_vs_set_result,
	 .set_up = one_of_our_own,
	 .threads = {MANY(cancels), ONCE(sets_result)},
	 .check = look_at_1,
	 .outcomes = {
		 {"cancelled", ACCEPTABLE, "cancel came first"},
		 {"value", ACCEPTABLE, "the outcome came first"},
	 });

SCENARIO(cancel_18_cancel_vs_set_exception,
	 .set_up = one_of_our_own,
	 .threads = {MANY(cancels), ONCE(sets_exception)},
	 .check = look_at_1,
	 .outcomes = {
		 {"cancelled", ACCEPTABLE, "cancel came first"},
		 {"exception", ACCEPTABLE, "the outcome came first"},
	 });

SCENARIO(author_28_set_result_vs_set_exception,
	 .set_up = one_of_our_own,
	 .threads = {MANY(sets_result), MANY(sets_exception)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "the value came first"},
		 {"exception", ACCEPTABLE, "the exception came first"},
	 });

static void look_at_begins(void)
{
	observe("%ld and %ld", noted(0), noted(1));
}

SCENARIO(author_29_begin_vs_begin,
	 .set_up = one_of_our_own,
	 .threads = {ONCE(begins), ONCE(begins_too)},
	 .check = look_at_begins,
	 .outcomes = {
		 {"1 and -1", ACCEPTABLE, "the first thread began it"},
		 {"-1 and 1", ACCEPTABLE, "the second thread began it"},
	 });

SCENARIO(author_30_cancel_vs_begin,
	 .set_up = one_of_our_own,
	 .threads = {MANY(cancels), ONCE(begins)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"0; cancelled", ACCEPTABLE, "cancel came first"},
		 {"1; value", ACCEPTABLE, "the beginning came first"},
	 });

SCENARIO(author_25_set_result_vs_results,
	 .set_up = one_of_our_own,
	 .threads = {MANY(asks), ONCE(sets_result)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_OK; value", ACCEPTABLE, "all are told"},
	 });

SCENARIO(author_26_set_exception_vs_results,
	 .set_up = one_of_our_own,
	 .threads = {MANY(asks), ONCE(sets_exception)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_RAISED; exception", ACCEPTABLE, "all are told"},
	 });

static void one_of_our_own_is_cancelled(void)
{
	NEED(wait);
	one_of_our_own();
	do_cancel(0);
}

SCENARIO(author_8_wait_vs_begin,
	 .set_up = one_of_our_own_is_cancelled,
	 .threads = {MANY(waits_for_1), ONCE(begins_too)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"1; cancelled", ACCEPTABLE, "who waits is told when the cancellation is noticed, if not before"},
	 });

static void one_of_our_own_with_callbacks(void)
{
	NEED(add_done_callback);
	one_of_our_own();
}

SCENARIO(callback_34_add_vs_set_result,
	 .set_up = one_of_our_own_with_callbacks,
	 .threads = {MANY(adds_callback), ONCE(sets_result)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "the accounting has seen each callback once"},
	 });
