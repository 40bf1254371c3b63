/* SPDX-License-Identifier: MIT */
/*
 * growth.c: RESOURCE-20, what is used over and over takes no more memory each time.
 *
 * Rows of uses, each of which makes, ends and releases what it needs; an executor
 * is shut down, waiting, before it is released.  One block of memory left behind by
 * each use would be as many as a row has uses.  The first row may fill a store that
 * the executor keeps; of those that follow one without growth will do.
 */
#include "inject.h"
#include "resources.h"

#include <stdio.h>
#include <unistd.h>

#define USES 12
#define MANY 32 /* futures of one use */

/* What a use has at hand, made once. */
struct use {
	struct pp_executor *e;
	struct pp_future *fs[MANY];
	size_t count;
	struct counter *told; /* all that is counted here has its number from elsewhere */
	struct gate *gate;
	int pulled, of; /* by the source of map */
};

static void begin(struct use *u, int workers)
{
	REQUIRE(backend()->executor_new(workers, &u->e) == PP_OK);
	u->count = 0;
}

static struct pp_future *put(struct use *u, pp_task *task, void *arg)
{
	struct pp_future *f = NULL;

	REQUIRE(backend()->submit(u->e, task, arg, &f) == PP_OK);
	return u->fs[u->count++] = f;
}

/* The only worker is inside a task until the gate is opened. */
static void put_held(struct use *u)
{
	u->gate = gate_new();
	put(u, task_pass_gate, u->gate);
	gate_await(u->gate, 1);
}

static void drop_all(struct use *u)
{
	while (u->count > 0)
		drop(u->fs[--u->count]);
}

static void end(struct use *u)
{
	REQUIRE(backend()->shutdown(u->e) == PP_OK);
	drop_all(u);
	backend()->executor_release(u->e);
}

static void ask_all(struct use *u)
{
	void *outcome;
	size_t i;

	for (i = 0; i < u->count; i++)
		backend()->result(u->fs[i], PP_FOREVER, &outcome);
}

/* For threads that are about to end, or to let go of something. */
static double patience(bool is_ending)
{
	return (is_ending ? 100 : 5) * short_time();
}

/*
 * What is kept for the next use, as stacks are by the C library, may become more for some rows, when more is in use
 * at once than ever before.
 */
#define ROWS 6

static long growth_of_row(long (*level)(void), void (*body)(struct use *u), struct use *u)
{
	int i, threads = thread_count();
	long before = level(), grown;
	double begun;

	for (i = 0; i < USES; i++)
		body(u);
	begun = now();
	while ((grown = level() - before) >= USES && now() - begun < patience(thread_count() > threads))
		pass_time(0.001);
	return thread_count() > threads ? grown : level() - before;
}

static void expect_none_kept(struct use *u, const char *what, const char *unit, long (*level)(void),
			     void (*body)(struct use *u))
{
	long kept;
	int row;

	u->told = counter_new();
	growth_of_row(level, body, u);
	for (row = 0, kept = USES; row < ROWS && kept >= USES; row++)
		kept = growth_of_row(level, body, u);
	context("%s, %d times: %s left behind, in each of six such rows", what, USES, unit);
	EXPECT_AT_MOST(USES - 1, kept);
}

static void expect_none_kept_by(struct use *u, const char *what, void (*body)(struct use *u))
{
	expect_none_kept(u, what, "blocks of memory", inject_blocks, body);
}

static void expect_no_growth(const char *what, void (*body)(struct use *u))
{
	expect_none_kept(shared_alloc(sizeof(struct use)), what, "blocks of memory", inject_blocks, body);
}

static void need_growth(void)
{
	need_injection();
	NEED(executor_release);
	NEED(future_release);
}

/* ---- futures ------------------------------------------------------------------------ */

/* A value and an exception, and what becomes of their futures. */
static void use_two(struct use *u, void (*then)(struct use *u))
{
	begin(u, 1);
	put(u, task_return, token(1));
	put(u, task_raise, token(2));
	then(u);
	end(u);
}

static void use_outcomes(struct use *u)
{
	use_two(u, ask_all);
}

CASE(resource_20_outcomes)
{
	need_growth();
	expect_no_growth("a value and an exception, asked for and dropped", use_outcomes);
}

static void use_dropped(struct use *u)
{
	use_two(u, drop_all);
}

CASE(resource_20_dropped_at_once)
{
	need_growth();
	expect_no_growth("work items whose futures are dropped at once", use_dropped);
}

static void use_cancelled(struct use *u)
{
	begin(u, 1);
	put_held(u);
	backend()->cancel(put(u, must_not_run, NULL));
	backend()->cancel(put(u, must_not_run, NULL));
	drop(u->fs[--u->count]);
	gate_open(u->gate);
	end(u);
}

