/* SPDX-License-Identifier: MIT */
/*
 * record.c: see record.h.
 *
 * Numbers stand for handles: an entry of a list of handles is found by its address
 * and forgotten before its handle is released, after which the address may come
 * again.  A future is borrowed by its callback, which may come after the release;
 * `borrowed` is that one.
 *
 * Soundness of `over`: a thread that cannot write its call sets it before it makes
 * the call, and each event is written after a look at it that follows what the
 * event tells.  So nothing is written that the unwritten call may have caused.
 */
#include "record.h"

#include <stdlib.h>
#include <unistd.h>

#include "program.h"
#include "run_program.h"

enum { TOKENS_MAX = 1024, ITERATORS_MAX = 64 };

const char *const gap_texts[GAPS] = {
	[GAP_WORKERS] = "asks for the number or the name of workers",
	[GAP_LOG] = "listens to the log",
	[GAP_BUFFER] = "has a map with a buffersize",
	[GAP_ARGUMENTS] = "has a map of too many arguments",
	[GAP_FUTURES] = "has too many futures",
	[GAP_EXECUTORS] = "has too many executors",
	[GAP_EVENTS] = "makes too many calls",
	[GAP_FORK] = "forks, and its child is not followed",
	[GAP_EXIT] = "exits, and its end is not seen",
};

struct item {
	pp_task *task;
	void *arg;
	pp_release *release;
	int future, executor;
};

struct hook {
	pp_done_callback *callback;
	void *arg;
	struct pp_future *expected;
	int future, call, thread;
	atomic_bool adding, at_once;
};

struct maker {
	pp_initializer *initializer;
	void *arg;
	int executor;
};

/* Of a map: which arguments it has, and where they come from. */
struct map {
	_Atomic(void *) handle;
	int call, executor, first;
	unsigned event;
	int pulled;
	bool raised, too_long;
	pp_task *task;
	const struct pp_source *source;
	struct pp_source stand_in;
};

struct completed {
	_Atomic(void *) handle;
	int call;
};

static struct pp_backend inner;
static struct record *rec;
static pid_t owner;

static _Atomic(void *) futures[FUTURES_MAX];
static _Atomic(void *) executors[HISTORY_EXECUTORS];
static _Atomic(void *) tokens[TOKENS_MAX];
static struct item items[FUTURES_MAX];
static struct hook hooks[CALLS_MAX];
static struct maker makers[HISTORY_EXECUTORS];
static struct map maps[ITERATORS_MAX];
static struct completed completed[ITERATORS_MAX];
static atomic_int map_count, completed_count, thread_count;

static _Thread_local int thread_number;
static _Thread_local int inside = -1; /* as in run_program.c */
static _Thread_local struct pp_future *borrowed;
static _Thread_local int borrowed_number = -1;

/* Stands for NULL in a list of pointers, and for an output that was not written. */
static char nothing, untouched;

static int me(void)
{
	if (!thread_number)
		thread_number = 1 + atomic_fetch_add(&thread_count, 1);
	return thread_number;
}

static void gap(enum record_gap g)
{
	atomic_fetch_or(&rec->gaps, 1U << g);
}

/* ---- events ---------------------------------------------------------------------- */

static bool writes(void)
{
	if (getpid() != owner) {
		gap(GAP_FORK);
		return false;
	}
	return !atomic_load(&rec->over);
}

static void no_room(enum record_gap g)
{
	gap(g);
	atomic_store(&rec->over, true);
}

static struct event event_of(enum event_kind kind)
{
	return event_blank(kind, inside, me());
}

static struct event call_of(enum call_kind what)
{
	struct event e = event_of(EVENT_CALL);

	e.what = (uint8_t)what;
	return e;
}

/* Its place; EVENTS_MAX if it has none. */
static unsigned add(struct event *e)
{
	unsigned at = EVENTS_MAX;

	if (!writes())
		return at;
	e->time = run_now();
	if (history_count(&rec->history) < EVENTS_MAX)
		at = history_add(&rec->history, e);
	if (at >= EVENTS_MAX)
		no_room(GAP_EVENTS);
	return at;
}

