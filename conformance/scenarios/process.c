/* SPDX-License-Identifier: MIT */
/* process.c: fork and the exit of the process meet the rest. */
#include "bodies.h"

#include <unistd.h>

/* ---- fork --------------------------------------------------------------------------- */

static bool uses_executor; /* the child does; drawn before the fork */

/* The child has a pool of its own, or none. */
static void child(void)
{
	struct pp_executor *e = NULL;
	struct pp_future *f = NULL;
	void *outcome = NULL;

	if (!uses_executor)
		return;
	if (backend()->executor_new(1, &e) != PP_OK || backend()->submit(e, task_return, token(7), &f) != PP_OK ||
	    backend()->result(f, PP_FOREVER, &outcome) != PP_OK || outcome != token(7) ||
	    backend()->shutdown(e) != PP_OK)
		_exit(FORK_CANNOT);
	if (HAS(future_release))
		backend()->future_release(f);
	if (HAS(executor_release))
		backend()->executor_release(e);
}

static void forks(void)
{
	do_fork(child);
}

static void asks_too(void)
{
	do_result(0, PP_FOREVER);
}

static void draw_child(void)
{
	uses_executor = choose(2) && child_starts_threads();
}

static void idle_to_fork(void)
{
	need_fork();
	pool_is_idle();
}

static void queued_to_fork(void)
{
	need_fork();
	one_is_queued_to_cancel();
}

static void runs_to_fork(void)
{
	need_fork();
	one_runs();
}

static void runs_to_fork_with_callbacks(void)
{
	NEED(add_done_callback);
	runs_to_fork();
}

static void breaks_to_fork(void)
{
	need_fork();
	pool_is_to_break();
}

static void idle_to_fork_a_user(void)
{
	draw_child();
	idle_to_fork();
}

static void queued_to_fork_a_user(void)
{
	draw_child();
	queued_to_fork();
}

static void runs_to_fork_a_user(void)
{
	draw_child();
	runs_to_fork();
}

static void runs_to_fork_a_user_with_callbacks(void)
{
	draw_child();
	runs_to_fork_with_callbacks();
}

static void breaks_to_fork_a_user(void)
{
	draw_child();
	breaks_to_fork();
}

SCENARIO(fork_8_fork_vs_submit,
	 .set_up = idle_to_fork_a_user,
	 .threads = {ONCE(forks), MANY(submits)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "it ran once, here; the child has left in good order"},
	 });

SCENARIO(fork_7_fork_vs_dequeue,
	 .set_up = queued_to_fork_a_user,
	 .threads = {ONCE(forks), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "it ran once, here; the child has left in good order"},
	 });

SCENARIO(fork_9_fork_vs_completion,
	 .set_up = runs_to_fork_a_user,
	 .threads = {ONCE(forks), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "it ran once, here; the child has left in good order"},
	 });

SCENARIO(fork_8_fork_vs_cancel_vs_dequeue,
	 .set_up = queued_to_fork_a_user,
	 .threads = {ONCE(forks), MANY(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"cancelled", ACCEPTABLE, "cancel came first"},
		 {"value", ACCEPTABLE, "the worker came first"},
	 });

SCENARIO(fork_5_fork_vs_shutdown_vs_completion,
	 .set_up = runs_to_fork_a_user,
	 .threads = {ONCE(forks), MANY(shuts_down), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "the child has left in good order"},
	 });

SCENARIO(fork_9_fork_vs_result_vs_completion,
	 .set_up = runs_to_fork_a_user,
	 .threads = {ONCE(forks), MANY(asks_too), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "who waits here is told"},
	 });

static void runs_to_fork_and_release(void)
{
	NEED(executor_release);
	runs_to_fork();
}

SCENARIO(fork_9_fork_vs_release_vs_completion,
	 .set_up = runs_to_fork_and_release,
	 .threads = {ONCE(forks), ONCE(releases), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "its worker takes the executor away, and the child has left in good order"},
	 });

