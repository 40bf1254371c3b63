/* SPDX-License-Identifier: MIT */
/*
 * signal.c: threads that handle signals while they wait, and workers that do while
 * they are idle.  The handler is installed without SA_RESTART, so that the system call
 * beneath returns early.
 */
#include "shutdowns.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNALS 10

static void handle(int number)
{
	(void)number;
}

static void install(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handle;
	REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
}

static void pause_briefly(void)
{
	for (int i = 0; i < 50; i++)
		sched_yield();
}

/* ---- threads that wait ------------------------------------------------------------ */

/* Disturbs the main thread, and then opens the gate that it waits for, if there is one. */
struct disturber {
	pthread_t target;
	struct gate *gate;
};

static void disturb(void *arg)
{
	struct disturber *d = arg;

	for (int i = 0; i < SIGNALS; i++) {
		pthread_kill(d->target, SIGUSR1);
		pause_briefly();
	}
	if (d->gate)
		gate_open(d->gate);
}

static struct thread *disturbed(struct gate *gate)
{
	struct disturber *d = shared_alloc(sizeof(*d));

	install();
	*d = (struct disturber){pthread_self(), gate};
	return thread_start(disturb, d);
}

static const double limits[] = {PP_FOREVER, 1e9};

static void result_while_signals_come(bool asks_exception)
{
	for (int i = 0; i < 2; i++) {
		struct gate *gate;
		struct pp_future *f = submitted_in(F_RUNNING, &gate);
		void *outcome = NULL;
		struct thread *t;

		if (asks_exception)
			NEED(exception);
		t = disturbed(gate);
		context("%s with timeout %g of a RUNNING future, in a thread that handles signals",
			asks_exception ? "exception" : "result", limits[i]);
		EXPECT_STATUS(PP_OK, asks_exception ? exception(f, limits[i], &outcome) : result(f, limits[i], &outcome));
		EXPECT_PTR(asks_exception ? NULL : THE_VALUE, outcome);
		thread_join(t);
	}
}

CASE(result_55_signals_while_it_waits)
{
	result_while_signals_come(false);
}

CASE(result_55_signals_while_exception_waits)
{
	result_while_signals_come(true);
}

CASE(result_55_signals_and_a_short_time)
{
	struct pp_future *f = submitted_in(F_RUNNING, NULL);
	void *outcome;
	double timeout = 2 * short_time(), begin;
	struct thread *t = disturbed(NULL);

	begin = now();
	context("result with a short timeout of a RUNNING future, in a thread that handles signals");
	EXPECT_STATUS(PP_TIMEOUT, result(f, timeout, &outcome));
	EXPECT(now() - begin >= timeout - 0.001);
	thread_join(t);
}

CASE(wait_35_signals_and_a_limit)
{
	struct gate *gate;
	struct pp_future *f = submitted_in(F_RUNNING, &gate);
	bool done = false;
	struct thread *t;

	NEED(wait);
	t = disturbed(gate);
	context("ALL_COMPLETED with timeout 1e9 over a RUNNING future, in a thread that handles signals");
	EXPECT_STATUS(PP_OK, wait_for(&f, 1, 1e9, PP_ALL_COMPLETED, &done));
	EXPECT(done);
	thread_join(t);
}

CASE(ascomp_34_signals_while_it_waits)
{
	NEED(as_completed_begin);
	for (int i = 0; i < 2; i++) {
		struct gate *gate;
		struct pp_future *f = submitted_in(F_RUNNING, &gate), *yielded = NULL;
		struct pp_completed *it = as_completed_begin(&f, 1, limits[i]);
		struct thread *t = disturbed(gate);

		context("as_completed with timeout %g over a RUNNING future, in a thread that handles signals", limits[i]);
		EXPECT_STATUS(PP_OK, as_completed_next(it, &yielded));
		EXPECT_PTR(f, yielded);
		thread_join(t);
	}
}

