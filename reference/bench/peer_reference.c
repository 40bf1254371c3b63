/* SPDX-License-Identifier: MIT */
#include "cfutures.h"
#include "peer.h"

#include <stdlib.h>

static void must(enum cf_status status)
{
	if (status != CF_OK)
		abort();
}

static int task(void *arg, void **outcome)
{
	*outcome = work_run(arg);
	return CF_OK;
}

static void *pool_open(int workers)
{
	struct cf_thread_pool_options options = {.max_workers = workers};
	struct cf_executor *e;

	must(cf_thread_pool_new(&options, &e));
	return e;
}

static void pool_close(void *pool)
{
	must(cf_executor_shutdown(pool, CF_WAIT));
	cf_executor_release(pool);
}

static void pool_drop(void *pool)
{
	must(cf_executor_shutdown(pool, CF_WAIT | CF_CANCEL_FUTURES));
	cf_executor_release(pool);
}

static void post(void *pool, struct work *work)
{
	must(cf_executor_submit(pool, task, work, NULL));
}

static void submit(void *pool, struct work *work, void *handle)
{
	must(cf_executor_submit(pool, task, work, handle));
}

static void *result(void *pool, void *handle)
{
	void *value;

	(void)pool;
	must(cf_future_result(*(struct cf_future **)handle, CF_FOREVER, &value));
	return value;
}

static void release(void *handle)
{
	cf_future_release(*(struct cf_future **)handle);
}

static void cancel(void *handle)
{
	cf_future_cancel(*(struct cf_future **)handle);
}

static int on_done(struct cf_future *f, void *arg)
{
	(void)f;
	work_run(arg);
	return CF_OK;
}

static void add_callback(void *handle, struct work *work)
{
	must(cf_future_add_done_callback(*(struct cf_future **)handle, on_done, work));
}

static void wait_all(void *handles, size_t count)
{
	must(cf_wait(handles, count, CF_FOREVER, CF_ALL_COMPLETED, NULL));
}

static void as_completed(void *handles, size_t count)
{
	struct cf_completed *it;
	struct cf_future *f;

	must(cf_as_completed(handles, count, CF_FOREVER, &it));
	while (cf_completed_next(it, &f) == CF_OK)
		;
	cf_completed_release(it);
}

struct args {
	struct work *work;
	size_t left;
};

static int args_next(void *state, void **arg)
{
	struct args *args = state;

	if (args->left == 0)
		return CF_STOP_ITERATION;
	args->left--;
	*arg = args->work;
	return CF_OK;
}

static void map(void *pool, struct work *work, size_t count)
{
	struct args args = {work, count};
	struct cf_source source = {args_next, &args};
	struct cf_map *it;
	void *outcome;

	must(cf_executor_map(pool, task, &source, CF_FOREVER, 0, &it, NULL));
	while (cf_map_next(it, &outcome) == CF_OK)
		;
	cf_map_release(it);
}

const struct peer peer = {
	.handle_size = sizeof(struct cf_future *),
	.open = pool_open,
	.close = pool_close,
	.drop = pool_drop,
	.post = post,
	.submit = submit,
	.result = result,
	.release = release,
	.cancel = cancel,
	.add_callback = add_callback,
	.wait = wait_all,
	.as_completed = as_completed,
	.map = map,
};
