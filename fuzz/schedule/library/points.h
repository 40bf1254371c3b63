/* SPDX-License-Identifier: MIT */
/*
 * points.h: between points_hooks.c, which watched code is linked with, and points.c in the
 * library.
 */
#ifndef SCHEDULE_POINTS_H
#define SCHEDULE_POINTS_H

#include <stdbool.h>
#include <stddef.h>

/* There is such code; nothing is watched before, or without an explorer. */
__attribute__((visibility("default"))) void poolproof_points_begin(void);

/* It touches plain memory at pc. */
__attribute__((visibility("default"))) void poolproof_points_touch(const void *p, size_t size, bool writes,
								   const void *pc);

/* It is about to touch an atomic: a step. */
__attribute__((visibility("default"))) void poolproof_points_atomic(const volatile void *p, bool writes);

#endif
