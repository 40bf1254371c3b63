/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "../future.h"

static int one, other; /* their addresses are values */

TEST(a_status_has_a_name)
{
	ck_assert_str_eq("CF_OK", cf_status_name(CF_OK));
	ck_assert_str_eq("CF_STOP_ITERATION", cf_status_name(CF_STOP_ITERATION));
	ck_assert_str_eq("(no status)", cf_status_name((enum cf_status)10));
	ck_assert_str_eq("(no status)", cf_status_name((enum cf_status)-1));
}

TEST(release_of_no_future_does_nothing)
{
	cf_future_release(NULL);
}

/* ---- states ------------------------------------------------------------------- */

static struct cf_future *future_in(enum cf_state state)
{
	struct cf_future *f = future_new();
	bool run;

	if (state == CF_STATE_CANCELLED || state == CF_STATE_CANCELLED_AND_NOTIFIED)
		ck_assert(cf_future_cancel(f));
	if (state == CF_STATE_RUNNING || state == CF_STATE_CANCELLED_AND_NOTIFIED)
		EXPECT_STATUS(CF_OK, cf_future_set_running_or_notify_cancel(f, &run));
	if (state == CF_STATE_FINISHED)
		EXPECT_STATUS(CF_OK, cf_future_set_result(f, &one));
	EXPECT_STATE(state, f);
	return f;
}

enum { STATES = CF_STATE_FINISHED + 1 };

TEST(each_state_answers_the_questions)
{
	static const bool cancelled[STATES] = {
		[CF_STATE_CANCELLED] = true,
		[CF_STATE_CANCELLED_AND_NOTIFIED] = true,
	};

	for (int s = 0; s < STATES; s++) {
		struct cf_future *f = future_in((enum cf_state)s);

		ck_assert_int_eq(cancelled[s], cf_future_cancelled(f));
		ck_assert_int_eq(s == CF_STATE_RUNNING, cf_future_running(f));
		ck_assert_int_eq(cancelled[s] || s == CF_STATE_FINISHED, cf_future_done(f));
		cf_future_release(f);
	}
}

TEST(cancel_moves_pending_alone)
{
	static const enum cf_state then[STATES] = {
		CF_STATE_CANCELLED, CF_STATE_RUNNING, CF_STATE_CANCELLED,
		CF_STATE_CANCELLED_AND_NOTIFIED, CF_STATE_FINISHED,
	};

	for (int s = 0; s < STATES; s++) {
		struct cf_future *f = future_in((enum cf_state)s);

		ck_assert_int_eq(s != CF_STATE_RUNNING && s != CF_STATE_FINISHED,
				 cf_future_cancel(f));
		EXPECT_STATE(then[s], f);
		cf_future_release(f);
	}
}

TEST(begin_moves_pending_and_cancelled)
{
	static const enum cf_state then[STATES] = {
		CF_STATE_RUNNING, CF_STATE_RUNNING, CF_STATE_CANCELLED_AND_NOTIFIED,
		CF_STATE_CANCELLED_AND_NOTIFIED, CF_STATE_FINISHED,
	};

	for (int s = 0; s < STATES; s++) {
		bool moves = s == CF_STATE_PENDING || s == CF_STATE_CANCELLED;
		struct cf_future *f = future_in((enum cf_state)s);
		bool was = s != CF_STATE_PENDING, run = was;

		EXPECT_STATUS(moves ? CF_OK : CF_INVALID_STATE,
			      cf_future_set_running_or_notify_cancel(f, &run));
		ck_assert_int_eq(moves ? s == CF_STATE_PENDING : was, run);
		EXPECT_STATE(then[s], f);
		cf_future_release(f);
	}
}

TEST(an_outcome_is_set_once)
{
	for (int s = 0; s < STATES; s++) {
		bool moves = s == CF_STATE_PENDING || s == CF_STATE_RUNNING;
		struct cf_future *f = future_in((enum cf_state)s), *g = future_in((enum cf_state)s);
		enum cf_status expected = moves ? CF_OK : CF_INVALID_STATE;

		EXPECT_STATUS(expected, cf_future_set_result(f, &other));
		EXPECT_STATE(moves ? CF_STATE_FINISHED : (enum cf_state)s, f);
		EXPECT_STATUS(expected, cf_future_set_exception(g, &other));
		EXPECT_STATE(moves ? CF_STATE_FINISHED : (enum cf_state)s, g);
		if (s == CF_STATE_FINISHED) {
			expect_value(cf_future_retain(f), &one);
			expect_value(cf_future_retain(g), &one);
		}
		cf_future_release(f);
		cf_future_release(g);
	}
}

