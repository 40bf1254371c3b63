/* SPDX-License-Identifier: MIT */
/*
 * watch.mu guards what is not atomic here.  It is taken after any lock of the
 * library.  Nothing of the library is called under it, and only the real
 * functions, so that watching is not watched.
 */
#include "watch.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *block);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *),
			  void *arg);
int __real_pthread_join(pthread_t thread, void **result);
int __real_pthread_detach(pthread_t thread);
int __real_pthread_atfork(void (*before)(void), void (*after)(void), void (*child)(void));
int __real_atexit(void (*hook)(void));
_Noreturn void __real_exit(int status);
int __real_pthread_mutex_lock(pthread_mutex_t *mu);
int __real_pthread_mutex_unlock(pthread_mutex_t *mu);
int __real_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mu);
int __real_sem_wait(sem_t *sem);
int __real_sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *at);

static struct {
	pthread_mutex_t mu;
	pthread_cond_t news; /* any of this has changed */
	long threads, joiners, sleepers;
} watch = {.mu = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER};

static atomic_long blocks, unjoined, reallocs, thread_starts, sleeps;
static atomic_int faults; /* calls until one fails; 0 or less: none will */

/* ---- telling ---------------------------------------------------------------- */

static void lock(void)
{
	__real_pthread_mutex_lock(&watch.mu);
}

static void unlock(void)
{
	__real_pthread_mutex_unlock(&watch.mu);
}

static void unlock_telling(void)
{
	pthread_cond_broadcast(&watch.news);
	unlock();
}

static void sleep_locked(void)
{
	__real_pthread_cond_wait(&watch.news, &watch.mu);
}

static void add(long *number, long change)
{
	lock();
	*number += change;
	unlock_telling();
}

void gate_open(struct gate *g)
{
	lock();
	g->open = true;
	unlock_telling();
}

static void unlock_when_cancelled(void *unused)
{
	(void)unused;
	unlock();
}

/* A cancellation point. */
void gate_wait(struct gate *g)
{
	lock();
	pthread_cleanup_push(unlock_when_cancelled, NULL);
	while (!g->open)
		sleep_locked();
	pthread_cleanup_pop(1);
}

bool gate_is_open(struct gate *g)
{
	bool open;

	lock();
	open = g->open;
	unlock();
	return open;
}

void await_threads(long threads)
{
	lock();
	while (watch.threads != threads)
		sleep_locked();
	unlock();
}

void await_sleepers(long sleepers)
{
	lock();
	while (watch.sleepers < sleepers)
		sleep_locked();
	unlock();
}

void await_join(void)
{
	lock();
	while (watch.joiners == 0)
		sleep_locked();
	unlock();
}

struct balance balance_now(void)
{
	struct balance b = {.blocks = blocks, .unjoined = unjoined};

	lock();
	b.threads = watch.threads;
	unlock();
	return b;
}

struct calls calls_now(void)
{
	return (struct calls){reallocs, thread_starts, sleeps};
}

/* ---- faults ------------------------------------------------------------------ */

void fault_arm(int nth)
{
	faults = nth;
}

bool fault_disarm(void)
{
	return atomic_exchange(&faults, INT_MAX) <= 0;
}

static bool fails(void)
{
	int left = faults;

	while (left > 0 && left < INT_MAX)
		if (atomic_compare_exchange_weak(&faults, &left, left - 1))
			return left == 1;
	return false;
}

/* ---- memory ------------------------------------------------------------------- */

static void *counted(void *block)
{
	blocks += block != NULL;
	return block;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
	void *new;

	reallocs++;
	if (fails())
		return NULL;
	new = __real_realloc(block, size);
	return block ? new : counted(new);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : counted(__real_strdup(text));
}

void __wrap_free(void *block)
{
	blocks -= block != NULL;
	__real_free(block);
}

/* ---- threads ------------------------------------------------------------------- */

struct start {
	void *(*body)(void *);
	void *arg;
};

static void thread_ends(void *unused)
{
	(void)unused;
	add(&watch.threads, -1);
}

