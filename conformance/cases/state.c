/* SPDX-License-Identifier: MIT */
/*
 * State: what cancelled, running and done answer in each state.
 *
 * Each cell of the table is a case twice: "author" for a future that the case
 * takes through its states by itself, "submitted" for one that an executor has.
 */
#include "futures.h"

#include <sched.h>

/* ---- the table ------------------------------------------------------- */

#define QUESTION(name_, question_, expected_, future_)                       \
	CASE(name_)                                                          \
	{                                                                    \
		struct pp_future *f;                                         \
                                                                             \
		NEED(question_);                                             \
		f = future_;                                                 \
		EXPECT_INT(expected_, question_(f));                         \
	}

#define IN(state_) future_in(state_)
#define SUBMITTED(state_) submitted_in(state_, NULL)

QUESTION(state_1_author_pending_is_not_cancelled, cancelled, false, IN(F_PENDING))
QUESTION(state_1_submitted_pending_is_not_cancelled, cancelled, false, SUBMITTED(F_PENDING))
QUESTION(state_2_author_pending_is_not_running, running, false, IN(F_PENDING))
QUESTION(state_2_submitted_pending_is_not_running, running, false, SUBMITTED(F_PENDING))
QUESTION(state_3_author_pending_is_not_done, done, false, IN(F_PENDING))
QUESTION(state_3_submitted_pending_is_not_done, done, false, SUBMITTED(F_PENDING))

QUESTION(state_4_author_running_is_not_cancelled, cancelled, false, IN(F_RUNNING))
QUESTION(state_4_submitted_running_is_not_cancelled, cancelled, false, SUBMITTED(F_RUNNING))
QUESTION(state_5_author_running_is_running, running, true, IN(F_RUNNING))
QUESTION(state_5_submitted_running_is_running, running, true, SUBMITTED(F_RUNNING))
QUESTION(state_6_author_running_is_not_done, done, false, IN(F_RUNNING))
QUESTION(state_6_submitted_running_is_not_done, done, false, SUBMITTED(F_RUNNING))

QUESTION(state_7_author_cancelled_is_cancelled, cancelled, true, IN(F_CANCELLED))
QUESTION(state_7_submitted_cancelled_is_cancelled, cancelled, true, SUBMITTED(F_CANCELLED))
QUESTION(state_8_author_cancelled_is_not_running, running, false, IN(F_CANCELLED))
QUESTION(state_8_submitted_cancelled_is_not_running, running, false, SUBMITTED(F_CANCELLED))
QUESTION(state_9_author_cancelled_is_done, done, true, IN(F_CANCELLED))
QUESTION(state_9_submitted_cancelled_is_done, done, true, SUBMITTED(F_CANCELLED))

QUESTION(state_10_author_notified_is_cancelled, cancelled, true, IN(F_NOTIFIED))
QUESTION(state_10_submitted_notified_is_cancelled, cancelled, true, SUBMITTED(F_NOTIFIED))
QUESTION(state_11_author_notified_is_not_running, running, false, IN(F_NOTIFIED))
QUESTION(state_11_submitted_notified_is_not_running, running, false, SUBMITTED(F_NOTIFIED))
QUESTION(state_12_author_notified_is_done, done, true, IN(F_NOTIFIED))
QUESTION(state_12_submitted_notified_is_done, done, true, SUBMITTED(F_NOTIFIED))

QUESTION(state_13_author_returned_is_not_cancelled, cancelled, false, IN(F_RETURNED))
QUESTION(state_13_submitted_returned_is_not_cancelled, cancelled, false, SUBMITTED(F_RETURNED))
QUESTION(state_13_author_raised_is_not_cancelled, cancelled, false, IN(F_RAISED))
QUESTION(state_13_submitted_raised_is_not_cancelled, cancelled, false, SUBMITTED(F_RAISED))
QUESTION(state_14_author_returned_is_not_running, running, false, IN(F_RETURNED))
QUESTION(state_14_submitted_returned_is_not_running, running, false, SUBMITTED(F_RETURNED))
QUESTION(state_14_author_raised_is_not_running, running, false, IN(F_RAISED))
QUESTION(state_14_submitted_raised_is_not_running, running, false, SUBMITTED(F_RAISED))
QUESTION(state_15_author_returned_is_done, done, true, IN(F_RETURNED))
QUESTION(state_15_submitted_returned_is_done, done, true, SUBMITTED(F_RETURNED))
QUESTION(state_15_author_raised_is_done, done, true, IN(F_RAISED))
QUESTION(state_15_submitted_raised_is_done, done, true, SUBMITTED(F_RAISED))

/* ---- what holds over time ----------------------------------------------- */

/* Everything that could take a future elsewhere; most of it is refused. */
static void try_everything(struct pp_future *f)
{
	bool run;

	set_running_or_notify_cancel(f, &run);
	set_result(f, THE_VALUE);
	set_exception(f, THE_EXCEPTION);
	cancel(f);
}

