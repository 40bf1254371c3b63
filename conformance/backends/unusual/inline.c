/* SPDX-License-Identifier: MIT */
/*
 * inline: submit runs the task, in the thread that called it, and then returns.
 *
 * There are no workers, and so nothing of what is asked of them; no future that
 * submit gives is ever PENDING.  What is left of shutdown is to refuse, and to
 * wait for the submits of other threads.
 */
#include "pool/pool.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

_Thread_local struct pp_executor *home AT_THREAD_START; /* whose task the calling thread is inside */

static int executor_new(int max_workers, struct pp_executor **e)
{
	struct pp_executor *fresh;

	if (max_workers <= 0 && max_workers != PP_WORKERS_DEFAULT)
		return PP_INVALID_ARGUMENT;
	fresh = calloc(1, sizeof(*fresh));
	if (!fresh)
		return PP_NO_RESOURCES;
	fresh->handles = 1;
	*e = fresh;
	return PP_OK;
}

int executor_accepts(struct pp_executor *e)
{
	int status;

	monitor_enter();
	status = e->shut ? PP_SHUTDOWN : PP_OK;
	monitor_leave();
	return status;
}

void executor_retain(struct pp_executor *e)
{
	monitor_enter();
	e->handles++;
	monitor_leave();
}

void executor_release(struct pp_executor *e)
{
	bool last;

	monitor_enter();
	last = --e->handles == 0;
	monitor_leave();
	if (last)
		free(e);
}

/* ---- submit ---------------------------------------------------------------- */

static int enter(struct pp_executor *e)
{
	int status;

	monitor_enter();
	status = e->shut ? PP_SHUTDOWN : PP_OK;
	e->busy += status == PP_OK;
	e->handles += status == PP_OK; /* the task may drop the caller's */
	monitor_leave();
	return status;
}

static void leave(struct pp_executor *e)
{
	monitor_enter();
	e->busy--;
	monitor_tell_locked();
	monitor_leave();
	executor_release(e);
}

static void run(struct pp_executor *e, struct pp_future *f, pp_task *task, void *arg, pp_release *release)
{
	struct pp_executor *outside = home;
	void *outcome = NULL;
	bool begun;
	int status;

	home = e;
	future_begin(f, &begun);
	status = task(arg, &outcome);
	if (release)
		release(arg);
	future_finish(f, status == PP_OK ? PP_OK : PP_RAISED, outcome);
	home = outside;
}

static int submit_with_release(struct pp_executor *e, pp_task *task, void *arg, pp_release *release,
			       struct pp_future **f)
{
	struct pp_future *fresh = future_make(1);
	int status = fresh ? enter(e) : PP_NO_RESOURCES;

	if (status == PP_OK) {
		run(e, fresh, task, arg, release);
		*f = fresh;
		leave(e);
	} else if (fresh) {
		future_drop(fresh);
	}
	return status;
}

int executor_submit(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	return submit_with_release(e, task, arg, NULL, f);
}

/* ---- shutdown ---------------------------------------------------------------- */

static int shutdown_cancel(struct pp_executor *e, bool wait)
{
	monitor_enter();
	e->shut = true;
	while (wait && home != e && e->busy > 0)
		monitor_wait_locked(INFINITY);
	monitor_leave();
	return PP_OK;
}

static int shutdown_wait(struct pp_executor *e)
{
	return shutdown_cancel(e, true);
}

static int shutdown_nowait(struct pp_executor *e)
{
	return shutdown_cancel(e, false);
}

/* ---- the process --------------------------------------------------------------- */

static void in_child(void)
{
	monitor_renew();
	monitor_leave();
}

static int process_fork(void)
{
	return fork();
}

static const struct design inline_ = {
	.name = "inline",
};

static const struct pp_backend backend = {
	.size = sizeof(backend),
	.abi = PP_ABI_VERSION,
	.name = "inline",
	.version = "1.0",
	.concurrency = 0,
	.queue_bound = PP_UNLIMITED,
	.executor_new = executor_new,
	.submit = executor_submit,
	.submit_with_release = submit_with_release,
	.shutdown = shutdown_wait,
	.shutdown_nowait = shutdown_nowait,
	.shutdown_cancel = shutdown_cancel,
	.executor_release = executor_release,
	POOL_FUTURE_ENTRIES,
	.process_exit = exit,
	.process_fork = process_fork,
	.set_log_hook = log_set_hook,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	design = &inline_;
	pthread_atfork(monitor_enter, monitor_leave, in_child);
	if (host->option_count) {
		snprintf(host->error, host->error_size, "unknown option '%s'", host->options[0].key);
		return NULL;
	}
	return &backend;
}
