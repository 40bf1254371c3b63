/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "value.h"

struct object *cpython_futures;
struct object *cpython_threading;

/* The class of the exceptions that tasks and callbacks raise: its one argument is the pointer. */
static struct object *raised;

/* The same for NULL, whose exception is false in Python as NULL is in C. */
static struct object *raised_null;

/* The same for all ones, whose exception is none that `except Exception` takes, as SystemExit is. */
static struct object *raised_base;

/*
 * The classes that a status stands for; the first that fits decides.  type is
 * NULL for one that the running version does not have yet.
 */
static struct {
	const char *module;
	const char *name;
	int status;
	struct object *type;
} classes[] = {
	{ "concurrent.futures", "TimeoutError", PP_TIMEOUT, NULL },
	{ "concurrent.futures", "CancelledError", PP_CANCELLED, NULL },
	{ "concurrent.futures", "BrokenExecutor", PP_BROKEN, NULL },
	{ "concurrent.futures", "InvalidStateError", PP_INVALID_STATE, NULL },
	{ "builtins", "MemoryError", PP_NO_RESOURCES, NULL },
	{ "builtins", "ValueError", PP_INVALID_ARGUMENT, NULL },
	{ "builtins", "TypeError", PP_INVALID_ARGUMENT, NULL },
	{ "builtins", "OverflowError", PP_INVALID_ARGUMENT, NULL },
};
#define CLASS_COUNT (sizeof(classes) / sizeof(*classes))

/* What a RuntimeError, which says it in words only, can mean. */
static const struct {
	const char *words;
	int status;
} runtime_errors[] = {
	/* "cannot" is "Can not" in futurist, and mpi4py has "cannot submit after shutdown" */
	{ "schedule new futures", PP_SHUTDOWN },
	{ "after shutdown", PP_SHUTDOWN },
	{ "at interpreter shutdown", PP_SHUTDOWN },
	{ "can't start new thread", PP_NO_RESOURCES },
	{ "can't allocate lock", PP_NO_RESOURCES },
	{ "in unexpected state", PP_INVALID_STATE },
	{ "annot join current thread", PP_INVALID_STATE },
};
#define RUNTIME_ERROR_COUNT (sizeof(runtime_errors) / sizeof(*runtime_errors))

static struct object *runtime_error;

static atomic_bool gone;

/* A class below raised with a length, which int() gives: 0. */
static struct object *new_false_class(void)
{
	struct object *zero = cpython_import("builtins", "int");
	struct object *members = zero ? py.Py_BuildValue("{sO}", "__len__", zero) : NULL;
	struct object *class = members ? py.PyErr_NewException("poolproof.RaisedNull", raised, members) : NULL;

	cpython_drop(members);
	cpython_drop(zero);
	return class;
}

static struct object *new_base_class(void)
{
	struct object *base = cpython_import("builtins", "BaseException");
	struct object *class = base ? py.PyErr_NewException("poolproof.RaisedBase", base, NULL) : NULL;

	cpython_drop(base);
	return class;
}

bool cpython_values_start(void)
{
	cpython_futures = py.PyImport_ImportModule("concurrent.futures");
	cpython_threading = py.PyImport_ImportModule("threading");
	raised = py.PyErr_NewException("poolproof.Raised", NULL, NULL);
	raised_null = raised ? new_false_class() : NULL;
	raised_base = new_base_class();
	runtime_error = cpython_import("builtins", "RuntimeError");
	if (!cpython_futures || !cpython_threading || !raised_null || !raised_base || !runtime_error)
		return false;
	for (size_t i = 0; i < CLASS_COUNT; i++) {
		classes[i].type = cpython_import(classes[i].module, classes[i].name);
		if (!classes[i].type)
			py.PyErr_Clear();
	}
	/* Where pickle looks for it, when tasks run in other processes. */
	struct object *module = py.PyImport_AddModule("poolproof");
	return module && py.PyObject_SetAttrString(module, "Raised", raised) == 0 &&
	       py.PyObject_SetAttrString(module, "RaisedNull", raised_null) == 0 &&
	       py.PyObject_SetAttrString(module, "RaisedBase", raised_base) == 0;
}

