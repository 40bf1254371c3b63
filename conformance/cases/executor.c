/* SPDX-License-Identifier: MIT */
/*
 * executor.c: EXEC, to make an executor and submit to it.
 *
 * Tasks here seldom block, so that executors without workers of their own, which
 * run them inside submit, are asked the same questions.
 */
#include "futures.h"

#include <stdint.h>
#include <string.h>

/* How many work items a backend's work queue takes, n if it takes that many. */
static int queue_room(int n)
{
	int bound = backend()->queue_bound;

	return bound < n ? bound : n;
}

/* ---- to make one ------------------------------------------------------------ */

/* EXEC-1: zero. */
CASE(exec_1_no_workers)
{
	struct pp_executor *e = NULL;

	context("executor_new with max_workers 0");
	EXPECT_STATUS(PP_INVALID_ARGUMENT, try_executor_new(0, &e));
}

/* EXEC-2: the nearest to zero, and the farthest that has no meaning of its own. */
CASE(exec_2_negative_workers)
{
	struct pp_executor *e = NULL;

	context("executor_new with max_workers -1");
	EXPECT_STATUS(PP_INVALID_ARGUMENT, try_executor_new(-1, &e));
	context("executor_new with max_workers %d", INT_MIN + 1);
	EXPECT_STATUS(PP_INVALID_ARGUMENT, try_executor_new(INT_MIN + 1, &e));
}

/* The other entries that make one. */
typedef int make_executor(int max_workers, struct pp_executor **e);

static int with_initializer(int max_workers, struct pp_executor **e)
{
	NEED(executor_new_with_initializer);
	return backend()->executor_new_with_initializer(max_workers, initializer_count, counter_new(), e);
}

static int with_prefix(int max_workers, struct pp_executor **e)
{
	NEED(executor_new_named);
	return backend()->executor_new_named(max_workers, "prefix", e);
}

static void expect_refused(make_executor *make, const char *entry, int max_workers)
{
	struct pp_executor *e = NULL;
	int status = make(max_workers, &e);

	context("%s with max_workers %d", entry, max_workers);
	EXPECT_STATUS(PP_INVALID_ARGUMENT, status);
}

/* EXEC-1, EXEC-2: the same with an initializer, and with a prefix. */
CASE(exec_1_no_workers_with_an_initializer)
{
	expect_refused(with_initializer, "executor_new_with_initializer", 0);
}

CASE(exec_1_no_workers_with_a_prefix)
{
	expect_refused(with_prefix, "executor_new_named", 0);
}

CASE(exec_2_negative_workers_with_an_initializer)
{
	expect_refused(with_initializer, "executor_new_with_initializer", -1);
	expect_refused(with_initializer, "executor_new_with_initializer", INT_MIN + 1);
}

CASE(exec_2_negative_workers_with_a_prefix)
{
	expect_refused(with_prefix, "executor_new_named", -1);
	expect_refused(with_prefix, "executor_new_named", INT_MIN + 1);
}

/* EXEC-3: the entry itself, so that nothing stands between. */
CASE(exec_3_refused_and_not_written)
{
	struct pp_executor *mark = token(1), *e = mark;

	if (backend()->executor_new(0, &e) != PP_INVALID_ARGUMENT)
		unsupported("executor_new does not refuse");
	context("the handle, after a refused executor_new");
	EXPECT_PTR(mark, e);
}

/* EXEC-4: a task runs on the default. */
CASE(exec_4_default_workers)
{
	struct pp_executor *e = NULL;
	void *outcome = NULL;

	context("executor_new without max_workers");
	EXPECT_STATUS(PP_OK, try_executor_new(PP_WORKERS_DEFAULT, &e));
	EXPECT_STATUS(PP_OK, result(submit(e, task_return, token(1)), PP_FOREVER, &outcome));
	EXPECT_PTR(token(1), outcome);
}

