/* SPDX-License-Identifier: MIT */
/* run_world.c: see run_world.h. */
#include "run_world.h"

#include <string.h>

#include "inject.h"
#include "under_valgrind.h"

#define WORLDS 64

char world_tokens[FUTURES_MAX + CALLS_MAX];

static struct world worlds[WORLDS];
static unsigned runs;
static atomic_int thread_count;
_Thread_local int world_thread_number;
_Thread_local int world_inside = -1;
_Thread_local const struct op *world_failing;

int world_thread(void)
{
	if (!world_thread_number)
		world_thread_number = 10 + atomic_fetch_add_explicit(&thread_count, 1, memory_order_relaxed) % 30000;
	return world_thread_number;
}

void world_touch(const void *p)
{
	if (pp_schedule_touch)
		pp_schedule_touch(p);
}

/* ---- events ---------------------------------------------------------------------------------- */

struct event world_event(enum event_kind kind)
{
	return event_blank(kind, world_inside, world_thread());
}

void world_add(struct world *w, struct event *e)
{
	world_touch(w->h);
	e->time = run_now();
	history_add(w->h, e);
}

void world_end(struct world *w, struct event *e, int status)
{
	e->failed = e->request && inject_disarm();
	e->status = (int8_t)status;
	world_add(w, e);
}

unsigned world_new_futures(struct world *w, unsigned n)
{
	world_touch(w->h);
	return atomic_fetch_add(&w->h->futures, n);
}

/* ---- slots ----------------------------------------------------------------------------------- */

void *world_acquire(struct slot *s)
{
	int n;

	world_touch(s);
	n = atomic_load(&s->users);
	while (n >= 0)
		if (atomic_compare_exchange_weak(&s->users, &n, n + 1)) {
			valgrind_take_over(s);
			return atomic_load(&s->handle);
		}
	return NULL;
}

void world_let_go(struct slot *s)
{
	valgrind_hand_over(s);
	world_touch(s);
	atomic_fetch_sub(&s->users, 1);
}

void world_publish(struct slot *s, void *handle)
{
	valgrind_hand_over(s);
	world_touch(s);
	atomic_store(&s->handle, handle);
	atomic_store(&s->users, 0);
}

void *world_take_away(struct slot *s)
{
	int none = 0;

	world_touch(s);
	if (!atomic_compare_exchange_strong(&s->users, &none, GONE))
		return NULL;
	valgrind_take_over(s);
	return atomic_load(&s->handle);
}

/* ---- gates ----------------------------------------------------------------------------------- */

void world_gate_wait(struct gate *g)
{
	pthread_mutex_lock(&g->mu);
	while (!g->open)
		pthread_cond_wait(&g->opened, &g->mu);
	pthread_mutex_unlock(&g->mu);
}

void world_gate_open(struct gate *g)
{
	pthread_mutex_lock(&g->mu);
	g->open = true;
	pthread_cond_broadcast(&g->opened);
	pthread_mutex_unlock(&g->mu);
}

/* ---- a world --------------------------------------------------------------------------------- */

static void destroy_gates(struct world *w)
{
	int i;

	for (i = 0; i < GATES_MAX; i++) {
		pthread_mutex_destroy(&w->gates[i].mu);
		pthread_cond_destroy(&w->gates[i].opened);
	}
}

struct world *world_new(const struct running *r)
{
	unsigned number = ++runs;
	struct world *w = &worlds[number % WORLDS];
	int i;

	if (number > WORLDS)
		destroy_gates(w);
	memset(w, 0, sizeof(*w));
	w->b = r->backend;
	w->p = r->program;
	w->h = r->history;
	w->seed = r->seed;
	w->scale = r->scale;
	for (i = 0; i < EXECUTORS_MAX; i++)
		atomic_store(&w->executors[i].users, ABSENT);
	for (i = 0; i < FUTURES_MAX; i++)
		atomic_store(&w->futures[i].users, ABSENT);
	for (i = 0; i < GATES_MAX; i++) {
		pthread_mutex_init(&w->gates[i].mu, NULL);
		pthread_cond_init(&w->gates[i].opened, NULL);
	}
	atomic_store(&w->run, number);
	return w;
}

void worlds_open(void)
{
	valgrind_unordered(worlds, sizeof(worlds));
	valgrind_unordered(&thread_count, sizeof(thread_count));
}
