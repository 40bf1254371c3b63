/* SPDX-License-Identifier: MIT */
/*
 * results.c: see results.h.
 *
 * The sum is itself a file's worth of JSON, and begins as the first file with nothing
 * counted.  What comes from a file is read by members(), which knows the type of each;
 * so what is in the sum is known to be well-formed.
 */
#include "results.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "tool.h"

const char *const results_missing;

struct results {
	json_t *sum; /* NULL before the first file */
	bool race;   /* else fuzz */

	/* While a file is added. */
	const char *name;
	char *error;
	size_t size;
};

static bool refuse(struct results *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(struct results *r, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(r->error, r->size, "%s: %s", r->name, text);
	return false;
}

static json_t *must(json_t *value)
{
	if (!value) {
		tool_error("out of memory");
		exit(EXIT_USAGE);
	}
	return value;
}

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, must(value));
}

/* ---- reading -------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static json_int_t count_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *type_name(char type)
{
	return type == 's' ? "a text" : type == 'i' ? "a count" : type == 'n' ? "a number" : type == 'b' ? "true or false"
		: type == 'a' ? "an array" : "an object";
}

static bool has_type(const json_t *value, char type)
{
	switch (type) {
	case 's':
		return json_is_string(value);
	case 'i':
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case 'n':
		return json_is_number(value) && json_number_value(value) >= 0;
	case 'b':
		return json_is_boolean(value);
	case 'a':
		return json_is_array(value);
	default:
		return json_is_object(value);
	}
}

/* layout is "type key" with a space between two: each is there, and of that type. */
static bool members(struct results *r, const json_t *object, const char *layout)
{
	char type, key[16];
	int length;

	if (!json_is_object(object))
		return refuse(r, "something else stands where an object belongs");
	for (; sscanf(layout, " %c%15s%n", &type, key, &length) == 2; layout += length)
		if (!has_type(json_object_get(object, key), type))
			return refuse(r, "\"%s\" is not %s", key, type_name(type));
	return true;
}

/* Of two counts; what is too large for one is the largest. */
static json_int_t plus(json_int_t a, json_int_t b)
{
	return b > LLONG_MAX - a ? LLONG_MAX : a + b;
}

static bool add_count(struct results *r, json_t *to, const json_t *from, const char *key)
{
	json_int_t a = count_of(to, key), b = count_of(from, key);

	if (b > LLONG_MAX - a)
		return refuse(r, "\"%s\" is too large", key);
	set(to, key, json_integer(a + b));
	return true;
}

static void add_seconds(json_t *to, const json_t *from)
{
	double sum = json_number_value(json_object_get(to, "seconds")) + json_number_value(json_object_get(from, "seconds"));

	if (isfinite(sum))
		set(to, "seconds", json_real(sum));
}

/* The element of array whose members of those two names are the texts of like; NULL if none.  b may be NULL. */
static json_t *find(const json_t *array, const json_t *like, const char *a, const char *b)
{
	json_t *element;
	size_t i;

	json_array_foreach (array, i, element)
		if (strcmp(text_of(element, a), text_of(like, a)) == 0 &&
		    (!b || strcmp(text_of(element, b), text_of(like, b)) == 0))
			return element;
	return NULL;
}

/* ---- what was run ------------------------------------------------------------------- */

static bool same_part(const json_t *a, const json_t *b)
{
	return count_of(a, "seed") == count_of(b, "seed") && count_of(a, "shard") == count_of(b, "shard") &&
	       count_of(a, "shards") == count_of(b, "shards");
}

static bool add_parts(struct results *r, const json_t *file)
{
	json_t *sum = json_object_get(r->sum, "parts"), *part, *there;
	size_t i, k;

	json_array_foreach (json_object_get(file, "parts"), i, part) {
		if (!members(r, part, "iseed ishard ishards"))
			return false;
		json_array_foreach (sum, k, there)
			if (same_part(part, there))
				return refuse(r, "shard %lld/%lld of seed %lld is there already", (long long)count_of(part, "shard"),
					      (long long)count_of(part, "shards"), (long long)count_of(part, "seed"));
		json_array_append(sum, part);
	}
	return true;
}

static bool same_subject(struct results *r, const json_t *file)
{
	static const char *const keys[] = {"command", "profile", "backend"};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const json_t *a = json_object_get(r->sum, keys[i]), *b = json_object_get(file, keys[i]);

		if ((a || b) && !json_equal(a, b))
			return refuse(r, "its \"%s\" is not that of the files before it", keys[i]);
	}
	return true;
}

/* ---- race ----------------------------------------------------------------------------- */

