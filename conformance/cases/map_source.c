/* SPDX-License-Identifier: MIT */
/*
 * map_source.c: MAP, when the source of arguments is asked, all at once or with a buffersize.
 *
 * What a source did is seen from counters that it raises; that a task is not
 * submitted yet, from the source not having been asked for its argument.
 */
#include "initializers.h"
#include "maps.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

/* ---- the source ----------------------------------------------------------------- */

/* MAP-12: all workers are held, and the source has been read to its end all the same. */
CASE(map_12_source_is_read_at_once)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *pulled = counter_new();
	struct pp_map *it = NULL;
	void *args[] = {token(0), token(1), token(2)}, *raised = NULL;

	context("map over three arguments, while the only worker is held");
	EXPECT_STATUS(PP_OK, map_begin(e, task_return, source_of(args, 3, pulled), PP_FOREVER, 0, &it, &raised));
	EXPECT_INT(4, counter_value(pulled));
	memset(args, 0xff, sizeof(args));
	gate_open(gate);
	context("outcomes of arguments that were overwritten after the call");
	for (int i = 0; i < 3; i++)
		expect_next(it, PP_OK, token(i));
}

/* MAP-13: not asked; drained by a shutdown. */
CASE(map_13_runs_though_nobody_asks)
{
	struct pp_executor *e = executor_any();
	struct counter *ran = counter_new();
	void *args[] = {ran, ran, ran, ran, ran};

	mapped(e, task_count, args, 5);
	shutdown_wait(e);
	context("five tasks of a map that was never asked, after a shutdown that waits");
	EXPECT_INT(5, counter_value(ran));
}

/* A source that notes who reads it, and can raise, end and be read too often. */
struct watched {
	struct pp_source source;
	int give;	     /* so many arguments, 0, 1, 2, ... as tokens */
	int then;	     /* PP_STOP_ITERATION or PP_RAISED */
	void *arg;	     /* not NULL: this instead of a token */
	pthread_t reader;
	bool other_reader;
	bool raises_null;
	int read, read_after_end;
	bool over;
};

static int watched_next(void *state, void **arg)
{
	struct watched *w = state;

	w->other_reader = w->other_reader || !pthread_equal(w->reader, pthread_self());
	w->read_after_end += w->over;
	if (w->read < w->give) {
		*arg = w->arg ? w->arg : token(w->read);
		w->read++;
		return PP_OK;
	}
	w->over = true;
	if (w->then == PP_RAISED)
		*arg = w->raises_null ? NULL : token(77);
	return w->then;
}

static struct watched *watched_new(int give, int then)
{
	struct watched *w = shared_alloc(sizeof(*w));

	w->source.next = watched_next;
	w->source.state = w;
	w->give = give;
	w->then = then;
	w->reader = pthread_self();
	return w;
}

/* A source that uses the executor of its map before each of three arguments. */
struct busy_source {
	struct pp_source source;
	struct pp_executor *e;
	int (*use)(struct pp_executor *e); /* returns a status */
	int read, status;
};

static int busy_next(void *state, void **arg)
{
	struct busy_source *b = state;
	int status;

	if (b->read == 3)
		return PP_STOP_ITERATION;
	status = b->use(b->e);
	if (status != PP_OK)
		b->status = status;
	*arg = token(b->read++);
	return PP_OK;
}

static struct busy_source *busy_source_new(struct pp_executor *e, int (*use)(struct pp_executor *e))
{
	struct busy_source *b = shared_alloc(sizeof(*b));

	*b = (struct busy_source){{busy_next, b}, e, use, 0, PP_OK};
	return b;
}

