/* SPDX-License-Identifier: MIT */
/*
 * A future has no mutex of its own: a small table of them serves all, chosen by
 * address, so that a future stays small and fork can hold every one.
 *
 * Order: the executor's lock, then the lock of one future, then the lock of a
 * waiter.  Two futures are never locked at once, for they may share a lock.
 * None is held while a work item, a done callback or a release function runs.
 *
 * Whenever the lock of a future is free:
 *   F1  the state has only gone the ways that cfutures.h names;
 *   F2  if it is done, its outcome changes no more, every link on it is told,
 *       and it has no callbacks: who made it done took them and runs them.
 */
#include "future.h"

#include "process.h"

#include <stdint.h>
#include <stdlib.h>

enum { BUCKETS = 16 };

/* Each on a cache line of its own: neighbours are taken by different threads. */
static struct bucket {
	_Alignas(64) pthread_mutex_t mu;
} buckets[BUCKETS] = {
	{PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER},
	{PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER},
	{PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER},
	{PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER},
	{PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER},
	{PTHREAD_MUTEX_INITIALIZER},
};

struct cf__callback {
	struct cf__callback *next;
	cf_done_callback *run;
	void *arg;
};

const char *cf_status_name(enum cf_status status)
{
	static const char *const names[] = {
		[CF_OK] = "CF_OK",
		[CF_TIMEOUT] = "CF_TIMEOUT",
		[CF_CANCELLED] = "CF_CANCELLED",
		[CF_RAISED] = "CF_RAISED",
		[CF_BROKEN] = "CF_BROKEN",
		[CF_SHUTDOWN] = "CF_SHUTDOWN",
		[CF_INVALID_STATE] = "CF_INVALID_STATE",
		[CF_INVALID_ARGUMENT] = "CF_INVALID_ARGUMENT",
		[CF_NO_RESOURCES] = "CF_NO_RESOURCES",
		[CF_STOP_ITERATION] = "CF_STOP_ITERATION",
	};

	if ((unsigned)status >= sizeof(names) / sizeof(names[0]))
		return "(no status)";
	return names[status];
}

pthread_mutex_t *cf__future_lock(const struct cf_future *f)
{
	uint64_t hash = (uint64_t)(uintptr_t)f * UINT64_C(0x9E3779B97F4A7C15);

	return &buckets[hash >> 60].mu;
}

struct cf_future *cf__future_alloc(const struct cf_call *call, unsigned refs)
{
	struct cf_future *f = malloc(sizeof(*f));

	if (f)
		*f = (struct cf_future){.call = *call, .refs = refs};
	return f;
}

void cf__future_free(struct cf_future *f)
{
	free(f);
}

static bool is_done(enum cf_state state)
{
	return state != CF_STATE_PENDING && state != CF_STATE_RUNNING;
}

static bool is_cancelled(enum cf_state state)
{
	return state == CF_STATE_CANCELLED || state == CF_STATE_CANCELLED_AND_NOTIFIED;
}

static bool has_raised(const struct cf_future *f)
{
	return f->state == CF_STATE_FINISHED && f->status != CF_OK;
}

/* ---- becoming done ---------------------------------------------------- */

/* What is still to be done for a future that is done, without its lock. */
struct aftermath {
	struct cf__waiter *wake;
	struct cf__callback *callbacks; /* newest first */
};

/*
 * Take f to state, which is done, and tell who waits.  What it returns is to
 * follow once the lock is dropped.
 */
static struct aftermath make_done_locked(struct cf_future *f, enum cf_state state)
{
	struct aftermath after = {NULL, f->callbacks};

	f->callbacks = NULL;
	f->state = (unsigned char)state;
	for (struct cf__link *link = f->links; link; link = link->next) {
		struct cf__waiter *w = cf__waiter_tell(link, has_raised(f));

		if (!w)
			continue;
		/* They are rarely more than one. */
		cf__waiter_wake(after.wake);
		after.wake = w;
	}
	return after;
}

static struct aftermath finish_locked(struct cf_future *f, int status, void *outcome)
{
	f->status = (unsigned char)status;
	f->outcome = outcome;
	return make_done_locked(f, CF_STATE_FINISHED);
}

