/* SPDX-License-Identifier: MIT */
/*
 * campaign.h: many programs on one backend, each in a process that may crash or
 * hang, a batch of them in each process.
 *
 * What a process is doing stands in memory that it shares with its supervisor:
 * the program, its seed, the history so far.  So a program that takes the
 * process with it is known too.
 */
#ifndef FUZZ_CAMPAIGN_H
#define FUZZ_CAMPAIGN_H

#include "oracle.h"
#include "guest.h"
#include "program.h"
#include "shard.h"
#include "without.h"

enum failure_kind { NO_FAILURE, FAILED, HUNG_UP, CRASH, RACED, LEAKED };

struct failure {
	enum failure_kind kind;
	struct program program;
	uint64_t seed;	    /* of its delays */
	char clause[24];    /* if FAILED; else empty */
	char message[512];
	char *history;	    /* text, malloc'd */
	char *stacks;	    /* malloc'd, or NULL */
};
void failure_clear(struct failure *f);
const char *failure_name(enum failure_kind k);

/* The same thing seen again? */
bool failure_same(const struct failure *a, const struct failure *b);

struct limits {
	double seconds;
	unsigned long runs;
};

struct shared; /* campaign.c */

struct campaign {
	struct guest guest;
	struct shared *shared;
	uint64_t seed;
	unsigned threads;
	struct shard shard;
	struct without without;

	unsigned long runs;    /* so far, of programs that were drawn */
	unsigned long repeats; /* and of those that were given */
	unsigned long unjudged;
	unsigned features;
};

bool campaign_open(struct campaign *c, char *error, size_t size);
void campaign_close(struct campaign *c);

enum campaign_end { CAMPAIGN_DONE, CAMPAIGN_FAILURE, CAMPAIGN_INTERRUPTED };

/* Programs of its own making until one fails or a limit is reached. */
enum campaign_end campaign_search(struct campaign *c, struct limits limits, struct failure *f);

/* The same for one program, again and again. */
enum campaign_end campaign_repeat(struct campaign *c, const struct program *p, uint64_t seed, struct limits limits,
				  struct failure *f);

/*
 * shrink.c: make f->program smaller while it still fails in the same way, for so
 * long; a last try that hangs takes as long as it takes to see that.  Returns how many programs were tried.
 */
unsigned shrink(struct campaign *c, struct failure *f, double seconds);

#endif
