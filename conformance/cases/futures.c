/* SPDX-License-Identifier: MIT */
#include "futures.h"

#include <pthread.h>

struct answers {
	const char *called;
	bool cancelled;
	bool running;
	bool done;
	int result;
	int exception;
};

static const struct answers answers[F_STATES] = {
	[F_PENDING] = {"a PENDING future", false, false, false, PP_TIMEOUT, PP_TIMEOUT},
	[F_RUNNING] = {"a RUNNING future", false, true, false, PP_TIMEOUT, PP_TIMEOUT},
	[F_CANCELLED] = {"a CANCELLED future", true, false, true, PP_CANCELLED, PP_CANCELLED},
	[F_NOTIFIED] = {"a CANCELLED_AND_NOTIFIED future", true, false, true, PP_CANCELLED, PP_CANCELLED},
	[F_RETURNED] = {"a future FINISHED with a value", false, false, true, PP_OK, PP_OK},
	[F_RAISED] = {"a future FINISHED with an exception", false, false, true, PP_RAISED, PP_RAISED},
};

const char *future_called(enum future_state s)
{
	return answers[s].called;
}

static void begin(struct pp_future *f, bool expected)
{
	bool run = !expected;

	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_OK);
	REQUIRE(run == expected);
}

struct pp_future *future_in(enum future_state s)
{
	struct pp_future *f = future_new();

	if (s == F_CANCELLED || s == F_NOTIFIED)
		REQUIRE(cancel(f));
	if (s == F_RUNNING || s == F_RETURNED || s == F_RAISED)
		begin(f, true);
	if (s == F_NOTIFIED)
		begin(f, false);
	if (s == F_RETURNED)
		REQUIRE(set_result(f, THE_VALUE) == PP_OK);
	if (s == F_RAISED)
		REQUIRE(set_exception(f, THE_EXCEPTION) == PP_OK);
	return f;
}

struct small {
	void (*call)(void *arg);
	void *arg;
};

static void *call_it(void *arg)
{
	struct small *s = arg;

	s->call(s->arg);
	return NULL;
}

