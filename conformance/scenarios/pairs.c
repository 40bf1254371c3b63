/* SPDX-License-Identifier: MIT */
/*
 * pairs.c: any call meets any other, and the end of a task, an initializer, a fork or the exit.
 *
 * What meets is drawn, so the outcome says little; the accounting judges.  A release meets
 * the calls on the other handle, for nobody may make one on what is released.
 */
#include "bodies.h"

static void nothing(int own) { (void)own; }
static void submit_own(int own) { do_submit(own, VALUE); }
static void cancel_it(int own) { (void)own, do_cancel(0); }
static void end_it(int own) { (void)own, do_shutdown(WAITS); }
static void end_it_at_once(int own) { (void)own, do_shutdown(RETURNS); }
static void cancel_all(int own) { (void)own, do_shutdown(CANCELS_WAITS); }
static void cancel_all_at_once(int own) { (void)own, do_shutdown(CANCELS_RETURNS); }
static void add_callback(int own) { (void)own, do_add_callback(0); }
static void query(int own) { (void)own, do_query(0); }
static void count(int own) { (void)own, do_count(); }
static void ask(int own) { (void)own, do_result(0, PP_FOREVER); }
static void ask_briefly(int own) { (void)own, do_result(0, BRIEF); }
static void wait_for_all(int own) { (void)own, do_wait(PP_ALL_COMPLETED, PP_FOREVER, 1); }
static void wait_for_first(int own) { (void)own, do_wait(PP_FIRST_COMPLETED, PP_FOREVER, 1); }
static void wait_for_exception(int own) { (void)own, do_wait(PP_FIRST_EXCEPTION, PP_FOREVER, 1); }
static void iterate(int own) { (void)own, do_as_completed(PP_FOREVER, 1); }
static void map_two(int own) { (void)own, do_map(2, 3); }

#define ENTRY(entry) offsetof(struct pp_backend, entry)
static const struct {
	void (*call)(int own); /* own: the work item that it may submit */
	size_t entry;	       /* that it needs */
} calls[] = {
	/* of the future */
	{cancel_it, ENTRY(cancel)},
	{add_callback, ENTRY(add_done_callback)},
	{query, ENTRY(done)},
	{ask, ENTRY(result)},
	{ask_briefly, ENTRY(result)},
	{wait_for_all, ENTRY(wait)},
	{wait_for_first, ENTRY(wait)},
	{wait_for_exception, ENTRY(wait)},
	{iterate, ENTRY(as_completed_begin)},
	/* of the executor */
	{submit_own, ENTRY(submit)},
	{count, ENTRY(worker_count)},
	{end_it, ENTRY(shutdown)},
	{end_it_at_once, ENTRY(shutdown_nowait)},
	{cancel_all, ENTRY(shutdown_cancel)},
	{cancel_all_at_once, ENTRY(shutdown_cancel)},
	{map_two, ENTRY(map_begin)}, /* the stage has room for one */
};
#define CALLS ((int)(sizeof(calls) / sizeof(calls[0])))
#define OF_FUTURE 9

static void (*first)(int own), (*second)(int own);

/* The call with that number, or none if the backend lacks it. */
static void (*pick(int i))(int own)
{
	bool there = has_entry(calls[i].entry) && (calls[i].call != cancel_all_at_once || HAS(shutdown_nowait));

	return there ? calls[i].call : nothing;
}

static void draw(void)
{
	int a = choose(CALLS), b = choose(a == CALLS - 1 ? CALLS - 1 : CALLS);

	first = pick(a);
	second = pick(b);
}

static void one_call(void) { first(1); }
static void another_call(void) { second(2); }

/* Item 0 waits behind another, runs, is to raise, or is to be broken. */
static void item_in_any_state(void)
{
	switch (choose(HAS(executor_new_with_initializer) ? 5 : 3)) {
	case 0:
		one_is_queued();
		break;
	case 1:
		one_runs();
		break;
	case 2:
		one_runs_to_raise();
		break;
	case 3:
		await_initializer(pool_is_to_break);
		break;
	default:
		await_initializer(pool_is_to_begin);
	}
}

static void in_any_state(void)
{
	draw();
	item_in_any_state();
}

SCENARIO(state_16_any_call_vs_any_call_vs_any_end,
	 .set_up = in_any_state,
	 .threads = {ONCE(one_call), ONCE(another_call), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE, HAS_EXCEPTION, IS_CANCELLED, IS_BROKEN});

static void queued_to_exit_under_any_call(void)
{
	NEED(process_exit);
	draw();
	one_is_queued();
}

SCENARIO(exit_14_exit_vs_any_call_vs_dequeue,
	 .exits = true,
	 .set_up = queued_to_exit_under_any_call,
	 .threads = {ONCE(one_call), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 HAS_VALUE,
		 IS_CANCELLED,
		 {"not run", ACCEPTABLE, "cancelled, and the process was gone before the call had returned"},
	 });

static void stays_alone(void)
{
}

static void forks(void)
{
	do_fork(stays_alone);
}

static void any_state_to_fork(void)
{
	need_fork();
	in_any_state();
}

SCENARIO(fork_8_fork_vs_any_call_vs_any_end,
	 .set_up = any_state_to_fork,
	 .threads = {ONCE(forks), ONCE(one_call), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE, HAS_EXCEPTION, IS_CANCELLED, IS_BROKEN});

static void in_any_state_to_release(void)
{
	NEED(executor_release);
	first = pick(choose(OF_FUTURE));
	item_in_any_state();
}

SCENARIO_AND_AT_REST(release_10_release_vs_any_call_on_the_future_vs_any_end,
	 .set_up = in_any_state_to_release,
	 .threads = {ONCE(releases), ONCE(one_call), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE, HAS_EXCEPTION, IS_CANCELLED, IS_BROKEN});

static void in_any_state_to_drop(void)
{
	NEED(future_release);
	first = pick(OF_FUTURE + choose(CALLS - OF_FUTURE));
	item_in_any_state();
}

SCENARIO(mem_15_drop_vs_any_call_on_the_executor_vs_any_end,
	 .set_up = in_any_state_to_drop,
	 .threads = {ONCE(drops), ONCE(one_call), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 HAS_VALUE,
		 HAS_EXCEPTION,
		 {"not run", ACCEPTABLE, "shutdown has cancelled it, or its pool broke"},
	 });