/* False if it is not written: then its return is not, either. */
static bool begin(struct event *e)
{
	if (!writes() || rec->blind >> e->what & 1)
		return false;
	e->call = (int16_t)history_call(&rec->history);
	if (e->call < 0) {
		no_room(GAP_EVENTS);
		return false;
	}
	add(e);
	e->kind = EVENT_RETURN;
	return true;
}

static void end(struct event *e, int status)
{
	e->status = (int8_t)status;
	if (e->call >= 0)
		add(e);
}

/* ---- pointers and numbers ------------------------------------------------------------ */

static int find(_Atomic(void *) *list, int size, const void *pointer)
{
	int i;

	for (i = 0; pointer && i < size; i++)
		if (atomic_load(&list[i]) == pointer)
			return i;
	return -1;
}

static void forget(_Atomic(void *) *list, int number)
{
	if (number >= 0)
		atomic_store(&list[number], NULL);
}

static int number_of(const struct pp_future *f)
{
	if (f && f == borrowed)
		return borrowed_number;
	return find(futures, FUTURES_MAX, f);
}

static int executor_number(const struct pp_executor *e)
{
	return find(executors, HISTORY_EXECUTORS, e);
}

static void *as_token(void *pointer)
{
	return pointer ? pointer : &nothing;
}

/* The number of an outcome that somebody gives. */
static int token_given(void *pointer)
{
	void *p = as_token(pointer);
	int i;

	for (i = 0; i < TOKENS_MAX; i++) {
		void *there = NULL;

		if (atomic_compare_exchange_strong(&tokens[i], &there, p) || there == p)
			return i;
	}
	no_room(GAP_EVENTS);
	return 0;
}

static int token_got(void *pointer)
{
	int i;

	if (pointer == &untouched)
		return OUTCOME_UNWRITTEN;
	i = find(tokens, TOKENS_MAX, as_token(pointer));
	return i >= 0 ? i : OUTCOME_FOREIGN;
}

/* n futures in a row; -1 if there is no room. */
static int numbers_for(int n)
{
	unsigned first = atomic_load(&rec->history.futures);

	while (first + (unsigned)n <= FUTURES_MAX)
		if (atomic_compare_exchange_weak(&rec->history.futures, &first, first + (unsigned)n))
			return (int)first;
	gap(GAP_FUTURES);
	return -1;
}

/* False if one of them has no number. */
static bool set_of(struct pp_future *const *fs, size_t n, uint64_t *set)
{
	size_t i;

	*set = 0;
	for (i = 0; i < n; i++) {
		int number = number_of(fs[i]);

		if (number < 0)
			return false;
		*set |= UINT64_C(1) << number;
	}
	return true;
}

/* ---- what the backend calls ------------------------------------------------------------- */

static int run_task(void *arg, void **outcome)
{
	const struct item *item = arg;
	struct event e = event_of(EVENT_TASK_BEGIN);
	int outer = inside, status;

	e.executor = (int8_t)item->executor;
	e.future = (int8_t)item->future;
	if (item->future >= 0)
		add(&e);
	inside = item->executor;
	status = item->task(item->arg, outcome);
	inside = outer;
	if (item->future < 0 || !writes())
		return status;
	e.kind = EVENT_TASK_END;
	e.outcome = token_given(*outcome);
	e.status = (int8_t)status;
	add(&e);
	return status;
}

static void run_release(void *arg)
{
	const struct item *item = arg;
	struct event e = event_of(EVENT_ARGUMENT_RELEASED);
	int outer = inside;

	e.executor = (int8_t)item->executor;
	e.future = (int8_t)item->future;
	add(&e);
	inside = HISTORY_EXECUTORS;
	item->release(item->arg);
	inside = outer;
}

static int run_callback(struct pp_future *f, void *arg)
{
	struct hook *hook = arg;
	struct event e = event_of(EVENT_CALLBACK_BEGIN);
	struct pp_future *outer_future = borrowed;
	int outer = inside, outer_number = borrowed_number, status;

	if (hook->thread == me() && atomic_load(&hook->adding))
		atomic_store(&hook->at_once, true);
	e.future = (int8_t)hook->future;
	e.call = (int16_t)hook->call;
	e.yes = f == hook->expected;
	add(&e);
	inside = HISTORY_EXECUTORS;
	borrowed = f;
	borrowed_number = hook->future;
	status = hook->callback(f, hook->arg);
	inside = outer;
	borrowed = outer_future;
	borrowed_number = outer_number;
	e.kind = EVENT_CALLBACK_END;
	add(&e);
	return status;
}