/*
 * Give up the thread state of a thread that ends.  PyGILState_Release would do it, but thread locals that go
 * with it may ask for the GIL in turn, and then it is given up twice.
 */
static void end_thread(void *state)
{
	if (cpython_is_gone())
		return;
	py.PyEval_RestoreThread(state);
	py.PyThreadState_Clear(state);
	py.PyThreadState_DeleteCurrent();
}

static pthread_key_t thread_state;
static pthread_mutex_t beginning = PTHREAD_MUTEX_INITIALIZER;

void cpython_hold_threads(void)
{
	pthread_mutex_lock(&beginning);
}

void cpython_let_threads_go(void)
{
	pthread_mutex_unlock(&beginning);
}

bool cpython_threads_start(void)
{
	return pthread_key_create(&thread_state, end_thread) == 0;
}

/*
 * A thread of C is one thread of Python from its first call on, as it were in a Python program.  Left to
 * PyGILState_Release its thread state would go with each outermost call, and with it what the executor keeps in
 * thread locals: an event loop for each call in the place of one for the thread; greenlet even crashes.
 */
static void begin_thread(void)
{
	void *state;

	cpython_hold_threads();
	state = py.PyThreadState_New(py.PyInterpreterState_Head());
	cpython_let_threads_go();
	if (state)
		(void)pthread_setspecific(thread_state, state);
}

int cpython_enter(void)
{
	if (!py.PyGILState_GetThisThreadState())
		begin_thread();
	return py.PyGILState_Ensure();
}

void cpython_leave(int gil)
{
	py.PyGILState_Release(gil);
}

bool cpython_is_gone(void)
{
	return atomic_load(&gone);
}

void cpython_set_gone(void)
{
	atomic_store(&gone, true);
}

void cpython_drop(struct object *object)
{
	if (object)
		py.Py_DecRef(object);
}

struct object *cpython_call(struct object *object, const char *method, struct object *argument)
{
	struct object *answer = argument ? py.PyObject_CallMethod(object, method, "(O)", argument) : NULL;

	cpython_drop(argument);
	return answer;
}

struct object *cpython_from_pointer(void *p)
{
	return py.PyLong_FromVoidPtr(p);
}

bool cpython_to_pointer(struct object *object, void **p)
{
	void *pointer = py.PyLong_AsVoidPtr(object);

	if (!pointer && py.PyErr_Occurred())
		return false;
	*p = pointer;
	return true;
}

int cpython_take_pointer(struct object *object, void **p)
{
	int status = PP_OK;

	if (!object)
		return cpython_take_error(p);
	if (!cpython_to_pointer(object, p)) {
		/* Nobody gave the executor anything but ints. */
		char text[64] = "an object";

		py.PyErr_Clear();
		cpython_text(object, text, sizeof(text));
		py.PyErr_Clear();
		fprintf(stderr, "the executor returned %s, which no task had returned\n", text);
		status = NO_STATUS;
	}
	py.Py_DecRef(object);
	return status;
}

static struct object *class_of(void *p)
{
	return !p ? raised_null : (uintptr_t)p == UINTPTR_MAX ? raised_base : raised;
}

struct object *cpython_new_exception(void *p)
{
	struct object *pointer = cpython_from_pointer(p);
	struct object *exception = pointer ? py.PyObject_CallFunction(class_of(p), "O", pointer) : NULL;

	cpython_drop(pointer);
	return exception;
}

void cpython_raise(void *p)
{
	struct object *exception = cpython_new_exception(p);

	if (!exception)
		return;
	py.PyErr_SetObject(class_of(p), exception);
	py.Py_DecRef(exception);
}

struct object *cpython_timeout(double seconds)
{
	return seconds == PP_FOREVER ? py.Py_BuildValue("") : py.PyFloat_FromDouble(seconds);
}