static void *watched_body(void *arg)
{
	struct start start = *(struct start *)arg;
	void *result;

	__real_free(arg);
	pthread_cleanup_push(thread_ends, NULL);
	result = start.body(start.arg);
	pthread_cleanup_pop(1);
	return result;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *),
			  void *arg)
{
	struct start *start;
	int error;

	thread_starts++;
	if (fails())
		return EAGAIN;
	start = __real_malloc(sizeof(*start));
	*start = (struct start){body, arg};
	add(&watch.threads, 1);
	unjoined++;
	error = __real_pthread_create(thread, attr, watched_body, start);
	if (error == 0)
		return 0;
	__real_free(start);
	add(&watch.threads, -1);
	unjoined--;
	return error;
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
	int error;

	add(&watch.joiners, 1);
	error = __real_pthread_join(thread, result);
	add(&watch.joiners, -1);
	unjoined -= error == 0;
	return error;
}

int __wrap_pthread_detach(pthread_t thread)
{
	int error = __real_pthread_detach(thread);

	unjoined -= error == 0;
	return error;
}

/* ---- the process ----------------------------------------------------------------- */

int __wrap_pthread_atfork(void (*before)(void), void (*after)(void), void (*child)(void))
{
	return fails() ? ENOMEM : __real_pthread_atfork(before, after, child);
}

int __wrap_atexit(void (*hook)(void))
{
	return fails() ? -1 : __real_atexit(hook);
}

/* Check leaves so when an assertion fails: to wait for workers would hide it. */
void __wrap_exit(int status)
{
	if (status != 0) {
		fflush(NULL);
		_exit(status);
	}
	__real_exit(status);
}

static void forget_threads(void)
{
	/* They sleep in the parent; none of them is here. */
	pthread_cond_init(&watch.news, NULL);
	watch.threads = watch.joiners = watch.sleepers = 0;
	unlock();
}

/* Before the library's hooks are installed: so fork takes this lock after the library's. */
__attribute__((constructor)) static void watch_fork(void)
{
	__real_pthread_atfork(lock, unlock, forget_threads);
}

/* ---- steps -------------------------------------------------------------------------- */

static _Thread_local struct {
	int locks; /* that the thread holds */
	int left;  /* steps until the hook */
	void (*hook)(void *arg);
	void *arg;
} step;

void step_hook(int nth, void (*hook)(void *arg), void *arg)
{
	step.left = nth;
	step.hook = hook;
	step.arg = arg;
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *mu)
{
	step.locks++;
	return __real_pthread_mutex_lock(mu);
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *mu)
{
	int error = __real_pthread_mutex_unlock(mu);

	if (--step.locks == 0 && step.left > 0 && --step.left == 0)
		step.hook(step.arg);
	return error;
}

void pause_here(void *arg)
{
	struct pause *p = arg;

	gate_open(&p->reached);
	gate_wait(&p->resume);
}

bool await_pause(struct pause *p)
{
	bool reached;

	lock();
	while (!p->reached.open && !p->over.open && watch.threads > 0)
		sleep_locked();
	reached = p->reached.open;
	unlock();
	return reached;
}

/* ---- sleepers ------------------------------------------------------------------------ */

static void woken(void *unused)
{
	(void)unused;
	add(&watch.sleepers, -1);
}

/* mu is held: who takes it next finds the thread asleep. */
static void falls_asleep(void)
{
	sleeps++;
	add(&watch.sleepers, 1);
}

int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mu)
{
	int error;

	falls_asleep();
	pthread_cleanup_push(woken, NULL);
	error = __real_pthread_cond_wait(cond, mu);
	pthread_cleanup_pop(1);
	return error;
}

/* What is posted before the thread sleeps is not lost. */
int __wrap_sem_wait(sem_t *sem)
{
	int error;

	falls_asleep();
	pthread_cleanup_push(woken, NULL);
	error = __real_sem_wait(sem);
	pthread_cleanup_pop(1);
	return error;
}

int __wrap_sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *at)
{
	int error;

	falls_asleep();
	pthread_cleanup_push(woken, NULL);
	error = __real_sem_clockwait(sem, clock, at);
	pthread_cleanup_pop(1);
	return error;
}
