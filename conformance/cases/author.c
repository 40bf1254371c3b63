/* SPDX-License-Identifier: MIT */
/* Author: how an executor takes a future through its states. */
#include "futures.h"

CASE(author_1_new_is_pending)
{
	expect_in(future_new(), F_PENDING);
}

CASE(author_2_new_shares_nothing)
{
	struct pp_future *first = future_new(), *second = future_new();

	EXPECT(first != second);
	REQUIRE(set_result(first, THE_VALUE) == PP_OK);
	expect_in(second, F_PENDING);
	REQUIRE(set_exception(second, THE_EXCEPTION) == PP_OK);
	expect_in(first, F_RETURNED);
}

/* The last handles are dropped, and new ones may stand where the old ones stood. */
CASE(author_2_new_where_others_were)
{
	struct pp_future *f[64];
	int i, s;

	NEED(future_release);
	for (s = F_PENDING; s < F_STATES; s++) {
		for (i = 0; i < 64; i++) {
			f[i] = future_in(s);
			if (s == F_PENDING || s == F_RUNNING)
				add_done_callback(f[i], callback_must_not_run, NULL);
			else
				expect_in(f[i], s);
		}
		for (i = 0; i < 64; i++)
			future_release(f[i]);
		for (i = 0; i < 64; i++) {
			f[i] = future_new();
			expect_fresh(f[i]);
			REQUIRE(set_result(f[i], THE_VALUE) == PP_OK);
			expect_in(f[i], F_RETURNED);
		}
	}
}

/* A thread that makes, finishes and drops futures of its own. */
struct maker {
	int number, wrong;
	struct gate *start;
	struct thread *thread;
};

static void make_many(void *arg)
{
	const struct pp_backend *b = backend();
	struct maker *m = arg;

	gate_wait(m->start);
	for (int i = 0; i < 2000; i++) {
		struct pp_future *f = NULL;
		void *outcome = NULL;

		if (b->future_new(&f) != PP_OK) {
			m->wrong++;
			continue;
		}
		m->wrong += b->result(f, 0, &outcome) != PP_TIMEOUT;
		m->wrong += b->set_result(f, token(m->number)) != PP_OK;
		m->wrong += b->result(f, 0, &outcome) != PP_OK || outcome != token(m->number);
		b->future_release(f);
	}
}

CASE(author_2_made_and_dropped_by_several_threads)
{
	struct maker *m = shared_alloc(4 * sizeof(*m));
	struct gate *start = gate_new();
	int i;

	NEED(future_new);
	NEED(set_result);
	NEED(future_release);
	for (i = 0; i < 4; i++) {
		m[i] = (struct maker){i, 0, start, NULL};
		m[i].thread = thread_start(make_many, &m[i]);
	}
	gate_await(start, 4);
	gate_open(start);
	for (i = 0; i < 4; i++)
		thread_join(m[i].thread);
	for (i = 0; i < 4; i++) {
		context("what a thread found wrong with futures of its own, while three others made and dropped theirs");
		EXPECT_INT(0, m[i].wrong);
	}
}

CASE(author_2_many_at_once)
{
	struct pp_future *f[500];
	void *outcome;
	int i;

	for (i = 0; i < 500; i++)
		f[i] = future_new();
	for (i = 499; i >= 0; i--)
		REQUIRE(set_result(f[i], token(i)) == PP_OK);
	for (i = 0; i < 500; i++) {
		REQUIRE(result(f[i], 0, &outcome) == PP_OK);
		context("the value of future %d of 500", i + 1);
		EXPECT_PTR(token(i), outcome);
	}
}

/* An executor beside it does all that it ever does. */
CASE(author_3_no_executor_touches_it)
{
	struct pp_future *f = future_new();
	struct pp_executor *e = executor_any();
	void *outcome;

	result(submit(e, task_return, THE_VALUE), PP_FOREVER, &outcome);
	shutdown_wait(e);
	expect_in(f, F_PENDING);
}

