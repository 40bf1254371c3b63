/* SPDX-License-Identifier: MIT */
#include "executor.h"

enum cf_status cf_executor_submit_call(struct cf_executor *e, const struct cf_call *call, struct cf_future **f)
{
	/* One handle for the executor, one for the caller who asks for it. */
	struct cf_future *new = cf__future_alloc(call, f ? 2 : 1);
	enum cf_status status;

	if (!new)
		return CF_NO_RESOURCES;
	/* Once it is accepted, new may be gone before submit returns. */
	status = e->ops->submit(e, new);
	if (status != CF_OK)
		cf__future_free(new);
	else if (f)
		*f = new;
	return status;
}

enum cf_status cf_executor_submit(struct cf_executor *e, cf_task *task, void *arg, struct cf_future **f)
{
	return cf_executor_submit_call(e, &(struct cf_call){.task = task, .arg = arg}, f);
}

enum cf_status cf_executor_shutdown(struct cf_executor *e, unsigned flags)
{
	if (flags & ~(unsigned)(CF_WAIT | CF_CANCEL_FUTURES))
		return CF_INVALID_ARGUMENT;
	e->ops->shutdown(e, flags);
	return CF_OK;
}

struct cf_executor *cf_executor_retain(struct cf_executor *e)
{
	e->ops->retain(e);
	return e;
}

void cf_executor_release(struct cf_executor *e)
{
	if (e)
		e->ops->release(e);
}

int cf_thread_pool_workers(struct cf_executor *e)
{
	return e->ops->workers(e);
}
