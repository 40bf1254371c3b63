/* SPDX-License-Identifier: MIT */
/*
 * executor.c: executors, their threads, and the process that they live in.
 *
 * A thread that leaves joins the one that left before it, and the last of all is
 * joined by whoever waits in shutdown or releases; so nobody keeps a list.  If
 * nobody is left to do that, it frees the executor and goes detached.
 */
#include "pool.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Thread_local struct pp_executor *home AT_THREAD_START;
_Thread_local int worker_number AT_THREAD_START = -1;

static struct pp_executor *all; /* under the lock */
static bool exiting;		/* under the lock; no executor accepts any more */

/* ---- work items ---------------------------------------------------------------- */

void queue_add(struct queue *q, struct item *item)
{
	item->next = NULL;
	if (q->first)
		q->last->next = item;
	else
		q->first = item;
	q->last = item;
}

struct item *queue_take(struct queue *q)
{
	struct item *item = q->first;

	if (item)
		q->first = item->next;
	return item;
}

static struct item *item_new(pp_task *task, void *arg, pp_release *release)
{
	struct item *item = calloc(1, sizeof(*item));

	if (!item)
		return NULL;
	item->future = future_make(2); /* the caller's handle, and the work item's */
	if (!item->future) {
		free(item);
		return NULL;
	}
	item->task = task;
	item->arg = arg;
	item->release = release;
	return item;
}

static void item_free(struct item *item)
{
	future_drop(item->future);
	free(item);
}

static void let_go(struct item *item)
{
	if (item->release)
		item->release(item->arg);
}

void item_finish(struct item *item)
{
	let_go(item);
	future_finish(item->future, item->status == PP_OK ? PP_OK : PP_RAISED, item->outcome);
	item_free(item);
}

static void item_run(struct pp_executor *e, struct item *item)
{
	bool run = false;

	future_begin(item->future, &run);
	if (!run) {
		let_go(item);
		item_free(item);
		return;
	}
	item->status = item->task(item->arg, &item->outcome);
	if (design->finish && home == e)
		design->finish(e, item);
	else
		item_finish(item);
}

/* None of them has begun: how they end. */
static void cancel_all(struct queue *q)
{
	struct item *item;
	bool run;

	while ((item = queue_take(q))) {
		future_cancel(item->future);
		future_begin(item->future, &run);
		let_go(item);
		item_free(item);
	}
}

static void break_all(struct queue *q)
{
	struct item *item;
	bool run;

	while ((item = queue_take(q))) {
		if (!future_cancelled(item->future))
			future_finish(item->future, PP_BROKEN, NULL);
		future_begin(item->future, &run);
		let_go(item);
		item_free(item);
	}
}

/* ---- who takes what --------------------------------------------------------------- */

static struct item *take_locked(struct pp_executor *e)
{
	struct item *item = design->take_locked ? design->take_locked(e) : queue_take(&e->queue);

	if (item)
		e->queued--;
	if (item && design->bound)
		monitor_tell_locked();
	return item;
}

static void put_locked(struct pp_executor *e, struct item *item)
{
	if (design->put_locked)
		design->put_locked(e, item);
	else
		queue_add(&e->queue, item);
	e->queued++;
	monitor_tell_locked();
}

static struct queue take_all_locked(struct pp_executor *e)
{
	struct queue q = {0};
	struct item *item;

	while ((item = take_locked(e)))
		queue_add(&q, item);
	return q;
}

static bool is_ending_locked(const struct pp_executor *e)
{
	return e->shut || e->broken || e->handles == 0 || exiting;
}

bool executor_is_over_locked(const struct pp_executor *e)
{
	return is_ending_locked(e) && e->workers == 0;
}

/* ---- threads ----------------------------------------------------------------------- */

static void unlink_locked(struct pp_executor *e)
{
	if (e->next)
		e->next->previous = e->previous;
	if (e->previous)
		e->previous->next = e->next;
	else
		all = e->next;
}

static void executor_free(struct pp_executor *e)
{
	if (design->close)
		design->close(e);
	free(e);
}

