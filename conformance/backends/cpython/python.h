/* SPDX-License-Identifier: MIT */
/*
 * python.h: the functions of libpython that the adapter calls.
 *
 * All of them are in the stable ABI and have been since 3.6 at the latest, and
 * they are found at run time, so that one build of the adapter drives every
 * CPython from 3.6 on, and is built without any.  Only functions are used: the
 * layout of an object is none of our business, and exception types are reached
 * through their modules.
 */
#ifndef CPYTHON_PYTHON_H
#define CPYTHON_PYTHON_H

#include <stdbool.h>
#include <stddef.h>

/* A Python object. */
struct object;

typedef struct object *python_function(struct object *self, struct object *args);

/* Laid out as the stable ABI's PyMethodDef. */
struct method {
	const char *name;
	python_function *function;
	int flags;
	const char *doc;
};

/* Its flags. */
#define ARGUMENTS_TUPLE 0x0001
#define ARGUMENTS_NONE 0x0004
#define ARGUMENTS_ONE 0x0008

#define PYTHON_FUNCTIONS(X) \
	X(const char *, Py_GetVersion, (void)) \
	X(void, Py_InitializeEx, (int signals)) \
	X(int, Py_FinalizeEx, (void)) \
	X(int, PyGILState_Ensure, (void)) \
	X(void, PyGILState_Release, (int state)) \
	X(void *, PyGILState_GetThisThreadState, (void)) \
	X(void, PyThreadState_Clear, (void *state)) \
	X(void, PyThreadState_DeleteCurrent, (void)) \
	X(void *, PyThreadState_New, (void *interpreter)) \
	X(void *, PyInterpreterState_Head, (void)) \
	X(void *, PyEval_SaveThread, (void)) \
	X(void, PyEval_RestoreThread, (void *state)) \
	X(void, Py_IncRef, (struct object *)) \
	X(void, Py_DecRef, (struct object *)) \
	X(struct object *, PyImport_ImportModule, (const char *name)) \
	X(struct object *, PyImport_AddModule, (const char *name)) \
	X(struct object *, PySys_GetObject, (const char *name)) \
	X(struct object *, PyObject_GetAttrString, (struct object *, const char *name)) \
	X(int, PyObject_SetAttrString, (struct object *, const char *name, struct object *)) \
	X(struct object *, PyObject_Call, (struct object *, struct object *args, struct object *keywords)) \
	X(struct object *, PyObject_CallFunction, (struct object *, const char *format, ...)) \
	X(struct object *, PyObject_CallMethod, (struct object *, const char *name, const char *format, ...)) \
	X(int, PyObject_IsInstance, (struct object *, struct object *type)) \
	X(int, PyObject_IsSubclass, (struct object *, struct object *type)) \
	X(int, PyObject_IsTrue, (struct object *)) \
	X(struct object *, PyObject_Str, (struct object *)) \
	X(struct object *, Py_BuildValue, (const char *format, ...)) \
	X(struct object *, PyLong_FromVoidPtr, (void *)) \
	X(void *, PyLong_AsVoidPtr, (struct object *)) \
	X(struct object *, PyBool_FromLong, (long)) \
	X(long, PyLong_AsLong, (struct object *)) \
	X(struct object *, PyFloat_FromDouble, (double)) \
	X(struct object *, PyUnicode_AsUTF8String, (struct object *)) \
	X(char *, PyBytes_AsString, (struct object *)) \
	X(struct object *, PyTuple_GetItem, (struct object *, ptrdiff_t i)) \
	X(ptrdiff_t, PyTuple_Size, (struct object *)) \
	X(struct object *, PyList_New, (ptrdiff_t size)) \
	X(int, PyList_Append, (struct object *, struct object *)) \
	X(int, PyList_Insert, (struct object *, ptrdiff_t i, struct object *)) \
	X(struct object *, PyList_GetItem, (struct object *, ptrdiff_t i)) \
	X(ptrdiff_t, PyList_Size, (struct object *)) \
	X(struct object *, PyDict_Copy, (struct object *)) \
	X(int, PyDict_SetItemString, (struct object *, const char *key, struct object *)) \
	X(struct object *, PySequence_List, (struct object *)) \
	X(int, PySequence_Contains, (struct object *, struct object *)) \
	X(struct object *, PyMapping_GetItemString, (struct object *, const char *key)) \
	X(struct object *, PyObject_GetIter, (struct object *)) \
	X(struct object *, PyIter_Next, (struct object *)) \
	X(struct object *, PyCallIter_New, (struct object *callable, struct object *sentinel)) \
	X(struct object *, PyCFunction_NewEx, (struct method *, struct object *self, struct object *module)) \
	X(struct object *, PyCapsule_New, (void *, const char *name, void (*destructor)(struct object *))) \
	X(void *, PyCapsule_GetPointer, (struct object *, const char *name)) \
	X(struct object *, PyErr_NewException, (const char *name, struct object *base, struct object *dictionary)) \
	X(void, PyErr_SetObject, (struct object *type, struct object *value)) \
	X(struct object *, PyErr_NoMemory, (void)) \
	X(struct object *, PyErr_Occurred, (void)) \
	X(void, PyErr_Fetch, (struct object **type, struct object **value, struct object **traceback)) \
	X(void, PyErr_Restore, (struct object *type, struct object *value, struct object *traceback)) \
	X(void, PyErr_NormalizeException, (struct object **type, struct object **value, struct object **traceback)) \
	X(void, PyErr_Display, (struct object *type, struct object *value, struct object *traceback)) \
	X(void, PyErr_Clear, (void))

struct python {
#define PYTHON_FIELD(result, name, parameters) result (*name) parameters;
	PYTHON_FUNCTIONS(PYTHON_FIELD)
#undef PYTHON_FIELD
};

/* Read-only once cpython_start has returned. */
extern struct python py;

/*
 * Load libpython from file, or, if file is NULL, the Debian default's 3.11 or
 * else the newest that the system's linker finds; start the interpreter.  The
 * caller holds the GIL then.
 *
 * False: error holds one line that says why not.
 */
bool cpython_start(const char *file, char *error, size_t error_size);

/* "3.11.2". */
const char *cpython_version(void);

#endif
