/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "unit.h"

#include "../platform.h"

#include <limits.h>
#include <sched.h>

TEST(release_of_no_executor_does_nothing)
{
	cf_executor_release(NULL);
}

/* ---- how many workers --------------------------------------------------------- */

TEST(a_negative_number_of_workers_is_refused)
{
	struct cf_thread_pool_options options = {.max_workers = -1};
	struct cf_executor *e = NULL;

	EXPECT_STATUS(CF_INVALID_ARGUMENT, cf_thread_pool_new(&options, &e));
	options.max_workers = INT_MIN;
	EXPECT_STATUS(CF_INVALID_ARGUMENT, cf_thread_pool_new(&options, &e));
	ck_assert_ptr_null(e);
}

TEST(any_positive_number_of_workers_is_accepted)
{
	struct cf_executor *e = pool_new(INT_MAX);

	expect_pool_works(e);
	ck_assert_int_eq(1, cf_thread_pool_workers(e));
	pool_end(e);
}

/* As many as it starts for 40 work items that stay. */
static int default_workers(void)
{
	struct cf_executor *e = NULL;
	struct gate gate = {0};
	int workers;

	EXPECT_STATUS(CF_OK, cf_thread_pool_new(NULL, &e));
	for (int i = 0; i < 40; i++)
		EXPECT_STATUS(CF_OK, cf_executor_submit(e, task_pass, &gate, NULL));
	workers = cf_thread_pool_workers(e);
	gate_open(&gate);
	pool_end(e);
	return workers;
}

TEST(by_default_there_are_four_more_than_cpus_and_at_most_32)
{
	int expected = cf__usable_cpus() + 4;
	cpu_set_t one;

	ck_assert_int_gt(expected, 4);
	ck_assert_int_eq(expected < 32 ? expected : 32, default_workers());

	/* The CPUs that this process may use count, not those that there are. */
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ck_assert_int_eq(0, sched_setaffinity(0, sizeof(one), &one));
	ck_assert_int_eq(1, cf__usable_cpus());
	ck_assert_int_eq(5, default_workers());
}

TEST(a_worker_is_started_for_work_only)
{
	struct cf_executor *e = pool_new(3);
	struct hold hold[3];
	struct cf_future *held[3];

	ck_assert_int_eq(0, cf_thread_pool_workers(e));
	for (int i = 0; i < 3; i++) {
		held[i] = hold_worker(e, &hold[i]);
		ck_assert_int_eq(i + 1, cf_thread_pool_workers(e));
	}
	cf_executor_submit(e, task_return, NULL, NULL);
	ck_assert_int_eq(3, cf_thread_pool_workers(e));
	for (int i = 0; i < 3; i++) {
		gate_open(&hold[i].leave);
		expect_end(held[i], CF_OK);
	}
	pool_end(e);
}

TEST(an_idle_worker_is_used_before_another_starts)
{
	struct cf_executor *e = pool_new(4);

	for (int i = 0; i < 20; i++) {
		expect_pool_works(e);
		await_sleepers(1);
		ck_assert_int_eq(1, cf_thread_pool_workers(e));
	}
	ck_assert_int_eq(1, calls_now().thread_starts);
	pool_end(e);
}

/* Two claims never count on one worker: the second submit starts another. */
TEST(an_idle_worker_is_spoken_for_once)
{
	struct cf_executor *e = pool_new(4);
	struct gate gate = {0};

	expect_pool_works(e);
	await_sleepers(1);
	cf_executor_submit(e, task_pass, &gate, NULL);
	cf_executor_submit(e, task_pass, &gate, NULL);
	ck_assert_int_eq(2, cf_thread_pool_workers(e));
	gate_open(&gate);
	pool_end(e);
}

/* Each of n work items needs all the others to run at the same time. */
TEST(as_many_run_at_once_as_there_are_workers)
{
	enum { N = 4 };
	struct cf_executor *e = pool_new(N);

	for (int round = 0; round < 50; round++) {
		struct hold hold[N] = {0};
		struct cf_future *f[N];

		for (int i = 0; i < N; i++)
			f[i] = submit(e, task_hold, &hold[i]);
		for (int i = 0; i < N; i++)
			gate_wait(&hold[i].begun);
		for (int i = 0; i < N; i++)
			gate_open(&hold[i].leave);
		for (int i = 0; i < N; i++)
			expect_end(f[i], CF_OK);
	}
	ck_assert_int_le(cf_thread_pool_workers(e), N);
	pool_end(e);
}

/* ---- order ----------------------------------------------------------------------- */

