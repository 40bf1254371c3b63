/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "../sync.h"

#include <time.h>

static const double forever_s = 100.0 * 366 * 24 * 3600;

static struct timespec now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t;
}

static bool is_before(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

static struct timespec plus(struct timespec t, long seconds, long nanoseconds)
{
	t.tv_sec += seconds + (t.tv_nsec + nanoseconds) / 1000000000;
	t.tv_nsec = (t.tv_nsec + nanoseconds) % 1000000000;
	return t;
}

/* A deadline is a real time, and not before timeout has passed. */
static void expect_not_early(double timeout, long seconds, long nanoseconds)
{
	struct timespec start = now();
	struct cf__deadline d = cf__deadline_after(timeout);

	ck_assert(!d.never);
	ck_assert_int_ge(d.at.tv_nsec, 0);
	ck_assert_int_lt(d.at.tv_nsec, 1000000000);
	ck_assert(!is_before(d.at, plus(start, seconds, nanoseconds)));
}

/* Whatever "now" is, each of many calls sees another nanosecond of it. */
TEST(a_deadline_is_never_early)
{
	for (int i = 0; i < 1000; i++) {
		expect_not_early(0, 0, 0);
		expect_not_early(1e-12, 0, 1);
		expect_not_early(1e-9, 0, 1);
		expect_not_early(0.1, 0, 100000000);
		expect_not_early(0.999999999, 0, 999999999);
		expect_not_early(1, 1, 0);
		expect_not_early(0x1.fffffffffffffp-1, 1, 0);
		expect_not_early(1e6 + 0.5, 1000000, 500000000);
	}
}

TEST(no_time_is_now_and_not_later)
{
	struct cf__deadline d = cf__deadline_after(-1e300);

	ck_assert(!is_before(now(), d.at));
	d = cf__deadline_after(-INFINITY);
	ck_assert(!is_before(now(), d.at));
	ck_assert_double_eq(0, cf__seconds_left(&d));
}

TEST(a_century_is_for_ever)
{
	struct cf__deadline just_under = cf__deadline_after(nextafter(forever_s, 0));

	ck_assert(!just_under.never);
	ck_assert_double_gt(cf__seconds_left(&just_under), forever_s / 2);
	ck_assert_int_lt(just_under.at.tv_nsec, 1000000000);
	ck_assert(cf__deadline_after(forever_s).never);
	ck_assert(cf__deadline_after(1e300).never);
	ck_assert(cf__deadline_after(CF_FOREVER).never);
}

TEST(for_ever_has_for_ever_left)
{
	struct cf__deadline d = cf__deadline_after(CF_FOREVER);

	ck_assert_double_eq(INFINITY, cf__seconds_left(&d));
	d = cf__deadline_after(1000);
	ck_assert_double_gt(cf__seconds_left(&d), 1);
	ck_assert_double_le(cf__seconds_left(&d), 1000 + 1e-6);
}

/* ---- each call that takes one ------------------------------------------------------ */

static int none(void *state, void **arg)
{
	(void)state;
	(void)arg;
	return CF_STOP_ITERATION;
}

static int held(void *first, void **arg)
{
	(void)arg;
	if (*(bool *)first) {
		*(bool *)first = false;
		return CF_OK;
	}
	return CF_STOP_ITERATION;
}

TEST(nan_is_refused_and_nothing_written)
{
	struct cf_executor *e = pool_new(1);
	struct cf_future *f = future_new();
	struct cf_completed *it = NULL;
	struct cf_source source = {none, NULL};
	struct cf_map *map = NULL;
	void *outcome = NULL;

	EXPECT_STATUS(CF_INVALID_ARGUMENT, cf_future_result(f, NAN, &outcome));
	EXPECT_STATUS(CF_INVALID_ARGUMENT, cf_future_exception(f, NAN, &outcome));
	EXPECT_STATUS(CF_INVALID_ARGUMENT, cf_wait(&f, 1, NAN, CF_ALL_COMPLETED, NULL));
	EXPECT_STATUS(CF_INVALID_ARGUMENT, cf_as_completed(&f, 1, NAN, &it));
	EXPECT_STATUS(CF_INVALID_ARGUMENT,
		      cf_executor_map(e, task_return, &source, NAN, 0, &map, &outcome));
	/* Done or not makes no difference. */
	cf_future_set_result(f, NULL);
	EXPECT_STATUS(CF_INVALID_ARGUMENT, cf_future_result(f, NAN, &outcome));
	ck_assert(!it && !map && !outcome);
	cf_future_release(f);
	pool_end(e);
}

static void expect_timeouts(double timeout)
{
	struct cf_future *f = future_new(), *yielded;
	struct cf_completed *it = NULL;
	struct timespec start = now();
	void *outcome;

	EXPECT_STATUS(CF_TIMEOUT, cf_future_result(f, timeout, &outcome));
	EXPECT_STATUS(CF_TIMEOUT, cf_future_exception(f, timeout, &outcome));
	EXPECT_STATUS(CF_TIMEOUT, cf_wait(&f, 1, timeout, CF_FIRST_COMPLETED, NULL));
	EXPECT_STATUS(CF_OK, cf_as_completed(&f, 1, timeout, &it));
	EXPECT_STATUS(CF_TIMEOUT, cf_completed_next(it, &yielded));
	if (timeout > 0)
		ck_assert(!is_before(now(), plus(start, 0, (long)(4e9 * timeout))));
	cf_completed_release(it);
	cf_future_release(f);
}

TEST(a_timeout_ends_a_wait_and_not_early)
{
	expect_timeouts(0);
	expect_timeouts(-0.0);
	expect_timeouts(-1);
	expect_timeouts(-1e300);
	expect_timeouts(-INFINITY);
	expect_timeouts(1e-12);
	expect_timeouts(0.001);
}

TEST(a_map_has_one_time_for_all)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *f = hold_worker(e, &hold);
	bool first = true;
	struct cf_source source = {held, &first};
	struct cf_map *it = NULL;
	void *outcome;

	EXPECT_STATUS(CF_OK, cf_executor_map(e, task_return, &source, 0.001, 0, &it, NULL));
	EXPECT_STATUS(CF_TIMEOUT, cf_map_next(it, &outcome));
	EXPECT_STATUS(CF_TIMEOUT, cf_map_next(it, &outcome));
	gate_open(&hold.leave);
	expect_end(f, CF_OK);
	cf_executor_shutdown(e, CF_WAIT);
	EXPECT_STATUS(CF_OK, cf_map_next(it, &outcome));
	EXPECT_STATUS(CF_STOP_ITERATION, cf_map_next(it, &outcome));
	cf_map_release(it);
	cf_executor_release(e);
}