CASE(resource_20_cancelled)
{
	need_growth();
	NEED(cancel);
	executor_new(1);
	expect_no_growth("work items cancelled on the work queue", use_cancelled);
}

static void use_cancelled_by_shutdown(struct use *u)
{
	begin(u, 1);
	put_held(u);
	put(u, must_not_run, NULL);
	if (backend()->add_done_callback)
		backend()->add_done_callback(u->fs[1], callback_count, u->told);
	put(u, must_not_run, NULL);
	drop(u->fs[--u->count]);
	backend()->shutdown_cancel(u->e, false);
	gate_open(u->gate);
	end(u);
}

CASE(resource_20_cancelled_by_shutdown)
{
	need_growth();
	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	executor_new(1);
	expect_no_growth("work items that shutdown cancels", use_cancelled_by_shutdown);
}

static void use_refused(struct use *u)
{
	struct pp_future *f;

	begin(u, 1);
	backend()->shutdown(u->e);
	REQUIRE(backend()->submit(u->e, must_not_run, NULL, &f) == PP_SHUTDOWN);
	end(u);
}

CASE(resource_20_refused)
{
	need_growth();
	expect_no_growth("submits that are refused after shutdown", use_refused);
}

static void use_release_function(struct use *u)
{
	struct pp_future *f;

	begin(u, 1);
	REQUIRE(backend()->submit_with_release(u->e, task_count, u->told, release_count, &f) == PP_OK);
	u->fs[u->count++] = f;
	end(u);
}

CASE(resource_20_release_functions)
{
	need_growth();
	NEED(submit_with_release);
	expect_no_growth("work items with release functions", use_release_function);
}

static void use_callbacks(struct use *u)
{
	int i;

	begin(u, 1);
	put_held(u);
	put(u, task_return, NULL);
	put(u, must_not_run, NULL);
	for (i = 0; i < 3; i++) {
		backend()->add_done_callback(u->fs[1], callback_count, u->told);
		backend()->add_done_callback(u->fs[2], callback_count, u->told);
	}
	backend()->cancel(u->fs[2]);
	gate_open(u->gate);
	ask_all(u);
	backend()->add_done_callback(u->fs[1], callback_count, u->told);
	backend()->add_done_callback(u->fs[2], callback_count, u->told);
	end(u);
}

/* Adds another callback, and drops the last handle on a future and that on its own. */
static int callback_adds_and_drops(struct pp_future *f, void *told)
{
	struct pp_future *other = NULL;

	backend()->add_done_callback(f, callback_count, told);
	backend()->future_new(&other);
	drop(other);
	drop(f);
	return PP_OK;
}

static void use_in_callbacks(struct use *u)
{
	struct pp_future *f;

	REQUIRE(backend()->future_new(&f) == PP_OK);
	backend()->add_done_callback(f, callback_adds_and_drops, u->told);
	backend()->set_result(f, NULL);
}

CASE(resource_20_in_callbacks)
{
	need_growth();
	NEED(future_new);
	NEED(set_result);
	NEED(add_done_callback);
	NEED(future_release);
	executor_any();
	expect_no_growth("callbacks that are added and futures that are dropped inside a callback", use_in_callbacks);
}

CASE(resource_20_callbacks)
{
	need_growth();
	NEED(add_done_callback);
	NEED(cancel);
	executor_new(1);
	expect_no_growth("done callbacks, called when their futures end or at once", use_callbacks);
}

/* A future that ends otherwise than by its executor, or never. */
static void use_own_futures(struct use *u)
{
	bool run;
	int i;

	for (u->count = 0; u->count < 4; u->count++)
		REQUIRE(backend()->future_new(&u->fs[u->count]) == PP_OK);
	for (i = 0; i < 12 && backend()->add_done_callback; i++)
		backend()->add_done_callback(u->fs[i % 4], callback_count, u->told);
	backend()->set_running_or_notify_cancel(u->fs[0], &run);
	backend()->set_result(u->fs[0], token(1));
	backend()->set_exception(u->fs[1], token(2));
	if (backend()->cancel)
		backend()->cancel(u->fs[2]);
	drop_all(u);
}

CASE(resource_20_futures_without_an_executor)
{
	need_growth();
	NEED(future_new);
	NEED(set_running_or_notify_cancel);
	NEED(set_result);
	NEED(set_exception);
	expect_no_growth("futures of the author's half, one of which never ends", use_own_futures);
}

static void use_timeouts(struct use *u)
{
	void *outcome;

	begin(u, 1);
	put_held(u);
	backend()->result(u->fs[0], 0, &outcome);
	backend()->result(u->fs[0], 1e-6, &outcome);
	gate_open(u->gate);
	ask_all(u);
	end(u);
}

CASE(resource_20_results_that_time_out)
{
	need_growth();
	executor_new(1);
	expect_no_growth("results that time out", use_timeouts);
}

