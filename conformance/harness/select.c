/* SPDX-License-Identifier: MIT */
/* select.c: the cases of the suite, and which of them a command is about. */
#include "select.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

const char select_help[] =
	"  --case GLOB        only cases with such a name\n"
	"  --clause GLOB      only cases of such clauses\n"
	"  --feature GLOB     only cases of such features\n"
	"  --level LEVEL      only cases of MUST, SHOULD or MAY clauses\n"
	"  --profile VERSION  the contract of that version (default: the newest)\n";

/* ---- the suite ------------------------------------------------------------ */

struct entry {
	const struct pp_case *c;
	const struct clause *clause; /* NULL if the case names none */
};

static struct pp_case *registered;

/* The suite in the order of the ledger; made when it is first asked for. */
static struct entry *entries;
static const struct pp_case **cases;
static size_t case_count;

void case_register(struct pp_case *c)
{
	c->next = registered;
	registered = c;
}

static int by_ledger(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;

	if (x->clause != y->clause) {
		if (!x->clause || !y->clause)
			return x->clause ? -1 : 1;
		return x->clause < y->clause ? -1 : 1;
	}
	return strcmp(x->c->name, y->c->name);
}

static void suite_build(void)
{
	size_t n = 0;

	if (cases)
		return;
	cases = array_grow(NULL, 0, sizeof(*cases));
	for (const struct pp_case *c = registered; c; c = c->next) {
		entries = array_grow(entries, n, sizeof(*entries));
		entries[n++] = (struct entry){c, ledger_of_case(c->name)};
	}
	if (n > 0)
		qsort(entries, n, sizeof(*entries), by_ledger);
	for (size_t i = 0; i < n; i++) {
		cases = array_grow(cases, i, sizeof(*cases));
		cases[i] = entries[i].c;
	}
	case_count = n;
}

const struct pp_case *const *case_list(size_t *count)
{
	suite_build();
	*count = case_count;
	return cases;
}

const struct pp_case *case_find(const char *name)
{
	suite_build();
	for (size_t i = 0; i < case_count; i++) {
		if (strcmp(cases[i]->name, name) == 0)
			return cases[i];
	}
	return NULL;
}

size_t clause_cases(const struct clause *c, const struct pp_case *const **first)
{
	size_t begin = 0;
	size_t end;

	suite_build();
	while (begin < case_count && entries[begin].clause != c)
		begin++;
	for (end = begin; end < case_count && entries[end].clause == c;)
		end++;
	*first = cases + begin;
	return end - begin;
}

const char *clause_status(const struct clause *c)
{
	static const char not_built[] = "not built yet";
	const struct pp_case *const *first;

	if (clause_cases(c, &first) > 0)
		return "tested";
	if (!c->untested)
		return "not covered";
	return strncmp(c->untested, not_built, strlen(not_built)) == 0 ? "not built" : "untestable";
}

/* ---- the nearest name --------------------------------------------------------- */

#define LONGEST 128

/* Levenshtein's distance, without regard to the case of letters. */
static size_t distance(const char *a, const char *b)
{
	size_t row[LONGEST + 1];
	size_t width = strlen(b);

	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t change = corner + (tolower((unsigned char)a[i - 1]) !=
						  tolower((unsigned char)b[j - 1]));

			corner = row[j];
			row[j] = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
			if (change < row[j])
				row[j] = change;
		}
	}
	return row[width];
}

const char *nearest_name(const char *word, const char *const *names, size_t count)
{
	size_t length = strlen(word);
	size_t least = length / 3 > 2 ? length / 3 : 2;
	const char *nearest = NULL;

	if (length == 0 || length > LONGEST)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t d = strlen(names[i]) > LONGEST ? LONGEST : distance(word, names[i]);

		/* A part of a name, typed well, is as good as a name typed badly. */
		if (d > least && length > 2 && !nearest && strcasestr(names[i], word))
			d = least;
		if (d < least || (d == least && !nearest)) {
			least = d;
			nearest = names[i];
		}
	}
	return nearest;
}

/* ---- options ---------------------------------------------------------------------- */

bool select_is_option(int opt)
{
	return opt >= SELECT_CASE && opt < SELECT_END;
}

void select_add(struct selection *s, int opt, const char *value)
{
	struct patterns *p;

	if (opt == SELECT_PROFILE) {
		s->profile = value;
		return;
	}
	p = &s->given[opt - SELECT_CASE];
	p->items = array_grow(p->items, p->count, sizeof(*p->items));
	p->items[p->count++] = value;
}

void select_clear(struct selection *s)
{
	for (int opt = SELECT_CASE; opt < SELECT_PROFILE; opt++)
		free(s->given[opt - SELECT_CASE].items);
	free(s->cases);
	free(s->clauses);
	free(s->untested);
	memset(s, 0, sizeof(*s));
}

/* ---- names ---------------------------------------------------------------------------- */

struct names {
	const char **items;
	size_t count;
};

/* Names come in the order of the ledger, so that equal ones stand together. */
static void names_add(struct names *n, const char *name)
{
	if (n->count > 0 && strcmp(n->items[n->count - 1], name) == 0)
		return;
	n->items = array_grow(n->items, n->count, sizeof(*n->items));
	n->items[n->count++] = name;
}

/* All names that a pattern of opt can mean. */
static struct names names_of(int opt)
{
	struct names n = {NULL, 0};

	suite_build();
	for (size_t i = 0; opt == SELECT_CASE && i < case_count; i++)
		names_add(&n, cases[i]->name);
	for (size_t i = 0; opt == SELECT_CLAUSE && i < ledger_size; i++)
		names_add(&n, ledger[i].name);
	for (size_t i = 0; opt == SELECT_FEATURE && i < ledger_size; i++)
		names_add(&n, ledger[i].feature);
	for (int l = MUST; opt == SELECT_LEVEL && l <= MAY; l++)
		names_add(&n, level_name(l));
	return n;
}

