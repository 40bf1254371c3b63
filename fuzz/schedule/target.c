/* SPDX-License-Identifier: MIT */
/* target.c: see target.h. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIBRARY "poolproof-schedule.so"
#define START_SECONDS 60.0
#define LOOK 0.2 /* seconds between two looks at a target that does not answer */

static double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Beside the tool, or where `make install` puts it. */
static bool find_library(char *path, size_t size)
{
	static const char *const folders[] = {"", "../lib/", "../"};
	char tool[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", tool, sizeof(tool) - 1);
	size_t i;

	tool[n > 0 ? n : 0] = '\0';
	if (strrchr(tool, '/'))
		strrchr(tool, '/')[1] = '\0';
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		int length = snprintf(path, size, "%s%s%s", tool, folders[i], LIBRARY);

		if (length > 0 && (size_t)length < size && access(path, R_OK) == 0)
			return true;
	}
	return false;
}

static void stay(int fd)
{
	fcntl(fd, F_SETFD, fcntl(fd, F_GETFD) & ~FD_CLOEXEC);
}

/* A detached thread is one to join for libc, so that ThreadSanitizer would miss the join. */
static void set_tsan_options(void)
{
	const char *given = getenv("TSAN_OPTIONS");
	char options[1024];

	snprintf(options, sizeof(options), "report_thread_leaks=0:%s", given ? given : "");
	setenv("TSAN_OPTIONS", options, 1);
}

/* The library's variables are set in the child only. */
static _Noreturn void become_target(struct subject *s, const char *library)
{
	int null = open("/dev/null", O_RDONLY);
	char number[16];
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* see end_group() */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, STDIN_FILENO);
	dup2(s->output, STDOUT_FILENO);
	dup2(s->output, STDERR_FILENO);
	stay(s->fd);
	if (s->keep >= 0)
		stay(s->keep);
	personality(ADDR_NO_RANDOMIZE);
	snprintf(number, sizeof(number), "%d", s->fd);
	setenv(ENVIRONMENT, number, 1);
	setenv("LD_PRELOAD", library, 1);
	/* Resolved once, before the fork point, and not in each execution. */
	setenv("LD_BIND_NOW", "1", 1);
	/* One arena of malloc: which one a thread gets must not depend on time. */
	setenv("MALLOC_ARENA_MAX", "1", 1);
	set_tsan_options();
	execvp(s->argv[0], s->argv);
	dprintf(STDERR_FILENO, "%s\n", strerror(errno));
	_exit(127);
}

