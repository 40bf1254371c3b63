/* SPDX-License-Identifier: MIT */
/*
 * The public headers of the ABI compile as C99, C11 and C++17 without a
 * warning: the build compiles this file as each of them.
 */
#include <poolproof/plain.h>

static int plain_open(int max_workers, void **pool)
{
	static int inline_pool;

	inline_pool = max_workers;
	*pool = &inline_pool;
	return PP_OK;
}

static int plain_add(void *pool, void *item)
{
	(void)pool;
	pp_plain_run(item);
	return PP_OK;
}

static void plain_close(void *pool, bool cancel, bool wait)
{
	(void)pool;
	(void)cancel;
	(void)wait;
}

#ifdef __cplusplus

/* C++17 has no designated initializers. */
static struct pp_backend made()
{
	struct pp_backend b = pp_backend();

	b.size = sizeof(b);
	b.abi = PP_ABI_VERSION;
	b.executor_new = pp_plain_executor_new;
	b.submit = pp_plain_submit;
	b.result = pp_cf_result;
	b.cancel = cf_future_cancel;
	b.shutdown = pp_plain_shutdown;
	return b;
}

static const struct pp_backend backend = made();

extern "C" pp_entry poolproof_backend;

#else

static const struct pp_backend backend = {
	.size = sizeof(backend),
	.abi = PP_ABI_VERSION,
	PP_PLAIN_ENTRIES,
	.shutdown_nowait = pp_plain_shutdown_nowait,
	.shutdown_cancel = pp_plain_shutdown_cancel,
	PP_FUTURE_ENTRIES,
};

pp_entry poolproof_backend;

#endif

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	return pp_no_options(host) ? &backend : NULL;
}
