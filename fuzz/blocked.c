/* SPDX-License-Identifier: MIT */
/* blocked.c: see blocked.h. */
#include "blocked.h"

#include <unistd.h>

#include "proc.h"
#include "watch.h"

static struct watch others;
static int alone; /* times in a row that there were no others */

void blocked_begin(void)
{
	others = (struct watch){0};
	alone = 0;
}

/* A listing may pass over a thread while another one ends, so one is not enough. */
bool blocked_for_good(void)
{
	alone = proc_threads(getpid(), NULL, 0) > 1 ? 0 : alone + 1;
	if (alone)
		return alone > 1;
	return watch_threads(&others, getpid(), gettid(), NULL) == WATCH_BLOCKED;
}
