/* SPDX-License-Identifier: MIT */
/*
 * case.h: what a conformance case is written with.
 *
 * A case is one function, named for its clause; writing it registers it:
 *
 *	CASE(cancel_3_pending_item_never_runs)
 *	{
 *		struct pp_executor *e = executor_new(1);
 *		struct gate *gate = hold(e, 1);
 *		struct pp_future *victim = submit(e, must_not_run, NULL);
 *
 *		EXPECT(cancel(victim));
 *		gate_open(gate);
 *		shutdown_wait(e);
 *		EXPECT(cancelled(victim));
 *	}
 *
 * The case runs in a process of its own, under a deadline, against the one
 * backend of the run.  States are reached by gates, never by sleeping.
 *
 * Threads   Checks, and every call below that can end the case, belong to the
 *           main thread of the case.  Tasks, callbacks and initializers
 *           record into the arena and call the backend through backend(); the
 *           main thread looks afterwards.
 * Entries   Each wrapper of a backend entry ends the case as UNSUPPORTED if
 *           the backend has no such entry, and as FAIL if it returns a
 *           number that is no enum pp_status.
 * Arena     What tasks share with the main thread is mapped shared, so that
 *           workers may be processes: gates, counters, barriers, records, and
 *           what shared_alloc gives.
 * Clean-up  When the case returns, the harness opens every gate, shuts down
 *           and releases every executor and releases every future and
 *           iterator that the wrappers made and the case did not release.
 *           Then it looks for threads and descriptors left behind.
 */
#ifndef POOLPROOF_CASE_H
#define POOLPROOF_CASE_H

#include <poolproof/backend.h>

#include <stdbool.h>
#include <stddef.h>

/* ---- writing a case -------------------------------------------------- */

struct pp_case {
	const char *name; /* clause_number_what: "cancel_3_pending_..." */
	const char *file;
	int line;
	void (*run)(void);
	struct pp_case *next;
};

/* Called by CASE before main. */
void case_register(struct pp_case *c);

