/* SPDX-License-Identifier: MIT */
/* test_expect.c: expectation files, read, applied, found stale, and written. */
#include <sys/resource.h>

#include "../expect.h"
#include "../select.h"
#include "scratch.h"

CASE(cancel_1_red)
{
}

CASE(cancel_1_green)
{
}

CASE(cancel_3_never_runs)
{
}

static const struct pp_option no_options[] = {{NULL, NULL}};

/* ---- reading --------------------------------------------------------------------- */

static void ck_refused(const char *text, const char *expected)
{
	char error[512] = "";
	const char *path = write_whole("x.expect", text);

	ck_assert_ptr_null(expect_load(path, error, sizeof(error)));
	ck_assert_contains(error, expected);
	ck_assert_lacks(error, "\n");
}

START_TEST(a_malformed_file_is_refused_with_its_line)
{
	ck_refused("# x\n\ncase cancel_1_rad\n", "x.expect:3: no case is called 'cancel_1_rad'; do you mean cancel_1_red?");
	ck_refused("case nothing_*\n", "x.expect:1: no case is called 'nothing_*'");
	ck_refused("case cancel_1_red\nstate x\n", "x.expect:2: unknown key 'state'; there are case,");
	ck_refused("case cancel_1_red\noutcome RED\n", "x.expect:2: no outcome 'RED' can be expected");
	ck_refused("case cancel_1_red\noutcome PASS\n", "x.expect:2: no outcome 'PASS' can be expected");
	ck_refused("case cancel_1_red\noutcome XPASS\n", "x.expect:2: no outcome 'XPASS' can be expected");
	ck_refused("case cancel_1_red\noutcome FAIL\nreason r\n", "x.expect:1: the block has no message, and FAIL");
	ck_refused("case cancel_1_red\noutcome HUNG\n", "x.expect:1: the block has no reason");
	ck_refused("case cancel_1_red\noutcome HUNG\nreason\n", "x.expect:3: the reason is still empty");
	ck_refused("\noutcome HUNG\nreason r\n", "x.expect:2: the block has no case");
	ck_refused("case cancel_1_red\nreason r\n", "x.expect:1: the block has no outcome");
	ck_refused("case cancel_1_red\ncase cancel_1_red\n", "x.expect:2: a block has one 'case'");
	ck_refused("case cancel_1_red\nversion three\n", "x.expect:2: versions are written");
	ck_refused("case cancel_1_red\nversion 3.7-3.\n", "x.expect:2: versions are written");
	ck_refused("case cancel_1_red\nversion -\n", "x.expect:2: versions are written");
	ck_refused("case cancel_1_red\noption executor\n", "x.expect:2: an option is written key=value");
	ck_refused("case cancel_1_red\noutcome\n", "x.expect:2: nothing follows 'outcome'");
	ck_refused("case cancel_1_red\n more\n", "x.expect:2: only a reason goes on");
	ck_refused("\033[2J x\n", "x.expect:1: unknown key '\\x1b[2J'");
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_refused)
{
	char error[512] = "";

	ck_assert_ptr_null(expect_load("/no/such/file", error, sizeof(error)));
	ck_assert_str_eq(error, "cannot read /no/such/file: No such file or directory");
	ck_assert_ptr_null(expect_load("/", error, sizeof(error)));
	ck_assert_str_eq(error, "cannot read /: Is a directory");
}
END_TEST

/* ---- applying --------------------------------------------------------------------- */

static struct expectations *loaded(const char *text, const char *version)
{
	char error[512] = "";
	struct expectations *e = expect_load(write_whole("x.expect", text), error, sizeof(error));

	ck_assert_msg(e != NULL, "%s", error);
	expect_begin(e, "pool", version, no_options, 0);
	return e;
}

/* What e makes of a verdict; the message and the reason are left for a look. */
static char message_left[512];
static char reason_left[512];

static enum outcome applied(struct expectations *e, const char *name, enum outcome o, const char *message)
{
	struct verdict v = {.c = case_find(name), .outcome = o, .message = strdup(message)};

	ck_assert_ptr_nonnull(v.c);
	expect_apply(e, &v);
	o = v.outcome;
	snprintf(message_left, sizeof(message_left), "%s", verdict_message(&v));
	snprintf(reason_left, sizeof(reason_left), "%s", v.reason ? v.reason : "");
	verdict_clear(&v);
	return o;
}

static const char one_block[] =
	"# a comment\n"
	"case     cancel_1_*\n"
	"outcome  FAIL\n"
	"message  returned false\n"
	"reason   The pool forgets\n"
	"         to look.\n";

