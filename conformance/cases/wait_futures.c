/* SPDX-License-Identifier: MIT */
/* wait_futures.c: whose futures wait takes, how many of them, and in how many threads. */
#include "waits.h"

#include <string.h>

#define MANY 1000

/* WAIT-27: one future each of three executors, of which one is shut down. */
CASE(wait_27_futures_of_several_executors)
{
	struct pp_executor *gone = executor_any(), *e1 = executor_new(1), *e2 = executor_new(1);
	struct pp_future *before = ended(gone, task_return);
	struct held *a = held_new(e1, false), *b = held_new(e2, true);

	shutdown_wait(gone);
	struct wait_call w = {.fs = {a->f, b->f, before}, .count = 3, .timeout = PP_FOREVER, .return_when = PP_ALL_COMPLETED};
	wait_call_start(&w);
	held_finish(b);
	context("ALL_COMPLETED over futures of three executors, of which one is running");
	expect_still_waiting(&w);
	held_finish(a);
	expect_returns(&w);
	EXPECT(w.done[0] && w.done[1] && w.done[2]);
}

/* WAIT-28: PENDING, then RUNNING, then FINISHED by hand; beside one of an executor. */
CASE(wait_28_futures_of_no_executor)
{
	NEED(wait);
	struct pp_executor *e = executor_any();
	struct pp_future *fs[] = {future_new(), future_new(), ended(e, task_return)};
	bool run = false, done[3];

	context("ALL_COMPLETED with timeout 0 over two PENDING futures of no executor and a finished one");
	EXPECT_STATUS(PP_OK, wait_for(fs, 3, 0, PP_ALL_COMPLETED, done));
	EXPECT_FALSE(done[0] || done[1]);
	REQUIRE(set_running_or_notify_cancel(fs[0], &run) == PP_OK && run);
	struct wait_call w = {.fs = {fs[0], fs[1], fs[2]}, .count = 3, .timeout = PP_FOREVER, .return_when = PP_ALL_COMPLETED};
	wait_call_start(&w);
	REQUIRE(set_result(fs[0], token(1)) == PP_OK);
	expect_still_waiting(&w);
	REQUIRE(set_exception(fs[1], token(2)) == PP_OK);
	expect_returns(&w);
	EXPECT(w.done[0] && w.done[1] && w.done[2]);
}

/* WAIT-28: in either order; the last that is done is now one of the executor, now one of nobody. */
CASE(wait_28_futures_of_executors_and_of_none)
{
	for (int own_first = 0; own_first < 2; own_first++) {
		struct held *a = held_new(executor_new(1), false), *b = held_new(executor_new(1), false);
		struct pp_future *own = future_new();
		struct wait_call w = {.count = 3, .timeout = PP_FOREVER, .return_when = PP_ALL_COMPLETED};

		for (int i = 0; i < 3; i++)
			w.fs[i] = (struct pp_future *[]){own, a->f, b->f, own}[i + !own_first];
		wait_call_start(&w);
		context("ALL_COMPLETED over a future of no executor and those of two, the first %s", own_first ? "of none" : "of one");
		expect_still_waiting(&w);
		held_finish(a);
		expect_still_waiting(&w);
		if (own_first)
			REQUIRE(set_result(own, NULL) == PP_OK);
		else
			held_finish(b);
		expect_still_waiting(&w);
		if (own_first)
			held_finish(b);
		else
			REQUIRE(set_result(own, NULL) == PP_OK);
		expect_returns(&w);
		EXPECT(w.done[0] && w.done[1] && w.done[2]);
	}
}

/* WAIT-29: one thread for each mode, all at the same two futures. */
CASE(wait_29_several_threads_wait_for_the_same)
{
	struct pp_executor *e = executor_new(2);
	struct held *a = held_new(e, true), *b = held_new(e, false);
	struct wait_call w[6];

	memset(w, 0, sizeof(w));
	for (size_t i = 0; i < 6; i++) {
		w[i].fs[0] = a->f;
		w[i].fs[1] = b->f;
		w[i].count = 2;
		w[i].timeout = PP_FOREVER;
		w[i].return_when = modes[i % 3];
		wait_call_start(&w[i]);
	}
	held_finish(a);
	for (size_t i = 0; i < 6; i++)
		if (w[i].return_when != PP_ALL_COMPLETED) {
			context("%s in one of six threads, the first future has raised", mode_names[i % 3]);
			expect_returns(&w[i]);
		}
	held_finish(b);
	for (size_t i = 0; i < 6; i++)
		if (w[i].return_when == PP_ALL_COMPLETED) {
			context("ALL_COMPLETED in one of six threads, both futures are done");
			expect_returns(&w[i]);
		}
}

