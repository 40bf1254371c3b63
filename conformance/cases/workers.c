/* SPDX-License-Identifier: MIT */
/*
 * workers.c: WORKER, how many run at once, in which order, and what they outlive.
 *
 * That so many tasks run at once is shown by tasks that meet; that no more do, by
 * tasks that note their begin and end in one record while a gate keeps those
 * that have begun from ending.
 */
#define _GNU_SOURCE
#include "futures.h"

#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int known_worker_count(struct pp_executor *e)
{
	int count = worker_count(e);

	if (count < 0)
		unsupported("the number of workers is not known");
	return count;
}

/* ---- tasks that meet ------------------------------------------------------- */

static int task_meet(void *arg, void **outcome)
{
	barrier_meet(arg);
	*outcome = arg;
	return PP_OK;
}

/* n tasks of e that end only if all of them run at once. */
#define MOST 130

static void expect_meeting(struct pp_executor *e, int n)
{
	struct barrier *b = barrier_new(n);
	struct pp_future *fs[MOST];
	void *outcome = NULL;

	for (int i = 0; i < n; i++)
		fs[i] = submit(e, task_meet, b);
	for (int i = 0; i < n; i++) {
		EXPECT_STATUS(PP_OK, result(fs[i], PP_FOREVER, &outcome));
		let_go(fs[i]);
	}
}

/* ---- tasks that note their begin and end ------------------------------------- */

struct meter {
	struct pp_executor *e;
	struct gate *gate;
	struct record *steps; /* 1 for each begin, -1 for each end */
};

static struct meter *meter_new(struct pp_executor *e)
{
	struct meter *m = shared_alloc(sizeof(*m));

	m->e = e;
	m->gate = gate_new();
	m->steps = record_new();
	return m;
}

static int task_metered(void *arg, void **outcome)
{
	struct meter *m = arg;

	(void)outcome;
	record_add(m->steps, 1);
	gate_wait(m->gate);
	record_add(m->steps, -1);
	return PP_OK;
}

static long most_at_once(struct meter *m)
{
	long at_once = 0, most = 0;

	for (long i = 0; i < record_count(m->steps); i++) {
		at_once += record_at(m->steps, i);
		most = at_once > most ? at_once : most;
	}
	return most;
}

/* ---- how many at once ----------------------------------------------------------- */

static void expect_no_more_than(int n)
{
	struct pp_executor *e = executor_new(n);
	struct meter *m = meter_new(e);
	struct pp_future *last = NULL;
	void *outcome;

	for (int i = 0; i < 3 * n; i++)
		last = submit(e, task_metered, m);
	gate_await(m->gate, n);
	/* No task can end yet: this is the time in which one too many would begin. */
	REQUIRE(result(last, short_time(), &outcome) == PP_TIMEOUT);
	gate_open(m->gate);
	shutdown_wait(e);
	context("tasks that ran at once, of %d on %d workers", 3 * n, n);
	EXPECT_AT_MOST(n, most_at_once(m));
	EXPECT_INT(6L * n, record_count(m->steps));
}

/* WORKER-1: one, two and four. */
CASE(worker_1_one_worker)
{
	expect_no_more_than(1);
}

CASE(worker_1_several_workers)
{
	expect_no_more_than(2);
	expect_no_more_than(4);
}

/* WORKER-1: without a gate, so that workers come and go between tasks. */
CASE(worker_1_short_tasks)
{
	struct pp_executor *e = executor_any();
	struct meter *m = meter_new(e);

	gate_open(m->gate);
	for (int i = 0; i < 500; i++)
		submit(e, task_metered, m);
	shutdown_wait(e);
	context("tasks that ran at once, of 500 short ones on one worker");
	EXPECT_AT_MOST(1, most_at_once(m));
	EXPECT_INT(1000, record_count(m->steps));
}

/* A thread that submits a few when its gate is opened. */
struct four_submits {
	struct meter *meter;
	struct gate *start;
	struct counter *accepted;
};

