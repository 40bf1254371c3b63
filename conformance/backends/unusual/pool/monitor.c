/* SPDX-License-Identifier: MIT */
/* monitor.c: the one lock and the one condition. */
#include "pool.h"

#include <time.h>

const struct design *design;

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news;

/* In seconds; what ends later never ends. */
#define NEVER 1e9

static void step(void)
{
	if (design && design->step)
		design->step();
}

void monitor_enter(void)
{
	step();
	pthread_mutex_lock(&mu);
	step();
}

void monitor_leave(void)
{
	step();
	pthread_mutex_unlock(&mu);
	step();
}

void monitor_tell_locked(void)
{
	pthread_cond_broadcast(&news);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double monitor_deadline(double timeout)
{
	return timeout > 0 ? now() + timeout : now();
}

double monitor_left(double deadline)
{
	return deadline - now();
}

static void sleep_locked(double deadline)
{
	struct timespec t;

	if (!(deadline < now() + NEVER)) {
		pthread_cond_wait(&news, &mu);
		return;
	}
	t.tv_sec = (time_t)deadline;
	t.tv_nsec = (long)((deadline - (double)t.tv_sec) * 1e9);
	pthread_cond_timedwait(&news, &mu, &t);
}

bool monitor_wait_locked(double deadline)
{
	if (deadline <= now())
		return false;
	if (design->wakes && design->wakes()) {
		monitor_leave();
		monitor_enter();
	} else {
		sleep_locked(deadline);
	}
	return true;
}

__attribute__((constructor)) void monitor_renew(void)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&news, &attr);
	pthread_condattr_destroy(&attr);
}
