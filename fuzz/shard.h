/* SPDX-License-Identifier: MIT */
/* shard.h: which part of a campaign this process is. */
#ifndef FUZZ_SHARD_H
#define FUZZ_SHARD_H

#include <stdbool.h>

/* "I/N", I from 0 to N - 1. */
bool shard_parse(const char *text, unsigned *index, unsigned *count);

/*
 * From the variables of GitLab, CircleCI, Buildkite and Slurm's array jobs; 0 of 1
 * if none is set.
 */
void shard_from_environment(unsigned *index, unsigned *count);

#endif