static void submit_four(void *arg)
{
	struct four_submits *s = arg;

	gate_wait(s->start);
	for (int i = 0; i < 4; i++) {
		struct pp_future *f = NULL;

		if (backend()->submit(s->meter->e, task_metered, s->meter, &f) == PP_OK)
			counter_add(s->accepted, 1);
		drop(f);
	}
}

/* WORKER-2: rounds of a new executor and four threads that submit to it at once. */
CASE(worker_2_several_threads_submit_at_once)
{
	for (int round = 0; round < 25; round++) {
		struct pp_executor *e = executor_new(2);
		struct four_submits s = {meter_new(e), gate_new(), counter_new()};
		struct thread *threads[4];

		for (int i = 0; i < 4; i++)
			threads[i] = thread_start(submit_four, &s);
		gate_await(s.start, 4);
		gate_open(s.start);
		for (int i = 0; i < 4; i++)
			thread_join(threads[i]);
		REQUIRE(counter_value(s.accepted) == 16);
		gate_await(s.meter->gate, 2);
		pass_time(short_time() / 50);
		gate_open(s.meter->gate);
		shutdown_wait(e);
		context("round %d: tasks that ran at once on two workers, submitted by four threads", round);
		EXPECT_AT_MOST(2, most_at_once(s.meter));
		if (HAS(executor_release))
			executor_release(e);
	}
}

/* WORKER-3: two, four and sixteen. */
CASE(worker_3_two_tasks_meet_on_two_workers)
{
	context("two tasks that need each other, on two workers");
	expect_meeting(executor_new(2), 2);
}

CASE(worker_3_four_tasks_meet_on_four_workers)
{
	context("four tasks that need each other, on four workers");
	expect_meeting(executor_new(4), 4);
}

CASE(worker_3_a_hundred_tasks_meet_on_a_hundred_workers)
{
	context("a hundred tasks that need each other, on a hundred workers");
	expect_meeting(executor_new(100), 100);
}

/* WORKER-3: a max_workers that a byte cannot hold, of which only some are needed. */
CASE(worker_3_more_workers_than_a_byte_can_count)
{
	context("%d tasks that need each other, on 257 workers", MOST);
	expect_meeting(executor_new(257), MOST);
}

CASE(worker_3_sixteen_tasks_meet_on_sixteen_workers)
{
	context("sixteen tasks that need each other, on sixteen workers");
	expect_meeting(executor_new(16), 16);
}

/* WORKER-3: meetings one after the other, in which workers change from idle to busy and back. */
CASE(worker_3_again_and_again)
{
	struct pp_executor *e = executor_new(3);

	for (int round = 0; round < 100; round++) {
		context("round %d of three tasks that need each other, on three workers", round);
		expect_meeting(e, 3);
	}
}

/* WORKER-4: all but one are busy; one submit, and nothing more. */
CASE(worker_4_last_of_four_workers)
{
	struct pp_executor *e = executor_new(4);
	struct gate *gate = hold(e, 3);
	void *outcome = NULL;

	context("one task, while three of four workers are held");
	EXPECT_STATUS(PP_OK, result(submit(e, task_return, token(1)), PP_FOREVER, &outcome));
	EXPECT_PTR(token(1), outcome);
	gate_open(gate);
}

/* WORKER-4: one after the other is held, each by a submit of its own. */
CASE(worker_4_one_worker_after_the_other)
{
	struct pp_executor *e = executor_new(4);
	struct gate *gate = gate_new();

	for (int i = 1; i <= 4; i++) {
		submit(e, task_pass_gate, gate);
		context("submit number %d to an executor of four workers, while those before it are held", i);
		gate_await(gate, i);
		EXPECT_INT(i, gate_arrived(gate));
	}
	gate_open(gate);
}

