/* SPDX-License-Identifier: MIT */
/*
 * selfchecks.c: the promises of an adapter, each a small sequential program.
 *
 * They ask for nothing that a poor pool could get wrong in a race: a single task
 * at a time, or some that do not matter to each other.  What fails here is in
 * the translation.
 */
#include "selfcheck.h"

#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

/* An out parameter that was not written still holds this. */
#define UNTOUCHED token(4000)

/* Pointers that a careless adapter takes for a status, or for nothing. */
static void *const odd_pointers[] = {
	NULL,	      (void *)1, (void *)2, (void *)3, (void *)4, (void *)5,	    (void *)6,
	(void *)7,    (void *)8, (void *)9, (void *)10, (void *)INTPTR_MIN, (void *)-1,
};
#define ODD_POINTERS (sizeof(odd_pointers) / sizeof(odd_pointers[0]))

/* ---- the table ------------------------------------------------------------------- */

static void table_is_consistent(void)
{
	context("map_has_buffersize is true and there is no map");
	EXPECT(!backend()->map_has_buffersize || HAS(map_begin));
	context("the author's entries are of use only with future_new");
	EXPECT(HAS(future_new) ||
	       !(HAS(set_running_or_notify_cancel) || HAS(set_result) || HAS(set_exception)));
	context("queue_bound is the number of work items before submit blocks or refuses, or PP_UNLIMITED");
	EXPECT_AT_LEAST(1, backend()->queue_bound);
	context("version is the executor's, as text");
	EXPECT(backend()->version != NULL);
}

/* ---- executors and futures ------------------------------------------------------- */

static void executors_differ(void)
{
	struct pp_executor *a = executor_any(), *b = executor_any();

	EXPECT(a != b);
}

static void futures_differ(void)
{
	struct pp_executor *e = executor_any();
	struct pp_future *a = submit(e, task_return, NULL);
	struct pp_future *b = submit(e, task_return, NULL);

	EXPECT(a != b);
}

static void expect_value(struct pp_executor *e, void *value)
{
	struct pp_future *f = submit(e, task_return, value);
	void *outcome = UNTOUCHED;

	context("a task returned %p", value);
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	context("a task returned %p", value);
	EXPECT_PTR(value, outcome);
}

static void values_are_kept(void)
{
	struct pp_executor *e = executor_any();
	size_t i;

	for (i = 0; i < ODD_POINTERS; i++)
		expect_value(e, odd_pointers[i]);
	expect_value(e, token(1));
}

static void expect_exception(struct pp_executor *e, void *raised)
{
	struct pp_future *f = submit(e, task_raise, raised);
	void *outcome = UNTOUCHED;

	context("a task raised %p", raised);
	EXPECT_STATUS(PP_RAISED, result(f, PP_FOREVER, &outcome));
	context("a task raised %p", raised);
	EXPECT_PTR(raised, outcome);
}

static void exceptions_are_kept(void)
{
	struct pp_executor *e = executor_any();
	size_t i;

	for (i = 0; i < ODD_POINTERS; i++)
		expect_exception(e, odd_pointers[i]);
	expect_exception(e, token(1));
}

static void exception_tells_them_apart(void)
{
	struct pp_executor *e;
	struct pp_future *good, *bad;
	void *outcome = UNTOUCHED;

	NEED(exception);
	e = executor_any();
	good = submit(e, task_return, token(1));
	bad = submit(e, task_raise, token(2));
	EXPECT_STATUS(PP_OK, exception(good, PP_FOREVER, &outcome));
	EXPECT_STATUS(PP_RAISED, exception(bad, PP_FOREVER, &outcome));
	EXPECT_PTR(token(2), outcome);
}

static void result_can_be_asked_again(void)
{
	struct pp_future *f = submit(executor_any(), task_return, token(3));
	void *first = UNTOUCHED, *second = UNTOUCHED;

	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &first));
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &second));
	EXPECT_PTR(first, second);
}

static int task_look_at_outcome(void *arg, void **outcome)
{
	counter_add(arg, *outcome == NULL ? 1 : 100);
	return PP_OK;
}