static bool is_a(struct object *exception, struct object *type)
{
	return type && py.PyObject_IsInstance(exception, type) == 1;
}

static bool pointer_of(struct object *exception, void **p)
{
	struct object *args = py.PyObject_GetAttrString(exception, "args");
	struct object *first = args ? py.PyTuple_GetItem(args, 0) : NULL;
	bool found = first && cpython_to_pointer(first, p);

	cpython_drop(args);
	py.PyErr_Clear();
	return found;
}

static int runtime_status(struct object *exception)
{
	char text[256];

	if (!cpython_text(exception, text, sizeof(text))) {
		py.PyErr_Clear();
		return NO_STATUS;
	}
	for (size_t i = 0; i < RUNTIME_ERROR_COUNT; i++)
		if (strstr(text, runtime_errors[i].words))
			return runtime_errors[i].status;
	return NO_STATUS;
}

static int status_of(struct object *exception, void **p)
{
	void *ignored;

	if (is_a(exception, raised) || is_a(exception, raised_base))
		return pointer_of(exception, p ? p : &ignored) ? PP_RAISED : NO_STATUS;
	for (size_t i = 0; i < CLASS_COUNT; i++)
		if (is_a(exception, classes[i].type))
			return classes[i].status;
	if (is_a(exception, runtime_error))
		return runtime_status(exception);
	return NO_STATUS;
}

int cpython_take_error(void **p)
{
	struct object *type, *exception, *traceback;

	py.PyErr_Fetch(&type, &exception, &traceback);
	py.PyErr_NormalizeException(&type, &exception, &traceback);

	int status = exception ? status_of(exception, p) : NO_STATUS;
	if (status == NO_STATUS && exception)
		py.PyErr_Display(type, exception, traceback);
	cpython_drop(type);
	cpython_drop(exception);
	cpython_drop(traceback);
	return status;
}

int cpython_take_done(struct object *result)
{
	if (!result)
		return cpython_take_error(NULL);
	py.Py_DecRef(result);
	return PP_OK;
}

bool cpython_is_none(const struct object *object)
{
	struct object *none = py.Py_BuildValue("");

	cpython_drop(none);
	return object == none;
}

bool cpython_take_truth(struct object *result)
{
	int truth = result ? py.PyObject_IsTrue(result) : -1;

	cpython_drop(result);
	if (truth < 0)
		cpython_take_error(NULL);
	return truth == 1;
}

bool cpython_text(struct object *object, char *buffer, size_t size)
{
	struct object *text = py.PyObject_Str(object);
	struct object *bytes = text ? py.PyUnicode_AsUTF8String(text) : NULL;
	char *characters = bytes ? py.PyBytes_AsString(bytes) : NULL;

	if (characters)
		snprintf(buffer, size, "%s", characters);
	cpython_drop(bytes);
	cpython_drop(text);
	return characters != NULL;
}

void cpython_error_line(char *buffer, size_t size)
{
	struct object *type, *exception, *traceback;

	py.PyErr_Fetch(&type, &exception, &traceback);
	py.PyErr_NormalizeException(&type, &exception, &traceback);
	if (!exception || !cpython_text(exception, buffer, size)) {
		py.PyErr_Clear();
		snprintf(buffer, size, "an exception that cannot be shown");
	}
	buffer[strcspn(buffer, "\r\n")] = '\0';
	cpython_drop(type);
	cpython_drop(exception);
	cpython_drop(traceback);
}

struct object *cpython_import(const char *module, const char *name)
{
	struct object *imported = py.PyImport_ImportModule(module);
	struct object *found = imported ? py.PyObject_GetAttrString(imported, name) : NULL;

	cpython_drop(imported);
	return found;
}

struct object *cpython_list(struct pp_future *const *fs, size_t count)
{
	struct object *list = py.PyList_New(0);

	for (size_t i = 0; list && i < count; i++) {
		if (py.PyList_Append(list, (struct object *)fs[i]) != 0) {
			py.Py_DecRef(list);
			list = NULL;
		}
	}
	return list;
}
