/* SPDX-License-Identifier: MIT */
/* forks.h: what the cases about fork share: what a child leaves behind, and what it does. */
#ifndef POOLPROOF_CASES_FORKS_H
#define POOLPROOF_CASES_FORKS_H

#include "shutdowns.h"

#define WORK 10

/* What a child, or a task, leaves behind. */
struct log {
	struct counter *ran; /* tasks of the child's own executors */
	int used;	     /* futures of these that gave their outcomes */
	struct pp_executor *e;
	struct pp_future *f[2];
	struct pp_completed *it;
	int status[2];
	int told[3];
	void *outcome[2];
	bool answer;
	struct gate *gate;
	struct record *pids; /* of the processes in which tasks of the parent ran */
	int left;	     /* what waitpid gave, in a task */
};

/* UNSUPPORTED without process_fork.  Statuses begin as -1, outcomes as token(9). */
struct log *log_new(void);

/* The same, for a child that starts threads: UNSUPPORTED under ThreadSanitizer, which ends it for that. */
struct log *log_of_threads_new(void);

/* The process left by itself, with code. */
void expect_left(int status, int code);

/* Bodies of a child: nothing; or to make, use and shut down an executor, of which expect_used is then true. */
void do_nothing(void *ignored);
void use_own(void *log);
void expect_used(struct log *log);

/* A task that notes the process it runs in. */
int task_note_process(void *log, void **outcome);

/* The body of a thread: a shutdown that waits, of the parent's executor. */
void shut_down_parents(void *e);

#endif
