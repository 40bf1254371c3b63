/* SPDX-License-Identifier: MIT */
/*
 * Shutdown: what it refuses, what it waits for, and what stays.
 *
 * That a shutdown waits is shown by a thread inside it, which looks, when it has
 * returned, at how many tasks have ended: they end no earlier than a gate that is
 * opened later.
 */
#define _GNU_SOURCE
#include "shutdowns.h"

#include <unistd.h>

/* ---- new work -------------------------------------------------------------- */

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

/* ---- to wait ----------------------------------------------------------------- */

CASE(shutdown_9_waits_for_a_running_task)
{
	expect_waits(WAITS, 1, 1, 0);
}

CASE(shutdown_9_waits_for_several_running_tasks)
{
	expect_waits(WAITS, 4, 3, 0);
}

/* SHUTDOWN-9: what the second one tells the workers wakes the first, and is not for it. */
CASE(shutdown_9_waits_though_another_does_not)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct shutter s;

	need_form(RETURNS);
	shutter_start(&s, e, WAITS, w->ended);
	REQUIRE(shutdown_nowait(e) == PP_OK);
	thread_settle(s.thread);
	context("a task runs: a shutdown that waits has returned after %s by another thread", form_names[RETURNS]);
	EXPECT_INT(0, counter_value(s.returned));
	gate_open(w->gate);
	shutter_join(&s, 1);
}

CASE(shutdown_10_waits_for_queued_work)
{
	expect_waits(WAITS, 1, 1, 20);
}

CASE(shutdown_10_waits_for_queued_work_of_two_workers)
{
	expect_waits(WAITS, 2, 2, 20);
}

CASE(shutdown_11_every_future_is_done)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f[100];
	int i;

	NEED(done);
	for (i = 0; i < 100; i++)
		f[i] = submit(e, i % 2 ? task_return : task_raise, THE_VALUE);
	REQUIRE(shutdown_wait(e) == PP_OK);
	for (i = 0; i < 100; i++) {
		context("future %d of 100, when a shutdown that waits had returned", i);
		EXPECT(done(f[i]));
	}
}

CASE(shutdown_11_outcomes_are_there)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f[100];
	void *outcome;
	int i;

	for (i = 0; i < 100; i++)
		f[i] = submit(e, task_return, token(i));
	REQUIRE(shutdown_wait(e) == PP_OK);
	for (i = 0; i < 100; i++) {
		context("future %d of 100 is asked without waiting, when a shutdown that waits had returned", i);
		EXPECT_STATUS(PP_OK, result(f[i], 0, &outcome));
		EXPECT_PTR(token(i), outcome);
	}
}

static int task_write(void *arg, void **outcome)
{
	long *cell = arg;

	(void)outcome;
	*cell = 7;
	return PP_OK;
}

/* Plain writes, and no other way of the tasks to tell the main thread. */
CASE(shutdown_12_writes_of_tasks_are_seen)
{
	struct pp_executor *e = executor_any();
	long *cells = shared_alloc(200 * sizeof(*cells));
	long sum = 0;
	int i;

	for (i = 0; i < 200; i++)
		submit(e, task_write, &cells[i]);
	REQUIRE(shutdown_wait(e) == PP_OK);
	for (i = 0; i < 200; i++)
		sum += cells[i];
	context("what 200 tasks wrote, each to a place of its own");
	EXPECT_INT(200 * 7, sum);
}

CASE(shutdown_13_of_an_executor_without_work)
{
	context("the executor never had any work");
	EXPECT_STATUS(PP_OK, shutdown_wait(executor_any()));
}

CASE(shutdown_13_right_after_the_executor_was_made)
{
	int round;

	for (round = 0; round < 100; round++) {
		struct pp_executor *e = executor_new(1 + round % 4);

		context("round %d: shutdown right after the executor was made", round);
		EXPECT_STATUS(PP_OK, shutdown_wait(e));
	}
}

/* All four workers have been there, and have had time to fall asleep. */
CASE(shutdown_14_of_idle_workers)
{
	struct pp_executor *e = executor_new(4);
	struct work *w = work_on(e, 4);

	gate_open(w->gate);
	counter_await(w->ended, 4);
	pass_time(0.001);
	context("four workers are idle");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
}

CASE(shutdown_14_of_one_idle_worker)
{
	void *outcome;
	int round;

	for (round = 0; round < 10; round++) {
		struct pp_executor *e = executor_any();

		result(submit(e, task_return, THE_VALUE), PP_FOREVER, &outcome);
		pass_time(0.001);
		context("round %d: the only worker is idle", round);
		EXPECT_STATUS(PP_OK, shutdown_wait(e));
	}
}

