/* SPDX-License-Identifier: MIT */
/* callbacks.h: what the cases about callbacks share: callbacks that record, and futures about to be done. */
#ifndef POOLPROOF_CASES_CALLBACKS_H
#define POOLPROOF_CASES_CALLBACKS_H

#include <pthread.h>
#include <sys/types.h>

#include "futures.h"

/* add_done_callback, which must be accepted. */
void add_callback(struct pp_future *f, pp_done_callback *callback, void *arg);

/* A callback that puts value into order. */
struct note {
	struct record *order;
	long value;
};
int callback_note(struct pp_future *f, void *note);

/* Add count such callbacks, of the values from 0 on; their order, once all were called, is that of the adding. */
#define NOTES 10
struct record *add_notes(struct pp_future *f, int count, pp_done_callback *callback);
void expect_order(struct record *order, int count);

/* What a callback sees of its future, and where; calls is counted when it has looked. */
struct look {
	struct counter *calls;
	struct pp_future *f;
	int done;
	int cancelled;
	int status;
	void *outcome;
	pid_t pid;
	pthread_t thread;
};
struct look *look_new(void);
int callback_look(struct pp_future *f, void *look);

/* A look at f, which the case makes done after this, or has made so before. */
struct look *look_at(struct pp_future *f);

/* A PENDING future of a pool that breaks when *gate is opened. */
struct pp_future *future_about_to_break(struct pp_executor **e, struct gate **gate);

/* A PENDING future that shutdown can cancel, behind a worker held at *gate. */
struct pp_future *future_about_to_be_cancelled(struct pp_executor **e, struct gate **gate);

#endif
