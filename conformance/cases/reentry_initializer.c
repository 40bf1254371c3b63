/* SPDX-License-Identifier: MIT */
/* Reentry: public calls from inside an initializer. */
#include "deeds.h"

/* The initializer of the only worker of in->e, which has one work item. */
static struct inside *inside_initializer(deed *what, pp_task *task)
{
	struct inside *in = inside_new(what, NULL);

	in->e = executor_new_with_initializer(1, initializer_inside, in);
	in->other = submit(in->e, task, in->ran);
	return in;
}

CASE(reentry_36_initializer_submits)
{
	struct inside *in = inside_initializer(deed_submit, task_count);

	let(in);
	EXPECT_STATUS(PP_OK, in->status);
	shutdown_wait(in->e);
	context("one work item was submitted before, and one by, the initializer");
	EXPECT_INT(2, counter_value(in->ran));
	if (HAS(future_release))
		future_release(in->made);
}

/* The only worker is in its initializer, so its first work item is PENDING. */
CASE(reentry_37_initializer_cancels)
{
	struct inside *in;

	NEED(cancel);
	in = inside_initializer(deed_cancel_other, must_not_run);
	let(in);
	EXPECT(in->answer);
	shutdown_wait(in->e);
	expect_in(in->other, F_NOTIFIED);
}

CASE(reentry_38_initializer_shuts_down)
{
	struct inside *in;
	struct pp_future *f;

	NEED(shutdown_nowait);
	in = inside_initializer(deed_shutdown_nowait, task_count);
	let(in);
	EXPECT_STATUS(PP_OK, in->status);
	context("an initializer has shut its executor down");
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(in->e, must_not_run, NULL, &f));
}

CASE(reentry_39_accepted_work_runs_though_an_initializer_shuts_down)
{
	struct inside *in;
	int i;

	NEED(shutdown_nowait);
	in = inside_initializer(deed_shutdown_nowait, task_count);
	for (i = 1; i < 10; i++)
		submit(in->e, task_count, in->ran);
	let(in);
	shutdown_wait(in->e);
	context("10 work items were accepted before an initializer shut the executor down");
	EXPECT_INT(10, counter_value(in->ran));
}

CASE(reentry_40_initializer_uses_another_executor)
{
	struct inside *in = inside_initializer(deed_nested_executor, task_count);

	let(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

CASE(reentry_41_initializer_asks_for_the_count_of_workers)
{
	struct inside *in;

	NEED(worker_count);
	in = inside_initializer(deed_worker_count, task_count);
	let(in);
	context("an initializer has asked for the count of workers, and was answered");
	EXPECT_INT(1, counter_value(in->finished));
}

static void expect_result_at(enum place place)
{
	struct inside *in = inside_at(place, deed_result_of_other);

	done_at(place, in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

CASE(reentry_55_initializer_takes_a_result)
{
	expect_result_at(INITIALIZER);
}

/* The only worker is in its initializer, so that the future is PENDING. */
CASE(reentry_56_initializer_asks_about_a_future)
{
	struct inside *in = inside_new(deed_ask_own, NULL);

	in->e = executor_new_with_initializer(1, initializer_inside, in);
	in->own = submit(in->e, task_count, in->ran);
	let(in);
	context("an initializer has asked about a PENDING future of its executor");
	EXPECT_STATUS(PP_TIMEOUT, in->status);
	EXPECT_FALSE(in->answer);
}

CASE(reentry_57_initializer_adds_a_callback)
{
	struct inside *in;

	NEED(add_done_callback);
	in = inside_initializer(deed_add_callback_to_other, task_return);
	let(in);
	EXPECT_STATUS(PP_OK, in->status);
	context("an initializer has added a callback to a PENDING future of its executor");
	EXPECT_INT(0, in->before);
	shutdown_wait(in->e);
	counter_await(in->ran, 1);
	EXPECT_INT(1, counter_value(in->ran));
}

CASE(reentry_58_initializer_finishes_a_future)
{
	expect_finish_at(INITIALIZER);
}

CASE(reentry_59_initializer_waits_for_a_done_future)
{
	expect_wait_at(INITIALIZER);
}

CASE(reentry_60_initializer_is_yielded_a_done_future)
{
	expect_as_completed_at(INITIALIZER);
}

CASE(reentry_61_initializer_maps_on_another_executor)
{
	expect_map_at(INITIALIZER);
}

CASE(reentry_62_initializer_cancels_all)
{
	expect_shutdown_cancel_at(INITIALIZER);
}

CASE(reentry_63_initializer_asks_shutdown_to_wait)
{
	expect_shutdown_wait_at(INITIALIZER);
}

CASE(reentry_64_initializer_releases_a_future)
{
	struct inside *in;

	NEED(future_release);
	in = inside_new(deed_release_made, NULL);
	in->e = executor_new_with_initializer(1, initializer_inside, in);
	in->made = own_submit(in->e, task_count, in->ran);
	let(in);
	shutdown_wait(in->e);
	context("an initializer has dropped the handle on a PENDING future of its executor");
	EXPECT_INT(1, counter_value(in->ran));
}
