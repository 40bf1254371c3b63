/* SPDX-License-Identifier: MIT */
/*
 * schedule_file.h: a schedule with all that is needed to execute it again, as text.
 *
 *	poolproof schedule 1
 *	# what happened
 *	scenario NAME           or   input FILE, with a program of the fuzzer
 *	backend PATH            or both:   program, then one line "argument TEXT" for
 *	                             each word of its command line
 *	option KEY=VALUE
 *	timeouts any            or   idle
 *	spurious no
 *	races fail              or   explore
 *	points 5555555551a0 ... of the accesses that are steps, if there are any
 *	hash 0123456789abcdef
 *	steps 0 0 0 1 1:6 0     thread, and its way if it is not 0
 */
#ifndef SCHEDULE_FILE_H
#define SCHEDULE_FILE_H

#include "explore.h"

struct schedule_file {
	char *scenario, *input; /* one of them, with */
	char *backend;		/* or */
	char **arguments;	  /* ends with NULL */
	size_t argument_count;
	char **options;
	size_t option_count;
	bool timeouts_any, spurious, races_explored;
	uint64_t point[POINTS_MAX]; /* of schedule.points */
	uint64_t hash;
	struct schedule schedule;
};

/* Is it one, by its first line? */
bool schedule_file_is(const char *path);

/* False with one line in error. */
bool schedule_file_read(const char *path, struct schedule_file *s, char *error, size_t size);
bool schedule_file_write(const char *path, const struct schedule_file *s, const char *what);
void schedule_file_clear(struct schedule_file *s);

#endif
