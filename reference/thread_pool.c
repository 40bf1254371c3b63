/* SPDX-License-Identifier: MIT */
/*
 * p->mu guards the work queue and the workers.
 *
 * Order: process.mu, then p->mu, then the lock of one future.  p->mu is not
 * held while a work item, a callback, an initializer or a release function
 * runs, nor while a thread is joined.
 *
 * Whenever p->mu is free:
 *   Q1  a work item is on the work queue or held by one worker, never both;
 *   Q2  idle workers sleep in take(); those that were claimed and have not come yet
 *       are not idle but counted in claims, so none is counted on twice, and
 *       claimed is posted once for each claim, now or soon;
 *   Q3  if work is queued and a worker is idle, a claim is on its way: it takes
 *       one work item and claims the next worker, so that one wake-up is under
 *       way at a time and every idle worker is reached;
 *   Q4  once p is broken or forked, the work queue is empty and stays so.
 *
 * No lost wake-up: submit appends and claims, and a worker tests the queue and
 * counts itself idle, each in one hold of p->mu; a semaphore keeps a post that
 * comes before the wait.  It is posted without p->mu, or a worker that runs at
 * once would have to wait for that.
 *
 * Life: p lives while there is a handle, a shutdown under way, or a worker.  Who takes
 * away the last of all destroys it; p->dying tells exit, which may still see it in its list.
 */
#include "executor.h"
#include "platform.h"
#include "process.h"
#include "sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pool;

/* Lives on the heap from its start until it is joined. */
struct worker {
	pthread_t thread;
	struct pool *pool;
	struct worker *prev, *next; /* in p->live or, by next, p->ended; under mu */
	/*
	 * The work item it took, until that is done: set under mu, cleared
	 * under the lock of the future, read by fork, which holds both.
	 */
	struct cf_future *current;
	bool initialized; /* its thread's own */
	char name[];
};

/*
 * Work items that a thread took off the work queue to end them, on its stack;
 * current as in struct worker, the others under mu.
 */
struct ending {
	pthread_t thread;
	struct cf_future *current, *rest;
	struct ending *next;
};

struct pool {
	struct cf_executor base;
	struct cf__resident resident;

	int max_workers;	  /* read-only, like the next four */
	int (*initializer)(void *initarg);
	void *initarg;
	char *name_prefix;
	unsigned number;

	pthread_mutex_t mu;
	sem_t claimed;		    /* see Q2 */
	pthread_cond_t worker_left; /* live, ended, joining or endings has changed */

	/* All below under mu. */
	struct cf_future *first, **last; /* the work queue */
	size_t queued;			 /* its length */
	struct ending *endings;		 /* see there */
	int idle;	     /* the idle semaphore, see Q2 */
	int claims;	     /* see Q2 */
	int workers;	     /* in live */
	unsigned started;    /* workers, ever: numbers their names */
	int joining;	     /* threads inside pthread_join */
	unsigned refs;	     /* handles, and shutdowns under way */
	bool shutdown;	     /* never cleared */
	bool broken;	     /* never cleared */
	bool dying;	     /* never cleared */
	bool forked;	     /* its workers are in a parent; never cleared */
	struct worker *live;
	struct worker *ended; /* to be joined */
};

/*
 * The worker that the calling thread is.  In the memory that a thread is started
 * with: in a library that is loaded late, other models allocate at first use, and
 * end the process when they cannot.
 */
static _Thread_local struct worker *self __attribute__((tls_model("initial-exec")));

bool cf__is_worker(void)
{
	return self != NULL;
}

const char *cf_worker_name(void)
{
	return self ? self->name : NULL;
}

static struct pool *pool_of(struct cf_executor *e)
{
	return (struct pool *)e;
}

static struct pool *pool_of_resident(struct cf__resident *r)
{
	return (struct pool *)((char *)r - offsetof(struct pool, resident));
}

/* ---- the work queue ------------------------------------------------------- */

static void queue_push_locked(struct pool *p, struct cf_future *f)
{
	f->next = NULL;
	*p->last = f;
	p->last = &f->next;
	p->queued++;
}

