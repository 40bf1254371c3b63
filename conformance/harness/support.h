/* SPDX-License-Identifier: MIT */
/*
 * support.h: what the files behind case.h share with each other, and what
 * case_process.c does with them before and after a case.
 */
#ifndef POOLPROOF_SUPPORT_H
#define POOLPROOF_SUPPORT_H

#include "slot.h"

/*
 * 1 on a machine that is not slowed down; the deadline and the timeouts of
 * cases are multiples of it.  Set before a case process is forked.
 */
extern double time_scale;

/* True in the thread that runs the case, or the body of a process of the case. */
extern _Thread_local bool thread_is_main;

/* End the case as UNRESOLVED. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* End the case as o; finding may be NULL. */
_Noreturn void end_as(enum outcome o, const struct finding *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Map the arena, so that processes forked from now on have it. */
void arena_open(void);

/* Unmap it, with all that it was made of. */
void arena_close(void);

/* The part of it that nobody was handed yet. */
void *arena_rest(size_t *size);

void gates_open_all(void);

/* Join what thread_start made and the case did not join. */
void threads_join_all(void);

/* The case that this process runs. */
extern const struct pp_case *the_case;

/*
 * If set before the first case is forked: told of the table when a process of a case has
 * loaded it, and may put entries of its own before those of the backend.
 */
extern void (*backend_stand_in)(struct pp_backend *table);

/* True once backend() was called in this process. */
bool backend_is_loaded(void);

/* Shut down and release what the wrappers made and the case did not. */
void entries_clean_up(void);

/* Have backend() load target once more, when it is next asked. */
void entries_unload(void);

/* Forget it, in a forked process that is not to release it. */
void entries_forget(void);

#endif
