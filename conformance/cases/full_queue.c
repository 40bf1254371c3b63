/* SPDX-License-Identifier: MIT */
/*
 * full_queue.c: EXEC, CANCEL, MAP, INIT, SHUTDOWN and EXIT where the work queue holds no more.
 *
 * A submit to a full queue waits for room, or is refused with NO_RESOURCES, or makes room by
 * itself; all are right.  What it accepts is work like any other, and it does not wait for ever.
 * An executor without a bound gets a few work items, and accepts one more.
 */
#include "exits.h"
#include "initializers.h"
#include "maps.h"
#include "shutdowns.h"

#define FEW 4
#define SUBMITTERS 4

/* The queue is full of tasks that count; returns how many. */
static int fill(struct pp_executor *e, struct counter *ran)
{
	int n = queue_holds(FEW);

	for (int i = 0; i < n; i++)
		submit(e, task_count, ran);
	return n;
}

/* Until it is accepted: there is room, or there will be. */
static struct pp_future *submit_in_time(struct pp_executor *e, pp_task *task, void *arg)
{
	struct pp_future *f = NULL;
	int status;

	while ((status = try_submit(e, task, arg, &f)) == PP_NO_RESOURCES)
		threads_settle();
	EXPECT_STATUS(PP_OK, status);
	return f;
}

/* A thread that submits one more than the queue holds. */
struct one_more {
	struct pp_executor *e;
	struct counter *ran;
	struct pp_future *f;
	int status;
	struct thread *thread;
};

static void submit_one_more(void *arg)
{
	struct one_more *m = arg;

	m->status = backend()->submit(m->e, task_count, m->ran, &m->f);
}

/* It is inside submit, if it can be, when this returns. */
static void one_more_start(struct one_more *m, struct pp_executor *e, struct counter *ran)
{
	*m = (struct one_more){.e = e, .ran = ran, .status = -1};
	m->thread = thread_start(submit_one_more, m);
	thread_settle(m->thread);
}

/* It returned: accepted, or refused for want of room, or as the executor refuses now. */
static void one_more_join(struct one_more *m, int refusal)
{
	thread_join(m->thread);
	context("submit to a full work queue, in a thread");
	if (m->status != PP_OK && m->status != PP_NO_RESOURCES)
		EXPECT_STATUS(refusal, m->status);
}

/* ---- room comes ----------------------------------------------------------------- */

CASE(exec_20_one_more_than_the_queue_holds)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *ran = counter_new();
	int accepted = fill(e, ran);
	struct one_more m;

	one_more_start(&m, e, ran);
	gate_open(gate);
	one_more_join(&m, PP_OK);
	accepted += m.status == PP_OK;
	drop(m.f);
	shutdown_wait(e);
	context("tasks that ran, of those accepted while the only worker was held and after it");
	EXPECT_INT(accepted, counter_value(ran));
}

/* A thread that submits more than the queue holds. */
struct submits {
	struct pp_executor *e;
	int n;
	struct counter *ran, *accepted;
};

static void submit_all(void *arg)
{
	struct submits *s = arg;

	for (int i = 0; i < s->n; i++) {
		struct pp_future *f = NULL;

		counter_add(s->accepted, backend()->submit(s->e, task_count, s->ran, &f) == PP_OK);
		drop(f);
	}
}

/* EXEC-20: each work item that a worker takes is room for one of the threads. */
static void expect_threads_submit(int workers)
{
	struct pp_executor *e = executor_new(workers);
	struct gate *gate = hold(e, workers);
	struct submits s = {e, queue_holds(FEW) + 5, counter_new(), counter_new()};
	struct thread *threads[SUBMITTERS];

	for (int i = 0; i < SUBMITTERS; i++)
		threads[i] = thread_start(submit_all, &s);
	for (int i = 0; i < SUBMITTERS; i++)
		thread_settle(threads[i]);
	gate_open(gate);
	for (int i = 0; i < SUBMITTERS; i++)
		thread_join(threads[i]);
	shutdown_wait(e);
	context("tasks that ran, of those that four threads had accepted");
	EXPECT_INT(counter_value(s.accepted), counter_value(s.ran));
}