static struct cf_future *queue_pop_locked(struct pool *p)
{
	struct cf_future *f = p->first;

	if (!f)
		return NULL;
	p->first = f->next;
	if (!p->first)
		p->last = &p->first;
	p->queued--;
	return f;
}

/* All of it, oldest first. */
static struct cf_future *queue_take_all_locked(struct pool *p)
{
	struct cf_future *all = p->first;

	p->first = NULL;
	p->last = &p->first;
	p->queued = 0;
	return all;
}

/* End each work item that is on the work queue now.  mu is dropped meanwhile. */
static void end_queue_locked(struct pool *p, void (*end)(struct cf_future *f, struct cf_future **held))
{
	struct ending mine = {pthread_self(), NULL, queue_take_all_locked(p), p->endings};
	struct ending **at = &p->endings;
	struct cf_future *f;

	p->endings = &mine;
	while ((f = mine.current = mine.rest)) {
		mine.rest = f->next;
		cf__unlock(&p->mu);
		end(f, &mine.current);
		cf__lock(&p->mu);
	}
	/* It is not there if end forked and this is the child. */
	while (*at && *at != &mine)
		at = &(*at)->next;
	if (*at)
		*at = mine.next;
	cf__must(pthread_cond_broadcast(&p->worker_left), "pthread_cond_broadcast");
}

/* Work items are being ended by other threads, and none by this one. */
static bool others_end_locked(const struct pool *p)
{
	for (const struct ending *e = p->endings; e; e = e->next)
		if (pthread_equal(e->thread, pthread_self()))
			return false;
	return p->endings != NULL;
}

/* ---- workers ---------------------------------------------------------------- */

static void live_add_locked(struct pool *p, struct worker *w)
{
	w->prev = NULL;
	w->next = p->live;
	if (w->next)
		w->next->prev = w;
	p->live = w;
	p->workers++;
}

static void live_remove_locked(struct pool *p, struct worker *w)
{
	if (w->next)
		w->next->prev = w->prev;
	if (w->prev)
		w->prev->next = w->next;
	else
		p->live = w->next;
	p->workers--;
}

static void *worker_main(void *arg);

static bool worker_start_locked(struct pool *p)
{
	size_t size = strlen(p->name_prefix) + sizeof("_4294967295");
	struct worker *w = malloc(sizeof(*w) + size);

	if (!w)
		return false;
	*w = (struct worker){.pool = p};
	snprintf(w->name, size, "%s_%u", p->name_prefix, p->started);
	if (pthread_create(&w->thread, NULL, worker_main, w) != 0) {
		free(w);
		return false;
	}
	p->started++;
	live_add_locked(p, w);
	return true;
}

/*
 * Join each thread that has ended, and wait for what others join or end: all
 * but a work item in whose callback the caller is itself.
 */
static void join_workers_locked(struct pool *p)
{
	while (p->workers > 0 || p->ended || p->joining > 0 || others_end_locked(p)) {
		struct worker *w = p->ended;

		if (!w) {
			cf__cond_wait(&p->worker_left, &p->mu);
			continue;
		}
		p->ended = w->next;
		p->joining++;
		cf__unlock(&p->mu);
		cf__join(w->thread);
		free(w);
		cf__lock(&p->mu);
		p->joining--;
		cf__must(pthread_cond_broadcast(&p->worker_left), "pthread_cond_broadcast");
	}
}

static void pool_free(struct pool *p)
{
	cf__must(pthread_cond_destroy(&p->worker_left), "pthread_cond_destroy");
	cf__sem_destroy(&p->claimed);
	/* A thread of the parent that sleeps counts as a user of it for good, and none is destroyed that has users. */
	if (!p->forked)
		cf__must(pthread_mutex_destroy(&p->mu), "pthread_mutex_destroy");
	free(p->name_prefix);
	free(p);
}

/* p->dying was set by the caller, who alone knows p now but for exit and fork. */
static void pool_destroy(struct pool *p)
{
	cf__lock(&p->mu);
	join_workers_locked(p);
	cf__unlock(&p->mu);
	cf__process_leave(&p->resident);
	pool_free(p);
}

