/* SPDX-License-Identifier: MIT */
/* many.c: wait and as_completed meet the ends of their futures.  Bit i of a mask is work item i. */
#include "bodies.h"

static enum pp_return_when any_mode;

static void draw_mode(void)
{
	any_mode = (enum pp_return_when)choose(3);
}

static void waits_in_any_mode(void)
{
	note(0, do_wait(any_mode, PP_FOREVER, 1));
}

static void waits_for_the_first(void)
{
	note(0, do_wait(PP_FIRST_COMPLETED, PP_FOREVER, 2));
}

static void waits_for_an_exception(void)
{
	note(0, do_wait(PP_FIRST_EXCEPTION, PP_FOREVER, 2));
}

static void waits_briefly(void)
{
	note(0, do_wait(PP_ALL_COMPLETED, BRIEF, 2));
}

static void two_run_to_wait(void)
{
	NEED(wait);
	two_run();
}

static void one_runs_one_raises(void)
{
	NEED(wait);
	open_pool(2);
	put_running(0, EXCEPTION);
	put_running(1, VALUE);
}

SCENARIO(wait_30_all_vs_two_completions,
	 .set_up = two_run_to_wait,
	 .threads = {MANY(waits_for_2), ONCE(lets_go)},
	 .check = look_at_mask_and_2,
	 .outcomes = {
		 {"3; value, value", ACCEPTABLE, "both are counted"},
	 });

SCENARIO(wait_4_first_vs_two_completions,
	 .set_up = two_run_to_wait,
	 .threads = {MANY(waits_for_the_first), ONCE(lets_go)},
	 .check = look_at_mask_and_2,
	 .outcomes = {
		 {"[123]; value, value", ACCEPTABLE, "one of them, or both, had ended"},
	 });

SCENARIO_AND_AT_REST(wait_8_first_exception_vs_exception_vs_value,
	 .set_up = one_runs_one_raises,
	 .threads = {MANY(waits_for_an_exception), ONCE(lets_go)},
	 .check = look_at_mask_and_2,
	 .outcomes = {
		 {"1; exception, value", ACCEPTABLE, "the exception came first"},
		 {"3; exception, value", ACCEPTABLE, "both had ended"},
	 });

SCENARIO(wait_11_first_exception_vs_two_values,
	 .set_up = two_run_to_wait,
	 .threads = {MANY(waits_for_an_exception), ONCE(lets_go)},
	 .check = look_at_mask_and_2,
	 .outcomes = {
		 {"3; value, value", ACCEPTABLE, "none raises, so all have ended"},
	 });

SCENARIO(wait_21_brief_wait_vs_two_completions,
	 .set_up = two_run_to_wait,
	 .threads = {MANY(waits_briefly), ONCE(lets_go)},
	 .check = look_at_mask_and_2,
	 .outcomes = {
		 {"[0123]; value, value", ACCEPTABLE, "what had ended when the time was up"},
	 });

static void waits_for_all_too(void)
{
	note(1, do_wait(PP_ALL_COMPLETED, PP_FOREVER, 2));
}

SCENARIO(wait_29_wait_vs_wait_vs_completions,
	 .set_up = two_run_to_wait,
	 .threads = {MANY(waits_for_the_first), MANY(waits_for_all_too), ONCE(lets_go)},
	 .check = look_at_mask_and_2,
	 .outcomes = {
		 {"[123]; value, value", ACCEPTABLE, "each waiter has what it waits for"},
	 });

static void two_of_our_own_to_wait(void)
{
	NEED(wait);
	NEED(set_result);
	put_own(0);
	put_own(1);
}

static void sets_result(void)
{
	do_set_result(0);
}

static void sets_the_other_result(void)
{
	do_set_result(1);
}

/* No worker and no queue: small enough to see every schedule in no time. */
SCENARIO(wait_30_all_vs_two_results_set,
	 .set_up = two_of_our_own_to_wait,
	 .threads = {MANY(waits_for_2), ONCE(sets_result), ONCE(sets_the_other_result)},
	 .check = look_at_mask_and_2,
	 .outcomes = {
		 {"3; value, value", ACCEPTABLE, "both are counted"},
	 });

SCENARIO(wait_4_first_vs_two_results_set,
	 .set_up = two_of_our_own_to_wait,
	 .threads = {MANY(waits_for_the_first), ONCE(sets_result), ONCE(sets_the_other_result)},
	 .check = look_at_mask_and_2,
	 .outcomes = {
		 {"[123]; value, value", ACCEPTABLE, "one of them, or both, had been set"},
	 });

