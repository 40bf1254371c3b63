/* SPDX-License-Identifier: MIT */
/* shutdown.c: each form of shutdown meets submit, cancel, the worker, who waits, and another shutdown. */
#include "bodies.h"

static void idle_to_return(void)
{
	need_form(RETURNS);
	pool_is_idle();
}

static void idle_to_cancel(void)
{
	need_form(CANCELS_WAITS);
	pool_is_idle();
}

static void idle_to_cancel_at_once(void)
{
	need_form(CANCELS_RETURNS);
	pool_is_idle();
}

/* ---- submit ------------------------------------------------------------------- */

SCENARIO(shutdown_7_submit_vs_shutdown,
	 .set_up = pool_is_idle,
	 .threads = {MANY(submits), MANY(shuts_down)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE, IS_REFUSED});

SCENARIO(shutdown_2_submit_vs_shutdown_at_once,
	 .set_up = idle_to_return,
	 .threads = {MANY(submits), MANY(shuts_down_at_once)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE, IS_REFUSED});

SCENARIO(shutdown_3_submit_vs_shutdown_that_cancels,
	 .set_up = idle_to_cancel,
	 .threads = {MANY(submits), MANY(cancels_all)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE, IS_REFUSED, IS_CANCELLED});

SCENARIO(shutdown_3_submit_vs_shutdown_that_cancels_at_once,
	 .set_up = idle_to_cancel_at_once,
	 .threads = {MANY(submits), MANY(cancels_all_at_once)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE, IS_REFUSED, IS_CANCELLED});

static void submits_again_and_again(void)
{
	int i;

	for (i = 0; i < 3; i++)
		do_submit(i, VALUE);
}

/* Once one is refused, all that follow are. */
SCENARIO(shutdown_5_submits_vs_shutdown,
	 .set_up = pool_is_idle,
	 .threads = {MANY(submits_again_and_again), MANY(shuts_down)},
	 .check = look_at_3,
	 .outcomes = {
		 {"value, value, value", ACCEPTABLE, "shutdown came last"},
		 {"value, value, refused", ACCEPTABLE, "shutdown came in between"},
		 {"value, refused, refused", ACCEPTABLE, "shutdown came in between"},
		 {"refused, refused, refused", ACCEPTABLE, "shutdown came first"},
		 {"*refused, value*", FORBIDDEN, "work was accepted after a refusal"},
	 });

/* ---- cancel ---------------------------------------------------------------------- */

static void queued_to_cancel_and_return(void)
{
	need_form(RETURNS);
	one_is_queued_to_cancel();
}

static void queued_to_cancel_twice(void)
{
	need_form(CANCELS_WAITS);
	one_is_queued_to_cancel();
}

static void queued_to_cancel_twice_at_once(void)
{
	need_form(CANCELS_RETURNS);
	one_is_queued_to_cancel();
}

