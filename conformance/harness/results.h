/* SPDX-License-Identifier: MIT */
/*
 * results.h: what race and fuzz came to, as JSON that can be added up.
 *
 * poolproof.schema.json says what is in it.  Each file names the parts that it is
 * the result of, a seed and a shard each; so nothing is counted twice, and what
 * was merged can be merged again.
 */
#ifndef POOLPROOF_RESULTS_H
#define POOLPROOF_RESULTS_H

#include <stdio.h>

#include "shard.h"

/* The package without which there is none of this in the build; else NULL. */
extern const char *const results_missing;

struct fuzz_finding {
	const char *outcome; /* FAIL, HUNG, ... */
	const char *clause;  /* "" if none */
	const char *message;
	const char *program; /* the file it was written to; "" if none */
	unsigned long times;
};

/* One run of fuzz. */
struct fuzz_results {
	const char *backend, *backend_version;
	uint64_t seed;
	struct shard shard;
	unsigned threads;
	unsigned long programs, unjudged;
	unsigned features;
	double seconds;
	const struct fuzz_finding *findings;
	size_t count;
	bool complete; /* not interrupted */
};
bool results_write_fuzz(FILE *f, const struct fuzz_results *fuzz);

/* ---- merging: memory that runs out ends the process --------------------------- */

struct results; /* the sum so far */

struct results *results_new(void);
void results_free(struct results *r);

/*
 * Add what the size bytes at text say; name is what to call them.  False with one
 * line in error if they are no results of race or fuzz, are about something else than
 * those before them, or hold a part that is there already; then r is only to be freed.
 */
bool results_add(struct results *r, const char *name, const char *text, size_t size, char *error, size_t error_size);

/* What is there, after one results_add or more: as JSON, and for a reader. */
bool results_write(const struct results *r, FILE *f);
void results_print(const struct results *r, FILE *f);

/* True if there is something red, stale or incomplete. */
bool results_red(const struct results *r);

#endif
