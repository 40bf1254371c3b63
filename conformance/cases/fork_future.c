/* SPDX-License-Identifier: MIT */
/* fork_future.c: futures, and iterators over them, in the child of a fork. */
#include "forks.h"

/* ---- what it is told of them --------------------------------------------- */

static void ask_both(struct log *log, double timeout)
{
	int i;

	for (i = 0; i < 2; i++)
		log->status[i] = result(log->f[i], timeout, &log->outcome[i]);
}

static void ask_both_for_ever(void *arg)
{
	ask_both(arg, PP_FOREVER);
}

CASE(fork_10_finished_futures_give_their_outcomes)
{
	struct pp_executor *e = executor_any();
	struct log *log = log_new();

	log->f[0] = submit(e, task_return, THE_VALUE);
	log->f[1] = submit(e, task_raise, THE_EXCEPTION);
	expect_result(log->f[0], F_RETURNED, PP_FOREVER);
	expect_result(log->f[1], F_RAISED, PP_FOREVER);
	expect_left(process_fork_run(ask_both_for_ever, log), 0);
	context("result in the child of a future that was FINISHED with a value");
	EXPECT_STATUS(PP_OK, log->status[0]);
	EXPECT_PTR(THE_VALUE, log->outcome[0]);
	context("result in the child of a future that was FINISHED with an exception");
	EXPECT_STATUS(PP_RAISED, log->status[1]);
	EXPECT_PTR(THE_EXCEPTION, log->outcome[1]);
}

/* What the child sees of both futures, and lets go of. */
static void ask_all_and_drop(void *arg)
{
	struct log *log = arg;
	int i;

	log->answer = true;
	for (i = 0; i < 2; i++) {
		if (HAS(cancelled) && HAS(done))
			log->answer &= backend()->cancelled(log->f[i]) && backend()->done(log->f[i]);
		log->status[i] = backend()->result(log->f[i], 0, &log->outcome[i]);
		drop(log->f[i]);
	}
}

static void expect_cancelled_in_the_child(struct log *log, const char *which)
{
	int i;

	expect_left(process_fork_run(ask_all_and_drop, log), 0);
	for (i = 0; i < 2; i++) {
		context("result in the child of a future that was cancelled and %s at the fork", which);
		EXPECT_STATUS(PP_CANCELLED, log->status[i]);
	}
	context("two futures that were cancelled and %s at the fork are cancelled and done in the child", which);
	EXPECT(log->answer);
}

static struct log *two_cancelled(struct pp_executor *e)
{
	struct log *log = log_new();
	int i;

	NEED(cancel);
	for (i = 0; i < 2; i++) {
		log->f[i] = submit(e, must_not_run, NULL);
		REQUIRE(cancel(log->f[i]));
	}
	return log;
}

CASE(fork_10_cancelled_and_still_queued)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);

	expect_cancelled_in_the_child(two_cancelled(e), "queued");
	gate_open(gate);
}

/* The worker has met both, and is idle or busy with something else. */
CASE(fork_10_cancelled_and_met_by_a_worker)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct log *log = two_cancelled(e);

	expect_result((gate_open(gate), submit(e, task_return, THE_VALUE)), F_RETURNED, PP_FOREVER);
	expect_cancelled_in_the_child(log, "met by a worker");
	gate = hold(e, 1);
	expect_cancelled_in_the_child(two_cancelled(e), "queued behind another task");
	gate_open(gate);
}

/* Memory that the child hands out anew is none that a future lies in. */
static void make_futures_and_ask_all(void *arg)
{
	int i;

	for (i = 0; i < WORK; i++)
		set_result(future_new(), THE_VALUE);
	ask_all_and_drop(arg);
}

/* They are the last that the worker has met. */
CASE(fork_10_cancelled_and_met_last_by_a_worker)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct log *log = two_cancelled(e);
	int i;

	NEED(set_result);
	gate_open(gate);
	threads_settle();
	expect_left(process_fork_run(make_futures_and_ask_all, log), 0);
	for (i = 0; i < 2; i++) {
		context("result in the child, which has made futures, of number %d that was cancelled and met by an idle worker", i + 1);
		EXPECT_STATUS(PP_CANCELLED, log->status[i]);
	}
	context("two futures that were cancelled and met by an idle worker are cancelled and done in the child");
	EXPECT(log->answer);
}