SCENARIO(callback_33_fork_vs_add_vs_completion,
	 .set_up = runs_to_fork_a_user_with_callbacks,
	 .threads = {ONCE(forks), MANY(adds_callback), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "each callback was called once, here"},
	 });

static void child_asks(void)
{
	do_result_in_child(0, BRIEF);
}

static void forks_a_child_that_asks(void)
{
	do_fork(child_asks);
}

/* The future may be in the middle of an answer when the child gets its copy. */
SCENARIO(fork_15_fork_and_result_vs_result_vs_completion,
	 .set_up = runs_to_fork,
	 .threads = {ONCE(forks_a_child_that_asks), MANY(asks_briefly), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "it ran here; whatever the child was told, it has left in good order"},
	 });

static void child_shuts_down(void)
{
	do_shutdown(RETURNS);
}

static void forks_a_child_that_shuts_down(void)
{
	do_fork(child_shuts_down);
}

static void idle_to_fork_and_shut_down(void)
{
	need_form(RETURNS);
	idle_to_fork();
}

/* The executor may be in the middle of a submit when the child gets its copy. */
SCENARIO(fork_17_fork_and_shutdown_vs_submit,
	 .set_up = idle_to_fork_and_shut_down,
	 .threads = {ONCE(forks_a_child_that_shuts_down), MANY(submits)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "it ran here, whatever the child does to its copy"},
	 });

SCENARIO(fork_8_fork_vs_initializer_failure,
	 .set_up = breaks_to_fork_a_user,
	 .threads = {ONCE(forks), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"broken", ACCEPTABLE, "the child has left in good order"},
	 });

/* The same with a child that leaves at once: small enough to see every schedule. */
static void leaves(void)
{
}

static void forks_to_leave(void)
{
	do_fork(leaves);
}

SCENARIO(fork_4_fork_and_leave_vs_submit,
	 .set_up = idle_to_fork,
	 .threads = {ONCE(forks_to_leave), MANY(submits)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "it ran once, here; the child has left in good order"},
	 });

SCENARIO(fork_7_fork_and_leave_vs_dequeue,
	 .set_up = queued_to_fork,
	 .threads = {ONCE(forks_to_leave), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "it ran once, here; the child has left in good order"},
	 });

SCENARIO(fork_5_fork_and_leave_vs_completion,
	 .set_up = runs_to_fork,
	 .threads = {ONCE(forks_to_leave), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "it ran once, here; the child has left in good order"},
	 });

SCENARIO(fork_5_fork_and_leave_vs_cancel_vs_dequeue,
	 .set_up = queued_to_fork,
	 .threads = {ONCE(forks_to_leave), MANY(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"cancelled", ACCEPTABLE, "cancel came first"},
		 {"value", ACCEPTABLE, "the worker came first"},
	 });

SCENARIO(fork_21_fork_and_leave_vs_shutdown_vs_completion,
	 .set_up = runs_to_fork,
	 .threads = {ONCE(forks_to_leave), MANY(shuts_down), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "the child has left in good order"},
	 });

SCENARIO(fork_9_fork_and_leave_vs_result_vs_completion,
	 .set_up = runs_to_fork,
	 .threads = {ONCE(forks_to_leave), MANY(asks_too), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "who waits here is told"},
	 });

static void two_run_to_fork_and_wait(void)
{
	need_fork();
	NEED(wait);
	two_run();
}

/* What wait has not come to yet is no link in the child either. */
SCENARIO(fork_9_fork_and_leave_vs_wait_for_two_vs_completion,
	 .set_up = two_run_to_fork_and_wait,
	 .threads = {ONCE(forks_to_leave), MANY(waits_for_2), ONCE(lets_go)},
	 .check = look_at_2,
	 .outcomes = {
		 {"value, value", ACCEPTABLE, "who waits here is told"},
	 });

