/* SPDX-License-Identifier: MIT */
/* selfcheck.h: what an adapter promises, whatever its pool is worth. */
#ifndef POOLPROOF_SELFCHECK_H
#define POOLPROOF_SELFCHECK_H

#include "case.h"

/* One promise.  Its case is run like those of the suite, but is none of them. */
struct selfcheck {
	struct pp_case c; /* its name is the promise */
	const char *hint; /* what to look at in the adapter if it is not kept */
};

extern const struct selfcheck selfchecks[];
extern const size_t selfcheck_count;

#endif
