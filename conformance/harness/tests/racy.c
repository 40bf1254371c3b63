/* SPDX-License-Identifier: MIT */
/*
 * racy.c: a pool of one worker that is right, or wrong in a way that only a race shows.
 *
 *	-o way=none       right
 *	-o way=cancel     cancel looks at the state before it takes the lock
 *	-o way=wakeup     submit looks whether the worker sleeps before it takes the lock
 *	-o way=callback   add_done_callback looks at the state before it takes the lock
 *	-o way=twice      completion calls the callbacks, then takes them off their list
 *	-o way=submit     submit looks whether it is refused before it takes the lock
 *	-o way=begin      the worker marks an item as running after it has let go of the lock
 *
 * e->mu guards an executor, its work queue and all of its futures; news is
 * broadcast whenever any of these has changed.  No lock is held while a task or a
 * callback runs.
 */
#include <poolproof/backend.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CALLBACKS 64

enum way { NONE, CANCEL, WAKEUP, CALLBACK, TWICE, SUBMIT, BEGIN, WAYS };
static const char *const way_names[WAYS] = {"none", "cancel", "wakeup", "callback", "twice", "submit", "begin"};
static enum way way;

enum state { PENDING, RUNNING, CANCELLED, FINISHED };

struct pp_future {
	struct pp_executor *e;
	pp_task *task;
	void *arg;
	pp_release *release;
	atomic_int refs;
	atomic_int state; /* under e->mu, but where the way says otherwise */
	int status;
	void *outcome;
	int count; /* of callbacks; under e->mu */
	pp_done_callback *callbacks[CALLBACKS];
	void *callback_args[CALLBACKS];
	struct pp_future *next;
};

struct pp_executor {
	pthread_mutex_t mu;
	pthread_cond_t news;
	struct pp_future *first, **last;
	atomic_bool shut;
	atomic_bool sleeping; /* the worker waits for work */
	bool joined;
	pthread_t worker;
	struct pp_executor *next;
};

static pthread_mutex_t list_mu = PTHREAD_MUTEX_INITIALIZER;
static struct pp_executor *executors;

/* Where the lock is missing: some time, so that a test need not take long. */
static void gap(enum way here)
{
	volatile int i;

	for (i = 0; here == way && i < 2000; i++)
		;
}

/* ---- futures --------------------------------------------------------------------- */

static void unref(struct pp_future *f)
{
	if (atomic_fetch_sub(&f->refs, 1) == 1)
		free(f);
}

static void call_back(struct pp_future *f)
{
	int i, n;

	pthread_mutex_lock(&f->e->mu);
	n = f->count;
	if (way != TWICE)
		f->count = 0;
	pthread_mutex_unlock(&f->e->mu);
	for (i = 0; i < n; i++)
		f->callbacks[i](f, f->callback_args[i]);
	if (way == TWICE) {
		pthread_mutex_lock(&f->e->mu);
		for (; i < f->count; i++) /* came in between: and called there too */
			f->callbacks[i](f, f->callback_args[i]);
		f->count = 0;
		pthread_mutex_unlock(&f->e->mu);
	}
}

static void end_locked(struct pp_future *f, enum state state)
{
	atomic_store(&f->state, state);
	pthread_cond_broadcast(&f->e->news);
}

static void let_go(struct pp_future *f)
{
	if (f->release)
		f->release(f->arg);
	unref(f);
}

static bool is_done(struct pp_future *f)
{
	return atomic_load(&f->state) >= CANCELLED;
}

/* ---- the worker -------------------------------------------------------------------- */

static void run(struct pp_future *f)
{
	void *outcome = NULL;
	int status = f->task(f->arg, &outcome);

	pthread_mutex_lock(&f->e->mu);
	f->status = status;
	f->outcome = outcome;
	end_locked(f, FINISHED);
	pthread_mutex_unlock(&f->e->mu);
	call_back(f);
}

static struct pp_future *take_locked(struct pp_executor *e)
{
	struct pp_future *f = e->first;

	if (f && !(e->first = f->next))
		e->last = &e->first;
	return f;
}

static void serve(struct pp_executor *e, struct pp_future *f)
{
	bool runs = atomic_load(&f->state) == PENDING;

	if (runs && way != BEGIN)
		atomic_store(&f->state, RUNNING);
	pthread_mutex_unlock(&e->mu);
	gap(BEGIN);
	if (runs)
		atomic_store(&f->state, RUNNING);
	if (runs)
		run(f);
	let_go(f);
	pthread_mutex_lock(&e->mu);
}

static void *worker(void *arg)
{
	struct pp_executor *e = arg;
	struct pp_future *f;

	pthread_mutex_lock(&e->mu);
	for (;;) {
		if ((f = take_locked(e))) {
			serve(e, f);
		} else if (atomic_load(&e->shut)) {
			break;
		} else {
			atomic_store(&e->sleeping, true);
			pthread_cond_wait(&e->news, &e->mu);
			atomic_store(&e->sleeping, false);
		}
	}
	pthread_mutex_unlock(&e->mu);
	return NULL;
}

/* ---- the executor ------------------------------------------------------------------- */

static int executor_new(int max_workers, struct pp_executor **out)
{
	struct pp_executor *e = calloc(1, sizeof(*e));

	if (max_workers <= 0 && max_workers != PP_WORKERS_DEFAULT) {
		free(e);
		return PP_INVALID_ARGUMENT;
	}
	pthread_mutex_init(&e->mu, NULL);
	pthread_cond_init(&e->news, NULL);
	e->last = &e->first;
	if (pthread_create(&e->worker, NULL, worker, e) != 0)
		abort();
	pthread_mutex_lock(&list_mu);
	e->next = executors;
	executors = e;
	pthread_mutex_unlock(&list_mu);
	*out = e;
	return PP_OK;
}