CASE(exec_20_threads_submit_more_than_the_queue_holds)
{
	expect_threads_submit(1);
}

CASE(exec_20_threads_submit_more_than_the_queue_of_several_workers_holds)
{
	expect_threads_submit(3);
}

/* EXEC-20: each is done before the next is submitted, and every other raises. */
CASE(exec_20_room_does_not_wear_out)
{
	struct pp_executor *e = executor_new(1);
	int n = 3 * (queue_holds(FEW) + 2);

	for (int i = 0; i < n; i++) {
		struct pp_future *f;

		context("task number %d of %d, one after the other", i, n);
		f = submit_in_time(e, i % 2 ? task_raise : task_return, i % 2 ? THE_EXCEPTION : THE_VALUE);
		expect_result(f, i % 2 ? F_RAISED : F_RETURNED, PP_FOREVER);
	}
}

/* ---- what is queued is cancelled ------------------------------------------------- */

static void fill_and_cancel(struct pp_executor *e)
{
	int n = queue_holds(FEW);

	for (int i = 0; i < n; i++)
		REQUIRE(cancel(submit(e, must_not_run, NULL)));
}

CASE(cancel_13_full_queue_of_cancelled_work)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);

	fill_and_cancel(e);
	gate_open(gate);
	for (int i = 0; i < 2; i++) {
		context("task number %d after a full work queue of cancelled work", i);
		expect_result(submit_in_time(e, task_return, THE_VALUE), F_RETURNED, PP_FOREVER);
	}
}

CASE(cancel_13_full_queue_of_cancelled_work_over_and_over)
{
	struct pp_executor *e = executor_new(1);
	int n = queue_holds(FEW) + 2;

	for (int i = 0; i < n; i++) {
		struct gate *gate = gate_new();
		struct pp_future *held = submit_in_time(e, task_return_at_gate, gate);

		gate_await(gate, 1);
		REQUIRE(cancel(submit_in_time(e, must_not_run, NULL)));
		gate_open(gate);
		context("task number %d, behind which one was cancelled", i);
		expect_result(held, F_RETURNED, PP_FOREVER);
	}
}

CASE(cancel_13_submit_waits_while_what_is_queued_is_cancelled)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *ran = counter_new();
	int n = queue_holds(FEW);
	struct pp_future **f = shared_alloc((n + 1) * sizeof(*f));
	struct one_more m;

	for (int i = 0; i < n; i++)
		f[i] = submit(e, must_not_run, NULL);
	one_more_start(&m, e, ran);
	for (int i = 0; i < n; i++)
		REQUIRE(cancel(f[i]));
	gate_open(gate);
	one_more_join(&m, PP_OK);
	drop(m.f);
	shutdown_wait(e);
	context("it was accepted behind cancelled work, and ran");
	EXPECT_INT(m.status == PP_OK, counter_value(ran));
}

/* ---- from inside ------------------------------------------------------------------- */

/* A task, or a callback of one, that submits one more than the queue holds. */
struct within {
	struct pp_executor *e;
	struct gate *gate;
	struct barrier *all; /* who has submitted waits for the others, or NULL */
	int n;
	struct counter *ran, *accepted, *refused, *returned;
};

static struct within *within_new(struct pp_executor *e, int workers)
{
	struct within *w = shared_alloc(sizeof(*w));

	need_shared_memory();
	*w = (struct within){e, gate_new(), workers > 1 ? barrier_new(workers) : NULL, queue_holds(FEW) + 1,
			     counter_new(), counter_new(), counter_new(), counter_new()};
	return w;
}

