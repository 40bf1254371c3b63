/* SPDX-License-Identifier: MIT */
/* shorten.h: the least of a history that breaks the same clause. */
#ifndef FUZZ_SHORTEN_H
#define FUZZ_SHORTEN_H

#include "oracle.h"

/*
 * Take out of h, which found says is a violation: what comes after it; then questions,
 * and whole objects with all that is done to them, as long as the clause is broken
 * without them.  What asks nothing and belongs to what is left stays, so
 * the rest is a violation for the same reason.  found is judged anew.
 */
void history_shorten(struct history *h, struct ruling *found);

#endif
