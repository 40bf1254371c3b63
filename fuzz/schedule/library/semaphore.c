/* SPDX-License-Identifier: MIT */
/* semaphore.c: semaphores, barriers and pthread_once. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#include "library.h"

static int fail(int error)
{
	errno = error;
	return -1;
}

/* What libc keeps in a semaphore: its value, and whether processes share it. */
struct words {
	uint32_t value, waiters;
	int shared;
};

static struct words words_of(const void *s)
{
	struct words w;

	memcpy(&w, s, sizeof(w));
	return w;
}

static struct object *semaphore(const sem_t *s)
{
	struct object *o = object_at(s, OBJECT_SEM, words_of(s).shared != 0);

	if (!o->limit)
		o->count = (int32_t)words_of(s).value;
	o->limit = 1;
	return o;
}

EXPORT int sem_init(sem_t *s, int shared, unsigned value)
{
	int result = REAL(sem_init)(s, shared, value);

	if (result == 0) {
		object_new(s, OBJECT_SEM, words_of(s).shared != 0);
		semaphore(s);
	}
	return result;
}

EXPORT int sem_destroy(sem_t *s)
{
	object_forget(s, words_of(s).shared != 0);
	return 0;
}

EXPORT int sem_wait(sem_t *s)
{
	struct object *o = semaphore(s);

	step_on(OP_SEM_WAIT, o, CHANGES);
	o->count--;
	return 0;
}

EXPORT int sem_trywait(sem_t *s)
{
	struct object *o = semaphore(s);

	step_on(OP_SEM_TRYWAIT, o, CHANGES);
	if (o->count == 0)
		return fail(EAGAIN);
	o->count--;
	return 0;
}

EXPORT int sem_clockwait(sem_t *s, clockid_t clock, const struct timespec *until)
{
	struct object *o = semaphore(s);
	struct operation op = operation_on(OP_SEM_WAIT, o, CHANGES);

	if (!operation_until(&op, clock, until))
		return fail(EINVAL);
	if (step(op) == WAY_TIMEOUT)
		return fail(ETIMEDOUT);
	o->count--;
	return 0;
}

EXPORT int sem_timedwait(sem_t *s, const struct timespec *until)
{
	return sem_clockwait(s, CLOCK_REALTIME, until);
}

EXPORT int sem_post(sem_t *s)
{
	struct object *o = semaphore(s);

	step_on(OP_SEM_POST, o, CHANGES);
	if (o->count == SEM_VALUE_MAX)
		return fail(EOVERFLOW);
	o->count++;
	return 0;
}

EXPORT int sem_getvalue(sem_t *s, int *value)
{
	struct object *o = semaphore(s);

	step_on(OP_SEM_GET, o, LOOKS);
	*value = o->count;
	return 0;
}

/* ---- barriers ---------------------------------------------------------------------- */

#define BARRIER_SHARED 3 /* the word in which libc keeps it */

static bool barrier_is_shared(const pthread_barrier_t *b)
{
	int words[4];

	memcpy(words, b, sizeof(words));
	return words[BARRIER_SHARED] != 0;
}

static struct object *barrier(const pthread_barrier_t *b)
{
	return object_at(b, OBJECT_BARRIER, barrier_is_shared(b));
}

EXPORT int pthread_barrier_init(pthread_barrier_t *b, const pthread_barrierattr_t *attr, unsigned count)
{
	int error = REAL(pthread_barrier_init)(b, attr, count);

	if (!error)
		object_new(b, OBJECT_BARRIER, barrier_is_shared(b))->limit = (int32_t)count;
	return error;
}

EXPORT int pthread_barrier_destroy(pthread_barrier_t *b)
{
	step_on(OP_DESTROY, barrier(b), CHANGES);
	object_forget(b, barrier_is_shared(b));
	return 0;
}

EXPORT int pthread_barrier_wait(pthread_barrier_t *b)
{
	struct object *o = barrier(b);
	struct operation sleep = operation_on(OP_BARRIER_SLEEP, o, CHANGES);
	struct thread *list[THREADS_MAX];
	int i, n;

	step_on(OP_BARRIER, o, CHANGES);
	if (++o->count < o->limit) {
		sleep.count = 0;
		fall_asleep(sleep, (struct operation){.kind = OP_POINT});
		points_learn(number_of(me()), object_number(o));
		tsan_learn(o);
		return 0;
	}
	o->count = 0;
	n = sleepers_on(o, list, THREADS_MAX);
	for (i = 0; i < n; i++)
		wake(list[i]);
	return PTHREAD_BARRIER_SERIAL_THREAD;
}

/* ---- once --------------------------------------------------------------------------- */

enum { ONCE_NEW, ONCE_RUNS, ONCE_DONE };

EXPORT int pthread_once(pthread_once_t *once, void (*function)(void))
{
	struct object *o = object_at(once, OBJECT_ONCE, false);

	if (*once == ONCE_DONE)
		o->count = ONCE_DONE;
	if (o->limit) /* done in the set-up: it commutes with everything */
		return 0;
	step_on(OP_ONCE, o, o->count == ONCE_DONE ? LOOKS : CHANGES);
	if (o->count == ONCE_DONE)
		return 0;
	o->count = ONCE_RUNS;
	function();
	step_on(OP_ONCE_END, o, CHANGES);
	o->count = ONCE_DONE;
	o->limit = !memory->state.begun && !memory->request.whole;
	*once = ONCE_DONE;
	return 0;
}
