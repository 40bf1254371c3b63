/* SPDX-License-Identifier: MIT */
/* random.h: programs out of a seed, and out of other programs. */
#ifndef FUZZ_RANDOM_H
#define FUZZ_RANDOM_H

#include "program.h"

/* A generator of its own, so that a seed means the same everywhere. */
uint64_t random_next(uint64_t *state);
unsigned random_below(uint64_t *state, unsigned n);

/* threads: how many may run at once; 0 makes sequential programs. */
void program_random(struct program *p, uint64_t *state, unsigned threads);
void program_mutate(struct program *p, uint64_t *state, unsigned threads);

#endif
