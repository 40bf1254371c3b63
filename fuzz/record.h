/* SPDX-License-Identifier: MIT */
/*
 * record.h: a table of entries that stands before a backend's, and writes down what
 * passes through it.
 *
 * A case calls it as it would call the backend, and is called by way of it: tasks,
 * callbacks, initializers, release functions and sources.  It hands everything on
 * unchanged, takes no memory and no lock, and starts no thread.  What the history
 * then lacks is told as gaps:
 *
 * - An entry that changes nothing the model knows is passed on and not written.
 * - An object beyond the bounds of a history is not written, and nothing that is
 *   done to it.
 * - If there is no room for another event, nothing is written from then on:
 *   the history is a true beginning of what happened.
 */
#ifndef FUZZ_RECORD_H
#define FUZZ_RECORD_H

#include <poolproof/backend.h>

#include "history.h"

enum record_gap {
	GAP_WORKERS,   /* worker_count and worker_name were asked */
	GAP_LOG,       /* set_log_hook */
	GAP_BUFFER,    /* a map with a buffersize */
	GAP_ARGUMENTS, /* a map of more arguments than there is room for */
	GAP_FUTURES,   /* more futures than there is room for */
	GAP_EXECUTORS,
	GAP_EVENTS,
	GAP_FORK,      /* what the child of a fork does */
	GAP_EXIT,      /* processes that end, or are several: there is no common end */
	GAPS
};
extern const char *const gap_texts[GAPS];

/* In memory that the processes of a case share with whoever judges it. */
struct record {
	struct history history;
	atomic_uint gaps;      /* a bit each */
	atomic_int executors;  /* numbers given out */
	atomic_int tables;     /* processes that have loaded the backend */
	atomic_bool over;      /* nothing is written any more */
	unsigned blind;	       /* calls that are not written, a bit for each enum call_kind */
};

/*
 * From now on this process writes to r what goes through *table.  Once in a
 * process, before the first call.
 */
void record_stand_before(struct pp_backend *table, struct record *r);

/* No process writes any more: make r's history one that can be judged. */
void record_close(struct record *r, bool ended_well);

#endif
