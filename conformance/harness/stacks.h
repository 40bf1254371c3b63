/* SPDX-License-Identifier: MIT */
/*
 * stacks.h: where every thread of a hung case stands.
 *
 * A module reads them with elfutils (modules/stacks.c); without it, built without
 * the package libdw-dev, the system calls are told only.
 */
#ifndef POOLPROOF_STACKS_H
#define POOLPROOF_STACKS_H

#include <stdint.h>

#include "slot.h"

/*
 * The stacks of the threads of count processes, malloc'd.  Stops each of these
 * for a while; to be called by an ancestor of theirs.  s may be NULL.
 */
char *stacks_of(const pid_t *pids, size_t count, const struct slot *s);

/*
 * What count addresses in a process are called, each "name+offset in file" and malloc'd;
 * NULL if nothing there has a name.
 */
void names_of(pid_t pid, const uint64_t *addresses, char **names, size_t count);

/* What the module gives, as its stacks_reader: the two functions above. */
struct stacks_reader {
	char *(*stacks_of)(const pid_t *pids, size_t count, const struct slot *s);
	void (*names_of)(pid_t pid, const uint64_t *addresses, char **names, size_t count);
};

#endif
