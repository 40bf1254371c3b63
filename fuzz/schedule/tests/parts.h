/* SPDX-License-Identifier: MIT */
/* parts.h: what the programs under exploration share: one of several small ones, by its name. */
#ifndef SCHEDULE_TESTS_PARTS_H
#define SCHEDULE_TESTS_PARTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct part {
	const char *name;
	void (*run)(void);
};

/* The exit status: 2 if there is none of the name in argv. */
static inline int run_part(const struct part *parts, size_t count, int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 1 && i < count; i++)
		if (strcmp(argv[1], parts[i].name) == 0) {
			parts[i].run();
			return 0;
		}
	return 2;
}

#define RUN_PART(parts, argc, argv) run_part(parts, sizeof(parts) / sizeof((parts)[0]), argc, argv)

static inline void check(bool holds)
{
	if (!holds)
		abort();
}

static inline pthread_t start(void *(*body)(void *), void *arg)
{
	pthread_t t;

	check(pthread_create(&t, NULL, body, arg) == 0);
	return t;
}

#endif
