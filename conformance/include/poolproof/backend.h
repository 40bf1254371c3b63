/* SPDX-License-Identifier: MIT */
/*
 * poolproof/backend.h: what an executor gives so that Poolproof can judge it.
 *
 * An adapter is one shared object that exports one function,
 *
 *	const struct pp_backend *poolproof_backend(const struct pp_host *host);
 *
 * which returns a table of functions.  Four entries are mandatory:
 * executor_new, submit, result and shutdown.  Every other entry may be NULL,
 * and that is how a backend says "I do not have this": the cases that need
 * the entry report UNSUPPORTED.
 *
 * Everything here is plain C99, C11 and C++11 or later, and needs no library.
 *
 * Handles      struct pp_executor, pp_future and the two iterators are never
 *              defined here.  An adapter defines them, or casts its own
 *              pointers.  One future has one address for as long as a handle
 *              on it is held: submit, a done callback and as_completed_next
 *              all name it by the same pointer.  A handle is never NULL.
 *
 * Values       A task returns a value or raises an exception.  Both are
 *              opaque pointers that a backend hands on unchanged, looks
 *              into never and owns never.  Every pointer is a good value, NULL
 *              among them, and every pointer is a good exception: which of the
 *              two an outcome is stands in the status, never in the pointer.
 *
 * Timeouts     Seconds as a double.  PP_FOREVER waits without limit.  Zero or
 *              less asks and returns at once.  However large, a finite
 *              timeout must not overflow into a short one.
 *
 * Threads      Unless an entry says otherwise, any thread may call it at any
 *              time, from inside a task, an initializer, a done callback or
 *              a release function too.
 *
 * Outputs      An out parameter is written only with the statuses that name
 *              it; otherwise it is left as it was.
 *
 * Clauses named here are those of spec/; `poolproof explain CLAUSE` prints one.
 */
#ifndef POOLPROOF_BACKEND_H
#define POOLPROOF_BACKEND_H

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The version of this header.  It grows when an entry changes or moves; entries
 * added at the end of the table change its size only.
 */
#define PP_ABI_VERSION 1

/* The name of the one function an adapter exports. */
#define PP_ENTRY_SYMBOL "poolproof_backend"

/* A timeout without limit. */
#define PP_FOREVER ((double)INFINITY)

/* For max_workers: the backend's own default. */
#define PP_WORKERS_DEFAULT INT_MIN

/* For concurrency and queue_bound: no limit of the backend's own. */
#define PP_UNLIMITED INT_MAX

/* How a call ended, named for the exceptions of the field. */
enum pp_status {
	PP_OK = 0,	     /* done as asked */
	PP_TIMEOUT,	     /* the time given was up first */
	PP_CANCELLED,	     /* the future was cancelled */
	PP_RAISED,	     /* the task, callback or source raised an exception */
	PP_BROKEN,	     /* the pool is broken: an initializer failed */
	PP_SHUTDOWN,	     /* the executor refuses new work */
	PP_INVALID_STATE,    /* the future's state forbids it; nothing changed */
	PP_INVALID_ARGUMENT, /* an argument outside what is documented */
	PP_NO_RESOURCES,     /* memory or threads ran out; nothing changed */
	PP_STOP_ITERATION    /* the iterator has nothing more */
};

/* When wait returns. */
enum pp_return_when {
	PP_FIRST_COMPLETED,
	PP_FIRST_EXCEPTION,
	PP_ALL_COMPLETED
};

struct pp_executor;
struct pp_future;
struct pp_completed; /* an as_completed iterator */
struct pp_map;	     /* a map iterator */

/*
 * A task.  Returns PP_OK with *outcome the value, or PP_RAISED with *outcome
 * the exception.  *outcome is NULL on entry.  It blocks for as long as it
 * likes, so a backend holds no lock of its own (a language's global
 * lock included) while it runs.
 */
typedef int pp_task(void *arg, void **outcome);

/*
 * A done callback.  f is the future, borrowed for the call.  Returns PP_OK, or
 * PP_RAISED for a callback that raises.
 */