/* ---- outcomes -------------------------------------------------------------------- */

/* Ask f both ways; what is not named by the status is left alone. */
static void expect_answers(struct cf_future *f, enum cf_status result, void *value,
			   enum cf_status exception, void *raised)
{
	void *p = &p;

	EXPECT_STATUS(result, cf_future_result(f, 0, &p));
	ck_assert_ptr_eq(value ? value : &p, p);
	p = &p;
	EXPECT_STATUS(exception, cf_future_exception(f, 0, &p));
	ck_assert_ptr_eq(raised ? raised : &p, p);
	cf_future_release(f);
}

TEST(an_output_is_written_only_when_its_status_names_it)
{
	struct cf_future *raised = future_new();

	EXPECT_STATUS(CF_OK, cf_future_set_exception(raised, &other));
	expect_answers(raised, CF_RAISED, &other, CF_RAISED, &other);
	expect_answers(future_in(CF_STATE_FINISHED), CF_OK, &one, CF_OK, NULL);
	expect_answers(future_in(CF_STATE_CANCELLED), CF_CANCELLED, NULL, CF_CANCELLED, NULL);
	expect_answers(future_in(CF_STATE_PENDING), CF_TIMEOUT, NULL, CF_TIMEOUT, NULL);
	expect_answers(future_in(CF_STATE_RUNNING), CF_TIMEOUT, NULL, CF_TIMEOUT, NULL);
}

TEST(any_outcome_can_be_null)
{
	struct cf_future *f = future_new(), *g = future_new();
	void *p = &p;

	cf_future_set_result(f, NULL);
	EXPECT_STATUS(CF_OK, cf_future_result(f, 0, &p));
	ck_assert_ptr_null(p);
	p = &p;
	cf_future_set_exception(g, NULL);
	EXPECT_STATUS(CF_RAISED, cf_future_exception(g, 0, &p));
	ck_assert_ptr_null(p);
	cf_future_release(f);
	cf_future_release(g);
}

static int task_77(void *arg, void **outcome)
{
	*outcome = arg;
	return 77;
}

TEST(any_other_return_of_a_task_has_raised)
{
	struct cf_executor *e = pool_new(1);
	struct cf_future *f = submit(e, task_77, &one);
	void *exception;

	EXPECT_STATUS(CF_RAISED, cf_future_exception(f, CF_FOREVER, &exception));
	ck_assert_ptr_eq(&one, exception);
	cf_future_release(f);
	pool_end(e);
}

/* ---- callbacks -------------------------------------------------------------------- */

static int order[8], ordered;

static int callback_note(struct cf_future *f, void *number)
{
	ck_assert(cf_future_done(f));
	order[ordered++] = (int)(intptr_t)number;
	return CF_OK;
}

static void add(struct cf_future *f, cf_done_callback *callback, void *arg)
{
	EXPECT_STATUS(CF_OK, cf_future_add_done_callback(f, callback, arg));
}

TEST(callbacks_run_once_oldest_first)
{
	struct cf_future *f = future_new();

	for (intptr_t i = 0; i < 5; i++)
		add(f, callback_note, (void *)i);
	ck_assert_int_eq(0, ordered);
	cf_future_set_result(f, NULL);
	ck_assert_int_eq(5, ordered);
	ck_assert_ptr_null(f->callbacks);
	add(f, callback_note, (void *)5);
	ck_assert_int_eq(6, ordered);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(i, order[i]);
	cf_future_release(f);
}

TEST(cancel_runs_callbacks_and_a_second_cancel_does_not)
{
	struct cf_future *f = future_new();
	bool run;

	add(f, callback_note, NULL);
	ck_assert(cf_future_cancel(f));
	ck_assert_int_eq(1, ordered);
	ck_assert(cf_future_cancel(f));
	cf_future_set_running_or_notify_cancel(f, &run);
	ck_assert(cf_future_cancel(f));
	ck_assert_int_eq(1, ordered);
	cf_future_release(f);
}

