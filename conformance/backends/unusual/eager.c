/* SPDX-License-Identifier: MIT */
/* eager: all workers are started when the executor is made. */
#include "pool/pool.h"

static const struct design eager = {
	.name = "eager",
	.concurrency = 64,
	.eager = true,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	return pool_backend(&eager, host);
}