typedef int pp_done_callback(struct pp_future *f, void *arg);

/* An initializer.  Returns PP_OK, or PP_RAISED for one that fails. */
typedef int pp_initializer(void *arg);

/* Told that the executor has let go of arg. */
typedef void pp_release(void *arg);

/* Told what a backend logs: a line of text, borrowed for the call. */
typedef void pp_log_hook(void *hook_arg, const char *message);

/*
 * The input of map: an iterator of arguments.  next returns PP_OK with *arg
 * set, PP_STOP_ITERATION, or PP_RAISED with *arg the exception.  After
 * either of the last two it is not called again.  It is called by the thread
 * that is inside map_begin or map_next, and by no other.
 */
struct pp_source {
	int (*next)(void *state, void **arg);
	void *state;
};

/* One -o key=value of the command line. */
struct pp_option {
	const char *key;
	const char *value;
};

/* What the harness tells the adapter; borrowed for the call of the entry. */
struct pp_host {
	size_t size;			 /* sizeof(struct pp_host) */
	unsigned abi;			 /* PP_ABI_VERSION of the harness */
	const struct pp_option *options; /* in command-line order */
	size_t option_count;
	char *error; /* where to say, in one line, why there is no backend */
	size_t error_size;
};

struct pp_backend {
	/* ---- who it is ------------------------------------------------- */

	size_t size;	     /* sizeof(struct pp_backend) */
	unsigned abi;	     /* PP_ABI_VERSION */
	const char *name;    /* of the executor, not of the adapter */
	const char *version; /* of the executor */

	/*
	 * How many tasks an executor runs at once at the most, besides the
	 * caller, whatever max_workers says.  0: tasks run inside submit.
	 * PP_UNLIMITED: as many as max_workers.
	 */
	int concurrency;

	/*
	 * How many work items the work queue holds before submit blocks or
	 * refuses.  PP_UNLIMITED: as many as memory.  A case that needs more
	 * is UNSUPPORTED, but for those about full work queues; to block or
	 * refuse with room left is a fault.
	 */
	int queue_bound;

	/* True if tasks run in processes that do not share the caller's
	 * memory, except for what was mapped shared before the executor was
	 * made. */
	bool separate_memory;

	/* ---- the executor ---------------------------------------------- */

	/*
	 * Mandatory.  Make an executor with at most max_workers workers, or
	 * as many as the backend likes for PP_WORKERS_DEFAULT.
	 *
	 * PP_OK                *e is a new executor
	 * PP_INVALID_ARGUMENT  max_workers is zero or less
	 * PP_NO_RESOURCES      memory or threads ran out
	 * Spec                 EXEC, WORKER
	 */
	int (*executor_new)(int max_workers, struct pp_executor **e);

	/*
	 * The same, with an initializer that each worker runs, with initarg,
	 * before its first task.  One that returns PP_RAISED breaks the pool.
	 *
	 * Spec  INIT
	 */
	int (*executor_new_with_initializer)(int max_workers,
					     pp_initializer *initializer,
					     void *initarg,
					     struct pp_executor **e);

	/*
	 * The same as executor_new, with a prefix for the names that
	 * worker_name tells.  The text is borrowed for the call.
	 *
	 * Spec  WORKER
	 */
	int (*executor_new_named)(int max_workers, const char *thread_name_prefix,
				  struct pp_executor **e);

	/*
	 * Mandatory.  Hand task and arg to e.
	 *
	 * PP_OK            accepted: *f is the caller's handle on its future
	 * PP_SHUTDOWN      refused, and the task never runs
	 * PP_BROKEN        refused, and the task never runs
	 * PP_NO_RESOURCES  refused, and the task never runs
	 * Spec             EXEC
	 */
	int (*submit)(struct pp_executor *e, pp_task *task, void *arg,
		      struct pp_future **f);

	/*
	 * The same, and release(arg) is called once, holding no lock, when
	 * the executor has let go of arg: after the task has ended, or when
	 * it is certain that it never runs.  Not called for a refused submit.
	 *
	 * Spec  MEM
	 */
	int (*submit_with_release)(struct pp_executor *e, pp_task *task,
				   void *arg, pp_release *release,
				   struct pp_future **f);

