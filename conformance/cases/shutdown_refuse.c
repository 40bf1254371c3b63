/* SPDX-License-Identifier: MIT */
/* shutdown_refuse.c: new work is refused once an executor is shut down, whoever brings it. */
#include "shutdowns.h"

static void expect_refused(enum form form)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f;
	void *outcome;

	need_form(form);
	result(submit(e, task_return, THE_VALUE), PP_FOREVER, &outcome);
	REQUIRE(shut_down(e, form) == PP_OK);
	context("work is submitted after %s", form_names[form]);
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(e, must_not_run, NULL, &f));
	context("work is submitted once more after %s", form_names[form]);
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(e, must_not_run, NULL, &f));
}

/* The executor has nothing to do and has never had. */
static void expect_refused_when_new(enum form form)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f;

	need_form(form);
	REQUIRE(shut_down(e, form) == PP_OK);
	context("work is submitted to an executor that had none before %s", form_names[form]);
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(e, must_not_run, NULL, &f));
}

static void expect_refused_when_busy(enum form form)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f;

	need_form(form);
	REQUIRE(shut_down(e, form) == PP_OK);
	context("work is submitted after %s, while a task runs", form_names[form]);
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(e, must_not_run, NULL, &f));
	gate_open(w->gate);
}

CASE(shutdown_1_refuses_new_work)
{
	expect_refused(WAITS);
}

CASE(shutdown_1_refuses_the_first_work)
{
	expect_refused_when_new(WAITS);
}

CASE(shutdown_2_refuses_new_work)
{
	expect_refused(RETURNS);
}

CASE(shutdown_2_refuses_the_first_work)
{
	expect_refused_when_new(RETURNS);
}

CASE(shutdown_2_refuses_new_work_while_a_task_runs)
{
	expect_refused_when_busy(RETURNS);
}

CASE(shutdown_3_refuses_new_work)
{
	expect_refused(CANCELS_WAITS);
	expect_refused(CANCELS_RETURNS);
}

CASE(shutdown_3_refuses_the_first_work)
{
	expect_refused_when_new(CANCELS_WAITS);
	expect_refused_when_new(CANCELS_RETURNS);
}

CASE(shutdown_3_refuses_new_work_while_a_task_runs)
{
	expect_refused_when_busy(CANCELS_RETURNS);
}

/* The worker is still there, and gets to the end of its queue. */
CASE(shutdown_4_refused_work_never_runs)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f;
	int i;

	REQUIRE(shutdown_nowait(e) == PP_OK);
	for (i = 0; i < 5; i++)
		REQUIRE(try_submit(e, must_not_run, NULL, &f) == PP_SHUTDOWN);
	gate_open(w->gate);
	context("work was refused while a worker was still there, which then left");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
	EXPECT_INT(1, counter_value(w->ended));
}

/* When the other shutdown takes effect is open; that it does before it waits, is not. */
CASE(shutdown_5_refuses_while_another_thread_waits)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct counter *ran = counter_new();
	struct shutter s;
	struct pp_future *f;
	long accepted = 0;
	int status;

	shutter_start(&s, e, WAITS, w->ended);
	while ((status = try_submit(e, task_count, ran, &f)) == PP_OK) {
		accepted++;
		pass_time(0.001);
	}
	context("another thread is inside a shutdown that waits");
	EXPECT_STATUS(PP_SHUTDOWN, status);
	gate_open(w->gate);
	shutter_join(&s, 1);
	context("work that was accepted before it was refused");
	EXPECT_INT(accepted, counter_value(ran));
}

/* Its tasks have ended, and so has its worker but for the thread. */
CASE(shutdown_5_refuses_while_the_thread_of_the_worker_is_long_in_ending)
{
	struct pp_executor *e = executor_new(1);
	struct slow_end *slow = slow_end_new();
	struct counter *ran = counter_new();
	struct shutter s;
	struct pp_future *f;
	int status;

	expect_result(submit(e, task_ends_slowly, slow), F_RETURNED, PP_FOREVER);
	shutter_start(&s, e, WAITS, ran);
	threads_settle();
	while ((status = try_submit(e, task_return, NULL, &f)) == PP_OK)
		pass_time(0.001);
	context("another thread is inside a shutdown that waits, or was, and the thread of the only worker has not ended");
	EXPECT_STATUS(PP_SHUTDOWN, status);
	gate_open(slow->gate);
	shutter_join(&s, 0);
}

static void expect_task_refused(enum form form)
{
	struct submitter *s = shared_alloc(sizeof(*s));

	need_shared_memory();
	need_form(form);
	s->e = executor_new(1);
	s->gate = gate_new();
	s->status = -1;
	submit(s->e, task_submits, s);
	gate_await(s->gate, 1);
	REQUIRE(shut_down(s->e, form) == PP_OK);
	gate_open(s->gate);
	shutdown_wait(s->e);
	context("a task submits to its own executor after %s", form_names[form]);
	EXPECT_STATUS(PP_SHUTDOWN, s->status);
}

/* A task of another executor is as good as any other thread. */
CASE(shutdown_2_refuses_a_task_of_another_executor)
{
	struct pp_executor *other = executor_new(1);
	struct submitter *s = shared_alloc(sizeof(*s));
	struct gate *gate;

	need_shared_memory();
	NEED(shutdown_nowait);
	*s = (struct submitter){executor_new(1), gate_new(), -1};
	gate = hold(s->e, 1);
	submit(other, task_submits, s);
	gate_await(s->gate, 1);
	REQUIRE(shutdown_nowait(s->e) == PP_OK);
	gate_open(s->gate);
	shutdown_wait(other);
	gate_open(gate);
	context("a task submits to another executor, which was shut down and still has a task to run");
	EXPECT_STATUS(PP_SHUTDOWN, s->status);
}

CASE(shutdown_6_task_is_refused)
{
	expect_task_refused(RETURNS);
}

CASE(shutdown_6_task_is_refused_after_cancelling)
{
	expect_task_refused(CANCELS_RETURNS);
}

/* A thread that submits until it is refused. */
struct flood {
	struct pp_executor *e;
	struct barrier *start;
	struct counter *ran;
	long accepted;
	int status;
};

static void submit_until_refused(void *arg)
{
	struct flood *flood = arg;
	struct pp_future *f;
	int i;

	barrier_meet(flood->start);
	for (i = 0; i < 50; i++) {
		f = NULL;
		flood->status = backend()->submit(flood->e, task_count, flood->ran, &f);
		if (flood->status != PP_OK)
			return;
		flood->accepted++;
		if (backend()->future_release)
			backend()->future_release(f);
	}
}

CASE(shutdown_7_accepted_work_has_ended)
{
	int round;

	for (round = 0; round < 50; round++) {
		struct flood flood = {executor_new(2), barrier_new(2), counter_new(), 0, -1};
		struct thread *t = thread_start(submit_until_refused, &flood);
		long ran;

		barrier_meet(flood.start);
		REQUIRE(shutdown_wait(flood.e) == PP_OK);
		ran = counter_value(flood.ran);
		thread_join(t);
		context("round %d: work that was accepted as the shutdown began, and had been done when it returned", round);
		EXPECT_INT(flood.accepted, ran);
	}
}

CASE(shutdown_8_refused_submit_gives_no_future)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f = token(9);

	REQUIRE(shutdown_wait(e) == PP_OK);
	REQUIRE(try_submit(e, must_not_run, NULL, &f) == PP_SHUTDOWN);
	context("a submit that is refused leaves the handle as it was");
	EXPECT_PTR(token(9), f);
}
