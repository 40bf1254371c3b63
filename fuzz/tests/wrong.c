/* SPDX-License-Identifier: MIT */
/*
 * wrong.c: the reference, but for one thing that is wrong: -o way=NAME.
 *
 * What finds nothing here finds nothing anywhere.  Each way is a wrapper around
 * one entry of the reference.
 */
#define pp_executor cf_executor
#define pp_map cf_map
#include <poolproof/futures.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char way[32];
static atomic_int turn;

static bool is(const char *name)
{
	return strcmp(way, name) == 0;
}

/* ---- what became of an executor ------------------------------------------------------ */

/* Used again after so many; no program or round has half of that. */
#define POOLS 4096

struct pool {
	_Atomic(struct pp_executor *) e;
	pp_initializer *initializer;
	void *initarg;
	atomic_bool shut, failed;
	atomic_uint refusals;
};

static struct pool pools[POOLS];
static atomic_uint pool_count;
static atomic_bool any_failed, any_shut; /* of the newest executor */
static _Thread_local bool in_shutdown;

static struct pool *pool_new(pp_initializer *initializer, void *initarg)
{
	struct pool *pool = &pools[atomic_fetch_add(&pool_count, 1) % POOLS];

	atomic_store(&pool->e, NULL);
	pool->initializer = initializer;
	pool->initarg = initarg;
	atomic_store(&pool->shut, false);
	atomic_store(&pool->failed, false);
	atomic_store(&pool->refusals, 0);
	atomic_store(&any_failed, false);
	atomic_store(&any_shut, false);
	return pool;
}

static struct pool *pool_of(struct pp_executor *e)
{
	unsigned i = atomic_load(&pool_count);

	while (atomic_load(&pools[--i % POOLS].e) != e)
		;
	return &pools[i % POOLS];
}

static int initialize(void *arg)
{
	struct pool *pool = arg;
	int status = pool->initializer(pool->initarg);

	if (status != PP_OK && is("failure_ignored_once_shut") && atomic_load(&pool->shut))
		return PP_OK;
	if (status != PP_OK) {
		atomic_store(&pool->failed, true);
		atomic_store(&any_failed, true);
	}
	return status;
}

/* ---- tasks -------------------------------------------------------------------------- */

