/* SPDX-License-Identifier: MIT */
/* Reentry: public calls from inside a done callback. */
#include "deeds.h"

/* A done callback of a future that no executor knows. */
static void in_author_callback(struct inside *in)
{
	struct pp_future *f = future_in(F_RUNNING);

	REQUIRE(add_done_callback(f, callback_inside, in) == PP_OK);
	gate_open(in->ready);
	REQUIRE(set_result(f, THE_VALUE) == PP_OK);
	let(in);
}

/* A done callback of a work item of e, which is cancelled. */
static void in_callback_of_cancelled(struct inside *in)
{
	struct gate *gate = hold(in->e, 1);
	struct pp_future *f = submit(in->e, must_not_run, NULL);

	REQUIRE(add_done_callback(f, callback_inside, in) == PP_OK);
	gate_open(in->ready);
	REQUIRE(cancel(f));
	gate_open(gate);
	let(in);
}

static void deed_wait_for_own(struct inside *in)
{
	in->status = backend()->wait(&in->own, 1, PP_FOREVER, PP_ALL_COMPLETED, &in->answer);
}

CASE(reentry_20_callback_submits)
{
	struct inside *in;

	NEED(add_done_callback);
	in = inside_new(deed_submit, executor_new(1));
	in_callback(in);
	expect_submitted(in);
}

CASE(reentry_20_callback_that_was_added_late_submits)
{
	struct pp_executor *e = executor_any();
	struct inside *in = inside_new(deed_submit, e);
	struct pp_future *f = submit(e, task_return, THE_VALUE);

	gate_open(in->ready);
	REQUIRE(add_done_callback(f, callback_inside, in) == PP_OK);
	let(in);
	expect_submitted(in);
}

CASE(reentry_21_callback_of_cancelled_submits)
{
	struct inside *in;

	NEED(add_done_callback);
	NEED(cancel);
	in = inside_new(deed_submit, executor_new(1));
	in_callback_of_cancelled(in);
	expect_submitted(in);
}

CASE(reentry_22_callback_after_shutdown_is_refused)
{
	struct inside *in;
	struct gate *gate;
	struct pp_future *f;

	NEED(add_done_callback);
	NEED(shutdown_nowait);
	in = inside_new(deed_submit, executor_new(1));
	gate = hold(in->e, 1);
	f = submit(in->e, task_return, THE_VALUE);
	REQUIRE(add_done_callback(f, callback_inside, in) == PP_OK);
	REQUIRE(shutdown_nowait(in->e) == PP_OK);
	gate_open(in->ready);
	gate_open(gate);
	let(in);
	context("the executor was shut down before the future was done");
	EXPECT_STATUS(PP_SHUTDOWN, in->status);
}

/* A shutdown that cancels two futures; the callback of the first does the deed. */
static void in_callback_of_shutdown(struct inside *in)
{
	struct gate *gate = hold(in->e, 1);
	struct pp_future *f = submit(in->e, must_not_run, NULL);

	submit(in->e, must_not_run, NULL);
	REQUIRE(add_done_callback(f, callback_inside, in) == PP_OK);
	gate_open(in->ready);
	REQUIRE(shutdown_cancel(in->e, false) == PP_OK);
	gate_open(gate);
	let(in);
}

CASE(reentry_23_callback_of_shutdown_is_refused)
{
	struct inside *in;

	NEED(add_done_callback);
	NEED(shutdown_cancel);
	in = inside_new(deed_submit, executor_new(1));
	in_callback_of_shutdown(in);
	context("a callback that shutdown called for a future that it cancelled has submitted");
	EXPECT_STATUS(PP_SHUTDOWN, in->status);
}

CASE(reentry_24_callback_of_shutdown_shuts_down)
{
	struct inside *in;

	NEED(add_done_callback);
	NEED(shutdown_cancel);
	in = inside_new(deed_shutdown_nowait, executor_new(1));
	in_callback_of_shutdown(in);
	EXPECT_STATUS(PP_OK, in->status);
}

/* The worker is busy until the callback is called, if the thread inside shutdown calls it. */
static int callback_lets_go_and_acts(struct pp_future *f, void *in)
{
	struct inside *inside = in;

	gate_open(inside->ready);
	return callback_inside(f, in);
}

