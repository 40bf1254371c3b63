/* SPDX-License-Identifier: MIT */
/*
 * resources.c: RESOURCE, what is left as it was when memory or threads run out.
 *
 * The address space of the process is narrowed to what it has, so that no stack
 * for a thread can be had, and what free memory there is within is taken too.
 * All checks are made when both are given back.  How a backend fares within
 * is its own affair: it may need nothing, have set something aside, or refuse.
 *
 * What is called without memory was called before with it, by the same thread: the
 * system takes memory for thread-local variables at their first use, and ends the process
 * if there is none.
 */
#include "meetings.h"
#include "resources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- to run out of what is needed --------------------------------------------- */

/* Sanitizers and Valgrind need address space of their own and end without it. */
extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));
extern void __msan_init(void) __attribute__((weak));

static void need_limits(void)
{
	const char *preload = getenv("LD_PRELOAD");

	if (__asan_init || __tsan_init || __msan_init)
		unsupported("a sanitizer does not run in a narrow address space");
	if (preload && strstr(preload, "vgpreload"))
		unsupported("Valgrind does not run in a narrow address space");
	backend();
}

static struct rlimit wide;

/* Let the process have so many bytes more than it has, and no thread. */
static void narrow(unsigned long more)
{
	struct rlimit limit;
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	REQUIRE(statm && fscanf(statm, "%lu", &pages) == 1);
	fclose(statm);
	REQUIRE(getrlimit(RLIMIT_AS, &wide) == 0);
	limit = wide;
	limit.rlim_cur = pages * (unsigned long)sysconf(_SC_PAGESIZE) + more;
	REQUIRE(setrlimit(RLIMIT_AS, &limit) == 0);
}

static void widen(void)
{
	REQUIRE(setrlimit(RLIMIT_AS, &wide) == 0);
}

/* Memory that is taken away: a list that is made of itself. */
struct taken {
	struct taken *next;
};

/* Take all the memory there is, down to the smallest pieces. */
static struct taken *take_memory(void)
{
	struct taken *all = NULL;

	narrow(0);
	for (size_t size = 1 << 20; size >= sizeof(*all); size /= 2)
		for (;;) {
			struct taken *t = malloc(size);

			if (!t)
				break;
			t->next = all;
			all = t;
		}
	return all;
}

static void give_memory(struct taken *all)
{
	widen();
	while (all) {
		struct taken *t = all;

		all = all->next;
		free(t);
	}
}

static bool refused_or_done(int status)
{
	return status == PP_OK || status == PP_NO_RESOURCES;
}

void expect_two_workers(struct pp_executor *e)
{
	struct barrier *b = barrier_new(2);
	struct pp_future *one = NULL, *two = NULL;
	void *outcome;

	EXPECT_STATUS(PP_OK, try_submit(e, task_meet, b, &one));
	EXPECT_STATUS(PP_OK, try_submit(e, task_meet, b, &two));
	EXPECT_STATUS(PP_OK, result(one, PP_FOREVER, &outcome));
	EXPECT_STATUS(PP_OK, result(two, PP_FOREVER, &outcome));
}

/* Submit while no thread can be started. */
static int submit_without_threads(struct pp_executor *e, pp_task *task, void *arg)
{
	struct pp_future *f = NULL;
	int status;

	narrow(256 << 10);
	status = backend()->submit(e, task, arg, &f);
	widen();
	if (status == PP_OK)
		drop(f);
	return status;
}

/* ---- submit --------------------------------------------------------------------- */

/* RESOURCE-1: no first worker; then work that gets one, and a drain. */
CASE(resource_1_refused_for_want_of_a_thread)
{
	need_limits();
	struct pp_executor *e = executor_new(2);
	struct counter *ran = counter_new();
	int status = submit_without_threads(e, task_count, ran);
	void *outcome;

	context("submit while no thread can be started");
	EXPECT(refused_or_done(status));
	if (status == PP_OK)
		unsupported("submit was not refused");
	REQUIRE(result(submit(e, task_return, NULL), PP_FOREVER, &outcome) == PP_OK);
	shutdown_wait(e);
	context("a task whose submit was refused with NO_RESOURCES, after a shutdown that waits");
	EXPECT_INT(0, counter_value(ran));
}

