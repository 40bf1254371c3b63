/* SPDX-License-Identifier: MIT */
/* test_reports.c: every format, with verdicts made up here, hostile ones among them. */
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "scratch.h"

static const struct clause clause = {
	.name = "CANCEL-3",
	.feature = "cancel",
	.chapter = "Cancel",
	.file = "spec/cancel.md",
	.line = 7,
	.level = MUST,
	.since = "3.2",
	.rule = "A work item whose future is cancelled while PENDING MUST NOT run, <however> long\nthe"
		" queue & whatever the workers do.",
};

static const struct clause untested = {
	.name = "EXIT-9",
	.feature = "exit",
	.chapter = "Exit",
	.file = "spec/exit.md",
	.line = 9,
	.level = MAY,
	.since = "3.9",
	.rule = "It MAY.",
	.untested = "No case can tell.",
};

static const struct pp_case a_case = {"cancel_3_pending_item_never_runs", "cases/cancel.c", 42, NULL, NULL};
static const struct pp_case other_case = {"cancel_3_other", "cases/cancel.c", 50, NULL, NULL};

/* What a backend may say to break a report. */
static const char *const hostile[] = {
	"\033[2J\033]0;title\007 bell",
	"]]> </failure></testcase> <!-- & \" ' <![CDATA[",
	"\xff\xfe \xc3\x28 \xed\xa0\x80 \xf4\x90\x80\x80 \xc0\xaf",
	"a\nok 99 - forged\nBail out!\n1..0 # SKIP\n...\n---\n",
	"# TODO not really \\# SKIP",
	"\",\"outcome\":\"PASS\"}]}\n{\\u0000",
	"\xe2\x80\xae reversed \xe2\x80\xa8 \xef\xbf\xbf \xef\xbf\xbe \xef\xb7\x90 \xc2\x85",
	"\r\r\n\t\v\f \x01\x02\x1f\x7f",
	"%s%n%d",
	"",
};
#define HOSTILE_COUNT (sizeof(hostile) / sizeof(hostile[0]))

static struct verdict verdict_of(enum outcome o, const char *text)
{
	struct verdict v = {.c = o == UNTESTED ? NULL : &a_case,
			    .clause = o == UNTESTED ? &untested : &clause,
			    .outcome = o,
			    .seconds = 0.25};

	v.message = text_format("%s", text);
	if (o == FAIL || o == HUNG) {
		v.expected = text_format("expected %s", text);
		v.observed = text_format("observed %s", text);
		v.where = text_format("cases/%s.c:12", text);
		v.output = text_format("%s\n%s", text, text);
	}
	if (o == HUNG)
		v.stacks = text_format("thread 1\n  #0 %s\nthread 2\n  #0 main", text);
	if (o == XFAIL || o == XPASS || o == FLAKY)
		v.reason = text_format("reason %s", text);
	return v;
}

static struct run run_of(size_t total, const char *name)
{
	return (struct run){.tool = "poolproof",
			    .version = "0.1.0",
			    .command = "run",
			    .backend_name = text_format("%s", name),
			    .backend_version = text_format("1.0 %s", name),
			    .profile = "3.14",
			    .total = total,
			    .repeat = text_format("poolproof run ./x.so -o 'a=%s'", name)};
}

static void run_clear(struct run *run)
{
	free(run->backend_name);
	free(run->backend_version);
	free(run->repeat);
	free(run->stale);
}

static struct report *opened(const struct report_type *type, const char *path)
{
	char error[256] = "";
	struct report *r = report_open(type, path, error, sizeof(error));

	ck_assert_msg(r != NULL, "%s", error);
	return r;
}

static void begin(struct report *list, struct run *run)
{
	char error[256] = "";

	ck_assert_msg(reports_begin(list, run, error, sizeof(error)), "%s", error);
}

static void tell(struct report *list, struct run *run, enum outcome o, const char *text)
{
	struct verdict v = verdict_of(o, text);
	char error[256] = "";

	run->seconds += v.seconds;
	ck_assert_msg(reports_verdict(list, run, &v, error, sizeof(error)), "%s", error);
	verdict_clear(&v);
}

static void end(struct report *list, struct run *run)
{
	char error[256] = "";

	ck_assert_msg(reports_end(list, run, error, sizeof(error)), "%s", error);
	reports_close(list);
}

