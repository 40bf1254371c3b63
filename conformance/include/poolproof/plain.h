/* SPDX-License-Identifier: MIT */
/*
 * poolproof/plain.h: an adapter for a pool that has no futures.
 *
 * A plain pool takes a function and a pointer, and calls the function on one
 * of its threads.  An adapter for it defines three functions,
 *
 *	static int plain_open(int max_workers, void **pool);
 *	static int plain_add(void *pool, void *item);
 *	static void plain_close(void *pool, bool cancel, bool wait);
 *
 * and puts the entries into its table:
 *
 *	static const struct pp_backend backend = {
 *		.size = sizeof(backend),
 *		...
 *		PP_PLAIN_ENTRIES,
 *		PP_FUTURE_ENTRIES,
 *	};
 *
 * The cases about futures then judge the reference's; those about executors,
 * work items and workers judge the pool.  What the pool cannot be asked twice
 * is done here: after plain_close every submit is refused without asking it,
 * and a second shutdown waits for the work items.
 *
 * conformance/backends/example.c is such an adapter.
 */
#ifndef POOLPROOF_PLAIN_H
#define POOLPROOF_PLAIN_H

#include <poolproof/futures.h>

#include <pthread.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what the adapter defines ------------------------------------------- */

/*
 * Make a pool of max_workers threads.  Whatever was asked for is handed on, zero
 * and less too, and PP_WORKERS_DEFAULT for as many as the pool likes.
 *
 * PP_OK                *pool is given to the other two; it is not NULL
 * PP_INVALID_ARGUMENT, PP_NO_RESOURCES  as executor_new
 */
static int plain_open(int max_workers, void **pool);

/*
 * Have pp_plain_run(item) called by one of the pool's threads.
 *
 * PP_OK            it will be, or was; or pp_plain_drop(item)
 * PP_NO_RESOURCES, PP_SHUTDOWN  neither is ever called
 */
static int plain_add(void *pool, void *item);

/*
 * Shut the pool down and free it.  Called once.
 *
 * cancel  pp_plain_drop what has not begun, instead of letting it run; asked
 *         only of an adapter that has put pp_plain_shutdown_cancel in its table
 * wait    return when the pool's threads are gone; false is asked only when the
 *         executor is released without a shutdown, and of an adapter that
 *         has put pp_plain_shutdown_nowait in its table
 */
static void plain_close(void *pool, bool cancel, bool wait);

/* ---- work items ------------------------------------------------------- */

struct pp_executor {
	pthread_mutex_t mu;
	pthread_cond_t fewer; /* adding or items has become 0 */
	void *pool;	      /* under mu; NULL once it is being closed */
	unsigned adding;      /* under mu; calls that are inside plain_add */
	unsigned items;	      /* under mu; work items not yet let go of */
	bool released;	      /* under mu */
};

/* A call on its way through the pool. */
struct pp_plain_item {
	struct pp_executor *executor;
	struct pp_future *future;
	pp_task *task;
	void *arg;
	pp_release *release; /* NULL: nobody wants to know */
};

static inline void pp_plain_free(struct pp_executor *e)
{
	pthread_cond_destroy(&e->fewer);
	pthread_mutex_destroy(&e->mu);
	free(e);
}

/* The work item has gone, and with the last one an executor that was released. */
static inline void pp_plain_item_free(struct pp_plain_item *item)
{
	struct pp_executor *e = item->executor;
	bool last;

	cf_future_release(item->future);
	free(item);
	pthread_mutex_lock(&e->mu);
	e->items--;
	last = e->items == 0 && e->released;
	pthread_cond_broadcast(&e->fewer);
	pthread_mutex_unlock(&e->mu);
	if (last)
		pp_plain_free(e);
}

static inline void pp_plain_let_go(struct pp_plain_item *item)
{
	if (item->release)
		item->release(item->arg);
}

/* For the pool to call: run the task, unless its future was cancelled. */
static inline void pp_plain_run(void *item_)
{
	struct pp_plain_item *item = (struct pp_plain_item *)item_;
	void *outcome = NULL;
	bool run = false;
	int status = PP_OK;

	cf_future_set_running_or_notify_cancel(item->future, &run);
	if (run)
		status = item->task(item->arg, &outcome);
	pp_plain_let_go(item);
	if (run && status == PP_OK)
		cf_future_set_result(item->future, outcome);
	else if (run)
		cf_future_set_exception(item->future, outcome);
	pp_plain_item_free(item);
}

