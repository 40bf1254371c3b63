/* SPDX-License-Identifier: MIT */
/*
 * GLib's GThreadPool on the reference's future.
 *
 * The pools are exclusive: their threads are their own and end with them.
 * Others lend threads to each other, and keep one for good that only starts
 * them.  What GLib does not have is NULL: initializer, names, map, and promises
 * about process exit and fork.
 */
#include <poolproof/plain.h>

#include <glib.h>

static void run(void *item, void *user_data)
{
	(void)user_data;
	pp_plain_run(item);
}

/* Outside its range GLib returns NULL; a thread that does not start is an error. */
static int plain_open(int max_workers, void **pool)
{
	GError *error = NULL;
	GThreadPool *fresh;

	if (max_workers == PP_WORKERS_DEFAULT)
		max_workers = (int)g_get_num_processors();
	fresh = g_thread_pool_new_full(run, NULL, pp_plain_drop, max_workers, TRUE, &error);
	if (!fresh)
		return PP_INVALID_ARGUMENT;
	if (error) {
		g_error_free(error);
		g_thread_pool_free(fresh, TRUE, TRUE);
		return PP_NO_RESOURCES;
	}
	*pool = fresh;
	return PP_OK;
}

/* The push of an exclusive pool starts no thread, so nothing can fail. */
static int plain_add(void *pool, void *item)
{
	g_thread_pool_push(pool, item, NULL);
	return PP_OK;
}

static void plain_close(void *pool, bool cancel, bool wait)
{
	g_thread_pool_free(pool, cancel, wait);
}

static struct pp_backend backend = {
	.size = sizeof(backend),
	.abi = PP_ABI_VERSION,
	.name = "GLib GThreadPool",
	.concurrency = PP_UNLIMITED,
	.queue_bound = PP_UNLIMITED,
	PP_PLAIN_ENTRIES,
	.shutdown_nowait = pp_plain_shutdown_nowait,
	.shutdown_cancel = pp_plain_shutdown_cancel,
	PP_FUTURE_ENTRIES,
	.set_log_hook = cf_set_log_hook,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	static char version[32];

	if (!pp_no_options(host))
		return NULL;
	snprintf(version, sizeof(version), "%u.%u.%u", glib_major_version, glib_minor_version,
		 glib_micro_version);
	backend.version = version;
	g_thread_pool_set_max_unused_threads(0);
	return &backend;
}
