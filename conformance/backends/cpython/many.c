/* SPDX-License-Identifier: MIT */
#include "entries.h"

static struct object *partial;

/* As Python says it; what is none of the three is left to Python to refuse. */
static const char *return_when_name(enum pp_return_when return_when)
{
	switch (return_when) {
	case PP_FIRST_COMPLETED:
		return "FIRST_COMPLETED";
	case PP_FIRST_EXCEPTION:
		return "FIRST_EXCEPTION";
	case PP_ALL_COMPLETED:
		return "ALL_COMPLETED";
	}
	return "none of the three";
}

/* Consumes answer, the pair of sets that wait returned. */
static int take_done_set(struct object *answer, struct pp_future *const *fs, size_t count, bool *done)
{
	struct object *set = answer ? py.PyObject_GetAttrString(answer, "done") : NULL;
	int status = PP_OK;

	if (!set)
		status = cpython_take_error(NULL);
	for (size_t i = 0; set && i < count; i++)
		done[i] = py.PySequence_Contains(set, (struct object *)fs[i]) == 1;
	cpython_drop(set);
	cpython_drop(answer);
	return status;
}

static int wait(struct pp_future *const *fs, size_t count, double timeout, enum pp_return_when return_when,
		bool *done)
{
	int gil = cpython_enter();
	struct object *list = cpython_list(fs, count);
	struct object *limit = list ? cpython_timeout(timeout) : NULL;
	struct object *answer = NULL;

	if (limit)
		answer = py.PyObject_CallMethod(cpython_futures, "wait", "OOs", list, limit,
						return_when_name(return_when));

	int status = take_done_set(answer, fs, count, done);
	cpython_drop(limit);
	cpython_drop(list);
	cpython_leave(gil);
	return status;
}

static int as_completed_begin(struct pp_future *const *fs, size_t count, double timeout, struct pp_completed **it)
{
	int gil = cpython_enter();
	int status = PP_OK;
	struct object *list = cpython_list(fs, count);
	struct object *limit = list ? cpython_timeout(timeout) : NULL;
	struct object *iterator = NULL;

	if (limit)
		iterator = py.PyObject_CallMethod(cpython_futures, "as_completed", "OO", list, limit);
	if (iterator)
		*it = (struct pp_completed *)iterator;
	else
		status = cpython_take_error(NULL);
	cpython_drop(limit);
	cpython_drop(list);
	cpython_leave(gil);
	return status;
}

static int as_completed_next(struct pp_completed *it, struct pp_future **f)
{
	int gil = cpython_enter();
	int status = PP_OK;
	struct object *future = py.PyIter_Next((struct object *)it);

	if (future) {
		*f = (struct pp_future *)future;
		/* The caller of as_completed_begin has a handle on it. */
		py.Py_DecRef(future);
	} else {
		status = py.PyErr_Occurred() ? cpython_take_error(NULL) : PP_STOP_ITERATION;
	}
	cpython_leave(gil);
	return status;
}

static void as_completed_end(struct pp_completed *it)
{
	int gil = cpython_enter();

	py.Py_DecRef((struct object *)it);
	cpython_leave(gil);
}

/* functools.partial(run_task, task): the arguments of source come last. */
static struct object *map_function(pp_task *task)
{
	struct object *pointer = cpython_task(task);
	struct object *function = pointer ? py.PyObject_CallFunction(partial, "OO", cpython_run_task, pointer) : NULL;

	cpython_drop(pointer);
	return function;
}

/* (function, source) */
static struct object *map_arguments(pp_task *task, const struct pp_source *source)
{
	struct object *function = map_function(task);
	struct object *iterator = function ? cpython_source(source) : NULL;
	struct object *arguments = iterator ? py.Py_BuildValue("(OO)", function, iterator) : NULL;

	cpython_drop(iterator);
	cpython_drop(function);
	return arguments;
}

/* {timeout: ..., buffersize: ...}, the latter only if it is asked for. */
static struct object *map_keywords(double timeout, size_t buffersize)
{
	struct object *limit = cpython_timeout(timeout);
	struct object *keywords = NULL;

	if (limit && buffersize > 0)
		keywords = py.Py_BuildValue("{s:O,s:n}", "timeout", limit, "buffersize", (ptrdiff_t)buffersize);
	else if (limit)
		keywords = py.Py_BuildValue("{s:O}", "timeout", limit);
	cpython_drop(limit);
	return keywords;
}

static struct object *call_map(struct pp_executor *e, pp_task *task, const struct pp_source *source, double timeout,
			       size_t buffersize)
{
	struct object *arguments = map_arguments(task, source);
	struct object *keywords = arguments ? map_keywords(timeout, buffersize) : NULL;
	struct object *map = keywords ? py.PyObject_GetAttrString((struct object *)e, "map") : NULL;
	struct object *outcomes = map ? py.PyObject_Call(map, arguments, keywords) : NULL;
	struct object *iterator = outcomes ? py.PyObject_GetIter(outcomes) : NULL;

	cpython_drop(outcomes);
	cpython_drop(map);
	cpython_drop(keywords);
	cpython_drop(arguments);
	return iterator;
}

static int map_begin(struct pp_executor *e, pp_task *task, const struct pp_source *source, double timeout,
		     size_t buffersize, struct pp_map **it, void **exception)
{
	if (cpython_is_gone())
		return PP_SHUTDOWN;

	int gil = cpython_enter();
	int status = PP_OK;
	struct object *iterator = call_map(e, task, source, timeout, buffersize);

	if (iterator)
		*it = (struct pp_map *)iterator;
	else
		status = cpython_take_error(exception);
	cpython_leave(gil);
	return status;
}

static int map_next(struct pp_map *it, void **outcome)
{
	int gil = cpython_enter();
	int status = PP_STOP_ITERATION;
	struct object *value = py.PyIter_Next((struct object *)it);

	if (value || py.PyErr_Occurred())
		status = cpython_take_pointer(value, outcome);
	cpython_leave(gil);
	return status;
}

static void map_end(struct pp_map *it)
{
	int gil = cpython_enter();

	py.Py_DecRef((struct object *)it);
	cpython_leave(gil);
}

/* What does not derive from Executor may have none. */
static bool has_map(struct object *class)
{
	struct object *map = py.PyObject_GetAttrString(class, "map");

	cpython_drop(map);
	py.PyErr_Clear();
	return map != NULL;
}

bool cpython_many_entries(struct pp_backend *b, struct object *class)
{
	b->wait = wait;
	b->as_completed_begin = as_completed_begin;
	b->as_completed_next = as_completed_next;
	b->as_completed_end = as_completed_end;
	if (has_map(class)) {
		b->map_begin = map_begin;
		b->map_next = map_next;
		b->map_end = map_end;
		b->map_has_buffersize = cpython_accepts(class, "map", "buffersize");
	}
	partial = cpython_import("functools", "partial");
	return partial != NULL;
}
