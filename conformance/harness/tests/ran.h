/* SPDX-License-Identifier: MIT */
/*
 * ran.h: the tool, run as a child process: its exit status, what it prints and the
 * JSON it writes.
 *
 * main() calls ran_main(), which knows from POOLPROOF and HOSTILE, or its first two
 * arguments, the tool and the backend of hostile.c.  Called with "run" the program is the
 * tool itself, on its own cases, so that no test depends on the suite.
 */
#ifndef POOLPROOF_TESTS_RAN_H
#define POOLPROOF_TESTS_RAN_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tool.h"

#define TEXT_MAX 65536
#define ARGS_MAX 32

static char self[PATH_MAX];
static const char *tool, *hostile;
static char folder[] = "/tmp/poolproof-test-XXXXXX";

struct ran {
	int status; /* exit status; -1 if a signal ended it */
	char out[TEXT_MAX];
	char err[TEXT_MAX];
	char json[TEXT_MAX];
};

static inline char *in_folder(const char *name)
{
	static char paths[8][PATH_MAX];
	static int next;
	char *path = paths[next++ % 8];

	snprintf(path, PATH_MAX, "%s/%s", folder, name);
	return path;
}

static inline void read_text(const char *path, char *text)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, TEXT_MAX - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static inline void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* Start program with the arguments, up to NULL; its output goes to files. */
static inline pid_t start(const char *program, const char *const *args)
{
	char *argv[ARGS_MAX] = {(char *)program};
	int i;
	pid_t pid;

	for (i = 0; args[i]; i++)
		argv[i + 1] = (char *)args[i];
	unlink(in_folder("json"));
	pid = fork();
	if (pid == 0) {
		dup2(open(in_folder("out"), O_CREAT | O_TRUNC | O_WRONLY, 0600), STDOUT_FILENO);
		dup2(open(in_folder("err"), O_CREAT | O_TRUNC | O_WRONLY, 0600), STDERR_FILENO);
		execv(program, argv);
		_exit(127);
	}
	return pid;
}

static inline struct ran *finish(pid_t pid)
{
	static struct ran r;
	int status;

	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	r.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	read_text(in_folder("out"), r.out);
	read_text(in_folder("err"), r.err);
	read_text(in_folder("json"), r.json);
	return &r;
}

static inline struct ran *run(const char *program, ...)
{
	const char *args[ARGS_MAX];
	va_list list;
	int n = 0;

	va_start(list, program);
	while (n < ARGS_MAX - 1 && (args[n] = va_arg(list, const char *)))
		n++;
	va_end(list);
	args[n] = NULL;
	return finish(start(program, args));
}

static inline bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

#define HAS_PART(text, part)                                                       \
	ck_assert_msg(has(text, part), "\"%s\" is not in:\n%.3000s", part, text)
#define HAS_NO_PART(text, part)                                                    \
	ck_assert_msg(!has(text, part), "\"%s\" is in:\n%.3000s", part, text)

/* What passes may be SLOW where the machine is. */
static inline void expect_outcome(const struct ran *r, const char *outcome, const char *part)
{
	char text[64];

	if (strcmp(outcome, "PASS") == 0 && has(r->json, "\"outcome\": \"SLOW\""))
		outcome = "SLOW";
	snprintf(text, sizeof(text), "\"outcome\": \"%s\"", outcome);
	HAS_PART(r->json, text);
	if (part)
		HAS_PART(r->json, part);
}

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static inline TCase *group(Suite *s, const char *name)
{
	TCase *t = tcase_create(name);

	tcase_set_timeout(t, 1800); /* for what hangs, on a machine however busy */
	suite_add_tcase(s, t);
	return t;
}

static inline int ran_tests(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}

static inline int ran_main(int argc, char **argv, Suite *(*suite)(void))
{
	char command[64];
	int failed;

	if (argc > 1 && strcmp(argv[1], "run") == 0)
		return cmd_run(argc - 1, argv + 1);
	tool = argc > 1 ? argv[1] : getenv("POOLPROOF");
	hostile = argc > 2 ? argv[2] : getenv("HOSTILE");
	if (!tool || !hostile || !realpath("/proc/self/exe", self) || !mkdtemp(folder)) {
		fprintf(stderr, "usage: POOLPROOF=TOOL HOSTILE=BACKEND %s\n", argv[0]);
		return 2;
	}
	failed = ran_tests(suite());
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) != 0 || failed ? 1 : 0;
}

#endif