/* ---- set_running_or_notify_cancel in each state -------------------------------- */

static void expect_begun(enum future_state from, bool expected)
{
	struct pp_future *f;
	bool run = !expected;

	NEED(set_running_or_notify_cancel);
	f = future_in(from);
	context("set_running_or_notify_cancel of %s", future_called(from));
	EXPECT_STATUS(PP_OK, set_running_or_notify_cancel(f, &run));
	context("set_running_or_notify_cancel of %s", future_called(from));
	EXPECT_INT(expected, run);
}

static void begin(struct pp_future *f)
{
	bool run;

	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_OK);
}

static void expect_begin_refused(enum future_state s)
{
	struct pp_future *f = future_in(s);
	bool run;

	context("set_running_or_notify_cancel of %s", future_called(s));
	EXPECT_STATUS(PP_INVALID_STATE, set_running_or_notify_cancel(f, &run));
}

static void expect_begin_harmless(enum future_state s)
{
	struct pp_future *f = future_in(s);
	bool run;

	set_running_or_notify_cancel(f, &run);
	context("set_running_or_notify_cancel was refused");
	expect_in(f, s);
}

CASE(author_4_begin_pending)
{
	expect_begun(F_PENDING, true);
}

CASE(author_5_pending_is_running_then)
{
	struct pp_future *f = future_in(F_PENDING);

	begin(f);
	expect_in(f, F_RUNNING);
}

CASE(author_6_begin_cancelled)
{
	expect_begun(F_CANCELLED, false);
}

CASE(author_7_cancelled_stays_cancelled)
{
	struct pp_future *f = future_in(F_CANCELLED);

	begin(f);
	expect_in(f, F_NOTIFIED);
}

struct waiting {
	struct pp_future *f;
	int status;
	bool done;
};

static void wait_for_all(void *arg)
{
	struct waiting *w = arg;

	w->status = backend()->wait(&w->f, 1, PP_FOREVER, PP_ALL_COMPLETED, &w->done);
}

CASE(author_8_wait_returns)
{
	struct waiting w = {NULL, -1, false};
	struct thread *t;

	NEED(wait);
	w.f = future_in(F_PENDING);
	t = thread_start(wait_for_all, &w);
	thread_settle(t);
	REQUIRE(cancel(w.f));
	begin(w.f);
	thread_join(t);
	context("a thread waited for a future that was cancelled and notified");
	EXPECT_STATUS(PP_OK, w.status);
	EXPECT(w.done);
}

CASE(author_8_wait_that_came_after_cancel_returns)
{
	struct waiting w = {NULL, -1, false};
	struct thread *t;

	NEED(wait);
	w.f = future_in(F_CANCELLED);
	t = thread_start(wait_for_all, &w);
	thread_settle(t);
	begin(w.f);
	thread_join(t);
	context("a thread waited for a CANCELLED future, which was notified then");
	EXPECT_STATUS(PP_OK, w.status);
	EXPECT(w.done);
}

static void complete_one(void *arg)
{
	struct waiting *w = arg;
	struct pp_completed *it;
	struct pp_future *f = NULL;

	w->status = backend()->as_completed_begin(&w->f, 1, PP_FOREVER, &it);
	if (w->status != PP_OK)
		return;
	w->status = backend()->as_completed_next(it, &f);
	w->done = f == w->f;
	backend()->as_completed_end(it);
}

CASE(author_8_as_completed_yields)
{
	struct waiting w = {NULL, -1, false};
	struct thread *t;

	NEED(as_completed_begin);
	NEED(as_completed_next);
	NEED(as_completed_end);
	w.f = future_in(F_PENDING);
	t = thread_start(complete_one, &w);
	thread_settle(t);
	REQUIRE(cancel(w.f));
	begin(w.f);
	thread_join(t);
	context("a thread was inside as_completed_next for a future that was cancelled and notified");
	EXPECT_STATUS(PP_OK, w.status);
	EXPECT(w.done);
}