static int noted[100], notes;

static int task_note(void *number, void **outcome)
{
	(void)outcome;
	noted[notes++] = (int)(intptr_t)number;
	return CF_OK;
}

TEST(work_items_begin_in_the_order_of_their_submits)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *held = hold_worker(e, &hold);

	for (intptr_t i = 0; i < 100; i++)
		cf_executor_submit(e, task_note, (void *)i, NULL);
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	pool_end(e);
	ck_assert_int_eq(100, notes);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(i, noted[i]);
}

/* ---- names ------------------------------------------------------------------------ */

struct names {
	char worker[400], thread[32];
};

static int task_names(void *arg, void **outcome)
{
	struct names *names = arg;

	(void)outcome;
	snprintf(names->worker, sizeof(names->worker), "%s", cf_worker_name());
	return pthread_getname_np(pthread_self(), names->thread, sizeof(names->thread));
}

static void get_names(const char *prefix, struct names *names)
{
	struct cf_thread_pool_options options = {.max_workers = 1, .thread_name_prefix = prefix};
	struct cf_executor *e = NULL;

	EXPECT_STATUS(CF_OK, cf_thread_pool_new(&options, &e));
	expect_end(submit(e, task_names, names), CF_OK);
	pool_end(e);
}

TEST(a_worker_is_named_for_its_prefix)
{
	struct names names;

	ck_assert_ptr_null(cf_worker_name());
	get_names("lathe", &names);
	ck_assert_str_eq("lathe_0", names.worker);
	ck_assert_str_eq("lathe_0", names.thread);
	get_names("", &names);
	ck_assert_str_eq("_0", names.worker);
	get_names("%s%n", &names);
	ck_assert_str_eq("%s%n_0", names.worker);
}

TEST(a_prefix_may_be_longer_than_the_system_takes)
{
	char prefix[301];
	struct names names;

	memset(prefix, 'x', sizeof(prefix) - 1);
	prefix[sizeof(prefix) - 1] = '\0';
	get_names(prefix, &names);
	ck_assert_int_eq(302, strlen(names.worker));
	ck_assert_str_eq("_0", names.worker + 300);
	ck_assert_str_eq("xxxxxxxxxxxxxxx", names.thread);
}

TEST(by_default_each_pool_has_a_number)
{
	struct names first, second;

	get_names(NULL, &first);
	get_names("other", &second);
	get_names(NULL, &second);
	ck_assert_str_eq("ThreadPool-0_0", first.worker);
	ck_assert_str_eq("ThreadPool-2_0", second.worker);
}

TEST(the_prefix_is_borrowed_for_the_call)
{
	char prefix[] = "lathe";
	struct cf_thread_pool_options options = {.max_workers = 2, .thread_name_prefix = prefix};
	struct cf_executor *e = NULL;
	struct names names;
	struct hold hold;
	struct cf_future *held;

	EXPECT_STATUS(CF_OK, cf_thread_pool_new(&options, &e));
	memset(prefix, 'x', sizeof(prefix));
	memset(&options, 0xff, sizeof(options));
	held = hold_worker(e, &hold);
	expect_end(submit(e, task_names, &names), CF_OK);
	ck_assert_str_eq("lathe_1", names.worker);
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	pool_end(e);
}

/* ---- initializers -------------------------------------------------------------------- */

static _Thread_local bool initialized;
static atomic_int initializers, uninitialized;

static int initializer_mark(void *fails)
{
	initialized = true;
	initializers++;
	return *(int *)fails;
}

static int task_look(void *hold, void **outcome)
{
	uninitialized += !initialized;
	return task_hold(hold, outcome);
}

TEST(an_initializer_runs_once_on_each_worker_first)
{
	enum { N = 3 };
	int fails = CF_OK;
	struct cf_executor *e = pool_with_initializer(N, initializer_mark, &fails);
	static struct hold hold[N];

	for (int i = 0; i < N; i++) {
		cf_executor_submit(e, task_look, &hold[i], NULL);
		gate_wait(&hold[i].begun);
	}
	for (int i = 0; i < N; i++)
		gate_open(&hold[i].leave);
	expect_pool_works(e);
	pool_end(e);
	ck_assert_int_eq(N, initializers);
	ck_assert_int_eq(0, uninitialized);
}

static struct gate initializer_begun, initializer_leave;

static int initializer_fail_later(void *unused)
{
	(void)unused;
	gate_open(&initializer_begun);
	gate_wait(&initializer_leave);
	return CF_RAISED;
}