static int callback_release(struct cf_future *f, void *also)
{
	(void)also;
	cf_future_release(f);
	return CF_OK;
}

/* Whoever makes it done holds a handle of its own meanwhile. */
TEST(a_callback_may_drop_the_last_handle)
{
	struct cf_future *finished = future_new(), *cancelled = future_new();

	add(finished, callback_release, NULL);
	add(finished, callback_note, NULL);
	cf_future_set_result(finished, NULL);
	add(cancelled, callback_release, NULL);
	add(cancelled, callback_note, NULL);
	ck_assert(cf_future_cancel(cancelled));
	ck_assert_int_eq(2, ordered);
}

static int callback_do_everything(struct cf_future *f, void *unused)
{
	void *outcome;
	bool run;

	(void)unused;
	ck_assert(!cf_future_cancel(f));
	EXPECT_STATUS(CF_INVALID_STATE, cf_future_set_result(f, &other));
	EXPECT_STATUS(CF_INVALID_STATE, cf_future_set_running_or_notify_cancel(f, &run));
	EXPECT_STATUS(CF_OK, cf_future_result(f, CF_FOREVER, &outcome));
	ck_assert_ptr_eq(&one, outcome);
	/* At once: before the one that is registered after this one. */
	add(f, callback_note, (void *)1);
	return CF_OK;
}

TEST(a_callback_may_use_its_future)
{
	struct cf_future *f = future_new();

	add(f, callback_do_everything, NULL);
	add(f, callback_note, (void *)2);
	cf_future_set_result(f, &one);
	ck_assert_int_eq(2, ordered);
	ck_assert_int_eq(1, order[0]);
	cf_future_release(f);
}

static int callback_finish(struct cf_future *f, void *next)
{
	(void)f;
	EXPECT_STATUS(CF_OK, cf_future_set_result(next, &one));
	return CF_OK;
}

/* A lock that was held while a callback runs would be taken twice here. */
TEST(a_callback_may_finish_a_future_of_the_same_lock)
{
	struct cf_future *f = future_new(), *same = NULL, *differ[1000];
	int others = 0;

	while (!same) {
		struct cf_future *g = future_new();

		if (cf__future_lock(g) == cf__future_lock(f))
			same = g;
		else
			differ[others++] = g;
	}
	add(f, callback_finish, same);
	cf_future_set_result(f, &one);
	EXPECT_STATE(CF_STATE_FINISHED, same);
	while (others > 0)
		cf_future_release(differ[--others]);
	cf_future_release(f);
	cf_future_release(same);
}

TEST(callbacks_of_a_dropped_future_are_freed_and_never_run)
{
	struct cf_future *f = future_new();

	add(f, callback_note, NULL);
	add(f, callback_note, NULL);
	cf_future_release(f);
	ck_assert_int_eq(0, ordered);
}

/* ---- sleepers ------------------------------------------------------------------------ */

struct question {
	struct cf_future *f;
	enum cf_status status;
	void *outcome;
};

static void *ask(void *arg)
{
	struct question *q = arg;

	q->status = cf_future_result(q->f, CF_FOREVER, &q->outcome);
	return NULL;
}

/* Several threads sleep in result; each gets the answer. */
static void wake(bool cancel, enum cf_status expected)
{
	struct question q[4];
	pthread_t threads[4];
	struct cf_future *f = future_new();

	for (int i = 0; i < 4; i++) {
		q[i] = (struct question){.f = f};
		threads[i] = thread_start(ask, &q[i]);
	}
	await_sleepers(4);
	if (cancel)
		ck_assert(cf_future_cancel(f));
	else
		cf_future_set_result(f, &one);
	for (int i = 0; i < 4; i++) {
		thread_join(threads[i]);
		EXPECT_STATUS(expected, q[i].status);
		ck_assert_ptr_eq(cancel ? NULL : &one, q[i].outcome);
	}
	ck_assert_ptr_null(f->links);
	cf_future_release(f);
}

TEST(set_result_wakes_every_sleeper)
{
	wake(false, CF_OK);
}

TEST(cancel_wakes_every_sleeper)
{
	wake(true, CF_CANCELLED);
}
