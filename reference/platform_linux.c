/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int cf__usable_cpus(void)
{
	cpu_set_t set;
	long online;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return CPU_COUNT(&set);
	/* More CPUs than cpu_set_t has bits. */
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (int)online : 1;
}

void cf__name_thread(const char *name)
{
	char comm[16]; /* what the kernel keeps, its NUL included */

	snprintf(comm, sizeof(comm), "%s", name);
	pthread_setname_np(pthread_self(), comm);
}

int cf__sem_clockwait(sem_t *sem, const struct timespec *at)
{
	return sem_clockwait(sem, CLOCK_MONOTONIC, at);
}