	/*
	 * Mandatory.  shutdown(wait=True): refuse new work, let all accepted
	 * work finish, and return when no worker is left.
	 *
	 * PP_OK  done; a second call returns PP_OK too
	 * Spec   SHUTDOWN
	 */
	int (*shutdown)(struct pp_executor *e);

	/* shutdown(wait=False): the same, and returns at once. */
	int (*shutdown_nowait)(struct pp_executor *e);

	/*
	 * shutdown(wait, cancel_futures=True): cancels all that is PENDING
	 * first.  wait=false is asked only of a backend that has
	 * shutdown_nowait.
	 */
	int (*shutdown_cancel)(struct pp_executor *e, bool wait);

	/*
	 * Drop the caller's handle.  e is not used again by the caller.
	 * Without a shutdown before it, queued work still runs, and the
	 * workers then go.
	 *
	 * Spec  RELEASE
	 */
	void (*executor_release)(struct pp_executor *e);

	/*
	 * How many workers e has now, busy and idle, or a negative number if
	 * that is not known at the moment.
	 */
	int (*worker_count)(struct pp_executor *e);

	/*
	 * From inside a task or an initializer: the name of the worker,
	 * NUL-terminated, cut to size bytes.
	 *
	 * PP_OK             buffer holds it
	 * PP_INVALID_STATE  the caller is not a worker
	 */
	int (*worker_name)(char *buffer, size_t size);

	/* ---- the caller's half of a future ----------------------------- */

	/*
	 * Mandatory.  Wait for the outcome of f.
	 *
	 * PP_OK         *outcome is the value
	 * PP_RAISED     *outcome is the exception
	 * PP_CANCELLED  f was cancelled
	 * PP_BROKEN     the pool broke before f ran
	 * PP_TIMEOUT    timeout seconds have passed first
	 * Spec          RESULT
	 */
	int (*result)(struct pp_future *f, double timeout, void **outcome);

	/*
	 * Wait for the exception of f.
	 *
	 * PP_OK      f finished with a value: there is no exception
	 * PP_RAISED  *exception is the exception
	 * and the other statuses of result.
	 */
	int (*exception)(struct pp_future *f, double timeout, void **exception);

	/* True if f is cancelled on return, by this call or an earlier one. */
	bool (*cancel)(struct pp_future *f);
	bool (*cancelled)(struct pp_future *f);
	bool (*running)(struct pp_future *f);
	bool (*done)(struct pp_future *f);

	/*
	 * Have callback(f, arg) called once, when f is cancelled or finished;
	 * at once, in this thread, if it is so already.
	 *
	 * PP_OK            it is or was called
	 * PP_NO_RESOURCES  it is never called
	 * Spec             CALLBACK
	 */
	int (*add_done_callback)(struct pp_future *f, pp_done_callback *callback,
				 void *arg);

	/* Drop the caller's handle on f. */
	void (*future_release)(struct pp_future *f);

	/* ---- the executor author's half of a future --------------------- */

	/* A PENDING future that no executor knows.  PP_OK, PP_NO_RESOURCES. */
	int (*future_new)(struct pp_future **f);

	/*
	 * PP_OK             *run is true and f is RUNNING, or *run is false
	 *                   and f, which was CANCELLED, is
	 *                   CANCELLED_AND_NOTIFIED
	 * PP_INVALID_STATE  f was in another state, and still is
	 * Spec              AUTHOR
	 */
	int (*set_running_or_notify_cancel)(struct pp_future *f, bool *run);

	/*
	 * PP_OK             f is FINISHED with the value or the exception
	 * PP_INVALID_STATE  f was cancelled or FINISHED, and nothing changed
	 */
	int (*set_result)(struct pp_future *f, void *value);
	int (*set_exception)(struct pp_future *f, void *exception);

	/* ---- many futures ---------------------------------------------- */