static void submit_within(struct within *w)
{
	struct submits s = {w->e, w->n, w->ran, w->accepted};

	submit_all(&s);
	if (w->all)
		barrier_meet(w->all);
	counter_add(w->returned, 1);
}

static int task_submits_within(void *arg, void **outcome)
{
	struct within *w = arg;

	gate_wait(w->gate);
	submit_within(w);
	*outcome = THE_VALUE;
	return PP_OK;
}

static int callback_submits_within(struct pp_future *f, void *arg)
{
	(void)f;
	submit_within(arg);
	return PP_OK;
}

static void expect_accepted_runs(struct within *w, long filled)
{
	shutdown_wait(w->e);
	context("tasks that ran, of those accepted from outside and from inside");
	EXPECT_INT(filled + counter_value(w->accepted), counter_value(w->ran));
}

/* EXEC-23: all workers are at it, and none is left that could make room. */
static void expect_tasks_submit(int workers)
{
	struct within *w = within_new(executor_new(workers), workers);
	struct pp_future *f[2];
	int filled;

	for (int i = 0; i < workers; i++)
		f[i] = submit_in_time(w->e, task_submits_within, w);
	gate_await(w->gate, workers);
	filled = fill(w->e, w->ran);
	gate_open(w->gate);
	for (int i = 0; i < workers; i++)
		expect_result(f[i], F_RETURNED, PP_FOREVER);
	expect_accepted_runs(w, filled);
}

CASE(exec_23_task_of_the_only_worker_submits_to_a_full_queue)
{
	expect_tasks_submit(1);
}

CASE(exec_23_tasks_of_all_workers_submit_to_a_full_queue)
{
	expect_tasks_submit(2);
}

CASE(exec_25_callback_submits_to_a_full_queue)
{
	struct within *w = within_new(executor_new(1), 1);
	struct pp_future *f = submit_in_time(w->e, task_return_at_gate, w->gate);
	int filled;

	gate_await(w->gate, 1);
	filled = fill(w->e, w->ran);
	add_done_callback(f, callback_submits_within, w);
	gate_open(w->gate);
	counter_await(w->returned, 1);
	expect_accepted_runs(w, filled);
}

/* MAP-8: from outside; the only worker makes room. */
CASE(map_8_more_than_the_queue_holds)
{
	struct pp_executor *e = executor_new(1);
	int n = 3 * (queue_holds(FEW) + 1), status;
	void **args = shared_alloc(n * sizeof(*args));
	struct pp_map *it = NULL;
	void *exception = NULL;

	for (int i = 0; i < n; i++)
		args[i] = token(i % 100);
	status = map_begin(e, task_return, source_of(args, n, NULL), PP_FOREVER, 0, &it, &exception);
	context("map of %d tasks, more than the work queue holds", n);
	if (status == PP_NO_RESOURCES)
		unsupported("map was refused for want of room");
	EXPECT_STATUS(PP_OK, status);
	for (int i = 0; i < n; i++) {
		context("outcome number %d of %d, more than the work queue holds", i, n);
		expect_next(it, PP_OK, args[i]);
	}
	expect_stop(it);
}

/* ---- the end comes ------------------------------------------------------------------ */

/* SHUTDOWN-7: a submit waits for room, if it does, before the shutdown and through it. */
static void expect_ends_while_one_waits(enum form form)
{
	bool cancels = form == CANCELS_WAITS || form == CANCELS_RETURNS;
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *ran = counter_new();
	int n = fill(e, ran);
	struct one_more m;
	struct shutter s;
	void *outcome = NULL;

	one_more_start(&m, e, ran);
	shutter_start(&s, e, form, ran);
	gate_open(gate);
	thread_join(s.thread);
	one_more_join(&m, PP_SHUTDOWN);
	context("%s while another thread is inside submit to a full work queue", form_names[form]);
	EXPECT_STATUS(PP_OK, s.status);
	if (m.status == PP_OK) {
		int told = backend()->result(m.f, PP_FOREVER, &outcome);

		context("what submit accepted from a full work queue beside %s", form_names[form]);
		if (told != PP_CANCELLED || !cancels)
			EXPECT_STATUS(PP_OK, told);
		n += told == PP_OK;
	}
	drop(m.f);
	shutdown_wait(e);
	if (form == WAITS || form == CANCELS_WAITS) {
		context("tasks that had run when %s returned", form_names[form]);
		EXPECT_INT(counter_value(ran), s.seen);
	}
	context("tasks that ran, beside %s", form_names[form]);
	if (cancels)
		EXPECT_AT_MOST(n, counter_value(ran));
	else
		EXPECT_INT(n, counter_value(ran));
}

