/* SPDX-License-Identifier: MIT */
#include "unit.h"

/* Gives the addresses of numbers[0], [1], ... [last - 1]; then ends so. */
struct range {
	int given, last;
	int end; /* CF_STOP_ITERATION or CF_RAISED, with this struct */
};

static char numbers[2000];

static int range_next(void *state, void **arg)
{
	struct range *r = state;

	ck_assert_int_le(r->given, r->last);
	if (r->given < r->last) {
		*arg = &numbers[r->given++];
		return CF_OK;
	}
	r->given++; /* not to be asked again */
	if (r->end == CF_RAISED)
		*arg = r;
	return r->end;
}

static struct cf_map *map(struct cf_executor *e, cf_task *task, struct range *r, double timeout,
			  size_t buffersize)
{
	struct cf_source source = {range_next, r};
	struct cf_map *it = NULL;

	if (!r->end)
		r->end = CF_STOP_ITERATION;
	EXPECT_STATUS(CF_OK, cf_executor_map(e, task, &source, timeout, buffersize, &it, NULL));
	return it;
}

static void expect_outcome(struct cf_map *it, enum cf_status status, void *expected)
{
	void *outcome = NULL;

	EXPECT_STATUS(status, cf_map_next(it, &outcome));
	ck_assert_ptr_eq(expected, outcome);
}

static void expect_range(struct cf_map *it, int last)
{
	for (int i = 0; i < last; i++)
		expect_outcome(it, CF_OK, &numbers[i]);
	expect_outcome(it, CF_STOP_ITERATION, NULL);
	expect_outcome(it, CF_STOP_ITERATION, NULL);
}

TEST(release_of_no_map_does_nothing)
{
	cf_map_release(NULL);
}

/* Every argument is pulled and stays: room for 16, 32, ... 1024. */
TEST(without_buffersize_all_is_submitted_at_once)
{
	struct cf_executor *e = pool_new(2);
	struct range r = {.last = 1000};
	long before = calls_now().reallocs, after;
	struct cf_map *it = map(e, task_return, &r, CF_FOREVER, 0);

	after = calls_now().reallocs;
	ck_assert_int_eq(7, after - before);
	ck_assert_int_eq(1001, r.given);
	expect_range(it, 1000);
	cf_map_release(it);
	pool_end(e);
}

/* How often its array grew, when a map with that buffersize has yielded so many. */
static long growths(size_t buffersize, int last)
{
	struct cf_executor *e = pool_new(2);
	struct range r = {.last = last, .end = CF_STOP_ITERATION};
	struct cf_source source = {range_next, &r};
	long before = calls_now().reallocs, after;
	struct cf_map *it = NULL;
	void *outcome;
	int i = 0;

	cf_executor_map(e, task_return, &source, CF_FOREVER, buffersize, &it, NULL);
	/* Check allocates too: no assertion until the end. */
	while (cf_map_next(it, &outcome) == CF_OK && outcome == &numbers[i])
		i++;
	after = calls_now().reallocs;
	ck_assert_int_eq(last, i);
	cf_map_release(it);
	pool_end(e);
	return after - before;
}

/* What was taken makes room at the front, however long the map. */
TEST(a_buffer_reuses_its_front)
{
	ck_assert_int_eq(1, growths(1, 2000));
	ck_assert_int_eq(1, growths(8, 2000));
	ck_assert_int_eq(2, growths(16, 2000));
	ck_assert_int_eq(5, growths(100, 2000));
}

TEST(a_buffer_larger_than_the_range_is_not_filled)
{
	ck_assert_int_eq(1, growths(1000, 5));
}

TEST(as_many_are_submitted_ahead_as_buffersize_says)
{
	struct cf_executor *e = pool_new(2);
	struct range r = {.last = 50};
	struct cf_map *it = map(e, task_return, &r, CF_FOREVER, 7);

	for (int i = 0; i < 50; i++) {
		ck_assert_int_eq(i + 7 < 51 ? i + 7 : 51, r.given);
		expect_outcome(it, CF_OK, &numbers[i]);
	}
	cf_map_release(it);
	pool_end(e);
}

