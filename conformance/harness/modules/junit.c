/* SPDX-License-Identifier: MIT */
/*
 * junit.c: JUnit XML, by libxml2's text writer.
 *
 * FAIL, RACE, LEAK and XPASS are failures: the backend did something wrong.
 * HUNG, CRASHED and UNRESOLVED are errors: it did not get as far.  What needs
 * nobody's attention but did not pass is skipped, with its reason.
 */
#include "module.h"
#include "report.h"

#include <libxml/xmlwriter.h>
#include <stdlib.h>
#include <string.h>

/* Room in the head for counts and times to grow into. */
#define ROOM 48

struct junit {
	struct report report;
	size_t head_length;
};

static const char trailer[] = "</testsuite>\n</testsuites>\n";

/* A writer of one piece of the document; what it wrote is in buffer. */
struct piece {
	xmlTextWriterPtr writer;
	xmlBufferPtr buffer;
};

static bool piece_begin(struct piece *p)
{
	p->buffer = xmlBufferCreate();
	p->writer = p->buffer ? xmlNewTextWriterMemory(p->buffer, 0) : NULL;
	if (!p->writer && p->buffer)
		xmlBufferFree(p->buffer);
	return p->writer != NULL;
}

/* The text of the piece, which then is at its end. */
static char *piece_end(struct piece *p, const char *end)
{
	char *text;

	xmlTextWriterFlush(p->writer);
	text = text_format("%s%s", (const char *)xmlBufferContent(p->buffer), end);
	xmlFreeTextWriter(p->writer);
	xmlBufferFree(p->buffer);
	return text;
}

static void start(struct piece *p, const char *element)
{
	xmlTextWriterStartElement(p->writer, BAD_CAST element);
}

static void end(struct piece *p)
{
	xmlTextWriterEndElement(p->writer);
}

static void attribute(struct piece *p, const char *name, const char *value)
{
	xmlTextWriterWriteAttribute(p->writer, BAD_CAST name, BAD_CAST value);
}

static void attribute_int(struct piece *p, const char *name, long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", value);
	attribute(p, name, text);
}

static void attribute_seconds(struct piece *p, const char *name, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.3f", value);
	attribute(p, name, text);
}

static void element(struct piece *p, const char *name, const char *text)
{
	if (text && *text)
		xmlTextWriterWriteElement(p->writer, BAD_CAST name, BAD_CAST text);
}

static void property(struct piece *p, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	start(p, "property");
	attribute(p, "name", name);
	attribute(p, "value", value);
	end(p);
}

/* ---- the head ----------------------------------------------------------------- */

static unsigned errors(const struct run *run)
{
	return run->summary[HUNG] + run->summary[CRASHED] + run->summary[UNRESOLVED];
}

static unsigned skipped(const struct run *run)
{
	return run_skipped(run) + run->summary[XFAIL] + run->summary[FLAKY];
}

static unsigned stale_count(const struct run *run)
{
	unsigned n = run->stale != NULL;

	for (const char *s = run->stale; s && *s; s++)
		n += *s == '\n' && s[1] != '\0';
	return n;
}

/* A stream cannot come back to its head, which then promises all and counts nothing. */
static char *head_text(const struct junit *j, const struct run *run)
{
	struct piece p;
	char *name;

	if (!piece_begin(&p))
		return NULL;
	xmlTextWriterStartDocument(p.writer, NULL, "UTF-8", NULL);
	start(&p, "testsuites");
	start(&p, "testsuite");
	name = text_format("%s %s: %s %s, profile %s", run->tool, run->version, run->backend_name,
			   run->backend_version, run->profile);
	attribute(&p, "name", name);
	free(name);
	if (j->report.rewritable) {
		attribute_int(&p, "tests", run_verdicts(run) + stale_count(run));
		attribute_int(&p, "failures", run_red(run) - errors(run) + stale_count(run));
		attribute_int(&p, "errors", errors(run));
		attribute_int(&p, "skipped", skipped(run));
		attribute_seconds(&p, "time", run->seconds);
	} else {
		attribute_int(&p, "tests", (long)run->total);
	}
	return piece_end(&p, "");
}

/* The writer leaves the tag open; spaces and '>' bring it to its length. */
static char *padded_head(struct junit *j, const struct run *run)
{
	char *head = head_text(j, run);
	char *padded;

	if (!head)
		return NULL;
	if (j->head_length == 0)
		j->head_length = strlen(head) + ROOM;
	padded = text_format("%-*s>\n", (int)j->head_length, head);
	free(head);
	return padded;
}

