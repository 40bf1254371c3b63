/* SPDX-License-Identifier: MIT */
/*
 * processes.c: processes begin, end, and are waited for.
 *
 * A fork copies what all threads of its process have done, so it is dependent on each
 * step of theirs; it is taken behind the handlers of pthread_atfork.  The end of a process
 * is dependent on them too, for it ends them.  A process that has taken its last step is gone
 * when another one asks.  What a process executes is not followed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "library.h"
#include "raw.h"

/* ---- fork ----------------------------------------------------------------------------- */

static int child; /* the thread that the child of a fork is */

static void before_fork(void)
{
	struct thread *t = me();

	fork_point();
	step((struct operation){.kind = OP_FORK});
	child = thread_forked(t);
	thread_at(child)->process = 0;
	memcpy(thread_at(child)->name, t->name, sizeof(t->name));
	thread_at(child)->handle = t->handle;
	objects_copy(t->pid, child + 1, number_of(t), child);
	turns_go_far();
}

static void in_child(void)
{
	raw(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	points_forked();
	become(child);
}

__attribute__((constructor)) static void prepare(void)
{
	if (is_preloaded())
		pthread_atfork(before_fork, NULL, in_child);
}

EXPORT pid_t fork(void)
{
	pid_t pid;
	int number;

	me();
	fork_point();
	pid = REAL(fork)();
	number = child;
	if (pid > 0)
		thread_at(number)->process = pid;
	return pid;
}

/* ---- what is executed in its place --------------------------------------------------------- */

EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	process_leaves();
	return REAL(execve)(path, argv, envp);
}

EXPORT int execv(const char *path, char *const argv[])
{
	process_leaves();
	return REAL(execv)(path, argv);
}

EXPORT int execvp(const char *file, char *const argv[])
{
	process_leaves();
	return REAL(execvp)(file, argv);
}

EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
	process_leaves();
	return REAL(execvpe)(file, argv, envp);
}

#define WORDS_MAX 1024

/* The words behind first, up to a NULL. */
static char **words_of(const char *first, va_list *rest, char **words)
{
	int n = 0;

	for (words[n] = (char *)first; words[n] && n < WORDS_MAX; words[n] = va_arg(*rest, char *))
		n++;
	words[n] = NULL;
	return words;
}

EXPORT int execl(const char *path, const char *word, ...)
{
	char *words[WORDS_MAX + 1];
	va_list rest;

	va_start(rest, word);
	words_of(word, &rest, words);
	va_end(rest);
	return execv(path, words);
}

EXPORT int execlp(const char *file, const char *word, ...)
{
	char *words[WORDS_MAX + 1];
	va_list rest;

	va_start(rest, word);
	words_of(word, &rest, words);
	va_end(rest);
	return execvp(file, words);
}

EXPORT int execle(const char *path, const char *word, ...)
{
	char *words[WORDS_MAX + 1], **envp;
	va_list rest;

	va_start(rest, word);
	words_of(word, &rest, words);
	envp = va_arg(rest, char **);
	va_end(rest);
	return execve(path, words, envp);
}

/* ---- waiting ---------------------------------------------------------------------------- */

bool process_is_gone(int pid)
{
	int i;

	for (i = 0; i < memory->state.threads; i++)
		if (thread_at(i)->pid == pid && thread_at(i)->state == THREAD_LIVE)
			return false;
	return true;
}

static bool is_child(const struct thread *t, pid_t pid)
{
	return t->process && !t->waited && t->parent == me()->pid && (pid <= 0 || t->process == pid);
}

/* A child that pid stands for, as it does for waitpid: one that is gone rather than another. */
static struct thread *child_of(pid_t pid)
{
	struct thread *found = NULL;
	int i;

	for (i = 0; i < memory->state.threads; i++) {
		struct thread *t = thread_at(i);

		if (!is_child(t, pid))
			continue;
		if (found)
			caveat(CAVEAT_CALL, NULL); /* which of them is the first is not a choice */
		if (!found || (process_is_gone(t->pid) && !process_is_gone(found->pid)))
			found = t;
	}
	return found;
}

static pid_t see_off(struct thread *t, int *status, int options, struct rusage *usage)
{
	t->waited = true;
	return REAL(wait4)(t->process, status, options & ~WNOHANG, usage);
}

EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	bool asks = options & WNOHANG;
	struct thread *t;
	struct operation op;

	me();
	t = child_of(pid);
	if (!t)
		return REAL(wait4)(pid, status, options, usage);
	op = operation_on(asks ? OP_TRYWAITPID : OP_WAITPID, process_object(t->pid), asks ? CHANGES : TAKES);
	op.argument = t->pid;
	step(op);
	return process_is_gone(t->pid) ? see_off(t, status, options, usage) : 0;
}

EXPORT pid_t wait3(int *status, int options, struct rusage *usage)
{
	return wait4(-1, status, options, usage);
}

EXPORT pid_t waitpid(pid_t pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}

EXPORT pid_t wait(int *status)
{
	return wait4(-1, status, 0, NULL);
}
