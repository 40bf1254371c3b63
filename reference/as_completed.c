/* SPDX-License-Identifier: MIT */
/*
 * as_completed.c: yield each future of a set as it completes.
 *
 * The iterator is a waiter that is never closed: who makes a future done puts
 * its link at the end of the waiter's list, and next takes from the front.
 */
#include "future.h"

#include <stdint.h>
#include <stdlib.h>

struct cf_completed {
	struct cf__waiter waiter;
	struct cf__deadline deadline;
	struct cf_future *yielded; /* the last one; its handle is dropped at the next */
	struct cf__link links[];
};

enum cf_status cf_as_completed(struct cf_future *const *fs, size_t count, double timeout, struct cf_completed **it)
{
	struct cf_completed *new;

	if (isnan(timeout))
		return CF_INVALID_ARGUMENT;
	if (count > (SIZE_MAX - sizeof(*new)) / sizeof(new->links[0]))
		return CF_NO_RESOURCES;
	new = malloc(sizeof(*new) + count * sizeof(new->links[0]));
	if (!new)
		return CF_NO_RESOURCES;
	new->deadline = cf__deadline_after(timeout);
	new->yielded = NULL;
	cf__waiter_init(&new->waiter, CF_FIRST_COMPLETED, new->links, count, true);
	for (size_t i = 0; i < count; i++) {
		cf__link_add(&new->links[i], &new->waiter, fs[i]);
		if (new->links[i].future)
			cf_future_retain(fs[i]);
	}
	*it = new;
	return CF_OK;
}

static struct cf__link *pop_locked(struct cf__waiter *w)
{
	struct cf__link *link = w->first_done;

	if (!link)
		return NULL;
	w->first_done = link->next_done;
	if (!w->first_done)
		w->last_done = &w->first_done;
	return link;
}

/* The link of a future that is done; NULL if the deadline passed, or *end. */
static struct cf__link *await_link(struct cf_completed *it, bool *end)
{
	struct cf__waiter *w = &it->waiter;
	pthread_mutex_t *mu = cf__waiter_lock(w);
	struct cf__link *link;
	bool in_time = true;

	cf__lock(mu);
	while (!(link = pop_locked(w)) && w->pending > 0 && in_time)
		in_time = cf__waiter_sleep_locked(w, &it->deadline);
	*end = w->pending == 0;
	cf__unlock(mu);
	return link;
}

enum cf_status cf_completed_next(struct cf_completed *it, struct cf_future **f)
{
	struct cf__link *link;
	bool end;

	cf_future_release(it->yielded);
	it->yielded = NULL;
	link = await_link(it, &end);
	if (!link)
		return end ? CF_STOP_ITERATION : CF_TIMEOUT;
	cf__link_remove(link);
	it->yielded = link->future;
	link->future = NULL;
	*f = it->yielded;
	return CF_OK;
}

void cf_completed_release(struct cf_completed *it)
{
	if (!it)
		return;
	cf_future_release(it->yielded);
	for (size_t i = 0; i < it->waiter.count; i++) {
		struct cf_future *f = it->links[i].future;

		cf__link_remove(&it->links[i]);
		cf_future_release(f);
	}
	cf__waiter_destroy(&it->waiter);
	free(it);
}
