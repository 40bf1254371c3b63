/* SPDX-License-Identifier: MIT */
/*
 * test_process.c: exit and fork.  What exits is a child of the test, which
 * forks it while it has one thread, so the child is a process like any other.
 */
#include "unit.h"

#include <sys/mman.h>

static void in_child(void (*body)(void *arg), void *arg)
{
	ck_assert(child_succeeds(body, arg));
}

/* Counters that a child and its parent share. */
static atomic_int *shared(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(MAP_FAILED, page);
	return page;
}

/* ---- exit ---------------------------------------------------------------------- */

static struct cf_executor *child_pool(int max_workers)
{
	struct cf_thread_pool_options options = {.max_workers = max_workers};
	struct cf_executor *e = NULL;

	CHILD_EXPECT_STATUS(CF_OK, cf_thread_pool_new(&options, &e));
	return e;
}

static void queue_and_exit(void *ran)
{
	static struct gate gate;

	for (int i = 0; i < 3; i++) {
		struct cf_executor *e = child_pool(i + 1);

		for (int k = 0; k < 5; k++)
			CHILD_EXPECT_STATUS(CF_OK, cf_executor_submit(e, task_pass, &gate, NULL));
		for (int k = 0; k < 5; k++)
			CHILD_EXPECT_STATUS(CF_OK, cf_executor_submit(e, task_count, ran, NULL));
		if (i == 1)
			CHILD_EXPECT_STATUS(CF_OK, cf_executor_shutdown(e, CF_NOWAIT));
		if (i == 2)
			cf_executor_release(e);
	}
	gate_open(&gate);
}

TEST(exit_finishes_what_was_accepted)
{
	atomic_int *ran = shared();

	in_child(queue_and_exit, ran);
	ck_assert_int_eq(15, *ran);
}

static int task_exit_process(void *gate, void **outcome)
{
	(void)outcome;
	gate_wait(gate);
	exit(0);
}

static void exit_from_worker(void *ran)
{
	static struct hold hold;
	static struct gate queued, never;
	struct cf_executor *e = child_pool(2);

	CHILD_EXPECT_STATUS(CF_OK, cf_executor_submit(e, task_hold, &hold, NULL));
	gate_wait(&hold.begun);
	CHILD_EXPECT_STATUS(CF_OK, cf_executor_submit(e, task_exit_process, &queued, NULL));
	CHILD_EXPECT_STATUS(CF_OK, cf_executor_submit(e, task_count, ran, NULL));
	gate_open(&queued);
	gate_wait(&never);
}

/* It would wait for itself, and for a worker that stays. */
TEST(exit_in_a_worker_waits_for_nothing)
{
	atomic_int *ran = shared();

	in_child(exit_from_worker, ran);
	ck_assert_int_eq(0, *ran);
}

/* Registered before the library's own hook, these run after it. */
static struct cf_executor *late_pool;
static struct cf_future *late_future;
static atomic_int *late;

static void submit_late(void)
{
	void *outcome = NULL;
	struct cf_executor *e = NULL;

	CHILD_EXPECT_STATUS(CF_SHUTDOWN, cf_executor_submit(late_pool, task_count, late, NULL));
	CHILD_EXPECT(cf_thread_pool_workers(late_pool) == 0);
	CHILD_EXPECT_STATUS(CF_OK, cf_thread_pool_new(NULL, &e));
	CHILD_EXPECT_STATUS(CF_SHUTDOWN, cf_executor_submit(e, task_count, late, NULL));
	cf_executor_shutdown(e, CF_WAIT);
	cf_executor_release(e);
	CHILD_EXPECT_STATUS(CF_OK, cf_future_result(late_future, 0, &outcome));
	CHILD_EXPECT(outcome == late);
	cf_future_release(late_future);
	cf_executor_release(late_pool);
	++*late;
}

static void exit_late(void *unused)
{
	(void)unused;
	atexit(submit_late);
	late_pool = child_pool(1);
	CHILD_EXPECT_STATUS(CF_OK, cf_executor_submit(late_pool, task_return, late, &late_future));
}

TEST(after_exit_every_submit_is_refused)
{
	late = shared();
	in_child(exit_late, NULL);
	ck_assert_int_eq(1, *late);
}

static int task_submit_at_exit(void *ran, void **outcome)
{
	(void)outcome;
	/* Until exit has stopped the pool. */
	while (cf_executor_submit(late_pool, task_count, ran, NULL) == CF_OK)
		++((atomic_int *)ran)[1];
	return CF_OK;
}

static void exit_under_submits(void *ran)
{
	late_pool = child_pool(2);
	CHILD_EXPECT_STATUS(CF_OK, cf_executor_submit(late_pool, task_submit_at_exit, ran, NULL));
}

