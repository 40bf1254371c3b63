/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "call.h"

#define CAPSULE "poolproof.argument"

struct object *cpython_run_task;
struct object *cpython_run_initializer;

/* How many tasks and initializers are under way on this thread, one inside the other. */
static __thread int depth;

/* A C function as a pointer that Python can hold. */
union code {
	pp_task *task;
	pp_initializer *initializer;
	pp_done_callback *callback;
	void *pointer;
};

struct argument {
	void *arg;
	pp_release *release;
};

/* What an executor may let go of in the middle of anything, so that a Python exception may be set. */
static void argument_destroy(struct object *capsule)
{
	struct object *type, *exception, *traceback;
	struct argument *argument;

	py.PyErr_Fetch(&type, &exception, &traceback);
	argument = py.PyCapsule_GetPointer(capsule, CAPSULE);
	if (argument->release) {
		void *state = py.PyEval_SaveThread();

		argument->release(argument->arg);
		py.PyEval_RestoreThread(state);
	}
	free(argument);
	py.PyErr_Restore(type, exception, traceback);
}

struct object *cpython_argument_with_release(void *arg, pp_release *release)
{
	struct argument *argument = malloc(sizeof(*argument));
	struct object *capsule;

	if (!argument)
		return py.PyErr_NoMemory();
	*argument = (struct argument){ arg, release };
	capsule = py.PyCapsule_New(argument, CAPSULE, argument_destroy);
	if (!capsule)
		free(argument);
	return capsule;
}

void cpython_argument_forget_release(struct object *capsule)
{
	struct argument *argument = py.PyCapsule_GetPointer(capsule, CAPSULE);

	argument->release = NULL;
}

/* The argument of a task: an int, or a capsule. */
static bool argument_of(struct object *object, void **arg)
{
	struct argument *argument = py.PyCapsule_GetPointer(object, CAPSULE);

	if (argument) {
		*arg = argument->arg;
		return true;
	}
	py.PyErr_Clear();
	return cpython_to_pointer(object, arg);
}

static int call_task(pp_task *task, void *arg, void **outcome)
{
	void *state = py.PyEval_SaveThread();

	depth++;
	int status = task(arg, outcome);
	depth--;
	py.PyEval_RestoreThread(state);
	return status;
}

static struct object *run_task(struct object *self, struct object *args)
{
	union code code;
	void *arg, *outcome = NULL;

	(void)self;
	if (!cpython_to_pointer(py.PyTuple_GetItem(args, 0), &code.pointer) ||
	    !argument_of(py.PyTuple_GetItem(args, 1), &arg))
		return NULL;
	if (call_task(code.task, arg, &outcome) == PP_OK)
		return cpython_from_pointer(outcome);
	cpython_raise(outcome);
	return NULL;
}

/* Two pointers as a tuple. */
static struct object *pair(void *first, void *second)
{
	struct object *a = cpython_from_pointer(first);
	struct object *b = a ? cpython_from_pointer(second) : NULL;
	struct object *tuple = b ? py.Py_BuildValue("(OO)", a, b) : NULL;

	cpython_drop(b);
	cpython_drop(a);
	return tuple;
}

struct object *cpython_task(pp_task *task)
{
	union code code = { .task = task };

	return cpython_from_pointer(code.pointer);
}

static int call_initializer(pp_initializer *initializer, void *initarg)
{
	void *state = py.PyEval_SaveThread();

	depth++;
	int status = initializer(initarg);
	depth--;
	py.PyEval_RestoreThread(state);
	return status;
}

static struct object *run_initializer(struct object *self, struct object *args)
{
	union code code;
	void *initarg;

	(void)self;
	if (!cpython_to_pointer(py.PyTuple_GetItem(args, 0), &code.pointer) ||
	    !cpython_to_pointer(py.PyTuple_GetItem(args, 1), &initarg))
		return NULL;
	if (call_initializer(code.initializer, initarg) == PP_OK)
		return py.Py_BuildValue("");
	cpython_raise(NULL);
	return NULL;
}

struct object *cpython_initargs(pp_initializer *initializer, void *initarg)
{
	union code code = { .initializer = initializer };

	return pair(code.pointer, initarg);
}

static int call_callback(pp_done_callback *callback, struct object *future, void *arg)
{
	void *state = py.PyEval_SaveThread();
	int status = callback((struct pp_future *)future, arg);

	py.PyEval_RestoreThread(state);
	return status;
}

/* self is the tuple (callback, arg). */
static struct object *run_callback(struct object *self, struct object *future)
{
	union code code;
	void *arg;

	if (!cpython_to_pointer(py.PyTuple_GetItem(self, 0), &code.pointer) ||
	    !cpython_to_pointer(py.PyTuple_GetItem(self, 1), &arg))
		return NULL;
	if (call_callback(code.callback, future, arg) == PP_OK)
		return py.Py_BuildValue("");
	cpython_raise(NULL);
	return NULL;
}

/* A Python function with what it needs bound to it; consumes self. */
static struct object *bind(struct method *method, struct object *self)
{
	struct object *function = self ? py.PyCFunction_NewEx(method, self, NULL) : NULL;

	cpython_drop(self);
	return function;
}

struct object *cpython_callback(pp_done_callback *callback, void *arg)
{
	static struct method method = { "callback", run_callback, ARGUMENTS_ONE, NULL };
	union code code = { .callback = callback };

	return bind(&method, pair(code.pointer, arg));
}

static int call_source(const struct pp_source *source, void **arg)
{
	void *state = py.PyEval_SaveThread();
	int status = source->next(source->state, arg);

	py.PyEval_RestoreThread(state);
	return status;
}

/* self is the source.  None ends the iteration. */
static struct object *run_source(struct object *self, struct object *unused)
{
	void *pointer, *arg = NULL;

	(void)unused;
	if (!cpython_to_pointer(self, &pointer))
		return NULL;
	switch (call_source(pointer, &arg)) {
	case PP_OK:
		return cpython_from_pointer(arg);
	case PP_STOP_ITERATION:
		return py.Py_BuildValue("");
	default:
		cpython_raise(arg);
		return NULL;
	}
}

struct object *cpython_source(const struct pp_source *source)
{
	static struct method method = { "source", run_source, ARGUMENTS_NONE, NULL };
	struct object *function = bind(&method, cpython_from_pointer((void *)source));
	struct object *none = function ? py.Py_BuildValue("") : NULL;
	struct object *iterator = none ? py.PyCallIter_New(function, none) : NULL;

	cpython_drop(none);
	cpython_drop(function);
	return iterator;
}

bool cpython_is_worker(void)
{
	return depth > 0;
}

/* A function of the module poolproof, where pickle finds it when tasks run in other processes. */
static struct object *module_function(struct method *method)
{
	struct object *module = py.PyImport_AddModule("poolproof");
	struct object *name = py.Py_BuildValue("s", "poolproof");
	struct object *function = module && name ? py.PyCFunction_NewEx(method, NULL, name) : NULL;

	cpython_drop(name);
	if (function && py.PyObject_SetAttrString(module, method->name, function) != 0)
		return NULL;
	return function;
}

bool cpython_calls_start(void)
{
	static struct method task = { "run_task", run_task, ARGUMENTS_TUPLE, NULL };
	static struct method initializer = { "run_initializer", run_initializer, ARGUMENTS_TUPLE, NULL };

	cpython_run_task = module_function(&task);
	cpython_run_initializer = module_function(&initializer);
	return cpython_run_task && cpython_run_initializer;
}
