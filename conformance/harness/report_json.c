/* SPDX-License-Identifier: MIT */
/*
 * report_json.c: JSON by Jansson; poolproof.schema.json says what is in it.
 */
#include "report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"
#include "select.h"
#include "tool.h"

struct json_report {
	struct report report;
	bool any; /* a verdict stands before */
};

/* ---- a run ------------------------------------------------------------------ */

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, json_string(text));
}

/* Three decimals are what a clock is good for. */
static void set_seconds(json_t *object, double seconds)
{
	json_object_set_new(object, "seconds", json_real((double)(long long)(seconds * 1e3 + 0.5) / 1e3));
}

static char *dump(json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));

	json_decref(value);
	return text;
}

static json_t *head_object(const struct run *run)
{
	json_t *head = json_object();
	json_t *backend = json_object();

	set_text(head, "tool", run->tool);
	set_text(head, "version", run->version);
	set_text(head, "command", run->command);
	set_text(backend, "name", run->backend_name);
	set_text(backend, "version", run->backend_version);
	json_object_set_new(head, "backend", backend);
	set_text(head, "profile", run->profile);
	if (run->shard.count)
		json_object_set_new(head, "parts",
				    json_pack("[{s:I, s:i, s:i}]", "seed", (json_int_t)run->seed, "shard", (int)run->shard.number,
					      "shards", (int)run->shard.count));
	json_object_set_new(head, "total", json_integer((json_int_t)run->total));
	return head;
}

static json_t *stale_array(const char *stale)
{
	json_t *array = json_array();

	while (*stale) {
		size_t length = strcspn(stale, "\n");

		json_array_append_new(array, json_stringn(stale, length));
		stale += length + (stale[length] == '\n');
	}
	return array;
}

/* What is only known at the end stands at the end: "complete" tells a whole run from a killed one. */
static char *trailer_text(const struct run *run, bool complete)
{
	json_t *trailer = json_object();
	json_t *summary = json_object();

	for (int o = 0; o < OUTCOME_COUNT; o++)
		json_object_set_new(summary, outcome_key(o), json_integer(run->summary[o]));
	json_object_set_new(trailer, "summary", summary);
	if (run->stale)
		json_object_set_new(trailer, "stale", stale_array(run->stale));
	if (run->shard.count)
		json_object_set_new(trailer, "rounds", json_integer((json_int_t)run->rounds));
	set_seconds(trailer, run->seconds);
	json_object_set_new(trailer, "complete", json_boolean(complete && run_verdicts(run) == run->total));

	char *members = dump(trailer);
	char *text = members ? text_format("\n],\n%s\n", members + 1) : NULL;

	free(members);
	return text;
}

static json_t *rounds_object(const struct rounds *r)
{
	static const char *const words[] = {"acceptable", "interesting", "forbidden"};
	json_t *object = json_object(), *outcomes = json_array();

	for (int i = 0; i < SCENARIO_OUTCOMES && r->scenario->outcomes[i].text; i++)
		json_array_append_new(outcomes, json_pack("{s:s, s:s, s:I}", "text", r->scenario->outcomes[i].text, "judgement",
							  words[r->scenario->outcomes[i].judgement], "count",
							  (json_int_t)r->outcomes[i]));
	json_object_set_new(object, "rounds", json_integer((json_int_t)r->count));
	set_seconds(object, r->seconds);
	json_object_set_new(object, "outcomes", outcomes);
	return object;
}

static json_t *result_object(const struct verdict *v)
{
	json_t *result = json_object();

	set_text(result, "case", verdict_name(v));
	set_text(result, "clause", verdict_clause(v));
	set_text(result, "feature", verdict_feature(v));
	set_text(result, "level", verdict_level(v));
	set_text(result, "outcome", outcome_name(v->outcome));
	set_text(result, "message", verdict_message(v));
	set_seconds(result, v->seconds);
	set_text(result, "expected", v->expected);
	set_text(result, "observed", v->observed);
	set_text(result, "where", v->where);
	set_text(result, "reason", v->reason);
	set_text(result, "stacks", v->stacks);
	set_text(result, "output", v->output);
	if (v->rounds)
		json_object_set_new(result, "race", rounds_object(v->rounds));
	return result;
}

typedef bool put_report(struct report *r, const char *record, const char *trailer);

/* Takes both texts; either may be NULL if memory ran out. */
static bool put_texts(put_report *how, struct report *r, char *record, char *trailer)
{
	bool ok = record && trailer && how(r, record, trailer);

	free(record);
	free(trailer);
	return ok;
}

