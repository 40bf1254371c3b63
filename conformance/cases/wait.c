/* SPDX-License-Identifier: MIT */
/*
 * wait.c: WAIT, to block until return_when holds for a set of futures.
 *
 * A future that is not done is one whose task is held at a gate, or one that
 * belongs to no executor.  That wait does not return is shown by a thread that
 * is inside it: when the step that must not wake it is over and the thread has
 * had time to leave, it has not left.
 */
#include "waits.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

/* ---- when it returns -------------------------------------------------- */

/* WAIT-1: two of three are done; the third ends the wait, with all three told. */
CASE(wait_1_all_completed_outlasts_the_first_of_three)
{
	struct pp_executor *e = executor_new(3);
	struct held *a = held_new(e, false), *b = held_new(e, true), *c = held_new(e, false);
	struct wait_call w = {.fs = {a->f, b->f, c->f}, .count = 3, .timeout = PP_FOREVER, .return_when = PP_ALL_COMPLETED};

	wait_call_start(&w);
	context("ALL_COMPLETED over three futures, none done");
	expect_still_waiting(&w);
	held_finish(a);
	context("ALL_COMPLETED over three futures, one finished");
	expect_still_waiting(&w);
	held_finish(b);
	context("ALL_COMPLETED over three futures, one finished and one raised");
	expect_still_waiting(&w);
	held_finish(c);
	expect_returns(&w);
	context("ALL_COMPLETED has returned after all three became done");
	EXPECT(w.done[0] && w.done[1] && w.done[2]);
}

/* WAIT-1: the futures that are done beforehand are no reason to return. */
CASE(wait_1_all_completed_with_some_done_before)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *first = ended(e, task_return);
	struct held *h = held_new(e, false);
	struct wait_call w = {.fs = {first, h->f}, .count = 2, .timeout = PP_FOREVER, .return_when = PP_ALL_COMPLETED};

	wait_call_start(&w);
	context("ALL_COMPLETED over a future that was done before and one that is not");
	expect_still_waiting(&w);
	held_finish(h);
	expect_returns(&w);
	EXPECT(w.done[0] && w.done[1]);
}

/* WAIT-1: nor are those that have raised, though they end a wait of another kind. */
CASE(wait_1_all_completed_with_one_raised_before)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *first = ended(e, task_raise);
	struct held *h = held_new(e, false);
	struct wait_call w = {.fs = {first, h->f}, .count = 2, .timeout = PP_FOREVER, .return_when = PP_ALL_COMPLETED};

	wait_call_start(&w);
	context("ALL_COMPLETED over a future that had raised before and one that is not done");
	expect_still_waiting(&w);
	held_finish(h);
	expect_returns(&w);
	EXPECT(w.done[0] && w.done[1]);
}

/* WAIT-2: the main thread waits; nothing but the completions wakes it. */
CASE(wait_2_all_completed_returns)
{
	struct pp_executor *e = executor_any();
	struct pp_future *fs[10];
	bool done[10] = {false};

	for (int i = 0; i < 10; i++)
		fs[i] = submit(e, i % 3 ? task_return : task_raise, token(i));
	context("ALL_COMPLETED over ten futures of short tasks, some of which raise");
	EXPECT_STATUS(PP_OK, wait_for(fs, 10, PP_FOREVER, PP_ALL_COMPLETED, done));
	for (int i = 0; i < 10; i++)
		EXPECT(done[i]);
}

/* WAIT-3: value, exception, and several of both; all modes, with and without a limit. */
CASE(wait_3_all_done_before_the_call)
{
	struct pp_executor *e = executor_any();
	struct pp_future *fs[] = {ended(e, task_return), ended(e, task_raise), ended(e, task_return)};

	for (size_t m = 0; m < 3; m++) {
		bool done[3] = {false};

		context("%s without a timeout over three futures that are done", mode_names[m]);
		EXPECT_STATUS(PP_OK, wait_for(fs, 3, PP_FOREVER, modes[m], done));
		EXPECT(done[0] && done[1] && done[2]);
	}
}

