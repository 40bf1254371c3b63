/* SPDX-License-Identifier: MIT */
/*
 * run_called.h: what the backend calls, in whatever thread it likes; for run_*.c alone.
 *
 * Each writes that it has begun and ended, and does what its kind says in between.  A call
 * that comes when its run is over does nothing.
 */
#ifndef FUZZ_RUN_CALLED_H
#define FUZZ_RUN_CALLED_H

#include "run_world.h"

int called_task(void *item, void **outcome);
void called_release(void *item);
int called_callback(struct pp_future *f, void *hook);
int called_initializer(void *maker);

#endif
