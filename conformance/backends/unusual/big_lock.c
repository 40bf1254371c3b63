/* SPDX-License-Identifier: MIT */
/* big_lock: one lock and one condition for everything; workers as they are needed. */
#include "pool/pool.h"

static const struct design big_lock = {
	.name = "big_lock",
	.concurrency = PP_UNLIMITED,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	return pool_backend(&big_lock, host);
}
