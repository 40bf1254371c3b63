/* SPDX-License-Identifier: MIT */
/* ways.c: when an operation can be done.  What it then does is where it is called. */
#include <stddef.h>

#include "library.h"

#define ON (1 << WAY_ON)
#define TIMEOUT (1 << WAY_TIMEOUT)
#define SPURIOUS (1 << WAY_SPURIOUS)

static const struct object *object_of(const struct thread *t)
{
	return object_numbered(t->next.touches[0].object);
}

static bool is_free(const struct object *o)
{
	return o->owner == NOBODY;
}

static uint8_t timeout(const struct thread *t)
{
	return t->next.timed && memory->request.timeouts_any ? TIMEOUT : 0;
}

/* argument: 1 if a lock that the thread holds is told to it, and does not block. */
static bool can_lock(const struct thread *t)
{
	const struct object *o = object_of(t);

	return is_free(o) || (o->owner == number_of(t) && t->next.argument);
}

static bool writer_waits(const struct object *o)
{
	int i;

	for (i = 0; i < memory->state.threads; i++) {
		const struct thread *t = thread_at(i);

		if (t->state == THREAD_LIVE && t->next.kind == OP_WRLOCK && object_of(t) == o)
			return true;
	}
	return false;
}

/* argument as above, or 2: readers wait for writers that wait. */
static bool can_read(const struct thread *t)
{
	const struct object *o = object_of(t);

	if (!is_free(o))
		return o->owner == number_of(t);
	return !(t->next.argument == 2 && writer_waits(o));
}

static bool can_write(const struct thread *t)
{
	const struct object *o = object_of(t);

	return (is_free(o) && o->count == 0) || o->owner == number_of(t);
}

static uint8_t signal_ways(const struct thread *t)
{
	struct thread *list[THREADS_MAX];
	int n = sleepers_on(object_of(t), list, THREADS_MAX);

	if (n > WAYS_CHOICE) {
		caveat(CAVEAT_WAYS, NULL);
		n = WAYS_CHOICE;
	}
	return n > 1 ? (uint8_t)((1 << n) - 1) : ON;
}

static bool can_go_on(const struct thread *t);

static bool others_wait(const struct thread *t)
{
	int i;

	for (i = 0; i < memory->state.threads; i++) {
		const struct thread *other = thread_at(i);

		if (other != t && other->state == THREAD_LIVE && other->next.kind != OP_IDLE && can_go_on(other))
			return false;
	}
	return true;
}

static bool can_go_on(const struct thread *t)
{
	const struct object *o = t->next.count ? object_of(t) : NULL;

	switch (t->next.kind) {
	case OP_LOCK:
		return can_lock(t);
	case OP_RDLOCK:
		return can_read(t);
	case OP_WRLOCK:
		return can_write(t);
	case OP_SPIN_LOCK:
		return is_free(o);
	case OP_SEM_WAIT:
		return o->count > 0;
	case OP_ONCE:
		return o->count != 1;
	case OP_JOIN:
		return thread_at(t->next.argument)->state == THREAD_EXITED;
	case OP_WAITPID:
		return process_is_gone(t->next.argument);
	case OP_DESCRIPTOR:
		return descriptors_are_ready(t);
	case OP_COND_DESTROY: {
		struct thread *list[1];

		return sleepers_on(o, list, 1) == 0;
	}
	case OP_IDLE:
		return others_wait(t);
	case OP_COND_SLEEP:
	case OP_BARRIER_SLEEP:
	case OP_FUTEX_SLEEP:
	case OP_SLEEP:
		return false;
	default:
		return true;
	}
}

uint8_t ways_of(const struct thread *t)
{
	switch (t->next.kind) {
	case OP_CHOOSE:
		return (uint8_t)((1 << t->next.argument) - 1);
	case OP_COND_SIGNAL:
		return signal_ways(t);
	case OP_COND_SLEEP:
	case OP_FUTEX_SLEEP:
		return timeout(t) | (memory->request.spurious ? SPURIOUS : 0);
	default:
		return can_go_on(t) ? ON : timeout(t);
	}
}
