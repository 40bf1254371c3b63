/* SPDX-License-Identifier: MIT */
/* model.c: see model.h. */
#include "model.h"

#include <string.h>

#include <poolproof/backend.h>

#include "history.h"

/*
 * A member: bits 0-2 the state, 3-18 the outcome plus one, 19-30 the operations
 * that were taken.
 */
#define STATE_MASK 7U
#define OUTCOME_SHIFT 3
#define OUTCOME_MASK 0xffffU
#define TAKEN_SHIFT 19
#define TAKEN(i) (1U << (TAKEN_SHIFT + (i)))

const char *const state_names[MODEL_STATES] = {
	[PENDING] = "PENDING",
	[RUNNING] = "RUNNING",
	[CANCELLED] = "CANCELLED",
	[NOTIFIED] = "CANCELLED_AND_NOTIFIED",
	[RETURNED] = "FINISHED with a value",
	[RAISED] = "FINISHED with an exception",
	[BROKEN] = "FINISHED as BROKEN",
};

static unsigned state_of(uint32_t member)
{
	return member & STATE_MASK;
}

static int outcome_of(uint32_t member)
{
	return (int)(member >> OUTCOME_SHIFT & OUTCOME_MASK) - 1;
}

static uint32_t moved(uint32_t member, unsigned state)
{
	return (member & ~STATE_MASK) | state;
}

static uint32_t finished(uint32_t member, unsigned state, int outcome)
{
	member &= ~(OUTCOME_MASK << OUTCOME_SHIFT);
	return moved(member, state) | ((uint32_t)(outcome + 1) & OUTCOME_MASK) << OUTCOME_SHIFT;
}

/* ---- sets ------------------------------------------------------------------------ */

static void set_add(struct states *s, uint32_t member)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->members[i] == member)
			return;
	if (s->count == STATES_MAX)
		s->overflow = true;
	else
		s->members[s->count++] = member;
}

static unsigned set_bits(const struct states *s)
{
	unsigned bits = 0;
	size_t i;

	for (i = 0; i < s->count; i++)
		bits |= BIT(state_of(s->members[i]));
	return bits;
}

/* ---- operations ------------------------------------------------------------------- */

static int underway_add(struct underway *u, const struct operation *op)
{
	int i;

	for (i = 0; i < UNDER_WAY_MAX; i++)
		if (!(u->used >> i & 1)) {
			u->operations[i] = *op;
			u->used |= 1U << i;
			return i;
		}
	return -1;
}

static int underway_find(const struct underway *u, int call)
{
	int i;

	for (i = 0; i < UNDER_WAY_MAX; i++)
		if (u->used >> i & 1 && u->operations[i].call == call)
			return i;
	return -1;
}

/* Keep the members that took operation i, and forget that they did. */
static void set_settle(struct states *s, int i)
{
	struct states kept = {.overflow = s->overflow};
	size_t k;

	for (k = 0; k < s->count; k++)
		if (s->members[k] & TAKEN(i))
			set_add(&kept, s->members[k] & ~TAKEN(i));
	*s = kept;
}

static bool answers(const struct operation *op, int status)
{
	return !op->returns || op->status == status;
}

static bool says(const struct operation *op, bool yes)
{
	return !op->returns || op->yes == yes;
}

/* ---- the future: spec/05-author.md has the table -------------------------------------- */

/* Take op in member; false if it would give another answer than it gives. */
static bool future_take(const struct operation *op, uint32_t member, uint32_t *next)
{
	unsigned state = state_of(member);
	bool open = state == PENDING || state == RUNNING;

	*next = member;
	switch (op->what) {
	case CALL_CANCEL:
		if (state == PENDING)
			*next = moved(member, CANCELLED);
		return says(op, state == PENDING || BIT(state) & IS_CANCELLED);
	case CALL_RUNNING:
		return says(op, state == RUNNING);
	case CALL_ADD_CALLBACK:
		return says(op, BIT(state) & DONE);
	case CALL_NOTIFY:
		if (state != PENDING && state != CANCELLED)
			return answers(op, PP_INVALID_STATE);
		*next = moved(member, state == PENDING ? RUNNING : NOTIFIED);
		return answers(op, PP_OK) && says(op, state == PENDING);
	case CALL_SET_RESULT:
	case CALL_SET_EXCEPTION:
		if (open)
			*next = finished(member, op->what == CALL_SET_RESULT ? RETURNED : RAISED, op->outcome);
		return answers(op, open ? PP_OK : PP_INVALID_STATE);
	}
	return false;
}