/* WAIT-3: a wait over the same futures can be had again and again. */
CASE(wait_3_again_and_again)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f = ended(e, task_return);

	for (int i = 0; i < 5; i++) {
		bool done = false;

		context("wait number %d over one finished future", i + 1);
		EXPECT_STATUS(PP_OK, wait_for(&f, 1, PP_FOREVER, PP_ALL_COMPLETED, &done));
		EXPECT(done);
	}
}

/* WAIT-4: the second of three finishes while the thread waits. */
CASE(wait_4_first_completed_returns_with_the_first)
{
	struct pp_executor *e = executor_new(3);
	struct held *a = held_new(e, false), *b = held_new(e, false), *c = held_new(e, false);
	struct wait_call w = {.fs = {a->f, b->f, c->f}, .count = 3, .timeout = PP_FOREVER, .return_when = PP_FIRST_COMPLETED};

	wait_call_start(&w);
	held_finish(b);
	context("FIRST_COMPLETED over three futures, of which the second has finished");
	expect_returns(&w);
	EXPECT(w.done[1]);
	EXPECT_FALSE(w.done[0] || w.done[2]);
}

/* WAIT-5: done, held, held. */
CASE(wait_5_first_completed_with_one_done_before)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *first = ended(e, task_return);
	struct held *h = held_new(e, false);
	struct pp_future *fs[] = {h->f, first};
	bool done[2] = {true, false};

	context("FIRST_COMPLETED without a timeout over a running future and a finished one");
	EXPECT_STATUS(PP_OK, wait_for(fs, 2, PP_FOREVER, PP_FIRST_COMPLETED, done));
	EXPECT_FALSE(done[0]);
	EXPECT(done[1]);
}

/* WAIT-6: raised while waiting. */
CASE(wait_6_first_completed_returns_with_one_that_raises)
{
	struct pp_executor *e = executor_new(2);
	struct held *a = held_new(e, false), *b = held_new(e, true);
	struct wait_call w = {.fs = {a->f, b->f}, .count = 2, .timeout = PP_FOREVER, .return_when = PP_FIRST_COMPLETED};

	wait_call_start(&w);
	held_finish(b);
	context("FIRST_COMPLETED over two futures, of which one has raised");
	expect_returns(&w);
	EXPECT(w.done[1]);
	EXPECT_FALSE(w.done[0]);
}

/* WAIT-6: raised before. */
CASE(wait_6_first_completed_with_one_raised_before)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *raised = ended(e, task_raise);
	struct held *h = held_new(e, false);
	struct pp_future *fs[] = {raised, h->f};
	bool done[2] = {false, true};

	context("FIRST_COMPLETED without a timeout over a future that has raised and a running one");
	EXPECT_STATUS(PP_OK, wait_for(fs, 2, PP_FOREVER, PP_FIRST_COMPLETED, done));
	EXPECT(done[0]);
	EXPECT_FALSE(done[1]);
}

/* WAIT-7: something else becomes done meanwhile. */
CASE(wait_7_first_completed_while_none_is_done)
{
	struct pp_executor *e = executor_new(3);
	struct held *a = held_new(e, false), *b = held_new(e, false);
	struct wait_call w = {.fs = {a->f, b->f}, .count = 2, .timeout = PP_FOREVER, .return_when = PP_FIRST_COMPLETED};

	wait_call_start(&w);
	ended(e, task_return);
	ended(e, task_raise);
	context("FIRST_COMPLETED over two running futures, while others have finished");
	expect_still_waiting(&w);
	held_finish(a);
	expect_returns(&w);
}

/* WAIT-8: raised while waiting, two others held. */
CASE(wait_8_first_exception_returns_with_one_that_raises)
{
	struct pp_executor *e = executor_new(3);
	struct held *a = held_new(e, false), *b = held_new(e, true), *c = held_new(e, false);
	struct wait_call w = {.fs = {a->f, b->f, c->f}, .count = 3, .timeout = PP_FOREVER, .return_when = PP_FIRST_EXCEPTION};

	wait_call_start(&w);
	held_finish(b);
	context("FIRST_EXCEPTION over three futures, of which the second has raised");
	expect_returns(&w);
	EXPECT(w.done[1]);
	EXPECT_FALSE(w.done[0] || w.done[2]);
}

