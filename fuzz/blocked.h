/* SPDX-License-Identifier: MIT */
/*
 * blocked.h: whether anything can still come from the other threads of this process.
 *
 * Threads    one at a time: begin, then ask in a loop
 */
#ifndef POOLPROOF_FUZZ_BLOCKED_H
#define POOLPROOF_FUZZ_BLOCKED_H

#include <stdbool.h>

void blocked_begin(void);

/*
 * True if there are none, which takes two calls; or if all of them wait for each other or for the
 * caller, as watch.h proves it, which takes a few, 0.2 s apart in all.
 */
bool blocked_for_good(void);

#endif
