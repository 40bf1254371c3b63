/* SPDX-License-Identifier: MIT */
/* checker_calls.c: the beginnings of calls. */
#include "checker.h"

#include <poolproof/backend.h>

/* What the answer to the call e says of the moment of the call. */
static bool not_past(struct checker *c, const struct event *e, int future, unsigned states, int answered)
{
	unsigned before = 0;

	if (future_not_past(&c->futures[future].model, states, &before))
		return true;
	return blame(c, (unsigned)answered, event_at(c, answered), future, before) && e;
}

static struct operation operation_of(const struct checker *c, const struct event *e)
{
	const struct event *a = answer(c, e->call);

	return (struct operation){
		.call = e->call,
		.what = e->what,
		.returns = a != NULL,
		.status = a ? a->status : 0,
		.yes = a && a->yes,
		.outcome = e->outcome,
	};
}

static bool begin_future(struct checker *c, const struct event *e, int number, int executor, bool of_map)
{
	struct future *f = &c->futures[number];
	const struct event *a = answer(c, e->call);

	if (number >= FUTURES_MAX)
		return not_judged(c);
	future_begin(&f->model, executor >= 0);
	f->exists = true;
	f->executor = executor;
	f->call = e->call;
	f->of_map = of_map;
	f->map_end = -1;
	f->with_release = e->what == CALL_SUBMIT && e->form;
	f->acceptance = !a ? PERHAPS : a->status == PP_OK ? ACCEPTED : of_map ? PERHAPS : REFUSED;
	f->refusal = a ? a->status : 0;
	if (executor >= 0) {
		f->model.may_break = c->executors[executor].model.may_break;
		f->model.may_cancel = c->executors[executor].cancels || (of_map && a && a->status != PP_OK);
	}
	return true;
}

static bool call_submit(struct checker *c, const struct event *e)
{
	struct operation op = operation_of(c, e);
	int i, n = e->what == CALL_MAP_BEGIN ? e->count : 1;

	if (!executor_of(c, e))
		return not_judged(c);
	c->busy_at[e->call] = tasks_running(c, e->executor);
	for (i = 0; i < n; i++)
		if (!begin_future(c, e, e->future + i, e->executor, e->what == CALL_MAP_BEGIN))
			return false;
	if (n > 0 && !executor_call(&c->executors[e->executor].model, &op))
		return not_judged(c);
	return true;
}

static bool call_executor_new(struct checker *c, const struct event *e)
{
	struct executor *x = &c->executors[e->executor];

	executor_begin(&x->model);
	x->exists = true;
	x->workers = e->count;
	if (c->h->concurrency < x->workers)
		x->workers = c->h->concurrency;
	x->initializer = e->form != INIT_NONE;
	x->may_fail = e->form == INIT_FAIL || e->form == INIT_SECOND_FAILS;
	return true;
}

/* From its call on, each of what is PENDING, or comes, may be cancelled. */
static void may_cancel(struct checker *c, int executor)
{
	int i;

	c->executors[executor].cancels = true;
	for (i = 0; i < FUTURES_MAX; i++)
		if (c->futures[i].exists && c->futures[i].executor == executor)
			c->futures[i].model.may_cancel = true;
}

static bool call_shutdown(struct checker *c, const struct event *e)
{
	struct operation op = operation_of(c, e);
	struct executor *x = executor_of(c, e);

	if (!x)
		return not_judged(c);
	if (e->form == FORM_CANCEL_WAIT || e->form == FORM_CANCEL_NOWAIT)
		may_cancel(c, e->executor);
	c->busy_at[e->call] = tasks_running(c, e->executor);
	return executor_call(&x->model, &op) || not_judged(c);
}

static bool call_on_future(struct checker *c, const struct event *e)
{
	struct operation op = operation_of(c, e);
	struct future *f = future_of(c, e);

	if (!f)
		return not_judged(c);
	return future_call(&f->model, &op) || not_judged(c);
}

static bool call_add_callback(struct checker *c, const struct event *e)
{
	const struct event *a = answer(c, e->call);

	c->callbacks[e->call] = (struct callback){
		.exists = true,
		.known = a && a->status == PP_OK,
		.refused = a && a->status == PP_NO_RESOURCES,
		.future = e->future,
		.add = (int)c->at,
		.returned = c->return_of[e->call],
	};
	if (a && a->status != PP_OK) /* then it says nothing about the state */
		return future_of(c, e) || not_judged(c);
	return call_on_future(c, e);
}