/* WAIT-8: the one that raises is given twice. */
CASE(wait_8_first_exception_returns_with_a_duplicate_that_raises)
{
	struct pp_executor *e = executor_new(2);
	struct held *a = held_new(e, false), *b = held_new(e, true);
	struct wait_call w = {.fs = {b->f, a->f, b->f}, .count = 3, .timeout = PP_FOREVER, .return_when = PP_FIRST_EXCEPTION};

	wait_call_start(&w);
	held_finish(b);
	context("FIRST_EXCEPTION over two futures, of which the one that is given twice has raised");
	expect_returns(&w);
	EXPECT(w.done[0] && w.done[2]);
	EXPECT_FALSE(w.done[1]);
}

/* WAIT-8: an exception is one whatever its pointer is. */
CASE(wait_8_first_exception_returns_with_a_null_exception)
{
	NEED(wait);
	struct pp_future *fs[] = {future_new(), future_new()};
	bool done[2] = {false, true};

	REQUIRE(set_exception(fs[0], NULL) == PP_OK);
	context("FIRST_EXCEPTION without a timeout over a future with exception NULL and one that is not done");
	EXPECT_STATUS(PP_OK, wait_for(fs, 2, PP_FOREVER, PP_FIRST_EXCEPTION, done));
	EXPECT(done[0]);
	EXPECT_FALSE(done[1]);
}

/* WAIT-9: raised, held. */
CASE(wait_9_first_exception_with_one_raised_before)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *raised = ended(e, task_raise);
	struct held *h = held_new(e, false);
	struct pp_future *fs[] = {h->f, raised};
	bool done[2] = {true, false};

	context("FIRST_EXCEPTION without a timeout over a running future and one that has raised");
	EXPECT_STATUS(PP_OK, wait_for(fs, 2, PP_FOREVER, PP_FIRST_EXCEPTION, done));
	EXPECT_FALSE(done[0]);
	EXPECT(done[1]);
}

/* WAIT-9: held, raised, and a value after it; in both orders. */
CASE(wait_9_first_exception_with_a_value_after_it)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *raised = ended(e, task_raise), *returned = ended(e, task_return);
	struct held *h = held_new(e, false);
	struct pp_future *fs[2][3] = {{h->f, raised, returned}, {h->f, returned, raised}};

	for (int i = 0; i < 2; i++) {
		bool done[3] = {true, false, false};

		context("FIRST_EXCEPTION without a timeout over a running future, one that has raised and one with a value, order %d", i);
		EXPECT_STATUS(PP_OK, wait_for(fs[i], 3, PP_FOREVER, PP_FIRST_EXCEPTION, done));
		EXPECT_FALSE(done[0]);
		EXPECT(done[1] && done[2]);
	}
}

/* WAIT-10: values before and during the wait; then the exception. */
CASE(wait_10_first_exception_outlasts_values)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *before = ended(e, task_return);
	struct held *a = held_new(e, false), *b = held_new(e, true);
	struct wait_call w = {.fs = {before, a->f, b->f}, .count = 3, .timeout = PP_FOREVER, .return_when = PP_FIRST_EXCEPTION};

	wait_call_start(&w);
	context("FIRST_EXCEPTION over a future with a value and two that are not done");
	expect_still_waiting(&w);
	held_finish(a);
	context("FIRST_EXCEPTION over two futures with a value and one that is not done");
	expect_still_waiting(&w);
	held_finish(b);
	expect_returns(&w);
	EXPECT(w.done[0] && w.done[1] && w.done[2]);
}

/* WAIT-11: nothing raises. */
CASE(wait_11_first_exception_without_exception)
{
	struct pp_executor *e = executor_new(2);
	struct held *a = held_new(e, false), *b = held_new(e, false);
	struct wait_call w = {.fs = {a->f, b->f}, .count = 2, .timeout = PP_FOREVER, .return_when = PP_FIRST_EXCEPTION};

	wait_call_start(&w);
	held_finish(a);
	held_finish(b);
	context("FIRST_EXCEPTION over two futures that have both finished with a value");
	expect_returns(&w);
	EXPECT(w.done[0] && w.done[1]);
}

