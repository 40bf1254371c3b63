/* SPDX-License-Identifier: MIT */
#include "platform.h"

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
