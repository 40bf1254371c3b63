/* SPDX-License-Identifier: MIT */
/*
 * rehearsal.c: what most cases do, with an executor of our own.
 *
 * Valgrind translates what a process executes, and a child has what its parent had
 * translated.  So what is done here, once in the supervisor, is not translated anew in
 * the process of each case: the words of case.h, the loader, the threads of libc.  The
 * backend that is judged has no part in it.
 */
#include "rehearsal.h"

#include "case.h"
#include "loader.h"
#include "support.h"

#define EXECUTOR "example"

static void wait_for_gate(void *gate)
{
	gate_wait(gate);
}

/* What asks for no backend. */
static void rehearse_words(void)
{
	struct gate *gate = gate_new();
	struct counter *counter = counter_new();
	struct thread *thread = thread_start(wait_for_gate, gate);

	gate_await(gate, 1);
	counter_add(counter, 1);
	counter_await(counter, 1);
	context("a rehearsal");
	EXPECT_INT(1, counter_value(counter));
	gate_open(gate);
	thread_join(thread);
}

static int count_callback(struct pp_future *f, void *counter)
{
	(void)f;
	counter_add(counter, 1);
	return PP_OK;
}

static void rehearse_futures(struct pp_executor *e)
{
	struct gate *gate = hold(e, 1);
	struct counter *called = counter_new();
	struct pp_future *fs[2] = {submit(e, task_return, token(1)), submit(e, task_raise, token(2))};
	struct pp_completed *it;
	void *outcome = NULL;
	bool done[2];

	EXPECT_STATUS(PP_OK, add_done_callback(fs[0], count_callback, called));
	EXPECT(cancel(submit(e, task_return, NULL)));
	EXPECT_STATUS(PP_TIMEOUT, result(fs[0], 0, &outcome));
	EXPECT_FALSE(running(fs[0]) || cancelled(fs[0]));
	gate_open(gate);
	EXPECT_STATUS(PP_OK, wait_for(fs, 2, PP_FOREVER, PP_ALL_COMPLETED, done));
	EXPECT(done[0] && done[1]);
	EXPECT_STATUS(PP_OK, result(fs[0], PP_FOREVER, &outcome));
	EXPECT_PTR(token(1), outcome);
	EXPECT_STATUS(PP_RAISED, exception(fs[1], 10, &outcome));
	counter_await(called, 1);
	it = as_completed_begin(fs, 2, PP_FOREVER);
	EXPECT_STATUS(PP_OK, as_completed_next(it, &fs[0]));
	as_completed_end(it);
}

static void rehearse_executor(void)
{
	struct pp_executor *e = executor_new(1);

	rehearse_futures(e);
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
	executor_release(e);
}

void rehearse_case(void)
{
	struct target theirs = target;
	char error[256];

	rehearse_words();
	target = (struct target){0};
	if (target_locate(EXECUTOR, error, sizeof(error))) {
		rehearse_executor();
		entries_clean_up();
		entries_unload();
	}
	target_clear();
	target = theirs;
}