/* With both forms of map: the outcomes are those of any source. */
static void expect_busy_source(int (*use)(struct pp_executor *e), const char *what)
{
	struct pp_executor *e = executor_any();

	for (size_t buffersize = 0; buffersize < 2; buffersize++) {
		struct busy_source *b = busy_source_new(e, use);
		struct pp_map *it = NULL;
		void *raised = NULL;

		if (buffersize && !backend()->map_has_buffersize)
			continue;
		context("map with a buffersize of %zu over a source that %s", buffersize, what);
		EXPECT_STATUS(PP_OK, map_begin(e, task_return, &b->source, PP_FOREVER, buffersize, &it, &raised));
		for (int i = 0; i < 3; i++)
			expect_next(it, PP_OK, token(i));
		expect_stop(it);
		EXPECT_STATUS(PP_OK, b->status);
	}
}

static int submit_and_wait(struct pp_executor *e)
{
	const struct pp_backend *b = backend();
	struct pp_future *f = NULL;
	void *outcome = NULL;
	int status = b->submit(e, task_return, token(5), &f);

	if (status != PP_OK)
		return status;
	status = b->result(f, PP_FOREVER, &outcome);
	if (HAS(future_release))
		b->future_release(f);
	return status == PP_OK && outcome != token(5) ? PP_RAISED : status;
}

CASE(reentry_75_source_submits_and_waits)
{
	NEED(map_begin);
	expect_busy_source(submit_and_wait, "submits to the same executor and waits");
}

static int map_and_take(struct pp_executor *e)
{
	const struct pp_backend *b = backend();
	struct pp_map *it = NULL;
	void *outcome = NULL, *raised = NULL;
	int status = b->map_begin(e, task_return, source_of(abc, 3, NULL), PP_FOREVER, 0, &it, &raised);

	if (status != PP_OK)
		return status;
	status = b->map_next(it, &outcome);
	b->map_end(it);
	return status == PP_OK && outcome != abc[0] ? PP_RAISED : status;
}

CASE(reentry_76_source_maps)
{
	NEED(map_begin);
	NEED(map_next);
	NEED(map_end);
	expect_busy_source(map_and_take, "maps on the same executor");
}

static int shut_down_once(struct pp_executor *e)
{
	return backend()->shutdown_nowait(e);
}

CASE(reentry_77_source_shuts_down)
{
	struct pp_executor *e = executor_any();
	struct busy_source *b = busy_source_new(e, shut_down_once);
	struct pp_map *it = NULL;
	void *raised = token(4000);

	NEED(shutdown_nowait);
	context("map over a source that shuts the executor down");
	EXPECT_STATUS(PP_SHUTDOWN, map_begin(e, must_not_run, &b->source, PP_FOREVER, 0, &it, &raised));
	EXPECT_STATUS(PP_OK, b->status);
	EXPECT_PTR(token(4000), raised);
	shutdown_wait(e);
}

static struct pp_map *mapped_watched(struct pp_executor *e, struct watched *w, size_t buffersize)
{
	struct pp_map *it = NULL;
	void *raised = NULL;

	EXPECT_STATUS(PP_OK, map_begin(e, task_return, &w->source, PP_FOREVER, buffersize, &it, &raised));
	return it;
}

/* MAP-14: without and with a buffersize. */
/* MAP-14: it, a map of the ten that w has, is asked to its end. */
static void expect_read_here(struct pp_map *it, struct watched *w, const char *how)
{
	for (int i = 0; i < 10; i++)
		expect_next(it, PP_OK, token(i));
	expect_stop(it);
	context("a source of ten arguments was read by another thread%s", how);
	EXPECT_FALSE(w->other_reader);
}

CASE(map_14_read_by_the_calling_thread)
{
	struct pp_executor *e = executor_any();
	struct watched *w = watched_new(10, PP_STOP_ITERATION);

	expect_read_here(mapped_watched(e, w, 0), w, "");
}

/* MAP-14: with a buffersize. */
CASE(map_14_read_by_the_asking_thread)
{
	NEED(map_begin);
	struct pp_executor *e = executor_any();
	struct watched *w = watched_new(10, PP_STOP_ITERATION);
	struct pp_map *it = NULL;
	void *raised;

	EXPECT_STATUS(PP_OK, map_begin(e, task_return, &w->source, PP_FOREVER, 2, &it, &raised));
	expect_read_here(it, w, ", with a buffersize of 2");
}

