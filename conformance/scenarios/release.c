/* SPDX-License-Identifier: MIT */
/* release.c: the handle on an executor or a future is dropped while things go on. */
#include "bodies.h"

/* ---- the executor ------------------------------------------------------------------ */

static void runs_to_release(void)
{
	NEED(executor_release);
	one_runs();
}

static void raises_to_release(void)
{
	NEED(executor_release);
	one_runs_to_raise();
}

static void queued_to_release(void)
{
	NEED(executor_release);
	one_is_queued_to_cancel();
}

static void runs_to_release_and_wait(void)
{
	NEED(wait);
	runs_to_release();
}

static void runs_to_release_and_iterate(void)
{
	NEED(as_completed_begin);
	runs_to_release();
}

static void runs_to_release_and_call_back(void)
{
	NEED(add_done_callback);
	runs_to_release();
}

SCENARIO(release_22_release_vs_completion_with_value,
	 .set_up = runs_to_release,
	 .threads = {ONCE(releases), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(release_22_release_vs_completion_with_exception,
	 .set_up = raises_to_release,
	 .threads = {ONCE(releases), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_EXCEPTION});

SCENARIO(release_10_cancel_vs_release,
	 .set_up = queued_to_release,
	 .threads = {MANY(cancels), ONCE(releases)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED});

SCENARIO(release_10_cancel_vs_release_vs_dequeue,
	 .set_up = queued_to_release,
	 .threads = {MANY(cancels), ONCE(releases), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

SCENARIO(release_8_wait_vs_release_vs_completion,
	 .set_up = runs_to_release_and_wait,
	 .threads = {MANY(waits_for_1), ONCE(releases), ONCE(lets_go)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"1; value", ACCEPTABLE, "who waits is told"},
	 });

SCENARIO(release_9_iterator_vs_release_vs_completion,
	 .set_up = runs_to_release_and_iterate,
	 .threads = {MANY(iterates_over_1), ONCE(releases), ONCE(lets_go)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"1; value", ACCEPTABLE, "who waits is told"},
	 });

SCENARIO(mem_24_result_vs_release_vs_completion,
	 .set_up = runs_to_release,
	 .threads = {MANY(asks), ONCE(releases), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_OK; value", ACCEPTABLE, "who waits is told"},
	 });

SCENARIO(release_12_add_callback_vs_release_vs_completion,
	 .set_up = runs_to_release_and_call_back,
	 .threads = {MANY(adds_callback), ONCE(releases), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

static void submits_and_releases(void)
{
	do_submit(1, VALUE);
	do_release_pool();
}

SCENARIO(release_4_submit_and_release_vs_completion,
	 .set_up = runs_to_release,
	 .threads = {ONCE(submits_and_releases), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"value, value", ACCEPTABLE, "what was submitted right before is done"},
	 });

static void queued_to_shut_down_and_release(void)
{
	need_form(CANCELS_RETURNS);
	queued_to_release();
}

static void shuts_down_and_releases(void)
{
	do_shutdown(RETURNS);
	do_release_pool();
}

static void cancels_all_and_releases(void)
{
	do_shutdown(CANCELS_RETURNS);
	do_release_pool();
}

SCENARIO_AND_AT_REST(release_15_shutdown_at_once_and_release_vs_dequeue,
	 .set_up = queued_to_shut_down_and_release,
	 .threads = {ONCE(shuts_down_and_releases), MANY(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

SCENARIO(release_15_shutdown_that_cancels_and_release_vs_dequeue,
	 .set_up = queued_to_shut_down_and_release,
	 .threads = {ONCE(cancels_all_and_releases), MANY(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

static void idle_to_map_and_release(void)
{
	NEED(map_begin);
	NEED(executor_release);
	open_pool(1);
	hold_worker();
}

static void maps_and_releases(void)
{
	note_text(0, do_map_releasing(2));
}

static void look_at_map(void)
{
	observe("%s", noted_text(0));
}

SCENARIO_AND_AT_REST(release_13_map_and_release_vs_completion,
	 .set_up = idle_to_map_and_release,
	 .threads = {ONCE(maps_and_releases), ONCE(lets_go)},
	 .check = look_at_map,
	 .outcomes = {
		 {"value, value, stop", ACCEPTABLE, "a map that has begun is done"},
	 });

static void asks_and_ends_all(void)
{
	note(0, do_result(0, PP_FOREVER));
	do_shutdown(WAITS);
	do_release_pool();
}

SCENARIO(mem_25_result_shutdown_and_release_vs_completion,
	 .set_up = runs_to_release,
	 .threads = {ONCE(asks_and_ends_all), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_OK; value", ACCEPTABLE, "the worker is still on its way out"},
	 });

/* ---- the future ----------------------------------------------------------------------- */

static void queued_to_drop(void)
{
	NEED(future_release);
	one_is_queued_to_cancel();
}

static void runs_to_drop(void)
{
	NEED(future_release);
	one_runs();
}

static void raises_to_drop(void)
{
	NEED(future_release);
	one_runs_to_raise();
}

static void runs_to_drop_with_a_callback(void)
{
	NEED(add_done_callback);
	runs_to_drop();
	do_add_callback(0);
}

SCENARIO(mem_15_drop_vs_dequeue,
	 .set_up = queued_to_drop,
	 .threads = {ONCE(drops), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(mem_16_drop_vs_completion_with_value,
	 .set_up = runs_to_drop,
	 .threads = {ONCE(drops), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(mem_26_drop_vs_completion_with_exception,
	 .set_up = raises_to_drop,
	 .threads = {ONCE(drops), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_EXCEPTION});

SCENARIO(mem_17_drop_vs_completion_with_a_callback,
	 .set_up = runs_to_drop_with_a_callback,
	 .threads = {ONCE(drops), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

static void asks_and_drops(void)
{
	note(0, do_result(0, PP_FOREVER));
	do_drop(0);
}

SCENARIO(mem_27_result_and_drop_vs_completion,
	 .set_up = runs_to_drop,
	 .threads = {ONCE(asks_and_drops), ONCE(lets_go)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_OK; value", ACCEPTABLE, "the worker may still have the future in hand"},
	 });

static void cancels_and_drops(void)
{
	do_cancel(0);
	do_drop(0);
}

SCENARIO(mem_28_cancel_and_drop_vs_dequeue,
	 .set_up = queued_to_drop,
	 .threads = {ONCE(cancels_and_drops), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

static void queued_to_drop_and_shut_down(void)
{
	need_form(CANCELS_RETURNS);
	queued_to_drop();
}

SCENARIO(mem_29_drop_vs_shutdown_that_cancels,
	 .set_up = queued_to_drop_and_shut_down,
	 .threads = {ONCE(drops), MANY(cancels_all_at_once)},
	 .check = look_at_1,
	 .outcomes = {
		 {"not run", ACCEPTABLE, "shutdown has cancelled it"},
	 });

static void breaks_to_drop(void)
{
	NEED(future_release);
	pool_is_to_break();
}

SCENARIO(mem_12_drop_vs_initializer_failure,
	 .set_up = breaks_to_drop,
	 .threads = {ONCE(drops), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"not run", ACCEPTABLE, "its pool broke"},
	 });

static void runs_to_drop_and_release(void)
{
	NEED(executor_release);
	runs_to_drop();
}

SCENARIO(mem_16_drop_vs_release_vs_completion,
	 .set_up = runs_to_drop_and_release,
	 .threads = {ONCE(drops), ONCE(releases), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});
