/* SPDX-License-Identifier: MIT */
/*
 * report_console.c: for the person who waits.
 *
 * A red verdict is told in full as soon as it is there; the rest is counted.
 * Only a terminal gets colour and a line of progress, which is drawn in place.
 */
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH 80
#define COLUMN 14      /* where the texts of a red verdict stand */
#define OUTPUT_LINES 20 /* of a case's output that are shown */
#define SLOWEST 10

/* A row of the summary: a feature or a level. */
struct row {
	const char *name;
	unsigned counts[OUTCOME_COUNT];
};

struct rows {
	struct row *rows;
	size_t count;
};

struct timing {
	char *name;
	double seconds;
};

struct console {
	struct report report;
	bool terminal;
	bool colour;
	struct rows features;
	struct rows levels;
	const struct clause **clauses; /* that a verdict was about */
	size_t clause_count;
	struct timing slowest[SLOWEST]; /* the slowest first */
	double *prices[PRICE_COUNT];
	size_t price_count;
};

/* ---- colour and progress -------------------------------------------------------- */

static const char *paint(const struct console *c, const char *code)
{
	return c->colour ? code : "";
}

static const char *outcome_paint(const struct console *c, enum outcome o)
{
	if (outcome_is_red(o))
		return paint(c, "\033[1;31m");
	return paint(c, o == PASS ? "\033[32m" : "\033[33m");
}

