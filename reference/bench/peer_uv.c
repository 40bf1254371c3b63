/* SPDX-License-Identifier: MIT */
/*
 * libuv's pool belongs to the process and is reached through a loop, one for
 * each submitting thread: a result is there when the loop has been told.
 */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

struct request {
	uv_work_t base;
	struct work *work; /* then its value */
	void *value;
	bool held; /* somebody asks for it */
	bool done; /* the loop was told */
};

static _Thread_local uv_loop_t loop;
static _Thread_local bool has_loop;

static uv_loop_t *my_loop(void)
{
	if (!has_loop && uv_loop_init(&loop) != 0)
		abort();
	has_loop = true;
	return &loop;
}

static void *pool_open(int workers)
{
	char size[16];

	snprintf(size, sizeof(size), "%d", workers);
	setenv("UV_THREADPOOL_SIZE", size, 1);
	return &loop;
}

static void settle(void *pool)
{
	(void)pool;
	uv_run(my_loop(), UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	has_loop = false;
}

static void run(uv_work_t *base)
{
	struct request *r = (struct request *)base;

	r->value = work_run(r->work);
}

static void on_done(uv_work_t *base, int status)
{
	struct request *r = (struct request *)base;

	(void)status;
	r->done = true;
	if (!r->held)
		free(r);
}

static struct request *queue(struct work *work, bool held)
{
	struct request *r = malloc(sizeof(*r));

	if (!r)
		abort();
	r->work = work;
	r->held = held;
	r->done = false;
	if (uv_queue_work(my_loop(), &r->base, run, on_done) != 0)
		abort();
	return r;
}

static void post(void *pool, struct work *work)
{
	(void)pool;
	queue(work, false);
}

static void submit(void *pool, struct work *work, void *handle)
{
	(void)pool;
	*(struct request **)handle = queue(work, true);
}

static void *result(void *pool, void *handle)
{
	struct request *r = *(struct request **)handle;

	(void)pool;
	while (!r->done)
		uv_run(my_loop(), UV_RUN_ONCE);
	return r->value;
}

static void release(void *handle)
{
	free(*(struct request **)handle);
}

static void cancel(void *handle)
{
	uv_cancel(*(uv_req_t **)handle);
}

const struct peer peer = {
	.handle_size = sizeof(struct request *),
	.open = pool_open,
	.settle = settle,
	.post = post,
	.submit = submit,
	.result = result,
	.release = release,
	.cancel = cancel,
};
