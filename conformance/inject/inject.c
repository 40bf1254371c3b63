/* SPDX-License-Identifier: MIT */
/*
 * inject.c: preloaded into the tool, makes memory and threads run out on demand.
 *
 * Stands before libc's malloc and its relatives, pthread_create and thrd_create,
 * for the tool, the backend and every library of theirs alike.  It spoils memory that
 * is not in use, and ends the process when a mutex is unlocked that is not locked.
 *
 * What a thread-local variable of a loaded object needs at its first use in a thread is
 * always there: the dynamic linker and libc ask for it, end the process without, and leave
 * the executor no say in it.
 */
#include "when.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include <dlfcn.h>
#include <link.h>
#include <sys/auxv.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

/* ---- thread-local variables --------------------------------------------------------- */

static uintptr_t linker_begin, linker_end; /* of the dynamic linker, in memory */

static int find_linker(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	if (info->dlpi_addr != getauxval(AT_BASE))
		return 0;
	linker_begin = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;

		if (info->dlpi_phdr[i].p_type == PT_LOAD && end > linker_end)
			linker_end = end;
	}
	return 1;
}

static bool fails(const void *caller)
{
	bool linker = (uintptr_t)caller - linker_begin < linker_end - linker_begin;

	return !linker && inject_fails();
}

/* Where the request came from. */
#define CALLER __builtin_return_address(0)

int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *dso);

static int (*real_thread_atexit)(void (*)(void *), void *, void *);

/* For variables with a destructor, in C++ and Rust. */
int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *dso)
{
	int status;

	if (!real_thread_atexit)
		*(void **)&real_thread_atexit = dlsym(RTLD_NEXT, "__cxa_thread_atexit_impl");
	poolproof_inject_pause();
	status = real_thread_atexit(destructor, object, dso);
	poolproof_inject_resume();
	return status;
}

/* ---- for the harness ------------------------------------------------------------ */

static atomic_long blocks;

/* Blocks of memory that the process has taken and not given back. */
long poolproof_inject_blocks(void)
{
	return atomic_load(&blocks);
}

/* ---- memory ----------------------------------------------------------------------- */

static void *no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

/*
 * What is read before it was written, or after it was freed, is neither zero nor
 * what it was: a use of such memory shows.  The beginning of a large block will do.
 */
static void spoil(void *block, int with)
{
	size_t size = malloc_usable_size(block);

	memset(block, with, size < 4096 ? size : 4096);
}

static void *counted(void *block)
{
	if (block)
		atomic_fetch_add(&blocks, 1);
	return block;
}

static void *fresh(void *block)
{
	if (block)
		spoil(block, 0xA5);
	return counted(block);
}

void *malloc(size_t size)
{
	return fails(CALLER) ? no_memory() : fresh(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return fails(CALLER) ? no_memory() : counted(__libc_calloc(count, size));
}

void free(void *block)
{
	if (block) {
		atomic_fetch_sub(&blocks, 1);
		spoil(block, 0xDB);
	}
	__libc_free(block);
}

void *realloc(void *block, size_t size)
{
	if (!block)
		return malloc(size);
	if (size == 0) {
		free(block);
		return NULL;
	}
	return fails(CALLER) ? no_memory() : __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size)
{
	return fails(CALLER) ? no_memory() : fresh(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
	void *new = memalign(alignment, size);

	if (!new)
		return ENOMEM;
	*block = new;
	return 0;
}

/* ---- locks --------------------------------------------------------------------------- */

static int (*real_mutex_unlock)(pthread_mutex_t *);

static _Noreturn void end_with(const char *message)
{
	ssize_t ignored = write(STDERR_FILENO, message, strlen(message));

	(void)ignored;
	abort();
}

/* Whoever holds it, somebody must: a lock that was dropped, or never taken, guards nothing. */
int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	if (mutex->__data.__lock == 0 && (mutex->__data.__kind & 127) == PTHREAD_MUTEX_NORMAL)
		end_with("poolproof: a mutex was unlocked that nobody had locked\n");
	if (!real_mutex_unlock) /* in the constructor of another library */
		*(void **)&real_mutex_unlock = dlsym(RTLD_NEXT, "pthread_mutex_unlock");
	return real_mutex_unlock(mutex);
}

/* ---- threads -------------------------------------------------------------------------- */

static int (*real_pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
static int (*real_thrd_create)(thrd_t *, thrd_start_t, void *);

__attribute__((constructor)) static void find_real(void)
{
	dl_iterate_phdr(find_linker, NULL);
	*(void **)&real_pthread_create = dlsym(RTLD_NEXT, "pthread_create");
	*(void **)&real_thrd_create = dlsym(RTLD_NEXT, "thrd_create");
}

/* A thread that is started is one request, whatever that takes. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *), void *arg)
{
	int status;

	if (inject_fails())
		return EAGAIN;
	poolproof_inject_pause();
	status = real_pthread_create(thread, attr, body, arg);
	poolproof_inject_resume();
	return status;
}

int thrd_create(thrd_t *thread, thrd_start_t body, void *arg)
{
	int status;

	if (inject_fails())
		return thrd_nomem;
	poolproof_inject_pause();
	status = real_thrd_create(thread, body, arg);
	poolproof_inject_resume();
	return status;
}
