/* SPDX-License-Identifier: MIT */
/*
 * initializer.c: an initializer that fails, or succeeds, meets everything.
 *
 * Item 0 is submitted before the threads begin and the initializer waits at the
 * gate, so item 0 is PENDING until a thread lets go.
 */
#include "bodies.h"

/* ---- failure and one other ------------------------------------------------------- */

SCENARIO(init_38_submit_vs_initializer_failure,
	 .set_up = pool_is_to_break,
	 .threads = {MANY(submits_another), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"broken, broken", ACCEPTABLE, "submit came first"},
		 {"broken, refused", ACCEPTABLE, "the failure came first"},
	 });

SCENARIO(init_30_cancel_vs_initializer_failure,
	 .set_up = pool_is_to_break_under_two,
	 .threads = {MANY(cancels), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"cancelled, broken", ACCEPTABLE, "cancel came first"},
		 {"broken, broken", ACCEPTABLE, "the failure came first"},
	 });

static void breaks_under_two_with_callbacks(void)
{
	NEED(add_done_callback);
	pool_is_to_break_under_two();
	do_add_callback(0);
	do_add_callback(1);
}

SCENARIO_AND_AT_REST(init_30_cancel_with_callbacks_vs_initializer_failure,
	 .set_up = breaks_under_two_with_callbacks,
	 .threads = {MANY(cancels), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"cancelled, broken", ACCEPTABLE, "cancel came first"},
		 {"broken, broken", ACCEPTABLE, "the failure came first"},
	 });

static void breaks_to_return(void)
{
	need_form(RETURNS);
	pool_is_to_break();
}

static void breaks_to_cancel(void)
{
	need_form(CANCELS_WAITS);
	pool_is_to_break();
}

static void breaks_to_cancel_at_once(void)
{
	need_form(CANCELS_RETURNS);
	pool_is_to_break();
}

SCENARIO(init_40_shutdown_vs_initializer_failure,
	 .set_up = pool_is_to_break,
	 .threads = {MANY(shuts_down), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_BROKEN});

SCENARIO(init_42_shutdown_at_once_vs_initializer_failure,
	 .set_up = breaks_to_return,
	 .threads = {MANY(shuts_down_at_once), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_BROKEN});

SCENARIO(init_36_shutdown_that_cancels_vs_initializer_failure,
	 .set_up = breaks_to_cancel,
	 .threads = {MANY(cancels_all), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_BROKEN, IS_CANCELLED});

SCENARIO(init_36_shutdown_that_cancels_at_once_vs_initializer_failure,
	 .set_up = breaks_to_cancel_at_once,
	 .threads = {MANY(cancels_all_at_once), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_BROKEN, IS_CANCELLED});

static void breaks_to_release(void)
{
	NEED(executor_release);
	pool_is_to_break();
}

SCENARIO(init_43_release_vs_initializer_failure,
	 .set_up = breaks_to_release,
	 .threads = {ONCE(releases), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_BROKEN});

SCENARIO(init_19_result_vs_initializer_failure,
	 .set_up = pool_is_to_break,
	 .threads = {MANY(asks), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_BROKEN; broken", ACCEPTABLE, "who waits is told"},
	 });

SCENARIO(init_9_brief_result_vs_initializer_failure,
	 .set_up = pool_is_to_break,
	 .threads = {MANY(asks_briefly), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_BROKEN; broken", ACCEPTABLE, "the failure came first"},
		 {"PP_TIMEOUT; broken", ACCEPTABLE, "the time was up first"},
	 });

static enum pp_return_when any_mode;

static void breaks_to_wait(void)
{
	NEED(wait);
	any_mode = (enum pp_return_when)choose(3);
	pool_is_to_break();
}

static void waits_in_any_mode(void)
{
	note(0, do_wait(any_mode, PP_FOREVER, 1));
}

SCENARIO(init_20_wait_vs_initializer_failure,
	 .set_up = breaks_to_wait,
	 .threads = {MANY(waits_in_any_mode), ONCE(lets_go)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"1; broken", ACCEPTABLE, "who waits is told"},
	 });

static void breaks_to_iterate(void)
{
	NEED(as_completed_begin);
	pool_is_to_break();
}

