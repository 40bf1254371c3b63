/* SPDX-License-Identifier: MIT */
/*
 * surw.c: the selectively uniform random walk (Zhao, Wolff, Mathur and Roychoudhury, 2025).
 *
 * A walk that takes each thread alike is far from taking each order alike: a thread
 * with much left to do falls behind.  If each is taken as often as it has steps left, all
 * orders of these steps are equally likely.  To have few enough orders, only the
 * steps on some objects are weighed; the others are taken as they come.
 *
 * What each thread has to do is the mean of the executions so far, the first of them
 * a walk of the other kind.  A thread that is not made yet counts for the one that
 * makes it.  Threads and objects are the same if their numbers are.
 */
#include <stdlib.h>
#include <string.h>

#include "strategy.h"

struct count {
	uint32_t of[THREADS_MAX]; /* steps that look at the object, change or take it */
	bool changed;
};

struct walk {
	struct strategy_options options;
	uint64_t number;
	uint32_t runs; /* that were counted */
	struct count object[OBJECTS_MAX];
	uint8_t parent[THREADS_MAX];
};

static void *begin(const struct strategy_options *o)
{
	struct walk *w = calloc(1, sizeof(*w));

	if (w)
		w->options = *o;
	return w;
}

/* ---- what there is to do -------------------------------------------------------------- */

static void count_step(struct walk *w, const struct memory *m, const struct event *e)
{
	int i;

	for (i = 0; i < e->operation.count; i++) {
		struct touch t = e->operation.touches[i];

		/* A thread's end comes before it is joined in every order. */
		if (t.access == GIVES || m->state.object[t.object].kind == OBJECT_THREAD)
			continue;
		w->object[t.object].of[e->thread]++;
		w->object[t.object].changed |= t.access != LOOKS;
	}
}

/* One that was cut short says nothing about what was left. */
static void seen(void *state, const struct memory *m)
{
	struct walk *w = state;
	bool is_free = w->options.whole;
	uint32_t i;

	if (m->ending != END_NONE)
		return;
	w->runs++;
	for (i = 0; i < m->events; i++) {
		const struct event *e = &m->event[i];

		is_free |= e->kind == EVENT_BEGIN;
		if (e->kind == EVENT_SPAWN)
			w->parent[e->other] = e->thread;
		if (e->kind == EVENT_STEP && is_free && e->way < WAY_TIMEOUT)
			count_step(w, m, e);
	}
}

/* ---- which of it is weighed --------------------------------------------------------------- */

static bool is_shared(const struct count *c)
{
	int i, threads = 0;

	for (i = 0; i < THREADS_MAX; i++)
		threads += c->of[i] > 0;
	return threads > 1 && c->changed;
}

static void weigh(const struct walk *w, struct request *r, int object)
{
	const struct count *c = &w->object[object];
	int i;

	r->weighed[object / 64] |= 1ULL << object % 64;
	for (i = 0; i < THREADS_MAX; i++)
		r->weight[i] += c->of[i];
}

/* The sums of all runs become what a thread and those that it makes have to do in one. */
static void settle(const struct walk *w, struct request *r)
{
	int i;

	for (i = THREADS_MAX - 1; i > 0; i--)
		r->weight[w->parent[i]] += r->weight[i];
	for (i = 0; i < THREADS_MAX; i++)
		r->weight[i] = (r->weight[i] + w->runs / 2) / w->runs;
}

/* One object that threads share, each as often as any other and as all of them. */
static bool choose(const struct walk *w, struct request *r, uint64_t drawn)
{
	int i, shared[OBJECTS_MAX], n = 0, one;

	for (i = 0; i < OBJECTS_MAX; i++)
		if (is_shared(&w->object[i]))
			shared[n++] = i;
	if (n == 0)
		return false;
	memset(r->weight, 0, sizeof(r->weight));
	memset(r->weighed, 0, sizeof(r->weighed));
	one = (int)(drawn % (uint64_t)(n + 1));
	for (i = 0; i < n; i++)
		if (one == n || i == one)
			weigh(w, r, shared[i]);
	settle(w, r);
	return true;
}

static bool next(void *state, struct request *r)
{
	struct walk *w = state;

	request_begin(r, &w->options, POLICY_RANDOM);
	r->seed = w->options.seed * 1000003 + w->number++;
	if (w->runs && choose(w, r, r->seed * 0x9e3779b97f4a7c15ULL >> 32))
		r->policy = POLICY_SURW;
	return true;
}

const struct strategy strategy_surw = {"surw", false, begin, next, seen, free};
