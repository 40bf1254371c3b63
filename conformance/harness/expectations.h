/* SPDX-License-Identifier: MIT */
/*
 * expectations.h: what is known about a backend, in memory; for expect*.c alone, others have
 * expect.h.
 *
 * An entry is one block of the file.  A note is what became of one verdict: which
 * entry it came up to, if any.  What is stale and what is to be written
 * follows from the two lists alone.
 *
 * expect_read.c makes entries, expect.c notes, expect_write.c a file of both.
 */
#ifndef POOLPROOF_EXPECTATIONS_H
#define POOLPROOF_EXPECTATIONS_H

#include "expect.h"

struct entry {
	int line;
	char *pattern; /* of case names */
	enum outcome outcome;
	char *outcome_text; /* NULL until given */
	char *version;
	char **options; /* "key=glob" */
	size_t option_count;
	char *message;
	char *reason;
	int reason_line;
	bool holds; /* for this backend and its options */
};

struct note {
	const struct pp_case *c;
	enum outcome outcome; /* of the case itself, before it was compared */
	char *message;
	const struct entry *met; /* the entry it came up to, or NULL */
	const struct entry *contradicted; /* one that it did not */
};

struct expectations {
	char *path;
	char *backend; /* glob of the name of who it is about, or NULL */
	struct entry *entries;
	size_t entry_count;
	struct note *notes;
	size_t note_count;
};

/* Must a block with that outcome have a message? */
bool expect_needs_message(enum outcome o);

/* Does en hold in this run, for c too? */
bool expect_is_about(const struct entry *en, const struct pp_case *c);

/* NULL if c had no verdict. */
const struct note *expect_note_of(const struct expectations *e, const struct pp_case *c);

#endif