SCENARIO(init_22_iterator_vs_initializer_failure,
	 .set_up = breaks_to_iterate,
	 .threads = {MANY(iterates_over_1), ONCE(lets_go)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"1; broken", ACCEPTABLE, "who waits is told"},
	 });

static void breaks_under_two_to_wait(void)
{
	NEED(wait);
	pool_is_to_break_under_two();
}

static void breaks_under_two_to_iterate(void)
{
	NEED(as_completed_begin);
	pool_is_to_break_under_two();
}

#define BOTH_ARE_TOLD                                                          \
	{"3; cancelled, broken", ACCEPTABLE, "cancel came first"},             \
	{"3; broken, broken", ACCEPTABLE, "the failure came first"}

SCENARIO_AND_AT_REST(init_26_wait_vs_cancel_vs_initializer_failure,
	 .set_up = breaks_under_two_to_wait,
	 .threads = {MANY(waits_for_2), MANY(cancels), ONCE(lets_go)},
	 .check = look_at_mask_and_2,
	 .outcomes = {BOTH_ARE_TOLD});

SCENARIO(init_27_iterator_vs_cancel_vs_initializer_failure,
	 .set_up = breaks_under_two_to_iterate,
	 .threads = {MANY(iterates_over_2), MANY(cancels), ONCE(lets_go)},
	 .check = look_at_mask_and_2,
	 .outcomes = {BOTH_ARE_TOLD});

static void breaks_to_call_back(void)
{
	NEED(add_done_callback);
	pool_is_to_break();
}

SCENARIO(init_18_add_callback_vs_initializer_failure,
	 .set_up = breaks_to_call_back,
	 .threads = {MANY(adds_callback), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_BROKEN});

static void breaks_to_map(void)
{
	NEED(map_begin);
	pool_is_to_break();
}

static void maps(void)
{
	note_text(0, do_map(2, 3));
}

static void look_at_map(void)
{
	observe("%s; %d ran", noted_text(0), map_ran());
}

SCENARIO(init_23_map_vs_initializer_failure,
	 .set_up = breaks_to_map,
	 .threads = {ONCE(maps), ONCE(lets_go)},
	 .check = look_at_map,
	 .outcomes = {
		 {"broken, broken, stop; 0 ran", ACCEPTABLE, "map came first"},
		 {"broken, stop; 0 ran", INTERESTING, "map came first, and its iterator ends with an exception"},
		 {"refused; 0 ran", ACCEPTABLE, "the failure came before the last submit"},
	 });

/* One worker is initialized, and runs what it can before the other fails. */
static void second_is_to_fail(void)
{
	NEED(cancel);
	open_pool_with_initializer(2, 2);
	put(0, VALUE);
	put(1, VALUE);
}

static void cancels_the_second(void)
{
	do_cancel(1);
}

SCENARIO(init_33_cancel_vs_second_initializer_failure,
	 .set_up = second_is_to_fail,
	 .threads = {MANY(cancels_the_second), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"value, value", ACCEPTABLE, "the first worker has run both"},
		 {"value, broken", ACCEPTABLE, "the first worker has run one"},
		 {"broken, broken", ACCEPTABLE, "the failure came first"},
		 {"value, cancelled", ACCEPTABLE, "cancel came in between"},
		 {"broken, cancelled", ACCEPTABLE, "cancel and then the failure"},
		 {"broken, value", INTERESTING, "the later one had been taken, the earlier one not"},
	 });

static void second_is_to_fail_under_shutdown(void)
{
	open_pool_with_initializer(2, 2);
	put(0, VALUE);
	put(1, VALUE);
}

SCENARIO(init_41_shutdown_vs_second_initializer_failure,
	 .set_up = second_is_to_fail_under_shutdown,
	 .threads = {MANY(shuts_down), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"value, value", ACCEPTABLE, "the first worker has run both"},
		 {"value, broken", ACCEPTABLE, "the first worker has run one"},
		 {"broken, broken", ACCEPTABLE, "the failure came first"},
		 {"broken, value", INTERESTING, "the later one had been taken, the earlier one not"},
	 });

/* ---- success ------------------------------------------------------------------------ */

static void begins_to_cancel(void)
{
	NEED(cancel);
	pool_is_to_begin();
}

static void begins_to_return(void)
{
	need_form(RETURNS);
	pool_is_to_begin();
}

static void begins_to_cancel_all(void)
{
	need_form(CANCELS_WAITS);
	pool_is_to_begin();
}