static int run_initializer(void *arg)
{
	const struct maker *m = arg;
	struct event e = event_of(EVENT_INIT_BEGIN);
	int outer = inside, status;

	e.executor = (int8_t)m->executor;
	add(&e);
	inside = m->executor;
	status = m->initializer(m->arg);
	inside = outer;
	e.kind = EVENT_INIT_END;
	e.status = (int8_t)status;
	add(&e);
	return status;
}

/* ---- executors ------------------------------------------------------------------------------ */

/* The number of one that is to be made; -1 if it is not followed. */
static int new_executor(struct event *e, int workers)
{
	int number = writes() ? atomic_fetch_add(&rec->executors, 1) : -1;

	if (number < 0)
		return -1;
	if (number >= HISTORY_EXECUTORS) {
		gap(GAP_EXECUTORS);
		return -1;
	}
	e->executor = (int8_t)number;
	e->count = (int16_t)(workers == PP_WORKERS_DEFAULT || workers > INT16_MAX ? INT16_MAX :
			     workers < INT16_MIN				  ? INT16_MIN :
										    workers);
	return begin(e) ? number : -1;
}

static atomic_bool exiting; /* this process */

static void tell_exit(int number)
{
	struct event e = call_of(CALL_PROCESS_EXIT);

	e.executor = (int8_t)number;
	e.form = FORM_NOWAIT;
	begin(&e);
}

static int made(struct event *e, int number, int status, void *handle, struct pp_executor **out)
{
	if (handle != &untouched)
		*out = handle;
	if (number < 0)
		return status;
	e->yes = handle != &untouched;
	if (status == PP_OK)
		atomic_store(&executors[number], handle);
	end(e, status);
	if (status == PP_OK && atomic_load(&exiting))
		tell_exit(number);
	return status;
}

static int r_executor_new(int workers, struct pp_executor **out)
{
	struct event e = call_of(CALL_EXECUTOR_NEW);
	int number = new_executor(&e, workers);
	void *handle = &untouched;
	int status = inner.executor_new(workers, (struct pp_executor **)&handle);

	return made(&e, number, status, handle, out);
}

static int r_executor_new_named(int workers, const char *prefix, struct pp_executor **out)
{
	struct event e = call_of(CALL_EXECUTOR_NEW);
	int number = new_executor(&e, workers);
	void *handle = &untouched;
	int status = inner.executor_new_named(workers, prefix, (struct pp_executor **)&handle);

	return made(&e, number, status, handle, out);
}

static int r_executor_new_with_initializer(int workers, pp_initializer *initializer, void *arg, struct pp_executor **out)
{
	struct event e = call_of(CALL_EXECUTOR_NEW);
	void *handle = &untouched;
	int number, status;

	e.form = initializer ? INIT_SECOND_FAILS : INIT_NONE; /* it may fail */
	number = new_executor(&e, workers);
	if (number >= 0 && initializer) {
		makers[number] = (struct maker){initializer, arg, number};
		initializer = run_initializer;
		arg = &makers[number];
	}
	status = inner.executor_new_with_initializer(workers, initializer, arg, (struct pp_executor **)&handle);
	return made(&e, number, status, handle, out);
}

static void r_executor_release(struct pp_executor *x)
{
	struct event e = call_of(CALL_EXECUTOR_RELEASE);
	int number = executor_number(x);

	e.executor = (int8_t)number;
	if (number >= 0)
		begin(&e);
	forget(executors, number);
	inner.executor_release(x);
	end(&e, PP_OK);
}

static struct event call_shutdown(struct pp_executor *x, int form)
{
	struct event e = call_of(CALL_SHUTDOWN);

	e.executor = (int8_t)executor_number(x);
	e.form = (uint8_t)form;
	if (e.executor >= 0)
		begin(&e);
	return e;
}

static int r_shutdown(struct pp_executor *x)
{
	struct event e = call_shutdown(x, FORM_WAIT);

	end(&e, inner.shutdown(x));
	return e.status;
}

static int r_shutdown_nowait(struct pp_executor *x)
{
	struct event e = call_shutdown(x, FORM_NOWAIT);

	end(&e, inner.shutdown_nowait(x));
	return e.status;
}

