/* SPDX-License-Identifier: MIT */
/* case_process.h: one case in its own process, from its first step to its last. */
#ifndef POOLPROOF_CASE_PROCESS_H
#define POOLPROOF_CASE_PROCESS_H

#include "slot.h"

/* The keeper of a case; see guest.h. */
_Noreturn void checker_main(const struct pp_case *c, int output);

/*
 * Valgrind translates what a process executes, and a child has what its parent
 * had translated: so under Valgrind the supervisor does once what is done in
 * each case besides its body.
 */
void rehearse(void);

/*
 * Look for threads and descriptors that are there now and were not before,
 * processes too, and decide LEAK.
 */
void leaks_begin(void);
void leaks_judge(void);

#endif