static void cancel_first(void *arg)
{
	struct log *log = arg;

	log->answer = cancel(log->f[0]);
}

CASE(fork_11_cancel_in_the_child)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct log *log = log_new();

	NEED(cancel);
	log->f[0] = submit(e, task_return, THE_VALUE);
	expect_left(process_fork_run(cancel_first, log), 0);
	expect_in(log->f[0], F_PENDING);
	gate_open(gate);
	expect_result(log->f[0], F_RETURNED, PP_FOREVER);
}

static void finish_own(void *arg)
{
	struct log *log = arg;
	bool run;
	int i;

	for (i = 0; i < 2; i++) {
		log->f[i] = future_new();
		set_running_or_notify_cancel(log->f[i], &run);
	}
	set_result(log->f[0], THE_VALUE);
	set_exception(log->f[1], THE_EXCEPTION);
	ask_both(log, PP_FOREVER);
}

CASE(fork_12_child_finishes_futures)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct log *log = log_new();

	expect_left(process_fork_run(finish_own, log), 0);
	gate_open(gate);
	context("result of a future that was made in the child and finished there with a value");
	EXPECT_STATUS(PP_OK, log->status[0]);
	EXPECT_PTR(THE_VALUE, log->outcome[0]);
	context("result of a future that was made in the child and finished there with an exception");
	EXPECT_STATUS(PP_RAISED, log->status[1]);
	EXPECT_PTR(THE_EXCEPTION, log->outcome[1]);
}

#define MADE 64

/* Tasks ask a future that is done, until the child is there, which makes futures of its own. */
struct askers {
	struct pp_future *f;
	struct counter *asking;
	int forked;   /* atomic */
	int finished; /* in the child */
};

static int task_asks_until_forked(void *arg, void **outcome)
{
	struct askers *a = arg;

	counter_add(a->asking, 1);
	while (!__atomic_load_n(&a->forked, __ATOMIC_SEQ_CST))
		backend()->result(a->f, 0, outcome);
	*outcome = THE_VALUE;
	return PP_OK;
}

static void finish_many(void *arg)
{
	struct askers *a = arg;
	void *outcome;
	int i;

	__atomic_store_n(&a->forked, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < MADE; i++) {
		struct pp_future *f = future_new();

		set_result(f, THE_VALUE);
		a->finished += result(f, 0, &outcome) == PP_OK;
	}
}

CASE(fork_12_child_finishes_futures_though_tasks_ask_another)
{
	struct pp_executor *e = executor_new(2);
	struct askers *a = shared_alloc(sizeof(*a));
	struct pp_future *asker[2];
	int round, i;

	need_fork();
	need_shared_memory();
	NEED(set_result);
	log_new();
	a->asking = counter_new();
	a->f = future_new();
	REQUIRE(set_result(a->f, THE_VALUE) == PP_OK);
	for (round = 1; round <= 12; round++) {
		a->forked = a->finished = 0;
		for (i = 0; i < 2; i++)
			asker[i] = submit(e, task_asks_until_forked, a);
		counter_await(a->asking, 2 * round);
		expect_left(process_fork_run(finish_many, a), 0);
		for (i = 0; i < 2; i++)
			expect_result(asker[i], F_RETURNED, PP_FOREVER);
		context("round %d: futures of %d that the child has made and finished", round, MADE);
		EXPECT_INT(MADE, a->finished);
	}
}

static void ask_both_shortly(void *arg)
{
	ask_both(arg, short_time());
}

