/* SPDX-License-Identifier: MIT */
/* result.c: result, with and without a limit, meets the end of its future. */
#include "bodies.h"

SCENARIO(result_15_results_vs_completion_with_value,
	 .set_up = one_runs,
	 .threads = {MANY(asks), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_OK; value", ACCEPTABLE, "all are told"},
	 });

SCENARIO(result_15_results_vs_completion_with_exception,
	 .set_up = one_runs_to_raise,
	 .threads = {MANY(asks), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_RAISED; exception", ACCEPTABLE, "all are told"},
	 });

SCENARIO(result_16_results_vs_cancel,
	 .set_up = one_is_queued_to_cancel,
	 .threads = {MANY(asks), ONCE(cancels)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_CANCELLED; cancelled", ACCEPTABLE, "all are told, though no worker is free"},
	 });

SCENARIO(result_16_result_vs_cancel_vs_dequeue,
	 .set_up = one_is_queued_to_cancel,
	 .threads = {MANY(asks), MANY(cancels), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_CANCELLED; cancelled", ACCEPTABLE, "cancel came first"},
		 {"PP_OK; value", ACCEPTABLE, "the worker came first"},
	 });

SCENARIO(result_20_brief_result_vs_completion,
	 .set_up = one_runs,
	 .threads = {MANY(asks_briefly), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_OK; value", ACCEPTABLE, "the end came first"},
		 {"PP_TIMEOUT; value", ACCEPTABLE, "the time was up first"},
	 });

SCENARIO(result_20_brief_result_vs_cancel,
	 .set_up = one_is_queued_to_cancel,
	 .threads = {MANY(asks_briefly), ONCE(cancels)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_CANCELLED; cancelled", ACCEPTABLE, "cancel came first"},
		 {"PP_TIMEOUT; cancelled", ACCEPTABLE, "the time was up first"},
	 });

static void asks_at_once(void)
{
	note(0, do_result(0, 0));
}

SCENARIO(result_19_result_at_once_vs_completion,
	 .set_up = one_runs,
	 .threads = {MANY(asks_at_once), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_OK; value", ACCEPTABLE, "the end came first"},
		 {"PP_TIMEOUT; value", ACCEPTABLE, "the question came first"},
	 });

static void gives_up_soon(void)
{
	note(1, do_result(0, BRIEF));
}

/* A waiter that gives up must not take the wake-up of one that does not. */
SCENARIO(result_27_result_vs_brief_result_vs_completion,
	 .set_up = one_runs,
	 .threads = {MANY(asks), MANY(gives_up_soon), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_OK; value", ACCEPTABLE, "who waits without a limit is told"},
	 });

/* ---- exception --------------------------------------------------------------- */

static void one_runs_to_ask_for_exception(void)
{
	NEED(exception);
	one_runs();
}

static void one_raises_to_ask_for_exception(void)
{
	NEED(exception);
	one_runs_to_raise();
}

static void one_is_queued_to_ask_for_exception(void)
{
	NEED(exception);
	one_is_queued_to_cancel();
}

SCENARIO(result_42_exceptions_vs_completion_with_value,
	 .set_up = one_runs_to_ask_for_exception,
	 .threads = {MANY(asks_for_exception), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_OK; value", ACCEPTABLE, "all are told that there is none"},
	 });

SCENARIO(result_42_exceptions_vs_results_vs_completion_with_exception,
	 .set_up = one_raises_to_ask_for_exception,
	 .threads = {MANY(asks_for_exception), MANY(gives_up_soon), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_RAISED; exception", ACCEPTABLE, "all are told"},
	 });

SCENARIO(result_43_exceptions_vs_cancel,
	 .set_up = one_is_queued_to_ask_for_exception,
	 .threads = {MANY(asks_for_exception), ONCE(cancels)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_CANCELLED; cancelled", ACCEPTABLE, "all are told, though no worker is free"},
	 });
