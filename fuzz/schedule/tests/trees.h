/* SPDX-License-Identifier: MIT */
/* trees.h: a program's schedules by one strategy, and the set of its outcomes. */
#ifndef SCHEDULE_TESTS_TREES_H
#define SCHEDULE_TESTS_TREES_H

#include <check.h>

#include "../explore.h"

#define SET_MAX 4096

struct set {
	char *text[SET_MAX];
	int count;
};

struct search {
	unsigned long executions, complete;
	bool over; /* nothing was left */
	uint32_t caveats;
	struct set outcomes;
};

/* argv ends with NULL.  At the most so many executions. */
void search(char **argv, const struct strategy *s, int preemptions, unsigned long most, struct search *r);
void search_clear(struct search *r);

/* Is each of a in b? */
bool set_holds(const struct set *b, const struct set *a);

/*
 * The main function of a program of tests, each of which adds its own to a case.  It stays on
 * one processor: a token goes from hand to hand there faster.
 */
int run_tests(int argc, char **argv, const char *name, void (*add)(TCase *c));

/* Where the programs of the tests are. */
extern const char *folder;
char *program(const char *name);

#endif
