/* SPDX-License-Identifier: MIT */
/* outcome.c: outcomes, verdicts and runs; see outcome.h. */
#include "outcome.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

/* ---- outcomes ------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *key;
	bool red;
} outcomes[OUTCOME_COUNT] = {
	[PASS] = {"PASS", "pass", false},
	[FAIL] = {"FAIL", "fail", true},
	[HUNG] = {"HUNG", "hung", true},
	[CRASHED] = {"CRASHED", "crashed", true},
	[RACE] = {"RACE", "race", true},
	[LEAK] = {"LEAK", "leak", true},
	[UNRESOLVED] = {"UNRESOLVED", "unresolved", true},
	[XPASS] = {"XPASS", "xpass", true},
	[SLOW] = {"SLOW", "slow", false},
	[XFAIL] = {"XFAIL", "xfail", false},
	[FLAKY] = {"FLAKY", "flaky", false},
	[UNSUPPORTED] = {"UNSUPPORTED", "unsupported", false},
	[UNTESTED] = {"UNTESTED", "untested", false},
};

const char *outcome_name(enum outcome o)
{
	return outcomes[o].name;
}

const char *outcome_key(enum outcome o)
{
	return outcomes[o].key;
}

bool outcome_is_red(enum outcome o)
{
	return outcomes[o].red;
}

enum outcome outcome_named(const char *name)
{
	enum outcome o = 0;

	while (o < OUTCOME_COUNT && strcasecmp(outcomes[o].name, name) != 0)
		o++;
	return o;
}

const char *level_name(enum level l)
{
	static const char *const names[] = {"MUST", "SHOULD", "MAY"};

	return names[l];
}

/* ---- runs and verdicts ------------------------------------------------------- */

unsigned run_verdicts(const struct run *run)
{
	unsigned n = 0;

	for (int o = 0; o < OUTCOME_COUNT; o++)
		n += run->summary[o];
	return n;
}

unsigned run_passed(const struct run *run)
{
	return run->summary[PASS] + run->summary[SLOW] + run->summary[XFAIL] + run->summary[FLAKY];
}

unsigned run_red(const struct run *run)
{
	unsigned n = 0;

	for (int o = 0; o < OUTCOME_COUNT; o++)
		n += outcome_is_red(o) ? run->summary[o] : 0;
	return n;
}

unsigned run_skipped(const struct run *run)
{
	return run->summary[UNSUPPORTED] + run->summary[UNTESTED];
}

int run_exit_status(const struct run *run)
{
	return run_red(run) || run->stale || run_verdicts(run) < run->total;
}

void verdict_clear(struct verdict *v)
{
	free(v->message);
	free(v->expected);
	free(v->observed);
	free(v->where);
	free(v->stacks);
	free(v->output);
	free(v->reason);
	free(v->repeat);
	memset(v, 0, sizeof(*v));
}

void verdict_clean(struct verdict *v)
{
	text_clean_in_place(&v->message, TEXT_LINES);
	text_clean_in_place(&v->expected, TEXT_LINES);
	text_clean_in_place(&v->observed, TEXT_LINES);
	text_clean_in_place(&v->where, TEXT_LINE);
	text_clean_in_place(&v->stacks, TEXT_LINES);
	text_clean_in_place(&v->output, TEXT_LINES);
	text_clean_in_place(&v->reason, TEXT_LINE);
	text_clean_in_place(&v->repeat, TEXT_LINE);
}

const char *verdict_name(const struct verdict *v)
{
	return v->c ? v->c->name : verdict_clause(v);
}

const char *verdict_clause(const struct verdict *v)
{
	return v->clause ? v->clause->name : "";
}

const char *verdict_feature(const struct verdict *v)
{
	return v->clause ? v->clause->feature : "";
}

const char *verdict_level(const struct verdict *v)
{
	return level_name(v->clause ? v->clause->level : MUST);
}

const char *verdict_message(const struct verdict *v)
{
	return v->message ? v->message : "";
}

const char *verdict_reason(const struct verdict *v)
{
	return v->reason ? v->reason : verdict_message(v);
}

char *verdict_repeat(const struct run *run, const struct verdict *v)
{
	if (v->repeat)
		return text_format("%s", v->repeat);
	return text_format("%s --%s %s", run->repeat ? run->repeat : "poolproof run",
			   v->c ? "case" : "clause", verdict_name(v));
}
