/* SPDX-License-Identifier: MIT */
/*
 * mutex.c: mutexes, condition variables, reader-writer and spin locks.
 *
 * A mutex's type, and whether processes share it, is read from the object,
 * where init and the static initializers leave it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "library.h"

static int type_of(const pthread_mutex_t *m)
{
	return m->__data.__kind & 3;
}

static bool is_robust(const pthread_mutex_t *m)
{
	return m->__data.__kind & 16;
}

static bool is_shared(const pthread_mutex_t *m)
{
	return m->__data.__kind & 128;
}

struct object *mutex_object(const void *mutex)
{
	return object_at(mutex, OBJECT_MUTEX, is_shared(mutex));
}

bool mutex_is_mine(const void *mutex)
{
	return mutex_object(mutex)->owner == number_of(me());
}

struct operation mutex_operation(const void *mutex, enum kind kind)
{
	struct operation op = operation_on(kind, mutex_object(mutex), kind == OP_LOCK	  ? TAKES :
								       kind == OP_UNLOCK ? GIVES :
											   CHANGES);
	int type = type_of(mutex);

	op.argument = type == PTHREAD_MUTEX_RECURSIVE || type == PTHREAD_MUTEX_ERRORCHECK;
	return op;
}

static int own(const pthread_mutex_t *m, struct object *o)
{
	if (o->lost)
		return ENOTRECOVERABLE;
	o->owner = (int16_t)number_of(me());
	o->count = 1;
	if (is_robust(m) && o->ownerless) {
		o->lost = true; /* unless it is made consistent before it is unlocked */
		return EOWNERDEAD;
	}
	return 0;
}

int mutex_take(const void *mutex, struct object *o)
{
	if (o->owner != number_of(me()))
		return own(mutex, o);
	if (type_of(mutex) == PTHREAD_MUTEX_ERRORCHECK)
		return EDEADLK;
	o->count++;
	return 0;
}

static int may_give(const pthread_mutex_t *m, const struct object *o)
{
	int type = type_of(m);

	if (o->owner == number_of(me()))
		return 0;
	return type == PTHREAD_MUTEX_RECURSIVE || type == PTHREAD_MUTEX_ERRORCHECK || is_robust(m) ? EPERM : 0;
}

int mutex_give(const void *mutex, struct object *o)
{
	int error = may_give(mutex, o);

	if (error)
		return error;
	if (--o->count <= 0)
		o->owner = NOBODY, o->count = 0;
	return 0;
}

/* Threads that end with a robust mutex leave it without an owner. */
void mutexes_of_the_dead(int thread)
{
	int i;

	for (i = 0; i < memory->state.objects; i++) {
		struct object *o = object_numbered(i);

		if (o->kind == OBJECT_MUTEX && o->owner == thread && !o->destroyed &&
		    is_robust((const pthread_mutex_t *)(uintptr_t)o->address)) {
			o->owner = NOBODY;
			o->ownerless = true;
		}
	}
}

/* ---- mutexes ----------------------------------------------------------------------- */

EXPORT int pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
	int error = REAL(pthread_mutex_init)(m, attr);

	if (!error)
		object_new(m, OBJECT_MUTEX, is_shared(m));
	return error;
}

EXPORT int pthread_mutex_destroy(pthread_mutex_t *m)
{
	struct object *o = mutex_object(m);

	step_on(OP_DESTROY, o, CHANGES);
	if (o->owner != NOBODY)
		return EBUSY;
	object_forget(m, is_shared(m));
	return 0;
}

EXPORT int pthread_mutex_lock(pthread_mutex_t *m)
{
	step(mutex_operation(m, OP_LOCK));
	return mutex_take(m, mutex_object(m));
}

EXPORT int pthread_mutex_trylock(pthread_mutex_t *m)
{
	struct object *o = mutex_object(m);
	bool mine;

	step(mutex_operation(m, OP_TRYLOCK));
	mine = o->owner == number_of(me()) && type_of(m) == PTHREAD_MUTEX_RECURSIVE;
	return o->owner == NOBODY || mine ? mutex_take(m, o) : EBUSY;
}