/* What to tell of several shards, the last first.  An expectation that came true in one is no surprise in another. */
static const enum outcome ranks[] = {UNTESTED, UNSUPPORTED, PASS, SLOW, XPASS, FLAKY, XFAIL,
				     UNRESOLVED, LEAK, RACE, FAIL, HUNG, CRASHED};

static int rank(const json_t *result)
{
	enum outcome o = outcome_named(text_of(result, "outcome"));
	int i;

	for (i = 0; ranks[i] != o; i++)
		;
	return i;
}

static bool result_is_good(struct results *r, const json_t *result)
{
	json_t *outcome;
	size_t i;

	if (!members(r, result, "scase sclause sfeature slevel soutcome smessage nseconds orace") ||
	    !members(r, json_object_get(result, "race"), "irounds nseconds aoutcomes"))
		return false;
	if (outcome_named(text_of(result, "outcome")) == OUTCOME_COUNT)
		return refuse(r, "\"%.32s\" is no outcome", text_of(result, "outcome"));
	json_array_foreach (json_object_get(json_object_get(result, "race"), "outcomes"), i, outcome)
		if (!members(r, outcome, "stext sjudgement icount"))
			return false;
	return true;
}

static bool add_rounds(struct results *r, json_t *to, const json_t *from)
{
	json_t *sum = json_object_get(to, "outcomes"), *outcome, *there;
	size_t i;

	json_array_foreach (json_object_get(from, "outcomes"), i, outcome) {
		there = find(sum, outcome, "text", NULL);
		if (!there)
			json_array_append_new(sum, must(json_deep_copy(outcome)));
		else if (!add_count(r, there, outcome, "count"))
			return false;
	}
	add_seconds(to, from);
	return add_count(r, to, from, "rounds");
}

/* The worse of the two is told, with the rounds of both. */
static bool add_result(struct results *r, json_t *there, const json_t *result)
{
	json_t *race = json_object_get(there, "race"), *seconds;

	if (!add_rounds(r, race, json_object_get(result, "race")))
		return false;
	add_seconds(there, result);
	if (rank(result) <= rank(there))
		return true;
	seconds = json_incref(json_object_get(there, "seconds"));
	json_incref(race);
	json_object_clear(there);
	json_object_update(there, (json_t *)result);
	set(there, "race", race);
	set(there, "seconds", seconds);
	return true;
}

/* Stale is what came true in no shard. */
static void add_stale(json_t *sum, const json_t *file)
{
	json_t *ours = json_object_get(sum, "stale"), *theirs = json_object_get(file, "stale"), *kept = must(json_array());
	json_t *a, *b;
	size_t i, k;

	json_array_foreach (ours, i, a)
		json_array_foreach (theirs, k, b)
			if (json_equal(a, b))
				json_array_append(kept, a);
	if (json_array_size(kept) > 0)
		json_object_set(sum, "stale", kept);
	else
		json_object_del(sum, "stale");
	json_decref(kept);
}

static bool race_is_good(struct results *r, const json_t *file)
{
	json_t *value;
	size_t i;

	if (!members(r, file, "stool sversion obackend sprofile aparts aresults nseconds bcomplete") ||
	    !members(r, json_object_get(file, "backend"), "sname sversion"))
		return false;
	value = json_object_get(file, "stale");
	if (value && !json_is_array(value))
		return refuse(r, "\"stale\" is not an array");
	json_array_foreach (json_object_get(file, "results"), i, value)
		if (!result_is_good(r, value))
			return false;
	return true;
}

static bool add_race(struct results *r, const json_t *file)
{
	json_t *sum = json_object_get(r->sum, "results"), *result, *there;
	size_t i;

	json_array_foreach (json_object_get(file, "results"), i, result) {
		there = find(sum, result, "case", NULL);
		if (!there)
			json_array_append_new(sum, must(json_deep_copy(result)));
		else if (!add_result(r, there, result))
			return false;
	}
	add_stale(r->sum, file);
	return true;
}

/* "total", "summary" and "rounds", from the results. */
static void summarize(json_t *sum)
{
	json_t *summary = must(json_object()), *result;
	unsigned long counts[OUTCOME_COUNT] = {0};
	json_int_t rounds = 0;
	size_t i;
	int o;

	json_array_foreach (json_object_get(sum, "results"), i, result) {
		counts[outcome_named(text_of(result, "outcome"))]++;
		rounds = plus(rounds, count_of(json_object_get(result, "race"), "rounds"));
	}
	for (o = 0; o < OUTCOME_COUNT; o++)
		set(summary, outcome_key(o), json_integer((json_int_t)counts[o]));
	set(sum, "summary", summary);
	set(sum, "rounds", json_integer(rounds));
	set(sum, "total", json_integer((json_int_t)json_array_size(json_object_get(sum, "results"))));
}