static void task_runs_once(void)
{
	struct counter *ran = counter_new();
	struct pp_executor *e = executor_any();
	void *outcome;

	result(submit(e, task_count, ran), PP_FOREVER, &outcome);
	shutdown_wait(e);
	EXPECT_INT(1, counter_value(ran));
}

static void outcome_is_null_on_entry(void)
{
	struct counter *c = counter_new();
	struct pp_future *f = submit(executor_any(), task_look_at_outcome, c);
	void *outcome;

	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_INT(1, counter_value(c));
}

/* ---- waiting ------------------------------------------------------------------------ */

static void zero_timeout_returns(void)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = gate_new();
	struct pp_future *f = submit(e, task_pass_gate, gate);
	void *outcome = UNTOUCHED;

	EXPECT_STATUS(PP_TIMEOUT, result(f, 0, &outcome));
	EXPECT_STATUS(PP_TIMEOUT, result(f, -1, &outcome));
	EXPECT_STATUS(PP_TIMEOUT, result(f, short_time(), &outcome));
	context("result returned PP_TIMEOUT");
	EXPECT_PTR(UNTOUCHED, outcome);
}

struct asking {
	struct pp_future *f;
	double timeout;
	int status;
};

static void ask(void *arg)
{
	struct asking *a = arg;
	void *outcome;

	a->status = result(a->f, a->timeout, &outcome);
}

static void expect_long_wait(double timeout)
{
	struct gate *gate = gate_new();
	struct asking a = {submit(executor_new(1), task_pass_gate, gate), timeout, -1};
	struct thread *t = thread_start(ask, &a);

	thread_settle(t);
	gate_open(gate);
	thread_join(t);
	context("a task that took a moment, and a timeout of %g", timeout);
	EXPECT_STATUS(PP_OK, a.status);
}

static void long_timeouts_wait(void)
{
	expect_long_wait(PP_FOREVER);
	expect_long_wait(1e6);
}

static void blocked_task_blocks_nobody(void)
{
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct pp_executor *other = executor_any();
	struct pp_future *f = submit(other, task_return, token(1));
	void *outcome = UNTOUCHED;

	context("a task of another executor waits at a gate");
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	gate_open(gate);
}

static void concurrency_is_reached(void)
{
	int i, most = backend()->concurrency, n = most < 4 ? most : 4;
	struct pp_executor *e = executor_new(n);
	struct gate *gate = gate_new();

	for (i = 0; i < n; i++)
		submit(e, task_pass_gate, gate);
	/* If fewer run at once, this hangs, and the watch tells so. */
	gate_await(gate, n);
	EXPECT_INT(n, gate_arrived(gate));
}

static void inline_means_inside_submit(void)
{
	struct counter *ran = counter_new();

	if (backend()->concurrency != 0)
		unsupported("tasks run beside the caller");
	submit(executor_any(), task_count, ran);
	context("concurrency is 0, and submit has returned");
	EXPECT_INT(1, counter_value(ran));
}

static int plain_memory;

static int task_write(void *arg, void **outcome)
{
	(void)arg;
	(void)outcome;
	plain_memory = 1;
	return PP_OK;
}

static void memory_is_as_declared(void)
{
	void *outcome;

	result(submit(executor_any(), task_write, NULL), PP_FOREVER, &outcome);
	context("separate_memory is %s, and a task wrote to a variable of the caller",
		backend()->separate_memory ? "true" : "false");
	EXPECT_INT(backend()->separate_memory ? 0 : 1, plain_memory);
}

/* ---- threads and tasks that call ------------------------------------------------------ */

static void use_executor(void *arg)
{
	void *outcome;
	struct pp_future *f;

	if (try_submit(arg, task_return, token(5), &f) == PP_OK)
		result(f, PP_FOREVER, &outcome);
}

static void any_thread_may_call(void)
{
	struct pp_executor *e = executor_any();
	struct thread *t = thread_start(use_executor, e);

	thread_join(t);
	EXPECT(true);
}

struct inner {
	struct pp_executor *e;
	struct counter *ran;
};