/* WORKER-4: whether one was idle at a submit shows when all are needed at once. */
/* So many have had work and are idle; the others are still to come. */
CASE(worker_4_all_of_ten_meet)
{
	for (int idle = 1; idle <= 10; idle++) {
		struct pp_executor *e = executor_new(10);

		expect_meeting(e, idle);
		threads_settle();
		context("ten tasks that need each other, on ten workers of which %d are idle", idle);
		expect_meeting(e, 10);
		shutdown_wait(e);
	}
}

struct from_callback {
	struct pp_executor *e;
	struct gate *gate;
	struct counter *ran;
	int status;
	struct counter *returned;
};

static int callback_submit_and_wait(struct pp_future *f, void *arg)
{
	struct from_callback *c = arg;
	struct pp_future *next = NULL;

	(void)f;
	c->status = backend()->submit(c->e, task_count, c->ran, &next);
	if (c->status == PP_OK) {
		counter_await(c->ran, 1);
		if (HAS(future_release))
			backend()->future_release(next);
	}
	counter_add(c->returned, 1);
	return PP_OK;
}

/* Both workers are there, and one of them is idle while the other is inside a callback. */
CASE(worker_4_submitted_by_a_callback_that_waits)
{
	NEED(add_done_callback);
	struct pp_executor *e = executor_new(2);
	struct from_callback *c = shared_alloc(sizeof(*c));
	struct pp_future *f;

	*c = (struct from_callback){e, gate_new(), counter_new(), -1, counter_new()};
	expect_meeting(e, 2);
	f = submit(e, task_pass_gate, c->gate);
	gate_await(c->gate, 1);
	threads_settle();
	REQUIRE(add_done_callback(f, callback_submit_and_wait, c) == PP_OK);
	gate_open(c->gate);
	counter_await(c->returned, 1);
	context("a callback waits for a task that it has submitted, beside an idle worker");
	EXPECT_STATUS(PP_OK, c->status);
}

static void release_submit_and_wait(void *arg)
{
	callback_submit_and_wait(NULL, arg);
}

static int task_pass_its_gate(void *arg, void **outcome)
{
	(void)outcome;
	gate_wait(((struct from_callback *)arg)->gate);
	return PP_OK;
}

/* The same inside a release function. */
CASE(worker_4_submitted_by_a_release_function_that_waits)
{
	NEED(submit_with_release);
	struct pp_executor *e = executor_new(2);
	struct from_callback *c = shared_alloc(sizeof(*c));

	*c = (struct from_callback){e, gate_new(), counter_new(), -1, counter_new()};
	expect_meeting(e, 2);
	submit_with_release(e, task_pass_its_gate, c, release_submit_and_wait);
	gate_await(c->gate, 1);
	threads_settle();
	gate_open(c->gate);
	counter_await(c->returned, 1);
	context("a release function waits for a task that it has submitted, beside an idle worker");
	EXPECT_STATUS(PP_OK, c->status);
}

/* Short tasks, each submitted as the one before it ends; then all workers are needed. */
static void expect_all_after_short_tasks(int rounds, int tasks)
{
	for (int round = 0; round < rounds; round++) {
		struct pp_executor *e = executor_new(3);
		struct gate *gate = gate_new();

		for (int i = 0; i < tasks; i++) {
			struct pp_future *f = submit(e, task_return, NULL);
			void *outcome;

			REQUIRE(result(f, PP_FOREVER, &outcome) == PP_OK);
			let_go(f);
		}
		for (int i = 0; i < 3; i++)
			submit(e, task_pass_gate, gate);
		context("round %d: three tasks to be run at once by three workers, after %d short ones", round, tasks);
		gate_await(gate, 3);
		EXPECT_INT(3, gate_arrived(gate));
		gate_open(gate);
		shutdown_wait(e);
		if (HAS(executor_release))
			executor_release(e);
	}
}

CASE(worker_4_all_meet_after_short_tasks)
{
	expect_all_after_short_tasks(100, 6);
}

