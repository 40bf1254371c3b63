/* SPDX-License-Identifier: MIT */
/*
 * record_futures.c: futures are made, asked, waited for and finished; their callbacks.
 *
 * A future is borrowed by its callback, which may come after the release;
 * `borrowed` is that one.
 */
#include "recorder.h"

enum { ITERATORS_MAX = 64 };

struct hook {
	pp_done_callback *callback;
	void *arg;
	struct pp_future *expected;
	int future, call, thread;
	atomic_bool adding, at_once;
};

struct completed {
	_Atomic(void *) handle;
	int call;
};

static _Atomic(void *) futures[FUTURES_MAX];
static struct hook hooks[CALLS_MAX];
static struct completed completed[ITERATORS_MAX];
static atomic_int completed_count;

static _Thread_local struct pp_future *borrowed;
static _Thread_local int borrowed_number = -1;

static int number_of(const struct pp_future *f)
{
	if (f && f == borrowed)
		return borrowed_number;
	return rec_find(futures, FUTURES_MAX, f);
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

int rec_future_made(struct event *e, int status, void *handle, struct pp_future **out)
{
	if (handle != &rec_untouched)
		*out = handle;
	if (e->call < 0)
		return status;
	e->yes = handle != &rec_untouched;
	if (status == PP_OK)
		atomic_store(&futures[e->future], handle);
	rec_end(e, status);
	return status;
}

/* ---- one future ------------------------------------------------------------------------------ */

static struct event call_on(struct pp_future *f, enum call_kind what)
{
	struct event e = rec_call(what);

	e.future = (int8_t)number_of(f);
	return e;
}

static bool begin_on(struct event *e)
{
	return e->future >= 0 && rec_begin(e);
}

static int ask_outcome(int (*entry)(struct pp_future *, double, void **), enum call_kind what, struct pp_future *f,
		       double timeout, void **out)
{
	struct event e = call_on(f, what);
	void *outcome = &rec_untouched;
	int status;

	e.timeout = timeout;
	begin_on(&e);
	status = entry(f, timeout, &outcome);
	if (outcome != &rec_untouched)
		*out = outcome;
	e.outcome = rec_token_got(outcome);
	rec_end(&e, status);
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
	rec_end(&e, PP_OK);
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

static int run_callback(struct pp_future *f, void *arg)
{
	struct hook *hook = arg;
	struct event e = rec_event(EVENT_CALLBACK_BEGIN);
	struct pp_future *outer_future = borrowed;
	int outer = rec_inside, outer_number = borrowed_number, status;

	if (hook->thread == rec_thread() && atomic_load(&hook->adding))
		atomic_store(&hook->at_once, true);
	e.future = (int8_t)hook->future;
	e.call = (int16_t)hook->call;
	e.yes = f == hook->expected;
	rec_add(&e);
	rec_inside = HISTORY_EXECUTORS;
	borrowed = f;
	borrowed_number = hook->future;
	status = hook->callback(f, hook->arg);
	rec_inside = outer;
	borrowed = outer_future;
	borrowed_number = outer_number;
	e.kind = EVENT_CALLBACK_END;
	rec_add(&e);
	return status;
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
	hook->thread = rec_thread();
	atomic_store(&hook->adding, true);
	status = inner.add_done_callback(f, run_callback, hook);
	atomic_store(&hook->adding, false);
	e.yes = atomic_load(&hook->at_once);
	rec_end(&e, status);
	return status;
}

static void r_future_release(struct pp_future *f)
{
	struct event e = call_on(f, CALL_FUTURE_RELEASE);

	begin_on(&e);
	rec_forget(futures, rec_find(futures, FUTURES_MAX, f));
	inner.future_release(f);
	rec_end(&e, PP_OK);
}

/* ---- the executor author's half -------------------------------------------------------------- */

static int r_future_new(struct pp_future **out)
{
	struct event e = rec_call(CALL_FUTURE_NEW);
	void *handle = &rec_untouched;
	int number = rec_writes() ? rec_numbers_for(1) : -1, status;

	e.future = (int8_t)number;
	begin_on(&e);
	status = inner.future_new((struct pp_future **)&handle);
	return rec_future_made(&e, status, handle, out);
}

static int r_set_running_or_notify_cancel(struct pp_future *f, bool *run)
{
	struct event e = call_on(f, CALL_NOTIFY);
	int status;

	begin_on(&e);
	status = inner.set_running_or_notify_cancel(f, run);
	e.yes = status == PP_OK && *run;
	rec_end(&e, status);
	return status;
}

static int set(int (*entry)(struct pp_future *, void *), enum call_kind what, struct pp_future *f, void *outcome)
{
	struct event e = call_on(f, what);

	e.outcome = e.future >= 0 && rec_writes() ? rec_token_given(outcome) : 0;
	begin_on(&e);
	rec_end(&e, entry(f, outcome));
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

/* ---- many futures ---------------------------------------------------------------------------- */

static int r_wait(struct pp_future *const *fs, size_t count, double timeout, enum pp_return_when return_when, bool *done)
{
	struct event e = rec_call(CALL_WAIT);
	bool known = (unsigned)return_when <= PP_ALL_COMPLETED;
	int status;
	size_t i;

	e.form = known ? (uint8_t)return_when : PP_ALL_COMPLETED + 1;
	e.timeout = timeout;
	if (set_of(fs, count, &e.set))
		rec_begin(&e);
	status = inner.wait(fs, count, timeout, return_when, done);
	for (i = 0; e.call >= 0 && status == PP_OK && i < count; i++)
		if (done[i])
			e.done |= UINT64_C(1) << number_of(fs[i]);
	rec_end(&e, status);
	return status;
}

static int r_as_completed_begin(struct pp_future *const *fs, size_t count, double timeout, struct pp_completed **it)
{
	struct event e = rec_call(CALL_AS_COMPLETED_BEGIN);
	int i, status;

	e.timeout = timeout;
	if (set_of(fs, count, &e.set))
		rec_begin(&e);
	status = inner.as_completed_begin(fs, count, timeout, it);
	rec_end(&e, status);
	if (e.call < 0 || status != PP_OK)
		return status;
	i = atomic_fetch_add(&completed_count, 1);
	if (i < ITERATORS_MAX) {
		completed[i].call = e.call;
		atomic_store(&completed[i].handle, (void *)*it);
	} else {
		rec_no_room(GAP_EVENTS);
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
	struct event e = rec_call(CALL_AS_COMPLETED_NEXT);
	int status;

	if (of) {
		e.of = (int16_t)of->call;
		rec_begin(&e);
	}
	status = inner.as_completed_next(it, out);
	if (e.call >= 0 && status == PP_OK)
		e.future = (int8_t)number_of(*out);
	rec_end(&e, status);
	return status;
}

static void r_as_completed_end(struct pp_completed *it)
{
	struct completed *of = find_completed(it);
	struct event e = rec_call(CALL_AS_COMPLETED_END);

	if (of) {
		e.of = (int16_t)of->call;
		rec_begin(&e);
		atomic_store(&of->handle, NULL);
	}
	inner.as_completed_end(it);
	rec_end(&e, PP_OK);
}

void rec_futures(struct pp_backend *table)
{
	STAND_BEFORE(table, result);
	STAND_BEFORE(table, exception);
	STAND_BEFORE(table, cancel);
	STAND_BEFORE(table, cancelled);
	STAND_BEFORE(table, running);
	STAND_BEFORE(table, done);
	STAND_BEFORE(table, add_done_callback);
	STAND_BEFORE(table, future_release);
	STAND_BEFORE(table, future_new);
	STAND_BEFORE(table, set_running_or_notify_cancel);
	STAND_BEFORE(table, set_result);
	STAND_BEFORE(table, set_exception);
	STAND_BEFORE(table, wait);
	STAND_BEFORE(table, as_completed_begin);
	STAND_BEFORE(table, as_completed_next);
	STAND_BEFORE(table, as_completed_end);
}
