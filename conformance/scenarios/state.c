/* SPDX-License-Identifier: MIT */
/* state.c: who asks for the state of a future, or for the number of workers, meets who changes it. */
#include "bodies.h"

static void one_runs_to_query(void)
{
	NEED(done);
	one_runs();
}

SCENARIO_AND_AT_REST(state_19_query_vs_completion,
	 .set_up = one_runs_to_query,
	 .threads = {MANY(queries), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

static void one_is_queued_to_query(void)
{
	NEED(done);
	one_is_queued_to_cancel();
}

SCENARIO_AND_AT_REST(state_9_query_vs_cancel,
	 .set_up = one_is_queued_to_query,
	 .threads = {MANY(queries), MANY(cancels)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED});

SCENARIO(state_13_query_vs_cancel_vs_dequeue,
	 .set_up = one_is_queued_to_query,
	 .threads = {MANY(queries), ONCE(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {IS_CANCELLED, HAS_VALUE});

static void own_to_query(void)
{
	NEED(done);
	open_pool(1);
	put_own(0);
}

static void sets_result(void)
{
	do_set_result(0);
}

SCENARIO(state_16_query_vs_set_result,
	 .set_up = own_to_query,
	 .threads = {MANY(queries), ONCE(sets_result)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

static void idle_to_count(void)
{
	NEED(worker_count);
	pool_is_idle();
}

SCENARIO_AND_AT_REST(worker_21_count_vs_submit,
	 .set_up = idle_to_count,
	 .threads = {MANY(counts), MANY(submits)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

static void two_run_to_count(void)
{
	NEED(worker_count);
	two_run();
}

SCENARIO(worker_23_count_vs_shutdown_vs_completions,
	 .set_up = two_run_to_count,
	 .threads = {MANY(counts), MANY(shuts_down), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {{"value, value", ACCEPTABLE, "what was running ends"}});
