/* SPDX-License-Identifier: MIT */
/*
 * wait.c: WAIT, to block until return_when holds for a set of futures.
 *
 * A future that is not done is one whose task is held at a gate, or one that
 * belongs to no executor.  That wait does not return is shown by a thread that
 * is inside it: when the step that must not wake it is over and the thread has
 * had time to leave, it has not left.
 */
#include "futures.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

/* What a clock may be coarse by. */
#define TICK 0.001

#define MANY 1000

static const enum pp_return_when modes[] = {PP_FIRST_COMPLETED, PP_FIRST_EXCEPTION, PP_ALL_COMPLETED};
static const char *const mode_names[] = {"FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"};

/* A task held at a gate of its own: RUNNING until finish. */
struct held {
	struct gate *gate;
	bool raises;
	struct pp_future *f;
};

static int task_held(void *arg, void **outcome)
{
	struct held *h = arg;

	gate_wait(h->gate);
	*outcome = token(1);
	return h->raises ? PP_RAISED : PP_OK;
}

static struct held *held_new(struct pp_executor *e, bool raises)
{
	struct held *h = shared_alloc(sizeof(*h));

	h->gate = gate_new();
	h->raises = raises;
	h->f = submit(e, task_held, h);
	gate_await(h->gate, 1);
	return h;
}

/* Let go of it, and return when it is done. */
static void finish(struct held *h)
{
	void *outcome;

	gate_open(h->gate);
	REQUIRE(result(h->f, PP_FOREVER, &outcome) == (h->raises ? PP_RAISED : PP_OK));
}

/* A thread inside wait. */
struct wait_call {
	struct pp_future *fs[4];
	size_t count;
	double timeout;
	enum pp_return_when return_when;
	int status;
	bool done[4];
	struct counter *returned;
	struct thread *thread;
};

static void wait_call_body(void *arg)
{
	struct wait_call *w = arg;

	w->status = backend()->wait(w->fs, w->count, w->timeout, w->return_when, w->done);
	counter_add(w->returned, 1);
}

static void wait_call_start(struct wait_call *w)
{
	NEED(wait);
	w->returned = counter_new();
	w->thread = thread_start(wait_call_body, w);
	thread_settle(w->thread);
}

static void expect_still_waiting(struct wait_call *w)
{
	thread_settle(w->thread);
	bool returned = counter_value(w->returned) > 0;

	EXPECT_FALSE(returned);
}

static void expect_returns(struct wait_call *w)
{
	thread_join(w->thread);
	EXPECT_STATUS(PP_OK, w->status);
}

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
	finish(a);
	context("ALL_COMPLETED over three futures, one finished");
	expect_still_waiting(&w);
	finish(b);
	context("ALL_COMPLETED over three futures, one finished and one raised");
	expect_still_waiting(&w);
	finish(c);
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
	finish(h);
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
	finish(b);
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
	finish(b);
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
	finish(a);
	expect_returns(&w);
}

/* WAIT-8: raised while waiting, two others held. */
CASE(wait_8_first_exception_returns_with_one_that_raises)
{
	struct pp_executor *e = executor_new(3);
	struct held *a = held_new(e, false), *b = held_new(e, true), *c = held_new(e, false);
	struct wait_call w = {.fs = {a->f, b->f, c->f}, .count = 3, .timeout = PP_FOREVER, .return_when = PP_FIRST_EXCEPTION};

	wait_call_start(&w);
	finish(b);
	context("FIRST_EXCEPTION over three futures, of which the second has raised");
	expect_returns(&w);
	EXPECT(w.done[1]);
	EXPECT_FALSE(w.done[0] || w.done[2]);
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
	finish(a);
	context("FIRST_EXCEPTION over two futures with a value and one that is not done");
	expect_still_waiting(&w);
	finish(b);
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
	finish(a);
	finish(b);
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
		finish(h);
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
	finish(twice);
	context("ALL_COMPLETED over a future given twice, which has finished, and a running one");
	expect_still_waiting(&w);
	finish(other);
	expect_returns(&w);
	EXPECT(w.done[0] && w.done[1] && w.done[2]);
}

/* ---- timeouts ----------------------------------------------------------- */

/* WAIT-21: some are done when the time is up; all modes for which that is no reason to return. */
CASE(wait_21_time_is_up)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *value = ended(e, task_return);
	struct held *h = held_new(e, false);
	struct pp_future *fs[] = {value, h->f};

	for (size_t m = 1; m < 3; m++) {
		bool done[2] = {false, true};

		context("%s with a short timeout over a future with a value and a running one", mode_names[m]);
		EXPECT_STATUS(PP_OK, wait_for(fs, 2, short_time(), modes[m], done));
		EXPECT(done[0]);
		EXPECT_FALSE(done[1]);
	}
}