/* MAP-15: asked beyond the end. */
CASE(map_15_ended_source_is_left_alone)
{
	struct pp_executor *e = executor_any();
	struct watched *w = watched_new(2, PP_STOP_ITERATION);
	struct pp_map *it = mapped_watched(e, w, 0);

	expect_next(it, PP_OK, token(0));
	expect_next(it, PP_OK, token(1));
	expect_stop(it);
	expect_stop(it);
	map_end(it);
	context("a source that has ended, read again");
	EXPECT_INT(0, w->read_after_end);
}

static int begin_raising(struct pp_executor *e, struct watched *w, struct pp_map **it, void **raised)
{
	return map_begin(e, task_return, &w->source, PP_FOREVER, 0, it, raised);
}

/* MAP-16: at the first argument, and at the third. */
CASE(map_16_source_raises)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = NULL;

	for (int give = 0; give < 3; give += 2) {
		void *raised = NULL;

		context("map over a source that raises after %d arguments", give);
		EXPECT_STATUS(PP_RAISED, begin_raising(e, watched_new(give, PP_RAISED), &it, &raised));
		EXPECT_PTR(token(77), raised);
	}
}

/* MAP-16: NULL is an exception like any other. */
CASE(map_16_source_raises_null)
{
	struct pp_executor *e = executor_any();
	struct watched *w = watched_new(2, PP_RAISED);
	struct pp_map *it = NULL;
	void *raised = token(4000);

	w->raises_null = true;
	context("map over a source that raises NULL after two arguments");
	EXPECT_STATUS(PP_RAISED, begin_raising(e, w, &it, &raised));
	EXPECT_PTR(NULL, raised);
}

/* MAP-17: the same source, looked at afterwards. */
CASE(map_17_raised_source_is_left_alone)
{
	struct pp_executor *e = executor_any();
	struct watched *w = watched_new(2, PP_RAISED);
	struct pp_map *it = NULL;
	void *raised = NULL;

	REQUIRE(begin_raising(e, w, &it, &raised) == PP_RAISED);
	shutdown_wait(e);
	context("a source that has raised, read again");
	EXPECT_INT(0, w->read_after_end);
}

/* MAP-17: with a buffersize, by an ask after the exception. */
CASE(map_17_raised_source_is_left_alone_by_later_asks)
{
	struct pp_executor *e = executor_any();
	struct watched *w = watched_new(3, PP_RAISED);
	struct pp_map *it = mapped_watched(e, w, 2);
	void *outcome;

	for (int i = 0; i < 5; i++)
		backend()->map_next(it, &outcome);
	map_end(it);
	context("a source that has raised during the iteration, read again");
	EXPECT_INT(0, w->read_after_end);
}

/* MAP-18: a task, and a map. */
CASE(map_18_usable_after_a_source_that_raised)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = NULL;
	void *raised = NULL;

	REQUIRE(begin_raising(e, watched_new(3, PP_RAISED), &it, &raised) == PP_RAISED);
	context("work submitted after a map whose source raised");
	expect_usable(e);
	it = mapped(e, task_return, abc, 3);
	for (int i = 0; i < 3; i++)
		expect_next(it, PP_OK, abc[i]);
}

/* MAP-19: the only worker is held, so nothing of it has begun. */
CASE(map_19_source_raises_and_nothing_of_it_runs)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct watched *w = watched_new(3, PP_RAISED);
	struct counter *ran = counter_new();
	struct pp_map *it = NULL;
	void *raised = NULL;

	w->arg = ran;
	REQUIRE(map_begin(e, task_count, &w->source, PP_FOREVER, 0, &it, &raised) == PP_RAISED);
	gate_open(gate);
	shutdown_wait(e);
	context("tasks that were PENDING when the source of their map raised, after a shutdown that waits");
	EXPECT_INT(0, counter_value(ran));
}

