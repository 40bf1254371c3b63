/* SPDX-License-Identifier: MIT */
/* worker_count.c: when workers are started and used again, and how many there are. */
#include "meetings.h"

#include <sched.h>
#include <time.h>

static int known_worker_count(struct pp_executor *e)
{
	int count = worker_count(e);

	if (count < 0)
		unsupported("the number of workers is not known");
	return count;
}

/* ---- starting and reusing -------------------------------------------------------------- */

/* WORKER-17: looked at before the first submit. */
CASE(worker_17_none_without_work)
{
	NEED(worker_count);
	struct pp_executor *e = executor_new(4);

	context("workers of an executor that was given nothing");
	EXPECT_INT(0, known_worker_count(e));
}

/* WORKER-18: held one by one. */
CASE(worker_18_no_more_than_work_items)
{
	NEED(worker_count);
	struct pp_executor *e = executor_new(8);

	for (int i = 1; i <= 4; i++) {
		hold(e, 1);
		context("workers of an executor that was given %d tasks", i);
		EXPECT_AT_MOST(i, known_worker_count(e));
	}
}

/*
 * WORKER-19: one task at a time, until its worker sleeps.  What sleeps need not be
 * idle yet, so half of them may miss.
 */
CASE(worker_19_idle_ones_are_reused)
{
	NEED(worker_count);
	struct pp_executor *e = executor_new(16);
	void *outcome;
	int first = 0;

	for (int i = 0; i < 16; i++) {
		REQUIRE(result(submit(e, task_return, NULL), PP_FOREVER, &outcome) == PP_OK);
		threads_settle();
		if (i == 0)
			first = known_worker_count(e);
	}
	context("workers after sixteen tasks one after the other, %d after the first of them", first);
	EXPECT_AT_MOST(first + 7, known_worker_count(e));
}

static double processor_time(clockid_t of)
{
	struct timespec t;

	clock_gettime(of, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * WORKER-20: while this thread uses the processor for some time, a worker that spins gets about
 * as much of it, however busy the machine is.
 */
CASE(worker_20_idle_ones_use_no_processor_time)
{
	struct pp_executor *e = executor_new(4);

	expect_meeting(e, 4);
	threads_settle();
	double all = processor_time(CLOCK_PROCESS_CPUTIME_ID), begin = processor_time(CLOCK_THREAD_CPUTIME_ID), own = 0;
	while (own < short_time())
		own = processor_time(CLOCK_THREAD_CPUTIME_ID) - begin;
	all = processor_time(CLOCK_PROCESS_CPUTIME_ID) - all;
	context("four idle workers have used %g s of processor time while another thread used %g s", all - own, own);
	EXPECT(all - own <= own / 4);
}

/* ---- how many there are ----------------------------------------------------------------- */

/* WORKER-21: at every moment; no pause, so that a worker is often missed as idle. */
CASE(worker_21_never_more_than_max_workers)
{
	NEED(worker_count);
	struct pp_executor *e = executor_new(3);
	void *outcome;

	for (int i = 0; i < 100; i++) {
		struct pp_future *f = submit(e, task_return, NULL);

		context("workers of three at the most, after %d tasks", i);
		EXPECT_AT_MOST(3, known_worker_count(e));
		if (i % 2)
			REQUIRE(result(f, PP_FOREVER, &outcome) == PP_OK);
	}
	shutdown_wait(e);
	context("workers of three at the most, after a shutdown that waits");
	EXPECT_AT_MOST(3, known_worker_count(e));
}

/* WORKER-22: one by one up to all. */
CASE(worker_22_running_ones_count)
{
	NEED(worker_count);
	struct pp_executor *e = executor_new(3);

	for (int i = 1; i <= 3; i++) {
		hold(e, 1);
		context("workers while %d tasks are running", i);
		EXPECT_AT_LEAST(i, known_worker_count(e));
	}
}

/* WORKER-23: after work, and without. */
/* Two workers have come, and one of them has broken the pool. */
CASE(worker_23_none_after_shutdown_of_a_broken_pool)
{
	NEED(worker_count);
	struct pp_executor *e = executor_new_with_initializer(2, initializer_fail, NULL);
	struct pp_future *f = NULL;
	void *outcome;

	for (int i = 0; i < 2; i++)
		if (try_submit(e, must_not_run, NULL, &f) == PP_OK)
			REQUIRE(result(f, PP_FOREVER, &outcome) == PP_BROKEN);
	shutdown_wait(e);
	context("workers of a broken pool, after a shutdown that waits");
	EXPECT_INT(0, known_worker_count(e));
}

CASE(worker_23_none_after_shutdown)
{
	NEED(worker_count);
	struct pp_executor *used = executor_new(3), *unused = executor_new(3);

	expect_meeting(used, 3);
	shutdown_wait(used);
	shutdown_wait(unused);
	context("workers of an executor that ran three tasks at once, after a shutdown that waits");
	EXPECT_INT(0, known_worker_count(used));
	context("workers of an executor that was given nothing, after a shutdown that waits");
	EXPECT_INT(0, known_worker_count(unused));
}

/* More work than the default has workers for, and all of it held. */
static void expect_default(long expected)
{
	struct pp_executor *e = NULL;
	struct gate *gate = gate_new();

	NEED(worker_count);
	if (backend()->concurrency != PP_UNLIMITED)
		unsupported("the backend limits its workers itself");
	REQUIRE(try_executor_new(PP_WORKERS_DEFAULT, &e) == PP_OK);
	for (long i = 0; i < expected + 8; i++)
		submit(e, task_pass_gate, gate);
	gate_await(gate, 1);
	context("workers of an executor without max_workers, with more held tasks than that");
	EXPECT_INT(expected, known_worker_count(e));
}

static long at_most_32(long n)
{
	return n < 32 ? n : 32;
}

/* WORKER-24: usable are those that the affinity of the process allows. */
CASE(worker_24_default_size)
{
	cpu_set_t set;

	REQUIRE(sched_getaffinity(0, sizeof(set), &set) == 0);
	expect_default(at_most_32(CPU_COUNT(&set) + 4));
}

/* WORKER-24: one of the processors that the machine has. */
CASE(worker_24_default_size_on_one_processor)
{
	cpu_set_t usable, one;
	int cpu = 0;

	REQUIRE(sched_getaffinity(0, sizeof(usable), &usable) == 0);
	while (!CPU_ISSET(cpu, &usable))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	REQUIRE(sched_setaffinity(0, sizeof(one), &one) == 0);
	expect_default(5);
}
