/* SPDX-License-Identifier: MIT */
/*
 * stage.h: what a round of a scenario acts on; for stage*.c alone, scenarios have scenario.h.
 *
 * The stage lies in the arena, so that tasks may be processes.  What threads of a
 * round tell each other through it are relaxed atomics, and a record is judged
 * by the main thread once the round is over: the harness orders nothing that the
 * executor is to order.  An item's payload is the opposite: plain memory, written
 * by its task and read by all who were told that it has ended, so that a
 * sanitizer sees whether the executor has ordered the two.
 *
 * What the main thread waits for when nothing else tells that it has happened
 * (a callback of an executor that was released) is a semaphore.
 */
#ifndef POOLPROOF_STAGE_H
#define POOLPROOF_STAGE_H

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "race.h"

#define ITEMS 8	   /* that a scenario names */
#define SPARES 24  /* of further threads of a crowd */
#define MAPS 2	   /* in a round */
#define MAPPED 4   /* arguments of a map */
#define BEGINNERS 8 /* initializers at the gate, each at its own part of it */
#define HOLDER ITEMS
#define FIRST_SPARE (ITEMS + 1)
#define FIRST_MAPPED (FIRST_SPARE + SPARES)
#define ALL (FIRST_MAPPED + MAPS * MAPPED)
#define CALLBACKS 8
#define NOTES 8

#define NOT_YET (-1)

/* Relaxed, as the head of this file says. */
#define GET(what) atomic_load_explicit(&(what), memory_order_relaxed)
#define SET(what, value) atomic_store_explicit(&(what), (value), memory_order_relaxed)
#define ADD(what) atomic_fetch_add_explicit(&(what), 1, memory_order_relaxed)

struct callback {
	struct item *item;
	struct pp_future *f;
	atomic_int added; /* what add_done_callback returned */
	atomic_int called;
};

/* Of the handle of a work item's future.  Who looks at it while it is dropped releases it. */
enum hold { HELD, DROPPED, LOOKED_AT };

struct item {
	int number;
	enum ending ending;
	bool gated;	  /* its task waits for the gate; of the set-up, for who opens it reads it */
	bool own;	  /* of the executor author's half */
	bool mapped;
	bool has_release;
	bool early;	  /* submitted in set-up */
	struct pp_future *f;
	long payload;	  /* see the head of this file */

	/* Relaxed, from here to called. */
	atomic_int status; /* what submit returned */
	atomic_int begun;
	atomic_int ended;
	atomic_int cancels_begun;
	atomic_int cancels_true;
	atomic_int cancels_false;
	atomic_int outcomes_set; /* set_result and set_exception that succeeded */
	atomic_int told;	 /* the first status that result told */
	atomic_int released;	 /* times that the release function was called */
	atomic_int dropped; /* enum hold; in order */
	atomic_bool starved; /* there was no thread to be had when it was submitted */
	atomic_int callback_count;
	struct callback callbacks[CALLBACKS];

	sem_t arrived; /* its task is at the gate */
	sem_t go;      /* and may pass it */
	sem_t called;
	sem_t let_go;
	sem_t over; /* its task has ended */
};

struct mapping {
	struct item *first; /* of its work items, which are its arguments */
	int count, next;
	struct pp_source source;
	char text[RACE_TEXT]; /* what map has told */
};

struct stage {
	sem_t begun, left;	/* by an initializer that is awaited, as it begins and as it ends; kept like the next */
	sem_t begin[BEGINNERS]; /* kept from round to round: a worker that was released may be late */

	struct item items[ALL];
	struct pp_executor *e;
	bool has_initializer;
	bool initializer_awaited; /* one has begun in set-up, and the round ends no earlier than it */
	int failing;
	int workers;
	struct mapping mappings[MAPS];
	char texts[NOTES][RACE_TEXT];

	/* Relaxed, from here to the end. */
	atomic_bool open; /* the gate */
	atomic_int spares;
	atomic_int maps;
	atomic_bool pool_released;
	atomic_bool waited;	/* a shutdown that waits has returned */
	atomic_bool cancelling; /* a shutdown that cancels has begun */
	atomic_int initializers;
	atomic_int inside; /* tasks that have begun and not ended */
	atomic_bool failed; /* an initializer is about to return that it failed */
	atomic_long notes[NOTES];
};

extern struct stage *stage;

/* Which of the threads that do the same this one is, from 0; the first is the one that is asked about. */
extern _Thread_local int stage_copy_number;

static inline struct item *item(int i)
{
	return &stage->items[i];
}

static inline void await(sem_t *s)
{
	while (sem_wait(s) != 0 && errno == EINTR)
		;
}

/* FAIL unless a shutdown, or a release, that must succeed has. */
void stage_must_be_ok(const char *entry, int status);

/* Opened for good: for those who wait at the gate, and those who come later. */
void stage_open_gate(void);

/* What the backend calls. */
int stage_task(void *item, void **outcome);
int stage_callback(struct pp_future *f, void *callback);

/* Submit the task of an item, with its release function where there is one; the status. */
int stage_submit(struct item *it, enum ending ending);

/* What result tells, which is judged and noted; timeouts as result has them. */
int stage_ask_result(struct item *it, double timeout);

/* FAIL, breaking clause, unless who was told of the end of an item sees what its task has written. */
void stage_judge_payload(const char *clause, struct item *it, const char *who);

/* The last step of a round. */
void stage_items_end(void);

/* What was posted by another process, which has ended, no tool has counted: make it anew. */
void stage_places_renew(void);

#endif
