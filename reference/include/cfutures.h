/* SPDX-License-Identifier: MIT */
/*
 * cfutures.h: executors and futures on pthreads.
 *
 *	struct cf_executor *e;
 *	struct cf_future *f;
 *	void *value;
 *
 *	cf_thread_pool_new(NULL, &e);
 *	cf_executor_submit(e, task, arg, &f);
 *	cf_future_result(f, CF_FOREVER, &value);
 *	cf_future_release(f);
 *	cf_executor_shutdown(e, CF_WAIT);
 *	cf_executor_release(e);
 *
 * What holds for every call, unless its own contract says otherwise:
 *
 * Threads      Any thread may make it at any time, from inside a work item, an
 *              initializer, a done callback or a release function too.  Not
 *              from a signal handler.
 * Handles      A handle (struct cf_executor *, cf_future *, ...) is valid from
 *              the call that gives it until it is released.  To use one
 *              outside that time is an error that nothing detects.
 * Outputs      An out parameter is written only with the statuses that name
 *              it; otherwise it is left as it was.
 * Locks        No lock is held while a work item, a done callback, an
 *              initializer, a release function or a log hook runs.
 * Ordering     What a thread did before submit happens-before the work item.
 *              What the work item did happens-before every return that shows
 *              its future FINISHED.
 * Cancellation No call is a cancellation point of pthread_cancel.
 * Timeouts     Seconds as a double, on the monotonic clock.  CF_FOREVER waits
 *              without limit; zero or less asks and returns at once; a large
 *              one never overflows; NaN is refused with CF_INVALID_ARGUMENT.
 *
 * "Spec" names the clauses of the specification (spec/) that a call keeps.
 */
#ifndef CFUTURES_H
#define CFUTURES_H

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CF_VERSION "0.1.0"

/* A timeout without limit. */
#define CF_FOREVER ((double)INFINITY)

/* How a call ended.  CF_TIMEOUT and CF_CANCELLED are answers, not accidents. */
enum cf_status {
	CF_OK = 0,	     /* done as asked */
	CF_TIMEOUT,	     /* the time given was up first */
	CF_CANCELLED,	     /* the future was cancelled */
	CF_RAISED,	     /* the work item raised an exception */
	CF_BROKEN,	     /* the pool is broken: an initializer failed, or
				the workers stayed in the parent of a fork */
	CF_SHUTDOWN,	     /* the executor refuses new work */
	CF_INVALID_STATE,    /* the future's state forbids it; nothing changed */
	CF_INVALID_ARGUMENT, /* an argument outside what is documented */
	CF_NO_RESOURCES,     /* memory or threads ran out; nothing changed */
	CF_STOP_ITERATION    /* the iterator has nothing more */
};

/* The name of a status in capitals ("CF_OK"); a fixed text for any other number. */
const char *cf_status_name(enum cf_status status);

/* ---- futures -------------------------------------------------------- */

/* The handle on one submitted call: its state, then its outcome. */
struct cf_future;

/*
 * The states of a future.  PENDING goes to RUNNING and on to FINISHED, or to
 * CANCELLED and on to CANCELLED_AND_NOTIFIED.  There is no other way, but
 * for a future whose pool breaks: it goes from PENDING to FINISHED.
 * Spec STATE
 */
enum cf_state {
	CF_STATE_PENDING,
	CF_STATE_RUNNING,
	CF_STATE_CANCELLED,
	CF_STATE_CANCELLED_AND_NOTIFIED,
	CF_STATE_FINISHED
};

/*
 * A function to submit.  Returns CF_OK with *outcome set to its value, or
 * CF_RAISED with *outcome set to its exception; *outcome is NULL on entry.
 * Any other number counts as CF_RAISED.
 *
 * One that ends its thread (pthread_exit, pthread_cancel) counts as having
 * raised NULL, and the pool makes up for the worker that is lost.
 */
typedef int cf_task(void *arg, void **outcome);

/*
 * A done callback.  f is borrowed for the call.  Returns CF_OK; another
 * number says that it failed, which is logged (cf_set_log_hook) and stops no
 * other callback.
 */
typedef int cf_done_callback(struct cf_future *f, void *arg);

/*
 * Wait until f is done, and take its outcome.
 *
 * CF_OK         f finished: *outcome is the value
 * CF_RAISED     f finished: *outcome is the exception
 * CF_CANCELLED  f was cancelled
 * CF_BROKEN     f was PENDING when its pool broke; it never ran
 * CF_TIMEOUT    f was not done within timeout
 *
 * Every call on a done future gives the same answer.  Callbacks of f may
 * still be running when this returns.
 *
 * Ownership  borrows f.  The outcome is whoever's the work item meant it to
 *            be; the future never touches what it points at, unless
 *            cf_call.release_outcome was given: then it is the future's, and
 *            borrowed for as long as a handle on f is held.
 * Failure    none; allocates nothing
 * Spec       RESULT
 */
