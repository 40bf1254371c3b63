/* SPDX-License-Identifier: MIT */
/* map.c: submit a call for each argument; yield the outcomes in order. */
#include "executor.h"

#include <stdlib.h>

/* Futures in the order of their arguments; those before first were taken. */
struct cf_map {
	struct cf_executor *executor;
	cf_task *task;
	struct cf_source source;
	struct cf__deadline deadline;
	struct cf_future **futures;
	size_t first, count, room;

	/* CF_OK while source may have more; what to tell after the futures. */
	enum cf_status end;
	void *exception;
};

/* Make room for one more future, at the front if something was taken there. */
static bool make_room(struct cf_map *it)
{
	struct cf_future **futures = it->futures;
	size_t room = it->room;

	if (it->first + it->count < room)
		return true;
	if (it->first > it->count) {
		for (size_t i = 0; i < it->count; i++)
			futures[i] = futures[it->first + i];
		it->first = 0;
		return true;
	}
	room = room ? 2 * room : 16;
	futures = realloc(futures, room * sizeof(*futures));
	if (!futures)
		return false;
	it->futures = futures;
	it->room = room;
	return true;
}

/* Submit the call for one more argument; it->end says when there is none. */
static void submit_one(struct cf_map *it)
{
	void *arg = NULL;
	int status;

	/* Room first: an argument that was pulled is not lost for want of it. */
	if (!make_room(it)) {
		it->end = CF_NO_RESOURCES;
		return;
	}
	status = it->source.next(it->source.state, &arg);
	if (status == CF_OK) {
		it->end = cf_executor_submit(it->executor, it->task, arg, &it->futures[it->first + it->count]);
		it->count += it->end == CF_OK;
	} else if (status == CF_STOP_ITERATION) {
		it->end = CF_STOP_ITERATION;
	} else {
		it->end = CF_RAISED;
		it->exception = arg;
	}
}

enum cf_status cf_executor_map(struct cf_executor *e, cf_task *task, const struct cf_source *source,
			       double timeout, size_t buffersize, struct cf_map **it, void **exception)
{
	struct cf_map *new;
	enum cf_status end;

	if (isnan(timeout))
		return CF_INVALID_ARGUMENT;
	new = malloc(sizeof(*new));
	if (!new)
		return CF_NO_RESOURCES;
	*new = (struct cf_map){
		.executor = cf_executor_retain(e),
		.task = task,
		.source = *source,
		.deadline = cf__deadline_after(timeout),
	};
	/* A map that submits nothing is refused as one that does. */
	new->end = e->ops->accepts(e);
	while (new->end == CF_OK && (buffersize == 0 || new->count < buffersize))
		submit_one(new);
	end = new->end;
	if (end == CF_OK || end == CF_STOP_ITERATION) {
		*it = new;
		return CF_OK;
	}
	if (end == CF_RAISED && exception)
		*exception = new->exception;
	cf_map_release(new);
	return end;
}

/* Nothing is left but to say why; an error is said once. */
static enum cf_status tell_end(struct cf_map *it, void **outcome)
{
	enum cf_status end = it->end;

	if (end == CF_RAISED)
		*outcome = it->exception;
	it->end = CF_STOP_ITERATION;
	return end;
}

enum cf_status cf_map_next(struct cf_map *it, void **outcome)
{
	enum cf_status status;
	struct cf_future *f;

	if (it->count == 0)
		return tell_end(it, outcome);
	f = it->futures[it->first];
	status = cf_future_result(f, cf__seconds_left(&it->deadline), outcome);
	if (status == CF_TIMEOUT)
		return status;
	cf_future_release(f);
	it->first++;
	it->count--;
	if (it->end == CF_OK)
		submit_one(it);
	return status;
}

void cf_map_release(struct cf_map *it)
{
	if (!it)
		return;
	for (; it->count > 0; it->first++, it->count--) {
		cf_future_cancel(it->futures[it->first]);
		cf_future_release(it->futures[it->first]);
	}
	cf_executor_release(it->executor);
	free(it->futures);
	free(it);
}