static void callback_run(struct cf_future *f, cf_done_callback *run, void *arg)
{
	int status = run(f, arg);

	if (status != CF_OK)
		cf__log("a done callback of a future failed (it returned %d)", status);
}

/* Wake who waits, then run the callbacks oldest first, and free them. */
static void follow(struct cf_future *f, struct aftermath after)
{
	struct cf__callback *newest = after.callbacks, *oldest = NULL;

	cf__waiter_wake(after.wake);
	while (newest) {
		struct cf__callback *c = newest;

		newest = c->next;
		c->next = oldest;
		oldest = c;
	}
	while (oldest) {
		struct cf__callback c = *oldest;

		free(oldest);
		oldest = c.next;
		callback_run(f, c.run, c.arg);
	}
}

/* The last handle is gone: no other thread knows f. */
static void future_destroy(struct cf_future *f)
{
	while (f->callbacks) {
		struct cf__callback *c = f->callbacks;

		f->callbacks = c->next;
		free(c);
	}
	if (f->call.release_outcome && f->state == CF_STATE_FINISHED && f->status != CF_BROKEN)
		f->call.release_outcome((enum cf_status)f->status, f->outcome);
	free(f);
}

/* ---- the work item ------------------------------------------------------ */

/* Whoever makes sure that the call of f begins no more, or has ended, comes here once. */
static void let_go_of_argument(struct cf_future *f)
{
	if (f->call.release)
		f->call.release(f->call.arg);
}

bool cf__work_begin(struct cf_future *f, struct cf_future **held)
{
	pthread_mutex_t *mu = cf__future_lock(f);
	bool run, was_cancelled;

	cf__lock(mu);
	run = f->state == CF_STATE_PENDING;
	was_cancelled = is_cancelled(f->state);
	if (run)
		f->state = CF_STATE_RUNNING;
	else if (was_cancelled)
		f->state = CF_STATE_CANCELLED_AND_NOTIFIED;
	if (!run)
		*held = NULL;
	cf__unlock(mu);
	if (run)
		return true;
	/* Otherwise a caller took it out of PENDING with the author's half. */
	if (!was_cancelled)
		let_go_of_argument(f);
	cf_future_release(f);
	return false;
}

void cf__work_finish(struct cf_future *f, struct cf_future **held, int returned, void *outcome)
{
	pthread_mutex_t *mu = cf__future_lock(f);
	enum cf_status status = returned == CF_OK ? CF_OK : CF_RAISED;
	struct aftermath after = {NULL, NULL};
	bool refused, given_up, last = false;

	let_go_of_argument(f);
	cf__lock(mu);
	*held = NULL;
	refused = is_done(f->state);
	if (!refused)
		after = finish_locked(f, status, outcome);
	/* Without callbacks the handle can go under the same lock. */
	given_up = !after.callbacks && !refused;
	if (given_up)
		last = --f->refs == 0;
	cf__unlock(mu);
	if (given_up) {
		cf__waiter_wake(after.wake);
		if (last)
			future_destroy(f);
		return;
	}
	follow(f, after);
	if (refused && f->call.release_outcome)
		f->call.release_outcome(status, outcome);
	cf_future_release(f);
}

/* f will not begin: if it is PENDING it ends so. */
static void work_drop(struct cf_future *f, struct cf_future **held, enum cf_state end)
{
	pthread_mutex_t *mu = cf__future_lock(f);
	struct aftermath after = {NULL, NULL};
	bool was_cancelled;

	cf__lock(mu);
	*held = NULL;
	was_cancelled = is_cancelled(f->state);
	if (was_cancelled)
		f->state = CF_STATE_CANCELLED_AND_NOTIFIED;
	else if (f->state == CF_STATE_PENDING && end == CF_STATE_FINISHED)
		after = finish_locked(f, CF_BROKEN, NULL);
	else if (f->state == CF_STATE_PENDING)
		after = make_done_locked(f, end);
	cf__unlock(mu);
	follow(f, after);
	if (!was_cancelled)
		let_go_of_argument(f);
	cf_future_release(f);
}

void cf__work_cancel(struct cf_future *f, struct cf_future **held)
{
	work_drop(f, held, CF_STATE_CANCELLED_AND_NOTIFIED);
}

