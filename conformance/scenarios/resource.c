/* SPDX-License-Identifier: MIT */
/*
 * resource.c: a worker cannot be started while things go on.
 *
 * The executor may have two workers and has one, which is busy or idle; it may refuse
 * what is submitted, or leave it to the one it has.  What it refuses never runs.
 */
#include "bodies.h"

static void submits_starved(void)
{
	do_submit_starved(1, VALUE);
}

static void submits_starved_and_releases(void)
{
	do_submit_starved(1, VALUE);
	do_release_pool();
}

static void submits_starved_and_cancels(void)
{
	if (do_submit_starved(1, VALUE) == PP_OK)
		do_cancel(1);
}

static void second_has_no_worker(void)
{
	open_pool(2);
	put_running(0, VALUE);
}

static void second_has_no_worker_and_can_be_cancelled(void)
{
	NEED(cancel);
	second_has_no_worker();
}

static void second_has_no_worker_and_all_is_cancelled(void)
{
	need_form(CANCELS_WAITS);
	second_has_no_worker();
}

static void second_has_no_worker_and_pool_is_released(void)
{
	NEED(executor_release);
	second_has_no_worker();
}

static void initializer_is_to_fail(void)
{
	open_pool_with_initializer(2, 1);
	put(0, VALUE);
}

static void pool_has_no_worker(void)
{
	open_pool(2);
}

static void submits_a_third(void)
{
	do_submit(2, VALUE);
}

#define RUNS_OR_IS_REFUSED(first)                                                    \
	{first ", value", ACCEPTABLE, "a worker was there for it, or became free"}, \
	{first ", refused", ACCEPTABLE, "there was no thread for it"}

SCENARIO(resource_1_submit_without_threads_vs_completion,
	 .set_up = second_has_no_worker,
	 .threads = {MANY(submits_starved), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {RUNS_OR_IS_REFUSED("value")});

SCENARIO(resource_6_submit_without_threads_vs_submit,
	 .set_up = pool_has_no_worker,
	 .threads = {MANY(submits_starved), MANY(submits_a_third)},
	 .check = look_at_3,
	 .outcomes = {
		 {"left, value, value", ACCEPTABLE, "a worker was there for it, or became free"},
		 {"left, refused, value", ACCEPTABLE, "there was no thread for it"},
	 });

SCENARIO(resource_7_submit_without_threads_vs_shutdown,
	 .set_up = second_has_no_worker,
	 .threads = {MANY(submits_starved), ONCE(shuts_down), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {RUNS_OR_IS_REFUSED("value")});

SCENARIO(resource_7_submit_without_threads_vs_shutdown_that_cancels,
	 .set_up = second_has_no_worker_and_all_is_cancelled,
	 .threads = {MANY(submits_starved), ONCE(cancels_all), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 RUNS_OR_IS_REFUSED("value"),
		 {"value, cancelled", ACCEPTABLE, "it was accepted, and PENDING when all was cancelled"},
	 });

SCENARIO(resource_1_submit_without_threads_vs_initializer_failure,
	 .set_up = initializer_is_to_fail,
	 .threads = {MANY(submits_starved), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"broken, broken", ACCEPTABLE, "it was accepted before the pool broke"},
		 {"broken, refused", ACCEPTABLE, "there was no thread for it, or the pool was broken"},
	 });

SCENARIO(resource_2_submit_without_threads_and_cancel_vs_completion,
	 .set_up = second_has_no_worker_and_can_be_cancelled,
	 .threads = {ONCE(submits_starved_and_cancels), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 RUNS_OR_IS_REFUSED("value"),
		 {"value, cancelled", ACCEPTABLE, "it was accepted, and waited for the worker"},
	 });

SCENARIO(resource_7_submit_without_threads_and_release_vs_completion,
	 .set_up = second_has_no_worker_and_pool_is_released,
	 .threads = {ONCE(submits_starved_and_releases), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {RUNS_OR_IS_REFUSED("value")});