struct call {
	pp_task *task;
	void *arg;
	struct pp_future *future; /* where this file finishes it */
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static int run_late(const struct call *call, void **outcome)
{
	int status;

	if (atomic_fetch_add(&turn, 1) % 2)
		usleep(500);
	pthread_mutex_lock(&one_at_a_time);
	status = call->task(call->arg, outcome);
	pthread_mutex_unlock(&one_at_a_time);
	return status;
}

static int run_call(void *arg, void **outcome)
{
	struct call call = *(struct call *)arg;

	free(arg);
	if (is("never_runs"))
		return PP_OK;
	if (is("fifo"))
		return run_late(&call, outcome);
	if (is("double_run"))
		call.task(call.arg, outcome);
	if (is("exception_as_value"))
		return call.task(call.arg, outcome), PP_OK;
	if (is("wrong_outcome"))
		return call.task(call.arg, outcome), *outcome = way, PP_OK;
	return call.task(call.arg, outcome);
}

static int wrapped(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	struct call *call = malloc(sizeof(*call));
	int status;

	if (!call)
		return PP_NO_RESOURCES;
	*call = (struct call){task, arg, NULL};
	status = cf_executor_submit(e, run_call, call, f);
	if (status != CF_OK)
		free(call);
	return status;
}

/* Runs the task whatever its future says. */
static int run_regardless(void *arg, void **unused)
{
	struct call call = *(struct call *)arg;
	void *outcome = NULL;
	bool run;

	(void)unused;
	free(arg);
	cf_future_set_running_or_notify_cancel(call.future, &run);
	if (call.task(call.arg, &outcome) == PP_OK)
		cf_future_set_result(call.future, outcome);
	else
		cf_future_set_exception(call.future, outcome);
	cf_future_release(call.future);
	return PP_OK;
}

static int regardless(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	struct call *call = malloc(sizeof(*call));
	struct pp_future *inner, *outer;
	int status;

	*call = (struct call){task, arg, NULL};
	cf_future_new(&outer);
	call->future = cf_future_retain(outer);
	status = cf_executor_submit(e, run_regardless, call, &inner);
	if (status == CF_OK) {
		cf_future_release(inner);
		*f = outer;
		return status;
	}
	cf_future_release(outer);
	cf_future_release(outer);
	free(call);
	return status;
}

/* A work item that is begun whatever became of its future; what is let go of unbegun was cancelled. */
struct drained {
	pp_task *task;
	void *arg;
	pp_release *release; /* may be NULL */
	struct pool *pool;
	struct pp_future *future;
	bool begun;
};

/* While the pool is shut, it runs what was cancelled, too. */
static int run_drained(void *arg, void **unused)
{
	struct drained *d = arg;
	void *outcome = NULL;
	bool run;

	(void)unused;
	d->begun = true;
	cf_future_set_running_or_notify_cancel(d->future, &run);
	if (!run && !atomic_load(&d->pool->shut))
		return PP_OK;
	if (d->task(d->arg, &outcome) == PP_OK)
		cf_future_set_result(d->future, outcome);
	else
		cf_future_set_exception(d->future, outcome);
	return PP_OK;
}

static void release_drained(void *arg)
{
	struct drained *d = arg;
	bool run;

	if (!d->begun) {
		cf_future_cancel(d->future);
		cf_future_set_running_or_notify_cancel(d->future, &run);
	}
	cf_future_release(d->future);
	if (d->release)
		d->release(d->arg);
	free(d);
}

static int drained(struct pp_executor *e, pp_task *task, void *arg, pp_release *release, struct pp_future **f)
{
	struct drained *d = malloc(sizeof(*d));
	struct cf_call call = {.task = run_drained, .arg = d, .release = release_drained};
	struct pp_future *inner, *outer;
	int status;

	cf_future_new(&outer);
	*d = (struct drained){task, arg, release, pool_of(e), cf_future_retain(outer), false};
	status = cf_executor_submit_call(e, &call, &inner);
	if (status == CF_OK) {
		cf_future_release(inner);
		*f = outer;
		return status;
	}
	cf_future_release(outer);
	cf_future_release(outer);
	free(d);
	return status;
}

/* ---- tasks and callbacks when a request for memory or a thread has failed -------------- */

static bool has_memory(void)
{
	void *volatile block = malloc(1);

	free(block);
	return block;
}

/* Refuses every fourth call, though nothing is missing. */
static bool refuses(const char *name)
{
	return is(name) && atomic_fetch_add(&turn, 1) % 4 == 3;
}

/* What was on the work queue at a refusal is gone. */
struct queued {
	pp_task *task;
	void *arg;
	struct pool *pool;
	unsigned refusals;
};

static int run_queued(void *arg, void **outcome)
{
	struct queued q = *(struct queued *)arg;

	free(arg);
	return q.refusals == atomic_load(&q.pool->refusals) ? q.task(q.arg, outcome) : PP_OK;
}

static int queued(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	struct pool *pool = pool_of(e);
	struct queued *q = malloc(sizeof(*q));
	int status;

	if (!q)
		return PP_NO_RESOURCES;
	*q = (struct queued){task, arg, pool, atomic_load(&pool->refusals)};
	status = cf_executor_submit(e, run_queued, q, f);
	if (status == CF_NO_RESOURCES)
		atomic_fetch_add(&pool->refusals, 1);
	if (status != CF_OK)
		free(q);
	return status;
}

/* Once more what was refused: what was to fail has failed. */
static void submit_again(struct pp_executor *e, pp_task *task, void *arg)
{
	struct pp_future *f;

	if (cf_executor_submit(e, task, arg, &f) == CF_OK)
		cf_future_release(f);
}

static int starved(struct pp_executor *e, pp_task *task, void *arg, pp_release *release, struct pp_future **f)
{
	atomic_fetch_add(&pool_of(e)->refusals, 1);
	if (is("starved_runs"))
		submit_again(e, task, arg);
	if (is("starved_releases") && release)
		release(arg);
	return is("starved_is_ok") ? (int)cf_future_new(f) : PP_NO_RESOURCES;
}

/* A map that was refused runs what it has read. */
struct reading {
	const struct pp_source *source;
	void *args[16];
	int count;
};

static int read_one(void *state, void **arg)
{
	struct reading *r = state;
	int status = r->source->next(r->source->state, arg);

	if (status == PP_OK && r->count < 16)
		r->args[r->count++] = *arg;
	return status;
}

static int map_regardless(struct pp_executor *e, pp_task *task, const struct pp_source *source, struct pp_map **it)
{
	struct reading r = {.source = source};
	struct cf_source reads = {read_one, &r};
	int status = cf_executor_map(e, task, &reads, PP_FOREVER, 0, it, NULL);

	while (status == CF_NO_RESOURCES && r.count > 0)
		submit_again(e, task, r.args[--r.count]);
	return status;
}

/* What is refused runs all the same, here. */
static int refused(pp_task *task, void *arg, struct pp_future **f)
{
	void *outcome = NULL;
	bool run;

	if (is("refused_runs")) {
		task(arg, &outcome);
		return PP_SHUTDOWN;
	}
	cf_future_new(f);
	cf_future_set_running_or_notify_cancel(*f, &run);
	task(arg, &outcome);
	cf_future_set_result(*f, outcome);
	return PP_OK;
}

static int submit(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	int status;

	if (is("cancel_runs"))
		return regardless(e, task, arg, f);
	if (is("shut_pool_runs_cancelled"))
		return drained(e, task, arg, NULL, f);
	if (is("double_run") || is("wrong_outcome") || is("exception_as_value") || is("never_runs") || is("fifo"))
		return wrapped(e, task, arg, f);
	if (is("starved_loses_queue"))
		return queued(e, task, arg, f);
	if (refuses("refuses_submit") || (is("starved_for_good") && atomic_load(&pool_of(e)->refusals)))
		return PP_NO_RESOURCES;
	status = cf_executor_submit(e, task, arg, f);
	if (status == CF_NO_RESOURCES)
		return starved(e, task, arg, NULL, f);
	if (status == CF_BROKEN && is("accepts_when_broken"))
		return refused(task, arg, f);
	if (status == CF_BROKEN && is("loses_when_broken"))
		return cf_future_new(f);
	if (status == CF_SHUTDOWN && (is("refused_runs") || is("accepts_after_shutdown")))
		return refused(task, arg, f);
	return status;
}

static void release_nothing(void *arg)
{
	(void)arg;
}

/* What a broken pool has not begun is never let go of. */
struct kept {
	pp_task *task;
	void *arg;
	pp_release *release;
	struct pool *pool;
	bool begun;
};

static int run_kept(void *arg, void **outcome)
{
	struct kept *k = arg;

	k->begun = true;
	return k->task(k->arg, outcome);
}

static void release_kept(void *arg)
{
	struct kept *k = arg;

	if (k->begun || !atomic_load(&k->pool->failed))
		k->release(k->arg);
	free(k);
}

static int kept_when_broken(struct pp_executor *e, pp_task *task, void *arg, pp_release *release, struct pp_future **f)
{
	struct kept *k = malloc(sizeof(*k));
	struct cf_call call = {.task = run_kept, .arg = k, .release = release_kept};
	int status;

	*k = (struct kept){task, arg, release, pool_of(e), false};
	status = cf_executor_submit_call(e, &call, f);
	if (status != CF_OK)
		free(k);
	return status;
}

static int submit_with_release(struct pp_executor *e, pp_task *task, void *arg, pp_release *release,
			       struct pp_future **f)
{
	struct cf_call call = {.task = task, .arg = arg, .release = is("release_forgotten") ? release_nothing : release};
	int status;