CASE(reentry_52_callback_of_shutdown_asks_it_to_wait)
{
	struct inside *in;
	struct pp_future *f;

	NEED(add_done_callback);
	NEED(shutdown_cancel);
	in = inside_new(deed_shutdown_wait, executor_new(1));
	submit(in->e, task_pass_gate, in->ready);
	gate_await(in->ready, 1);
	f = submit(in->e, must_not_run, NULL);
	REQUIRE(add_done_callback(f, callback_lets_go_and_acts, in) == PP_OK);
	REQUIRE(shutdown_cancel(in->e, false) == PP_OK);
	gate_open(in->ready);
	counter_await(in->finished, 1);
	context("a callback that shutdown called for a future that it cancelled has asked shutdown to wait, which has returned");
	EXPECT_STATUS(PP_OK, in->status);
}

CASE(reentry_25_callback_of_a_breaking_pool_is_refused)
{
	struct gate *gate = gate_new();
	struct inside *in;
	struct pp_future *f;

	NEED(add_done_callback);
	in = inside_new(deed_submit, executor_new_with_initializer(1, initializer_fail_at_gate, gate));
	f = submit(in->e, must_not_run, NULL);
	REQUIRE(add_done_callback(f, callback_inside, in) == PP_OK);
	gate_open(in->ready);
	gate_open(gate);
	let(in);
	context("a callback that was called because the pool broke has submitted");
	EXPECT_STATUS(PP_BROKEN, in->status);
}

/* The other is behind a work item that holds the only worker. */
CASE(reentry_26_callback_cancels_another)
{
	struct inside *in;
	struct gate *gate;

	NEED(add_done_callback);
	NEED(cancel);
	in = inside_new(deed_cancel_other, executor_new(1));
	gate = hold(in->e, 1);
	in->other = submit(in->e, must_not_run, NULL);
	in_author_callback(in);
	EXPECT(in->answer);
	gate_open(gate);
	shutdown_wait(in->e);
	expect_in(in->other, F_NOTIFIED);
}

/* Callbacks that cancel each other's futures, in a row. */
CASE(reentry_26_callback_of_cancelled_cancels_another)
{
	struct inside *in;
	struct gate *gate;
	struct pp_future *f;

	NEED(add_done_callback);
	NEED(cancel);
	in = inside_new(deed_cancel_other, executor_new(1));
	gate = hold(in->e, 1);
	f = submit(in->e, must_not_run, NULL);
	in->other = future_in(F_PENDING);
	REQUIRE(add_done_callback(f, callback_inside, in) == PP_OK);
	gate_open(in->ready);
	REQUIRE(cancel(f));
	gate_open(gate);
	let(in);
	EXPECT(in->answer);
	expect_in(in->other, F_CANCELLED);
}

/* The future that in's callback is to cancel is behind the held worker of another executor. */
struct behind {
	struct pp_executor *e;
	struct gate *gate;
};

static struct behind other_behind(struct inside *in)
{
	struct behind b = {.e = executor_new(1)};

	b.gate = hold(b.e, 1);
	in->other = submit(b.e, must_not_run, NULL);
	return b;
}

static void expect_other_cancelled(struct inside *in, struct behind b)
{
	EXPECT(in->answer);
	gate_open(b.gate);
	shutdown_wait(b.e);
	expect_in(in->other, F_NOTIFIED);
}

CASE(reentry_26_callback_of_shutdown_cancels_another)
{
	struct inside *in;
	struct behind other;

	NEED(add_done_callback);
	NEED(cancel);
	NEED(shutdown_cancel);
	in = inside_new(deed_cancel_other, executor_new(1));
	other = other_behind(in);
	in_callback_of_shutdown(in);
	context("a callback that shutdown called for a future that it cancelled has cancelled one of another executor");
	expect_other_cancelled(in, other);
}

CASE(reentry_26_callback_of_a_breaking_pool_cancels_another)
{
	struct gate *breaks = gate_new();
	struct behind other;
	struct inside *in;

	NEED(add_done_callback);
	NEED(cancel);
	in = inside_new(deed_cancel_other, executor_new_with_initializer(1, initializer_fail_at_gate, breaks));
	other = other_behind(in);
	REQUIRE(add_done_callback(submit(in->e, must_not_run, NULL), callback_inside, in) == PP_OK);
	gate_open(in->ready);
	gate_open(breaks);
	let(in);
	context("a callback that was called because the pool broke has cancelled a future of another executor");
	expect_other_cancelled(in, other);
}

/* A hundred futures, each cancelled by a callback of the one before. */
struct link {
	struct pp_future *next;
	struct counter *called;
};

static int callback_cancel_next(struct pp_future *f, void *arg)
{
	struct link *l = arg;

	(void)f;
	if (l->next)
		backend()->cancel(l->next);
	counter_add(l->called, 1);
	return PP_OK;
}