static int r_shutdown_cancel(struct pp_executor *x, bool wait)
{
	struct event e = call_shutdown(x, wait ? FORM_CANCEL_WAIT : FORM_CANCEL_NOWAIT);

	end(&e, inner.shutdown_cancel(x, wait));
	return e.status;
}

static int r_worker_count(struct pp_executor *x)
{
	gap(GAP_WORKERS);
	return inner.worker_count(x);
}

static int r_worker_name(char *buffer, size_t size)
{
	gap(GAP_WORKERS);
	return inner.worker_name(buffer, size);
}

/* ---- submit ----------------------------------------------------------------------------------- */

/* Returns what is to be submitted in place of task and arg; NULL if it is not followed. */
static struct item *new_item(struct event *e, struct pp_executor *x, pp_task *task, void *arg, pp_release *release)
{
	int executor = executor_number(x), future = executor < 0 || !writes() ? -1 : numbers_for(1);

	if (future < 0)
		return NULL;
	items[future] = (struct item){task, arg, release, future, executor};
	e->executor = (int8_t)executor;
	e->future = (int8_t)future;
	e->form = release != NULL;
	return begin(e) ? &items[future] : NULL;
}

static int submitted(struct event *e, int status, void *handle, struct pp_future **out)
{
	if (handle != &untouched)
		*out = handle;
	if (e->call < 0)
		return status;
	e->yes = handle != &untouched;
	if (status == PP_OK)
		atomic_store(&futures[e->future], handle);
	end(e, status);
	return status;
}

static int r_submit(struct pp_executor *x, pp_task *task, void *arg, struct pp_future **out)
{
	struct event e = call_of(CALL_SUBMIT);
	struct item *item = new_item(&e, x, task, arg, NULL);
	void *handle = &untouched;
	int status = inner.submit(x, item ? run_task : task, item ? item : arg, (struct pp_future **)&handle);

	return submitted(&e, status, handle, out);
}

static int r_submit_with_release(struct pp_executor *x, pp_task *task, void *arg, pp_release *release,
				 struct pp_future **out)
{
	struct event e = call_of(CALL_SUBMIT);
	struct item *item = new_item(&e, x, task, arg, release);
	void *handle = &untouched;
	int status = inner.submit_with_release(x, item ? run_task : task, item ? item : arg,
					       item && release ? run_release : release,
					       (struct pp_future **)&handle);

	return submitted(&e, status, handle, out);
}

/* ---- one future --------------------------------------------------------------------------------- */

static struct event call_on(struct pp_future *f, enum call_kind what)
{
	struct event e = call_of(what);

	e.future = (int8_t)number_of(f);
	return e;
}

static bool begin_on(struct event *e)
{
	return e->future >= 0 && begin(e);
}

static int ask_outcome(int (*entry)(struct pp_future *, double, void **), enum call_kind what, struct pp_future *f,
		       double timeout, void **out)
{
	struct event e = call_on(f, what);
	void *outcome = &untouched;
	int status;

	e.timeout = timeout;
	begin_on(&e);
	status = entry(f, timeout, &outcome);
	if (outcome != &untouched)
		*out = outcome;
	e.outcome = token_got(outcome);
	end(&e, status);
	return status;
}

static int r_result(struct pp_future *f, double timeout, void **out)
{
	return ask_outcome(inner.result, CALL_RESULT, f, timeout, out);
}

static int r_exception(struct pp_future *f, double timeout, void **out)
{
	return ask_outcome(inner.exception, CALL_EXCEPTION, f, timeout, out);
}

static bool ask_bool(bool (*entry)(struct pp_future *), enum call_kind what, struct pp_future *f)
{
	struct event e = call_on(f, what);

	begin_on(&e);
	e.yes = entry(f);
	end(&e, PP_OK);
	return e.yes;
}

static bool r_cancel(struct pp_future *f)
{
	return ask_bool(inner.cancel, CALL_CANCEL, f);
}

static bool r_cancelled(struct pp_future *f)
{
	return ask_bool(inner.cancelled, CALL_CANCELLED, f);
}

static bool r_running(struct pp_future *f)
{
	return ask_bool(inner.running, CALL_RUNNING, f);
}

static bool r_done(struct pp_future *f)
{
	return ask_bool(inner.done, CALL_DONE, f);
}

