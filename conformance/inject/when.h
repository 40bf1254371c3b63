/* SPDX-License-Identifier: MIT */
/*
 * when.h: which request for memory or a thread is to fail.
 *
 * Each thread has a count of its own; one that has set none is not disturbed.
 * Whoever stands before malloc asks here; harness/inject.c finds the rest by name,
 * and has no other header for it.
 */
#ifndef POOLPROOF_INJECT_WHEN_H
#define POOLPROOF_INJECT_WHEN_H

#include <stdbool.h>

/* For each request that the calling thread makes: true if this one is to fail. */
__attribute__((visibility("hidden"))) bool inject_fails(void);

#define INJECT_FOUND __attribute__((visibility("default")))

/* Fail the nth request from now on of the calling thread, and all after it if lasting. */
INJECT_FOUND void poolproof_inject_arm(int nth, bool lasting);

/* No more; true if a request has failed. */
INJECT_FOUND bool poolproof_inject_disarm(void);

/* True if one has failed between the two. */
INJECT_FOUND bool poolproof_inject_failed(void);

/* It is so, or a request is still to fail. */
INJECT_FOUND bool poolproof_inject_armed(void);

/* Between the two nothing of the calling thread is counted or fails.  They nest. */
INJECT_FOUND void poolproof_inject_pause(void);
INJECT_FOUND void poolproof_inject_resume(void);

#endif
