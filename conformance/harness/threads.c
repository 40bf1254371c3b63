/* SPDX-License-Identifier: MIT */
/* threads.c: threads, time and processes of a case's own. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proc.h"
#include "sanitizers.h"
#include "support.h"

double time_scale = 1;
_Thread_local bool thread_is_main;

/* ---- time ------------------------------------------------------------------- */

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

/* A smaller --timeout-scale is for the harness's own tests; a case needs some time. */
double short_time(void)
{
	return 0.02 * (time_scale > 1 ? time_scale : 1);
}

void pass_time(double seconds)
{
	struct timespec t = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};

	while (nanosleep(&t, &t) != 0)
		;
}

/* ---- threads ------------------------------------------------------------------ */

struct thread {
	pthread_t pthread;
	sem_t started; /* tid is known */
	pid_t tid;
	atomic_bool ended;
	void (*body)(void *arg);
	void *arg;
	struct thread *next;
};

static struct thread *threads; /* not joined; the main thread's */

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	t->tid = gettid();
	sem_post(&t->started);
	t->body(t->arg);
	atomic_store(&t->ended, true);
	return NULL;
}

struct thread *thread_start(void (*body)(void *arg), void *arg)
{
	struct thread *t = calloc(1, sizeof(*t));

	if (!t)
		give_up("out of memory");
	t->body = body;
	t->arg = arg;
	sem_init(&t->started, 0, 0);
	if (pthread_create(&t->pthread, NULL, thread_main, t) != 0)
		give_up("no thread could be started for the case");
	t->next = threads;
	threads = t;
	return t;
}

void thread_join(struct thread *t)
{
	struct thread **p;

	for (p = &threads; *p != t; p = &(*p)->next)
		if (!*p)
			give_up("thread_join of a thread that was joined before");
	*p = t->next;
	pthread_join(t->pthread, NULL);
	sem_destroy(&t->started);
	free(t);
}

void threads_join_all(void)
{
	while (threads)
		thread_join(threads);
}

#define SETTLE_SAMPLES 3
#define SETTLE_MOST 0.2 /* seconds, times time_scale: a thread that spins sleeps never */
#define SETTLE_THREADS 64
#define SETTLE_ALL 10 /* threads that spin; another one most likely does so too, and is not waited for */

static bool keeps_sleeping(pid_t tid, unsigned long *switches)
{
	struct proc_thread seen;
	bool same;

	if (!proc_thread_read(getpid(), tid, &seen))
		return true; /* it has ended */
	same = seen.state == 'S' && seen.switches == *switches;
	*switches = seen.switches;
	return same;
}

/* All of them have slept from one sample to the next, a few times in a row. */
static void settle(const pid_t *tids, size_t count)
{
	double end = now() + SETTLE_MOST * (time_scale > 1 ? time_scale : 1);
	unsigned long switches[SETTLE_THREADS] = {0};
	static atomic_int spinning;
	int same = 0;

	while (same < SETTLE_SAMPLES && now() < end && spinning < SETTLE_ALL) {
		bool all = true;
		size_t i;

		for (i = 0; i < count; i++)
			all = keeps_sleeping(tids[i], &switches[i]) && all;
		same = all ? same + 1 : 0;
		pass_time(0.0001);
	}
	if (same < SETTLE_SAMPLES)
		spinning++;
}

void thread_settle(struct thread *t)
{
	while (sem_wait(&t->started) != 0)
		;
	sem_post(&t->started);
	settle(&t->tid, 1);
}

void threads_settle(void)
{
	pid_t tids[SETTLE_THREADS];
	size_t i, n = 0, count = proc_threads(getpid(), tids, SETTLE_THREADS);

	for (i = 0; i < count && i < SETTLE_THREADS; i++)
		if (tids[i] != gettid())
			tids[n++] = tids[i];
	settle(tids, n);
}

int thread_count(void)
{
	return (int)proc_threads(getpid(), NULL, 0);
}

/* ---- processes ------------------------------------------------------------------ */

static int wait_for_process(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			give_up("waitpid failed for a process of the case");
	/* What the process found out ends the case. */
	if (atomic_load(&slot->decided))
		case_end();
	return status;
}

static _Noreturn void leave_process(void)
{
	struct finding f = {NULL, 0, "does not return", "returned"};

	if (!HAS(process_exit))
		exit(0);
	backend()->process_exit(0);
	end_as(FAIL, &f, "process_exit returned");
}

int process_run(void (*body)(void *arg), void *arg)
{
	pid_t pid;

	if (backend_is_loaded())
		give_up("process_run after the case has called the backend");
	arena_open();
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		give_up("no process could be started for the case");
	if (pid)
		return wait_for_process(pid);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* and no die_with: an explorer goes on here as another process */
	slot_ignore_threads();
	NEED(process_exit);
	body(arg);
	leave_process();
}

void __asan_init(void) __attribute__((weak, visibility("default")));

void need_fork(void)
{
	NEED(process_fork);
	if (__asan_init)
		unsupported("the allocator of AddressSanitizer does not survive a fork while other threads allocate");
}

bool process_fork_here(int *status)
{
	int pid;

	NEED(process_fork);
	fflush(NULL);
	pid = backend()->process_fork();
	if (pid < 0)
		give_up("process_fork returned %d", pid);
	if (pid) {
		*status = wait_for_process(pid);
		return false;
	}
	slot_ignore_threads();
	sanitizers_forget_leaks();
	entries_forget();
	threads = NULL;
	return true;
}

int process_fork_run(void (*body)(void *arg), void *arg)
{
	int status;

	if (!process_fork_here(&status))
		return status;
	body(arg);
	leave_process();
}

static void leave_when_settled(void *arg)
{
	(void)arg;
	threads_settle();
	_exit(0);
}

void process_leave_settled(void)
{
	thread_start(leave_when_settled, NULL);
}