	if (is("broken_keeps_argument"))
		return kept_when_broken(e, task, arg, release, f);
	if (is("shut_pool_runs_cancelled"))
		return drained(e, task, arg, release, f);
	if (is("release_needs_memory") && !has_memory())
		call.release = NULL;
	status = cf_executor_submit_call(e, &call, f);
	if (status == CF_NO_RESOURCES)
		return starved(e, task, arg, release, f);
	if (status == CF_BROKEN && is("loses_when_broken"))
		return cf_future_new(f);
	if (status == CF_OK && is("release_early"))
		release(arg);
	return status;
}

/* ---- futures --------------------------------------------------------------------------- */

/* A look, and then a step: right unless a worker comes in between. */
static bool cancel_what_was_pending(struct pp_future *f)
{
	bool pending = !cf_future_running(f) && !cf_future_done(f);

	return cf_future_cancel(f) || pending;
}

static bool cancel(struct pp_future *f)
{
	if (is("cancel_needs_memory") && !has_memory())
		return false;

	bool denies = is("shut_pool_denies") && atomic_load(&any_shut) && cf_future_cancelled(f);
	bool answer = is("cancel_looks_first") ? cancel_what_was_pending(f) : cf_future_cancel(f) && !denies;

	return is("cancel_lies") ? true : answer;
}

static bool done(struct pp_future *f)
{
	return is("done_lies") ? !cf_future_running(f) : cf_future_done(f);
}

static int result(struct pp_future *f, double timeout, void **outcome)
{
	int status;

	if (is("timeout_early") && timeout > 0)
		return cf_future_result(f, isinf(timeout) ? timeout : 0, outcome);
	status = cf_future_result(f, timeout, outcome);
	if (status == CF_CANCELLED && is("cancelled_turns_broken") && atomic_load(&any_failed))
		return PP_BROKEN;
	if (status == CF_TIMEOUT && is("timeout_writes"))
		*outcome = NULL;
	return status;
}

static int ignore(struct pp_future *f, void *arg)
{
	(void)f;
	(void)arg;
	return PP_OK;
}

struct twice {
	pp_done_callback *callback;
	void *arg;
};

static int call_twice(struct pp_future *f, void *arg)
{
	struct twice t = *(struct twice *)arg;

	free(arg);
	t.callback(f, t.arg);
	return t.callback(f, t.arg);
}

/* The callbacks of what shutdown cancels are forgotten. */
static int call_elsewhere(struct pp_future *f, void *arg)
{
	struct twice t = *(struct twice *)arg;

	free(arg);
	return in_shutdown ? PP_OK : t.callback(f, t.arg);
}

static int add_done_callback(struct pp_future *f, pp_done_callback *callback, void *arg)
{
	struct twice *t;
	int status;

	if (refuses("refuses_callback"))
		return PP_NO_RESOURCES;
	if (is("callback_lost") && !cf_future_done(f))
		callback = ignore;
	if (is("callback_looks_first") && !cf_future_done(f) && (usleep(1), cf_future_done(f)))
		return PP_OK;
	if (is("callback_early"))
		return callback(f, arg), PP_OK;
	if (!is("callback_twice") && !is("shutdown_loses_callbacks")) {
		status = cf_future_add_done_callback(f, callback, arg);
		if (status == CF_NO_RESOURCES && is("starved_calls_back"))
			cf_future_add_done_callback(f, callback, arg);
		return status;
	}
	t = malloc(sizeof(*t));
	*t = (struct twice){callback, arg};
	return cf_future_add_done_callback(f, is("callback_twice") ? call_twice : call_elsewhere, t);
}

static int set_result(struct pp_future *f, void *value)
{
	int status = is("outcome_needs_memory") && !has_memory() ? PP_NO_RESOURCES : (int)cf_future_set_result(f, value);

	return is("second_result") ? PP_OK : status;
}

static int wait_some(struct pp_future *const *fs, size_t count, double timeout, enum pp_return_when when, bool *done)
{
	size_t i;
	int status;

	if (refuses("refuses_wait"))
		return PP_NO_RESOURCES;
	if (is("wait_needs_memory") && !has_memory()) {
		memset(done, true, count);
		return PP_NO_RESOURCES;
	}
	if (is("exception_is_nothing_special") && when == PP_FIRST_EXCEPTION)
		when = PP_FIRST_COMPLETED;
	status = cf_wait(fs, count, is("wait_returns_early") ? 0 : timeout, (enum cf_return_when)when, done);

	for (i = 0; i < count && is("wait_tells_all"); i++)
		done[i] = true;
	return status == CF_TIMEOUT ? PP_OK : status;
}

/* ---- iterators ----------------------------------------------------------------------------- */

static int as_completed_next(struct pp_completed *it, struct pp_future **f)
{
	static _Thread_local struct pp_completed *of;
	static _Thread_local struct pp_future *last;
	int status;

	if (it == of && is("yields_twice") && atomic_fetch_add(&turn, 1) % 2)
		return *f = last, PP_OK;
	if (it == of && is("yields_one"))
		return PP_STOP_ITERATION;
	status = pp_cf_as_completed_next(it, f);
	if (status == PP_OK) {
		of = it;
		last = *f;
	}
	return status;
}

static int as_completed_begin(struct pp_future *const *fs, size_t count, double timeout, struct pp_completed **it)
{
	return refuses("refuses_iterator") ? PP_NO_RESOURCES : pp_cf_as_completed_begin(fs, count, timeout, it);
}

static int map_begin(struct pp_executor *e, pp_task *task, const struct pp_source *source, double timeout,
		     size_t buffersize, struct pp_map **it, void **exception)
{
	struct cf_source same = {source->next, source->state};

	if (is("starved_maps"))
		return map_regardless(e, task, source, it);
	return cf_executor_map(e, task, &same, timeout, buffersize, it, exception);
}

static int map_next(struct pp_map *it, void **outcome)
{
	int status = cf_map_next(it, outcome);

	if (status == CF_OK && is("map_loses_one") && atomic_fetch_add(&turn, 1) % 2)
		return cf_map_next(it, outcome);
	return status;
}

/* ---- executors ---------------------------------------------------------------------------- */

static int make(struct cf_thread_pool_options *options, struct pp_executor **e)
{
	struct pool *pool = pool_new(options->initializer, options->initarg);
	int status;

	if (refuses("refuses_executor"))
		return PP_NO_RESOURCES;
	if (options->initializer) {
		options->initializer = initialize;
		options->initarg = pool;
	}
	status = cf_thread_pool_new(options, e);
	if (status == CF_OK)
		atomic_store(&pool->e, *e);
	return status;
}

static int executor_new(int max_workers, struct pp_executor **e)
{
	struct cf_thread_pool_options options = {.max_workers = max_workers + (is("too_many_workers") || is("fifo"))};

	return max_workers <= 0 ? PP_INVALID_ARGUMENT : make(&options, e);
}

static int executor_new_with_initializer(int max_workers, pp_initializer *initializer, void *initarg,
					 struct pp_executor **e)
{
	struct cf_thread_pool_options options = {
		.max_workers = max_workers,
		.initializer = is("initializer_skipped") ? NULL : initializer,
		.initarg = initarg,
	};