static void expect_default_works(make_executor *make)
{
	struct pp_executor *e = NULL;

	EXPECT_STATUS(PP_OK, make(PP_WORKERS_DEFAULT, &e));
	expect_result(submit(e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	REQUIRE(backend()->shutdown(e) == PP_OK);
	if (HAS(executor_release))
		backend()->executor_release(e);
}

/* EXEC-4: the default beside an initializer, and beside a prefix. */
CASE(exec_4_default_workers_with_an_initializer)
{
	context("executor_new_with_initializer without max_workers");
	expect_default_works(with_initializer);
}

CASE(exec_4_default_workers_with_a_prefix)
{
	context("executor_new_named without max_workers");
	expect_default_works(with_prefix);
}

/* EXEC-5: all workers of one are held; the other one works, and is shut down. */
CASE(exec_5_executors_are_independent)
{
	struct pp_executor *held = executor_new(1), *e = executor_new(1);
	struct gate *gate = hold(held, 1);
	void *outcome = NULL;

	context("a second executor, while the only worker of the first is held");
	EXPECT_STATUS(PP_OK, result(submit(e, task_return, token(1)), PP_FOREVER, &outcome));
	EXPECT_PTR(token(1), outcome);
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
	gate_open(gate);
}

/* EXEC-5: what keeps the worker of one is a done callback; the other one has callbacks too. */
CASE(exec_5_callback_keeps_no_other_executor)
{
	struct pp_executor *busy = executor_new(1), *e = executor_new(1);
	struct gate *held = gate_new(), *stuck = gate_new(), *gate = gate_new();
	struct pp_future *f;

	REQUIRE(add_done_callback(submit(busy, task_pass_gate, held), callback_pass_gate, stuck) == PP_OK);
	gate_open(held);
	gate_await(stuck, 1);
	f = submit(e, task_pass_gate, gate);
	REQUIRE(add_done_callback(f, callback_count, counter_new()) == PP_OK);
	gate_open(gate);
	context("a second executor, while the only worker of the first is held in a done callback");
	expect_result(submit(e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
	gate_open(stuck);
}

/* The argument of a task that waits until submit has returned, so that it is a worker that lets go of it. */
struct kept {
	struct gate *go, *stuck;
};

static int task_wait_to_go(void *arg, void **outcome)
{
	(void)outcome;
	gate_wait(((struct kept *)arg)->go);
	return PP_OK;
}

static void release_pass_gate(void *arg)
{
	gate_wait(((struct kept *)arg)->stuck);
}

/* EXEC-5: and here a release function. */
CASE(exec_5_release_function_keeps_no_other_executor)
{
	struct pp_executor *busy = executor_new(1), *e = executor_new(1);
	struct kept *k = shared_alloc(sizeof(*k));

	*k = (struct kept){gate_new(), gate_new()};
	submit_with_release(busy, task_wait_to_go, k, release_pass_gate);
	gate_open(k->go);
	gate_await(k->stuck, 1);
	submit_with_release(e, task_return, counter_new(), release_count);
	context("a second executor, while the only worker of the first is held in a release function");
	expect_result(submit(e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
	gate_open(k->stuck);
}

/* ---- what becomes of a submit -------------------------------------------------- */

/* EXEC-6: the task computes what it returns, so that it is no echo of the argument. */
static int task_successor(void *arg, void **outcome)
{
	*outcome = (char *)arg + 1;
	return PP_OK;
}

CASE(exec_6_value_is_the_result)
{
	struct pp_executor *e = executor_any();
	char *base = shared_alloc(8);

	for (int i = 0; i < 7; i++) {
		void *outcome = NULL;

		context("a task that returns the address after its argument");
		EXPECT_STATUS(PP_OK, result(submit(e, task_successor, base + i), PP_FOREVER, &outcome));
		EXPECT_PTR(base + i + 1, outcome);
	}
}

/* EXEC-7: through result and through exception. */
CASE(exec_7_exception_is_the_exception)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f = submit(e, task_raise, token(7));
	void *outcome = NULL;

	context("the future of a task that raises");
	EXPECT_STATUS(PP_RAISED, result(f, PP_FOREVER, &outcome));
	EXPECT_PTR(token(7), outcome);
	if (!HAS(exception))
		return;
	outcome = NULL;
	EXPECT_STATUS(PP_RAISED, exception(f, PP_FOREVER, &outcome));
	EXPECT_PTR(token(7), outcome);
}

/* Pointers that an implementation might take for something of its own. */
static void *const odd[] = {
	(void *)1, (void *)2, (void *)3, (void *)4, (void *)5, (void *)6, (void *)7, (void *)8, (void *)9,
	(void *)UINTPTR_MAX, (void *)(UINTPTR_MAX - 1), (void *)INTPTR_MAX, (void *)INTPTR_MIN, (void *)0xdeadbeef,
	NULL,
};
#define ODD (sizeof(odd) / sizeof(odd[0]))

static int task_note_argument(void *arg, void **outcome)
{
	(void)arg;
	*outcome = (void *)(uintptr_t)((uintptr_t)arg ^ 0x55);
	return PP_OK;
}

/* EXEC-8: what the task makes of its argument tells which one it got. */
CASE(exec_8_argument_is_the_argument)
{
	struct pp_executor *e = executor_any();

	for (size_t i = 0; i < ODD; i++) {
		void *outcome = NULL;

		context("a task with argument %p, which returns it with some bits flipped", odd[i]);
		EXPECT_STATUS(PP_OK, result(submit(e, task_note_argument, odd[i]), PP_FOREVER, &outcome));
		EXPECT_PTR((void *)((uintptr_t)odd[i] ^ 0x55), outcome);
	}
}

/* EXEC-9: NULL, small numbers (which statuses are too), and all bits set, as values. */
CASE(exec_9_any_value)
{
	struct pp_executor *e = executor_any();

	for (size_t i = 0; i < ODD; i++) {
		void *outcome = token(1);

		context("a task that returns the value %p", odd[i]);
		EXPECT_STATUS(PP_OK, result(submit(e, task_return, odd[i]), PP_FOREVER, &outcome));
		EXPECT_PTR(odd[i], outcome);
	}
}

/* EXEC-10: the same as exceptions. */
CASE(exec_10_any_exception)
{
	struct pp_executor *e = executor_any();

	for (size_t i = 0; i < ODD; i++) {
		void *outcome = token(1);

		context("a task that raises the exception %p", odd[i]);
		EXPECT_STATUS(PP_RAISED, result(submit(e, task_raise, odd[i]), PP_FOREVER, &outcome));
		EXPECT_PTR(odd[i], outcome);
	}
}

/* EXEC-11: after tasks that did set one, so that a leftover would show. */
CASE(exec_11_no_outcome_is_null)
{
	struct pp_executor *e = executor_any();

	for (int i = 0; i < 3; i++) {
		void *outcome = token(1);

		REQUIRE(result(submit(e, task_return, token(2)), PP_FOREVER, &outcome) == PP_OK);
		context("a task that sets no outcome, after one that did");
		EXPECT_STATUS(PP_OK, result(submit(e, task_silent, token(3)), PP_FOREVER, &outcome));
		EXPECT_PTR(NULL, outcome);
	}
}

/* EXEC-11: the same after exceptions. */
CASE(exec_11_no_outcome_is_null_after_an_exception)
{
	struct pp_executor *e = executor_any();

	for (int i = 0; i < 3; i++) {
		void *outcome = token(1);

		REQUIRE(result(submit(e, task_raise, token(2)), PP_FOREVER, &outcome) == PP_RAISED);
		context("a task that sets no outcome, after one that raised");
		EXPECT_STATUS(PP_OK, result(submit(e, task_silent, token(3)), PP_FOREVER, &outcome));
		EXPECT_PTR(NULL, outcome);
	}
}

/* EXEC-12: a thousand empty tasks; the count is taken when all workers are gone. */
CASE(exec_12_exactly_once)
{
	struct pp_executor *e = executor_any();
	struct counter *ran = counter_new();

	for (int i = 0; i < 1000; i++)
		let_go(submit(e, task_count, ran));
	shutdown_wait(e);
	context("a thousand short tasks, after a shutdown that waits");
	EXPECT_INT(1000, counter_value(ran));
}

/* EXEC-12: two workers between which they could be doubled. */
CASE(exec_12_exactly_once_by_four_workers)
{
	struct pp_executor *e = executor_new(4);
	static struct counter *ran[500];

	for (int i = 0; i < 500; i++)
		ran[i] = counter_new();
	for (int i = 0; i < 500; i++)
		submit(e, task_count, ran[i]);
	shutdown_wait(e);
	for (int i = 0; i < 500; i++) {
		context("task number %d of 500, after a shutdown that waits for four workers", i);
		EXPECT_INT(1, counter_value(ran[i]));
	}
}

static int count_and_raise(void *arg, void **outcome)
{
	task_count(arg, outcome);
	return PP_RAISED;
}

/* EXEC-12: one that raises is not tried again. */
CASE(exec_12_once_though_it_raises)
{
	struct pp_executor *e = executor_any();
	struct counter *ran = counter_new();

	for (int i = 0; i < 20; i++)
		let_go(submit(e, count_and_raise, ran));
	shutdown_wait(e);
	context("twenty tasks that raise, after a shutdown that waits");
	EXPECT_INT(20, counter_value(ran));
}

/* EXEC-13: the futures are dropped at once, or never asked. */
CASE(exec_13_nobody_asks)
{
	struct pp_executor *e = executor_any();
	struct counter *ran = counter_new();

	for (int i = 0; i < 20; i++) {
		struct pp_future *f = submit(e, task_count, ran);

		if (i % 2)
			let_go(f);
	}
	context("twenty tasks whose results nobody asks for");
	counter_await(ran, 20);
	shutdown_wait(e);
	EXPECT_INT(20, counter_value(ran));
}

/* EXEC-14: the handles differ, and so do the runs. */
CASE(exec_14_same_task_and_argument)
{
	struct pp_executor *e = executor_any();
	struct counter *ran = counter_new();
	struct pp_future *fs[5];
	void *outcome;

	for (int i = 0; i < 5; i++)
		fs[i] = submit(e, task_count, ran);
	context("five submits of the same task and argument");
	for (int i = 0; i < 5; i++) {
		EXPECT_STATUS(PP_OK, result(fs[i], PP_FOREVER, &outcome));
		for (int j = 0; j < i; j++)
			EXPECT(fs[i] != fs[j]);
	}
	EXPECT_INT(5, counter_value(ran));
}

/* EXEC-15: a raising one before, between and after. */
CASE(exec_15_raising_tasks_between_others)
{
	struct pp_executor *e = executor_any();
	struct pp_future *fs[30];
	void *outcome;

	for (int i = 0; i < 30; i++)
		fs[i] = submit(e, i % 2 ? task_return : task_raise, token(i));
	for (int i = 0; i < 30; i++) {
		context("number %d of 30 tasks, of which every other one raises", i);
		EXPECT_STATUS(i % 2 ? PP_OK : PP_RAISED, result(fs[i], PP_FOREVER, &outcome));
		EXPECT_PTR(token(i), outcome);
	}
}

/* EXEC-15: more than somebody who counts them would put up with. */
CASE(exec_15_after_a_thousand_that_raise)
{
	enum { N = 1000 };
	struct pp_executor *e = executor_any();
	struct pp_future *f = NULL;
	void *outcome;

	for (int i = 0; i < N; i++)
		if (try_submit(e, task_raise, THE_EXCEPTION, &f) == PP_OK)
			result(f, PP_FOREVER, &outcome);
	context("submit of a task after %d that raised", N);
	EXPECT_STATUS(PP_OK, try_submit(e, task_return, THE_VALUE, &f));
	expect_result(f, F_RETURNED, PP_FOREVER);
}

/* EXEC-16: ping-pong: each submit meets a worker that is about to sleep, or asleep. */
CASE(exec_16_begins_by_itself)
{
	struct pp_executor *e = executor_any();

	for (int round = 0; round < 200; round++) {
		struct counter *ran = counter_new();
		struct pp_future *f = submit(e, task_count, ran);

		counter_await(ran, 1);
		context("round %d of one task at a time", round);
		EXPECT_INT(1, counter_value(ran));
		let_go(f);
	}
}

/* EXEC-16: with several workers, of which any may be the one that sleeps. */
CASE(exec_16_begins_by_itself_on_four_workers)
{
	struct pp_executor *e = executor_new(4);

	for (int round = 0; round < 100; round++) {
		struct counter *ran = counter_new();

		for (int i = 0; i < round % 4 + 1; i++)
			let_go(submit(e, task_count, ran));
		context("round %d of up to four tasks at a time", round);
		counter_await(ran, round % 4 + 1);
		EXPECT_INT(round % 4 + 1, counter_value(ran));
	}
}

/* EXEC-17: rounds of a new executor that is given work at once. */
CASE(exec_17_first_task_of_a_new_executor)
{
	for (int round = 0; round < 50; round++) {
		struct pp_executor *e = executor_any();
		struct pp_future *f = submit(e, task_return, token(round));
		void *outcome = NULL;

		context("round %d: the first task of a new executor, submitted at once", round);
		EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
		EXPECT_PTR(token(round), outcome);
		let_go(f);
		shutdown_wait(e);
		if (HAS(executor_release))
			executor_release(e);
	}
}

/* Plain memory, summed by a task without any synchronization of its own. */
static int task_sum(void *arg, void **outcome)
{
	const unsigned char *bytes = arg;
	uintptr_t sum = 0;

	for (int i = 0; i < 256; i++)
		sum += bytes[i];
	*outcome = (void *)sum;
	return PP_OK;
}

/* EXEC-18: filled just before, on pages of their own, over and over. */
CASE(exec_18_sees_what_was_written_before)
{
	struct pp_executor *e = executor_any();
	unsigned char *pages = shared_alloc(4 * 256);

	for (int round = 0; round < 100; round++) {
		unsigned char *page = pages + round % 4 * 256;
		void *outcome = NULL;

		memset(page, round, 256);
		context("round %d: a task sums up the memory that was filled before submit", round);
		EXPECT_STATUS(PP_OK, result(submit(e, task_sum, page), PP_FOREVER, &outcome));
		EXPECT_INT(256L * round, (long)(uintptr_t)outcome);
	}
}

/* ---- submit itself ------------------------------------------------------------ */

/* EXEC-19: the gate is opened by the thread that submits, afterwards. */
CASE(exec_19_does_not_wait_for_a_worker)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *ran = counter_new();
	int n = queue_room(10);

	if (n < 1)
		unsupported("no work queue");
	for (int i = 0; i < n; i++)
		submit(e, task_count, ran);
	context("submit has returned while the only worker is held");
	EXPECT_INT(0, counter_value(ran));
	gate_open(gate);
	counter_await(ran, n);
	EXPECT_INT(n, counter_value(ran));
}

/* EXEC-20: more than fit a pipe of wake-ups, unless submits are slow here. */
CASE(exec_20_much_work_while_all_are_busy)
{
	struct pp_executor *e = executor_new(2);
	struct gate *gate = hold(e, 2);
	struct counter *ran = counter_new();
	int n = 0, room = queue_room(70000);

	for (double begin = now(); n < room && (n < 2000 || now() - begin < 0.3); n++) {
		struct pp_future *f = NULL;

		REQUIRE(backend()->submit(e, task_count, ran, &f) == PP_OK);
		drop(f);
	}
	gate_open(gate);
	context("%d tasks submitted while both workers were held", n);
	counter_await(ran, n);
	shutdown_wait(e);
	EXPECT_INT(n, counter_value(ran));
}

/* A thread that submits. */
struct many_submits {
	struct pp_executor *e;
	struct gate *start;
	struct counter *ran;
	struct counter *accepted;
	struct thread *thread;
};

static void submit_many(void *arg)
{
	struct many_submits *s = arg;

	gate_wait(s->start);
	for (int i = 0; i < 100; i++) {
		struct pp_future *f = NULL;

		if (backend()->submit(s->e, task_count, s->ran, &f) == PP_OK)
			counter_add(s->accepted, 1);
		drop(f);
	}
}

/* EXEC-21: four threads, a hundred each, from the very first on. */
CASE(exec_21_several_threads_submit)
{
	struct many_submits s = {executor_any(), gate_new(), counter_new(), counter_new(), NULL};
	struct thread *threads[4];

	for (int i = 0; i < 4; i++)
		threads[i] = thread_start(submit_many, &s);
	gate_await(s.start, 4);
	gate_open(s.start);
	for (int i = 0; i < 4; i++)
		thread_join(threads[i]);
	shutdown_wait(s.e);
	context("four threads have submitted a hundred tasks each");
	EXPECT_INT(400, counter_value(s.accepted));
	EXPECT_INT(400, counter_value(s.ran));
}

/* EXEC-22: the entry itself, on an executor that refuses for good. */
CASE(exec_22_refused_and_not_written)
{
	struct pp_executor *e = executor_any();
	struct pp_future *mark = token(1), *f = mark;

	shutdown_wait(e);
	int status = backend()->submit(e, must_not_run, NULL, &f);
	context("submit to an executor that was shut down");
	EXPECT_STATUS(PP_SHUTDOWN, status);
	EXPECT_PTR(mark, f);
}

/* ---- from inside ----------------------------------------------------------------- */

/* A task that submits another, which counts. */
struct outer {
	struct pp_executor *e;
	struct counter *ran;
	struct record *statuses;
	long left;
};

static int submit_count(struct outer *o)
{
	struct pp_future *f = NULL;
	int status = backend()->submit(o->e, task_count, o->ran, &f);

	drop(f);
	record_add(o->statuses, status);
	return status;
}

static int task_submit(void *arg, void **outcome)
{
	(void)outcome;
	for (int i = 0; i < 3; i++)
		submit_count(arg);
	return PP_OK;
}

static struct outer *outer_new(struct pp_executor *e)
{
	struct outer *o = shared_alloc(sizeof(*o));

	need_shared_memory();
	o->e = e;
	o->ran = counter_new();
	o->statuses = record_new();
	return o;
}

static void expect_all_accepted(struct outer *o, long count)
{
	record_await(o->statuses, count); /* a task may run before its submit has returned */
	EXPECT_INT(count, record_count(o->statuses));
	for (long i = 0; i < count; i++)
		EXPECT_STATUS(PP_OK, (int)record_at(o->statuses, i));
}

/* EXEC-23: three at a time, from one task and then from ten. */
CASE(exec_23_submit_from_a_task)
{
	struct outer *o = outer_new(executor_any());

	submit(o->e, task_submit, o);
	counter_await(o->ran, 3);
	for (int i = 0; i < 9; i++)
		submit(o->e, task_submit, o);
	counter_await(o->ran, 30);
	shutdown_wait(o->e);
	context("ten tasks have submitted three others each");
	expect_all_accepted(o, 30);
	EXPECT_INT(30, counter_value(o->ran));
}

static int task_chain(void *arg, void **outcome)
{
	struct outer *o = arg;
	struct pp_future *f = NULL;

	(void)outcome;
	counter_add(o->ran, 1);
	if (--o->left > 0) {
		record_add(o->statuses, backend()->submit(o->e, task_chain, o, &f));
		drop(f);
	}
	return PP_OK;
}

/* EXEC-24: long enough to show on one worker, and not too deep for an executor of Python that runs it inside submit. */
CASE(exec_24_chain_of_tasks)
{
	struct outer *o = outer_new(executor_any());
	int chain = backend()->concurrency == 0 ? 50 : 200;

	o->left = chain;
	submit(o->e, task_chain, o);
	counter_await(o->ran, chain);
	context("%d tasks, each submitted by the one before it", chain);
	expect_all_accepted(o, chain - 1);
	EXPECT_INT(chain, counter_value(o->ran));
}

static int callback_submit(struct pp_future *f, void *arg)
{
	(void)f;
	submit_count(arg);
	return PP_OK;
}

/* EXEC-25: the callback runs on the worker that ends the task. */
CASE(exec_25_submit_from_a_callback_on_a_worker)
{
	NEED(add_done_callback);
	struct pp_executor *e = executor_new(1);
	struct outer *o = outer_new(e);
	struct gate *gate = gate_new();
	struct pp_future *f = submit(e, task_pass_gate, gate);

	REQUIRE(add_done_callback(f, callback_submit, o) == PP_OK);
	gate_open(gate);
	counter_await(o->ran, 1);
	context("a done callback has submitted to the executor of its future");
	expect_all_accepted(o, 1);
}

/* EXEC-25: the callback runs inside the caller's own call: it was added to a future that is done, or inside cancel. */
CASE(exec_25_submit_from_a_callback_in_the_caller)
{
	NEED(add_done_callback);
	struct pp_executor *e = executor_any();
	struct outer *o = outer_new(e);
	struct pp_future *f = submit(e, task_return, NULL);
	void *outcome;

	REQUIRE(result(f, PP_FOREVER, &outcome) == PP_OK);
	REQUIRE(add_done_callback(f, callback_submit, o) == PP_OK);
	counter_await(o->ran, 1);
	context("a done callback added to a finished future has submitted to its executor");
	expect_all_accepted(o, 1);
}

/* EXEC-25: inside cancel. */
CASE(exec_25_submit_from_a_callback_of_cancel)
{
	NEED(add_done_callback);
	struct pp_executor *e = executor_new(1);
	struct outer *o = outer_new(e);
	struct gate *gate = hold(e, 1);
	struct pp_future *victim = submit(e, must_not_run, NULL);

	REQUIRE(add_done_callback(victim, callback_submit, o) == PP_OK);
	REQUIRE(cancel(victim));
	gate_open(gate);
	counter_await(o->ran, 1);
	context("a done callback of a cancelled future has submitted to its executor");
	expect_all_accepted(o, 1);
}

/* EXEC-26: a relay between two executors. */
CASE(exec_26_submit_to_another_executor)
{
	struct pp_executor *e = executor_any(), *other = executor_any();
	struct outer *o = outer_new(other);
	void *outcome;

	EXPECT_STATUS(PP_OK, result(submit(e, task_submit, o), PP_FOREVER, &outcome));
	counter_await(o->ran, 3);
	context("a task has submitted three to another executor");
	expect_all_accepted(o, 3);
	EXPECT_INT(3, counter_value(o->ran));
}

struct relay {
	struct barrier *meeting;
	struct outer *outer;
};

static int task_meet_and_submit(void *arg, void **outcome)
{
	struct relay *r = arg;

	(void)outcome;
	barrier_meet(r->meeting);
	submit_count(r->outer);
	return PP_OK;
}

/* EXEC-26: from each of four workers to an executor that has one: the fourth of them has no counterpart there. */
CASE(exec_26_submit_from_each_worker_to_one_of_fewer)
{
	struct pp_executor *e = executor_new(4);
	struct relay r = {barrier_new(4), outer_new(executor_new(1))};
	struct gate *gate = hold(r.outer->e, 1);

	for (int i = 0; i < 4; i++)
		submit(e, task_meet_and_submit, &r);
	record_await(r.outer->statuses, 4);
	gate_open(gate);
	counter_await(r.outer->ran, 4);
	shutdown_wait(r.outer->e);
	context("a task on each of four workers has submitted one to an executor with one worker");
	expect_all_accepted(r.outer, 4);
	EXPECT_INT(4, counter_value(r.outer->ran));
}
