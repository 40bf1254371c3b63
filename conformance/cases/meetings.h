/* SPDX-License-Identifier: MIT */
/* meetings.h: tasks that run at once because they meet. */
#ifndef POOLPROOF_CASES_MEETINGS_H
#define POOLPROOF_CASES_MEETINGS_H

#include "futures.h"

/* A task that meets others at a barrier, and returns that. */
int task_meet(void *barrier, void **outcome);

/* n tasks of e, at most MOST, end, which they do only if all of them run at once. */
#define MOST 130
void expect_meeting(struct pp_executor *e, int n);

#endif
