/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "../process.h"

static char said[300];
static atomic_int times;
static pthread_t on;

static void hook(void *arg, const char *message)
{
	ck_assert_ptr_eq(said, arg);
	snprintf(said, sizeof(said), "%s", message);
	times++;
	on = pthread_self();
}

static int callback_fail(struct cf_future *f, void *unused)
{
	(void)f;
	(void)unused;
	return 42;
}

TEST(a_failing_callback_is_logged_and_stops_no_other)
{
	struct cf_future *f = future_new();
	atomic_int ran = 0;

	cf_set_log_hook(hook, said);
	cf_future_add_done_callback(f, callback_fail, NULL);
	cf_future_add_done_callback(f, callback_count, &ran);
	cf_future_set_result(f, NULL);
	ck_assert_int_eq(1, ran);
	ck_assert_int_eq(1, times);
	ck_assert(pthread_equal(pthread_self(), on));
	ck_assert_ptr_nonnull(strstr(said, "42"));
	ck_assert_ptr_null(strchr(said, '\n'));
	cf_future_add_done_callback(f, callback_fail, NULL);
	ck_assert_int_eq(2, times);
	cf_future_release(f);
}

static int initializer_fail(void *unused)
{
	(void)unused;
	return CF_RAISED;
}

TEST(a_failing_initializer_is_logged_with_its_worker)
{
	struct cf_thread_pool_options options = {
		.max_workers = 1,
		.thread_name_prefix = "lathe",
		.initializer = initializer_fail,
	};
	struct cf_executor *e = NULL;

	cf_set_log_hook(hook, said);
	EXPECT_STATUS(CF_OK, cf_thread_pool_new(&options, &e));
	expect_end(submit(e, task_must_not_run, NULL), CF_BROKEN);
	pool_end(e);
	ck_assert_int_eq(1, times);
	ck_assert_ptr_nonnull(strstr(said, "lathe_0"));
}

static void hook_that_logs(void *arg, const char *message)
{
	struct cf_future *f;

	(void)arg;
	(void)message;
	cf_set_log_hook(hook, said);
	if (cf_future_new(&f) != CF_OK)
		return;
	cf_future_set_result(f, NULL);
	cf_future_add_done_callback(f, callback_fail, NULL);
	cf_future_release(f);
}

/* No lock is held while it runs. */
TEST(a_hook_may_use_the_library)
{
	cf_set_log_hook(hook_that_logs, NULL);
	cf__log("first");
	ck_assert_int_eq(1, times);
}

TEST(a_message_too_long_is_cut)
{
	char text[1000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	cf_set_log_hook(hook, said);
	cf__log("%s", text);
	ck_assert_int_gt(strlen(said), 100);
	ck_assert_int_lt(strlen(said), 1000);
}

/* What body writes to stderr. */
static void read_stderr(char *text, size_t size, void (*body)(void))
{
	int ends[2], kept = dup(STDERR_FILENO);
	ssize_t length;

	ck_assert_int_eq(0, pipe(ends));
	dup2(ends[1], STDERR_FILENO);
	body();
	dup2(kept, STDERR_FILENO);
	close(ends[1]);
	length = read(ends[0], text, size - 1);
	ck_assert_int_ge(length, 0);
	text[length] = '\0';
	close(ends[0]);
	close(kept);
}

static void log_a_line(void)
{
	cf__log("worker %d of %s", 7, "nine");
}

TEST(without_a_hook_it_is_one_line_on_stderr)
{
	char text[300];

	read_stderr(text, sizeof(text), log_a_line);
	ck_assert_str_eq("cfutures: worker 7 of nine\n", text);
	cf_set_log_hook(hook, said);
	read_stderr(text, sizeof(text), log_a_line);
	ck_assert_str_eq("", text);
	cf_set_log_hook(NULL, NULL);
	read_stderr(text, sizeof(text), log_a_line);
	ck_assert_str_eq("cfutures: worker 7 of nine\n", text);
	ck_assert_int_eq(1, times);
}