/* The steps that nobody sees. */
static void future_hidden(const struct future_model *f, struct states *s, uint32_t member)
{
	switch (state_of(member)) {
	case PENDING:
		if (f->has_executor)
			set_add(s, moved(member, RUNNING));
		if (f->may_break)
			set_add(s, moved(member, BROKEN));
		if (f->may_cancel)
			set_add(s, moved(member, CANCELLED));
		break;
	case RUNNING:
		if (f->task_ended)
			set_add(s, finished(member, f->task_status == PP_OK ? RETURNED : RAISED, f->task_outcome));
		break;
	case CANCELLED:
		if (f->has_executor)
			set_add(s, moved(member, NOTIFIED));
		break;
	}
}

static void future_operations(const struct future_model *f, struct states *s, uint32_t member)
{
	uint32_t next;
	int i;

	for (i = 0; i < UNDER_WAY_MAX; i++)
		if (f->underway.used >> i & 1 && !(member & TAKEN(i)) &&
		    future_take(&f->underway.operations[i], member, &next))
			set_add(s, next | TAKEN(i));
}

/* All that can be by now. */
static void future_close(const struct future_model *f, struct states *s)
{
	size_t i;

	for (i = 0; i < s->count && !s->overflow; i++) {
		future_hidden(f, s, s->members[i]);
		future_operations(f, s, s->members[i]);
	}
}

void future_begin(struct future_model *f, bool has_executor)
{
	memset(f, 0, sizeof(*f));
	f->has_executor = has_executor;
	set_add(&f->states, PENDING);
}

bool future_call(struct future_model *f, const struct operation *op)
{
	return underway_add(&f->underway, op) >= 0;
}

bool future_return(struct future_model *f, int call, unsigned *seen)
{
	int i = underway_find(&f->underway, call);

	if (i < 0)
		return true;
	future_close(f, &f->states);
	*seen = set_bits(&f->states);
	f->underway.used &= ~(1U << i);
	set_settle(&f->states, i);
	return f->states.count > 0 || f->states.overflow;
}

static bool keep(struct states *s, unsigned states, int outcome, unsigned *seen)
{
	size_t i, kept = 0;

	*seen = set_bits(s);
	for (i = 0; i < s->count; i++)
		if (BIT(state_of(s->members[i])) & states && (outcome < 0 || outcome_of(s->members[i]) == outcome))
			s->members[kept++] = s->members[i];
	s->count = kept;
	return kept > 0 || s->overflow;
}

bool future_seen_with(struct future_model *f, unsigned states, int outcome, unsigned *seen)
{
	future_close(f, &f->states);
	return keep(&f->states, states, outcome, seen);
}

bool future_seen(struct future_model *f, unsigned states, unsigned *seen)
{
	return future_seen_with(f, states, -1, seen);
}

bool future_not_past(struct future_model *f, unsigned states, unsigned *seen)
{
	return keep(&f->states, states, -1, seen);
}

unsigned future_now(const struct future_model *f)
{
	return set_bits(&f->states);
}

unsigned future_reach(const struct future_model *f)
{
	struct states s = f->states;

	future_close(f, &s);
	return set_bits(&s);
}

/* ---- the executor ---------------------------------------------------------------------- */

static bool executor_take(const struct operation *op, uint32_t member, uint32_t *next)
{
	unsigned state = state_of(member);

	*next = member;
	if (op->what == CALL_SHUTDOWN || op->what == CALL_PROCESS_EXIT) {
		*next = moved(member, state | SHUT);
		return true;
	}
	if (!op->returns || op->status == PP_NO_RESOURCES)
		return true;
	switch (op->status) {
	case PP_SHUTDOWN:
		return state & SHUT;
	case PP_BROKEN:
		return state & BROKE;
	}
	return state == OPEN_;
}

static void executor_close(struct executor_model *e)
{
	struct states *s = &e->states;
	uint32_t next;
	size_t k;
	int i;

	for (k = 0; k < s->count && !s->overflow; k++) {
		if (e->may_break)
			set_add(s, moved(s->members[k], state_of(s->members[k]) | BROKE));
		for (i = 0; i < UNDER_WAY_MAX; i++)
			if (e->underway.used >> i & 1 && !(s->members[k] & TAKEN(i)) &&
			    executor_take(&e->underway.operations[i], s->members[k], &next))
				set_add(s, next | TAKEN(i));
	}
}

void executor_begin(struct executor_model *e)
{
	memset(e, 0, sizeof(*e));
	set_add(&e->states, OPEN_);
}

bool executor_call(struct executor_model *e, const struct operation *op)
{
	return underway_add(&e->underway, op) >= 0;
}

bool executor_return(struct executor_model *e, int call, unsigned *seen)
{
	int i = underway_find(&e->underway, call);

	if (i < 0)
		return true;
	executor_close(e);
	*seen = set_bits(&e->states);
	e->underway.used &= ~(1U << i);
	set_settle(&e->states, i);
	return e->states.count > 0 || e->states.overflow;
}

bool executor_seen_broken(struct executor_model *e)
{
	unsigned seen;

	executor_close(e);
	return keep(&e->states, BIT(BROKE) | BIT(BROKE | SHUT), -1, &seen);
}
