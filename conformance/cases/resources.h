/* SPDX-License-Identifier: MIT */
/* resources.h: what the cases about memory and threads that run out share. */
#ifndef POOLPROOF_CASES_RESOURCES_H
#define POOLPROOF_CASES_RESOURCES_H

#include "futures.h"

/* Check that e has both of its workers, or can start them. */
void expect_two_workers(struct pp_executor *e);

#endif
