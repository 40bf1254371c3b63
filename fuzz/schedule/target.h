/* SPDX-License-Identifier: MIT */
/*
 * target.h: the program under exploration, as the explorer sees it.
 *
 * The program is started once, with the library preloaded and the layout of its
 * memory fixed; executions are then asked for one by one.  The explorer alone
 * looks at the clock on the wall: what makes no step for too long is ended.
 */
#ifndef SCHEDULE_TARGET_H
#define SCHEDULE_TARGET_H

#include <stdio.h>
#include <sys/types.h>

#include "memory.h"

struct subject {
	char **argv;	/* to execute */
	int keep;	/* a descriptor that it inherits, or -1 */
	double patience; /* seconds without a step */

	/* Called when an execution stands still at its end, if its request says that it is to hold; or NULL. */
	void (*look)(void *arg, pid_t pid);
	void *look_arg;

	struct memory *m;
	int fd;	    /* of m */
	int output; /* a file in memory */
	pid_t pid;
};

/*
 * Start it and wait until it has come to its fork point.  False with one line
 * in error if it does not.
 */
bool subject_start(struct subject *s, char *error, size_t size);

/* One execution, as s->m->request says.  False if the target is gone. */
bool subject_execute(struct subject *s);

/* End all of it. */
void subject_end(struct subject *s);

/* The first bytes that it wrote in the last executions. */
size_t subject_output(const struct subject *s, char *buffer, size_t size);
void subject_forget_output(struct subject *s);

#endif