/* MAP-20: refused for its source, and for a shutdown. */
CASE(map_20_refused_and_not_written)
{
	struct pp_executor *e = executor_any();
	struct pp_map *mark = token(1), *it = mark;
	void *raised = NULL;

	REQUIRE(begin_raising(e, watched_new(1, PP_RAISED), &it, &raised) == PP_RAISED);
	context("the iterator, after a map whose source raised");
	EXPECT_PTR(mark, it);
	shutdown_wait(e);
	raised = token(2);
	REQUIRE(begin_raising(e, watched_new(1, PP_STOP_ITERATION), &it, &raised) == PP_SHUTDOWN);
	context("the iterator and the exception, after a map on an executor that was shut down");
	EXPECT_PTR(mark, it);
	EXPECT_PTR(token(2), raised);
}

/* ---- buffersize ----------------------------------------------------------------------------------- */

static struct pp_map *buffered(struct pp_executor *e, pp_task *task, struct pp_source *source, size_t buffersize)
{
	struct pp_map *it = NULL;
	void *raised = NULL;

	EXPECT_STATUS(PP_OK, map_begin(e, task, source, PP_FOREVER, buffersize, &it, &raised));
	return it;
}

/* MAP-22: with a buffersize of 1 nothing more is submitted until the exception was taken. */
CASE(map_22_goes_on_with_buffersize)
{
	static void *const args[] = {(void *)2, (void *)3, (void *)4, (void *)5, (void *)6};
	struct pp_executor *e = executor_any();
	struct pp_map *it = buffered(e, task_raise_odd, source_of(args, 5, NULL), 1);

	for (int i = 0; i < 5; i++) {
		context("outcome number %d of five with a buffersize of 1, of tasks that raise for odd arguments", i);
		expect_next(it, i % 2 ? PP_RAISED : PP_OK, args[i]);
	}
	expect_stop(it);
}

/* MAP-29: a map without limit would not answer. */
CASE(map_29_timeout_zero_with_buffersize)
{
	for (int i = 0; i < 2; i++) {
		struct pp_executor *e = executor_new(1);
		struct pp_map *it = NULL;
		void *args[3], *raised;
		double timeout = -i;

		steps_new(args, 3);
		context("map with timeout %g and a buffersize of 2, its first task held", timeout);
		EXPECT_STATUS(PP_OK, map_begin(e, task_step, source_of(args, 3, NULL), timeout, 2, &it, &raised));
		expect_next(it, PP_TIMEOUT, token(4000));
	}
}

/* MAP-42: an ask that times out takes no outcome. */
CASE(map_42_does_not_read_further_ahead_when_time_is_up)
{
	struct pp_executor *e = executor_new(1);
	struct counter *pulled = counter_new();
	struct pp_map *it = NULL;
	void *args[6], *raised;

	steps_new(args, 6);
	EXPECT_STATUS(PP_OK, map_begin(e, task_step, source_of(args, 6, pulled), short_time(), 2, &it, &raised));
	for (int i = 0; i < 3; i++) {
		context("arguments read with a buffersize of 2 when %d asks have timed out", i);
		EXPECT_AT_MOST(2, counter_value(pulled));
		expect_next(it, PP_TIMEOUT, token(4000));
	}
	context("arguments read with a buffersize of 2 when all asks have timed out");
	EXPECT_AT_MOST(2, counter_value(pulled));
}

/* MAP-42: nor does one that comes after an outcome was taken. */
CASE(map_42_does_not_read_further_ahead_when_time_is_up_after_an_outcome)
{
	struct pp_executor *e = executor_new(1);
	struct counter *pulled = counter_new();
	struct pp_map *it = NULL;
	void *args[6], *raised;

	steps_new(args, 6);
	REQUIRE(map_begin(e, task_step, source_of(args, 6, pulled), short_time(), 2, &it, &raised) == PP_OK);
	open_step(args[0]);
	await_step(args[1]); /* the only worker has ended the first */
	expect_next(it, PP_OK, token(0));
	for (int i = 0; i < 3; i++) {
		expect_next(it, PP_TIMEOUT, token(4000));
		context("arguments read with a buffersize of 2 when one outcome was taken and %d asks have timed out", i + 1);
		EXPECT_AT_MOST(3, counter_value(pulled));
	}
}