/* ---- many futures ------------------------------------------------------------------- */

/* A held one, and 10 that are done, each twice. */
static void put_crowd(struct use *u)
{
	int i;

	begin(u, 2);
	put_held(u);
	for (i = 0; i < 10; i++)
		put(u, task_return, NULL);
	for (i = 1; i <= 10; i++) {
		void *outcome;

		backend()->result(u->fs[i], PP_FOREVER, &outcome);
		u->fs[10 + i] = u->fs[i];
	}
}

static void end_crowd(struct use *u)
{
	gate_open(u->gate);
	end(u);
}

static void use_wait(struct use *u)
{
	bool done[MANY];

	put_crowd(u);
	backend()->wait(u->fs, 21, 0, PP_ALL_COMPLETED, done);
	backend()->wait(u->fs, 21, 1e-6, PP_ALL_COMPLETED, done);
	backend()->wait(u->fs, 21, PP_FOREVER, PP_FIRST_COMPLETED, done);
	gate_open(u->gate);
	backend()->wait(u->fs, 21, PP_FOREVER, PP_ALL_COMPLETED, done);
	backend()->wait(u->fs, 3, PP_FOREVER, PP_FIRST_EXCEPTION, done);
	end_crowd(u);
}

CASE(resource_20_wait)
{
	need_growth();
	NEED(wait);
	executor_new(2);
	expect_no_growth("waits for few and many, in time and not", use_wait);
}

/* Ask an iterator over all 21 for so many. */
static void iterate(struct use *u, int asked, double timeout)
{
	struct pp_completed *it;
	struct pp_future *f;
	int i;

	REQUIRE(backend()->as_completed_begin(u->fs, 21, timeout, &it) == PP_OK);
	for (i = 0; i < asked; i++)
		if (backend()->as_completed_next(it, &f) != PP_OK)
			break;
	backend()->as_completed_end(it);
}

static void use_as_completed(struct use *u)
{
	put_crowd(u);
	iterate(u, 0, PP_FOREVER);
	iterate(u, 1, PP_FOREVER);
	iterate(u, 10, PP_FOREVER);
	iterate(u, MANY, 0);
	gate_open(u->gate);
	iterate(u, MANY, PP_FOREVER);
	end_crowd(u);
}

CASE(resource_20_as_completed)
{
	need_growth();
	NEED(as_completed_begin);
	NEED(as_completed_next);
	NEED(as_completed_end);
	executor_new(2);
	expect_no_growth("iterators of as_completed, exhausted, ended early and out of time", use_as_completed);
}

/* ---- map ------------------------------------------------------------------------------ */

/* of arguments; a negative number: so many less one, then an exception. */
static int pull(void *state, void **arg)
{
	struct use *u = state;
	int of = u->of < 0 ? -u->of - 1 : u->of;

	*arg = token(1);
	if (u->pulled++ < of)
		return PP_OK;
	return u->of < 0 ? PP_RAISED : PP_STOP_ITERATION;
}

static void map(struct use *u, pp_task *task, int of, size_t buffersize, int asked)
{
	struct pp_source source = {pull, u};
	struct pp_map *it;
	void *outcome = NULL;

	u->pulled = 0;
	u->of = of;
	if (backend()->map_begin(u->e, task, &source, PP_FOREVER, buffersize, &it, &outcome) != PP_OK)
		return;
	while (asked-- > 0)
		backend()->map_next(it, &outcome);
	backend()->map_end(it);
}

static void use_exhausted_map(struct use *u)
{
	begin(u, 1);
	map(u, task_return, 0, 0, 2);
	map(u, task_return, 18, 0, 19);
	map(u, task_raise, 3, 0, 4);
	end(u);
}

static void use_map_ended_early(struct use *u)
{
	begin(u, 1);
	map(u, task_return, 5, 0, 0);
	map(u, task_return, 18, 0, 4);
	end(u);
}

static void use_refused_map(struct use *u)
{
	begin(u, 1);
	map(u, task_return, -3, 0, 0);
	backend()->shutdown(u->e);
	map(u, must_not_run, 3, 0, 0);
	end(u);
}

static void use_map_with_buffersize(struct use *u)
{
	begin(u, 1);
	map(u, task_return, 18, 2, 19);
	map(u, task_return, 9, 5, 3);
	map(u, task_return, -6, 2, 8);
	end(u);
}

static void expect_no_growth_of_map(const char *what, void (*body)(struct use *u))
{
	need_growth();
	NEED(map_begin);
	NEED(map_next);
	NEED(map_end);
	expect_no_growth(what, body);
}

/* One more outcome of a map that was begun before. */
static struct pp_map *endless;

static void use_endless_map(struct use *u)
{
	void *outcome;

	u->pulled = 0;
	backend()->map_next(endless, &outcome);
}

