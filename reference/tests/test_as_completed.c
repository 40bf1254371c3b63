/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "../future.h"

static struct cf_completed *iterate(struct cf_future *const *fs, size_t count, double timeout)
{
	struct cf_completed *it = NULL;

	EXPECT_STATUS(CF_OK, cf_as_completed(fs, count, timeout, &it));
	return it;
}

static void expect_next(struct cf_completed *it, struct cf_future *expected)
{
	struct cf_future *f = NULL;

	EXPECT_STATUS(CF_OK, cf_completed_next(it, &f));
	ck_assert_ptr_eq(expected, f);
}

/* Says so each time it is asked, and writes nothing. */
static void expect_no_next(struct cf_completed *it, enum cf_status status)
{
	struct cf_future *untouched = (struct cf_future *)&status, *f = untouched;

	EXPECT_STATUS(status, cf_completed_next(it, &f));
	EXPECT_STATUS(status, cf_completed_next(it, &f));
	ck_assert_ptr_eq(untouched, f);
}

TEST(release_of_no_iterator_does_nothing)
{
	cf_completed_release(NULL);
}

TEST(an_empty_set_yields_nothing)
{
	struct cf_completed *it = iterate(NULL, 0, CF_FOREVER);

	expect_no_next(it, CF_STOP_ITERATION);
	cf_completed_release(it);
}

TEST(done_ones_come_in_order_then_others_as_they_complete)
{
	struct cf_future *fs[5];
	struct cf_completed *it;

	for (int i = 0; i < 5; i++)
		fs[i] = future_new();
	cf_future_set_result(fs[3], NULL);
	cf_future_cancel(fs[1]);
	it = iterate(fs, 5, CF_FOREVER);
	cf_future_set_result(fs[4], NULL);
	cf_future_set_exception(fs[0], NULL);
	expect_next(it, fs[1]);
	expect_next(it, fs[3]);
	expect_next(it, fs[4]);
	cf_future_set_result(fs[2], NULL);
	expect_next(it, fs[0]);
	expect_next(it, fs[2]);
	expect_no_next(it, CF_STOP_ITERATION);
	cf_completed_release(it);
	for (int i = 0; i < 5; i++) {
		ck_assert_ptr_null(fs[i]->links);
		ck_assert_int_eq(1, fs[i]->refs);
		cf_future_release(fs[i]);
	}
}

TEST(a_future_given_twice_is_yielded_once)
{
	struct cf_future *f = future_new(), *g = future_new();
	struct cf_future *const fs[] = {f, g, f, g, f};
	struct cf_completed *it;

	cf_future_set_result(g, NULL);
	it = iterate(fs, 5, CF_FOREVER);
	ck_assert_int_eq(2, f->refs);
	expect_next(it, g);
	cf_future_set_result(f, NULL);
	expect_next(it, f);
	expect_no_next(it, CF_STOP_ITERATION);
	cf_completed_release(it);
	cf_future_release(f);
	cf_future_release(g);
}

TEST(an_early_end_leaves_nothing_installed)
{
	struct cf_future *fs[3];
	struct cf_completed *it;

	for (int i = 0; i < 3; i++)
		fs[i] = future_new();
	cf_future_set_result(fs[0], NULL);
	it = iterate(fs, 3, CF_FOREVER);
	expect_next(it, fs[0]);
	cf_completed_release(it);
	for (int i = 0; i < 3; i++) {
		ck_assert_ptr_null(fs[i]->links);
		ck_assert_int_eq(1, fs[i]->refs);
		cf_future_set_result(fs[i], NULL);
		cf_future_release(fs[i]);
	}
}

/* The iterator's handle keeps what it yielded, until the next is asked for. */
TEST(a_yielded_future_lives_until_the_next)
{
	struct cf_future *fs[2] = {future_new(), future_new()};
	struct cf_completed *it = iterate(fs, 2, 0);

	cf_future_set_result(fs[0], NULL);
	cf_future_release(fs[0]);
	expect_next(it, fs[0]);
	EXPECT_STATE(CF_STATE_FINISHED, fs[0]);
	expect_no_next(it, CF_TIMEOUT);
	cf_future_set_result(fs[1], NULL);
	expect_next(it, fs[1]);
	cf_completed_release(it);
	cf_future_release(fs[1]);
}

TEST(two_iterators_and_a_wait_share_a_future)
{
	struct cf_future *f = future_new();
	struct cf_completed *a = iterate(&f, 1, CF_FOREVER), *b = iterate(&f, 1, CF_FOREVER);
	struct cf_completed *gone = iterate(&f, 1, CF_FOREVER);

	EXPECT_STATUS(CF_TIMEOUT, cf_wait(&f, 1, 0, CF_ALL_COMPLETED, NULL));
	cf_completed_release(gone);
	cf_future_set_result(f, NULL);
	expect_next(a, f);
	expect_next(b, f);
	cf_completed_release(a);
	cf_completed_release(b);
	cf_future_release(f);
}

static void *next_thread(void *it)
{
	struct cf_future *f = NULL;

	return cf_completed_next(it, &f) == CF_OK ? f : NULL;
}

TEST(next_sleeps_until_one_completes)
{
	struct cf_future *fs[2] = {future_new(), future_new()};
	struct cf_completed *it = iterate(fs, 2, CF_FOREVER);
	pthread_t thread = thread_start(next_thread, it);
	void *yielded;

	await_sleepers(1);
	cf_future_cancel(fs[1]);
	ck_assert_int_eq(0, pthread_join(thread, &yielded));
	ck_assert_ptr_eq(fs[1], yielded);
	cf_completed_release(it);
	cf_future_release(fs[0]);
	cf_future_release(fs[1]);
}

TEST(a_size_that_overflows_is_out_of_memory)
{
	struct cf_completed *it;

	EXPECT_STATUS(CF_NO_RESOURCES, cf_as_completed(NULL, SIZE_MAX / 8, 0, &it));
	EXPECT_STATUS(CF_NO_RESOURCES, cf_wait(NULL, SIZE_MAX / 8, 0, CF_ALL_COMPLETED, NULL));
}
