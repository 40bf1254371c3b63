/* SPDX-License-Identifier: MIT */
/* shard.c: see shard.h. */
#include "shard.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *index, *count, *first; /* first: the variable that holds the lowest index */
	unsigned base;			   /* or the lowest index itself */
} systems[] = {
	{"CI_NODE_INDEX", "CI_NODE_TOTAL", NULL, 1},
	{"CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", NULL, 0},
	{"BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", NULL, 0},
	{"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", 0},
};

static bool number(const char *text, unsigned *n)
{
	char end;

	return text && sscanf(text, "%u%c", n, &end) == 1;
}

bool shard_parse(const char *text, unsigned *index, unsigned *count)
{
	unsigned i, n;
	char end;

	if (sscanf(text, "%u/%u%c", &i, &n, &end) != 2 || n == 0 || i >= n || n > 1000000)
		return false;
	*index = i;
	*count = n;
	return true;
}

void shard_from_environment(unsigned *index, unsigned *count)
{
	size_t k;

	*index = 0;
	*count = 1;
	for (k = 0; k < sizeof(systems) / sizeof(systems[0]); k++) {
		unsigned i, n, first = systems[k].base;

		if (!number(getenv(systems[k].index), &i) || !number(getenv(systems[k].count), &n))
			continue;
		if (systems[k].first && !number(getenv(systems[k].first), &first))
			continue;
		if (i < first || i - first >= n)
			continue;
		*index = i - first;
		*count = n;
		return;
	}
}
