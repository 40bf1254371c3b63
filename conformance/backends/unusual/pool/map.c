/* SPDX-License-Identifier: MIT */
/* map.c: map, made of submit, result and cancel. */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

struct pp_map {
	struct pp_executor *executor;
	pp_task *task;
	struct pp_source source;
	double deadline;
	size_t buffersize;
	struct pp_future **fs; /* submitted and not taken, from first to end */
	size_t first, end, room;
	int ended;	 /* PP_OK, or why source is not read any more */
	void *exception; /* that source raised */
};

static bool make_room(struct pp_map *it)
{
	size_t count = it->end - it->first, room = 2 * count + 8;
	struct pp_future **fs;

	if (it->end < it->room)
		return true;
	fs = malloc(room * sizeof(*fs));
	if (!fs)
		return false;
	if (count)
		memcpy(fs, it->fs + it->first, count * sizeof(*fs));
	free(it->fs);
	it->fs = fs;
	it->first = 0;
	it->end = count;
	it->room = room;
	return true;
}

static int submit_one(struct pp_map *it)
{
	void *arg = NULL;
	int status;

	if (!make_room(it))
		return PP_NO_RESOURCES;
	status = it->source.next(it->source.state, &arg);
	if (status == PP_RAISED)
		it->exception = arg;
	if (status != PP_OK)
		return status;
	status = executor_submit(it->executor, it->task, arg, &it->fs[it->end]);
	if (status == PP_OK)
		it->end++;
	return status;
}

static void fill(struct pp_map *it)
{
	while (it->ended == PP_OK && (!it->buffersize || it->end - it->first < it->buffersize))
		it->ended = submit_one(it);
}

static struct pp_map *map_new(struct pp_executor *e, pp_task *task, const struct pp_source *source,
			      double timeout, size_t buffersize)
{
	struct pp_map *it = calloc(1, sizeof(*it));

	if (!it)
		return NULL;
	executor_retain(e);
	it->executor = e;
	it->task = task;
	it->source = *source;
	it->deadline = monitor_deadline(timeout);
	it->buffersize = buffersize;
	return it;
}

int map_begin(struct pp_executor *e, pp_task *task, const struct pp_source *source, double timeout,
	      size_t buffersize, struct pp_map **it, void **exception)
{
	int status = executor_accepts(e);
	struct pp_map *fresh;

	if (status != PP_OK)
		return status;
	fresh = map_new(e, task, source, timeout, buffersize);
	if (!fresh)
		return PP_NO_RESOURCES;
	fill(fresh);
	status = fresh->ended;
	if (status == PP_OK || status == PP_STOP_ITERATION) {
		*it = fresh;
		return PP_OK;
	}
	if (status == PP_RAISED)
		*exception = fresh->exception;
	map_end(fresh);
	return status;
}

/* After the last outcome: why there are no more, once. */
static int tell_end(struct pp_map *it, void **outcome)
{
	int status = it->ended;

	if (status == PP_RAISED)
		*outcome = it->exception;
	it->ended = PP_STOP_ITERATION;
	return status;
}

int map_next(struct pp_map *it, void **outcome)
{
	int status;

	fill(it);
	if (it->first == it->end)
		return tell_end(it, outcome);
	status = future_result(it->fs[it->first], monitor_left(it->deadline), outcome);
	if (status != PP_TIMEOUT)
		future_drop(it->fs[it->first++]);
	return status;
}

void map_end(struct pp_map *it)
{
	size_t i;

	for (i = it->first; i < it->end; i++)
		future_cancel(it->fs[i]);
	for (i = it->first; i < it->end; i++)
		future_drop(it->fs[i]);
	executor_release(it->executor);
	free(it->fs);
	free(it);
}