EXPORT int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock, const struct timespec *until)
{
	struct operation op = mutex_operation(m, OP_LOCK);
	bool good = operation_until(&op, clock, until);

	op.timed = good;
	op.touches[0].access = CHANGES;
	if (!good && mutex_object(m)->owner != NOBODY)
		return EINVAL;
	return step(op) == WAY_TIMEOUT ? ETIMEDOUT : mutex_take(m, mutex_object(m));
}

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *until)
{
	return pthread_mutex_clocklock(m, CLOCK_REALTIME, until);
}

EXPORT int pthread_mutex_unlock(pthread_mutex_t *m)
{
	step(mutex_operation(m, OP_UNLOCK));
	return mutex_give(m, mutex_object(m));
}

EXPORT int pthread_mutex_consistent(pthread_mutex_t *m)
{
	struct object *o = mutex_object(m);

	if (!is_robust(m) || !o->ownerless)
		return EINVAL;
	o->ownerless = o->lost = false;
	return 0;
}

/* ---- condition variables ------------------------------------------------------------- */

static struct object *cond_object(const pthread_cond_t *c)
{
	return object_at(c, OBJECT_COND, c->__data.__wrefs & 1);
}

static int clock_of(const pthread_cond_t *c)
{
	return c->__data.__wrefs & 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

EXPORT int pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr)
{
	int error = REAL(pthread_cond_init)(c, attr);

	if (!error)
		object_new(c, OBJECT_COND, c->__data.__wrefs & 1);
	return error;
}

EXPORT int pthread_cond_destroy(pthread_cond_t *c)
{
	step_on(OP_COND_DESTROY, cond_object(c), CHANGES);
	object_forget(c, c->__data.__wrefs & 1);
	return 0;
}

/* sleep: what the caller does while it is asleep, timed or not. */
static int cond_wait(pthread_cond_t *c, pthread_mutex_t *m, struct operation sleep)
{
	struct object *mutex = mutex_object(m);
	struct operation wait = operation_on(OP_COND_WAIT, cond_object(c), CHANGES);
	struct operation lock = mutex_operation(m, OP_LOCK);
	int error = may_give(m, mutex), depth = mutex->count, result = 0;

	if (error)
		return error;
	operation_add(&wait, mutex, GIVES);
	step(wait);
	mutex->count = 1;
	mutex_give(m, mutex);
	lock.argument = 0;
	if (fall_asleep(sleep, lock) == WAY_TIMEOUT)
		result = ETIMEDOUT;
	if (!me()->woken)
		step(lock);
	error = mutex_take(m, mutex);
	mutex->count = depth;
	return error ? error : result;
}

static struct operation cond_sleep(pthread_cond_t *c)
{
	struct operation op = operation_on(OP_COND_SLEEP, cond_object(c), CHANGES);

	/* Without a timer and spurious wake-ups its step is never its own. */
	op.count = memory->request.spurious;
	return op;
}

EXPORT int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	return cond_wait(c, m, cond_sleep(c));
}

EXPORT int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
				  const struct timespec *until)
{
	struct operation op = operation_on(OP_COND_SLEEP, cond_object(c), CHANGES);

	if (!operation_until(&op, clock, until))
		return EINVAL;
	return cond_wait(c, m, op);
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until)
{
	return pthread_cond_clockwait(c, m, clock_of(c), until);
}

EXPORT int pthread_cond_signal(pthread_cond_t *c)
{
	struct object *o = cond_object(c);
	struct thread *list[THREADS_MAX];
	int way = step_on(OP_COND_SIGNAL, o, CHANGES);

	if (sleepers_on(o, list, THREADS_MAX) > way)
		wake(list[way]);
	return 0;
}

EXPORT int pthread_cond_broadcast(pthread_cond_t *c)
{
	struct object *o = cond_object(c);
	struct thread *list[THREADS_MAX];
	int i, n;

	step_on(OP_COND_BROADCAST, o, CHANGES);
	n = sleepers_on(o, list, THREADS_MAX);
	for (i = 0; i < n; i++)
		wake(list[i]);
	return 0;
}

/* ---- reader-writer locks -------------------------------------------------------------- */

static struct object *rwlock_object(const pthread_rwlock_t *l)
{
	return object_at(l, OBJECT_RWLOCK, l->__data.__shared != 0);
}

EXPORT int pthread_rwlock_init(pthread_rwlock_t *l, const pthread_rwlockattr_t *attr)
{
	int error = REAL(pthread_rwlock_init)(l, attr);

	if (!error)
		object_new(l, OBJECT_RWLOCK, l->__data.__shared != 0);
	return error;
}