static int task_submit(void *arg, void **outcome)
{
	struct inner *inner = arg;
	struct pp_future *f;
	int status = backend()->submit(inner->e, task_count, inner->ran, &f);

	(void)outcome;
	if (status == PP_OK && backend()->future_release)
		backend()->future_release(f);
	return status == PP_OK ? PP_OK : PP_RAISED;
}

static void tasks_may_submit(void)
{
	struct inner *inner = shared_alloc(sizeof(*inner));
	void *outcome;

	if (backend()->separate_memory)
		unsupported("tasks run in processes of their own");
	inner->e = executor_any();
	inner->ran = counter_new();
	EXPECT_STATUS(PP_OK, result(submit(inner->e, task_submit, inner), PP_FOREVER, &outcome));
	counter_await(inner->ran, 1);
}

/* ---- shutdown ------------------------------------------------------------------------ */

static void shutdown_refuses(void)
{
	struct pp_executor *e = executor_any();
	struct pp_future *f = UNTOUCHED;

	EXPECT_STATUS(PP_OK, shutdown_wait(e));
	EXPECT_STATUS(PP_OK, shutdown_wait(e));
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(e, must_not_run, NULL, &f));
	context("submit was refused");
	EXPECT_PTR(UNTOUCHED, f);
}

static void shutdown_runs_what_was_accepted(void)
{
	struct pp_executor *e = executor_any();
	struct counter *ran = counter_new();
	int i;

	for (i = 0; i < 3; i++)
		submit(e, task_count, ran);
	shutdown_wait(e);
	EXPECT_INT(3, counter_value(ran));
}

/* ---- cancel and callbacks --------------------------------------------------------------- */

static void cancelled_is_a_status(void)
{
	struct pp_executor *e;
	struct gate *gate;
	struct pp_future *f;
	void *outcome = UNTOUCHED;

	NEED(cancel);
	e = executor_new(1);
	gate = hold(e, 1);
	f = submit(e, must_not_run, NULL);
	EXPECT(cancel(f));
	EXPECT_STATUS(PP_CANCELLED, result(f, PP_FOREVER, &outcome));
	context("result returned PP_CANCELLED");
	EXPECT_PTR(UNTOUCHED, outcome);
	gate_open(gate);
}

/* What a callback saw. */
struct call {
	struct pp_future *f;
	struct counter *calls;
};

static int callback_note(struct pp_future *f, void *arg)
{
	struct call *call = arg;

	call->f = f;
	counter_add(call->calls, 1);
	return PP_RAISED;
}

static void callback_gets_the_future(void)
{
	struct call *call = shared_alloc(sizeof(*call));
	struct pp_executor *e;
	struct pp_future *f;

	NEED(add_done_callback);
	e = executor_any();
	call->calls = counter_new();
	f = submit(e, task_return, NULL);
	EXPECT_STATUS(PP_OK, add_done_callback(f, callback_note, call));
	counter_await(call->calls, 1);
	context("the future that a done callback was given");
	EXPECT(call->f == f);
	shutdown_wait(e);
	EXPECT_INT(1, counter_value(call->calls));
}

static void log_is_told(void)
{
	struct call *call = shared_alloc(sizeof(*call));
	struct pp_executor *e;
	struct record *lines;

	NEED(add_done_callback);
	NEED(set_log_hook);
	e = executor_any();
	lines = log_record();
	call->calls = counter_new();
	add_done_callback(submit(e, task_return, NULL), callback_note, call);
	shutdown_wait(e);
	context("lines told to the log hook when a done callback raised");
	EXPECT_AT_LEAST(1, record_count(lines));
}

/* ---- many futures -------------------------------------------------------------------------- */

