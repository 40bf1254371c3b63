/* SPDX-License-Identifier: MIT */
/*
 * run_world.h: what a run of a program acts on; for run_*.c alone, others have run_program.h.
 *
 * A slot's users counts who uses its handle: ABSENT before it is made, GONE once
 * it is released.  What tasks and callbacks point at stays mapped for good, with
 * the number of its run: one that comes late, after a release of its executor,
 * finds another number and leaves no mark.  One that came in time is a guest, and the
 * run is not over before it has left.
 *
 * All functions may be called by any thread, but for those of a whole world, which are of the
 * thread that runs the program.
 */
#ifndef FUZZ_RUN_WORLD_H
#define FUZZ_RUN_WORLD_H

#include <pthread.h>
#include <stdatomic.h>

#include "run_program.h"

#define HOOKS_MAX 128

enum { ABSENT = -1, GONE = -2 };

struct slot {
	_Atomic(void *) handle;
	atomic_int users;
};

struct item {
	struct world *world;
	unsigned run;
	int future, executor, kind, operand;
	bool with_release;
	atomic_bool accepted, begun, ended, released;
	atomic_bool may_not_run; /* it, or all of its map, was called off */
};

struct hook {
	struct world *world;
	unsigned run;
	int future, call, kind, operand;
	void *expected;
	int thread; /* that adds it */
	atomic_bool adding, at_once, called;
	bool added;
};

struct gate {
	pthread_mutex_t mu;
	pthread_cond_t opened;
	bool open; /* under mu */
};

struct maker {
	struct world *world;
	unsigned run;
	int kind, executor;
	atomic_int begun;
};

struct world {
	atomic_uint run; /* 0 when none runs */
	atomic_int guests; /* tasks, callbacks and so on of it that are under way */
	const struct pp_backend *b;
	const struct program *p;
	struct history *h;
	uint64_t seed;
	double scale;
	struct slot executors[EXECUTORS_MAX];
	struct slot futures[FUTURES_MAX];
	atomic_bool is_author[FUTURES_MAX];
	struct item items[FUTURES_MAX];
	struct hook hooks[HOOKS_MAX];
	atomic_int hook_count;
	struct maker makers[EXECUTORS_MAX];
	struct gate gates[GATES_MAX];
	atomic_bool may_not_run[EXECUTORS_MAX]; /* not every accepted task of it does */
	atomic_int threads_left;
	atomic_bool ending; /* no future of the author's half is to stay PENDING */
};

/* Tokens stand for themselves; a future's task gives that of its own number. */
extern char world_tokens[FUTURES_MAX + CALLS_MAX];

/* Of this thread. */
extern _Thread_local int world_thread_number;	     /* 0: it has none yet */
extern _Thread_local int world_inside;		     /* the executor whose task this is; as worker of an event */
extern _Thread_local const struct op *world_failing; /* for the next call; or NULL */

/* ---- under the explorer ------------------------------------------------------------ */

#define SCHEDULE_HOOK __attribute__((weak, visibility("default")))

void pp_schedule_begin(void) SCHEDULE_HOOK;
void pp_schedule_touch(const void *p) SCHEDULE_HOOK;
void pp_schedule_idle(void) SCHEDULE_HOOK;

/* What our threads share without a lock, so that its order is explored, too. */
void world_touch(const void *p);

/* ---- events ------------------------------------------------------------------------ */

/* The number of this thread; another one for each that has not been given one. */
int world_thread(void);

/* One of this thread, which names nothing yet; it is not written. */
struct event world_event(enum event_kind kind);

/* Write e, at this time. */
void world_add(struct world *w, struct event *e);

/* The same, with that status; no request fails any longer, and e tells whether one did. */
void world_end(struct world *w, struct event *e, int status);

/* The first of n numbers for futures that no operation names; they may pass FUTURES_MAX. */
unsigned world_new_futures(struct world *w, unsigned n);

/* ---- slots ------------------------------------------------------------------------- */

/* The handle, which is not released before it is let go; NULL if it is not there. */
void *world_acquire(struct slot *s);
void world_let_go(struct slot *s);

/* It is there from now on. */
void world_publish(struct slot *s, void *handle);

/* The handle, for the caller alone, who releases it; NULL if it is used, or not there. */
void *world_take_away(struct slot *s);

/* ---- gates ------------------------------------------------------------------------- */

void world_gate_wait(struct gate *g);

/* For good. */
void world_gate_open(struct gate *g);

/* ---- a world ----------------------------------------------------------------------- */

/* Once in a process, before the first. */
void worlds_open(void);

/* One with nothing in it, which is the caller's until WORLDS more have been made. */
struct world *world_new(const struct running *r);

#endif
