/* SPDX-License-Identifier: MIT */
/* forks.c: see forks.h. */
#include "forks.h"

#include <sys/wait.h>
#include <unistd.h>

struct log *log_new(void)
{
	struct log *log = shared_alloc(sizeof(*log));

	NEED(process_fork);
	log->ran = counter_new();
	log->gate = gate_new();
	log->pids = record_new();
	log->status[0] = log->status[1] = -1;
	log->outcome[0] = log->outcome[1] = token(9);
	return log;
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

struct log *log_of_threads_new(void)
{
#ifdef __SANITIZE_THREAD__
	unsupported("ThreadSanitizer lets the child of a fork start no threads");
#else
	return log_new();
#endif
}

void expect_left(int status, int code)
{
	context("the child has left by itself, and was not ended by a signal");
	EXPECT(WIFEXITED(status));
	context("the status that the child left with");
	EXPECT_INT(code, WEXITSTATUS(status));
}

void do_nothing(void *arg)
{
	(void)arg;
}

void use_own(void *arg)
{
	struct log *log = arg;
	struct pp_executor *e = executor_any();
	struct pp_future *f[WORK];
	void *outcome;
	int i;

	for (i = 0; i < WORK; i++)
		f[i] = submit(e, task_count, log->ran);
	for (i = 0; i < WORK; i++)
		log->used += result(f[i], PP_FOREVER, &outcome) == PP_OK;
	shutdown_wait(e);
}

void expect_used(struct log *log)
{
	context("futures of the child's own executor that gave their outcomes");
	EXPECT_INT(WORK, log->used);
	context("tasks of the child's own executor that ran");
	EXPECT_INT(WORK, counter_value(log->ran));
}

int task_note_process(void *arg, void **outcome)
{
	struct log *log = arg;

	(void)outcome;
	record_add(log->pids, (long)getpid());
	return PP_OK;
}

void shut_down_parents(void *e)
{
	backend()->shutdown(e);
}
