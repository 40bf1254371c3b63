/* SPDX-License-Identifier: MIT */
/* result_report.h: the result of one exploration in words, and its schedule in a file. */
#ifndef SCHEDULE_RESULT_REPORT_H
#define SCHEDULE_RESULT_REPORT_H

#include "explore.h"
#include "outcome.h"
#include "schedule_file.h"

/* "exhausted", "sampled", ... */
const char *result_name(const struct result *r);

/* one, or many if n is not 1. */
const char *plural(unsigned long n, const char *one, const char *many);

/* One line; and after a failure what it was, in columns, and the name of the file. */
void report_result(FILE *f, const char *name, const struct plan *p, struct result *r);

/*
 * A line for each outcome that is not among those of the reference, and if r is
 * exhausted for each of those that it has not.  True if there is one.
 */
bool report_difference(FILE *f, const struct exhaustion *e, const struct result *r);

/*
 * Execute a schedule and print it in columns, with what each thread does at its end; after a
 * failure also where each stands, and the objects that have a name.  False if the target is gone.
 */
bool report_schedule(FILE *f, const struct plan *p, const struct schedule *s);

/* The same with r's schedule, and write it to a file in directory. */
void report_failure(FILE *f, const char *name, const struct plan *p, struct result *r, struct schedule_file *file,
		    const char *directory);

#endif
