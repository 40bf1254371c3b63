/* SPDX-License-Identifier: MIT */
/* when.c: see when.h. */
#include "when.h"

/* Of the calling thread. */
static _Thread_local struct {
	int left;     /* requests until one fails; 0: none will */
	bool lasting; /* and all after it too */
	bool failed;
	int paused;
} state __attribute__((tls_model("initial-exec")));

bool inject_fails(void)
{
	if (state.left == 0 || state.paused)
		return false;
	if (state.left > 1) {
		state.left--;
		return false;
	}
	if (!state.lasting)
		state.left = 0;
	state.failed = true;
	return true;
}

void poolproof_inject_arm(int nth, bool lasting)
{
	state.left = nth;
	state.lasting = lasting;
	state.failed = false;
}

bool poolproof_inject_disarm(void)
{
	bool failed = state.failed;

	state.left = 0;
	state.failed = false;
	return failed;
}

bool poolproof_inject_failed(void)
{
	return state.failed;
}

bool poolproof_inject_armed(void)
{
	return state.left > 0 || state.failed;
}

void poolproof_inject_pause(void)
{
	state.paused++;
}

void poolproof_inject_resume(void)
{
	state.paused--;
}