void cf__work_break(struct cf_future *f, struct cf_future **held)
{
	work_drop(f, held, CF_STATE_FINISHED);
}

void cf__work_orphan_locked(struct cf_future *f)
{
	struct aftermath after = {NULL, NULL};

	if (!is_done(f->state))
		after = finish_locked(f, CF_BROKEN, NULL);
	/* Nobody sleeps here. */
	while (after.callbacks) {
		struct cf__callback *c = after.callbacks;

		after.callbacks = c->next;
		free(c);
	}
	if (--f->refs == 0)
		free(f);
}

/* ---- links -------------------------------------------------------------- */

static struct cf__link *find_link_locked(struct cf_future *f, const struct cf__waiter *w)
{
	struct cf__link *link = f->links;

	while (link && link->waiter != w)
		link = link->next;
	return link;
}

void cf__link_add(struct cf__link *link, struct cf__waiter *w, struct cf_future *f)
{
	pthread_mutex_t *mu = cf__future_lock(f);
	struct cf__link *other;

	*link = (struct cf__link){0};
	cf__lock(mu);
	other = find_link_locked(f, w);
	if (other) {
		link->speaks = other;
		cf__unlock(mu);
		return;
	}
	*link = (struct cf__link){.waiter = w, .future = f, .speaks = link, .next = f->links, .at = &f->links};
	if (link->next)
		link->next->at = &link->next;
	f->links = link;
	cf__waiter_expect(w);
	if (is_done(f->state))
		(void)cf__waiter_tell(link, has_raised(f)); /* w is awake: it is the caller */
	cf__unlock(mu);
}

void cf__link_remove_locked(struct cf__link *link)
{
	if (!link->at)
		return;
	*link->at = link->next;
	if (link->next)
		link->next->at = link->at;
	link->at = NULL;
}

void cf__link_remove(struct cf__link *link)
{
	pthread_mutex_t *mu;

	if (!link->future)
		return;
	mu = cf__future_lock(link->future);
	cf__lock(mu);
	cf__link_remove_locked(link);
	cf__unlock(mu);
}

/* ---- the caller's half --------------------------------------------------- */

static enum cf_status outcome_locked(struct cf_future *f, void **outcome)
{
	if (is_cancelled(f->state))
		return CF_CANCELLED;
	if (f->status != CF_BROKEN)
		*outcome = f->outcome;
	return (enum cf_status)f->status;
}

/* Sleep until f is done; false if the deadline passed first. */
static bool sleep_until_done(struct cf_future *f, double timeout)
{
	struct cf__deadline deadline = cf__deadline_after(timeout);
	struct cf__waiter w;
	struct cf__link link = {0};
	bool done;

	cf__waiter_init(&w, CF_ALL_COMPLETED, &link, 1, false);
	cf__link_add(&link, &w, f);
	done = cf__waiter_sleep(&w, &deadline);
	cf__link_remove(&link);
	cf__waiter_destroy(&w);
	return done;
}

enum cf_status cf_future_result(struct cf_future *f, double timeout, void **outcome)
{
	pthread_mutex_t *mu = cf__future_lock(f);
	enum cf_status status = CF_TIMEOUT;

	if (isnan(timeout))
		return CF_INVALID_ARGUMENT;
	cf__lock(mu);
	if (is_done(f->state))
		status = outcome_locked(f, outcome);
	cf__unlock(mu);
	if (status != CF_TIMEOUT || timeout <= 0 || !sleep_until_done(f, timeout))
		return status;
	cf__lock(mu);
	status = outcome_locked(f, outcome);
	cf__unlock(mu);
	return status;
}

enum cf_status cf_future_exception(struct cf_future *f, double timeout, void **exception)
{
	void *outcome;
	enum cf_status status = cf_future_result(f, timeout, &outcome);

	if (status == CF_RAISED)
		*exception = outcome;
	return status;
}

bool cf_future_cancel(struct cf_future *f)
{
	pthread_mutex_t *mu = cf__future_lock(f);
	struct aftermath after;

	cf__lock(mu);
	if (f->state != CF_STATE_PENDING) {
		bool cancelled = is_cancelled(f->state);

		cf__unlock(mu);
		return cancelled;
	}
	after = make_done_locked(f, CF_STATE_CANCELLED);
	f->refs++; /* a callback may release the caller's handle */
	cf__unlock(mu);
	follow(f, after);
	let_go_of_argument(f);
	cf_future_release(f);
	return true;
}