/* The pool is broken: what is queued fails, and so does every later submit. */
static void break_locked(struct pool *p)
{
	p->broken = true;
	end_queue_locked(p, cf__work_break);
}

static void pool_break(struct pool *p)
{
	cf__lock(&p->mu);
	break_locked(p);
	cf__unlock(&p->mu);
}

/*
 * Called by w's thread as the last thing it does with p.  If w is lost there
 * may be work queued that counted on it: seen in one hold of mu with w's
 * leaving, so that no submit counts on it afterwards.
 */
static void worker_leave(struct worker *w)
{
	struct pool *p = w->pool;
	bool last, joinable;

	cf__lock(&p->mu);
	if (p->first && p->idle == 0 && !worker_start_locked(p) && p->workers == 1)
		break_locked(p);
	self = NULL;
	live_remove_locked(p, w);
	last = p->workers == 0 && p->refs == 0;
	p->dying = last;
	/* The last one has nobody to join it; in the child of a fork its end is
	 * the end of the process, which nothing may wait for. */
	joinable = !last && !p->forked;
	if (joinable) {
		w->next = p->ended;
		p->ended = w;
	}
	cf__must(pthread_cond_broadcast(&p->worker_left), "pthread_cond_broadcast");
	cf__unlock(&p->mu);
	if (!joinable) {
		cf__must(pthread_detach(w->thread), "pthread_detach");
		free(w);
	}
	if (last)
		pool_destroy(p);
}

static bool must_leave_locked(const struct pool *p)
{
	return p->shutdown || p->refs == 0;
}

/* Claim an idle worker, unless one that was claimed is still on its way. */
static bool claim_locked(struct pool *p)
{
	if (p->idle == 0 || p->claims > 0)
		return false;
	p->idle--;
	p->claims++;
	return true;
}

/* Claim every idle worker, for there is reason to leave. */
static void claim_all_locked(struct pool *p)
{
	for (; p->idle > 0; p->idle--) {
		p->claims++;
		cf__sem_post(&p->claimed);
	}
}

static void sleep_idle_locked(struct pool *p)
{
	p->idle++;
	cf__unlock(&p->mu);
	cf__sem_wait(&p->claimed);
	cf__lock(&p->mu);
	p->claims--;
}

/* The next work item for w; NULL when w is to leave. */
static struct cf_future *take(struct pool *p, struct worker *w)
{
	struct cf_future *f;
	bool claimed;

	cf__lock(&p->mu);
	while (!(f = queue_pop_locked(p)) && !must_leave_locked(p))
		sleep_idle_locked(p);
	w->current = f;
	claimed = p->queued > 0 && claim_locked(p);
	cf__unlock(&p->mu);
	if (claimed)
		cf__sem_post(&p->claimed);
	return f;
}

/* The thread of w ends from inside what it was running: make up for it. */
static void worker_lost(void *arg)
{
	struct worker *w = arg;

	if (w->current)
		cf__work_finish(w->current, &w->current, CF_RAISED, NULL);
	if (!w->initialized)
		pool_break(w->pool);
	worker_leave(w);
}

static void worker_loop(struct worker *w)
{
	struct pool *p = w->pool;
	struct cf_future *f;

	if (p->initializer && p->initializer(p->initarg) != CF_OK) {
		cf__log("the initializer of worker %s failed; its pool is broken", w->name);
		pool_break(p);
	}
	w->initialized = true;
	while ((f = take(p, w))) {
		void *outcome = NULL;
		int returned;

		if (!cf__work_begin(f, &w->current))
			continue;
		returned = f->call.task(f->call.arg, &outcome);
		cf__must(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL), "pthread_setcancelstate");
		cf__work_finish(f, &w->current, returned, outcome);
		/* A cancel that it left pending is for this worker, not for the next work item. */
		cf__must(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL), "pthread_setcancelstate");
		pthread_testcancel();
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	/* Until this lock is free, who started w has not entered it in the pool. */
	cf__lock(&w->pool->mu);
	cf__unlock(&w->pool->mu);
	self = w;
	cf__name_thread(w->name);
	pthread_cleanup_push(worker_lost, w);
	worker_loop(w);
	pthread_cleanup_pop(0);
	worker_leave(w);
	return NULL;
}

