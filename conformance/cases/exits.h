/* SPDX-License-Identifier: MIT */
/*
 * exits.h: what the cases about exit share.
 *
 * Each case runs a process whose main program ends with work to do, and then
 * looks at what its tasks have left in the arena.  They take some time, in which
 * a process that does not wait for them is gone; to be right they need none.
 */
#ifndef POOLPROOF_CASES_EXITS_H
#define POOLPROOF_CASES_EXITS_H

#include "futures.h"

/* What a process and its tasks leave behind. */
struct exit_log {
	struct counter *begun;
	struct counter *ended;
	struct counter *called; /* done callbacks */
	struct gate *ready;	/* what a task needs is set */
	struct pp_executor *e;
	struct pp_future *other;
	int status;
	void *outcome;
	int accepted; /* atomic */
	int refused;  /* atomic */
	int code;     /* to leave with */
	int calls;    /* atomic; of the initializer */
};

/* In the arena; the status begins as -1. */
struct exit_log *exit_log_new(void);

/* A task that counts as begun, takes a short time, and counts as ended; and one that only does the last. */
int task_take_time(void *log, void **outcome);
int task_end(void *log, void **outcome);

/* n workers of e are at it, and queued work items behind them. */
void keep_at_it(struct pp_executor *e, struct exit_log *log, int n, int queued);

/* Run a process with that body, in which it leaves; it left with code. */
void expect_exit(void (*body)(void *), struct exit_log *log, int code);

/* So many tasks had ended when the process was gone. */
void expect_ended(struct exit_log *log, long expected);

/* Both, of a process that needs no more than a log: it left with 0. */
void expect_done(void (*body)(void *), long expected);

#endif
