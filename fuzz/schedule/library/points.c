/* SPDX-License-Identifier: MIT */
/*
 * points.c: a runtime for code that was compiled with -fsanitize=thread and is linked
 * without one: races by happens-before, use after free, and atomics as steps.
 *
 * A vector clock for each thread and each synchronization object; for each eight
 * bytes that such code has touched, its last write and last reads.  A step on an
 * object that gives it back releases, one that takes it acquires, any other
 * does both: more order than there may be, so no race is told that is none.
 *
 * Where races are to be explored, both accesses of one become steps in the executions
 * that follow.  Such a step orders nothing, so that what hides behind it is found, too.
 *
 * All of it belongs to one process and is used by who has the token.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "library.h"
#include "points.h"

#define CELLS (1 << 14)
#define PROBES 16
#define READERS 4

struct mark {
	const void *pc;
	uint32_t epoch; /* 0: none */
	uint8_t thread, mask; /* of the eight bytes */
};

struct cell {
	uintptr_t granule; /* address / 8 */
	bool freed;
	struct mark write, reads[READERS];
};

static bool on;
static uint32_t clocks[THREADS_MAX][THREADS_MAX], released[OBJECTS_MAX][THREADS_MAX];
static struct cell cells[CELLS];
static uint16_t used[CELLS]; /* which cells are */
static int used_count;

/* ---- happens-before --------------------------------------------------------------------- */

static void learn(uint32_t *a, const uint32_t *b)
{
	int i;

	for (i = 0; i < THREADS_MAX; i++)
		if (b[i] > a[i])
			a[i] = b[i];
}

void points_learn(int thread, int object)
{
	if (on)
		learn(clocks[thread], released[object]);
}

void points_step(int thread, const struct operation *op)
{
	int i;

	if (!on)
		return;
	for (i = 0; i < op->count && op->kind != OP_ACCESS; i++) {
		int object = op->touches[i].object, access = op->touches[i].access;

		if (access != GIVES)
			points_learn(thread, object);
		if (access == GIVES || access == CHANGES)
			learn(released[object], clocks[thread]);
	}
	clocks[thread][thread]++;
}

void points_spawn(int parent, int thread)
{
	memset(clocks[thread], 0, sizeof(clocks[thread]));
	if (parent != NOBODY) {
		learn(clocks[thread], clocks[parent]);
		clocks[parent][parent]++;
	}
	clocks[thread][thread] = 1;
}

/* ---- what was touched ---------------------------------------------------------------------- */

static struct cell *cell_of(uintptr_t granule)
{
	size_t at = (granule * 0x9e3779b97f4a7c15ULL) >> 50, i;
	struct cell *c;

	for (i = 0; i < PROBES; i++) {
		c = &cells[(at + i) % CELLS];
		if (c->granule == granule)
			return c;
		if (!c->granule) {
			used[used_count++] = (uint16_t)(c - cells);
			break;
		}
	}
	c = &cells[(at + i % PROBES) % CELLS]; /* if all are used, the first is lost */
	memset(c, 0, sizeof(*c));
	c->granule = granule;
	return c;
}

static void place_text(const void *pc, char *text, size_t size)
{
	const char *file;
	Dl_info info;

	if (!dladdr(pc, &info) || !info.dli_fname) {
		snprintf(text, size, "somewhere");
		return;
	}
	file = strrchr(info.dli_fname, '/');
	snprintf(text, size, "%s+0x%lx", file ? file + 1 : info.dli_fname,
		 (unsigned long)((const char *)pc - (const char *)info.dli_fbase) - 1);
}

/* In force from the next execution on. */
static void learn_point(const void *pc)
{
	uint32_t i;

	for (i = 0; i < memory->points; i++)
		if (memory->point[i] == (uint64_t)(uintptr_t)pc)
			return;
	if (memory->points == POINTS_MAX)
		caveat(CAVEAT_POINTS, NULL);
	else
		memory->point[memory->points++] = (uint64_t)(uintptr_t)pc;
}

static bool is_point(const void *pc)
{
	uint32_t i;

	for (i = 0; i < memory->request.points; i++)
		if (memory->point[i] == (uint64_t)(uintptr_t)pc)
			return true;
	return false;
}

static _Noreturn void tell_race(const struct mark *before, const char *what_before, int thread, const char *what,
				const void *pc)
{
	char here[128], there[128];

	place_text(pc, here, sizeof(here));
	place_text(before->pc, there, sizeof(there));
	end_execution(END_RACE, "%s by thread %d at %s, %s by thread %d at %s, and nothing orders them", what_before,
		      before->thread, there, what, thread, here);
}

static void judge(const struct mark *m, const char *what_before, int thread, uint8_t mask, const char *what,
		  const void *pc)
{
	if (!m->epoch || !(m->mask & mask) || m->thread == thread || m->epoch <= clocks[thread][m->thread])
		return;
	if (!memory->request.races_explored)
		tell_race(m, what_before, thread, what, pc);
	learn_point(m->pc);
	learn_point(pc);
}

static _Noreturn void tell_freed(const struct cell *c, int thread, const char *what, const void *pc)
{
	char here[128], there[128];

	place_text(pc, here, sizeof(here));
	place_text(c->write.pc, there, sizeof(there));
	end_execution(END_RACE, "use after free: %s by thread %d at %s of what thread %d has freed at %s", what, thread,
		      here, c->write.thread, there);
}

static void note_read(struct cell *c, struct mark now)
{
	int i, oldest = 0;

	for (i = 0; i < READERS; i++) {
		if (!c->reads[i].epoch || c->reads[i].thread == now.thread) {
			c->reads[i] = now;
			return;
		}
		if (c->reads[i].epoch < c->reads[oldest].epoch)
			oldest = i;
	}
	c->reads[oldest] = now;
}

