/* SPDX-License-Identifier: MIT */
/*
 * Reentry: public calls from inside a task, a done callback, an initializer
 * and a release function.
 *
 * A deed is such a call; it is done at one of the four places, and records what
 * it was told.  An executor that holds a lock there never returns from it.
 */
#include "futures.h"

struct inside;
typedef void deed(struct inside *in);

struct inside {
	deed *deed;
	struct pp_executor *e;	    /* that the deed is about */
	struct pp_executor *another; /* that do_map_on_another is about */
	struct pp_future *own;	    /* of the task, callback or argument itself */
	struct pp_future *other;    /* another one */
	struct pp_future *made;	    /* by the deed */
	struct gate *ready;	    /* all of this is set */
	struct counter *ran;	    /* work and callbacks that the deed asked for */
	struct counter *begun;
	struct counter *finished;   /* the deed has returned */
	int status;
	bool answer;
	void *outcome;
	long before; /* value of ran when the deed had returned */
};

static struct inside *inside_new(deed *what, struct pp_executor *e)
{
	struct inside *in = shared_alloc(sizeof(*in));

	need_shared_memory();
	in->deed = what;
	in->e = e;
	in->ready = gate_new();
	in->ran = counter_new();
	in->begun = counter_new();
	in->finished = counter_new();
	in->status = -1;
	in->outcome = token(9);
	return in;
}

/* Does the deed, where it is called the first time. */
static void act(struct inside *in)
{
	gate_wait(in->ready);
	counter_add(in->begun, 1);
	if (counter_value(in->begun) > 1)
		return;
	in->deed(in);
	in->before = counter_value(in->ran);
	counter_add(in->finished, 1);
}

static int task_inside(void *arg, void **outcome)
{
	act(arg);
	*outcome = THE_VALUE;
	return PP_OK;
}

static int callback_inside(struct pp_future *f, void *arg)
{
	struct inside *in = arg;

	in->own = f;
	act(in);
	return PP_OK;
}

static int initializer_inside(void *arg)
{
	act(arg);
	return PP_OK;
}

static void release_inside(void *arg)
{
	act(arg);
}

/* ---- the places -------------------------------------------------------------- */

/* Let the deed be done, and wait until it is. */
static void let(struct inside *in)
{
	gate_open(in->ready);
	counter_await(in->finished, 1);
}

/* Submit a task of e that is to do the deed; its future is in->own. */
static void begin_task(struct inside *in)
{
	in->own = submit(in->e, task_inside, in);
	gate_await(in->ready, 1);
}

static void in_task(struct inside *in)
{
	begin_task(in);
	let(in);
}

/* The same, though it may run inside submit: for deeds that need no own future. */
static void in_task_anywhere(struct inside *in)
{
	gate_open(in->ready);
	in->own = submit(in->e, task_inside, in);
	let(in);
}

/* A done callback of a work item of e, which finishes. */
static void in_callback(struct inside *in)
{
	struct gate *gate = hold(in->e, 1);
	struct pp_future *f = submit(in->e, task_return, THE_VALUE);

	REQUIRE(add_done_callback(f, callback_inside, in) == PP_OK);
	gate_open(in->ready);
	gate_open(gate);
	let(in);
}

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

/* The initializer of the only worker of in->e, which has one work item. */
static struct inside *inside_initializer(deed *what, pp_task *task)
{
	struct inside *in = inside_new(what, NULL);

	in->e = executor_new_with_initializer(1, initializer_inside, in);
	in->other = submit(in->e, task, in->ran);
	return in;
}

/* The release function of the argument of a task of e. */
static void in_release(struct inside *in)
{
	gate_open(in->ready);
	in->own = submit_with_release(in->e, task_return, in, release_inside);
	let(in);
}

/* ---- the deeds ----------------------------------------------------------------- */

static void do_submit(struct inside *in)
{
	in->status = backend()->submit(in->e, task_count, in->ran, &in->made);
}

