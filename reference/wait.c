/* SPDX-License-Identifier: MIT */
/* wait.c: block until return_when holds for a set of futures. */
#include "future.h"

#include <stdlib.h>

/* So many links stand on the stack; more are allocated. */
enum { FEW = 16 };

static enum cf_status wait_with(struct cf__link *links, struct cf_future *const *fs, size_t count,
				double timeout, enum cf_return_when return_when, bool *done)
{
	struct cf__deadline deadline = cf__deadline_after(timeout);
	struct cf__waiter w;
	bool satisfied;

	cf__waiter_init(&w, return_when, links, count, false);
	for (size_t i = 0; i < count; i++)
		cf__link_add(&links[i], &w, fs[i]);
	satisfied = cf__waiter_sleep(&w, &deadline);
	for (size_t i = 0; i < count; i++)
		cf__link_remove(&links[i]);
	cf__waiter_destroy(&w);

	/* The waiter is closed: no link changes any more. */
	for (size_t i = 0; done && i < count; i++)
		done[i] = links[i].speaks->done;
	return satisfied ? CF_OK : CF_TIMEOUT;
}

enum cf_status cf_wait(struct cf_future *const *fs, size_t count, double timeout,
		       enum cf_return_when return_when, bool *done)
{
	struct cf__link few[FEW], *links = few;
	enum cf_status status;

	if (isnan(timeout) || (unsigned)return_when > CF_ALL_COMPLETED)
		return CF_INVALID_ARGUMENT;
	if (count > FEW)
		links = calloc(count, sizeof(*links));
	if (!links)
		return CF_NO_RESOURCES;
	status = wait_with(links, fs, count, timeout, return_when, done);
	if (links != few)
		free(links);
	return status;
}
