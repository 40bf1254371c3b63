/* SPDX-License-Identifier: MIT */
/*
 * keeper.h: the process above everything that is not ours, for a case and for
 * any other guest.
 */
#ifndef POOLPROOF_KEEPER_H
#define POOLPROOF_KEEPER_H

#include <sys/types.h>

/* The first thing that a keeper does.  output becomes its stdout and stderr. */
void keeper_begin(int output);

/* The last: end what was left behind, and leave. */
_Noreturn void keeper_end(void);

/* Or: end what was left behind, and stop until guest_start() wakes this keeper for another guest. */
void keeper_rest(void);

/*
 * The first thing that a process below a keeper does: it dies with it, and the
 * threads that it has by now are none of a backend's.
 */
void guest_begin(pid_t keeper);

/* This process, which parent has forked, dies with it, also if that has died by now. */
void die_with(pid_t parent);

#endif
