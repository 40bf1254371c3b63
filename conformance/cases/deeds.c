/* SPDX-License-Identifier: MIT */
/* deeds.c: see deeds.h. */
#include "deeds.h"

struct inside *inside_new(deed *what, struct pp_executor *e)
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

void act(struct inside *in)
{
	gate_wait(in->ready);
	counter_add(in->begun, 1);
	if (counter_value(in->begun) > 1)
		return;
	in->deed(in);
	in->before = counter_value(in->ran);
	counter_add(in->finished, 1);
}

int callback_inside(struct pp_future *f, void *arg)
{
	struct inside *in = arg;

	in->own = f;
	act(in);
	return PP_OK;
}

int initializer_inside(void *arg)
{
	act(arg);
	return PP_OK;
}

void release_inside(void *arg)
{
	act(arg);
}

void let(struct inside *in)
{
	gate_open(in->ready);
	counter_await(in->finished, 1);
}

void in_callback(struct inside *in)
{
	struct gate *gate = hold(in->e, 1);
	struct pp_future *f = submit(in->e, task_return, THE_VALUE);

	REQUIRE(add_done_callback(f, callback_inside, in) == PP_OK);
	gate_open(in->ready);
	gate_open(gate);
	let(in);
}

void in_release(struct inside *in)
{
	gate_open(in->ready);
	in->own = submit_with_release(in->e, task_return, in, release_inside);
	let(in);
}

/* ---- the deeds ----------------------------------------------------------------- */

void deed_submit(struct inside *in)
{
	in->status = backend()->submit(in->e, task_count, in->ran, &in->made);
}

void expect_submitted(struct inside *in)
{
	EXPECT_STATUS(PP_OK, in->status);
	counter_await(in->ran, 1);
	EXPECT_STATUS(PP_OK, result(in->made, PP_FOREVER, &in->outcome));
	if (HAS(future_release))
		future_release(in->made);
}

void deed_submit_and_wait(struct inside *in)
{
	in->status = backend()->submit(in->e, task_return, THE_VALUE, &in->made);
	if (in->status == PP_OK)
		in->status = backend()->result(in->made, PP_FOREVER, &in->outcome);
	if (in->made && backend()->future_release)
		backend()->future_release(in->made);
}

void deed_result_of_other(struct inside *in)
{
	in->status = backend()->result(in->other, PP_FOREVER, &in->outcome);
}

void deed_cancel_other(struct inside *in)
{
	in->answer = backend()->cancel(in->other);
}

void deed_cancel_own(struct inside *in)
{
	in->answer = backend()->cancel(in->own);
}

void deed_shutdown_nowait(struct inside *in)
{
	in->status = backend()->shutdown_nowait(in->e);
}

void deed_shutdown_wait(struct inside *in)
{
	in->status = backend()->shutdown(in->e);
}

void deed_shutdown_cancel(struct inside *in)
{
	in->status = backend()->shutdown_cancel(in->e, false);
}

void deed_release_executor(struct inside *in)
{
	backend()->executor_release(in->e);
	in->status = PP_OK;
}

void deed_release_own(struct inside *in)
{
	backend()->future_release(in->own);
	in->status = PP_OK;
}

void deed_release_made(struct inside *in)
{
	backend()->future_release(in->made);
	in->status = PP_OK;
}

void deed_nested_executor(struct inside *in)
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

void deed_wait_for_other(struct inside *in)
{
	in->status = backend()->wait(&in->other, 1, PP_FOREVER, PP_ALL_COMPLETED, &in->answer);
}

void deed_as_completed_other(struct inside *in)
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

void deed_map(struct inside *in)
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

void deed_worker_count(struct inside *in)
{
	in->status = backend()->worker_count(in->e) < 0 ? PP_INVALID_STATE : PP_OK;
}

void deed_finish_other(struct inside *in)
{
	in->status = backend()->set_result(in->other, THE_VALUE);
}

void deed_ask_own(struct inside *in)
{
	const struct pp_backend *b = backend();

	in->status = b->result(in->own, 0, &in->outcome);
	in->answer = b->done && b->done(in->own);
	in->answer |= b->cancelled && b->cancelled(in->own);
	in->answer |= b->running && b->running(in->own);
}

void deed_map_on_another(struct inside *in)
{
	struct pp_executor *own = in->e;

	in->e = in->another;
	deed_map(in);
	in->e = own;
}

