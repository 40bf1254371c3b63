/* SPDX-License-Identifier: MIT */
/* one: a single worker, whatever max_workers says, and it is there from the start. */
#include "pool/pool.h"

static const struct design one = {
	.name = "one",
	.concurrency = 1,
	.eager = true,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	return pool_backend(&one, host);
}
