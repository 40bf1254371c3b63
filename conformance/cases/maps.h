/* SPDX-License-Identifier: MIT */
/* maps.h: what the cases about map share: iterators, arguments that are gates, and threads that ask. */
#ifndef POOLPROOF_CASES_MAPS_H
#define POOLPROOF_CASES_MAPS_H

#include "case.h"

/* What a clock may be coarse by. */
#define TICK 0.001

#define MANY 1000

/* Three arguments. */
extern void *const abc[3], *const two_three_four[3];

/* map without a limit and without a buffersize, which must be accepted. */
struct pp_map *mapped(struct pp_executor *e, pp_task *task, void *const *args, size_t count);

/* The next is that; there is none any more. */
void expect_next(struct pp_map *it, int status, void *expected);
void expect_stop(struct pp_map *it);

/* One more task runs: no worker was lost and nothing is held. */
void expect_usable(struct pp_executor *e);

/* Raises its argument if that is an odd number. */
int task_raise_odd(void *arg, void **outcome);

/* An argument that is a gate to pass. */
struct step {
	struct gate *gate;
	struct counter *ended;
	void *value;
	bool raises;
};
int task_step(void *step, void **outcome);

/* n arguments, each with a gate of its own, and one count of those that ended. */
struct counter *steps_new(void **args, int n);
void open_step(void *step);
void await_step(void *step);

/* A thread that asks an iterator for one. */
struct asker {
	struct pp_map *it;
	void *outcome;
	int status;
	struct counter *returned;
	struct thread *thread;
};
void asker_start(struct asker *a);

#endif
