/* SPDX-License-Identifier: MIT */
/*
 * objects.c: the synchronization objects of the target, by address.
 *
 * An object has no state before its first use, so static initializers need no
 * attention; init, destroy, and a use as something else make it new.  Entries are
 * never reused, so that a number means one object in all of an execution.
 */
#include <string.h>

#include "library.h"

uint16_t object_number(const struct object *o)
{
	return (uint16_t)(o - memory->state.object);
}

struct object *object_numbered(int number)
{
	return &memory->state.object[number];
}

static struct object *find(const void *address, int pid)
{
	struct state *s = &memory->state;
	int i;

	/* The last one first: what was destroyed at this address comes before it. */
	for (i = s->objects - 1; i >= 0; i--)
		if (s->object[i].address == (uint64_t)(uintptr_t)address && s->object[i].pid == pid)
			return &s->object[i];
	return NULL;
}

static int space_of(bool shared)
{
	return shared ? 0 : me()->pid;
}

struct object *object_new(const void *address, enum object_kind kind, bool shared)
{
	struct state *s = &memory->state;
	struct object *o;

	if (s->objects == OBJECTS_MAX)
		end_execution(END_LOST, "more than %d synchronization objects", OBJECTS_MAX);
	o = &s->object[s->objects++];
	memset(o, 0, sizeof(*o));
	o->address = (uint64_t)(uintptr_t)address;
	o->pid = space_of(shared);
	o->kind = (uint8_t)kind;
	o->number = s->numbers[kind]++;
	o->owner = NOBODY;
	return o;
}

struct object *object_at(const void *address, enum object_kind kind, bool shared)
{
	struct object *o = find(address, space_of(shared));

	return o && o->kind == kind && !o->destroyed ? o : object_new(address, kind, shared);
}

void object_forget(const void *address, bool shared)
{
	struct object *o = find(address, space_of(shared));

	if (o)
		o->destroyed = true;
}

void objects_copy(int from_pid, int to_pid, int from_thread, int to_thread)
{
	struct state *s = &memory->state;
	int i, n = s->objects;

	for (i = 0; i < n; i++) {
		struct object *o;

		if (s->object[i].pid != from_pid || s->object[i].destroyed)
			continue;
		if (s->objects == OBJECTS_MAX)
			end_execution(END_LOST, "more than %d synchronization objects", OBJECTS_MAX);
		o = &s->object[s->objects++];
		*o = s->object[i];
		o->pid = to_pid;
		o->number = s->numbers[o->kind]++;
		if (o->owner == from_thread)
			o->owner = (int16_t)to_thread;
	}
}

struct operation operation_on(enum kind kind, const struct object *o, enum access access)
{
	struct operation op = {.kind = (uint8_t)kind};

	operation_add(&op, o, access);
	return op;
}

void operation_add(struct operation *op, const struct object *o, enum access access)
{
	op->touches[op->count++] = (struct touch){object_number(o), (uint8_t)access};
}
