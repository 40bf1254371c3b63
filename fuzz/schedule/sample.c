/* SPDX-License-Identifier: MIT */
/* sample.c: strategies that draw each schedule anew, and the list of all strategies. */
#include <stdlib.h>
#include <string.h>

#include "strategy.h"

#define PCT_DEPTH 3

struct sample {
	struct strategy_options options;
	uint64_t number;
	uint32_t length; /* of the longest execution that came to an end */
};

void request_begin(struct request *r, const struct strategy_options *o, enum policy p)
{
	r->policy = p;
	r->seed = o->seed;
	r->steps_max = o->steps_max;
	r->timeouts_any = o->timeouts_any;
	r->spurious = o->spurious;
	r->races_explored = o->races_explored;
	r->whole = o->whole;
	r->lenient = r->hold = r->in_process = false;
	r->depth = r->count = r->points = 0;
	memset(r->asleep, 0, sizeof(r->asleep));
}

static void *begin(const struct strategy_options *o)
{
	struct sample *s = calloc(1, sizeof(*s));

	if (s)
		s->options = *o;
	return s;
}

static void draw(struct sample *s, struct request *r, enum policy p)
{
	request_begin(r, &s->options, p);
	r->seed = s->options.seed * 1000003 + s->number++;
	r->depth = PCT_DEPTH;
	r->length = s->length;
}

static bool next_random(void *state, struct request *r)
{
	draw(state, r, POLICY_RANDOM);
	return true;
}

static bool next_pct(void *state, struct request *r)
{
	draw(state, r, POLICY_PCT);
	return true;
}

static bool next_pos(void *state, struct request *r)
{
	draw(state, r, POLICY_POS);
	return true;
}

/* A run into the limit of steps says nothing about the length. */
static void seen(void *state, const struct memory *m)
{
	struct sample *s = state;

	if (m->ending == END_NONE && m->state.steps > s->length)
		s->length = m->state.steps;
}

const struct strategy strategy_random = {"random", false, begin, next_random, seen, free};
const struct strategy strategy_pct = {"pct", false, begin, next_pct, seen, free};
const struct strategy strategy_pos = {"pos", false, begin, next_pos, seen, free};

const struct strategy *strategy_find(const char *name)
{
	static const struct strategy *const all[] = {&strategy_random, &strategy_pct, &strategy_pos,
						     &strategy_surw,   &strategy_dfs, &strategy_dpor};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}
