/* SPDX-License-Identifier: MIT */
/*
 * process.h: what the executors of a process share: its exit, its forks, and
 * its log.
 */
#ifndef CF_PROCESS_H
#define CF_PROCESS_H

#include <stdbool.h>

struct cf__resident;

/* What process.c asks of an executor. */
struct cf__resident_ops {
	/* fork: take and drop the executor's lock. */
	void (*lock)(struct cf__resident *r);
	void (*unlock)(struct cf__resident *r);
	/* In the child, holding every lock: do without its workers, and drop its
	 * lock.  False if nobody in the child will ever destroy it; then destroy
	 * is called. */
	bool (*forked)(struct cf__resident *r);
	void (*destroy)(struct cf__resident *r);

	/* exit: refuse new work; take a handle, unless it is being destroyed;
	 * let its work finish, join its workers and drop that handle. */
	void (*stop)(struct cf__resident *r);
	bool (*hold)(struct cf__resident *r);
	void (*drain)(struct cf__resident *r);
};

/* An executor in the process's list.  All under the lock of process.c. */
struct cf__resident {
	const struct cf__resident_ops *ops;
	struct cf__resident *prev, *next;
	bool drained; /* exit has been through it */
};

/*
 * Install the hooks for exit and fork, unless they are: before the first
 * future or executor is made.  False if memory is out.
 */
bool cf__process_install(void);

/*
 * Enter r.  *number is how many were entered before it.  False if the hooks
 * for exit and fork could not be installed.  If the process is leaving
 * already, stop is called at once.
 */
bool cf__process_enter(struct cf__resident *r, unsigned *number);

/* Take r out; on return nobody uses it any more. */
void cf__process_leave(struct cf__resident *r);

/* True on a thread that is a worker of any executor. */
bool cf__is_worker(void);

/* One line to the log hook, or to stderr. */
void cf__log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