/* WAIT-21: one becomes done while the thread waits, and that is told when the time is up. */
CASE(wait_21_tells_what_became_done_meanwhile)
{
	struct pp_executor *e = executor_new(2);
	struct held *a = held_new(e, false), *b = held_new(e, false);
	struct wait_call w = {.fs = {a->f, b->f}, .count = 2, .timeout = 4 * short_time(), .return_when = PP_ALL_COMPLETED};
	double begin = now(), finished;

	wait_call_start(&w);
	finish(a);
	finished = now();
	context("ALL_COMPLETED with a timeout over two futures, of which one finishes within the time");
	expect_returns(&w);
	EXPECT_FALSE(w.done[1]);
	if (finished - begin < w.timeout)
		EXPECT(w.done[0]);
}

/* WAIT-22: a lower bound, in each mode, and again to see that one wait does not shorten the next. */
CASE(wait_22_lasts_its_timeout)
{
	struct pp_executor *e = executor_new(1);
	struct held *h = held_new(e, false);

	for (size_t m = 0; m < 3; m++) {
		bool done = true;
		double timeout = short_time(), begin = now();

		context("%s with a short timeout over a running future", mode_names[m]);
		EXPECT_STATUS(PP_OK, wait_for(&h->f, 1, timeout, modes[m], &done));
		EXPECT(now() - begin >= timeout - TICK);
		EXPECT_FALSE(done);
	}
}

/* WAIT-22: completions that do not make return_when hold do not shorten it either. */
CASE(wait_22_lasts_its_timeout_despite_completions)
{
	struct pp_executor *e = executor_new(3);
	struct held *a = held_new(e, false), *b = held_new(e, false), *c = held_new(e, false);
	struct wait_call w = {.fs = {a->f, b->f, c->f}, .count = 3, .timeout = 2 * short_time(), .return_when = PP_ALL_COMPLETED};
	double begin = now();

	wait_call_start(&w);
	finish(a);
	finish(b);
	context("ALL_COMPLETED with a timeout over three futures, of which two finish");
	expect_returns(&w);
	EXPECT(now() - begin >= w.timeout - TICK);
	EXPECT_FALSE(w.done[2]);
}

static void poll_running(double timeout)
{
	struct pp_executor *e = executor_new(2);
	struct pp_future *value = ended(e, task_return);
	struct held *h = held_new(e, false);
	struct pp_future *fs[] = {h->f, value};

	for (size_t m = 0; m < 3; m++) {
		bool done[2] = {true, false};

		context("%s with timeout %g over a running future and a done one", mode_names[m], timeout);
		EXPECT_STATUS(PP_OK, wait_for(fs, 2, timeout, modes[m], done));
		EXPECT_FALSE(done[0]);
		EXPECT(done[1]);
	}
}

/* WAIT-23: a wait without limit would last until the deadline of the case. */
CASE(wait_23_timeout_zero)
{
	poll_running(0);
}

/* WAIT-24: small and large negative numbers. */
CASE(wait_24_negative_timeout)
{
	poll_running(-0.001);
	poll_running(-1e9);
}

/* WAIT-24: as far below zero as a double goes. */
CASE(wait_24_timeout_minus_infinity)
{
	poll_running(-INFINITY);
}

/* WAIT-21: times that no clock can tell from none. */
CASE(wait_21_tiny_timeouts)
{
	poll_running(DBL_TRUE_MIN);
	poll_running(1e-300);
	poll_running(1e-9);
}

/* WAIT-22: one after the other; half of them is far more than clocks differ by. */
CASE(wait_22_lasts_parts_of_a_millisecond)
{
	enum { TIMES = 50 };
	struct held *h = held_new(executor_new(1), false);
	double begin = now();
	bool done;

	NEED(wait);
	for (int i = 0; i < TIMES; i++)
		REQUIRE(wait_for(&h->f, 1, 0.0009, PP_ALL_COMPLETED, &done) == PP_OK);
	context("fifty waits of 0.0009 seconds have lasted half as long as they must");
	EXPECT(now() - begin >= TIMES * 0.0009 / 2);
}

/* A task ends while the main thread waits with a timeout that is as good as none. */
static void wait_out(double timeout)
{
	struct pp_executor *e = executor_new(1);
	struct held *h = held_new(e, false);
	struct wait_call w = {.fs = {h->f}, .count = 1, .timeout = timeout, .return_when = PP_ALL_COMPLETED};

	wait_call_start(&w);
	context("ALL_COMPLETED with timeout %g over a running future", timeout);
	expect_still_waiting(&w);
	finish(h);
	expect_returns(&w);
	EXPECT(w.done[0]);
	shutdown_wait(e);
}

/* WAIT-25: beyond 32 bits of milliseconds and of seconds, within 64 bits of nanoseconds. */
CASE(wait_25_large_timeouts)
{
	wait_out(5e6);
	wait_out(5e9);
}

