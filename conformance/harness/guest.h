/* SPDX-License-Identifier: MIT */
/*
 * guest.h: processes that run foreign code, and what the supervisor does about it.
 *
 * A guest is a small tree: the process that the supervisor forked, its keeper,
 * runs no foreign code; everything below it may be a backend's.  The keeper
 * adopts what is left running and ends it.  For a case the keeper is the checker,
 * which stays for one case after the other: forking the supervisor is dear.
 *
 * The supervisor has one thread and sleeps in poll: for a child that ends, for a
 * signal, or for the moment when a guest that takes long is to be looked at.
 */
#ifndef POOLPROOF_GUEST_H
#define POOLPROOF_GUEST_H

#include "slot.h"
#include "watch.h"

enum guest_end {
	GUEST_RUNNING,
	GUEST_ENDED,   /* by itself */
	GUEST_BLOCKED, /* ended by us: blocked for good */
	GUEST_STOPPED, /* ended by us: stopped by a signal */
	GUEST_OVERDUE  /* ended by us: past its deadline */
};

struct guest {
	pid_t pid;    /* of the keeper; 0 if there is none */
	bool resting; /* the keeper has stopped, until it is given more */
	struct slot *slot;
	int output;	/* a file in memory: what it wrote to stdout and stderr */
	double started; /* on the clock of now() */
	double seconds; /* that it took; set when it has ended */
	double limit;	/* seconds it may take, besides those that other programs cost it */

	enum guest_end end;
	int status;   /* of the keeper, as waitpid gave it; 0 if it rests */
	char *stacks; /* malloc'd, or NULL */

	double next_look;
	struct watch_share share;
	double starved; /* seconds in all, since a quarter of the limit */
	struct watch watch;
	double decided; /* when a verdict was first seen in the slot, or 0 */
	double killed;	/* when its tree was killed, or 0 */
};

/* The seconds that a guest may take at time_scale 1. */
#define GUEST_LIMIT 10.0

/* Once, before the first guest: signals and orphans come to this process. */
bool guests_begin(char *error, size_t size);

/*
 * For a loop of one's own: when guests_news() can be read, guests_interrupted() does, and
 * tells whether SIGINT, SIGTERM or SIGHUP has come.
 */
int guests_news(void);
bool guests_interrupted(void);

/* Map the slot and open the output of a guest that is all zero. */
bool guest_open(struct guest *g, char *error, size_t size);
void guest_close(struct guest *g);

/*
 * Fork a keeper: it calls keeper(arg, output), which does not return.  One that rests is woken
 * instead (keeper_rest), and finds in memory that both share what is new.
 */
bool guest_start(struct guest *g, void (*keeper)(void *arg, int output), void *arg, double limit);

/*
 * Sleep until one of count guests has ended, and return it, its keeper gone or at rest.
 * NULL after SIGINT or SIGTERM, which end all of them.
 */
struct guest *guests_wait(struct guest *guests, size_t count);

/* End all that still run. */
void guests_end(struct guest *guests, size_t count);

/* What it wrote, malloc'd; of more than max bytes the first and the last. */
char *guest_output(const struct guest *g, size_t max);

/* ---- guests that are not cases ------------------------------------------------- */

/* A keeper for body(arg): it runs in a child, whose end is left in the slot. */
struct keeping {
	void (*body)(void *arg);
	void *arg;
};
void keep_body(void *keeping, int output);

/* Run body as a guest, on its own, until it has ended.  False if interrupted. */
bool guest_run(struct guest *g, void (*body)(void *arg), void *arg, double limit);

/* "was killed by SIGSEGV (Segmentation fault)": how g ended, malloc'd; NULL if it ended well. */
char *guest_end_text(const struct guest *g);

/* "SIGSEGV (Segmentation fault)" or "signal 40", in a buffer of the function's own. */
const char *signal_text(int signal);

#endif
