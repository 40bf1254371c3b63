/* SPDX-License-Identifier: MIT */
/*
 * waiter.h: how result, exception, wait and as_completed learn that a future
 * is done.
 *
 * A waiter stands for one waiting call or one iterator, a link for one future
 * that it waits for.  Whoever makes a future done walks the future's links and
 * tells their waiters; a waiter is woken only when it has what it wants, so
 * that waiting for many futures sleeps once.
 */
#ifndef CF_WAITER_H
#define CF_WAITER_H

#include "cfutures.h"
#include "sync.h"

struct cf__waiter;

/* One waiter's interest in one future. */
struct cf__link {
	struct cf__waiter *waiter; /* read-only once linked */
	struct cf_future *future;  /* read-only once linked; NULL: never linked */
	struct cf__link *speaks;   /* this one, or that of the same future */
	struct cf__link *next;	   /* on the future; under its lock, */
	struct cf__link **at;	   /* as is what points at this link; NULL: not linked */
	struct cf__link *next_done; /* under the waiter's lock */
	bool done;		    /* under the waiter's lock */
};

/* All but news under the waiter's lock. */
struct cf__waiter {
	sem_t news;		/* one post for each time that asleep was cleared by a teller */
	bool asleep;		/* and not told what it wants */
	enum cf_return_when return_when;
	size_t pending;		/* links that are not done */
	bool raised;		/* one of the done has raised or is broken */
	bool closed;		/* no longer listens */
	struct cf__link *first_done, **last_done; /* in order of completion */

	struct cf__link *links; /* all of its links, read-only */
	size_t count;
	bool on_heap;		/* read-only */
	struct cf__waiter *prev, *next; /* in the list of all */
};

/* The lock of a waiter.  It is taken after that of a future, never before. */
pthread_mutex_t *cf__waiter_lock(const struct cf__waiter *w);

/*
 * Make w wait for the count links, none of which is linked yet.  on_heap: in a
 * child of fork it is still of use.
 */
void cf__waiter_init(struct cf__waiter *w, enum cf_return_when return_when, struct cf__link *links,
		     size_t count, bool on_heap);

/* The opposite; no link is linked any more. */
void cf__waiter_destroy(struct cf__waiter *w);

/* One more link of w is not done. */
void cf__waiter_expect(struct cf__waiter *w);

/*
 * The future of link is done: called by who made it so, under the lock of that
 * future.  Returns the waiter if it sleeps and has what it wants now: it stays
 * there until it gets cf__waiter_wake(), best when no lock is held.
 */
struct cf__waiter *cf__waiter_tell(struct cf__link *link, bool raised);
void cf__waiter_wake(struct cf__waiter *w); /* NULL: nobody */

/* Under the lock of w: sleep until it has what it wants; false if the deadline passed first. */
bool cf__waiter_sleep_locked(struct cf__waiter *w, const struct cf__deadline *deadline);

/* The same, then close it: which links are done changes no more. */
bool cf__waiter_sleep(struct cf__waiter *w, const struct cf__deadline *deadline);

/*
 * fork.  before: take the lock of every waiter, when those of all futures are
 * held.  after: drop them.  In the child, forget the threads that wait in the
 * parent: their waiters, which are on their stacks, are unlinked.
 */
void cf__waiters_before_fork(void);
void cf__waiters_after_fork(void);
void cf__waiters_forget(void);

#endif