/* ---- fuzz ----------------------------------------------------------------------------- */

static bool fuzz_is_good(struct results *r, const json_t *file)
{
	json_t *finding;
	size_t i;

	if (!members(r, file, "stool sversion obackend aparts ithreads iprograms iunjudged ifeatures nseconds afindings bcomplete") ||
	    !members(r, json_object_get(file, "backend"), "sname sversion"))
		return false;
	json_array_foreach (json_object_get(file, "findings"), i, finding)
		if (!members(r, finding, "soutcome sclause smessage sprogram itimes"))
			return false;
	return true;
}

static bool add_fuzz(struct results *r, const json_t *file)
{
	static const char *const most[] = {"threads", "features"};
	json_t *sum = json_object_get(r->sum, "findings"), *finding, *there;
	size_t i;

	json_array_foreach (json_object_get(file, "findings"), i, finding) {
		there = find(sum, finding, "outcome", "clause");
		if (!there)
			json_array_append_new(sum, must(json_deep_copy(finding)));
		else if (!add_count(r, there, finding, "times"))
			return false;
	}
	for (i = 0; i < 2; i++)
		if (count_of(file, most[i]) > count_of(r->sum, most[i]))
			set(r->sum, most[i], json_integer(count_of(file, most[i])));
	return add_count(r, r->sum, file, "programs") && add_count(r, r->sum, file, "unjudged");
}

/* ---- merging -------------------------------------------------------------------------- */

