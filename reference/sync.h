/* SPDX-License-Identifier: MIT */
/*
 * sync.h: pthread primitives that cannot fail when used properly, and
 * deadlines on the monotonic clock.
 */
#ifndef CF_SYNC_H
#define CF_SYNC_H

#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <time.h>

/* Say which call failed, and abort. */
_Noreturn void cf__fail(int error, const char *call);

static inline void cf__must(int error, const char *call)
{
	if (error != 0)
		cf__fail(error, call);
}

static inline void cf__lock(pthread_mutex_t *mu)
{
	cf__must(pthread_mutex_lock(mu), "pthread_mutex_lock");
}

static inline void cf__unlock(pthread_mutex_t *mu)
{
	cf__must(pthread_mutex_unlock(mu), "pthread_mutex_unlock");
}

void cf__cond_init(pthread_cond_t *cond);

/* A semaphore of this process, with nothing in it. */
void cf__sem_init(sem_t *sem);
void cf__sem_destroy(sem_t *sem);
void cf__sem_post(sem_t *sem);

/*
 * In the child of a fork: make anew what threads of the parent may sleep on.  It is destroyed
 * first, though no one's memory depends on it, so that a checker sees a new object.
 */
void cf__sem_renew(sem_t *sem);

/* The moment a timeout ends. */
struct cf__deadline {
	bool never;
	struct timespec at;
};

/* The deadline timeout seconds from now; timeout is not NaN. */
struct cf__deadline cf__deadline_after(double timeout);

/* How long it is until the deadline, as a timeout; 0 if it has passed. */
double cf__seconds_left(const struct cf__deadline *deadline);

/*
 * No call of the library is a cancellation point: a thread that was cancelled
 * while it slept in one would leave its locks taken.
 *
 * Sleep until cond brings news, or spuriously.  mu is held, as for
 * pthread_cond_wait.
 */
void cf__cond_wait(pthread_cond_t *cond, pthread_mutex_t *mu);

/* Take one from sem, or sleep until there is one. */
void cf__sem_wait(sem_t *sem);

/* The same; false if the deadline has passed instead. */
bool cf__sem_wait_until(sem_t *sem, const struct cf__deadline *deadline);

/* Wait until thread has ended. */
void cf__join(pthread_t thread);

#endif
