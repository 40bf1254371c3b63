/* SPDX-License-Identifier: MIT */
/*
 * leaks.c: threads, descriptors and processes that a case leaves behind.
 *
 * A thread that was joined, and a process that is ending, may be listed for a
 * moment longer; so what is still there is given time.  It gets none of it if
 * all that is left waits for others for good: main is the last that could have
 * woken them.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case_process.h"
#include "proc.h"
#include "support.h"
#include "watch.h"

#define FDS_MAX 1024
#define THREADS_MAX 64
#define GRACE 5.0 /* seconds, times time_scale */

struct descriptor {
	int fd;
	dev_t device;
	ino_t file;    /* both 0 if it is not to be asked: Valgrind's own */
	bool loading;  /* opened while the backend was loaded, which may close it */
	char what[96]; /* a file may have another name by and by, or none */
};

static struct descriptor before[FDS_MAX];
static size_t before_count;

/* ---- descriptors ---------------------------------------------------------------- */

static size_t list_descriptors(struct descriptor *list)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *entry;
	size_t n = 0;

	if (!d)
		return 0;
	while ((entry = readdir(d)) && n < FDS_MAX) {
		int fd = atoi(entry->d_name);
		ssize_t length;
		struct stat st;

		if (entry->d_name[0] == '.' || fd == dirfd(d))
			continue;
		length = readlinkat(dirfd(d), entry->d_name, list[n].what, sizeof(list[n].what) - 1);
		list[n].what[length > 0 ? length : 0] = '\0';
		memset(&st, 0, sizeof(st));
		fstat(fd, &st);
		list[n].device = st.st_dev;
		list[n].file = st.st_ino;
		list[n].loading = false;
		list[n++].fd = fd;
	}
	closedir(d);
	return n;
}

static const struct descriptor *find(const struct descriptor *list, size_t count, int fd)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i].fd == fd)
			return &list[i];
	return NULL;
}

/* Text that grows to the end of its buffer and no further. */
struct text {
	char buffer[1024];
	size_t used;
	int items;
};

static void add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *format, ...)
{
	size_t room = sizeof(t->buffer) - t->used;
	va_list args;
	int n;

	n = snprintf(t->buffer + t->used, room, "%s", t->items++ ? ", " : "");
	if ((size_t)n >= room)
		return;
	va_start(args, format);
	n += vsnprintf(t->buffer + t->used + n, room - n, format, args);
	va_end(args);
	t->used += (size_t)n < room ? (size_t)n : room - 1;
}

static void judge_descriptors(void)
{
	static struct descriptor after[FDS_MAX];
	size_t i, count = list_descriptors(after);
	struct text left = {0}, closed = {0};

	for (i = 0; i < count; i++) {
		const struct descriptor *old = find(before, before_count, after[i].fd);
		bool same = old && old->device == after[i].device && old->file == after[i].file;

		if (!old || (old->loading && !same))
			add(&left, "%d (%s)", after[i].fd, after[i].what);
		else if (!same)
			add(&closed, "%d (%s), which is %s now", old->fd, old->what, after[i].what);
	}
	for (i = 0; i < before_count; i++)
		if (!before[i].loading && !find(after, count, before[i].fd))
			add(&closed, "%d (%s)", before[i].fd, before[i].what);
	if (left.items) {
		slot->left_open = !atomic_load(&slot->decided);
		slot_decide(LEAK, NULL, "%d descriptor%s left open: %s", left.items,
			    left.items == 1 ? "" : "s", left.buffer);
	}
	if (closed.items)
		slot_decide(LEAK, NULL, "%d descriptor%s closed that the backend did not open: %s",
			    closed.items, closed.items == 1 ? "" : "s", closed.buffer);
}

/* ---- threads and processes --------------------------------------------------------- */

/*
 * True if tid is what the GNU C library starts for the first timer that is told by SIGEV_THREAD, and never
 * ends: it alone waits for the signal 32, which sigaddset takes from nobody else.
 */
static bool is_for_timers(pid_t tid)
{
	struct proc_thread t;
	uint64_t set = 0;
	struct iovec here = {&set, sizeof(set)}, there = {NULL, sizeof(set)};

	if (!proc_thread_read(getpid(), tid, &t) || t.number != SYS_rt_sigtimedwait)
		return false;
	there.iov_base = (void *)t.args[0];
	return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == sizeof(set) && set == UINT64_C(1) << 31;
}

static bool is_known(pid_t tid)
{
	return tid == gettid() || slot_ignores(slot, tid) || is_for_timers(tid);
}

static size_t extra_threads(pid_t *extra)
{
	pid_t tids[THREADS_MAX];
	size_t i, n = 0, count = proc_threads(getpid(), tids, THREADS_MAX);

	for (i = 0; i < count && i < THREADS_MAX; i++)
		if (!is_known(tids[i]))
			extra[n++] = tids[i];
	return n;
}

/* True if a child is still running; those that have ended are taken away. */
static bool has_children(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		;
	return pid == 0;
}

/*
 * What is left, when waiting longer would not change it.  A listing may pass over a
 * thread while another one ends, so nothing counts only when it was seen twice.
 */
static size_t wait_for_the_last(pid_t *extra)
{
	double end = now() + GRACE * (time_scale > 1 ? time_scale : 1);
	struct watch w = {0};
	double seconds = 20e-6;
	int nothing = 0;
	size_t n;

	for (;;) {
		n = extra_threads(extra);
		nothing = n || has_children() ? 0 : nothing + 1;
		if (nothing == 2)
			return 0;
		if (nothing)
			continue;
		if (now() > end || watch_threads(&w, getpid(), gettid(), slot) == WATCH_BLOCKED)
			return n;
		pass_time(seconds);
		if (seconds < 0.02)
			seconds *= 2;
	}
}

static void judge_threads(const pid_t *extra, size_t n)
{
	struct text names = {0};
	char name[32];
	size_t i;

	for (i = 0; i < n; i++) {
		proc_name(getpid(), extra[i], name, sizeof(name));
		add(&names, "%s", name);
	}
	if (n)
		slot_decide(LEAK, NULL, "%zu thread%s left running: %s", n, n == 1 ? "" : "s",
			    names.buffer);
}

static void judge_processes(void)
{
	pid_t pids[THREADS_MAX];
	size_t i, n = has_children() ? proc_descendants(getpid(), pids, THREADS_MAX) : 0;
	struct text names = {0};
	char name[32];

	for (i = 0; i < n && i < THREADS_MAX; i++) {
		proc_name(pids[i], pids[i], name, sizeof(name));
		add(&names, "%s", name);
	}
	if (n)
		slot_decide(LEAK, NULL, "%zu process%s left running: %s", n, n == 1 ? "" : "es",
			    names.buffer);
}

void leaks_begin(void)
{
	before_count = list_descriptors(before);
}

static struct descriptor loading[FDS_MAX];
static size_t loading_count;

void leaks_load_begin(void)
{
	loading_count = list_descriptors(loading);
}

void leaks_load_end(void)
{
	static struct descriptor after[FDS_MAX];
	size_t i, count = list_descriptors(after);

	for (i = 0; i < count && before_count < FDS_MAX; i++) {
		if (find(loading, loading_count, after[i].fd))
			continue;
		before[before_count] = after[i];
		before[before_count++].loading = true;
	}
}

void leaks_judge(void)
{
	pid_t extra[THREADS_MAX];
	size_t n = wait_for_the_last(extra);

	judge_threads(extra, n);
	judge_processes();
	judge_descriptors();
}
