/* SPDX-License-Identifier: MIT */
/* callback.c: add_done_callback meets the end of its future.  The accounting counts the calls. */
#include "bodies.h"

static void one_runs_with_callbacks(void)
{
	NEED(add_done_callback);
	one_runs();
}

static void one_runs_to_raise_with_callbacks(void)
{
	NEED(add_done_callback);
	one_runs_to_raise();
}

static void one_is_queued_with_callbacks(void)
{
	NEED(add_done_callback);
	one_is_queued_to_cancel();
}

static void one_is_queued_with_a_callback(void)
{
	one_is_queued_with_callbacks();
	do_add_callback(0);
}

SCENARIO(callback_34_add_vs_completion_with_value,
	 .set_up = one_runs_with_callbacks,
	 .threads = {MANY(adds_callback), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(callback_34_add_vs_completion_with_exception,
	 .set_up = one_runs_to_raise_with_callbacks,
	 .threads = {MANY(adds_callback), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_EXCEPTION});

SCENARIO(callback_34_add_vs_add_vs_completion,
	 .set_up = one_runs_with_callbacks,
	 .threads = {MANY(adds_callback), ONCE(adds_callback), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(callback_34_add_vs_cancel,
	 .set_up = one_is_queued_with_callbacks,
	 .threads = {MANY(adds_callback), MANY(cancels)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED});

SCENARIO(callback_34_add_vs_cancel_vs_dequeue,
	 .set_up = one_is_queued_with_callbacks,
	 .threads = {MANY(adds_callback), MANY(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

SCENARIO(callback_6_cancel_vs_dequeue_with_a_callback,
	 .set_up = one_is_queued_with_a_callback,
	 .threads = {ONCE(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

SCENARIO(callback_7_cancel_vs_cancel_with_a_callback,
	 .set_up = one_is_queued_with_a_callback,
	 .threads = {MANY(cancels), MANY(cancels)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED});

static void one_is_queued_to_shut_down(void)
{
	need_form(CANCELS_RETURNS);
	one_is_queued_with_callbacks();
}

SCENARIO(callback_38_add_vs_shutdown_that_cancels,
	 .set_up = one_is_queued_to_shut_down,
	 .threads = {MANY(adds_callback), MANY(cancels_all_at_once)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED});

SCENARIO(shutdown_49_add_vs_completion_vs_shutdown,
	 .set_up = one_runs_with_callbacks,
	 .threads = {MANY(adds_callback), ONCE(lets_go), MANY(shuts_down)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

static void one_runs_with_a_callback(void)
{
	one_runs_with_callbacks();
	do_add_callback(0);
}

SCENARIO(callback_37_result_vs_completion_with_a_callback,
	 .set_up = one_runs_with_a_callback,
	 .threads = {MANY(asks), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_OK; value", ACCEPTABLE, "all are told, before, during or after the callback"},
	 });