/* WORKER-4: so many that some worker was called for a task that another one took. */
CASE(worker_4_all_meet_after_many_short_tasks)
{
	expect_all_after_short_tasks(10, 500);
}

/* WORKER-4: some of four workers are idle and the others not started, and then all are needed. */
CASE(worker_4_idle_ones_are_counted_once)
{
	for (int started = 1; started < 4; started++) {
		struct pp_executor *e = executor_new(4);

		expect_meeting(e, started);
		threads_settle();
		context("four tasks that need each other, on four workers of which %d had work before", started);
		expect_meeting(e, 4);
	}
}

/* WORKER-5: a lot for one of four, which is idle now and then. */
CASE(worker_5_one_free_worker_does_it_all)
{
	struct pp_executor *e = executor_new(4);
	struct gate *gate = hold(e, 3);
	struct counter *ran = counter_new();

	for (int i = 0; i < 200; i++) {
		submit(e, task_count, ran);
		if (i % 50 == 0) {
			counter_await(ran, i + 1);
			threads_settle();
		}
	}
	context("200 tasks, while three of four workers are held");
	counter_await(ran, 200);
	EXPECT_INT(200, counter_value(ran));
	gate_open(gate);
}

/* WORKER-5: the holding tasks come in between the short ones, so that some are dealt out behind them. */
CASE(worker_5_short_tasks_between_holding_ones)
{
	struct pp_executor *e = executor_new(4);
	struct gate *gate = gate_new();
	struct counter *ran = counter_new();

	for (int i = 0; i < 3; i++) {
		submit(e, task_pass_gate, gate);
		for (int j = 0; j < 20; j++)
			submit(e, task_count, ran);
	}
	context("60 short tasks on four workers, submitted between three that hold a worker each");
	counter_await(ran, 60);
	EXPECT_INT(60, counter_value(ran));
	gate_open(gate);
}

/* WORKER-6: rounds in which two that need each other are submitted as a short one ends. */
CASE(worker_6_submitted_as_a_worker_ends_a_task)
{
	struct pp_executor *e = executor_new(2);

	for (int round = 0; round < 100; round++) {
		struct counter *ran = counter_new();

		let_go(submit(e, task_count, ran));
		if (round % 2)
			counter_await(ran, 1);
		context("round %d: two tasks that need each other, submitted as a short one ends on one of two workers", round);
		expect_meeting(e, 2);
	}
}

/* WORKER-7: short pauses, and then all are needed. */
CASE(worker_7_after_a_time_with_nothing_to_do)
{
	struct pp_executor *e = executor_new(4);

	for (int round = 0; round < 3; round++) {
		context("round %d: four tasks that need each other, on four workers that had nothing to do", round);
		expect_meeting(e, 4);
		pass_time(short_time());
	}
}

/* A task that submits the same with one fewer to go and waits for it. */
struct nest {
	struct pp_executor *e;
	int depth;
	struct record *statuses;
};

static int task_nest(void *arg, void **outcome)
{
	struct nest *n = arg;
	struct pp_future *f = NULL;
	void *inner = NULL;
	int status;

	*outcome = token(5);
	if (n->depth-- == 0)
		return PP_OK;
	status = backend()->submit(n->e, task_nest, n, &f);
	if (status == PP_OK)
		status = backend()->result(f, PP_FOREVER, &inner);
	if (status == PP_OK && inner != token(5))
		status = PP_RAISED;
	record_add(n->statuses, status);
	drop(f);
	return PP_OK;
}

/* WORKER-8: as deep as there are workers. */
CASE(worker_8_task_waits_for_one_it_submitted)
{
	need_shared_memory();
	struct nest n = {executor_new(4), 3, record_new()};
	void *outcome = NULL;

	context("a task that waits for one that waits for one that waits for one, on four workers");
	EXPECT_STATUS(PP_OK, result(submit(n.e, task_nest, &n), PP_FOREVER, &outcome));
	EXPECT_PTR(token(5), outcome);
	EXPECT_INT(3, record_count(n.statuses));
	for (int i = 0; i < 3; i++)
		EXPECT_STATUS(PP_OK, (int)record_at(n.statuses, i));
}

