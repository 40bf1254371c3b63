/* SPDX-License-Identifier: MIT */
/* handoff: a thread of its own finishes the futures of what the workers have run. */
#include "pool/pool.h"

#include <math.h>

static void hand_over(struct pp_executor *e, struct item *item)
{
	monitor_enter();
	queue_add(&e->ended, item);
	monitor_tell_locked();
	monitor_leave();
}

/* Ends with the lock held. */
static void finish_all(struct pp_executor *e)
{
	struct item *item;

	monitor_enter();
	while (home == e && ((item = queue_take(&e->ended)) || !executor_is_over_locked(e))) {
		if (!item) {
			monitor_wait_locked(INFINITY);
			continue;
		}
		monitor_leave();
		item_finish(item);
		monitor_enter();
	}
}

static bool open_locked(struct pp_executor *e)
{
	return thread_start_locked(e, finish_all);
}

static const struct design handoff = {
	.name = "handoff",
	.concurrency = PP_UNLIMITED,
	.open_locked = open_locked,
	.finish = hand_over,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	return pool_backend(&handoff, host);
}
