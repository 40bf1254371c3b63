/* SPDX-License-Identifier: MIT */
/* initializer.c: INIT, what workers run first, and the pool that an initializer has broken. */
#include "initializers.h"

#include <stdint.h>

/* ---- before the first task ------------------------------------------------------ */

/* What the initializer prepares: the thread that it runs on. */
static _Thread_local long prepared;
static _Thread_local long preparations;

static int initializer_prepare(void *arg)
{
	prepared = *(long *)arg;
	return PP_OK;
}

/* A task that tells what was prepared, when so many tasks have met. */
static int task_tell_prepared(void *arg, void **outcome)
{
	barrier_meet(arg);
	*outcome = token((int)prepared);
	return PP_OK;
}

static void submit_tellers(struct pp_executor *e, struct barrier *b, int tasks, struct pp_future **f)
{
	int i;

	for (i = 0; i < tasks; i++)
		f[i] = submit(e, task_tell_prepared, b);
}

static void expect_told(struct pp_future **f, int tasks, long expected)
{
	void *outcome;
	int i;

	for (i = 0; i < tasks; i++) {
		REQUIRE(result(f[i], PP_FOREVER, &outcome) == PP_OK);
		context("what task %d of %d found prepared by the initializer of its worker", i, tasks);
		EXPECT_PTR(token((int)expected), outcome);
	}
}

static void expect_prepared(struct pp_executor *e, int tasks, long expected)
{
	struct pp_future *f[20];

	submit_tellers(e, barrier_new(tasks), tasks, f);
	expect_told(f, tasks, expected);
}

static long *number(long n)
{
	long *p = shared_alloc(sizeof(*p));

	*p = n;
	return p;
}

CASE(init_1_worker_is_prepared)
{
	struct pp_executor *e = executor_new_with_initializer(1, initializer_prepare, number(7));
	int i;

	for (i = 0; i < 300; i++)
		expect_prepared(e, 1, 7);
}

CASE(init_1_each_of_twenty_workers_is_prepared)
{
	expect_prepared(executor_new_with_initializer(20, initializer_prepare, number(7)), 20, 7);
}

/* With another one; who comes later waits for nobody. */
static int initializer_meet(void *arg)
{
	counter_add(arg, 1);
	counter_await(arg, 2);
	return PP_OK;
}

static void expect_initializers_meet(struct pp_executor *a, struct pp_executor *b)
{
	struct pp_future *f[] = {submit(a, task_return, THE_VALUE), submit(b, task_return, THE_VALUE)};
	void *outcome;
	int i;

	for (i = 0; i < 2; i++) {
		context("a task whose worker has an initializer that waits for that of another worker");
		EXPECT_STATUS(PP_OK, result(f[i], PP_FOREVER, &outcome));
	}
}

CASE(init_48_two_of_one_executor_meet)
{
	struct pp_executor *e = executor_new_with_initializer(2, initializer_meet, counter_new());

	expect_initializers_meet(e, e);
}

CASE(init_48_two_of_two_executors_meet)
{
	struct counter *met = counter_new();

	expect_initializers_meet(executor_new_with_initializer(1, initializer_meet, met),
				 executor_new_with_initializer(1, initializer_meet, met));
}

CASE(init_1_every_worker_is_prepared)
{
	struct pp_executor *e = executor_new_with_initializer(4, initializer_prepare, number(7));
	int i;

	for (i = 0; i < 5; i++)
		expect_prepared(e, 4, 7);
}

/* Workers that left for want of work have others in their places, and these are prepared too. */
CASE(init_1_after_a_time_with_nothing_to_do)
{
	struct pp_executor *e = executor_new_with_initializer(4, initializer_prepare, number(7));
	int i;

	for (i = 0; i < 3; i++) {
		expect_prepared(e, 4, 7);
		pass_time(short_time());
	}
}

/* The initializer takes its time: no other worker may step in unprepared. */
CASE(init_1_task_waits_for_the_initializer)
{
	struct plan *p = plan_new(2, NONE);
	struct pp_future *f = submit(p->e, task_return, THE_VALUE);
	void *outcome;

	gate_await(p->gate, 1);
	context("no initializer has ended");
	EXPECT_STATUS(PP_TIMEOUT, result(f, short_time(), &outcome));
	gate_open(p->gate);
	expect_result(f, F_RETURNED, PP_FOREVER);
}

