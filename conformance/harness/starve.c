/* SPDX-License-Identifier: MIT */
/*
 * starve.c: a thread for which no other can be started.
 *
 * The one name of the tool that is meant to stand before a library's: whoever starts a
 * thread comes through here.  It makes no difference but to a thread that is starved,
 * which hears what the C library says when there is no memory for a stack.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

#include "race.h"

typedef int create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);

static _Thread_local bool starved;

void starve(bool yes)
{
	starved = yes;
}

__attribute__((visibility("default"), used)) int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
								void *(*start)(void *), void *arg)
{
	static _Atomic(create *) real;
	create *f = atomic_load_explicit(&real, memory_order_relaxed);

	if (starved)
		return EAGAIN;
	if (!f) {
		*(void **)&f = dlsym(RTLD_NEXT, "pthread_create");
		atomic_store_explicit(&real, f, memory_order_relaxed);
	}
	return f(thread, attr, start, arg);
}
