/* SPDX-License-Identifier: MIT */
/*
 * initializers.h: pools whose initializer fails, for the cases about initializers and broken pools.
 *
 * Most cases keep the initializer that is to fail at a gate: until it is opened
 * the pool is in order, accepts work, and has nobody to do it.
 */
#ifndef POOLPROOF_CASES_INITIALIZERS_H
#define POOLPROOF_CASES_INITIALIZERS_H

#include "futures.h"

#define NONE -1
#define ALL 0

struct plan {
	int failing;	     /* NONE, ALL, or which call of the initializer, from 1 */
	struct gate *gate;   /* where the calls that fail, or with NONE all, wait */
	struct counter *ended;
	int calls;	     /* atomic */
	struct pp_executor *e;
};
struct plan *plan_new(int workers, int failing);

/* A pool about to break, and n futures that are PENDING until it does. */
struct plan *about_to_break(struct pp_future **f, int n);

/* The same with another worker, which is in order and busy until *busy is opened. */
struct plan *about_to_break_beside(struct gate **busy, struct pp_future **f, int n);

/* A pool that is broken, and the future that has told so. */
struct plan *broken(struct pp_future **f);

/* f, which was PENDING when an initializer failed, tells so. */
void expect_broken(struct pp_future *f);

/* Work for a pool that may be broken already: refused so, or to end so. */
void expect_refused_or_broken(struct pp_executor *e);

#endif