/* WORKER-8: rounds, so that the submit meets the other worker at any point of its way to sleep. */
CASE(worker_8_again_and_again)
{
	need_shared_memory();
	struct nest n = {executor_new(2), 0, record_new()};
	void *outcome = NULL;

	for (int round = 0; round < 100; round++) {
		n.depth = 1;
		context("round %d: a task that waits for one that it submitted, on two workers", round);
		EXPECT_STATUS(PP_OK, result(submit(n.e, task_nest, &n), PP_FOREVER, &outcome));
		EXPECT_STATUS(PP_OK, (int)record_at(n.statuses, round));
	}
}

/* WORKER-9: four tasks of two executors. */
CASE(worker_9_two_executors)
{
	struct pp_executor *e[] = {executor_new(2), executor_new(2)};
	struct barrier *b = barrier_new(4);
	struct pp_future *fs[4];
	void *outcome;

	for (int i = 0; i < 4; i++)
		fs[i] = submit(e[i % 2], task_meet, b);
	for (int i = 0; i < 4; i++) {
		context("four tasks that need each other, two each on two executors of two workers");
		EXPECT_STATUS(PP_OK, result(fs[i], PP_FOREVER, &outcome));
	}
}

static int task_spread(void *arg, void **outcome)
{
	struct meter *m = arg;

	(void)outcome;
	record_add(m->steps, 1);
	for (int i = 0; i < 3; i++) {
		struct pp_future *f = NULL;

		if (backend()->submit(m->e, task_metered, m, &f) == PP_OK)
			drop(f);
	}
	record_add(m->steps, -1);
	return PP_OK;
}

/* WORKER-10: ten tasks that submit three each. */
CASE(worker_10_tasks_that_submit)
{
	need_shared_memory();
	struct pp_executor *e = executor_new(2);
	struct meter *m = meter_new(e);

	for (int i = 0; i < 10; i++)
		submit(e, task_spread, m);
	gate_await(m->gate, 2);
	pass_time(short_time() / 5);
	gate_open(m->gate);
	record_await(m->steps, 80);
	shutdown_wait(e);
	context("tasks that ran at once on two workers, of ten that submitted three each");
	EXPECT_AT_MOST(2, most_at_once(m));
}

/* ---- in which order ---------------------------------------------------------------- */

struct note {
	struct pp_executor *e;
	struct record *begun;
	long number;
	struct note *next; /* submitted by the task, if not NULL */
};

static struct note *note_new(struct pp_executor *e, struct record *begun, long number)
{
	struct note *n = shared_alloc(sizeof(*n));

	n->e = e;
	n->begun = begun;
	n->number = number;
	return n;
}

static int task_note(void *arg, void **outcome)
{
	struct note *n = arg;
	struct pp_future *f = NULL;

	(void)outcome;
	record_add(n->begun, n->number);
	if (n->next && backend()->submit(n->e, task_note, n->next, &f) == PP_OK)
		drop(f);
	return PP_OK;
}

/* WORKER-11: all are PENDING before the first begins. */
CASE(worker_11_in_the_order_of_submits)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct record *begun = record_new();

	for (int i = 0; i < 100; i++)
		submit(e, task_note, note_new(e, begun, i));
	gate_open(gate);
	shutdown_wait(e);
	EXPECT_INT(100, record_count(begun));
	for (int i = 0; i < 100; i++) {
		context("number %d of what one worker began, of 100 that were PENDING", i);
		EXPECT_INT(i, record_at(begun, i));
	}
}