/* ---- the executor --------------------------------------------------------------- */

/* See to it that a worker comes for one more work item.  *claimed: to be posted. */
static bool provide_worker_locked(struct pool *p, bool *claimed)
{
	bool spare = (size_t)(p->idle + p->claims) > p->queued;

	*claimed = claim_locked(p);
	return spare || p->workers >= p->max_workers || worker_start_locked(p);
}

static enum cf_status accepts_locked(const struct pool *p)
{
	if (p->broken)
		return CF_BROKEN;
	return p->shutdown ? CF_SHUTDOWN : CF_OK;
}

static enum cf_status pool_accepts(struct cf_executor *e)
{
	struct pool *p = pool_of(e);
	enum cf_status status;

	cf__lock(&p->mu);
	status = accepts_locked(p);
	cf__unlock(&p->mu);
	return status;
}

static enum cf_status pool_submit(struct cf_executor *e, struct cf_future *f)
{
	struct pool *p = pool_of(e);
	enum cf_status status;
	bool claimed = false;

	cf__lock(&p->mu);
	status = accepts_locked(p);
	if (status == CF_OK && !provide_worker_locked(p, &claimed))
		status = CF_NO_RESOURCES;
	if (status == CF_OK)
		queue_push_locked(p, f);
	cf__unlock(&p->mu);
	if (claimed)
		cf__sem_post(&p->claimed);
	return status;
}

/* Called with mu held.  The last one destroys p. */
static void release_and_unlock(struct pool *p)
{
	bool last;

	p->refs--;
	last = p->refs == 0 && p->workers == 0;
	p->dying = last;
	if (p->refs == 0)
		claim_all_locked(p);
	cf__unlock(&p->mu);
	if (last)
		pool_destroy(p);
}

/* A callback of what is cancelled may drop the last handle but this one. */
static void pool_shutdown(struct cf_executor *e, unsigned flags)
{
	struct pool *p = pool_of(e);

	cf__lock(&p->mu);
	p->refs++;
	p->shutdown = true;
	claim_all_locked(p);
	if (flags & CF_CANCEL_FUTURES)
		end_queue_locked(p, cf__work_cancel);
	/* A worker of p would wait for itself. */
	if ((flags & CF_WAIT) && !(self && self->pool == p))
		join_workers_locked(p);
	release_and_unlock(p);
}

static void pool_retain(struct cf_executor *e)
{
	struct pool *p = pool_of(e);

	cf__lock(&p->mu);
	p->refs++;
	cf__unlock(&p->mu);
}

static void pool_release(struct cf_executor *e)
{
	struct pool *p = pool_of(e);

	cf__lock(&p->mu);
	release_and_unlock(p);
}

static int pool_workers(struct cf_executor *e)
{
	struct pool *p = pool_of(e);
	int workers;

	cf__lock(&p->mu);
	workers = p->workers;
	cf__unlock(&p->mu);
	return workers;
}

static const struct cf__executor_ops pool_ops = {
	.submit = pool_submit,
	.accepts = pool_accepts,
	.shutdown = pool_shutdown,
	.retain = pool_retain,
	.release = pool_release,
	.workers = pool_workers,
};

/* ---- exit and fork ---------------------------------------------------------------- */

static void resident_lock(struct cf__resident *r)
{
	cf__lock(&pool_of_resident(r)->mu);
}

static void resident_unlock(struct cf__resident *r)
{
	cf__unlock(&pool_of_resident(r)->mu);
}

/* Idle workers are told when it is drained. */
static void resident_stop(struct cf__resident *r)
{
	struct pool *p = pool_of_resident(r);

	cf__lock(&p->mu);
	p->shutdown = true;
	cf__unlock(&p->mu);
}

