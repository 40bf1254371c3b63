/* SPDX-License-Identifier: MIT */
/* rehearsal.h: a case that is done before the others, for what it leaves translated. */
#ifndef POOLPROOF_REHEARSAL_H
#define POOLPROOF_REHEARSAL_H

/*
 * The body of a case on the executor that is shipped as an example; without an executor
 * if that is not there.  It leaves nothing.  In a process that has loaded no backend, and
 * has a slot and an arena.
 */
void rehearse_case(void);

#endif
