/* SPDX-License-Identifier: MIT */
/*
 * checker.h: what the oracle knows at one event of a history, and how it tells a violation.
 *
 * oracle.c walks; checker_calls.c takes the beginnings of calls, checker_returns.c their
 * returns.  blame.c names the clause for a set that became empty.
 */
#ifndef FUZZ_CHECKER_H
#define FUZZ_CHECKER_H

#include "model.h"
#include "oracle.h"
#include "program.h"

#define THREADS 512

enum acceptance { UNKNOWN, ACCEPTED, REFUSED, PERHAPS };

struct future {
	struct future_model model;
	bool exists;
	enum acceptance acceptance;
	int refusal; /* the status, if refused */
	int executor;
	int call;    /* that made it */
	bool of_map;
	int map_end; /* the call that ended its map and returned, or -1 */
	bool with_release;
	bool cancel_told; /* a cancel returned true */
	int begun, released;
	bool ended;
};

struct executor {
	struct executor_model model;
	bool exists, initializer, may_fail, waited, shut;
	int workers;
	int busy; /* tasks that have begun and not ended */
	bool cancels;
	bool starved; /* a request of a call of it has failed */
	int good_threads[THREADS]; /* that have run the initializer */
	int good_count;
};

struct callback {
	bool exists, known; /* known: add_done_callback has returned OK */
	bool refused;	    /* or NO_RESOURCES */
	int future;
	int add; /* event of the CALL */
	int returned; /* event of the RETURN; -1 if it never does */
	int begun;
};

struct checker {
	const struct history *h;
	struct ruling *found;
	uint8_t *features;
	unsigned at;			  /* the event that is looked at */
	int call_of[CALLS_MAX];		  /* its event; -1 */
	int return_of[CALLS_MAX];	  /* its event; -1 */
	struct future futures[FUTURES_MAX];
	struct executor executors[HISTORY_EXECUTORS];
	struct callback callbacks[CALLS_MAX]; /* by the call that added it */
	uint64_t yielded[CALLS_MAX];	      /* by the as_completed_begin */
	int taken[CALLS_MAX];		      /* outcomes, by the map_begin */
	uint64_t busy_at[CALLS_MAX];	      /* tasks of its executor, by the shutdown or map_begin */
};

/* ---- each takes an event, and returns false when the walk is over ------------------------------- */

bool on_call(struct checker *c, const struct event *e);
bool on_return(struct checker *c, const struct event *e);

/* Both return false: that clause is broken by that event, or nothing can be said of the history. */
bool violation_at(struct checker *c, unsigned event, const char *clause, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
#define violation(c, ...) violation_at(c, (c)->at, __VA_ARGS__)
bool not_judged(struct checker *c);

/* A future's set became empty at event, where e is what was seen; false. */
bool blame(struct checker *c, unsigned event, const struct event *e, int future, unsigned seen);

/* e shows a future in one of states, with that outcome unless it is -1; false, and blamed, if it cannot be. */
bool seen(struct checker *c, const struct event *e, int future, unsigned states, int outcome);

/* ---- what the history holds ------------------------------------------------------------------------ */

/* NULL for what is not there. */
const struct event *event_at(const struct checker *c, int i);
const struct event *question(const struct checker *c, int call);
const struct event *answer(const struct checker *c, int call);
struct future *future_of(struct checker *c, const struct event *e);
struct executor *executor_of(struct checker *c, const struct event *e);

/* Its RETURN e may be NO_RESOURCES. */
bool may_be_refused(const struct checker *c, const struct event *e);

/* The tasks of an executor that have begun and not ended, a bit for each future. */
uint64_t tasks_running(const struct checker *c, int executor);

/* For a fuzzer that is led by what is new: e, seen in one of those states. */
void note_feature(struct checker *c, const struct event *e, unsigned seen);

#endif
