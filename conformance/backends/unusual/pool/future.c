/* SPDX-License-Identifier: MIT */
/* future.c: futures, one by one. */
#include "pool.h"
#include "future.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the log ---------------------------------------------------------------- */

static pp_log_hook *log_hook; /* under the lock */
static void *log_arg;

void log_set_hook(pp_log_hook *hook, void *arg)
{
	monitor_enter();
	log_hook = hook;
	log_arg = arg;
	monitor_leave();
}

void log_line(const char *what)
{
	pp_log_hook *hook;
	void *arg;

	monitor_enter();
	hook = log_hook;
	arg = log_arg;
	monitor_leave();
	if (hook)
		hook(arg, what);
	else
		fprintf(stderr, "%s: %s\n", design->name, what);
}

/* ---- handles ---------------------------------------------------------------- */

struct pp_future *future_make(int handles)
{
	struct pp_future *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->handles = handles;
	f->last = &f->callbacks;
	return f;
}

int future_new(struct pp_future **f)
{
	struct pp_future *fresh = future_make(1);

	if (!fresh)
		return PP_NO_RESOURCES;
	*f = fresh;
	return PP_OK;
}

static void free_callbacks(struct callback *c)
{
	while (c) {
		struct callback *next = c->next;

		free(c);
		c = next;
	}
}

void future_drop(struct pp_future *f)
{
	bool last;

	monitor_enter();
	last = --f->handles == 0;
	monitor_leave();
	if (!last)
		return;
	free_callbacks(f->callbacks);
	free(f);
}

/* ---- done callbacks ------------------------------------------------------------ */

static void call(struct pp_future *f, pp_done_callback *callback, void *arg)
{
	if (callback(f, arg) != PP_OK)
		log_line("a done callback raised");
}

/* f has just become done.  It is held meanwhile: a callback may drop the last handle. */
static void tell_and_leave(struct pp_future *f)
{
	static unsigned long clock;
	struct callback *all = f->callbacks, *c;

	f->when = ++clock;
	f->callbacks = NULL;
	f->last = &f->callbacks;
	f->handles++;
	monitor_tell_locked();
	monitor_leave();
	for (c = all; c; c = c->next)
		call(f, c->call, c->arg);
	free_callbacks(all);
	future_drop(f);
}

static bool state_is_cancelled(enum state s)
{
	return s == CANCELLED || s == CANCELLED_AND_NOTIFIED;
}

static bool state_is_done(enum state s)
{
	return s == FINISHED || state_is_cancelled(s);
}

int future_add_done_callback(struct pp_future *f, pp_done_callback *callback, void *arg)
{
	struct callback *c = malloc(sizeof(*c));
	bool now;

	monitor_enter();
	now = state_is_done(f->state);
	if (!now && c) {
		*c = (struct callback){.call = callback, .arg = arg};
		*f->last = c;
		f->last = &c->next;
	}
	monitor_leave();
	if (!now)
		return c ? PP_OK : PP_NO_RESOURCES;
	free(c);
	call(f, callback, arg);
	return PP_OK;
}

/* ---- from state to state ---------------------------------------------------------- */

int future_begin(struct pp_future *f, bool *run)
{
	monitor_enter();
	if (f->state == PENDING) {
		f->state = RUNNING;
		monitor_leave();
		*run = true;
		return PP_OK;
	}
	if (f->state != CANCELLED) {
		monitor_leave();
		return PP_INVALID_STATE;
	}
	f->state = CANCELLED_AND_NOTIFIED;
	*run = false;
	if (design->late)
		tell_and_leave(f);
	else
		monitor_leave();
	return PP_OK;
}

bool future_cancel(struct pp_future *f)
{
	bool is_cancelled;

	monitor_enter();
	if (f->state == PENDING) {
		f->state = CANCELLED;
		if (!design->late) {
			tell_and_leave(f);
			return true;
		}
		monitor_tell_locked(); /* result tells it at once */
	}
	is_cancelled = future_is_cancelled_locked(f);
	monitor_leave();
	return is_cancelled;
}

int future_finish(struct pp_future *f, int status, void *outcome)
{
	monitor_enter();
	if (state_is_done(f->state)) {
		monitor_leave();
		return PP_INVALID_STATE;
	}
	f->state = FINISHED;
	f->status = status;
	f->outcome = outcome;
	tell_and_leave(f);
	return PP_OK;
}

int future_set_result(struct pp_future *f, void *value)
{
	return future_finish(f, PP_OK, value);
}

int future_set_exception(struct pp_future *f, void *exception)
{
	return future_finish(f, PP_RAISED, exception);
}

/* ---- questions ------------------------------------------------------------------- */

bool future_is_cancelled_locked(const struct pp_future *f)
{
	return state_is_cancelled(f->state);
}

static enum state state_of(const struct pp_future *f)
{
	enum state state;

	monitor_enter();
	state = f->state;
	monitor_leave();
	return state;
}

bool future_cancelled(struct pp_future *f)
{
	return state_is_cancelled(state_of(f));
}

bool future_running(struct pp_future *f)
{
	return state_of(f) == RUNNING;
}

bool future_done(struct pp_future *f)
{
	return state_is_done(state_of(f));
}

/* Wait for f; what it came to, and *outcome. */
static int await(struct pp_future *f, double timeout, void **outcome)
{
	double deadline = monitor_deadline(timeout);
	int status = PP_OK;

	monitor_enter();
	while (!state_is_done(f->state) && status == PP_OK)
		if (!monitor_wait_locked(deadline))
			status = PP_TIMEOUT;
	if (state_is_done(f->state))
		status = future_is_cancelled_locked(f) ? PP_CANCELLED : f->status;
	*outcome = f->outcome;
	monitor_leave();
	return status;
}

int future_result(struct pp_future *f, double timeout, void **outcome)
{
	void *it;
	int status = await(f, timeout, &it);

	if (status == PP_OK || status == PP_RAISED)
		*outcome = it;
	return status;
}

int future_exception(struct pp_future *f, double timeout, void **exception)
{
	void *it;
	int status = await(f, timeout, &it);

	if (status == PP_RAISED)
		*exception = it;
	return status;
}
