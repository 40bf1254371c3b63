/* SPDX-License-Identifier: MIT */
/*
 * as_completed.c: ASCOMP, to be yielded each of a set of futures as it completes.
 *
 * The order of completion is made by hand: either each task is held at a gate
 * of its own and the next gate is opened when the future before it is done, or
 * the futures belong to no executor and the case sets their results.
 */
#include "iterators.h"

/* ---- what is yielded ------------------------------------------------------ */

/* ASCOMP-1: short tasks, some of which raise. */
CASE(ascomp_1_each_once_and_then_stop)
{
	struct pp_executor *e = executor_any();
	struct pp_future *fs[10];

	for (int i = 0; i < 10; i++)
		fs[i] = submit(e, i % 3 ? task_return : task_raise, token(i));
	context("as_completed over ten futures of short tasks");
	expect_each_once(as_completed_begin(fs, 10, PP_FOREVER), fs, 10);
}

/* ASCOMP-1: the array is the caller's again once the iterator is there. */
CASE(ascomp_1_array_is_borrowed_for_the_call)
{
	struct pp_executor *e = executor_any();
	struct pp_future *fs[] = {ended(e, task_return), ended(e, task_return)}, *given[] = {fs[0], fs[1]};
	struct pp_completed *it = as_completed_begin(given, 2, PP_FOREVER);

	given[0] = given[1] = NULL;
	context("as_completed over two futures, in an array that was overwritten since");
	expect_each_once(it, fs, 2);
}

/* ASCOMP-2: finished ones given again and again. */
CASE(ascomp_2_duplicates_that_are_done)
{
	struct pp_executor *e = executor_any();
	struct pp_future *a = ended(e, task_return), *b = ended(e, task_raise);
	struct pp_future *given[] = {a, b, a, a, b}, *fs[] = {a, b};

	context("as_completed over two finished futures, one given three times and one twice");
	expect_each_once(as_completed_begin(given, 5, PP_FOREVER), fs, 2);
}

/* ASCOMP-2: given twice, and done only during the iteration. */
CASE(ascomp_2_duplicates_that_become_done)
{
	struct four s = four_held();
	struct pp_future *given[] = {s.fs[0], s.fs[1], s.fs[0], s.fs[1]}, *f = NULL;
	struct pp_completed *it = as_completed_begin(given, 4, PP_FOREVER);

	context("as_completed over two running futures, each given twice, which finish one after the other");
	four_finish(&s, 1);
	expect_yields(it, s.fs[1]);
	four_finish(&s, 0);
	expect_yields(it, s.fs[0]);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-3: a thread asks; it gets no answer while none is done. */
CASE(ascomp_3_waits_for_one_that_is_done)
{
	struct four s = four_held();
	struct taker a = {.it = as_completed_begin(s.fs, 3, PP_FOREVER)};

	taker_start(&a);
	context("as_completed asked with three running futures, while another one finishes");
	four_finish(&s, 3);
	thread_settle(a.thread);
	EXPECT_INT(0, counter_value(a.returned));
	four_finish(&s, 1);
	thread_join(a.thread);
	EXPECT_STATUS(PP_OK, a.status);
	EXPECT_PTR(s.fs[1], a.f);
}

/* ASCOMP-3: whatever is yielded says itself that it is done, also under load. */
CASE(ascomp_3_yielded_ones_say_that_they_are_done)
{
	struct pp_executor *e = executor_any();
	struct pp_future *fs[100], *f = NULL;

	NEED(done);
	for (int i = 0; i < 100; i++)
		fs[i] = submit(e, task_return, token(i));
	struct pp_completed *it = as_completed_begin(fs, 100, PP_FOREVER);
	for (int i = 0; i < 100; i++) {
		context("future number %d that as_completed yields", i);
		EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
		EXPECT(done(f));
	}
}

/* ASCOMP-4: nothing to yield, with a limit and without. */
CASE(ascomp_4_no_futures)
{
	static const double timeouts[] = {PP_FOREVER, 0, -1, 1e9};
	struct pp_future *none = NULL, *f = NULL;

	for (size_t i = 0; i < 4; i++) {
		struct pp_completed *it = as_completed_begin(&none, 0, timeouts[i]);

		context("as_completed over no futures with timeout %g", timeouts[i]);
		EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
		EXPECT_PTR(NULL, f);
	}
}

/* ASCOMP-5: asked three times more. */
CASE(ascomp_5_stopped_for_good)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f = ended(e, task_return), *got = NULL;
	struct pp_completed *it = as_completed_begin(&f, 1, PP_FOREVER);

	expect_yields(it, f);
	for (int i = 0; i < 3; i++) {
		context("ask number %d after the only future was yielded", i + 1);
		EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &got));
		EXPECT_PTR(NULL, got);
	}
}