/* WORKER-11: the worker is at it while more is submitted; inline executors too. */
CASE(worker_11_while_more_is_submitted)
{
	struct pp_executor *e = executor_any();
	struct record *begun = record_new();

	for (int i = 0; i < 500; i++)
		submit(e, task_note, note_new(e, begun, i));
	shutdown_wait(e);
	EXPECT_INT(500, record_count(begun));
	for (int i = 0; i < 500; i++) {
		context("number %d of what one worker began, of 500 submitted meanwhile", i);
		EXPECT_INT(i, record_at(begun, i));
	}
}

/* WORKER-11: a cancelled one leaves no gap that another is put into. */
CASE(worker_11_around_cancelled_ones)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct record *begun = record_new();
	struct pp_future *fs[30];

	for (int i = 0; i < 30; i++)
		fs[i] = submit(e, task_note, note_new(e, begun, i));
	for (int i = 0; i < 30; i += 3)
		REQUIRE(cancel(fs[i]));
	gate_open(gate);
	shutdown_wait(e);
	EXPECT_INT(20, record_count(begun));
	for (int i = 0; i < 20; i++) {
		context("number %d of what one worker began, of 30 of which every third was cancelled", i);
		EXPECT_INT(i / 2 * 3 + 1 + i % 2, record_at(begun, i));
	}
}

/* WORKER-12: the first of three submits a fourth. */
CASE(worker_12_what_a_task_submits_comes_last)
{
	need_shared_memory();
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct record *begun = record_new();

	for (int i = 0; i < 3; i++) {
		struct note *n = note_new(e, begun, i);

		if (i == 0)
			n->next = note_new(e, begun, 3);
		submit(e, task_note, n);
	}
	gate_open(gate);
	record_await(begun, 4);
	for (int i = 0; i < 4; i++) {
		context("number %d of what one worker began, of three that were PENDING and one that the first of them submitted", i);
		EXPECT_INT(i, record_at(begun, i));
	}
}

/* WORKER-13: begin and end alternate. */
CASE(worker_13_one_after_the_other)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct meter *m = meter_new(e);

	gate_open(m->gate);
	for (int i = 0; i < 50; i++)
		submit(e, task_metered, m);
	gate_open(gate);
	shutdown_wait(e);
	for (int i = 0; i < 100; i++) {
		context("step %d of 50 tasks on one worker: 1 is a begin, -1 an end", i);
		EXPECT_INT(i % 2 ? -1 : 1, record_at(m->steps, i));
	}
}

/* ---- what a worker outlives -------------------------------------------------------- */

/* WORKER-14: twice as many raise as there are workers. */
CASE(worker_14_outlives_tasks_that_raise)
{
	struct pp_executor *e = executor_new(4);
	struct pp_future *fs[8];
	void *outcome;

	for (int i = 0; i < 8; i++)
		fs[i] = submit(e, task_raise, token(i));
	for (int i = 0; i < 8; i++)
		REQUIRE(result(fs[i], PP_FOREVER, &outcome) == PP_RAISED);
	context("four tasks that need each other, on four workers that ran eight which raised");
	expect_meeting(e, 4);
}

/* WORKER-15: both workers come across cancelled ones. */
CASE(worker_15_outlives_cancelled_ones)
{
	struct pp_executor *e = executor_new(2);
	struct gate *gate = hold(e, 2);

	for (int i = 0; i < 6; i++)
		REQUIRE(cancel(submit(e, must_not_run, NULL)));
	gate_open(gate);
	context("two tasks that need each other, on two workers behind six cancelled ones");
	expect_meeting(e, 2);
}

static int callback_raise(struct pp_future *f, void *arg)
{
	(void)f;
	counter_add(arg, 1);
	return PP_RAISED;
}

