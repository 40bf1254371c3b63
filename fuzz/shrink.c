/* SPDX-License-Identifier: MIT */
/*
 * shrink.c: the smallest program that still fails.
 *
 * Each step is tried for long enough to see the failure several times over, as
 * judged by how long the last program took; a race that did not show is
 * taken for gone, so what is kept fails often.
 */
#include <math.h>
#include <string.h>

#include "blame.h"
#include "campaign.h"
#include "run_program.h"

#define TRY_LEAST 0.3 /* seconds */
#define TRY_MOST 4.0

struct shrinking {
	struct campaign *c;
	struct failure *f;
	double until;
	double patience; /* seconds for one try */
	unsigned tries;
	bool interrupted;
};

/* Work was lost, for want of memory by all appearances; now it is lost without any. */
static bool was_no_want(const struct failure *f, const struct failure *found)
{
	return found->kind == f->kind && blame_is_guess(f->clause) && !program_fails(&found->program);
}

/* True, and f is it, if p fails in the same way. */
static bool attempt(struct shrinking *s, const struct program *p)
{
	double began = run_now();
	struct limits limits = {fmin(s->patience, s->until - began), 1000000};
	struct failure found;
	enum campaign_end end;

	if (program_equal(p, &s->f->program) || s->interrupted || began > s->until)
		return false;
	s->tries++;
	end = campaign_repeat(s->c, p, s->f->seed, limits, &found);
	s->interrupted = end == CAMPAIGN_INTERRUPTED;
	if (end != CAMPAIGN_FAILURE)
		return false;
	if (!failure_same(&found, s->f) && !was_no_want(s->f, &found)) {
		failure_clear(&found);
		return false;
	}
	failure_clear(s->f);
	*s->f = found;
	s->patience = 8 * (run_now() - began);
	if (s->patience < TRY_LEAST)
		s->patience = TRY_LEAST;
	if (s->patience > TRY_MOST)
		s->patience = TRY_MOST;
	return true;
}

static bool drop_threads(struct shrinking *s)
{
	bool smaller = false;
	unsigned t;
	size_t i;

	for (t = THREADS_MAX; t-- > 0;) {
		struct program p = s->f->program;

		for (i = p.count; i-- > 0;)
			if (i < p.count && p.ops[i].thread == t)
				program_drop(&p, i);
		smaller |= attempt(s, &p);
	}
	return smaller;
}

/* Whether it needs any. */
static bool drop_fails(struct shrinking *s)
{
	struct program p = s->f->program;
	size_t i;

	for (i = p.count; i-- > 0;)
		if (p.ops[i].code == OP_FAIL)
			program_drop(&p, i);
	return attempt(s, &p);
}

static bool drop_ops(struct shrinking *s)
{
	bool smaller = false;
	size_t i;

	for (i = s->f->program.count; i-- > 0;) {
		struct program p = s->f->program;

		if (i >= p.count)
			continue;
		program_drop(&p, i);
		smaller |= attempt(s, &p);
	}
	return smaller;
}

static bool simplify_op(struct shrinking *s, size_t i)
{
	bool smaller = false;
	struct program p;
	int k;

	for (k = 0; k < 3 && i < s->f->program.count; k++) {
		p = s->f->program;
		p.ops[i].operands[k] = 0;
		smaller |= attempt(s, &p);
	}
	p = s->f->program;
	if (i < p.count && p.ops[i].thread > 1) {
		p.ops[i].thread--;
		smaller |= attempt(s, &p);
	}
	if (i < p.count && p.ops[i].code == OP_SUBMIT_WITH_RELEASE) {
		p = s->f->program;
		p.ops[i].code = OP_SUBMIT;
		smaller |= attempt(s, &p);
	}
	return smaller;
}

static bool simplify(struct shrinking *s)
{
	struct program p = s->f->program;
	bool smaller;
	size_t i;

	p.initializer = INIT_NONE;
	smaller = attempt(s, &p);
	p = s->f->program;
	p.workers = 1;
	smaller |= attempt(s, &p);
	for (i = 0; i < s->f->program.count; i++)
		smaller |= simplify_op(s, i);
	return smaller;
}

unsigned shrink(struct campaign *c, struct failure *f, double seconds)
{
	struct shrinking s = {c, f, run_now() + seconds, TRY_MOST, 0, false};
	bool smaller = true;

	while (smaller && !s.interrupted && run_now() < s.until) {
		smaller = drop_fails(&s);
		smaller |= drop_threads(&s);
		smaller |= drop_ops(&s);
		smaller |= simplify(&s);
	}
	return s.tries;
}