CASE(shutdown_15_of_idle_workers_and_a_busy_one)
{
	struct pp_executor *e = executor_new(4);
	struct work *last = work_on(e, 1);
	struct work *others = work_on(e, 3);
	struct shutter s;

	gate_open(others->gate);
	counter_await(others->ended, 3);
	shutter_start(&s, e, WAITS, last->ended);
	context("three workers are idle and one is busy: shutdown has returned");
	EXPECT_INT(0, counter_value(s.returned));
	gate_open(last->gate);
	shutter_join(&s, 1);
}

/* The task ends as the shutdown begins, a little earlier or later in each round. */
CASE(shutdown_16_meets_the_end_of_the_last_task)
{
	int round, i;

	for (round = 0; round < 200; round++) {
		struct pp_executor *e = executor_new(1);
		struct work *w = work_on(e, 1);
		volatile int spin = 0;

		gate_open(w->gate);
		for (i = 0; i < round * 20; i++)
			spin++;
		context("round %d: the last task ends as the shutdown begins", round);
		EXPECT_STATUS(PP_OK, shutdown_wait(e));
		EXPECT_INT(1, counter_value(w->ended));
	}
}

/* The same with a second worker, which is idle or about to be. */
CASE(shutdown_16_meets_the_ends_of_two_tasks)
{
	int round;

	for (round = 0; round < 100; round++) {
		struct pp_executor *e = executor_new(2);
		struct work *w = work_on(e, 2);

		gate_open(w->gate);
		counter_await(w->ended, round % 3);
		context("round %d: two tasks end as the shutdown begins", round);
		EXPECT_STATUS(PP_OK, shutdown_wait(e));
		EXPECT_INT(2, counter_value(w->ended));
	}
}

CASE(shutdown_17_meets_the_start_of_a_worker)
{
	int round;

	for (round = 0; round < 200; round++) {
		struct pp_executor *e = executor_any();
		struct counter *ran = counter_new();

		submit(e, task_count, ran);
		context("round %d: shutdown right after the first submit", round);
		EXPECT_STATUS(PP_OK, shutdown_wait(e));
		EXPECT_INT(1, counter_value(ran));
	}
}

CASE(shutdown_17_meets_the_start_of_four_workers)
{
	int round, i;

	for (round = 0; round < 50; round++) {
		struct pp_executor *e = executor_new(4);
		struct counter *ran = counter_new();

		for (i = 0; i < 4; i++)
			submit(e, task_count, ran);
		context("round %d: shutdown right after four submits to four workers", round);
		EXPECT_STATUS(PP_OK, shutdown_wait(e));
		EXPECT_INT(4, counter_value(ran));
	}
}

CASE(shutdown_18_returns_ok_though_tasks_raise)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f[5];
	int i;

	for (i = 0; i < 5; i++)
		f[i] = submit(e, task_raise, THE_EXCEPTION);
	context("every task has raised");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
	for (i = 0; i < 5; i++)
		expect_in(f[i], F_RAISED);
}

CASE(shutdown_19_returns_though_futures_were_cancelled)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[5];
	int i;

	submit_victims(e, f, 5);
	for (i = 0; i < 5; i++)
		REQUIRE(cancel(f[i]));
	gate_open(w->gate);
	context("only futures that were cancelled are on the queue");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
	EXPECT_INT(1, counter_value(w->ended));
}

CASE(shutdown_19_returns_though_futures_are_cancelled_meanwhile)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[5];
	struct shutter s;
	int i;

	submit_victims(e, f, 5);
	shutter_start(&s, e, WAITS, w->ended);
	for (i = 0; i < 5; i++)
		REQUIRE(cancel(f[i]));
	gate_open(w->gate);
	shutter_join(&s, 1);
}

static int callback_work(struct pp_future *f, void *arg)
{
	struct work *w = arg;

	(void)f;
	gate_wait(w->gate);
	counter_add(w->ended, 1);
	return PP_OK;
}

CASE(shutdown_20_waits_for_a_callback)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = gate_new();
	struct work *w = work_new();
	struct pp_future *f = submit(e, task_pass_gate, gate);
	struct shutter s;

	gate_await(gate, 1);
	REQUIRE(add_done_callback(f, callback_work, w) == PP_OK);
	gate_open(gate);
	gate_await(w->gate, 1);
	shutter_start(&s, e, WAITS, w->ended);
	context("a done callback has been called and not returned: shutdown has returned");
	EXPECT_INT(0, counter_value(s.returned));
	gate_open(w->gate);
	shutter_join(&s, 1);
}