/* WAIT-29: waiters that leave for their timeout while the others are woken. */
CASE(wait_29_some_leave_as_others_are_woken)
{
	struct pp_executor *e = executor_new(2);

	NEED(wait);
	for (int round = 0; round < 50; round++) {
		struct gate *gate = gate_new();
		struct pp_future *a = submit(e, task_pass_gate, gate), *b = submit(e, task_pass_gate, gate);
		struct wait_call w[4];

		memset(w, 0, sizeof(w));
		for (size_t i = 0; i < 4; i++) {
			w[i].fs[0] = a;
			w[i].fs[1] = b;
			w[i].count = 2;
			w[i].timeout = i % 2 ? PP_FOREVER : 1e-5 * (double)(round + 1);
			w[i].return_when = PP_ALL_COMPLETED;
			w[i].returned = counter_new();
			w[i].thread = thread_start(wait_call_body, &w[i]);
		}
		gate_open(gate);
		context("round %d: ALL_COMPLETED in four threads, two of which leave early", round);
		for (size_t i = 0; i < 4; i++)
			expect_returns(&w[i]);
		EXPECT(w[1].done[0] && w[1].done[1] && w[3].done[0] && w[3].done[1]);
		let_go(a);
		let_go(b);
	}
}

/* WAIT-30: one gate lets all workers end at once, while the main thread waits. */
CASE(wait_30_completions_at_the_same_time)
{
	struct pp_executor *e = executor_new(8);
	struct pp_future *fs[8];
	bool done[8];

	NEED(wait);
	for (int round = 0; round < 50; round++) {
		struct gate *gate = gate_new();

		for (int i = 0; i < 8; i++)
			fs[i] = submit(e, task_pass_gate, gate);
		gate_open(gate);
		context("round %d: ALL_COMPLETED over eight futures that finish at the same time", round);
		EXPECT_STATUS(PP_OK, wait_for(fs, 8, PP_FOREVER, PP_ALL_COMPLETED, done));
		for (int i = 0; i < 8; i++) {
			EXPECT(done[i]);
			let_go(fs[i]);
		}
	}
}

/* WAIT-31: a thousand, on as many workers as there are. */
CASE(wait_31_a_thousand_futures)
{
	struct pp_executor *e = executor_any();
	static struct pp_future *fs[MANY];
	static bool done[MANY];
	int told = 0;

	NEED(wait);
	for (int i = 0; i < MANY; i++)
		fs[i] = submit(e, task_return, token(i % 100));
	context("ALL_COMPLETED over a thousand futures");
	EXPECT_STATUS(PP_OK, wait_for(fs, MANY, PP_FOREVER, PP_ALL_COMPLETED, done));
	for (int i = 0; i < MANY; i++)
		told += done[i];
	EXPECT_INT(MANY, told);
}

/* A thousand of which only the last is done. */
static void expect_last_of_a_thousand(enum pp_return_when return_when)
{
	static struct pp_future *fs[MANY];
	static bool done[MANY];
	int told = 0;

	for (int i = 0; i < MANY; i++)
		fs[i] = future_new();
	REQUIRE(set_exception(fs[MANY - 1], NULL) == PP_OK);
	context("%s over a thousand futures, of which the last is done", mode_names[return_when]);
	EXPECT_STATUS(PP_OK, wait_for(fs, MANY, PP_FOREVER, return_when, done));
	for (int i = 0; i < MANY; i++)
		told += done[i];
	EXPECT_INT(1, told);
	EXPECT(done[MANY - 1]);
}

