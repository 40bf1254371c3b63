/* SPDX-License-Identifier: MIT */
/*
 * future.h: the inside of a future, which is the work item too: one
 * allocation holds the state, the call, its outcome and the link of the
 * work queue.
 */
#ifndef CF_FUTURE_H
#define CF_FUTURE_H

#include "cfutures.h"
#include "waiter.h"

struct cf__callback;

struct cf_future {
	/* The call; constant until the executor lets go of it. */
	struct cf_call call;

	struct cf_future *next; /* on the work queue; under the executor's lock */

	/* All below under cf__future_lock(). */
	void *outcome;			 /* in FINISHED */
	struct cf__callback *callbacks;	 /* newest first; NULL once done */
	struct cf__link *links;		 /* who waits for it */
	unsigned refs;
	unsigned char state;		 /* enum cf_state */
	unsigned char status;		 /* enum cf_status, in FINISHED */
};

/* The lock of one future, which it shares with others: never hold two. */
pthread_mutex_t *cf__future_lock(const struct cf_future *f);

/* A PENDING future with refs handles for call, copied; NULL if memory is out. */
struct cf_future *cf__future_alloc(const struct cf_call *call, unsigned refs);

/* Free a future that nobody but the caller ever saw. */
void cf__future_free(struct cf_future *f);

/*
 * What becomes of a work item, each called once by its executor, which lets
 * go of the argument and gives up its handle.
 *
 * begin      false: f was cancelled, and is let go of
 * finish     f ran, and ended so
 * cancel     f will not run: PENDING becomes CANCELLED_AND_NOTIFIED
 * break      f will not run: PENDING becomes FINISHED with CF_BROKEN
 *
 * *held is where the executor keeps f while it is not done; it is cleared under
 * the lock of f, so that who holds that lock never sees f there too long.
 */
bool cf__work_begin(struct cf_future *f, struct cf_future **held);
void cf__work_finish(struct cf_future *f, struct cf_future **held, int returned, void *outcome);
void cf__work_cancel(struct cf_future *f, struct cf_future **held);
void cf__work_break(struct cf_future *f, struct cf_future **held);

/*
 * In the child of a fork, holding every lock: f, PENDING or RUNNING, will
 * never be finished by its worker, which stayed in the parent.
 */
void cf__work_orphan_locked(struct cf_future *f);

/*
 * Make link w's interest in f: it is told when f is done, or now.  If w has a
 * link on f already, that one speaks for this one, which is not linked.
 */
void cf__link_add(struct cf__link *link, struct cf__waiter *w, struct cf_future *f);

/* The opposite; nothing if it is not linked.  _locked: under the lock of its future. */
void cf__link_remove(struct cf__link *link);
void cf__link_remove_locked(struct cf__link *link);

/* fork: take the lock of every future; drop them. */
void cf__futures_before_fork(void);
void cf__futures_after_fork(void);

#endif