/* For the pool to call on what it throws away: cancel the future. */
static inline void pp_plain_drop(void *item_)
{
	struct pp_plain_item *item = (struct pp_plain_item *)item_;
	bool run;

	cf_future_cancel(item->future);
	cf_future_set_running_or_notify_cancel(item->future, &run);
	pp_plain_let_go(item);
	pp_plain_item_free(item);
}

/* ---- entries ------------------------------------------------------------ */

static inline int pp_plain_executor_new(int max_workers, struct pp_executor **e)
{
	struct pp_executor *fresh = (struct pp_executor *)calloc(1, sizeof(*fresh));
	int status;

	if (!fresh)
		return PP_NO_RESOURCES;
	status = plain_open(max_workers, &fresh->pool);
	if (status != PP_OK) {
		free(fresh);
		return status;
	}
	pthread_mutex_init(&fresh->mu, NULL);
	pthread_cond_init(&fresh->fewer, NULL);
	*e = fresh;
	return PP_OK;
}

static inline struct pp_plain_item *pp_plain_item_new(struct pp_executor *e, pp_task *task,
						      void *arg, pp_release *release)
{
	struct pp_plain_item *item = (struct pp_plain_item *)malloc(sizeof(*item));

	if (!item)
		return NULL;
	if (cf_future_new(&item->future) != CF_OK) {
		free(item);
		return NULL;
	}
	item->executor = e;
	item->task = task;
	item->arg = arg;
	item->release = release;
	return item;
}

/* Hand item to the pool, which cannot be closed as long as somebody is adding. */
static inline int pp_plain_hand_over(struct pp_executor *e, struct pp_plain_item *item)
{
	int status = PP_SHUTDOWN;
	void *pool;

	pthread_mutex_lock(&e->mu);
	e->items++;
	pool = e->pool;
	if (pool)
		e->adding++;
	pthread_mutex_unlock(&e->mu);
	if (!pool)
		return PP_SHUTDOWN;
	status = plain_add(pool, item);
	pthread_mutex_lock(&e->mu);
	e->adding--;
	pthread_cond_broadcast(&e->fewer);
	pthread_mutex_unlock(&e->mu);
	return status;
}

static inline int pp_plain_submit_with_release(struct pp_executor *e, pp_task *task, void *arg,
					       pp_release *release, struct pp_future **f)
{
	struct pp_plain_item *item = pp_plain_item_new(e, task, arg, release);
	struct pp_future *future;
	int status;

	if (!item)
		return PP_NO_RESOURCES;
	future = cf_future_retain(item->future);
	status = pp_plain_hand_over(e, item);
	if (status == PP_OK) {
		*f = future;
		return PP_OK;
	}
	pp_plain_item_free(item);
	cf_future_release(future);
	return status;
}

static inline int pp_plain_submit(struct pp_executor *e, pp_task *task, void *arg,
				  struct pp_future **f)
{
	return pp_plain_submit_with_release(e, task, arg, NULL, f);
}

/* Close the pool if that was not done, else wait for what is left in it. */
static inline int pp_plain_stop(struct pp_executor *e, bool cancel, bool wait)
{
	void *pool;

	pthread_mutex_lock(&e->mu);
	pool = e->pool;
	e->pool = NULL;
	while (pool && e->adding > 0)
		pthread_cond_wait(&e->fewer, &e->mu);
	while (!pool && wait && e->items > 0)
		pthread_cond_wait(&e->fewer, &e->mu);
	pthread_mutex_unlock(&e->mu);
	if (pool)
		plain_close(pool, cancel, wait);
	return PP_OK;
}

static inline int pp_plain_shutdown(struct pp_executor *e)
{
	return pp_plain_stop(e, false, true);
}

static inline int pp_plain_shutdown_nowait(struct pp_executor *e)
{
	return pp_plain_stop(e, false, false);
}

static inline int pp_plain_shutdown_cancel(struct pp_executor *e, bool wait)
{
	return pp_plain_stop(e, true, wait);
}

static inline void pp_plain_executor_release(struct pp_executor *e)
{
	bool last;

	pp_plain_stop(e, false, false);
	pthread_mutex_lock(&e->mu);
	e->released = true;
	last = e->items == 0;
	pthread_mutex_unlock(&e->mu);
	if (last)
		pp_plain_free(e);
}

/* For the initializer of the table, in its order. */
#define PP_PLAIN_ENTRIES                                     \
	.executor_new = pp_plain_executor_new,               \
	.submit = pp_plain_submit,                           \
	.submit_with_release = pp_plain_submit_with_release, \
	.shutdown = pp_plain_shutdown,                       \
	.executor_release = pp_plain_executor_release

#ifdef __cplusplus
}
#endif

#endif