CASE(resource_20_map_that_goes_on)
{
	struct use *u = shared_alloc(sizeof(*u));
	struct pp_source source = {pull, u};
	void *outcome;

	need_growth();
	u->of = 1000;
	REQUIRE(map_begin(executor_new(1), task_return, &source, PP_FOREVER, 4, &endless, &outcome) == PP_OK);
	expect_none_kept_by(u, "outcomes of one map with a buffersize, taken", use_endless_map);
}

CASE(resource_20_map_exhausted)
{
	expect_no_growth_of_map("maps that are exhausted", use_exhausted_map);
}

CASE(resource_20_map_ended_early)
{
	expect_no_growth_of_map("maps that are ended early", use_map_ended_early);
}

CASE(resource_20_map_refused)
{
	expect_no_growth_of_map("maps that are refused, or whose source raises", use_refused_map);
}

CASE(resource_20_map_with_buffersize)
{
	if (!backend()->map_has_buffersize)
		unsupported("map has no buffersize");
	expect_no_growth_of_map("maps with a buffersize", use_map_with_buffersize);
}

/* ---- executors -------------------------------------------------------------------------- */

static long mapped_mib(void)
{
	FILE *statm = fopen("/proc/self/statm", "r");
	long pages = 0;

	REQUIRE(statm && fscanf(statm, "%ld", &pages) == 1);
	fclose(statm);
	return pages * sysconf(_SC_PAGESIZE) >> 20;
}

/* The stack of a thread that nobody joins or detaches is not among the blocks. */
static void expect_no_stacks_left(const char *what, void (*body)(struct use *u))
{
	expect_none_kept(shared_alloc(sizeof(struct use)), what, "MiB of address space", mapped_mib, body);
}

static void use_executors(struct use *u)
{
	struct pp_executor *e;

	begin(u, 3);
	put(u, task_return, NULL);
	put(u, task_return, NULL);
	end(u);
	begin(u, 1);
	end(u);
	if (backend()->executor_new(0, &e) == PP_OK)
		backend()->executor_release(e);
	if (backend()->executor_new_named && backend()->executor_new_named(1, "a prefix", &u->e) == PP_OK) {
		put(u, task_return, NULL);
		end(u);
	}
}

CASE(resource_20_executors)
{
	need_growth();
	expect_no_growth("executors that are made, used and not used, and released", use_executors);
	expect_no_stacks_left("executors that are made, used and not used, and released", use_executors);
}

static void use_without_shutdown(struct use *u, int workers)
{
	begin(u, workers);
	for (int i = 0; i < workers; i++)
		put(u, task_return, NULL);
	ask_all(u);
	drop_all(u);
	backend()->executor_release(u->e);
}

static void use_one_without_shutdown(struct use *u)
{
	use_without_shutdown(u, 1);
}

static void use_two_without_shutdown(struct use *u)
{
	use_without_shutdown(u, 2);
}

CASE(resource_20_released_without_shutdown)
{
	need_growth();
	expect_no_growth("executors that are released without a shutdown", use_two_without_shutdown);
	expect_no_stacks_left("executors that are released without a shutdown", use_two_without_shutdown);
}

static int task_releases(void *use, void **outcome)
{
	(void)outcome;
	backend()->executor_release(((struct use *)use)->e);
	return PP_OK;
}

static void use_released_by_a_task(struct use *u)
{
	begin(u, 1);
	put(u, task_releases, u);
	ask_all(u);
	drop_all(u);
}

CASE(resource_20_released_by_a_task)
{
	need_growth();
	need_shared_memory();
	expect_no_growth("executors that a task of theirs releases", use_released_by_a_task);
}

CASE(resource_20_released_without_shutdown_of_one_worker)
{
	need_growth();
	expect_no_growth("executors of one worker that are released without a shutdown", use_one_without_shutdown);
	expect_no_stacks_left("executors of one worker that are released without a shutdown", use_one_without_shutdown);
}

static void use_broken(struct use *u)
{
	struct pp_future *f;
	void *outcome;

	REQUIRE(backend()->executor_new_with_initializer(2, initializer_fail, NULL, &u->e) == PP_OK);
	for (u->count = 0; u->count < 3 && backend()->submit(u->e, must_not_run, NULL, &f) == PP_OK; u->count++) {
		u->fs[u->count] = f;
		if (backend()->add_done_callback)
			backend()->add_done_callback(f, callback_count, u->told);
	}
	if (u->count > 0)
		backend()->result(u->fs[0], PP_FOREVER, &outcome);
	if (backend()->submit(u->e, must_not_run, NULL, &f) == PP_OK)
		u->fs[u->count++] = f;
	end(u);
}

CASE(resource_20_broken_pools)
{
	need_growth();
	NEED(executor_new_with_initializer);
	expect_no_growth("pools that break", use_broken);
}
