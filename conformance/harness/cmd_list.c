/* SPDX-License-Identifier: MIT */
/* cmd_list.c: poolproof list: the cases, the clauses, or the features. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "report.h"
#include "select.h"
#include "tool.h"

static const char help_text[] =
	"Usage: poolproof list [--clauses | --features] [--json FILE] [SELECTION]\n"
	"\n"
	"Print the cases of the suite with the clauses they observe.\n"
	"\n"
	"  --clauses          print clauses instead: the profiles they hold for, how many\n"
	"                     cases observe them, and whether they are tested, untestable,\n"
	"                     not built or not covered, and why\n"
	"  --features         print a line for each feature\n"
	"  --json FILE        write cases and clauses to FILE as JSON; - is the standard output\n"
	"  -h, --help         print this\n"
	"  --version          print the version\n"
	"\n"
	"Selection, where clauses and features are of every profile unless one is given:\n";

enum listing {
	CASES,
	CLAUSES,
	FEATURES
};

enum { OPT_CLAUSES = OPTION_OWN, OPT_FEATURES, OPT_JSON };

struct list_options {
	struct selection selection;
	int listing;
	const char *json;
};

/* ---- cases --------------------------------------------------------------------- */

static void list_cases(const struct selection *s)
{
	int width = 0;

	for (size_t i = 0; i < s->case_count; i++) {
		int length = (int)strlen(s->cases[i]->name);

		width = length > width ? length : width;
	}
	printf("%-*s  %-11s  %-6s  %s\n", width, "case", "clause", "level", "feature");
	for (size_t i = 0; i < s->case_count; i++) {
		const struct clause *clause = ledger_of_case(s->cases[i]->name);

		printf("%-*s  %-11s  %-6s  %s\n", width, s->cases[i]->name, clause->name,
		       level_name(clause->level), clause->feature);
	}
	printf("\n%zu cases, profile %s\n", s->case_count, s->profile);
}

/* ---- clauses -------------------------------------------------------------------- */

/* What clause_status gives. */
static const char *const statuses[] = {"tested", "untestable", "not built", "not covered"};
#define STATUSES (sizeof(statuses) / sizeof(statuses[0]))

struct tally {
	size_t clauses;
	size_t cases;
	size_t of[STATUSES];
};

static void tally_add(struct tally *t, const struct clause *c)
{
	const struct pp_case *const *first;

	t->clauses++;
	t->cases += clause_cases(c, &first);
	for (size_t i = 0; i < STATUSES; i++)
		t->of[i] += strcmp(statuses[i], clause_status(c)) == 0;
}

/* The status, and in the same line the reason for it, which may say it again. */
static void put_status(const struct clause *c)
{
	const char *reason = c->untested ? c->untested : "";
	const char *status = clause_status(c);

	if (strncmp(reason, status, strlen(status)) != 0)
		printf("%s%s", status, *reason ? ": " : "");
	for (; *reason; reason++)
		putchar(*reason == '\n' ? ' ' : *reason);
	putchar('\n');
}

static void list_clauses(const struct selection *s)
{
	struct tally t = {0};

	printf("%-11s  %-6s  %-8s  %5s  %s\n", "clause", "level", "profiles", "cases", "status");
	for (size_t i = 0; i < s->clause_count; i++) {
		const struct clause *c = s->clauses[i];
		const struct pp_case *const *first;
		char range[32];

		tally_add(&t, c);
		snprintf(range, sizeof(range), "%s-%s", c->since, c->until ? c->until : "");
		printf("%-11s  %-6s  %-8s  %5zu  ", c->name, level_name(c->level), range,
		       clause_cases(c, &first));
		put_status(c);
	}
	printf("\n%zu clauses: %zu tested by %zu cases, %zu untestable, %zu not built, %zu not covered\n", t.clauses,
	       t.of[0], t.cases, t.of[1], t.of[2], t.of[3]);
}