TEST(what_a_work_item_submits_during_exit_runs_or_is_refused)
{
	atomic_int *ran = shared();

	in_child(exit_under_submits, ran);
	ck_assert_int_eq(ran[1], ran[0]);
}

static void exit_twice_shut_down(void *unused)
{
	struct cf_executor *e = child_pool(1);

	(void)unused;
	CHILD_EXPECT_STATUS(CF_OK, cf_executor_submit(e, task_return, NULL, NULL));
	cf_executor_shutdown(e, CF_WAIT);
}

TEST(exit_after_shutdown_has_nothing_to_do)
{
	in_child(exit_twice_shut_down, NULL);
}

/* ---- fork: what the child sees ----------------------------------------------------- */

struct family {
	long blocks; /* before any of it was made */
	struct cf_executor *e;
	struct hold hold;
	struct cf_future *running, *pending[3], *done, *cancelled;
	atomic_int called;
};

static void family_new(struct family *fam)
{
	fam->blocks = balance_now().blocks;
	fam->called = 0;
	fam->e = pool_new(1);
	fam->done = submit(fam->e, task_return, fam);
	expect_value(cf_future_retain(fam->done), fam);
	fam->running = hold_worker(fam->e, &fam->hold);
	for (int i = 0; i < 3; i++)
		fam->pending[i] = submit(fam->e, task_count, &fam->called);
	fam->cancelled = submit(fam->e, task_must_not_run, NULL);
	ck_assert(cf_future_cancel(fam->cancelled));
	cf_future_add_done_callback(fam->running, callback_count, &fam->called);
	cf_future_add_done_callback(fam->pending[0], callback_count, &fam->called);
}

static void family_end(struct family *fam)
{
	gate_open(&fam->hold.leave);
	expect_end(fam->running, CF_OK);
	for (int i = 0; i < 3; i++)
		expect_end(fam->pending[i], CF_OK);
	expect_end(fam->cancelled, CF_CANCELLED);
	expect_value(fam->done, fam);
	pool_end(fam->e);
	ck_assert_int_eq(5, fam->called);
}

static void child_expect_end(struct cf_future *f, enum cf_status status)
{
	void *outcome;

	CHILD_EXPECT_STATUS(status, cf_future_result(f, CF_FOREVER, &outcome));
	cf_future_release(f);
}

static void child_pool_works(void)
{
	struct cf_executor *e;
	struct cf_future *f[20];
	atomic_int ran = 0;

	if (!child_starts_threads())
		return;
	e = child_pool(2);
	for (int i = 0; i < 20; i++)
		CHILD_EXPECT_STATUS(CF_OK, cf_executor_submit(e, task_count, &ran, &f[i]));
	for (int i = 0; i < 20; i++)
		child_expect_end(f[i], CF_OK);
	CHILD_EXPECT_STATUS(CF_OK, cf_executor_shutdown(e, CF_WAIT));
	CHILD_EXPECT(ran == 20);
	cf_executor_release(e);
}

static void look_at_family(void *arg)
{
	struct family *fam = arg;

	child_expect_end(fam->running, CF_BROKEN);
	for (int i = 0; i < 3; i++)
		child_expect_end(fam->pending[i], CF_BROKEN);
	child_expect_end(fam->cancelled, CF_CANCELLED);
	child_expect_end(fam->done, CF_OK);
	CHILD_EXPECT(fam->called == 0);
	CHILD_EXPECT(cf_thread_pool_workers(fam->e) == 0);
	CHILD_EXPECT_STATUS(CF_BROKEN, cf_executor_submit(fam->e, task_must_not_run, NULL, NULL));
	CHILD_EXPECT_STATUS(CF_OK, cf_executor_shutdown(fam->e, CF_WAIT | CF_CANCEL_FUTURES));
	child_pool_works();
	cf_executor_release(fam->e);
	/* The forking process had no other: all of it is freed. */
	CHILD_EXPECT(balance_now().blocks == fam->blocks);
}

TEST(a_child_sees_its_parents_work_broken)
{
	struct family fam;

	family_new(&fam);
	in_child(look_at_family, &fam);
	family_end(&fam);
}

static void leave(void *unused)
{
	(void)unused;
}

TEST(a_child_may_leave_at_once)
{
	struct family fam;

	family_new(&fam);
	in_child(leave, NULL);
	family_end(&fam);
}

static void fork_again(void *arg)
{
	look_at_family(arg);
	child_pool_works();
	CHILD_EXPECT(child_succeeds(leave, NULL));
}

TEST(a_child_may_fork_too)
{
	struct family fam;

	family_new(&fam);
	in_child(fork_again, &fam);
	family_end(&fam);
}