SCENARIO(callback_33_fork_and_leave_vs_add_vs_completion,
	 .set_up = runs_to_fork_with_callbacks,
	 .threads = {ONCE(forks_to_leave), MANY(adds_callback), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"value", ACCEPTABLE, "each callback was called once, here"},
	 });

SCENARIO(fork_8_fork_and_leave_vs_initializer_failure,
	 .set_up = breaks_to_fork,
	 .threads = {ONCE(forks_to_leave), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"broken", ACCEPTABLE, "the child has left in good order"},
	 });

/* ---- exit ------------------------------------------------------------------------------ */

static void idle_to_exit(void)
{
	NEED(process_exit);
	pool_is_idle();
}

static void queued_to_exit(void)
{
	NEED(process_exit);
	one_is_queued_to_cancel();
}

static void queued_to_exit_and_shut_down(void)
{
	need_form(CANCELS_RETURNS);
	queued_to_exit();
}

static void queued_to_exit_and_release(void)
{
	NEED(executor_release);
	queued_to_exit();
}

static void runs_to_exit(void)
{
	NEED(process_exit);
	one_runs();
}

static void runs_to_exit_with_a_callback(void)
{
	NEED(add_done_callback);
	runs_to_exit();
	do_add_callback(0);
}

static void breaks_to_exit(void)
{
	NEED(process_exit);
	pool_is_to_break();
}

#define NOT_REACHED {"left", ACCEPTABLE, "the process was gone before submit had returned"}

SCENARIO(exit_13_exit_vs_submit,
	 .exits = true,
	 .set_up = idle_to_exit,
	 .threads = {MANY(submits)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE, IS_REFUSED, NOT_REACHED});

/* One more executor; it may be refused, and so may be its work. */
static void submits_to_a_new_one(void)
{
	struct pp_executor *e;
	struct pp_future *f;

	if (backend()->executor_new(1, &e) != PP_OK)
		return;
	if (backend()->submit(e, task_return, NULL, &f) == PP_OK && HAS(future_release))
		backend()->future_release(f);
	if (HAS(executor_release))
		backend()->executor_release(e);
}

SCENARIO(exit_2_exit_vs_submit_to_a_new_one_vs_completion,
	 .exits = true,
	 .set_up = runs_to_exit,
	 .threads = {MANY(submits_to_a_new_one), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(exit_14_exit_vs_cancel_vs_dequeue,
	 .exits = true,
	 .set_up = queued_to_exit,
	 .threads = {MANY(cancels), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 IS_CANCELLED,
		 {"not run", ACCEPTABLE, "cancelled, and the process was gone before cancel had returned"},
		 HAS_VALUE,
	 });

SCENARIO(exit_8_exit_vs_shutdown_at_once_vs_dequeue,
	 .exits = true,
	 .set_up = queued_to_exit_and_shut_down,
	 .threads = {MANY(shuts_down_at_once), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(exit_15_exit_vs_shutdown_that_cancels_vs_dequeue,
	 .exits = true,
	 .set_up = queued_to_exit_and_shut_down,
	 .threads = {MANY(cancels_all_at_once), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"not run", ACCEPTABLE, "shutdown has cancelled it"},
		 HAS_VALUE,
	 });

SCENARIO(exit_9_exit_vs_release_vs_dequeue,
	 .exits = true,
	 .set_up = queued_to_exit_and_release,
	 .threads = {ONCE(releases), ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(exit_2_exit_vs_completion,
	 .exits = true,
	 .set_up = runs_to_exit,
	 .threads = {ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(exit_3_exit_vs_completion_with_a_callback,
	 .exits = true,
	 .set_up = runs_to_exit_with_a_callback,
	 .threads = {ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {HAS_VALUE});

SCENARIO(exit_17_exit_vs_initializer_failure,
	 .exits = true,
	 .set_up = breaks_to_exit,
	 .threads = {ONCE(lets_go)},
	 .check = look_at_1,
	 .outcomes = {
		 {"not run", ACCEPTABLE, "its pool broke"},
	 });