static void begins_to_release(void)
{
	NEED(executor_release);
	pool_is_to_begin();
}

static void two_begin(void)
{
	open_pool_with_initializer(2, 0);
	put(0, VALUE);
}

SCENARIO_AND_AT_REST(init_1_submit_vs_initializer_success,
	 .set_up = two_begin,
	 .threads = {MANY(submits_another), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"value, value", ACCEPTABLE, "each has run on a worker that was initialized"},
	 });

SCENARIO(init_4_cancel_vs_initializer_success,
	 .set_up = begins_to_cancel,
	 .threads = {MANY(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

SCENARIO(init_47_shutdown_vs_initializer_success,
	 .set_up = pool_is_to_begin,
	 .threads = {MANY(shuts_down), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(init_46_shutdown_at_once_vs_initializer_success,
	 .set_up = begins_to_return,
	 .threads = {MANY(shuts_down_at_once), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(shutdown_46_shutdown_that_cancels_vs_initializer_success,
	 .set_up = begins_to_cancel_all,
	 .threads = {MANY(cancels_all), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

SCENARIO(release_18_release_vs_initializer_success,
	 .set_up = begins_to_release,
	 .threads = {ONCE(releases), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

/* ---- failure, cancel, and a third ------------------------------------------------------ */

#define EACH_CANCELLED_OR_BROKEN                                                          \
	{"cancelled, broken", ACCEPTABLE, "cancel came first, then the failure"},         \
	{"broken, broken", ACCEPTABLE, "the failure came first"},                         \
	{"cancelled, cancelled", ACCEPTABLE, "shutdown came before the failure"},         \
	{"broken, cancelled", INTERESTING, "the failure was between two cancellations"}

static void breaks_under_two_to_return(void)
{
	need_form(RETURNS);
	pool_is_to_break_under_two();
}

static void breaks_under_two_to_cancel(void)
{
	need_form(CANCELS_WAITS);
	pool_is_to_break_under_two();
}

static void breaks_under_two_to_cancel_at_once(void)
{
	need_form(CANCELS_RETURNS);
	pool_is_to_break_under_two();
}

static void breaks_under_two_to_release(void)
{
	NEED(executor_release);
	pool_is_to_break_under_two();
}

SCENARIO(init_30_cancel_vs_shutdown_vs_initializer_failure,
	 .set_up = pool_is_to_break_under_two,
	 .threads = {MANY(cancels), MANY(shuts_down), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"cancelled, broken", ACCEPTABLE, "cancel came first"},
		 {"broken, broken", ACCEPTABLE, "the failure came first"},
	 });

SCENARIO(init_30_cancel_vs_shutdown_at_once_vs_initializer_failure,
	 .set_up = breaks_under_two_to_return,
	 .threads = {MANY(cancels), MANY(shuts_down_at_once), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"cancelled, broken", ACCEPTABLE, "cancel came first"},
		 {"broken, broken", ACCEPTABLE, "the failure came first"},
	 });

SCENARIO(init_30_cancel_vs_shutdown_that_cancels_vs_initializer_failure,
	 .set_up = breaks_under_two_to_cancel,
	 .threads = {MANY(cancels), MANY(cancels_all), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {EACH_CANCELLED_OR_BROKEN});

SCENARIO(init_30_cancel_vs_shutdown_that_cancels_at_once_vs_initializer_failure,
	 .set_up = breaks_under_two_to_cancel_at_once,
	 .threads = {MANY(cancels), MANY(cancels_all_at_once), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {EACH_CANCELLED_OR_BROKEN});

SCENARIO_AND_AT_REST(init_43_cancel_vs_release_vs_initializer_failure,
	 .set_up = breaks_under_two_to_release,
	 .threads = {MANY(cancels), ONCE(releases), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"cancelled, broken", ACCEPTABLE, "cancel came first"},
		 {"broken, broken", ACCEPTABLE, "the failure came first"},
	 });

SCENARIO(init_38_submit_vs_shutdown_vs_initializer_failure,
	 .set_up = pool_is_to_break,
	 .threads = {MANY(submits_another), MANY(shuts_down), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"broken, broken", ACCEPTABLE, "submit came first"},
		 {"broken, refused", ACCEPTABLE, "shutdown or the failure came first"},
	 });
