/* SPDX-License-Identifier: MIT */
/*
 * value.h: pointers as Python objects, and Python's exceptions as statuses.
 *
 * Every function here wants the GIL.  One that returns an object returns a new
 * reference, or NULL with a Python exception set.
 */
#ifndef CPYTHON_VALUE_H
#define CPYTHON_VALUE_H

#include <poolproof/backend.h>

#include "python.h"

/* What a status is that no word of the contract fits: the harness calls it garbage. */
#define NO_STATUS (-1)

/* Modules that are used all the time; set by cpython_values_start. */
extern struct object *cpython_futures;
extern struct object *cpython_threading;

/* False with a Python exception set. */
bool cpython_values_start(void);

/*
 * To be called before the interpreter is started: what a thread has of ours must end before what it has
 * of Python's, and threads end them in the order of their keys.  False if there are no keys left.
 */
bool cpython_threads_start(void);

/*
 * No thread of C becomes one of Python meanwhile, as at a fork: that takes a lock of CPython's without the
 * GIL, which until 3.12 the child would find held.  A thread of Python is begun and ended with the GIL held.
 */
void cpython_hold_threads(void);
void cpython_let_threads_go(void);

/* Hold the GIL, from any thread, as often as one likes. */
int cpython_enter(void);
void cpython_leave(int gil);

/*
 * Whether the interpreter has gone, which is so from the end of Py_FinalizeEx on,
 * while the exit handlers of C run: no function of Python may be called then.
 */
bool cpython_is_gone(void);
void cpython_set_gone(void);

/* Drop a reference; NULL does nothing. */
void cpython_drop(struct object *object);

/*
 * object.method(argument).  Consumes argument, which may be NULL with an
 * exception set: then nothing is called, for Python code is not to be run with
 * one set.
 */
struct object *cpython_call(struct object *object, const char *method, struct object *argument);

/* An int that stands for p. */
struct object *cpython_from_pointer(void *p);

/* The pointer that such an int, borrowed, stands for; false with a Python exception set. */
bool cpython_to_pointer(struct object *object, void **p);

/* The same for what an entry returns: consumes object, which may be NULL with a Python exception set. */
int cpython_take_pointer(struct object *object, void **p);

/* An exception with that pointer, as tasks raise it; that of NULL is false. */
struct object *cpython_new_exception(void *p);
void cpython_raise(void *p);

/* Seconds as Python takes them: None for PP_FOREVER. */
struct object *cpython_timeout(double seconds);

/*
 * The status for the Python exception that is set, and that is no longer set
 * on return.  With PP_RAISED *p is its pointer; p may be NULL.  One that no
 * status fits is shown on stderr.
 */
int cpython_take_error(void **p);

/* The status of a call of which only its success matters: consumes result. */
int cpython_take_done(struct object *result);

/* Whether object is None; an exception may be false and is not. */
bool cpython_is_none(const struct object *object);

/* Whether the result of a question is true: consumes it. */
bool cpython_take_truth(struct object *result);

/* str(object) in UTF-8, cut to size; false with a Python exception set. */
bool cpython_text(struct object *object, char *buffer, size_t size);

/* The Python exception that is set, as one line; it is no longer set on return. */
void cpython_error_line(char *buffer, size_t size);

/* module.name, imported. */
struct object *cpython_import(const char *module, const char *name);

/* A list of the count futures at fs. */
struct object *cpython_list(struct pp_future *const *fs, size_t count);

#endif