/* The calling thread is the next to be joined. */
static void leave_locked(struct pp_executor *e)
{
	bool has_before = e->has_last, is_left_alone;
	pthread_t before = e->last;

	if (!design->lend_locked) {
		e->last = pthread_self();
		e->has_last = true;
	}
	e->threads--;
	is_left_alone = e->threads == 0 && e->handles == 0 && !exiting;
	if (is_left_alone)
		unlink_locked(e);
	monitor_tell_locked();
	monitor_leave();
	if (has_before)
		pthread_join(before, NULL);
	if (is_left_alone && !design->lend_locked)
		pthread_detach(pthread_self());
	if (is_left_alone)
		executor_free(e);
}

/* Wait until no thread is left; the calling thread is none of them. */
static void join_locked(struct pp_executor *e)
{
	while (e->threads > 0 || e->sweeping > 0 || e->joining)
		monitor_wait_locked(INFINITY);
	if (!e->has_last)
		return;
	e->has_last = false;
	e->joining = true;
	monitor_leave();
	pthread_join(e->last, NULL);
	monitor_enter();
	e->joining = false;
	monitor_tell_locked();
}

struct thread {
	struct pp_executor *executor;
	void (*body)(struct pp_executor *e);
	int number; /* of a worker */
};

static void *thread_main(void *thread_)
{
	struct thread *thread = thread_, copy = *thread;

	free(thread);
	home = copy.executor;
	worker_number = copy.number;
	copy.body(home);
	if (home)
		leave_locked(home);
	else
		monitor_leave();
	return NULL;
}

static bool thread_create_locked(struct thread *thread)
{
	pthread_t id;

	if (design->lend_locked)
		return design->lend_locked(thread_main, thread);
	return pthread_create(&id, NULL, thread_main, thread) == 0;
}

static bool start_locked(struct pp_executor *e, void (*body)(struct pp_executor *e), int number)
{
	struct thread *thread = malloc(sizeof(*thread));

	if (!thread)
		return false;
	*thread = (struct thread){e, body, number};
	if (!thread_create_locked(thread)) {
		free(thread);
		return false;
	}
	e->threads++;
	return true;
}

bool thread_start_locked(struct pp_executor *e, void (*body)(struct pp_executor *e))
{
	return start_locked(e, body, -1);
}

/* ---- workers ------------------------------------------------------------------------- */

static void break_pool(struct pp_executor *e)
{
	struct queue q;

	log_line("an initializer failed");
	monitor_enter();
	e->broken = true;
	q = take_all_locked(e);
	monitor_tell_locked();
	monitor_leave();
	break_all(&q);
}

/* A design that is late does not take what was cancelled as long as there is other work. */
static bool put_aside_locked(struct pp_executor *e, struct item *item)
{
	if (!item || !design->late || !future_is_cancelled_locked(item->future))
		return false;
	queue_add(&e->aside, item);
	return true;
}

/* The next work item; NULL if the calling worker is to leave. */
static struct item *next_locked(struct pp_executor *e)
{
	struct item *item;

	for (;;) {
		do
			item = take_locked(e);
		while (put_aside_locked(e, item));
		if (!item)
			item = queue_take(&e->aside);
		if (item || is_ending_locked(e))
			return item;
		monitor_wait_locked(INFINITY);
	}
}

/* Ends with the lock held.  If what it ran forked, it has no home in the child, and e may be gone. */
static void work(struct pp_executor *e)
{
	struct item *item;

	if (e->initializer && e->initializer(e->initarg) != PP_OK)
		break_pool(e);
	monitor_enter();
	while (home == e && (item = next_locked(e))) {
		e->busy++;
		monitor_leave();
		item_run(e, item);
		monitor_enter();
		if (home == e)
			e->busy--;
	}
	if (home == e)
		e->workers--;
}

static bool worker_start_locked(struct pp_executor *e)
{
	if (!start_locked(e, work, e->named))
		return false;
	e->named++;
	e->workers++;
	return true;
}

/* One more is to have a worker. */
static bool see_to_workers_locked(struct pp_executor *e)
{
	return e->workers - e->busy > e->queued || e->workers == e->max_workers ||
	       worker_start_locked(e) || e->workers > 0;
}

