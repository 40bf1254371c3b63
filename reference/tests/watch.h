/* SPDX-License-Identifier: MIT */
/*
 * watch.h: stands between libcfutures and the system.  The program is linked
 * with --wrap for each function that WRAPPED in the Makefile names; watch.c
 * counts what they take and give back, makes one of them fail, tells when a
 * thread sleeps, and calls a hook at a chosen step of a call.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>

/* ---- gates ------------------------------------------------------------------ */

/* All zero: closed.  Once open it stays so. */
struct gate {
	bool open;
};

/* They work in the child of a fork as well. */
void gate_open(struct gate *g);
void gate_wait(struct gate *g);
bool gate_is_open(struct gate *g);

/* ---- what was taken and not given back ----------------------------------------- */

struct balance {
	long blocks;   /* of memory */
	long threads;  /* that run */
	long unjoined; /* threads neither joined nor detached */
};

struct balance balance_now(void);

/* Until so many threads are left of those that were started and watched. */
void await_threads(long threads);

/* How often realloc was called, and pthread_create, and how often a thread slept on a condition. */
struct calls {
	long reallocs, thread_starts, sleeps;
};

struct calls calls_now(void);

/* ---- faults -------------------------------------------------------------------- */

/*
 * Fail, of the calls from now on that can fail for want of memory or threads,
 * the nth (from 1).  disarm: true if it came to that.
 */
void fault_arm(int nth);
bool fault_disarm(void);

/* ---- sleepers -------------------------------------------------------------------- */

/*
 * Until so many threads sleep on condition variables of the library (gates do
 * not count) or have passed the point of no return on their way to it: what
 * takes the lock they gave up finds them asleep.
 */
void await_sleepers(long sleepers);

/* Until a thread is about to sleep in pthread_join, holding no lock. */
void await_join(void);

/* ---- steps ------------------------------------------------------------------------ */

/*
 * A step of a thread is a moment at which it has dropped its last lock.  Have
 * the nth step (from 1) of the calling thread from now on call hook(arg); or,
 * with 0, none.
 */
void step_hook(int nth, void (*hook)(void *arg), void *arg);

/* A hook that stops its thread, for another to look at the world meanwhile. */
struct pause {
	struct gate reached, resume;
	struct gate over; /* to be opened when there is no such step */
};

void pause_here(void *pause);

/* Until the thread is stopped: true; or until it is over or no thread is left: false. */
bool await_pause(struct pause *p);

#endif
