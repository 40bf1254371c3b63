/* SPDX-License-Identifier: MIT */
/*
 * test_exhaustion.c: in every call that takes memory or starts a thread, the
 * first such request fails, then the second, and so on until the call
 * succeeds.  A refused call leaves nothing behind.
 */
#include "unit.h"

/*
 * Make call(scene) with one fault after the other.  It is refused as long as
 * one hits, with nothing left; then it succeeds.  Returns how many hit.
 */
static int exhaust(enum cf_status (*call)(void *scene), void *scene)
{
	for (int faults = 0;; faults++) {
		struct balance before = balance_now(), after;
		enum cf_status status;
		bool hit;

		fault_arm(faults + 1);
		status = call(scene);
		hit = fault_disarm();
		if (!hit) {
			EXPECT_STATUS(CF_OK, status);
			return faults;
		}
		/* Asserting takes memory as well: first look, then tell. */
		after = balance_now();
		EXPECT_STATUS(CF_NO_RESOURCES, status);
		ck_assert_int_eq(before.blocks, after.blocks);
		ck_assert_int_eq(before.threads, after.threads);
		ck_assert_int_eq(before.unjoined, after.unjoined);
	}
}

/* ---- making things --------------------------------------------------------------- */

static enum cf_status call_future_new(void *f)
{
	return cf_future_new(f);
}

TEST(no_memory_for_a_future)
{
	struct cf_future *f = NULL, *g = future_new();

	ck_assert_int_eq(1, exhaust(call_future_new, &f));
	cf_future_release(g);
	EXPECT_STATE(CF_STATE_PENDING, f);
	cf_future_release(f);
}

static enum cf_status call_pool_new(void *e)
{
	return cf_thread_pool_new(NULL, e);
}

TEST(no_memory_for_a_pool)
{
	struct cf_executor *first = pool_new(1), *second = NULL;

	ck_assert_int_eq(2, exhaust(call_pool_new, &second));
	expect_pool_works(second);
	pool_end(first);
	pool_end(second);
}

static void leave(void *unused)
{
	(void)unused;
}

/*
 * The first pool, or future, of a process installs its hooks for fork and exit.
 * What failed is tried again; what did not is not installed twice, which would
 * be seen as a fork that takes a lock twice.
 */
static void refuse_hooks(enum cf_status (*call)(void *scene), void *scene, int nth)
{
	enum cf_status status;

	fault_arm(nth);
	status = call(scene);
	ck_assert(fault_disarm());
	EXPECT_STATUS(CF_NO_RESOURCES, status);
}

TEST(no_memory_for_the_hooks_of_a_pool)
{
	struct cf_executor *e = NULL;

	refuse_hooks(call_pool_new, &e, 2); /* fork's is in */
	refuse_hooks(call_pool_new, &e, 1);
	ck_assert_int_ge(exhaust(call_pool_new, &e), 2);
	ck_assert(child_succeeds(leave, NULL));
	expect_pool_works(e);
	pool_end(e);
}

TEST(no_memory_for_the_hooks_of_a_future)
{
	struct cf_future *f = NULL;

	refuse_hooks(call_future_new, &f, 1);
	ck_assert_int_ge(exhaust(call_future_new, &f), 1);
	ck_assert(child_succeeds(leave, NULL));
	cf_future_release(f);
}

struct add_callback {
	struct cf_future *f;
	atomic_int called;
};

static enum cf_status call_add_done_callback(void *scene)
{
	struct add_callback *s = scene;

	return cf_future_add_done_callback(s->f, callback_count, &s->called);
}

TEST(no_memory_for_a_callback)
{
	struct add_callback s = {.f = future_new()};

	ck_assert_int_eq(1, exhaust(call_add_done_callback, &s));
	cf_future_set_result(s.f, NULL);
	ck_assert_int_eq(1, s.called);
	cf_future_release(s.f);
}

/* ---- submit ------------------------------------------------------------------------- */

static atomic_int ran, released, outcomes;

static void count_release(void *arg)
{
	(void)arg;
	released++;
}

static void count_outcome(enum cf_status status, void *outcome)
{
	(void)status;
	(void)outcome;
	outcomes++;
}

struct submission {
	struct cf_executor *e;
	struct cf_future *f;
};

