/* SPDX-License-Identifier: MIT */
/* runner.h: runs the selected cases, some at a time, and gives each a verdict. */
#ifndef POOLPROOF_RUNNER_H
#define POOLPROOF_RUNNER_H

#include "outcome.h"

struct runner {
	const struct pp_case *const *cases;
	size_t count;
	size_t jobs; /* how many at a time; 1 or more */

	/* Told of each verdict as its case ends; keeps the strings.  False ends the run. */
	bool (*verdict)(void *arg, struct verdict *v);
	void *arg;
};

enum runner_end {
	RUNNER_DONE,
	RUNNER_INTERRUPTED, /* by SIGINT or SIGTERM; the cases are ended */
	RUNNER_FAILED	    /* error says why, or verdict returned false */
};

enum runner_end runner_run(const struct runner *r, char *error, size_t size);

/* ---- the backend, before anything else ------------------------------------------ */

/*
 * Load target in a guest, under a deadline, and tell what it is.  false with
 * one line in error, which says what to do, if it will not do.  A note on stderr if it will,
 * but ThreadSanitizer does not see what it does.
 */
bool probe(char **name, char **version, char *error, size_t size);

#endif
