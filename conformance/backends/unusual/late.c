/* SPDX-License-Identifier: MIT */
/*
 * late: notices what was cancelled when a worker has no other work, and no earlier.
 *
 * Until then wait and as_completed do not count it, its done callbacks are not
 * called, and its argument is not let go of.
 */
#include "pool/pool.h"

static const struct design late = {
	.name = "late",
	.concurrency = PP_UNLIMITED,
	.late = true,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	return pool_backend(&late, host);
}
