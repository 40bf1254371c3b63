/* SPDX-License-Identifier: MIT */
/* checker.c: see checker.h. */
#include "checker.h"

#include <stdarg.h>
#include <stdio.h>

#include <poolproof/backend.h>

#include "blame.h"

bool violation_at(struct checker *c, unsigned event, const char *clause, const char *format, ...)
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

bool not_judged(struct checker *c)
{
	c->found->judgement = NOT_JUDGED;
	return false;
}

const struct event *event_at(const struct checker *c, int i)
{
	return i < 0 ? NULL : &c->h->events[i];
}

const struct event *answer(const struct checker *c, int call)
{
	return event_at(c, c->return_of[call]);
}

const struct event *question(const struct checker *c, int call)
{
	return event_at(c, c->call_of[call]);
}

struct future *future_of(struct checker *c, const struct event *e)
{
	return e->future >= 0 && c->futures[e->future].exists ? &c->futures[e->future] : NULL;
}

struct executor *executor_of(struct checker *c, const struct event *e)
{
	return e->executor >= 0 && c->executors[e->executor].exists ? &c->executors[e->executor] : NULL;
}

void note_feature(struct checker *c, const struct event *e, unsigned seen)
{
	uint32_t hash = (uint32_t)event_kind(e) << 4 ^ (uint32_t)e->what << 8;

	if (!c->features)
		return;
	hash ^= (uint32_t)(uint8_t)e->status << 13 ^ (uint32_t)e->yes << 17 ^ seen << 18 ^
		(uint32_t)e->form << 26 ^ (uint32_t)(e->worker >= 0) << 30 ^ (uint32_t)e->failed << 31;
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

bool blame(struct checker *c, unsigned event, const struct event *e, int future, unsigned seen)
{
	struct future *f = &c->futures[future];
	const struct event *made = answer(c, f->call);
	struct blame b = {
		.event = e,
		.seen = seen,
		.of_executor = f->executor >= 0,
		.cancel_told = f->cancel_told,
		.shutdown_cancels = f->executor >= 0 && c->executors[f->executor].cancels,
		.shut = f->executor >= 0 && c->executors[f->executor].shut,
		.of_map = f->of_map,
		.map_refused = made && made->status == PP_NO_RESOURCES && f->of_map,
		.starved = made && made->failed && !f->of_map,
		.pool_starved = f->executor >= 0 && c->executors[f->executor].starved,
		.begun = f->begun > 0,
		.ended = f->ended,
	};
	char what[128];

	return violation_at(c, event, blame_clause(&b), "%s; f%d can only be %s",
			    blame_text(&b, what, sizeof(what)), future, states_text(seen));
}

bool seen(struct checker *c, const struct event *e, int future, unsigned states, int outcome)
{
	struct future *f = &c->futures[future];
	unsigned before = 0;
	bool good = future_seen_with(&f->model, states, outcome, &before);

	note_feature(c, e, before);
	return good || blame(c, c->at, e, future, before);
}

bool may_be_refused(const struct checker *c, const struct event *e)
{
	return c->h->scarce || e->failed;
}

uint64_t tasks_running(const struct checker *c, int executor)
{
	uint64_t running = 0;
	int i;

	for (i = 0; i < FUTURES_MAX; i++)
		if (c->futures[i].exists && c->futures[i].executor == executor && c->futures[i].begun &&
		    !c->futures[i].ended)
			running |= UINT64_C(1) << i;
	return running;
}
