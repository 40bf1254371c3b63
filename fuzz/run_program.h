/* SPDX-License-Identifier: MIT */
/*
 * run_program.h: runs a program on a backend, and writes its history.
 *
 * The set-up runs in a thread of its own, then all other threads at once.  The
 * caller watches: when nothing has moved for a while it opens the gates and
 * finishes the futures of the author's half, so that every program ends.  Then
 * it shuts down, asks every future, waits for callbacks that are to come, and
 * releases everything.
 *
 * What `fail` says is done where it can be (inject.h), and told in the history.
 *
 * What an operation names and is not there (not made yet, refused, released) makes
 * it do nothing.  A handle is only released while nobody else uses it, for
 * that would be the program's error and not the backend's.
 */
#ifndef FUZZ_RUN_PROGRAM_H
#define FUZZ_RUN_PROGRAM_H

#include <poolproof/backend.h>

#include "history.h"
#include "program.h"

struct running {
	const struct pp_backend *backend;
	const struct program *program;
	struct history *history;
	uint64_t seed;	  /* of the delays */
	double scale;	  /* of the time that callbacks are waited for */
};

/* Once in a process, before the first. */
void run_programs_open(void);

/* Operations on entries that the backend lacks do nothing either. */
void run_program(const struct running *r);

/* Seconds on the monotonic clock. */
double run_now(void);

#endif