/* The work that do_submit has asked for was accepted, and runs. */
static void expect_submitted(struct inside *in)
{
	EXPECT_STATUS(PP_OK, in->status);
	counter_await(in->ran, 1);
	EXPECT_STATUS(PP_OK, result(in->made, PP_FOREVER, &in->outcome));
	if (HAS(future_release))
		future_release(in->made);
}

static void do_submit_and_wait(struct inside *in)
{
	in->status = backend()->submit(in->e, task_return, THE_VALUE, &in->made);
	if (in->status == PP_OK)
		in->status = backend()->result(in->made, PP_FOREVER, &in->outcome);
	if (in->made && backend()->future_release)
		backend()->future_release(in->made);
}

static void do_result_of_other(struct inside *in)
{
	in->status = backend()->result(in->other, PP_FOREVER, &in->outcome);
}

static void do_result_of_own_at_once(struct inside *in)
{
	in->status = backend()->result(in->own, 0, &in->outcome);
}

static void do_cancel_other(struct inside *in)
{
	in->answer = backend()->cancel(in->other);
}

static void do_cancel_own(struct inside *in)
{
	in->answer = backend()->cancel(in->own);
}

static void do_add_callback_to_own(struct inside *in)
{
	in->status = backend()->add_done_callback(in->own, callback_count, in->ran);
}

static void do_shutdown_nowait(struct inside *in)
{
	in->status = backend()->shutdown_nowait(in->e);
}

static void do_shutdown_wait(struct inside *in)
{
	in->status = backend()->shutdown(in->e);
}

static void do_shutdown_cancel(struct inside *in)
{
	in->status = backend()->shutdown_cancel(in->e, false);
}

static void do_release_executor(struct inside *in)
{
	backend()->executor_release(in->e);
	in->status = PP_OK;
}

static void do_release_own(struct inside *in)
{
	backend()->future_release(in->own);
	in->status = PP_OK;
}

static void do_release_made(struct inside *in)
{
	backend()->future_release(in->made);
	in->status = PP_OK;
}

/* Make, use, shut down and release an executor. */
static void do_nested_executor(struct inside *in)
{
	const struct pp_backend *b = backend();
	struct pp_executor *e;
	struct pp_future *f;

	in->status = b->executor_new(1, &e);
	if (in->status != PP_OK)
		return;
	in->status = b->submit(e, task_return, THE_VALUE, &f);
	if (in->status == PP_OK) {
		in->status = b->result(f, PP_FOREVER, &in->outcome);
		if (b->future_release)
			b->future_release(f);
	}
	b->shutdown(e);
	if (b->executor_release)
		b->executor_release(e);
}

static void do_wait_for_other(struct inside *in)
{
	in->status = backend()->wait(&in->other, 1, PP_FOREVER, PP_ALL_COMPLETED, &in->answer);
}

static void do_wait_for_own(struct inside *in)
{
	in->status = backend()->wait(&in->own, 1, PP_FOREVER, PP_ALL_COMPLETED, &in->answer);
}

static void do_as_completed_other(struct inside *in)
{
	struct pp_completed *it;
	struct pp_future *f = NULL;

	in->status = backend()->as_completed_begin(&in->other, 1, PP_FOREVER, &it);
	if (in->status != PP_OK)
		return;
	in->status = backend()->as_completed_next(it, &f);
	in->answer = f == in->other;
	backend()->as_completed_end(it);
}

struct one {
	bool given;
};

static int next_of_one(void *state, void **arg)
{
	struct one *one = state;

	if (one->given)
		return PP_STOP_ITERATION;
	one->given = true;
	*arg = THE_VALUE;
	return PP_OK;
}

static void do_map(struct inside *in)
{
	struct one one = {false};
	struct pp_source source = {next_of_one, &one};
	struct pp_map *it;
	void *exception;

	in->status = backend()->map_begin(in->e, task_return, &source, PP_FOREVER, 0, &it, &exception);
	if (in->status != PP_OK)
		return;
	in->status = backend()->map_next(it, &in->outcome);
	backend()->map_end(it);
}

static void do_worker_count(struct inside *in)
{
	in->status = backend()->worker_count(in->e) < 0 ? PP_INVALID_STATE : PP_OK;
}

