/* SPDX-License-Identifier: MIT */
/* meetings.c: see meetings.h. */
#include "meetings.h"

int task_meet(void *arg, void **outcome)
{
	barrier_meet(arg);
	*outcome = arg;
	return PP_OK;
}

void expect_meeting(struct pp_executor *e, int n)
{
	struct barrier *b = barrier_new(n);
	struct pp_future *fs[MOST];
	void *outcome = NULL;

	for (int i = 0; i < n; i++)
		fs[i] = submit(e, task_meet, b);
	for (int i = 0; i < n; i++) {
		EXPECT_STATUS(PP_OK, result(fs[i], PP_FOREVER, &outcome));
		let_go(fs[i]);
	}
}
