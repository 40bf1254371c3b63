/* SPDX-License-Identifier: MIT */
/*
 * arena.c: what a case shares with its tasks, also if these are processes.
 *
 * One mapping for each case process, handed out from its start and never taken
 * back.  It is made before the backend is loaded, so every worker process
 * of the backend has it, at the same address.
 *
 * a->mu guards the words of one object; not_less is broadcast whenever one of
 * them has grown.  All of them only ever grow, so that a wait for "at least"
 * cannot miss its moment.  The list of gates is for the clean-up alone, and is
 * changed by the thread that makes gates: the main thread of a process.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support.h"

#define ARENA_SIZE (64UL << 20) /* of address space; pages come when touched */
#define RECORD_MAX 4096
#define TOKENS 4096

struct arena {
	atomic_size_t used;
};

struct object {
	pthread_mutex_t mu;
	pthread_cond_t not_less;
};

struct gate {
	struct object object;
	bool open;    /* under mu */
	long arrived; /* under mu */
	struct gate *next;
};

struct counter {
	struct object object;
	long value; /* under mu */
};

struct barrier {
	struct object object;
	int n;
	int waiting; /* under mu; starts again at 0 with each round */
	long round;  /* under mu */
};

struct record {
	struct object object;
	long count; /* under mu */
	long values[RECORD_MAX];
};

static struct arena *arena;
static struct gate *gates;
static char tokens[TOKENS];

void arena_open(void)
{
	void *p;

	if (arena)
		return;
	p = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		give_up("no memory to share with the tasks");
	arena = p;
	atomic_store(&arena->used, 64);
}

void arena_close(void)
{
	munmap(arena, ARENA_SIZE);
	arena = NULL;
	gates = NULL;
}

void *shared_alloc(size_t size)
{
	size_t at;

	arena_open();
	size = (size + 63) & ~(size_t)63;
	at = atomic_fetch_add(&arena->used, size);
	if (size > ARENA_SIZE || at > ARENA_SIZE - size)
		give_up("the memory shared with the tasks is used up");
	return (char *)arena + at;
}

void *arena_rest(size_t *size)
{
	size_t used = arena ? atomic_load(&arena->used) : ARENA_SIZE;

	*size = used < ARENA_SIZE ? ARENA_SIZE - used : 0;
	return *size ? (char *)arena + used : NULL;
}

void *token(int i)
{
	if (i < 0 || i >= TOKENS)
		abort();
	return &tokens[i];
}

static void must(int error)
{
	if (error)
		abort();
}

static void *object_new(size_t size)
{
	struct object *o = shared_alloc(size);
	pthread_mutexattr_t mutex;
	pthread_condattr_t cond;

	must(pthread_mutexattr_init(&mutex));
	must(pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED));
	must(pthread_mutex_init(&o->mu, &mutex));
	must(pthread_mutexattr_destroy(&mutex));
	must(pthread_condattr_init(&cond));
	must(pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED));
	must(pthread_cond_init(&o->not_less, &cond));
	must(pthread_condattr_destroy(&cond));
	return o;
}

static void lock(struct object *o)
{
	must(pthread_mutex_lock(&o->mu));
}

static void unlock(struct object *o)
{
	must(pthread_mutex_unlock(&o->mu));
}

static void wait_locked(struct object *o)
{
	must(pthread_cond_wait(&o->not_less, &o->mu));
}

/* Wait for *n to be least; a main thread that waits for good is known by what it waits for. */
static void await_locked(struct object *o, const char *name, const long *n, long least)
{
	bool told = thread_is_main && slot;

	while (*n < least) {
		if (told) {
			slot->awaited_least = least;
			slot->awaited_now = *n;
			snprintf(slot->awaited, sizeof(slot->awaited), "%s", name);
		}
		wait_locked(o);
	}
	if (told)
		slot->awaited[0] = '\0';
}

/* The waker holds mu, so a broadcast is never lost between test and wait. */
static void news_locked(struct object *o)
{
	must(pthread_cond_broadcast(&o->not_less));
}

/* ---- gates ----------------------------------------------------------------- */

struct gate *gate_new(void)
{
	struct gate *g = object_new(sizeof(*g));

	g->next = gates;
	gates = g;
	return g;
}

void gate_wait(struct gate *g)
{
	lock(&g->object);
	g->arrived++;
	news_locked(&g->object);
	while (!g->open)
		wait_locked(&g->object);
	unlock(&g->object);
}

void gate_open(struct gate *g)
{
	lock(&g->object);
	g->open = true;
	news_locked(&g->object);
	unlock(&g->object);
}

void gate_await(struct gate *g, int arrived)
{
	lock(&g->object);
	await_locked(&g->object, "the number at a gate", &g->arrived, arrived);
	unlock(&g->object);
}

int gate_arrived(struct gate *g)
{
	int n;

	lock(&g->object);
	n = (int)g->arrived;
	unlock(&g->object);
	return n;
}

void gates_open_all(void)
{
	struct gate *g;

	for (g = gates; g; g = g->next)
		gate_open(g);
}

/* ---- counters -------------------------------------------------------------- */

struct counter *counter_new(void)
{
	return object_new(sizeof(struct counter));
}

void counter_add(struct counter *c, long n)
{
	lock(&c->object);
	c->value += n;
	news_locked(&c->object);
	unlock(&c->object);
}

long counter_value(struct counter *c)
{
	long value;

	lock(&c->object);
	value = c->value;
	unlock(&c->object);
	return value;
}

void counter_await(struct counter *c, long least)
{
	lock(&c->object);
	await_locked(&c->object, "a counter", &c->value, least);
	unlock(&c->object);
}

/* ---- barriers -------------------------------------------------------------- */

struct barrier *barrier_new(int n)
{
	struct barrier *b = object_new(sizeof(*b));

	b->n = n;
	return b;
}

void barrier_meet(struct barrier *b)
{
	long round;

	lock(&b->object);
	round = b->round;
	if (++b->waiting == b->n) {
		b->waiting = 0;
		b->round++;
		news_locked(&b->object);
	}
	while (b->round == round)
		wait_locked(&b->object);
	unlock(&b->object);
}

/* ---- records --------------------------------------------------------------- */

struct record *record_new(void)
{
	return object_new(sizeof(struct record));
}

void record_add(struct record *r, long value)
{
	lock(&r->object);
	if (r->count < RECORD_MAX)
		r->values[r->count] = value;
	r->count++;
	news_locked(&r->object);
	unlock(&r->object);
}

long record_count(struct record *r)
{
	long n;

	lock(&r->object);
	n = r->count;
	unlock(&r->object);
	return n;
}

long record_at(struct record *r, long i)
{
	long value = -1;

	lock(&r->object);
	if (i >= 0 && i < r->count && i < RECORD_MAX)
		value = r->values[i];
	unlock(&r->object);
	return value;
}

void record_await(struct record *r, long count)
{
	lock(&r->object);
	await_locked(&r->object, "the number of records", &r->count, count);
	unlock(&r->object);
}