enum cf_status cf_future_result(struct cf_future *f, double timeout, void **outcome);

/*
 * Wait until f is done, and take its exception.
 *
 * CF_OK      f finished with a value; there is no exception
 * CF_RAISED  f finished: *exception is the exception
 * and the other statuses of cf_future_result.
 *
 * Ownership, Failure  as cf_future_result
 * Spec       RESULT
 */
enum cf_status cf_future_exception(struct cf_future *f, double timeout, void **exception);

/*
 * Cancel f unless a worker has begun it.
 *
 * Returns true if f is cancelled on return, by this call or an earlier one;
 * false if f is RUNNING or FINISHED, and then nothing has changed.
 *
 * The call that takes f from PENDING to CANCELLED wakes every waiter, then
 * runs f's done callbacks on the calling thread, oldest first, and then the
 * release function of its argument.  Later calls do neither.
 *
 * Ownership  borrows f
 * Ordering   happens-before every return from wait that sees f cancelled
 * Failure    none; allocates nothing
 * Spec       CANCEL
 */
bool cf_future_cancel(struct cf_future *f);

/*
 * Ask for the state of f, as it is at some moment between call and return:
 * cancelled is CANCELLED or CANCELLED_AND_NOTIFIED, running is RUNNING, done
 * is either of the first two or FINISHED.
 *
 * Ownership  borrow f
 * Failure    none
 * Spec       STATE
 */
bool cf_future_cancelled(struct cf_future *f);
bool cf_future_running(struct cf_future *f);
bool cf_future_done(struct cf_future *f);
enum cf_state cf_future_state(struct cf_future *f);

/*
 * Have callback(f, arg) called once, when f becomes done.
 *
 * CF_OK            it will be, or was, called
 * CF_NO_RESOURCES  it never will be
 *
 * Callbacks added before f is done run in the order they were added, on the
 * thread that makes f done (the worker, or the caller of cancel or shutdown);
 * one added later runs before this returns, on this thread, and may overlap
 * with the others.
 *
 * Ownership  borrows f
 * Spec       CALLBACK
 */
enum cf_status cf_future_add_done_callback(struct cf_future *f, cf_done_callback *callback, void *arg);

/*
 * Take one more handle on f; returns f.  Drop one.  The last to be dropped
 * frees it.  An executor holds one of its own for as long as it needs f, so a
 * future may be released before its work item has run, and may outlive its
 * executor.
 *
 * Failure  none.  cf_future_release(NULL) does nothing.
 * Spec     MEM
 */
struct cf_future *cf_future_retain(struct cf_future *f);
void cf_future_release(struct cf_future *f);

/* ---- the executor author's half of a future -------------------------- */

/*
 * Make a PENDING future that belongs to no executor.
 *
 * CF_OK            *f is the caller's
 * CF_NO_RESOURCES  out of memory
 * Spec             AUTHOR
 */
enum cf_status cf_future_new(struct cf_future **f);

/*
 * Begin f, or learn that it was cancelled.  To be called once, by whoever is
 * about to run f.
 *
 * CF_OK             *run is true: f went from PENDING to RUNNING, and the
 *                   caller goes on to set its outcome; or *run is false: f
 *                   went from CANCELLED to CANCELLED_AND_NOTIFIED
 * CF_INVALID_STATE  f was in another state, and still is
 *
 * Ownership  borrows f
 * Spec       AUTHOR
 */
enum cf_status cf_future_set_running_or_notify_cancel(struct cf_future *f, bool *run);

/*
 * Finish f with a value, or with an exception: wake every waiter, then run
 * its done callbacks on this thread, oldest first.
 *
 * CF_OK             f went from PENDING or RUNNING to FINISHED
 * CF_INVALID_STATE  f was cancelled or FINISHED, and still is, with the
 *                   outcome that it had
 *
 * Ownership  borrow f and what the pointer points at
 * Spec       AUTHOR
 */
enum cf_status cf_future_set_result(struct cf_future *f, void *value);
enum cf_status cf_future_set_exception(struct cf_future *f, void *exception);

/* ---- executors ------------------------------------------------------ */

/* Accepts work and owns the workers that do it. */
struct cf_executor;

/* A call to submit, in full. */
struct cf_call {
	cf_task *task;
	void *arg;

	/*
	 * NULL, or told once that the executor has let go of arg: on the
	 * worker when the task has returned, before its future is FINISHED;
	 * or, when it never runs, on the thread that made that certain.
	 * Not told when submit refuses.
	 */
	void (*release)(void *arg);

