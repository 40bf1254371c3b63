/* SPDX-License-Identifier: MIT */
/* case_process.h: one case in its own process, from its first step to its last. */
#ifndef POOLPROOF_CASE_PROCESS_H
#define POOLPROOF_CASE_PROCESS_H

#include "slot.h"

/*
 * Once in the supervisor, before the first checker: forgets the variables of the
 * environment that are meant for other users of Check.
 *
 * Valgrind translates what a process executes, and a child has what its parent
 * had translated: so under Valgrind it does once what is done in each case
 * besides its body.
 */
void checkers_begin(void);

/* The keeper of a case; see guest.h. */
_Noreturn void checker_main(const struct pp_case *c, int output);

/*
 * Look for threads and descriptors that are there now and were not before,
 * processes too, and decide LEAK.
 */
void leaks_begin(void);
void leaks_judge(void);

#endif
