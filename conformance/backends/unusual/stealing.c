/* SPDX-License-Identifier: MIT */
/*
 * stealing: a queue for each worker, and who finds his own empty takes from another's.
 *
 * What comes from outside is dealt out in turn, and what a worker submits goes
 * into its own queue.  With more than one, a worker runs the newest of its own
 * first and steals the oldest of the others.
 */
#include "pool/pool.h"

#include <stdlib.h>

static bool open_locked(struct pp_executor *e)
{
	e->own = calloc((size_t)e->max_workers, sizeof(*e->own));
	return e->own != NULL;
}

static void close(struct pp_executor *e)
{
	free(e->own);
}

static int queue_of_caller(const struct pp_executor *e)
{
	static int turn;

	if (home == e && worker_number >= 0)
		return worker_number % e->max_workers;
	return turn++ % e->max_workers;
}

static void put_locked(struct pp_executor *e, struct item *item)
{
	struct queue *q = &e->own[queue_of_caller(e)];

	if (e->max_workers == 1 || !q->first) {
		queue_add(q, item);
		return;
	}
	item->next = q->first;
	q->first = item;
}

/* The one that was put first. */
static struct item *take_oldest(struct queue *q)
{
	struct item **at = &q->first, *item;

	if (!*at)
		return NULL;
	while ((*at)->next)
		at = &(*at)->next;
	item = *at;
	*at = NULL;
	return item;
}

static struct item *take_locked(struct pp_executor *e)
{
	int own = home == e && worker_number >= 0 ? worker_number % e->max_workers : 0, i;
	struct item *item = queue_take(&e->own[own]);

	for (i = 0; !item && i < e->max_workers; i++)
		item = take_oldest(&e->own[i]);
	return item;
}

static const struct design stealing = {
	.name = "stealing",
	.concurrency = 256,
	.open_locked = open_locked,
	.close = close,
	.put_locked = put_locked,
	.take_locked = take_locked,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	return pool_backend(&stealing, host);
}