/* ---- shutdown and release -------------------------------------------------------------------- */

/* A callback that shuts down again, and waits, is not to wait for this. */
static void sweep(struct pp_executor *e, struct queue *q)
{
	struct pp_executor *before = home;

	home = e;
	cancel_all(q);
	home = before;
}

static int stop(struct pp_executor *e, bool cancel, bool wait)
{
	struct queue q = {0};

	monitor_enter();
	e->shut = true;
	monitor_tell_locked();
	if (cancel && !e->foreign)
		q = take_all_locked(e);
	e->sweeping++;
	e->handles++; /* a callback may drop the caller's */
	monitor_leave();
	sweep(e, &q);
	monitor_enter();
	e->sweeping--;
	monitor_tell_locked();
	if (wait && home != e)
		join_locked(e);
	monitor_leave();
	executor_release(e);
	return PP_OK;
}

static int shutdown_wait(struct pp_executor *e)
{
	return stop(e, false, true);
}

static int shutdown_nowait(struct pp_executor *e)
{
	return stop(e, false, false);
}

static int shutdown_cancel(struct pp_executor *e, bool wait)
{
	return stop(e, true, wait);
}

void executor_retain(struct pp_executor *e)
{
	monitor_enter();
	e->handles++;
	monitor_leave();
}

void executor_release(struct pp_executor *e)
{
	bool last;

	monitor_enter();
	last = --e->handles == 0 && e->threads == 0 && !exiting;
	monitor_tell_locked();
	if (last) {
		unlink_locked(e);
		join_locked(e);
	}
	monitor_leave();
	if (last)
		executor_free(e);
}

/* ---- to make one ------------------------------------------------------------------------ */

static bool open_locked(struct pp_executor *e)
{
	if (design->open_locked && !design->open_locked(e))
		return false;
	while (design->eager && e->workers < e->max_workers)
		if (!worker_start_locked(e))
			return false;
	return true;
}

