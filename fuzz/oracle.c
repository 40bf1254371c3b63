/* SPDX-License-Identifier: MIT */
/*
 * oracle.c: walks through a history and asks the model.
 *
 * What has one moment of effect is left to the model's sets.  The rest are
 * counts and orders that need no search, and stand in the functions of the
 * events: a task runs once, a callback is called once and in order, a single
 * worker keeps the order of submits.
 *
 * blame.c names the clause for a set that became empty.
 */
#include "oracle.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <poolproof/backend.h>

#include "blame.h"
#include "program.h"

#define TICK 0.001 /* seconds; WAIT-22 leaves as much open */
#define THREADS 512

enum acceptance { UNKNOWN, ACCEPTED, REFUSED, PERHAPS };

struct future {
	struct future_model model;
	bool exists;
	enum acceptance acceptance;
	int refusal; /* the status, if refused */
	int executor;
	int call;    /* that made it */
	bool of_map;
	int map_end; /* the call that ended its map and returned, or -1 */
	bool with_release;
	bool cancel_told; /* a cancel returned true */
	int begun, released;
	bool ended;
};

struct executor {
	struct executor_model model;
	bool exists, initializer, may_fail, waited, shut;
	int workers;
	int busy; /* tasks that have begun and not ended */
	bool cancels;
	int good_threads[THREADS]; /* that have run the initializer */
	int good_count;
};

struct callback {
	bool exists, known; /* known: add_done_callback has returned OK */
	int future;
	int add; /* event of the CALL */
	int returned; /* event of the RETURN; -1 if it never does */
	int begun;
};

struct checker {
	const struct history *h;
	struct ruling *found;
	uint8_t *features;
	unsigned at;			  /* the event that is looked at */
	int call_of[CALLS_MAX];		  /* its event; -1 */
	int return_of[CALLS_MAX];	  /* its event; -1 */
	struct future futures[FUTURES_MAX];
	struct executor executors[HISTORY_EXECUTORS];
	struct callback callbacks[CALLS_MAX]; /* by the call that added it */
	uint64_t yielded[CALLS_MAX];	      /* by the as_completed_begin */
	int taken[CALLS_MAX];		      /* outcomes, by the map_begin */
	uint64_t busy_at[CALLS_MAX];	      /* tasks of its executor, by the shutdown */
};

/* ---- verdicts ---------------------------------------------------------------------- */

static bool violation_at(struct checker *c, unsigned event, const char *clause, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static bool violation_at(struct checker *c, unsigned event, const char *clause, const char *format, ...)
{
	va_list args;

	c->found->judgement = VIOLATION;
	c->found->event = event;
	snprintf(c->found->clause, sizeof(c->found->clause), "%s", clause);
	va_start(args, format);
	vsnprintf(c->found->message, sizeof(c->found->message), format, args);
	va_end(args);
	return false;
}
#define violation(c, ...) violation_at(c, (c)->at, __VA_ARGS__)

static bool give_up(struct checker *c)
{
	c->found->judgement = NOT_JUDGED;
	return false;
}

/* ---- what the history holds --------------------------------------------------------- */

static const struct event *event_at(const struct checker *c, int i)
{
	return i < 0 ? NULL : &c->h->events[i];
}

static const struct event *answer(const struct checker *c, int call)
{
	return event_at(c, c->return_of[call]);
}

static const struct event *question(const struct checker *c, int call)
{
	return event_at(c, c->call_of[call]);
}

static struct future *future_of(struct checker *c, const struct event *e)
{
	return e->future >= 0 && c->futures[e->future].exists ? &c->futures[e->future] : NULL;
}

static struct executor *executor_of(struct checker *c, const struct event *e)
{
	return e->executor >= 0 && c->executors[e->executor].exists ? &c->executors[e->executor] : NULL;
}

static bool is_forever(double timeout)
{
	return isinf(timeout) && timeout > 0;
}

/* One that is no number may be up at once. */
static bool has_timed_out(const struct event *begin, const struct event *end)
{
	return isnan(begin->timeout) || end->time - begin->time + TICK >= begin->timeout;
}

static bool refuses_timeout(const struct event *begin, const struct event *end)
{
	return isnan(begin->timeout) && end->status == PP_INVALID_ARGUMENT;
}

static void note_feature(struct checker *c, const struct event *e, unsigned seen)
{
	uint32_t hash = (uint32_t)event_kind(e) << 4 ^ (uint32_t)e->what << 8;

	if (!c->features)
		return;
	hash ^= (uint32_t)(uint8_t)e->status << 13 ^ (uint32_t)e->yes << 17 ^ seen << 18 ^
		(uint32_t)e->form << 26 ^ (uint32_t)(e->worker >= 0) << 30;
	hash *= 0x9E3779B1U;
	hash >>= 18;
	c->features[hash >> 3] |= (uint8_t)(1U << (hash & 7));
}

/* "f3, which may be PENDING or RUNNING" */
static const char *states_text(unsigned seen)
{
	static _Thread_local char text[160];
	size_t used = 0;
	int s;

	text[0] = '\0';
	for (s = 0; s < MODEL_STATES; s++)
		if (seen & BIT(s))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? " or " : "",
						 state_names[s]);
	return text;
}

