/* SPDX-License-Identifier: MIT */
/* checker_returns.c: the returns of calls. */
#include "checker.h"

#include <math.h>

#include <poolproof/backend.h>

#define TICK 0.001 /* seconds; WAIT-22 leaves as much open */

static int bits(uint64_t set)
{
	return __builtin_popcountll(set);
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

static bool told_broken(struct checker *c, int future)
{
	int e = c->futures[future].executor;

	if (e < 0 || !executor_seen_broken(&c->executors[e].model))
		return violation(c, "INIT-9", "f%d is told as BROKEN, and no initializer has failed", future);
	return true;
}

/* A call was refused that had all it asked for; false. */
static bool refused_for_nothing(struct checker *c, const struct event *e, const char *clause)
{
	return violation(c, clause, "%s returned NO_RESOURCES, and no request of it had failed", call_names[e->what]);
}

static bool return_executor_new(struct checker *c, const struct event *e)
{
	const struct event *q = question(c, e->call);

	if (e->status == PP_NO_RESOURCES && !may_be_refused(c, e))
		return refused_for_nothing(c, e, "EXEC-4");
	if (q->count <= 0 && e->status != PP_INVALID_ARGUMENT && e->status != PP_NO_RESOURCES)
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
		return not_judged(c);
	if (e->status != PP_OK && !is_refusal(e->status))
		return violation(c, "EXEC-12", "submit returned %s", status_text(e->status));
	if (e->status == PP_NO_RESOURCES && !may_be_refused(c, e))
		return refused_for_nothing(c, e, x->starved ? "RESOURCE-5" : submit_clause(e, seen));
	x->starved |= e->failed || e->status == PP_NO_RESOURCES;
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

/* The tasks of the executor of call e that have begun before it and have not ended by its return. */
static uint64_t busy_throughout(const struct checker *c, const struct event *e)
{
	return c->busy_at[e->call] & tasks_running(c, e->executor);
}

/* RESOURCE-11, where no worker was free to take any of it. */
static bool nothing_left(struct checker *c, const struct event *e)
{
	const struct event *q = question(c, e->call);
	int i, workers = c->executors[e->executor].workers;

	if (e->status != PP_NO_RESOURCES || workers <= 0 || bits(busy_throughout(c, e)) < workers)
		return true;
	for (i = 0; i < q->count; i++)
		if (!seen(c, e, q->future + i, DONE, -1))
			return false;
	return true;
}

/* MAP-16: of a source that raised the call tells, and of no other. */
static bool return_map_begin(struct checker *c, const struct event *e)
{
	if (e->yes != (e->status == PP_RAISED))
		return violation(c, "MAP-16", "map_begin returned %s, and its source %s", status_text(e->status),
				 e->yes ? "raised" : "did not raise");
	if (e->yes || (question(c, e->call)->count == 0 && (e->status != PP_NO_RESOURCES || may_be_refused(c, e))))
		return true;
	return return_submit(c, e) && nothing_left(c, e);
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

/* SHUTDOWN-32, where all workers were busy with the same tasks from the call to the return. */
static bool seen_cancelled(struct checker *c, const struct event *e)
{
	struct executor *x = &c->executors[e->executor];
	int i, called = c->call_of[e->call];

	if (x->workers <= 0 || bits(busy_throughout(c, e)) < x->workers)
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
		return not_judged(c);
	if (e->status != PP_OK && asks_itself(e) && e->form != FORM_NOWAIT && e->form != FORM_CANCEL_NOWAIT)
		return true;
	if (e->status != PP_OK)
		return violation(c, e->failed ? "RESOURCE-16" : x->shut ? "SHUTDOWN-27" : "SHUTDOWN-18", "shutdown returned %s",
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
		return not_judged(c);
	if (e->what == CALL_CANCEL && e->yes)
		f->cancel_told = true;
	if (!future_return(&f->model, e->call, &before))
		return blame(c, c->at, e, e->future, before);
	note_feature(c, e, before);
	return true;
}

static bool return_add_callback(struct checker *c, const struct event *e)
{
	if (e->status != PP_OK && !(e->status == PP_NO_RESOURCES && may_be_refused(c, e)))
		return violation(c, "CALLBACK-35", "add_done_callback returned %s%s", status_text(e->status),
				 e->status == PP_NO_RESOURCES ? ", and no request of it had failed" : "");
	return return_on_future(c, e);
}

static bool return_future_new(struct checker *c, const struct event *e)
{
	if (e->status == PP_OK || (e->status == PP_NO_RESOURCES && may_be_refused(c, e)))
		return true;
	return violation(c, "RESOURCE-8", "future_new returned %s%s", status_text(e->status),
			 e->status == PP_NO_RESOURCES ? ", and no request of it had failed" : "");
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
		return not_judged(c);
	if (!output_good(c, e) || !timeout_good(c, q, e, e->what == CALL_RESULT ? "RESULT-21" : "RESULT-48"))
		return false;
	return e->status == PP_TIMEOUT || refuses_timeout(q, e) || outcome_told(c, e, e->future);
}

static bool return_ask(struct checker *c, const struct event *e)
{
	if (!future_of(c, e))
		return not_judged(c);
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
	if (e->status == PP_NO_RESOURCES && e->done)
		return violation(c, "RESOURCE-9", "wait returned NO_RESOURCES, and told of futures");
	if ((e->status == PP_NO_RESOURCES && may_be_refused(c, e)) || refuses_timeout(q, e))
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

static bool return_as_completed_begin(struct checker *c, const struct event *e)
{
	if (e->status == PP_OK || (e->status == PP_NO_RESOURCES && may_be_refused(c, e)) ||
	    refuses_timeout(question(c, e->call), e))
		return true;
	return violation(c, "ASCOMP-1", "as_completed_begin returned %s", status_text(e->status));
}

static bool return_as_completed_next(struct checker *c, const struct event *e)
{
	const struct event *begin = question(c, e->of);
	uint64_t bit = e->future >= 0 ? UINT64_C(1) << e->future : 0;

	if (!begin)
		return not_judged(c);
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
	return (e->status == PP_NO_RESOURCES && may_be_refused(c, e)) ||
	       violation(c, "ASCOMP-1", "as_completed_next returned %s", status_text(e->status));
}

static bool return_map_next(struct checker *c, const struct event *e)
{
	const struct event *begin = question(c, e->of);
	int i = c->taken[e->of];

	if (!begin)
		return not_judged(c);
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

bool on_return(struct checker *c, const struct event *e)
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
		return return_on_future(c, e);
	case CALL_ADD_CALLBACK:
		return return_add_callback(c, e);
	case CALL_FUTURE_NEW:
		return return_future_new(c, e);
	case CALL_AS_COMPLETED_BEGIN:
		return return_as_completed_begin(c, e);
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