/* The runs, after a shutdown, of what was submitted while the first worker is held; the case needs it to be told status. */
static struct counter *submitted_beside_a_held_worker(int status, const char *otherwise)
{
	need_limits();
	struct pp_executor *e = executor_new(2);
	struct gate *gate = hold(e, 1);
	struct counter *ran = counter_new();
	int told = submit_without_threads(e, task_count, ran);

	context("submit while the only worker is held and no thread can be started");
	EXPECT(refused_or_done(told));
	if (told != status)
		unsupported("%s", otherwise);
	gate_open(gate);
	shutdown_wait(e);
	return ran;
}

/* RESOURCE-1: no second worker, while the first is held. */
CASE(resource_1_refused_for_want_of_a_second_thread)
{
	struct counter *ran = submitted_beside_a_held_worker(PP_NO_RESOURCES, "submit was not refused");

	context("a task whose submit was refused with NO_RESOURCES, after a shutdown that waits");
	EXPECT_INT(0, counter_value(ran));
}

/* RESOURCE-2: accepted behind the one worker there is. */
CASE(resource_2_accepted_without_a_thread_for_it)
{
	struct counter *ran = submitted_beside_a_held_worker(PP_OK, "submit was refused");

	context("runs of a task that was accepted, after a shutdown that waits");
	EXPECT_INT(1, counter_value(ran));
}

/* RESOURCE-2: accepted by an executor that has no worker yet. */
CASE(resource_2_accepted_without_any_thread)
{
	need_limits();
	struct pp_executor *e = executor_new(2);
	struct counter *ran = counter_new();
	int status = submit_without_threads(e, task_count, ran);

	context("submit to an executor without a worker, while no thread can be started");
	EXPECT(refused_or_done(status));
	shutdown_wait(e);
	context("runs of a first task whose submit returned %s, after a shutdown that waits", status_name(status));
	EXPECT_INT(status == PP_OK, counter_value(ran));
}

/* RESOURCE-2: nothing is needed: the executor has all its workers. */
CASE(resource_2_accepted_with_all_workers_there)
{
	need_limits();
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *ran = counter_new();
	struct pp_future *f = NULL;
	void *outcome = NULL;

	narrow(256 << 10);
	int submitted = backend()->submit(e, task_count, ran, &f), ended = -1;
	gate_open(gate);
	if (submitted == PP_OK)
		ended = backend()->result(f, PP_FOREVER, &outcome);
	widen();
	context("submit to an executor whose only worker is held, while no thread can be started");
	EXPECT_STATUS(PP_OK, submitted);
	EXPECT_STATUS(PP_OK, ended);
	EXPECT_INT(1, counter_value(ran));
	drop(f);
}

/* RESOURCE-3: two tasks that meet, when threads can be had. */
CASE(resource_3_works_again_with_threads)
{
	need_limits();
	struct pp_executor *e = executor_new(2);
	struct counter *ran = counter_new();

	for (int i = 0; i < 3; i++)
		submit_without_threads(e, task_count, ran);
	context("two tasks that need each other, after three submits while no thread could be started");
	expect_two_workers(e);
}

/* Submit until it is refused, and a bit longer; how many were accepted. */
static long submit_until_refused(struct pp_executor *e, struct counter *ran, long *refused)
{
	long accepted = 0;

	*refused = 0;
	narrow(1 << 20);
	for (long i = 0; i < 200000 && *refused < 50; i++) {
		struct pp_future *f = NULL;
		int status = backend()->submit(e, task_count, ran, &f);

		if (status == PP_OK) {
			accepted++;
			drop(f);
		} else if (status == PP_NO_RESOURCES) {
			++*refused;
		} else {
			*refused = -1;
			break;
		}
	}
	widen();
	return accepted;
}

/* RESOURCE-4: all are PENDING behind one held worker. */
CASE(resource_4_accepted_ones_run_and_refused_ones_do_not)
{
	need_limits();
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *ran = counter_new();
	long refused, accepted = submit_until_refused(e, ran, &refused);

	context("submits until memory runs out, %ld accepted: refused with another status than NO_RESOURCES", accepted);
	EXPECT(refused >= 0);
	if (refused == 0)
		unsupported("memory did not run out within 200000 submits");
	gate_open(gate);
	shutdown_wait(e);
	context("tasks that ran, of %ld submits that were accepted and %ld that were refused", accepted, refused);
	EXPECT_INT(accepted, counter_value(ran));
}

