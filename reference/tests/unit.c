/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <sys/wait.h>

/* ---- work items ------------------------------------------------------------- */

int task_return(void *arg, void **outcome)
{
	*outcome = arg;
	return CF_OK;
}

int task_raise(void *arg, void **outcome)
{
	*outcome = arg;
	return CF_RAISED;
}

int task_count(void *counter, void **outcome)
{
	(void)outcome;
	atomic_fetch_add((atomic_int *)counter, 1);
	return CF_OK;
}

int task_pass(void *gate, void **outcome)
{
	(void)outcome;
	gate_wait(gate);
	return CF_OK;
}

int task_must_not_run(void *arg, void **outcome)
{
	(void)arg;
	(void)outcome;
	fputs("a work item ran that must not\n", stderr);
	abort();
}

int task_hold(void *arg, void **outcome)
{
	struct hold *hold = arg;

	(void)outcome;
	gate_open(&hold->begun);
	gate_wait(&hold->leave);
	return CF_OK;
}

/* ---- executors ---------------------------------------------------------------- */

struct cf_executor *pool_with_initializer(int max_workers, int (*initializer)(void *),
					  void *initarg)
{
	struct cf_thread_pool_options options = {
		.max_workers = max_workers,
		.initializer = initializer,
		.initarg = initarg,
	};
	struct cf_executor *e = NULL;

	EXPECT_STATUS(CF_OK, cf_thread_pool_new(&options, &e));
	return e;
}

struct cf_executor *pool_new(int max_workers)
{
	return pool_with_initializer(max_workers, NULL, NULL);
}

void pool_end(struct cf_executor *e)
{
	EXPECT_STATUS(CF_OK, cf_executor_shutdown(e, CF_WAIT));
	ck_assert_int_eq(0, cf_thread_pool_workers(e));
	cf_executor_release(e);
}

struct cf_future *submit(struct cf_executor *e, cf_task *task, void *arg)
{
	struct cf_future *f = NULL;

	EXPECT_STATUS(CF_OK, cf_executor_submit(e, task, arg, &f));
	ck_assert_ptr_nonnull(f);
	return f;
}

void refuse(struct cf_executor *e, enum cf_status expected)
{
	struct cf_future *untouched = (struct cf_future *)&expected, *f = untouched;

	EXPECT_STATUS(expected, cf_executor_submit(e, task_must_not_run, NULL, &f));
	ck_assert_ptr_eq(untouched, f);
}

struct cf_future *hold_worker(struct cf_executor *e, struct hold *hold)
{
	struct cf_future *f;

	*hold = (struct hold){0};
	f = submit(e, task_hold, hold);
	gate_wait(&hold->begun);
	return f;
}

void expect_pool_works(struct cf_executor *e)
{
	int value;

	expect_value(submit(e, task_return, &value), &value);
}

void expect_value(struct cf_future *f, void *value)
{
	void *outcome = NULL;

	EXPECT_STATUS(CF_OK, cf_future_result(f, CF_FOREVER, &outcome));
	ck_assert_ptr_eq(value, outcome);
	cf_future_release(f);
}

void expect_end(struct cf_future *f, enum cf_status status)
{
	void *outcome = NULL;

	EXPECT_STATUS(status, cf_future_result(f, CF_FOREVER, &outcome));
	cf_future_release(f);
}

struct cf_future *future_new(void)
{
	struct cf_future *f = NULL;

	EXPECT_STATUS(CF_OK, cf_future_new(&f));
	return f;
}

int callback_count(struct cf_future *f, void *counter)
{
	(void)f;
	atomic_fetch_add((atomic_int *)counter, 1);
	return CF_OK;
}

/* ---- threads and processes ------------------------------------------------------ */

pthread_t thread_start(void *(*body)(void *arg), void *arg)
{
	pthread_t thread;

	ck_assert_int_eq(0, pthread_create(&thread, NULL, body, arg));
	return thread;
}

void thread_join(pthread_t thread)
{
	ck_assert_int_eq(0, pthread_join(thread, NULL));
}

void child_expect(bool condition, const char *text, const char *file, int line)
{
	if (condition)
		return;
	fprintf(stderr, "%s:%d: in the child: %s\n", file, line, text);
	_exit(1);
}

bool child_left(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	if (WIFSIGNALED(status))
		fprintf(stderr, "the child was killed by signal %d\n", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		fprintf(stderr, "the child left with %d\n", WEXITSTATUS(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool child_succeeds(void (*body)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (pid == 0) {
		alarm(deadline_seconds());
		body(arg);
		exit(0);
	}
	return child_left(pid);
}