/* A run with every outcome and every hostile text in each; a copy of the file after each call. */
static void hostile_run(const struct report_type *type, const char *file)
{
	struct run run = run_of(OUTCOME_COUNT * HOSTILE_COUNT, hostile[0]);
	const char *path = in_scratch(file);
	struct report *list = NULL;
	int copies = 0;

	reports_add(&list, opened(type, path));
	begin(list, &run);
	for (int o = 0; o < OUTCOME_COUNT; o++) {
		for (size_t i = 0; i < HOSTILE_COUNT; i++) {
			char *copy = text_format("%s.%d", path, copies++);

			if (i % 4 == 0)
				run_shell("cp '%s' '%s'", path, copy);
			tell(list, &run, o, hostile[i]);
			free(copy);
		}
	}
	run.stale = text_format("x.expect:3: %s\nx.expect:9: b", "cancel_3_*");
	end(list, &run);
	run_clear(&run);
}

static void ck_clean_bytes(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		ck_assert_msg(*p == '\n' || *p == '\t' || (*p >= 0x20 && *p != 0x7f), "byte %02x at %td", *p,
			      p - (const unsigned char *)text);
}

/* ---- names ------------------------------------------------------------------------- */

START_TEST(outcomes_have_names_and_keys)
{
	ck_assert_str_eq(outcome_name(UNRESOLVED), "UNRESOLVED");
	ck_assert_str_eq(outcome_key(UNRESOLVED), "unresolved");
	for (int o = 0; o < OUTCOME_COUNT; o++) {
		ck_assert_int_eq(outcome_named(outcome_name(o)), o);
		ck_assert_int_eq(outcome_named(outcome_key(o)), o);
	}
	ck_assert_int_eq(outcome_named("GREEN"), OUTCOME_COUNT);
	ck_assert(outcome_is_red(XPASS) && outcome_is_red(UNRESOLVED) && outcome_is_red(LEAK));
	ck_assert(!outcome_is_red(XFAIL) && !outcome_is_red(UNTESTED) && !outcome_is_red(SLOW));
}
END_TEST

START_TEST(exit_status_follows_the_verdicts)
{
	struct run run = {.total = 2};

	ck_assert_int_eq(run_exit_status(&run), 1);
	run.summary[PASS] = 1;
	run.summary[XFAIL] = 1;
	ck_assert_int_eq(run_exit_status(&run), 0);
	run.stale = "stale";
	ck_assert_int_eq(run_exit_status(&run), 1);
	run.stale = NULL;
	run.summary[XFAIL] = 0;
	run.summary[LEAK] = 1;
	ck_assert_int_eq(run_exit_status(&run), 1);
}
END_TEST

/* ---- text --------------------------------------------------------------------------- */

static void ck_clean(const char *text, enum text_form form, const char *expected)
{
	char *clean = text_clean(text, form);
	char *again = text_clean(clean, form);

	ck_assert_str_eq(clean, expected);
	ck_assert_str_eq(again, expected);
	free(clean);
	free(again);
}

START_TEST(text_is_cleaned)
{
	ck_assert_ptr_null(text_clean(NULL, TEXT_LINE));
	ck_clean("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", TEXT_LINE,
		 "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
	ck_clean("\033[31m\a\x7f", TEXT_LINES, "\\x1b[31m\\x07\\x7f");
	ck_clean("a\nb\tc\r", TEXT_LINES, "a\nb\tc\\r");
	ck_clean("a\nb\tc\r", TEXT_LINE, "a\\nb\\tc\\r");
	ck_clean("\xc2\x9b" "31m", TEXT_LINE, "\\u009b31m");
	ck_clean("\xe2\x80\xae", TEXT_LINE, "\\u202e");
	ck_clean("\xef\xbf\xbf \xf4\x8f\xbf\xbf", TEXT_LINE, "\\uffff \\U0010ffff");
	ck_clean("\xff\xc3", TEXT_LINE, "\\xff\\xc3");
	ck_clean("\xc0\xaf \xe0\x80\xaf", TEXT_LINE, "\\xc0\\xaf \\xe0\\x80\\xaf");
	ck_clean("\xed\xa0\x80", TEXT_LINE, "\\xed\\xa0\\x80");
	ck_clean("\xe2\x82", TEXT_LINE, "\\xe2\\x82");
}
END_TEST

START_TEST(text_is_wrapped)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	text_wrap(f, "one two\nthree four\n\nfive averyverylongword", 2, 12);
	fclose(f);
	ck_assert_str_eq(text, "one two\n  three four\n\n  five\n  averyverylongword\n");
	free(text);
}
END_TEST

