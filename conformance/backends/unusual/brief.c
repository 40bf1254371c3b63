/* SPDX-License-Identifier: MIT */
/* brief: a worker runs one task and goes; the next one has a worker, a name and an initializer of its own. */
#include "pool/pool.h"

static const struct design brief = {
	.name = "brief",
	.concurrency = PP_UNLIMITED,
	.brief = true,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	return pool_backend(&brief, host);
}