CASE(fork_15_result_with_a_timeout_returns)
{
	struct pp_executor *e = executor_new(1);
	struct log *log = log_new();
	int i;

	log->f[0] = submit(e, task_pass_gate, log->gate);
	gate_await(log->gate, 1);
	log->f[1] = submit(e, task_return, THE_VALUE);
	expect_left(process_fork_run(ask_both_shortly, log), 0);
	gate_open(log->gate);
	for (i = 0; i < 2; i++) {
		context("result in the child of a future that was %s at the fork told %s",
			i == 0 ? "RUNNING" : "PENDING", status_name(log->status[i]));
		EXPECT(log->status[i] == PP_TIMEOUT || log->status[i] == PP_BROKEN);
	}
}

/* ---- iterators ----------------------------------------------------------- */

static void iterate(void *arg)
{
	struct log *log = arg;
	int i;

	for (i = 0; i < 2; i++) {
		struct pp_future *f = NULL;

		log->status[i] = as_completed_next(log->it, &f);
		log->outcome[i] = f;
	}
}

CASE(fork_22_iterator_begun_before_the_fork)
{
	struct pp_executor *e = executor_new(2);
	struct log *log = log_new();

	NEED(as_completed_begin);
	log->f[0] = submit(e, task_return, THE_VALUE);
	expect_result(log->f[0], F_RETURNED, PP_FOREVER);
	log->f[1] = submit(e, task_pass_gate, log->gate);
	gate_await(log->gate, 1);
	log->it = as_completed_begin(log->f, 2, 2 * short_time());
	expect_left(process_fork_run(iterate, log), 0);
	gate_open(log->gate);
	context("the iterator in the child gave the future that was done at the fork");
	EXPECT_STATUS(PP_OK, log->status[0]);
	EXPECT_PTR(log->f[0], log->outcome[0]);
	context("then, for one that was RUNNING at the fork, it told %s", status_name(log->status[1]));
	EXPECT(log->status[1] == PP_TIMEOUT || (log->status[1] == PP_OK && log->outcome[1] == log->f[1]));
	as_completed_end(log->it);
}

/* The child finishes one of the two itself. */
static void finish_and_iterate(void *arg)
{
	struct log *log = arg;

	set_result(log->f[1], THE_VALUE);
	iterate(arg);
}

/* An iterator over two futures, of which the first is done. */
static void iterate_over_two(struct log *log)
{
	NEED(as_completed_begin);
	NEED(set_result);
	log->f[0] = future_new();
	log->f[1] = future_new();
	REQUIRE(set_result(log->f[0], THE_VALUE) == PP_OK);
	log->it = as_completed_begin(log->f, 2, PP_FOREVER);
}

static void expect_both_given(struct log *log, const char *whose)
{
	int i;

	for (i = 0; i < 2; i++) {
		context("the iterator in the child%s gives the future that was done %s", whose,
			i == 0 ? "at the fork" : "by the child itself");
		EXPECT_STATUS(PP_OK, log->status[i]);
		EXPECT(log->outcome[0] == log->f[i] || log->outcome[1] == log->f[i]); /* in whichever order */
	}
}

CASE(fork_22_future_that_the_child_finishes)
{
	struct log *log = log_new();

	iterate_over_two(log);
	expect_left(process_fork_run(finish_and_iterate, log), 0);
	expect_both_given(log, "");
	as_completed_end(log->it);
}

static void ask_second(void *arg)
{
	struct log *log = arg;
	void *outcome;

	backend()->result(log->f[1], PP_FOREVER, &outcome);
}

static void wait_for_second(void *arg)
{
	struct log *log = arg;
	bool is_done[2];

	backend()->wait(log->f, 2, PP_FOREVER, PP_ALL_COMPLETED, is_done);
}

/* Threads of the child take up the stacks of the parent's, and write over them. */
static void write_on_the_stack(void *arg)
{
	unsigned char volatile there[64 << 10];
	size_t i;

	(void)arg;
	for (i = 0; i < sizeof(there); i++)
		there[i] = 0xa5;
}

static void reuse_stacks_and_finish(void *arg)
{
	struct thread *t[4];
	int i;

	for (i = 0; i < 4; i++)
		t[i] = thread_start(write_on_the_stack, NULL);
	for (i = 0; i < 4; i++)
		thread_join(t[i]);
	finish_and_iterate(arg);
}

