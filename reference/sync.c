/* SPDX-License-Identifier: MIT */
#include "sync.h"

#include "platform.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int result, const char *call)
{
	if (result != 0)
		cf__fail(errno, call);
}

void cf__sem_init(sem_t *sem)
{
	must(sem_init(sem, 0, 0), "sem_init");
}

void cf__sem_destroy(sem_t *sem)
{
	must(sem_destroy(sem), "sem_destroy");
}

void cf__sem_post(sem_t *sem)
{
	must(sem_post(sem), "sem_post");
}

/*
 * A timeout of a hundred years or more is CF_FOREVER: no clock that starts at
 * boot reaches its end, and adding it to "now" could overflow.
 */
static const double forever_s = 100.0 * 366 * 24 * 3600;

void cf__fail(int error, const char *call)
{
	fprintf(stderr, "cfutures: %s: %s\n", call, strerror(error));
	abort();
}

void cf__cond_init(pthread_cond_t *cond)
{
	cf__must(pthread_cond_init(cond, NULL), "pthread_cond_init");
}

void cf__sem_renew(sem_t *sem)
{
	sem_destroy(sem);
	cf__sem_init(sem);
}

struct cf__deadline cf__deadline_after(double timeout)
{
	struct cf__deadline d = {.never = timeout >= forever_s};
	time_t seconds;

	if (d.never)
		return d;
	clock_gettime(CLOCK_MONOTONIC, &d.at);
	if (timeout <= 0)
		return d;
	seconds = (time_t)timeout;
	d.at.tv_sec += seconds;
	/* Rounded up: a wait must not end before its time. */
	d.at.tv_nsec += (long)((timeout - (double)seconds) * 1e9) + 1;
	if (d.at.tv_nsec >= 1000000000) {
		d.at.tv_sec++;
		d.at.tv_nsec -= 1000000000;
	}
	return d;
}

double cf__seconds_left(const struct cf__deadline *deadline)
{
	struct timespec now;
	double left;

	if (deadline->never)
		return INFINITY;
	clock_gettime(CLOCK_MONOTONIC, &now);
	left = (double)(deadline->at.tv_sec - now.tv_sec) + (double)(deadline->at.tv_nsec - now.tv_nsec) * 1e-9;
	return left > 0 ? left : 0;
}

static int cancel_off(void)
{
	int before;

	cf__must(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before), "pthread_setcancelstate");
	return before;
}

static void cancel_back(int before)
{
	cf__must(pthread_setcancelstate(before, NULL), "pthread_setcancelstate");
}

void cf__cond_wait(pthread_cond_t *cond, pthread_mutex_t *mu)
{
	int cancel = cancel_off();

	cf__must(pthread_cond_wait(cond, mu), "pthread_cond_wait");
	cancel_back(cancel);
}

void cf__sem_wait(sem_t *sem)
{
	int cancel = cancel_off();

	while (sem_wait(sem) != 0)
		if (errno != EINTR)
			cf__fail(errno, "sem_wait");
	cancel_back(cancel);
}

void cf__join(pthread_t thread)
{
	int cancel = cancel_off();

	cf__must(pthread_join(thread, NULL), "pthread_join");
	cancel_back(cancel);
}

bool cf__sem_wait_until(sem_t *sem, const struct cf__deadline *deadline)
{
	int cancel, error;

	if (deadline->never) {
		cf__sem_wait(sem);
		return true;
	}
	cancel = cancel_off();
	do
		error = cf__sem_clockwait(sem, &deadline->at) == 0 ? 0 : errno;
	while (error == EINTR);
	cancel_back(cancel);
	if (error == ETIMEDOUT)
		return false;
	cf__must(error, "sem_clockwait");
	return true;
}