static int r_add_done_callback(struct pp_future *f, pp_done_callback *callback, void *arg)
{
	struct event e = call_on(f, CALL_ADD_CALLBACK);
	struct hook *hook;
	int status;

	if (!begin_on(&e))
		return inner.add_done_callback(f, callback, arg);
	hook = &hooks[e.call];
	hook->callback = callback;
	hook->arg = arg;
	hook->expected = f;
	hook->future = e.future;
	hook->call = e.call;
	hook->thread = me();
	atomic_store(&hook->adding, true);
	status = inner.add_done_callback(f, run_callback, hook);
	atomic_store(&hook->adding, false);
	e.yes = atomic_load(&hook->at_once);
	end(&e, status);
	return status;
}

static void r_future_release(struct pp_future *f)
{
	struct event e = call_on(f, CALL_FUTURE_RELEASE);

	begin_on(&e);
	forget(futures, find(futures, FUTURES_MAX, f));
	inner.future_release(f);
	end(&e, PP_OK);
}

/* ---- the executor author's half ------------------------------------------------------------------- */

static int r_future_new(struct pp_future **out)
{
	struct event e = call_of(CALL_FUTURE_NEW);
	void *handle = &untouched;
	int number = writes() ? numbers_for(1) : -1, status;

	e.future = (int8_t)number;
	begin_on(&e);
	status = inner.future_new((struct pp_future **)&handle);
	return submitted(&e, status, handle, out);
}

static int r_set_running_or_notify_cancel(struct pp_future *f, bool *run)
{
	struct event e = call_on(f, CALL_NOTIFY);
	int status;

	begin_on(&e);
	status = inner.set_running_or_notify_cancel(f, run);
	e.yes = status == PP_OK && *run;
	end(&e, status);
	return status;
}

static int set(int (*entry)(struct pp_future *, void *), enum call_kind what, struct pp_future *f, void *outcome)
{
	struct event e = call_on(f, what);

	e.outcome = e.future >= 0 && writes() ? token_given(outcome) : 0;
	begin_on(&e);
	end(&e, entry(f, outcome));
	return e.status;
}

static int r_set_result(struct pp_future *f, void *value)
{
	return set(inner.set_result, CALL_SET_RESULT, f, value);
}

static int r_set_exception(struct pp_future *f, void *exception)
{
	return set(inner.set_exception, CALL_SET_EXCEPTION, f, exception);
}

/* ---- many futures ------------------------------------------------------------------------------------ */

static int r_wait(struct pp_future *const *fs, size_t count, double timeout, enum pp_return_when return_when, bool *done)
{
	struct event e = call_of(CALL_WAIT);
	bool known = (unsigned)return_when <= PP_ALL_COMPLETED;
	int status;
	size_t i;

	e.form = known ? (uint8_t)return_when : PP_ALL_COMPLETED + 1;
	e.timeout = timeout;
	if (set_of(fs, count, &e.set))
		begin(&e);
	status = inner.wait(fs, count, timeout, return_when, done);
	for (i = 0; e.call >= 0 && status == PP_OK && i < count; i++)
		if (done[i])
			e.done |= UINT64_C(1) << number_of(fs[i]);
	end(&e, status);
	return status;
}

static int r_as_completed_begin(struct pp_future *const *fs, size_t count, double timeout, struct pp_completed **it)
{
	struct event e = call_of(CALL_AS_COMPLETED_BEGIN);
	int i, status;

	e.timeout = timeout;
	if (set_of(fs, count, &e.set))
		begin(&e);
	status = inner.as_completed_begin(fs, count, timeout, it);
	end(&e, status);
	if (e.call < 0 || status != PP_OK)
		return status;
	i = atomic_fetch_add(&completed_count, 1);
	if (i < ITERATORS_MAX) {
		completed[i].call = e.call;
		atomic_store(&completed[i].handle, (void *)*it);
	} else {
		no_room(GAP_EVENTS);
	}
	return status;
}

static struct completed *find_completed(const struct pp_completed *it)
{
	int i;

	for (i = 0; i < ITERATORS_MAX; i++)
		if (atomic_load(&completed[i].handle) == (const void *)it)
			return &completed[i];
	return NULL;
}

