/* SPDX-License-Identifier: MIT */
#include "platform.h"

#include <errno.h>
#include <unistd.h>

int cf__usable_cpus(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online > 0 ? (int)online : 1;
}

void cf__name_thread(const char *name)
{
	(void)name; /* POSIX has no name for a thread */
}

/* How long it is from now until at, on the monotonic clock; negative once it has passed. */
static long long nanoseconds_until(const struct timespec *at)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (at->tv_sec - now.tv_sec) * 1000000000LL + (at->tv_nsec - now.tv_nsec);
}

/*
 * POSIX sleeps by the wall clock only.  If somebody sets that meanwhile, a sleep that
 * ends too early goes on, one that would end too late ends within a second.
 */
int cf__sem_clockwait(sem_t *sem, const struct timespec *at)
{
	struct timespec wall;
	long long left;

	do {
		left = nanoseconds_until(at);
		clock_gettime(CLOCK_REALTIME, &wall);
		if (left >= 1000000000LL)
			wall.tv_sec++;
		else if (left > 0)
			wall.tv_nsec += (long)left;
		wall.tv_sec += wall.tv_nsec / 1000000000;
		wall.tv_nsec %= 1000000000;
		if (sem_timedwait(sem, &wall) == 0)
			return 0;
	} while (errno == ETIMEDOUT && left > 0);
	return -1;
}