	/*
	 * NULL, or told once, when the last handle on the future is dropped,
	 * of its outcome: status is CF_OK or CF_RAISED.  Not told when there
	 * is none, the future being cancelled or broken.
	 */
	void (*release_outcome)(enum cf_status status, void *outcome);
};

/*
 * Hand a call to e.  submit(e, task, arg, f) is submit_call with no release
 * functions.
 *
 * CF_OK                accepted: it runs once unless it is cancelled, and
 *                      *f is a handle on its future; f may be NULL if
 *                      nobody will ask
 * CF_SHUTDOWN          e was shut down, or the process is leaving
 * CF_BROKEN            an initializer of e failed, or e was made before a
 *                      fork, in the parent
 * CF_NO_RESOURCES      out of memory, or a worker was due and no thread
 *                      could be started
 * A refused call leaves nothing behind: it never runs later.
 *
 * Ownership  borrows e and, for the call, *call; arg as struct cf_call says
 * Ordering   work items are begun in the order of their submits
 * Spec       EXEC, WORKER
 */
enum cf_status cf_executor_submit(struct cf_executor *e, cf_task *task, void *arg, struct cf_future **f);
enum cf_status cf_executor_submit_call(struct cf_executor *e, const struct cf_call *call, struct cf_future **f);

/* How to shut down: any of these, or'ed. */
enum cf_shutdown_flags {
	CF_NOWAIT = 0,	       /* return at once */
	CF_WAIT = 1,	       /* return when the last worker is gone */
	CF_CANCEL_FUTURES = 2  /* cancel what is PENDING */
};

/*
 * Refuse new work; finish what was accepted, or cancel what of it is PENDING.
 *
 * CF_OK                done; may be called again, with other flags too
 * CF_INVALID_ARGUMENT  flags has an unknown bit; nothing changed
 *
 * With CF_WAIT every work item has ended and every worker thread has been
 * joined on return.  A worker cannot wait for itself: called from inside a
 * work item, callback, initializer or release function that runs on a worker
 * of e, CF_WAIT is ignored.
 *
 * Ownership  borrows e, which is still to be released
 * Failure    none; allocates nothing
 * Spec       SHUTDOWN
 */
enum cf_status cf_executor_shutdown(struct cf_executor *e, unsigned flags);

/*
 * Take one more handle on e; returns e.  Drop one.  When the last is dropped
 * without a shutdown, the work that was accepted still runs, and then the
 * workers go, without anybody having to wait for them.
 *
 * Failure  none.  cf_executor_release(NULL) does nothing.
 * Spec     RELEASE
 */
struct cf_executor *cf_executor_retain(struct cf_executor *e);
void cf_executor_release(struct cf_executor *e);

/* ---- the thread pool -------------------------------------------------- */

/* Which thread pool to make.  All-zero bytes, or no struct, are the defaults. */
struct cf_thread_pool_options {
	/* The most workers it has at once; 0: usable CPUs + 4, at most 32. */
	int max_workers;

	/*
	 * NULL, or the names of its workers are this, '_' and a number from
	 * 0.  Borrowed for the call.  Default: "ThreadPool-N" with N a number
	 * of the pool's own.
	 */
	const char *thread_name_prefix;

	/*
	 * NULL, or run with initarg by each worker before its first work
	 * item.  A return other than CF_OK breaks the pool: what is PENDING
	 * finishes as CF_BROKEN, and submit is refused with that.
	 */
	int (*initializer)(void *initarg);
	void *initarg;
};

/*
 * Make a pool of threads that runs calls in the order they were submitted.
 * No thread is started before there is work for it, and none while another is
 * idle.
 *
 * CF_OK                *e is the caller's
 * CF_INVALID_ARGUMENT  max_workers is negative
 * CF_NO_RESOURCES      out of memory
 *
 * Process exit  exit() first lets the accepted work of every pool finish, and
 *               joins the workers; from then on every submit is refused.
 *               When a worker calls exit, nothing is waited for.
 * fork          The child has no workers: in it, what was accepted by the
 *               pools of the parent is CF_BROKEN (neither its callbacks nor
 *               its release functions are called), and so is submit to them.  Pools made in the child are
 *               whole.
 * Ownership     borrows options for the call
 * Spec          EXEC, WORKER, INIT, EXIT, FORK
 */
enum cf_status cf_thread_pool_new(const struct cf_thread_pool_options *options, struct cf_executor **e);

/*
 * How many workers pool e has at this moment, busy and idle; those that have
 * left do not count.  0 for an executor of another kind.
 */
int cf_thread_pool_workers(struct cf_executor *e);

/*
 * The full name of the calling worker, valid until the worker ends; NULL if
 * the caller is no worker.  The system is told as much of it as it takes.
 */
const char *cf_worker_name(void);

/* ---- many futures ---------------------------------------------------- */

