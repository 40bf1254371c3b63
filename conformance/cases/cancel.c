/* SPDX-License-Identifier: MIT */
/* Cancel: from PENDING to CANCELLED, and nothing else. */
#include "futures.h"

/* ---- the table ------------------------------------------------------------ */

static void expect_cancel(struct pp_future *f, enum future_state s, bool accepted)
{
	NEED(cancel);
	context("cancel of %s", future_called(s));
	EXPECT_INT(accepted, cancel(f));
}

CASE(cancel_1_submitted_pending)
{
	expect_cancel(submitted_in(F_PENDING, NULL), F_PENDING, true);
}

CASE(cancel_1_author_pending)
{
	expect_cancel(future_in(F_PENDING), F_PENDING, true);
}

static int callback_notices(struct pp_future *f, void *run)
{
	return backend()->set_running_or_notify_cancel(f, run);
}

/* CANCEL-1: its executor notices before cancel has returned. */
CASE(cancel_1_noticed_in_a_callback)
{
	struct pp_future *f = future_in(F_PENDING);
	bool run = true;

	NEED(set_running_or_notify_cancel);
	REQUIRE(add_done_callback(f, callback_notices, &run) == PP_OK);
	context("cancel of a PENDING future that is noticed in a done callback");
	EXPECT(cancel(f));
	expect_in(f, run ? F_CANCELLED : F_NOTIFIED);
}

static void expect_cancelled_at_once(struct pp_future *f)
{
	REQUIRE(cancel(f));
	expect_in(f, F_CANCELLED);
}

CASE(cancel_2_submitted_is_cancelled_at_once)
{
	expect_cancelled_at_once(submitted_in(F_PENDING, NULL));
}

CASE(cancel_2_author_is_cancelled_at_once)
{
	expect_cancelled_at_once(future_in(F_PENDING));
}

/*
 * One worker, held at a gate, so the second item is PENDING by construction
 * rather than by timing.
 */
CASE(cancel_3_pending_item_never_runs)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *victim = submit(e, must_not_run, NULL);
	struct pp_future *after;
	void *outcome;

	REQUIRE(cancel(victim));
	after = submit(e, task_return, token(1));
	gate_open(gate);
	result(after, PP_FOREVER, &outcome);
	shutdown_wait(e);
	context("the executor was drained after the cancellation");
	expect_in(victim, F_NOTIFIED);
}

CASE(cancel_3_none_of_many_runs)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *f[100];
	int i;

	for (i = 0; i < 100; i++)
		f[i] = submit(e, must_not_run, NULL);
	for (i = 0; i < 100; i++)
		REQUIRE(cancel(f[i]));
	gate_open(gate);
	shutdown_wait(e);
	for (i = 0; i < 100; i++)
		expect_in(f[i], F_NOTIFIED);
}

/* With more workers, a work item may be held by one that is about to begin it. */
CASE(cancel_3_none_runs_on_several_workers)
{
	struct pp_executor *e = executor_new(2);
	struct gate *gate = hold(e, 2);
	struct pp_future *f[20];
	int i;

	for (i = 0; i < 20; i++)
		f[i] = submit(e, must_not_run, NULL);
	for (i = 19; i >= 0; i--)
		REQUIRE(cancel(f[i]));
	gate_open(gate);
	shutdown_wait(e);
	for (i = 0; i < 20; i++)
		expect_in(f[i], F_NOTIFIED);
}

CASE(cancel_4_submitted_running)
{
	expect_cancel(submitted_in(F_RUNNING, NULL), F_RUNNING, false);
}

CASE(cancel_4_author_running)
{
	expect_cancel(future_in(F_RUNNING), F_RUNNING, false);
}

CASE(cancel_5_running_goes_on)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);

	REQUIRE(!cancel(f));
	expect_in(f, F_RUNNING);
	gate_open(gate);
	expect_result(f, F_RETURNED, PP_FOREVER);
	context("cancel was refused while the task was running, and it has ended since");
	expect_in(f, F_RETURNED);
}

CASE(cancel_5_author_running_goes_on)
{
	struct pp_future *f = future_in(F_RUNNING);

	REQUIRE(!cancel(f));
	expect_in(f, F_RUNNING);
	EXPECT_STATUS(PP_OK, set_result(f, THE_VALUE));
	expect_in(f, F_RETURNED);
}