/* ---- features ------------------------------------------------------------------------- */

/* A feature's clauses may stand in more than one chapter: print it where it comes first. */
static bool seen_before(const struct selection *s, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (strcmp(s->clauses[k]->feature, s->clauses[i]->feature) == 0)
			return true;
	}
	return false;
}

static void list_features(const struct selection *s)
{
	printf("%-12s  %7s  %5s  %6s  %10s  %9s  %11s\n", "feature", "clauses", "cases", "tested", "untestable",
	       "not built", "not covered");
	for (size_t i = 0; i < s->clause_count; i++) {
		struct tally t = {0};

		if (seen_before(s, i))
			continue;
		for (size_t k = i; k < s->clause_count; k++) {
			if (strcmp(s->clauses[k]->feature, s->clauses[i]->feature) == 0)
				tally_add(&t, s->clauses[k]);
		}
		printf("%-12s  %7zu  %5zu  %6zu  %10zu  %9zu  %11zu\n", s->clauses[i]->feature, t.clauses, t.cases,
		       t.of[0], t.of[1], t.of[2], t.of[3]);
	}
}

/* ---- the command ----------------------------------------------------------------------- */

static int write_json(const struct list_options *o)
{
	bool to_stdout = strcmp(o->json, "-") == 0;
	FILE *f;
	bool ok;

	if (report_json.missing)
		return tool_error("--json: not in this build; install %s and build again", report_json.missing);
	f = to_stdout ? stdout : fopen(o->json, "we");
	ok = f && json_list(f, &o->selection) && fflush(f) == 0;
	if (f && !to_stdout)
		ok = fclose(f) == 0 && ok;
	return ok ? EXIT_GOOD : tool_error("--json: cannot write %s: %s", o->json, strerror(errno));
}

static int print(const struct list_options *o)
{
	if (o->json && write_json(o) != EXIT_GOOD)
		return EXIT_USAGE;
	if (o->json && strcmp(o->json, "-") == 0)
		return EXIT_GOOD;
	if (o->listing == CASES)
		list_cases(&o->selection);
	else if (o->listing == CLAUSES)
		list_clauses(&o->selection);
	else
		list_features(&o->selection);
	return EXIT_GOOD;
}

static int resolve_and_print(struct list_options *o)
{
	char error[512];
	bool ok;

	o->selection.every_profile = o->listing != CASES;
	ok = o->listing == CASES ? select_resolve(&o->selection, error, sizeof(error))
				 : select_resolve_clauses(&o->selection, error, sizeof(error));
	return ok ? print(o) : tool_error("%s", error);
}

static int help(void)
{
	printf("%s%s", help_text, select_help);
	return EXIT_GOOD;
}

static bool take(void *list, int opt, char *value)
{
	struct list_options *o = list;

	if (select_is_option(opt))
		select_add(&o->selection, opt, value);
	else if (opt == OPT_JSON)
		o->json = value;
	else if (o->listing == (opt == OPT_CLAUSES ? FEATURES : CLAUSES))
		return tool_error("list: --clauses or --features, not both"), false;
	else
		o->listing = opt == OPT_CLAUSES ? CLAUSES : FEATURES;
	return true;
}

int cmd_list(int argc, char **argv)
{
	static const struct option longs[] = {
		SELECT_OPTIONS,
		{"clauses", no_argument, NULL, OPT_CLAUSES},
		{"features", no_argument, NULL, OPT_FEATURES},
		{"json", required_argument, NULL, OPT_JSON},
		OPTIONS_COMMON,
	};
	static const struct options options = {"list", ":h", longs, help, take};
	struct list_options o = {.listing = CASES};
	int status = options_read(&options, &o, argc, argv);

	if (status < 0 && optind < argc)
		status = tool_error("list: takes options only; do you mean --case %s?", argv[optind]);
	if (status < 0)
		status = resolve_and_print(&o);
	select_clear(&o.selection);
	return status;
}