/* MAP-41: two of five, run without an ask. */
CASE(map_41_submits_as_many_as_buffersize)
{
	struct pp_executor *e = executor_any();
	struct counter *ran = counter_new();
	void *args[] = {ran, ran, ran, ran, ran};

	buffered(e, task_count, source_of(args, 5, NULL), 2);
	shutdown_wait(e);
	context("map over five arguments with a buffersize of 2, not asked, after a shutdown that waits");
	EXPECT_INT(2, counter_value(ran));
}

/* MAP-41: a source with fewer arguments, and one with as many. */
CASE(map_41_source_smaller_than_buffersize)
{
	struct pp_executor *e = executor_any();

	for (size_t buffersize = 3; buffersize < 1000; buffersize *= 10) {
		struct pp_map *it = buffered(e, task_return, source_of(abc, 3, NULL), buffersize);

		context("map over three arguments with a buffersize of %zu", buffersize);
		for (int i = 0; i < 3; i++)
			expect_next(it, PP_OK, abc[i]);
		expect_stop(it);
	}
}

/* MAP-41: sizes whose product with that of anything overflows, and one that 32 bits take for another. */
CASE(map_41_source_smaller_than_a_huge_buffersize)
{
	static const size_t sizes[] = {SIZE_MAX, SIZE_MAX / 2 + 2, SIZE_MAX / 8 + 2, SIZE_MAX / 16 + 2, (size_t)1 << 32 | 1};
	struct pp_executor *e = executor_any();

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct counter *pulled = counter_new();
		struct pp_map *it = NULL;
		void *raised;
		int status = map_begin(e, task_return, source_of(abc, 3, pulled), PP_FOREVER, sizes[i], &it, &raised);

		context("map over three arguments with a buffersize of %zu", sizes[i]);
		EXPECT(status == PP_OK || status == PP_INVALID_ARGUMENT);
		if (status != PP_OK)
			continue;
		EXPECT_INT(4, counter_value(pulled));
		for (int k = 0; k < 3; k++)
			expect_next(it, PP_OK, abc[k]);
		expect_stop(it);
	}
}

/* MAP-42: the bound, at the call and after each outcome taken. */
CASE(map_42_does_not_read_further_ahead)
{
	struct pp_executor *e = executor_any();

	for (int buffersize = 1; buffersize <= 4; buffersize++) {
		struct watched *w = watched_new(12, PP_STOP_ITERATION);
		struct pp_map *it = mapped_watched(e, w, (size_t)buffersize);

		for (int taken = 0; taken < 12; taken++) {
			context("arguments read with a buffersize of %d when %d outcomes are taken", buffersize, taken);
			EXPECT_AT_MOST(buffersize + taken, w->read);
			expect_next(it, PP_OK, token(taken));
		}
		expect_stop(it);
	}
}

/* MAP-43: a thread waits for the first outcome. */
CASE(map_43_does_not_read_while_it_waits)
{
	struct pp_executor *e = executor_new(1);
	struct counter *pulled = counter_new();
	void *args[6];

	steps_new(args, 6);
	struct asker a = {.it = buffered(e, task_step, source_of(args, 6, pulled), 2)};
	asker_start(&a);
	context("arguments read with a buffersize of 2, while the first outcome is waited for");
	EXPECT_AT_MOST(2, counter_value(pulled));
	for (int i = 0; i < 6; i++)
		open_step(args[i]);
	thread_join(a.thread);
	EXPECT_STATUS(PP_OK, a.status);
	EXPECT_PTR(token(0), a.outcome);
}

