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
 * reports_verdict counts the verdict in run->summary and its rounds in
 * run->rounds; nobody else does.  What is a char * in struct run and struct
 * verdict is malloc's: it may be replaced.
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
#include "text.h"

extern const struct report_type report_console, report_tap, report_junit, report_json;

/* True if this build has such reports. */
bool report_is_there(const struct report_type *type);

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