static void expect_done_for_good(enum future_state s)
{
	struct pp_future *f;

	NEED(done);
	f = future_in(s);
	REQUIRE(done(f));
	try_everything(f);
	context("%s was cancelled, begun and finished once more", future_called(s));
	EXPECT(done(f));
}

CASE(state_16_cancelled_stays_done)
{
	expect_done_for_good(F_CANCELLED);
}

CASE(state_16_notified_stays_done)
{
	expect_done_for_good(F_NOTIFIED);
}

CASE(state_16_returned_stays_done)
{
	expect_done_for_good(F_RETURNED);
}

CASE(state_16_raised_stays_done)
{
	expect_done_for_good(F_RAISED);
}

/* Done when cancelled, and done still when the worker has come upon it. */
CASE(state_16_cancelled_is_done_before_and_after_it_is_noticed)
{
	struct pp_executor *e;
	struct pp_future *f;
	struct gate *gate;

	NEED(done);
	e = executor_new(1);
	gate = hold(e, 1);
	f = submit(e, must_not_run, NULL);
	REQUIRE(cancel(f));
	EXPECT(done(f));
	gate_open(gate);
	shutdown_wait(e);
	context("the executor has drained its work queue");
	EXPECT(done(f));
}

struct own {
	struct pp_future *f;
	struct gate *given; /* f is set */
	int first;
	int last;
	int cancelled;
};

static int ask_running_twice(void *arg, void **outcome)
{
	struct own *own = arg;

	(void)outcome;
	gate_wait(own->given);
	own->first = backend()->running(own->f);
	own->cancelled = backend()->cancelled ? backend()->cancelled(own->f) : -1;
	own->last = backend()->running(own->f);
	return PP_OK;
}

static struct own *ask_in_task(void)
{
	struct own *own = shared_alloc(sizeof(*own));
	struct pp_executor *e;
	void *ignored;

	NEED(running);
	need_shared_memory();
	e = executor_new(1);
	own->given = gate_new();
	own->f = submit(e, ask_running_twice, own);
	gate_open(own->given);
	REQUIRE(result(own->f, PP_FOREVER, &ignored) == PP_OK);
	return own;
}

CASE(state_17_task_sees_its_own_future_running)
{
	struct own *own = ask_in_task();

	context("the task asked at its first step");
	EXPECT_INT(true, own->first);
	context("the task asked at its last step");
	EXPECT_INT(true, own->last);
}

/* One worker runs what was meant for all four. */
CASE(state_17_tasks_of_the_only_free_worker_see_theirs_running)
{
	struct own *own[12];
	struct pp_executor *e;
	struct gate *gate;
	void *ignored;

	NEED(running);
	need_shared_memory();
	e = executor_new(4);
	gate = hold(e, 3);
	for (int i = 0; i < 12; i++) {
		own[i] = shared_alloc(sizeof(*own[i]));
		own[i]->given = gate_new();
		own[i]->f = submit(e, ask_running_twice, own[i]);
		gate_open(own[i]->given);
	}
	for (int i = 0; i < 12; i++) {
		REQUIRE(result(own[i]->f, PP_FOREVER, &ignored) == PP_OK);
		context("task %d of 12 on the only free worker of four", i);
		EXPECT_INT(true, own[i]->first);
		EXPECT_INT(true, own[i]->last);
	}
	gate_open(gate);
}

CASE(state_23_task_sees_its_own_future_not_cancelled)
{
	NEED(cancelled);
	EXPECT_INT(false, ask_in_task()->cancelled);
}

CASE(state_23_refused_cancel_leaves_it_not_cancelled)
{
	struct pp_future *f;
	struct gate *gate;
	void *outcome;

	NEED(cancelled);
	f = submitted_in(F_RUNNING, &gate);
	REQUIRE(!cancel(f));
	context("cancel was refused and the task is still running");
	EXPECT_FALSE(cancelled(f));
	gate_open(gate);
	result(f, PP_FOREVER, &outcome);
	context("cancel was refused and the task has ended");
	EXPECT_FALSE(cancelled(f));
}

static void expect_done_after_result(pp_task *task)
{
	struct pp_executor *e = executor_any();
	void *outcome;
	int i;

	NEED(done);
	for (i = 0; i < 50; i++) {
		struct pp_future *f = submit(e, task, token(1));

		result(f, PP_FOREVER, &outcome);
		context("result has returned, in round %d", i);
		EXPECT(done(f));
	}
}

CASE(state_18_done_once_result_has_returned)
{
	expect_done_after_result(task_return);
}

CASE(state_18_done_once_result_has_raised)
{
	expect_done_after_result(task_raise);
}

CASE(state_18_done_once_result_was_cancelled)
{
	struct pp_future *f = submitted_in(F_CANCELLED, NULL);
	void *outcome;

	NEED(done);
	REQUIRE(result(f, PP_FOREVER, &outcome) == PP_CANCELLED);
	EXPECT(done(f));
}