SCENARIO(shutdown_19_cancel_vs_shutdown_vs_dequeue,
	 .set_up = one_is_queued_to_cancel,
	 .threads = {MANY(cancels), MANY(shuts_down), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

SCENARIO(shutdown_25_cancel_vs_shutdown_at_once,
	 .set_up = queued_to_cancel_and_return,
	 .threads = {MANY(cancels), MANY(shuts_down_at_once)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED});

SCENARIO(shutdown_25_cancel_vs_shutdown_at_once_vs_dequeue,
	 .set_up = queued_to_cancel_and_return,
	 .threads = {MANY(cancels), MANY(shuts_down_at_once), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

SCENARIO(shutdown_47_cancel_vs_shutdown_that_cancels_vs_dequeue,
	 .set_up = queued_to_cancel_twice,
	 .threads = {MANY(cancels), MANY(cancels_all), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

SCENARIO(shutdown_47_cancel_vs_shutdown_that_cancels_at_once,
	 .set_up = queued_to_cancel_twice_at_once,
	 .threads = {MANY(cancels), MANY(cancels_all_at_once)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED});

/* ---- the worker ------------------------------------------------------------------- */

static void runs_to_return(void)
{
	need_form(RETURNS);
	one_runs();
}

static void runs_to_cancel(void)
{
	need_form(CANCELS_WAITS);
	one_runs();
}

static void runs_to_cancel_at_once(void)
{
	need_form(CANCELS_RETURNS);
	one_runs_to_raise();
}

SCENARIO(shutdown_16_completion_vs_shutdown,
	 .set_up = one_runs,
	 .threads = {ONCE(lets_go), MANY(shuts_down)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(shutdown_18_completion_with_exception_vs_shutdown,
	 .set_up = one_runs_to_raise,
	 .threads = {ONCE(lets_go), MANY(shuts_down)},
	 .check = look_at_1,
	 .outcomes = {HAS_EXCEPTION});

SCENARIO(shutdown_24_completion_vs_shutdown_at_once,
	 .set_up = runs_to_return,
	 .threads = {ONCE(lets_go), MANY(shuts_down_at_once)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(shutdown_35_completion_vs_shutdown_that_cancels,
	 .set_up = runs_to_cancel,
	 .threads = {ONCE(lets_go), MANY(cancels_all)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(shutdown_35_completion_vs_shutdown_that_cancels_at_once,
	 .set_up = runs_to_cancel_at_once,
	 .threads = {ONCE(lets_go), MANY(cancels_all_at_once)},
	 .check = look_at_1,
	 .outcomes = {HAS_EXCEPTION});

static void two_are_queued_to_cancel(void)
{
	need_form(CANCELS_WAITS);
	two_are_queued();
}

static void two_are_queued_to_cancel_at_once(void)
{
	need_form(CANCELS_RETURNS);
	two_are_queued();
}

#define EACH_CANCELLED_OR_RUN                                                         \
	{"cancelled, cancelled", ACCEPTABLE, "shutdown came first"},                  \
	{"value, cancelled", ACCEPTABLE, "the worker had taken the first"},           \
	{"value, value", ACCEPTABLE, "the worker had taken both"},                    \
	{"cancelled, value", INTERESTING, "the worker was between two cancellations"}

SCENARIO(shutdown_46_dequeue_vs_shutdown_that_cancels,
	 .set_up = two_are_queued_to_cancel,
	 .threads = {ONCE(lets_go), MANY(cancels_all)},
	 .check = look_at_2,
	 .outcomes = {EACH_CANCELLED_OR_RUN});

SCENARIO(shutdown_46_dequeue_vs_shutdown_that_cancels_at_once,
	 .set_up = two_are_queued_to_cancel_at_once,
	 .threads = {ONCE(lets_go), MANY(cancels_all_at_once)},
	 .check = look_at_2,
	 .outcomes = {EACH_CANCELLED_OR_RUN});

SCENARIO(shutdown_10_dequeue_vs_shutdown,
	 .set_up = two_are_queued,
	 .threads = {ONCE(lets_go), MANY(shuts_down)},
	 .check = look_at_2,
	 .outcomes = {
		 {"value, value", ACCEPTABLE, "all that was queued is done"},
	 });

/* ---- another shutdown --------------------------------------------------------------- */

static void queued_for_two_forms(void)
{
	need_form(CANCELS_RETURNS);
	one_is_queued();
}

SCENARIO(shutdown_29_shutdown_vs_shutdown,
	 .set_up = one_is_queued,
	 .threads = {MANY(shuts_down), MANY(shuts_down), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

/* One of the three joins the worker, and has to tell both others. */
SCENARIO(shutdown_29_three_shutdowns,
	 .set_up = one_runs,
	 .threads = {MANY(shuts_down), MANY(shuts_down), MANY(shuts_down), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(shutdown_28_shutdown_vs_shutdown_at_once,
	 .set_up = queued_for_two_forms,
	 .threads = {MANY(shuts_down), MANY(shuts_down_at_once), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(shutdown_31_shutdown_vs_shutdown_that_cancels,
	 .set_up = queued_for_two_forms,
	 .threads = {MANY(shuts_down), MANY(cancels_all_at_once), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

SCENARIO(shutdown_30_shutdown_at_once_vs_shutdown_that_cancels,
	 .set_up = queued_for_two_forms,
	 .threads = {MANY(shuts_down_at_once), MANY(cancels_all_at_once)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED});

/* ---- who waits ---------------------------------------------------------------------- */

static void queued_to_wait(void)
{
	NEED(wait);
	queued_for_two_forms();
}

static void queued_to_iterate(void)
{
	NEED(as_completed_begin);
	queued_for_two_forms();
}

static void runs_to_wait(void)
{
	NEED(wait);
	one_runs();
}

static void runs_to_iterate(void)
{
	NEED(as_completed_begin);
	runs_to_return();
}

static void idle_to_map(void)
{
	NEED(map_begin);
	open_pool(1);
}

static void idle_to_map_and_cancel(void)
{
	NEED(map_begin);
	need_form(CANCELS_RETURNS);
	open_pool(1);
}

static void maps(void)
{
	note_text(0, do_map(2, 3));
}

static void look_at_map(void)
{
	observe("%s", noted_text(0));
}

SCENARIO(shutdown_39_result_vs_shutdown_that_cancels,
	 .set_up = queued_for_two_forms,
	 .threads = {MANY(asks), ONCE(cancels_all_at_once)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_CANCELLED; cancelled", ACCEPTABLE, "who waits is told, though no worker is free"},
	 });

SCENARIO(shutdown_48_result_vs_completion_vs_shutdown,
	 .set_up = one_runs,
	 .threads = {MANY(asks), ONCE(lets_go), ONCE(shuts_down)},
	 .check = look_at_status_and_1,
	 .outcomes = {
		 {"PP_OK; value", ACCEPTABLE, "who waits is told"},
	 });

SCENARIO(shutdown_40_wait_vs_shutdown_that_cancels_vs_dequeue,
	 .set_up = queued_to_wait,
	 .threads = {MANY(waits_for_1), ONCE(cancels_all_at_once), ONCE(lets_go)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"1; cancelled", ACCEPTABLE, "shutdown came first"},
		 {"1; value", ACCEPTABLE, "the worker came first"},
	 });

SCENARIO(shutdown_42_iterator_vs_shutdown_that_cancels_vs_dequeue,
	 .set_up = queued_to_iterate,
	 .threads = {MANY(iterates_over_1), ONCE(cancels_all_at_once), ONCE(lets_go)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"1; cancelled", ACCEPTABLE, "shutdown came first"},
		 {"1; value", ACCEPTABLE, "the worker came first"},
	 });

SCENARIO(shutdown_53_wait_vs_completion_vs_shutdown,
	 .set_up = runs_to_wait,
	 .threads = {MANY(waits_for_1), ONCE(lets_go), ONCE(shuts_down)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"1; value", ACCEPTABLE, "who waits is told"},
	 });

SCENARIO(shutdown_24_iterator_vs_completion_vs_shutdown_at_once,
	 .set_up = runs_to_iterate,
	 .threads = {MANY(iterates_over_1), ONCE(lets_go), ONCE(shuts_down_at_once)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"1; value", ACCEPTABLE, "who waits is told"},
	 });

SCENARIO(map_40_map_vs_shutdown,
	 .set_up = idle_to_map,
	 .threads = {ONCE(maps), MANY(shuts_down)},
	 .check = look_at_map,
	 .outcomes = {
		 {"value, value, stop", ACCEPTABLE, "all was submitted before"},
		 {"refused", ACCEPTABLE, "shutdown came before the last submit"},
	 });

SCENARIO(shutdown_45_map_vs_shutdown_that_cancels,
	 .set_up = idle_to_map_and_cancel,
	 .threads = {ONCE(maps), MANY(cancels_all_at_once)},
	 .check = look_at_map,
	 .outcomes = {
		 {"value, value, stop", ACCEPTABLE, "all had begun before"},
		 {"value, cancelled, stop", ACCEPTABLE, "one had begun before"},
		 {"cancelled, cancelled, stop", ACCEPTABLE, "none had begun before"},
		 {"cancelled, value, stop", INTERESTING, "the worker was between two cancellations"},
		 {"refused", ACCEPTABLE, "shutdown came before the last submit"},
	 });

/* ---- no work, and the first work ------------------------------------------------------ */

SCENARIO(shutdown_13_shutdown_vs_shutdown,
	 .set_up = pool_is_idle,
	 .threads = {MANY(shuts_down), MANY(shuts_down)},
	 .check = look_at_1,
	 .outcomes = {
		 {"left", ACCEPTABLE, "there never was any work"},
	 });

static void submits_and_shuts_down(void)
{
	do_submit(0, VALUE);
	do_shutdown(WAITS);
}

/* The worker that the work brings about arrives while shutdown waits. */
SCENARIO(shutdown_17_first_work_and_shutdown_vs_shutdown,
	 .set_up = pool_is_idle,
	 .threads = {ONCE(submits_and_shuts_down), MANY(shuts_down)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE, IS_REFUSED});

/* ---- all cancelled -------------------------------------------------------------------- */

static void two_are_queued_to_cancel_all(void)
{
	need_form(CANCELS_RETURNS);
	two_are_queued();
}

SCENARIO(shutdown_32_shutdown_that_cancels_vs_shutdown_that_cancels,
	 .set_up = two_are_queued_to_cancel_all,
	 .threads = {MANY(cancels_all_at_once), MANY(cancels_all_at_once)},
	 .check = look_at_2,
	 .outcomes = {
		 {"cancelled, cancelled", ACCEPTABLE, "no worker is free to take them"},
	 });

static void queued_to_wait_and_cancel_all(void)
{
	NEED(wait);
	need_form(CANCELS_RETURNS);
	one_is_queued_to_cancel();
}

static void cancels_all_and_lets_go(void)
{
	do_shutdown(CANCELS_RETURNS);
	do_open();
}

SCENARIO_AND_AT_REST(shutdown_44_wait_vs_cancel_vs_shutdown_that_cancels,
	 .set_up = queued_to_wait_and_cancel_all,
	 .threads = {MANY(waits_for_1), MANY(cancels), ONCE(cancels_all_and_lets_go)},
	 .check = look_at_mask_and_1,
	 .outcomes = {
		 {"1; cancelled", ACCEPTABLE, "whichever of the two has cancelled it, who waits is told"},
	 });