static void ignore_log(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

TEST(an_initializer_that_fails_breaks_the_pool)
{
	struct cf_executor *e = pool_with_initializer(1, initializer_fail_later, NULL);
	struct cf_future *f[5];
	atomic_int called = 0;
	void *outcome = &outcome;

	cf_set_log_hook(ignore_log, NULL);
	for (int i = 0; i < 5; i++) {
		f[i] = submit(e, task_must_not_run, NULL);
		cf_future_add_done_callback(f[i], callback_count, &called);
	}
	gate_wait(&initializer_begun);
	ck_assert(cf_future_cancel(f[4]));
	gate_open(&initializer_leave);
	for (int i = 0; i < 4; i++) {
		EXPECT_STATUS(CF_BROKEN, cf_future_result(f[i], CF_FOREVER, &outcome));
		EXPECT_STATUS(CF_BROKEN, cf_future_exception(f[i], CF_FOREVER, &outcome));
		ck_assert_ptr_eq(&outcome, outcome);
		EXPECT_STATE(CF_STATE_FINISHED, f[i]);
		cf_future_release(f[i]);
	}
	expect_end(f[4], CF_CANCELLED);
	refuse(e, CF_BROKEN);
	pool_end(e);
	ck_assert_int_eq(5, called);
}

/* Broken is said before shut down, as it explains more. */
TEST(a_broken_pool_stays_so_after_shutdown)
{
	int fails = CF_RAISED;
	struct cf_executor *e = pool_with_initializer(1, initializer_mark, &fails);

	cf_set_log_hook(ignore_log, NULL);
	expect_end(submit(e, task_must_not_run, NULL), CF_BROKEN);
	cf_executor_shutdown(e, CF_WAIT);
	refuse(e, CF_BROKEN);
	cf_executor_release(e);
}

/* ---- from inside ------------------------------------------------------------------------ */

struct inside {
	struct cf_executor *e;
	enum cf_status status;
	struct cf_future *f;
};

static int task_submit(void *arg, void **outcome)
{
	struct inside *in = arg;

	(void)outcome;
	in->status = cf_executor_submit(in->e, task_return, in, &in->f);
	return CF_OK;
}

static int callback_submit(struct cf_future *f, void *arg)
{
	void *outcome;

	(void)f;
	return task_submit(arg, &outcome);
}

static int initializer_submit(void *arg)
{
	void *outcome;

	return task_submit(arg, &outcome);
}

static void release_submit(void *arg)
{
	void *outcome;

	task_submit(arg, &outcome);
}

static void expect_submitted(struct inside *in)
{
	EXPECT_STATUS(CF_OK, in->status);
	expect_value(in->f, in);
}

TEST(work_may_be_submitted_from_inside)
{
	struct inside task, callback, release, initializer;
	struct cf_executor *e = pool_with_initializer(1, initializer_submit, &initializer);
	struct cf_call call = {.task = task_submit, .arg = &release, .release = release_submit};
	struct cf_future *f;
	struct hold hold;

	initializer.e = task.e = callback.e = release.e = e;
	f = hold_worker(e, &hold);
	cf_future_add_done_callback(f, callback_submit, &callback);
	gate_open(&hold.leave);
	expect_end(f, CF_OK);
	expect_end(submit(e, task_submit, &task), CF_OK);
	expect_submitted(&task);
	expect_submitted(&callback);
	expect_submitted(&initializer);
	call.task = task_return;
	EXPECT_STATUS(CF_OK, cf_executor_submit_call(e, &call, &f));
	expect_end(f, CF_OK);
	expect_submitted(&release);
	pool_end(e);
}

struct inside_shutdown {
	struct cf_executor *e;
	unsigned flags;
	enum cf_status status, then;
};

static int task_shutdown(void *arg, void **outcome)
{
	struct inside_shutdown *in = arg;

	(void)outcome;
	in->status = cf_executor_shutdown(in->e, in->flags);
	in->then = cf_executor_submit(in->e, task_must_not_run, NULL, NULL);
	return CF_OK;
}

static int callback_shutdown(struct cf_future *f, void *arg)
{
	void *outcome;

	(void)f;
	return task_shutdown(arg, &outcome);
}

static int initializer_shutdown(void *arg)
{
	void *outcome;

	return task_shutdown(arg, &outcome);
}

enum { ALL_FLAGS = CF_WAIT | CF_CANCEL_FUTURES };

/* From a work item; the others are pending meanwhile. */
static void shut_down_from_task(unsigned flags)
{
	struct inside_shutdown in = {.e = pool_new(1), .flags = flags};
	struct hold hold;
	struct cf_future *held = hold_worker(in.e, &hold), *f, *later;

	f = submit(in.e, task_shutdown, &in);
	later = submit(in.e, task_return, NULL);
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	expect_end(f, CF_OK);
	expect_end(later, flags & CF_CANCEL_FUTURES ? CF_CANCELLED : CF_OK);
	EXPECT_STATUS(CF_OK, in.status);
	EXPECT_STATUS(CF_SHUTDOWN, in.then);
	pool_end(in.e);
}

static void shut_down_from_callback(unsigned flags)
{
	struct inside_shutdown in = {.e = pool_new(1), .flags = flags};
	struct hold hold;
	struct cf_future *held = hold_worker(in.e, &hold), *later;

	cf_future_add_done_callback(held, callback_shutdown, &in);
	later = submit(in.e, task_return, NULL);
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	expect_end(later, flags & CF_CANCEL_FUTURES ? CF_CANCELLED : CF_OK);
	cf_executor_shutdown(in.e, CF_WAIT);
	EXPECT_STATUS(CF_OK, in.status);
	EXPECT_STATUS(CF_SHUTDOWN, in.then);
	cf_executor_release(in.e);
}

static void shut_down_from_initializer(unsigned flags)
{
	struct inside_shutdown in = {.flags = flags};
	struct cf_executor *e = in.e = pool_with_initializer(1, initializer_shutdown, &in);
	struct cf_future *f = submit(e, task_return, NULL);

	expect_end(f, flags & CF_CANCEL_FUTURES ? CF_CANCELLED : CF_OK);
	cf_executor_shutdown(e, CF_WAIT);
	EXPECT_STATUS(CF_OK, in.status);
	EXPECT_STATUS(CF_SHUTDOWN, in.then);
	cf_executor_release(e);
}

TEST(a_pool_may_be_shut_down_from_inside)
{
	for (unsigned flags = 0; flags <= ALL_FLAGS; flags++) {
		shut_down_from_task(flags);
		shut_down_from_callback(flags);
		shut_down_from_initializer(flags);
	}
}

/* ---- shutdown ------------------------------------------------------------------------------ */

TEST(an_unknown_flag_changes_nothing)
{
	struct cf_executor *e = pool_new(1);

	EXPECT_STATUS(CF_INVALID_ARGUMENT, cf_executor_shutdown(e, 4));
	EXPECT_STATUS(CF_INVALID_ARGUMENT, cf_executor_shutdown(e, UINT_MAX));
	expect_pool_works(e);
	pool_end(e);
}

static void shut_down_idle(unsigned flags)
{
	struct cf_executor *unused = pool_new(2), *idle = pool_new(2);

	expect_pool_works(idle);
	EXPECT_STATUS(CF_OK, cf_executor_shutdown(unused, flags));
	EXPECT_STATUS(CF_OK, cf_executor_shutdown(idle, flags));
	refuse(unused, CF_SHUTDOWN);
	refuse(idle, CF_SHUTDOWN);
	EXPECT_STATUS(CF_OK, cf_executor_shutdown(idle, flags));
	cf_executor_release(unused);
	cf_executor_release(idle);
}

static void shut_down_busy(unsigned flags)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *held = hold_worker(e, &hold), *f[3];

	for (int i = 0; i < 3; i++)
		f[i] = submit(e, task_return, NULL);
	EXPECT_STATUS(CF_OK, cf_executor_shutdown(e, flags & CF_CANCEL_FUTURES));
	for (int i = 0; i < 3 && flags & CF_CANCEL_FUTURES; i++)
		EXPECT_STATE(CF_STATE_CANCELLED_AND_NOTIFIED, f[i]);
	ck_assert_int_eq(1, cf_thread_pool_workers(e));
	gate_open(&hold.leave);
	EXPECT_STATUS(CF_OK, cf_executor_shutdown(e, flags));
	expect_end(held, CF_OK);
	for (int i = 0; i < 3; i++)
		expect_end(f[i], flags & CF_CANCEL_FUTURES ? CF_CANCELLED : CF_OK);
	cf_executor_release(e);
}