/* The task's last step is to say so.  Nothing but done is asked meanwhile. */
CASE(state_19_task_has_ended_when_done)
{
	struct pp_executor *e = executor_any();
	struct counter *ended = counter_new();
	int i;

	NEED(done);
	for (i = 1; i <= 50; i++) {
		struct pp_future *f = submit(e, task_count, ended);

		while (!done(f))
			sched_yield();
		context("done is true for the future of round %d: so its task and those before it have ended", i);
		EXPECT_INT(i, counter_value(ended));
	}
}

CASE(state_20_finishing_one_leaves_another)
{
	struct pp_future *pending = future_in(F_PENDING);
	struct pp_future *running_ = future_in(F_RUNNING);
	struct pp_future *other = future_in(F_RUNNING);

	REQUIRE(set_result(other, token(5)) == PP_OK);
	expect_in(pending, F_PENDING);
	expect_in(running_, F_RUNNING);
}

CASE(state_20_cancelling_one_leaves_another)
{
	struct pp_executor *e = executor_new(1);
	struct pp_future *before, *victim, *after;

	hold(e, 1);
	before = submit(e, task_return, THE_VALUE);
	victim = submit(e, task_return, THE_VALUE);
	after = submit(e, task_return, THE_VALUE);
	REQUIRE(cancel(victim));
	expect_in(before, F_PENDING);
	expect_in(after, F_PENDING);
}

CASE(state_20_states_side_by_side)
{
	struct pp_future *f[F_STATES];
	int s;

	for (s = 0; s < F_STATES; s++)
		f[s] = future_in(s);
	for (s = 0; s < F_STATES; s++)
		expect_in(f[s], s);
}

static void ask_all(struct pp_future *f)
{
	int i;

	for (i = 0; i < 3; i++) {
		cancelled(f);
		running(f);
		done(f);
	}
}

/* Futures that are done and dropped, and others behind a busy worker that may stand where those stood. */
CASE(state_20_new_ones_where_others_were)
{
	struct pp_executor *e = executor_new(1);
	struct pp_future *f[64];
	struct gate *gate;
	void *outcome;
	int i, round;

	NEED(future_release);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 64; i++) {
			f[i] = submit(e, i % 2 ? task_return : task_raise, THE_EXCEPTION);
			REQUIRE(result(f[i], PP_FOREVER, &outcome) == (i % 2 ? PP_OK : PP_RAISED));
			if (HAS(done))
				REQUIRE(done(f[i]));
		}
		for (i = 0; i < 64; i++)
			future_release(f[i]);
		gate = hold(e, 1);
		for (i = 0; i < 64; i++)
			f[i] = submit(e, task_return, THE_VALUE);
		for (i = 0; i < 64; i++)
			expect_fresh(f[i]);
		if (HAS(cancel))
			for (i = 0; i < 64; i += 2)
				EXPECT(cancel(f[i]));
		gate_open(gate);
		for (i = 0; i < 64; i++)
			EXPECT_STATUS(i % 2 || !HAS(cancel) ? PP_OK : PP_CANCELLED, result(f[i], PP_FOREVER, &outcome));
	}
}

CASE(state_21_asking_changes_nothing)
{
	int s;

	for (s = 0; s < F_STATES; s++) {
		struct pp_future *f = future_in(s);

		ask_all(f);
		expect_in(f, s);
	}
}

CASE(state_21_a_future_that_was_asked_still_runs)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_PENDING, &gate);

	ask_all(f);
	gate_open(gate);
	expect_result(f, F_RETURNED, PP_FOREVER);
}

struct told {
	struct pp_future *f;
	bool done;
};

static void ask_done(void *arg)
{
	struct told *told = arg;

	told->done = backend()->done(told->f);
}

static void expect_told(enum future_state s)
{
	struct told told = {NULL, false};

	NEED(done);
	told.f = submitted_in(s, NULL);
	REQUIRE(done(told.f));
	thread_join(thread_start(ask_done, &told));
	context("one thread saw %s done, and then told another, which asked", future_called(s));
	EXPECT(told.done);
}

CASE(state_22_other_thread_sees_finished_done)
{
	expect_told(F_RETURNED);
}

CASE(state_22_other_thread_sees_cancelled_done)
{
	expect_told(F_CANCELLED);
}

static void expect_one_of(enum future_state s)
{
	struct pp_future *f;
	void *outcome;
	int status;

	NEED(done);
	NEED(cancelled);
	f = submitted_in(s, NULL);
	REQUIRE(done(f));
	status = result(f, PP_FOREVER, &outcome);
	context("%s: cancelled is %s and result returned %s", future_called(s), cancelled(f) ? "true" : "false",
		status_name(status));
	EXPECT_INT(cancelled(f), status == PP_CANCELLED);
	EXPECT(status == PP_CANCELLED || status == PP_OK || status == PP_RAISED);
}

CASE(state_24_cancelled_has_no_outcome)
{
	expect_one_of(F_CANCELLED);
}

CASE(state_24_notified_has_no_outcome)
{
	expect_one_of(F_NOTIFIED);
}

CASE(state_24_returned_has_an_outcome)
{
	expect_one_of(F_RETURNED);
}

CASE(state_24_raised_has_an_outcome)
{
	expect_one_of(F_RAISED);
}