CASE(map_53_signals_while_it_waits)
{
	NEED(map_begin);
	for (int i = 0; i < 2; i++) {
		struct pp_executor *e = executor_new(1);
		struct gate *gate = gate_new();
		void *args[] = {gate}, *outcome = NULL, *raised;
		struct pp_map *it = NULL;
		struct thread *t;

		REQUIRE(map_begin(e, task_pass_gate, source_of(args, 1, NULL), limits[i], 0, &it, &raised) == PP_OK);
		t = disturbed(gate);
		context("map with timeout %g, its only task held, in a thread that handles signals", limits[i]);
		EXPECT_STATUS(PP_OK, map_next(it, &outcome));
		EXPECT_PTR(gate, outcome);
		thread_join(t);
	}
}

/* Counts as late as it can. */
struct late {
	struct gate *gate;
	struct counter *ended;
};

static int task_late(void *arg, void **outcome)
{
	struct late *l = arg;

	(void)outcome;
	gate_wait(l->gate);
	pause_briefly();
	counter_add(l->ended, 1);
	return PP_OK;
}

CASE(shutdown_54_signals_while_it_waits)
{
	struct pp_executor *e = executor_new(2);
	struct late l = {gate_new(), counter_new()};
	struct late *shared = shared_alloc(sizeof(*shared));
	struct thread *t;

	*shared = l;
	submit(e, task_late, shared);
	submit(e, task_late, shared);
	gate_await(l.gate, 2);
	t = disturbed(l.gate);
	context("shutdown that waits for two RUNNING tasks, in a thread that handles signals");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
	EXPECT_INT(2, counter_value(l.ended));
	thread_join(t);
}

/* ---- a time that signals do not stop ---------------------------------------------------- */

/* Disturbs the main thread twenty times in each timeout, for three of them or until it has enough. */
struct nuisance {
	pthread_t target;
	double timeout;
	int enough, over; /* atomic */
	int kept_away;	  /* atomic; no signal for half a timeout */
	struct thread *thread;
};

static void disturb_for_long(void *arg)
{
	struct nuisance *n = arg;
	double last = now();

	for (int i = 0; i < 60 && !__atomic_load_n(&n->enough, __ATOMIC_SEQ_CST); i++) {
		pthread_kill(n->target, SIGUSR1);
		if (now() - last > n->timeout / 2)
			__atomic_store_n(&n->kept_away, 1, __ATOMIC_SEQ_CST);
		last = now();
		pass_time(n->timeout / 20);
	}
	__atomic_store_n(&n->over, 1, __ATOMIC_SEQ_CST);
}

/* Waits for a future that is not done until the time is up. */
typedef void wait_in_vain(struct pp_executor *e, struct pp_future *f, double timeout, struct nuisance *n);

static void nuisance_begin(struct nuisance *n, double timeout)
{
	*n = (struct nuisance){.target = pthread_self(), .timeout = timeout};
	n->thread = thread_start(disturb_for_long, n);
}

static void nuisance_end(struct nuisance *n)
{
	__atomic_store_n(&n->enough, 1, __ATOMIC_SEQ_CST);
	thread_join(n->thread);
}

/*
 * If each signal made the time begin again, it would be up only when no more come.  On a
 * machine that is busy one may be late, or the time is up because none came, above all where
 * the timeout is short for it; not three in turn, with timeouts that double.
 */
static void expect_in_time(wait_in_vain *wait_for_it, const char *name)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *f = submit(e, task_return, NULL);
	double least = 10 * short_time();
	bool in_time = false;
	int late = 0;

	install();
	for (double timeout = 0.2; timeout < 40 * least && late < 3 && !in_time; timeout *= 2) {
		struct nuisance n;
		bool over;

		wait_for_it(e, f, timeout, &n);
		over = __atomic_load_n(&n.over, __ATOMIC_SEQ_CST);
		nuisance_end(&n);
		late += over && timeout >= least;
		in_time = !over && !n.kept_away;
	}
	gate_open(gate);
	context("%s with a timeout, in a thread that handles twenty signals in that time: it was up before three times as much had passed",
		name);
	EXPECT(late < 3);
}

static void result_in_vain(struct pp_executor *e, struct pp_future *f, double timeout, struct nuisance *n)
{
	void *outcome;

	(void)e;
	nuisance_begin(n, timeout);
	EXPECT_STATUS(PP_TIMEOUT, result(f, timeout, &outcome));
}

