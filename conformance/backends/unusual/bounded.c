/* SPDX-License-Identifier: MIT */
/* bounded: the work queue holds four work items; submit blocks while it is full, but not in a worker. */
#include "pool/pool.h"

static const struct design bounded = {
	.name = "bounded",
	.concurrency = PP_UNLIMITED,
	.bound = 4,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	return pool_backend(&bounded, host);
}
