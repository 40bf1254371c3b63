/* SPDX-License-Identifier: MIT */
/*
 * tree.c: depth-first search of the tree of schedules.
 *
 * A node is a state before a step.  dfs goes every way of every thread, as far as
 * the bound on preemptions allows.  dpor (Flanagan and Godefroid 2005) goes one
 * thread's ways, and another's where an execution shows that the order
 * of two dependent steps could be the other; sleep sets (Godefroid 1996) keep it
 * from coming to the same order of dependent steps twice.
 *
 * The set-up is no part of the search, but for its choices.
 */
#include <stdlib.h>
#include <string.h>

#include "strategy.h"

struct node {
	struct choice taken;
	bool free;	 /* not of the set-up */
	int last;	 /* who stepped before */
	int preemptions; /* up to here */
	uint8_t ways[THREADS_MAX];
	uint8_t wanted[THREADS_MAX]; /* to go: the backtrack set */
	uint8_t done[THREADS_MAX];
	uint8_t asleep[THREADS_MAX];
	struct operation next[THREADS_MAX]; /* of each thread */
};

/* What a step knows of the steps before it. */
struct stamp {
	uint16_t clock[THREADS_MAX];
};

struct tree {
	struct strategy_options options;
	bool reduces;
	bool begun;
	struct node *node;
	struct stamp *stamp; /* of the step from each node */
	uint32_t count, room;
	uint32_t old; /* nodes of the execution before that still stand */

	/* The state in which the walk along an execution is. */
	struct operation next[THREADS_MAX];
	struct stamp knows[THREADS_MAX]; /* each thread */
	bool fresh[THREADS_MAX]; /* it has published since the last step */
	int threads;
};

static void *begin(const struct strategy_options *o)
{
	struct tree *t = calloc(1, sizeof(*t));

	if (t)
		t->options = *o;
	return t;
}

static void *begin_dpor(const struct strategy_options *o)
{
	struct tree *t = begin(o);

	if (t)
		t->reduces = true;
	return t;
}

static void end(void *state)
{
	struct tree *t = state;

	free(t->node);
	free(t->stamp);
	free(t);
}

/* ---- the next schedule -------------------------------------------------------------- */

static uint8_t open_ways(const struct node *n, int thread)
{
	return n->wanted[thread] & (uint8_t)~n->done[thread] & (uint8_t)~n->asleep[thread];
}

static bool take_another(struct node *n)
{
	int i;

	for (i = 0; i < THREADS_MAX; i++) {
		uint8_t ways = open_ways(n, i);

		if (!ways)
			continue;
		n->taken = (struct choice){(uint8_t)i, (uint8_t)__builtin_ctz(ways)};
		n->done[i] |= (uint8_t)(1 << n->taken.way);
		return true;
	}
	return false;
}

/* What is asleep at n, or was done there, stays asleep while it commutes with what is taken. */
static void put_to_sleep(const struct node *n, uint8_t *asleep)
{
	int i;

	memset(asleep, 0, THREADS_MAX);
	for (i = 0; i < THREADS_MAX; i++)
		if ((n->asleep[i] | n->done[i]) && i != n->taken.thread &&
		    !operations_conflict(&n->next[i], &n->next[n->taken.thread]))
			asleep[i] = n->asleep[i] | n->done[i];
}

static bool next(void *state, struct request *r)
{
	struct tree *t = state;
	uint32_t i;

	request_begin(r, &t->options, POLICY_STAY);
	if (!t->begun) {
		t->begun = true;
		return true;
	}
	while (t->count && !take_another(&t->node[t->count - 1]))
		t->count--;
	if (!t->count)
		return false;
	t->old = t->count;
	r->count = t->count;
	for (i = 0; i < t->count; i++)
		r->prefix[i] = t->node[i].taken;
	if (t->reduces)
		put_to_sleep(&t->node[t->count - 1], r->asleep);
	return true;
}

/* ---- an execution was seen: new nodes ------------------------------------------------ */

