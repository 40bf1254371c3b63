/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "entries.h"

/* What every executor is made with; read-only once the table is filled. */
static struct object *class;
static struct object *keywords;
static bool takes_max_workers;

static struct object *executor(struct pp_executor *e)
{
	return (struct object *)e;
}

/* Put value, which may be NULL with an exception set, into dictionary; consumes value. */
static bool set_keyword(struct object *dictionary, const char *key, struct object *value)
{
	bool set = value && py.PyDict_SetItemString(dictionary, key, value) == 0;

	cpython_drop(value);
	return set;
}

/*
 * class(max_workers=..., **own), with own consumed; it may be NULL with an exception set.
 *
 * A class without max_workers has as many workers as it likes, for which there is `-o concurrency`, and
 * is never asked to refuse a number.
 */
static int construct(int max_workers, struct object *own, struct pp_executor **e)
{
	struct object *none, *made = NULL;

	if (!takes_max_workers && max_workers <= 0 && max_workers != PP_WORKERS_DEFAULT) {
		cpython_drop(own);
		return PP_INVALID_ARGUMENT;
	}
	none = py.Py_BuildValue("()");
	if (own && none &&
	    (max_workers == PP_WORKERS_DEFAULT || !takes_max_workers ||
	     set_keyword(own, "max_workers", py.Py_BuildValue("i", max_workers))))
		made = py.PyObject_Call(class, none, own);
	cpython_drop(none);
	cpython_drop(own);
	if (!made)
		return cpython_take_error(NULL);
	*e = (struct pp_executor *)made;
	return PP_OK;
}

static int executor_new(int max_workers, struct pp_executor **e)
{
	int gil = cpython_enter();
	int status = construct(max_workers, py.PyDict_Copy(keywords), e);

	cpython_leave(gil);
	return status;
}

static int executor_new_with_initializer(int max_workers, pp_initializer *initializer, void *initarg,
					 struct pp_executor **e)
{
	int gil = cpython_enter();
	int status;
	struct object *own = py.PyDict_Copy(keywords);

	if (own && py.PyDict_SetItemString(own, "initializer", cpython_run_initializer) == 0 &&
	    set_keyword(own, "initargs", cpython_initargs(initializer, initarg)))
		status = construct(max_workers, own, e);
	else
		status = cpython_take_error(NULL);
	cpython_leave(gil);
	return status;
}

static int executor_new_named(int max_workers, const char *thread_name_prefix, struct pp_executor **e)
{
	int gil = cpython_enter();
	int status;
	struct object *own = py.PyDict_Copy(keywords);

	if (own && set_keyword(own, "thread_name_prefix", py.Py_BuildValue("s", thread_name_prefix)))
		status = construct(max_workers, own, e);
	else
		status = cpython_take_error(NULL);
	cpython_leave(gil);
	return status;
}

/* submit with an argument, which may be NULL with an exception set. */
static int submit_object(struct pp_executor *e, pp_task *task, struct object *argument, struct pp_future **f)
{
	struct object *function = argument ? cpython_task(task) : NULL;
	struct object *future = NULL;

	if (function)
		future = py.PyObject_CallMethod(executor(e), "submit", "OOO", cpython_run_task, function, argument);
	cpython_drop(function);
	if (!future)
		return cpython_take_error(NULL);
	*f = (struct pp_future *)future;
	return PP_OK;
}

static int submit(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	if (cpython_is_gone())
		return PP_SHUTDOWN;

	int gil = cpython_enter();
	struct object *argument = cpython_from_pointer(arg);
	int status = submit_object(e, task, argument, f);

	cpython_drop(argument);
	cpython_leave(gil);
	return status;
}

static int submit_with_release(struct pp_executor *e, pp_task *task, void *arg, pp_release *release,
			       struct pp_future **f)
{
	if (cpython_is_gone())
		return PP_SHUTDOWN;

	int gil = cpython_enter();
	struct object *argument = cpython_argument_with_release(arg, release);
	int status = submit_object(e, task, argument, f);

	if (argument) {
		if (status != PP_OK)
			cpython_argument_forget_release(argument);
		py.Py_DecRef(argument);
	}
	cpython_leave(gil);
	return status;
}

static int shutdown_with(struct pp_executor *e, bool wait, bool cancel_futures)
{
	int gil = cpython_enter();
	struct object *bound = py.PyObject_GetAttrString(executor(e), "shutdown");
	struct object *none = py.Py_BuildValue("()");
	struct object *how = py.Py_BuildValue("{s:N}", "wait", py.PyBool_FromLong(wait));

	if (how && cancel_futures && !set_keyword(how, "cancel_futures", py.PyBool_FromLong(true))) {
		py.Py_DecRef(how);
		how = NULL;
	}

	int status = cpython_take_done(bound && none && how ? py.PyObject_Call(bound, none, how) : NULL);
	cpython_drop(bound);
	cpython_drop(none);
	cpython_drop(how);
	cpython_leave(gil);
	return status;
}

static int shutdown(struct pp_executor *e)
{
	return shutdown_with(e, true, false);
}

static int shutdown_nowait(struct pp_executor *e)
{
	return shutdown_with(e, false, false);
}

static int shutdown_cancel(struct pp_executor *e, bool wait)
{
	return shutdown_with(e, wait, true);
}

static void executor_release(struct pp_executor *e)
{
	if (cpython_is_gone())
		return;

	int gil = cpython_enter();

	py.Py_DecRef(executor(e));
	cpython_leave(gil);
}