/* Whatever pointer it is, so it cannot be where the initializer writes to. */
static void **argument_seen;

static int initializer_tell_argument(void *arg)
{
	*argument_seen = arg;
	return PP_OK;
}

static void expect_argument(void *initarg)
{
	struct pp_executor *e;

	argument_seen = shared_alloc(sizeof(*argument_seen));
	*argument_seen = token(9);
	e = executor_new_with_initializer(1, initializer_tell_argument, initarg);
	submit(e, task_return, NULL);
	shutdown_wait(e);
	context("the argument that the initializer was given");
	EXPECT_PTR(initarg, *argument_seen);
}

CASE(init_2_is_given_its_argument)
{
	expect_argument(token(3));
}

CASE(init_2_is_given_null)
{
	expect_argument(NULL);
}

CASE(init_2_is_given_any_pointer)
{
	expect_argument((void *)UINTPTR_MAX);
	expect_argument((void *)1);
}

static int initializer_count_on_this_worker(void *arg)
{
	record_add(arg, ++preparations);
	return PP_OK;
}

/* No worker is idle before the last task: one that was may have gone, and come back for its second time. */
static void expect_once_on_each_worker(int workers, int meetings)
{
	struct record *r = record_new();
	struct barrier *barrier = NULL;
	struct gate *gate;
	struct pp_executor *e = executor_new_with_initializer(workers, initializer_count_on_this_worker, r);
	int i;

	gate = hold(e, workers);
	for (i = 0; i < meetings * workers; i++) {
		if (i % workers == 0)
			barrier = barrier_new(workers);
		submit(e, task_tell_prepared, barrier);
	}
	for (i = 0; i < 50; i++)
		submit(e, task_return, NULL);
	gate_open(gate);
	shutdown_wait(e);
	EXPECT_AT_LEAST(1, record_count(r));
	for (i = 0; i < record_count(r); i++) {
		context("calls of the initializer on one worker, counted by call %d of all", i + 1);
		EXPECT_INT(1, record_at(r, i));
	}
}

CASE(init_3_once_on_one_worker)
{
	expect_once_on_each_worker(1, 3);
}

CASE(init_3_once_on_each_of_four_workers)
{
	expect_once_on_each_worker(4, 10);
}

