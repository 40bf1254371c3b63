/* SPDX-License-Identifier: MIT */
/*
 * race.h: rounds of a scenario, between the supervisor and the batch process.
 *
 * A batch is one process that makes rounds until it has made enough or its time
 * is up.  Its record is mapped shared, so what it has done is known however it
 * ends.  Round r of seed s draws everything from the number s + r: so one round
 * is repeated by its own number.
 */
#ifndef POOLPROOF_RACE_H
#define POOLPROOF_RACE_H

#include <stdatomic.h>
#include <stdint.h>

#include "scenario.h"

#define RACE_TEXT 192

struct race_record {
	/* Given by the supervisor for each batch. */
	uint64_t seed;	     /* of the first round */
	unsigned long limit; /* rounds */
	double seconds;	     /* that it may take */
	int threads;	     /* of a crowd, at the most */

	/* Kept by the batch process; it only ever adds. */
	atomic_ulong rounds; /* that were begun */
	unsigned long outcomes[SCENARIO_OUTCOMES];
	double spent;	     /* seconds inside rounds that have ended */

	/* About the round that is under way, or the first that was reported. */
	uint64_t round_seed;
	unsigned long round;
	char outcome[RACE_TEXT]; /* of the round, "" before there is one */
	char standing[RACE_TEXT]; /* what the main thread waits for; "" for nothing */
};

/* Of the scenario that this process runs; NULL if not in race. */
extern struct race_record *race_record;

/* Set by race before its batches; gives the record of a scenario. */
extern struct race_record *(*race_record_of)(const struct scenario *s);

/* All scenarios, and the one of that name. */
extern struct scenario *scenarios;
struct scenario *scenario_find(const char *name);

/* ---- delays (delay.c) ----------------------------------------------------- */

void delays_open(void); /* once in a process */

/* A round begins: all that is drawn comes from seed.  Without delays if quiet. */
void delays_begin(uint64_t seed, bool quiet);

/* This is thread number t of the round. */
void delays_thread(int t);

/* A place where another thread may come in between. */
void point(const char *label);

/* How many threads run one body of a crowd, of n bodies with most threads in all. */
int crowd_size(int bodies, int most);

/* ---- the stage (stage.h) ----------------------------------------------------- */

void stage_open(void);		 /* once in a process */
void stage_begin(void);		 /* of each round */
void stage_copy(int copy);	 /* this thread is that one of its crowd */
void stage_settle(void);	 /* bring everything to its end */
void stage_settle_exited(int status); /* the same, of a process that has exited */
void stage_end(void);		 /* release what there is */

/* ---- threads that cannot be started (starve.c) ------------------------------- */

/* Whether the calling thread can start no other. */
void starve(bool yes);

/* Something is wrong, whatever the outcome: ends the case as FAIL. */
_Noreturn void violation(const char *clause, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Of the running scenario; for messages. */
void standing(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