CASE(shutdown_21_by_another_thread)
{
	enum form form;

	for (form = WAITS; form <= RETURNS; form++) {
		struct pp_executor *e = executor_any();
		struct counter *ran = counter_new();
		struct shutter s;
		struct pp_future *f;

		if (form == RETURNS && !HAS(shutdown_nowait))
			continue;
		submit(e, task_count, ran);
		counter_await(ran, 1);
		shutter_start(&s, e, form, ran);
		shutter_join(&s, 1);
		context("%s was called by another thread than made the executor", form_names[form]);
		EXPECT_STATUS(PP_SHUTDOWN, try_submit(e, must_not_run, NULL, &f));
	}
}

/* ---- not to wait ---------------------------------------------------------------- */

CASE(shutdown_22_returns_while_a_task_runs)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);

	context("a task is RUNNING, and ends only after the shutdown");
	EXPECT_STATUS(PP_OK, shutdown_nowait(e));
	EXPECT_INT(0, counter_value(w->ended));
	gate_open(w->gate);
}

CASE(shutdown_22_returns_while_work_is_queued)
{
	struct pp_executor *e = executor_new(2);
	struct work *w = work_on(e, 2);
	int i;

	for (i = 0; i < 10; i++)
		submit(e, task_work, w);
	context("two tasks are RUNNING and ten queued");
	EXPECT_STATUS(PP_OK, shutdown_nowait(e));
	EXPECT_INT(0, counter_value(w->ended));
	gate_open(w->gate);
}

CASE(shutdown_23_queued_work_is_done)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[20];
	int i;

	for (i = 0; i < 20; i++)
		f[i] = submit(e, task_return, THE_VALUE);
	REQUIRE(shutdown_nowait(e) == PP_OK);
	gate_open(w->gate);
	for (i = 0; i < 20; i++)
		expect_result(f[i], F_RETURNED, PP_FOREVER);
}

/* The worker may not have begun to look at the queue. */
CASE(shutdown_23_work_of_a_starting_worker_is_done)
{
	int round;

	for (round = 0; round < 50; round++) {
		struct pp_executor *e = executor_any();
		struct pp_future *f = submit(e, task_return, THE_VALUE);

		REQUIRE(shutdown_nowait(e) == PP_OK);
		expect_result(f, F_RETURNED, PP_FOREVER);
	}
}

CASE(shutdown_24_running_task_gives_its_outcome)
{
	expect_running_task_ends(RETURNS);
}

CASE(shutdown_25_pending_future_can_be_cancelled)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[3];
	int i;

	submit_victims(e, f, 3);
	REQUIRE(shutdown_nowait(e) == PP_OK);
	for (i = 0; i < 3; i++) {
		context("a future is PENDING, after a shutdown that did not wait");
		EXPECT(cancel(f[i]));
	}
	gate_open(w->gate);
	shutdown_wait(e);
	expect_cancelled(f, 3);
}

/* Without asking the executor anything more: to ask might be what makes them go. */
CASE(shutdown_26_workers_go)
{
	struct pp_executor *e = executor_new(3);
	struct work *w;

	need_shared_memory();
	NEED(shutdown_nowait);
	w = work_on(e, 3);
	REQUIRE(shutdown_nowait(e) == PP_OK);
	gate_open(w->gate);
	await_gone(w->tids);
	context("threads that were workers before a shutdown that did not wait, and are gone");
	EXPECT_INT(3, record_count(w->tids));
}

CASE(shutdown_26_idle_workers_go)
{
	struct pp_executor *e = executor_new(3);
	struct muster *m = muster_new(3);
	struct pp_future *f[3];
	void *outcome;
	int i;

	need_shared_memory();
	NEED(shutdown_nowait);
	for (i = 0; i < 3; i++)
		f[i] = submit(e, task_muster, m);
	for (i = 0; i < 3; i++)
		result(f[i], PP_FOREVER, &outcome);
	REQUIRE(shutdown_nowait(e) == PP_OK);
	await_gone(m->tids);
	context("threads that were idle workers before a shutdown that did not wait, and are gone");
	EXPECT_INT(3, record_count(m->tids));
}

/* ---- again --------------------------------------------------------------------- */

/* The second form, and then the first once more. */
static void expect_again(enum form first, enum form second)
{
	struct pp_executor *e = executor_any();
	void *outcome;

	result(submit(e, task_return, THE_VALUE), PP_FOREVER, &outcome);
	REQUIRE(shut_down(e, first) == PP_OK);
	context("%s, after %s", form_names[second], form_names[first]);
	EXPECT_STATUS(PP_OK, shut_down(e, second));
	context("%s, for the second time and after %s", form_names[first], form_names[second]);
	EXPECT_STATUS(PP_OK, shut_down(e, first));
}

