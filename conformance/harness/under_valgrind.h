/* SPDX-License-Identifier: MIT */
/* under_valgrind.h: what Valgrind is told and asked; in valgrind_none.c, without its headers, nothing. */
#ifndef POOLPROOF_UNDER_VALGRIND_H
#define POOLPROOF_UNDER_VALGRIND_H

#include <stdbool.h>
#include <stddef.h>

bool valgrind_runs(void);

/* Has it reported an error since valgrind_begin? */
bool valgrind_spoke(void);

/* The atomics there order nothing, and are not to be reported. */
void valgrind_unordered(void *start, size_t size);

/*
 * One thread hands p over to another by an atomic operation, which to Helgrind and
 * DRD orders nothing: before it is stored, and after it was loaded.
 */
void valgrind_hand_over(const void *p);
void valgrind_take_over(const void *p);

/* In the supervisor, before the first case: what is lost already is not the fault of one. */
void valgrind_prepare(void);

/*
 * In the process of a case: before the backend is loaded, and at the end.  From valgrind_begin
 * on, this process and all that it forks are also judged as they leave by exit.
 */
void valgrind_begin(void);
void valgrind_judge(void);

#endif