void on_a_small_stack(void (*call)(void *arg), void *arg)
{
	struct small s = {call, arg};
	pthread_attr_t attr;
	pthread_t thread;

	REQUIRE(pthread_attr_init(&attr) == 0);
	REQUIRE(pthread_attr_setstacksize(&attr, 256 * 1024) == 0);
	REQUIRE(pthread_create(&thread, &attr, call_it, &s) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
	pthread_attr_destroy(&attr);
}

int task_return_at_gate(void *gate, void **outcome)
{
	gate_wait(gate);
	*outcome = THE_VALUE;
	return PP_OK;
}

int task_raise_at_gate(void *gate, void **outcome)
{
	gate_wait(gate);
	*outcome = THE_EXCEPTION;
	return PP_RAISED;
}

int initializer_fail_at_gate(void *gate)
{
	gate_wait(gate);
	return PP_RAISED;
}

int callback_pass_gate(struct pp_future *f, void *gate)
{
	(void)f;
	gate_wait(gate);
	return PP_OK;
}

int callback_raise(struct pp_future *f, void *calls)
{
	(void)f;
	if (calls)
		counter_add(calls, 1);
	return PP_RAISED;
}

int task_silent(void *ignored, void **outcome)
{
	(void)ignored;
	(void)outcome;
	return PP_OK;
}

int task_submits(void *submitter, void **outcome)
{
	struct submitter *s = submitter;
	struct pp_future *f = NULL;

	(void)outcome;
	gate_wait(s->gate);
	s->status = backend()->submit(s->e, must_not_run, NULL, &f);
	return PP_OK;
}

static struct pp_future *submitted_running(struct gate *gate)
{
	struct pp_future *f = submit(executor_new(1), task_return_at_gate, gate);

	gate_await(gate, 1);
	return f;
}

/* Behind a work item that holds the only worker. */
static struct pp_future *submitted_behind(struct gate *gate, enum future_state s)
{
	struct pp_executor *e = executor_new(1);
	struct pp_future *f;

	submit(e, task_pass_gate, gate);
	gate_await(gate, 1);
	f = submit(e, task_return, THE_VALUE);
	if (s == F_PENDING)
		return f;
	REQUIRE(cancel(f));
	if (s == F_NOTIFIED) {
		gate_open(gate);
		REQUIRE(shutdown_wait(e) == PP_OK);
	}
	return f;
}

static struct pp_future *submitted_finished(pp_task *task, void *arg)
{
	struct pp_future *f = submit(executor_any(), task, arg);
	void *ignored;

	result(f, PP_FOREVER, &ignored);
	return f;
}

struct pp_future *submitted_in(enum future_state s, struct gate **gate)
{
	struct gate *g = gate_new();

	if (gate)
		*gate = g;
	switch (s) {
	case F_RUNNING:
		return submitted_running(g);
	case F_RETURNED:
		return submitted_finished(task_return, THE_VALUE);
	case F_RAISED:
		return submitted_finished(task_raise, THE_EXCEPTION);
	default:
		return submitted_behind(g, s);
	}
}

static void expect_outcome(enum future_state s, int expected, int status, void *outcome, bool value_is_told)
{
	EXPECT_STATUS(expected, status);
	if (status == PP_RAISED) {
		EXPECT_PTR(THE_EXCEPTION, outcome);
	} else if (status == PP_OK && value_is_told) {
		EXPECT_PTR(THE_VALUE, outcome);
	} else {
		context("%s has no outcome to tell here, so the out parameter is left as it was", future_called(s));
		EXPECT_PTR(token(9), outcome);
	}
}

void expect_fresh(struct pp_future *f)
{
	struct pp_future *yielded = NULL;
	void *outcome = token(9);
	bool is_done = true;

	expect_in(f, F_PENDING);
	context("a future that is PENDING, where another one may have stood");
	EXPECT_STATUS(PP_TIMEOUT, result(f, 0, &outcome));
	EXPECT_PTR(token(9), outcome);
	if (HAS(wait)) {
		EXPECT_STATUS(PP_OK, wait_for(&f, 1, 0, PP_FIRST_COMPLETED, &is_done));
		EXPECT_FALSE(is_done);
	}
	if (HAS(as_completed_begin) && HAS(as_completed_next) && HAS(as_completed_end)) {
		struct pp_completed *it = as_completed_begin(&f, 1, 0);

		EXPECT_STATUS(PP_TIMEOUT, as_completed_next(it, &yielded));
		as_completed_end(it);
	}
}

void expect_result(struct pp_future *f, enum future_state s, double timeout)
{
	void *outcome = token(9);
	int status = result(f, timeout, &outcome);

	context("result of %s, with a timeout of %g s", future_called(s), timeout);
	expect_outcome(s, answers[s].result, status, outcome, true);
}

void expect_exception(struct pp_future *f, enum future_state s, double timeout)
{
	void *outcome = token(9);
	int status = exception(f, timeout, &outcome);

	context("exception of %s, with a timeout of %g s", future_called(s), timeout);
	expect_outcome(s, answers[s].exception, status, outcome, false);
}

void expect_in(struct pp_future *f, enum future_state s)
{
	const struct answers *a = &answers[s];

	if (HAS(cancelled)) {
		context("this should be %s", a->called);
		EXPECT_INT(a->cancelled, cancelled(f));
	}
	if (HAS(running)) {
		context("this should be %s", a->called);
		EXPECT_INT(a->running, running(f));
	}
	if (HAS(done)) {
		context("this should be %s", a->called);
		EXPECT_INT(a->done, done(f));
	}
	expect_result(f, s, 0);
}

static void wait_in_call(void *arg)
{
	struct waiter *w = arg;
	double began = now();

	if (w->asks_exception)
		w->status = backend()->exception(w->f, w->timeout, &w->outcome);
	else
		w->status = backend()->result(w->f, w->timeout, &w->outcome);
	w->seconds = now() - began;
	counter_add(w->returned, 1);
}

void waiter_start(struct waiter *w, struct pp_future *f, double timeout, bool asks_exception)
{
	if (asks_exception)
		NEED(exception);
	w->f = f;
	w->timeout = timeout;
	w->asks_exception = asks_exception;
	w->status = -1;
	w->outcome = token(9);
	w->returned = counter_new();
	w->thread = thread_start(wait_in_call, w);
}

void waiter_join(struct waiter *w)
{
	thread_join(w->thread);
}

void expect_waiters(struct waiter *w, int n, enum future_state s)
{
	int i;

	for (i = 0; i < n; i++)
		waiter_join(&w[i]);
	for (i = 0; i < n; i++) {
		context("waiter %d of %d on %s", i + 1, n, future_called(s));
		if (s == F_CANCELLED)
			EXPECT_STATUS(PP_CANCELLED, w[i].status);
		else if (s == F_RAISED)
			EXPECT_STATUS(PP_RAISED, w[i].status);
		else
			EXPECT_STATUS(PP_OK, w[i].status);
		if (s == F_RAISED)
			EXPECT_PTR(THE_EXCEPTION, w[i].outcome);
		if (s == F_RETURNED && !w[i].asks_exception)
			EXPECT_PTR(THE_VALUE, w[i].outcome);
	}
}

void need_shared_memory(void)
{
	if (backend()->separate_memory)
		unsupported("tasks run in processes that do not share the caller's handles");
}

struct pp_future *ended(struct pp_executor *e, pp_task *task)
{
	struct pp_future *f = submit(e, task, token(1));
	void *outcome;

	REQUIRE(result(f, PP_FOREVER, &outcome) != PP_TIMEOUT);
	return f;
}

void let_go(struct pp_future *f)
{
	if (HAS(future_release))
		future_release(f);
}

void drop(struct pp_future *f)
{
	if (f && backend()->future_release)
		backend()->future_release(f);
}

struct pp_executor *own_executor(int n)
{
	struct pp_executor *e = NULL;

	if (backend()->concurrency < n)
		unsupported("the backend runs %d tasks at once, and this case needs %d", backend()->concurrency, n);
	NEED(executor_release);
	REQUIRE(backend()->executor_new(n, &e) == PP_OK);
	return e;
}

struct pp_future *own_submit(struct pp_executor *e, pp_task *task, void *arg)
{
	struct pp_future *f = NULL;

	NEED(future_release);
	REQUIRE(backend()->submit(e, task, arg, &f) == PP_OK);
	return f;
}

void wait_in_thread(void *arg)
{
	struct loop *loop = arg;
	bool done[FUTURES] = {false};
	int i;

	loop->status = backend()->wait(loop->f, FUTURES, PP_FOREVER, loop->return_when, done);
	for (i = 0; i < FUTURES; i++)
		loop->told[i] += done[i];
}

void iterate_in_thread(void *arg)
{
	struct loop *loop = arg;
	struct pp_completed *it = NULL;
	struct pp_future *f;
	int i;

	loop->status = backend()->as_completed_begin(loop->f, FUTURES, PP_FOREVER, &it);
	if (loop->status != PP_OK)
		return;
	while ((loop->status = backend()->as_completed_next(it, &f)) == PP_OK)
		for (i = 0; i < FUTURES; i++)
			loop->told[i] += loop->f[i] == f;
	backend()->as_completed_end(it);
}

void need_as_completed(void)
{
	NEED(as_completed_begin);
	NEED(as_completed_next);
	NEED(as_completed_end);
}

int loop_told(const struct loop *loop)
{
	int i, n = 0;

	for (i = 0; i < FUTURES; i++)
		n += loop->told[i];
	return n;
}

void have_failures(struct pp_executor *e, int workers)
{
	struct gate *gate = gate_new();
	void *outcome;

	if (HAS(set_log_hook))
		log_record();
	for (int i = 0; i < workers; i++) {
		struct pp_future *f = submit(e, task_raise_at_gate, gate);

		if (HAS(add_done_callback))
			add_done_callback(f, callback_raise, NULL);
	}
	gate_await(gate, workers);
	for (int i = 0; i < workers && HAS(cancel); i++)
		cancel(submit(e, must_not_run, NULL));
	gate_open(gate);
	result(submit(e, task_raise, THE_EXCEPTION), PP_FOREVER, &outcome);
}
