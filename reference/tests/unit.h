/* SPDX-License-Identifier: MIT */
/*
 * unit.h: what the unit tests of the reference are written with.
 *
 *	TEST(a_cancelled_item_never_runs)
 *	{
 *		struct cf_executor *e = pool_new(1);
 *		...
 *		pool_end(e);
 *	}
 *
 * Writing a test registers it, in the suite of its file.  Each runs in a
 * process of its own (Check's fork mode), and ends with a look at what it left
 * behind: every block freed, every thread ended, joined or detached.
 *
 * The link wraps what libcfutures asks of the system (see watch.h).  ck_assert
 * is for the main thread of a test; other threads record.
 */
#ifndef UNIT_H
#define UNIT_H

#include "cfutures.h"
#include "watch.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- tests ---------------------------------------------------------------- */

void test_register(const char *name, const TTest *test, const char *file);

#define TEST(name_)                                                     \
	static const TTest *name_;                                      \
	__attribute__((constructor)) static void register_##name_(void) \
	{                                                               \
		test_register(#name_, name_, __FILE__);                 \
	}                                                               \
	START_TEST(name_)

#define EXPECT_STATUS(expected, expression) \
	ck_assert_str_eq(cf_status_name(expected), cf_status_name(expression))
#define EXPECT_STATE(expected, future) \
	ck_assert_int_eq((expected), cf_future_state(future))

/* Seconds after which something that should have happened counts as hung. */
unsigned deadline_seconds(void);

/* ---- work items ------------------------------------------------------------- */

int task_return(void *arg, void **outcome); /* its argument */
int task_raise(void *arg, void **outcome);  /* its argument */
int task_count(void *counter, void **outcome); /* adds 1 to an atomic_int */
int task_pass(void *gate, void **outcome);  /* waits until it is open */
int task_must_not_run(void *arg, void **outcome);

/* A work item that tells when it has begun, and stays until it is let go. */
struct hold {
	struct gate begun, leave;
};

int task_hold(void *hold, void **outcome);

/* ---- executors ---------------------------------------------------------------- */

struct cf_executor *pool_new(int max_workers);
struct cf_executor *pool_with_initializer(int max_workers, int (*initializer)(void *),
					  void *initarg);

/* Shut down, wait, release. */
void pool_end(struct cf_executor *e);

struct cf_future *submit(struct cf_executor *e, cf_task *task, void *arg);

/* submit that is refused so. */
void refuse(struct cf_executor *e, enum cf_status expected);

/* Keep one worker of e busy from now until gate_open(&hold->leave). */
struct cf_future *hold_worker(struct cf_executor *e, struct hold *hold);

/* e still, or again, does what it is asked. */
void expect_pool_works(struct cf_executor *e);

/* f is done, or becomes so, with this; then drop it. */
void expect_value(struct cf_future *f, void *value);
void expect_end(struct cf_future *f, enum cf_status status);

struct cf_future *future_new(void);

/* A done callback that adds 1 to an atomic_int. */
int callback_count(struct cf_future *f, void *counter);

/* ---- threads and processes ------------------------------------------------------ */

/* Run body(arg) on a thread of its own; wait until it has returned. */
pthread_t thread_start(void *(*body)(void *arg), void *arg);
void thread_join(pthread_t thread);

/*
 * Fork; the child runs body(arg), then leaves with exit(0).  True if it got so
 * far; body ends it early with CHILD_EXPECT.
 */
bool child_succeeds(void (*body)(void *arg), void *arg);

/*
 * False if the child of a fork cannot start threads: ThreadSanitizer still
 * counts those of its parent, and takes a stack that is used again for a thread
 * that began twice.
 */
bool child_starts_threads(void);

/* Wait for a child of fork; true if it left with exit(0). */
bool child_left(pid_t pid);

#define CHILD_EXPECT(condition) child_expect((condition), #condition, __FILE__, __LINE__)
#define CHILD_EXPECT_STATUS(expected, expression) CHILD_EXPECT((expression) == (expected))
void child_expect(bool condition, const char *text, const char *file, int line);

#endif
