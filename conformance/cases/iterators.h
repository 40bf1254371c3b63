/* SPDX-License-Identifier: MIT */
/* iterators.h: what the cases about as_completed share: tasks that end one by one, and what an iterator yields. */
#ifndef POOLPROOF_CASES_ITERATORS_H
#define POOLPROOF_CASES_ITERATORS_H

#include "futures.h"

/* Four tasks of an executor of four workers, each held at a gate of its own. */
struct four {
	struct pp_executor *e;
	struct gate *gates[4];
	struct pp_future *fs[4];
};
struct four four_held(void);

/* Let number i end, and return when it is done. */
void four_finish(struct four *s, int i);

/* The place of f in fs; -1 if it has none. */
int place_of(struct pp_future *const *fs, int count, const struct pp_future *f);

/* Take what is yielded until the iterator stops: each of fs once, in any order. */
void expect_each_once(struct pp_completed *it, struct pp_future *const *fs, int count);

/* The next that is yielded is that. */
void expect_yields(struct pp_completed *it, const struct pp_future *expected);

/* A thread that takes one from an iterator. */
struct taker {
	struct pp_completed *it; /* that the caller has set */
	struct pp_future *f;	 /* what it was given; this and status once returned is counted */
	int status;
	struct counter *returned;
	struct thread *thread;
};

/* The thread asks, or has been told, when this returns. */
void taker_start(struct taker *t);

#endif