/* ---- the formats ------------------------------------------------------------------------ */

START_TEST(json_is_valid_after_every_verdict)
{
	static const char program[] =
		"import json, sys, glob, jsonschema\n"
		"schema = json.load(open(sys.argv[1]))\n"
		"jsonschema.Draft7Validator.check_schema(schema)\n"
		"validator = jsonschema.Draft7Validator(schema)\n"
		"for name in glob.glob(sys.argv[2] + '*'):\n"
		"    run = json.load(open(name))\n"
		"    validator.validate(run)\n"
		"    assert sum(run['summary'].values()) == len(run['results'])\n"
		"    assert run['complete'] == name.endswith('json')\n"
		"assert len(run['results']) <= run['total'] == 130\n";
	char *schema;
	char *command;

	if (report_json.missing || !have_jsonschema())
		return;
	hostile_run(&report_json, "run.json");
	schema = harness_file("poolproof.schema.json");
	command = text_format("python3 '%s' '%%s' '%%s'", write_whole("validate.py", program));
	ck_assert_int_eq(run_shell(command, schema, in_scratch("run.json")), 0);
	free(command);
	free(schema);
}
END_TEST

START_TEST(json_has_what_was_promised)
{
	struct run run = run_of(2, "mypool");
	struct report *list = NULL;
	char *text;

	if (report_json.missing)
		return;
	reports_add(&list, opened(&report_json, in_scratch("run.json")));
	begin(list, &run);
	tell(list, &run, FAIL, "it ran");
	tell(list, &run, PASS, "");
	end(list, &run);
	text = read_whole(in_scratch("run.json"));
	ck_assert_contains(text, "\"tool\": \"poolproof\", \"version\": \"0.1.0\", \"command\": \"run\", \"backend\": {\"name\": \"mypool\"");
	ck_assert_contains(text, "{\"case\": \"cancel_3_pending_item_never_runs\", \"clause\": \"CANCEL-3\", "
				 "\"feature\": \"cancel\", \"level\": \"MUST\", \"outcome\": \"FAIL\", "
				 "\"message\": \"it ran\", \"seconds\": 0.25");
	ck_assert_contains(text, "\"outcome\": \"PASS\", \"message\": \"\", \"seconds\": 0.25}");
	ck_assert_contains(text, "\"summary\": {\"pass\": 1, \"fail\": 1, \"hung\": 0");
	ck_assert_contains(text, "\"complete\": true}");
	ck_clean_bytes(text);
	free(text);
	run_clear(&run);
}
END_TEST

START_TEST(junit_is_valid_after_every_verdict)
{
	char *text;

	if (!report_is_there(&report_junit) || !have("xmllint"))
		return;
	hostile_run(&report_junit, "run.xml");
	ck_assert_int_eq(run_shell("xmllint --noout '%s' '%s'.*", in_scratch("run.xml"), in_scratch("run.xml")), 0);
	text = read_whole(in_scratch("run.xml"));
	ck_clean_bytes(text);
	/* Two stale expectations count as failures. */
	ck_assert_contains(text, "tests=\"132\" failures=\"42\" errors=\"30\" skipped=\"40\" time=\"32.500\"");
	ck_assert_contains(text, "]]&gt; &lt;/failure&gt;");
	free(text);
}
END_TEST

START_TEST(tap_is_valid_for_prove)
{
	struct run run = run_of(8, "mypool");
	struct report *list = NULL;
	char *text;

	reports_add(&list, opened(&report_tap, in_scratch("green.tap")));
	begin(list, &run);
	tell(list, &run, PASS, hostile[3]);
	tell(list, &run, SLOW, hostile[3]);
	for (int o = XFAIL; o < OUTCOME_COUNT; o++)
		tell(list, &run, o, hostile[3]);
	tell(list, &run, UNSUPPORTED, "no entry # map");
	tell(list, &run, FLAKY, "");
	end(list, &run);
	text = read_whole(in_scratch("green.tap"));
	ck_assert_int_eq(strncmp(text, "TAP version 13\n1..8\n", 20), 0);
	ck_assert_contains(text, "not ok 3 - cancel_3_pending_item_never_runs # TODO reason a\\\\nok 99");
	ck_assert_contains(text, "ok 6 - EXIT-9 # SKIP untested: ");
	ck_assert_contains(text, "ok 7 - cancel_3_pending_item_never_runs # SKIP no entry \\# map\n");
	ck_assert_contains(text, "\nok 8 - ");
	ck_assert_lacks(text, "\nBail");
	ck_assert_lacks(text, "\nok 99");
	free(text);
	run_clear(&run);
	if (have("prove"))
		ck_assert_int_eq(run_shell("prove --exec cat '%s' >/dev/null 2>&1%s", in_scratch("green.tap"), ""), 0);
}
END_TEST

