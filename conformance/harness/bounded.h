/* SPDX-License-Identifier: MIT */
/*
 * bounded.h: executors whose work queue is bounded, and cases that know of no bound.
 *
 * A case that has more PENDING at once than queue_bound allows learns nothing: submit
 * refuses, or blocks with all that could go on.  Here that is told from a submit that
 * refuses or blocks with room left, which is the executor's fault.  A case that is about
 * full queues says so, by queue_holds, and gets what submit and map do.
 */
#ifndef POOLPROOF_BOUNDED_H
#define POOLPROOF_BOUNDED_H

#include <poolproof/backend.h>

/*
 * For backend_stand_in: does nothing to a table without a bound.  A submit that is refused
 * is made again, for as long as a worker may be about to take a work item; then a full
 * queue ends the case as UNSUPPORTED.  While one blocks, slot->full says whether it is full.
 */
void bounded_stand_in(struct pp_backend *table);

#endif