/* The file with nothing counted.  What is "stale" is narrowed down later. */
static json_t *nothing_of(const json_t *file)
{
	static const char *const counted[] = {"programs", "unjudged", "features", "threads"};
	static const char *const listed[] = {"parts", "results", "findings"};
	json_t *sum = must(json_deep_copy(file));
	size_t i;

	for (i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		if (json_object_get(sum, counted[i]))
			set(sum, counted[i], json_integer(0));
	for (i = 0; i < sizeof(listed) / sizeof(listed[0]); i++)
		if (json_object_get(sum, listed[i]))
			set(sum, listed[i], json_array());
	set(sum, "seconds", json_real(0));
	return sum;
}

static bool add_file(struct results *r, const json_t *file)
{
	const char *command = text_of(file, "command");
	bool race = strcmp(command, "race") == 0;

	if (!race && strcmp(command, "fuzz") != 0)
		return refuse(r, "these are no results of `poolproof race` or `poolproof fuzz`");
	if (!(race ? race_is_good(r, file) : fuzz_is_good(r, file)))
		return false;
	if (!r->sum)
		r->sum = nothing_of(file);
	else if (!same_subject(r, file))
		return false;
	r->race = race;
	if (!add_parts(r, file) || !(race ? add_race(r, file) : add_fuzz(r, file)))
		return false;
	if (!json_is_true(json_object_get(file, "complete")))
		set(r->sum, "complete", json_false());
	add_seconds(r->sum, file);
	if (race)
		summarize(r->sum);
	return true;
}

bool results_add(struct results *r, const char *name, const char *text, size_t size, char *error, size_t error_size)
{
	json_error_t wrong;
	json_t *file = json_loadb(text, size, JSON_REJECT_DUPLICATES, &wrong);
	bool good;

	r->name = name;
	r->error = error;
	r->size = error_size;
	if (!file)
		return refuse(r, "line %d: %s", wrong.line, wrong.text);
	good = add_file(r, file);
	json_decref(file);
	return good;
}

struct results *results_new(void)
{
	struct results *r = calloc(1, sizeof(*r));

	if (!r) {
		tool_error("out of memory");
		exit(EXIT_USAGE);
	}
	return r;
}

void results_free(struct results *r)
{
	json_decref(r->sum);
	free(r);
}

/* ---- writing -------------------------------------------------------------------------- */

static bool write(const json_t *value, FILE *f)
{
	return json_dumpf(value, f, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) == 0 && fputc('\n', f) != EOF && fflush(f) == 0;
}

bool results_write(const struct results *r, FILE *f)
{
	return write(r->sum, f);
}

static json_t *text(const char *s, enum text_form form)
{
	char *clean = text_clean(s, form);
	json_t *value = must(json_string(clean ? clean : ""));

	free(clean);
	return value;
}

static json_t *finding_object(const struct fuzz_finding *finding)
{
	json_t *object = must(json_object());

	set(object, "outcome", text(finding->outcome, TEXT_LINE));
	set(object, "clause", text(finding->clause, TEXT_LINE));
	set(object, "message", text(finding->message, TEXT_LINES));
	set(object, "program", text(finding->program, TEXT_LINE));
	set(object, "times", json_integer((json_int_t)finding->times));
	return object;
}

bool results_write_fuzz(FILE *f, const struct fuzz_results *fuzz)
{
	json_t *file = must(json_object()), *findings = must(json_array());
	bool good;
	size_t i;

	for (i = 0; i < fuzz->count; i++)
		json_array_append_new(findings, finding_object(&fuzz->findings[i]));
	set(file, "tool", json_string("poolproof"));
	set(file, "version", json_string(poolproof_version));
	set(file, "command", json_string("fuzz"));
	set(file, "backend", json_pack("{s:o, s:o}", "name", text(fuzz->backend, TEXT_LINE), "version",
				       text(fuzz->backend_version, TEXT_LINE)));
	set(file, "parts", json_pack("[{s:I, s:i, s:i}]", "seed", (json_int_t)fuzz->seed, "shard", (int)fuzz->shard.number,
				     "shards", (int)fuzz->shard.count));
	set(file, "threads", json_integer(fuzz->threads));
	set(file, "programs", json_integer((json_int_t)fuzz->programs));
	set(file, "unjudged", json_integer((json_int_t)fuzz->unjudged));
	set(file, "features", json_integer(fuzz->features));
	set(file, "findings", findings);
	set(file, "seconds", json_real(fuzz->seconds));
	set(file, "complete", json_boolean(fuzz->complete));
	good = write(file, f);
	json_decref(file);
	return good;
}

/* ---- for a reader --------------------------------------------------------------------- */

static json_int_t rounds_judged(const json_t *race, const char *judgement)
{
	json_int_t n = 0;
	json_t *outcome;
	size_t i;

	json_array_foreach (json_object_get(race, "outcomes"), i, outcome)
		if (strcmp(text_of(outcome, "judgement"), judgement) == 0)
			n = plus(n, count_of(outcome, "count"));
	return n;
}

static void print_race(const json_t *sum, FILE *f)
{
	json_t *result;
	size_t i;

	fprintf(f, "%-60s %12s %12s %12s %10s\n", "scenario", "rounds", "acceptable", "interesting", "forbidden");
	json_array_foreach (json_object_get(sum, "results"), i, result) {
		const json_t *race = json_object_get(result, "race");
		const char *outcome = text_of(result, "outcome");

		fprintf(f, "%-60s %12lld %12lld %12lld %10lld%s%s\n", text_of(result, "case"), (long long)count_of(race, "rounds"),
			(long long)rounds_judged(race, "acceptable"), (long long)rounds_judged(race, "interesting"),
			(long long)rounds_judged(race, "forbidden"), strcmp(outcome, "PASS") == 0 ? "" : "  ",
			strcmp(outcome, "PASS") == 0 ? "" : outcome);
	}
	fprintf(f, "\n%lld rounds of %zu scenarios", (long long)count_of(sum, "rounds"), i);
}

static void print_fuzz(const json_t *sum, FILE *f)
{
	json_t *finding;
	size_t i;

	json_array_foreach (json_object_get(sum, "findings"), i, finding)
		fprintf(f, "%s %s, %lld times: %s\n", text_of(finding, "outcome"), text_of(finding, "clause"),
			(long long)count_of(finding, "times"), text_of(finding, "message"));
	fprintf(f, "%lld programs, %lld of them not judged, %zu found", (long long)count_of(sum, "programs"),
		(long long)count_of(sum, "unjudged"), i);
}

void results_print(const struct results *r, FILE *f)
{
	const json_t *backend = json_object_get(r->sum, "backend");

	if (r->race)
		print_race(r->sum, f);
	else
		print_fuzz(r->sum, f);
	fprintf(f, " on %s %s in %.0f s of %zu part%s%s\n", text_of(backend, "name"), text_of(backend, "version"),
		json_number_value(json_object_get(r->sum, "seconds")), json_array_size(json_object_get(r->sum, "parts")),
		json_array_size(json_object_get(r->sum, "parts")) == 1 ? "" : "s",
		json_is_true(json_object_get(r->sum, "complete")) ? "" : ", one of them incomplete");
}

bool results_red(const struct results *r)
{
	json_t *result;
	size_t i;

	if (!json_is_true(json_object_get(r->sum, "complete")) || json_object_get(r->sum, "stale") ||
	    json_array_size(json_object_get(r->sum, "findings")) > 0)
		return true;
	json_array_foreach (json_object_get(r->sum, "results"), i, result)
		if (outcome_is_red(outcome_named(text_of(result, "outcome"))))
			return true;
	return false;
}