static void do_finish_other(struct inside *in)
{
	in->status = backend()->set_result(in->other, THE_VALUE);
}

static void do_ask_own(struct inside *in)
{
	const struct pp_backend *b = backend();

	in->status = b->result(in->own, 0, &in->outcome);
	in->answer = b->done && b->done(in->own);
	in->answer |= b->cancelled && b->cancelled(in->own);
	in->answer |= b->running && b->running(in->own);
}

/* ---- inside a task --------------------------------------------------------------- */

CASE(reentry_1_task_submits)
{
	struct inside *in = inside_new(do_submit, executor_any());

	in_task_anywhere(in);
	expect_submitted(in);
}

/* Each task submits the next, a hundred deep. */
struct chain {
	struct pp_executor *e;
	struct counter *ran;
	struct pp_future *f[100];
};

static int task_chain(void *arg, void **outcome)
{
	struct chain *chain = arg;
	long i = counter_value(chain->ran);

	(void)outcome;
	if (i + 1 < 100)
		backend()->submit(chain->e, task_chain, chain, &chain->f[i + 1]);
	counter_add(chain->ran, 1);
	return PP_OK;
}

CASE(reentry_1_chain_of_tasks)
{
	struct chain *chain = shared_alloc(sizeof(*chain));
	int i;

	need_shared_memory();
	chain->e = executor_new(1);
	chain->ran = counter_new();
	submit(chain->e, task_chain, chain);
	counter_await(chain->ran, 100);
	shutdown_wait(chain->e);
	context("each task submitted the next one");
	EXPECT_INT(100, counter_value(chain->ran));
	for (i = 1; i < 100; i++)
		if (HAS(future_release))
			future_release(chain->f[i]);
}