/* WAIT-12: cancelled and notified before, cancelled and notified during. */
CASE(wait_12_first_exception_outlasts_cancelled)
{
	struct pp_future *before = future_new(), *during = future_new(), *last = future_new();
	bool run = true;

	REQUIRE(cancel(before));
	REQUIRE(set_running_or_notify_cancel(before, &run) == PP_OK && !run);
	struct wait_call w = {.fs = {before, during, last}, .count = 3, .timeout = PP_FOREVER, .return_when = PP_FIRST_EXCEPTION};
	wait_call_start(&w);
	context("FIRST_EXCEPTION over a cancelled future and two that are not done");
	expect_still_waiting(&w);
	REQUIRE(cancel(during));
	REQUIRE(set_running_or_notify_cancel(during, &run) == PP_OK && !run);
	context("FIRST_EXCEPTION over two cancelled futures and one that is not done");
	expect_still_waiting(&w);
	REQUIRE(set_result(last, token(1)) == PP_OK);
	expect_returns(&w);
	EXPECT(w.done[0] && w.done[1] && w.done[2]);
}

/*
 * WAIT-13: the future of a pool that breaks, beside one that is held.  A pool
 * that is broken before it is given work has no such future.
 */
CASE(wait_13_first_exception_returns_with_a_broken_pool)
{
	struct pp_executor *broken = executor_new_with_initializer(1, initializer_fail, NULL);
	struct pp_executor *e = executor_new(1);
	struct held *h = held_new(e, false);
	struct pp_future *fs[2] = {NULL, h->f};
	bool done[2] = {false, true};

	if (try_submit(broken, task_return, NULL, &fs[0]) != PP_OK)
		unsupported("the pool is broken before it accepts work");
	context("FIRST_EXCEPTION without a timeout over a future whose pool breaks and a running one");
	EXPECT_STATUS(PP_OK, wait_for(fs, 2, PP_FOREVER, PP_FIRST_EXCEPTION, done));
	EXPECT(done[0]);
	EXPECT_FALSE(done[1]);
}

/* WAIT-14: no futures, all modes, no timeout. */
CASE(wait_14_no_futures)
{
	executor_any();
	for (size_t m = 0; m < 3; m++) {
		bool done = false;
		struct pp_future *none = NULL;

		context("%s without a timeout over no futures", mode_names[m]);
		EXPECT_STATUS(PP_OK, wait_for(&none, 0, PP_FOREVER, modes[m], &done));
		EXPECT_FALSE(done);
	}
}

/* ---- cancelled futures ------------------------------------------------- */

/* Cancel what is PENDING behind a held worker, then let the executor come across it. */
static struct pp_future *cancelled_and_drained(void)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *victim = submit(e, must_not_run, NULL);

	REQUIRE(cancel(victim));
	gate_open(gate);
	shutdown_wait(e);
	return victim;
}

/* WAIT-15: the executor is gone, so it has come across everything. */
CASE(wait_15_cancelled_and_notified_before)
{
	NEED(wait);
	struct pp_future *f = cancelled_and_drained();

	for (size_t m = 0; m < 3; m++) {
		bool done = false;

		context("%s without a timeout over a future that was cancelled, its executor drained", mode_names[m]);
		EXPECT_STATUS(PP_OK, wait_for(&f, 1, PP_FOREVER, modes[m], &done));
		EXPECT(done);
	}
}

/* WAIT-15: cancelled while the thread waits; the worker that comes across it wakes the thread. */
CASE(wait_15_cancelled_while_waiting)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *victim = submit(e, must_not_run, NULL);
	struct wait_call w = {.fs = {victim}, .count = 1, .timeout = PP_FOREVER, .return_when = PP_ALL_COMPLETED};

	wait_call_start(&w);
	REQUIRE(cancel(victim));
	gate_open(gate);
	context("ALL_COMPLETED over a future that is cancelled while the thread waits");
	expect_returns(&w);
	EXPECT(w.done[0]);
}

/* WAIT-15: the same for the first of two. */
CASE(wait_15_first_completed_returns_with_a_cancelled_one)
{
	struct pp_executor *e = executor_new(2);
	struct held *kept = held_new(e, false);
	struct gate *gate = hold(e, 1);
	struct pp_future *victim = submit(e, must_not_run, NULL);
	struct wait_call w = {.fs = {kept->f, victim}, .count = 2, .timeout = PP_FOREVER, .return_when = PP_FIRST_COMPLETED};

	wait_call_start(&w);
	REQUIRE(cancel(victim));
	gate_open(gate);
	context("FIRST_COMPLETED over a running future and one that is cancelled while the thread waits");
	expect_returns(&w);
	EXPECT_FALSE(w.done[0]);
	EXPECT(w.done[1]);
}

