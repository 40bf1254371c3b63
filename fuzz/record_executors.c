/* SPDX-License-Identifier: MIT */
/* record_executors.c: executors are made, asked and shut down; their initializers. */
#include "recorder.h"

#include "program.h"

struct maker {
	pp_initializer *initializer;
	void *arg;
	int executor;
};

static _Atomic(void *) executors[HISTORY_EXECUTORS];
static struct maker makers[HISTORY_EXECUTORS];
static atomic_bool exiting; /* this process */

int rec_executor_number(const struct pp_executor *e)
{
	return rec_find(executors, HISTORY_EXECUTORS, e);
}

static int run_initializer(void *arg)
{
	const struct maker *m = arg;
	struct event e = rec_event(EVENT_INIT_BEGIN);
	int outer = rec_inside, status;

	e.executor = (int8_t)m->executor;
	rec_add(&e);
	rec_inside = m->executor;
	status = m->initializer(m->arg);
	rec_inside = outer;
	e.kind = EVENT_INIT_END;
	e.status = (int8_t)status;
	rec_add(&e);
	return status;
}

/* The number of one that is to be made; -1 if it is not followed. */
static int new_executor(struct event *e, int workers)
{
	int number = rec_writes() ? atomic_fetch_add(&rec->executors, 1) : -1;

	if (number < 0)
		return -1;
	if (number >= HISTORY_EXECUTORS) {
		rec_gap(GAP_EXECUTORS);
		return -1;
	}
	e->executor = (int8_t)number;
	e->count = (int16_t)(workers == PP_WORKERS_DEFAULT || workers > INT16_MAX ? INT16_MAX :
			     workers < INT16_MIN				  ? INT16_MIN :
										    workers);
	return rec_begin(e) ? number : -1;
}

static void tell_exit(int number)
{
	struct event e = rec_call(CALL_PROCESS_EXIT);

	e.executor = (int8_t)number;
	e.form = FORM_NOWAIT;
	rec_begin(&e);
}

void rec_tell_exits(void)
{
	int i;

	atomic_store(&exiting, true);
	for (i = 0; i < HISTORY_EXECUTORS; i++)
		if (atomic_load(&executors[i]))
			tell_exit(i);
}

static int made(struct event *e, int number, int status, void *handle, struct pp_executor **out)
{
	if (handle != &rec_untouched)
		*out = handle;
	if (number < 0)
		return status;
	e->yes = handle != &rec_untouched;
	if (status == PP_OK)
		atomic_store(&executors[number], handle);
	rec_end(e, status);
	if (status == PP_OK && atomic_load(&exiting))
		tell_exit(number);
	return status;
}

static int r_executor_new(int workers, struct pp_executor **out)
{
	struct event e = rec_call(CALL_EXECUTOR_NEW);
	int number = new_executor(&e, workers);
	void *handle = &rec_untouched;
	int status = inner.executor_new(workers, (struct pp_executor **)&handle);

	return made(&e, number, status, handle, out);
}

static int r_executor_new_named(int workers, const char *prefix, struct pp_executor **out)
{
	struct event e = rec_call(CALL_EXECUTOR_NEW);
	int number = new_executor(&e, workers);
	void *handle = &rec_untouched;
	int status = inner.executor_new_named(workers, prefix, (struct pp_executor **)&handle);

	return made(&e, number, status, handle, out);
}

static int r_executor_new_with_initializer(int workers, pp_initializer *initializer, void *arg, struct pp_executor **out)
{
	struct event e = rec_call(CALL_EXECUTOR_NEW);
	void *handle = &rec_untouched;
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
	struct event e = rec_call(CALL_EXECUTOR_RELEASE);
	int number = rec_executor_number(x);

	e.executor = (int8_t)number;
	if (number >= 0)
		rec_begin(&e);
	rec_forget(executors, number);
	inner.executor_release(x);
	rec_end(&e, PP_OK);
}

static struct event call_shutdown(struct pp_executor *x, int form)
{
	struct event e = rec_call(CALL_SHUTDOWN);

	e.executor = (int8_t)rec_executor_number(x);
	e.form = (uint8_t)form;
	if (e.executor >= 0)
		rec_begin(&e);
	return e;
}

static int r_shutdown(struct pp_executor *x)
{
	struct event e = call_shutdown(x, FORM_WAIT);

	rec_end(&e, inner.shutdown(x));
	return e.status;
}

static int r_shutdown_nowait(struct pp_executor *x)
{
	struct event e = call_shutdown(x, FORM_NOWAIT);

	rec_end(&e, inner.shutdown_nowait(x));
	return e.status;
}

static int r_shutdown_cancel(struct pp_executor *x, bool wait)
{
	struct event e = call_shutdown(x, wait ? FORM_CANCEL_WAIT : FORM_CANCEL_NOWAIT);

	rec_end(&e, inner.shutdown_cancel(x, wait));
	return e.status;
}

static int r_worker_count(struct pp_executor *x)
{
	rec_gap(GAP_WORKERS);
	return inner.worker_count(x);
}

static int r_worker_name(char *buffer, size_t size)
{
	rec_gap(GAP_WORKERS);
	return inner.worker_name(buffer, size);
}

void rec_executors(struct pp_backend *table)
{
	STAND_BEFORE(table, executor_new);
	STAND_BEFORE(table, executor_new_with_initializer);
	STAND_BEFORE(table, executor_new_named);
	STAND_BEFORE(table, shutdown);
	STAND_BEFORE(table, shutdown_nowait);
	STAND_BEFORE(table, shutdown_cancel);
	STAND_BEFORE(table, executor_release);
	STAND_BEFORE(table, worker_count);
	STAND_BEFORE(table, worker_name);
}