/* An answer that the future is not done yet was true at its call. */
static bool call_ask(struct checker *c, const struct event *e)
{
	const struct event *a = answer(c, e->call);
	unsigned states = ~0U;

	if (!future_of(c, e))
		return not_judged(c);
	if (!a)
		return true;
	if ((e->what == CALL_RESULT || e->what == CALL_EXCEPTION) && a->status == PP_TIMEOUT)
		states = ~DONE;
	else if (e->what == CALL_DONE && !a->yes)
		states = ~DONE;
	else if (e->what == CALL_CANCELLED && !a->yes)
		states = ~IS_CANCELLED;
	return not_past(c, e, e->future, states, c->return_of[e->call]);
}

static bool call_wait(struct checker *c, const struct event *e)
{
	const struct event *a = answer(c, e->call);
	int i;

	if (!a || a->status != PP_OK)
		return true;
	for (i = 0; i < FUTURES_MAX; i++)
		if (e->set >> i & 1 && !(a->done >> i & 1) &&
		    !not_past(c, e, i, ~DONE | BIT(CANCELLED), c->return_of[e->call]))
			return false;
	return true;
}

/* The event at which an iterator gave up; -1 if it never did. */
static int timeout_of(const struct checker *c, int begin)
{
	unsigned i, n = history_count(c->h);

	for (i = c->at; i < n; i++) {
		const struct event *e = &c->h->events[i];

		if (event_kind(e) == EVENT_RETURN && e->what == CALL_AS_COMPLETED_NEXT && e->of == begin &&
		    e->status == PP_TIMEOUT)
			return (int)i;
	}
	return -1;
}

static uint64_t yielded_before(const struct checker *c, int begin, int end)
{
	uint64_t set = 0;
	int i;

	for (i = (int)c->at; i < end; i++) {
		const struct event *e = &c->h->events[i];

		if (event_kind(e) == EVENT_RETURN && e->what == CALL_AS_COMPLETED_NEXT && e->of == begin &&
		    e->status == PP_OK && e->future >= 0)
			set |= UINT64_C(1) << e->future;
	}
	return set;
}

/* ASCOMP-22: what was done when it began is yielded before TIMEOUT. */
static bool call_as_completed(struct checker *c, const struct event *e)
{
	int i, end = timeout_of(c, e->call);
	uint64_t rest;

	if (end < 0)
		return true;
	rest = e->set & ~yielded_before(c, e->call, end);
	for (i = 0; i < FUTURES_MAX; i++)
		if (rest >> i & 1 && !not_past(c, e, i, ~DONE | BIT(CANCELLED), end))
			return false;
	return true;
}

static bool call_map_next(struct checker *c, const struct event *e)
{
	const struct event *a = answer(c, e->call), *begin = question(c, e->of);
	int i = c->taken[e->of];

	if (!begin || !a || a->status != PP_TIMEOUT || i >= begin->count)
		return true;
	return not_past(c, e, begin->future + i, ~DONE, c->return_of[e->call]);
}

static bool call_map_end(struct checker *c, const struct event *e)
{
	const struct event *begin = question(c, e->of);
	int i;

	for (i = 0; begin && i < begin->count; i++)
		c->futures[begin->future + i].model.may_cancel = true;
	return true;
}

bool on_call(struct checker *c, const struct event *e)
{
	switch (e->what) {
	case CALL_EXECUTOR_NEW:
		return call_executor_new(c, e);
	case CALL_SUBMIT:
	case CALL_MAP_BEGIN:
		return call_submit(c, e);
	case CALL_FUTURE_NEW:
		return begin_future(c, e, e->future, -1, false);
	case CALL_SHUTDOWN:
	case CALL_PROCESS_EXIT:
		return call_shutdown(c, e);
	case CALL_ADD_CALLBACK:
		return call_add_callback(c, e);
	case CALL_CANCEL:
	case CALL_RUNNING:
	case CALL_NOTIFY:
	case CALL_SET_RESULT:
	case CALL_SET_EXCEPTION:
		return call_on_future(c, e);
	case CALL_RESULT:
	case CALL_EXCEPTION:
	case CALL_DONE:
	case CALL_CANCELLED:
		return call_ask(c, e);
	case CALL_WAIT:
		return call_wait(c, e);
	case CALL_AS_COMPLETED_BEGIN:
		return call_as_completed(c, e);
	case CALL_MAP_NEXT:
		return call_map_next(c, e);
	case CALL_MAP_END:
		return call_map_end(c, e);
	}
	return true;
}