/* WAIT-15: by the author's own hands. */
CASE(wait_15_notified_while_waiting)
{
	struct pp_future *f = future_new();
	struct wait_call w = {.fs = {f}, .count = 1, .timeout = PP_FOREVER, .return_when = PP_FIRST_COMPLETED};
	bool run = true;

	wait_call_start(&w);
	REQUIRE(cancel(f));
	REQUIRE(set_running_or_notify_cancel(f, &run) == PP_OK && !run);
	context("FIRST_COMPLETED over a future that was cancelled and notified while the thread waits");
	expect_returns(&w);
	EXPECT(w.done[0]);
}

/* WAIT-16: nobody has come across it: its worker is held. */
CASE(wait_16_cancelled_counts_at_once)
{
	NEED(wait);
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_future *victim = submit(e, must_not_run, NULL);

	REQUIRE(cancel(victim));
	for (size_t m = 0; m < 3; m++) {
		bool told = false;

		REQUIRE(wait_for(&victim, 1, 0, modes[m], &told) == PP_OK);
		context("%s with timeout 0 tells a cancelled future as done, its worker still held", mode_names[m]);
		EXPECT(told);
	}
	gate_open(gate);
}

/* WAIT-16: nobody will ever come across it: it belongs to no executor. */
CASE(wait_16_cancelled_future_of_no_executor)
{
	NEED(wait);
	struct pp_future *f = future_new();
	bool told = false;

	REQUIRE(cancel(f));
	REQUIRE(wait_for(&f, 1, 0, PP_ALL_COMPLETED, &told) == PP_OK);
	context("ALL_COMPLETED with timeout 0 tells a cancelled future of no executor as done");
	EXPECT(told);
}

/* ---- what it tells -------------------------------------------------------- */

/* WAIT-17: held, done, done, with a timeout: the first one does not use it up for the others. */
CASE(wait_17_done_ones_behind_a_running_one)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *value = ended(e, task_return), *raised = ended(e, task_raise);
	struct held *h = held_new(e, false);
	struct pp_future *fs[] = {h->f, value, raised};
	bool done[3] = {true, false, false};

	context("ALL_COMPLETED with a short timeout over a running future and two done ones after it");
	EXPECT_STATUS(PP_OK, wait_for(fs, 3, short_time(), PP_ALL_COMPLETED, done));
	EXPECT_FALSE(done[0]);
	EXPECT(done[1]);
	EXPECT(done[2]);
}

/* WAIT-17: FIRST_COMPLETED tells all that were done, not just the one that made it return. */
CASE(wait_17_first_completed_tells_all_that_are_done)
{
	struct pp_executor *e = executor_any();
	struct pp_future *fs[] = {ended(e, task_return), ended(e, task_raise), ended(e, task_return)};
	bool done[3] = {false};

	context("FIRST_COMPLETED over three futures that were done before");
	EXPECT_STATUS(PP_OK, wait_for(fs, 3, PP_FOREVER, PP_FIRST_COMPLETED, done));
	EXPECT(done[0]);
	EXPECT(done[1]);
	EXPECT(done[2]);
}

/* WAIT-18: PENDING and RUNNING are not done, in no mode. */
CASE(wait_18_pending_and_running_are_not_done)
{
	struct pp_executor *e = executor_new(1);
	struct held *h = held_new(e, false);
	struct pp_future *fs[] = {h->f, submit(e, task_return, NULL)};

	for (size_t m = 0; m < 3; m++) {
		bool done[2] = {true, true};

		context("%s with timeout 0 over a RUNNING future and a PENDING one", mode_names[m]);
		EXPECT_STATUS(PP_OK, wait_for(fs, 2, 0, modes[m], done));
		EXPECT_FALSE(done[0]);
		EXPECT_FALSE(done[1]);
	}
}

