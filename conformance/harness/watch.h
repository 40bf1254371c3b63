/* SPDX-License-Identifier: MIT */
/*
 * watch.h: tells a case that is blocked for good from one that is slow.
 *
 * A sample reads, thread after thread, first how often it was switched out and
 * then which system call it is in.  The verdict needs three samples in a row in
 * which each thread is in a wait that only another thread of the case can end,
 * and no count has changed.
 *
 * Why that is proof, on a machine however busy: a thread that wakes and waits
 * again is switched out once more.  So one that waits in samples 1 and 2, with the
 * same count in sample 3, has slept all the time from its look in sample 1 to its
 * look in sample 2.  Between the end of sample 1 and the start of sample 2, all
 * of them slept at once.  Then none is left to wake another.  Time only says when
 * to look.
 *
 * A process that has a timer of timer_create is never called blocked: that may
 * wake any thread, by a signal whose handler does so.
 *
 * What it cannot know: the same by setitimer or alarm, and a process outside the
 * case's tree that shares a futex with it, could still wake one.  No executor that
 * we know of does either.
 */
#ifndef POOLPROOF_WATCH_H
#define POOLPROOF_WATCH_H

#include "slot.h"

enum watch_result {
	WATCH_ALIVE,   /* as far as is known */
	WATCH_BLOCKED, /* for good */
	WATCH_STOPPED  /* by SIGSTOP and the like */
};

/* What the samples had in common so far.  All zero at first. */
struct watch {
	unsigned long long fingerprint;
	int samples;
	double since;
};

/* Take a sample of the threads of all processes below root. */
enum watch_result watch_sample(struct watch *w, pid_t root, const struct slot *s);

/* The same for the threads of one process besides one. */
enum watch_result watch_threads(struct watch *w, pid_t pid, pid_t besides, const struct slot *s);

/* What the processes below a root had of the processors by the last look; all zero before the first. */
struct watch_share {
	double at;  /* on the clock of now() */
	double ran; /* seconds, of all threads together */
};

/*
 * Look at share again, and estimate the seconds since the look before in which other programs kept
 * the processes below root from running: all in which they have not run, if a thread is ready to.
 * That is right on the average of many looks, but for those that run half of the time, which
 * are given a quarter too much.
 */
double watch_starved(struct watch_share *share, pid_t root);

#endif