static void as_completed_ends(void)
{
	struct pp_future *f, *one;
	struct pp_completed *it;

	NEED(as_completed_begin);
	one = submit(executor_any(), task_return, NULL);
	it = as_completed_begin(&one, 1, PP_FOREVER);
	EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
	context("as_completed yields the handle that submit gave");
	EXPECT(f == one);
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

static void map_ends(void)
{
	void *args[] = {NULL, token(1), (void *)PP_STOP_ITERATION};
	struct pp_map *it = NULL;
	void *outcome = NULL, *raised;
	int i;

	NEED(map_begin);
	EXPECT_STATUS(PP_OK, map_begin(executor_any(), task_return, source_of(args, 3, NULL),
				       PP_FOREVER, 0, &it, &raised));
	for (i = 0; i < 3; i++) {
		EXPECT_STATUS(PP_OK, map_next(it, &outcome));
		EXPECT_PTR(args[i], outcome);
	}
	EXPECT_STATUS(PP_STOP_ITERATION, map_next(it, &outcome));
	EXPECT_STATUS(PP_STOP_ITERATION, map_next(it, &outcome));
}

static void wait_sets_done(void)
{
	struct pp_executor *e;
	struct gate *gate;
	struct pp_future *fs[2];
	bool done[2] = {false, true};
	void *outcome;

	NEED(wait);
	e = executor_new(1);
	fs[0] = submit(e, task_return, NULL);
	result(fs[0], PP_FOREVER, &outcome);
	gate = hold(e, 1);
	fs[1] = submit(e, task_return, NULL);
	EXPECT_STATUS(PP_OK, wait_for(fs, 2, PP_FOREVER, PP_FIRST_COMPLETED, done));
	context("the future of a task that had ended");
	EXPECT(done[0]);
	context("a future that was PENDING");
	EXPECT_FALSE(done[1]);
	gate_open(gate);
}

/* ---- the rest --------------------------------------------------------------------------------- */

static void author_sets_a_result(void)
{
	struct pp_future *f = future_new();
	bool run = false;
	void *outcome = UNTOUCHED;

	EXPECT_STATUS(PP_OK, set_running_or_notify_cancel(f, &run));
	EXPECT(run);
	EXPECT_STATUS(PP_OK, set_result(f, NULL));
	EXPECT_STATUS(PP_INVALID_STATE, set_exception(f, token(1)));
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_PTR(NULL, outcome);
}

static void release_is_called_once(void)
{
	struct counter *released = counter_new();
	struct pp_executor *e;

	NEED(submit_with_release);
	e = executor_any();
	submit_with_release(e, task_count, released, release_count);
	shutdown_wait(e);
	context("one task, and one release of its argument, each counted once");
	EXPECT_INT(2, counter_value(released));
}

struct naming {
	int status;
	char name[8];
};

static int task_name(void *arg, void **outcome)
{
	struct naming *n = arg;

	(void)outcome;
	memset(n->name, '#', sizeof(n->name));
	n->status = backend()->worker_name(n->name, 4);
	return PP_OK;
}

static void worker_name_is_cut(void)
{
	struct naming *n = shared_alloc(sizeof(*n));
	struct pp_executor *e;
	void *outcome;

	NEED(worker_name);
	NEED(executor_new_named);
	e = executor_new_named(1, "a-long-prefix");
	result(submit(e, task_name, n), PP_FOREVER, &outcome);
	EXPECT_STATUS(PP_OK, n->status);
	context("a name cut to 4 bytes, its NUL among them");
	EXPECT(memchr(n->name, '\0', 4) != NULL && n->name[4] == '#');
}

static void worker_count_counts(void)
{
	struct pp_executor *e;
	struct gate *gate;

	NEED(worker_count);
	e = executor_new(1);
	gate = hold(e, 1);
	EXPECT_AT_MOST(1, worker_count(e));
	gate_open(gate);
}

static void run_one(void *arg)
{
	void *outcome;

	result(submit(executor_any(), task_count, arg), PP_FOREVER, &outcome);
}

static void process_exit_exits(void)
{
	struct counter *ran = counter_new();
	int status = process_run(run_one, ran);

	context("the status that waitpid gave for a process that ran a task and left by process_exit(0)");
	EXPECT_INT(0, status);
	EXPECT_INT(1, counter_value(ran));
}

static void count_child(void *arg)
{
	counter_add(arg, 1);
}

static void process_fork_forks(void)
{
	struct counter *children = counter_new();
	int status = process_fork_run(count_child, children);

	context("the status that waitpid gave for a child of process_fork");
	EXPECT_INT(0, status);
	EXPECT_INT(1, counter_value(children));
}

#define CHECK(function, promise, hint) {{promise, __FILE__, __LINE__, function, NULL}, hint}

const struct selfcheck selfchecks[] = {
	CHECK(table_is_consistent, "the table does not contradict itself", NULL),
	CHECK(executors_differ, "each executor has a handle of its own", "allocate one in executor_new"),
	CHECK(futures_differ, "each submit gives a future of its own",
	      "a handle stays the caller's until future_release; do not give it out again before"),
	CHECK(values_are_kept, "values come back as they were, whatever the pointer",
	      "keep the status beside the pointer; no pointer, NULL or small, means anything"),
	CHECK(exceptions_are_kept, "exceptions come back as they were, as PP_RAISED",
	      "keep the task's status with the future, and return it from result"),
	CHECK(exception_tells_them_apart, "exception tells a value from an exception",
	      "PP_OK means that there is no exception"),
	CHECK(result_can_be_asked_again, "result gives the same answer twice",
	      "a future of the pool that can be asked once only needs a copy in the adapter"),
	CHECK(task_runs_once, "a task runs once", "one worker takes it, and calls it one time"),
	CHECK(outcome_is_null_on_entry, "a task finds its outcome NULL", "set it before the call of the task"),
	CHECK(zero_timeout_returns, "a timeout is kept, and leaves the outcome alone",
	      "zero or less asks and returns; write *outcome with PP_OK and PP_RAISED only"),
	CHECK(long_timeouts_wait, "a long timeout waits",
	      "PP_FOREVER is infinite; translate it to the pool's own way to wait without limit"),
	CHECK(blocked_task_blocks_nobody, "a task that blocks blocks no other call",
	      "hold no lock of the adapter or of its language while a task runs"),
	CHECK(concurrency_is_reached, "as many tasks run at once as declared",
	      "set .concurrency to what the pool really does, or make the pool with max_workers workers"),
	CHECK(inline_means_inside_submit, "tasks of an inline executor run inside submit",
	      ".concurrency = 0 says that; another number says that they run beside the caller"),
	CHECK(memory_is_as_declared, "tasks share the caller's memory as declared", "see .separate_memory"),
	CHECK(any_thread_may_call, "any thread may call",
	      "attach the thread to the language's runtime in each entry"),
	CHECK(tasks_may_submit, "a task may submit", "hold no lock of the adapter while a task runs"),
	CHECK(shutdown_refuses, "after shutdown, submit is refused with PP_SHUTDOWN",
	      "translate the pool's refusal; write *f with PP_OK only; a second shutdown is PP_OK"),
	CHECK(shutdown_runs_what_was_accepted, "shutdown returns when all work is done",
	      "let it wait for the workers"),
	CHECK(cancelled_is_a_status, "a cancelled future gives PP_CANCELLED", "it is no exception"),
	CHECK(callback_gets_the_future, "a done callback gets the handle that submit gave, once",
	      "one future has one address for as long as the caller has a handle on it"),
	CHECK(log_is_told, "the log hook is told of a callback that raises", NULL),
	CHECK(as_completed_ends, "as_completed yields the caller's handles, then PP_STOP_ITERATION", NULL),
	CHECK(map_ends, "map yields the values, then PP_STOP_ITERATION", NULL),
	CHECK(wait_sets_done, "wait sets every done[i]", "to false, too"),
	CHECK(author_sets_a_result, "the author's half finishes a future", NULL),
	CHECK(release_is_called_once, "submit_with_release releases the argument once", NULL),
	CHECK(worker_name_is_cut, "worker_name keeps to the buffer", "size counts the NUL"),
	CHECK(worker_count_counts, "worker_count counts the workers", NULL),
	CHECK(process_exit_exits, "process_exit leaves with its status", NULL),
	CHECK(process_fork_forks, "process_fork forks", NULL),
};
const size_t selfcheck_count = sizeof(selfchecks) / sizeof(selfchecks[0]);