/* WAIT-19: the same futures at several places, one running and one done. */
CASE(wait_19_duplicates_are_told_alike)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *value = ended(e, task_return);
	struct held *h = held_new(e, false);
	struct pp_future *fs[] = {h->f, value, h->f, value, h->f};
	bool done[5] = {true, false, true, false, true};

	context("ALL_COMPLETED with timeout 0 over a running future three times and a done one twice");
	EXPECT_STATUS(PP_OK, wait_for(fs, 5, 0, PP_ALL_COMPLETED, done));
	EXPECT_FALSE(done[0] || done[2] || done[4]);
	EXPECT(done[1] && done[3]);
}

/* WAIT-20: all of them are done before. */
CASE(wait_20_duplicates_that_are_done)
{
	struct pp_executor *e = executor_any();
	struct pp_future *a = ended(e, task_return), *b = ended(e, task_raise), *fs[] = {a, b, a, a, b};
	bool done[5] = {false};

	for (size_t m = 0; m < 3; m++) {
		context("%s without a timeout over two done futures, given three times and twice", mode_names[m]);
		EXPECT_STATUS(PP_OK, wait_for(fs, 5, PP_FOREVER, modes[m], done));
		EXPECT(done[0] && done[1] && done[2] && done[3] && done[4]);
	}
}

/* WAIT-20: the same future twice; it becomes done once, while the thread waits. */
CASE(wait_20_duplicates_count_once)
{
	struct pp_executor *e = executor_new(2);

	for (size_t m = 0; m < 3; m++) {
		struct held *h = held_new(e, false);
		struct wait_call w = {.fs = {h->f, h->f, h->f}, .count = 3, .timeout = PP_FOREVER, .return_when = modes[m]};

		wait_call_start(&w);
		held_finish(h);
		context("%s over one future given three times, which has finished", mode_names[m]);
		expect_returns(&w);
		EXPECT(w.done[0] && w.done[1] && w.done[2]);
	}
}

/* WAIT-20: two are not done; the one that is given twice does not stand for the other. */
CASE(wait_20_duplicates_do_not_stand_for_others)
{
	struct pp_executor *e = executor_new(2);
	struct held *twice = held_new(e, false), *other = held_new(e, false);
	struct wait_call w = {.fs = {twice->f, twice->f, other->f}, .count = 3, .timeout = PP_FOREVER, .return_when = PP_ALL_COMPLETED};

	wait_call_start(&w);
	held_finish(twice);
	context("ALL_COMPLETED over a future given twice, which has finished, and a running one");
	expect_still_waiting(&w);
	held_finish(other);
	expect_returns(&w);
	EXPECT(w.done[0] && w.done[1] && w.done[2]);
}

/* ---- what else a caller relies on ---------------------------------------------- */

/* Plain memory, written by a task without any synchronization of its own. */
static int task_fill(void *arg, void **outcome)
{
	volatile unsigned char *page = arg;

	(void)outcome;
	for (int i = 0; i < 256; i++)
		page[i] = (unsigned char)i;
	return PP_OK;
}

/* WAIT-33: rounds of tasks that fill memory of the waiting thread, which looks and takes it back. */
CASE(wait_33_what_tasks_wrote_is_seen)
{
	struct pp_executor *e = executor_new(2);
	unsigned char *pages = shared_alloc(4 * 256);
	struct pp_future *fs[4];
	bool done[4];

	NEED(wait);
	for (int round = 0; round < 100; round++) {
		bool whole = true;

		memset(pages, 0xff, 4 * 256);
		for (int i = 0; i < 4; i++)
			fs[i] = submit(e, task_fill, pages + i * 256);
		context("round %d: ALL_COMPLETED over four tasks that each fill a page", round);
		EXPECT_STATUS(PP_OK, wait_for(fs, 4, PP_FOREVER, PP_ALL_COMPLETED, done));
		for (int i = 0; i < 4 * 256; i++)
			whole = whole && pages[i] == i % 256;
		EXPECT(whole);
		for (int i = 0; i < 4; i++)
			let_go(fs[i]);
	}
}