CASE(shutdown_27_wait_again)
{
	expect_again(WAITS, WAITS);
}

CASE(shutdown_27_every_form_after_every_form)
{
	enum form first, second;

	NEED(shutdown_nowait);
	for (first = WAITS; first <= RETURNS; first++)
		for (second = WAITS; second <= RETURNS; second++)
			expect_again(first, second);
}

CASE(shutdown_27_every_form_after_every_form_that_cancels)
{
	enum form first, second;

	need_form(CANCELS_RETURNS);
	for (first = WAITS; first < FORMS; first++)
		for (second = CANCELS_WAITS; second < FORMS; second++)
			expect_again(first, second);
}

CASE(shutdown_27_of_an_executor_without_work)
{
	struct pp_executor *e = executor_any();
	int i;

	for (i = 0; i < 3; i++) {
		context("call %d of shutdown for an executor that never had work", i + 1);
		EXPECT_STATUS(PP_OK, shutdown_wait(e));
	}
}

/* A shutdown that waits, after one that did not and with so much to do. */
static void expect_waits_after(enum form first)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct shutter s;

	need_form(first);
	REQUIRE(shut_down(e, first) == PP_OK);
	shutter_start(&s, e, WAITS, w->ended);
	context("a task runs: a shutdown that waits has returned after %s", form_names[first]);
	EXPECT_INT(0, counter_value(s.returned));
	gate_open(w->gate);
	shutter_join(&s, 1);
}

CASE(shutdown_28_waits_after_one_that_did_not)
{
	expect_waits_after(RETURNS);
}

CASE(shutdown_28_waits_after_one_that_cancelled_and_did_not)
{
	expect_waits_after(CANCELS_RETURNS);
}

CASE(shutdown_28_waits_for_queued_work_after_one_that_did_not)
{
	struct pp_executor *e = executor_new(2);
	struct work *w = work_on(e, 2);
	struct shutter s;
	int i;

	for (i = 0; i < 10; i++)
		submit(e, task_work, w);
	REQUIRE(shutdown_nowait(e) == PP_OK);
	shutter_start(&s, e, WAITS, w->ended);
	gate_open(w->gate);
	shutter_join(&s, 12);
}

static void expect_all_wait(int threads)
{
	struct pp_executor *e = executor_new(2);
	struct work *w = work_on(e, 2);
	struct shutter s[4];
	int i;

	for (i = 0; i < 5; i++)
		submit(e, task_work, w);
	for (i = 0; i < threads; i++)
		shutter_start(&s[i], e, WAITS, w->ended);
	for (i = 0; i < threads; i++) {
		context("%d threads are inside shutdown and tasks run: one of them has returned", threads);
		EXPECT_INT(0, counter_value(s[i].returned));
	}
	gate_open(w->gate);
	for (i = 0; i < threads; i++)
		shutter_join(&s[i], 7);
}

CASE(shutdown_29_two_threads_wait)
{
	expect_all_wait(2);
}

CASE(shutdown_29_four_threads_wait)
{
	expect_all_wait(4);
}

/* All sleep until whoever has joined the worker tells them. */
CASE(shutdown_29_twenty_threads_wait_while_the_worker_is_long_in_ending)
{
	struct pp_executor *e = executor_new(1);
	struct slow_end *slow = slow_end_new();
	struct counter *none = counter_new();
	struct shutter s[20];
	int i;

	expect_result(submit(e, task_ends_slowly, slow), F_RETURNED, PP_FOREVER);
	for (i = 0; i < 20; i++)
		shutter_start(&s[i], e, WAITS, none);
	threads_settle();
	gate_open(slow->gate);
	for (i = 0; i < 20; i++)
		shutter_join(&s[i], 0);
}

CASE(shutdown_30_cancels_after_one_that_did_not)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[5];

	need_form(CANCELS_RETURNS);
	submit_victims(e, f, 5);
	REQUIRE(shutdown_nowait(e) == PP_OK);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(w->gate);
	shutdown_wait(e);
	expect_cancelled(f, 5);
}

CASE(shutdown_31_cancels_while_another_waits)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct pp_future *f[5];
	struct shutter s;

	need_form(CANCELS_RETURNS);
	submit_victims(e, f, 5);
	shutter_start(&s, e, WAITS, w->ended);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	thread_settle(s.thread);
	gate_open(w->gate);
	shutter_join(&s, 1);
	expect_cancelled(f, 5);
}

/* ---- what stays ------------------------------------------------------------------ */

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
