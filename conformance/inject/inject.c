/* SPDX-License-Identifier: MIT */
/*
 * inject.c: preloaded into the tool, makes memory and threads run out on demand.
 *
 * Stands before libc's malloc and its relatives, pthread_create and thrd_create,
 * for the tool, the backend and every library of theirs alike.  It spoils memory that
 * is not in use, and ends the process when a mutex is unlocked that is not locked.
 * Each thread has a count of its own of calls until one fails; a thread that has set
 * none is not disturbed.  What harness/inject.c looks up here by name has no other
 * header.
 */
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
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

/* ---- when to fail ------------------------------------------------------------- */

/* Of the calling thread. */
static _Thread_local struct {
	int left;     /* calls until one fails; 0: none will */
	bool lasting; /* and all after it too */
	bool failed;
	int inside;   /* a thread that is started is one call, whatever that takes */
} state __attribute__((tls_model("initial-exec")));

static atomic_long blocks;

static bool fails(void)
{
	if (state.left == 0 || state.inside)
		return false;
	if (state.left > 1) {
		state.left--;
		return false;
	}
	if (!state.lasting)
		state.left = 0;
	state.failed = true;
	return true;
}

/* ---- for the harness ------------------------------------------------------------ */

/* Fail the nth call from now on of the calling thread, and all after it if lasting. */
void poolproof_inject_arm(int nth, bool lasting)
{
	state.left = nth;
	state.lasting = lasting;
	state.failed = false;
}

/* No more; true if a call has failed. */
bool poolproof_inject_disarm(void)
{
	state.left = 0;
	return state.failed;
}

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
	return fails() ? no_memory() : fresh(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return fails() ? no_memory() : counted(__libc_calloc(count, size));
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
	return fails() ? no_memory() : __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size)
{
	return fails() ? no_memory() : fresh(__libc_memalign(alignment, size));
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
	*(void **)&real_pthread_create = dlsym(RTLD_NEXT, "pthread_create");
	*(void **)&real_thrd_create = dlsym(RTLD_NEXT, "thrd_create");
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *), void *arg)
{
	int status;

	if (fails())
		return EAGAIN;
	state.inside++;
	status = real_pthread_create(thread, attr, body, arg);
	state.inside--;
	return status;
}

int thrd_create(thrd_t *thread, thrd_start_t body, void *arg)
{
	int status;

	if (fails())
		return thrd_nomem;
	state.inside++;
	status = real_thrd_create(thread, body, arg);
	state.inside--;
	return status;
}
