/* SPDX-License-Identifier: MIT */
/*
 * pool.h: an executor as a monitor, and what makes one of its kind unusual.
 *
 * All that futures and executors are made of stands under one lock, and all who
 * wait for anything sleep on one condition, which every change broadcasts.
 * That is slow, and short enough to be seen to be right; it shares nothing with
 * the reference but the contract.
 *
 * A design says in what an executor differs: it is a file with a struct design
 * and the entry of the adapter, linked with this folder.
 *
 * No task, callback, initializer, release function or log hook is called with
 * the lock held.  A function whose name ends in _locked wants it held.
 */
#ifndef UNUSUAL_POOL_H
#define UNUSUAL_POOL_H

#include <poolproof/backend.h>

#include <pthread.h>

/* ---- the monitor --------------------------------------------------------- */

void monitor_enter(void);
void monitor_leave(void);

/* Something has changed. */
void monitor_tell_locked(void);

/* Sleep until something may have changed; false if the deadline has passed. */
bool monitor_wait_locked(double deadline);

/* So many seconds from now, on the monotonic clock; now if it is no number. */
double monitor_deadline(double timeout);
double monitor_left(double deadline);

/* In the child of a fork, by the thread that forked with the lock held. */
void monitor_renew(void);

/* ---- futures --------------------------------------------------------------- */

/* A PENDING future with so many handles; NULL if memory ran out. */
struct pp_future *future_make(int handles);
void future_drop(struct pp_future *f);

/* PENDING to RUNNING, or CANCELLED to CANCELLED_AND_NOTIFIED. */
int future_begin(struct pp_future *f, bool *run);

/* RUNNING, or PENDING, to FINISHED; status is PP_OK, PP_RAISED or PP_BROKEN. */
int future_finish(struct pp_future *f, int status, void *outcome);

int future_result(struct pp_future *f, double timeout, void **outcome);
bool future_cancel(struct pp_future *f);
bool future_is_cancelled_locked(const struct pp_future *f);

/* Entries of the table that are about futures alone. */
int future_exception(struct pp_future *f, double timeout, void **exception);
bool future_cancelled(struct pp_future *f);
bool future_running(struct pp_future *f);
bool future_done(struct pp_future *f);
int future_add_done_callback(struct pp_future *f, pp_done_callback *callback, void *arg);
int future_new(struct pp_future **f);
int future_set_result(struct pp_future *f, void *value);
int future_set_exception(struct pp_future *f, void *exception);
int many_wait(struct pp_future *const *fs, size_t count, double timeout,
	      enum pp_return_when return_when, bool *done);
int many_begin(struct pp_future *const *fs, size_t count, double timeout, struct pp_completed **it);
int many_next(struct pp_completed *it, struct pp_future **f);
void many_end(struct pp_completed *it);

void log_set_hook(pp_log_hook *hook, void *arg);
void log_line(const char *what);

/* ---- executors --------------------------------------------------------------- */

/* A work item. */
struct item {
	struct item *next;
	struct pp_future *future;
	pp_task *task;
	void *arg;
	pp_release *release; /* NULL: nobody wants to know */
	int status;	     /* what the task returned */
	void *outcome;
};

/* Oldest first. */
struct queue {
	struct item *first, *last;
};

void queue_add(struct queue *q, struct item *item);
struct item *queue_take(struct queue *q); /* NULL: there is none */

struct pp_executor {
	struct pp_executor *next, *previous; /* under the lock; all that there are */

	/* These never change. */
	int max_workers;
	pp_initializer *initializer; /* NULL: none */
	void *initarg;
	char prefix[512];

	/* Under the lock. */
	int handles;	     /* the caller's, and those of maps */
	bool shut;	     /* refuses new work */
	bool broken;
	bool foreign;	     /* of the parent of a fork */
	int queued;	     /* work items that nobody has taken */
	int workers, busy;   /* that there are; of which are between two takes */
	int named;	     /* that there ever were */
	int threads;	     /* workers, and others of the executor */
	int sweeping;	     /* calls of shutdown that still cancel */
	bool has_last;	     /* a thread has left, and is to be joined */
	bool joining;	     /* somebody is at it */
	pthread_t last;
	struct queue queue;  /* of a design without queues of its own */
	struct queue aside;  /* was cancelled, and is noticed later */
	struct queue ended;  /* has run, and is finished by another thread */
	struct queue *own;   /* of a design with queues of its own */
};

