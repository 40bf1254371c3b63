/* SPDX-License-Identifier: MIT */
/* proc.c: see proc.h. */
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static bool read_file(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool read_file(char *buffer, size_t size, const char *format, ...)
{
	char path[96];
	va_list args;
	ssize_t n;
	int fd;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	buffer[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, buffer, size - 1);
	close(fd);
	buffer[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static unsigned long field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static bool read_status(pid_t pid, pid_t tid, struct proc_thread *t)
{
	char text[8192];
	const char *state;

	if (!read_file(text, sizeof(text), "/proc/%d/task/%d/status", (int)pid, (int)tid))
		return false;
	state = strstr(text, "\nState:");
	if (!state)
		return false;
	for (state += strlen("\nState:"); isspace((unsigned char)*state); state++)
		;
	t->state = *state;
	t->switches = field(text, "\nvoluntary_ctxt_switches:") +
		      field(text, "\nnonvoluntary_ctxt_switches:");
	return true;
}

static void read_syscall(pid_t pid, pid_t tid, struct proc_thread *t)
{
	char text[512];
	unsigned long *a = t->args;

	t->number = -1;
	if (!read_file(text, sizeof(text), "/proc/%d/task/%d/syscall", (int)pid, (int)tid))
		return;
	if (sscanf(text, "%ld %lx %lx %lx %lx %lx %lx", &t->number, &a[0], &a[1], &a[2], &a[3],
		   &a[4], &a[5]) != 7)
		t->number = -1;
}

/* The switches are read before the system call; watch.h relies on that order. */
bool proc_thread_read(pid_t pid, pid_t tid, struct proc_thread *t)
{
	memset(t, 0, sizeof(*t));
	if (!read_status(pid, tid, t))
		return false;
	read_syscall(pid, tid, t);
	return true;
}

double proc_run_time(pid_t pid)
{
	clockid_t clock;
	struct timespec t;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		return 0;
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool is_untimed_futex_wait(const struct proc_thread *t)
{
	switch (t->args[1] & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_WAIT_REQUEUE_PI:
		return t->args[3] == 0;
	default:
		return false;
	}
}

bool proc_waits_for_others(const struct proc_thread *t)
{
	if (t->state != 'S')
		return false;
	if (t->number == SYS_futex)
		return is_untimed_futex_wait(t);
	return t->number == SYS_wait4 || t->number == SYS_waitid;
}

bool proc_has_timers(pid_t pid)
{
	char text[8];

	return read_file(text, sizeof(text), "/proc/%d/timers", (int)pid);
}

void proc_name(pid_t pid, pid_t tid, char *buffer, size_t size)
{
	if (!read_file(buffer, size, "/proc/%d/task/%d/comm", (int)pid, (int)tid))
		snprintf(buffer, size, "?");
	buffer[strcspn(buffer, "\n")] = '\0';
}

static size_t numbers_in(const char *folder, pid_t *numbers, size_t max)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	size_t n = 0;

	if (!d)
		return 0;
	while ((entry = readdir(d))) {
		pid_t number = atoi(entry->d_name);

		if (number && n < max)
			numbers[n] = number;
		n += number != 0;
	}
	closedir(d);
	return n;
}

size_t proc_threads(pid_t pid, pid_t *tids, size_t max)
{
	char folder[64];

	snprintf(folder, sizeof(folder), "/proc/%d/task", (int)pid);
	return numbers_in(folder, tids, max);
}

/* ---- the tree of processes -------------------------------------------------- */

bool proc_reads_all;

struct process {
	pid_t pid;
	pid_t parent;
	bool below;
};

static bool read_process(pid_t pid, struct process *p)
{
	char text[512], state;
	const char *end;
	int parent;

	if (!read_file(text, sizeof(text), "/proc/%d/stat", (int)pid))
		return false;
	end = strrchr(text, ')'); /* a name may hold one too */
	if (!end || sscanf(end, ") %c %d", &state, &parent) != 2 || state == 'X')
		return false;
	/* The main thread of a process may be gone, and others have still to follow. */
	if (state == 'Z' && proc_threads(pid, NULL, 0) <= 1)
		return false;
	*p = (struct process){pid, parent, false};
	return true;
}

/* pids has room for max; n may be more. */
struct tree {
	pid_t *pids;
	size_t n, max;
};

static void add_children_of_thread(struct tree *t, int folder, const char *tid)
{
	struct process child;
	char path[32];
	FILE *list;
	int fd, pid;

	snprintf(path, sizeof(path), "%.10s/children", tid);
	fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	list = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (!list)
		return;
	while (fscanf(list, "%d", &pid) == 1) {
		if (!read_process(pid, &child))
			continue;
		if (t->n < t->max)
			t->pids[t->n] = pid;
		t->n++;
	}
	fclose(list);
}

static void add_children(struct tree *t, pid_t parent)
{
	struct dirent *entry;
	char folder[64];
	DIR *d;

	snprintf(folder, sizeof(folder), "/proc/%d/task", (int)parent);
	d = opendir(folder);
	if (!d)
		return;
	while ((entry = readdir(d)))
		if (atoi(entry->d_name))
			add_children_of_thread(t, dirfd(d), entry->d_name);
	closedir(d);
}

/* ---- the same where the kernel does not list the children of a thread */

static struct process *read_processes(size_t *count)
{
	size_t i, n = 0, max = numbers_in("/proc", NULL, 0) + 64;
	pid_t *pids = malloc(max * sizeof(*pids));
	struct process *all = malloc(max * sizeof(*all));
	size_t found = pids && all ? numbers_in("/proc", pids, max) : 0;

	for (i = 0; i < found && i < max; i++)
		n += read_process(pids[i], &all[n]);
	free(pids);
	*count = n;
	return all;
}

static bool is_below(const struct process *all, size_t count, pid_t parent, pid_t root)
{
	size_t i;

	if (parent == root)
		return true;
	for (i = 0; i < count; i++)
		if (all[i].pid == parent)
			return all[i].below;
	return false;
}

static size_t find_descendants(pid_t root, pid_t *pids, size_t max)
{
	size_t i, count, n = 0;
	struct process *all = read_processes(&count);
	bool more;

	do {
		more = false;
		for (i = 0; i < count; i++) {
			if (all[i].below || !is_below(all, count, all[i].parent, root))
				continue;
			all[i].below = more = true;
			if (n < max)
				pids[n] = all[i].pid;
			n++;
		}
	} while (more);
	free(all);
	return n;
}

size_t proc_descendants(pid_t root, pid_t *pids, size_t max)
{
	struct tree t = {pids, 0, max};
	size_t i;

	if (proc_reads_all || access("/proc/thread-self/children", F_OK) != 0)
		return find_descendants(root, pids, max);
	add_children(&t, root);
	for (i = 0; i < t.n && i < max; i++)
		add_children(&t, pids[i]);
	return t.n;
}