/* WAIT-31: done before the call. */
CASE(wait_31_the_last_of_a_thousand)
{
	NEED(wait);
	expect_last_of_a_thousand(PP_FIRST_COMPLETED);
	expect_last_of_a_thousand(PP_FIRST_EXCEPTION);
}

/* A thread inside wait for many futures of no executor, all PENDING. */
struct long_wait {
	struct pp_future **fs;
	bool *done;
	int count;
	enum pp_return_when return_when;
	int status;
	struct counter *returned;
	struct thread *thread;
};

static void long_wait_body(void *arg)
{
	struct long_wait *w = arg;

	w->status = backend()->wait(w->fs, (size_t)w->count, PP_FOREVER, w->return_when, w->done);
	counter_add(w->returned, 1);
}

static struct long_wait *long_wait_start(int count, enum pp_return_when return_when)
{
	struct long_wait *w = shared_alloc(sizeof(*w));

	NEED(wait);
	*w = (struct long_wait){.count = count, .return_when = return_when, .returned = counter_new()};
	w->fs = shared_alloc((size_t)count * sizeof(struct pp_future *));
	w->done = shared_alloc((size_t)count * sizeof(bool));
	for (int i = 0; i < count; i++)
		w->fs[i] = future_new();
	w->thread = thread_start(long_wait_body, w);
	thread_settle(w->thread);
	return w;
}

/* WAIT-31: done when the thread is inside wait. */
CASE(wait_31_the_last_of_a_thousand_ends_the_wait)
{
	for (int m = 0; m < 2; m++) {
		struct long_wait *w = long_wait_start(MANY, modes[m]);

		REQUIRE(set_exception(w->fs[MANY - 1], NULL) == PP_OK);
		thread_join(w->thread);
		context("%s over a thousand futures, of which the last raises", mode_names[m]);
		EXPECT_STATUS(PP_OK, w->status);
		EXPECT(w->done[MANY - 1]);
		EXPECT_FALSE(w->done[0]);
	}
}

/* WAIT-31: with one done, as many are left as 16 bits cannot count. */
CASE(wait_31_more_than_16_bits_can_count)
{
	enum { N = 65537 };
	struct long_wait *w = long_wait_start(N, PP_ALL_COMPLETED);
	int told = 0;

	REQUIRE(set_result(w->fs[0], NULL) == PP_OK);
	thread_settle(w->thread);
	context("ALL_COMPLETED over %d futures, of which the first is done", N);
	EXPECT_INT(0, counter_value(w->returned));
	for (int i = 1; i < N; i++)
		REQUIRE(set_result(w->fs[i], NULL) == PP_OK);
	thread_join(w->thread);
	context("ALL_COMPLETED over %d futures, all done", N);
	EXPECT_STATUS(PP_OK, w->status);
	for (int i = 0; i < N; i++)
		told += w->done[i];
	EXPECT_INT(N, told);
}

/* A task that submits two more and waits for them. */
struct inside {
	struct pp_executor *e;
	struct gate *gate;
	int submitted, status;
	bool done[2];
};

static int task_wait_inside(void *arg, void **outcome)
{
	struct inside *in = arg;
	struct pp_future *fs[2] = {NULL, NULL};

	(void)outcome;
	for (int i = 0; i < 2; i++)
		in->submitted += backend()->submit(in->e, i ? task_raise : task_return, token(1), &fs[i]) == PP_OK;
	if (in->submitted == 2)
		in->status = backend()->wait(fs, 2, PP_FOREVER, PP_ALL_COMPLETED, in->done);
	for (int i = 0; i < 2 && backend()->future_release; i++)
		if (fs[i])
			backend()->future_release(fs[i]);
	return PP_OK;
}

/* WAIT-32: the other of two workers is free. */
CASE(wait_32_from_inside_a_task)
{
	struct inside in = {.e = executor_new(2), .status = PP_TIMEOUT};
	void *outcome;

	NEED(wait);
	need_shared_memory();
	struct pp_future *f = submit(in.e, task_wait_inside, &in);
	context("a task has waited for two that it submitted, with a second worker free");
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_INT(2, in.submitted);
	EXPECT_STATUS(PP_OK, in.status);
	EXPECT(in.done[0] && in.done[1]);
}