static void wait_in_vain_for_one(struct pp_executor *e, struct pp_future *f, double timeout, struct nuisance *n)
{
	bool done = true;

	(void)e;
	nuisance_begin(n, timeout);
	EXPECT_STATUS(PP_OK, wait_for(&f, 1, timeout, PP_ALL_COMPLETED, &done));
	EXPECT(!done);
}

static void ask_in_vain(struct pp_executor *e, struct pp_future *f, double timeout, struct nuisance *n)
{
	struct pp_future *yielded = NULL;
	struct pp_completed *it;

	(void)e;
	nuisance_begin(n, timeout);
	it = as_completed_begin(&f, 1, timeout);
	EXPECT_STATUS(PP_TIMEOUT, as_completed_next(it, &yielded));
	as_completed_end(it);
}

static void map_in_vain(struct pp_executor *e, struct pp_future *f, double timeout, struct nuisance *n)
{
	void *args[] = {f}, *outcome = NULL, *raised;
	struct pp_map *it = NULL;

	nuisance_begin(n, timeout);
	REQUIRE(map_begin(e, task_return, source_of(args, 1, NULL), timeout, 0, &it, &raised) == PP_OK);
	EXPECT_STATUS(PP_TIMEOUT, map_next(it, &outcome));
	map_end(it);
}

CASE(result_20_signals_do_not_stop_the_time)
{
	expect_in_time(result_in_vain, "result");
}

CASE(wait_21_signals_do_not_stop_the_time)
{
	NEED(wait);
	expect_in_time(wait_in_vain_for_one, "wait");
}

CASE(ascomp_16_signals_do_not_stop_the_time)
{
	NEED(as_completed_begin);
	expect_in_time(ask_in_vain, "as_completed");
}

CASE(map_26_signals_do_not_stop_the_time)
{
	NEED(map_begin);
	expect_in_time(map_in_vain, "map");
}

/* ---- idle workers ---------------------------------------------------------------------- */

static void muster(struct pp_executor *e, struct muster *m, int n)
{
	struct pp_future *f[3];
	void *outcome;

	for (int i = 0; i < n; i++)
		f[i] = submit(e, task_muster, m);
	for (int i = 0; i < n; i++)
		EXPECT_STATUS(PP_OK, result(f[i], PP_FOREVER, &outcome));
}

/*
 * Where the workers are processes or run no tasks of their own, there is no thread to send a signal
 * to.  One that has left meanwhile gets none.
 */
CASE(worker_34_signals_while_they_are_idle)
{
	struct pp_executor *e = executor_new(3);
	struct muster *m = muster_new(3);

	if (backend()->separate_memory)
		unsupported("the workers are processes");
	install();
	context("three tasks meet on three workers");
	muster(e, m, 3);
	for (int round = 0; round < 4; round++) {
		for (long i = 0; i < record_count(m->tids); i++) {
			syscall(SYS_tgkill, getpid(), (pid_t)record_at(m->tids, i), SIGUSR1);
			pause_briefly();
		}
		context("three tasks meet on three workers that have handled signals, round %d", round + 1);
		muster(e, m, 3);
		if (HAS(worker_count))
			EXPECT_AT_MOST(3, worker_count(e));
	}
	context("shutdown that waits for workers that have handled signals");
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
}

/* ---- the process exits --------------------------------------------------------------- */

static void leave_disturbed(void *arg)
{
	struct work *w = arg;
	struct pp_executor *e = executor_new(2);

	for (int i = 0; i < 4; i++)
		submit(e, task_work, w);
	gate_await(w->gate, 2);
	disturbed(w->gate);
}

/* EXIT-1, EXIT-2: signals that the exiting thread handles do not end the process early. */
CASE(exit_1_signals_while_it_waits)
{
	struct work *w = work_new();
	int status = process_run(leave_disturbed, w);

	context("a process that handled signals while it exited has left by itself");
	EXPECT(WIFEXITED(status));
	EXPECT_INT(0, WEXITSTATUS(status));
	context("tasks that had ended when the process was gone, which handled signals while it exited");
	EXPECT_INT(4, counter_value(w->ended));
}
