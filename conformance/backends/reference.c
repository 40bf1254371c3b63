/* SPDX-License-Identifier: MIT */
/* The reference executor, through its public header like everyone else. */

/* As futures.h does for futures: the backend's handles are the reference's. */
#define pp_executor cf_executor
#define pp_map cf_map
#include <poolproof/futures.h>

#include <stdlib.h>
#include <unistd.h>

static int make(int max_workers, struct cf_thread_pool_options options, struct pp_executor **e)
{
	if (max_workers == PP_WORKERS_DEFAULT)
		max_workers = 0;
	else if (max_workers <= 0)
		return PP_INVALID_ARGUMENT;
	options.max_workers = max_workers;
	return cf_thread_pool_new(&options, e);
}

static int executor_new(int max_workers, struct pp_executor **e)
{
	return make(max_workers, (struct cf_thread_pool_options){0}, e);
}

static int executor_new_with_initializer(int max_workers, pp_initializer *initializer,
					 void *initarg, struct pp_executor **e)
{
	return make(max_workers,
		    (struct cf_thread_pool_options){.initializer = initializer, .initarg = initarg},
		    e);
}

static int executor_new_named(int max_workers, const char *thread_name_prefix,
			      struct pp_executor **e)
{
	return make(max_workers,
		    (struct cf_thread_pool_options){.thread_name_prefix = thread_name_prefix}, e);
}

static int submit(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	return cf_executor_submit(e, task, arg, f);
}

static int submit_with_release(struct pp_executor *e, pp_task *task, void *arg,
			       pp_release *release, struct pp_future **f)
{
	struct cf_call call = {.task = task, .arg = arg, .release = release};

	return cf_executor_submit_call(e, &call, f);
}

static int shutdown_wait(struct pp_executor *e)
{
	return cf_executor_shutdown(e, CF_WAIT);
}

static int shutdown_nowait(struct pp_executor *e)
{
	return cf_executor_shutdown(e, CF_NOWAIT);
}

static int shutdown_cancel(struct pp_executor *e, bool wait)
{
	return cf_executor_shutdown(e, CF_CANCEL_FUTURES | (wait ? CF_WAIT : CF_NOWAIT));
}

static int worker_name(char *buffer, size_t size)
{
	const char *name = cf_worker_name();

	if (!name)
		return PP_INVALID_STATE;
	snprintf(buffer, size, "%s", name);
	return PP_OK;
}

static int map_begin(struct pp_executor *e, pp_task *task, const struct pp_source *source,
		     double timeout, size_t buffersize, struct pp_map **it, void **exception)
{
	struct cf_source same = {.next = source->next, .state = source->state};

	return cf_executor_map(e, task, &same, timeout, buffersize, it, exception);
}

static int map_next(struct pp_map *it, void **outcome)
{
	return cf_map_next(it, outcome);
}

static int process_fork(void)
{
	return fork();
}

static const struct pp_backend backend = {
	.size = sizeof(backend),
	.abi = PP_ABI_VERSION,
	.name = "libcfutures",
	.version = CF_VERSION,
	.concurrency = PP_UNLIMITED,
	.queue_bound = PP_UNLIMITED,
	.executor_new = executor_new,
	.executor_new_with_initializer = executor_new_with_initializer,
	.executor_new_named = executor_new_named,
	.submit = submit,
	.submit_with_release = submit_with_release,
	.shutdown = shutdown_wait,
	.shutdown_nowait = shutdown_nowait,
	.shutdown_cancel = shutdown_cancel,
	.executor_release = cf_executor_release,
	.worker_count = cf_thread_pool_workers,
	.worker_name = worker_name,
	PP_FUTURE_ENTRIES,
	.map_begin = map_begin,
	.map_next = map_next,
	.map_end = cf_map_release,
	.map_has_buffersize = true,
	.process_exit = exit,
	.process_fork = process_fork,
	.set_log_hook = cf_set_log_hook,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	return pp_no_options(host) ? &backend : NULL;
}