TEST(an_exception_does_not_end_a_map)
{
	struct cf_executor *e = pool_new(1);
	struct range r = {.last = 2};
	struct cf_map *it = map(e, task_raise, &r, CF_FOREVER, 0);

	expect_outcome(it, CF_RAISED, &numbers[0]);
	expect_outcome(it, CF_RAISED, &numbers[1]);
	expect_outcome(it, CF_STOP_ITERATION, NULL);
	cf_map_release(it);
	pool_end(e);
}

TEST(a_source_that_raises_at_once_refuses_the_map)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *held = hold_worker(e, &hold);
	struct range r = {.last = 3, .end = CF_RAISED};
	struct cf_source source = {range_next, &r};
	struct cf_map *untouched = (struct cf_map *)&r, *it = untouched;
	void *exception = NULL;

	EXPECT_STATUS(CF_RAISED, cf_executor_map(e, task_must_not_run, &source, CF_FOREVER, 0, &it,
						 &exception));
	ck_assert_ptr_eq(&r, exception);
	ck_assert_ptr_eq(untouched, it);
	r = (struct range){.last = 0, .end = CF_RAISED};
	EXPECT_STATUS(CF_RAISED, cf_executor_map(e, task_must_not_run, &source, CF_FOREVER, 0, &it,
						 NULL));
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	pool_end(e);
}

TEST(a_source_that_raises_later_is_told_in_its_place)
{
	struct cf_executor *e = pool_new(1);
	struct range r = {.last = 3, .end = CF_RAISED};
	struct cf_map *it = map(e, task_return, &r, CF_FOREVER, 2);

	for (int i = 0; i < 3; i++)
		expect_outcome(it, CF_OK, &numbers[i]);
	expect_outcome(it, CF_RAISED, &r);
	expect_outcome(it, CF_STOP_ITERATION, NULL);
	cf_map_release(it);
	pool_end(e);
}

TEST(an_early_end_cancels_what_is_pending)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *held = hold_worker(e, &hold);
	struct range r = {.last = 20};
	struct cf_map *it = map(e, task_must_not_run, &r, 0, 0);

	expect_outcome(it, CF_TIMEOUT, NULL);
	expect_outcome(it, CF_TIMEOUT, NULL);
	cf_map_release(it);
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	pool_end(e);
}

TEST(a_shutdown_is_told_once_after_what_was_submitted)
{
	struct cf_executor *e = pool_new(1);
	struct range r = {.last = 20};
	struct cf_map *it = map(e, task_return, &r, CF_FOREVER, 2);

	cf_executor_shutdown(e, CF_WAIT);
	expect_outcome(it, CF_OK, &numbers[0]);
	expect_outcome(it, CF_OK, &numbers[1]);
	expect_outcome(it, CF_SHUTDOWN, NULL);
	expect_outcome(it, CF_STOP_ITERATION, NULL);
	cf_map_release(it);
	cf_executor_release(e);
}

TEST(a_map_is_refused_after_shutdown)
{
	struct cf_executor *e = pool_new(1);
	struct range r = {.last = 20, .end = CF_STOP_ITERATION};
	struct cf_source source = {range_next, &r};
	struct cf_map *it;

	cf_executor_shutdown(e, CF_WAIT);
	EXPECT_STATUS(CF_SHUTDOWN, cf_executor_map(e, task_must_not_run, &source, 0, 0, &it, NULL));
	cf_executor_release(e);
}

TEST(a_cancelled_one_is_told_in_its_place)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *held = hold_worker(e, &hold);
	struct range r = {.last = 2};
	struct cf_map *it = map(e, task_must_not_run, &r, CF_FOREVER, 0);

	cf_executor_shutdown(e, CF_CANCEL_FUTURES);
	expect_outcome(it, CF_CANCELLED, NULL);
	expect_outcome(it, CF_CANCELLED, NULL);
	expect_outcome(it, CF_STOP_ITERATION, NULL);
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	cf_map_release(it);
	pool_end(e);
}

/* It holds a handle of its own. */
TEST(a_map_outlives_the_callers_executor)
{
	struct cf_executor *e = pool_new(1);
	struct range r = {.last = 30};
	struct cf_map *it = map(e, task_return, &r, CF_FOREVER, 3);

	cf_executor_release(e);
	expect_range(it, 30);
	cf_map_release(it);
}