static int submit_with_release(struct pp_executor *e, pp_task *task, void *arg, pp_release *release,
			       struct pp_future **out)
{
	struct pp_future *f = calloc(1, sizeof(*f));
	bool refused = atomic_load(&e->shut);
	bool asleep = atomic_load(&e->sleeping);

	gap(SUBMIT);
	gap(WAKEUP);
	pthread_mutex_lock(&e->mu);
	if (way != SUBMIT)
		refused = atomic_load(&e->shut);
	if (refused) {
		pthread_mutex_unlock(&e->mu);
		free(f);
		return PP_SHUTDOWN;
	}
	*f = (struct pp_future){.e = e, .task = task, .arg = arg, .release = release};
	atomic_store(&f->refs, 2);
	*e->last = f;
	e->last = &f->next;
	if (way != WAKEUP || asleep)
		pthread_cond_broadcast(&e->news);
	pthread_mutex_unlock(&e->mu);
	*out = f;
	return PP_OK;
}

static int submit(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **out)
{
	return submit_with_release(e, task, arg, NULL, out);
}

static int shutdown_nowait(struct pp_executor *e)
{
	pthread_mutex_lock(&e->mu);
	atomic_store(&e->shut, true);
	pthread_cond_broadcast(&e->news);
	pthread_mutex_unlock(&e->mu);
	return PP_OK;
}

/* The first joins; the others wait until it has. */
static int shutdown_wait(struct pp_executor *e)
{
	static pthread_mutex_t joining = PTHREAD_MUTEX_INITIALIZER;

	shutdown_nowait(e);
	pthread_mutex_lock(&joining);
	if (!e->joined)
		pthread_join(e->worker, NULL);
	e->joined = true;
	pthread_mutex_unlock(&joining);
	return PP_OK;
}

static bool cancel(struct pp_future *f)
{
	int seen = atomic_load(&f->state);

	gap(CANCEL);
	pthread_mutex_lock(&f->e->mu);
	if (way != CANCEL)
		seen = atomic_load(&f->state);
	if (seen == PENDING)
		end_locked(f, CANCELLED);
	pthread_mutex_unlock(&f->e->mu);
	if (seen == PENDING)
		call_back(f);
	return seen == PENDING || seen == CANCELLED;
}

/* ---- asking ----------------------------------------------------------------------------- */

static int await_locked(struct pp_future *f, double timeout)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	if (timeout > 0 && timeout < 1e6) {
		long ns = until.tv_nsec + (long)((timeout - (long)timeout) * 1e9) + 1000;

		until.tv_sec += (long)timeout + ns / 1000000000;
		until.tv_nsec = ns % 1000000000;
	}
	while (!is_done(f)) {
		if (timeout <= 0)
			return PP_TIMEOUT;
		if (timeout >= 1e6)
			pthread_cond_wait(&f->e->news, &f->e->mu);
		else if (pthread_cond_timedwait(&f->e->news, &f->e->mu, &until) != 0 && !is_done(f))
			return PP_TIMEOUT;
	}
	return PP_OK;
}

static int result(struct pp_future *f, double timeout, void **outcome)
{
	int status;

	pthread_mutex_lock(&f->e->mu);
	status = await_locked(f, timeout);
	if (status == PP_OK && atomic_load(&f->state) == CANCELLED)
		status = PP_CANCELLED;
	if (status == PP_OK) {
		status = f->status;
		*outcome = f->outcome;
	}
	pthread_mutex_unlock(&f->e->mu);
	return status;
}

static bool cancelled(struct pp_future *f)
{
	return atomic_load(&f->state) == CANCELLED;
}

static bool running(struct pp_future *f)
{
	return atomic_load(&f->state) == RUNNING;
}

static int add_done_callback(struct pp_future *f, pp_done_callback *callback, void *arg)
{
	bool done = is_done(f);

	gap(CALLBACK);
	pthread_mutex_lock(&f->e->mu);
	if (way != CALLBACK)
		done = is_done(f);
	if ((!done || way == TWICE) && f->count < CALLBACKS) {
		f->callbacks[f->count] = callback;
		f->callback_args[f->count++] = arg;
	}
	pthread_mutex_unlock(&f->e->mu);
	if (done)
		callback(f, arg);
	return PP_OK;
}

/* ---- the table ----------------------------------------------------------------------------- */

static void finish(void)
{
	while (executors) {
		struct pp_executor *e = executors;

		executors = e->next;
		shutdown_wait(e);
		pthread_mutex_destroy(&e->mu);
		pthread_cond_destroy(&e->news);
		free(e);
	}
}

static const struct pp_backend table = {
	.size = sizeof(table),
	.abi = PP_ABI_VERSION,
	.name = "racy",
	.version = "1",
	.concurrency = 1,
	.queue_bound = PP_UNLIMITED,
	.executor_new = executor_new,
	.submit = submit,
	.submit_with_release = submit_with_release,
	.shutdown = shutdown_wait,
	.shutdown_nowait = shutdown_nowait,
	.result = result,
	.cancel = cancel,
	.cancelled = cancelled,
	.running = running,
	.done = is_done,
	.add_done_callback = add_done_callback,
	.future_release = unref,
	.finish = finish,
};

pp_entry poolproof_backend;

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	size_t i, k;

	for (i = 0; i < host->option_count; i++) {
		for (k = 0; k < WAYS && strcmp(host->options[i].value, way_names[k]) != 0; k++)
			;
		if (strcmp(host->options[i].key, "way") != 0 || k == WAYS) {
			snprintf(host->error, host->error_size, "way=%s is not known", host->options[i].value);
			return NULL;
		}
		way = (enum way)k;
	}
	return &table;
}
