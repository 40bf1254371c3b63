/* SPDX-License-Identifier: MIT */
/* guest.c: see guest.h. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper.h"
#include "proc.h"
#include "report.h"
#include "stacks.h"

#define FIRST_LOOK 0.1 /* seconds; most guests have ended by then */
#define NEXT_LOOK 0.1
#define MOST_STARVED 20 /* times its limit */
#define PATIENCE 2.0 /* seconds for a keeper to end once its tree is killed */
#define PROCESSES_MAX 256

static int signals = -1; /* a signalfd */
static bool interrupted;

bool guests_begin(char *error, size_t size)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (signals >= 0)
		return true;
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
		snprintf(error, size, "cannot watch over processes: %s", strerror(errno));
		return false;
	}
	signal(SIGPIPE, SIG_IGN);
	return true;
}

bool guest_open(struct guest *g, char *error, size_t size)
{
	g->slot = slot_new();
	g->output = memfd_create("output of a case", MFD_CLOEXEC);
	if (g->slot && g->output >= 0)
		return true;
	snprintf(error, size, "no memory for the record of a case: %s", strerror(errno));
	return false;
}

void guest_close(struct guest *g)
{
	if (g->slot)
		munmap(g->slot, sizeof(*g->slot));
	if (g->output > 0)
		close(g->output);
	free(g->stacks);
	memset(g, 0, sizeof(*g));
}

/* False if the keeper is gone: short of memory, the system may have killed it. */
static bool wake(struct guest *g)
{
	g->resting = false;
	return waitpid(g->pid, NULL, WNOHANG) == 0 && kill(g->pid, SIGCONT) == 0;
}

bool guest_start(struct guest *g, void (*keeper)(void *arg, int output), void *arg, double limit)
{
	pid_t supervisor = getpid();

	slot_clear(g->slot);
	if (ftruncate(g->output, 0) < 0 || lseek(g->output, 0, SEEK_SET) < 0)
		return false;
	free(g->stacks);
	g->stacks = NULL;
	g->end = GUEST_RUNNING;
	g->limit = limit;
	g->watch = (struct watch){0};
	g->decided = g->killed = 0;
	g->share = (struct watch_share){0};
	g->starved = 0;
	g->started = now();
	g->next_look = g->started + FIRST_LOOK;
	if (g->resting && wake(g))
		return true;
	fflush(NULL);
	g->pid = fork();
	if (g->pid == 0) {
		die_with(supervisor);
		slot = g->slot;
		keeper(arg, g->output);
		_exit(127);
	}
	return g->pid > 0;
}

static bool is_busy(const struct guest *g)
{
	return g->pid > 0 && !g->resting;
}

/* ---- ending a guest --------------------------------------------------------------- */

/* Each round may find what was forked during the one before. */
static void kill_tree(pid_t root)
{
	pid_t pids[PROCESSES_MAX];
	size_t i, n;
	int round;

	for (round = 0; round < 8; round++) {
		n = proc_descendants(root, pids, PROCESSES_MAX);
		for (i = 0; i < n && i < PROCESSES_MAX; i++)
			kill(pids[i], SIGKILL);
		if (!n)
			return;
	}
}

static void end_guest(struct guest *g, enum guest_end why)
{
	pid_t pids[PROCESSES_MAX];
	size_t n;

	if (why != GUEST_RUNNING) {
		n = proc_descendants(g->pid, pids, PROCESSES_MAX);
		g->stacks = stacks_of(pids, n < PROCESSES_MAX ? n : PROCESSES_MAX, g->slot);
		g->end = why;
	}
	kill_tree(g->pid);
	g->killed = now();
}