enum cf_state cf_future_state(struct cf_future *f)
{
	pthread_mutex_t *mu = cf__future_lock(f);
	enum cf_state state;

	cf__lock(mu);
	state = (enum cf_state)f->state;
	cf__unlock(mu);
	return state;
}

bool cf_future_cancelled(struct cf_future *f)
{
	return is_cancelled(cf_future_state(f));
}

bool cf_future_running(struct cf_future *f)
{
	return cf_future_state(f) == CF_STATE_RUNNING;
}

bool cf_future_done(struct cf_future *f)
{
	return is_done(cf_future_state(f));
}

enum cf_status cf_future_add_done_callback(struct cf_future *f, cf_done_callback *callback, void *arg)
{
	pthread_mutex_t *mu = cf__future_lock(f);
	struct cf__callback *c = malloc(sizeof(*c));
	bool done;

	if (!c)
		return CF_NO_RESOURCES;
	cf__lock(mu);
	done = is_done(f->state);
	if (!done) {
		*c = (struct cf__callback){f->callbacks, callback, arg};
		f->callbacks = c;
	}
	cf__unlock(mu);
	if (done) {
		free(c);
		callback_run(f, callback, arg);
	}
	return CF_OK;
}

struct cf_future *cf_future_retain(struct cf_future *f)
{
	pthread_mutex_t *mu = cf__future_lock(f);

	cf__lock(mu);
	f->refs++;
	cf__unlock(mu);
	return f;
}

void cf_future_release(struct cf_future *f)
{
	pthread_mutex_t *mu;
	bool last;

	if (!f)
		return;
	mu = cf__future_lock(f);
	cf__lock(mu);
	last = --f->refs == 0;
	cf__unlock(mu);
	if (last)
		future_destroy(f);
}

/* ---- the executor author's half ------------------------------------------ */

enum cf_status cf_future_new(struct cf_future **f)
{
	struct cf_future *new;

	/* Without hooks a fork would leave locks taken, and sleepers, to the child. */
	if (!cf__process_install())
		return CF_NO_RESOURCES;
	new = cf__future_alloc(&(struct cf_call){0}, 1);
	if (!new)
		return CF_NO_RESOURCES;
	*f = new;
	return CF_OK;
}

enum cf_status cf_future_set_running_or_notify_cancel(struct cf_future *f, bool *run)
{
	pthread_mutex_t *mu = cf__future_lock(f);
	enum cf_status status = CF_OK;

	cf__lock(mu);
	if (f->state == CF_STATE_PENDING) {
		f->state = CF_STATE_RUNNING;
		*run = true;
	} else if (f->state == CF_STATE_CANCELLED) {
		f->state = CF_STATE_CANCELLED_AND_NOTIFIED;
		*run = false;
	} else {
		status = CF_INVALID_STATE;
	}
	cf__unlock(mu);
	return status;
}

static enum cf_status set_outcome(struct cf_future *f, enum cf_status status, void *outcome)
{
	pthread_mutex_t *mu = cf__future_lock(f);
	struct aftermath after;

	cf__lock(mu);
	if (is_done(f->state)) {
		cf__unlock(mu);
		return CF_INVALID_STATE;
	}
	after = finish_locked(f, status, outcome);
	f->refs++; /* a callback may release the caller's handle */
	cf__unlock(mu);
	follow(f, after);
	cf_future_release(f);
	return CF_OK;
}

enum cf_status cf_future_set_result(struct cf_future *f, void *value)
{
	return set_outcome(f, CF_OK, value);
}

enum cf_status cf_future_set_exception(struct cf_future *f, void *exception)
{
	return set_outcome(f, CF_RAISED, exception);
}

/* ---- fork ------------------------------------------------------------------ */

void cf__futures_before_fork(void)
{
	for (int i = 0; i < BUCKETS; i++)
		cf__lock(&buckets[i].mu);
}

void cf__futures_after_fork(void)
{
	for (int i = BUCKETS; i-- > 0;)
		cf__unlock(&buckets[i].mu);
}
