/* SPDX-License-Identifier: MIT */
/* as_completed_futures.c: whose futures as_completed takes, how many of them, and in how many iterators and threads. */
#include "iterators.h"

#define MANY 1000

/* ASCOMP-27: of three executors, of which one is shut down. */
CASE(ascomp_27_futures_of_several_executors)
{
	struct pp_executor *gone = executor_any(), *e1 = executor_new(1), *e2 = executor_new(1);
	struct gate *g1 = gate_new(), *g2 = gate_new();
	struct pp_future *fs[] = {submit(e1, task_pass_gate, g1), submit(e2, task_pass_gate, g2), ended(gone, task_return)};
	struct pp_future *f = NULL;

	shutdown_wait(gone);
	struct pp_completed *it = as_completed_begin(fs, 3, PP_FOREVER);
	context("as_completed over futures of three executors");
	expect_yields(it, fs[2]);
	gate_open(g2);
	expect_yields(it, fs[1]);
	gate_open(g1);
	expect_yields(it, fs[0]);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-28: one without an executor, beside one with. */
CASE(ascomp_28_futures_of_no_executor)
{
	NEED(as_completed_begin);
	struct pp_executor *e = executor_any();
	struct pp_future *fs[] = {future_new(), ended(e, task_return)}, *f = NULL;
	struct pp_completed *it = as_completed_begin(fs, 2, PP_FOREVER);

	context("as_completed over a future of no executor and one of an executor");
	expect_yields(it, fs[1]);
	REQUIRE(set_result(fs[0], NULL) == PP_OK);
	expect_yields(it, fs[0]);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-28: in either order. */
CASE(ascomp_28_futures_of_executors_and_of_none)
{
	for (int own_first = 0; own_first < 2; own_first++) {
		struct four s = four_held();
		struct pp_future *own = future_new(), *f = NULL;
		struct pp_future *fs[] = {own_first ? own : s.fs[0], own_first ? s.fs[0] : own};
		struct pp_completed *it = as_completed_begin(fs, 2, PP_FOREVER);

		context("as_completed over a future of no executor and one of an executor, the first %s", own_first ? "of none" : "of one");
		if (own_first)
			four_finish(&s, 0);
		else
			REQUIRE(set_result(own, NULL) == PP_OK);
		expect_yields(it, fs[1]);
		if (own_first)
			REQUIRE(set_result(own, NULL) == PP_OK);
		else
			four_finish(&s, 0);
		expect_yields(it, fs[0]);
		EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
	}
}

/* ASCOMP-29: three iterators, one of them begun when half is done. */
CASE(ascomp_29_several_iterators_over_the_same)
{
	struct four s = four_held();
	struct pp_completed *its[3];
	struct pp_future *f = NULL;

	its[0] = as_completed_begin(s.fs, 4, PP_FOREVER);
	its[1] = as_completed_begin(s.fs, 4, PP_FOREVER);
	four_finish(&s, 2);
	expect_yields(its[1], s.fs[2]);
	four_finish(&s, 1);
	its[2] = as_completed_begin(s.fs, 4, PP_FOREVER);
	four_finish(&s, 0);
	four_finish(&s, 3);
	context("three iterators over the same four futures, which are all done");
	expect_each_once(its[0], s.fs, 4);
	expect_each_once(its[2], s.fs, 4);
	for (int i = 0; i < 3; i++)
		EXPECT_STATUS(PP_OK, as_completed_next(its[1], &f));
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(its[1], &f));
}

/* ASCOMP-30: a thousand, on as many workers as there are. */
CASE(ascomp_30_a_thousand_futures)
{
	struct pp_executor *e = executor_any();
	static struct pp_future *fs[MANY];

	NEED(as_completed_begin);
	for (int i = 0; i < MANY; i++)
		fs[i] = submit(e, task_return, NULL);
	context("as_completed over a thousand futures");
	expect_each_once(as_completed_begin(fs, MANY, PP_FOREVER), fs, MANY);
}

/* ASCOMP-30: more than 16 bits can count, counted. */
CASE(ascomp_30_more_than_16_bits_can_count)
{
	enum { N = 65537 };
	NEED(as_completed_begin);
	struct pp_future **fs = shared_alloc(N * sizeof(*fs)), *f = NULL;
	struct pp_completed *it;
	int yielded = 0;

	for (int i = 0; i < N; i++) {
		fs[i] = future_new();
		REQUIRE(set_result(fs[i], NULL) == PP_OK);
	}
	it = as_completed_begin(fs, N, PP_FOREVER);
	while (as_completed_next(it, &f) == PP_OK)
		yielded++;
	context("futures that as_completed yielded of %d", N);
	EXPECT_INT(N, yielded);
}

/* ASCOMP-29: more at once than a byte can count, and half as many too; the future outlives them all. */
CASE(ascomp_29_many_iterators_over_one)
{
	enum { N = 600 };
	NEED(as_completed_begin);
	struct pp_future *f = NULL, *one = future_new();
	struct pp_completed *its[N];

	for (int i = 0; i < N; i++)
		its[i] = as_completed_begin(&one, 1, PP_FOREVER);
	for (int i = 0; i < N / 2; i++)
		as_completed_end(its[i]);
	REQUIRE(set_result(one, NULL) == PP_OK);
	for (int i = N / 2; i < N; i++) {
		context("iterator %d of %d over one future, of which half were ended early", i + 1, N);
		expect_yields(its[i], one);
		EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(its[i], &f));
		as_completed_end(its[i]);
	}
	context("the future that %d iterators were over", N);
	EXPECT_STATUS(PP_OK, result(one, 0, &(void *){NULL}));
}