static bool json_begin(struct report *r, const struct run *run)
{
	char *members = dump(head_object(run));
	char *head = members ? text_format("%.*s,\n\"results\": [", (int)strlen(members) - 1, members) : NULL;

	free(members);
	return put_texts(report_put, r, head, trailer_text(run, false));
}

static bool json_verdict(struct report *r, const struct run *run, const struct verdict *v)
{
	struct json_report *j = (struct json_report *)r;
	char *result = dump(result_object(v));
	char *record = result ? text_format("%s\n%s", j->any ? "," : "", result) : NULL;

	j->any = true;
	free(result);
	return put_texts(report_put, r, record, trailer_text(run, false));
}

static bool json_end(struct report *r, const struct run *run)
{
	return put_texts(report_finish, r, text_format("%s", ""), trailer_text(run, true));
}

const struct report_type report_json = {
	.option = "json",
	.size = sizeof(struct json_report),
	.begin = json_begin,
	.verdict = json_verdict,
	.end = json_end,
};

/* ---- a list ------------------------------------------------------------------- */

/* The outcomes of a scenario, as the ledger has them. */
static json_t *exhaustion_object(const struct exhaustion *e)
{
	json_t *object = json_object(), *outcomes = json_array();
	const char *at = e->outcomes;

	while (*at) {
		size_t n = strstr(at, " | ") ? (size_t)(strstr(at, " | ") - at) : strlen(at);

		json_array_append_new(outcomes, json_stringn(at, n));
		at += n + (at[n] ? strlen(" | ") : 0);
	}
	set_text(object, "scenario", e->scenario);
	json_object_set_new(object, "executions", json_integer((json_int_t)e->executions));
	json_object_set_new(object, "outcomes", outcomes);
	return object;
}

static json_t *case_object(const struct pp_case *c)
{
	const struct clause *clause = ledger_of_case(c->name);
	json_t *object = json_object();

	set_text(object, "case", c->name);
	set_text(object, "clause", clause ? clause->name : "");
	set_text(object, "feature", clause ? clause->feature : "");
	set_text(object, "level", level_name(clause ? clause->level : MUST));
	set_text(object, "file", c->file);
	json_object_set_new(object, "line", json_integer(c->line));
	return object;
}

static json_t *cases_of(const struct clause *clause)
{
	json_t *array = json_array();
	const struct pp_case *const *cases;
	size_t count = clause_cases(clause, &cases);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(cases[i]->name));
	return array;
}

static json_t *exhausted_of(const struct clause *clause)
{
	json_t *array = json_array();
	const struct pp_case *const *cases;
	size_t count = clause_cases(clause, &cases);

	for (size_t i = 0; i < count; i++)
		if (exhaustion_find(cases[i]->name))
			json_array_append_new(array, exhaustion_object(exhaustion_find(cases[i]->name)));
	return array;
}

static json_t *clause_object(const struct clause *c)
{
	json_t *object = json_object();

	set_text(object, "clause", c->name);
	set_text(object, "feature", c->feature);
	set_text(object, "level", level_name(c->level));
	set_text(object, "chapter", c->chapter);
	set_text(object, "file", c->file);
	json_object_set_new(object, "line", json_integer(c->line));
	set_text(object, "since", c->since);
	set_text(object, "until", c->until);
	set_text(object, "changed_in", c->changed_in);
	set_text(object, "rule", c->rule);
	set_text(object, "why", c->why);
	set_text(object, "linearization", c->linearization);
	set_text(object, "observer", c->observer);
	set_text(object, "left_open", c->left_open);
	set_text(object, "source", c->source);
	set_text(object, "untested", c->untested);
	json_object_set_new(object, "cases", cases_of(c));
	json_object_set_new(object, "exhausted", exhausted_of(c));
	set_text(object, "status", clause_status(c));
	return object;
}

bool json_list(FILE *f, const struct selection *s)
{
	json_t *list = json_object();
	json_t *cases = json_array();
	json_t *clauses = json_array();
	bool ok;

	for (size_t i = 0; i < s->case_count; i++)
		json_array_append_new(cases, case_object(s->cases[i]));
	for (size_t i = 0; i < s->clause_count; i++)
		json_array_append_new(clauses, clause_object(s->clauses[i]));
	set_text(list, "tool", "poolproof");
	set_text(list, "version", poolproof_version);
	set_text(list, "command", "list");
	set_text(list, "profile", s->profile);
	json_object_set_new(list, "cases", cases);
	json_object_set_new(list, "clauses", clauses);
	ok = json_dumpf(list, f, JSON_INDENT(2)) == 0 && fputc('\n', f) != EOF;
	json_decref(list);
	return ok;
}