static int terminal_width(FILE *f)
{
	struct winsize size;

	return ioctl(fileno(f), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : WIDTH;
}

static void erase_progress(struct console *c)
{
	if (c->terminal)
		fputs("\r\033[K", c->report.file);
}

static void draw_progress(struct console *c, const struct run *run, const struct verdict *v)
{
	char *line;

	if (!c->terminal || run_verdicts(run) >= run->total)
		return;
	line = text_format("%u of %zu, %u red  %s", run_verdicts(run), run->total, run_red(run),
			   verdict_name(v));
	fprintf(c->report.file, "%.*s", terminal_width(c->report.file) - 1, line);
	free(line);
}

/* ---- what is remembered for the end -------------------------------------------------- */

static struct row *row_named(struct rows *rows, const char *name)
{
	size_t i = 0;

	while (i < rows->count && strcmp(rows->rows[i].name, name) != 0)
		i++;
	if (i == rows->count) {
		rows->rows = array_grow(rows->rows, i, sizeof(*rows->rows));
		rows->rows[i] = (struct row){.name = name};
		rows->count++;
	}
	return &rows->rows[i];
}

/* Rows stand in the order of the ledger, whatever case ends first. */
static void order_rows(struct console *c)
{
	for (size_t i = 0; i < ledger_size; i++)
		row_named(&c->features, ledger[i].feature);
	for (int l = MUST; l <= MAY; l++)
		row_named(&c->levels, level_name(l));
}

static void remember_clause(struct console *c, const struct clause *clause)
{
	for (size_t i = 0; i < c->clause_count; i++) {
		if (c->clauses[i] == clause)
			return;
	}
	c->clauses = array_grow(c->clauses, c->clause_count, sizeof(*c->clauses));
	c->clauses[c->clause_count++] = clause;
}

static void remember_timing(struct console *c, const struct verdict *v)
{
	size_t i = SLOWEST;

	while (i > 0 && (!c->slowest[i - 1].name || c->slowest[i - 1].seconds < v->seconds))
		i--;
	if (i == SLOWEST || !v->c)
		return;
	free(c->slowest[SLOWEST - 1].name);
	memmove(&c->slowest[i + 1], &c->slowest[i], (SLOWEST - 1 - i) * sizeof(c->slowest[0]));
	c->slowest[i] = (struct timing){text_format("%s", verdict_name(v)), v->seconds};
}

static void remember_prices(struct console *c, const struct verdict *v)
{
	if (!v->priced)
		return;
	for (int p = 0; p < PRICE_COUNT; p++) {
		c->prices[p] = array_grow(c->prices[p], c->price_count, sizeof(*c->prices[p]));
		c->prices[p][c->price_count] = v->prices[p];
	}
	c->price_count++;
}

/* ---- a verdict ----------------------------------------------------------------------- */

static void put_field(FILE *f, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(f, "  %-*s", COLUMN - 2, key);
	text_indent(f, text, COLUMN);
}

static const char *last_lines(const char *text, int lines)
{
	const char *p = text + strlen(text);

	if (p > text && p[-1] == '\n')
		p--;
	for (; p > text; p--) {
		if (p[-1] == '\n' && --lines == 0)
			break;
	}
	return p;
}

static void put_clause(FILE *f, const struct clause *clause)
{
	if (!clause)
		return;
	fprintf(f, "  %-*s", COLUMN - 2, clause->name);
	text_wrap(f, clause->rule, COLUMN, WIDTH);
}

static void put_output(FILE *f, const char *output)
{
	const char *tail;

	if (!output || !*output)
		return;
	tail = last_lines(output, OUTPUT_LINES);
	put_field(f, tail == output ? "output" : "output (end)", tail);
}

static void put_red(struct console *c, const struct run *run, const struct verdict *v)
{
	FILE *f = c->report.file;
	char *repeat = verdict_repeat(run, v);

	fprintf(f, "\n%s%s%s  %s\n", outcome_paint(c, v->outcome), outcome_name(v->outcome),
		paint(c, "\033[0m"), verdict_name(v));
	put_clause(f, v->clause);
	put_field(f, "message", v->message);
	put_field(f, "expected", v->expected);
	put_field(f, "observed", v->observed);
	put_field(f, "where", v->where);
	put_field(f, "reason", v->reason);
	put_field(f, "stacks", v->stacks);
	put_output(f, v->output);
	put_field(f, "repeat", repeat);
	free(repeat);
}

static void put_brief(struct console *c, const struct verdict *v)
{
	FILE *f = c->report.file;
	const char *reason = v->outcome == PASS ? "" : verdict_reason(v);

	fprintf(f, "%s%-11s%s %7.3f  %s", outcome_paint(c, v->outcome), outcome_name(v->outcome),
		paint(c, "\033[0m"), v->seconds, verdict_name(v));
	if (*reason)
		fprintf(f, ": %.*s", (int)strcspn(reason, "\n"), reason);
	fputc('\n', f);
}

/* ---- the summary ----------------------------------------------------------------------- */

static int cell_width(enum outcome o)
{
	return (int)strlen(outcome_name(o)) + 2;
}

static unsigned row_total(const struct row *row)
{
	unsigned total = 0;

	for (int o = 0; o < OUTCOME_COUNT; o++)
		total += row->counts[o];
	return total;
}

static void put_row(struct console *c, const struct run *run, const struct row *row)
{
	FILE *f = c->report.file;

	if (row_total(row) == 0)
		return;
	fprintf(f, "  %-12s", row->name);
	for (int o = 0; o < OUTCOME_COUNT; o++) {
		if (run->summary[o] == 0)
			continue;
		if (row->counts[o] > 0)
			fprintf(f, "%s%*u%s", outcome_paint(c, o), cell_width(o), row->counts[o],
				paint(c, "\033[0m"));
		else
			fprintf(f, "%*s", cell_width(o), ".");
	}
	fprintf(f, "%7u\n", row_total(row));
}

/* Only outcomes that there were have a column. */
static void put_table(struct console *c, const struct run *run, const char *title, const struct rows *rows)
{
	FILE *f = c->report.file;

	fprintf(f, "\n  %-12s", title);
	for (int o = 0; o < OUTCOME_COUNT; o++) {
		if (run->summary[o] > 0)
			fprintf(f, "%*s", cell_width(o), outcome_name(o));
	}
	fprintf(f, "%7s\n", "total");
	for (size_t i = 0; i < rows->count; i++)
		put_row(c, run, &rows->rows[i]);
}

static void put_slowest(struct console *c)
{
	fputs("\n  The slowest:\n", c->report.file);
	for (int i = 0; i < SLOWEST && c->slowest[i].name; i++)
		fprintf(c->report.file, "  %7.3f s  %s\n", c->slowest[i].seconds, c->slowest[i].name);
}

static int order_numbers(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void put_prices(struct console *c)
{
	static const char *const names[PRICE_COUNT] = {"to start", "to load the backend", "to clean up", "to report"};
	const char *before = "\n  The price of a case, besides its body, in the median: ";

	for (int p = 0; p < PRICE_COUNT && c->price_count > 0; p++) {
		qsort(c->prices[p], c->price_count, sizeof(*c->prices[p]), order_numbers);
		fprintf(c->report.file, "%s%.2f ms %s", before, 1e3 * c->prices[p][c->price_count / 2], names[p]);
		before = ", ";
	}
	if (c->price_count > 0)
		fputs("\n", c->report.file);
}

static void put_stale(struct console *c, const char *stale)
{
	fprintf(c->report.file, "\n%sSTALE%s  expectations that nothing came up to; take them out:\n  ",
		paint(c, "\033[1;31m"), paint(c, "\033[0m"));
	text_indent(c->report.file, stale, 2);
}

/* "2 FAIL, 1 HUNG": the counts of all outcomes that are red, or of all that are not. */
static void put_counts(FILE *f, const struct run *run, bool red)
{
	const char *before = ": ";

	for (int o = 0; o < OUTCOME_COUNT; o++) {
		if (run->summary[o] == 0 || outcome_is_red(o) != red)
			continue;
		fprintf(f, "%s%u %s", before, run->summary[o], outcome_name(o));
		before = ", ";
	}
}

static const char *plural(unsigned n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

static void put_conclusion(struct console *c, const struct run *run)
{
	FILE *f = c->report.file;
	unsigned all = run_verdicts(run);
	unsigned red = run_red(run);

	fprintf(f, "%s: %s %s ", run->tool, run->backend_name, run->backend_version);
	if (red > 0) {
		fprintf(f, "is not poolproof: %u of %u %s", red, all, plural(all, "case", "cases"));
		put_counts(f, run, true);
	} else if (all < run->total) {
		fprintf(f, "is not known to be: the run ended after %u of %zu cases", all, run->total);
	} else if (run->stale) {
		fputs("is better than expected: expectations are stale", f);
	} else if (run->summary[XFAIL] + run->summary[FLAKY] > 0) {
		fprintf(f, "is as expected: %u %s", all, plural(all, "case", "cases"));
		put_counts(f, run, false);
	} else if (run_passed(run) == 0) {
		fprintf(f, "claims none of it: %u %s", all, plural(all, "case", "cases"));
		put_counts(f, run, false);
	} else {
		fprintf(f, "is poolproof: %u %s", all, plural(all, "case", "cases"));
		put_counts(f, run, false);
	}
	fprintf(f, " (%zu %s, profile %s, %.1f s", c->clause_count,
		plural((unsigned)c->clause_count, "clause", "clauses"), run->profile, run->seconds);
	if (run->shard.count)
		fprintf(f, ": %lu rounds, %.0f a second", run->rounds,
			run->seconds > 0 ? (double)run->rounds / run->seconds : 0);
	fputs(")\n", f);
}

/* ---- the report --------------------------------------------------------------------------- */

static bool flushed(struct report *r)
{
	return fflush(r->file) == 0 && !ferror(r->file);
}

static bool console_begin(struct report *r, const struct run *run)
{
	struct console *c = (struct console *)r;
	const char *no_colour = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	c->terminal = isatty(fileno(r->file)) && !(term && strcmp(term, "dumb") == 0);
	c->colour = c->terminal && !(no_colour && *no_colour);
	order_rows(c);
	fprintf(r->file, "%s %s: %s %s, profile %s, %zu %s\n", run->tool, run->version, run->backend_name,
		run->backend_version, run->profile, run->total,
		plural((unsigned)run->total, "case", "cases"));
	return flushed(r);
}

static bool console_verdict(struct report *r, const struct run *run, const struct verdict *v)
{
	struct console *c = (struct console *)r;

	if (v->clause)
		remember_clause(c, v->clause);
	row_named(&c->features, *verdict_feature(v) ? verdict_feature(v) : "(none)")->counts[v->outcome]++;
	row_named(&c->levels, verdict_level(v))->counts[v->outcome]++;
	remember_timing(c, v);
	remember_prices(c, v);
	erase_progress(c);
	if (outcome_is_red(v->outcome))
		put_red(c, run, v);
	else if (run->verbose)
		put_brief(c, v);
	draw_progress(c, run, v);
	return flushed(r);
}

static void forget(struct console *c)
{
	free(c->features.rows);
	free(c->levels.rows);
	free(c->clauses);
	for (int i = 0; i < SLOWEST; i++)
		free(c->slowest[i].name);
	for (int p = 0; p < PRICE_COUNT; p++)
		free(c->prices[p]);
}

static bool console_end(struct report *r, const struct run *run)
{
	struct console *c = (struct console *)r;

	erase_progress(c);
	if (run->verbose) {
		put_slowest(c);
		put_prices(c);
	}
	put_table(c, run, "feature", &c->features);
	put_table(c, run, "level", &c->levels);
	if (run->stale)
		put_stale(c, run->stale);
	fprintf(r->file, "\n%u passed, %u failed, %u skipped\n", run_passed(run), run_red(run),
		run_skipped(run));
	put_conclusion(c, run);
	forget(c);
	return flushed(r);
}

const struct report_type report_console = {
	.option = "console",
	.size = sizeof(struct console),
	.begin = console_begin,
	.verdict = console_verdict,
	.end = console_end,
};