static void exit_from_family(void *arg)
{
	struct cf_executor *e = child_pool(1);

	(void)arg;
	for (int i = 0; i < 10; i++)
		CHILD_EXPECT_STATUS(CF_OK, cf_executor_submit(e, task_count, late, NULL));
}

TEST(a_childs_own_work_is_finished_at_its_exit)
{
	struct family fam;

	late = shared();
	family_new(&fam);
	in_child(exit_from_family, NULL);
	ck_assert_int_eq(10, *late);
	family_end(&fam);
}

/* ---- fork: threads asleep in the parent ---------------------------------------------- */

enum { MANY = 20 };

struct sleepers {
	struct cf_future *fs[MANY];
	struct cf_completed *it;
};

static void *sleep_in_result(void *arg)
{
	struct sleepers *s = arg;
	void *outcome;

	return cf_future_result(s->fs[0], CF_FOREVER, &outcome) == CF_OK ? NULL : arg;
}

static void *sleep_in_wait(void *arg)
{
	struct sleepers *s = arg;

	return cf_wait(s->fs, MANY, CF_FOREVER, CF_ALL_COMPLETED, NULL) == CF_OK ? NULL : arg;
}

static void *sleep_in_wait_for_few(void *arg)
{
	struct sleepers *s = arg;

	return cf_wait(s->fs, 2, CF_FOREVER, CF_ALL_COMPLETED, NULL) == CF_OK ? NULL : arg;
}

static void *sleep_in_next(void *arg)
{
	struct sleepers *s = arg;
	struct cf_future *f;

	for (int i = 0; i < MANY; i++)
		if (cf_completed_next(s->it, &f) != CF_OK)
			return arg;
	return NULL;
}

/* New threads first: their stacks are those of the sleepers. */
static void finish_or_cancel(void *arg)
{
	struct sleepers *s = arg;
	void *outcome;

	child_pool_works();
	for (int i = 0; i < MANY; i++) {
		if (i % 2)
			CHILD_EXPECT(cf_future_cancel(s->fs[i]));
		else
			CHILD_EXPECT_STATUS(CF_OK, cf_future_set_result(s->fs[i], s));
		CHILD_EXPECT_STATUS(i % 2 ? CF_CANCELLED : CF_OK,
				    cf_future_result(s->fs[i], 0, &outcome));
	}
	CHILD_EXPECT_STATUS(CF_OK, cf_wait(s->fs, MANY, CF_FOREVER, CF_ALL_COMPLETED, NULL));
}

/* ... and its iterator is its own: whoever slept on it stayed in the parent. */
static void end_iterator(void *arg)
{
	struct sleepers *s = arg;
	struct cf_future *f;

	CHILD_EXPECT(cf_future_cancel(s->fs[3]));
	CHILD_EXPECT_STATUS(CF_OK, cf_completed_next(s->it, &f));
	CHILD_EXPECT(f == s->fs[3]);
	cf_completed_release(s->it);
	finish_or_cancel(s);
}

static void sleep_and_fork(void (*child)(void *arg))
{
	static void *(*const bodies[])(void *) = {
		sleep_in_result, sleep_in_wait, sleep_in_wait_for_few, sleep_in_next,
	};
	pthread_t threads[4];
	struct sleepers s;

	for (int i = 0; i < MANY; i++)
		s.fs[i] = future_new();
	EXPECT_STATUS(CF_OK, cf_as_completed(s.fs, MANY, CF_FOREVER, &s.it));
	for (int i = 0; i < 4; i++)
		threads[i] = thread_start(bodies[i], &s);
	await_sleepers(4);
	in_child(child, &s);
	for (int i = 0; i < MANY; i++)
		EXPECT_STATUS(CF_OK, cf_future_set_result(s.fs[i], NULL));
	for (int i = 0; i < 4; i++) {
		void *wrong;

		ck_assert_int_eq(0, pthread_join(threads[i], &wrong));
		ck_assert_ptr_null(wrong);
	}
	cf_completed_release(s.it);
	for (int i = 0; i < MANY; i++)
		cf_future_release(s.fs[i]);
}

TEST(a_child_forgets_who_sleeps_in_its_parent)
{
	sleep_and_fork(finish_or_cancel);
}

TEST(a_child_may_end_an_iterator_on_which_its_parent_sleeps)
{
	sleep_and_fork(end_iterator);
}

/* ---- fork in a work item ----------------------------------------------------------------- */

struct inner {
	struct cf_executor *e;
	struct cf_future *self, *pending;
	bool succeeded;
};