#define CASE(name_)                                                          \
	void name_(void);                                                    \
	static struct pp_case case_##name_ = {#name_, __FILE__, __LINE__,    \
					      name_, NULL};                  \
	__attribute__((constructor)) static void register_##name_(void)      \
	{                                                                    \
		case_register(&case_##name_);                                \
	}                                                                    \
	void name_(void)

/* ---- checks: what makes a case PASS or FAIL ---------------------------- */

/*
 * A case that ends without having executed one of these is red.  The
 * expression that is judged stands last; each is evaluated once.
 */
#define EXPECT(condition) \
	check_true(__FILE__, __LINE__, (condition), #condition)
#define EXPECT_FALSE(condition) \
	check_false(__FILE__, __LINE__, (condition), #condition)
#define EXPECT_STATUS(expected, expression) \
	check_status(__FILE__, __LINE__, (expected), (expression), #expression)
#define EXPECT_INT(expected, expression) \
	check_int(__FILE__, __LINE__, (expected), (expression), #expression)
#define EXPECT_AT_LEAST(least, expression) \
	check_at_least(__FILE__, __LINE__, (least), (expression), #expression)
#define EXPECT_AT_MOST(most, expression) \
	check_at_most(__FILE__, __LINE__, (most), (expression), #expression)
#define EXPECT_PTR(expected, expression) \
	check_ptr(__FILE__, __LINE__, (expected), (expression), #expression)
#define EXPECT_STR(expected, expression) \
	check_str(__FILE__, __LINE__, (expected), (expression), #expression)

/* Say what went on before the next check, in the words of the contract; shown if it fails. */
void context(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A set-up step: false ends the case as UNRESOLVED. */
#define REQUIRE(condition) \
	require(__FILE__, __LINE__, (condition), #condition)

/* End the case as UNSUPPORTED, with the reason. */
void unsupported(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* End the case as UNSUPPORTED unless the backend has this entry. */
#define NEED(entry) \
	need(offsetof(struct pp_backend, entry), #entry)

/* True if the backend has this entry. */
#define HAS(entry) has_entry(offsetof(struct pp_backend, entry))

void check_true(const char *file, int line, bool value, const char *text);
void check_false(const char *file, int line, bool value, const char *text);
void check_status(const char *file, int line, int expected, int observed, const char *text);
void check_int(const char *file, int line, long expected, long observed, const char *text);
void check_at_least(const char *file, int line, long least, long observed, const char *text);
void check_at_most(const char *file, int line, long most, long observed, const char *text);
void check_ptr(const char *file, int line, const void *expected, const void *observed, const char *text);
void check_str(const char *file, int line, const char *expected, const char *observed, const char *text);
void require(const char *file, int line, bool value, const char *text);
void need(size_t offset, const char *entry);
bool has_entry(size_t offset);

/* The name of a status: "PP_OK". */
const char *status_name(int status);

/* ---- the arena -------------------------------------------------------- */

/* Zeroed memory that workers share, also if they are processes.  Never freed. */
void *shared_alloc(size_t size);

/* A pointer that stands for itself; i from 0 to 4095.  Never NULL. */
void *token(int i);

/* A gate: closed at first; whoever comes waits until it is opened for good. */
struct gate;
struct gate *gate_new(void);
void gate_wait(struct gate *g);		     /* any thread */
void gate_open(struct gate *g);		     /* any thread */
void gate_await(struct gate *g, int arrived); /* until so many have come */
int gate_arrived(struct gate *g);

/* A number that threads raise and wait for. */
struct counter;
struct counter *counter_new(void);
void counter_add(struct counter *c, long n);
long counter_value(struct counter *c);
void counter_await(struct counter *c, long least);

/* A barrier: meet returns when n have called it. */
struct barrier;
struct barrier *barrier_new(int n);
void barrier_meet(struct barrier *b);

/* A list of numbers, in the order in which threads add them; room for 4096. */
struct record;
struct record *record_new(void);
void record_add(struct record *r, long value);
long record_count(struct record *r);
long record_at(struct record *r, long i); /* -1 beyond the end */
void record_await(struct record *r, long count);

/* ---- tasks that many cases use ------------------------------------------ */

int task_return(void *arg, void **outcome);    /* returns arg */
int task_raise(void *arg, void **outcome);     /* raises arg */
int task_pass_gate(void *arg, void **outcome); /* gate_wait(arg); returns arg */
int task_count(void *arg, void **outcome);     /* counter_add(arg, 1); returns arg */
int must_not_run(void *arg, void **outcome);   /* the case FAILs if it ever runs */

/* The same for done callbacks, initializers and release functions. */
int callback_count(struct pp_future *f, void *arg); /* counter_add(arg, 1) */
int callback_must_not_run(struct pp_future *f, void *arg);
int initializer_count(void *arg); /* counter_add(arg, 1); succeeds */
int initializer_fail(void *arg);  /* fails */
void release_count(void *arg);	  /* counter_add(arg, 1) */

/* ---- the backend, through wrappers --------------------------------------- */

/* The table of the run's backend.  Loads it on first use in this process. */
const struct pp_backend *backend(void);

/*
 * An executor of n workers that can run n tasks at once; UNSUPPORTED if the
 * backend cannot, UNRESOLVED if it fails.
 */
struct pp_executor *executor_new(int n);

/*
 * One worker, or none: tasks may run inside submit.  For cases that never
 * block a task, so that inline executors meet them too.
 */
struct pp_executor *executor_any(void);

/* executor_new with an initializer, or with a thread-name prefix. */
struct pp_executor *executor_new_with_initializer(int n, pp_initializer *initializer, void *initarg);
struct pp_executor *executor_new_named(int n, const char *prefix);

/* The entry itself: what it returned; *e is set and cleaned up on PP_OK. */
int try_executor_new(int max_workers, struct pp_executor **e);

/* Submit; UNRESOLVED unless accepted.  try_submit gives the status instead. */
struct pp_future *submit(struct pp_executor *e, pp_task *task, void *arg);
int try_submit(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f);
struct pp_future *submit_with_release(struct pp_executor *e, pp_task *task, void *arg, pp_release *release);
int try_submit_with_release(struct pp_executor *e, pp_task *task, void *arg, pp_release *release, struct pp_future **f);

/*
 * For a case about full work queues: how many work items the queue takes behind busy workers, or n if it has
 * no bound; UNSUPPORTED if they are none or very many.  From here on submit and map may be kept waiting while it is
 * full, or refused with PP_NO_RESOURCES, and to wait for ever is HUNG.
 */
int queue_holds(int n);

/*
 * Make n workers of e busy: submits n tasks that wait at the gate returned, and
 * returns when all n are at it.  Their futures are cleaned up by the harness.
 */
struct gate *hold(struct pp_executor *e, int n);

int shutdown_wait(struct pp_executor *e);
int shutdown_nowait(struct pp_executor *e);
int shutdown_cancel(struct pp_executor *e, bool wait);

/* The forms of shutdown: UNSUPPORTED if the backend has not this one; then any thread may call it. */
enum form { WAITS, RETURNS, CANCELS_WAITS, CANCELS_RETURNS };
void need_form(enum form form);
int shut_down(struct pp_executor *e, enum form form);
void executor_release(struct pp_executor *e);
int worker_count(struct pp_executor *e);

int result(struct pp_future *f, double timeout, void **outcome);
int exception(struct pp_future *f, double timeout, void **exception);
bool cancel(struct pp_future *f);
bool cancelled(struct pp_future *f);
bool running(struct pp_future *f);
bool done(struct pp_future *f);
int add_done_callback(struct pp_future *f, pp_done_callback *callback, void *arg);
void future_release(struct pp_future *f);

struct pp_future *future_new(void); /* UNRESOLVED if it fails */
int set_running_or_notify_cancel(struct pp_future *f, bool *run);
int set_result(struct pp_future *f, void *value);
int set_exception(struct pp_future *f, void *exception);

int wait_for(struct pp_future *const *fs, size_t count, double timeout, enum pp_return_when return_when, bool *done);

struct pp_completed *as_completed_begin(struct pp_future *const *fs, size_t count, double timeout);
int as_completed_next(struct pp_completed *it, struct pp_future **f);
void as_completed_end(struct pp_completed *it);

int map_begin(struct pp_executor *e, pp_task *task, const struct pp_source *source, double timeout,
	      size_t buffersize, struct pp_map **it, void **exception);
int map_next(struct pp_map *it, void **outcome);
void map_end(struct pp_map *it);

/* A source that gives args[0..count-1]; pulled, if not NULL, counts its calls. */
struct pp_source *source_of(void *const *args, size_t count, struct counter *pulled);

/* A record that gets the number of lines logged from now on, one entry a line (value 1 each). */
struct record *log_record(void);

/* ---- threads, time and processes ------------------------------------- */

/* A thread of the case's own, so that two calls can be under way at once. */
struct thread;
struct thread *thread_start(void (*body)(void *arg), void *arg);
void thread_join(struct thread *t);

/*
 * Returns when t has ended or sleeps in the kernel.  This sharpens a case; what the
 * case says must be true without it too.
 */
void thread_settle(struct thread *t);

/* The same for all threads of the process besides the caller: workers become idle. */
void threads_settle(void);

/* The threads of the process, the caller and those of the harness among them. */
int thread_count(void);

/* Seconds on the monotonic clock. */
double now(void);

/*
 * A timeout, in seconds, for waits that are to time out: short, and longer where
 * everything is slower (TSan, Valgrind, --timeout-scale).
 */
double short_time(void);

/*
 * Sleep, where there is no event to wait for: a mistake gets its chance to show, or a
 * thread that is not the case's to end.  No verdict may depend on how long it takes.
 */
void pass_time(double seconds);

/*
 * Fork a process that loads the backend afresh, runs body(arg) as its main
 * program and, when body returns, leaves through the backend's process_exit(0).
 * Returns the status that waitpid gave.  UNSUPPORTED without process_exit.
 * To be called before the case has called the backend.
 * In it no check is made: body records into the arena.
 */
int process_run(void (*body)(void *arg), void *arg);

/*
 * The backend's process_fork; in the child, run body(arg), then leave through
 * process_exit(0), or exit(0) if the backend has none.  Returns the status
 * that waitpid gave.  UNSUPPORTED without process_fork.
 */
int process_fork_run(void (*body)(void *arg), void *arg);

/*
 * The backend's process_fork, where the child goes on as its parent does.  Returns true in the
 * child, and false in the parent, when the child has ended, with the status that waitpid gave.
 * UNSUPPORTED without process_fork.
 */
bool process_fork_here(int *status);

/* In such a child: a thread that leaves at once when the others have ended, or sleep. */
void process_leave_settled(void);

/* UNSUPPORTED unless there is a fork that may meet threads that allocate memory. */
void need_fork(void);

#endif
