/* SPDX-License-Identifier: MIT */
/* shutdown_stay.c: what a shutdown leaves as it was: futures, their callbacks, and other executors, whose tasks may call it. */
#include "shutdowns.h"

CASE(shutdown_48_futures_give_their_outcomes)
{
	struct pp_executor *e = executor_any();
	struct pp_future *returned = submit(e, task_return, THE_VALUE);
	struct pp_future *raised = submit(e, task_raise, THE_EXCEPTION);
	int i;

	REQUIRE(shutdown_wait(e) == PP_OK);
	for (i = 0; i < 3; i++) {
		expect_result(returned, F_RETURNED, PP_FOREVER);
		expect_result(raised, F_RAISED, PP_FOREVER);
	}
	if (HAS(exception))
		expect_exception(raised, F_RAISED, 0);
}

CASE(shutdown_48_futures_give_their_outcomes_without_the_executor)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f = submit(e, task_return, THE_VALUE);

	NEED(executor_release);
	REQUIRE(shutdown_wait(e) == PP_OK);
	executor_release(e);
	expect_in(f, F_RETURNED);
	expect_in(f, F_RETURNED);
}

static void expect_callbacks_called(enum form form, pp_task *queued)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_new();
	struct counter *called = counter_new();
	struct pp_future *f[2];
	int i;

	need_form(form);
	f[0] = submit(e, task_work, w);
	gate_await(w->gate, 1);
	f[1] = submit(e, queued, NULL);
	for (i = 0; i < 2; i++)
		REQUIRE(add_done_callback(f[i], callback_count, called) == PP_OK);
	REQUIRE(shut_down(e, form) == PP_OK);
	gate_open(w->gate);
	counter_await(called, 2);
	shutdown_wait(e);
	context("calls of the callbacks of a running and a queued task, after %s", form_names[form]);
	EXPECT_INT(2, counter_value(called));
}

CASE(shutdown_49_callbacks_are_called)
{
	expect_callbacks_called(RETURNS, task_return);
}

CASE(shutdown_49_callbacks_are_called_though_it_cancels)
{
	expect_callbacks_called(CANCELS_RETURNS, must_not_run);
}

CASE(shutdown_50_late_callback_is_called)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f = submit(e, task_return, THE_VALUE);
	struct counter *called = counter_new();

	REQUIRE(shutdown_wait(e) == PP_OK);
	context("a callback is added after the shutdown");
	EXPECT_STATUS(PP_OK, add_done_callback(f, callback_count, called));
	EXPECT_INT(1, counter_value(called));
}

CASE(shutdown_50_late_callback_of_a_cancelled_future_is_called)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct counter *called = counter_new();
	struct pp_future *f = submit(e, must_not_run, NULL);

	need_form(CANCELS_RETURNS);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(w->gate);
	shutdown_wait(e);
	context("a callback is added after the shutdown to a future that it cancelled");
	EXPECT_STATUS(PP_OK, add_done_callback(f, callback_count, called));
	EXPECT_INT(1, counter_value(called));
}

static void expect_other_unharmed(enum form form)
{
	struct pp_executor *e = executor_new(1), *other = executor_new(1);
	struct work *w = work_on(other, 1);
	struct pp_future *queued = submit(other, task_return, THE_VALUE), *f;
	void *outcome;

	need_form(form);
	result(submit(e, task_return, THE_VALUE), PP_FOREVER, &outcome);
	REQUIRE(shut_down(e, form) == PP_OK);
	expect_in(queued, F_PENDING);
	gate_open(w->gate);
	expect_result(queued, F_RETURNED, PP_FOREVER);
	context("submit to another executor than the one that was shut down");
	EXPECT_STATUS(PP_OK, try_submit(other, task_return, THE_VALUE, &f));
	expect_result(f, F_RETURNED, PP_FOREVER);
}

CASE(shutdown_51_other_executors_go_on)
{
	expect_other_unharmed(WAITS);
}

CASE(shutdown_51_other_executors_go_on_though_it_cancels)
{
	expect_other_unharmed(CANCELS_WAITS);
}

/* A task that shuts another executor down. */
struct outer {
	struct pp_executor *inner;
	struct work *w; /* of inner */
	struct counter *begun, *returned;
	struct gate *go;
	int status;
	long seen;
};

static void shut_inner_down(void *arg)
{
	struct outer *o = arg;

	counter_add(o->begun, 1);
	o->status = backend()->shutdown(o->inner);
	o->seen = counter_value(o->w->ended);
	counter_add(o->returned, 1);
}

static int task_shuts_inner_down(void *arg, void **outcome)
{
	(void)outcome;
	shut_inner_down(arg);
	return PP_OK;
}

static int callback_shuts_inner_down(struct pp_future *f, void *arg)
{
	(void)f;
	shut_inner_down(arg);
	return PP_OK;
}

static int initializer_shuts_inner_down(void *arg)
{
	shut_inner_down(arg);
	return PP_OK;
}

/* Until its submit has returned, so that it is not the caller who lets go of the argument. */
static int task_waits_to_go(void *arg, void **outcome)
{
	(void)outcome;
	gate_wait(((struct outer *)arg)->go);
	return PP_OK;
}

static struct outer *outer_new(void)
{
	struct outer *o = shared_alloc(sizeof(*o));

	need_shared_memory();
	*o = (struct outer){.inner = executor_new(1), .begun = counter_new(), .returned = counter_new(), .status = -1};
	o->w = work_on(o->inner, 1);
	return o;
}

/* The shutdown was begun on another thread, and has had time to return too early. */
static void expect_inner_waited_for(struct outer *o, const char *where)
{
	counter_await(o->begun, 1);
	threads_settle();
	gate_open(o->w->gate);
	counter_await(o->returned, 1);
	EXPECT_STATUS(PP_OK, o->status);
	context("tasks of another executor that had ended when its shutdown in %s returned", where);
	EXPECT_INT(1, o->seen);
}

CASE(shutdown_52_waits_in_a_task_of_another_executor)
{
	struct outer *o = outer_new();
	struct pp_executor *e = executor_new(1);
	struct pp_future *f;
	void *outcome;

	f = submit(e, task_shuts_inner_down, o);
	counter_await(o->begun, 1);
	context("a task shuts another executor down, and waits for its task");
	EXPECT_STATUS(PP_TIMEOUT, result(f, short_time(), &outcome));
	gate_open(o->w->gate);
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_STATUS(PP_OK, o->status);
	context("tasks that had ended when the shutdown in a task returned");
	EXPECT_INT(1, o->seen);
}

CASE(reentry_53_shutdown_in_a_callback_waits)
{
	struct gate *gate;
	struct outer *o = outer_new();
	struct pp_future *f = submitted_in(F_RUNNING, &gate);

	REQUIRE(add_done_callback(f, callback_shuts_inner_down, o) == PP_OK);
	gate_open(gate);
	expect_inner_waited_for(o, "a done callback");
}

CASE(reentry_40_shutdown_in_an_initializer_waits)
{
	struct outer *o = outer_new();

	submit(executor_new_with_initializer(1, initializer_shuts_inner_down, o), task_return, NULL);
	expect_inner_waited_for(o, "an initializer");
}

CASE(reentry_72_shutdown_in_a_release_function_waits)
{
	struct outer *o = outer_new();

	o->go = gate_new();
	submit_with_release(executor_new(1), task_waits_to_go, o, shut_inner_down);
	gate_open(o->go);
	expect_inner_waited_for(o, "a release function");
}
