/* SPDX-License-Identifier: MIT */
/*
 * call.h: Python callables that run the C functions of a case.
 *
 * Each lets go of the GIL while the C function runs, and turns PP_RAISED into a
 * Python exception.  Every function here wants the GIL; one that returns an
 * object returns a new reference, or NULL with a Python exception set.
 */
#ifndef CPYTHON_CALL_H
#define CPYTHON_CALL_H

#include "value.h"

/* False with a Python exception set. */
bool cpython_calls_start(void);

/* What is submitted, run_task(task, arg): the function and its first argument. */
extern struct object *cpython_run_task;
struct object *cpython_task(pp_task *task);

/* An argument for run_task that calls release(arg) when Python lets go of it. */
struct object *cpython_argument_with_release(void *arg, pp_release *release);

/* From now on it does not: the submit was refused. */
void cpython_argument_forget_release(struct object *argument);

/* For the keywords initializer and initargs. */
extern struct object *cpython_run_initializer;
struct object *cpython_initargs(pp_initializer *initializer, void *initarg);

/* For add_done_callback. */
struct object *cpython_callback(pp_done_callback *callback, void *arg);

/* An iterator over source, which is borrowed for as long as it is used. */
struct object *cpython_source(const struct pp_source *source);

/* Whether the calling thread is inside a task or an initializer. */
bool cpython_is_worker(void);

#endif
