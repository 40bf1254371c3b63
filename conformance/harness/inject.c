/* SPDX-License-Identifier: MIT */
/* inject.c: see inject.h. */
#include "inject.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "case.h"
#include "loader.h"

#define OBJECT "poolproof-inject.so"
#define BEGUN "POOLPROOF_INJECT" /* what LD_PRELOAD was before us, after a '=' if it was set */

/* Of conformance/inject/, where it is loaded, or linked; else NULL. */
#define ELSEWHERE __attribute__((weak, visibility("default")))

void poolproof_inject_arm(int nth, bool lasting) ELSEWHERE;
bool poolproof_inject_disarm(void) ELSEWHERE;
bool poolproof_inject_failed(void) ELSEWHERE;
bool poolproof_inject_armed(void) ELSEWHERE;
void poolproof_inject_pause(void) ELSEWHERE;
void poolproof_inject_resume(void) ELSEWHERE;
long poolproof_inject_blocks(void) ELSEWHERE;

/* ---- to be there ---------------------------------------------------------------- */

extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));
extern void __msan_init(void) __attribute__((weak));

static bool place_is_taken(const char *preload)
{
	return __asan_init || __tsan_init || __msan_init || (preload && strstr(preload, "vgpreload"));
}

/* After whatever the user preloads.  The list is divided by spaces and colons. */
static bool preload(const char *before)
{
	char object[PATH_MAX], list[2 * PATH_MAX];

	if (!tool_file(OBJECT, object, sizeof(object)) || strpbrk(object, " :") ||
	    snprintf(list, sizeof(list), "%s%s%s", before ? before : "", before ? ":" : "", object) >=
		    (int)sizeof(list))
		return false;
	return setenv("LD_PRELOAD", list, 1) == 0;
}

/* What is started from now on is not to have it. */
static void restore(const char *before)
{
	if (before[0] == '=')
		setenv("LD_PRELOAD", before + 1, 1);
	else
		unsetenv("LD_PRELOAD");
	unsetenv(BEGUN);
}

/* Under the tool's own name, by which its threads are shown. */
static void start_over(char **argv)
{
	char tool[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", tool, sizeof(tool) - 1);

	if (n <= 0)
		return;
	tool[n] = '\0';
	execv(tool, argv);
}

void inject_begin(char **argv)
{
	const char *begun = getenv(BEGUN), *before = getenv("LD_PRELOAD");
	char record[2 * PATH_MAX];

	if (begun) {
		restore(begun);
		return;
	}
	if (place_is_taken(before))
		return;
	snprintf(record, sizeof(record), "%s%s", before ? "=" : "", before ? before : "");
	if (setenv(BEGUN, record, 1) != 0 || !preload(before))
		return;
	start_over(argv);
	restore(record);
}

/* ---- to use it -------------------------------------------------------------------- */

/* Not if another malloc stands before it. */
static bool is_asked(void)
{
	void *volatile block;

	inject_arm(1, false);
	block = malloc(1);
	inject_disarm();
	free(block);
	return !block;
}

bool inject_is_there(void)
{
	return poolproof_inject_arm && is_asked();
}

void need_injection(void)
{
	if (!poolproof_inject_arm)
		unsupported("memory cannot be made to fail here: " OBJECT " is not loaded");
	backend();
	if (!is_asked())
		unsupported("memory cannot be made to fail here: malloc is not asked");
}

void inject_arm(int nth, bool lasting)
{
	poolproof_inject_arm(nth, lasting);
}

bool inject_disarm(void)
{
	return poolproof_inject_disarm();
}

bool inject_failed(void)
{
	return poolproof_inject_failed && poolproof_inject_failed();
}

bool inject_armed(void)
{
	return poolproof_inject_armed && poolproof_inject_armed();
}

void inject_pause(void)
{
	if (poolproof_inject_pause)
		poolproof_inject_pause();
}

void inject_resume(void)
{
	if (poolproof_inject_resume)
		poolproof_inject_resume();
}

long inject_blocks(void)
{
	return poolproof_inject_blocks();
}