START_TEST(tap_is_red_for_prove)
{
	char *text;

	hostile_run(&report_tap, "red.tap");
	text = read_whole(in_scratch("red.tap"));
	ck_clean_bytes(text);
	ck_assert_contains(text, "\n# stale: x.expect:3: cancel_3_*\n# stale: x.expect:9: b\n");
	ck_assert_contains(text, "\nnot ok 11 - cancel_3_pending_item_never_runs\n  ---\n  outcome: \"FAIL\"\n");
	free(text);
	if (!have("prove"))
		return;
	ck_assert_int_ne(run_shell("prove --exec cat '%s' >'%s/prove' 2>&1", in_scratch("red.tap"), scratch), 0);
	text = read_whole(in_scratch("prove"));
	ck_assert_contains(text, "Failed 70/130 subtests");
	ck_assert_lacks(text, "Parse errors");
	free(text);
}
END_TEST

/* ---- files --------------------------------------------------------------------------------- */

START_TEST(what_was_told_survives_a_kill)
{
	pid_t child;
	int status;

	if (report_json.missing || !have("python3"))
		return;
	child = fork();
	if (child == 0) {
		struct run run = run_of(9, "mypool");
		struct report *list = NULL;

		reports_add(&list, opened(&report_json, in_scratch("run.json")));
		begin(list, &run);
		tell(list, &run, PASS, "");
		tell(list, &run, HUNG, hostile[1]);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(run_shell("python3 -c 'import json, sys; run = json.load(open(sys.argv[1])); "
				   "assert len(run[\"results\"]) == 2 and not run[\"complete\"]' '%s'%s",
				   in_scratch("run.json"), ""),
			 0);
}
END_TEST

/* A pipe cannot take a trailer back: it comes once, at the end. */
static void to_pipe(const struct report_type *type, const char *judge)
{
	struct run run = run_of(3, "mypool");
	struct report *list = NULL;
	char *command = text_format("cat >'%s'", in_scratch("piped"));
	FILE *pipe = popen(command, "w");

	reports_add(&list, report_on(type, pipe));
	begin(list, &run);
	tell(list, &run, PASS, "");
	tell(list, &run, FAIL, "x");
	tell(list, &run, UNTESTED, "x");
	end(list, &run);
	ck_assert_int_eq(pclose(pipe), 0);
	ck_assert_int_eq(run_shell(judge, in_scratch("piped"), ""), 0);
	run_clear(&run);
	free(command);
}

START_TEST(pipes_get_one_trailer)
{
	if (!report_json.missing && have("python3"))
		to_pipe(&report_json, "python3 -m json.tool <'%s' >/dev/null%s");
	if (report_is_there(&report_junit) && have("xmllint"))
		to_pipe(&report_junit, "xmllint --noout '%s'%s");
}
END_TEST

START_TEST(a_shared_stream_keeps_what_stands_around_the_report)
{
	struct run run = run_of(1, "mypool");
	struct report *list = NULL;
	FILE *f = fopen(in_scratch("shared"), "w");
	char *text;

	if (report_json.missing)
		return;
	fputs("before\n", f);
	reports_add(&list, report_on(&report_json, f));
	begin(list, &run);
	tell(list, &run, FAIL, "x");
	end(list, &run);
	fputs("after\n", f);
	fclose(f);
	text = read_whole(in_scratch("shared"));
	ck_assert_int_eq(strncmp(text, "before\n{\"tool\"", 14), 0);
	ck_assert_contains(text, "\"complete\": true}\nafter\n");
	free(text);
	run_clear(&run);
}
END_TEST

START_TEST(an_output_that_cannot_be_written_is_told)
{
	struct run run = run_of(1, "mypool");
	struct report *list = NULL;
	char error[256] = "";

	ck_assert_ptr_null(report_open(&report_tap, in_scratch("no/such/file"), error, sizeof(error)));
	ck_assert_contains(error, "--tap: cannot write /tmp/");
	ck_assert_contains(error, "No such file or directory");
	reports_add(&list, opened(&report_tap, "/dev/full"));
	ck_assert(!reports_begin(list, &run, error, sizeof(error)));
	ck_assert_contains(error, "--tap: cannot write /dev/full: No space left on device");
	reports_close(list);
	run_clear(&run);
}
END_TEST

START_TEST(standard_output_is_recognized)
{
	static const char *const paths[] = {NULL, "a.json", "-"};

	ck_assert(!reports_on_stdout(paths, 2));
	ck_assert(reports_on_stdout(paths, 3));
}
END_TEST

/* ---- the console ------------------------------------------------------------------------------ */

static char *console_text(struct run *run, void (*body)(struct report *, struct run *))
{
	FILE *f = fopen(in_scratch("console"), "w");
	struct report *list = NULL;

	reports_add(&list, report_on(&report_console, f));
	begin(list, run);
	body(list, run);
	end(list, run);
	fclose(f);
	return read_whole(in_scratch("console"));
}

static void one_failure(struct report *list, struct run *run)
{
	tell(list, run, PASS, "");
	tell(list, run, FAIL, "it ran");
	tell(list, run, UNSUPPORTED, "no map");
}

START_TEST(console_tells_a_failure_in_full)
{
	struct run run = run_of(3, "mypool");
	char *text = console_text(&run, one_failure);

	ck_assert_contains(text,
			   "\nFAIL  cancel_3_pending_item_never_runs\n"
			   "  CANCEL-3    A work item whose future is cancelled while PENDING MUST NOT run,\n"
			   "              <however> long the queue & whatever the workers do.\n"
			   "  message     it ran\n"
			   "  expected    expected it ran\n"
			   "  observed    observed it ran\n"
			   "  where       cases/it ran.c:12\n"
			   "  output      it ran\n"
			   "              it ran\n"
			   "  repeat      poolproof run ./x.so -o 'a=mypool' --case "
			   "cancel_3_pending_item_never_runs\n");
	ck_assert_contains(text, "  cancel           1     1            1      3\n");
	ck_assert_contains(text, "  MUST             1     1            1      3\n");
	ck_assert_contains(text, "\n1 passed, 1 failed, 1 skipped\n"
				 "poolproof: mypool 1.0 mypool is not poolproof: 1 of 3 cases: 1 FAIL "
				 "(1 clause, profile 3.14, 0.8 s)\n");
	ck_assert_lacks(text, "no map");
	ck_clean_bytes(text);
	free(text);
	run_clear(&run);
}
END_TEST

START_TEST(console_is_verbose_when_asked)
{
	struct run run = run_of(3, "mypool");
	char *text;

	run.verbose = true;
	text = console_text(&run, one_failure);
	ck_assert_contains(text, "PASS          0.250  cancel_3_pending_item_never_runs\n");
	ck_assert_contains(text, "UNSUPPORTED   0.250  cancel_3_pending_item_never_runs: no map\n");
	ck_assert_contains(text, "The slowest:\n");
	free(text);
	run_clear(&run);
}
END_TEST

static void only_passes(struct report *list, struct run *run)
{
	tell(list, run, PASS, "");
	tell(list, run, SLOW, "");
}

static void one_xfail(struct report *list, struct run *run)
{
	only_passes(list, run);
	tell(list, run, XFAIL, "known");
}

static void ck_conclusion(size_t total, void (*body)(struct report *, struct run *), const char *stale,
			  const char *expected)
{
	struct run run = run_of(total, "mypool");
	char *text;

	run.stale = stale ? text_format("%s", stale) : NULL;
	text = console_text(&run, body);
	ck_assert_contains(text, expected);
	free(text);
	run_clear(&run);
}

START_TEST(console_concludes)
{
	ck_conclusion(2, only_passes, NULL, "is poolproof: 2 cases: 1 PASS, 1 SLOW (1 clause,");
	ck_conclusion(3, only_passes, NULL, "is not known to be: the run ended after 2 of 3 cases");
	ck_conclusion(3, one_xfail, NULL, "is as expected: 3 cases: 1 PASS, 1 SLOW, 1 XFAIL");
	ck_conclusion(2, only_passes, "x.expect:1: a", "is better than expected: expectations are stale");
	ck_conclusion(2, only_passes, "x.expect:1: a", "STALE");
}
END_TEST

static void everything_hostile(struct report *list, struct run *run)
{
	for (int o = 0; o < OUTCOME_COUNT; o++) {
		for (size_t i = 0; i < HOSTILE_COUNT; i++)
			tell(list, run, o, hostile[i]);
	}
}

START_TEST(console_escapes)
{
	struct run run = run_of(OUTCOME_COUNT * HOSTILE_COUNT, hostile[0]);
	char *text;

	run.verbose = true;
	text = console_text(&run, everything_hostile);
	ck_clean_bytes(text);
	ck_assert_contains(text, "\\x1b[2J\\x1b]0;title\\x07 bell");
	free(text);
	run_clear(&run);
}
END_TEST

#define TERMINAL_TEXT (1 << 16)

/* What the console writes to a terminal of that width; less than a terminal holds. */
static char *terminal_text(unsigned short columns)
{
	struct run run = run_of(3, "mypool");
	struct winsize size = {.ws_row = 25, .ws_col = columns};
	struct report *list = NULL;
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	char *text = calloc(1, TERMINAL_TEXT + 1), error[100];
	size_t length = 0;
	ssize_t n;
	FILE *f;

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	f = fopen(ptsname(master), "w");
	ck_assert_ptr_nonnull(f);
	ioctl(master, TIOCSWINSZ, &size);
	reports_add(&list, report_on(&report_console, f));
	begin(list, &run);
	tell(list, &run, PASS, "");
	tell(list, &run, FAIL, "x");
	reports_end(list, &run, error, sizeof(error));
	reports_close(list);
	fclose(f);
	while (length < TERMINAL_TEXT && (n = read(master, text + length, TERMINAL_TEXT - length)) > 0)
		length += (size_t)n; /* in pieces, as the kernel hands them on */
	close(master);
	run_clear(&run);
	return text;
}

START_TEST(console_draws_progress_on_a_terminal)
{
	char *text;

	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	text = terminal_text(30);
	ck_assert_contains(text, "1 of 3, 0 red  cancel_3_pendi\r\033[K");
	ck_assert_contains(text, "\033[1;31mFAIL\033[0m  cancel_3");
	free(text);
}
END_TEST

START_TEST(console_honours_no_color)
{
	char *text;

	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	text = terminal_text(80);
	ck_assert_contains(text, "1 of 3, 0 red  cancel_3_pending_item_never_runs\r\033[K");
	ck_assert_lacks(text, "\033[1;31m");
	free(text);
}
END_TEST

START_TEST(console_is_plain_on_a_dumb_terminal)
{
	char *text;

	setenv("TERM", "dumb", 1);
	unsetenv("NO_COLOR");
	text = terminal_text(80);
	ck_assert_lacks(text, "\033[");
	ck_assert_lacks(text, "1 of 3");
	free(text);
}
END_TEST

START_TEST(several_reports_of_one_run)
{
	struct run run = run_of(1, "mypool");
	struct report *list = NULL;
	struct verdict v = verdict_of(FAIL, "x");
	char error[256];
	char *text;

	v.c = &other_case;
	reports_add(&list, opened(&report_tap, in_scratch("a")));
	reports_add(&list, opened(&report_tap, in_scratch("b")));
	ck_assert(!reports_add(&list, NULL));
	begin(list, &run);
	ck_assert(reports_verdict(list, &run, &v, error, sizeof(error)));
	ck_assert_uint_eq(run.summary[FAIL], 1);
	end(list, &run);
	text = read_whole(in_scratch("b"));
	ck_assert_contains(text, "not ok 1 - cancel_3_other\n");
	free(text);
	verdict_clear(&v);
	run_clear(&run);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		outcomes_have_names_and_keys,
		exit_status_follows_the_verdicts,
		text_is_cleaned,
		text_is_wrapped,
		json_is_valid_after_every_verdict,
		json_has_what_was_promised,
		junit_is_valid_after_every_verdict,
		tap_is_valid_for_prove,
		tap_is_red_for_prove,
		what_was_told_survives_a_kill,
		pipes_get_one_trailer,
		a_shared_stream_keeps_what_stands_around_the_report,
		an_output_that_cannot_be_written_is_told,
		standard_output_is_recognized,
		console_tells_a_failure_in_full,
		console_is_verbose_when_asked,
		console_concludes,
		console_escapes,
		console_draws_progress_on_a_terminal,
		console_honours_no_color,
		console_is_plain_on_a_dumb_terminal,
		several_reports_of_one_run,
	};
	return scratch_run("reports", tests, sizeof(tests) / sizeof(tests[0]));
}