EXPORT int pthread_rwlock_destroy(pthread_rwlock_t *l)
{
	struct object *o = rwlock_object(l);

	step_on(OP_DESTROY, o, CHANGES);
	if (o->owner != NOBODY || o->count)
		return EBUSY;
	object_forget(l, l->__data.__shared != 0);
	return 0;
}

static struct operation rwlock_operation(pthread_rwlock_t *l, enum kind kind)
{
	struct operation op = operation_on(kind, rwlock_object(l), CHANGES);

	op.argument = l->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP ? 2 : 1;
	return op;
}

static int take_to_read(struct object *o)
{
	if (o->owner == number_of(me()))
		return EDEADLK;
	o->count++;
	return 0;
}

static int take_to_write(struct object *o)
{
	if (o->owner == number_of(me()))
		return EDEADLK;
	o->owner = (int16_t)number_of(me());
	return 0;
}

static int rwlock_take(pthread_rwlock_t *l, struct operation op)
{
	enum kind kind = op.kind;

	if (step(op) == WAY_TIMEOUT)
		return ETIMEDOUT;
	return kind == OP_RDLOCK ? take_to_read(rwlock_object(l)) : take_to_write(rwlock_object(l));
}

static int rwlock_take_until(pthread_rwlock_t *l, enum kind kind, int clock, const struct timespec *until)
{
	struct operation op = rwlock_operation(l, kind);

	if (!operation_until(&op, clock, until))
		return EINVAL;
	return rwlock_take(l, op);
}

EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
	return rwlock_take(l, rwlock_operation(l, OP_RDLOCK));
}

EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
	return rwlock_take(l, rwlock_operation(l, OP_WRLOCK));
}

EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock, const struct timespec *until)
{
	return rwlock_take_until(l, OP_RDLOCK, clock, until);
}

EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock, const struct timespec *until)
{
	return rwlock_take_until(l, OP_WRLOCK, clock, until);
}

EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *l, const struct timespec *until)
{
	return rwlock_take_until(l, OP_RDLOCK, CLOCK_REALTIME, until);
}

EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *until)
{
	return rwlock_take_until(l, OP_WRLOCK, CLOCK_REALTIME, until);
}

EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t *l)
{
	struct object *o = rwlock_object(l);

	step(rwlock_operation(l, OP_TRYRDLOCK));
	return o->owner != NOBODY ? EBUSY : take_to_read(o);
}

EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *l)
{
	struct object *o = rwlock_object(l);

	step(rwlock_operation(l, OP_TRYWRLOCK));
	return o->owner != NOBODY || o->count ? EBUSY : take_to_write(o);
}

EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *l)
{
	struct object *o = rwlock_object(l);

	step(rwlock_operation(l, OP_RWUNLOCK));
	if (o->owner != NOBODY)
		o->owner = NOBODY;
	else if (o->count)
		o->count--;
	return 0;
}

/* ---- spin locks ---------------------------------------------------------------------------- */

static struct object *spin_object(pthread_spinlock_t *l)
{
	return object_at((const void *)l, OBJECT_SPIN, false);
}

EXPORT int pthread_spin_init(pthread_spinlock_t *l, int shared)
{
	(void)shared;
	*l = 1;
	object_new((const void *)l, OBJECT_SPIN, false);
	return 0;
}

EXPORT int pthread_spin_destroy(pthread_spinlock_t *l)
{
	object_forget((const void *)l, false);
	return 0;
}

EXPORT int pthread_spin_lock(pthread_spinlock_t *l)
{
	struct object *o = spin_object(l);

	step_on(OP_SPIN_LOCK, o, TAKES);
	o->owner = (int16_t)number_of(me());
	return 0;
}

EXPORT int pthread_spin_trylock(pthread_spinlock_t *l)
{
	struct object *o = spin_object(l);

	step_on(OP_SPIN_TRYLOCK, o, CHANGES);
	if (o->owner != NOBODY)
		return EBUSY;
	o->owner = (int16_t)number_of(me());
	return 0;
}

EXPORT int pthread_spin_unlock(pthread_spinlock_t *l)
{
	struct object *o = spin_object(l);

	step_on(OP_SPIN_UNLOCK, o, GIVES);
	o->owner = NOBODY;
	return 0;
}