/* How many of a list of threads are alive; consumes the list. */
static int count_alive(struct object *threads)
{
	int alive = 0;

	for (ptrdiff_t i = 0; i < py.PyList_Size(threads); i++)
		alive += cpython_take_truth(
			py.PyObject_CallMethod(py.PyList_GetItem(threads, i), "is_alive", NULL));
	py.Py_DecRef(threads);
	return alive;
}

/*
 * Nothing public tells how many workers an executor has.  This is the one place
 * that looks at a private name, ThreadPoolExecutor's set of threads; that set
 * keeps the threads that have ended.
 */
static int worker_count(struct pp_executor *e)
{
	int gil = cpython_enter();
	int count = -1;
	struct object *set = py.PyObject_GetAttrString(executor(e), "_threads");
	struct object *threads = set ? py.PySequence_List(set) : NULL;

	if (threads)
		count = count_alive(threads);
	else
		py.PyErr_Clear();
	cpython_drop(set);
	cpython_leave(gil);
	return count;
}

static int worker_name(char *buffer, size_t size)
{
	if (!cpython_is_worker())
		return PP_INVALID_STATE;

	int gil = cpython_enter();
	int status = PP_OK;
	struct object *thread = py.PyObject_CallMethod(cpython_threading, "current_thread", NULL);
	struct object *name = thread ? py.PyObject_GetAttrString(thread, "name") : NULL;

	if (!name || !cpython_text(name, buffer, size))
		status = cpython_take_error(NULL);
	cpython_drop(name);
	cpython_drop(thread);
	cpython_leave(gil);
	return status;
}

/* Whether one of the parameters of a signature is of the ** kind. */
static bool has_double_star(struct object *parameters)
{
	struct object *values = py.PyObject_CallMethod(parameters, "values", NULL);
	struct object *list = values ? py.PySequence_List(values) : NULL;
	bool has = false;

	for (ptrdiff_t i = 0; list && i < py.PyList_Size(list); i++) {
		struct object *kind = py.PyObject_GetAttrString(py.PyList_GetItem(list, i), "kind");

		/* inspect.Parameter.VAR_KEYWORD */
		has |= kind && py.PyLong_AsLong(kind) == 4;
		cpython_drop(kind);
	}
	cpython_drop(list);
	cpython_drop(values);
	return has;
}

static bool has_keyword(struct object *parameters, const char *keyword)
{
	struct object *found = py.PyMapping_GetItemString(parameters, keyword);

	cpython_drop(found);
	py.PyErr_Clear();
	return found != NULL;
}

/* The parameters of base.method, by name. */
static struct object *parameters_of(struct object *base, const char *method)
{
	struct object *inspect = py.PyImport_ImportModule("inspect");
	struct object *function = py.PyObject_GetAttrString(base, method);
	struct object *signature = NULL, *parameters = NULL;

	if (inspect && function)
		signature = py.PyObject_CallMethod(inspect, "signature", "O", function);
	if (signature)
		parameters = py.PyObject_GetAttrString(signature, "parameters");
	cpython_drop(signature);
	cpython_drop(function);
	cpython_drop(inspect);
	return parameters;
}

/* Whether a call of type says that it takes keyword, or does not say what it takes. */
static bool may_take(struct object *type, const char *keyword)
{
	struct object *inspect = py.PyImport_ImportModule("inspect");
	struct object *signature = inspect ? py.PyObject_CallMethod(inspect, "signature", "O", type) : NULL;
	struct object *parameters = signature ? py.PyObject_GetAttrString(signature, "parameters") : NULL;
	bool may = !parameters || has_keyword(parameters, keyword) || has_double_star(parameters);

	cpython_drop(parameters);
	cpython_drop(signature);
	cpython_drop(inspect);
	py.PyErr_Clear();
	return may;
}

bool cpython_accepts(struct object *type, const char *method, const char *keyword)
{
	struct object *bases = py.PyObject_GetAttrString(type, "__mro__");
	bool accepted = false, passes_on = true;

	for (ptrdiff_t i = 0; bases && i < py.PyTuple_Size(bases) && passes_on && !accepted; i++) {
		struct object *parameters = parameters_of(py.PyTuple_GetItem(bases, i), method);

		if (!parameters)
			break;
		accepted = has_keyword(parameters, keyword);
		passes_on = has_double_star(parameters);
		py.Py_DecRef(parameters);
	}
	cpython_drop(bases);
	py.PyErr_Clear();
	return accepted;
}

bool cpython_executor_entries(struct pp_backend *b, struct object *executor_class, struct object *executor_keywords)
{
	class = executor_class;
	keywords = executor_keywords;
	takes_max_workers = may_take(class, "max_workers");
	b->executor_new = executor_new;
	if (cpython_accepts(class, "__init__", "initializer") && cpython_accepts(class, "__init__", "initargs"))
		b->executor_new_with_initializer = executor_new_with_initializer;
	if (cpython_accepts(class, "__init__", "thread_name_prefix"))
		b->executor_new_named = executor_new_named;
	b->submit = submit;
	if (!b->separate_memory)
		b->submit_with_release = submit_with_release;
	b->shutdown = shutdown;
	b->shutdown_nowait = shutdown_nowait;
	if (cpython_accepts(class, "shutdown", "cancel_futures"))
		b->shutdown_cancel = shutdown_cancel;
	b->executor_release = executor_release;
	b->worker_count = worker_count;
	b->worker_name = worker_name;
	return true;
}
