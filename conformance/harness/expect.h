/* SPDX-License-Identifier: MIT */
/*
 * expect.h: what is known about a backend, and why.
 *
 * An expectation file is text; blocks are separated by blank lines, and lines
 * that begin with '#' are comments:
 *
 *	case     map_3_*
 *	outcome  FAIL
 *	version  3.7-3.12
 *	option   executor=*Process*
 *	message  the first result came before the second call
 *	reason   CPython submits all of the iterable first
 *	         (issue 74028).
 *
 * A line "backend GLOB" outside of any block says whom the whole file is about: run
 * against a backend of another name, none of its blocks holds.
 *
 * case     a name, or a glob that matches at least one case
 * outcome  FAIL, HUNG, CRASHED, RACE, LEAK or UNRESOLVED; or FLAKY, which may
 *          pass or not
 * version  optional: the backend's versions for which the block holds: "A-B",
 *          "A-", "-B" or "A"; 3.12 stands for 3.12.1 too
 * option   optional, more than once: holds only if run with such a -o
 * message  text that is part of the verdict's message; needed unless the
 *          outcome is HUNG, CRASHED, LEAK or FLAKY
 * reason   free text, continued by lines that begin with white space
 *
 * A run: expect_load (or expect_new), expect_begin once the backend is known,
 * expect_apply on each verdict before it is reported, expect_stale before
 * reports_end, expect_write, expect_free.
 */
#ifndef POOLPROOF_EXPECT_H
#define POOLPROOF_EXPECT_H

#include "outcome.h"

struct expectations;

/* No expectations; for --write-expect without --expect. */
struct expectations *expect_new(void);

/* NULL with one line in error: "cpython.expect:12: ..." */
struct expectations *expect_load(const char *path, char *error, size_t size);
void expect_free(struct expectations *e);

/* Say what is run, so that backend, version and option can be judged. */
void expect_begin(struct expectations *e, const char *backend_name, const char *backend_version,
		  const struct pp_option *options, size_t option_count);

/*
 * Turn v into XFAIL, XPASS or FLAKY if a block holds for it, and give it the
 * block's reason.  A failure that is not the expected one stays red, and its message
 * says what was expected.  Remembers v for expect_write.
 */
void expect_apply(struct expectations *e, struct verdict *v);

/*
 * The blocks that hold for this run, whose cases were all applied, and that none of
 * them came up to: one line for each; malloc'd, or NULL if there is none.
 * Such a run is red; leave it in run->stale.
 */
char *expect_stale(const struct expectations *e);

/* False, with error, if nothing can be written to path; to be asked before the run. */
bool expect_writable(const char *path, char *error, size_t size);

/*
 * Write the blocks with which this run would come out as expected: those of e that
 * matched or were not judged, with their reasons, and one for each red
 * verdict, whose reason is empty and refused by expect_load until someone
 * fills it in.  A glob of which some cases no longer hold becomes a block for
 * each of the others.  Comments are not kept.
 */
bool expect_write(const struct expectations *e, const char *path, const struct run *run, char *error, size_t size);

#endif