static bool matches(const char *pattern, const char *name)
{
	return fnmatch(pattern, name, FNM_CASEFOLD) == 0;
}

/* True if a pattern matches name, or none is given. */
static bool chosen(const struct selection *s, int opt, const char *name)
{
	const struct patterns *p = &s->given[opt - SELECT_CASE];

	for (size_t i = 0; i < p->count; i++) {
		if (matches(p->items[i], name))
			return true;
	}
	return p->count == 0;
}

static bool pattern_known(const char *pattern, const struct names *n)
{
	for (size_t i = 0; i < n->count; i++) {
		if (matches(pattern, n->items[i]))
			return true;
	}
	return false;
}

static bool refuse_pattern(const char *option, const char *given, const struct names *n, char *error,
			   size_t size)
{
	const char *nearest = nearest_name(given, n->items, n->count);
	char *pattern = text_clean(given, TEXT_LINE);

	if (nearest)
		snprintf(error, size, "--%s: there is no '%s'; do you mean %s?", option, pattern, nearest);
	else if (strcmp(option, "level") == 0)
		snprintf(error, size, "--level: '%s' is none of MUST, SHOULD and MAY", pattern);
	else
		snprintf(error, size, "--%s: nothing is called '%s'; see `poolproof list%s`", option, pattern,
			 strcmp(option, "clause") == 0	? " --clauses" :
			 strcmp(option, "feature") == 0 ? " --features" :
							  "");
	free(pattern);
	return false;
}

static bool patterns_known(const struct selection *s, char *error, size_t size)
{
	static const char *const options[] = {"case", "clause", "feature", "level"};
	bool ok = true;

	for (int opt = SELECT_CASE; ok && opt < SELECT_PROFILE; opt++) {
		const struct patterns *p = &s->given[opt - SELECT_CASE];
		struct names n = names_of(opt);

		for (size_t i = 0; ok && i < p->count; i++) {
			if (!pattern_known(p->items[i], &n))
				ok = refuse_pattern(opt == SELECT_CASE && s->scenarios ? "scenario" : options[opt - SELECT_CASE],
						    p->items[i], &n, error, size);
		}
		free(n.items);
	}
	return ok;
}

static bool profile_resolve(struct selection *s, char *error, size_t size)
{
	char *given;

	if (!s->profile) {
		s->profile = s->every_profile ? NULL : profile_newest();
		return true;
	}
	if (profile_known(s->profile))
		return true;
	given = text_clean(s->profile, TEXT_LINE);
	snprintf(error, size, "--profile: '%s' is not known; there are %s to %s", given, profile_oldest(),
		 profile_newest());
	free(given);
	return false;
}

/* A case that names no clause observes nothing that was promised. */
static bool suite_sound(char *error, size_t size)
{
	suite_build();
	if (case_count == 0 || entries[case_count - 1].clause)
		return true;
	snprintf(error, size, "%s:%d: the case %s names no clause of the ledger", cases[case_count - 1]->file,
		 cases[case_count - 1]->line, cases[case_count - 1]->name);
	return false;
}

/* ---- what is selected --------------------------------------------------------------------- */

static bool clause_chosen(const struct selection *s, const struct clause *c)
{
	return chosen(s, SELECT_CLAUSE, c->name) && chosen(s, SELECT_FEATURE, c->feature) &&
	       chosen(s, SELECT_LEVEL, level_name(c->level));
}

static void select_clause(struct selection *s, const struct clause *c)
{
	const struct pp_case *const *first;
	size_t count = clause_cases(c, &first);
	size_t before = s->case_count;

	for (size_t i = 0; i < count; i++) {
		if (!chosen(s, SELECT_CASE, first[i]->name))
			continue;
		s->cases = array_grow(s->cases, s->case_count, sizeof(*s->cases));
		s->cases[s->case_count++] = first[i];
	}
	if (s->case_count == before && s->given[0].count > 0)
		return;
	s->clauses = array_grow(s->clauses, s->clause_count, sizeof(*s->clauses));
	s->clauses[s->clause_count++] = c;
	if (count == 0 && c->untested) {
		s->untested = array_grow(s->untested, s->untested_count, sizeof(*s->untested));
		s->untested[s->untested_count++] = c;
	}
}

bool select_resolve_clauses(struct selection *s, char *error, size_t size)
{
	if (!suite_sound(error, size) || !profile_resolve(s, error, size) || !patterns_known(s, error, size))
		return false;
	for (size_t i = 0; i < ledger_size; i++) {
		if (s->profile && !clause_in_profile(&ledger[i], s->profile))
			continue;
		if (clause_chosen(s, &ledger[i]))
			select_clause(s, &ledger[i]);
	}
	if (s->clause_count > 0)
		return true;
	snprintf(error, size, "nothing is selected: the options exclude each other%s%s",
		 s->profile ? ", or it is not in profile " : "", s->profile ? s->profile : "");
	return false;
}

bool select_resolve(struct selection *s, char *error, size_t size)
{
	if (!select_resolve_clauses(s, error, size))
		return false;
	if (s->case_count > 0)
		return true;
	if (s->clause_count == 1 && s->untested_count == 1)
		snprintf(error, size, "%s is untested: %s", s->clauses[0]->name, s->clauses[0]->untested);
	else
		snprintf(error, size, "no case is selected: %s has none%s", s->clauses[0]->name,
			 s->clause_count > 1 ? ", nor have the others" : "");
	for (char *c = error; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	return false;
}