/* ---- very long ones --------------------------------------------------------------------- */

struct sleeper {
	struct cf_future *f;
	double timeout;
	enum cf_status status[4];
};

static void *sleeper_main(void *arg)
{
	struct sleeper *s = arg;
	struct cf_completed *it = NULL;
	struct cf_future *yielded;
	void *outcome;

	s->status[0] = cf_future_result(s->f, s->timeout, &outcome);
	s->status[1] = cf_wait(&s->f, 1, s->timeout, CF_ALL_COMPLETED, NULL);
	s->status[2] = cf_as_completed(&s->f, 1, s->timeout, &it);
	s->status[3] = cf_completed_next(it, &yielded);
	cf_completed_release(it);
	return NULL;
}

TEST(a_large_timeout_sleeps_until_the_news)
{
	static const double timeouts[] = {1e9, 3.16e9, 3.17e9, 1e18, 1e19, 1e300, CF_FOREVER};

	for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
		struct sleeper s = {.f = future_new(), .timeout = timeouts[i]};
		pthread_t thread = thread_start(sleeper_main, &s);

		await_sleepers(1);
		cf_future_set_result(s.f, NULL);
		thread_join(thread);
		for (int k = 0; k < 4; k++)
			EXPECT_STATUS(CF_OK, s.status[k]);
		cf_future_release(s.f);
	}
}