static void touch(uintptr_t granule, uint8_t mask, const char *what, bool writes, const void *pc)
{
	int thread = number_of(me()), i;
	struct mark now = {pc, clocks[thread][thread], (uint8_t)thread, mask};
	struct cell *c = cell_of(granule);

	if (c->freed)
		tell_freed(c, thread, what, pc);
	judge(&c->write, "write", thread, mask, what, pc);
	for (i = 0; writes && i < READERS; i++)
		judge(&c->reads[i], "read", thread, mask, what, pc);
	if (writes)
		c->write = now;
	else
		note_read(c, now);
}

/*
 * It touches its eight bytes, whatever their size and place, and what begins where it does,
 * for that may be an atomic; or of a range the first eight and the last.
 */
static void access_step(uintptr_t from, uintptr_t end, bool writes)
{
	enum access access = writes ? CHANGES : LOOKS;
	uintptr_t first = from & ~(uintptr_t)7, last = (end - 1) & ~(uintptr_t)7;
	uintptr_t second = last != first ? last : from;
	struct operation op = operation_on(OP_ACCESS, object_at((void *)first, OBJECT_ATOMIC, false), access);

	if (last - first > 8)
		caveat(CAVEAT_POINTS, NULL);
	if (second != first)
		operation_add(&op, object_at((void *)second, OBJECT_ATOMIC, false), access);
	step(op);
}

static void touch_range(const void *p, size_t size, const char *what, bool writes, const void *pc)
{
	uintptr_t at = (uintptr_t)p, end = at + size;

	if (memory->request.points && is_point(pc))
		access_step(at, end, writes);
	while (at < end) {
		uintptr_t next = (at | 7) + 1;
		unsigned first = at & 7, last = next < end ? 8 : (unsigned)(end - (at & ~(uintptr_t)7));

		touch(at >> 3, (uint8_t)((0xff << first) & ((1 << last) - 1)), what, writes, pc);
		at = next;
	}
}

static void forget_range(const void *p, size_t size)
{
	uintptr_t first = (uintptr_t)p >> 3, last = ((uintptr_t)p + size) >> 3;
	int i;

	for (i = 0; i < used_count; i++) {
		struct cell *c = &cells[used[i]];
		uintptr_t granule = c->granule;

		if (granule < first || granule > last)
			continue;
		memset(c, 0, sizeof(*c));
		c->granule = granule; /* keeps the way to those behind it */
	}
}

/* The memory of a child is its own: nobody else has touched it. */
void points_forked(void)
{
	int i;

	for (i = 0; i < used_count; i++) {
		struct cell *c = &cells[used[i]];

		if (!c->freed)
			*c = (struct cell){.granule = c->granule};
	}
}

/* A thread begins on a stack that another one had. */
void points_begin(const void *stack, size_t size)
{
	if (on)
		forget_range(stack, size);
}

/* ---- memory that comes and goes ------------------------------------------------------------------ */

/* Of ThreadSanitizer's runtime, if the program has it: then memory is its business. */
#define RUNTIME(name) __interceptor_##name
#define ALLOCATES(name, parameters, ...)                                                  \
	extern void *__libc_##name parameters;                                            \
	extern void *RUNTIME(name) parameters __attribute__((weak));                      \
	EXPORT void *name parameters                                                      \
	{                                                                                 \
		return RUNTIME(name) ? RUNTIME(name)(__VA_ARGS__) : fresh(__libc_##name(__VA_ARGS__)); \
	}

static void *fresh(void *p)
{
	if (on && p && has_token())
		forget_range(p, malloc_usable_size(p));
	return p;
}

ALLOCATES(malloc, (size_t size), size)
ALLOCATES(calloc, (size_t n, size_t size), n, size)
ALLOCATES(realloc, (void *p, size_t size), p, size)
ALLOCATES(memalign, (size_t alignment, size_t size), alignment, size)

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
	*p = memalign(alignment, size);
	return *p ? 0 : 12; /* ENOMEM */
}

extern void __libc_free(void *p);
extern void RUNTIME(free)(void *p) __attribute__((weak));

/* Only what instrumented code has touched is looked at: the rest it never sees. */
static void mark_freed(const void *p, size_t size, const void *pc)
{
	uintptr_t first = (uintptr_t)p >> 3, last = ((uintptr_t)p + size - 1) >> 3;
	int i;

	for (i = 0; i < used_count; i++) {
		struct cell *c = &cells[used[i]];

		if (c->granule < first || c->granule > last)
			continue;
		touch(c->granule, 0xff, "free", true, pc);
		c->freed = true;
	}
}

EXPORT void free(void *p)
{
	if (on && p && has_token())
		mark_freed(p, malloc_usable_size(p), __builtin_return_address(0));
	if (RUNTIME(free))
		RUNTIME(free)(p);
	else
		__libc_free(p);
}

/* ---- for the hooks of the compiler ------------------------------------------------------------------- */

EXPORT void poolproof_points_begin(void)
{
	if (!is_preloaded())
		return;
	on = true;
	me();
	memory->watched = true;
}

EXPORT void poolproof_points_touch(const void *p, size_t size, bool writes, const void *pc)
{
	if (on)
		touch_range(p, size, writes ? "write" : "read", writes, pc);
}

EXPORT void poolproof_points_atomic(const volatile void *p, bool writes)
{
	if (on)
		step_on(OP_ATOMIC, object_at((const void *)p, OBJECT_ATOMIC, false), writes ? CHANGES : LOOKS);
}
