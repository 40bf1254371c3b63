/* SPDX-License-Identifier: MIT */
/*
 * entries.c: the backend's entries as cases call them.
 *
 * What a wrapper adds to its entry: UNSUPPORTED if the backend has none, FAIL if
 * the status is none, a note in the slot of which entry the main thread is in,
 * and a list of the handles, so that the clean-up can release them.
 *
 * mu guards the list.  It is held over no call of the backend.
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "case_process.h"
#include "loader.h"
#include "support.h"

enum kind { EXECUTOR, FUTURE, COMPLETED, MAP };

struct held {
	enum kind kind;
	void *handle;
	struct held *next;
};

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static struct held *held; /* newest first */
static struct pp_backend table;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool hooked;
void (*backend_stand_in)(struct pp_backend *table);

/* ---- the table ------------------------------------------------------------- */

static void load(void)
{
	char error[1024];
	int before = atomic_exchange(&slot->phase, PHASE_LOAD);
	double start = now();

	leaks_load_begin();
	if (!target_load(&table, error, sizeof(error)))
		give_up("the backend could not be loaded: %s", error);
	leaks_load_end();
	if (backend_stand_in)
		backend_stand_in(&table);
	loaded = true;
	slot->loading = now() - start;
	atomic_store(&slot->phase, before);
}

const struct pp_backend *backend(void)
{
	pthread_once(&once, load);
	return &table;
}

bool backend_is_loaded(void)
{
	return loaded;
}

bool has_entry(size_t offset)
{
	void *entry;

	memcpy(&entry, (const char *)backend() + offset, sizeof(entry));
	return entry != NULL;
}

void need(size_t offset, const char *entry)
{
	if (!has_entry(offset))
		unsupported("the backend has no %s", entry);
}

/* ---- around a call ----------------------------------------------------------- */

/* Only the main thread tells where it is: there is one place for it. */
static const struct pp_backend *enter(const char *entry)
{
	if (thread_is_main) {
		snprintf(slot->entry, sizeof(slot->entry), "%s", entry);
		slot->open_entry = 1;
	}
	return backend();
}

static void leave(void)
{
	if (thread_is_main)
		slot->open_entry = 0;
}

static int judged(const char *entry, int status)
{
	struct finding f = {NULL, 0, "one of enum pp_status", "another number"};

	leave();
	if (status < PP_OK || status > PP_STOP_ITERATION)
		end_as(FAIL, &f, "%s returned %d, which is no enum pp_status", entry, status);
	return status;
}

#define CALL(entry, ...) judged(#entry, enter(#entry)->entry(__VA_ARGS__))