/* WAIT-25: beyond 64 bits of nanoseconds, of seconds, and of everything. */
CASE(wait_25_huge_timeouts)
{
	wait_out(1e10);
	wait_out(1e19);
	wait_out(1.7e308);
}

/* WAIT-25: where a number of 31 or 32 bits of microseconds, milliseconds or seconds starts again. */
CASE(wait_25_just_beyond_a_word)
{
	static const double ends[] = {0x1p31 / 1e6, 0x1p32 / 1e6, 0x1p31 / 1e3, 0x1p32 / 1e3, 0x1p31, 0x1p32};
	enum { N = sizeof(ends) / sizeof(ends[0]) };
	struct pp_executor *e = executor_new(1);
	struct held *h = held_new(e, false);
	struct wait_call w[N];
	void *outcome;

	for (int i = 0; i < N; i++) {
		w[i] = (struct wait_call){.fs = {h->f}, .count = 1, .timeout = ends[i] + 0.001, .return_when = PP_ALL_COMPLETED};
		wait_call_start(&w[i]);
	}
	REQUIRE(result(h->f, short_time(), &outcome) == PP_TIMEOUT);
	finish(h);
	for (int i = 0; i < N; i++) {
		context("ALL_COMPLETED with timeout %.3f over a future that was running, and is done", w[i].timeout);
		expect_returns(&w[i]);
		EXPECT(w[i].done[0]);
	}
}

CASE(wait_37_timeout_that_is_not_a_number)
{
	struct pp_executor *e = executor_new(1);
	struct held *h = held_new(e, false);
	bool done = false;
	int status = wait_for(&h->f, 1, NAN, PP_ALL_COMPLETED, &done);

	context("wait with a timeout that is not a number, over a running future: %s", status_name(status));
	EXPECT(status == PP_OK || status == PP_INVALID_ARGUMENT);
	EXPECT_FALSE(done);
	finish(h);
}

/* WAIT-26: what was installed for a wait that timed out is gone before the futures become done. */
CASE(wait_26_futures_go_on_after_a_timeout)
{
	struct pp_executor *e = executor_new(2);
	struct held *a = held_new(e, false), *b = held_new(e, true);
	struct pp_future *fs[] = {a->f, b->f};
	bool done[2];

	for (size_t m = 0; m < 3; m++) {
		context("%s with timeout %g over two running futures", mode_names[m], short_time() / 10);
		EXPECT_STATUS(PP_OK, wait_for(fs, 2, short_time() / 10, modes[m], done));
		EXPECT_FALSE(done[0] || done[1]);
	}
	for (int i = 0; i < 600; i++)
		REQUIRE(wait_for(fs, 2, i % 2 ? 1e-6 : 0, modes[i % 3], done) == PP_OK);
	struct wait_call w = {.fs = {a->f, b->f}, .count = 2, .timeout = PP_FOREVER, .return_when = PP_ALL_COMPLETED};
	wait_call_start(&w);
	finish(a);
	context("ALL_COMPLETED after 603 waits that timed out");
	expect_still_waiting(&w);
	finish(b);
	expect_returns(&w);
	EXPECT(w.done[0] && w.done[1]);
}

/* ---- whose futures, and how many -------------------------------------------- */

/* WAIT-27: one future each of three executors, of which one is shut down. */
CASE(wait_27_futures_of_several_executors)
{
	struct pp_executor *gone = executor_any(), *e1 = executor_new(1), *e2 = executor_new(1);
	struct pp_future *before = ended(gone, task_return);
	struct held *a = held_new(e1, false), *b = held_new(e2, true);

	shutdown_wait(gone);
	struct wait_call w = {.fs = {a->f, b->f, before}, .count = 3, .timeout = PP_FOREVER, .return_when = PP_ALL_COMPLETED};
	wait_call_start(&w);
	finish(b);
	context("ALL_COMPLETED over futures of three executors, of which one is running");
	expect_still_waiting(&w);
	finish(a);
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
		finish(a);
		expect_still_waiting(&w);
		if (own_first)
			REQUIRE(set_result(own, NULL) == PP_OK);
		else
			finish(b);
		expect_still_waiting(&w);
		if (own_first)
			finish(b);
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
	finish(a);
	for (size_t i = 0; i < 6; i++)
		if (w[i].return_when != PP_ALL_COMPLETED) {
			context("%s in one of six threads, the first future has raised", mode_names[i % 3]);
			expect_returns(&w[i]);
		}
	finish(b);
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
	if (backend()->separate_memory)
		unsupported("tasks have no access to the executor");
	struct pp_future *f = submit(in.e, task_wait_inside, &in);
	context("a task has waited for two that it submitted, with a second worker free");
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_INT(2, in.submitted);
	EXPECT_STATUS(PP_OK, in.status);
	EXPECT(in.done[0] && in.done[1]);
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
	finish(h);
	context("wait by another thread, for a future that was given to a refused wait");
	expect_returns(&w);
	EXPECT(w.done[0]);
}