/* MAP-44: each time one more has run than was taken, without a further ask. */
CASE(map_44_takes_up_one_more_for_each_outcome)
{
	struct pp_executor *e = executor_new(2);
	struct counter *ran = counter_new();
	void *args[] = {ran, ran, ran, ran, ran, ran}, *outcome;
	struct pp_map *it = buffered(e, task_count, source_of(args, 6, NULL), 2);

	for (int i = 0; i < 5; i++) {
		EXPECT_STATUS(PP_OK, map_next(it, &outcome));
		context("tasks run with a buffersize of 2 when %d outcomes are taken", i + 1);
		counter_await(ran, i + 2);
		EXPECT_AT_LEAST(i + 2, counter_value(ran));
	}
}

/* MAP-45: workers that end in any order. */
CASE(map_45_order_with_buffersize)
{
	struct pp_executor *e = executor_new(4);
	void *args[100];

	for (int i = 0; i < 100; i++)
		args[i] = token(i);
	struct pp_map *it = buffered(e, task_return, source_of(args, 100, NULL), 7);
	for (int i = 0; i < 100; i++) {
		context("outcome number %d of 100 with a buffersize of 7", i);
		expect_next(it, PP_OK, token(i));
	}
	expect_stop(it);
}

/* MAP-45: exceptions too, at their places. */
CASE(map_45_exceptions_with_buffersize)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = buffered(e, task_raise_odd, source_of(two_three_four, 3, NULL), 1);

	context("map over three arguments with a buffersize of 1, of which the task raises for the second");
	expect_next(it, PP_OK, (void *)2);
	expect_next(it, PP_RAISED, (void *)3);
}

/* MAP-46: asked a hundred times, then ended. */
CASE(map_46_endless_source)
{
	struct pp_executor *e = executor_any();
	struct watched *w = watched_new(INT_MAX, PP_STOP_ITERATION);
	struct pp_map *it;

	w->arg = token(3);
	it = mapped_watched(e, w, 3);
	for (int i = 0; i < 100; i++) {
		context("outcome number %d of an endless source with a buffersize of 3", i);
		expect_next(it, PP_OK, token(3));
	}
	map_end(it);
	EXPECT_AT_MOST(103, w->read);
}

/* Ask for up to count outcomes; the first answer that is none. */
static int take(struct pp_map *it, int count, int *taken)
{
	int status = PP_OK;

	for (*taken = 0; *taken < count; ++*taken) {
		void *outcome = NULL;

		status = map_next(it, &outcome);
		if (status != PP_OK)
			break;
		EXPECT_PTR(token(*taken), outcome);
	}
	return status;
}

/* MAP-47: before the first ask, and after it. */
CASE(map_47_shut_down_before_the_first_ask)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = mapped_watched(e, watched_new(8, PP_STOP_ITERATION), 2);
	int taken;

	shutdown_wait(e);
	context("map over eight arguments with a buffersize of 2, its executor shut down before the first ask");
	EXPECT_STATUS(PP_SHUTDOWN, take(it, 8, &taken));
}

/* MAP-47: after the first ask. */
CASE(map_47_shut_down_after_the_first_ask)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = mapped_watched(e, watched_new(8, PP_STOP_ITERATION), 2);
	void *outcome;
	int status = PP_OK;

	expect_next(it, PP_OK, token(0));
	shutdown_wait(e);
	context("map over eight arguments with a buffersize of 2, its executor shut down after the first ask");
	for (int i = 0; i < 8 && status == PP_OK; i++)
		status = map_next(it, &outcome);
	EXPECT_STATUS(PP_SHUTDOWN, status);
}

/* MAP-47: what is PENDING of it is cancelled. */
CASE(map_47_shut_down_and_cancelled)
{
	need_form(CANCELS_RETURNS);
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_map *it = mapped_watched(e, watched_new(8, PP_STOP_ITERATION), 2);
	void *outcome;
	int status = PP_CANCELLED;

	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(gate);
	context("map over eight arguments with a buffersize of 2, its executor shut down and the two cancelled");
	for (int i = 0; i < 8 && status == PP_CANCELLED; i++)
		status = map_next(it, &outcome);
	EXPECT_STATUS(PP_SHUTDOWN, status);
}