static void look_around(void *arg)
{
	struct inner *in = arg;
	void *outcome;

	CHILD_EXPECT(cf_worker_name() != NULL);
	CHILD_EXPECT_STATUS(CF_TIMEOUT, cf_future_result(in->self, 0, &outcome));
	child_expect_end(in->pending, CF_BROKEN);
	CHILD_EXPECT_STATUS(CF_BROKEN, cf_executor_submit(in->e, task_must_not_run, NULL, NULL));
	CHILD_EXPECT_STATUS(CF_OK, cf_executor_shutdown(in->e, CF_WAIT));
	child_pool_works();
}

static int task_fork(void *arg, void **outcome)
{
	struct inner *in = arg;

	(void)outcome;
	in->succeeded = child_succeeds(look_around, in);
	return CF_OK;
}

static void fork_in_task(cf_task *task, bool release)
{
	struct inner in = {.e = pool_new(1)};
	struct hold hold;
	struct cf_future *held = hold_worker(in.e, &hold);

	in.self = submit(in.e, task, &in);
	in.pending = submit(in.e, task_return, &in);
	if (release)
		cf_executor_release(in.e);
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	expect_end(in.self, CF_OK);
	ck_assert(in.succeeded);
	expect_value(in.pending, &in);
	if (!release)
		pool_end(in.e);
	else
		await_threads(0);
}

TEST(a_work_item_may_fork)
{
	fork_in_task(task_fork, false);
}

/*
 * Its child returns from it as well: the worker leaves, and with its last
 * thread the child process ends as by exit(0).
 */
static int task_fork_and_return(void *arg, void **outcome)
{
	struct inner *in = arg;
	pid_t pid = fork();

	(void)outcome;
	if (pid == 0)
		alarm(deadline_seconds());
	else
		in->succeeded = child_left(pid);
	return CF_OK;
}

TEST(the_child_of_a_work_item_may_return)
{
	fork_in_task(task_fork_and_return, false);
}

TEST(the_child_of_a_work_item_may_return_to_a_released_pool)
{
	fork_in_task(task_fork_and_return, true);
}

/* ---- fork while a pool is being destroyed ------------------------------------------------- */

static pthread_key_t key;
static struct hold at_end;

static void hold_at_end(void *unused)
{
	(void)unused;
	gate_open(&at_end.begun);
	gate_wait(&at_end.leave);
}

static int task_set_key(void *unused, void **outcome)
{
	(void)unused;
	(void)outcome;
	return pthread_setspecific(key, &key) == 0 ? CF_OK : CF_RAISED;
}

static void *release_thread(void *e)
{
	cf_executor_release(e);
	return NULL;
}

/* A worker stays in the destructor of its key, so release stays in pthread_join. */
TEST(a_child_may_leave_while_its_parent_destroys_a_pool)
{
	struct cf_executor *e = pool_new(1);
	pthread_t thread;

	ck_assert_int_eq(0, pthread_key_create(&key, hold_at_end));
	expect_end(submit(e, task_set_key, NULL), CF_OK);
	cf_executor_shutdown(e, CF_NOWAIT);
	gate_wait(&at_end.begun);
	thread = thread_start(release_thread, e);
	await_join();
	in_child(leave, NULL);
	gate_open(&at_end.leave);
	thread_join(thread);
	await_threads(0);
}

/* ---- fork at other moments ---------------------------------------------------------------- */

static void use_and_free(void *e)
{
	CHILD_EXPECT_STATUS(CF_BROKEN, cf_executor_submit(e, task_must_not_run, NULL, NULL));
	CHILD_EXPECT_STATUS(CF_OK, cf_executor_shutdown(e, CF_WAIT));
	cf_executor_release(e);
}

/* A sleeper counts as a user of the mutex that it gave up, in the child too. */
TEST(a_child_may_free_a_pool_whose_workers_were_idle)
{
	struct cf_executor *e = pool_new(1);

	expect_pool_works(e);
	await_sleepers(1);
	in_child(use_and_free, e);
	pool_end(e);
}

static bool fork_succeeded;

static void look_at_next(void *next)
{
	void *outcome;

	CHILD_EXPECT(cf_future_result(next, 0, &outcome) != CF_TIMEOUT);
}

static int callback_fork(struct cf_future *f, void *next)
{
	(void)f;
	fork_succeeded = child_succeeds(look_at_next, next);
	return CF_OK;
}

/* The second item is on its way to be cancelled while the first tells its callback. */
TEST(a_callback_may_fork_while_a_shutdown_cancels)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *held = hold_worker(e, &hold);
	struct cf_future *first = submit(e, task_must_not_run, NULL);
	struct cf_future *second = submit(e, task_must_not_run, NULL);

	cf_future_add_done_callback(first, callback_fork, second);
	cf_executor_shutdown(e, CF_CANCEL_FUTURES);
	ck_assert(fork_succeeded);
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	expect_end(first, CF_CANCELLED);
	expect_end(second, CF_CANCELLED);
	pool_end(e);
}
