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

static void sleep_for(double seconds)
{
	struct timespec t = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};

	nanosleep(&t, NULL);
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

/* A thread that spins sleeps never; the case is to be right without this wait. */
void thread_settle(struct thread *t)
{
	double end = now() + 0.2 * (time_scale > 1 ? time_scale : 1);
	unsigned long switches = 0;
	struct proc_thread seen;
	int same = 0;

	while (sem_wait(&t->started) != 0)
		;
	sem_post(&t->started);
	while (same < SETTLE_SAMPLES && now() < end && !atomic_load(&t->ended)) {
		if (!proc_thread_read(getpid(), t->tid, &seen))
			return;
		same = seen.state == 'S' && (!same || seen.switches == switches) ? same + 1 : 0;
		switches = seen.switches;
		sleep_for(0.0001);
	}
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
	prctl(PR_SET_PDEATHSIG, SIGKILL);
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

int process_fork_run(void (*body)(void *arg), void *arg)
{
	int pid;

	NEED(process_fork);
	fflush(NULL);
	pid = backend()->process_fork();
	if (pid < 0)
		give_up("process_fork returned %d", pid);
	if (pid)
		return wait_for_process(pid);
	slot_ignore_threads();
	sanitizers_forget_leaks();
	entries_forget();
	threads = NULL;
	body(arg);
	leave_process();
}