/* Of no executor: one after the other is noticed, and by then has cancelled the next one. */
CASE(reentry_26_chain_of_cancels)
{
	struct link links[100];
	struct pp_future *f[100];
	struct counter *called = counter_new();
	bool run;
	int i, k;

	NEED(add_done_callback);
	NEED(cancel);
	for (i = 0; i < 100; i++)
		f[i] = future_new();
	for (i = 0; i < 100; i++) {
		links[i] = (struct link){i < 99 ? f[i + 1] : NULL, called};
		REQUIRE(add_done_callback(f[i], callback_cancel_next, &links[i]) == PP_OK);
	}
	EXPECT(cancel(f[0]));
	for (i = 0; i < 100; i++) {
		run = true;
		EXPECT_STATUS(PP_OK, set_running_or_notify_cancel(f[i], &run));
		for (k = 0; k < 20 && counter_value(called) <= i; k++)
			threads_settle(); /* one of them may be what calls */
		context("future number %d of a hundred, each cancelled by a callback of the one before", i + 1);
		EXPECT_FALSE(run);
	}
	context("callbacks of a hundred futures, each of which cancelled the next one");
	EXPECT_INT(100, counter_value(called));
}

CASE(reentry_27_callback_cannot_cancel_its_finished_future)
{
	struct inside *in;

	NEED(add_done_callback);
	NEED(cancel);
	in = inside_new(deed_cancel_own, executor_new(1));
	in_callback(in);
	context("a done callback has cancelled its own FINISHED future");
	EXPECT_FALSE(in->answer);
	expect_in(in->own, F_RETURNED);
}

CASE(reentry_28_callback_cancels_its_cancelled_future)
{
	struct inside *in;

	NEED(add_done_callback);
	NEED(cancel);
	in = inside_new(deed_cancel_own, executor_new(1));
	in_callback_of_cancelled(in);
	EXPECT(in->answer);
	shutdown_wait(in->e);
	context("calls of the callback");
	EXPECT_INT(1, counter_value(in->begun));
}

static void callback_drops(struct inside *in, bool is_cancelled)
{
	struct gate *gate = hold(in->e, 1);
	struct pp_future *f = own_submit(in->e, is_cancelled ? must_not_run : task_return, NULL);

	REQUIRE(add_done_callback(f, callback_inside, in) == PP_OK);
	gate_open(in->ready);
	if (is_cancelled)
		REQUIRE(cancel(f));
	gate_open(gate);
	let(in);
	shutdown_wait(in->e);
	context("a done callback has dropped the caller's handle on its future");
	EXPECT_STATUS(PP_OK, in->status);
}

CASE(reentry_29_callback_releases_its_finished_future)
{
	NEED(add_done_callback);
	NEED(future_release);
	callback_drops(inside_new(deed_release_own, executor_new(1)), false);
}

CASE(reentry_29_callback_releases_its_cancelled_future)
{
	NEED(add_done_callback);
	NEED(future_release);
	NEED(cancel);
	callback_drops(inside_new(deed_release_own, executor_new(1)), true);
}

#define OTHERS 8

/* It drops the only handle, and makes others of what memory is handed out anew. */
static int callback_drops_and_makes_others(struct pp_future *f, void *others)
{
	struct pp_future **other = others;
	int i;

	backend()->future_release(f);
	for (i = 0; i < OTHERS; i++)
		if (backend()->future_new(&other[i]) == PP_OK)
			backend()->set_exception(other[i], THE_EXCEPTION);
	return PP_OK;
}

static int callback_asks(struct pp_future *f, void *arg)
{
	struct inside *in = arg;

	in->status = backend()->result(f, 0, &in->outcome);
	counter_add(in->finished, 1);
	return PP_OK;
}

/* What the second of two callbacks is told, when the first has dropped a future that no executor knows. */
static struct inside *drop_in_the_first_of_two(bool is_cancelled)
{
	struct inside *in = inside_new(NULL, NULL);
	struct pp_future *f, **others = shared_alloc(OTHERS * sizeof(f));
	int i;

	NEED(add_done_callback);
	NEED(future_release);
	NEED(future_new);
	NEED(set_exception);
	REQUIRE(backend()->future_new(&f) == PP_OK);
	REQUIRE(add_done_callback(f, callback_drops_and_makes_others, others) == PP_OK);
	REQUIRE(add_done_callback(f, callback_asks, in) == PP_OK);
	if (is_cancelled)
		REQUIRE(cancel(f));
	else
		REQUIRE(set_result(f, THE_VALUE) == PP_OK);
	if (!is_cancelled)
		counter_await(in->finished, 1);
	else if (counter_value(in->finished) == 0)
		unsupported("cancel leaves it to others to call the callbacks");
	for (i = 0; i < OTHERS; i++)
		if (others[i])
			backend()->future_release(others[i]);
	context("the second of two done callbacks asks for the result, when the first has dropped the caller's handle");
	return in;
}