/* A future's set became empty at event; e is what was seen. */
static bool blame(struct checker *c, unsigned event, const struct event *e, int future, unsigned seen)
{
	struct future *f = &c->futures[future];
	struct blame b = {
		.event = e,
		.seen = seen,
		.of_executor = f->executor >= 0,
		.cancel_told = f->cancel_told,
		.shutdown_cancels = f->executor >= 0 && c->executors[f->executor].cancels,
		.shut = f->executor >= 0 && c->executors[f->executor].shut,
		.of_map = f->of_map,
		.begun = f->begun > 0,
		.ended = f->ended,
	};
	char what[128];

	return violation_at(c, event, blame_clause(&b), "%s; f%d can only be %s",
			    blame_text(&b, what, sizeof(what)), future, states_text(seen));
}

static bool seen(struct checker *c, const struct event *e, int future, unsigned states, int outcome)
{
	struct future *f = &c->futures[future];
	unsigned before = 0;
	bool good = future_seen_with(&f->model, states, outcome, &before);

	note_feature(c, e, before);
	return good || blame(c, c->at, e, future, before);
}

/* What the answer to the call e says of the moment of the call. */
static bool not_past(struct checker *c, const struct event *e, int future, unsigned states, int answered)
{
	unsigned before = 0;

	if (future_not_past(&c->futures[future].model, states, &before))
		return true;
	return blame(c, (unsigned)answered, event_at(c, answered), future, before) && e;
}

/* ---- the beginnings of calls ------------------------------------------------------------ */

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
		return give_up(c);
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
		return give_up(c);
	for (i = 0; i < n; i++)
		if (!begin_future(c, e, e->future + i, e->executor, e->what == CALL_MAP_BEGIN))
			return false;
	if (n > 0 && !executor_call(&c->executors[e->executor].model, &op))
		return give_up(c);
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

static uint64_t tasks_running(const struct checker *c, int executor)
{
	uint64_t running = 0;
	int i;

	for (i = 0; i < FUTURES_MAX; i++)
		if (c->futures[i].exists && c->futures[i].executor == executor && c->futures[i].begun &&
		    !c->futures[i].ended)
			running |= UINT64_C(1) << i;
	return running;
}

static bool call_shutdown(struct checker *c, const struct event *e)
{
	struct operation op = operation_of(c, e);
	struct executor *x = executor_of(c, e);

	if (!x)
		return give_up(c);
	if (e->form == FORM_CANCEL_WAIT || e->form == FORM_CANCEL_NOWAIT)
		may_cancel(c, e->executor);
	c->busy_at[e->call] = tasks_running(c, e->executor);
	return executor_call(&x->model, &op) || give_up(c);
}

static bool call_on_future(struct checker *c, const struct event *e)
{
	struct operation op = operation_of(c, e);
	struct future *f = future_of(c, e);

	if (!f)
		return give_up(c);
	return future_call(&f->model, &op) || give_up(c);
}

