/* SPDX-License-Identifier: MIT */
/* shutdowns.c: see shutdowns.h. */
#define _GNU_SOURCE
#include "shutdowns.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *const form_names[FORMS] = {
	[WAITS] = "a shutdown that waits",
	[RETURNS] = "a shutdown that does not wait",
	[CANCELS_WAITS] = "a shutdown that cancels and waits",
	[CANCELS_RETURNS] = "a shutdown that cancels and does not wait",
};

struct work *work_new(void)
{
	struct work *w = shared_alloc(sizeof(*w));

	w->gate = gate_new();
	w->ended = counter_new();
	w->tids = record_new();
	return w;
}

int task_work(void *arg, void **outcome)
{
	struct work *w = arg;

	record_add(w->tids, (long)gettid());
	gate_wait(w->gate);
	counter_add(w->ended, 1);
	*outcome = THE_VALUE;
	return PP_OK;
}

struct work *work_on(struct pp_executor *e, int n)
{
	struct work *w = work_new();
	int i;

	for (i = 0; i < n; i++)
		submit(e, task_work, w);
	gate_await(w->gate, n);
	return w;
}

/* ---- workers that go ------------------------------------------------------------ */

static bool is_among(long tid, struct record *tids)
{
	long i;

	for (i = 0; i < record_count(tids); i++)
		if (record_at(tids, i) == tid)
			return true;
	return false;
}

struct muster *muster_new(int n)
{
	struct muster *m = shared_alloc(sizeof(*m));

	*m = (struct muster){barrier_new(n), record_new()};
	return m;
}

int task_muster(void *muster, void **outcome)
{
	struct muster *m = muster;

	(void)outcome;
	record_add(m->tids, (long)gettid());
	barrier_meet(m->all);
	return PP_OK;
}

/* The threads that work for a new executor, as many as there are here for others. */
static struct record *threads_of_another(void)
{
	int n = thread_count(), most = backend()->concurrency;
	struct pp_executor *e;
	struct pp_future *f;
	struct muster *m;

	n = n < most ? n : most;
	m = muster_new(n);
	if (backend()->executor_new(n, &e) != PP_OK)
		return m->tids;
	for (f = NULL; n > 0; n--)
		if (backend()->submit(e, task_muster, m, &f) == PP_OK && HAS(future_release))
			backend()->future_release(f);
	backend()->shutdown(e);
	if (HAS(executor_release))
		backend()->executor_release(e);
	return m->tids;
}

static bool has_ended(long tid)
{
	return syscall(SYS_tgkill, getpid(), (pid_t)tid, 0) != 0 && errno == ESRCH;
}

void await_gone(struct record *tids)
{
	struct record *others = record_new();
	double asked = now(), patience = short_time();
	long i;

	if (backend()->separate_memory)
		unsupported("the workers are processes");
	for (i = 0; i < record_count(tids); i++)
		while (!has_ended(record_at(tids, i)) && !is_among(record_at(tids, i), others)) {
			pass_time(0.001);
			if (now() - asked < patience)
				continue;
			others = threads_of_another();
			asked = now();
			patience *= 2;
		}
}

/* ---- threads that are long in ending ---------------------------------------------- */

static void wait_at_end(void *gate)
{
	gate_wait(gate);
}

struct slow_end *slow_end_new(void)
{
	struct slow_end *slow = shared_alloc(sizeof(*slow));

	need_shared_memory();
	slow->gate = gate_new();
	REQUIRE(pthread_key_create(&slow->key, wait_at_end) == 0);
	return slow;
}

int task_ends_slowly(void *slow_end, void **outcome)
{
	struct slow_end *slow = slow_end;

	*outcome = THE_VALUE;
	return pthread_setspecific(slow->key, slow->gate) == 0 ? PP_OK : PP_RAISED;
}

/* ---- threads inside shutdown ------------------------------------------------------ */

static void shut_in_thread(void *arg)
{
	struct shutter *s = arg;

	s->status = shut_down(s->e, s->form);
	s->seen = counter_value(s->ended);
	counter_add(s->returned, 1);
}

void shutter_start(struct shutter *s, struct pp_executor *e, enum form form, struct counter *ended)
{
	need_form(form);
	s->e = e;
	s->form = form;
	s->ended = ended;
	s->status = -1;
	s->returned = counter_new();
	s->thread = thread_start(shut_in_thread, s);
	thread_settle(s->thread);
}

void shutter_join(struct shutter *s, long ended)
{
	thread_join(s->thread);
	context("%s was called in a thread", form_names[s->form]);
	EXPECT_STATUS(PP_OK, s->status);
	context("tasks that had ended when %s returned", form_names[s->form]);
	EXPECT_INT(ended, s->seen);
}

void submit_victims(struct pp_executor *e, struct pp_future **f, int n)
{
	int i;

	for (i = 0; i < n; i++)
		f[i] = submit(e, must_not_run, NULL);
}

void expect_cancelled(struct pp_future **f, int n)
{
	int i;

	for (i = 0; i < n; i++)
		expect_in(f[i], F_NOTIFIED);
}

void expect_waits(enum form form, int workers, int running, int queued)
{
	struct pp_executor *e = executor_new(workers);
	struct work *w = work_on(e, running);
	struct shutter s;
	int i;

	for (i = 0; i < queued; i++)
		submit(e, task_work, w);
	shutter_start(&s, e, form, w->ended);
	context("%s has returned while tasks ran", form_names[form]);
	EXPECT_INT(0, counter_value(s.returned));
	gate_open(w->gate);
	shutter_join(&s, running + queued);
}

void expect_running_task_ends(enum form form)
{
	struct pp_executor *e = executor_new(2);
	struct work *w = work_new();
	struct pp_future *returns = submit(e, task_work, w);
	struct pp_future *raises = submit(e, task_raise_at_gate, w->gate);

	need_form(form);
	gate_await(w->gate, 2);
	REQUIRE(shut_down(e, form) == PP_OK);
	expect_in(returns, F_RUNNING);
	expect_in(raises, F_RUNNING);
	gate_open(w->gate);
	expect_result(returns, F_RETURNED, PP_FOREVER);
	expect_result(raises, F_RAISED, PP_FOREVER);
}