static bool make_room(struct tree *t)
{
	uint32_t room = t->room ? 2 * t->room : 256;
	struct node *node;
	struct stamp *stamp;

	if (t->count < t->room)
		return true;
	node = realloc(t->node, room * sizeof(*node));
	if (node)
		t->node = node;
	stamp = realloc(t->stamp, room * sizeof(*stamp));
	if (stamp)
		t->stamp = stamp;
	if (!node || !stamp)
		return false;
	t->room = room;
	return true;
}

#define TIMERS (1 << WAY_TIMEOUT | 1 << WAY_SPURIOUS)

static bool preempts(const struct node *n, int thread)
{
	return n->last != NOBODY && thread != n->last && (n->ways[n->last] & (uint8_t)~TIMERS);
}

static void want_all(struct tree *t, struct node *n)
{
	int i;

	for (i = 0; i < THREADS_MAX; i++)
		if (t->options.preemptions < 0 || n->preemptions + preempts(n, i) <= t->options.preemptions)
			n->wanted[i] = n->ways[i];
}

static void new_node(struct tree *t, const struct event *e, bool is_free)
{
	struct node *n = &t->node[t->count], *before = t->count ? n - 1 : NULL;

	memset(n, 0, sizeof(*n));
	n->taken = (struct choice){e->thread, e->way};
	n->free = is_free;
	n->last = before ? before->taken.thread : NOBODY;
	n->preemptions = before ? before->preemptions + preempts(before, before->taken.thread) : 0;
	memcpy(n->ways, e->ways, sizeof(n->ways));
	memcpy(n->next, t->next, sizeof(n->next));
	n->done[e->thread] = (uint8_t)(1 << e->way);
	n->wanted[e->thread] = n->done[e->thread];
	if (is_free && t->reduces && before && before->free)
		put_to_sleep(before, n->asleep);
	if (!is_free && e->operation.kind == OP_CHOOSE)
		n->wanted[e->thread] = n->ways[e->thread];
	else if (is_free && t->reduces)
		n->wanted[e->thread] = n->ways[e->thread];
	else if (is_free)
		want_all(t, n);
}

/* ---- what happened before what --------------------------------------------------------- */

static void learn(struct stamp *a, const struct stamp *b)
{
	int i;

	for (i = 0; i < THREADS_MAX; i++)
		if (b->clock[i] > a->clock[i])
			a->clock[i] = b->clock[i];
}

/* Step i and all that it depends on are known to step k of a later thread. */
static void stamp_step(struct tree *t, uint32_t k)
{
	const struct node *n = &t->node[k];
	int thread = n->taken.thread;
	struct stamp *mine = &t->knows[thread];
	uint32_t i;

	if (k + 1 < t->old) { /* as it was */
		*mine = t->stamp[k];
		return;
	}
	for (i = 0; i < k; i++) {
		const struct node *b = &t->node[i];

		if (b->taken.thread != thread &&
		    operations_conflict(&b->next[b->taken.thread], &n->next[thread]))
			learn(mine, &t->stamp[i]);
	}
	mine->clock[thread]++;
	t->stamp[k] = *mine;
}

static bool is_known(const struct tree *t, uint32_t i, int thread)
{
	int of = t->node[i].taken.thread;

	return t->knows[thread].clock[of] >= t->stamp[i].clock[of];
}

/* ---- races ------------------------------------------------------------------------------- */

static bool never_at_once(struct touch a, struct touch b)
{
	return (a.access == TAKES && b.access == GIVES) || (a.access == GIVES && b.access == TAKES) ||
	       (a.access == GIVES && b.access == GIVES);
}

/* Could it be done while nobody can go on? */
static bool needs_nobody(const struct operation *op)
{
	return op->timed || op->kind == OP_COND_SLEEP || op->kind == OP_FUTEX_SLEEP || op->kind == OP_IDLE;
}

/* Dependent, and it could be that both can be done in one state. */
static bool may_race(const struct operation *a, const struct operation *b)
{
	int i, k;

	if (a->kind == OP_IDLE || b->kind == OP_IDLE)
		return needs_nobody(a->kind == OP_IDLE ? b : a);
	if (operations_exclude(a, b))
		return true;
	for (i = 0; i < a->count; i++)
		for (k = 0; k < b->count; k++)
			if (touches_conflict(a->touches[i], b->touches[k]) &&
			    !never_at_once(a->touches[i], b->touches[k]))
				return true;
	return false;
}

