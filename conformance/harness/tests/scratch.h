/* SPDX-License-Identifier: MIT */
/*
 * scratch.h: a folder of a test's own, files in it, and other programs' opinions.
 *
 * Each test runs in a process of its own, so the folder is kept in a static.
 */
#ifndef POOLPROOF_TESTS_SCRATCH_H
#define POOLPROOF_TESTS_SCRATCH_H

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../report.h"

static char scratch[] = "/tmp/poolproof-test-XXXXXX";

static inline void scratch_make(void)
{
	ck_assert_ptr_nonnull(mkdtemp(scratch));
}

static inline int run_shell(const char *format, const char *a, const char *b)
{
	char *command = text_format(format, a, b);
	int status = system(command);

	free(command);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static inline void scratch_remove(void)
{
	run_shell("rm -rf '%s'%s", scratch, "");
}

/* The path of a file in the folder; static for a few calls. */
static inline const char *in_scratch(const char *name)
{
	static char paths[8][128];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch, name);
	return path;
}

static inline char *read_whole(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);
	size_t length;

	ck_assert_msg(f != NULL, "%s cannot be read", path);
	length = fread(text, 1, (1 << 20) - 1, f);
	text[length] = '\0';
	fclose(f);
	return text;
}

static inline const char *write_whole(const char *name, const char *text)
{
	const char *path = in_scratch(name);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

/* True if the program is there; else says that the test is left out. */
static inline bool have(const char *program)
{
	if (run_shell("command -v %s >/dev/null 2>&1%s", program, "") == 0)
		return true;
	printf("left out: %s is not installed\n", program);
	return false;
}

static inline bool have_jsonschema(void)
{
	if (run_shell("python3 -c 'import jsonschema' 2>/dev/null%s%s", "", "") == 0)
		return true;
	printf("left out: python3-jsonschema is not installed\n");
	return false;
}

/* The path of a file of the harness, from this file's own; make runs in the top folder. */
static inline char *harness_file(const char *name)
{
	const char *slash = strrchr(__FILE__, '/');
	char top[1024] = "";

	if (__FILE__[0] != '/')
		ck_assert_ptr_nonnull(getcwd(top, sizeof(top)));
	return text_format("%s/%.*s/../%s", top, (int)(slash - __FILE__), __FILE__, name);
}

#define ck_assert_contains(text, part) \
	ck_assert_msg(strstr((text), (part)) != NULL, "no '%s' in:\n%s", (part), (text))
#define ck_assert_lacks(text, part) \
	ck_assert_msg(strstr((text), (part)) == NULL, "there is '%s' in:\n%s", (part), (text))

/* Calls command(argc, argv) with its standard output and error in files "out" and "err". */
static inline int captured(int (*command)(int, char **), const char *const *words)
{
	char *argv[16] = {NULL};
	int out = open(in_scratch("out"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
	int err = open(in_scratch("err"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
	int saved_out = dup(1);
	int saved_err = dup(2);
	int argc = 0;
	int status;

	while (words[argc]) {
		argv[argc] = strdup(words[argc]);
		argc++;
	}
	fflush(NULL);
	dup2(out, 1);
	dup2(err, 2);
	status = command(argc, argv);
	fflush(NULL);
	dup2(saved_out, 1);
	dup2(saved_err, 2);
	close(out);
	close(err);
	close(saved_out);
	close(saved_err);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return status;
}

/* Run the tests, each with a folder of its own; the exit status. */
static inline int scratch_run(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, scratch_make, scratch_remove);
	tcase_set_timeout(tc, 1800); /* for what hangs, on a machine however busy */
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#endif
