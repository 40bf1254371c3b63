/* SPDX-License-Identifier: MIT */
/* waits.h: what the cases about wait share: tasks that are let go of one by one, and threads inside wait. */
#ifndef POOLPROOF_CASES_WAITS_H
#define POOLPROOF_CASES_WAITS_H

#include "futures.h"

#define MODES 3

/* Each return_when, and its name at the place that its number is: "FIRST_COMPLETED". */
extern const enum pp_return_when modes[MODES];
extern const char *const mode_names[MODES];

/* A task of e held at a gate of its own, which returns or raises token(1): RUNNING until held_finish. */
struct held {
	struct gate *gate;
	bool raises;
	struct pp_future *f;
};
struct held *held_new(struct pp_executor *e, bool raises);

/* Let go of it, and return when it is done. */
void held_finish(struct held *h);

/* A thread inside wait. */
struct wait_call {
	struct pp_future *fs[4];
	size_t count;
	double timeout;
	enum pp_return_when return_when;
	int status; /* after expect_returns */
	bool done[4];
	struct counter *returned;
	struct thread *thread;
};

/* The body of such a thread, which returned counts when it has left wait. */
void wait_call_body(void *wait_call);

/* The thread is inside wait, or has left it, when this returns; the caller has set the first four. */
void wait_call_start(struct wait_call *w);

/* The thread, which had time to leave, is inside; it leaves, and was told OK. */
void expect_still_waiting(struct wait_call *w);
void expect_returns(struct wait_call *w);

#endif
