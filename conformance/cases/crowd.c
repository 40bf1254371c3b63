/* SPDX-License-Identifier: MIT */
/*
 * crowd.c: many threads, inside every call that can wait for a future, around one
 * future that has a callback too.  However it becomes done, each of them hears of it:
 * those that wait for ever, and then such a crowd with a timeout that never passes.
 */
#include "futures.h"

/* Threads inside each call: beyond a table of 16, or 64 in all; with a timeout, one that is not alone. */
#define EACH 17
#define EACH_WITH_TIMEOUT 2

enum { RESULT, EXCEPTION, WAIT, AS_COMPLETED, KINDS };

static const char *const kind_names[KINDS] = {"result", "exception", "wait", "as_completed"};

static double timeout; /* of all of a crowd */

struct member {
	int kind;
	struct pp_future *f;
	int status;
	void *outcome;
	struct pp_future *yielded;
	bool done;
	struct thread *thread;
};

struct crowd {
	struct member members[KINDS * EACH];
	int count;
	struct counter *called; /* the callbacks */
};

static void stand_by(void *arg)
{
	struct member *m = arg;
	const struct pp_backend *b = backend();
	struct pp_completed *it = NULL;

	switch (m->kind) {
	case RESULT:
		m->status = b->result(m->f, timeout, &m->outcome);
		break;
	case EXCEPTION:
		m->status = b->exception(m->f, timeout, &m->outcome);
		break;
	case WAIT:
		m->status = b->wait(&m->f, 1, timeout, PP_ALL_COMPLETED, &m->done);
		break;
	default:
		m->status = b->as_completed_begin(&m->f, 1, timeout, &it);
		if (m->status == PP_OK)
			m->status = b->as_completed_next(it, &m->yielded);
		if (it)
			b->as_completed_end(it);
	}
}

static bool has_kind(int kind)
{
	switch (kind) {
	case EXCEPTION:
		return HAS(exception);
	case WAIT:
		return HAS(wait);
	case AS_COMPLETED:
		return HAS(as_completed_begin) && HAS(as_completed_next) && HAS(as_completed_end);
	default:
		return true;
	}
}

/* Threads inside the calls from kind first to kind last. */
static struct crowd *gather(struct pp_future *f, int first, int last)
{
	struct crowd *c = shared_alloc(sizeof(*c));
	int each = timeout == PP_FOREVER ? EACH : EACH_WITH_TIMEOUT;

	c->called = counter_new();
	if (HAS(add_done_callback))
		for (int i = 0; i < 2; i++)
			REQUIRE(add_done_callback(f, callback_count, c->called) == PP_OK);
	for (int i = 0; i < each; i++)
		for (int kind = first; kind <= last; kind++) {
			struct member *m = &c->members[c->count];

			if (!has_kind(kind))
				continue;
			*m = (struct member){.kind = kind, .f = f, .status = -1};
			m->thread = thread_start(stand_by, m);
			c->count++;
		}
	for (int i = 0; i < c->count; i++)
		thread_settle(c->members[i].thread);
	return c;
}

static void join_all(struct crowd *c)
{
	for (int i = 0; i < c->count; i++)
		if (c->members[i].thread)
			thread_join(c->members[i].thread);
	for (int i = 0; i < c->count; i++)
		c->members[i].thread = NULL;
}

/* All return: result with status and outcome. */
static void disperse(struct crowd *c, int status, void *outcome)
{
	join_all(c);
	for (int i = 0; i < c->count; i++) {
		struct member *m = &c->members[i];

		context("thread %d of %d around one future, inside %s with a timeout of %g", i + 1, c->count,
			kind_names[m->kind], timeout);
		if (m->kind == RESULT || (m->kind == EXCEPTION && status != PP_OK)) {
			EXPECT_STATUS(status, m->status);
			EXPECT_PTR(outcome, m->outcome);
			continue;
		}
		EXPECT_STATUS(PP_OK, m->status);
		if (m->kind == EXCEPTION)
			EXPECT_PTR(NULL, m->outcome);
		else if (m->kind == WAIT)
			EXPECT(m->done);
		else
			EXPECT_PTR(m->f, m->yielded);
	}
	if (HAS(add_done_callback)) {
		counter_await(c->called, 2);
		context("two callbacks of a future with a crowd around it");
		EXPECT_INT(2, counter_value(c->called));
	}
}

static void for_ever_and_not(void (*around)(void))
{
	timeout = PP_FOREVER;
	around();
	timeout = 1e6;
	around();
}

struct held {
	struct gate *gate;
	int status;
};

static int task_held(void *arg, void **outcome)
{
	struct held *h = arg;

	gate_wait(h->gate);
	*outcome = token(1);
	return h->status;
}

