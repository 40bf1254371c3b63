/* SPDX-License-Identifier: MIT */
/*
 * program_subject.h: a program of the fuzzer on a backend as a subject; the model judges it.
 */
#ifndef SCHEDULE_PROGRAM_SUBJECT_H
#define SCHEDULE_PROGRAM_SUBJECT_H

#include "explore.h"

struct program_subject {
	struct subject subject;
	const char *file;
	void *history, *before; /* of the last execution, and as it was at the fork point */
	int fd;	       /* of it */
	char **argv;
};

/* The backend is that of target (loader.h).  False with one line in error. */
bool program_subject_start(struct program_subject *p, const char *file, char *error, size_t size);
void program_subject_end(struct program_subject *p);

/* For a plan; arg is the program_subject. */
void program_subject_before(void *arg);
bool program_subject_failed(void *arg, const struct memory *m, char *text, size_t size);

#endif