/* ASCOMP-6: a raised one among the done ones, and one that raises during the iteration. */
CASE(ascomp_6_raised_ones_are_yielded)
{
	struct pp_executor *e = executor_any();
	struct pp_future *raised = ended(e, task_raise), *later = future_new();
	struct pp_future *fs[] = {later, raised}, *f = NULL;
	struct pp_completed *it = as_completed_begin(fs, 2, PP_FOREVER);

	context("as_completed over a future that has raised and one that is about to");
	expect_yields(it, raised);
	REQUIRE(set_exception(later, token(2)) == PP_OK);
	expect_yields(it, later);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-7: nobody ever runs it. */
CASE(ascomp_7_broken_ones_are_yielded)
{
	struct pp_executor *e = executor_new_with_initializer(1, initializer_fail, NULL);
	struct pp_future *f = NULL, *got = NULL;

	if (try_submit(e, task_return, NULL, &f) != PP_OK)
		unsupported("the pool is broken before it accepts work");
	struct pp_completed *it = as_completed_begin(&f, 1, PP_FOREVER);
	context("as_completed over the future of a pool whose initializer fails");
	expect_yields(it, f);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &got));
}

/* ASCOMP-8: finished, cancelled, raised, by an executor that is drained since. */
CASE(ascomp_8_cancelled_before)
{
	struct pp_executor *e = executor_new(1);
	struct pp_future *value = ended(e, task_return);
	struct gate *gate = hold(e, 1);
	struct pp_future *fs[] = {value, submit(e, must_not_run, NULL), submit(e, task_raise, token(2))};

	REQUIRE(cancel(fs[1]));
	gate_open(gate);
	shutdown_wait(e);
	context("as_completed over one finished, one cancelled and one raised future, their executor drained");
	expect_each_once(as_completed_begin(fs, 3, PP_FOREVER), fs, 3);
}

/* ASCOMP-8: cancelled during the iteration; the worker that comes across it tells. */
CASE(ascomp_8_cancelled_during_the_iteration)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *fs[] = {submit(e, must_not_run, NULL), submit(e, task_return, token(1))};
	struct pp_completed *it = as_completed_begin(fs, 2, PP_FOREVER);
	struct taker a = {.it = it};

	taker_start(&a);
	REQUIRE(cancel(fs[0]));
	gate_open(gate);
	context("as_completed over a future that is cancelled while it is waited for, and one behind it");
	thread_join(a.thread);
	EXPECT_STATUS(PP_OK, a.status);
	struct pp_future *f = NULL;
	EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
	EXPECT((a.f == fs[0] && f == fs[1]) || (a.f == fs[1] && f == fs[0]));
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-8: cancelled and notified by the author's own hands, before and during. */
CASE(ascomp_8_notified_by_hand)
{
	struct pp_future *fs[] = {future_new(), future_new()}, *f = NULL;
	bool run = true;

	REQUIRE(cancel(fs[1]));
	REQUIRE(set_running_or_notify_cancel(fs[1], &run) == PP_OK && !run);
	struct pp_completed *it = as_completed_begin(fs, 2, PP_FOREVER);
	context("as_completed over a CANCELLED_AND_NOTIFIED future and one that becomes so");
	expect_yields(it, fs[1]);
	REQUIRE(cancel(fs[0]));
	REQUIRE(set_running_or_notify_cancel(fs[0], &run) == PP_OK && !run);
	expect_yields(it, fs[0]);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-9: the worker is still held, so nobody has come across it. */
CASE(ascomp_9_cancelled_counts_at_once)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *victim = submit(e, must_not_run, NULL), *got = NULL;

	REQUIRE(cancel(victim));
	struct pp_completed *it = as_completed_begin(&victim, 1, 0);
	context("as_completed with timeout 0 over a future that is cancelled, its worker still held");
	EXPECT_STATUS(PP_OK, as_completed_next(it, &got));
	EXPECT_PTR(victim, got);
	gate_open(gate);
}

/* ---- in which order --------------------------------------------------------- */

/* ASCOMP-10: two done between two running ones. */
CASE(ascomp_10_done_ones_first)
{
	struct four s = four_held();
	struct pp_future *one = NULL, *two = NULL;

	four_finish(&s, 1);
	four_finish(&s, 3);
	struct pp_completed *it = as_completed_begin(s.fs, 4, PP_FOREVER);
	context("as_completed over four futures, of which the second and the fourth are done");
	EXPECT_STATUS(PP_OK, as_completed_next(it, &one));
	EXPECT_STATUS(PP_OK, as_completed_next(it, &two));
	EXPECT((one == s.fs[1] && two == s.fs[3]) || (one == s.fs[3] && two == s.fs[1]));
	four_finish(&s, 2);
	expect_yields(it, s.fs[2]);
	four_finish(&s, 0);
	expect_yields(it, s.fs[0]);
}