static void one_is_queued_to_wait(void)
{
	NEED(wait);
	draw_mode();
	one_is_queued_to_cancel();
}

/* The gate opens too: an executor may tell wait of a cancelled future only when it comes to it. */
SCENARIO_AND_AT_REST(wait_15_wait_vs_cancel_vs_dequeue,
	 .set_up = one_is_queued_to_wait,
	 .threads = {MANY(waits_in_any_mode), ONCE(cancels), ONCE(lets_go)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"1; cancelled", ACCEPTABLE, "cancel came first"},
		 {"1; value", ACCEPTABLE, "the worker came first"},
	 });

/* ---- as_completed ------------------------------------------------------------ */

static void two_run_to_iterate(void)
{
	NEED(as_completed_begin);
	two_run();
}

static void iterates_briefly(void)
{
	note(0, do_as_completed(BRIEF, 2));
}

static void takes_one(void)
{
	note(0, do_as_completed_some(PP_FOREVER, 2, 1));
}

static void iterates_too(void)
{
	note(1, do_as_completed(PP_FOREVER, 2));
}

SCENARIO(ascomp_33_iterator_vs_two_completions,
	 .set_up = two_run_to_iterate,
	 .threads = {MANY(iterates_over_2), ONCE(lets_go)},
	 .check = look_at_mask_and_2,
	 .outcomes = {
		 {"3; value, value", ACCEPTABLE, "both are yielded"},
	 });

SCENARIO(ascomp_29_iterator_vs_iterator_vs_completions,
	 .set_up = two_run_to_iterate,
	 .threads = {MANY(iterates_over_2), MANY(iterates_too), ONCE(lets_go)},
	 .check = look_at_mask_and_2,
	 .outcomes = {
		 {"3; value, value", ACCEPTABLE, "both are yielded"},
	 });

SCENARIO(ascomp_16_brief_iterator_vs_two_completions,
	 .set_up = two_run_to_iterate,
	 .threads = {MANY(iterates_briefly), ONCE(lets_go)},
	 .check = look_at_mask_and_2,
	 .outcomes = {
		 {"[0123]; value, value", ACCEPTABLE, "what had ended when the time was up"},
	 });

SCENARIO(ascomp_24_iterator_ended_early_vs_two_completions,
	 .set_up = two_run_to_iterate,
	 .threads = {MANY(takes_one), ONCE(lets_go)},
	 .check = look_at_mask_and_2,
	 .outcomes = {
		 {"[12]; value, value", ACCEPTABLE, "one of them is taken"},
	 });

static void one_is_queued_to_iterate(void)
{
	NEED(as_completed_begin);
	one_is_queued_to_cancel();
}

SCENARIO_AND_AT_REST(ascomp_8_iterator_vs_cancel_vs_dequeue,
	 .set_up = one_is_queued_to_iterate,
	 .threads = {MANY(iterates_over_1), ONCE(cancels), ONCE(lets_go)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"1; cancelled", ACCEPTABLE, "cancel came first"},
		 {"1; value", ACCEPTABLE, "the worker came first"},
	 });

static void one_runs_one_is_queued(void)
{
	NEED(wait);
	NEED(cancel);
	open_pool(1);
	put_running(0, VALUE);
	put(1, EXCEPTION);
}

static void cancels_the_second(void)
{
	do_cancel(1);
}

SCENARIO_AND_AT_REST(wait_12_first_exception_vs_cancel_vs_completion,
	 .set_up = one_runs_one_is_queued,
	 .threads = {MANY(waits_for_an_exception), ONCE(cancels_the_second), ONCE(lets_go)},
	 .check = look_at_mask_and_2,
	 .outcomes = {
		 {"3; value, cancelled", ACCEPTABLE, "cancel came first, and is no exception"},
		 {"[23]; value, exception", ACCEPTABLE, "the worker came first"},
	 });

static void runs_to_wait_and_release(void)
{
	NEED(wait);
	NEED(executor_release);
	one_runs();
}

static void waits_and_ends_all(void)
{
	note(0, do_wait(PP_ALL_COMPLETED, PP_FOREVER, 1));
	do_shutdown(WAITS);
	do_release_pool();
}

SCENARIO(wait_34_wait_shutdown_and_release_vs_completion,
	 .set_up = runs_to_wait_and_release,
	 .threads = {ONCE(waits_and_ends_all), ONCE(lets_go)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"1; value", ACCEPTABLE, "the worker is still on its way out"},
	 });