static bool resident_hold(struct cf__resident *r)
{
	struct pool *p = pool_of_resident(r);
	bool held;

	cf__lock(&p->mu);
	held = !p->dying;
	p->refs += held;
	cf__unlock(&p->mu);
	return held;
}

static void resident_drain(struct cf__resident *r)
{
	struct cf_executor *e = &pool_of_resident(r)->base;

	pool_shutdown(e, CF_WAIT);
	pool_release(e);
}

/* In the child only the worker that called fork is still there. */
static void forget_workers_locked(struct pool *p)
{
	struct worker *w = p->live, *next;

	p->live = NULL;
	p->workers = 0;
	for (; w; w = next) {
		next = w->next;
		if (w == self) {
			live_add_locked(p, w);
			continue;
		}
		if (w->current)
			cf__work_orphan_locked(w->current);
		free(w);
	}
	while ((w = p->ended)) {
		p->ended = w->next;
		free(w);
	}
	p->idle = p->claims = p->joining = 0;
}

/* The lock is as good as new; see pool_free. */
static void renew_locks(struct pool *p)
{
	cf__unlock(&p->mu);
	cf__sem_renew(&p->claimed);
	cf__cond_init(&p->worker_left);
}

static void orphan_all_locked(struct cf_future *f)
{
	struct cf_future *next;

	for (; f; f = next) {
		next = f->next;
		cf__work_orphan_locked(f);
	}
}

static bool resident_forked(struct cf__resident *r)
{
	struct pool *p = pool_of_resident(r);

	p->forked = p->broken = p->shutdown = true;
	orphan_all_locked(queue_take_all_locked(p));
	for (struct ending *e = p->endings; e; e = e->next) {
		if (e->current)
			cf__work_orphan_locked(e->current);
		orphan_all_locked(e->rest);
		e->current = e->rest = NULL;
	}
	p->endings = NULL;
	forget_workers_locked(p);
	renew_locks(p);
	return p->refs > 0 || p->workers > 0;
}

static void resident_destroy(struct cf__resident *r)
{
	pool_free(pool_of_resident(r));
}

static const struct cf__resident_ops resident_ops = {
	.lock = resident_lock,
	.unlock = resident_unlock,
	.forked = resident_forked,
	.destroy = resident_destroy,
	.stop = resident_stop,
	.hold = resident_hold,
	.drain = resident_drain,
};

/* ---- making one -------------------------------------------------------------------- */

static int default_workers(void)
{
	int cpus = cf__usable_cpus();

	return cpus + 4 < 32 ? cpus + 4 : 32;
}

/* prefix, or a name with the number of the pool; NULL if memory is out. */
static char *make_prefix(const char *prefix, unsigned number)
{
	char own[sizeof("ThreadPool-4294967295")];

	snprintf(own, sizeof(own), "ThreadPool-%u", number);
	return strdup(prefix ? prefix : own);
}

enum cf_status cf_thread_pool_new(const struct cf_thread_pool_options *options, struct cf_executor **e)
{
	static const struct cf_thread_pool_options defaults;
	struct pool *p;

	if (!options)
		options = &defaults;
	if (options->max_workers < 0)
		return CF_INVALID_ARGUMENT;
	p = malloc(sizeof(*p));
	if (!p)
		return CF_NO_RESOURCES;
	*p = (struct pool){
		.base.ops = &pool_ops,
		.resident.ops = &resident_ops,
		.max_workers = options->max_workers ? options->max_workers : default_workers(),
		.initializer = options->initializer,
		.initarg = options->initarg,
		.refs = 1,
	};
	p->last = &p->first;
	cf__must(pthread_mutex_init(&p->mu, NULL), "pthread_mutex_init");
	cf__sem_init(&p->claimed);
	cf__cond_init(&p->worker_left);
	if (!cf__process_enter(&p->resident, &p->number)) {
		pool_free(p);
		return CF_NO_RESOURCES;
	}
	p->name_prefix = make_prefix(options->thread_name_prefix, p->number);
	if (!p->name_prefix) {
		pool_release(&p->base);
		return CF_NO_RESOURCES;
	}
	*e = &p->base;
	return CF_OK;
}
