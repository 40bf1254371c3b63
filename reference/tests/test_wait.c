/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "../future.h"

enum { MANY = 40 }; /* more links than wait keeps on its stack */

static void make(struct cf_future **fs, int count)
{
	for (int i = 0; i < count; i++)
		fs[i] = future_new();
}

/* Nothing is left installed on any of them; drop them. */
static void drop(struct cf_future **fs, int count)
{
	for (int i = 0; i < count; i++) {
		ck_assert_ptr_null(fs[i]->links);
		cf_future_release(fs[i]);
	}
}

TEST(an_empty_set_is_satisfied)
{
	EXPECT_STATUS(CF_OK, cf_wait(NULL, 0, CF_FOREVER, CF_FIRST_COMPLETED, NULL));
	EXPECT_STATUS(CF_OK, cf_wait(NULL, 0, CF_FOREVER, CF_FIRST_EXCEPTION, NULL));
	EXPECT_STATUS(CF_OK, cf_wait(NULL, 0, CF_FOREVER, CF_ALL_COMPLETED, NULL));
}

TEST(an_unknown_return_when_is_refused)
{
	EXPECT_STATUS(CF_INVALID_ARGUMENT, cf_wait(NULL, 0, 0, (enum cf_return_when)3, NULL));
	EXPECT_STATUS(CF_INVALID_ARGUMENT, cf_wait(NULL, 0, 0, (enum cf_return_when)-1, NULL));
}

TEST(a_future_given_twice_is_one)
{
	struct cf_future *f = future_new(), *g = future_new();
	struct cf_future *const fs[] = {f, g, f, f};
	bool done[4] = {0};

	cf_future_set_result(f, NULL);
	EXPECT_STATUS(CF_TIMEOUT, cf_wait(fs, 4, 0, CF_ALL_COMPLETED, done));
	ck_assert(done[0] && !done[1] && done[2] && done[3]);
	cf_future_set_result(g, NULL);
	EXPECT_STATUS(CF_OK, cf_wait(fs, 4, 0, CF_ALL_COMPLETED, done));
	ck_assert(done[0] && done[1] && done[2] && done[3]);
	drop(&f, 1);
	drop(&g, 1);
}

TEST(done_is_written_with_timeout_and_left_alone_when_refused)
{
	struct cf_future *f = future_new();
	bool done = true;

	EXPECT_STATUS(CF_INVALID_ARGUMENT, cf_wait(&f, 1, NAN, CF_ALL_COMPLETED, &done));
	ck_assert(done);
	EXPECT_STATUS(CF_TIMEOUT, cf_wait(&f, 1, 0, CF_ALL_COMPLETED, &done));
	ck_assert(!done);
	drop(&f, 1);
}

TEST(first_exception_heeds_exceptions_and_not_cancels)
{
	struct cf_future *fs[3];

	make(fs, 3);
	cf_future_cancel(fs[0]);
	EXPECT_STATUS(CF_TIMEOUT, cf_wait(fs, 3, 0, CF_FIRST_EXCEPTION, NULL));
	cf_future_set_exception(fs[1], NULL);
	EXPECT_STATUS(CF_OK, cf_wait(fs, 3, 0, CF_FIRST_EXCEPTION, NULL));
	EXPECT_STATUS(CF_TIMEOUT, cf_wait(fs, 3, 0, CF_ALL_COMPLETED, NULL));
	drop(fs, 3);
}

TEST(more_than_a_few_are_waited_for)
{
	struct cf_future *fs[MANY];
	bool done[MANY];

	make(fs, MANY);
	cf_future_set_result(fs[MANY - 1], NULL);
	EXPECT_STATUS(CF_OK, cf_wait(fs, MANY, 0, CF_FIRST_COMPLETED, done));
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(i == MANY - 1, done[i]);
	EXPECT_STATUS(CF_TIMEOUT, cf_wait(fs, MANY, 0, CF_ALL_COMPLETED, NULL));
	drop(fs, MANY);
}

struct wait {
	struct cf_future **fs;
	enum cf_return_when return_when;
	enum cf_status status;
	bool done[MANY];
};

static void *wait_thread(void *arg)
{
	struct wait *w = arg;

	w->status = cf_wait(w->fs, MANY, CF_FOREVER, w->return_when, w->done);
	return NULL;
}

static int count_done(const struct wait *w)
{
	int count = 0;

	for (int i = 0; i < MANY; i++)
		count += w->done[i];
	return count;
}

/* A wake-up in between would be seen as one more sleep. */
TEST(waiting_for_many_sleeps_once)
{
	struct cf_future *fs[MANY];
	struct wait w = {.fs = fs, .return_when = CF_ALL_COMPLETED};
	pthread_t thread;

	make(fs, MANY);
	thread = thread_start(wait_thread, &w);
	await_sleepers(1);
	for (int i = 0; i < MANY; i++)
		if (i % 2)
			cf_future_set_result(fs[i], NULL);
		else
			cf_future_cancel(fs[i]);
	thread_join(thread);
	EXPECT_STATUS(CF_OK, w.status);
	ck_assert_int_eq(MANY, count_done(&w));
	ck_assert_int_le(calls_now().sleeps, 1);
	drop(fs, MANY);
}

/* done tells of one moment: futures that finish after it stay out. */
TEST(waiters_with_different_wishes_are_woken_each_for_its_own)
{
	struct cf_future *fs[MANY];
	struct wait w[3];
	pthread_t threads[3];

	make(fs, MANY);
	for (int i = 0; i < 3; i++) {
		w[i] = (struct wait){.fs = fs, .return_when = (enum cf_return_when)i};
		threads[i] = thread_start(wait_thread, &w[i]);
	}
	await_sleepers(3);
	cf_future_set_result(fs[7], NULL);
	thread_join(threads[CF_FIRST_COMPLETED]);
	cf_future_set_exception(fs[8], NULL);
	thread_join(threads[CF_FIRST_EXCEPTION]);
	for (int i = 0; i < MANY; i++)
		cf_future_cancel(fs[i]);
	thread_join(threads[CF_ALL_COMPLETED]);

	for (int i = 0; i < 3; i++)
		EXPECT_STATUS(CF_OK, w[i].status);
	ck_assert_int_eq(1, count_done(&w[CF_FIRST_COMPLETED]));
	ck_assert_int_eq(2, count_done(&w[CF_FIRST_EXCEPTION]));
	ck_assert_int_eq(MANY, count_done(&w[CF_ALL_COMPLETED]));
	drop(fs, MANY);
}
