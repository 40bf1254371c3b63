/* SPDX-License-Identifier: MIT */
/*
 * workers.c: WORKER, how many run at once, in which order, and what they outlive.
 *
 * That so many tasks run at once is shown by tasks that meet; that no more do, by
 * tasks that note their begin and end in one record while a gate keeps those
 * that have begun from ending.
 */
#include "meetings.h"

#include <sys/syscall.h>
#include <unistd.h>

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

/* WORKER-4: of four workers one has had work, which raised. */
CASE(worker_4_all_meet_after_one_that_raises)
{
	struct pp_executor *e = executor_new(4);
	void *outcome;

	REQUIRE(result(submit(e, task_raise, THE_EXCEPTION), PP_FOREVER, &outcome) == PP_RAISED);
	context("four tasks that need each other, on four workers, after one that raised");
	expect_meeting(e, 4);
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

/* WORKER-5: one of a hundred: more places to look for work than a word has bits. */
CASE(worker_5_one_free_of_a_hundred_does_it_all)
{
	struct pp_executor *e = executor_new(100);
	struct gate *gate = hold(e, 99);
	struct counter *ran = counter_new();

	for (int i = 0; i < 200; i++)
		submit(e, task_count, ran);
	context("200 tasks, while 99 of a hundred workers are held");
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

static void release_nothing(void *arg)
{
	(void)arg;
}

static void expect_in_order(struct record *begun, long n, const char *of_what)
{
	EXPECT_INT(n, record_count(begun));
	for (long i = 0; i < n; i++) {
		context("number %ld of what one worker began, of %s", i, of_what);
		EXPECT_INT(i, record_at(begun, i));
	}
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
	expect_in_order(begun, 100, "100 that were PENDING");
}

/* WORKER-11: the worker is at it while more is submitted; inline executors too. */
CASE(worker_11_while_more_is_submitted)
{
	struct pp_executor *e = executor_any();
	struct record *begun = record_new();

	for (int i = 0; i < 500; i++)
		submit(e, task_note, note_new(e, begun, i));
	shutdown_wait(e);
	expect_in_order(begun, 500, "500 submitted meanwhile");
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

/* WORKER-11: of a worker that goes on when its executor was released. */
CASE(worker_11_after_a_release)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct record *begun = record_new();

	NEED(executor_release);
	for (int i = 0; i < 30; i++)
		submit(e, task_note, note_new(e, begun, i));
	executor_release(e);
	gate_open(gate);
	record_await(begun, 30);
	expect_in_order(begun, 30, "30 that were PENDING when the executor was released");
}

/* WORKER-11: some of them come by map. */
CASE(worker_11_with_map_among_them)
{
	NEED(map_begin);
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct record *begun = record_new();
	struct pp_map *it;
	void *args[10];

	for (int i = 0; i < 10; i++)
		submit(e, task_note, note_new(e, begun, i));
	for (int i = 0; i < 10; i++)
		args[i] = note_new(e, begun, 10 + i);
	REQUIRE(map_begin(e, task_note, source_of(args, 10, NULL), PP_FOREVER, 0, &it, &(void *){NULL}) == PP_OK);
	for (int i = 20; i < 30; i++)
		submit(e, task_note, note_new(e, begun, i));
	gate_open(gate);
	shutdown_wait(e);
	expect_in_order(begun, 30, "30 of which ten were submitted by map");
}

/* WORKER-11: every third has a release function. */
CASE(worker_11_with_release_functions_among_them)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct record *begun = record_new();

	NEED(submit_with_release);
	for (int i = 0; i < 30; i++) {
		struct note *n = note_new(e, begun, i);

		if (i % 3 == 1)
			submit_with_release(e, task_note, n, release_nothing);
		else
			submit(e, task_note, n);
	}
	gate_open(gate);
	shutdown_wait(e);
	expect_in_order(begun, 30, "30 of which some had release functions");
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

static int task_tell_thread(void *raises, void **outcome)
{
	*outcome = (void *)syscall(SYS_gettid);
	return raises ? PP_RAISED : PP_OK;
}

/* The thread that the only worker runs a task in. */
static void *thread_of_a_task(struct pp_executor *e, bool raises)
{
	void *thread = NULL;

	REQUIRE(result(submit(e, task_tell_thread, raises ? token(1) : NULL), PP_FOREVER, &thread) ==
		(raises ? PP_RAISED : PP_OK));
	return thread;
}

/* WORKER-14: an executor may change its workers as it likes, but not because a task has raised. */
CASE(worker_14_the_same_one_after_tasks_that_raise)
{
	enum { N = 10 };
	struct pp_executor *e = executor_new(1);
	void *before = thread_of_a_task(e, false), *after;
	int kept = 0;

	for (int i = 0; i < N; i++)
		if (thread_of_a_task(e, false) != before)
			return;
	for (int i = 0; i < N; i++, before = after) {
		thread_of_a_task(e, true);
		after = thread_of_a_task(e, false);
		kept += after == before;
	}
	context("tasks that raised, of %d, after which the worker was the one before, as it was after %d that returned", N, N);
	EXPECT_AT_LEAST(1, kept);
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