/* RESOURCE-5: one task more, before and after the drain. */
CASE(resource_5_works_again_with_memory)
{
	need_limits();
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *ran = counter_new();
	long refused, accepted = submit_until_refused(e, ran, &refused);
	void *outcome = NULL;

	if (refused <= 0)
		unsupported("submit was not refused");
	struct pp_future *f = submit(e, task_return, token(1));
	gate_open(gate);
	context("a task submitted after %ld submits of which the last %ld were refused", accepted + refused, refused);
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_STATUS(PP_OK, result(submit(e, task_return, token(1)), PP_FOREVER, &outcome));
	EXPECT_PTR(token(1), outcome);
}

/* RESOURCE-6: both workers are idle, and more submits are refused than there are workers. */
CASE(resource_6_refusals_take_no_worker)
{
	need_limits();
	struct pp_executor *e = executor_new(2);
	struct counter *ran = counter_new();
	long accepted = 0, refused = 0;

	expect_two_workers(e);
	struct taken *all = take_memory();
	for (int i = 0; i < 10; i++) {
		struct pp_future *f = NULL;
		int status = backend()->submit(e, task_count, ran, &f);

		accepted += status == PP_OK;
		refused += status == PP_NO_RESOURCES;
		if (status == PP_OK)
			drop(f);
	}
	give_memory(all);
	context("ten submits without memory, of which %ld were accepted and %ld refused", accepted, refused);
	EXPECT_INT(10, accepted + refused);
	expect_two_workers(e);
	shutdown_wait(e);
	EXPECT_INT(accepted, counter_value(ran));
}

/* RESOURCE-7: nothing was ever started, or something was. */
CASE(resource_7_shuts_down_after_a_refusal)
{
	need_limits();
	for (int used = 0; used < 2; used++) {
		struct pp_executor *e = executor_new(2);
		struct counter *ran = counter_new();
		struct gate *gate = used ? hold(e, 1) : gate_new();

		submit_without_threads(e, task_count, ran);
		gate_open(gate);
		context("shutdown of an executor with %d workers that could not start another", used);
		EXPECT_STATUS(PP_OK, shutdown_wait(e));
	}
}

/* ---- other calls ---------------------------------------------------------------------- */

#define HANDLES 20000

/* RESOURCE-8: as many as there is memory for. */
CASE(resource_8_future_new)
{
	need_limits();
	NEED(future_new);
	NEED(future_release);
	static struct pp_future *fs[HANDLES];
	struct pp_future *mark = token(1);
	int count, status = PP_OK;

	future_new();
	struct taken *all = take_memory();
	for (count = 0; count < HANDLES; count++) {
		fs[count] = mark;
		status = backend()->future_new(&fs[count]);
		if (status != PP_OK)
			break;
	}
	give_memory(all);
	for (int i = 0; i < count; i++)
		backend()->future_release(fs[i]);
	if (count == HANDLES)
		unsupported("memory did not run out within %d futures", HANDLES);
	context("future_new number %d without memory", count + 1);
	EXPECT_STATUS(PP_NO_RESOURCES, status);
	EXPECT_PTR(mark, fs[count]);
	struct pp_future *f = future_new();
	EXPECT_STATUS(PP_OK, set_result(f, token(1)));
}

/* Two futures given a hundred times, of which one is done. */
struct crowd {
	struct pp_executor *e;
	struct gate *gate;
	struct pp_future *done, *held;
	struct pp_future *fs[200];
	bool told[200];
};

static struct crowd *crowd_new(void)
{
	struct crowd *c = shared_alloc(sizeof(*c));
	void *outcome;

	c->e = executor_new(2);
	c->gate = gate_new();
	c->held = submit(c->e, task_pass_gate, c->gate);
	gate_await(c->gate, 1);
	c->done = submit(c->e, task_return, token(1));
	REQUIRE(result(c->done, PP_FOREVER, &outcome) == PP_OK);
	for (int i = 0; i < 200; i++)
		c->fs[i] = i % 2 ? c->done : c->held;
	return c;
}