CASE(author_9_begin_running_is_refused)
{
	expect_begin_refused(F_RUNNING);
}

/* One that its executor has met: at the latest the shutdown that waits leaves none that it has not. */
CASE(author_10_begin_after_the_executor)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *f[] = {submit(e, must_not_run, NULL), submit(e, must_not_run, NULL)};
	bool run = true;
	int i;

	NEED(set_running_or_notify_cancel);
	NEED(cancel);
	for (i = 0; i < 2; i++)
		REQUIRE(cancel(f[i]));
	gate_open(gate);
	REQUIRE(shutdown_wait(e) == PP_OK);
	for (i = 0; i < 2; i++) {
		context("set_running_or_notify_cancel of a future that was cancelled, after the executor has shut down");
		EXPECT_STATUS(PP_INVALID_STATE, set_running_or_notify_cancel(f[i], &run));
	}
}

CASE(author_10_begin_notified_is_refused)
{
	expect_begin_refused(F_NOTIFIED);
}

CASE(author_11_begin_returned_is_refused)
{
	expect_begin_refused(F_RETURNED);
}

CASE(author_11_begin_raised_is_refused)
{
	expect_begin_refused(F_RAISED);
}

CASE(author_12_running_is_unharmed)
{
	expect_begin_harmless(F_RUNNING);
}

CASE(author_12_notified_is_unharmed)
{
	expect_begin_harmless(F_NOTIFIED);
}

CASE(author_12_returned_is_unharmed)
{
	expect_begin_harmless(F_RETURNED);
}

CASE(author_12_raised_is_unharmed)
{
	expect_begin_harmless(F_RAISED);
}

/* ---- set_result and set_exception in each state ------------------------------- */

typedef int setter(struct pp_future *f, void *outcome);

/* Another outcome than the one that future_in gives. */
#define ANOTHER token(6)

static void expect_set(setter *set, enum future_state from, enum future_state to)
{
	struct pp_future *f = future_in(from);

	context("an outcome for %s", future_called(from));
	EXPECT_STATUS(PP_OK, set(f, to == F_RAISED ? THE_EXCEPTION : THE_VALUE));
	expect_in(f, to);
}

static void expect_set_refused(setter *set, enum future_state s)
{
	struct pp_future *f = future_in(s);

	context("an outcome for %s", future_called(s));
	EXPECT_STATUS(PP_INVALID_STATE, set(f, ANOTHER));
}

static void expect_set_harmless(setter *set, enum future_state s)
{
	struct pp_future *f = future_in(s);

	set(f, ANOTHER);
	context("another outcome was refused");
	expect_in(f, s);
}

CASE(author_13_value_for_running)
{
	expect_set(set_result, F_RUNNING, F_RETURNED);
}

CASE(author_13_null_for_running)
{
	struct pp_future *f = future_in(F_RUNNING);
	void *outcome = token(9);

	EXPECT_STATUS(PP_OK, set_result(f, NULL));
	EXPECT_STATUS(PP_OK, result(f, 0, &outcome));
	EXPECT_PTR(NULL, outcome);
}

CASE(author_14_value_for_pending)
{
	expect_set(set_result, F_PENDING, F_RETURNED);
}

CASE(author_15_value_for_cancelled_is_refused)
{
	expect_set_refused(set_result, F_CANCELLED);
}

CASE(author_16_value_for_notified_is_refused)
{
	expect_set_refused(set_result, F_NOTIFIED);
}

CASE(author_17_value_for_returned_is_refused)
{
	expect_set_refused(set_result, F_RETURNED);
}

CASE(author_17_value_for_raised_is_refused)
{
	expect_set_refused(set_result, F_RAISED);
}

/* The same outcome once more is no better than another one. */
CASE(author_17_same_value_is_refused)
{
	EXPECT_STATUS(PP_INVALID_STATE, set_result(future_in(F_RETURNED), THE_VALUE));
}