/* WORKER-16: both workers run one. */
CASE(worker_16_outlives_callbacks_that_raise)
{
	struct pp_executor *e = executor_new(2);
	struct gate *gate = gate_new();
	struct counter *called = counter_new();

	if (HAS(set_log_hook))
		log_record();
	for (int i = 0; i < 2; i++)
		REQUIRE(add_done_callback(submit(e, task_pass_gate, gate), callback_raise, called) == PP_OK);
	gate_await(gate, 2);
	gate_open(gate);
	counter_await(called, 2);
	context("two tasks that need each other, on two workers that each ran a callback which raised");
	expect_meeting(e, 2);
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

/* ---- names ---------------------------------------------------------------------------- */

struct named {
	struct barrier *meeting; /* so that each runs on a worker of its own */
	struct record *workers;	 /* that have run such a task */
	long worker;
	int status;
	char name[512];
};

/* Of the thread that calls: as long as it lives, and no other's after it. */
static long number_of_worker(struct record *workers)
{
	static _Thread_local long number;

	if (!number) {
		record_add(workers, 1);
		number = record_count(workers);
	}
	return number;
}

static int task_name(void *arg, void **outcome)
{
	struct named *n = arg;

	(void)outcome;
	n->worker = number_of_worker(n->workers);
	n->status = backend()->worker_name(n->name, sizeof(n->name));
	if (n->meeting)
		barrier_meet(n->meeting);
	return PP_OK;
}

/* Have count tasks note the names of their workers; of as many workers if they meet. */
static struct named *names_of(struct pp_executor *e, int count, bool meet)
{
	struct named *names = shared_alloc((size_t)count * sizeof(*names));
	struct barrier *b = meet ? barrier_new(count) : NULL;
	struct record *workers = record_new();

	for (int i = 0; i < count; i++) {
		names[i].meeting = b;
		names[i].workers = workers;
		submit(e, task_name, &names[i]);
	}
	shutdown_wait(e);
	for (int i = 0; i < count; i++) {
		context("worker_name inside task number %d", i);
		EXPECT_STATUS(PP_OK, names[i].status);
	}
	return names;
}

/* WORKER-27: three workers at once. */
CASE(worker_27_names_begin_with_the_prefix)
{
	NEED(worker_name);
	struct named *names = names_of(executor_new_named(3, "mill"), 3, true);

	for (int i = 0; i < 3; i++) {
		context("the name of worker number %d, whose executor has the prefix \"mill\"", i);
		names[i].name[4] = '\0';
		EXPECT_STR("mill", names[i].name);
	}
}

/* WORKER-27: a prefix that is longer than what a system keeps for the name of a thread. */
CASE(worker_27_names_begin_with_a_prefix_that_looks_like_a_format)
{
	static const char prefix[] = "100%-%d-%s-%%";
	NEED(worker_name);
	struct named *names = names_of(executor_new_named(1, prefix), 1, false);

	context("the name of the only worker is \"%s\"", names->name);
	EXPECT(strncmp(prefix, names->name, strlen(prefix)) == 0);
}

CASE(worker_27_each_executor_has_its_own_prefix)
{
	static const char *const prefixes[] = {"mill", "weir", "race"};
	NEED(worker_name);

	for (int i = 0; i < 3; i++) {
		struct named *names = names_of(executor_new_named(1, prefixes[i]), 1, false);

		context("the name of the only worker of executor number %d, with the prefix \"%s\"", i, prefixes[i]);
		names->name[4] = '\0';
		EXPECT_STR(prefixes[i], names->name);
	}
}

CASE(worker_27_names_begin_with_a_long_prefix)
{
	char prefix[300];
	NEED(worker_name);
	for (size_t i = 0; i < sizeof(prefix); i++)
		prefix[i] = "mill-wheel-"[i % 11];
	prefix[sizeof(prefix) - 1] = '\0';
	struct named *names = names_of(executor_new_named(1, prefix), 1, false);

	context("the name of the only worker is \"%s\"", names->name);
	EXPECT(strncmp(prefix, names->name, strlen(prefix)) == 0);
}

/* WORKER-28: the same three. */
CASE(worker_28_names_differ)
{
	NEED(worker_name);
	struct named *names = names_of(executor_new_named(3, "mill"), 3, true);

	for (int i = 0; i < 3; i++) {
		context("the names of three workers are \"%s\", \"%s\" and \"%s\"", names[0].name, names[1].name, names[2].name);
		EXPECT(strcmp(names[i].name, names[(i + 1) % 3].name) != 0);
	}
}

/* WORKER-28: so many that their numbers have different lengths. */
CASE(worker_28_names_of_twelve_differ)
{
	NEED(worker_name);
	struct named *names = names_of(executor_new_named(12, "mill"), 12, true);

	for (int i = 0; i < 12; i++)
		for (int k = 0; k < i; k++) {
			context("two of twelve workers are called \"%s\" and \"%s\"", names[i].name, names[k].name);
			EXPECT(strcmp(names[i].name, names[k].name) != 0);
		}
}

/* WORKER-29: five tasks, one after the other.  A worker that took the place of another has a name of its own. */
CASE(worker_29_name_stays)
{
	NEED(worker_name);
	struct named *names = names_of(executor_new_named(1, "mill"), 5, false);
	bool stays = false;

	for (int i = 1; i < 5; i++) {
		if (names[i].worker != names[i - 1].worker)
			continue;
		stays = true;
		context("the name of the only worker, in task number %d and in the one before", i);
		EXPECT_STR(names[i - 1].name, names[i].name);
	}
	if (!stays)
		unsupported("no worker ran two tasks");
}

/* WORKER-30: overwritten before the first worker can be there for work. */
CASE(worker_30_prefix_is_borrowed_for_the_call)
{
	NEED(worker_name);
	char prefix[] = "mill";
	struct pp_executor *e = executor_new_named(2, prefix);

	memset(prefix, '!', sizeof(prefix) - 1);
	struct named *names = names_of(e, 2, true);
	for (int i = 0; i < 2; i++) {
		context("the name of a worker whose prefix \"mill\" was overwritten after the call");
		names[i].name[4] = '\0';
		EXPECT_STR("mill", names[i].name);
	}
}

/* WORKER-31: some name. */
CASE(worker_31_name_without_prefix)
{
	NEED(worker_name);
	struct named *names = names_of(executor_new(1), 1, false);

	context("the name of a worker whose executor has no prefix");
	EXPECT(names[0].name[0] != '\0');
}

/* WORKER-32: the main thread, with executors about. */
CASE(worker_32_no_name_for_others)
{
	NEED(worker_name);
	char buffer[16] = "untouched";

	executor_any();
	context("worker_name on the main thread");
	EXPECT_STATUS(PP_INVALID_STATE, backend()->worker_name(buffer, sizeof(buffer)));
}

struct cut {
	char buffer[8];
	int status[4];
	char written[4][8];
};

static int task_cut(void *arg, void **outcome)
{
	struct cut *c = arg;

	(void)outcome;
	for (size_t size = 1; size < 4; size++) {
		memset(c->buffer, '#', sizeof(c->buffer));
		c->status[size] = backend()->worker_name(c->buffer, size);
		memcpy(c->written[size], c->buffer, sizeof(c->buffer));
	}
	return PP_OK;
}

/* WORKER-33: one to three bytes for a longer name; the rest stays as it was. */
CASE(worker_33_name_is_cut_to_size)
{
	NEED(worker_name);
	struct pp_executor *e = executor_new_named(1, "mill");
	struct cut *c = shared_alloc(sizeof(*c));
	void *outcome;

	REQUIRE(result(submit(e, task_cut, c), PP_FOREVER, &outcome) == PP_OK);
	for (size_t size = 1; size < 4; size++) {
		context("worker_name into %zu bytes", size);
		EXPECT_STATUS(PP_OK, c->status[size]);
		EXPECT_INT((long)size - 1, (long)strnlen(c->written[size], 8));
		EXPECT(memcmp(c->written[size], "mill", size - 1) == 0);
		EXPECT(memcmp(c->written[size] + size, "#######", 8 - size) == 0);
	}
}
