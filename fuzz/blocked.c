/* SPDX-License-Identifier: MIT */
/* blocked.c: see blocked.h. */
#include "blocked.h"

#include <unistd.h>

#include "watch.h"

static struct watch others;

void blocked_begin(void)
{
	others = (struct watch){0};
}

bool blocked_for_good(void)
{
	return watch_threads(&others, getpid(), gettid(), NULL) == WATCH_BLOCKED;
}