/* RESOURCE-9: with and without a reason to block. */
CASE(resource_9_wait)
{
	need_limits();
	NEED(wait);
	struct crowd *c = crowd_new();
	double timeout = short_time();
	int status[3];

	REQUIRE(wait_for(c->fs, 200, timeout, PP_ALL_COMPLETED, c->told) == PP_OK);
	struct taken *all = take_memory();
	for (int m = 0; m < 3; m++)
		status[m] = backend()->wait(c->fs, 200, timeout, (enum pp_return_when)m, c->told);
	give_memory(all);
	context("wait without memory");
	for (int m = 0; m < 3; m++)
		EXPECT(refused_or_done(status[m]));
	gate_open(c->gate);
	context("wait over the same futures, with memory");
	EXPECT_STATUS(PP_OK, wait_for(c->fs, 200, PP_FOREVER, PP_ALL_COMPLETED, c->told));
	EXPECT(c->told[0] && c->told[199]);
}

/* RESOURCE-10: refused, or it yields what is done. */
CASE(resource_10_as_completed)
{
	need_limits();
	NEED(as_completed_begin);
	struct crowd *c = crowd_new();
	struct pp_completed *it = NULL;
	struct pp_future *f = NULL;
	int next = PP_OK;

	as_completed_next(as_completed_begin(c->fs, 200, PP_FOREVER), &f);
	f = NULL;
	struct taken *all = take_memory();
	int begun = backend()->as_completed_begin(c->fs, 200, PP_FOREVER, &it);
	if (begun == PP_OK)
		next = backend()->as_completed_next(it, &f);
	give_memory(all);
	if (begun == PP_OK)
		backend()->as_completed_end(it);
	context("as_completed without memory");
	EXPECT(refused_or_done(begun));
	EXPECT(refused_or_done(next));
	if (begun == PP_OK && next == PP_OK)
		EXPECT_PTR(c->done, f);
	gate_open(c->gate);
	it = as_completed_begin(c->fs, 200, PP_FOREVER);
	context("as_completed over the same futures, with memory");
	EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
	EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* A source of more arguments than there is memory for. */
struct plenty {
	struct pp_source source;
	long left;
	struct counter *ran;
};

static int plenty_next(void *state, void **arg)
{
	struct plenty *s = state;

	*arg = s->ran;
	return --s->left > 0 ? PP_OK : PP_STOP_ITERATION;
}

/* RESOURCE-11: the worker is held, so nothing of it has begun when memory runs out. */
CASE(resource_11_map)
{
	need_limits();
	NEED(map_begin);
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct plenty s = {.left = 200000, .ran = counter_new()};
	struct pp_map *it = NULL;
	void *raised = NULL;

	s.source.next = plenty_next;
	s.source.state = &s;
	REQUIRE(map_begin(e, task_count, source_of(NULL, 0, NULL), PP_FOREVER, 0, &it, &raised) == PP_OK);
	it = NULL;
	narrow(1 << 20);
	int status = backend()->map_begin(e, task_count, &s.source, PP_FOREVER, 0, &it, &raised);
	widen();
	if (status == PP_OK)
		backend()->map_end(it);
	gate_open(gate);
	shutdown_wait(e);
	if (status == PP_OK)
		unsupported("memory did not run out within 200000 arguments");
	context("map that runs out of memory");
	EXPECT_STATUS(PP_NO_RESOURCES, status);
	context("tasks of a map that was refused with NO_RESOURCES, after a shutdown that waits");
	EXPECT_INT(0, counter_value(s.ran));
}

/* RESOURCE-12: refused and not written, or it works. */
CASE(resource_12_executor_new)
{
	need_limits();
	struct pp_executor *mark = token(1), *e = mark;
	void *outcome = NULL;

	if (backend()->concurrency == 0)
		unsupported("the backend runs tasks inside submit");
	executor_new(2);
	struct taken *all = take_memory();
	int status = backend()->executor_new(2, &e);
	give_memory(all);
	context("executor_new without memory");
	EXPECT(refused_or_done(status));
	if (status == PP_NO_RESOURCES) {
		EXPECT_PTR(mark, e);
		e = executor_new(2);
	}
	EXPECT_STATUS(PP_OK, result(submit(e, task_return, token(1)), PP_FOREVER, &outcome));
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
	if (status == PP_OK && HAS(executor_release))
		backend()->executor_release(e);
}

/* RESOURCE-13: as many as there is memory for; those that were accepted are called. */
CASE(resource_13_add_done_callback)
{
	need_limits();
	NEED(add_done_callback);
	struct crowd *c = crowd_new();
	struct counter *called = counter_new();
	int accepted, status = PP_OK;

	REQUIRE(add_done_callback(c->held, callback_count, counter_new()) == PP_OK);
	struct taken *all = take_memory();
	for (accepted = 0; accepted < HANDLES; accepted++) {
		status = backend()->add_done_callback(c->held, callback_count, called);
		if (status != PP_OK)
			break;
	}
	give_memory(all);
	if (accepted == HANDLES)
		unsupported("memory did not run out within %d callbacks", HANDLES);
	gate_open(c->gate);
	shutdown_wait(c->e);
	context("add_done_callback number %d without memory", accepted + 1);
	EXPECT_STATUS(PP_NO_RESOURCES, status);
	context("done callbacks that were called");
	EXPECT_INT(accepted, counter_value(called));
}

/* RESOURCE-14: a task and a callback, between a gate that opens and a result that is waited for. */
CASE(resource_14_a_task_ends_without_memory)
{
	need_limits();
	struct crowd *c = crowd_new();
	struct counter *called = counter_new();
	void *outcome = NULL;

	if (HAS(add_done_callback))
		REQUIRE(add_done_callback(c->held, callback_count, called) == PP_OK);
	struct taken *all = take_memory();
	gate_open(c->gate);
	int status = backend()->result(c->held, PP_FOREVER, &outcome);
	give_memory(all);
	context("result of a task that ended while there was no memory");
	EXPECT_STATUS(PP_OK, status);
	EXPECT_PTR(c->gate, outcome);
	shutdown_wait(c->e);
	EXPECT_INT(HAS(add_done_callback) ? 1 : 0, counter_value(called));
}

/* RESOURCE-15: PENDING behind a held worker. */
CASE(resource_15_cancel_without_memory)
{
	need_limits();
	NEED(cancel);
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *victim = submit(e, must_not_run, NULL);

	REQUIRE(cancel(submit(e, must_not_run, NULL)));
	struct taken *all = take_memory();
	bool is_cancelled = backend()->cancel(victim);
	give_memory(all);
	context("cancel of a PENDING future while there was no memory");
	EXPECT(is_cancelled);
	gate_open(gate);
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
}

/* RESOURCE-16: with work that is PENDING, and without any. */
CASE(resource_16_shutdown_without_memory)
{
	need_limits();
	struct pp_executor *first = executor_new(1), *busy = executor_new(1), *unused = executor_new(1);
	struct counter *ran = counter_new();
	struct gate *gate = hold(busy, 1);
	void *outcome;

	for (int i = 0; i < 5; i++)
		submit(busy, task_count, ran);
	REQUIRE(result(submit(first, task_count, counter_new()), PP_FOREVER, &outcome) == PP_OK);
	REQUIRE(shutdown_wait(first) == PP_OK);
	struct taken *all = take_memory();
	gate_open(gate);
	int status[] = {backend()->shutdown(busy), backend()->shutdown(unused)};
	give_memory(all);
	context("shutdown while there was no memory");
	EXPECT_STATUS(PP_OK, status[0]);
	EXPECT_STATUS(PP_OK, status[1]);
	EXPECT_INT(5, counter_value(ran));
}

/* ---- one after the other ---------------------------------------------------------------- */

/* More than a process has keys of threads, or descriptors if nobody has asked for more. */
CASE(resource_21_executors_one_after_the_other)
{
	enum { N = 1100 };
	void *outcome = NULL;

	NEED(executor_release);
	for (int i = 0; i < N; i++) {
		struct pp_executor *e = NULL;

		context("executor number %d, those before it released", i + 1);
		EXPECT_STATUS(PP_OK, try_executor_new(1, &e));
		struct pp_future *f = submit(e, task_return, token(i));
		EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
		if (HAS(future_release))
			future_release(f);
		shutdown_wait(e);
		executor_release(e);
	}
}