CASE(reentry_29_callback_after_one_that_releases_their_finished_future)
{
	struct inside *in = drop_in_the_first_of_two(false);

	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

CASE(reentry_29_callback_after_one_that_releases_their_cancelled_future)
{
	struct inside *in = drop_in_the_first_of_two(true);

	EXPECT_STATUS(PP_CANCELLED, in->status);
}

CASE(reentry_30_callback_shuts_down)
{
	struct inside *in;
	struct pp_future *f;

	NEED(add_done_callback);
	NEED(shutdown_nowait);
	in = inside_new(deed_shutdown_nowait, executor_new(1));
	in_callback(in);
	EXPECT_STATUS(PP_OK, in->status);
	context("a done callback has shut the executor down");
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(in->e, must_not_run, NULL, &f));
}

/* The only worker is held, so that the victims are PENDING. */
CASE(reentry_31_callback_cancels_all)
{
	struct pp_future *f[5];
	struct inside *in;
	struct gate *gate;
	int i;

	NEED(add_done_callback);
	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	in = inside_new(deed_shutdown_cancel, executor_new(1));
	gate = hold(in->e, 1);
	for (i = 0; i < 5; i++)
		f[i] = submit(in->e, must_not_run, NULL);
	in_author_callback(in);
	EXPECT_STATUS(PP_OK, in->status);
	gate_open(gate);
	shutdown_wait(in->e);
	for (i = 0; i < 5; i++)
		expect_in(f[i], F_NOTIFIED);
}

/* Shutdown of one executor calls the callback that has another executor cancel all that it has. */
CASE(reentry_31_callback_of_shutdown_cancels_all_of_another)
{
	struct pp_future *f[5];
	struct pp_executor *first;
	struct gate *gates[2];
	struct inside *in;
	int i;

	NEED(add_done_callback);
	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	first = executor_new(1);
	in = inside_new(deed_shutdown_cancel, executor_new(1));
	gates[0] = hold(first, 1);
	gates[1] = hold(in->e, 1);
	for (i = 0; i < 5; i++)
		f[i] = submit(in->e, must_not_run, NULL);
	REQUIRE(add_done_callback(submit(first, must_not_run, NULL), callback_inside, in) == PP_OK);
	gate_open(in->ready);
	REQUIRE(shutdown_cancel(first, false) == PP_OK);
	gate_open(gates[0]);
	let(in);
	EXPECT_STATUS(PP_OK, in->status);
	gate_open(gates[1]);
	shutdown_wait(in->e);
	for (i = 0; i < 5; i++)
		expect_in(f[i], F_NOTIFIED);
}

/*
 * The same from a callback of the executor's own.  A worker may begin some of
 * the rest meanwhile; each is cancelled or runs, and the executor ends.
 */
CASE(reentry_31_callback_of_the_executor_cancels_the_rest)
{
	struct pp_future *f[10];
	struct inside *in;
	struct gate *gate;
	void *outcome;
	int i, finished = 0;

	NEED(add_done_callback);
	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	in = inside_new(deed_shutdown_cancel, executor_new(1));
	gate = hold(in->e, 1);
	for (i = 0; i < 10; i++)
		f[i] = submit(in->e, task_count, in->ran);
	REQUIRE(add_done_callback(f[0], callback_inside, in) == PP_OK);
	gate_open(in->ready);
	gate_open(gate);
	let(in);
	EXPECT_STATUS(PP_OK, in->status);
	shutdown_wait(in->e);
	for (i = 0; i < 10; i++)
		finished += result(f[i], PP_FOREVER, &outcome) == PP_OK;
	context("so many futures were not cancelled, and so many tasks ran");
	EXPECT_INT(finished, counter_value(in->ran));
}

CASE(reentry_32_callback_releases_its_executor)
{
	struct inside *in;
	struct gate *gate = gate_new();
	struct pp_future *f;

	NEED(add_done_callback);
	in = inside_new(deed_release_executor, own_executor(1));
	f = submit(in->e, task_pass_gate, gate);
	gate_await(gate, 1);
	REQUIRE(add_done_callback(f, callback_inside, in) == PP_OK);
	gate_open(in->ready);
	gate_open(gate);
	let(in);
	context("a done callback has dropped the last handle on its executor");
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &in->outcome));
}

