/* SPDX-License-Identifier: MIT */
/* platform.h: what differs between systems; the Makefile picks platform_*.c. */
#ifndef CF_PLATFORM_H
#define CF_PLATFORM_H

#include <semaphore.h>
#include <time.h>

/* How many CPUs this process may use; at least 1. */
int cf__usable_cpus(void);

/* Tell the system the calling thread's name, or as much of it as it takes. */
void cf__name_thread(const char *name);

/* sem_timedwait, but at is on the monotonic clock. */
int cf__sem_clockwait(sem_t *sem, const struct timespec *at);

#endif