	return max_workers <= 0 ? PP_INVALID_ARGUMENT : make(&options, e);
}

static int shut(struct pp_executor *e, unsigned how)
{
	struct pool *pool = pool_of(e);
	int status;

	if (is("shutdown_needs_memory") && !has_memory())
		return PP_NO_RESOURCES;
	atomic_store(&pool->shut, true);
	atomic_store(&any_shut, true);
	if (is("broken_hurries") && atomic_load(&pool->failed))
		how &= ~(unsigned)CF_WAIT;
	in_shutdown = true;
	status = cf_executor_shutdown(e, how);
	in_shutdown = false;
	return status;
}

static int shutdown_wait(struct pp_executor *e)
{
	return shut(e, is("shutdown_drops") ? CF_CANCEL_FUTURES | CF_WAIT : is("shutdown_hurries") ? CF_NOWAIT : CF_WAIT);
}

static int shutdown_nowait(struct pp_executor *e)
{
	return shut(e, is("shutdown_drops") ? CF_CANCEL_FUTURES : CF_NOWAIT);
}

static int shutdown_cancel(struct pp_executor *e, bool wait)
{
	return shut(e, (wait ? CF_WAIT : CF_NOWAIT) | (is("cancel_forgotten") ? CF_NOWAIT : CF_CANCEL_FUTURES));
}

/* ---- the table ------------------------------------------------------------------------------- */

static int exception(struct pp_future *f, double timeout, void **outcome)
{
	return cf_future_exception(f, timeout, outcome);
}

static int notify(struct pp_future *f, bool *run)
{
	return cf_future_set_running_or_notify_cancel(f, run);
}

static int set_exception(struct pp_future *f, void *value)
{
	return cf_future_set_exception(f, value);
}

static int future_new(struct pp_future **f)
{
	return refuses("refuses_future") ? PP_NO_RESOURCES : (int)cf_future_new(f);
}

static const struct pp_backend backend = {
	.size = sizeof(backend),
	.abi = PP_ABI_VERSION,
	.name = "wrong",
	.version = "1",
	.concurrency = PP_UNLIMITED,
	.queue_bound = PP_UNLIMITED,
	.executor_new = executor_new,
	.executor_new_with_initializer = executor_new_with_initializer,
	.submit = submit,
	.submit_with_release = submit_with_release,
	.shutdown = shutdown_wait,
	.shutdown_nowait = shutdown_nowait,
	.shutdown_cancel = shutdown_cancel,
	.executor_release = cf_executor_release,
	.result = result,
	.exception = exception,
	.cancel = cancel,
	.cancelled = cf_future_cancelled,
	.running = cf_future_running,
	.done = done,
	.add_done_callback = add_done_callback,
	.future_release = cf_future_release,
	.future_new = future_new,
	.set_running_or_notify_cancel = notify,
	.set_result = set_result,
	.set_exception = set_exception,
	.wait = wait_some,
	.as_completed_begin = as_completed_begin,
	.as_completed_next = as_completed_next,
	.as_completed_end = cf_completed_release,
	.map_begin = map_begin,
	.map_next = map_next,
	.map_end = cf_map_release,
	.map_has_buffersize = true,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	if (host->option_count == 1 && strcmp(host->options[0].key, "way") == 0)
		snprintf(way, sizeof(way), "%s", host->options[0].value);
	return &backend;
}
