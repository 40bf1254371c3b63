/* SPDX-License-Identifier: MIT */
/* shard.c: see shard.h. */
#include "shard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *number, *count, *first; /* first: the variable that holds the lowest number */
	unsigned base;			    /* or the lowest number itself */
} systems[] = {
	{"CI_NODE_INDEX", "CI_NODE_TOTAL", NULL, 1},
	{"CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", NULL, 0},
	{"BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", NULL, 0},
	{"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", 0},
};

static bool number(const char *text, unsigned *n)
{
	char end;

	return text && *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 8 &&
	       sscanf(text, "%u%c", n, &end) == 1;
}

bool shard_parse(const char *text, struct shard *s)
{
	const char *slash = strchr(text, '/');
	char first[8] = "";

	if (!slash || slash - text >= (long)sizeof(first))
		return false;
	memcpy(first, text, (size_t)(slash - text));
	return number(first, &s->number) && number(slash + 1, &s->count) && s->number >= 1 && s->number <= s->count;
}

struct shard shard_from_environment(void)
{
	size_t k;

	for (k = 0; k < sizeof(systems) / sizeof(systems[0]); k++) {
		unsigned i, n, first = systems[k].base;

		if (!number(getenv(systems[k].number), &i) || !number(getenv(systems[k].count), &n))
			continue;
		if (systems[k].first && !number(getenv(systems[k].first), &first))
			continue;
		if (i >= first && i - first < n)
			return (struct shard){i - first + 1, n};
	}
	return (struct shard){1, 1};
}
