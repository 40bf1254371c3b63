/* SPDX-License-Identifier: MIT */
/* test_lost_worker.c: work items and initializers that end their thread. */
#include "unit.h"

static int task_exit(void *arg, void **outcome)
{
	*outcome = arg;
	pthread_exit(NULL);
}

static int task_cancel_here(void *arg, void **outcome)
{
	*outcome = arg;
	pthread_cancel(pthread_self());
	pthread_testcancel();
	return CF_OK;
}

/* Returns with its cancellation still pending. */
static int task_cancel_later(void *arg, void **outcome)
{
	*outcome = arg;
	pthread_cancel(pthread_self());
	return CF_OK;
}

static void expect_raised_null(struct cf_future *f)
{
	void *exception = &exception;

	EXPECT_STATUS(CF_RAISED, cf_future_exception(f, CF_FOREVER, &exception));
	ck_assert_ptr_null(exception);
	EXPECT_STATE(CF_STATE_FINISHED, f);
	cf_future_release(f);
}

/* The only worker, and one of several. */
static void lose(cf_task *task)
{
	for (int workers = 1; workers <= 3; workers++) {
		struct cf_executor *e = pool_new(workers);

		for (int i = 0; i < 5; i++) {
			expect_raised_null(submit(e, task, &workers));
			expect_pool_works(e);
		}
		pool_end(e);
	}
}

TEST(pthread_exit_counts_as_raised_null)
{
	lose(task_exit);
}

TEST(pthread_cancel_counts_as_raised_null)
{
	lose(task_cancel_here);
}

/* The outcome stands; the worker goes when it has told it, and holds no lock then. */
TEST(a_pending_cancel_takes_the_worker_alone)
{
	struct cf_executor *e = pool_new(1);
	int value;

	for (int i = 0; i < 5; i++) {
		expect_value(submit(e, task_cancel_later, &value), &value);
		expect_pool_works(e);
	}
	pool_end(e);
}

struct target {
	struct hold hold;
	pthread_t thread;
};

static int task_target(void *arg, void **outcome)
{
	struct target *t = arg;

	t->thread = pthread_self();
	return task_hold(&t->hold, outcome);
}

TEST(pthread_cancel_from_outside_ends_a_work_item)
{
	struct cf_executor *e = pool_new(1);
	struct target t = {0};
	struct cf_future *f = submit(e, task_target, &t);

	gate_wait(&t.hold.begun);
	ck_assert_int_eq(0, pthread_cancel(t.thread));
	expect_raised_null(f);
	expect_pool_works(e);
	pool_end(e);
}

/* ---- cancelled while it sleeps in the library ------------------------------------------ */

struct asleep {
	struct cf_future *f;
	struct gate begun;
	pthread_t thread;
	enum cf_status status;
};

static int task_ask(void *arg, void **outcome)
{
	struct asleep *a = arg;

	a->thread = pthread_self();
	gate_open(&a->begun);
	a->status = cf_future_result(a->f, CF_FOREVER, outcome);
	pthread_testcancel();
	return CF_OK;
}

/* No call of the library is a cancellation point: it ends first. */
TEST(a_cancel_waits_until_the_call_has_returned)
{
	struct cf_executor *e = pool_new(1);
	struct asleep a = {.f = future_new()};
	struct cf_future *f = submit(e, task_ask, &a);

	gate_wait(&a.begun);
	await_sleepers(1);
	ck_assert_int_eq(0, pthread_cancel(a.thread));
	EXPECT_STATUS(CF_OK, cf_future_set_result(a.f, &a));
	expect_raised_null(f);
	EXPECT_STATUS(CF_OK, a.status);
	expect_pool_works(e);
	pool_end(e);
	cf_future_release(a.f);
}

/* ---- what follows ------------------------------------------------------------------------ */

TEST(its_callbacks_run_and_may_use_the_pool)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *held = hold_worker(e, &hold), *f = submit(e, task_exit, NULL);
	atomic_int called = 0;

	cf_future_add_done_callback(f, callback_count, &called);
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	expect_raised_null(f);
	pool_end(e);
	ck_assert_int_eq(1, called);
}

TEST(a_lost_worker_is_made_up_for)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *held = hold_worker(e, &hold), *lost[3], *kept[3];

	for (int i = 0; i < 3; i++) {
		lost[i] = submit(e, task_exit, NULL);
		kept[i] = submit(e, task_return, &hold);
	}
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	for (int i = 0; i < 3; i++) {
		expect_raised_null(lost[i]);
		expect_value(kept[i], &hold);
	}
	pool_end(e);
}

