/* SPDX-License-Identifier: MIT */
/* shutdowns.h: what the cases about shutdown and release share: busy executors, and threads inside shutdown. */
#ifndef POOLPROOF_CASES_SHUTDOWNS_H
#define POOLPROOF_CASES_SHUTDOWNS_H

#include "futures.h"

#include <pthread.h>

#define FORMS 4

/* "a shutdown that waits" */
extern const char *const form_names[FORMS];

/* A task that ends when its gate is opened, and says so. */
struct work {
	struct gate *gate;
	struct counter *ended;
	struct record *tids; /* of the workers */
};
struct work *work_new(void);
int task_work(void *work, void **outcome);

/* n workers of e are at it. */
struct work *work_on(struct pp_executor *e, int n);

/* n tasks that meet, so that each is on a worker of its own. */
struct muster {
	struct barrier *all;
	struct record *tids; /* of the workers */
};
struct muster *muster_new(int n);
int task_muster(void *muster, void **outcome);

/*
 * Returns when the threads of these tasks are no workers of their executor any more: each
 * has ended, or runs a task of another executor, as a thread that the process keeps may.
 */
void await_gone(struct record *tids);

/*
 * A task whose thread, when it ends, waits at the gate that its key has for it: its worker
 * has gone, and the thread has not.
 */
struct slow_end {
	pthread_key_t key;
	struct gate *gate;
};
struct slow_end *slow_end_new(void);
int task_ends_slowly(void *slow_end, void **outcome);

/* So many futures of tasks that must not run are PENDING behind those that hold e. */
void submit_victims(struct pp_executor *e, struct pp_future **f, int n);
void expect_cancelled(struct pp_future **f, int n);

/* A thread inside shutdown. */
struct shutter {
	struct pp_executor *e;
	enum form form;
	struct counter *ended;
	int status; /* after shutter_join */
	long seen;  /* value of ended when shutdown had returned */
	struct counter *returned;
	struct thread *thread;
};

/* The thread is inside shutdown, if it can be, when this returns. */
void shutter_start(struct shutter *s, struct pp_executor *e, enum form form, struct counter *ended);

/* It returned OK, and no earlier than so many tasks had ended. */
void shutter_join(struct shutter *s, long ended);

/* It waits while running tasks of e, and queued ones, are still to be done. */
void expect_waits(enum form form, int workers, int running, int queued);

/* It leaves a task that returns and one that raises to their ends, and does not wait for them. */
void expect_running_task_ends(enum form form);

#endif