/* Memory for it comes with the thread, not with the first use, when there may be none. */
#define AT_THREAD_START __attribute__((tls_model("initial-exec")))

/* The executor that the calling thread belongs to, and which worker of it; or NULL and -1. */
extern _Thread_local struct pp_executor *home AT_THREAD_START;
extern _Thread_local int worker_number AT_THREAD_START;

/* Start a thread of e that is no worker; false if there is none to be had. */
bool thread_start_locked(struct pp_executor *e, void (*body)(struct pp_executor *e));

/* There is no worker, and there will be none. */
bool executor_is_over_locked(const struct pp_executor *e);

/* What submit would say: PP_OK, PP_SHUTDOWN or PP_BROKEN. */
int executor_accepts(struct pp_executor *e);
void executor_retain(struct pp_executor *e);
void executor_release(struct pp_executor *e);
int executor_submit(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f);

/* Let go of the argument, and finish the future with what the task returned. */
void item_finish(struct item *item);

int map_begin(struct pp_executor *e, pp_task *task, const struct pp_source *source, double timeout,
	      size_t buffersize, struct pp_map **it, void **exception);
int map_next(struct pp_map *it, void **outcome);
void map_end(struct pp_map *it);

/* For the initializer of a table, in its order: what is not about executors. */
#define POOL_FUTURE_ENTRIES                           \
	.result = future_result,                      \
	.exception = future_exception,                \
	.cancel = future_cancel,                      \
	.cancelled = future_cancelled,                \
	.running = future_running,                    \
	.done = future_done,                          \
	.add_done_callback = future_add_done_callback, \
	.future_release = future_drop,                \
	.future_new = future_new,                     \
	.set_running_or_notify_cancel = future_begin, \
	.set_result = future_set_result,              \
	.set_exception = future_set_exception,        \
	.wait = many_wait,                            \
	.as_completed_begin = many_begin,             \
	.as_completed_next = many_next,               \
	.as_completed_end = many_end,                 \
	.map_begin = map_begin,                       \
	.map_next = map_next,                         \
	.map_end = map_end,                           \
	.map_has_buffersize = true

/* ---- designs ------------------------------------------------------------------- */

struct design {
	const char *name;
	int concurrency;  /* as in struct pp_backend: no executor has more workers */
	bool eager;	  /* all workers are there from the start */
	bool late;	  /* what was cancelled is noticed when there is no other work */
	int bound;	  /* 0, or how many work items are queued before submit blocks */

	/* NULL, or where every thread comes by that goes on with anything. */
	void (*step)(void);

	/* NULL, or whether a sleep is to end at once, and without cause. */
	bool (*wakes)(void);

	/* NULL, or, for a new executor: false if memory or threads ran out. */
	bool (*open_locked)(struct pp_executor *e);
	void (*close)(struct pp_executor *e);

	/*
	 * NULL, or in place of pthread_create: false if there is no thread.  What has run body goes
	 * on afterwards, until no executor is left and finish_all is called.
	 */
	bool (*lend_locked)(void *(*body)(void *arg), void *arg);
	void (*finish_all)(void);

	/* NULL, or where a work item goes, and who takes which. */
	void (*put_locked)(struct pp_executor *e, struct item *item);
	struct item *(*take_locked)(struct pp_executor *e);

	/* NULL, or who calls item_finish when a task has ended. */
	void (*finish)(struct pp_executor *e, struct item *item);

	/* NULL, or an option of the command line; false if it is none. */
	bool (*option)(const struct pp_option *option);
};

extern const struct design *design; /* of the adapter */

/* What poolproof_backend returns. */
const struct pp_backend *pool_backend(const struct design *d, const struct pp_host *host);

#endif
