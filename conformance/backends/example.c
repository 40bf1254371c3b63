/* SPDX-License-Identifier: MIT */
/*
 * The adapter of a plain thread pool, to start from with one of your own.
 *
 * Put your pool in the place of example_pool.h, fill in the three functions,
 * and run `poolproof run`.  What your pool has beyond that (backend.h lists
 * everything) goes into the table; what it does not have stays out of it.
 */
#include <poolproof/plain.h>

#include "example_pool.h"

static int plain_open(int max_workers, void **pool)
{
	if (max_workers == PP_WORKERS_DEFAULT)
		max_workers = 4;
	if (max_workers <= 0)
		return PP_INVALID_ARGUMENT;
	*pool = example_new(max_workers);
	return *pool ? PP_OK : PP_NO_RESOURCES;
}

static int plain_add(void *pool, void *item)
{
	return example_add(pool, pp_plain_run, item) == 0 ? PP_OK : PP_NO_RESOURCES;
}

/* This pool cannot throw work away, so pp_plain_shutdown_cancel is not in the table. */
static void plain_close(void *pool, bool cancel, bool wait)
{
	(void)cancel;
	example_free(pool, wait);
}

static const struct pp_backend backend = {
	.size = sizeof(backend),
	.abi = PP_ABI_VERSION,
	.name = "example",
	.version = "1.0",
	.concurrency = PP_UNLIMITED,
	.queue_bound = PP_UNLIMITED,
	PP_PLAIN_ENTRIES,
	.shutdown_nowait = pp_plain_shutdown_nowait,
	PP_FUTURE_ENTRIES,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	return pp_no_options(host) ? &backend : NULL;
}
