/* SPDX-License-Identifier: MIT */
/* inject.c: see inject.h. */
#include "inject.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "case.h"
#include "loader.h"

#define OBJECT "poolproof-inject.so"
#define BEGUN "POOLPROOF_INJECT" /* what LD_PRELOAD was before us, after a '=' if it was set */

static void (*arm)(int nth, bool lasting);
static bool (*disarm)(void);
static long (*blocks)(void);

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

	*(void **)&arm = dlsym(RTLD_DEFAULT, "poolproof_inject_arm");
	*(void **)&disarm = dlsym(RTLD_DEFAULT, "poolproof_inject_disarm");
	*(void **)&blocks = dlsym(RTLD_DEFAULT, "poolproof_inject_blocks");
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

/* ---- for cases -------------------------------------------------------------------- */

void need_injection(void)
{
	void *volatile block;

	if (!arm)
		unsupported("memory cannot be made to fail here: " OBJECT " is not loaded");
	backend();
	inject_arm(1, false);
	block = malloc(1);
	inject_disarm();
	free(block);
	if (block)
		unsupported("memory cannot be made to fail here: malloc is not asked");
}

void inject_arm(int nth, bool lasting)
{
	arm(nth, lasting);
}

bool inject_disarm(void)
{
	return disarm();
}

long inject_blocks(void)
{
	return blocks();
}
