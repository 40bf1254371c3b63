/* SPDX-License-Identifier: MIT */
/*
 * process.mu guards the list of executors, the flag "leaving" and the log hook.
 *
 * Order: process.mu, then the executors' locks in list order, then those of the
 * futures, then those of the waiters.  fork takes them all.
 *
 * An executor is destroyed only after cf__process_leave(), so each one in the list
 * may be locked by whoever holds process.mu.
 */
#include "process.h"

#include "cfutures.h"
#include "future.h"
#include "sync.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
	pthread_mutex_t mu;
	pthread_cond_t left; /* an executor has left the list */
	struct cf__resident *first, *last;
	unsigned entered;
	bool leaving;
	bool fork_hooks, exit_hook; /* installed */
	void (*log_hook)(void *arg, const char *message);
	void *log_arg;
} process = {.mu = PTHREAD_MUTEX_INITIALIZER, .left = PTHREAD_COND_INITIALIZER};

/* ---- the list ---------------------------------------------------------------- */

static void list_add_locked(struct cf__resident *r)
{
	r->prev = process.last;
	r->next = NULL;
	if (r->prev)
		r->prev->next = r;
	else
		process.first = r;
	process.last = r;
}

static void list_remove_locked(struct cf__resident *r)
{
	if (r->prev)
		r->prev->next = r->next;
	else
		process.first = r->next;
	if (r->next)
		r->next->prev = r->prev;
	else
		process.last = r->prev;
}

/* ---- exit ------------------------------------------------------------------ */

static struct cf__resident *next_to_drain_locked(void)
{
	for (struct cf__resident *r = process.first; r; r = r->next)
		if (!r->drained)
			return r;
	return NULL;
}

/* Everyone refuses before anyone is waited for. */
static void drain_all(void)
{
	struct cf__resident *r;

	while ((r = next_to_drain_locked())) {
		/* One that is being destroyed leaves by itself. */
		if (!r->ops->hold(r)) {
			cf__cond_wait(&process.left, &process.mu);
			continue;
		}
		r->drained = true;
		cf__unlock(&process.mu);
		r->ops->drain(r);
		cf__lock(&process.mu);
	}
}

static void at_exit(void)
{
	cf__lock(&process.mu);
	process.leaving = true;
	for (struct cf__resident *r = process.first; r; r = r->next)
		r->ops->stop(r);
	/* A worker that waited here would wait for its own work item. */
	if (!cf__is_worker())
		drain_all();
	cf__unlock(&process.mu);
}

/* ---- fork ------------------------------------------------------------------ */

static void before_fork(void)
{
	cf__lock(&process.mu);
	for (struct cf__resident *r = process.first; r; r = r->next)
		r->ops->lock(r);
	cf__futures_before_fork();
	cf__waiters_before_fork();
}

static void after_fork(void)
{
	cf__waiters_after_fork();
	cf__futures_after_fork();
	for (struct cf__resident *r = process.last; r; r = r->prev)
		r->ops->unlock(r);
	cf__unlock(&process.mu);
}

/*
 * Whatever the threads of the parent sleep on is made anew: the child would
 * count on sleepers that it does not have.
 */
static void after_fork_in_child(void)
{
	struct cf__resident *next;

	cf__waiters_forget();
	cf__waiters_after_fork();
	for (struct cf__resident *r = process.first; r; r = next) {
		next = r->next;
		if (!r->ops->forked(r)) {
			list_remove_locked(r);
			r->ops->destroy(r);
		}
	}
	cf__must(pthread_cond_init(&process.left, NULL), "pthread_cond_init");
	cf__futures_after_fork();
	cf__unlock(&process.mu);
}

/* What failed is tried again by the next call. */
bool cf__process_install(void)
{
	bool installed;

	cf__lock(&process.mu);
	if (!process.fork_hooks)
		process.fork_hooks = pthread_atfork(before_fork, after_fork, after_fork_in_child) == 0;
	if (!process.exit_hook)
		process.exit_hook = atexit(at_exit) == 0;
	installed = process.fork_hooks && process.exit_hook;
	cf__unlock(&process.mu);
	return installed;
}

/* ---- coming and going ----------------------------------------------------------- */

bool cf__process_enter(struct cf__resident *r, unsigned *number)
{
	if (!cf__process_install())
		return false;
	cf__lock(&process.mu);
	*number = process.entered++;
	list_add_locked(r);
	if (process.leaving)
		r->ops->stop(r);
	cf__unlock(&process.mu);
	return true;
}

void cf__process_leave(struct cf__resident *r)
{
	cf__lock(&process.mu);
	list_remove_locked(r);
	cf__must(pthread_cond_broadcast(&process.left), "pthread_cond_broadcast");
	cf__unlock(&process.mu);
}

/* ---- the log ------------------------------------------------------------------ */

void cf_set_log_hook(void (*hook)(void *arg, const char *message), void *arg)
{
	cf__lock(&process.mu);
	process.log_hook = hook;
	process.log_arg = arg;
	cf__unlock(&process.mu);
}

void cf__log(const char *format, ...)
{
	void (*hook)(void *arg, const char *message);
	char message[200];
	va_list args;
	void *arg;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	cf__lock(&process.mu);
	hook = process.log_hook;
	arg = process.log_arg;
	cf__unlock(&process.mu);
	if (hook)
		hook(arg, message);
	else
		fprintf(stderr, "cfutures: %s\n", message);
}