/* Processors that the process may use. */
static int usable(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

static int limit(int max_workers)
{
	if (max_workers == PP_WORKERS_DEFAULT)
		max_workers = usable() < 28 ? usable() + 4 : 32;
	return max_workers < design->concurrency ? max_workers : design->concurrency;
}

static int make(int max_workers, const char *prefix, pp_initializer *initializer, void *initarg,
		struct pp_executor **e)
{
	struct pp_executor *fresh;
	bool is_open;

	if (max_workers <= 0 && max_workers != PP_WORKERS_DEFAULT)
		return PP_INVALID_ARGUMENT;
	fresh = calloc(1, sizeof(*fresh));
	if (!fresh)
		return PP_NO_RESOURCES;
	fresh->max_workers = limit(max_workers);
	fresh->initializer = initializer;
	fresh->initarg = initarg;
	fresh->handles = 1;
	snprintf(fresh->prefix, sizeof(fresh->prefix), "%s", prefix);
	monitor_enter();
	fresh->next = all;
	if (all)
		all->previous = fresh;
	all = fresh;
	is_open = open_locked(fresh);
	monitor_leave();
	if (!is_open) {
		shutdown_wait(fresh); /* for the threads that did start */
		executor_release(fresh);
		return PP_NO_RESOURCES;
	}
	*e = fresh;
	return PP_OK;
}

static int executor_new(int max_workers, struct pp_executor **e)
{
	return make(max_workers, design->name, NULL, NULL, e);
}

static int executor_new_with_initializer(int max_workers, pp_initializer *initializer, void *initarg,
					 struct pp_executor **e)
{
	return make(max_workers, design->name, initializer, initarg, e);
}

static int executor_new_named(int max_workers, const char *thread_name_prefix, struct pp_executor **e)
{
	return make(max_workers, thread_name_prefix, NULL, NULL, e);
}

/* ---- submit ------------------------------------------------------------------------------- */

static int accepts_locked(const struct pp_executor *e)
{
	return e->broken || e->foreign ? PP_BROKEN : e->shut || exiting ? PP_SHUTDOWN : PP_OK;
}

int executor_accepts(struct pp_executor *e)
{
	int status;

	monitor_enter();
	status = accepts_locked(e);
	monitor_leave();
	return status;
}

/* Returns when there is room, or no need of it.  A worker of e may be the one to make room, and does not wait. */
static int await_room_locked(struct pp_executor *e)
{
	while (design->bound && home != e && e->queued >= design->bound && accepts_locked(e) == PP_OK)
		monitor_wait_locked(INFINITY);
	return accepts_locked(e);
}

static int submit_with_release(struct pp_executor *e, pp_task *task, void *arg, pp_release *release,
			       struct pp_future **f)
{
	struct item *item = item_new(task, arg, release);
	struct pp_future *future = item ? item->future : NULL;
	int status;

	monitor_enter();
	status = await_room_locked(e);
	if (status == PP_OK && (!item || !see_to_workers_locked(e)))
		status = PP_NO_RESOURCES;
	if (status == PP_OK)
		put_locked(e, item);
	monitor_leave();
	if (status == PP_OK) {
		*f = future;
	} else if (item) {
		future_drop(future);
		item_free(item);
	}
	return status;
}

int executor_submit(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	return submit_with_release(e, task, arg, NULL, f);
}

/* ---- workers, asked ----------------------------------------------------------------------------- */

static int worker_count(struct pp_executor *e)
{
	int count;

	monitor_enter();
	count = e->workers;
	monitor_leave();
	return count;
}

static int worker_name(char *buffer, size_t size)
{
	if (worker_number < 0)
		return PP_INVALID_STATE;
	snprintf(buffer, size, "%s-%d", home->prefix, worker_number);
	return PP_OK;
}

/* ---- the process ----------------------------------------------------------------------------------- */

/* Let all finish what they have accepted, unless one of them wants to leave. */
static void drain(void)
{
	struct pp_executor *e;

	if (home)
		return;
	monitor_enter();
	exiting = true;
	monitor_tell_locked();
	for (e = all; e; e = e->next)
		join_locked(e);
	monitor_leave();
}

/* What the parent's workers were at is not for the child; what they held is lost. */
static void disown(void)
{
	struct pp_executor *e;

	monitor_renew();
	home = NULL;
	worker_number = -1;
	for (e = all; e; e = e->next) {
		e->foreign = true;
		e->workers = e->threads = e->sweeping = 0;
		e->has_last = e->joining = false;
	}
	monitor_leave();
}

static int process_fork(void)
{
	return fork();
}

__attribute__((constructor)) static void settle_in(void)
{
	pthread_atfork(monitor_enter, monitor_leave, disown);
	atexit(drain);
}

/* ---- the table ---------------------------------------------------------------------------------------- */

static struct pp_backend backend = {
	.size = sizeof(backend),
	.abi = PP_ABI_VERSION,
	.version = "1.0",
	.queue_bound = PP_UNLIMITED,
	.executor_new = executor_new,
	.executor_new_with_initializer = executor_new_with_initializer,
	.executor_new_named = executor_new_named,
	.submit = executor_submit,
	.submit_with_release = submit_with_release,
	.shutdown = shutdown_wait,
	.shutdown_nowait = shutdown_nowait,
	.shutdown_cancel = shutdown_cancel,
	.executor_release = executor_release,
	.worker_count = worker_count,
	.worker_name = worker_name,
	POOL_FUTURE_ENTRIES,
	.process_exit = exit,
	.process_fork = process_fork,
	.set_log_hook = log_set_hook,
};

const struct pp_backend *pool_backend(const struct design *d, const struct pp_host *host)
{
	size_t i;

	design = d;
	for (i = 0; i < host->option_count; i++)
		if (!d->option || !d->option(&host->options[i])) {
			snprintf(host->error, host->error_size, "unknown option '%s=%s'",
				 host->options[i].key, host->options[i].value);
			return NULL;
		}
	backend.name = d->name;
	backend.concurrency = d->concurrency;
	backend.finish = d->finish_all;
	if (d->bound)
		backend.queue_bound = d->bound;
	return &backend;
}