CASE(author_18_cancelled_is_unharmed)
{
	expect_set_harmless(set_result, F_CANCELLED);
}

CASE(author_18_notified_is_unharmed)
{
	expect_set_harmless(set_result, F_NOTIFIED);
}

CASE(author_18_returned_is_unharmed)
{
	expect_set_harmless(set_result, F_RETURNED);
}

CASE(author_18_raised_is_unharmed)
{
	expect_set_harmless(set_result, F_RAISED);
}

CASE(author_18_cancelled_is_still_to_be_noticed)
{
	struct pp_future *f = future_in(F_CANCELLED);
	bool run = true;

	set_result(f, ANOTHER);
	context("set_result of a CANCELLED future was refused");
	EXPECT_STATUS(PP_OK, set_running_or_notify_cancel(f, &run));
	EXPECT_FALSE(run);
}

CASE(author_19_exception_for_running)
{
	expect_set(set_exception, F_RUNNING, F_RAISED);
}

CASE(author_19_null_for_running)
{
	struct pp_future *f = future_in(F_RUNNING);
	void *outcome = token(9);

	EXPECT_STATUS(PP_OK, set_exception(f, NULL));
	EXPECT_STATUS(PP_RAISED, result(f, 0, &outcome));
	EXPECT_PTR(NULL, outcome);
}

CASE(author_20_exception_for_pending)
{
	expect_set(set_exception, F_PENDING, F_RAISED);
}

CASE(author_21_exception_for_cancelled_is_refused)
{
	expect_set_refused(set_exception, F_CANCELLED);
}

CASE(author_22_exception_for_notified_is_refused)
{
	expect_set_refused(set_exception, F_NOTIFIED);
}

CASE(author_23_exception_for_returned_is_refused)
{
	expect_set_refused(set_exception, F_RETURNED);
}

CASE(author_23_exception_for_raised_is_refused)
{
	expect_set_refused(set_exception, F_RAISED);
}

CASE(author_24_cancelled_is_unharmed)
{
	expect_set_harmless(set_exception, F_CANCELLED);
}

CASE(author_24_notified_is_unharmed)
{
	expect_set_harmless(set_exception, F_NOTIFIED);
}

CASE(author_24_returned_is_unharmed)
{
	expect_set_harmless(set_exception, F_RETURNED);
}

CASE(author_24_raised_is_unharmed)
{
	expect_set_harmless(set_exception, F_RAISED);
}

/* ---- waiters and callbacks ---------------------------------------------------- */

#define WAITERS 4

static void expect_woken(setter *set, void *outcome, int status)
{
	struct pp_future *f = future_in(F_RUNNING);
	struct waiter w[WAITERS];
	int i;

	for (i = 0; i < WAITERS; i++)
		waiter_start(&w[i], f, PP_FOREVER, false);
	for (i = 0; i < WAITERS; i++)
		thread_settle(w[i].thread);
	REQUIRE(set(f, outcome) == PP_OK);
	for (i = 0; i < WAITERS; i++)
		waiter_join(&w[i]);
	for (i = 0; i < WAITERS; i++) {
		context("waiter %d of %d", i + 1, WAITERS);
		EXPECT_STATUS(status, w[i].status);
		EXPECT_PTR(outcome, w[i].outcome);
	}
}

CASE(author_25_a_value_wakes_every_waiter)
{
	expect_woken(set_result, THE_VALUE, PP_OK);
}

CASE(author_26_an_exception_wakes_every_waiter)
{
	expect_woken(set_exception, THE_EXCEPTION, PP_RAISED);
}