/* When cf_wait returns. */
enum cf_return_when {
	CF_FIRST_COMPLETED, /* one is done, or none was given */
	CF_FIRST_EXCEPTION, /* one has raised or is broken, or all are done */
	CF_ALL_COMPLETED    /* all are done */
};

/*
 * Wait until return_when holds for the count futures at fs.
 *
 * CF_OK                return_when holds
 * CF_TIMEOUT           it did not hold within timeout
 * CF_INVALID_ARGUMENT  return_when is none of the three
 * CF_NO_RESOURCES      out of memory
 *
 * With CF_OK and CF_TIMEOUT done[i] tells for each i whether fs[i] was done,
 * as they all were at one and the same moment before the return.  done may
 * be NULL.  A future may be given more than once.
 *
 * Ownership  borrows the futures for the call
 * Failure    allocates once for more than sixteen
 * Spec       WAIT
 */
enum cf_status cf_wait(struct cf_future *const *fs, size_t count, double timeout,
		       enum cf_return_when return_when, bool *done);

/* Yields each of a set of futures as it completes. */
struct cf_completed;

/*
 * Begin to iterate over the count futures at fs: first those that are done,
 * in the order given, then the others as they complete.  One that is given
 * more than once is yielded once.
 *
 * CF_OK            *it is the caller's
 * CF_NO_RESOURCES  out of memory
 * (CF_INVALID_ARGUMENT for NaN)
 *
 * Threads    one at a time uses an iterator
 * Ownership  holds handles of its own on the futures; borrows the array for
 *            the call
 * Spec       ASCOMP
 */
enum cf_status cf_as_completed(struct cf_future *const *fs, size_t count, double timeout, struct cf_completed **it);

/*
 * The next one.
 *
 * CF_OK              *f is done; borrowed, as the caller's own handle is
 * CF_STOP_ITERATION  all were yielded
 * CF_TIMEOUT         none was there within the time, which runs from
 *                    cf_as_completed; asking again asks at once
 *
 * Failure  none; allocates nothing
 */
enum cf_status cf_completed_next(struct cf_completed *it, struct cf_future **f);

/* End it, early or not: nothing stays installed on any future. */
void cf_completed_release(struct cf_completed *it);

/*
 * The arguments of map.  next returns CF_OK with *arg set, CF_STOP_ITERATION,
 * or CF_RAISED with *arg an exception; after the last two it is not called
 * again.  It is called by the thread inside cf_executor_map or cf_map_next.
 */
struct cf_source {
	int (*next)(void *state, void **arg);
	void *state;
};

/* Yields the outcomes of a map in the order of its arguments. */
struct cf_map;

/*
 * Submit task for each argument of source.  With buffersize 0 all of them are
 * submitted before this returns; otherwise that many, and one more each time
 * an outcome is taken.
 *
 * CF_OK            *it is the caller's
 * CF_RAISED        source raised: *exception, which may be NULL if
 *                  nobody will ask, is what it raised
 * CF_SHUTDOWN, CF_BROKEN, CF_NO_RESOURCES  as cf_executor_submit
 * If it is refused, what was submitted for it and is PENDING is cancelled.
 *
 * Threads    one at a time uses an iterator
 * Ownership  holds a handle on e; *source is copied, its state is the
 *            caller's until cf_map_release
 * Spec       MAP
 */
enum cf_status cf_executor_map(struct cf_executor *e, cf_task *task, const struct cf_source *source,
			       double timeout, size_t buffersize, struct cf_map **it, void **exception);

/*
 * The next outcome.
 *
 * CF_OK, CF_RAISED   *outcome is the value, or the exception: of the task or,
 *                    after the last argument it gave, of source
 * CF_STOP_ITERATION  all were yielded
 * CF_TIMEOUT         it was not there within the time, which runs from
 *                    cf_executor_map; asking again asks for the same one
 * CF_CANCELLED, CF_BROKEN  as cf_future_result
 * CF_SHUTDOWN, CF_BROKEN, CF_NO_RESOURCES  an argument could not be submitted;
 *                    told after the outcomes of those that were, once
 *
 * Another status than CF_TIMEOUT takes the iterator on to the next one.
 */
enum cf_status cf_map_next(struct cf_map *it, void **outcome);

/* End it, early or not: what of it is PENDING is cancelled. */
void cf_map_release(struct cf_map *it);

/* ---- the process ------------------------------------------------------ */

/*
 * From now on have hook(arg, message) called when a done callback or an
 * initializer fails, on the thread where it failed, instead of a line on
 * stderr.  message is one line of text without its newline, borrowed for the
 * call.  hook NULL: a line on stderr again.  For the whole process.
 * Spec CALLBACK, INIT
 */
void cf_set_log_hook(void (*hook)(void *arg, const char *message), void *arg);

#ifdef __cplusplus
}
#endif

#endif
