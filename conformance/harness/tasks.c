/* SPDX-License-Identifier: MIT */
/* tasks.c: tasks, callbacks, initializers and release functions of many cases. */
#include "support.h"

int task_return(void *arg, void **outcome)
{
	*outcome = arg;
	return PP_OK;
}

int task_raise(void *arg, void **outcome)
{
	*outcome = arg;
	return PP_RAISED;
}

int task_pass_gate(void *arg, void **outcome)
{
	gate_wait(arg);
	*outcome = arg;
	return PP_OK;
}

int task_count(void *arg, void **outcome)
{
	counter_add(arg, 1);
	*outcome = arg;
	return PP_OK;
}

/* The process ends at once: nothing that follows would tell more. */
int must_not_run(void *arg, void **outcome)
{
	struct finding f = {NULL, 0, "the task never runs", "it ran"};

	(void)arg;
	(void)outcome;
	atomic_fetch_add(&slot->checks, 1);
	end_as(FAIL, &f, "a task ran that must not run");
}

int callback_count(struct pp_future *f, void *arg)
{
	(void)f;
	counter_add(arg, 1);
	return PP_OK;
}

int callback_must_not_run(struct pp_future *future, void *arg)
{
	struct finding f = {NULL, 0, "the done callback never runs", "it ran"};

	(void)future;
	(void)arg;
	atomic_fetch_add(&slot->checks, 1);
	end_as(FAIL, &f, "a done callback ran that must not run");
}

int initializer_count(void *arg)
{
	counter_add(arg, 1);
	return PP_OK;
}

int initializer_fail(void *arg)
{
	(void)arg;
	return PP_RAISED;
}

void release_count(void *arg)
{
	counter_add(arg, 1);
}