static bool put_head(struct junit *j, const struct run *run)
{
	size_t length = j->head_length + strlen(">\n");
	char *head = padded_head(j, run);
	bool ok = head && (strlen(head) != length || report_put_head(&j->report, head));

	free(head);
	return ok;
}

static bool junit_begin(struct report *r, const struct run *run)
{
	char *head = padded_head((struct junit *)r, run);
	bool ok = head && report_put(r, head, trailer);

	free(head);
	return ok;
}

/* ---- verdicts ------------------------------------------------------------------ */

static void put_line(FILE *f, const char *key, const char *text)
{
	if (text && *text)
		fprintf(f, "%s: %s\n", key, text);
}

static void put_failure(struct piece *p, const char *kind, const struct run *run, const struct verdict *v)
{
	char *repeat = verdict_repeat(run, v);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	start(p, kind);
	attribute(p, "type", outcome_name(v->outcome));
	attribute(p, "message", verdict_message(v));
	if (f) {
		put_line(f, verdict_clause(v), v->clause ? v->clause->rule : NULL);
		put_line(f, "expected", v->expected);
		put_line(f, "observed", v->observed);
		put_line(f, "where", v->where);
		put_line(f, "reason", v->reason);
		put_line(f, "repeat", repeat);
		if (fclose(f) == 0)
			xmlTextWriterWriteString(p->writer, BAD_CAST text);
	}
	end(p);
	free(text);
	free(repeat);
}

static void put_skipped(struct piece *p, const char *what, const struct verdict *v)
{
	char *message = text_format("%s%s", what, verdict_reason(v));

	start(p, "skipped");
	attribute(p, "message", message);
	end(p);
	free(message);
}

static void put_outcome(struct piece *p, const struct run *run, const struct verdict *v)
{
	switch (v->outcome) {
	case FAIL:
	case RACE:
	case LEAK:
	case XPASS:
		put_failure(p, "failure", run, v);
		break;
	case HUNG:
	case CRASHED:
	case UNRESOLVED:
		put_failure(p, "error", run, v);
		break;
	case XFAIL:
		put_skipped(p, "fails as expected: ", v);
		break;
	case FLAKY:
		put_skipped(p, "flaky: ", v);
		break;
	case UNTESTED:
		put_skipped(p, "untested: ", v);
		break;
	case UNSUPPORTED:
		put_skipped(p, "", v);
		break;
	default:
		break;
	}
}

static void put_testcase(struct piece *p, const struct run *run, const struct verdict *v)
{
	start(p, "testcase");
	attribute(p, "classname", verdict_feature(v));
	attribute(p, "name", verdict_name(v));
	if (v->c) {
		attribute(p, "file", v->c->file);
		attribute_int(p, "line", v->c->line);
	}
	attribute_seconds(p, "time", v->seconds);
	start(p, "properties");
	property(p, "clause", verdict_clause(v));
	property(p, "level", verdict_level(v));
	property(p, "outcome", outcome_name(v->outcome));
	end(p);
	put_outcome(p, run, v);
	element(p, "system-out", v->output);
	element(p, "system-err", v->stacks);
	end(p);
}

static bool junit_verdict(struct report *r, const struct run *run, const struct verdict *v)
{
	struct piece p;
	char *record;
	bool ok;

	if (!piece_begin(&p))
		return false;
	put_testcase(&p, run, v);
	record = piece_end(&p, "\n");
	ok = report_put(r, record, trailer) && put_head((struct junit *)r, run);
	free(record);
	return ok;
}

/* A stale expectation is a failure of the run, though of no case. */
static void put_stale(struct piece *p, const char *line, size_t length)
{
	char *text = text_format("%.*s", (int)length, line);

	start(p, "testcase");
	attribute(p, "classname", "expectations");
	attribute(p, "name", "stale");
	attribute(p, "time", "0");
	start(p, "failure");
	attribute(p, "type", "STALE");
	attribute(p, "message", text);
	end(p);
	end(p);
	xmlTextWriterWriteString(p->writer, BAD_CAST "\n");
	free(text);
}

static bool junit_end(struct report *r, const struct run *run)
{
	const char *stale = run->stale ? run->stale : "";
	struct piece p;
	char *record;
	bool ok;

	if (!piece_begin(&p))
		return false;
	while (*stale) {
		size_t length = strcspn(stale, "\n");

		put_stale(&p, stale, length);
		stale += length + (stale[length] == '\n');
	}
	record = piece_end(&p, "");
	ok = report_finish(r, record, trailer) && put_head((struct junit *)r, run);
	free(record);
	return ok;
}

MODULE_EXPORT const struct report_type report_type = {
	.option = "junit",
	.size = sizeof(struct junit),
	.begin = junit_begin,
	.verdict = junit_verdict,
	.end = junit_end,
};
