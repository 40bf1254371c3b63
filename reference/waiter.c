/* SPDX-License-Identifier: MIT */
/*
 * A waiter has no mutex of its own: a small table of them serves all, chosen by
 * address, so that fork can hold every one.
 *
 * Order: the lock of a future before the lock of a waiter.  Nothing is taken
 * after the lock of a waiter.
 *
 * No lost wake-up: a link is put on a future under the lock of that future, by
 * a thread that has just seen it not done; who makes it done tells every link
 * under that same lock.  The waiter's own state is tested and told under the
 * waiter's lock.  A waiter that sleeps and is told what it wants is owed one post
 * of its semaphore, which comes when no lock is held: who is woken runs at once, and
 * would have to wait for them.
 *
 * Life: a waiter may go only when its links are unlinked, each under the lock
 * of its future, and when it has taken the post that it is owed; so no teller still
 * holds one.  A deadline that passes meanwhile changes nothing of that.
 */
#include "waiter.h"

#include "future.h"

#include <stdint.h>

enum { BUCKETS = 8 };

static struct bucket {
	pthread_mutex_t mu;
	struct cf__waiter *first; /* all of them, from init to destroy */
} buckets[BUCKETS] = {
	{PTHREAD_MUTEX_INITIALIZER, NULL}, {PTHREAD_MUTEX_INITIALIZER, NULL},
	{PTHREAD_MUTEX_INITIALIZER, NULL}, {PTHREAD_MUTEX_INITIALIZER, NULL},
	{PTHREAD_MUTEX_INITIALIZER, NULL}, {PTHREAD_MUTEX_INITIALIZER, NULL},
	{PTHREAD_MUTEX_INITIALIZER, NULL}, {PTHREAD_MUTEX_INITIALIZER, NULL},
};

/* Stacks lie far apart and start alike, so the high bits must take part. */
static struct bucket *bucket_of(const struct cf__waiter *w)
{
	uint64_t hash = (uint64_t)(uintptr_t)w * UINT64_C(0x9E3779B97F4A7C15);

	return &buckets[hash >> 61];
}

pthread_mutex_t *cf__waiter_lock(const struct cf__waiter *w)
{
	return &bucket_of(w)->mu;
}

static void list_add_locked(struct bucket *b, struct cf__waiter *w)
{
	w->next = b->first;
	if (w->next)
		w->next->prev = w;
	b->first = w;
}

static void list_remove_locked(struct bucket *b, struct cf__waiter *w)
{
	if (w->next)
		w->next->prev = w->prev;
	if (w->prev)
		w->prev->next = w->next;
	else
		b->first = w->next;
}

void cf__waiter_init(struct cf__waiter *w, enum cf_return_when return_when, struct cf__link *links,
		     size_t count, bool on_heap)
{
	struct bucket *b = bucket_of(w);

	for (size_t i = 0; i < count; i++)
		links[i].at = NULL;
	*w = (struct cf__waiter){
		.return_when = return_when,
		.links = links,
		.count = count,
		.on_heap = on_heap,
	};
	w->last_done = &w->first_done;
	cf__sem_init(&w->news);
	cf__lock(&b->mu);
	list_add_locked(b, w);
	cf__unlock(&b->mu);
}

void cf__waiter_destroy(struct cf__waiter *w)
{
	struct bucket *b = bucket_of(w);

	cf__lock(&b->mu);
	list_remove_locked(b, w);
	cf__unlock(&b->mu);
	cf__sem_destroy(&w->news);
}

static bool is_satisfied(const struct cf__waiter *w)
{
	if (w->pending == 0)
		return true;
	if (w->return_when == CF_FIRST_COMPLETED)
		return w->first_done != NULL;
	return w->return_when == CF_FIRST_EXCEPTION && w->raised;
}

void cf__waiter_expect(struct cf__waiter *w)
{
	pthread_mutex_t *mu = cf__waiter_lock(w);

	cf__lock(mu);
	w->pending++;
	cf__unlock(mu);
}

struct cf__waiter *cf__waiter_tell(struct cf__link *link, bool raised)
{
	struct cf__waiter *w = link->waiter;
	pthread_mutex_t *mu = cf__waiter_lock(w);
	bool wake = false;

	cf__lock(mu);
	if (!w->closed) {
		link->done = true;
		*w->last_done = link;
		w->last_done = &link->next_done;
		w->pending--;
		w->raised |= raised;
		wake = w->asleep && is_satisfied(w);
		w->asleep &= !wake;
	}
	cf__unlock(mu);
	return wake ? w : NULL;
}

/* Nothing but the semaphore: with the post w may go. */
void cf__waiter_wake(struct cf__waiter *w)
{
	if (w)
		cf__sem_post(&w->news);
}

bool cf__waiter_sleep_locked(struct cf__waiter *w, const struct cf__deadline *deadline)
{
	pthread_mutex_t *mu = cf__waiter_lock(w);
	bool told;

	w->asleep = true;
	cf__unlock(mu);
	told = cf__sem_wait_until(&w->news, deadline);
	cf__lock(mu);
	if (!told && !w->asleep) {
		/* The post is on its way. */
		cf__unlock(mu);
		cf__sem_wait(&w->news);
		cf__lock(mu);
		told = true;
	}
	w->asleep = false;
	return told;
}

bool cf__waiter_sleep(struct cf__waiter *w, const struct cf__deadline *deadline)
{
	pthread_mutex_t *mu = cf__waiter_lock(w);
	bool satisfied;

	cf__lock(mu);
	satisfied = is_satisfied(w) || cf__waiter_sleep_locked(w, deadline);
	w->closed = true;
	cf__unlock(mu);
	return satisfied;
}

void cf__waiters_before_fork(void)
{
	for (int i = 0; i < BUCKETS; i++)
		cf__lock(&buckets[i].mu);
}

void cf__waiters_after_fork(void)
{
	for (int i = BUCKETS; i-- > 0;)
		cf__unlock(&buckets[i].mu);
}

/* A thread may sleep on any of them, in the parent. */
static void forget(struct cf__waiter *w)
{
	cf__sem_renew(&w->news);
	w->asleep = false;
	for (size_t i = 0; !w->on_heap && i < w->count; i++)
		cf__link_remove_locked(&w->links[i]);
}

void cf__waiters_forget(void)
{
	for (int i = 0; i < BUCKETS; i++) {
		struct cf__waiter **at = &buckets[i].first, *prev = NULL;

		while (*at) {
			struct cf__waiter *w = *at;

			forget(w);
			if (w->on_heap) {
				w->prev = prev;
				prev = w;
				at = &w->next;
			} else {
				*at = w->next;
			}
		}
	}
}