/*
 * ASCOMP-11: eight are done before the call, eight more before the first ask.
 * So many, that an iterator that begins with the first ask is not right by luck.
 */
CASE(ascomp_11_done_before_the_call_come_first)
{
	struct pp_future *fs[16], *f = NULL;

	NEED(as_completed_begin);
	for (int i = 0; i < 16; i++)
		fs[i] = future_new();
	for (int i = 1; i < 16; i += 2)
		REQUIRE(set_result(fs[i], token(i)) == PP_OK);
	struct pp_completed *it = as_completed_begin(fs, 16, PP_FOREVER);
	for (int i = 0; i < 16; i += 2)
		REQUIRE(set_result(fs[i], token(i)) == PP_OK);
	for (int i = 0; i < 16; i++) {
		EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
		bool done_before_the_call = place_of(fs, 16, f) % 2;

		context("as_completed over 8 futures done before the call and 8 done since, number %d of what is yielded", i);
		EXPECT_INT(i < 8, done_before_the_call);
	}
}

/* ASCOMP-12: asked once, and then all become done in an order of their own before the next ask. */
CASE(ascomp_12_order_of_completion)
{
	static const int order[] = {6, 2, 7, 1, 4, 3, 5};
	struct pp_future *fs[8];

	NEED(as_completed_begin);
	for (int i = 0; i < 8; i++)
		fs[i] = future_new();
	REQUIRE(set_result(fs[0], NULL) == PP_OK);
	struct pp_completed *it = as_completed_begin(fs, 8, PP_FOREVER);
	expect_yields(it, fs[0]);
	for (int i = 0; i < 7; i++)
		REQUIRE(set_result(fs[order[i]], NULL) == PP_OK);
	for (int i = 0; i < 7; i++) {
		context("number %d of seven futures that became done one after the other", i);
		expect_yields(it, fs[order[i]]);
	}
}

/* ASCOMP-12: so many that another way to keep them may be taken. */
CASE(ascomp_12_order_of_completion_of_many)
{
	enum { N = 600, STEP = 7 };
	NEED(as_completed_begin);
	struct pp_future *fs[N];
	struct pp_completed *it;

	for (int i = 0; i < N; i++)
		fs[i] = future_new();
	REQUIRE(set_result(fs[0], NULL) == PP_OK);
	it = as_completed_begin(fs, N, PP_FOREVER);
	expect_yields(it, fs[0]);
	for (int i = 1; i < N; i++)
		REQUIRE(set_result(fs[i * STEP % N], NULL) == PP_OK);
	for (int i = 1; i < N; i++) {
		context("number %d of %d futures that became done one after the other", i, N);
		expect_yields(it, fs[i * STEP % N]);
	}
}

