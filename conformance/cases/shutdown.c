/* SPDX-License-Identifier: MIT */
/*
 * shutdown.c: SHUTDOWN, what it waits for and what it does not, also when it is called again.
 *
 * That a shutdown waits is shown by a thread inside it, which looks, when it has
 * returned, at how many tasks have ended: they end no earlier than a gate that is
 * opened later.
 */
#include "shutdowns.h"

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

struct sending {
	struct pp_executor *e;
	struct work *work;
	int status;
};

static void send_work(void *sending)
{
	struct sending *s = sending;
	struct pp_future *f = NULL;

	s->status = backend()->submit(s->e, task_work, s->work, &f);
	drop(f);
}

/* SHUTDOWN-9: the task may run inside submit, and its thread is then no worker. */
CASE(shutdown_9_waits_for_a_task_that_another_thread_submits)
{
	struct sending sending = {executor_any(), work_new(), -1};
	struct thread *sender = thread_start(send_work, &sending);
	struct shutter s;

	gate_await(sending.work->gate, 1);
	shutter_start(&s, sending.e, WAITS, sending.work->ended);
	context("a shutdown that waits has returned while a task runs that another thread has submitted");
	EXPECT_INT(0, counter_value(s.returned));
	gate_open(sending.work->gate);
	thread_join(sender);
	shutter_join(&s, 1);
	EXPECT_STATUS(PP_OK, sending.status);
}

/* SHUTDOWN-9: of workers that have run an initializer, with nothing behind the tasks. */
CASE(shutdown_9_waits_for_running_tasks_of_initialized_workers)
{
	struct pp_executor *e = executor_new_with_initializer(2, initializer_count, counter_new());
	struct work *w = work_on(e, 2);
	struct shutter s;

	shutter_start(&s, e, WAITS, w->ended);
	context("a shutdown that waits has returned while tasks ran on workers that have run an initializer");
	EXPECT_INT(0, counter_value(s.returned));
	gate_open(w->gate);
	shutter_join(&s, 2);
}

CASE(shutdown_10_waits_for_queued_work)
{
	expect_waits(WAITS, 1, 1, 20);
}

CASE(shutdown_10_waits_for_queued_work_of_two_workers)
{
	expect_waits(WAITS, 2, 2, 20);
}

/* SHUTDOWN-9, SHUTDOWN-10: what went wrong before is no reason to be done sooner. */
static void expect_waits_after_failures(int queued)
{
	struct pp_executor *e = executor_new(2);
	struct work *w;
	struct shutter s;

	have_failures(e, 2);
	w = work_on(e, 2);
	for (int i = 0; i < queued; i++)
		submit(e, task_work, w);
	shutter_start(&s, e, WAITS, w->ended);
	context("a shutdown that waits has returned while tasks ran, after others that had raised");
	EXPECT_INT(0, counter_value(s.returned));
	gate_open(w->gate);
	shutter_join(&s, 2 + queued);
}

CASE(shutdown_9_waits_for_running_tasks_after_failures)
{
	expect_waits_after_failures(0);
}

CASE(shutdown_10_waits_for_queued_work_after_failures)
{
	expect_waits_after_failures(20);
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

/* A shutdown that waits in that form, after one that did not. */
static void expect_waits_after(enum form first, enum form second)
{
	struct pp_executor *e = executor_new(1);
	struct work *w = work_on(e, 1);
	struct shutter s;

	need_form(first);
	need_form(second);
	REQUIRE(shut_down(e, first) == PP_OK);
	shutter_start(&s, e, second, w->ended);
	context("a task runs: %s has returned after %s", form_names[second], form_names[first]);
	EXPECT_INT(0, counter_value(s.returned));
	gate_open(w->gate);
	shutter_join(&s, 1);
}

CASE(shutdown_28_waits_after_one_that_did_not)
{
	expect_waits_after(RETURNS, WAITS);
}

CASE(shutdown_28_waits_after_one_that_cancelled_and_did_not)
{
	expect_waits_after(CANCELS_RETURNS, WAITS);
}

CASE(shutdown_28_cancels_and_waits_after_one_that_did_not)
{
	expect_waits_after(RETURNS, CANCELS_WAITS);
}

CASE(shutdown_28_cancels_and_waits_after_one_that_cancelled_and_did_not)
{
	expect_waits_after(CANCELS_RETURNS, CANCELS_WAITS);
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
