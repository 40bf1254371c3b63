/* SPDX-License-Identifier: MIT */
/*
 * policy.c: who steps where no prefix says it.
 *
 * STAY    the thread that stepped last, then the lowest number; never what the sleep set
 *         covers, and a timeout only when nothing else can be done
 * RANDOM  each thread alike
 * PCT     the highest priority; at depth - 1 steps of the execution, drawn before, the
 *         thread that steps falls below all others
 * POS     the highest priority of an operation; those in conflict with a step draw anew
 * SURW    the thread that takes the next weighed step is drawn by what each has left of
 *         them, and until it does each takes unweighed steps alike
 */
#include <string.h>

#include "library.h"

/* splitmix64 */
uint64_t draw(void)
{
	uint64_t z = memory->state.random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(draw() % n);
}

#define HIGH (1ULL << 32) /* above whom a change point has lowered */

static uint64_t draw_priority(void)
{
	return HIGH + (draw() >> 32);
}

static enum policy policy(void)
{
	return (enum policy)memory->request.policy;
}

void policy_begin(void)
{
	struct state *s = &memory->state;
	struct request *r = &memory->request;
	uint32_t i;
	int t;

	s->random = r->seed;
	s->lowest = HIGH;
	s->intended = NOBODY;
	memcpy(s->left, r->weight, sizeof(s->left));
	for (t = 0; t < s->threads; t++)
		s->thread[t].priority = draw_priority();
	for (i = 0; i < 8; i++)
		s->changes[i] = i + 1 < r->depth ? s->steps + below(r->length ? r->length : 1) : UINT32_MAX;
}

/* t has published an operation, or is new. */
void policy_thread(struct thread *t)
{
	if (policy() == POLICY_POS || !t->priority)
		t->priority = draw_priority();
}

static void pct_stepped(struct thread *t)
{
	int i;

	for (i = 0; i < 8; i++)
		if (memory->state.changes[i] == memory->state.steps)
			t->priority = --memory->state.lowest;
}

static void pos_stepped(const struct thread *t)
{
	int i;

	for (i = 0; i < memory->state.threads; i++) {
		struct thread *other = thread_at(i);

		if (other != t && other->state == THREAD_LIVE && operations_conflict(&other->next, &t->next))
			other->priority = draw_priority();
	}
}

void policy_stepped(const struct thread *t)
{
	if (policy() == POLICY_PCT)
		pct_stepped(thread_at(number_of(t)));
	if (policy() == POLICY_POS)
		pos_stepped(t);
}

/* A part of what its parent had to do is the thread's. */
void policy_spawned(int parent, int thread)
{
	struct state *s = &memory->state;
	uint32_t share = memory->request.weight[thread];

	s->left[thread] = share;
	if (parent == NOBODY || policy() != POLICY_SURW)
		return;
	if (share > s->left[parent])
		share = s->left[parent];
	if (s->intended == parent && share && below(s->left[parent]) < share)
		s->intended = thread;
	s->left[parent] -= share;
}

/* ---- choosing ---------------------------------------------------------------------- */

#define TIMERS (1 << WAY_TIMEOUT | 1 << WAY_SPURIOUS)

static int lowest_way(uint8_t ways)
{
	return __builtin_ctz(ways);
}

static int random_way(uint8_t ways)
{
	int n = (int)below((uint32_t)__builtin_popcount(ways));

	while (n-- > 0)
		ways &= (uint8_t)(ways - 1);
	return lowest_way(ways);
}

static bool is_free(void)
{
	return memory->state.begun || memory->request.whole;
}

static struct choice stay_with(const uint8_t *ways, uint8_t mask)
{
	struct state *s = &memory->state;
	int i;

	if (s->last != NOBODY && (ways[s->last] & mask))
		return (struct choice){(uint8_t)s->last, (uint8_t)lowest_way(ways[s->last] & mask)};
	for (i = 0; i < s->threads; i++)
		if (ways[i] & mask)
			return (struct choice){(uint8_t)i, (uint8_t)lowest_way(ways[i] & mask)};
	return (struct choice){UINT8_MAX, 0};
}

/* What is asleep after the prefix wakes up when a step conflicts with it. */
static void wake_the_asleep(struct choice c)
{
	uint8_t *asleep = memory->request.asleep;
	int i;

	for (i = 0; i < memory->state.threads; i++)
		if (asleep[i] && (i == c.thread ||
				  operations_conflict(&thread_at(i)->next, &thread_at(c.thread)->next)))
			asleep[i] = 0;
}

