/* SPDX-License-Identifier: MIT */
/* slot.c: see slot.h. */
#include "slot.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct slot *slot;

struct slot *slot_new(void)
{
	void *p = mmap(NULL, sizeof(struct slot), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void slot_clear(struct slot *s)
{
	memset(s, 0, sizeof(*s));
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

void slot_decide_va(enum outcome o, const struct finding *f, const char *format, va_list args)
{
	int none = 0;

	if (!atomic_compare_exchange_strong(&slot->decided, &none, 1))
		return;
	slot->outcome = o;
	vsnprintf(slot->message, sizeof(slot->message), format, args);
	if (f) {
		if (f->file)
			snprintf(slot->where, sizeof(slot->where), "%s:%d", f->file, f->line);
		copy_text(slot->expected, sizeof(slot->expected), f->expected);
		copy_text(slot->observed, sizeof(slot->observed), f->observed);
	}
	atomic_store(&slot->decided, 2);
}

void slot_decide(enum outcome o, const struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	slot_decide_va(o, f, format, args);
	va_end(args);
}

_Noreturn void case_end(void)
{
	_exit(0);
}

static void ignore_thread(pid_t tid)
{
	int i = atomic_fetch_add(&slot->ignored_count, 1);

	if (i < SLOT_IGNORED_MAX)
		slot->ignored[i] = tid;
}

void slot_ignore_threads(void)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d))) {
		pid_t tid = atoi(entry->d_name);

		if (tid && tid != gettid())
			ignore_thread(tid);
	}
	closedir(d);
}

bool slot_ignores(const struct slot *s, pid_t tid)
{
	int i, n = s ? atomic_load(&s->ignored_count) : 0;

	for (i = 0; i < n && i < SLOT_IGNORED_MAX; i++)
		if (s->ignored[i] == tid)
			return true;
	return false;
}

char *slot_text(const char *text, size_t size)
{
	return text[0] ? strndup(text, size - 1) : NULL;
}
