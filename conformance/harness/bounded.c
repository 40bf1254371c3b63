/* SPDX-License-Identifier: MIT */
/* bounded.c: see bounded.h. */
#include "bounded.h"

#include <pthread.h>

#include "case.h"
#include "inject.h"
#include "slot.h"

static struct pp_backend inner;
static bool aside; /* the case is about full queues */

#define QUEUE_MAX 1000

/* ---- how much an executor holds ------------------------------------------------- */

#define EXECUTORS 256

struct fill {
	struct pp_executor *e;
	long workers;  /* that may have taken a work item; none that may be inside an initializer */
	long accepted; /* so far */
	long inside;   /* calls under way that may be kept waiting for room */
};

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static struct fill fills[EXECUTORS]; /* under mu; the last is of all that have no other place */
static int count;		     /* under mu */

static struct fill *fill_of_locked(struct pp_executor *e)
{
	for (int i = 0; i < count; i++)
		if (fills[i].e == e)
			return &fills[i];
	if (count < EXECUTORS - 1)
		fills[count].e = e;
	return &fills[count < EXECUTORS - 1 ? count++ : count];
}

static int made(int status, int max_workers, struct pp_executor **e)
{
	struct fill *f;

	if (status != PP_OK)
		return status;
	pthread_mutex_lock(&mu);
	f = fill_of_locked(*e);
	f->accepted = 0;
	f->workers = max_workers < inner.concurrency ? max_workers : inner.concurrency;
	if (f->workers < 0)
		f->workers = 0;
	pthread_mutex_unlock(&mu);
	return status;
}

/* As many work items as workers and queue hold were accepted: it may be full.  With fewer it is not. */
static bool may_be_full_locked(const struct fill *f)
{
	return f->accepted >= f->workers + inner.queue_bound;
}

static bool may_be_full(struct pp_executor *e)
{
	bool full;

	pthread_mutex_lock(&mu);
	full = may_be_full_locked(fill_of_locked(e));
	pthread_mutex_unlock(&mu);
	return full;
}

/* Calls begin, or end, and so many work items more were accepted: whoever is inside may be waiting since. */
static void count_calls(struct pp_executor *e, int calls, long accepted)
{
	struct fill *f;
	long before;

	pthread_mutex_lock(&mu);
	f = fill_of_locked(e);
	before = may_be_full_locked(f) ? f->inside : 0;
	f->inside += calls;
	f->accepted += accepted;
	if (inject_failed())
		f->workers = 0; /* one may not have been started */
	atomic_fetch_add(&slot->full, (may_be_full_locked(f) ? f->inside : 0) - before);
	pthread_mutex_unlock(&mu);
}

static void lock(void)
{
	pthread_mutex_lock(&mu);
}

static void unlock(void)
{
	pthread_mutex_unlock(&mu);
}

/* ---- entries -------------------------------------------------------------------- */

static int executor_new_(int max_workers, struct pp_executor **e)
{
	return made(inner.executor_new(max_workers, e), max_workers, e);
}

static int executor_new_with_initializer_(int max_workers, pp_initializer *initializer, void *initarg,
					  struct pp_executor **e)
{
	return made(inner.executor_new_with_initializer(max_workers, initializer, initarg, e), 0, e);
}

static int executor_new_named_(int max_workers, const char *prefix, struct pp_executor **e)
{
	return made(inner.executor_new_named(max_workers, prefix, e), max_workers, e);
}

static int submit_once(struct pp_executor *e, pp_task *task, void *arg, pp_release *release, struct pp_future **f)
{
	int status;

	if (!aside)
		count_calls(e, 1, 0);
	status = release ? inner.submit_with_release(e, task, arg, release, f) : inner.submit(e, task, arg, f);
	if (!aside)
		count_calls(e, -1, status == PP_OK);
	return status;
}

static int submit_with_release_(struct pp_executor *e, pp_task *task, void *arg, pp_release *release,
				struct pp_future **f)
{
	double end = now() + 5 * short_time();
	int status;

	while ((status = submit_once(e, task, arg, release, f)) == PP_NO_RESOURCES && !aside && !inject_failed()) {
		if (now() < end && !inject_armed()) /* its requests are counted */
			pass_time(0.0002);
		else if (may_be_full(e))
			unsupported("the work queue holds %d work items, and the case needs more", inner.queue_bound);
		else
			break;
	}
	return status;
}

static int submit_(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	return submit_with_release_(e, task, arg, NULL, f);
}

/* How much a map submits is not known: with it the queue may be full. */
static int map_begin_(struct pp_executor *e, pp_task *task, const struct pp_source *source, double timeout,
		      size_t buffersize, struct pp_map **it, void **exception)
{
	int status;

	if (aside)
		return inner.map_begin(e, task, source, timeout, buffersize, it, exception);
	if (buffersize > (size_t)inner.queue_bound)
		unsupported("the work queue holds %d work items, and the map is to be %zu ahead", inner.queue_bound,
			    buffersize);
	count_calls(e, 1, (long)inner.queue_bound + INT_MAX);
	status = inner.map_begin(e, task, source, timeout, buffersize, it, exception);
	count_calls(e, -1, 0);
	if (status == PP_NO_RESOURCES && !inject_failed())
		unsupported("the work queue holds %d work items, and the map needs more", inner.queue_bound);
	return status;
}

static int map_next_(struct pp_map *it, void **outcome)
{
	int status = inner.map_next(it, outcome);

	if (status == PP_NO_RESOURCES && !aside && !inject_failed())
		unsupported("the work queue holds %d work items, and the map needs more", inner.queue_bound);
	return status;
}

int queue_holds(int n)
{
	int bound = backend()->queue_bound;

	aside = true;
	if (bound == PP_UNLIMITED)
		return n;
	if (bound == 0)
		unsupported("no work queue");
	if (bound > QUEUE_MAX)
		unsupported("the work queue holds %d work items; the case fills no more than %d", bound, QUEUE_MAX);
	return bound;
}

void bounded_stand_in(struct pp_backend *table)
{
	inner = *table;
	if (inner.queue_bound == PP_UNLIMITED)
		return;
	pthread_atfork(lock, unlock, unlock);
	table->executor_new = executor_new_;
	if (inner.executor_new_with_initializer)
		table->executor_new_with_initializer = executor_new_with_initializer_;
	if (inner.executor_new_named)
		table->executor_new_named = executor_new_named_;
	table->submit = submit_;
	if (inner.submit_with_release)
		table->submit_with_release = submit_with_release_;
	if (inner.map_begin) {
		table->map_begin = map_begin_;
		table->map_next = map_next_;
	}
}