static void expect_callback_once(enum future_state s)
{
	struct pp_future *f = future_in(F_RUNNING);
	struct counter *calls = counter_new();
	bool run;

	REQUIRE(add_done_callback(f, callback_count, calls) == PP_OK);
	REQUIRE((s == F_RAISED ? set_exception(f, THE_EXCEPTION) : set_result(f, THE_VALUE)) == PP_OK);
	counter_await(calls, 1);
	EXPECT_STATUS(PP_INVALID_STATE, set_result(f, ANOTHER));
	EXPECT_STATUS(PP_INVALID_STATE, set_exception(f, ANOTHER));
	EXPECT_STATUS(PP_INVALID_STATE, set_running_or_notify_cancel(f, &run));
	context("three operations on %s were refused", future_called(s));
	EXPECT_INT(1, counter_value(calls));
}

CASE(author_27_callbacks_of_returned)
{
	expect_callback_once(F_RETURNED);
}

CASE(author_27_callbacks_of_raised)
{
	expect_callback_once(F_RAISED);
}

CASE(author_27_callbacks_of_cancelled)
{
	struct pp_future *f = future_in(F_PENDING);
	struct counter *calls = counter_new();

	REQUIRE(add_done_callback(f, callback_count, calls) == PP_OK);
	REQUIRE(cancel(f));
	begin(f);
	counter_await(calls, 1);
	EXPECT_STATUS(PP_INVALID_STATE, set_result(f, ANOTHER));
	EXPECT_STATUS(PP_INVALID_STATE, set_exception(f, ANOTHER));
	context("two outcomes for a CANCELLED_AND_NOTIFIED future were refused");
	EXPECT_INT(1, counter_value(calls));
}

/* ---- races ------------------------------------------------------------------- */

#define ROUNDS 150

enum deed { SETS_RESULT, SETS_EXCEPTION, BEGINS, CANCELS };

/* What one of two threads does to each future, and what it was told. */
struct side {
	struct pp_future *const *f;
	struct barrier *const *start;
	enum deed deed;
	int status[ROUNDS];
	bool answer[ROUNDS]; /* of BEGINS and CANCELS */
};

static void act(struct side *side, int i)
{
	struct pp_future *f = side->f[i];

	switch (side->deed) {
	case SETS_RESULT:
		side->status[i] = backend()->set_result(f, token(i));
		break;
	case SETS_EXCEPTION:
		side->status[i] = backend()->set_exception(f, token(i));
		break;
	case BEGINS:
		side->status[i] = backend()->set_running_or_notify_cancel(f, &side->answer[i]);
		break;
	case CANCELS:
		side->answer[i] = backend()->cancel(f);
		side->status[i] = PP_OK;
		break;
	}
}

static void act_on_each(void *arg)
{
	struct side *side = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		barrier_meet(side->start[i]);
		act(side, i);
	}
}

static struct pp_future *futures[ROUNDS];
static struct barrier *starts[ROUNDS];
static struct side here, there;

/* Both sides act on ROUNDS futures in state s, at the same time. */
static void meet(enum deed a, enum deed b, enum future_state s)
{
	struct thread *t;
	int i;

	NEED(set_result);
	NEED(set_exception);
	NEED(set_running_or_notify_cancel);
	NEED(cancel);
	for (i = 0; i < ROUNDS; i++) {
		futures[i] = future_in(s);
		starts[i] = barrier_new(2);
	}
	here = (struct side){.f = futures, .start = starts, .deed = a};
	there = (struct side){.f = futures, .start = starts, .deed = b};
	t = thread_start(act_on_each, &there);
	act_on_each(&here);
	thread_join(t);
}

static void expect_one_winner(enum deed a, enum deed b)
{
	void *outcome;
	int i;

	meet(a, b, F_RUNNING);
	for (i = 0; i < ROUNDS; i++) {
		bool won = here.status[i] == PP_OK;

		context("round %d: two threads set an outcome; one returned %s", i, status_name(here.status[i]));
		EXPECT_STATUS(won ? PP_INVALID_STATE : PP_OK, there.status[i]);
		context("round %d: one of two outcomes was accepted", i);
		EXPECT_STATUS((won ? a : b) == SETS_RESULT ? PP_OK : PP_RAISED, result(futures[i], 0, &outcome));
		EXPECT_PTR(token(i), outcome);
	}
}