START_TEST(a_matching_failure_is_xfail)
{
	struct expectations *e = loaded(one_block, "1.0");

	ck_assert_int_eq(applied(e, "cancel_1_red", FAIL, "it\nreturned false again"), XFAIL);
	ck_assert_str_eq(reason_left, "The pool forgets to look.");
	ck_assert_int_eq(applied(e, "cancel_3_never_runs", FAIL, "returned false"), FAIL);
	expect_free(e);
}
END_TEST

START_TEST(another_failure_stays_red_and_says_so)
{
	struct expectations *e = loaded(one_block, "1.0");

	ck_assert_int_eq(applied(e, "cancel_1_red", FAIL, "returned true"), FAIL);
	ck_assert_contains(message_left, "returned true\n(");
	ck_assert_contains(message_left, "x.expect:2 expects FAIL with \"returned false\")");
	ck_assert_int_eq(applied(e, "cancel_1_green", CRASHED, "returned false"), CRASHED);
	ck_assert_ptr_null(expect_stale(e));
	expect_free(e);
}
END_TEST

START_TEST(an_unexpected_pass_is_xpass)
{
	struct expectations *e = loaded(one_block, "1.0");

	ck_assert_int_eq(applied(e, "cancel_1_red", PASS, ""), XPASS);
	ck_assert_contains(message_left, "it passed, but ");
	ck_assert_contains(message_left, "x.expect:2 expects FAIL");
	ck_assert_str_eq(reason_left, "The pool forgets to look.");
	ck_assert_int_eq(applied(e, "cancel_1_green", SLOW, ""), XPASS);
	expect_free(e);
}
END_TEST

START_TEST(flaky_is_flaky_either_way)
{
	struct expectations *e = loaded("case cancel_1_red\noutcome FLAKY\nmessage late\nreason r\n", "1.0");

	ck_assert_int_eq(applied(e, "cancel_1_red", PASS, ""), FLAKY);
	ck_assert_int_eq(applied(e, "cancel_1_red", FAIL, "too late"), FLAKY);
	ck_assert_int_eq(applied(e, "cancel_1_red", HUNG, "late"), FLAKY);
	ck_assert_int_eq(applied(e, "cancel_1_red", FAIL, "early"), FAIL);
	ck_assert_int_eq(applied(e, "cancel_1_red", UNSUPPORTED, "no"), UNSUPPORTED);
	expect_free(e);
}
END_TEST

START_TEST(hung_needs_no_message)
{
	struct expectations *e = loaded("case cancel_1_red\noutcome HUNG\nreason r\n", "1.0");

	ck_assert_int_eq(applied(e, "cancel_1_red", HUNG, "past its deadline"), XFAIL);
	ck_assert_int_eq(applied(e, "cancel_1_green", HUNG, "past its deadline"), HUNG);
	expect_free(e);
}
END_TEST

static bool holds(const char *range, const char *version)
{
	char *text = text_format("case cancel_1_red\noutcome HUNG\nversion %s\nreason r\n", range);
	struct expectations *e = loaded(text, version);
	bool expected = applied(e, "cancel_1_red", HUNG, "") == XFAIL;

	expect_free(e);
	free(text);
	return expected;
}

START_TEST(versions_are_compared_as_far_as_the_bound_goes)
{
	ck_assert(holds("3.7-3.12", "3.7.0"));
	ck_assert(holds("3.7-3.12", "3.12.1"));
	ck_assert(holds("3.7-3.12", "3.9"));
	ck_assert(!holds("3.7-3.12", "3.13.0"));
	ck_assert(!holds("3.7-3.12", "3.6.15"));
	ck_assert(!holds("3.7-3.12", "4"));
	ck_assert(holds("3.9-", "3.13.0rc1"));
	ck_assert(!holds("3.9-", "3.8.20"));
	ck_assert(holds("-3.9", "3.9.5"));
	ck_assert(!holds("-3.9", "3.10"));
	ck_assert(holds("3.11", "3.11.2 (main)"));
	ck_assert(holds("3.11", "Python 3.11.2"));
	ck_assert(!holds("3.11", "3.1"));
	ck_assert(!holds("3.11.2", "3.11"));
	ck_assert(!holds("3.11", "unknown"));
}
END_TEST

START_TEST(options_decide)
{
	static const struct pp_option processes[] = {{"x", "y"}, {"executor", "m:ProcessPoolExecutor"}};
	struct expectations *e =
		loaded("case cancel_1_red\noutcome HUNG\noption executor=*Process*\noption x=y\nreason r\n", "1");

	ck_assert_int_eq(applied(e, "cancel_1_red", HUNG, ""), HUNG);
	expect_begin(e, "pool", "1", processes, 1);
	ck_assert_int_eq(applied(e, "cancel_1_red", HUNG, ""), HUNG);
	expect_begin(e, "pool", "1", processes, 2);
	ck_assert_int_eq(applied(e, "cancel_1_red", HUNG, ""), XFAIL);
	expect_free(e);
}
END_TEST