	/*
	 * Wait until return_when holds for the count futures at fs, or
	 * timeout seconds have passed.  Sets done[i] to whether fs[i] is done,
	 * as wait saw it.  fs may hold a future more than once; count may be
	 * 0.
	 *
	 * PP_OK                done[0..count-1] are set, also after a timeout
	 * PP_INVALID_ARGUMENT  return_when is none of the three
	 * PP_NO_RESOURCES      memory ran out
	 * Spec                 WAIT
	 */
	int (*wait)(struct pp_future *const *fs, size_t count, double timeout,
		    enum pp_return_when return_when, bool *done);

	/*
	 * Iterate over the count futures at fs as they complete.  The time
	 * runs from as_completed_begin.  The futures stay the caller's, who
	 * keeps them until as_completed_end; the array is borrowed for the
	 * call.  One thread at a time uses an iterator.  The three are there
	 * together, or none of them; so are those of map.
	 *
	 * as_completed_next:
	 * PP_OK              *f is one of fs, done, and not yielded before
	 * PP_STOP_ITERATION  all were yielded
	 * PP_TIMEOUT         the time was up first
	 * Spec               ASCOMP
	 */
	int (*as_completed_begin)(struct pp_future *const *fs, size_t count,
				  double timeout, struct pp_completed **it);
	int (*as_completed_next)(struct pp_completed *it, struct pp_future **f);
	void (*as_completed_end)(struct pp_completed *it);

	/*
	 * Submit task for each argument of source, and iterate over the
	 * outcomes in the order of the arguments.  The time runs from
	 * map_begin.  buffersize 0 submits all of source before map_begin
	 * returns; another one submits that many, then one more with each
	 * outcome that is taken.  source and its state stay the caller's, who
	 * keeps both until map_end.  One thread at a time uses an iterator.
	 *
	 * map_begin:
	 * PP_OK         *it is the iterator
	 * PP_RAISED     source raised: *exception is it
	 * PP_SHUTDOWN, PP_BROKEN, PP_NO_RESOURCES  as submit
	 * PP_INVALID_ARGUMENT  buffersize cannot be honoured by this backend
	 *
	 * map_next:
	 * PP_OK              *outcome is the next value
	 * PP_RAISED          *outcome is what the next task raised
	 * PP_STOP_ITERATION  all were yielded
	 * PP_TIMEOUT         the time was up first
	 * PP_CANCELLED       the next one was cancelled
	 * PP_SHUTDOWN, PP_BROKEN, PP_NO_RESOURCES  as submit
	 *
	 * map_end ends it, early or not; what is PENDING is cancelled.
	 * Spec  MAP
	 */
	int (*map_begin)(struct pp_executor *e, pp_task *task,
			 const struct pp_source *source, double timeout,
			 size_t buffersize, struct pp_map **it,
			 void **exception);
	int (*map_next)(struct pp_map *it, void **outcome);
	void (*map_end)(struct pp_map *it);
	bool map_has_buffersize; /* false: buffersize is always 0 */

	/* ---- the process ----------------------------------------------- */

	/*
	 * Leave the process with status the way programs of this backend do
	 * (exit, or what ends the language's runtime in good order), so that
	 * its promises about process exit can be seen.  Does not return.
	 *
	 * Spec  EXIT
	 */
	void (*process_exit)(int status);

	/*
	 * fork, as programs of this backend do.  Returns what fork returns.
	 *
	 * Spec  FORK
	 */
	int (*process_fork)(void);

	/*
	 * From now on tell hook, too, what the backend logs when a done
	 * callback or an initializer raises.  hook NULL: no longer.
	 */
	void (*set_log_hook)(pp_log_hook *hook, void *hook_arg);

	/*
	 * Called once before the process is left after a case, when all that
	 * the case made was shut down and released: join what the backend
	 * keeps for itself, close what it opened.
	 */
	void (*finish)(void);
};

/*
 * The one function of an adapter.  It is called once in each process, before
 * any other entry.  The table lives as long as the process.
 *
 * NULL  there is no backend: host->error says why (an option that is
 *       unknown or wrong, a library that is not installed)
 */
typedef const struct pp_backend *pp_entry(const struct pp_host *host);

#ifdef __cplusplus
}
#endif

#endif