CASE(cancel_5_refused_again_and_again)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	int i;

	for (i = 0; i < 100; i++)
		expect_cancel(f, F_RUNNING, false);
	gate_open(gate);
	expect_result(f, F_RETURNED, PP_FOREVER);
}

CASE(cancel_6_submitted_returned)
{
	expect_cancel(submitted_in(F_RETURNED, NULL), F_RETURNED, false);
}

CASE(cancel_6_submitted_raised)
{
	expect_cancel(submitted_in(F_RAISED, NULL), F_RAISED, false);
}

CASE(cancel_6_author_returned)
{
	expect_cancel(future_in(F_RETURNED), F_RETURNED, false);
}

CASE(cancel_6_author_raised)
{
	expect_cancel(future_in(F_RAISED), F_RAISED, false);
}

static void expect_unmoved(enum future_state s)
{
	struct pp_future *f = submitted_in(s, NULL);

	REQUIRE(!cancel(f));
	context("cancel was refused");
	expect_in(f, s);
}

CASE(cancel_7_value_stays)
{
	expect_unmoved(F_RETURNED);
}

CASE(cancel_7_exception_stays)
{
	expect_unmoved(F_RAISED);
}

CASE(cancel_8_submitted_cancelled)
{
	expect_cancel(submitted_in(F_CANCELLED, NULL), F_CANCELLED, true);
}

CASE(cancel_8_author_cancelled)
{
	expect_cancel(future_in(F_CANCELLED), F_CANCELLED, true);
}

CASE(cancel_9_submitted_notified)
{
	expect_cancel(submitted_in(F_NOTIFIED, NULL), F_NOTIFIED, true);
}

CASE(cancel_9_author_notified)
{
	expect_cancel(future_in(F_NOTIFIED), F_NOTIFIED, true);
}

/* ---- what cancel does not do -------------------------------------------------- */

CASE(cancel_10_again_has_no_effect)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *victim = submit(e, must_not_run, NULL);
	struct pp_future *after = submit(e, task_return, THE_VALUE);
	int i;

	for (i = 0; i < 10; i++)
		EXPECT(cancel(victim));
	expect_in(after, F_PENDING);
	gate_open(gate);
	expect_result(after, F_RETURNED, PP_FOREVER);
	shutdown_wait(e);
	expect_in(victim, F_NOTIFIED);
}

/* The CANCELLED future is still to be noticed, once. */
CASE(cancel_10_again_does_not_notify)
{
	struct pp_future *f = future_in(F_CANCELLED);
	bool run = true;

	EXPECT(cancel(f));
	context("a CANCELLED future was cancelled again");
	EXPECT_STATUS(PP_OK, set_running_or_notify_cancel(f, &run));
	EXPECT_FALSE(run);
}

/* The only worker waits at a gate that is not opened before cancel returns. */
CASE(cancel_11_returns_while_every_worker_is_busy)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *f[10];
	int i;

	hold(e, 2);
	for (i = 0; i < 10; i++)
		f[i] = submit(e, must_not_run, NULL);
	for (i = 0; i < 10; i++)
		EXPECT(cancel(f[i]));
}

#define ROW 30

/* Every third is cancelled; the others are to run, each once. */
CASE(cancel_12_neighbours_run)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *ran = counter_new();
	struct pp_future *f[ROW];
	int i;

	for (i = 0; i < ROW; i++)
		f[i] = submit(e, i % 3 ? task_count : must_not_run, ran);
	for (i = 0; i < ROW; i += 3)
		REQUIRE(cancel(f[i]));
	gate_open(gate);
	shutdown_wait(e);
	context("%d of %d work items on the queue were cancelled", ROW / 3, ROW);
	EXPECT_INT(ROW - ROW / 3, counter_value(ran));
}

CASE(cancel_12_first_and_last_cancelled)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *first = submit(e, must_not_run, NULL);
	struct pp_future *middle = submit(e, task_return, THE_VALUE);
	struct pp_future *last = submit(e, must_not_run, NULL);

	REQUIRE(cancel(first));
	REQUIRE(cancel(last));
	gate_open(gate);
	expect_result(middle, F_RETURNED, PP_FOREVER);
}