static void around_a_task(int status)
{
	struct pp_executor *e = executor_new(1);
	struct held *h = shared_alloc(sizeof(*h));
	struct crowd *c;

	*h = (struct held){gate_new(), status};
	c = gather(submit(e, task_held, h), RESULT, AS_COMPLETED);
	gate_open(h->gate);
	disperse(c, status, token(1));
}

static void around_a_value(void)
{
	around_a_task(PP_OK);
}

CASE(result_15_crowd_around_a_value)
{
	for_ever_and_not(around_a_value);
}

static void around_an_exception(void)
{
	around_a_task(PP_RAISED);
}

CASE(result_15_crowd_around_an_exception)
{
	for_ever_and_not(around_an_exception);
}

static void around_an_authors_value(void)
{
	NEED(set_result);
	struct pp_future *f = future_new();
	struct crowd *c = gather(f, RESULT, AS_COMPLETED);

	REQUIRE(set_result(f, token(1)) == PP_OK);
	disperse(c, PP_OK, token(1));
}

CASE(author_25_crowd_around_a_value)
{
	for_ever_and_not(around_an_authors_value);
}

static void around_an_authors_exception(void)
{
	NEED(set_exception);
	struct pp_future *f = future_new();
	struct crowd *c = gather(f, RESULT, AS_COMPLETED);

	REQUIRE(set_exception(f, token(1)) == PP_OK);
	disperse(c, PP_RAISED, token(1));
}

CASE(author_26_crowd_around_an_exception)
{
	for_ever_and_not(around_an_authors_exception);
}

/* The gate is opened for those who may hear of it no earlier than the worker. */
static void around_a_cancelled_one(void)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *f = submit(e, must_not_run, NULL);
	struct crowd *c;

	NEED(cancel);
	c = gather(f, RESULT, AS_COMPLETED);
	REQUIRE(cancel(f));
	gate_open(gate);
	disperse(c, PP_CANCELLED, NULL);
}

CASE(result_16_crowd_around_a_cancelled_one)
{
	for_ever_and_not(around_a_cancelled_one);
}

static void around_a_broken_one(void)
{
	struct gate *gate = gate_new();
	struct pp_executor *e = executor_new_with_initializer(1, initializer_fail_at_gate, gate);
	struct crowd *c = gather(submit(e, must_not_run, NULL), RESULT, AS_COMPLETED);

	gate_open(gate);
	disperse(c, PP_BROKEN, NULL);
}

CASE(init_19_crowd_around_a_broken_one)
{
	for_ever_and_not(around_a_broken_one);
}

/* The gate is opened for those who throw away last what never ran. */
static void around_one_that_shutdown_cancels(int first, int last)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct crowd *c;

	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	c = gather(submit(e, must_not_run, NULL), first, last);
	REQUIRE(shutdown_cancel(e, false) == PP_OK);
	gate_open(gate);
	disperse(c, PP_CANCELLED, NULL);
}

static void inside_result_of_a_cancelled_one(void)
{
	around_one_that_shutdown_cancels(RESULT, EXCEPTION);
}

CASE(shutdown_39_crowd_inside_result)
{
	for_ever_and_not(inside_result_of_a_cancelled_one);
}

static void inside_wait_for_a_cancelled_one(void)
{
	NEED(wait);
	around_one_that_shutdown_cancels(WAIT, WAIT);
}

CASE(shutdown_40_thread_inside_wait_in_a_crowd)
{
	for_ever_and_not(inside_wait_for_a_cancelled_one);
}

/* The first callback of the future is over only when all of them have returned. */
static void around_a_callback(int first, int last)
{
	struct pp_executor *e = executor_new(1);
	struct held *h = shared_alloc(sizeof(*h));
	struct gate *in_callback = gate_new();
	struct pp_future *f;
	struct crowd *c;

	NEED(add_done_callback);
	*h = (struct held){gate_new(), PP_OK};
	f = submit(e, task_held, h);
	gate_await(h->gate, 1);
	REQUIRE(add_done_callback(f, callback_pass_gate, in_callback) == PP_OK);
	c = gather(f, first, last);
	gate_open(h->gate);
	join_all(c);
	gate_open(in_callback);
	disperse(c, PP_OK, token(1));
}

static void inside_result_while_a_callback_runs(void)
{
	around_a_callback(RESULT, EXCEPTION);
}

CASE(callback_37_crowd_while_a_callback_runs)
{
	for_ever_and_not(inside_result_while_a_callback_runs);
}

static void inside_wait_while_a_callback_runs(void)
{
	NEED(wait);
	around_a_callback(WAIT, WAIT);
}

CASE(wait_2_while_a_callback_runs)
{
	for_ever_and_not(inside_wait_while_a_callback_runs);
}

static void inside_as_completed_while_a_callback_runs(void)
{
	NEED(as_completed_begin);
	around_a_callback(AS_COMPLETED, AS_COMPLETED);
}

CASE(ascomp_14_while_a_callback_runs)
{
	for_ever_and_not(inside_as_completed_while_a_callback_runs);
}
