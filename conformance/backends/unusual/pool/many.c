/* SPDX-License-Identifier: MIT */
/* many.c: wait and as_completed.  Nothing is ever installed on a future. */
#include "pool.h"
#include "future.h"

#include <stdlib.h>

/* Done, and noticed to be so by a design that is late. */
static bool is_settled(const struct pp_future *f)
{
	return f->state == FINISHED || f->state == CANCELLED_AND_NOTIFIED ||
	       (f->state == CANCELLED && !design->late);
}

/* ---- wait --------------------------------------------------------------------- */

static bool holds(struct pp_future *const *fs, size_t count, enum pp_return_when return_when)
{
	size_t i, settled = 0, failed = 0;

	for (i = 0; i < count; i++) {
		settled += is_settled(fs[i]);
		failed += fs[i]->state == FINISHED && fs[i]->status != PP_OK;
	}
	return settled == count || (settled && return_when == PP_FIRST_COMPLETED) ||
	       (failed && return_when == PP_FIRST_EXCEPTION);
}

int many_wait(struct pp_future *const *fs, size_t count, double timeout,
	      enum pp_return_when return_when, bool *done)
{
	double deadline = monitor_deadline(timeout);
	size_t i;

	if ((unsigned)return_when > PP_ALL_COMPLETED)
		return PP_INVALID_ARGUMENT;
	monitor_enter();
	while (!holds(fs, count, return_when))
		if (!monitor_wait_locked(deadline))
			break;
	for (i = 0; i < count; i++)
		done[i] = is_settled(fs[i]);
	monitor_leave();
	return PP_OK;
}

/* ---- as_completed ---------------------------------------------------------------- */

struct pp_completed {
	double deadline;
	size_t count; /* not yet yielded */
	struct pp_future *fs[];
};

static bool has(const struct pp_completed *it, const struct pp_future *f)
{
	size_t i;

	for (i = 0; i < it->count; i++)
		if (it->fs[i] == f)
			return true;
	return false;
}

int many_begin(struct pp_future *const *fs, size_t count, double timeout, struct pp_completed **it)
{
	struct pp_completed *fresh = malloc(sizeof(*fresh) + count * sizeof(*fs));
	size_t i;

	if (!fresh)
		return PP_NO_RESOURCES;
	fresh->deadline = monitor_deadline(timeout);
	fresh->count = 0;
	for (i = 0; i < count; i++)
		if (!has(fresh, fs[i]))
			fresh->fs[fresh->count++] = fs[i];
	*it = fresh;
	return PP_OK;
}

/* Where the one is that became done first; count if there is none. */
static size_t first_done(const struct pp_completed *it)
{
	size_t i, first = it->count;

	for (i = 0; i < it->count; i++)
		if (is_settled(it->fs[i]) && (first == it->count || it->fs[i]->when < it->fs[first]->when))
			first = i;
	return first;
}

int many_next(struct pp_completed *it, struct pp_future **f)
{
	size_t i;
	int status = PP_OK;

	if (it->count == 0)
		return PP_STOP_ITERATION;
	monitor_enter();
	while ((i = first_done(it)) == it->count && status == PP_OK)
		if (!monitor_wait_locked(it->deadline))
			status = PP_TIMEOUT;
	if (i < it->count) {
		*f = it->fs[i];
		it->fs[i] = it->fs[--it->count];
		status = PP_OK;
	}
	monitor_leave();
	return status;
}

void many_end(struct pp_completed *it)
{
	free(it);
}