static enum cf_status call_submit(void *scene)
{
	struct submission *s = scene;
	struct cf_call call = {task_count, &ran, count_release, count_outcome};
	enum cf_status status = cf_executor_submit_call(s->e, &call, &s->f);

	/* Written, or left as it was. */
	if ((status == CF_OK) != (s->f != NULL))
		return CF_INVALID_STATE;
	return status;
}

/* A future, a worker, its thread.  What was refused never runs. */
TEST(no_resources_for_a_first_work_item)
{
	struct submission s = {.e = pool_new(2)};

	ck_assert_int_eq(3, exhaust(call_submit, &s));
	expect_end(s.f, CF_OK);
	pool_end(s.e);
	ck_assert_int_eq(1, ran);
	ck_assert_int_eq(1, released);
	ck_assert_int_eq(1, outcomes);
}

/* A worker is due although another will come to the item in the end. */
TEST(no_thread_beside_a_busy_worker)
{
	struct submission s = {.e = pool_new(2)};
	struct hold hold;
	struct cf_future *held = hold_worker(s.e, &hold);

	ck_assert_int_eq(3, exhaust(call_submit, &s));
	expect_end(s.f, CF_OK);
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	pool_end(s.e);
	ck_assert_int_eq(1, ran);
}

TEST(an_idle_worker_needs_one_block)
{
	struct submission s = {.e = pool_new(2)};

	expect_pool_works(s.e);
	await_sleepers(1);
	ck_assert_int_eq(1, exhaust(call_submit, &s));
	expect_end(s.f, CF_OK);
	pool_end(s.e);
}

TEST(a_full_pool_needs_one_block)
{
	struct submission s = {.e = pool_new(1)};
	struct hold hold;
	struct cf_future *held = hold_worker(s.e, &hold);

	ck_assert_int_eq(1, exhaust(call_submit, &s));
	gate_open(&hold.leave);
	expect_end(s.f, CF_OK);
	expect_end(held, CF_OK);
	pool_end(s.e);
}

/* Refused submits neither use up a worker's turn nor keep the pool from ending. */
TEST(a_pool_whose_submits_all_failed_ends)
{
	struct cf_executor *e = pool_new(2);
	struct cf_call call = {task_must_not_run, NULL, count_release, count_outcome};

	for (int nth = 1; nth <= 3; nth++) {
		enum cf_status status;

		fault_arm(nth);
		status = cf_executor_submit_call(e, &call, NULL);
		ck_assert(fault_disarm());
		EXPECT_STATUS(CF_NO_RESOURCES, status);
	}
	ck_assert_int_eq(0, cf_thread_pool_workers(e));
	pool_end(e);
	ck_assert_int_eq(0, released + outcomes);
}

/* ---- many futures ----------------------------------------------------------------------- */

enum { MANY = 40 };

struct set {
	struct cf_future *fs[MANY];
	struct cf_completed *it;
	bool done[MANY];
};

static struct set set_new(void)
{
	struct set s = {.it = NULL};

	for (int i = 0; i < MANY; i++)
		s.fs[i] = future_new();
	cf_future_set_result(s.fs[5], NULL);
	return s;
}

static void set_free(struct set *s)
{
	for (int i = 0; i < MANY; i++)
		cf_future_release(s->fs[i]);
}

static enum cf_status call_wait(void *scene)
{
	struct set *s = scene;

	return cf_wait(s->fs, MANY, CF_FOREVER, CF_FIRST_COMPLETED, s->done);
}

TEST(no_memory_to_wait_for_many)
{
	struct set s = set_new();

	ck_assert_int_eq(1, exhaust(call_wait, &s));
	ck_assert(s.done[5]);
	set_free(&s);
}

static enum cf_status call_wait_few(void *scene)
{
	struct set *s = scene;

	return cf_wait(s->fs, 16, CF_FOREVER, CF_FIRST_COMPLETED, s->done);
}

static enum cf_status call_result(void *scene)
{
	struct set *s = scene;
	void *outcome;

	return cf_future_result(s->fs[0], 1e-9, &outcome) == CF_TIMEOUT ? CF_OK : CF_INVALID_STATE;
}

static enum cf_status call_cancel(void *scene)
{
	struct set *s = scene;

	return cf_future_cancel(s->fs[1]) ? CF_OK : CF_INVALID_STATE;
}

