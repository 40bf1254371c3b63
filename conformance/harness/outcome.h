/* SPDX-License-Identifier: MIT */
/*
 * outcome.h: what a run of the suite produces, from the runner to the reports.
 *
 * Data flows one way: ledger -> selection -> runner -> expectations -> reports.
 */
#ifndef POOLPROOF_OUTCOME_H
#define POOLPROOF_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "case.h"
#include "shard.h"

/* How a case ended.  The order is that of the summary. */
enum outcome {
	PASS,
	FAIL,	     /* a check did not hold */
	HUNG,	     /* blocked for good, or past its deadline */
	CRASHED,     /* a signal, or the process was left too early */
	RACE,	     /* a sanitizer or Valgrind reported an error */
	LEAK,	     /* a thread, a descriptor or memory left behind */
	UNRESOLVED,  /* the set-up failed: nothing was learned; red */
	XPASS,	     /* expected not to pass, and passed; red */
	SLOW,	     /* passed, but only with a larger deadline */
	XFAIL,	     /* failed as its expectation says */
	FLAKY,	     /* its expectation says it may pass or fail */
	UNSUPPORTED, /* the backend does not claim the feature */
	UNTESTED,    /* there is no case that could tell */
	OUTCOME_COUNT
};

/* "PASS"; and "pass", the key of a summary. */
const char *outcome_name(enum outcome o);
const char *outcome_key(enum outcome o);

/* The outcome with that name, in any case of letters; OUTCOME_COUNT if none. */
enum outcome outcome_named(const char *name);

/* True if o makes the run exit with 1. */
bool outcome_is_red(enum outcome o);

enum level { MUST, SHOULD, MAY };
const char *level_name(enum level l);

/* One clause of the specification.  Texts are plain UTF-8 with '\n' between lines. */
struct clause {
	const char *name;	   /* "CANCEL-3" */
	const char *feature;	   /* "cancel" */
	const char *chapter;	   /* title of the chapter */
	const char *file;	   /* "spec/cancel.md" */
	int line;
	enum level level;
	const char *since;	   /* first profile, "3.2"; never NULL */
	const char *until;	   /* last profile, or NULL */
	const char *changed_in;	   /* "3.8, from WORKER-26; 3.13, to WORKER-24", or NULL */
	const char *rule;
	const char *why;
	const char *linearization; /* NULL if it has none */
	const char *observer;	   /* "caller, by `cancel`; task" */
	const char *left_open;	   /* NULL if there is nothing */
	const char *source;
	const char *untested;	   /* why no case is possible, or NULL */
};

/* The ledger, made from spec/ by the build, in the order of the chapters. */
extern const struct clause ledger[];
extern const size_t ledger_size;

/* The clause of that name (any case of letters), or of a case's name; NULL if none. */
const struct clause *ledger_find(const char *name);
const struct clause *ledger_of_case(const char *case_name);

/*
 * A scenario of which the explorer has executed every schedule on the reference: these
 * outcomes, with " | " between them in the order of their letters, and only these.  Made from
 * conformance/scenarios/outcomes by the build; the last has no name.
 */
struct exhaustion {
	const char *scenario;
	unsigned long executions;
	const char *outcomes;
};
extern const struct exhaustion exhaustions[];

/* That of a scenario; NULL if it was never exhausted. */
const struct exhaustion *exhaustion_find(const char *scenario);

/*
 * Profiles are versions "3.2", "3.3", ... up to the newest that the ledger
 * names.  -1, 0 or 1 as a is older than, the same as, or newer than b.
 */
int profile_compare(const char *a, const char *b);
bool clause_in_profile(const struct clause *c, const char *profile);

/* The rounds of a scenario in a race; all of it borrowed. */
struct rounds {
	const struct scenario *scenario;
	unsigned long count;
	double seconds;			/* inside them */
	const unsigned long *outcomes; /* how often each one that the scenario lists */
};

