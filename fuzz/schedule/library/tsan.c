/* SPDX-License-Identifier: MIT */
/*
 * tsan.c: what ThreadSanitizer's own runtime is told, if the program has it.
 *
 * It sees none of the locks, for they are ours; so each step says which of those
 * before it it follows.  To be called by the thread that takes the step.
 */
#include "library.h"

extern void __tsan_acquire(void *p) __attribute__((weak));
extern void __tsan_release(void *p) __attribute__((weak));

void tsan_step(const struct operation *op)
{
	int i;

	/* It has seen the thread off when ours does; it knows of joins by itself. */
	if (!__tsan_acquire || !__tsan_release || op->kind == OP_EXIT)
		return;
	for (i = 0; i < op->count; i++) {
		struct object *o = object_numbered(op->touches[i].object);

		if (op->touches[i].access != GIVES)
			__tsan_acquire(o);
		if (op->touches[i].access == GIVES || op->touches[i].access == CHANGES)
			__tsan_release(o);
	}
}

void tsan_learn(struct object *o)
{
	if (__tsan_acquire)
		__tsan_acquire(o);
}

bool tsan_may_join(void)
{
	return !__tsan_acquire || me()->next.kind != OP_EXIT;
}