/* ASCOMP-12: by workers, each at a gate of its own. */
CASE(ascomp_12_order_of_completion_by_workers)
{
	static const int order[] = {2, 0, 3, 1};
	struct four s = four_held();
	struct pp_future *f = NULL;
	struct pp_completed *it = as_completed_begin(s.fs, 4, PP_FOREVER);

	for (int i = 0; i < 4; i++) {
		four_finish(&s, order[i]);
		context("number %d of four tasks that end one after the other", i);
		expect_yields(it, s.fs[order[i]]);
	}
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ASCOMP-12: values and exceptions take their places alike. */
CASE(ascomp_12_exceptions_keep_their_place)
{
	static const int order[] = {3, 1, 5, 2, 4};
	struct pp_future *fs[6];

	NEED(as_completed_begin);
	for (int i = 0; i < 6; i++)
		fs[i] = future_new();
	REQUIRE(set_result(fs[0], NULL) == PP_OK);
	struct pp_completed *it = as_completed_begin(fs, 6, PP_FOREVER);
	expect_yields(it, fs[0]);
	for (int i = 0; i < 5; i++)
		REQUIRE((i % 2 ? set_result : set_exception)(fs[order[i]], token(i)) == PP_OK);
	for (int i = 0; i < 5; i++) {
		context("number %d of five futures that became done, every other one by an exception", i);
		expect_yields(it, fs[order[i]]);
	}
}

/* ASCOMP-12: cancelled ones too; each is noticed at once, so that it counts by then wherever it counts. */
CASE(ascomp_12_cancelled_ones_keep_their_place)
{
	static const int order[] = {3, 1, 5, 2, 4};
	NEED(as_completed_begin);
	struct pp_future *fs[6];
	struct pp_completed *it;
	bool run = true;

	for (int i = 0; i < 6; i++)
		fs[i] = future_new();
	REQUIRE(set_result(fs[0], NULL) == PP_OK);
	it = as_completed_begin(fs, 6, PP_FOREVER);
	expect_yields(it, fs[0]);
	for (int i = 0; i < 5; i++) {
		if (i % 2 == 0) {
			REQUIRE(set_result(fs[order[i]], token(i)) == PP_OK);
			continue;
		}
		REQUIRE(cancel(fs[order[i]]));
		REQUIRE(set_running_or_notify_cancel(fs[order[i]], &run) == PP_OK && !run);
	}
	for (int i = 0; i < 5; i++) {
		context("number %d of five futures that became done, every other one cancelled", i);
		expect_yields(it, fs[order[i]]);
	}
}

/* ASCOMP-13: not asked at all before all of them are done. */
CASE(ascomp_13_order_of_completion_before_the_first_ask)
{
	static const int order[] = {6, 2, 0, 7, 1, 4, 3, 5};
	struct pp_future *fs[8];

	NEED(as_completed_begin);
	for (int i = 0; i < 8; i++)
		fs[i] = future_new();
	struct pp_completed *it = as_completed_begin(fs, 8, PP_FOREVER);
	for (int i = 0; i < 8; i++)
		REQUIRE(set_result(fs[order[i]], NULL) == PP_OK);
	for (int i = 0; i < 8; i++) {
		context("number %d of eight futures that became done before the first ask", i);
		expect_yields(it, fs[order[i]]);
	}
}

/* ASCOMP-14: the asking thread waits already. */
CASE(ascomp_14_woken_by_one_of_several)
{
	struct four s = four_held();
	struct pp_completed *it = as_completed_begin(s.fs, 4, PP_FOREVER);

	for (int i = 3; i >= 0; i--) {
		struct taker a = {.it = it};

		taker_start(&a);
		four_finish(&s, i);
		context("an iterator waits, and future number %d finishes", i);
		thread_join(a.thread);
		EXPECT_STATUS(PP_OK, a.status);
		EXPECT_PTR(s.fs[i], a.f);
	}
}

/* ASCOMP-15: the body of the loop makes the next one done, in each of three ways. */
CASE(ascomp_15_made_done_inside_the_loop)
{
	struct pp_future *fs[4], *f = NULL;
	bool run = true;

	NEED(as_completed_begin);
	for (int i = 0; i < 4; i++)
		fs[i] = future_new();
	REQUIRE(set_result(fs[2], NULL) == PP_OK);
	struct pp_completed *it = as_completed_begin(fs, 4, PP_FOREVER);
	context("a loop over four futures, whose body makes the next one done each time");
	expect_yields(it, fs[2]);
	REQUIRE(set_exception(fs[0], NULL) == PP_OK);
	expect_yields(it, fs[0]);
	REQUIRE(cancel(fs[3]));
	REQUIRE(set_running_or_notify_cancel(fs[3], &run) == PP_OK && !run);
	expect_yields(it, fs[3]);
	REQUIRE(set_result(fs[1], NULL) == PP_OK);
	expect_yields(it, fs[1]);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

/* ---- the end -------------------------------------------------------------------- */

/* ASCOMP-24: ended after the first of four; the others go on, are told by callbacks, and waited for. */
CASE(ascomp_24_ended_early)
{
	struct four s = four_held();
	struct counter *called = counter_new();
	struct pp_completed *it = as_completed_begin(s.fs, 4, PP_FOREVER);

	four_finish(&s, 0);
	expect_yields(it, s.fs[0]);
	as_completed_end(it);
	if (HAS(add_done_callback))
		for (int i = 1; i < 4; i++)
			REQUIRE(add_done_callback(s.fs[i], callback_count, called) == PP_OK);
	for (int i = 1; i < 4; i++)
		four_finish(&s, i);
	shutdown_wait(s.e);
	context("three futures become done after the iterator over them was ended");
	EXPECT_INT(HAS(add_done_callback) ? 3 : 0, counter_value(called));
	expect_each_once(as_completed_begin(s.fs, 4, PP_FOREVER), s.fs, 4);
}

/* ASCOMP-24: ended by its timeout, with the same futures in another iterator that goes on. */
CASE(ascomp_24_ended_beside_another)
{
	struct four s = four_held();
	struct pp_future *f = NULL;
	struct pp_completed *stays = as_completed_begin(s.fs, 4, PP_FOREVER);
	struct pp_completed *ends = as_completed_begin(s.fs, 4, 0);

	REQUIRE(as_completed_next(ends, &f) == PP_TIMEOUT);
	as_completed_end(ends);
	for (int i = 3; i >= 0; i--) {
		four_finish(&s, i);
		context("future number %d finishes, in one iterator that was ended and one that was not", i);
		expect_yields(stays, s.fs[i]);
	}
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(stays, &f));
}

/* ASCOMP-24: three iterators over the same futures end in every order, before the futures become done and after. */
CASE(ascomp_24_ended_in_every_order)
{
	static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	for (int round = 0; round < 12; round++) {
		struct four s = four_held();
		struct pp_completed *its[3];

		for (int i = 0; i < 3; i++)
			its[i] = as_completed_begin(s.fs, 4, PP_FOREVER);
		if (round >= 6) {
			four_finish(&s, 0);
			for (int i = 0; i < 3; i++)
				expect_yields(its[i], s.fs[0]);
		}
		for (int i = 0; i < 3; i++)
			as_completed_end(its[orders[round % 6][i]]);
		for (int i = round >= 6; i < 4; i++)
			four_finish(&s, i);
		context("round %d: four futures whose three iterators have ended", round);
		expect_each_once(as_completed_begin(s.fs, 4, 0), s.fs, 4);
		EXPECT_STATUS(PP_OK, shutdown_wait(s.e));
	}
}

/* ASCOMP-24: rounds in which the iterator ends just as its future becomes done. */
CASE(ascomp_24_ended_as_they_become_done)
{
	struct pp_executor *e = executor_new(2);
	void *outcome;

	NEED(as_completed_begin);
	for (int round = 0; round < 100; round++) {
		struct gate *gate = gate_new();
		struct pp_future *fs[] = {submit(e, task_pass_gate, gate), submit(e, task_pass_gate, gate)};
		struct pp_completed *it = as_completed_begin(fs, 2, round % 2 ? 0 : PP_FOREVER);
		struct pp_future *f = NULL;

		if (round % 2)
			REQUIRE(as_completed_next(it, &f) == PP_TIMEOUT);
		gate_open(gate);
		as_completed_end(it);
		context("round %d: two futures become done as the iterator over them is ended", round);
		for (int i = 0; i < 2; i++) {
			EXPECT_STATUS(PP_OK, result(fs[i], PP_FOREVER, &outcome));
			let_go(fs[i]);
		}
	}
}

/* ASCOMP-25: what is PENDING behind a held worker runs after all. */
CASE(ascomp_25_ended_early_cancels_nothing)
{
	struct pp_executor *e = executor_new(1);
	struct pp_future *before = ended(e, task_return);
	struct gate *gate = hold(e, 1);
	struct counter *ran = counter_new();
	struct pp_future *fs[] = {before, submit(e, task_count, ran), submit(e, task_count, ran)};
	struct pp_completed *it = as_completed_begin(fs, 3, PP_FOREVER);
	void *outcome;

	expect_yields(it, before);
	as_completed_end(it);
	gate_open(gate);
	context("two PENDING futures of an iterator that was ended");
	EXPECT_STATUS(PP_OK, result(fs[1], PP_FOREVER, &outcome));
	EXPECT_STATUS(PP_OK, result(fs[2], PP_FOREVER, &outcome));
	EXPECT_INT(2, counter_value(ran));
}

/* ASCOMP-26: over none, done ones and running ones. */
CASE(ascomp_25_ended_without_an_ask_cancels_nothing)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *f = submit(e, task_return, token(1));
	void *outcome;

	as_completed_end(as_completed_begin(&f, 1, PP_FOREVER));
	gate_open(gate);
	context("a PENDING future of an iterator that was ended without an ask");
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_PTR(token(1), outcome);
}

CASE(ascomp_26_ended_without_an_ask)
{
	struct four s = four_held();
	void *outcome;

	four_finish(&s, 0);
	as_completed_end(as_completed_begin(s.fs, 0, PP_FOREVER));
	as_completed_end(as_completed_begin(s.fs, 1, PP_FOREVER));
	as_completed_end(as_completed_begin(s.fs, 4, PP_FOREVER));
	as_completed_end(as_completed_begin(s.fs, 4, 0));
	context("futures become done after iterators over them were ended without an ask");
	for (int i = 0; i < 4; i++) {
		gate_open(s.gates[i]);
		EXPECT_STATUS(PP_OK, result(s.fs[i], PP_FOREVER, &outcome));
	}
}
