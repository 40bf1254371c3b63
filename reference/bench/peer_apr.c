/* SPDX-License-Identifier: MIT */
/*
 * apr_thread_pool has no futures: they are lent.  To end it drops what is queued,
 * but now and then hangs, so its life is not measured.
 */
#include "lent.h"

#include <apr_general.h>
#include <apr_thread_pool.h>

struct owner {
	apr_pool_t *memory;
	apr_thread_pool_t *pool;
};

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *arg)
{
	(void)thread;
	return work_run(arg);
}

static void *pool_open(int workers)
{
	struct owner *o = malloc(sizeof(*o));

	if (!o || apr_initialize() != APR_SUCCESS || apr_pool_create(&o->memory, NULL) != APR_SUCCESS ||
	    apr_thread_pool_create(&o->pool, (apr_size_t)workers, (apr_size_t)workers, o->memory) != APR_SUCCESS)
		abort();
	return o;
}

static void post(void *pool, struct work *work)
{
	if (apr_thread_pool_push(((struct owner *)pool)->pool, run, work, APR_THREAD_TASK_PRIORITY_NORMAL, NULL))
		abort();
}

static void submit(void *pool, struct work *work, void *handle)
{
	struct lent *f = lent_new(work);

	*(struct lent **)handle = f;
	post(pool, &f->base);
}

const struct peer peer = {
	.handle_size = sizeof(struct lent *),
	.open = pool_open,
	.post = post,
	.submit = submit,
	.result = lent_result,
	.release = lent_release,
};