static int r_as_completed_next(struct pp_completed *it, struct pp_future **out)
{
	struct completed *of = find_completed(it);
	struct event e = call_of(CALL_AS_COMPLETED_NEXT);
	int status;

	if (of) {
		e.of = (int16_t)of->call;
		begin(&e);
	}
	status = inner.as_completed_next(it, out);
	if (e.call >= 0 && status == PP_OK)
		e.future = (int8_t)number_of(*out);
	end(&e, status);
	return status;
}

static void r_as_completed_end(struct pp_completed *it)
{
	struct completed *of = find_completed(it);
	struct event e = call_of(CALL_AS_COMPLETED_END);

	if (of) {
		e.of = (int16_t)of->call;
		begin(&e);
		atomic_store(&of->handle, NULL);
	}
	inner.as_completed_end(it);
	end(&e, PP_OK);
}

/* ---- map ------------------------------------------------------------------------------------------------ */

enum { MAP_FUTURES = 12, SPARES_MAX = 1 << 16 };

/* What is not followed is run by way of an item, too: the task is the same for all arguments. */
static struct item *spare_item(void)
{
	static struct item spares[SPARES_MAX];
	static atomic_int used;
	int i = atomic_fetch_add(&used, 1);

	if (i >= SPARES_MAX)
		abort();
	return &spares[i];
}

/* The CALL tells how many arguments there are: that is known when they have been taken. */
static int pull(void *state, void **arg)
{
	struct map *m = state;
	void *given = NULL;
	int status = m->source->next(m->source->state, &given);
	struct item *item;

	if (status != PP_OK) {
		m->raised = status == PP_RAISED;
		*arg = given;
		return status;
	}
	m->too_long = m->too_long || m->pulled == MAP_FUTURES;
	if (m->too_long) {
		gap(GAP_ARGUMENTS);
		item = spare_item();
		*item = (struct item){m->task, given, NULL, -1, m->executor};
	} else {
		item = &items[m->first + m->pulled];
		*item = (struct item){m->task, given, NULL, m->first + m->pulled++, m->executor};
		if (m->event < EVENTS_MAX)
			rec->history.events[m->event].count = (int16_t)m->pulled;
	}
	*arg = item;
	return PP_OK;
}

/* NULL if it is not followed. */
static struct map *new_map(struct event *e, struct pp_executor *x, pp_task *task, const struct pp_source *source)
{
	int executor = executor_number(x), first, i;

	if (executor < 0 || !writes() || (first = numbers_for(MAP_FUTURES)) < 0)
		return NULL;
	i = atomic_fetch_add(&map_count, 1);
	if (i >= ITERATORS_MAX || rec->blind >> CALL_MAP_BEGIN & 1) {
		gap(GAP_FUTURES);
		return NULL;
	}
	e->executor = (int8_t)executor;
	e->future = (int8_t)first;
	e->call = (int16_t)history_call(&rec->history);
	if (e->call < 0) {
		no_room(GAP_EVENTS);
		return NULL;
	}
	maps[i].call = e->call;
	maps[i].executor = executor;
	maps[i].first = first;
	maps[i].task = task;
	maps[i].source = source;
	maps[i].event = add(e);
	e->kind = EVENT_RETURN;
	return &maps[i];
}

/* The numbers that it did not need, if nobody has taken more since. */
static void give_back(const struct map *m)
{
	unsigned end = (unsigned)m->first + MAP_FUTURES;

	atomic_compare_exchange_strong(&rec->history.futures, &end, (unsigned)(m->first + m->pulled));
}

static int r_map_begin(struct pp_executor *x, pp_task *task, const struct pp_source *source, double timeout,
		       size_t buffersize, struct pp_map **it, void **exception)
{
	struct event e = call_of(CALL_MAP_BEGIN);
	struct map *m;
	int status;

	e.timeout = timeout;
	m = buffersize ? NULL : new_map(&e, x, task, source);
	if (buffersize)
		gap(GAP_BUFFER);
	if (!m)
		return inner.map_begin(x, task, source, timeout, buffersize, it, exception);
	m->stand_in = (struct pp_source){pull, m};
	status = inner.map_begin(x, run_task, &m->stand_in, timeout, 0, it, exception);
	if (status == PP_OK)
		atomic_store(&m->handle, (void *)*it);
	e.count = (int16_t)m->pulled;
	e.yes = m->raised;
	end(&e, status);
	give_back(m);
	return status;
}