void deed_add_callback_to_other(struct inside *in)
{
	in->status = backend()->add_done_callback(in->other, callback_count, in->ran);
}

/* ---- at each place --------------------------------------------------------------- */

struct inside *inside_at(enum place place, deed *what)
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

void done_at(enum place place, struct inside *in)
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

void expect_wait_at(enum place place)
{
	struct inside *in;

	NEED(wait);
	in = inside_at(place, deed_wait_for_other);
	done_at(place, in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT(in->answer);
}

void expect_as_completed_at(enum place place)
{
	struct inside *in;

	NEED(as_completed_begin);
	NEED(as_completed_next);
	NEED(as_completed_end);
	in = inside_at(place, deed_as_completed_other);
	done_at(place, in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT(in->answer);
}

void expect_map_at(enum place place)
{
	struct inside *in;

	NEED(map_begin);
	NEED(map_next);
	NEED(map_end);
	in = inside_at(place, deed_map_on_another);
	in->another = executor_any();
	done_at(place, in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

void expect_finish_at(enum place place)
{
	struct inside *in;

	NEED(set_result);
	in = inside_at(place, deed_finish_other);
	in->other = future_new();
	done_at(place, in);
	EXPECT_STATUS(PP_OK, in->status);
	expect_in(in->other, F_RETURNED);
}

void expect_nested_at(enum place place)
{
	struct inside *in = inside_at(place, deed_nested_executor);

	done_at(place, in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

void expect_worker_count_at(enum place place)
{
	struct inside *in;

	NEED(worker_count);
	in = inside_at(place, deed_worker_count);
	done_at(place, in);
	context("the count of workers was asked for, and the answer has come");
	EXPECT_INT(1, counter_value(in->finished));
}

void expect_shutdown_wait_at(enum place place)
{
	struct inside *in = inside_at(place, deed_shutdown_wait);
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
void expect_shutdown_cancel_at(enum place place)
{
	struct gate *held = gate_new();
	struct pp_future *f[5];
	struct inside *in;

	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	in = inside_at(place, deed_shutdown_cancel);
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

struct last_handle {
	struct pp_executor *e;
	struct gate *gate; /* of the only worker */
	struct counter *dropped;
};

static void drop_last_handle(void *arg)
{
	struct last_handle *last = arg;

	gate_open(last->gate);
	backend()->executor_release(last->e);
	threads_settle();
	counter_add(last->dropped, 1);
}

static int callback_drops_last_handle(struct pp_future *f, void *arg)
{
	(void)f;
	drop_last_handle(arg);
	return PP_OK;
}

static void make_for(struct last_handle *last, enum cause cause)
{
	NEED(executor_release);
	if (cause == BREAK) {
		NEED(executor_new_with_initializer);
		REQUIRE(backend()->executor_new_with_initializer(1, initializer_fail_at_gate, last->gate, &last->e) == PP_OK);
	} else {
		last->e = own_executor(1);
		submit(last->e, task_pass_gate, last->gate);
		gate_await(last->gate, 1);
	}
}

void expect_last_handle_dropped_at(enum place place, enum cause cause)
{
	struct last_handle *last = shared_alloc(sizeof(*last));
	struct pp_future *f;

	need_shared_memory();
	if (cause == SHUTDOWN)
		need_form(CANCELS_RETURNS);
	*last = (struct last_handle){NULL, gate_new(), counter_new()};
	make_for(last, cause);
	f = place == RELEASE ? submit_with_release(last->e, must_not_run, last, drop_last_handle)
			     : submit(last->e, must_not_run, NULL);
	if (place == CALLBACK)
		REQUIRE(add_done_callback(f, callback_drops_last_handle, last) == PP_OK);
	context("the last handle on an executor is dropped in a %s of work that %s",
		place == RELEASE ? "release function" : "done callback",
		cause == CANCEL ? "is cancelled" : cause == SHUTDOWN ? "shutdown cancels" : "ends as the pool breaks");
	if (cause == CANCEL)
		EXPECT(cancel(f));
	if (cause == SHUTDOWN)
		EXPECT_STATUS(PP_OK, backend()->shutdown_cancel(last->e, false));
	gate_open(last->gate); /* the worker may be who calls it */
	counter_await(last->dropped, 1);
	EXPECT_STATUS(cause == BREAK ? PP_BROKEN : PP_CANCELLED, result(f, PP_FOREVER, &(void *){NULL}));
}