CASE(shutdown_7_shutdown_while_one_waits_for_room)
{
	expect_ends_while_one_waits(WAITS);
}

CASE(shutdown_7_shutdown_that_does_not_wait_while_one_waits_for_room)
{
	expect_ends_while_one_waits(RETURNS);
}

CASE(shutdown_7_shutdown_that_cancels_while_one_waits_for_room)
{
	expect_ends_while_one_waits(CANCELS_WAITS);
}

CASE(shutdown_7_shutdown_that_cancels_and_does_not_wait_while_one_waits_for_room)
{
	expect_ends_while_one_waits(CANCELS_RETURNS);
}

CASE(shutdown_10_waits_for_a_full_queue)
{
	expect_waits(WAITS, 1, 1, queue_holds(FEW));
}

CASE(shutdown_22_returns_while_the_queue_is_full)
{
	struct pp_executor *e = executor_new(2);
	struct gate *gate = hold(e, 2);
	struct counter *ran = counter_new();
	int n = fill(e, ran);

	context("shutdown that does not wait, with a full work queue behind held workers");
	EXPECT_STATUS(PP_OK, shutdown_nowait(e));
	EXPECT_INT(0, counter_value(ran));
	gate_open(gate);
	counter_await(ran, n);
}

/* INIT-38: nothing but the failure makes room. */
CASE(init_38_one_waits_for_room)
{
	struct gate *gate = gate_new();
	struct pp_executor *e = executor_new_with_initializer(1, initializer_fail_at_gate, gate);
	int n = queue_holds(FEW);
	struct pp_future **f = shared_alloc((n + 1) * sizeof(*f));
	struct one_more m;

	for (int i = 0; i < n; i++)
		f[i] = submit(e, must_not_run, NULL);
	one_more_start(&m, e, counter_new());
	gate_open(gate);
	one_more_join(&m, PP_BROKEN);
	for (int i = 0; i < n; i++)
		expect_broken(f[i]);
	if (m.status == PP_OK)
		expect_broken(m.f);
	EXPECT_INT(0, counter_value(m.ran));
	drop(m.f);
}

static void submit_another(void *arg)
{
	struct exit_log *log = arg;
	struct pp_future *f = NULL;

	if (backend()->submit(log->e, task_end, log, &f) == PP_OK)
		__atomic_add_fetch(&log->accepted, 1, __ATOMIC_SEQ_CST);
}

static void leave_while_one_waits(void *arg)
{
	struct exit_log *log = arg;

	need_shared_memory();
	log->e = executor_new(1);
	log->calls = queue_holds(FEW);
	keep_at_it(log->e, log, 1, log->calls);
	thread_settle(thread_start(submit_another, log));
}

/* EXIT-13: the process may be gone before the thread can note that it was accepted. */
CASE(exit_13_one_waits_for_room)
{
	struct exit_log *log = exit_log_new();

	expect_exit(leave_while_one_waits, log, 0);
	context("tasks that had ended when the process was gone: one, a full work queue of %d, and %d more",
		log->calls, log->accepted);
	EXPECT_AT_LEAST(1 + log->calls + log->accepted, counter_value(log->ended));
	EXPECT_AT_MOST(1 + log->calls + 1, counter_value(log->ended));
}
