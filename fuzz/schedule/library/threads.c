/* SPDX-License-Identifier: MIT */
/*
 * threads.c: threads begin, end, and are waited for.
 *
 * Creating a thread is no step: what the parent does next is.  Every thread is
 * joinable for libc, and its end is the last destructor of thread-specific data:
 * ours arms itself again until libc gives up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "library.h"
#include "raw.h"

static pthread_key_t last_key;

static struct object *object_of(const struct thread *t)
{
	return object_numbered(t->object);
}

/* The last of a process ends it, and somebody may wait for that; but not for the first one's. */
static struct operation exit_of(const struct thread *t)
{
	struct operation op = operation_on(OP_EXIT, object_of(t), GIVES);

	if (t->pid != FIRST_PROCESS)
		operation_add(&op, process_object(t->pid), CHANGES);
	return op;
}

static void thread_ends(void *round)
{
	if ((long)round < PTHREAD_DESTRUCTOR_ITERATIONS) {
		pthread_setspecific(last_key, (void *)((long)round + 1));
		return;
	}
	mutexes_of_the_dead(number_of(me()));
	step(exit_of(me()));
	memory->state.dying = number_of(me());
	leave();
}

__attribute__((constructor)) static void prepare(void)
{
	if (!is_preloaded())
		return;
	pthread_key_create(&last_key, thread_ends);
	pthread_setspecific(last_key, (void *)1);
	thread_at(0)->handle = (uint64_t)pthread_self();
}

/* ---- threads ---------------------------------------------------------------------------- */

static void forget_stack(void)
{
	pthread_attr_t attr;
	void *stack;
	size_t size;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &stack, &size);
	pthread_attr_destroy(&attr);
	points_begin(stack, size);
}

static void *begin(void *arg)
{
	struct thread *t = thread_at((int)(long)arg);
	int (*c11)(void *) = (int (*)(void *))(uintptr_t)t->start;
	void *(*start)(void *) = (void *(*)(void *))(uintptr_t)t->start;
	void *argument = (void *)(uintptr_t)t->argument;

	thread_begins((int)(long)arg);
	if (memory->watched)
		forget_stack();
	pthread_setspecific(last_key, (void *)1);
	return t->c11 ? (void *)(intptr_t)c11(argument) : start(argument);
}

static int create(pthread_t *handle, const pthread_attr_t *attr, void *start, void *argument, bool c11)
{
	pthread_attr_t joinable;
	int error, number, detached = PTHREAD_CREATE_JOINABLE;
	struct thread *t;

	fork_point();
	if (attr) {
		joinable = *attr;
		pthread_attr_getdetachstate(attr, &detached);
		pthread_attr_setdetachstate(&joinable, PTHREAD_CREATE_JOINABLE);
	}
	number = thread_new(me());
	t = thread_at(number);
	t->start = (uint64_t)(uintptr_t)start;
	t->argument = (uint64_t)(uintptr_t)argument;
	t->c11 = c11;
	t->detached = detached == PTHREAD_CREATE_DETACHED;
	error = REAL(pthread_create)(handle, attr ? &joinable : NULL, begin, (void *)(long)number);
	if (error)
		t->state = THREAD_EXITED;
	else
		t->handle = (uint64_t)*handle;
	return error;
}

EXPORT int pthread_create(pthread_t *handle, const pthread_attr_t *attr, void *(*start)(void *), void *argument)
{
	return create(handle, attr, (void *)(uintptr_t)start, argument, false);
}

/* The last one: libc uses a handle again when its thread was joined. */
static struct thread *thread_of(pthread_t handle)
{
	int i;

	for (i = memory->state.threads - 1; i >= 0; i--) {
		struct thread *t = thread_at(i);

		if (t->handle == (uint64_t)handle && t->pid == me()->pid)
			return t;
	}
	return NULL;
}

static int join(struct thread *t, void **returned)
{
	t->joined = true;
	return REAL(pthread_join)((pthread_t)t->handle, returned);
}

static int may_join(const struct thread *t)
{
	if (!t || t->joined)
		return ESRCH;
	if (t == me())
		return EDEADLK;
	return t->detached ? EINVAL : 0;
}

static struct operation join_of(const struct thread *t, enum kind kind)
{
	struct operation op = operation_on(kind, object_of(t), kind == OP_JOIN ? TAKES : CHANGES);

	op.argument = number_of(t);
	return op;
}

EXPORT int pthread_join(pthread_t handle, void **returned)
{
	struct thread *t;
	int error;

	me();
	t = thread_of(handle);
	error = may_join(t);
	if (error)
		return error;
	step(join_of(t, OP_JOIN));
	return join(t, returned);
}

EXPORT int pthread_tryjoin_np(pthread_t handle, void **returned)
{
	struct thread *t = thread_of(handle);
	int error = may_join(t);

	if (error)
		return error;
	step(join_of(t, OP_TRYJOIN));
	return t->state == THREAD_EXITED ? join(t, returned) : EBUSY;
}

