/* SPDX-License-Identifier: MIT */
/* sanitizers.c: see sanitizers.h. */
#include "sanitizers.h"

#include <ctype.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default"), used))
#define REPORT_LINES 14
#define UBSAN ": runtime error: "

const char *__tsan_default_options(void);
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/*
 * The runtimes ask for these by name.  A report is a verdict, so the process
 * goes on (but after memory errors), and a deadlock is found by the watch.
 * Threads that a case leaves are judged by the harness itself.
 */
EXPORT const char *__tsan_default_options(void)
{
	return "report_thread_leaks=0:history_size=4:second_deadlock_stack=1:atexit_sleep_ms=20";
}

EXPORT const char *__asan_default_options(void)
{
	return "detect_stack_use_after_return=1:abort_on_error=0";
}

EXPORT const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1";
}

/* The runtimes call these for each report. */
void __tsan_on_report(void *report);
void __ubsan_on_report(void);

static atomic_bool spoken;

EXPORT void __tsan_on_report(void *report)
{
	(void)report;
	atomic_store(&spoken, true);
}

EXPORT void __ubsan_on_report(void)
{
	atomic_store(&spoken, true);
}

bool sanitizers_spoke(void)
{
	return atomic_load(&spoken) || valgrind_spoke();
}

static bool has_symbol(const char *name)
{
	return dlsym(RTLD_DEFAULT, name) != NULL;
}

double sanitizers_slowdown(void)
{
	if (valgrind_runs())
		return 20;
	if (has_symbol("__tsan_init"))
		return 5;
	return has_symbol("__asan_init") ? 2 : 1;
}

bool sanitizers_know(const char *path)
{
	static const char name[] = "__tsan_init";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *text = MAP_FAILED;
	struct stat st;
	bool known = true;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
		text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text != MAP_FAILED) {
		known = memmem(text, (size_t)st.st_size, name, sizeof(name)) != NULL;
		munmap(text, (size_t)st.st_size);
	}
	if (fd >= 0)
		close(fd);
	return known;
}

bool sanitizers_see(const char *path)
{
	return !has_symbol("__tsan_init") || sanitizers_know(path);
}

static void *nothing(void *arg)
{
	return arg;
}

void sanitizers_settle(void)
{
	pthread_t t;

	if (has_symbol("__tsan_init") && pthread_create(&t, NULL, nothing, NULL) == 0)
		pthread_join(t, NULL);
}

static bool leaks_are_forgotten;

void sanitizers_forget_leaks(void)
{
	leaks_are_forgotten = true;
}

/* Asked for by LeakSanitizer when the process leaves. */
EXPORT int __lsan_is_turned_off(void);
EXPORT int __lsan_is_turned_off(void)
{
	return leaks_are_forgotten;
}

/* ---- reading a report ---------------------------------------------------------- */

static const struct mark {
	const char *text;
	enum outcome outcome;
} marks[] = {
	{"ERROR: AddressSanitizer: SEGV", CRASHED}, /* before what it begins with */
	{"ERROR: ThreadSanitizer: SEGV", CRASHED},
	{"WARNING: ThreadSanitizer: ", RACE},
	{"ERROR: ThreadSanitizer: ", RACE},
	{"FATAL: ThreadSanitizer: ", RACE},
	{"ERROR: AddressSanitizer: ", RACE},
	{UBSAN, RACE},
	{"ERROR: LeakSanitizer: ", LEAK},
};

static const char *line_start(const char *text, const char *at)
{
	while (at > text && at[-1] != '\n')
		at--;
	return at;
}

/* "file:line:column: runtime error: "; other languages say "panic: runtime error: ". */
static const char *find_mark(const char *output, const char *mark)
{
	const char *at = strstr(output, mark);

	while (at && strcmp(mark, UBSAN) == 0 && (at == output || !isdigit((unsigned char)at[-1])))
		at = strstr(at + 1, mark);
	return at;
}

static const char *find_report(const char *output, enum outcome *o)
{
	const char *first = NULL, *at;
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		at = find_mark(output, marks[i].text);
		if (!at || (first && at >= first))
			continue;
		first = at;
		*o = marks[i].outcome;
	}
	return first ? line_start(output, first) : NULL;
}

/* "==123==" and " (pid=123)" differ from run to run. */
static const char *skip_pid_between(const char *at, const char *before, const char *after)
{
	const char *number = at + strlen(before), *end;

	if (strncmp(at, before, strlen(before)) != 0)
		return at;
	for (end = number; isdigit((unsigned char)*end); end++)
		;
	return end > number && strncmp(end, after, strlen(after)) == 0 ? end + strlen(after) : at;
}

static const char *skip_pid(const char *at)
{
	const char *next = skip_pid_between(at, "==", "==");

	return next != at ? next : skip_pid_between(at, " (pid=", ")");
}

char *sanitizers_report(const char *output, enum outcome *o)
{
	const char *at = output ? find_report(output, o) : NULL;
	char *text, *to;
	int lines = 0;

	if (!at)
		return NULL;
	text = to = malloc(strlen(at) + 1);
	if (!text)
		return NULL;
	while (*at && lines < REPORT_LINES) {
		const char *next = skip_pid(at);

		if (next != at) {
			at = next;
			continue;
		}
		lines += *at == '\n';
		*to++ = *at++;
	}
	while (to > text && (to[-1] == '\n' || to[-1] == ' ' || to[-1] == '='))
		to--;
	*to = '\0';
	return text;
}