/* Queued work still runs after shutdown, and after the last handle is gone. */
TEST(a_lost_worker_is_made_up_for_while_the_pool_ends)
{
	for (int release = 0; release < 2; release++) {
		struct cf_executor *e = pool_new(1);
		struct hold hold;
		struct cf_future *held = hold_worker(e, &hold), *lost, *kept;

		lost = submit(e, task_exit, NULL);
		kept = submit(e, task_return, &hold);
		cf_executor_shutdown(e, CF_NOWAIT);
		if (release)
			cf_executor_release(e);
		gate_open(&hold.leave);
		expect_end(held, CF_OK);
		expect_raised_null(lost);
		expect_value(kept, &hold);
		if (!release)
			pool_end(e);
	}
	await_threads(0);
}

static int task_fault_and_exit(void *nth, void **outcome)
{
	(void)outcome;
	fault_arm(*(int *)nth);
	pthread_exit(NULL);
}

/* Nobody is left who could run it: better broken than never done. */
static void lose_the_last(int nth)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *held = hold_worker(e, &hold), *lost, *stranded[3];

	lost = submit(e, task_fault_and_exit, &nth);
	for (int i = 0; i < 3; i++)
		stranded[i] = submit(e, task_must_not_run, NULL);
	gate_open(&hold.leave);
	/* Sleeping here takes no memory that the fault could hit. */
	cf_executor_shutdown(e, CF_WAIT);
	ck_assert(fault_disarm());
	expect_end(held, CF_OK);
	expect_raised_null(lost);
	for (int i = 0; i < 3; i++)
		expect_end(stranded[i], CF_BROKEN);
	refuse(e, CF_BROKEN);
	cf_executor_release(e);
}

TEST(a_pool_that_cannot_make_up_for_its_last_worker_breaks)
{
	lose_the_last(1);
	lose_the_last(2);
}

/* Another worker comes to the queue in the end. */
TEST(a_pool_that_keeps_a_worker_does_not_break)
{
	struct cf_executor *e = pool_new(2);
	struct hold hold[2];
	struct cf_future *held[2], *lost, *queued;
	int nth = 1;

	held[0] = hold_worker(e, &hold[0]);
	held[1] = hold_worker(e, &hold[1]);
	lost = submit(e, task_fault_and_exit, &nth);
	queued = submit(e, task_return, &nth);
	gate_open(&hold[0].leave);
	await_threads(1);
	ck_assert(fault_disarm());
	expect_end(held[0], CF_OK);
	expect_raised_null(lost);
	EXPECT_STATE(CF_STATE_PENDING, queued);
	gate_open(&hold[1].leave);
	expect_end(held[1], CF_OK);
	expect_value(queued, &nth);
	pool_end(e);
}

/*
 * Between telling that its work item is done and leaving the pool, the worker
 * still counts: a submit in that moment must not rely on it.
 */
struct lost_steps {
	struct pause pause;
	int step;
};

static int task_exit_with_steps(void *arg, void **outcome)
{
	struct lost_steps *s = arg;

	(void)outcome;
	step_hook(s->step, pause_here, &s->pause);
	pthread_exit(NULL);
}

static bool submit_at_step(int step)
{
	struct lost_steps s = {.step = step};
	struct cf_executor *e = pool_new(1);
	struct cf_future *lost = submit(e, task_exit_with_steps, &s);
	bool reached;

	/* Once its thread has ended, no step is left. */
	reached = await_pause(&s.pause);
	if (reached) {
		struct cf_future *f = submit(e, task_return, &s);

		gate_open(&s.pause.resume);
		expect_value(f, &s);
	}
	expect_raised_null(lost);
	pool_end(e);
	return reached;
}

TEST(a_submit_at_any_step_of_a_lost_worker_is_served)
{
	int step = 1;

	while (submit_at_step(step))
		step++;
	ck_assert_int_gt(step, 2);
}

/* ---- initializers ---------------------------------------------------------------------------- */

static int initializer_exit(void *gate)
{
	gate_wait(gate);
	pthread_exit(NULL);
}

TEST(an_initializer_that_ends_its_thread_breaks_the_pool)
{
	struct gate gate = {0};
	struct cf_executor *e = pool_with_initializer(2, initializer_exit, &gate);
	struct cf_future *f[3];

	for (int i = 0; i < 3; i++)
		f[i] = submit(e, task_must_not_run, NULL);
	gate_open(&gate);
	for (int i = 0; i < 3; i++)
		expect_end(f[i], CF_BROKEN);
	refuse(e, CF_BROKEN);
	pool_end(e);
}