/* A thread that leads from node i to where thread steps next, other than what was taken there. */
static void want_instead(struct tree *t, uint32_t i, uint32_t k, int thread)
{
	struct node *n = &t->node[i];
	uint32_t j;
	int q;

	if (n->ways[thread]) {
		n->wanted[thread] |= n->ways[thread];
		return;
	}
	for (j = i + 1; j < k; j++) {
		q = t->node[j].taken.thread;
		if (n->ways[q] && is_known(t, j, thread)) {
			n->wanted[q] |= n->ways[q];
			return;
		}
	}
	for (q = 0; q < THREADS_MAX; q++)
		n->wanted[q] |= n->ways[q];
}

/* The last step that races with what thread does next in the state before step k. */
static void find_race(struct tree *t, uint32_t k, int thread, bool only_last)
{
	const struct operation *op = &t->next[thread];
	uint32_t i = k;

	while (i-- > 0 && t->node[i].free) {
		const struct node *n = &t->node[i];

		if (n->taken.thread != thread && may_race(&n->next[n->taken.thread], op) && !is_known(t, i, thread)) {
			want_instead(t, i, k, thread);
			return;
		}
		if (only_last)
			return;
	}
}

static void find_races(struct tree *t, uint32_t k)
{
	int i;

	for (i = 0; i < t->threads; i++)
		if (t->next[i].kind != OP_NONE)
			find_race(t, k, i, !t->fresh[i]);
	memset(t->fresh, 0, sizeof(t->fresh));
}

/* The step before k has woken a thread that could have timed out in its place. */
static void find_lost_timeout(struct tree *t, uint32_t k, int thread)
{
	struct node *n = k ? &t->node[k - 1] : NULL;

	if (n && n->free)
		n->wanted[thread] |= n->ways[thread];
}

/* ---- along an execution --------------------------------------------------------------------- */

static void publish(struct tree *t, int thread, const struct operation *op)
{
	t->next[thread] = *op;
	t->fresh[thread] = true;
	if (thread >= t->threads)
		t->threads = thread + 1;
}

static bool take_step(struct tree *t, const struct event *e, uint32_t k, bool is_free)
{
	if (t->reduces && is_free && k > t->old - (t->old > 0))
		find_races(t, k);
	if (k >= t->old) {
		t->count = k;
		if (!make_room(t))
			return false;
		new_node(t, e, is_free);
	}
	t->count = k + 1;
	if (t->reduces)
		stamp_step(t, k);
	t->next[e->thread] = (struct operation){0};
	return true;
}

static void seen(void *state, const struct memory *m)
{
	struct tree *t = state;
	bool is_free = t->options.whole;
	uint32_t i, k = 0;

	memset(t->knows, 0, sizeof(t->knows));
	memset(t->next, 0, sizeof(t->next));
	memset(t->fresh, 0, sizeof(t->fresh));
	t->threads = 0;
	for (i = 0; i < m->events; i++) {
		const struct event *e = &m->event[i];

		switch (e->kind) {
		case EVENT_NEXT:
			publish(t, e->thread, &e->operation);
			break;
		case EVENT_WAKE:
			if (t->reduces)
				find_lost_timeout(t, k, e->other);
			/* fall through */
		case EVENT_SPAWN:
			learn(&t->knows[e->other], &t->knows[e->thread]);
			publish(t, e->other, &e->operation);
			break;
		case EVENT_BEGIN:
			is_free = true;
			break;
		case EVENT_STEP:
			if (!take_step(t, e, k++, is_free))
				return;
			break;
		}
	}
	if (t->reduces)
		find_races(t, k);
}

const struct strategy strategy_dfs = {"dfs", true, begin, next, seen, end};
const struct strategy strategy_dpor = {"dpor", true, begin_dpor, next, seen, end};