/* FORK-22: a thread of the parent waits at the fork for what the child makes done. */
static void expect_child_finishes_beside(void (*waits)(void *))
{
	struct log *log = log_of_threads_new();
	struct thread *t;

	iterate_over_two(log);
	t = thread_start(waits, log);
	thread_settle(t);
	expect_left(process_fork_run(reuse_stacks_and_finish, log), 0);
	expect_both_given(log, ", whose parent waits for the same in a thread,");
	set_result(log->f[1], THE_VALUE);
	thread_join(t);
	as_completed_end(log->it);
}

CASE(fork_22_future_that_the_child_finishes_and_a_thread_of_the_parent_waits_for)
{
	expect_child_finishes_beside(ask_second);
}

CASE(fork_22_future_that_the_child_finishes_and_a_thread_is_inside_wait_for)
{
	NEED(wait);
	expect_child_finishes_beside(wait_for_second);
}

#define CROWD 48

/* Futures, each with an iterator and a thread of the parent that waits for it. */
struct crowd {
	struct pp_future *f[CROWD];
	struct pp_completed *it[CROWD];
	struct barrier *meeting;
	int given; /* by iterators, in the child */
};

struct of_crowd {
	struct crowd *c;
	int i;
};

/* Every other one waits for its future and the next. */
static void wait_in_crowd(void *arg)
{
	struct of_crowd *own = arg;
	struct pp_future *f[2] = {own->c->f[own->i], own->c->f[(own->i + 1) % CROWD]};
	bool is_done[2];
	void *outcome;

	if (own->i % 2 && HAS(wait))
		backend()->wait(f, 2, PP_FOREVER, PP_ALL_COMPLETED, is_done);
	else
		backend()->result(f[0], PP_FOREVER, &outcome);
}

static void write_and_meet(void *arg)
{
	write_on_the_stack(NULL);
	barrier_meet(arg);
}

static void finish_crowd(void *arg)
{
	struct crowd *c = arg;
	struct thread *t[CROWD];
	struct pp_future *f;
	int i;

	for (i = 0; i < CROWD; i++)
		t[i] = thread_start(write_and_meet, c->meeting);
	for (i = 0; i < CROWD; i++)
		thread_join(t[i]);
	for (i = 0; i < CROWD; i++)
		set_result(c->f[i], THE_VALUE);
	for (i = 0; i < CROWD; i++)
		c->given += as_completed_next(c->it[i], &f) == PP_OK && f == c->f[i];
	for (i = 0; i < CROWD; i++)
		as_completed_end(c->it[i]);
	for (i = 0; i < CROWD; i++) {
		struct pp_completed *it = as_completed_begin(&c->f[i], 1, PP_FOREVER);

		c->given += as_completed_next(it, &f) == PP_OK && f == c->f[i];
		as_completed_end(it);
	}
}

CASE(fork_22_crowd_of_iterators_and_threads)
{
	struct crowd *c = shared_alloc(sizeof(*c));
	struct of_crowd own[CROWD];
	struct thread *t[CROWD];
	int i;

	NEED(set_result);
	NEED(as_completed_begin);
	log_of_threads_new();
	c->meeting = barrier_new(CROWD);
	for (i = 0; i < CROWD; i++)
		c->f[i] = future_new();
	for (i = 0; i < CROWD; i++) {
		own[i] = (struct of_crowd){c, i};
		c->it[i] = as_completed_begin(&c->f[i], 1, PP_FOREVER);
		t[i] = thread_start(wait_in_crowd, &own[i]);
		thread_settle(t[i]);
	}
	expect_left(process_fork_run(finish_crowd, c), 0);
	context("iterators of %d begun before the fork, and %d after it, that gave in the child what the child made done", CROWD, CROWD);
	EXPECT_INT(2 * CROWD, c->given);
	for (i = 0; i < CROWD; i++)
		set_result(c->f[i], THE_VALUE);
	for (i = 0; i < CROWD; i++)
		thread_join(t[i]);
}
