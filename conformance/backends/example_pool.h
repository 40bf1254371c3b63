/* SPDX-License-Identifier: MIT */
/*
 * A thread pool as a textbook has it: one list, one lock, one condition.  It stands
 * here in the place of yours; example.c is its adapter.
 */
#ifndef EXAMPLE_POOL_H
#define EXAMPLE_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct example_call {
	void (*function)(void *arg);
	void *arg;
	struct example_call *next;
};

struct example_pool {
	pthread_mutex_t mu;
	pthread_cond_t news;	     /* a call was added, or stopping was set */
	struct example_call *oldest; /* under mu */
	struct example_call **end;   /* under mu; where the next call goes */
	bool stopping;		     /* under mu */
	bool unattended;	     /* under mu; the last thread frees the pool */
	int left;		     /* under mu; threads that have ended */
	int threads;
	pthread_t thread[];
};

/* The oldest call, or NULL when there will be none any more. */
static struct example_call *example_take(struct example_pool *p)
{
	struct example_call *call;

	pthread_mutex_lock(&p->mu);
	while (!p->oldest && !p->stopping)
		pthread_cond_wait(&p->news, &p->mu);
	call = p->oldest;
	if (call) {
		p->oldest = call->next;
		if (!p->oldest)
			p->end = &p->oldest;
	}
	pthread_mutex_unlock(&p->mu);
	return call;
}

static void example_destroy(struct example_pool *p)
{
	pthread_cond_destroy(&p->news);
	pthread_mutex_destroy(&p->mu);
	free(p);
}

static void *example_thread(void *pool)
{
	struct example_pool *p = pool;
	struct example_call *call;
	bool last;

	while ((call = example_take(p)) != NULL) {
		call->function(call->arg);
		free(call);
	}
	pthread_mutex_lock(&p->mu);
	last = ++p->left == p->threads && p->unattended;
	pthread_mutex_unlock(&p->mu);
	if (last)
		example_destroy(p);
	return NULL;
}

static bool example_is_own_thread(struct example_pool *p)
{
	for (int i = 0; i < p->threads; i++)
		if (pthread_equal(p->thread[i], pthread_self()))
			return true;
	return false;
}

/*
 * Let the calls finish that were added, end the threads and free the pool.
 * wait: return when all that is done; not from one of its own threads, which
 * would wait for itself.
 */
static void example_free(struct example_pool *p, bool wait)
{
	wait = wait && !example_is_own_thread(p);
	pthread_mutex_lock(&p->mu);
	p->stopping = true;
	p->unattended = !wait;
	for (int i = 0; !wait && i < p->threads; i++)
		pthread_detach(p->thread[i]);
	pthread_cond_broadcast(&p->news);
	pthread_mutex_unlock(&p->mu);
	if (!wait)
		return;
	for (int i = 0; i < p->threads; i++)
		pthread_join(p->thread[i], NULL);
	example_destroy(p);
}

/* A pool of n threads, or NULL. */
static struct example_pool *example_new(int n)
{
	struct example_pool *p = calloc(1, sizeof(*p) + (size_t)n * sizeof(p->thread[0]));

	if (!p)
		return NULL;
	p->end = &p->oldest;
	pthread_mutex_init(&p->mu, NULL);
	pthread_cond_init(&p->news, NULL);
	while (p->threads < n) {
		if (pthread_create(&p->thread[p->threads], NULL, example_thread, p) != 0) {
			example_free(p, true);
			return NULL;
		}
		p->threads++;
	}
	return p;
}

/* Have function(arg) called by a thread of the pool; -1 if memory ran out. */
static int example_add(struct example_pool *p, void (*function)(void *arg), void *arg)
{
	struct example_call *call = malloc(sizeof(*call));

	if (!call)
		return -1;
	call->function = function;
	call->arg = arg;
	call->next = NULL;
	pthread_mutex_lock(&p->mu);
	*p->end = call;
	p->end = &call->next;
	pthread_cond_signal(&p->news);
	pthread_mutex_unlock(&p->mu);
	return 0;
}

#endif