TEST(shutdown_keeps_its_flags)
{
	for (unsigned flags = 0; flags <= ALL_FLAGS; flags++) {
		shut_down_idle(flags);
		shut_down_busy(flags);
	}
}

TEST(a_later_shutdown_may_cancel)
{
	struct cf_executor *e = pool_new(1);
	struct hold hold;
	struct cf_future *held = hold_worker(e, &hold), *f = submit(e, task_must_not_run, NULL);

	cf_executor_shutdown(e, CF_NOWAIT);
	EXPECT_STATE(CF_STATE_PENDING, f);
	cf_executor_shutdown(e, CF_CANCEL_FUTURES);
	expect_end(f, CF_CANCELLED);
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	pool_end(e);
}

static void *shutdown_wait_thread(void *e)
{
	/* On return every worker has been joined, whoever did it. */
	if (cf_executor_shutdown(e, CF_WAIT) != CF_OK || cf_thread_pool_workers(e) != 0)
		return e;
	return NULL;
}

TEST(several_threads_may_wait_for_one_shutdown)
{
	struct cf_executor *e = pool_new(3);
	struct gate gate = {0};
	pthread_t threads[4];

	for (int i = 0; i < 6; i++)
		cf_executor_submit(e, task_pass, &gate, NULL);
	for (int i = 0; i < 4; i++)
		threads[i] = thread_start(shutdown_wait_thread, e);
	await_sleepers(4);
	gate_open(&gate);
	for (int i = 0; i < 4; i++) {
		void *wrong;

		ck_assert_int_eq(0, pthread_join(threads[i], &wrong));
		ck_assert_ptr_null(wrong);
	}
	cf_executor_release(e);
}

