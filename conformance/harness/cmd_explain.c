/* SPDX-License-Identifier: MIT */
/* cmd_explain.c: poolproof explain: a clause, and its cases. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "options.h"
#include "report.h"
#include "select.h"
#include "tool.h"

#define WIDTH 80
#define COLUMN 17

static const char help_text[] =
	"Usage: poolproof explain NAME...\n"
	"\n"
	"Print a clause of the specification: what it says, why, since when, who can tell,\n"
	"and its cases.  NAME is a clause (CANCEL-3), a case, or a feature (cancel); of other\n"
	"words ('shutdown running') the clauses that have all of them are listed.\n"
	"\n"
	"  -h, --help  print this\n"
	"  --version   print the version\n"
	"\n"
	"poolproof list --clauses and poolproof list print the names.\n";

static void put_field(const char *key, const char *text)
{
	if (!text)
		return;
	printf("  %-*s", COLUMN - 2, key);
	text_wrap(stdout, text, COLUMN, WIDTH);
}

static void put_profiles(const struct clause *c)
{
	char range[64];

	if (c->until)
		snprintf(range, sizeof(range), "%s to %s", c->since, c->until);
	else
		snprintf(range, sizeof(range), "%s and later", c->since);
	put_field("Profiles", range);
}

/* Beside a scenario: all that it can end with. */
static void put_exhaustion(const char *scenario, int indent)
{
	const struct exhaustion *e = exhaustion_find(scenario);
	char text[2048];

	if (!e)
		return;
	snprintf(text, sizeof(text), "these, and only these, in every schedule of the reference (%lu %s): %s",
		 e->executions, e->executions == 1 ? "execution" : "executions", e->outcomes);
	printf("%*s", indent, "");
	text_wrap(stdout, text, indent, WIDTH);
}

static void put_cases(const struct clause *c)
{
	const struct pp_case *const *cases;
	size_t count = clause_cases(c, &cases);

	for (size_t i = 0; i < count; i++) {
		printf("  %-*s%s\n  %-*s  %s:%d\n", COLUMN - 2, i == 0 ? "Cases" : "", cases[i]->name,
		       COLUMN - 2, "", cases[i]->file, cases[i]->line);
		put_exhaustion(cases[i]->name, COLUMN + 2);
	}
	if (count == 0 && !c->untested)
		put_field("Cases", "none yet");
}

static void explain_clause(const struct clause *c)
{
	printf("%s  %s  %s (%s:%d)\n\n  ", c->name, level_name(c->level), c->chapter, c->file, c->line);
	text_wrap(stdout, c->rule, 2, WIDTH);
	putchar('\n');
	put_profiles(c);
	put_field("Changed in", c->changed_in);
	put_field("Why", c->why);
	put_field("Linearization", c->linearization);
	put_field("Observer", c->observer);
	put_field("Left open", c->left_open);
	put_field("Untested", c->untested);
	put_field("Source", c->source);
	put_cases(c);
}

static void explain_case(const struct pp_case *c)
{
	const struct clause *clause = ledger_of_case(c->name);

	printf("%s  (%s:%d)\n", c->name, c->file, c->line);
	put_exhaustion(c->name, 2);
	putchar('\n');
	if (clause)
		explain_clause(clause);
}

static void put_rule(const struct clause *c)
{
	printf("%-12s %-6s  ", c->name, level_name(c->level));
	text_wrap(stdout, c->rule, 21, WIDTH);
}

static bool explain_feature(const char *name)
{
	bool any = false;

	for (size_t i = 0; i < ledger_size; i++) {
		if (strcasecmp(ledger[i].feature, name) != 0)
			continue;
		put_rule(&ledger[i]);
		any = true;
	}
	return any;
}

/* ---- searching ------------------------------------------------------------------------ */

static bool has_word(const struct clause *c, bool in_rule, const char *word)
{
	const char *const texts[] = {c->feature, c->rule, c->why, c->linearization, c->left_open, c->source};

	for (size_t i = 0; i < (in_rule ? 2 : sizeof(texts) / sizeof(texts[0])); i++)
		if (texts[i] && strcasestr(texts[i], word))
			return true;
	return false;
}

/* Every word of text, in any order, is part of the rule or its feature; or else of what stands below it. */
static bool has_words(const struct clause *c, bool in_rule, const char *text)
{
	char *words = strdup(text), *rest = words, *word;
	bool all = true, any = false;

	while (all && (word = strtok_r(rest, " ", &rest))) {
		any = true;
		all = has_word(c, in_rule, word);
	}
	free(words);
	return all && any;
}

static bool list_matches(const char *text)
{
	size_t in_rule = 0, below = 0;

	for (size_t i = 0; i < ledger_size; i++) {
		if (!has_words(&ledger[i], true, text))
			continue;
		put_rule(&ledger[i]);
		in_rule++;
	}
	for (size_t i = 0; i < ledger_size; i++) {
		if (has_words(&ledger[i], true, text) || !has_words(&ledger[i], false, text))
			continue;
		if (below++ == 0)
			printf("%sIn what stands below the rule:\n", in_rule ? "\n" : "");
		put_rule(&ledger[i]);
	}
	return in_rule || below;
}

/* ---- the command ------------------------------------------------------------------------ */

/* Every name that can be explained. */
static const char **all_names(size_t *count)
{
	size_t case_count;
	const struct pp_case *const *cases = case_list(&case_count);
	const char **names = array_grow(NULL, 2 * ledger_size + case_count, sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; i < ledger_size; i++)
		names[n++] = ledger[i].name;
	for (size_t i = 0; i < ledger_size; i++)
		names[n++] = ledger[i].feature;
	for (size_t i = 0; i < case_count; i++)
		names[n++] = cases[i]->name;
	*count = n;
	return names;
}

static int refuse_name(const char *name)
{
	size_t count;
	const char **names = all_names(&count);
	const char *nearest = nearest_name(name, names, count);

	free(names);
	if (nearest)
		return tool_error("explain: there is no '%s'; do you mean %s?", name, nearest);
	return tool_error("explain: no clause, case or feature is called '%s', and no clause has such words; "
			  "see `poolproof list --clauses`", name);
}

static int explain(const char *name)
{
	const struct clause *clause = ledger_find(name);
	const struct pp_case *c = case_find(name);

	if (clause)
		explain_clause(clause);
	else if (c)
		explain_case(c);
	else if (!explain_feature(name) && !list_matches(name))
		return refuse_name(name);
	return EXIT_GOOD;
}

static int explain_all(char **names, int count)
{
	int status = EXIT_GOOD;

	for (int i = 0; i < count && status == EXIT_GOOD; i++) {
		if (i > 0)
			putchar('\n');
		status = explain(names[i]);
	}
	return status;
}

static int help(void)
{
	fputs(help_text, stdout);
	return EXIT_GOOD;
}

int cmd_explain(int argc, char **argv)
{
	static const struct option longs[] = {OPTIONS_COMMON};
	static const struct options options = {"explain", ":h", longs, help, NULL};
	int status = options_read(&options, NULL, argc, argv);

	if (status >= 0)
		return status;
	if (optind == argc)
		return tool_error("explain: which clause, case or feature?  For example: poolproof explain CANCEL-3");
	return explain_all(argv + optind, argc - optind);
}