/* What a case costs besides its body: parts of its seconds, in the order of time. */
enum price {
	PRICE_START, /* a fork, and Check's preparations */
	PRICE_LOAD,  /* of the backend */
	PRICE_LEAVE, /* clean-up, finish, the search for what was left behind */
	PRICE_REPORT, /* until the supervisor has the verdict */
	PRICE_COUNT
};

/* What became of one case.  Strings are the verdict's own; NULL if there is none. */
struct verdict {
	const struct pp_case *c;
	const struct clause *clause;
	enum outcome outcome;
	char *message;	/* one line or more: what happened */
	char *expected; /* of the check that failed */
	char *observed;
	char *where;	/* "file:line" of the check */
	char *stacks;	/* of every thread, if it hung */
	char *output;	/* what the case wrote to stdout and stderr, cut */
	char *reason;	/* from the expectation file */
	char *repeat;	/* the command that repeats it, if not that of the run */
	double seconds; /* wall clock, of the last try */
	const struct rounds *rounds; /* NULL but in a race */
	bool priced;	/* it went through all of its phases: */
	double prices[PRICE_COUNT];
};

/* What a run is about; the same for all of its verdicts. */
struct run {
	const char *tool;    /* "poolproof" */
	const char *version;
	const char *command; /* "run" or "race" */
	uint64_t seed;	     /* in a race; so is the shard */
	struct shard shard;  /* 0/0 if not in a race */
	char *backend_name;
	char *backend_version;
	const char *profile;
	size_t total;	     /* verdicts to come */
	char *repeat;	     /* the command that repeats a case, without its --case */
	unsigned summary[OUTCOME_COUNT]; /* so far */
	unsigned long rounds; /* of a race, so far */
	double seconds;	     /* so far */
	bool verbose;	     /* the console tells about every verdict */
	char *stale;	     /* stale expectations, one a line, known at the end; NULL if none */
};

/* 0 if run ended as it should: every verdict there, none red, nothing stale; else 1. */
int run_exit_status(const struct run *run);

/* The counts of the closing line. */
unsigned run_verdicts(const struct run *run); /* all */
unsigned run_passed(const struct run *run);   /* PASS, SLOW, XFAIL, FLAKY */
unsigned run_red(const struct run *run);
unsigned run_skipped(const struct run *run); /* UNSUPPORTED, UNTESTED */

/* Free what v holds, and clear it. */
void verdict_clear(struct verdict *v);

/*
 * Clean every string of v with text_clean; those must be malloc's.  Done by
 * expect_apply and reports_verdict; a second time changes nothing.
 */
void verdict_clean(struct verdict *v);

/* The name of the case; the clause's where there is no case (UNTESTED). */
const char *verdict_name(const struct verdict *v);
const char *verdict_clause(const struct verdict *v);  /* "" if none */
const char *verdict_feature(const struct verdict *v); /* "" if none */
const char *verdict_level(const struct verdict *v);   /* "MUST" if none */
const char *verdict_message(const struct verdict *v); /* "" if none */

/* Why the verdict is what it is: the reason, else the message, else "". */
const char *verdict_reason(const struct verdict *v);

/* The command that repeats just this verdict; malloc's. */
char *verdict_repeat(const struct run *run, const struct verdict *v);

/*
 * A report: the console, TAP, JUnit or JSON.  verdict is called once for each
 * case, in the order in which they ended; end when the last has.  Each report
 * is complete on disk after every call.
 */
struct report {
	const struct report_type *type;
	FILE *file;
	const char *path;    /* as given; NULL for a stream of the caller's */
	struct report *next;
	bool rewritable;     /* a regular file: a trailer can be taken back */
	long long start;     /* of a rewritable file, where the report begins */
	long long body;	     /* and where its next record goes */
};
struct report_type {
	const char *option;  /* "json" */
	size_t size;	     /* of the struct that begins with struct report */
	bool (*begin)(struct report *r, const struct run *run);
	bool (*verdict)(struct report *r, const struct run *run, const struct verdict *v);
	bool (*end)(struct report *r, const struct run *run);
	const char *module;  /* the module that has it as its report_type (module.h), or NULL */
	const char *missing; /* the package without which this was built, or its module was not; else NULL */
};

#endif