static int task_shutdown_other(void *e, void **outcome)
{
	(void)outcome;
	return cf_executor_shutdown(e, CF_WAIT) == CF_OK ? CF_OK : CF_RAISED;
}

TEST(a_worker_may_wait_for_another_pool)
{
	struct cf_executor *e = pool_new(1), *other = pool_new(2);

	expect_pool_works(other);
	expect_end(submit(e, task_shutdown_other, other), CF_OK);
	ck_assert_int_eq(0, cf_thread_pool_workers(other));
	pool_end(e);
	cf_executor_release(other);
}

/* ---- release -------------------------------------------------------------------------------- */

TEST(a_released_pool_finishes_what_it_accepted)
{
	struct cf_executor *e = pool_new(2);
	atomic_int ran = 0;
	struct hold hold;
	struct cf_future *held = hold_worker(e, &hold), *last;

	for (int i = 0; i < 20; i++)
		cf_executor_submit(e, task_count, &ran, NULL);
	last = submit(e, task_count, &ran);
	cf_executor_release(e);
	gate_open(&hold.leave);
	expect_end(held, CF_OK);
	expect_end(last, CF_OK);
	await_threads(0);
	ck_assert_int_eq(21, ran);
}

TEST(idle_workers_of_a_released_pool_go)
{
	struct cf_executor *e = pool_new(4);
	struct gate gate = {0};

	for (int i = 0; i < 4; i++)
		cf_executor_submit(e, task_pass, &gate, NULL);
	gate_open(&gate);
	await_sleepers(4);
	cf_executor_release(e);
	await_threads(0);
}

TEST(the_last_handle_releases)
{
	struct cf_executor *e = pool_new(1);

	ck_assert_ptr_eq(e, cf_executor_retain(e));
	cf_executor_retain(e);
	cf_executor_release(e);
	expect_pool_works(e);
	cf_executor_release(e);
	expect_pool_works(e);
	cf_executor_release(e);
	await_threads(0);
}

static int task_release(void *e, void **outcome)
{
	(void)outcome;
	cf_executor_release(e);
	return CF_OK;
}

static int callback_release(struct cf_future *f, void *e)
{
	void *outcome;

	(void)f;
	return task_release(e, &outcome);
}

static void release_executor(void *e)
{
	cf_executor_release(e);
}

/* The worker that runs it is the last that knows the pool, and frees it. */
TEST(the_last_handle_may_go_from_inside)
{
	struct cf_executor *e = pool_new(2);
	struct cf_call call = {.task = task_return, .release = release_executor};
	struct cf_future *f;
	struct hold hold;

	expect_end(submit(e, task_release, e), CF_OK);
	await_threads(0);

	e = call.arg = pool_new(2);
	EXPECT_STATUS(CF_OK, cf_executor_submit_call(e, &call, NULL));
	await_threads(0);

	e = pool_new(2);
	f = hold_worker(e, &hold);
	cf_future_add_done_callback(f, callback_release, e);
	gate_open(&hold.leave);
	expect_end(f, CF_OK);
	await_threads(0);
}

TEST(a_future_outlives_its_pool)
{
	struct cf_executor *e = pool_new(1);
	struct cf_future *f = submit(e, task_return, &e);

	pool_end(e);
	expect_value(f, &e);
}