/* The worker has met nothing but cancelled work items, and must still be there. */
CASE(cancel_13_worker_survives_cancelled_items)
{
	struct pp_executor *e = executor_new(1);
	int i;

	for (i = 0; i < 10; i++) {
		struct gate *gate = hold(e, 1);
		struct pp_future *victim = submit(e, must_not_run, NULL);

		REQUIRE(cancel(victim));
		gate_open(gate);
		context("after %d cancelled work items", i + 1);
		expect_result(submit(e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	}
}

CASE(cancel_13_idle_executor_takes_work_again)
{
	struct pp_executor *e = executor_new(2);
	struct gate *gate = hold(e, 2);
	struct pp_future *f[4];
	int i;

	for (i = 0; i < 4; i++)
		f[i] = submit(e, must_not_run, NULL);
	for (i = 0; i < 4; i++)
		REQUIRE(cancel(f[i]));
	gate_open(gate);
	gate = hold(e, 2);
	context("both workers run again after a queue of cancelled work items");
	EXPECT_INT(2, gate_arrived(gate));
}

/* ---- races --------------------------------------------------------------------- */

#define ROUNDS 150

static int task_mark(void *arg, void **outcome)
{
	*(volatile int *)arg += 1;
	*outcome = arg;
	return PP_OK;
}

/* cancelled[i] and runs[i] must tell the same story, once all is over. */
static void expect_one_story(struct pp_future **f, const bool *accepted, const int *runs)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		context("round %d: cancel returned %s and the task ran %d times", i, accepted[i] ? "true" : "false",
			runs[i]);
		EXPECT_INT(accepted[i] ? 0 : 1, runs[i]);
		if (HAS(cancelled)) {
			context("round %d: cancel returned %s", i, accepted[i] ? "true" : "false");
			EXPECT_INT(accepted[i], cancelled(f[i]));
		}
	}
}

CASE(cancel_14_right_after_submit)
{
	struct pp_executor *e = executor_any();
	int *runs = shared_alloc(ROUNDS * sizeof(*runs));
	struct pp_future *f[ROUNDS];
	bool accepted[ROUNDS];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		f[i] = submit(e, task_mark, &runs[i]);
		accepted[i] = cancel(f[i]);
	}
	shutdown_wait(e);
	expect_one_story(f, accepted, runs);
}

/* The worker comes from a gate to the next work item as it is cancelled. */
CASE(cancel_14_as_the_worker_comes)
{
	struct pp_executor *e = executor_new(1);
	int *runs = shared_alloc(ROUNDS * sizeof(*runs));
	struct pp_future *f[ROUNDS];
	bool accepted[ROUNDS];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct gate *gate = hold(e, 1);

		f[i] = submit(e, task_mark, &runs[i]);
		gate_open(gate);
		accepted[i] = cancel(f[i]);
	}
	shutdown_wait(e);
	expect_one_story(f, accepted, runs);
}

/* Two threads meet at a barrier, then each does its half to the same future. */
struct race {
	struct pp_future *f[ROUNDS];
	struct barrier *start[ROUNDS];
	bool cancelled[ROUNDS];
};

static void race_new(struct race *race)
{
	int i;

	for (i = 0; i < ROUNDS; i++)
		race->start[i] = barrier_new(2);
}

static void cancel_each(void *arg)
{
	struct race *race = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		barrier_meet(race->start[i]);
		race->cancelled[i] = backend()->cancel(race->f[i]);
	}
}

CASE(cancel_15_two_threads_cancel)
{
	static struct race race;
	struct pp_executor *e = executor_new(1);
	struct thread *other;
	int i;

	NEED(cancel);
	race_new(&race);
	hold(e, 1);
	for (i = 0; i < ROUNDS; i++)
		race.f[i] = submit(e, must_not_run, NULL);
	other = thread_start(cancel_each, &race);
	for (i = 0; i < ROUNDS; i++) {
		barrier_meet(race.start[i]);
		EXPECT(cancel(race.f[i]));
	}
	thread_join(other);
	for (i = 0; i < ROUNDS; i++) {
		context("two threads cancelled one PENDING future; this is what the second was told in round %d", i);
		EXPECT(race.cancelled[i]);
	}
}

