/* SPDX-License-Identifier: MIT */
/*
 * sanitizers.h: what other tools say about a case: ThreadSanitizer,
 * AddressSanitizer, LeakSanitizer, UndefinedBehaviorSanitizer and Valgrind.
 *
 * A sanitizer may be in the tool (SAN=thread), or come with LD_PRELOAD.  It writes
 * to the standard error of the case, which is where its verdict is found.
 * Valgrind is asked by client requests (under_valgrind.h).
 */
#ifndef POOLPROOF_SANITIZERS_H
#define POOLPROOF_SANITIZERS_H

#include "outcome.h"
#include "under_valgrind.h"

/* By how much everything is slower. */
double sanitizers_slowdown(void);

/*
 * Start what a sanitizer starts with the first thread, so that it is there
 * before the backend is.
 */
void sanitizers_settle(void);

/*
 * In the child of a case's fork: what only threads of the parent knew is no leak
 * of the child, which has no such threads.
 */
void sanitizers_forget_leaks(void);

/*
 * Does the file, a shared object, name what code built with -fsanitize=thread calls?  True if it
 * cannot be read.
 */
bool sanitizers_know(const char *path);

/* False if ThreadSanitizer is in this process and does not see what the code of that file does. */
bool sanitizers_see(const char *path);

/*
 * What a sanitizer said in output, its first lines as one malloc'd text; NULL
 * if none spoke.  *o is RACE, or LEAK.
 */
char *sanitizers_report(const char *output, enum outcome *o);

/*
 * Has one of them reported something in this process?  AddressSanitizer ends it,
 * and LeakSanitizer speaks when all is over.
 */
bool sanitizers_spoke(void);

#endif