CASE(author_28_two_values)
{
	expect_one_winner(SETS_RESULT, SETS_RESULT);
}

CASE(author_28_a_value_and_an_exception)
{
	expect_one_winner(SETS_RESULT, SETS_EXCEPTION);
}

CASE(author_29_two_workers_begin)
{
	int i;

	meet(BEGINS, BEGINS, F_PENDING);
	for (i = 0; i < ROUNDS; i++) {
		bool first = here.status[i] == PP_OK;
		struct side *winner = first ? &here : &there;

		context("round %d: one of two threads that began a PENDING future was told %s", i,
			status_name(here.status[i]));
		EXPECT_STATUS(first ? PP_INVALID_STATE : PP_OK, there.status[i]);
		EXPECT(winner->answer[i]);
	}
}

CASE(author_30_cancel_and_begin)
{
	int i;

	meet(BEGINS, CANCELS, F_PENDING);
	for (i = 0; i < ROUNDS; i++) {
		context("round %d: set_running_or_notify_cancel, at the same time as cancel", i);
		EXPECT_STATUS(PP_OK, here.status[i]);
		context("round %d: cancel returned %s", i, there.answer[i] ? "true" : "false");
		EXPECT_INT(!there.answer[i], here.answer[i]);
	}
}

static void expect_run_left(enum future_state s)
{
	struct pp_future *f = future_in(s);
	bool run = true;

	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_INVALID_STATE);
	context("the output was true before set_running_or_notify_cancel of %s", future_called(s));
	EXPECT(run);
	run = false;
	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_INVALID_STATE);
	context("the output was false before set_running_or_notify_cancel of %s", future_called(s));
	EXPECT_FALSE(run);
}

CASE(author_31_output_left_running)
{
	expect_run_left(F_RUNNING);
}

CASE(author_31_output_left_notified)
{
	expect_run_left(F_NOTIFIED);
}

CASE(author_31_output_left_returned)
{
	expect_run_left(F_RETURNED);
}

static void finish_here(void *arg)
{
	struct waiting *w = arg;

	w->status = backend()->set_result(w->f, THE_VALUE);
}

CASE(author_32_another_thread_finishes)
{
	struct waiting w = {NULL, -1, false};

	NEED(set_result);
	w.f = future_in(F_RUNNING);
	thread_join(thread_start(finish_here, &w));
	context("a thread other than the one that began the future finished it");
	EXPECT_STATUS(PP_OK, w.status);
	expect_in(w.f, F_RETURNED);
}

static void drop_in(enum future_state s)
{
	struct pp_future *f, *other;

	NEED(future_release);
	f = future_in(s);
	future_release(f);
	other = future_new();
	context("the only handle on %s was dropped", future_called(s));
	EXPECT_STATUS(PP_OK, set_result(other, THE_VALUE));
	expect_in(other, F_RETURNED);
}

CASE(author_33_pending_is_dropped)
{
	drop_in(F_PENDING);
}

CASE(author_33_running_is_dropped)
{
	drop_in(F_RUNNING);
}

CASE(author_33_cancelled_is_dropped)
{
	drop_in(F_CANCELLED);
}

static void drop_with_callback(enum future_state s)
{
	struct pp_future *f;
	struct counter *calls = counter_new();

	NEED(future_release);
	f = future_in(s);
	REQUIRE(add_done_callback(f, callback_count, calls) == PP_OK);
	future_release(f);
	context("the only handle on %s with a callback was dropped", future_called(s));
	EXPECT_INT(0, counter_value(calls));
}

CASE(author_34_no_callback_when_pending_is_dropped)
{
	drop_with_callback(F_PENDING);
}

CASE(author_34_no_callback_when_running_is_dropped)
{
	drop_with_callback(F_RUNNING);
}
