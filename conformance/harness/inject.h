/* SPDX-License-Identifier: MIT */
/*
 * inject.h: memory and threads that run out at a chosen call.
 *
 * An object that is preloaded into the tool (conformance/inject/) stands before
 * malloc, its relatives and pthread_create, for a backend that was not built for
 * it and whose source need not be there.  A fuzzing target has the same linked to it
 * (fuzz/wrap.c).
 */
#ifndef POOLPROOF_INJECT_H
#define POOLPROOF_INJECT_H

#include <stdbool.h>

/*
 * Of the tool, before anything else: see to it that the object is loaded, by
 * starting over with it.  Returns if it is there, or is not to be had, or
 * cannot be used because a sanitizer or Valgrind takes that place.
 */
void inject_begin(char **argv);

/* Is it there, and asked for memory? */
bool inject_is_there(void);

/*
 * For cases: UNSUPPORTED unless the object is there and is asked for memory.  Loads
 * the backend, which is not to happen under failures.
 */
void need_injection(void);

/*
 * Of the calling thread, fail the nth request for memory or a thread from now on,
 * and if lasting all that follow.  disarm: no more; true if one has failed.
 */
void inject_arm(int nth, bool lasting);
bool inject_disarm(void);

/* One has failed, between the two; or is still to fail. */
bool inject_failed(void);
bool inject_armed(void);

/*
 * Between the two nothing that the calling thread asks for is counted or fails: for code
 * of the harness that a backend calls.  They nest; where nothing can fail they do nothing.
 */
void inject_pause(void);
void inject_resume(void);

/* Blocks of memory that the process has taken and not given back. */
long inject_blocks(void);

#endif
