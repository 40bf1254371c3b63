/* SPDX-License-Identifier: MIT */
/* columns.c: an execution in words. */
#include <string.h>

#include "explore.h"

const char *operation_name(int kind)
{
	static const char *const names[OP_KINDS] = {
		[OP_NONE] = "runs",
		[OP_START] = "start",
		[OP_EXIT] = "exit",
		[OP_DEATH] = "process exit",
		[OP_JOIN] = "join",
		[OP_TRYJOIN] = "tryjoin",
		[OP_DETACH] = "detach",
		[OP_LOCK] = "lock",
		[OP_TRYLOCK] = "trylock",
		[OP_UNLOCK] = "unlock",
		[OP_COND_WAIT] = "wait",
		[OP_COND_SLEEP] = "waits",
		[OP_COND_SIGNAL] = "signal",
		[OP_COND_BROADCAST] = "broadcast",
		[OP_COND_DESTROY] = "destroy",
		[OP_RDLOCK] = "rdlock",
		[OP_WRLOCK] = "wrlock",
		[OP_TRYRDLOCK] = "tryrdlock",
		[OP_TRYWRLOCK] = "trywrlock",
		[OP_RWUNLOCK] = "unlock",
		[OP_SPIN_LOCK] = "lock",
		[OP_SPIN_TRYLOCK] = "trylock",
		[OP_SPIN_UNLOCK] = "unlock",
		[OP_BARRIER] = "arrive",
		[OP_BARRIER_SLEEP] = "waits",
		[OP_ONCE] = "once",
		[OP_ONCE_END] = "once done",
		[OP_SEM_WAIT] = "wait",
		[OP_SEM_TRYWAIT] = "trywait",
		[OP_SEM_POST] = "post",
		[OP_SEM_GET] = "getvalue",
		[OP_FUTEX_WAIT] = "wait",
		[OP_FUTEX_SLEEP] = "waits",
		[OP_FUTEX_WAKE] = "wake",
		[OP_YIELD] = "yield",
		[OP_SLEEP] = "sleep",
		[OP_CHOOSE] = "choose",
		[OP_POINT] = "goes on",
		[OP_DESTROY] = "destroy",
		[OP_WAITPID] = "waitpid",
		[OP_TRYWAITPID] = "trywaitpid",
		[OP_FORK] = "fork",
		[OP_ATOMIC] = "access",
		[OP_ACCESS] = "plain access",
		[OP_IDLE] = "all the others wait",
		[OP_DESCRIPTOR] = "descriptor",
	};

	return kind >= 0 && kind < OP_KINDS && names[kind] ? names[kind] : "?";
}

static char *next_buffer(size_t *size)
{
	static char buffers[4][64];
	static int at;

	*size = sizeof(buffers[0]);
	return buffers[at++ % 4];
}

const char *object_text(const struct memory *m, int number)
{
	static const char *const names[OBJECT_KINDS] = {
		[OBJECT_NONE] = "object", [OBJECT_THREAD] = "thread",	[OBJECT_MUTEX] = "mutex",
		[OBJECT_COND] = "cond",	  [OBJECT_RWLOCK] = "rwlock",	[OBJECT_SPIN] = "spinlock",
		[OBJECT_BARRIER] = "barrier", [OBJECT_ONCE] = "once",	[OBJECT_SEM] = "sem",
		[OBJECT_FUTEX] = "futex",     [OBJECT_ATOMIC] = "atomic",
	};
	const struct object *o = &m->state.object[number];
	size_t size;
	char *text = next_buffer(&size);

	if (number >= OBJECTS_MAX || o->kind >= OBJECT_KINDS)
		return "?";
	snprintf(text, size, "%s %d", names[o->kind], o->number);
	return text;
}

const char *thread_text(const struct memory *m, int number)
{
	size_t size;
	char *text = next_buffer(&size);

	if (number < 0 || number >= THREADS_MAX)
		return "nobody";
	if (m->state.thread[number].name[0])
		snprintf(text, size, "thread %d (%.15s)", number, m->state.thread[number].name);
	else if (number == 0)
		snprintf(text, size, "thread 0 (main)");
	else
		snprintf(text, size, "thread %d", number);
	return text;
}

static void operation_text(const struct memory *m, const struct event *e, char *text, size_t size)
{
	const struct operation *op = &e->operation;
	const char *how = e->way == WAY_TIMEOUT ? ": time is up" : e->way == WAY_SPURIOUS ? ": for no reason" : "";

	if (op->kind == OP_CHOOSE)
		snprintf(text, size, "choose %d of %d", e->way, op->argument);
	else if (op->count == 2)
		snprintf(text, size, "%s %s, %s%s", operation_name(op->kind), object_text(m, op->touches[0].object),
			 object_text(m, op->touches[1].object), how);
	else if (op->count == 1)
		snprintf(text, size, "%s %s%s", operation_name(op->kind), object_text(m, op->touches[0].object), how);
	else
		snprintf(text, size, "%s%s", operation_name(op->kind), how);
}

#define COLUMN 26

/* Steps without an object say nothing. */
static bool is_worth_a_line(const struct event *e)
{
	return e->kind == EVENT_BEGIN ||
	       (e->kind == EVENT_STEP && e->operation.kind != OP_POINT);
}

static void print_head(FILE *f, const struct memory *m)
{
	int i;

	fprintf(f, "%6s", "step");
	for (i = 0; i < m->state.threads; i++)
		fprintf(f, "  %-*s", COLUMN - 2, thread_text(m, i));
	fputc('\n', f);
}

void print_columns(FILE *f, const struct memory *m)
{
	uint32_t i, k = 0;
	char text[160];

	print_head(f, m);
	for (i = 0; i < m->events; i++) {
		const struct event *e = &m->event[i];

		k += e->kind == EVENT_STEP;
		if (!is_worth_a_line(e))
			continue;
		if (e->kind == EVENT_BEGIN) {
			fprintf(f, "%6s  -- the set-up is over --\n", "");
			continue;
		}
		operation_text(m, e, text, sizeof(text));
		fprintf(f, "%6u%*s  %s\n", k, e->thread * COLUMN, "", text);
	}
}

/* The thread that runs has not come to its next step, for something ended the execution in between. */
static bool has_stepped(const struct memory *m)
{
	return m->ending == END_NONE || m->ending == END_RACE;
}

static void print_thread(FILE *f, const struct memory *m, int number)
{
	const struct thread *t = &m->state.thread[number];
	struct event e = {.operation = t->next, .way = WAY_ON};
	char text[160];

	if (t->next.touches[0].object && !e.operation.count)
		e.operation.count = 1; /* a sleeper */
	operation_text(m, &e, text, sizeof(text));
	if (number == m->state.running && has_stepped(m)) {
		fprintf(f, "  %s: runs, after %s\n", thread_text(m, number), text);
		return;
	}
	fprintf(f, "  %s: %s", thread_text(m, number), text);
	if (e.operation.count && m->state.object[t->next.touches[0].object].owner >= 0)
		fprintf(f, ", which %s holds",
			thread_text(m, m->state.object[t->next.touches[0].object].owner));
	fputc('\n', f);
}

void print_standing(FILE *f, const struct memory *m)
{
	int i;

	for (i = 0; i < m->state.threads; i++)
		if (m->state.thread[i].state == THREAD_LIVE)
			print_thread(f, m, i);
}