static enum cf_status call_set_result(void *scene)
{
	struct set *s = scene;

	return cf_future_set_result(s->fs[2], s);
}

TEST(what_says_that_it_cannot_fail_takes_nothing)
{
	struct set s = set_new();

	ck_assert_int_eq(0, exhaust(call_wait_few, &s));
	ck_assert_int_eq(0, exhaust(call_result, &s));
	ck_assert_int_eq(0, exhaust(call_cancel, &s));
	ck_assert_int_eq(0, exhaust(call_set_result, &s));
	set_free(&s);
}

static enum cf_status call_as_completed(void *scene)
{
	struct set *s = scene;

	return cf_as_completed(s->fs, MANY, CF_FOREVER, &s->it);
}

static enum cf_status call_completed_next(void *scene)
{
	struct set *s = scene;
	struct cf_future *f;

	return cf_completed_next(s->it, &f);
}

TEST(no_memory_for_as_completed)
{
	struct set s = set_new();

	ck_assert_int_eq(1, exhaust(call_as_completed, &s));
	ck_assert_int_eq(0, exhaust(call_completed_next, &s));
	cf_completed_release(s.it);
	set_free(&s);
}

/* ---- map ---------------------------------------------------------------------------------- */

struct mapping {
	struct cf_executor *e;
	size_t buffersize;
	int given, last;
	struct cf_map *it;
};

static int give(void *state, void **arg)
{
	struct mapping *m = state;

	*arg = &ran;
	return m->given++ < m->last ? CF_OK : CF_STOP_ITERATION;
}

static enum cf_status call_map(void *scene)
{
	struct mapping *m = scene;
	struct cf_source source = {give, m};

	m->given = 0;
	return cf_executor_map(m->e, task_count, &source, CF_FOREVER, m->buffersize, &m->it, NULL);
}

/*
 * The map, its array (for 16, 32, 64) and 40 futures.  What it had submitted is
 * cancelled: it stays on the work queue until the worker is let go, and never
 * runs.
 */
TEST(no_resources_for_a_map)
{
	struct mapping m = {.e = pool_new(1), .last = 40};
	struct hold hold;
	struct cf_future *held = hold_worker(m.e, &hold);
	int hits = 0;

	for (;; hits++) {
		enum cf_status status;

		fault_arm(hits + 1);
		status = call_map(&m);
		if (!fault_disarm())
			break;
		EXPECT_STATUS(CF_NO_RESOURCES, status);
		ck_assert_ptr_null(m.it);
	}
	ck_assert_int_eq(1 + 3 + 40, hits);
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	for (int i = 0; i < 40; i++) {
		void *outcome;

		EXPECT_STATUS(CF_OK, cf_map_next(m.it, &outcome));
	}
	cf_map_release(m.it);
	pool_end(m.e);
	ck_assert_int_eq(40, ran);
}

/* The map, its array, a future, a worker and its thread. */
TEST(no_thread_for_a_map)
{
	struct mapping m = {.e = pool_new(1), .last = 1};

	ck_assert_int_eq(5, exhaust(call_map, &m));
	cf_map_release(m.it);
	pool_end(m.e);
}

/* The argument after the buffered ones cannot be submitted: told in its place, once. */
static void exhaust_next(int nth)
{
	struct mapping m = {.e = pool_new(1), .last = 100, .buffersize = 16};
	enum cf_status status;
	void *outcome;

	EXPECT_STATUS(CF_OK, call_map(&m));
	fault_arm(nth);
	status = cf_map_next(m.it, &outcome);
	ck_assert(fault_disarm());
	EXPECT_STATUS(CF_OK, status);
	for (int i = 1; i < 16; i++)
		EXPECT_STATUS(CF_OK, cf_map_next(m.it, &outcome));
	EXPECT_STATUS(CF_NO_RESOURCES, cf_map_next(m.it, &outcome));
	EXPECT_STATUS(CF_STOP_ITERATION, cf_map_next(m.it, &outcome));
	/* Without room no argument was pulled that would be lost. */
	ck_assert_int_eq(nth == 1 ? 16 : 17, m.given);
	cf_map_release(m.it);
	expect_pool_works(m.e);
	pool_end(m.e);
}

TEST(no_resources_for_the_rest_of_a_map)
{
	exhaust_next(1);
	exhaust_next(2);
}