CASE(init_4_outcomes_are_the_same)
{
	struct counter *c = counter_new();
	struct pp_executor *e = executor_new_with_initializer(1, initializer_count, c);
	struct pp_future *nothing = submit(e, task_return, NULL);
	void *outcome = token(9);

	expect_result(submit(e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	expect_result(submit(e, task_raise, THE_EXCEPTION), F_RAISED, PP_FOREVER);
	context("a task returned NULL, on a worker that ran an initializer");
	EXPECT_STATUS(PP_OK, result(nothing, PP_FOREVER, &outcome));
	EXPECT_PTR(NULL, outcome);
}

CASE(init_4_pending_future_can_be_cancelled)
{
	struct plan *p = plan_new(1, NONE);
	struct pp_future *victim = submit(p->e, must_not_run, NULL);
	struct pp_future *other = submit(p->e, task_return, THE_VALUE);

	gate_await(p->gate, 1);
	context("the initializer of the only worker has not ended");
	EXPECT(cancel(victim));
	gate_open(p->gate);
	expect_result(other, F_RETURNED, PP_FOREVER);
	shutdown_wait(p->e);
	expect_in(victim, F_NOTIFIED);
}

CASE(init_5_each_executor_runs_its_own)
{
	struct pp_executor *e7 = executor_new_with_initializer(2, initializer_prepare, number(7));
	struct pp_executor *none = executor_new(2);
	struct pp_executor *e8 = executor_new_with_initializer(2, initializer_prepare, number(8));
	struct barrier *held = barrier_new(5); /* the thread of an idle worker may be lent to another executor */
	struct pp_future *f[4];
	int i;

	submit_tellers(e7, held, 2, f);
	submit_tellers(e8, held, 2, f + 2);
	for (i = 0; i < 3; i++)
		expect_prepared(none, 2, 0);
	barrier_meet(held);
	expect_told(f, 2, 7);
	expect_told(f + 2, 2, 8);
	for (i = 0; i < 3; i++) {
		expect_prepared(e7, 2, 7);
		expect_prepared(e8, 2, 8);
	}
}

struct seen {
	long written;
	long read;
};

static int initializer_read(void *arg)
{
	struct seen *s = arg;

	s->read = s->written;
	return PP_OK;
}

/* Plain reads and writes. */
CASE(init_6_sees_what_was_written_before)
{
	int round;

	for (round = 1; round <= 20; round++) {
		struct seen *s = shared_alloc(sizeof(*s));
		struct pp_executor *e;

		s->written = round;
		e = executor_new_with_initializer(1, initializer_read, s);
		submit(e, task_return, NULL);
		shutdown_wait(e);
		context("round %d: what the initializer read of what was written before the executor was made", round);
		EXPECT_INT(round, s->read);
	}
}

CASE(init_8_submit_returns_while_an_initializer_runs)
{
	struct plan *p = plan_new(1, NONE);
	struct counter *ran = counter_new();
	struct pp_future *f;
	int i;

	submit(p->e, task_count, ran);
	gate_await(p->gate, 1);
	for (i = 0; i < 10; i++) {
		context("work is submitted while the initializer of the only worker runs");
		EXPECT_STATUS(PP_OK, try_submit(p->e, task_count, ran, &f));
	}
	EXPECT_INT(0, counter_value(p->ended));
	gate_open(p->gate);
	shutdown_wait(p->e);
	context("tasks that were submitted while the initializer ran, and one before");
	EXPECT_INT(11, counter_value(ran));
}

/* ---- the broken pool -------------------------------------------------------------------- */

static void expect_refused(struct pp_executor *e)
{
	struct pp_future *f;
	int i;

	for (i = 0; i < 3; i++) {
		context("work is submitted to a pool that has told a future as BROKEN");
		EXPECT_STATUS(PP_BROKEN, try_submit(e, must_not_run, NULL, &f));
	}
}

CASE(init_31_refused_and_not_written)
{
	struct pp_future *f, *next = (struct pp_future *)token(9);
	struct plan *p = broken(&f);

	context("submit to a broken pool");
	EXPECT_STATUS(PP_BROKEN, backend()->submit(p->e, must_not_run, NULL, &next));
	EXPECT_PTR(token(9), next);
}

CASE(init_31_broken_pool_refuses)
{
	struct pp_future *f;

	expect_refused(broken(&f)->e);
}

/* A task that was running when its pool broke. */
CASE(init_31_refuses_its_own_task)
{
	struct plan *p = plan_new(2, 2);
	struct submitter *s = shared_alloc(sizeof(*s));
	struct pp_future *own, *f;
	void *outcome;

	if (backend()->separate_memory)
		unsupported("a task in a process of its own has no executor to submit to");
	*s = (struct submitter){p->e, gate_new(), -1};
	own = submit(p->e, task_submits, s);
	gate_await(s->gate, 1);
	f = submit(p->e, must_not_run, NULL);
	gate_await(p->gate, 1);
	gate_open(p->gate);
	expect_broken(f);
	gate_open(s->gate);
	REQUIRE(result(own, PP_FOREVER, &outcome) == PP_OK);
	context("a task submits to its own pool, which has broken since it began");
	EXPECT_STATUS(PP_BROKEN, s->status);
}

CASE(init_32_broken_pool_stays_broken)
{
	struct plan *p = plan_new(2, 1);
	struct pp_future *f = submit(p->e, task_return, THE_VALUE);
	struct pp_future *next;
	void *outcome;
	int status, i;

	gate_await(p->gate, 1);
	gate_open(p->gate);
	/* The other worker may have done it. */
	status = result(f, PP_FOREVER, &outcome);
	while (status == PP_OK) {
		if (try_submit(p->e, task_return, THE_VALUE, &f) != PP_OK)
			break;
		status = result(f, PP_FOREVER, &outcome);
	}
	for (i = 0; i < 20; i++) {
		context("the initializer failed once and would succeed now");
		EXPECT_STATUS(PP_BROKEN, try_submit(p->e, must_not_run, NULL, &next));
	}
	shutdown_wait(p->e);
}

/* Workers 1 to n - 1 are in order and busy, as the initializer of the last fails. */
static void expect_broken_by_the_last(int n)
{
	struct plan *p = plan_new(n, n);
	struct gate *busy = hold(p->e, n - 1);
	struct pp_future *f = submit(p->e, must_not_run, NULL);

	gate_await(p->gate, 1);
	gate_open(p->gate);
	expect_broken(f);
	expect_refused(p->e);
	gate_open(busy);
}

CASE(init_33_second_of_two_breaks_the_pool)
{
	expect_broken_by_the_last(2);
}

CASE(init_33_third_of_three_breaks_the_pool)
{
	expect_broken_by_the_last(3);
}

CASE(init_33_fourth_of_four_breaks_the_pool)
{
	expect_broken_by_the_last(4);
}

CASE(init_34_other_executors_go_on)
{
	struct counter *prepared_others = counter_new();
	struct pp_executor *plain = executor_new(1);
	struct pp_executor *other = executor_new_with_initializer(1, initializer_count, prepared_others);
	struct gate *gate = hold(plain, 1);
	struct pp_future *queued = submit(plain, task_return, THE_VALUE), *f;

	broken(&f);
	expect_in(queued, F_PENDING);
	gate_open(gate);
	expect_result(queued, F_RETURNED, PP_FOREVER);
	context("submit to an executor without an initializer, and to one whose initializer succeeds");
	EXPECT_STATUS(PP_OK, try_submit(plain, task_return, THE_VALUE, &f));
	expect_result(f, F_RETURNED, PP_FOREVER);
	EXPECT_STATUS(PP_OK, try_submit(other, task_return, THE_VALUE, &f));
	expect_result(f, F_RETURNED, PP_FOREVER);
}

CASE(init_35_shutdown_of_a_broken_pool_returns)
{
	struct pp_future *f;
	struct plan *p = broken(&f);
	int i;

	for (i = 0; i < 3; i++) {
		context("call %d of shutdown for a broken pool", i + 1);
		EXPECT_STATUS(PP_OK, shutdown_wait(p->e));
	}
}

CASE(init_35_every_form_of_shutdown_returns)
{
	struct pp_future *f;
	struct plan *p = broken(&f);
	int i;

	for (i = 0; i < 2; i++) {
		context("a shutdown of a broken pool that does not wait");
		EXPECT_STATUS(PP_OK, shutdown_nowait(p->e));
		if (HAS(shutdown_cancel)) {
			context("a shutdown of a broken pool that cancels and does not wait");
			EXPECT_STATUS(PP_OK, shutdown_cancel(p->e, false));
			context("a shutdown of a broken pool that cancels and waits");
			EXPECT_STATUS(PP_OK, shutdown_cancel(p->e, true));
		}
		context("a shutdown of a broken pool that waits");
		EXPECT_STATUS(PP_OK, shutdown_wait(p->e));
	}
}

CASE(init_36_shutdown_leaves_broken_futures_as_they_are)
{
	struct pp_future *f[3];
	struct plan *p = about_to_break(f, 3);
	int i;

	gate_open(p->gate);
	for (i = 0; i < 3; i++)
		expect_broken(f[i]);
	REQUIRE(shutdown_cancel(p->e, true) == PP_OK);
	for (i = 0; i < 3; i++)
		expect_broken(f[i]);
}

CASE(init_37_broken_and_shut_down_pool_refuses)
{
	struct pp_future *f, *next;
	struct plan *p = broken(&f);
	int i, status;

	REQUIRE(shutdown_wait(p->e) == PP_OK);
	for (i = 0; i < 3; i++) {
		status = try_submit(p->e, must_not_run, NULL, &next);
		context("work is submitted to a pool that is broken and was shut down, and told %s", status_name(status));
		EXPECT(status == PP_BROKEN || status == PP_SHUTDOWN);
	}
}

/* A thread that submits until it is refused, while the gate is opened. */
#define ITEMS 30

struct flood {
	struct plan *p;
	struct barrier *start;
	struct pp_future *f[ITEMS];
	int accepted;
	int status;
};

static void submit_until_refused(void *arg)
{
	struct flood *flood = arg;

	barrier_meet(flood->start);
	while (flood->accepted < ITEMS) {
		flood->status = backend()->submit(flood->p->e, must_not_run, NULL, &flood->f[flood->accepted]);
		if (flood->status != PP_OK)
			return;
		flood->accepted++;
	}
}

static void expect_flood_broken(struct flood *flood, int round)
{
	void *outcome;
	int i;

	if (flood->status != PP_OK) {
		context("round %d: the submit that was refused, as the initializer failed", round);
		EXPECT_STATUS(PP_BROKEN, flood->status);
	}
	for (i = 0; i < flood->accepted; i++) {
		context("round %d: future %d of %d that were given as the initializer failed", round, i, flood->accepted);
		EXPECT_STATUS(PP_BROKEN, result(flood->f[i], PP_FOREVER, &outcome));
		if (HAS(future_release))
			future_release(flood->f[i]);
	}
}

CASE(init_38_meets_submits)
{
	int round;

	for (round = 0; round < 50; round++) {
		struct flood flood = {.p = plan_new(1, ALL), .start = barrier_new(2)};
		struct pp_future *f = submit(flood.p->e, must_not_run, NULL);
		struct thread *t = thread_start(submit_until_refused, &flood);

		gate_await(flood.p->gate, 1);
		barrier_meet(flood.start);
		gate_open(flood.p->gate);
		thread_join(t);
		expect_flood_broken(&flood, round);
		expect_broken(f);
	}
}

CASE(init_39_failing_is_logged)
{
	struct record *lines = log_record();
	struct pp_future *f;
	struct plan *p = broken(&f);

	shutdown_wait(p->e);
	context("lines that were logged when an initializer failed");
	EXPECT_AT_LEAST(1, record_count(lines));
}

/* ---- shutdown and release around a failing initializer ------------------------------------ */

/* A thread inside a shutdown that waits. */
struct shutter {
	struct pp_executor *e;
	struct counter *ended;
	int status;
	long seen; /* value of ended when shutdown had returned */
	struct thread *thread;
};

static void shut_in_thread(void *arg)
{
	struct shutter *s = arg;

	s->status = backend()->shutdown(s->e);
	s->seen = counter_value(s->ended);
}

static void shutter_start(struct shutter *s, struct plan *p)
{
	s->e = p->e;
	s->ended = p->ended;
	s->status = -1;
	s->thread = thread_start(shut_in_thread, s);
	thread_settle(s->thread);
}

CASE(init_40_shutdown_that_waits_returns)
{
	struct pp_future *f[3];
	struct plan *p = about_to_break(f, 3);
	struct shutter s;
	int i;

	shutter_start(&s, p);
	gate_open(p->gate);
	thread_join(s.thread);
	context("a thread was inside a shutdown that waits when an initializer failed");
	EXPECT_STATUS(PP_OK, s.status);
	for (i = 0; i < 3; i++)
		expect_broken(f[i]);
}

CASE(init_41_shutdown_waits_for_a_busy_worker_and_returns)
{
	struct pp_future *f[2];
	struct gate *busy;
	struct plan *p = about_to_break_beside(&busy, f, 2);
	struct shutter s;

	shutter_start(&s, p);
	gate_open(p->gate);
	expect_broken(f[0]);
	expect_broken(f[1]);
	gate_open(busy);
	thread_join(s.thread);
	context("shutdown waited while an initializer failed and another worker was busy");
	EXPECT_STATUS(PP_OK, s.status);
}

CASE(init_42_broken_after_a_shutdown_that_did_not_wait)
{
	struct pp_future *f[3];
	struct plan *p = about_to_break(f, 3);
	int i;

	REQUIRE(shutdown_nowait(p->e) == PP_OK);
	gate_open(p->gate);
	for (i = 0; i < 3; i++)
		expect_broken(f[i]);
}

CASE(init_43_futures_of_a_released_executor)
{
	struct pp_future *f[3];
	struct plan *p = about_to_break(f, 3);
	int i;

	executor_release(p->e);
	gate_open(p->gate);
	for (i = 0; i < 3; i++)
		expect_broken(f[i]);
}

CASE(init_43_futures_of_a_released_executor_with_a_busy_worker)
{
	struct plan *p = plan_new(2, 2);
	struct gate *busy = hold(p->e, 1);
	struct pp_future *f[3];
	void *outcome;
	int i, status;

	for (i = 0; i < 3; i++)
		f[i] = submit(p->e, task_return, THE_VALUE);
	gate_await(p->gate, 1);
	executor_release(p->e);
	gate_open(p->gate);
	gate_open(busy);
	for (i = 0; i < 3; i++) {
		status = result(f[i], PP_FOREVER, &outcome);
		context("the executor was released before an initializer failed: result told %s", status_name(status));
		EXPECT(status == PP_BROKEN || status == PP_OK);
	}
}

/* An initializer that calls its own executor, which is known when the gate is open, and fails. */
struct inside {
	struct gate *gate;
	struct pp_executor *e;
	struct pp_future *f;
	int status;
};

static int initializer_submit_and_fail(void *arg)
{
	struct inside *in = arg;

	gate_wait(in->gate);
	in->status = backend()->submit(in->e, must_not_run, NULL, &in->f);
	return PP_RAISED;
}

static int initializer_shut_down_and_fail(void *arg)
{
	struct inside *in = arg;

	gate_wait(in->gate);
	in->status = backend()->shutdown_nowait(in->e);
	return PP_RAISED;
}

static struct inside *inside_new(pp_initializer *initializer)
{
	struct inside *in = shared_alloc(sizeof(*in));

	need_shared_memory();
	in->gate = gate_new();
	in->status = -1;
	in->e = executor_new_with_initializer(1, initializer, in);
	return in;
}

CASE(init_44_work_of_the_initializer_ends_as_broken)
{
	struct inside *in = inside_new(initializer_submit_and_fail);
	struct pp_future *f = submit(in->e, must_not_run, NULL);

	gate_open(in->gate);
	expect_broken(f);
	shutdown_wait(in->e);
	if (in->status != PP_OK)
		return;
	expect_broken(in->f);
	if (HAS(future_release))
		future_release(in->f);
}

CASE(init_45_initializer_shuts_down_and_fails)
{
	struct inside *in;
	struct pp_future *f[3];
	void *outcome;
	int i, status;

	NEED(shutdown_nowait);
	in = inside_new(initializer_shut_down_and_fail);
	for (i = 0; i < 3; i++)
		f[i] = submit(in->e, must_not_run, NULL);
	gate_open(in->gate);
	for (i = 0; i < 3; i++) {
		status = result(f[i], PP_FOREVER, &outcome);
		context("the initializer shut its executor down and failed: result told %s", status_name(status));
		EXPECT(status == PP_BROKEN || status == PP_CANCELLED);
	}
	EXPECT_STATUS(PP_OK, in->status);
}

CASE(init_46_shutdown_without_waiting_returns)
{
	struct plan *p = plan_new(1, NONE);
	struct pp_future *f = submit(p->e, task_return, THE_VALUE);

	gate_await(p->gate, 1);
	context("an initializer runs, and ends only after the shutdown");
	EXPECT_STATUS(PP_OK, shutdown_nowait(p->e));
	EXPECT_INT(0, counter_value(p->ended));
	gate_open(p->gate);
	expect_result(f, F_RETURNED, PP_FOREVER);
}

CASE(init_47_shutdown_waits_for_the_initializer)
{
	struct plan *p = plan_new(1, NONE);
	struct pp_future *f = submit(p->e, task_return, THE_VALUE);
	struct shutter s;

	gate_await(p->gate, 1);
	shutter_start(&s, p);
	gate_open(p->gate);
	thread_join(s.thread);
	context("initializers that had ended when a shutdown that waits returned");
	EXPECT_INT(1, s.seen);
	expect_in(f, F_RETURNED);
}
