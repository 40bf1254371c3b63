/* SPDX-License-Identifier: MIT */
/*
 * C-Thread-Pool has no futures: they are lent.  Destroying one pool ends the
 * workers of all, by a flag of the process, so its life is not measured.
 */
#include "lent.h"

#include <cthreadpool/thpool.h>

static void run(void *arg)
{
	work_run(arg);
}

static void *pool_open(int workers)
{
	return thpool_init(workers);
}

static void post(void *pool, struct work *work)
{
	thpool_add_work(pool, run, work);
}

static void submit(void *pool, struct work *work, void *handle)
{
	struct lent *f = lent_new(work);

	*(struct lent **)handle = f;
	thpool_add_work(pool, run, f);
}

const struct peer peer = {
	.handle_size = sizeof(struct lent *),
	.open = pool_open,
	.post = post,
	.submit = submit,
	.result = lent_result,
	.release = lent_release,
};
