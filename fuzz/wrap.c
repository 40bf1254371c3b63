/* SPDX-License-Identifier: MIT */
/*
 * wrap.c: makes memory and threads run out in a target, which a sanitizer may have: ld's --wrap
 * puts each __wrap_NAME in front of what the target's own objects ask for (fuzz.mk).
 *
 * In the tool conformance/inject/inject.c has that place, for any backend.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "../conformance/inject/when.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *), void *arg);

static void *no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

void *__wrap_malloc(size_t size)
{
	return inject_fails() ? no_memory() : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return inject_fails() ? no_memory() : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
	return inject_fails() ? no_memory() : __real_realloc(block, size);
}

char *__wrap_strdup(const char *text)
{
	return inject_fails() ? no_memory() : __real_strdup(text);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *), void *arg)
{
	return inject_fails() ? EAGAIN : __real_pthread_create(thread, attr, body, arg);
}