/* REENTRY-32: whoever has called it may be the only one left who knows the executor. */
CASE(reentry_32_callback_of_cancel_releases_its_executor)
{
	expect_last_handle_dropped_at(CALLBACK, CANCEL);
}

CASE(reentry_32_callback_of_shutdown_releases_its_executor)
{
	expect_last_handle_dropped_at(CALLBACK, SHUTDOWN);
}

CASE(reentry_32_callback_of_a_breaking_pool_releases_its_executor)
{
	expect_last_handle_dropped_at(CALLBACK, BREAK);
}

CASE(reentry_33_callback_waits_for_another_executor)
{
	struct pp_executor *e;
	struct inside *in;
	struct gate *gate;

	NEED(add_done_callback);
	e = executor_new(1);
	in = inside_new(deed_submit_and_wait, executor_any());
	gate = hold(e, 1);
	REQUIRE(add_done_callback(submit(e, task_return, THE_VALUE), callback_inside, in) == PP_OK);
	gate_open(in->ready);
	gate_open(gate);
	let(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

CASE(reentry_34_callback_finishes_another)
{
	struct inside *in;

	NEED(add_done_callback);
	NEED(set_result);
	in = inside_new(deed_finish_other, executor_new(1));
	in->other = future_new();
	in_callback(in);
	EXPECT_STATUS(PP_OK, in->status);
	expect_result(in->other, F_RETURNED, PP_FOREVER);
}

/* A hundred futures, each finished by the callback of the one before. */
static int callback_finish_next(struct pp_future *f, void *arg)
{
	void *outcome;

	backend()->result(f, 0, &outcome);
	backend()->set_result(arg, outcome);
	return PP_OK;
}

CASE(reentry_34_chain_of_futures)
{
	struct pp_future *f[100];
	int i;

	NEED(set_result);
	for (i = 0; i < 100; i++)
		f[i] = future_new();
	for (i = 0; i + 1 < 100; i++)
		REQUIRE(add_done_callback(f[i], callback_finish_next, f[i + 1]) == PP_OK);
	REQUIRE(set_result(f[0], THE_VALUE) == PP_OK);
	context("each of a hundred futures was finished by a callback of the one before");
	expect_result(f[99], F_RETURNED, PP_FOREVER);
}

CASE(reentry_35_callback_waits_for_its_own_future)
{
	struct inside *in;

	NEED(add_done_callback);
	NEED(wait);
	in = inside_new(deed_wait_for_own, executor_new(1));
	in_callback(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT(in->answer);
}

static void in_callback_of_a_breaking_pool(struct inside *in)
{
	struct gate *gate = gate_new();
	struct pp_future *f;

	in->e = executor_new_with_initializer(1, initializer_fail_at_gate, gate);
	f = submit(in->e, must_not_run, NULL);
	submit(in->e, must_not_run, NULL);
	REQUIRE(add_done_callback(f, callback_inside, in) == PP_OK);
	gate_open(in->ready);
	gate_open(gate);
	let(in);
}

CASE(reentry_49_callback_of_a_breaking_pool_shuts_down)
{
	struct inside *in;

	NEED(add_done_callback);
	NEED(shutdown_nowait);
	in = inside_new(deed_shutdown_nowait, NULL);
	in_callback_of_a_breaking_pool(in);
	context("a callback that was called because the pool broke has shut it down");
	EXPECT_STATUS(PP_OK, in->status);
}

CASE(reentry_49_callback_of_a_breaking_pool_cancels_all)
{
	struct inside *in;

	NEED(add_done_callback);
	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	in = inside_new(deed_shutdown_cancel, NULL);
	in_callback_of_a_breaking_pool(in);
	context("a callback that was called because the pool broke has shut it down and cancelled the rest");
	EXPECT_STATUS(PP_OK, in->status);
}

CASE(reentry_50_callback_is_yielded_a_done_future)
{
	expect_as_completed_at(CALLBACK);
}

CASE(reentry_51_callback_maps_on_another_executor)
{
	expect_map_at(CALLBACK);
}

CASE(reentry_52_callback_asks_shutdown_to_wait)
{
	expect_shutdown_wait_at(CALLBACK);
}

CASE(reentry_53_callback_uses_another_executor)
{
	expect_nested_at(CALLBACK);
}

CASE(reentry_54_callback_asks_for_the_count_of_workers)
{
	expect_worker_count_at(CALLBACK);
}