static bool call_add_callback(struct checker *c, const struct event *e)
{
	const struct event *a = answer(c, e->call);

	c->callbacks[e->call] = (struct callback){
		.exists = true,
		.known = a && a->status == PP_OK,
		.future = e->future,
		.add = (int)c->at,
		.returned = c->return_of[e->call],
	};
	if (a && a->status != PP_OK) /* then it says nothing about the state */
		return future_of(c, e) || give_up(c);
	return call_on_future(c, e);
}

/* An answer that the future is not done yet was true at its call. */
static bool call_ask(struct checker *c, const struct event *e)
{
	const struct event *a = answer(c, e->call);
	unsigned states = ~0U;

	if (!future_of(c, e))
		return give_up(c);
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

static bool on_call(struct checker *c, const struct event *e)
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

/* ---- the returns of calls ------------------------------------------------------------------ */

static bool told_broken(struct checker *c, int future)
{
	int e = c->futures[future].executor;

	if (e < 0 || !executor_seen_broken(&c->executors[e].model))
		return violation(c, "INIT-9", "f%d is told as BROKEN, and no initializer has failed", future);
	return true;
}

static bool return_executor_new(struct checker *c, const struct event *e)
{
	const struct event *q = question(c, e->call);

	if (q->count <= 0 && e->status != PP_INVALID_ARGUMENT)
		return violation(c, q->count ? "EXEC-2" : "EXEC-1", "executor_new(%d) returned %s", q->count,
				 status_text(e->status));
	if (e->status != PP_OK && e->yes)
		return violation(c, "EXEC-3", "a refused executor_new wrote the handle");
	if (q->count > 0 && e->status != PP_OK && e->status != PP_NO_RESOURCES)
		return violation(c, "EXEC-4", "executor_new(%d) returned %s", q->count, status_text(e->status));
	return true;
}

static bool is_refusal(int status)
{
	return status == PP_SHUTDOWN || status == PP_BROKEN || status == PP_NO_RESOURCES;
}

static const char *submit_clause(const struct event *e, unsigned seen)
{
	if (e->status == PP_OK && seen & BIT(BROKE))
		return "INIT-31";
	if (e->status == PP_OK)
		return e->worker >= 0 ? "SHUTDOWN-6" : "SHUTDOWN-2";
	return e->what == CALL_MAP_BEGIN ? "MAP-12" : "EXEC-23";
}

static bool return_submit(struct checker *c, const struct event *e)
{
	struct executor *x = executor_of(c, e);
	unsigned seen = 0;

	if (!x)
		return give_up(c);
	if (e->status != PP_OK && !is_refusal(e->status))
		return violation(c, "EXEC-12", "submit returned %s", status_text(e->status));
	if (e->status != PP_OK && e->yes)
		return violation(c, e->status == PP_SHUTDOWN ? "SHUTDOWN-8" : "EXEC-22",
				 "a refused submit wrote the handle");
	if (!executor_return(&x->model, e->call, &seen))
		return violation(c, submit_clause(e, seen), "%s to e%d returned %s, which is %s", call_names[e->what],
				 e->executor, status_text(e->status),
				 !seen		      ? "open" :
				 seen & BIT(OPEN_)    ? "open" :
				 seen & BIT(BROKE)    ? "broken" :
							"shut down");
	note_feature(c, e, seen);
	return true;
}

/* MAP-16: of a source that raised the call tells, and of no other. */
static bool return_map_begin(struct checker *c, const struct event *e)
{
	if (e->yes != (e->status == PP_RAISED))
		return violation(c, "MAP-16", "map_begin returned %s, and its source %s", status_text(e->status),
				 e->yes ? "raised" : "did not raise");
	return e->yes || question(c, e->call)->count == 0 || return_submit(c, e);
}

static bool seen_through(struct checker *c, const struct event *e)
{
	int i;

	for (i = 0; i < FUTURES_MAX; i++) {
		struct future *f = &c->futures[i];

		if (!f->exists || f->executor != e->executor || f->acceptance != ACCEPTED)
			continue;
		if (!seen(c, e, i, DONE & ~BIT(CANCELLED), -1))
			return false;
	}
	c->executors[e->executor].waited = true;
	return true;
}

static int bits(uint64_t set)
{
	return __builtin_popcountll(set);
}

/* SHUTDOWN-32, where all workers were busy with the same tasks from the call to the return. */
static bool seen_cancelled(struct checker *c, const struct event *e)
{
	struct executor *x = &c->executors[e->executor];
	uint64_t busy = c->busy_at[e->call] & tasks_running(c, e->executor);
	int i, called = c->call_of[e->call];

	if (x->workers <= 0 || bits(busy) < x->workers)
		return true;
	for (i = 0; i < FUTURES_MAX; i++) {
		struct future *f = &c->futures[i];

		if (!f->exists || f->executor != e->executor || f->acceptance != ACCEPTED || f->begun ||
		    c->return_of[f->call] > called)
			continue;
		if (!seen(c, e, i, DONE, -1))
			return false;
	}
	return true;
}

/* REENTRY-11, REENTRY-63: one that cannot wait for itself need not wait, or is refused. */
static bool asks_itself(const struct event *e)
{
	return e->worker == e->executor || e->worker == HISTORY_EXECUTORS;
}

static bool return_shutdown(struct checker *c, const struct event *e)
{
	bool waits = (e->form == FORM_WAIT || e->form == FORM_CANCEL_WAIT) && !asks_itself(e);
	struct executor *x = executor_of(c, e);
	unsigned before;

	if (!x)
		return give_up(c);
	if (e->status != PP_OK && asks_itself(e) && e->form != FORM_NOWAIT && e->form != FORM_CANCEL_NOWAIT)
		return true;
	if (e->status != PP_OK)
		return violation(c, x->shut ? "SHUTDOWN-27" : "SHUTDOWN-18", "shutdown returned %s",
				 status_text(e->status));
	executor_return(&x->model, e->call, &before);
	x->shut = true;
	if (e->form != FORM_WAIT && e->form != FORM_NOWAIT && !seen_cancelled(c, e))
		return false;
	return !waits || seen_through(c, e);
}

static bool return_on_future(struct checker *c, const struct event *e)
{
	struct future *f = future_of(c, e);
	unsigned before = 0;

	if (!f)
		return give_up(c);
	if (e->what == CALL_CANCEL && e->yes)
		f->cancel_told = true;
	if (!future_return(&f->model, e->call, &before))
		return blame(c, c->at, e, e->future, before);
	note_feature(c, e, before);
	return true;
}

/* What may stand in an output that was not to be written. */
static bool output_good(struct checker *c, const struct event *e)
{
	bool exception = e->what == CALL_EXCEPTION;

	if (e->outcome == OUTCOME_UNWRITTEN)
		return true;
	if (e->status == PP_TIMEOUT)
		return violation(c, exception ? "RESULT-50" : "RESULT-28", "TIMEOUT wrote the output");
	if (e->status == PP_CANCELLED)
		return violation(c, exception ? "RESULT-51" : "RESULT-29", "CANCELLED wrote the output");
	if (e->status == PP_OK && exception)
		return violation(c, "RESULT-35", "an output was written, though there is no exception");
	return true;
}

static bool timeout_good(struct checker *c, const struct event *q, const struct event *e, const char *clause)
{
	if (e->status != PP_TIMEOUT)
		return true;
	if (is_forever(q->timeout))
		return violation(c, clause, "TIMEOUT without a limit");
	if (!has_timed_out(q, e))
		return violation(c, clause, "TIMEOUT after %g s of %g s", e->time - q->time, q->timeout);
	return true;
}

/* The states that a status tells of; 0 for none. */
static unsigned states_told(const struct event *e)
{
	switch (e->status) {
	case PP_OK:
		return BIT(RETURNED);
	case PP_RAISED:
		return BIT(RAISED);
	case PP_CANCELLED:
		return IS_CANCELLED;
	case PP_BROKEN:
		return BIT(BROKEN);
	}
	return 0;
}

static bool outcome_told(struct checker *c, const struct event *e, int future)
{
	unsigned states = states_told(e);
	int outcome = e->status == PP_RAISED || (e->status == PP_OK && e->what != CALL_EXCEPTION) ? e->outcome : -1;

	if (!states)
		return violation(c, "RESULT-1", "%s returned %s", call_names[e->what], status_text(e->status));
	if ((e->status == PP_OK || e->status == PP_RAISED) && e->what != CALL_EXCEPTION && outcome < 0)
		return violation(c, e->status == PP_OK ? "RESULT-1" : "RESULT-4",
				 "the outcome of f%d is a pointer that nobody gave", future);
	if (!seen(c, e, future, states, outcome))
		return false;
	return e->status != PP_BROKEN || told_broken(c, future);
}

static bool return_result(struct checker *c, const struct event *e)
{
	const struct event *q = question(c, e->call);

	if (!future_of(c, e))
		return give_up(c);
	if (!output_good(c, e) || !timeout_good(c, q, e, e->what == CALL_RESULT ? "RESULT-21" : "RESULT-48"))
		return false;
	return e->status == PP_TIMEOUT || refuses_timeout(q, e) || outcome_told(c, e, e->future);
}

static bool return_ask(struct checker *c, const struct event *e)
{
	if (!future_of(c, e))
		return give_up(c);
	return !e->yes || seen(c, e, e->future, e->what == CALL_DONE ? DONE : IS_CANCELLED, -1);
}

/* Whether return_when holds for what wait told. */
static bool condition_holds(struct checker *c, const struct event *q, const struct event *e)
{
	int i;

	if ((q->set & ~e->done) == 0)
		return true;
	if (q->form == PP_FIRST_COMPLETED)
		return e->done != 0;
	if (q->form == PP_FIRST_EXCEPTION)
		for (i = 0; i < FUTURES_MAX; i++)
			if (e->done >> i & 1 &&
			    future_reach(&c->futures[i].model) & (BIT(RAISED) | BIT(BROKEN)))
				return true;
	return false;
}

static bool return_wait(struct checker *c, const struct event *e)
{
	static const char *const clauses[] = {"WAIT-7", "WAIT-10", "WAIT-1"};
	const struct event *q = question(c, e->call);
	int i;

	if (q->form > PP_ALL_COMPLETED)
		return e->status == PP_INVALID_ARGUMENT ||
		       violation(c, "WAIT-36", "wait returned %s for a return_when that is none", status_text(e->status));
	if (e->status == PP_NO_RESOURCES || refuses_timeout(q, e))
		return true;
	if (e->status != PP_OK)
		return violation(c, "WAIT-2", "wait returned %s", status_text(e->status));
	for (i = 0; i < FUTURES_MAX; i++)
		if (e->done >> i & 1 && !seen(c, e, i, DONE, -1))
			return false;
	if (condition_holds(c, q, e))
		return true;
	if (is_forever(q->timeout))
		return violation(c, clauses[q->form % 3], "wait returned, and its return_when does not hold");
	if (!has_timed_out(q, e))
		return violation(c, "WAIT-22", "wait returned after %g s of %g s", e->time - q->time, q->timeout);
	return true;
}

static bool return_as_completed_next(struct checker *c, const struct event *e)
{
	const struct event *begin = question(c, e->of);
	uint64_t bit = e->future >= 0 ? UINT64_C(1) << e->future : 0;

	if (!begin)
		return give_up(c);
	switch (e->status) {
	case PP_OK:
		if (!(begin->set & bit))
			return violation(c, "ASCOMP-1", "the iterator yielded what it was not given");
		if (c->yielded[e->of] & bit)
			return violation(c, "ASCOMP-2", "f%d was yielded twice", e->future);
		c->yielded[e->of] |= bit;
		return seen(c, e, e->future, DONE, -1);
	case PP_STOP_ITERATION:
		if (begin->set & ~c->yielded[e->of])
			return violation(c, "ASCOMP-1", "the iterator stopped before it had yielded all");
		return true;
	case PP_TIMEOUT:
		return timeout_good(c, begin, e, "ASCOMP-17");
	}
	return e->status == PP_NO_RESOURCES ||
	       violation(c, "ASCOMP-1", "as_completed_next returned %s", status_text(e->status));
}

static bool return_map_next(struct checker *c, const struct event *e)
{
	const struct event *begin = question(c, e->of);
	int i = c->taken[e->of];

	if (!begin)
		return give_up(c);
	if (e->status == PP_TIMEOUT)
		return timeout_good(c, begin, e, "MAP-27");
	if (e->status == PP_STOP_ITERATION)
		return i >= begin->count || violation(c, "MAP-4", "map stopped after %d of %d", i, begin->count);
	if (i >= begin->count)
		return violation(c, "MAP-4", "map_next returned %s after the last", status_text(e->status));
	c->taken[e->of]++;
	return outcome_told(c, e, begin->future + i);
}

/* MAP-33: nothing of it is PENDING any more, if it was asked. */
static bool return_map_end(struct checker *c, const struct event *e)
{
	const struct event *begin = question(c, e->of);
	int i;

	for (i = 0; begin && i < begin->count && c->taken[e->of] > 0; i++) {
		c->futures[begin->future + i].map_end = e->call;
		if (!seen(c, e, begin->future + i, ~BIT(PENDING), -1))
			return false;
	}
	return true;
}

static bool on_return(struct checker *c, const struct event *e)
{
	switch (e->what) {
	case CALL_EXECUTOR_NEW:
		return return_executor_new(c, e);
	case CALL_SUBMIT:
		return return_submit(c, e);
	case CALL_MAP_BEGIN:
		return return_map_begin(c, e);
	case CALL_SHUTDOWN:
		return return_shutdown(c, e);
	case CALL_CANCEL:
	case CALL_RUNNING:
	case CALL_NOTIFY:
	case CALL_SET_RESULT:
	case CALL_SET_EXCEPTION:
	case CALL_ADD_CALLBACK:
		return return_on_future(c, e);
	case CALL_RESULT:
	case CALL_EXCEPTION:
		return return_result(c, e);
	case CALL_DONE:
	case CALL_CANCELLED:
		return return_ask(c, e);
	case CALL_WAIT:
		return return_wait(c, e);
	case CALL_AS_COMPLETED_NEXT:
		return return_as_completed_next(c, e);
	case CALL_MAP_NEXT:
		return return_map_next(c, e);
	case CALL_MAP_END:
		return return_map_end(c, e);
	}
	return true;
}

/* ---- tasks ------------------------------------------------------------------------------- */

static bool initialized(const struct checker *c, const struct executor *x, int thread)
{
	int i;

	if (!x->initializer)
		return true;
	for (i = 0; i < x->good_count; i++)
		if (c->h->concurrency == 0 || x->good_threads[i] == thread)
			return true;
	return false;
}

/* An older work item of the same thread that has not begun; -1 if there is none. */
static bool has_overtaken(struct checker *c, const struct event *e, int *younger)
{
	const struct future *f = &c->futures[e->future];
	const struct event *q = question(c, f->call);
	int i;

	if (c->executors[e->executor].workers != 1 || q->what != CALL_SUBMIT || q->worker >= 0)
		return false;
	for (i = 0; i < FUTURES_MAX; i++) {
		const struct future *g = &c->futures[i];
		const struct event *other = g->exists && g->executor == e->executor ? question(c, g->call) : NULL;

		if (other && other->what == CALL_SUBMIT && other->worker < 0 && other->thread == q->thread && g->begun &&
		    c->return_of[f->call] >= 0 && c->call_of[g->call] > c->return_of[f->call]) {
			*younger = i;
			return true;
		}
	}
	return false;
}

static bool on_task_begin(struct checker *c, const struct event *e)
{
	struct future *f = future_of(c, e);
	struct executor *x = executor_of(c, e);
	int younger;

	if (!f || !x)
		return give_up(c);
	if (f->acceptance == REFUSED)
		return violation(c, f->refusal == PP_SHUTDOWN ? "SHUTDOWN-4" : f->refusal == PP_BROKEN ? "INIT-11" : "EXEC-12",
				 "the task of f%d runs, whose submit was refused", e->future);
	if (f->begun++)
		return violation(c, f->of_map ? "MAP-2" : "EXEC-12", "the task of f%d runs again", e->future);
	if (!seen(c, e, e->future, BIT(RUNNING), -1))
		return false;
	if (has_overtaken(c, e, &younger))
		return violation(c, "WORKER-11", "the single worker began f%d before f%d, which the same thread submitted first",
				 younger, e->future);
	if (c->h->concurrency > 0 && ++x->busy > x->workers)
		return violation(c, "WORKER-1", "%d tasks run at once on %d worker%s", x->busy, x->workers,
				 x->workers == 1 ? "" : "s");
	if (!initialized(c, x, e->thread))
		return violation(c, "INIT-1", "f%d runs where the initializer has not", e->future);
	return true;
}

static bool on_task_end(struct checker *c, const struct event *e)
{
	struct future *f = future_of(c, e);

	if (!f || !seen(c, e, e->future, BIT(RUNNING), -1))
		return f ? false : give_up(c);
	f->ended = true;
	f->model.task_ended = true;
	f->model.task_status = e->status;
	f->model.task_outcome = e->outcome;
	if (c->h->concurrency > 0)
		c->executors[e->executor].busy--;
	return true;
}

static bool on_release(struct checker *c, const struct event *e)
{
	struct future *f = future_of(c, e);
	unsigned gone = DONE | (f && f->ended ? BIT(RUNNING) : 0);

	if (!f)
		return give_up(c);
	if (f->acceptance == REFUSED)
		return violation(c, "MEM-8", "the argument of a refused submit is released");
	if (f->released++)
		return violation(c, "MEM-4", "the argument of f%d is released again", e->future);
	if (f->begun && !f->ended)
		return violation(c, "MEM-5", "the argument of f%d is released while its task runs", e->future);
	return seen(c, e, e->future, gone, -1);
}

/* ---- initializers -------------------------------------------------------------------------- */

static bool on_init_begin(struct checker *c, const struct event *e)
{
	struct executor *x = executor_of(c, e);
	int i;

	for (i = 0; x && i < x->good_count; i++)
		if (c->h->concurrency > 0 && x->good_threads[i] == e->thread)
			return violation(c, "INIT-3", "a worker of e%d runs the initializer again", e->executor);
	return x || give_up(c);
}

static bool on_init_end(struct checker *c, const struct event *e)
{
	struct executor *x = executor_of(c, e);
	int i;

	if (!x || x->good_count == THREADS)
		return give_up(c);
	if (e->status == PP_OK) {
		x->good_threads[x->good_count++] = e->thread;
		return true;
	}
	x->model.may_break = true;
	for (i = 0; i < FUTURES_MAX; i++)
		if (c->futures[i].exists && c->futures[i].executor == e->executor)
			c->futures[i].model.may_break = true;
	return true;
}

/* ---- callbacks -------------------------------------------------------------------------------- */

static bool at_once(const struct checker *c, int add)
{
	const struct event *a = answer(c, add);

	return a && a->yes;
}

/* An older callback of the same future that was added in time, and waits still. */
static bool has_older(const struct checker *c, int add, int *older)
{
	const struct callback *b = &c->callbacks[add];
	int i;

	for (i = 0; i < CALLS_MAX; i++) {
		const struct callback *o = &c->callbacks[i];

		if (o->exists && o->known && o->future == b->future && !o->begun && !at_once(c, i) &&
		    o->returned >= 0 && o->returned < b->add) {
			*older = i;
			return true;
		}
	}
	return false;
}

static bool on_callback(struct checker *c, const struct event *e)
{
	struct callback *b = &c->callbacks[e->call];
	int older;

	if (!b->exists)
		return give_up(c);
	if (!e->yes)
		return violation(c, "CALLBACK-8", "a callback of f%d is given another future", b->future);
	if (b->begun++)
		return violation(c, future_reach(&c->futures[b->future].model) & IS_CANCELLED ? "CALLBACK-6" : "CALLBACK-5",
				 "callback #%d of f%d is called again", e->call, b->future);
	if (!seen(c, e, b->future, DONE, -1))
		return false;
	if (!at_once(c, e->call) && has_older(c, e->call, &older))
		return violation(c, future_reach(&c->futures[b->future].model) & IS_CANCELLED ? "CALLBACK-11" : "CALLBACK-10",
				 "callback #%d of f%d comes before #%d, which was added first", e->call, b->future, older);
	return true;
}

/* ---- the end ------------------------------------------------------------------------------------- */

static const char *lost_callback(unsigned states)
{
	if (states & BIT(BROKEN))
		return "INIT-16";
	if (states & IS_CANCELLED)
		return "CALLBACK-3";
	return states & BIT(RAISED) ? "CALLBACK-2" : "CALLBACK-1";
}

static const char *lost_argument(unsigned states)
{
	if (states & BIT(BROKEN))
		return "MEM-12";
	if (states & IS_CANCELLED)
		return "MEM-3";
	return states & BIT(RAISED) ? "MEM-2" : "MEM-1";
}

/* Nobody waits for what may have been called off, and has no handle left, but for the release of its argument. */
static bool comes_late(const struct checker *c, const struct future *f)
{
	bool called_off = f->cancel_told || f->model.may_cancel || f->model.may_break;

	if (f->with_release)
		return false;
	if (f->begun)
		return !f->ended && called_off;
	return c->executors[f->executor].may_fail;
}

static bool on_the_end(struct checker *c, const struct event *e)
{
	int i;

	for (i = 0; i < FUTURES_MAX; i++) {
		struct future *f = &c->futures[i];

		if (!f->exists || f->acceptance != ACCEPTED || f->executor < 0)
			continue;
		if (comes_late(c, f))
			continue;
		if (!seen(c, e, i, DONE, -1))
			return false;
		if (f->with_release && !f->released)
			return violation(c, lost_argument(future_now(&f->model)), "the argument of f%d is never released", i);
	}
	for (i = 0; i < CALLS_MAX; i++)
		if (c->callbacks[i].exists && c->callbacks[i].known && !c->callbacks[i].begun &&
		    !(future_now(&c->futures[c->callbacks[i].future].model) & ~DONE))
			return violation(c, lost_callback(future_now(&c->futures[c->callbacks[i].future].model)),
					 "callback #%d of f%d is never called", i, c->callbacks[i].future);
	return true;
}

/* ---- the walk --------------------------------------------------------------------------------------- */

static bool on_event(struct checker *c, const struct event *e)
{
	switch (event_kind(e)) {
	case EVENT_CALL:
		return on_call(c, e);
	case EVENT_RETURN:
		return on_return(c, e);
	case EVENT_TASK_BEGIN:
		return on_task_begin(c, e);
	case EVENT_TASK_END:
		return on_task_end(c, e);
	case EVENT_CALLBACK_BEGIN:
		return on_callback(c, e);
	case EVENT_INIT_BEGIN:
		return on_init_begin(c, e);
	case EVENT_INIT_END:
		return on_init_end(c, e);
	case EVENT_ARGUMENT_RELEASED:
		return on_release(c, e);
	case EVENT_THE_END:
		return on_the_end(c, e);
	}
	return true;
}

static void find_calls(struct checker *c)
{
	unsigned i, n = history_count(c->h);

	memset(c->call_of, -1, sizeof(c->call_of));
	memset(c->return_of, -1, sizeof(c->return_of));
	for (i = 0; i < n; i++) {
		const struct event *e = &c->h->events[i];

		if (event_kind(e) == EVENT_CALL)
			c->call_of[e->call] = (int)i;
		if (event_kind(e) == EVENT_RETURN)
			c->return_of[e->call] = (int)i;
	}
}

static void check(struct checker *c)
{
	unsigned n = history_count(c->h);

	find_calls(c);
	if (history_is_cut(c->h)) {
		give_up(c);
		return;
	}
	for (c->at = 0; c->at < n; c->at++)
		if (!on_event(c, &c->h->events[c->at]))
			return;
}

void oracle_judge(const struct history *h, uint8_t *features, struct ruling *found)
{
	/* Too large for a stack, and for what each thread of a backend has of its own. */
	struct checker *c = calloc(1, sizeof(*c));

	memset(found, 0, sizeof(*found));
	if (!c) {
		found->judgement = NOT_JUDGED;
		return;
	}
	c->h = h;
	c->found = found;
	c->features = features;
	check(c);
	free(c);
}
