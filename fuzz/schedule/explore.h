/* SPDX-License-Identifier: MIT */
/*
 * explore.h: one program, many schedules, and what was found.
 *
 * A failure is confirmed in fresh processes and its trace compared before it is
 * told; then its schedule is made simpler while it fails in the same way.
 */
#ifndef SCHEDULE_EXPLORE_H
#define SCHEDULE_EXPLORE_H

#include <stdio.h>

#include "strategy.h"
#include "target.h"

#define OUTCOMES_MAX 64
#define CONFIRMATIONS 3
#define EXPLORE_SEARCH 0.75 /* of the seconds, if samples are to follow */
#define EXPLORE_BOUNDED 0.5 /* of what is left, for all schedules of few preemptions */
#define UNBOUNDED (-1)

/*
 * Is the execution that has ended a failure?  If so, text says what is wrong.  Deadlocks,
 * livelocks and signals are failures before it is asked.
 */
typedef bool oracle(void *arg, const struct memory *m, char *text, size_t size);

/* Called before each execution. */
typedef void before(void *arg);

/* Is that failure known?  Then it is counted, and the exploration goes on. */
typedef bool known(void *arg, const char *text);

/* The time is up: further seconds for the strategy, which searches or samples; or 0 for no more. */
typedef double more(void *arg, bool searches);

/* Asked before each execution: is there no reason for one more? */
typedef bool enough(void *arg);

struct plan {
	struct subject *subject;
	/* NULL: dpor, and where that does not come to its end dfs with few preemptions, and pct */
	const struct strategy *strategy;
	struct strategy_options options;
	unsigned long schedules; /* 0: any number */
	double seconds;
	known *known; /* NULL: none is */
	void *known_arg;
	more *more; /* NULL: seconds are all there are */
	void *more_arg;
	enough *enough; /* NULL: never */
	void *enough_arg;
	before *before;
	oracle *oracle;
	void *arg;
};

enum result_kind {
	RESULT_EXHAUSTED, /* every schedule, as far as the plan goes */
	RESULT_SAMPLED,
	RESULT_FAILED,
	RESULT_UNCONTROLLED, /* text says what */
	RESULT_ERROR
};

struct outcome_count {
	char *text;
	unsigned long count;
};

struct schedule {
	struct choice *choices;
	uint32_t count;
	uint32_t points; /* racing accesses that are steps of it, as memory has them */
};

struct result {
	enum result_kind kind;
	unsigned long executions; /* of an exhaustive strategy */
	unsigned long complete;	  /* those of them that were not cut by a sleep set */
	unsigned long sampled;
	unsigned long known; /* failures of them */
	double seconds; /* that it took, without those in which it waited for more */
	uint32_t caveats;
	uint32_t longest; /* steps */
	bool searched;	  /* nothing was left; the caveats decide about kind */
	int preemptions;  /* or nothing was left of so many, at the most; UNBOUNDED: not known */
	char text[2 * TEXT_MAX];
	struct outcome_count outcomes[OUTCOMES_MAX];
	int outcome_count;

	/* Of a failure. */
	struct schedule schedule;
	uint64_t hash;
	unsigned long found_after; /* executions */
	bool confirmed;
};

void explore(const struct plan *p, struct result *r);
void result_clear(struct result *r);

/* A number for what the execution did: the same for the same steps. */
uint64_t trace_hash(const struct memory *m);

/* Execute exactly that schedule, or as much of it as is possible. */
bool execute_schedule(const struct plan *p, const struct schedule *s, bool lenient);

/* The same; at its end look is called, while every thread stands where it is. */
bool execute_and_look(const struct plan *p, const struct schedule *s, void (*look)(void *arg, pid_t pid), void *arg);

/* True with a text if the last execution was a failure. */
bool execution_failed(const struct plan *p, char *text, size_t size);

/* The last execution in a column for each thread. */
void print_columns(FILE *f, const struct memory *m);

/* "mutex 3" in a buffer of the function's own; up to four are there at a time. */
const char *object_text(const struct memory *m, int number);
const char *thread_text(const struct memory *m, int number);
const char *operation_name(int kind);

/* Each thread that is there at the end, with what it does. */
void print_standing(FILE *f, const struct memory *m);

#endif
