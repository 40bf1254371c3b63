/* SPDX-License-Identifier: MIT */
/*
 * report.h: from verdicts to the console, TAP, JUnit and JSON.
 *
 * A run:
 *
 *	struct report *reports = NULL;
 *	reports_add(&reports, report_on(&report_console, stdout));
 *	reports_add(&reports, report_open(&report_json, path, error, sizeof(error)));
 *	reports_begin(reports, &run, error, sizeof(error));
 *	for each case: reports_verdict(reports, &run, &verdict, error, ...);
 *	run.stale = expect_stale(...);
 *	reports_end(reports, &run, error, sizeof(error));
 *	reports_close(reports);
 *
 * reports_verdict counts the verdict in run->summary; nobody else does.  What
 * is a char * in struct run and struct verdict is malloc's: it may be replaced.
 *
 * Whatever a backend says passes text_clean before any report sees it, so a
 * report escapes only what its own format gives a meaning to.
 *
 * Where     A path "-" is the standard output.  When one of TAP, JUnit or
 *           JSON goes there (reports_on_stdout), open the console on stderr.
 * Threads   one
 * Failure   bool functions return false and leave one line in error, without
 *           a newline and without "poolproof: " before it
 */
#ifndef POOLPROOF_REPORT_H
#define POOLPROOF_REPORT_H

#include "outcome.h"

extern const struct report_type report_console, report_tap, report_junit, report_json;

/* A report on the file at path, which is created or emptied; NULL on failure. */
struct report *report_open(const struct report_type *type, const char *path, char *error, size_t size);

/* A report on a stream that stays the caller's; NULL if memory ran out. */
struct report *report_on(const struct report_type *type, FILE *stream);

/* Append r, which may be NULL: then false. */
bool reports_add(struct report **list, struct report *r);
bool reports_on_stdout(const char *const *paths, size_t count);
bool reports_begin(struct report *list, struct run *run, char *error, size_t size);
bool reports_verdict(struct report *list, struct run *run, struct verdict *v, char *error, size_t size);
bool reports_end(struct report *list, struct run *run, char *error, size_t size);
void reports_close(struct report *list);

/* 0 if run ended as it should: every verdict there, none red, nothing stale; else 1. */
int run_exit_status(const struct run *run);

/* The counts of the closing line. */
unsigned run_verdicts(const struct run *run); /* all */
unsigned run_passed(const struct run *run);   /* PASS, SLOW, XFAIL, FLAKY */
unsigned run_red(const struct run *run);
unsigned run_skipped(const struct run *run); /* UNSUPPORTED, UNTESTED */

/* ---- verdicts ------------------------------------------------------------- */

/* Free what v holds, and clear it. */
void verdict_clear(struct verdict *v);

/*
 * Clean every string of v with text_clean; those must be malloc's.  Done by
 * expect_apply and reports_verdict; a second time changes nothing.
 */
void verdict_clean(struct verdict *v);

/* The name of the case; the clause's where there is no case (UNTESTED). */
const char *verdict_name(const struct verdict *v);
const char *verdict_clause(const struct verdict *v);  /* "" if none */
const char *verdict_feature(const struct verdict *v); /* "" if none */
const char *verdict_level(const struct verdict *v);   /* "MUST" if none */
const char *verdict_message(const struct verdict *v); /* "" if none */

/* Why the verdict is what it is: the reason, else the message, else "". */
const char *verdict_reason(const struct verdict *v);

/* The command that repeats just this verdict; malloc's. */
char *verdict_repeat(const struct run *run, const struct verdict *v);

/* ---- text ------------------------------------------------------------------ */

enum text_form {
	TEXT_LINE, /* one line: newlines and tabs are escaped too */
	TEXT_LINES /* newlines and tabs stay */
};

/*
 * A malloc'd copy of s that no terminal, XML or JSON parser stumbles over:
 * valid UTF-8 without control characters, bidirectional overrides and
 * noncharacters.  What is not is shown as "\x1b" or "\u202e".  NULL gives NULL.
 */
char *text_clean(const char *s, enum text_form form);

/*
 * Print text filled up to width columns, and a newline.  The cursor stands at column, and
 * the following lines are indented to it.  An empty line begins a paragraph.
 */
void text_wrap(FILE *f, const char *text, int column, int width);

/* Print the lines of text as they are, indented to column, where the cursor stands. */
void text_indent(FILE *f, const char *text, int column);

/* Columns that s takes on a terminal, counting each character as one. */
int text_columns(const char *s);

/* printf into malloc'd memory; ends the process if there is none. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* array with room for one more than count; ends the process if there is no memory. */
void *array_grow(void *array, size_t count, size_t size);

/* ---- for the reports themselves ---------------------------------------------- */

/*
 * Append record, then write trailer behind it, where the next record goes.  So
 * the file is whole after every call.  On a pipe or a device, which cannot
 * take a trailer back, the trailer is left to report_finish.
 */
bool report_put(struct report *r, const char *record, const char *trailer);

/* Write the start of a regular file anew: head is as long as the one put first. */
bool report_put_head(struct report *r, const char *head);

/* The last call: the same as report_put, and the trailer stays everywhere. */
bool report_finish(struct report *r, const char *record, const char *trailer);

#endif