static struct map *find_map(const struct pp_map *it)
{
	int i;

	for (i = 0; i < ITERATORS_MAX; i++)
		if (atomic_load(&maps[i].handle) == (const void *)it)
			return &maps[i];
	return NULL;
}

static int r_map_next(struct pp_map *it, void **out)
{
	struct map *m = find_map(it);
	struct event e = call_of(CALL_MAP_NEXT);
	void *outcome = &untouched;
	int status;

	if (m && !m->too_long) {
		e.of = (int16_t)m->call;
		begin(&e);
	}
	status = inner.map_next(it, &outcome);
	if (outcome != &untouched)
		*out = outcome;
	e.outcome = token_got(outcome);
	end(&e, status);
	return status;
}

static void r_map_end(struct pp_map *it)
{
	struct map *m = find_map(it);
	struct event e = call_of(CALL_MAP_END);

	if (m) {
		e.of = (int16_t)m->call;
		begin(&e);
		atomic_store(&m->handle, NULL);
	}
	inner.map_end(it);
	end(&e, PP_OK);
}

/* ---- the process --------------------------------------------------------------------------------------------- */

static void r_process_exit(int status)
{
	int i;

	gap(getpid() == owner ? GAP_EXIT : GAP_FORK);
	atomic_store(&exiting, true);
	for (i = 0; i < HISTORY_EXECUTORS; i++)
		if (atomic_load(&executors[i]))
			tell_exit(i);
	inner.process_exit(status);
}

static int r_process_fork(void)
{
	gap(GAP_FORK);
	return inner.process_fork();
}

static void r_set_log_hook(pp_log_hook *hook, void *arg)
{
	if (hook)
		gap(GAP_LOG);
	inner.set_log_hook(hook, arg);
}

void record_stand_before(struct pp_backend *table, struct record *r)
{
	rec = r;
	owner = getpid();
	inner = *table;
	if (atomic_fetch_add(&r->tables, 1) > 0)
		gap(GAP_EXIT);
	r->history.concurrency = table->concurrency;
	r->history.scarce = true; /* a case does not tell when it sees to that */
#define STAND_BEFORE(entry) table->entry = table->entry ? r_##entry : NULL
	STAND_BEFORE(executor_new);
	STAND_BEFORE(executor_new_with_initializer);
	STAND_BEFORE(executor_new_named);
	STAND_BEFORE(submit);
	STAND_BEFORE(submit_with_release);
	STAND_BEFORE(shutdown);
	STAND_BEFORE(shutdown_nowait);
	STAND_BEFORE(shutdown_cancel);
	STAND_BEFORE(executor_release);
	STAND_BEFORE(worker_count);
	STAND_BEFORE(worker_name);
	STAND_BEFORE(result);
	STAND_BEFORE(exception);
	STAND_BEFORE(cancel);
	STAND_BEFORE(cancelled);
	STAND_BEFORE(running);
	STAND_BEFORE(done);
	STAND_BEFORE(add_done_callback);
	STAND_BEFORE(future_release);
	STAND_BEFORE(future_new);
	STAND_BEFORE(set_running_or_notify_cancel);
	STAND_BEFORE(set_result);
	STAND_BEFORE(set_exception);
	STAND_BEFORE(wait);
	STAND_BEFORE(as_completed_begin);
	STAND_BEFORE(as_completed_next);
	STAND_BEFORE(as_completed_end);
	STAND_BEFORE(map_begin);
	STAND_BEFORE(map_next);
	STAND_BEFORE(map_end);
	STAND_BEFORE(process_exit);
	STAND_BEFORE(process_fork);
	STAND_BEFORE(set_log_hook);
}

/* A thread that found no room may have taken a place behind the last. */
void record_close(struct record *r, bool ended_well)
{
	struct history *h = &r->history;
	struct event the_end = {.kind = EVENT_THE_END, .executor = -1, .future = -1, .call = -1, .of = -1};

	atomic_store(&h->count, history_count(h));
	if (atomic_load(&h->calls) > CALLS_MAX)
		atomic_store(&h->calls, CALLS_MAX);
	if (ended_well && !atomic_load(&r->over) && !(atomic_load(&r->gaps) & 1U << GAP_EXIT))
		history_add(h, &the_end);
}