static bool open_memory(struct subject *s)
{
	s->fd = memfd_create("schedule", MFD_CLOEXEC);
	s->output = memfd_create("output", MFD_CLOEXEC);
	if (s->fd < 0 || s->output < 0 || ftruncate(s->fd, sizeof(struct memory)) < 0)
		return false;
	s->m = mmap(NULL, sizeof(struct memory), PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (s->m == MAP_FAILED)
		s->m = NULL;
	return s->m != NULL;
}

static void wait_on(uint32_t *word, uint32_t value, double seconds)
{
	struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

	syscall(SYS_futex, word, FUTEX_WAIT, value, &t, NULL, 0);
}

static bool has_gone(struct subject *s)
{
	if (waitpid(s->pid, &s->m->status, WNOHANG) != s->pid)
		return false;
	s->pid = 0;
	return true;
}

static bool await_fork_point(struct subject *s, char *error, size_t size)
{
	double end = clock_now() + START_SECONDS;

	while (!__atomic_load_n(&s->m->ready, __ATOMIC_SEQ_CST)) {
		wait_on(&s->m->ready, 0, LOOK);
		if (has_gone(s)) {
			char text[256];
			size_t n = subject_output(s, text, sizeof(text) - 1);

			text[n] = '\0';
			text[strcspn(text, "\n")] = '\0';
			snprintf(error, size, "%s: ended before there was a schedule to choose%s%s%s%s", s->argv[0],
				 s->m->text[0] ? ": " : "", s->m->text, text[0] ? ": " : "", text);
			return false;
		}
		if (clock_now() > end) {
			snprintf(error, size, "%s: does nothing for %g s", s->argv[0], START_SECONDS);
			return false;
		}
	}
	return true;
}

bool subject_start(struct subject *s, char *error, size_t size)
{
	char library[PATH_MAX + 64];

	if (!find_library(library, sizeof(library))) {
		snprintf(error, size, "there is no " LIBRARY " beside the tool; build it with make");
		return false;
	}
	if (!open_memory(s)) {
		snprintf(error, size, "no memory to share with the target: %s", strerror(errno));
		return false;
	}
	fflush(NULL);
	s->pid = fork();
	if (s->pid == 0)
		become_target(s, library);
	if (s->pid < 0) {
		snprintf(error, size, "no process could be started");
		return false;
	}
	return await_fork_point(s, error, size);
}

/* Nothing moves: what holds the token is inside something that we do not control. */
static void end_stuck(struct subject *s)
{
	struct memory *m = s->m;

	m->ending = END_STUCK;
	m->culprit = m->state.running;
	snprintf(m->text, sizeof(m->text), "no step for %g s", s->patience);
	if (m->pid > 0) {
		kill(m->pid, SIGKILL);
		kill(-m->pid, SIGKILL);
	}
}

static void look_at(struct subject *s)
{
	if (s->look)
		s->look(s->look_arg, s->m->pid);
	__atomic_store_n(&s->m->held, 2, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &s->m->held, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Between two looks.  If it was long, the machine had no time for us, and perhaps none for the target. */
static double short_of(double seconds)
{
	return seconds < 2 * LOOK ? seconds : 2 * LOOK;
}

/* What /proc has of a thread; false if there is none. */
static bool read_of_thread(int32_t tid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* Who has the token could run and did not, since the last look: the machine had no time for it. */
static bool is_starved(const struct memory *m, unsigned long long *ran)
{
	const struct thread *t = &m->state.thread[m->state.running];
	int32_t tid = t->tid ? t->tid : t->process;
	char stat[512], times[128], *state;
	unsigned long long before = *ran;

	if (!tid || !read_of_thread(tid, "stat", stat, sizeof(stat)) ||
	    !read_of_thread(tid, "schedstat", times, sizeof(times)))
		return false;
	*ran = strtoull(times, NULL, 10);
	state = strrchr(stat, ')');
	return state && strncmp(state, ") R", 3) == 0 && *ran == before;
}

bool subject_execute(struct subject *s)
{
	struct memory *m = s->m;
	uint32_t steps = UINT32_MAX;
	unsigned long long ran = 0;
	double quiet = 0, looked = clock_now();

	m->asked++;
	syscall(SYS_futex, &m->asked, FUTEX_WAKE, 1, NULL, NULL, 0);
	while (__atomic_load_n(&m->done, __ATOMIC_SEQ_CST) != m->asked) {
		wait_on(&m->done, m->asked - 1, LOOK);
		if (m->done == m->asked)
			break;
		if (has_gone(s))
			return false;
		if (m->held == 1)
			look_at(s);
		if (!is_starved(m, &ran))
			quiet += short_of(clock_now() - looked);
		looked = clock_now();
		if (m->state.steps != steps) {
			steps = m->state.steps;
			quiet = 0;
		} else if (m->ending == END_NONE && m->pid > 0 && quiet > s->patience) {
			end_stuck(s);
		}
	}
	return true;
}

void subject_end(struct subject *s)
{
	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	if (s->m)
		munmap(s->m, sizeof(*s->m));
	if (s->fd > 0)
		close(s->fd);
	if (s->output > 0)
		close(s->output);
	s->pid = 0;
	s->m = NULL;
	s->fd = s->output = -1;
}

size_t subject_output(const struct subject *s, char *buffer, size_t size)
{
	ssize_t n = pread(s->output, buffer, size, 0);

	return n > 0 ? (size_t)n : 0;
}

void subject_forget_output(struct subject *s)
{
	if (ftruncate(s->output, 0) == 0)
		lseek(s->output, 0, SEEK_SET);
}
