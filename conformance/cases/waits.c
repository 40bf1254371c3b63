/* SPDX-License-Identifier: MIT */
/* waits.c: see waits.h. */
#include "waits.h"

const enum pp_return_when modes[MODES] = {PP_FIRST_COMPLETED, PP_FIRST_EXCEPTION, PP_ALL_COMPLETED};
const char *const mode_names[MODES] = {"FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"};

static int task_held(void *arg, void **outcome)
{
	struct held *h = arg;

	gate_wait(h->gate);
	*outcome = token(1);
	return h->raises ? PP_RAISED : PP_OK;
}

struct held *held_new(struct pp_executor *e, bool raises)
{
	struct held *h = shared_alloc(sizeof(*h));

	h->gate = gate_new();
	h->raises = raises;
	h->f = submit(e, task_held, h);
	gate_await(h->gate, 1);
	return h;
}

void held_finish(struct held *h)
{
	void *outcome;

	gate_open(h->gate);
	REQUIRE(result(h->f, PP_FOREVER, &outcome) == (h->raises ? PP_RAISED : PP_OK));
}

void wait_call_body(void *arg)
{
	struct wait_call *w = arg;

	w->status = backend()->wait(w->fs, w->count, w->timeout, w->return_when, w->done);
	counter_add(w->returned, 1);
}

void wait_call_start(struct wait_call *w)
{
	NEED(wait);
	w->returned = counter_new();
	w->thread = thread_start(wait_call_body, w);
	thread_settle(w->thread);
}

void expect_still_waiting(struct wait_call *w)
{
	thread_settle(w->thread);
	bool returned = counter_value(w->returned) > 0;

	EXPECT_FALSE(returned);
}

void expect_returns(struct wait_call *w)
{
	thread_join(w->thread);
	EXPECT_STATUS(PP_OK, w->status);
}