/* WAIT-34: rounds of submit, wait, shutdown, release without a pause between them. */
CASE(wait_34_shut_down_right_after)
{
	NEED(wait);
	for (int round = 0; round < 50; round++) {
		struct pp_executor *e = executor_any();
		struct pp_future *f = submit(e, task_return, token(1));
		bool done = false;

		context("round %d: an executor is shut down once wait has told its only future as done", round);
		EXPECT_STATUS(PP_OK, wait_for(&f, 1, PP_FOREVER, PP_ALL_COMPLETED, &done));
		EXPECT_STATUS(PP_OK, shutdown_wait(e));
		if (HAS(executor_release))
			executor_release(e);
		let_go(f);
	}
}

static void handle(int signal_number)
{
	(void)signal_number;
}

/* A thread that sends signals to the one inside wait, then lets its task go. */
struct disturber {
	pthread_t target;
	struct held *held;
	struct counter *sent;
};

static void disturb(void *arg)
{
	struct disturber *d = arg;

	for (int i = 0; i < 10; i++) {
		pthread_kill(d->target, SIGUSR1);
		counter_add(d->sent, 1);
		for (int pause = 0; pause < 50; pause++)
			sched_yield();
	}
	gate_open(d->held->gate);
}

/* WAIT-35: the handler is installed without SA_RESTART. */
CASE(wait_35_a_signal_does_not_end_it)
{
	struct pp_executor *e = executor_new(1);
	struct held *h = held_new(e, false);
	struct sigaction action;
	bool done = false;

	NEED(wait);
	memset(&action, 0, sizeof(action));
	action.sa_handler = handle;
	REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
	struct disturber d = {.target = pthread_self(), .held = h, .sent = counter_new()};
	struct thread *t = thread_start(disturb, &d);
	context("ALL_COMPLETED without a timeout over a running future, in a thread that handles signals");
	EXPECT_STATUS(PP_OK, wait_for(&h->f, 1, PP_FOREVER, PP_ALL_COMPLETED, &done));
	EXPECT_INT(10, counter_value(d.sent));
	EXPECT(done);
	thread_join(t);
}

/* WAIT-36: refused, with a future that is not done; a wait would not end. */
CASE(wait_36_unknown_return_when)
{
	struct pp_executor *e = executor_new(1);
	struct held *h = held_new(e, false);
	bool done = false;

	context("wait over a running future with a return_when of 99");
	EXPECT_STATUS(PP_INVALID_ARGUMENT, wait_for(&h->f, 1, PP_FOREVER, (enum pp_return_when)99, &done));
}

/* WAIT-36: refused, though there is nothing to wait for. */
CASE(wait_36_unknown_return_when_with_all_done)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f = ended(e, task_return);
	bool done = false;

	context("wait over a finished future with a return_when of 99");
	EXPECT_STATUS(PP_INVALID_ARGUMENT, wait_for(&f, 1, PP_FOREVER, (enum pp_return_when)99, &done));
}

/* WAIT-36: whatever number it is, as one that is kept as another type would be. */
CASE(wait_36_any_unknown_return_when)
{
	static const int unknown[] = {3, 4, 7, 128, 255, 256, 258, 65536, INT_MAX, -1, -2, INT_MIN};
	struct pp_future *f = future_new();
	bool done = false;

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		context("wait over a PENDING future with a return_when of %d and a timeout of zero", unknown[i]);
		EXPECT_STATUS(PP_INVALID_ARGUMENT, wait_for(&f, 1, 0, (enum pp_return_when)unknown[i], &done));
	}
}

/* WAIT-38: another thread waits already, and the worker has yet to end the future. */
CASE(wait_38_futures_of_a_refused_wait)
{
	struct pp_executor *e = executor_new(1);
	struct held *h = held_new(e, false);
	struct wait_call w = {.fs = {h->f}, .count = 1, .timeout = PP_FOREVER, .return_when = PP_ALL_COMPLETED};
	bool done = false;

	wait_call_start(&w);
	context("wait over a running future with a return_when of 99");
	EXPECT_STATUS(PP_INVALID_ARGUMENT, wait_for(&h->f, 1, PP_FOREVER, (enum pp_return_when)99, &done));
	context("the end of a future that was given to a refused wait");
	held_finish(h);
	context("wait by another thread, for a future that was given to a refused wait");
	expect_returns(&w);
	EXPECT(w.done[0]);
}