START_TEST(a_file_may_be_about_one_backend)
{
	static const char text[] = "backend po?l\n\ncase cancel_1_red\noutcome HUNG\nreason r\n";
	struct expectations *e = loaded(text, "1");

	ck_assert_int_eq(applied(e, "cancel_1_red", HUNG, ""), XFAIL);
	expect_begin(e, "another", "1", no_options, 0);
	ck_assert_int_eq(applied(e, "cancel_1_red", HUNG, ""), HUNG);
	expect_free(e);
	ck_refused("backend a\nbackend b\n", "x.expect:2: a file has one 'backend'");
	ck_refused("backend\n", "x.expect:1: nothing follows 'backend'");
	ck_refused("case cancel_1_red\nbackend a\n", "x.expect:2: 'backend' is about the whole file");
}
END_TEST

START_TEST(messages_are_cleaned_before_they_are_compared)
{
	struct expectations *e = loaded("case cancel_1_red\noutcome FAIL\nmessage \\x1b[31mred\nreason r\n", "1");

	ck_assert_int_eq(applied(e, "cancel_1_red", FAIL, "\033[31mred"), XFAIL);
	expect_free(e);
}
END_TEST

/* ---- afterwards -------------------------------------------------------------------- */

START_TEST(what_nothing_came_up_to_is_stale)
{
	struct expectations *e = loaded("case cancel_1_*\noutcome HUNG\nreason r\n\n"
					"case cancel_3_never_runs\noutcome LEAK\nversion 2-\nreason r\n\n"
					"case cancel_1_red\noutcome LEAK\nreason r\n",
					"1.0");
	char *stale;

	ck_assert_ptr_null(expect_stale(e));
	ck_assert_int_eq(applied(e, "cancel_1_red", HUNG, ""), XFAIL);
	ck_assert_int_eq(applied(e, "cancel_3_never_runs", PASS, ""), PASS);
	stale = expect_stale(e);
	ck_assert_contains(stale, "x.expect:10: cancel_1_red LEAK");
	ck_assert_lacks(stale, "\n");
	free(stale);
	expect_free(e);
}
END_TEST

START_TEST(an_unsupported_case_makes_its_expectation_stale)
{
	struct expectations *e = loaded("case cancel_1_*\noutcome HUNG\nreason r\n", "1.0");
	char *stale;

	ck_assert_int_eq(applied(e, "cancel_1_red", UNSUPPORTED, ""), UNSUPPORTED);
	ck_assert_ptr_null(expect_stale(e));
	ck_assert_int_eq(applied(e, "cancel_1_green", UNSUPPORTED, ""), UNSUPPORTED);
	stale = expect_stale(e);
	ck_assert_contains(stale, "x.expect:1: cancel_1_* HUNG");
	free(stale);
	expect_free(e);
}
END_TEST

START_TEST(two_flaky_ones_about_a_case_are_not_stale)
{
	static const char *const messages[] = {"one", "two", ""};
	static const enum outcome outcomes[] = {FAIL, FAIL, PASS};

	for (int i = 0; i < 3; i++) {
		struct expectations *e = loaded("case cancel_1_red\noutcome FLAKY\nmessage one\nreason r\n\n"
						"case cancel_1_red\noutcome FLAKY\nmessage two\nreason r\n", "1.0");

		ck_assert_int_eq(applied(e, "cancel_1_red", outcomes[i], messages[i]), FLAKY);
		ck_assert_ptr_null(expect_stale(e));
		expect_free(e);
	}
}
END_TEST

static char *written(const struct expectations *e)
{
	char name[] = "mypool";
	struct run run = {.backend_name = name, .backend_version = name};
	char error[512] = "";

	ck_assert(expect_writable(in_scratch("new.expect"), error, sizeof(error)));
	ck_assert_msg(expect_write(e, in_scratch("new.expect"), &run, error, sizeof(error)), "%s", error);
	return read_whole(in_scratch("new.expect"));
}

START_TEST(a_red_verdict_is_written_without_a_reason)
{
	struct expectations *e = expect_new();
	char error[512] = "";
	char *text;

	expect_begin(e, "pool", "1", no_options, 0);
	applied(e, "cancel_1_red", FAIL, "the pointer is 0x7f00 here\nmore");
	applied(e, "cancel_1_green", PASS, "");
	applied(e, "cancel_3_never_runs", HUNG, "after 2 s");
	text = written(e);
	ck_assert_str_eq(text, "# What is known about mypool mypool, and why.  poolproof run --expect reads it.\n"
			       "\ncase     cancel_1_red\noutcome  FAIL\nmessage  the pointer is\nreason\n"
			       "\ncase     cancel_3_never_runs\noutcome  HUNG\nreason\n");
	ck_assert_ptr_null(expect_load(in_scratch("new.expect"), error, sizeof(error)));
	ck_assert_contains(error, "new.expect:6: the reason is still empty");
	free(text);
	expect_free(e);
}
END_TEST

