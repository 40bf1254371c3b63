/* SPDX-License-Identifier: MIT */
/*
 * report_tap.c: the Test Anything Protocol, version 13, with YAML diagnostics.
 *
 * The plan comes first, so a run that was killed is told from one that ended.
 */
#include "report.h"

#include <stdlib.h>
#include <string.h>

struct tap {
	struct report report;
	unsigned number;
};

static void put_description(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '#' || *text == '\\')
			fputc('\\', f);
		fputc(*text == '\n' ? ' ' : *text, f);
	}
}

/* A double-quoted YAML scalar; text is clean already. */
static void put_quoted(FILE *f, const char *text, size_t length)
{
	fputc('"', f);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"' || text[i] == '\\')
			fputc('\\', f);
		if (text[i] == '\t')
			fputs("\\t", f);
		else
			fputc(text[i], f);
	}
	fputs("\"\n", f);
}

/* A text of one line is a scalar, a longer one the sequence of its lines. */
static void put_member(FILE *f, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(f, "  %s:", key);
	if (!strchr(text, '\n')) {
		fputc(' ', f);
		put_quoted(f, text, strlen(text));
		return;
	}
	fputc('\n', f);
	while (*text) {
		size_t length = strcspn(text, "\n");

		fputs("    - ", f);
		put_quoted(f, text, length);
		text += length + (text[length] == '\n');
	}
}

static void put_diagnostics(FILE *f, const struct run *run, const struct verdict *v)
{
	char *repeat = outcome_is_red(v->outcome) ? verdict_repeat(run, v) : NULL;

	fputs("  ---\n", f);
	put_member(f, "outcome", outcome_name(v->outcome));
	put_member(f, "clause", verdict_clause(v));
	put_member(f, "level", v->clause ? verdict_level(v) : NULL);
	put_member(f, "rule", v->clause ? v->clause->rule : NULL);
	put_member(f, "message", v->message);
	put_member(f, "expected", v->expected);
	put_member(f, "observed", v->observed);
	put_member(f, "where", v->where);
	put_member(f, "reason", v->reason);
	fprintf(f, "  seconds: %.3f\n", v->seconds);
	put_member(f, "stacks", v->stacks);
	put_member(f, "output", v->output);
	put_member(f, "repeat", repeat);
	fputs("  ...\n", f);
	free(repeat);
}

/*
 * What a directive says.  FLAKY is a test still to be made right, like XFAIL; its
 * message tells whether it failed this time.
 */
static const char *directive(enum outcome o)
{
	switch (o) {
	case UNSUPPORTED:
		return " # SKIP ";
	case UNTESTED:
		return " # SKIP untested: ";
	case XFAIL:
		return " # TODO ";
	case FLAKY:
		return " # TODO flaky: ";
	default:
		return NULL;
	}
}

static bool failed(const struct verdict *v)
{
	return outcome_is_red(v->outcome) || v->outcome == XFAIL || (v->outcome == FLAKY && *verdict_message(v));
}

/* Compose one record in memory, so that a reader sees all of it or nothing. */
static bool tap_verdict(struct report *r, const struct run *run, const struct verdict *v)
{
	struct tap *tap = (struct tap *)r;
	char *record = NULL;
	size_t size;
	FILE *f = open_memstream(&record, &size);
	bool ok;

	if (!f)
		return false;
	fprintf(f, "%s %u - ", failed(v) ? "not ok" : "ok", ++tap->number);
	put_description(f, verdict_name(v));
	if (directive(v->outcome)) {
		fputs(directive(v->outcome), f);
		put_description(f, verdict_reason(v));
	}
	fputc('\n', f);
	if (v->outcome != PASS && v->outcome != UNSUPPORTED && v->outcome != UNTESTED)
		put_diagnostics(f, run, v);
	ok = fclose(f) == 0 && report_put(r, record, "");
	free(record);
	return ok;
}

static bool tap_begin(struct report *r, const struct run *run)
{
	char *head = text_format("TAP version 13\n1..%zu\n# %s %s on %s %s, profile %s\n", run->total,
				 run->tool, run->version, run->backend_name, run->backend_version,
				 run->profile);
	bool ok = report_put(r, head, "");

	free(head);
	return ok;
}

static bool tap_end(struct report *r, const struct run *run)
{
	const char *stale = run->stale ? run->stale : "";
	bool ok = true;

	while (ok && *stale) {
		int length = (int)strcspn(stale, "\n");
		char *line = text_format("# stale: %.*s\n", length, stale);

		ok = report_put(r, line, "");
		free(line);
		stale += length + (stale[length] == '\n');
	}
	return report_finish(r, "", "") && ok;
}

const struct report_type report_tap = {
	.option = "tap",
	.size = sizeof(struct tap),
	.begin = tap_begin,
	.verdict = tap_verdict,
	.end = tap_end,
};