EXPORT int pthread_clockjoin_np(pthread_t handle, void **returned, clockid_t clock, const struct timespec *until)
{
	struct thread *t = thread_of(handle);
	struct operation op;
	int error = may_join(t);

	if (error)
		return error;
	op = join_of(t, OP_JOIN);
	if (!operation_until(&op, clock, until))
		return EINVAL;
	op.touches[0].access = CHANGES;
	return step(op) == WAY_TIMEOUT ? ETIMEDOUT : join(t, returned);
}

EXPORT int pthread_timedjoin_np(pthread_t handle, void **returned, const struct timespec *until)
{
	return pthread_clockjoin_np(handle, returned, CLOCK_REALTIME, until);
}

EXPORT int pthread_detach(pthread_t handle)
{
	struct thread *t;

	me();
	t = thread_of(handle);
	if (!t || t->joined)
		return ESRCH;
	if (t->detached)
		return EINVAL;
	step_on(OP_DETACH, object_of(t), CHANGES);
	t->detached = true;
	if (t->state == THREAD_EXITED)
		join(t, NULL);
	return 0;
}

EXPORT int pthread_cancel(pthread_t handle)
{
	(void)handle;
	me();
	fork_point();
	end_execution(END_LOST, "pthread_cancel is not controlled");
}

EXPORT int pthread_setname_np(pthread_t handle, const char *name)
{
	struct thread *t;

	me();
	t = thread_of(handle);
	if (t && strlen(name) < sizeof(t->name))
		strcpy(t->name, name);
	return REAL(pthread_setname_np)(handle, name);
}

EXPORT int sched_yield(void)
{
	step((struct operation){.kind = OP_YIELD});
	return 0;
}

/* ---- C11 ------------------------------------------------------------------------------------ */

static int c11(int error)
{
	switch (error) {
	case 0:
		return thrd_success;
	case ENOMEM:
		return thrd_nomem;
	case ETIMEDOUT:
		return thrd_timedout;
	case EBUSY:
		return thrd_busy;
	default:
		return thrd_error;
	}
}

EXPORT int thrd_create(thrd_t *handle, thrd_start_t start, void *argument)
{
	int error = create(handle, NULL, (void *)(uintptr_t)start, argument, true);

	return c11(error == EAGAIN ? ENOMEM : error);
}

EXPORT int thrd_join(thrd_t handle, int *result)
{
	void *returned;
	int error = pthread_join(handle, &returned);

	if (!error && result)
		*result = (int)(intptr_t)returned;
	return c11(error);
}

EXPORT int thrd_detach(thrd_t handle)
{
	return c11(pthread_detach(handle));
}

EXPORT void thrd_exit(int result)
{
	pthread_exit((void *)(intptr_t)result);
}

EXPORT void thrd_yield(void)
{
	sched_yield();
}

EXPORT int mtx_init(mtx_t *m, int type)
{
	int result = REAL(mtx_init)(m, type);

	if (result == thrd_success)
		object_new(m, OBJECT_MUTEX, false);
	return result;
}

EXPORT void mtx_destroy(mtx_t *m)
{
	pthread_mutex_destroy((pthread_mutex_t *)m);
}

EXPORT int mtx_lock(mtx_t *m)
{
	return c11(pthread_mutex_lock((pthread_mutex_t *)m));
}

EXPORT int mtx_timedlock(mtx_t *m, const struct timespec *until)
{
	return c11(pthread_mutex_timedlock((pthread_mutex_t *)m, until));
}

EXPORT int mtx_trylock(mtx_t *m)
{
	return c11(pthread_mutex_trylock((pthread_mutex_t *)m));
}

EXPORT int mtx_unlock(mtx_t *m)
{
	return c11(pthread_mutex_unlock((pthread_mutex_t *)m));
}

EXPORT int cnd_init(cnd_t *c)
{
	int result = REAL(cnd_init)(c);

	if (result == thrd_success)
		object_new(c, OBJECT_COND, false);
	return result;
}

EXPORT void cnd_destroy(cnd_t *c)
{
	pthread_cond_destroy((pthread_cond_t *)c);
}

EXPORT int cnd_signal(cnd_t *c)
{
	return c11(pthread_cond_signal((pthread_cond_t *)c));
}

EXPORT int cnd_broadcast(cnd_t *c)
{
	return c11(pthread_cond_broadcast((pthread_cond_t *)c));
}

EXPORT int cnd_wait(cnd_t *c, mtx_t *m)
{
	return c11(pthread_cond_wait((pthread_cond_t *)c, (pthread_mutex_t *)m));
}

EXPORT int cnd_timedwait(cnd_t *c, mtx_t *m, const struct timespec *until)
{
	return c11(pthread_cond_timedwait((pthread_cond_t *)c, (pthread_mutex_t *)m, until));
}

EXPORT void call_once(once_flag *flag, void (*function)(void))
{
	pthread_once((pthread_once_t *)flag, function);
}