START_TEST(reasons_that_still_hold_are_kept)
{
	static const char file[] = "case cancel_1_*\noutcome FAIL\nmessage false\nreason one\n two\n\n"
				   "case cancel_3_never_runs\noutcome HUNG\nversion 9-\noption a=b\nreason later\n";
	struct expectations *e = loaded(file, "1.0");
	char *text;

	applied(e, "cancel_1_red", FAIL, "false");
	text = written(e);
	ck_assert_contains(text, "\ncase     cancel_1_*\noutcome  FAIL\nmessage  false\nreason   one two\n");
	ck_assert_contains(text, "\ncase     cancel_3_never_runs\noutcome  HUNG\nversion  9-\noption   a=b\n"
				 "reason   later\n");
	free(text);
	applied(e, "cancel_1_green", PASS, "");
	text = written(e);
	ck_assert_contains(text, "\ncase     cancel_1_red\noutcome  FAIL\nmessage  false\nreason   one two\n");
	ck_assert_lacks(text, "cancel_1_*");
	ck_assert_lacks(text, "cancel_1_green");
	free(text);
	expect_free(e);
	text = read_whole(in_scratch("new.expect"));
	expect_free(loaded(text, "1.0"));
	free(text);
}
END_TEST

START_TEST(an_output_that_cannot_be_written_is_told)
{
	struct expectations *e = expect_new();
	char name[] = "x";
	struct run run = {.backend_name = name, .backend_version = name};
	char error[512] = "";

	ck_assert(!expect_writable("/no/such/file", error, sizeof(error)));
	ck_assert_contains(error, "--write-expect: cannot write /no/such/file: ");
	ck_assert(!expect_write(e, "/dev/full", &run, error, sizeof(error)));
	ck_assert_contains(error, "No space left on device");
	expect_free(e);
}
END_TEST

/* A write that fails leaves what stood there, with its reasons. */
START_TEST(no_room_takes_no_reason_away)
{
	static const char *const text = "case     cancel_1_*\noutcome  FAIL\nmessage  x\nreason   somebody thought about it\n";
	const char *path = write_whole("known.expect", text);
	struct expectations *e = expect_new();
	char name[] = "x", error[512] = "", *now;
	struct run run = {.backend_name = name, .backend_version = name};
	const struct rlimit little = {8, RLIM_INFINITY}, much = {RLIM_INFINITY, RLIM_INFINITY};

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &little), 0);
	ck_assert(!expect_write(e, path, &run, error, sizeof(error)));
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &much), 0);
	ck_assert_contains(error, "File too large");
	now = read_whole(path);
	ck_assert_str_eq(now, text);
	free(now);
	ck_assert(expect_write(e, path, &run, error, sizeof(error)));
	now = read_whole(path);
	ck_assert_contains(now, "# What is known about x x");
	ck_assert_lacks(now, "somebody");
	free(now);
	expect_free(e);
}
END_TEST

START_TEST(a_file_without_an_end_is_refused)
{
	char error[512] = "";

	ck_assert_ptr_null(expect_load("/dev/zero", error, sizeof(error)));
	ck_assert_str_eq(error, "cannot read /dev/zero: File too large");
	expect_free(expect_load("/dev/null", error, sizeof(error)));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_malformed_file_is_refused_with_its_line,
		a_file_that_cannot_be_read_is_refused,
		a_matching_failure_is_xfail,
		another_failure_stays_red_and_says_so,
		an_unexpected_pass_is_xpass,
		flaky_is_flaky_either_way,
		hung_needs_no_message,
		versions_are_compared_as_far_as_the_bound_goes,
		options_decide,
		a_file_may_be_about_one_backend,
		messages_are_cleaned_before_they_are_compared,
		what_nothing_came_up_to_is_stale,
		an_unsupported_case_makes_its_expectation_stale,
		two_flaky_ones_about_a_case_are_not_stale,
		a_red_verdict_is_written_without_a_reason,
		reasons_that_still_hold_are_kept,
		an_output_that_cannot_be_written_is_told,
		no_room_takes_no_reason_away,
		a_file_without_an_end_is_refused,
	};
	return scratch_run("expect", tests, sizeof(tests) / sizeof(tests[0]));
}
