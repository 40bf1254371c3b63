/* SPDX-License-Identifier: MIT */
/*
 * strategy.h: which schedules are executed.
 *
 * A strategy fills in a request, is shown the execution, and so on, until it has
 * nothing left or the explorer has had enough.
 */
#ifndef SCHEDULE_STRATEGY_H
#define SCHEDULE_STRATEGY_H

#include "memory.h"

struct strategy_options {
	uint64_t seed;
	int preemptions; /* of dfs, at the most; -1: any number */
	bool timeouts_any, spurious, races_explored;
	bool whole; /* there is no set-up: all is explored */
	bool fresh; /* a process for each execution */
	uint32_t steps_max;
};

struct strategy {
	const char *name;
	bool exhaustive; /* having nothing left means something */
	void *(*begin)(const struct strategy_options *o); /* NULL: no memory */

	/* False: there is nothing left. */
	bool (*next)(void *state, struct request *r);
	void (*seen)(void *state, const struct memory *m);
	void (*end)(void *state);
};

extern const struct strategy strategy_dfs, strategy_dpor, strategy_random, strategy_pct, strategy_pos,
	strategy_surw;

/* The one of that name; NULL if there is none. */
const struct strategy *strategy_find(const char *name);

/* What every request has in common. */
void request_begin(struct request *r, const struct strategy_options *o, enum policy p);

#endif