#define CALL_VOID(entry, handle)               \
	do {                                   \
		enter(#entry)->entry(handle);  \
		leave();                       \
	} while (0)

/* ---- handles ------------------------------------------------------------------- */

static void keep(enum kind kind, void *handle, const char *entry)
{
	struct finding f = {NULL, 0, "a handle", "NULL"};
	struct held *h;

	if (!handle)
		end_as(FAIL, &f, "%s returned PP_OK and left no handle", entry);
	h = malloc(sizeof(*h));
	if (!h)
		give_up("out of memory");
	h->kind = kind;
	h->handle = handle;
	pthread_mutex_lock(&mu);
	h->next = held;
	held = h;
	pthread_mutex_unlock(&mu);
}

/* Take one entry of handle off the list; NULL is any handle. */
static void *forget(enum kind kind, void *handle)
{
	struct held **p, *h = NULL;

	pthread_mutex_lock(&mu);
	for (p = &held; *p; p = &(*p)->next) {
		if ((*p)->kind != kind || (handle && (*p)->handle != handle))
			continue;
		h = *p;
		*p = h->next;
		break;
	}
	pthread_mutex_unlock(&mu);
	handle = h ? h->handle : NULL;
	free(h);
	return handle;
}

static void shut_down_executors(void)
{
	struct held *h;

	for (h = held; h; h = h->next)
		if (h->kind == EXECUTOR)
			CALL(shutdown, h->handle);
}

void entries_clean_up(void)
{
	void *handle;

	if (!loaded)
		return;
	while ((handle = forget(MAP, NULL)))
		CALL_VOID(map_end, handle);
	while ((handle = forget(COMPLETED, NULL)))
		CALL_VOID(as_completed_end, handle);
	shut_down_executors();
	while ((handle = forget(FUTURE, NULL)))
		if (table.future_release)
			CALL_VOID(future_release, handle);
	while ((handle = forget(EXECUTOR, NULL)))
		if (table.executor_release)
			CALL_VOID(executor_release, handle);
	if (hooked)
		table.set_log_hook(NULL, NULL);
}

void entries_unload(void)
{
	once = (pthread_once_t)PTHREAD_ONCE_INIT;
	loaded = false;
}

void entries_forget(void)
{
	enum kind k;

	for (k = EXECUTOR; k <= MAP; k++)
		while (forget(k, NULL))
			;
}

/* ---- executors --------------------------------------------------------------- */

static void need_concurrency(int n)
{
	int most = backend()->concurrency;

	if (most == 0)
		unsupported("the backend runs tasks inside submit");
	if (n > most)
		unsupported("the backend runs %d tasks at once at the most, and the case needs %d", most, n);
}

static void made(const char *entry, int n, int status)
{
	if (status != PP_OK)
		give_up("%s(%d) returned %s", entry, n, status_name(status));
}

struct pp_executor *executor_new(int n)
{
	struct pp_executor *e = NULL;

	need_concurrency(n);
	made("executor_new", n, try_executor_new(n, &e));
	return e;
}

struct pp_executor *executor_any(void)
{
	struct pp_executor *e = NULL;

	made("executor_new", 1, try_executor_new(1, &e));
	return e;
}

struct pp_executor *executor_new_with_initializer(int n, pp_initializer *initializer, void *initarg)
{
	struct pp_executor *e = NULL;

	NEED(executor_new_with_initializer);
	need_concurrency(n);
	made("executor_new_with_initializer", n,
	     CALL(executor_new_with_initializer, n, initializer, initarg, &e));
	keep(EXECUTOR, e, "executor_new_with_initializer");
	return e;
}

struct pp_executor *executor_new_named(int n, const char *prefix)
{
	struct pp_executor *e = NULL;

	NEED(executor_new_named);
	need_concurrency(n);
	made("executor_new_named", n, CALL(executor_new_named, n, prefix, &e));
	keep(EXECUTOR, e, "executor_new_named");
	return e;
}

int try_executor_new(int max_workers, struct pp_executor **e)
{
	int status = CALL(executor_new, max_workers, e);

	if (status == PP_OK)
		keep(EXECUTOR, *e, "executor_new");
	return status;
}

struct pp_future *submit(struct pp_executor *e, pp_task *task, void *arg)
{
	struct pp_future *f = NULL;
	int status = try_submit(e, task, arg, &f);

	if (status != PP_OK)
		give_up("submit returned %s", status_name(status));
	return f;
}

int try_submit(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	int status = CALL(submit, e, task, arg, f);

	if (status == PP_OK)
		keep(FUTURE, *f, "submit");
	return status;
}

struct pp_future *submit_with_release(struct pp_executor *e, pp_task *task, void *arg, pp_release *release)
{
	struct pp_future *f = NULL;
	int status = try_submit_with_release(e, task, arg, release, &f);

	if (status != PP_OK)
		give_up("submit_with_release returned %s", status_name(status));
	return f;
}

int try_submit_with_release(struct pp_executor *e, pp_task *task, void *arg, pp_release *release,
			    struct pp_future **f)
{
	int status;

	NEED(submit_with_release);
	status = CALL(submit_with_release, e, task, arg, release, f);
	if (status == PP_OK)
		keep(FUTURE, *f, "submit_with_release");
	return status;
}

struct gate *hold(struct pp_executor *e, int n)
{
	struct gate *g = gate_new();
	int i;

	for (i = 0; i < n; i++)
		submit(e, task_pass_gate, g);
	gate_await(g, n);
	return g;
}

int shutdown_wait(struct pp_executor *e)
{
	return CALL(shutdown, e);
}

int shutdown_nowait(struct pp_executor *e)
{
	NEED(shutdown_nowait);
	return CALL(shutdown_nowait, e);
}

int shutdown_cancel(struct pp_executor *e, bool wait)
{
	NEED(shutdown_cancel);
	if (!wait)
		NEED(shutdown_nowait);
	return CALL(shutdown_cancel, e, wait);
}

void need_form(enum form form)
{
	if (form == RETURNS || form == CANCELS_RETURNS)
		NEED(shutdown_nowait);
	if (form == CANCELS_WAITS || form == CANCELS_RETURNS)
		NEED(shutdown_cancel);
}

int shut_down(struct pp_executor *e, enum form form)
{
	switch (form) {
	case WAITS:
		return backend()->shutdown(e);
	case RETURNS:
		return backend()->shutdown_nowait(e);
	default:
		return backend()->shutdown_cancel(e, form == CANCELS_WAITS);
	}
}

void executor_release(struct pp_executor *e)
{
	NEED(executor_release);
	forget(EXECUTOR, e);
	CALL_VOID(executor_release, e);
}

int worker_count(struct pp_executor *e)
{
	int n;

	NEED(worker_count);
	n = enter("worker_count")->worker_count(e);
	leave();
	return n;
}

/* ---- the caller's half of a future --------------------------------------------- */

int result(struct pp_future *f, double timeout, void **outcome)
{
	return CALL(result, f, timeout, outcome);
}

int exception(struct pp_future *f, double timeout, void **exception)
{
	NEED(exception);
	return CALL(exception, f, timeout, exception);
}

/* Entries that answer yes or no cannot return garbage: any byte is one of the two. */
#define ASK(entry)                              \
	bool entry(struct pp_future *f)         \
	{                                       \
		bool yes;                       \
						\
		NEED(entry);                    \
		yes = enter(#entry)->entry(f);  \
		leave();                        \
		return yes;                     \
	}

ASK(cancel)
ASK(cancelled)
ASK(running)
ASK(done)

int add_done_callback(struct pp_future *f, pp_done_callback *callback, void *arg)
{
	NEED(add_done_callback);
	return CALL(add_done_callback, f, callback, arg);
}

void future_release(struct pp_future *f)
{
	NEED(future_release);
	forget(FUTURE, f);
	CALL_VOID(future_release, f);
}

/* ---- the executor author's half ------------------------------------------------- */

struct pp_future *future_new(void)
{
	struct pp_future *f = NULL;
	int status;

	NEED(future_new);
	status = CALL(future_new, &f);
	if (status != PP_OK)
		give_up("future_new returned %s", status_name(status));
	keep(FUTURE, f, "future_new");
	return f;
}

int set_running_or_notify_cancel(struct pp_future *f, bool *run)
{
	NEED(set_running_or_notify_cancel);
	return CALL(set_running_or_notify_cancel, f, run);
}

int set_result(struct pp_future *f, void *value)
{
	NEED(set_result);
	return CALL(set_result, f, value);
}

int set_exception(struct pp_future *f, void *exception)
{
	NEED(set_exception);
	return CALL(set_exception, f, exception);
}

/* ---- many futures ---------------------------------------------------------------- */

int wait_for(struct pp_future *const *fs, size_t count, double timeout,
	     enum pp_return_when return_when, bool *done)
{
	NEED(wait);
	return CALL(wait, fs, count, timeout, return_when, done);
}

struct pp_completed *as_completed_begin(struct pp_future *const *fs, size_t count, double timeout)
{
	struct pp_completed *it = NULL;
	int status;

	NEED(as_completed_begin);
	NEED(as_completed_next);
	NEED(as_completed_end);
	status = CALL(as_completed_begin, fs, count, timeout, &it);
	if (status != PP_OK)
		give_up("as_completed_begin returned %s", status_name(status));
	keep(COMPLETED, it, "as_completed_begin");
	return it;
}

int as_completed_next(struct pp_completed *it, struct pp_future **f)
{
	return CALL(as_completed_next, it, f);
}

void as_completed_end(struct pp_completed *it)
{
	forget(COMPLETED, it);
	CALL_VOID(as_completed_end, it);
}

int map_begin(struct pp_executor *e, pp_task *task, const struct pp_source *source, double timeout,
	      size_t buffersize, struct pp_map **it, void **exception)
{
	int status;

	NEED(map_begin);
	NEED(map_next);
	NEED(map_end);
	if (buffersize && !backend()->map_has_buffersize)
		unsupported("the backend's map has no buffersize");
	status = CALL(map_begin, e, task, source, timeout, buffersize, it, exception);
	if (status == PP_OK)
		keep(MAP, *it, "map_begin");
	return status;
}

int map_next(struct pp_map *it, void **outcome)
{
	return CALL(map_next, it, outcome);
}

void map_end(struct pp_map *it)
{
	forget(MAP, it);
	CALL_VOID(map_end, it);
}

struct source {
	struct pp_source source;
	void *const *args;
	size_t count;
	size_t next;
	struct counter *pulled;
};

static int source_next(void *state, void **arg)
{
	struct source *s = state;

	if (s->pulled)
		counter_add(s->pulled, 1);
	if (s->next == s->count)
		return PP_STOP_ITERATION;
	*arg = s->args[s->next++];
	return PP_OK;
}

struct pp_source *source_of(void *const *args, size_t count, struct counter *pulled)
{
	struct source *s = shared_alloc(sizeof(*s));

	s->source.next = source_next;
	s->source.state = s;
	s->args = args;
	s->count = count;
	s->pulled = pulled;
	return &s->source;
}

/* ---- the log --------------------------------------------------------------------- */

static void line_logged(void *hook_arg, const char *message)
{
	(void)message;
	record_add(hook_arg, 1);
}

struct record *log_record(void)
{
	struct record *r = record_new();

	NEED(set_log_hook);
	enter("set_log_hook")->set_log_hook(line_logged, r);
	leave();
	hooked = true;
	return r;
}
