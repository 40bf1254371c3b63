/* SPDX-License-Identifier: MIT */
/*
 * test_main.c: runs every test that registered itself, or the one that the
 * environment names in UNIT_TEST; Check's closing line is the last.
 */
#include "unit.h"

/* ---- sanitizers ---------------------------------------------------------------- */

enum sanitizer { NONE, ADDRESS, THREAD };

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#elif __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
static const enum sanitizer sanitizer = ADDRESS;
#elif defined(__SANITIZE_THREAD__)
static const enum sanitizer sanitizer = THREAD;
#else
static const enum sanitizer sanitizer = NONE;
#endif

/*
 * The children that tests fork start threads of their own; a request that no
 * memory can meet is to be refused.
 */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "die_after_fork=0 atexit_sleep_ms=0 allocator_may_return_null=1";
}

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static pid_t test_pid;

/* Of what threads in the parent had, their child cannot free its copy. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return getpid() != test_pid;
}

/* What a sanitizer cannot run, and why. */
static const struct {
	enum sanitizer sanitizer;
	const char *name, *reason;
} left_out[] = {
	/* A thread of the parent that ends meanwhile may hold a lock of the allocator. */
	{ADDRESS, "a_fork_at_any_step_of_a_call_gives_a_sound_child",
	 "forks while other threads use memory"},
	/* See child_starts_threads(). */
	{THREAD, "a_childs_own_work_is_finished_at_its_exit", "starts threads after fork"},
	{THREAD, "the_child_of_a_work_item_may_return", "ends a thread after fork"},
	{THREAD, "the_child_of_a_work_item_may_return_to_a_released_pool",
	 "ends a thread after fork"},
};

static bool is_left_out(const char *name)
{
	const char *only = getenv("UNIT_TEST");

	if (only && strcmp(only, name) != 0)
		return true;
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (left_out[i].sanitizer == sanitizer && strcmp(left_out[i].name, name) == 0) {
			printf("left out: %s: %s\n", name, left_out[i].reason);
			return true;
		}
	return false;
}

bool child_starts_threads(void)
{
	return sanitizer != THREAD;
}

unsigned deadline_seconds(void)
{
	return sanitizer == NONE ? 20 : 100;
}

/* ---- what a test leaves behind ---------------------------------------------------- */

static struct balance before;

static void look_before(void)
{
	test_pid = getpid();
	before = balance_now();
}

static void look_after(void)
{
	struct balance after;

	await_threads(before.threads);
	after = balance_now();
	ck_assert_int_eq(before.unjoined, after.unjoined);
	ck_assert_int_eq(before.blocks, after.blocks);
}

/* ---- the suites: one for each file -------------------------------------------------- */

static struct test {
	const char *name, *file;
	const TTest *test;
} tests[500];

static int count;

void test_register(const char *name, const TTest *test, const char *file)
{
	if (count == sizeof(tests) / sizeof(tests[0]))
		abort();
	tests[count++] = (struct test){name, file, test};
}

/* "path/test_wait.c" is "wait".  Check keeps the pointer. */
static const char *suite_name(const char *file)
{
	static char names[50][32];
	static int used;
	const char *slash = strrchr(file, '/');
	char *name = names[used++];

	snprintf(name, sizeof(names[0]), "%s", (slash ? slash + 1 : file) + strlen("test_"));
	name[strlen(name) - strlen(".c")] = '\0';
	return name;
}

/* The tests from first that are of the same file, which stand together. */
static int add_suite(SRunner *runner, int first)
{
	const char *name = suite_name(tests[first].file);
	TCase *tcase;
	Suite *suite;
	int i;

	suite = suite_create(name);
	tcase = tcase_create(name);
	tcase_set_timeout(tcase, 2 * deadline_seconds());
	tcase_add_checked_fixture(tcase, look_before, look_after);
	for (i = first; i < count && strcmp(tests[i].file, tests[first].file) == 0; i++)
		if (!is_left_out(tests[i].name))
			tcase_add_test(tcase, tests[i].test);
	suite_add_tcase(suite, tcase);
	srunner_add_suite(runner, suite);
	return i;
}

int main(void)
{
	SRunner *runner = srunner_create(NULL);
	int failed;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!child_starts_threads())
		puts("left out: pools in the child of a fork: starts threads after fork");
	srunner_set_fork_status(runner, CK_FORK);
	for (int i = 0; i < count;)
		i = add_suite(runner, i);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
