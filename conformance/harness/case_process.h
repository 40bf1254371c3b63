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

/* What a checker is to do next; in memory that it shares with the supervisor, who alone writes. */
struct errand {
	const struct pp_case *c;
	double scale; /* of times */
	bool warm;    /* after an executor has come and gone, with what the first one opens for good */
};

/* For guest_start, with a struct errand: a keeper for one case after the other. */
_Noreturn void checker_main(void *errand, int output);

/*
 * Look for threads and descriptors that are there now and were not before,
 * processes too, and decide LEAK.
 */
void leaks_begin(void);
void leaks_judge(void);

/* Around the loading of the backend: what a library opens then, before there is an executor, is nobody's leak. */
void leaks_load_begin(void);
void leaks_load_end(void);

#endif
