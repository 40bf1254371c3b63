/* SPDX-License-Identifier: MIT */
/*
 * oracle.c: walks through a history and asks the model.
 *
 * What has one moment of effect is left to the model's sets.  The rest are
 * counts and orders that need no search, and stand in the functions of the
 * events: a task runs once, a callback is called once and in order, a single
 * worker keeps the order of submits.
 */
#include "oracle.h"

#include <stdlib.h>
#include <string.h>

#include <poolproof/backend.h>

#include "checker.h"

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

/* By what it was refused with. */
static const char *refused_clause(int status)
{
	switch (status) {
	case PP_SHUTDOWN:
		return "SHUTDOWN-4";
	case PP_BROKEN:
		return "INIT-11";
	case PP_NO_RESOURCES:
		return "RESOURCE-1";
	}
	return "EXEC-12";
}

static bool on_task_begin(struct checker *c, const struct event *e)
{
	struct future *f = future_of(c, e);
	struct executor *x = executor_of(c, e);
	int younger;

	if (!f || !x)
		return not_judged(c);
	if (f->acceptance == REFUSED)
		return violation(c, refused_clause(f->refusal), "the task of f%d runs, whose submit was refused", e->future);
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
		return f ? false : not_judged(c);
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
		return not_judged(c);
	if (f->acceptance == REFUSED)
		return violation(c, "MEM-8", "the argument of a refused submit is released");
	if (f->released++)
		return violation(c, "MEM-4", "the argument of f%d is released again", e->future);
	if (f->begun && !f->ended)
		return violation(c, "MEM-5", "the argument of f%d is released while its task runs", e->future);
	return seen(c, e, e->future, gone, -1);
}

/* ---- initializers -------------------------------------------------------------------------- */

/* INIT-3 is for a case: here a worker may have gone, and another have come on the same thread. */
static bool on_init_begin(struct checker *c, const struct event *e)
{
	return executor_of(c, e) || not_judged(c);
}

static bool on_init_end(struct checker *c, const struct event *e)
{
	struct executor *x = executor_of(c, e);
	int i;

	if (!x || x->good_count == THREADS)
		return not_judged(c);
	if (e->status == PP_OK) {
		if (x->good_count == 0 || x->good_threads[x->good_count - 1] != e->thread)
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
		return not_judged(c);
	if (b->refused)
		return violation(c, "RESOURCE-13", "callback #%d of f%d is called, whose adding was refused", e->call, b->future);
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
		not_judged(c);
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
