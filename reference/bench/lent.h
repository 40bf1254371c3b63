/* SPDX-License-Identifier: MIT */
/*
 * lent.h: the smallest possible future, for pools that have none.
 *
 * One allocation of three words and at most one atomic exchange on either side: no
 * cancel, no callback, one waiter.  Less than a future has to be, so what is
 * measured with it is the best such a pool could do.
 */
#ifndef BENCH_LENT_H
#define BENCH_LENT_H

#include "peer.h"

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>

struct lent {
	struct work base; /* what the pool runs: lent_run */
	union {
		struct work *work; /* until it has run */
		void *value;
	};
	sem_t *waiter; /* who sleeps; (sem_t *)1: it has run */
};

static void *lent_run(struct work *base)
{
	struct lent *f = (struct lent *)base;
	sem_t *waiter;

	f->value = work_run(f->work);
	waiter = __atomic_exchange_n(&f->waiter, (sem_t *)1, __ATOMIC_ACQ_REL);
	if (waiter)
		sem_post(waiter);
	return NULL;
}

static inline struct lent *lent_new(struct work *work)
{
	struct lent *f = (struct lent *)malloc(sizeof(*f));

	if (!f)
		abort();
	f->base.run = lent_run;
	f->work = work;
	f->waiter = NULL;
	return f;
}

static inline void *lent_result(void *pool, void *handle)
{
	struct lent *f = *(struct lent **)handle;
	sem_t sleep;

	(void)pool;
	if (__atomic_load_n(&f->waiter, __ATOMIC_ACQUIRE))
		return f->value;
	sem_init(&sleep, 0, 0);
	if (!__atomic_exchange_n(&f->waiter, &sleep, __ATOMIC_ACQ_REL))
		while (sem_wait(&sleep) != 0 && errno == EINTR)
			;
	sem_destroy(&sleep);
	return f->value;
}

static inline void lent_release(void *handle)
{
	free(*(struct lent **)handle);
}

#endif