/* Children that nobody knows were adopted from a keeper that was killed. */
static void end_orphans(const struct guest *guests, size_t count)
{
	pid_t pids[PROCESSES_MAX];
	size_t i, k, n = proc_descendants(getpid(), pids, PROCESSES_MAX);
	siginfo_t info;

	for (i = 0; i < n && i < PROCESSES_MAX; i++) {
		info.si_pid = 0;
		for (k = 0; k < count && guests[k].pid != pids[i]; k++)
			;
		/* waitid tells a child of our own from one further down. */
		if (k == count && waitid(P_PID, pids[i], &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
			kill_tree(pids[i]);
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
	}
}

static void end_keeper(struct guest *g)
{
	kill_tree(g->pid);
	kill(g->pid, SIGKILL);
	waitpid(g->pid, NULL, 0);
	g->pid = 0;
}

static bool reap(struct guest *g)
{
	if (waitpid(g->pid, &g->status, WNOHANG | WUNTRACED) != g->pid)
		return false;
	g->resting = WIFSTOPPED(g->status) && atomic_load(&g->slot->checked);
	if (g->resting)
		g->status = 0;
	else if (WIFSTOPPED(g->status)) /* by nobody of ours */
		end_keeper(g);
	else
		g->pid = 0;
	g->seconds = now() - g->started;
	if (g->end == GUEST_RUNNING)
		g->end = GUEST_ENDED;
	return true;
}

/* ---- looking ------------------------------------------------------------------------ */

/*
 * Past its limit, of which the time that other programs have cost it is no part, but that there
 * is an end to it.  Where nothing is left below the keeper, it is about to say so.
 */
static bool is_overdue(struct guest *g, double taken)
{
	if (taken < g->limit / 4) /* it costs much to look */
		return false;
	g->starved += watch_starved(&g->share, g->pid);
	return taken - fmin(g->starved, MOST_STARVED * g->limit) > g->limit && proc_descendants(g->pid, &(pid_t){0}, 1);
}

static void look(struct guest *g)
{
	double t = now();

	g->next_look = t + NEXT_LOOK;
	if (g->killed) {
		if (t > g->killed + PATIENCE)
			kill(g->pid, SIGKILL);
		return;
	}
	/* A verdict is there: what still runs is of no interest for long. */
	if (!g->decided && atomic_load(&g->slot->decided) == 2)
		g->decided = t;
	if (g->decided && atomic_load(&g->slot->phase) < PHASE_LEAKS && t > g->decided + 5 * NEXT_LOOK) {
		end_guest(g, GUEST_RUNNING);
		return;
	}
	switch (watch_sample(&g->watch, g->pid, g->slot)) {
	case WATCH_BLOCKED:
		end_guest(g, GUEST_BLOCKED);
		return;
	case WATCH_STOPPED:
		end_guest(g, GUEST_STOPPED);
		return;
	case WATCH_ALIVE:
		break;
	}
	if (is_overdue(g, t - g->started))
		end_guest(g, GUEST_OVERDUE);
}

static void read_signals(void)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			interrupted = true;
}

int guests_news(void)
{
	return signals;
}

bool guests_interrupted(void)
{
	read_signals();
	return interrupted;
}

void guests_end(struct guest *guests, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (guests[i].pid > 0)
			end_keeper(&guests[i]);
	end_orphans(guests, 0);
}

/* Milliseconds until a guest is to be looked at. */
static int time_to_look(const struct guest *guests, size_t count)
{
	double first = INFINITY, t;
	size_t i;

	for (i = 0; i < count; i++)
		if (is_busy(&guests[i]) && guests[i].next_look < first)
			first = guests[i].next_look;
	if (isinf(first))
		return -1;
	t = first - now();
	return t <= 0 ? 0 : (int)(t * 1000) + 1;
}

struct guest *guests_wait(struct guest *guests, size_t count)
{
	struct pollfd p = {signals, POLLIN, 0};
	size_t i;

	for (;;) {
		for (i = 0; i < count && !interrupted; i++) {
			if (!is_busy(&guests[i]) || !reap(&guests[i]))
				continue;
			if (guests[i].status)
				end_orphans(guests, count);
			return &guests[i];
		}
		if (interrupted) {
			guests_end(guests, count);
			return NULL;
		}
		poll(&p, 1, time_to_look(guests, count));
		read_signals();
		for (i = 0; i < count; i++)
			if (is_busy(&guests[i]) && now() >= guests[i].next_look)
				look(&guests[i]);
	}
}

/* ---- what it wrote --------------------------------------------------------------------- */

char *guest_output(const struct guest *g, size_t max)
{
	struct stat st;
	size_t size, head, tail;
	char *text, *middle = NULL;

	if (fstat(g->output, &st) < 0 || st.st_size <= 0)
		return NULL;
	size = (size_t)st.st_size;
	tail = size > max ? max / 2 : 0;
	head = size > max ? max / 2 : size;
	if (tail)
		middle = text_format("\n[... %zu bytes ...]\n", size - head - tail);
	text = calloc(1, head + tail + 64);
	if (text && pread(g->output, text, head, 0) == (ssize_t)head && tail) {
		strcat(text, middle);
		if (pread(g->output, text + strlen(text), tail, (off_t)(size - tail)) < 0)
			text[head] = '\0';
	}
	free(middle);
	return text;
}

/* ---- guests that are not cases ----------------------------------------------------------- */

bool guest_run(struct guest *g, void (*body)(void *arg), void *arg, double limit)
{
	struct keeping k = {body, arg};

	if (!guest_start(g, keep_body, &k, limit))
		return false;
	return guests_wait(g, 1) != NULL;
}

const char *signal_text(int signal)
{
	static char text[96];
	const char *name = sigabbrev_np(signal);

	if (name)
		snprintf(text, sizeof(text), "SIG%s (%s)", name, strsignal(signal));
	else
		snprintf(text, sizeof(text), "signal %d", signal);
	return text;
}

char *guest_end_text(const struct guest *g)
{
	switch (g->end) {
	case GUEST_BLOCKED:
		return text_format("hangs: every thread is blocked for good");
	case GUEST_STOPPED:
		return text_format("hangs: the process was stopped by a signal");
	case GUEST_OVERDUE:
		return text_format("hangs: not finished after %g s", g->limit);
	default:
		break;
	}
	if (WIFSTOPPED(g->status))
		return text_format("crashes: it stopped its parent process");
	if (WIFSIGNALED(g->status) || !atomic_load(&g->slot->checked))
		return text_format("crashes: it killed its parent process");
	if (g->slot->signal)
		return text_format("crashes: killed by %s", signal_text(g->slot->signal));
	if (atomic_load(&g->slot->phase) != PHASE_EXIT)
		return text_format("leaves the process with status %d", g->slot->status);
	return NULL;
}