/* ASCOMP-31: begun here, asked and ended there. */
static void take_all(void *arg)
{
	struct taker *a = arg;
	int taken = 0;

	while ((a->status = backend()->as_completed_next(a->it, &a->f)) == PP_OK)
		taken++;
	counter_add(a->returned, taken);
}

CASE(ascomp_31_asked_by_another_thread)
{
	struct four s = four_held();
	struct pp_completed *it = as_completed_begin(s.fs, 4, PP_FOREVER);
	struct taker a = {.it = it, .returned = counter_new()};

	four_finish(&s, 3);
	expect_yields(it, s.fs[3]);
	a.thread = thread_start(take_all, &a);
	for (int i = 0; i < 3; i++)
		four_finish(&s, i);
	context("as_completed begun by one thread and asked by it and then by another");
	thread_join(a.thread);
	EXPECT_STATUS(PP_STOP_ITERATION, a.status);
	EXPECT_INT(3, counter_value(a.returned));
}

/* ASCOMP-32: a task that submits three more and takes them as they complete. */
struct inside {
	struct pp_executor *e;
	int submitted, taken, status;
};

static int task_iterate_inside(void *arg, void **outcome)
{
	struct inside *in = arg;
	struct pp_future *fs[3] = {NULL, NULL, NULL}, *f;
	struct pp_completed *it = NULL;

	(void)outcome;
	for (int i = 0; i < 3; i++)
		in->submitted += backend()->submit(in->e, task_return, token(i), &fs[i]) == PP_OK;
	if (in->submitted == 3 && backend()->as_completed_begin(fs, 3, PP_FOREVER, &it) == PP_OK) {
		while ((in->status = backend()->as_completed_next(it, &f)) == PP_OK)
			in->taken++;
		backend()->as_completed_end(it);
	}
	for (int i = 0; i < 3 && backend()->future_release; i++)
		if (fs[i])
			backend()->future_release(fs[i]);
	return PP_OK;
}

CASE(ascomp_32_from_inside_a_task)
{
	struct inside in = {.e = executor_new(2), .status = PP_TIMEOUT};
	void *outcome;

	NEED(as_completed_begin);
	need_shared_memory();
	struct pp_future *f = submit(in.e, task_iterate_inside, &in);
	context("a task has iterated over three that it submitted, with a second worker free");
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_INT(3, in.submitted);
	EXPECT_INT(3, in.taken);
	EXPECT_STATUS(PP_STOP_ITERATION, in.status);
}

/* ASCOMP-33: one gate lets all workers end at once, while the main thread iterates. */
CASE(ascomp_33_completions_at_the_same_time)
{
	struct pp_executor *e = executor_new(8);
	struct pp_future *fs[8];

	NEED(as_completed_begin);
	for (int round = 0; round < 50; round++) {
		struct gate *gate = gate_new();

		for (int i = 0; i < 8; i++)
			fs[i] = submit(e, task_pass_gate, gate);
		struct pp_completed *it = as_completed_begin(fs, 8, PP_FOREVER);
		gate_open(gate);
		context("round %d: as_completed over eight futures that finish at the same time", round);
		expect_each_once(it, fs, 8);
		as_completed_end(it);
		for (int i = 0; i < 8; i++)
			let_go(fs[i]);
	}
}
