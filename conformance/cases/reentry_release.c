/* SPDX-License-Identifier: MIT */
/* Reentry: public calls from inside a release function. */
#include "deeds.h"

CASE(reentry_42_release_submits)
{
	struct inside *in = inside_new(deed_submit, executor_any());

	in_release(in);
	expect_submitted(in);
}

/* Two are cancelled, so that one is let go of while the other is yet to come. */
CASE(reentry_43_release_of_shutdown_is_refused)
{
	struct inside *in;
	struct gate *gate;
	struct pp_future *f;

	NEED(submit_with_release);
	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	in = inside_new(deed_submit, executor_new(1));
	gate = hold(in->e, 1);
	f = submit_with_release(in->e, must_not_run, in, release_inside);
	submit(in->e, must_not_run, NULL);
	gate_open(in->ready);
	REQUIRE(shutdown_cancel(in->e, false) == PP_OK);
	gate_open(gate);
	let(in);
	expect_result(f, F_CANCELLED, PP_FOREVER);
	context("a release function that shutdown called for work that it cancelled has submitted");
	EXPECT_STATUS(PP_SHUTDOWN, in->status);
}

CASE(reentry_44_release_cancels_another)
{
	struct inside *in;

	NEED(cancel);
	in = inside_new(deed_cancel_other, executor_any());
	in->other = future_in(F_PENDING);
	in_release(in);
	EXPECT(in->answer);
	expect_in(in->other, F_CANCELLED);
}

/* in->own is known before the release function can run. */
static void in_release_that_knows_its_future(struct inside *in)
{
	struct gate *gate = hold(in->e, 1);

	in->own = submit_with_release(in->e, task_return, in, release_inside);
	gate_open(gate);
	let(in);
}

CASE(reentry_45_release_asks_about_its_future)
{
	struct inside *in = inside_new(deed_ask_own, executor_new(1));

	in_release_that_knows_its_future(in);
	context("a release function has asked about the future of its argument, and was answered");
	EXPECT(in->status == PP_OK || in->status == PP_TIMEOUT);
}

/* It is called by cancel itself, or when the worker is free. */
CASE(reentry_45_release_of_cancelled_work_asks_about_its_future)
{
	struct inside *in = inside_new(deed_ask_own, executor_new(1));
	struct gate *gate = hold(in->e, 1);

	in->own = submit_with_release(in->e, must_not_run, in, release_inside);
	gate_open(in->ready);
	EXPECT(cancel(in->own));
	gate_open(gate);
	let(in);
	context("a release function has asked about the future of its argument, which was cancelled");
	EXPECT_STATUS(PP_CANCELLED, in->status);
}

CASE(reentry_45_release_of_shutdown_asks_about_its_future)
{
	struct inside *in;
	struct gate *gate;

	NEED(submit_with_release);
	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	in = inside_new(deed_ask_own, executor_new(1));
	gate = hold(in->e, 1);
	in->own = submit_with_release(in->e, must_not_run, in, release_inside);
	gate_open(in->ready);
	REQUIRE(shutdown_cancel(in->e, false) == PP_OK);
	gate_open(gate);
	let(in);
	context("a release function has asked about the future of its argument, which shutdown cancelled");
	EXPECT_STATUS(PP_CANCELLED, in->status);
}

CASE(reentry_45_release_of_a_breaking_pool_asks_about_its_future)
{
	struct gate *gate = gate_new();
	struct inside *in;

	NEED(submit_with_release);
	in = inside_new(deed_ask_own, executor_new_with_initializer(1, initializer_fail_at_gate, gate));
	in->own = submit_with_release(in->e, must_not_run, in, release_inside);
	gate_open(in->ready);
	gate_open(gate);
	let(in);
	context("a release function has asked about the future of its argument, whose pool broke");
	EXPECT(in->status == PP_BROKEN || in->status == PP_TIMEOUT);
}

CASE(reentry_46_release_shuts_down)
{
	struct inside *in;
	struct pp_future *f;

	NEED(shutdown_nowait);
	in = inside_new(deed_shutdown_nowait, executor_any());
	in_release(in);
	EXPECT_STATUS(PP_OK, in->status);
	context("a release function has shut the executor down");
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(in->e, must_not_run, NULL, &f));
}

CASE(reentry_47_release_releases_the_executor)
{
	struct inside *in;

	NEED(submit_with_release);
	in = inside_new(deed_release_executor, own_executor(1));
	in_release_that_knows_its_future(in);
	context("a release function has dropped the last handle on the executor");
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_STATUS(PP_OK, result(in->own, PP_FOREVER, &in->outcome));
}

CASE(reentry_47_release_of_cancelled_work_releases_the_executor)
{
	expect_last_handle_dropped_at(RELEASE, CANCEL);
}

CASE(reentry_47_release_of_shutdown_releases_the_executor)
{
	expect_last_handle_dropped_at(RELEASE, SHUTDOWN);
}

CASE(reentry_47_release_of_a_breaking_pool_releases_the_executor)
{
	expect_last_handle_dropped_at(RELEASE, BREAK);
}

CASE(reentry_48_release_releases_its_future)
{
	struct inside *in;
	struct gate *gate;

	NEED(submit_with_release);
	NEED(future_release);
	in = inside_new(deed_release_made, executor_new(1));
	gate = hold(in->e, 1);
	REQUIRE(backend()->submit_with_release(in->e, task_return, in, release_inside, &in->made) == PP_OK);
	gate_open(gate);
	let(in);
	shutdown_wait(in->e);
	context("a release function has dropped the last handle on the future of its argument");
	EXPECT_STATUS(PP_OK, in->status);
}

CASE(reentry_65_release_adds_a_callback)
{
	struct inside *in;

	NEED(add_done_callback);
	in = inside_at(RELEASE, deed_add_callback_to_other);
	done_at(RELEASE, in);
	EXPECT_STATUS(PP_OK, in->status);
	context("a release function has added a callback to a done future");
	EXPECT_INT(1, in->before);
}

CASE(reentry_66_release_finishes_a_future)
{
	expect_finish_at(RELEASE);
}

CASE(reentry_67_release_waits_for_a_done_future)
{
	expect_wait_at(RELEASE);
}

CASE(reentry_68_release_is_yielded_a_done_future)
{
	expect_as_completed_at(RELEASE);
}

CASE(reentry_69_release_maps_on_another_executor)
{
	expect_map_at(RELEASE);
}

CASE(reentry_70_release_cancels_all)
{
	expect_shutdown_cancel_at(RELEASE);
}

CASE(reentry_71_release_asks_shutdown_to_wait)
{
	expect_shutdown_wait_at(RELEASE);
}

CASE(reentry_72_release_uses_another_executor)
{
	expect_nested_at(RELEASE);
}

CASE(reentry_73_release_asks_for_the_count_of_workers)
{
	expect_worker_count_at(RELEASE);
}

/* Two break, so that one is let go of while the other is yet to come. */
CASE(reentry_74_release_of_a_breaking_pool_is_refused)
{
	struct gate *gate = gate_new();
	struct inside *in;

	NEED(submit_with_release);
	in = inside_new(deed_submit, executor_new_with_initializer(1, initializer_fail_at_gate, gate));
	submit_with_release(in->e, must_not_run, in, release_inside);
	submit(in->e, must_not_run, NULL);
	gate_open(in->ready);
	gate_open(gate);
	let(in);
	context("a release function that was called because the pool broke has submitted");
	EXPECT_STATUS(PP_BROKEN, in->status);
}
