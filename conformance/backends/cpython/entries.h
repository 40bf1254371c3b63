/* SPDX-License-Identifier: MIT */
/*
 * entries.h: the parts of the table, one function for each file that fills one.
 *
 * An entry that the running version of Python, or the executor chosen, does not
 * have is left NULL.  All want the GIL, and return false with a Python
 * exception set.
 */
#ifndef CPYTHON_ENTRIES_H
#define CPYTHON_ENTRIES_H

#include "call.h"

/* The executor class, and the keywords for its constructor; kept. */
bool cpython_executor_entries(struct pp_backend *b, struct object *class, struct object *keywords);
bool cpython_future_entries(struct pp_backend *b);
bool cpython_many_entries(struct pp_backend *b, struct object *class);
bool cpython_process_entries(struct pp_backend *b);

/* Whether the method of a class takes such a keyword, itself or through ** and a class that it inherits from. */
bool cpython_accepts(struct object *type, const char *method, const char *keyword);

#endif