static struct choice stay(const uint8_t *ways)
{
	uint8_t left[THREADS_MAX];
	struct choice c;
	int i;

	for (i = 0; i < THREADS_MAX; i++)
		left[i] = is_free() ? ways[i] & (uint8_t)~memory->request.asleep[i] : ways[i];
	c = stay_with(left, (uint8_t)~TIMERS);
	if (c.thread == UINT8_MAX)
		c = stay_with(left, 0xff);
	if (c.thread == UINT8_MAX)
		end_execution(END_ASLEEP, "covered");
	if (is_free())
		wake_the_asleep(c);
	return c;
}

/* Of eight that could time out, about one does. */
static bool is_drawn(uint8_t ways)
{
	return (ways & (uint8_t)~TIMERS) || (ways && below(8) == 0);
}

static struct choice way_of(int thread, uint8_t ways)
{
	uint8_t on = ways & (uint8_t)~TIMERS;

	return (struct choice){(uint8_t)thread, (uint8_t)random_way(on ? on : ways)};
}

static struct choice random_walk(const uint8_t *ways)
{
	int i, n = 0, list[THREADS_MAX];

	while (n == 0)
		for (i = 0; i < memory->state.threads; i++)
			if (is_drawn(ways[i]))
				list[n++] = i;
	i = list[below((uint32_t)n)];
	return way_of(i, ways[i]);
}

static struct choice highest(const uint8_t *ways)
{
	int i, best = NOBODY;

	while (best == NOBODY)
		for (i = 0; i < memory->state.threads; i++)
			if (is_drawn(ways[i]) &&
			    (best == NOBODY || thread_at(i)->priority > thread_at(best)->priority))
				best = i;
	return way_of(best, ways[best]);
}

/* ---- SURW ------------------------------------------------------------------------------ */

static bool can_go_on(uint8_t ways)
{
	return ways & (uint8_t)~TIMERS;
}

static bool is_weighed(int thread)
{
	const struct operation *op = &thread_at(thread)->next;
	int i;

	for (i = 0; i < op->count; i++) {
		int object = op->touches[i].object;

		if (op->touches[i].access != GIVES && (memory->request.weighed[object / 64] & 1ULL << object % 64))
			return true;
	}
	return false;
}

/* By what each has left; of those that can go on, one that was to have nothing left counts, too. */
static int draw_intended(const uint8_t *ways)
{
	struct state *s = &memory->state;
	uint32_t weight[THREADS_MAX] = {0}, sum = 0, at;
	int i;

	for (i = 0; i < s->threads; i++) {
		if (s->thread[i].state == THREAD_LIVE && (!ways || can_go_on(ways[i])))
			weight[i] = ways && !s->left[i] ? 1 : s->left[i];
		sum += weight[i];
	}
	if (!sum)
		return NOBODY;
	at = below(sum);
	for (i = 0; at >= weight[i]; i++)
		at -= weight[i];
	return i;
}

/* Threads that need not wait for the one intended to go first. */
static int drawn_freely(const uint8_t *ways, int *list)
{
	int i, n = 0;

	for (i = 0; i < memory->state.threads; i++)
		if (is_drawn(ways[i]) && (i == memory->state.intended || !can_go_on(ways[i]) || !is_weighed(i)))
			list[n++] = i;
	return n;
}

static struct choice weighed_walk(const uint8_t *ways)
{
	struct state *s = &memory->state;
	int n, i, list[THREADS_MAX];

	if (s->intended == NOBODY)
		s->intended = draw_intended(NULL);
	while ((n = drawn_freely(ways, list)) == 0) {
		i = draw_intended(ways); /* what was intended cannot be reached */
		s->intended = i == NOBODY ? s->intended : i;
	}
	i = list[below((uint32_t)n)];
	if (can_go_on(ways[i]) && is_weighed(i)) {
		s->left[i] -= s->left[i] > 0;
		s->intended = NOBODY;
	}
	return way_of(i, ways[i]);
}

struct choice policy_choose(const uint8_t *ways)
{
	enum policy p = policy();

	if (p == POLICY_STAY)
		return stay(ways);
	if (!is_free()) {
		struct choice c = stay(ways);

		c.way = c.way < WAYS_CHOICE ? (uint8_t)random_way(ways[c.thread] & (uint8_t)~TIMERS) : c.way;
		return c;
	}
	if (p == POLICY_SURW)
		return weighed_walk(ways);
	return p == POLICY_RANDOM ? random_walk(ways) : highest(ways);
}
