/* SPDX-License-Identifier: MIT */
/* shard.h: which part of a campaign on many machines this process is. */
#ifndef POOLPROOF_SHARD_H
#define POOLPROOF_SHARD_H

#include <stdbool.h>
#include <stdint.h>

/* The number-th of count, counted from 1; each has seeds of its own. */
struct shard {
	unsigned number, count;
};

/* "2/8"; false if text is no such thing. */
bool shard_parse(const char *text, struct shard *s);

/* From the variables of GitLab, CircleCI, Buildkite and Slurm's array jobs; 1/1 if none is set. */
struct shard shard_from_environment(void);

/* The largest seed: those that are drawn from it are written as JSON, too. */
#define SEED_MOST INT64_MAX

#endif
