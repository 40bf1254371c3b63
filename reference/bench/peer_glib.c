/* SPDX-License-Identifier: MIT */
/* GThreadPool has no futures: they are lent. */
#include "lent.h"

#include <glib.h>

static void run(gpointer data, gpointer user_data)
{
	(void)user_data;
	work_run(data);
}

static void *pool_open(int workers)
{
	return g_thread_pool_new(run, NULL, workers, TRUE, NULL);
}

static void pool_close(void *pool)
{
	g_thread_pool_free(pool, FALSE, TRUE);
}

static void pool_drop(void *pool)
{
	g_thread_pool_free(pool, TRUE, TRUE);
}

static void post(void *pool, struct work *work)
{
	g_thread_pool_push(pool, work, NULL);
}

static void submit(void *pool, struct work *work, void *handle)
{
	struct lent *f = lent_new(work);

	*(struct lent **)handle = f;
	g_thread_pool_push(pool, f, NULL);
}

const struct peer peer = {
	.handle_size = sizeof(struct lent *),
	.open = pool_open,
	.close = pool_close,
	.drop = pool_drop,
	.post = post,
	.submit = submit,
	.result = lent_result,
	.release = lent_release,
};