CASE(reentry_2_task_waits_for_another)
{
	struct inside *in = inside_new(do_submit_and_wait, executor_new(2));

	in_task(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

CASE(reentry_3_task_takes_a_result)
{
	struct pp_executor *e = executor_any();
	struct inside *in = inside_new(do_result_of_other, e);
	void *outcome;

	in->other = submit(e, task_return, THE_VALUE);
	result(in->other, PP_FOREVER, &outcome);
	in_task_anywhere(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

/* One worker, which is at the task, so what stands behind it is PENDING. */
CASE(reentry_4_task_cancels_another)
{
	struct inside *in;

	NEED(cancel);
	in = inside_new(do_cancel_other, executor_new(1));
	begin_task(in);
	in->other = submit(in->e, must_not_run, NULL);
	let(in);
	EXPECT(in->answer);
	shutdown_wait(in->e);
	expect_in(in->other, F_NOTIFIED);
}

CASE(reentry_5_task_cannot_cancel_itself)
{
	struct inside *in;

	NEED(cancel);
	in = inside_new(do_cancel_own, executor_new(1));
	in_task(in);
	context("a task has cancelled its own future");
	EXPECT_FALSE(in->answer);
	expect_result(in->own, F_RETURNED, PP_FOREVER);
}

CASE(reentry_6_task_adds_a_callback_to_itself)
{
	struct inside *in;

	NEED(add_done_callback);
	in = inside_new(do_add_callback_to_own, executor_new(1));
	in_task(in);
	EXPECT_STATUS(PP_OK, in->status);
	context("a task has added a callback to its own future and not yet ended");
	EXPECT_INT(0, in->before);
	counter_await(in->ran, 1);
	EXPECT_INT(1, counter_value(in->ran));
}

CASE(reentry_7_task_asks_for_its_own_result)
{
	struct inside *in = inside_new(do_result_of_own_at_once, executor_new(1));

	in_task(in);
	EXPECT_STATUS(PP_TIMEOUT, in->status);
	expect_result(in->own, F_RETURNED, PP_FOREVER);
}

CASE(reentry_8_task_shuts_down)
{
	struct inside *in;
	struct pp_future *f;

	NEED(shutdown_nowait);
	in = inside_new(do_shutdown_nowait, executor_any());
	in_task_anywhere(in);
	EXPECT_STATUS(PP_OK, in->status);
	context("a task has shut its executor down");
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(in->e, must_not_run, NULL, &f));
	expect_result(in->own, F_RETURNED, PP_FOREVER);
}

CASE(reentry_9_queued_work_runs_though_a_task_shuts_down)
{
	struct inside *in;
	int i;

	NEED(shutdown_nowait);
	in = inside_new(do_shutdown_nowait, executor_new(1));
	begin_task(in);
	for (i = 0; i < 10; i++)
		submit(in->e, task_count, in->ran);
	let(in);
	shutdown_wait(in->e);
	context("10 work items were on the queue as a task shut the executor down");
	EXPECT_INT(10, counter_value(in->ran));
}

CASE(reentry_10_task_cancels_all)
{
	struct pp_future *f[5];
	struct inside *in;
	int i;

	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	in = inside_new(do_shutdown_cancel, executor_new(1));
	begin_task(in);
	for (i = 0; i < 5; i++)
		f[i] = submit(in->e, must_not_run, NULL);
	let(in);
	EXPECT_STATUS(PP_OK, in->status);
	shutdown_wait(in->e);
	for (i = 0; i < 5; i++)
		expect_in(f[i], F_NOTIFIED);
	expect_result(in->own, F_RETURNED, PP_FOREVER);
}

CASE(reentry_11_task_asks_shutdown_to_wait)
{
	struct inside *in = inside_new(do_shutdown_wait, executor_new(1));
	struct pp_future *f;

	in_task(in);
	expect_result(in->own, F_RETURNED, PP_FOREVER);
	context("a task has asked its own executor to shut down and wait");
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(in->e, must_not_run, NULL, &f));
}

CASE(reentry_12_task_releases_its_executor)
{
	struct inside *in = inside_new(do_release_executor, own_executor(1));

	in_task(in);
	context("a task has dropped the last handle on its executor");
	EXPECT_STATUS(PP_OK, in->status);
	expect_result(in->own, F_RETURNED, PP_FOREVER);
}

CASE(reentry_13_task_releases_its_future)
{
	struct inside *in = inside_new(do_release_own, executor_new(1));

	in->own = own_submit(in->e, task_inside, in);
	let(in);
	shutdown_wait(in->e);
	context("a task has dropped the last handle on its own future");
	EXPECT_STATUS(PP_OK, in->status);
}

CASE(reentry_14_task_uses_another_executor)
{
	struct inside *in = inside_new(do_nested_executor, executor_any());

	in_task_anywhere(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

CASE(reentry_15_task_waits_for_a_done_future)
{
	struct inside *in;

	NEED(wait);
	in = inside_new(do_wait_for_other, executor_any());
	in->other = submitted_in(F_RETURNED, NULL);
	in_task_anywhere(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT(in->answer);
}

CASE(reentry_16_task_is_yielded_a_done_future)
{
	struct inside *in;

	NEED(as_completed_begin);
	NEED(as_completed_next);
	NEED(as_completed_end);
	in = inside_new(do_as_completed_other, executor_any());
	in->other = submitted_in(F_RETURNED, NULL);
	in_task_anywhere(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT(in->answer);
}

CASE(reentry_17_task_maps_on_another_executor)
{
	struct inside *in;

	NEED(map_begin);
	NEED(map_next);
	NEED(map_end);
	in = inside_new(do_map, executor_any());
	gate_open(in->ready);
	in->own = submit(executor_any(), task_inside, in);
	let(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

CASE(reentry_18_task_asks_for_the_count_of_workers)
{
	struct inside *in;

	NEED(worker_count);
	in = inside_new(do_worker_count, executor_any());
	in_task_anywhere(in);
	context("a task has asked for the count of workers, and was answered");
	EXPECT_INT(1, counter_value(in->finished));
}

CASE(reentry_19_task_finishes_a_future)
{
	struct inside *in;

	NEED(set_result);
	in = inside_new(do_finish_other, executor_any());
	in->other = future_new();
	in_task_anywhere(in);
	EXPECT_STATUS(PP_OK, in->status);
	expect_in(in->other, F_RETURNED);
}

/* ---- inside a done callback -------------------------------------------------------- */

CASE(reentry_20_callback_submits)
{
	struct inside *in;

	NEED(add_done_callback);
	in = inside_new(do_submit, executor_new(1));
	in_callback(in);
	expect_submitted(in);
}

CASE(reentry_20_callback_that_was_added_late_submits)
{
	struct pp_executor *e = executor_any();
	struct inside *in = inside_new(do_submit, e);
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
	in = inside_new(do_submit, executor_new(1));
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
	in = inside_new(do_submit, executor_new(1));
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
	in = inside_new(do_submit, executor_new(1));
	in_callback_of_shutdown(in);
	context("a callback that shutdown called for a future that it cancelled has submitted");
	EXPECT_STATUS(PP_SHUTDOWN, in->status);
}

CASE(reentry_24_callback_of_shutdown_shuts_down)
{
	struct inside *in;

	NEED(add_done_callback);
	NEED(shutdown_cancel);
	in = inside_new(do_shutdown_nowait, executor_new(1));
	in_callback_of_shutdown(in);
	EXPECT_STATUS(PP_OK, in->status);
}

static int fail_after_gate(void *arg)
{
	gate_wait(arg);
	return PP_RAISED;
}

CASE(reentry_25_callback_of_a_breaking_pool_is_refused)
{
	struct gate *gate = gate_new();
	struct inside *in;
	struct pp_future *f;

	NEED(add_done_callback);
	in = inside_new(do_submit, executor_new_with_initializer(1, fail_after_gate, gate));
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
	in = inside_new(do_cancel_other, executor_new(1));
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
	in = inside_new(do_cancel_other, executor_new(1));
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

CASE(reentry_27_callback_cannot_cancel_its_finished_future)
{
	struct inside *in;

	NEED(add_done_callback);
	NEED(cancel);
	in = inside_new(do_cancel_own, executor_new(1));
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
	in = inside_new(do_cancel_own, executor_new(1));
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
	callback_drops(inside_new(do_release_own, executor_new(1)), false);
}

CASE(reentry_29_callback_releases_its_cancelled_future)
{
	NEED(add_done_callback);
	NEED(future_release);
	NEED(cancel);
	callback_drops(inside_new(do_release_own, executor_new(1)), true);
}

CASE(reentry_30_callback_shuts_down)
{
	struct inside *in;
	struct pp_future *f;

	NEED(add_done_callback);
	NEED(shutdown_nowait);
	in = inside_new(do_shutdown_nowait, executor_new(1));
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
	in = inside_new(do_shutdown_cancel, executor_new(1));
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
	in = inside_new(do_shutdown_cancel, executor_new(1));
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
	in = inside_new(do_release_executor, own_executor(1));
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

CASE(reentry_33_callback_waits_for_another_executor)
{
	struct pp_executor *e;
	struct inside *in;
	struct gate *gate;

	NEED(add_done_callback);
	e = executor_new(1);
	in = inside_new(do_submit_and_wait, executor_any());
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
	in = inside_new(do_finish_other, executor_new(1));
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
	in = inside_new(do_wait_for_own, executor_new(1));
	in_callback(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT(in->answer);
}

/* ---- inside an initializer ------------------------------------------------------------ */

CASE(reentry_36_initializer_submits)
{
	struct inside *in = inside_initializer(do_submit, task_count);

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
	in = inside_initializer(do_cancel_other, must_not_run);
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
	in = inside_initializer(do_shutdown_nowait, task_count);
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
	in = inside_initializer(do_shutdown_nowait, task_count);
	for (i = 1; i < 10; i++)
		submit(in->e, task_count, in->ran);
	let(in);
	shutdown_wait(in->e);
	context("10 work items were accepted before an initializer shut the executor down");
	EXPECT_INT(10, counter_value(in->ran));
}

CASE(reentry_40_initializer_uses_another_executor)
{
	struct inside *in = inside_initializer(do_nested_executor, task_count);

	let(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

CASE(reentry_41_initializer_asks_for_the_count_of_workers)
{
	struct inside *in;

	NEED(worker_count);
	in = inside_initializer(do_worker_count, task_count);
	let(in);
	context("an initializer has asked for the count of workers, and was answered");
	EXPECT_INT(1, counter_value(in->finished));
}

/* ---- inside a release function ----------------------------------------------------- */

CASE(reentry_42_release_submits)
{
	struct inside *in = inside_new(do_submit, executor_any());

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
	in = inside_new(do_submit, executor_new(1));
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
	in = inside_new(do_cancel_other, executor_any());
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
	struct inside *in = inside_new(do_ask_own, executor_new(1));

	in_release_that_knows_its_future(in);
	context("a release function has asked about the future of its argument, and was answered");
	EXPECT(in->status == PP_OK || in->status == PP_TIMEOUT);
}

CASE(reentry_46_release_shuts_down)
{
	struct inside *in;
	struct pp_future *f;

	NEED(shutdown_nowait);
	in = inside_new(do_shutdown_nowait, executor_any());
	in_release(in);
	EXPECT_STATUS(PP_OK, in->status);
	context("a release function has shut the executor down");
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(in->e, must_not_run, NULL, &f));
}

CASE(reentry_47_release_releases_the_executor)
{
	struct inside *in;

	NEED(submit_with_release);
	in = inside_new(do_release_executor, own_executor(1));
	in_release_that_knows_its_future(in);
	context("a release function has dropped the last handle on the executor");
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_STATUS(PP_OK, result(in->own, PP_FOREVER, &in->outcome));
}

CASE(reentry_48_release_releases_its_future)
{
	struct inside *in;
	struct gate *gate;

	NEED(submit_with_release);
	NEED(future_release);
	in = inside_new(do_release_made, executor_new(1));
	gate = hold(in->e, 1);
	REQUIRE(backend()->submit_with_release(in->e, task_return, in, release_inside, &in->made) == PP_OK);
	gate_open(gate);
	let(in);
	shutdown_wait(in->e);
	context("a release function has dropped the last handle on the future of its argument");
	EXPECT_STATUS(PP_OK, in->status);
}

/* ---- the rest of the table ----------------------------------------------------------- */

enum place { CALLBACK, INITIALIZER, RELEASE };

/* A deed at that place of an executor of one worker, which in->e is; in->other is done. */
static struct inside *inside_at(enum place place, deed *what)
{
	struct inside *in;

	if (place == CALLBACK)
		NEED(add_done_callback);
	if (place == RELEASE)
		NEED(submit_with_release);
	in = inside_new(what, NULL);
	in->e = place == INITIALIZER ? executor_new_with_initializer(1, initializer_inside, in) : executor_new(1);
	in->other = submitted_in(F_RETURNED, NULL);
	return in;
}

/* Have the deed done, and the executor go on to work if it still accepts any. */
static void done_at(enum place place, struct inside *in)
{
	if (place == INITIALIZER)
		submit(in->e, task_count, in->ran);
	if (place == RELEASE)
		in_release(in);
	else if (place == CALLBACK)
		in_callback(in);
	else
		let(in);
}

static void expect_result_at(enum place place)
{
	struct inside *in = inside_at(place, do_result_of_other);

	done_at(place, in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

static void expect_wait_at(enum place place)
{
	struct inside *in;

	NEED(wait);
	in = inside_at(place, do_wait_for_other);
	done_at(place, in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT(in->answer);
}

static void expect_as_completed_at(enum place place)
{
	struct inside *in;

	NEED(as_completed_begin);
	NEED(as_completed_next);
	NEED(as_completed_end);
	in = inside_at(place, do_as_completed_other);
	done_at(place, in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT(in->answer);
}

static void do_map_on_another(struct inside *in)
{
	struct pp_executor *own = in->e;

	in->e = in->another;
	do_map(in);
	in->e = own;
}

static void expect_map_at(enum place place)
{
	struct inside *in;

	NEED(map_begin);
	NEED(map_next);
	NEED(map_end);
	in = inside_at(place, do_map_on_another);
	in->another = executor_any();
	done_at(place, in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

static void expect_finish_at(enum place place)
{
	struct inside *in;

	NEED(set_result);
	in = inside_at(place, do_finish_other);
	in->other = future_new();
	done_at(place, in);
	EXPECT_STATUS(PP_OK, in->status);
	expect_in(in->other, F_RETURNED);
}

static void do_add_callback_to_other(struct inside *in)
{
	in->status = backend()->add_done_callback(in->other, callback_count, in->ran);
}

static void expect_nested_at(enum place place)
{
	struct inside *in = inside_at(place, do_nested_executor);

	done_at(place, in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

static void expect_worker_count_at(enum place place)
{
	struct inside *in;

	NEED(worker_count);
	in = inside_at(place, do_worker_count);
	done_at(place, in);
	context("the count of workers was asked for, and the answer has come");
	EXPECT_INT(1, counter_value(in->finished));
}

static void expect_shutdown_wait_at(enum place place)
{
	struct inside *in = inside_at(place, do_shutdown_wait);
	struct pp_future *f;

	done_at(place, in);
	context("the executor was asked to shut down and wait, and the call has returned");
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(in->e, must_not_run, NULL, &f));
}

/*
 * The only worker is at the deed, so that what was submitted meanwhile is PENDING.  But
 * it need not be the worker that lets go of an argument (chapter on memory); if it
 * is not, a task that comes before the others holds it.
 */
static void expect_shutdown_cancel_at(enum place place)
{
	struct gate *held = gate_new();
	struct pp_future *f[5];
	struct inside *in;

	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	in = inside_at(place, do_shutdown_cancel);
	if (place == RELEASE) {
		struct gate *submitted = hold(in->e, 1);

		f[0] = submit_with_release(in->e, task_return, in, release_inside);
		gate_open(submitted);
	} else {
		f[0] = submit(in->e, must_not_run, NULL);
	}
	gate_await(in->ready, 1);
	if (place == RELEASE)
		submit(in->e, task_pass_gate, held);
	for (int i = 1; i < 5; i++)
		f[i] = submit(in->e, must_not_run, NULL);
	let(in);
	gate_open(held);
	EXPECT_STATUS(PP_OK, in->status);
	shutdown_wait(in->e);
	for (int i = place == RELEASE; i < 5; i++)
		expect_in(f[i], F_NOTIFIED);
}

static void in_callback_of_a_breaking_pool(struct inside *in)
{
	struct gate *gate = gate_new();
	struct pp_future *f;

	in->e = executor_new_with_initializer(1, fail_after_gate, gate);
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
	in = inside_new(do_shutdown_nowait, NULL);
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
	in = inside_new(do_shutdown_cancel, NULL);
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

CASE(reentry_55_initializer_takes_a_result)
{
	expect_result_at(INITIALIZER);
}

/* The only worker is in its initializer, so that the future is PENDING. */
CASE(reentry_56_initializer_asks_about_a_future)
{
	struct inside *in = inside_new(do_ask_own, NULL);

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
	in = inside_initializer(do_add_callback_to_other, task_return);
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
	in = inside_new(do_release_made, NULL);
	in->e = executor_new_with_initializer(1, initializer_inside, in);
	in->made = own_submit(in->e, task_count, in->ran);
	let(in);
	shutdown_wait(in->e);
	context("an initializer has dropped the handle on a PENDING future of its executor");
	EXPECT_INT(1, counter_value(in->ran));
}

CASE(reentry_65_release_adds_a_callback)
{
	struct inside *in;

	NEED(add_done_callback);
	in = inside_at(RELEASE, do_add_callback_to_other);
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
	in = inside_new(do_submit, executor_new_with_initializer(1, fail_after_gate, gate));
	submit_with_release(in->e, must_not_run, in, release_inside);
	submit(in->e, must_not_run, NULL);
	gate_open(in->ready);
	gate_open(gate);
	let(in);
	context("a release function that was called because the pool broke has submitted");
	EXPECT_STATUS(PP_BROKEN, in->status);
}