/* MAP-25: the initializer of a second worker fails, when the first outcome is there and none was taken. */
CASE(map_25_pool_that_breaks_with_more_to_submit)
{
	struct plan *p = plan_new(2, 2);
	struct pp_map *it = mapped_watched(p->e, watched_new(8, PP_STOP_ITERATION), 1);
	struct gate *gate = hold(p->e, 1);
	struct pp_future *victim = submit(p->e, must_not_run, NULL);
	void *outcome;
	int status = PP_OK;

	gate_open(p->gate);
	expect_broken(victim);
	gate_open(gate);
	context("map over eight arguments with a buffersize of 1, its pool broken when the first task had ended");
	for (int i = 0; i < 8 && status == PP_OK; i++)
		status = map_next(it, &outcome);
	EXPECT_STATUS(PP_BROKEN, status);
}

/* MAP-48: the two in the buffer come first. */
CASE(map_48_buffered_outcomes_before_shutdown_is_told)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = mapped_watched(e, watched_new(8, PP_STOP_ITERATION), 2);
	int taken;

	shutdown_wait(e);
	context("map over eight arguments with a buffersize of 2, its executor shut down before the first ask");
	EXPECT_STATUS(PP_SHUTDOWN, take(it, 8, &taken));
	EXPECT_INT(2, taken);
}

/* MAP-49: the source raises at its fourth argument, the buffer holds two. */
CASE(map_49_source_raises_after_the_call)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = mapped_watched(e, watched_new(4, PP_RAISED), 2);
	void *outcome = NULL;
	int status = PP_OK;

	for (int i = 0; i < 5 && status == PP_OK; i++)
		status = map_next(it, &outcome);
	context("map with a buffersize of 2 over a source that raises after four arguments");
	EXPECT_STATUS(PP_RAISED, status);
	EXPECT_PTR(token(77), outcome);
}

/* MAP-4: what the source has raised is told once; then the iterator has stopped. */
CASE(map_4_stopped_for_good_after_the_exception_of_the_source)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = mapped_watched(e, watched_new(4, PP_RAISED), 2);
	int taken;

	REQUIRE(take(it, 5, &taken) == PP_RAISED);
	for (int i = 0; i < 3; i++) {
		context("ask number %d after the exception of the source", i + 1);
		expect_next(it, PP_STOP_ITERATION, token(4000));
	}
}

/* MAP-4: so is that its executor refuses. */
CASE(map_4_stopped_for_good_after_a_shutdown)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = mapped_watched(e, watched_new(8, PP_STOP_ITERATION), 2);
	int taken;

	shutdown_wait(e);
	REQUIRE(take(it, 8, &taken) == PP_SHUTDOWN);
	for (int i = 0; i < 3; i++) {
		context("ask number %d after SHUTDOWN was told", i + 1);
		expect_next(it, PP_STOP_ITERATION, token(4000));
	}
}

/* MAP-50: after the outcomes of all four. */
CASE(map_50_outcomes_before_the_exception_of_the_source)
{
	struct pp_executor *e = executor_any();
	struct pp_map *it = mapped_watched(e, watched_new(4, PP_RAISED), 2);

	context("map with a buffersize of 2 over a source that raises after four arguments");
	for (int i = 0; i < 4; i++)
		expect_next(it, PP_OK, token(i));
	expect_next(it, PP_RAISED, token(77));
}

/* MAP-51: ended with one outcome taken; the executor is drained. */
CASE(map_51_ended_source_is_not_read)
{
	struct pp_executor *e = executor_any();
	struct watched *w = watched_new(100, PP_STOP_ITERATION);
	struct pp_map *it = mapped_watched(e, w, 2);
	int read;

	expect_next(it, PP_OK, token(0));
	read = w->read;
	map_end(it);
	shutdown_wait(e);
	context("arguments read after a map with a buffersize of 2 was ended");
	EXPECT_INT(read, w->read);
}
