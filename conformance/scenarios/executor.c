/* SPDX-License-Identifier: MIT */
/* executor.c: submit and map meet each other, workers that end, and new ones. */
#include "bodies.h"

SCENARIO_AND_AT_REST(exec_21_submit_vs_submit,
	 .set_up = pool_is_idle,
	 .threads = {MANY(submits), MANY(submits_another)},
	 .check = look_at_2,
	 .outcomes = {
		 {"value, value", ACCEPTABLE, "each has run"},
	 });

static void submits_two(void)
{
	do_submit(0, VALUE);
	do_submit(1, EXCEPTION);
}

static void submits_a_third(void)
{
	do_submit(2, VALUE);
}

SCENARIO(exec_21_two_submits_vs_submit,
	 .set_up = pool_is_idle,
	 .threads = {MANY(submits_two), MANY(submits_a_third)},
	 .check = look_at_3,
	 .outcomes = {
		 {"value, exception, value", ACCEPTABLE, "each has run"},
	 });

SCENARIO(worker_6_submit_vs_completion,
	 .set_up = one_runs,
	 .threads = {MANY(submits_another), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"value, value", ACCEPTABLE, "the worker took it, or another did"},
	 });

SCENARIO(worker_14_submit_vs_completion_with_exception,
	 .set_up = one_runs_to_raise,
	 .threads = {MANY(submits_another), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"exception, value", ACCEPTABLE, "the worker took it, or another did"},
	 });

/* ---- map --------------------------------------------------------------------- */

static void idle_with_map(void)
{
	NEED(map_begin);
	pool_is_idle();
}

static void held_with_map(void)
{
	NEED(map_begin);
	open_pool(1);
	hold_worker();
}

static void maps(void)
{
	note_text(0, do_map(3, 4));
}

static void maps_and_takes_one(void)
{
	note_text(0, do_map(3, 1));
}

static void maps_and_takes_none(void)
{
	note_text(0, do_map(2, 0));
}

static void look_at_map_and_1(void)
{
	observe("%s; %s", noted_text(0), fate(0));
}

static void look_at_map(void)
{
	observe("%s; %d ran", noted_text(0), map_ran());
}

SCENARIO(map_1_map_vs_submit,
	 .set_up = idle_with_map,
	 .threads = {ONCE(maps), MANY(submits)},
	 .check = look_at_map_and_1,
	 .outcomes = {
		 {"value, value, value, stop; value", ACCEPTABLE, "all in order, and the other too"},
	 });

SCENARIO(map_1_map_vs_completion,
	 .set_up = held_with_map,
	 .threads = {ONCE(maps), ONCE(lets_go)},
	 .check = look_at_map,
	 .outcomes = {
		 {"value, value, value, stop; 3 ran", ACCEPTABLE, "all in order"},
	 });

static void two_with_map(void)
{
	NEED(map_begin);
	open_pool(2);
}

static void maps_too(void)
{
	note_text(1, do_map(3, 4));
}

static void look_at_both_maps(void)
{
	observe("%s; %s", noted_text(0), noted_text(1));
}

SCENARIO(map_9_map_vs_map,
	 .set_up = two_with_map,
	 .threads = {ONCE(maps), ONCE(maps_too)},
	 .check = look_at_both_maps,
	 .outcomes = {
		 {"value, value, value, stop; value, value, value, stop", ACCEPTABLE, "to each its own, in order"},
	 });

SCENARIO(map_33_map_ended_early_vs_dequeue,
	 .set_up = idle_with_map,
	 .threads = {ONCE(maps_and_takes_one), MANY(submits)},
	 .check = look_at_map,
	 .outcomes = {
		 {"value; [123] ran", ACCEPTABLE, "some had begun before the end"},
	 });

SCENARIO(map_34_map_never_asked_vs_dequeue,
	 .set_up = held_with_map,
	 .threads = {ONCE(maps_and_takes_none), ONCE(lets_go)},
	 .check = look_at_map,
	 .outcomes = {
		 {"; [01] ran", ACCEPTABLE, "the rest was cancelled"},
		 {"; 2 ran", ACCEPTABLE, "all had begun before the end, or what nobody asked for is not cancelled"},
	 });

/* ---- how many at once ----------------------------------------------------------- */

static void one_of_two_is_held(void)
{
	open_pool(2);
	hold_worker();
}

SCENARIO(worker_2_submits_vs_submit_vs_completion,
	 .set_up = one_of_two_is_held,
	 .threads = {MANY(submits_two), MANY(submits_a_third), ONCE(lets_go)},
	 .check = look_at_3,
	 .outcomes = {
		 {"value, exception, value", ACCEPTABLE, "each has run; the accounting has counted those at once"},
	 });