CASE(cancel_16_after_shutdown)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *victim = submit(e, must_not_run, NULL);
	struct pp_future *other = submit(e, task_return, THE_VALUE);

	REQUIRE(shutdown_nowait(e) == PP_OK);
	context("the executor was shut down without waiting, and the work item is PENDING");
	EXPECT(cancel(victim));
	gate_open(gate);
	expect_result(other, F_RETURNED, PP_FOREVER);
	shutdown_wait(e);
	expect_in(victim, F_NOTIFIED);
}

/* cancel comes while the task ends, so it is refused, and nothing breaks. */
CASE(cancel_17_meets_the_end_of_the_task)
{
	struct pp_executor *e = executor_new(1);
	int i;

	NEED(cancel);
	for (i = 0; i < ROUNDS; i++) {
		struct gate *gate = gate_new();
		struct pp_future *f = submit(e, task_pass_gate, gate);
		void *outcome = NULL;

		gate_await(gate, 1);
		gate_open(gate);
		context("round %d: cancel of a task that is ending", i);
		EXPECT_FALSE(cancel(f));
		EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
		EXPECT_PTR(gate, outcome);
	}
}

static void race_to_outcome(int set(struct pp_future *, void *), int status)
{
	static struct race race;
	struct thread *other;
	int set_status[ROUNDS];
	void *outcome;
	int i;

	NEED(cancel);
	race_new(&race);
	for (i = 0; i < ROUNDS; i++)
		race.f[i] = future_new();
	other = thread_start(cancel_each, &race);
	for (i = 0; i < ROUNDS; i++) {
		barrier_meet(race.start[i]);
		set_status[i] = set(race.f[i], token(i));
	}
	thread_join(other);
	for (i = 0; i < ROUNDS; i++) {
		context("round %d: cancel, at the same time, returned %s", i, race.cancelled[i] ? "true" : "false");
		EXPECT_STATUS(race.cancelled[i] ? PP_INVALID_STATE : PP_OK, set_status[i]);
		context("round %d: cancel returned %s", i, race.cancelled[i] ? "true" : "false");
		EXPECT_STATUS(race.cancelled[i] ? PP_CANCELLED : status, result(race.f[i], 0, &outcome));
	}
}

CASE(cancel_18_meets_a_value)
{
	race_to_outcome(set_result, PP_OK);
}

CASE(cancel_18_meets_an_exception)
{
	race_to_outcome(set_exception, PP_RAISED);
}

/* ---- the pool breaks ------------------------------------------------------------- */

/*
 * Nothing runs before the initializer has ended, so both work items are
 * PENDING until the gate is opened; then the pool breaks.
 */
static struct pp_executor *about_to_break(struct gate *gate, struct pp_future **victim, struct pp_future **other)
{
	struct pp_executor *e = executor_new_with_initializer(1, initializer_fail_at_gate, gate);

	*victim = submit(e, must_not_run, NULL);
	*other = submit(e, must_not_run, NULL);
	gate_await(gate, 1);
	return e;
}

CASE(cancel_19_stays_cancelled_when_the_pool_breaks)
{
	struct gate *gate = gate_new();
	struct pp_future *victim, *other;
	struct pp_executor *e = about_to_break(gate, &victim, &other);

	REQUIRE(cancel(victim));
	gate_open(gate);
	shutdown_wait(e);
	context("the pool has broken after the cancellation");
	expect_in(victim, F_NOTIFIED);
}

CASE(cancel_20_others_hear_that_the_pool_broke)
{
	struct gate *gate = gate_new();
	struct pp_future *victim, *other;
	void *outcome;

	about_to_break(gate, &victim, &other);
	REQUIRE(cancel(victim));
	gate_open(gate);
	context("the pool has broken; a cancelled work item stood before this one");
	EXPECT_STATUS(PP_BROKEN, result(other, PP_FOREVER, &outcome));
}

CASE(cancel_21_waiter_that_comes_after)
{
	struct pp_future *f = submitted_in(F_CANCELLED, NULL);
	struct waiter w;

	waiter_start(&w, f, PP_FOREVER, false);
	waiter_join(&w);
	context("a thread began to wait after the cancellation, with every worker busy");
	EXPECT_STATUS(PP_CANCELLED, w.status);
}
