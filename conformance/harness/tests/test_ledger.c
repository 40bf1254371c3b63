/* SPDX-License-Identifier: MIT */
/* test_ledger.c: ledger.awk, with every awk that is installed, and ci/links and ci/ledger. */
#include "scratch.h"

/* Run ledger.awk on chapter files; its table in "out.c", its errors in "err". */
static int ledger_awk(const char *awk, const char *files)
{
	char *script = harness_file("ledger.awk");
	char *command = text_format("cd '%s' && %s -f '%s' %s >out.c 2>err", scratch, awk, script, files);
	int status = system(command);

	free(command);
	free(script);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static const char *const awks[] = {"awk", "mawk", "gawk", "original-awk", "busybox awk"};
#define AWK_COUNT (sizeof(awks) / sizeof(awks[0]))

static bool installed(const char *awk)
{
	return run_shell("%s 'BEGIN { exit 0 }' >/dev/null 2>&1%s", awk, "") == 0;
}

static void ck_error(const char *chapter, const char *expected)
{
	write_whole("x.md", chapter);
	for (size_t i = 0; i < AWK_COUNT; i++) {
		char *err;
		char *out;

		if (!installed(awks[i]))
			continue;
		ck_assert_msg(ledger_awk(awks[i], "x.md") != 0, "%s accepts:\n%s", awks[i], chapter);
		err = read_whole(in_scratch("err"));
		out = read_whole(in_scratch("out.c"));
		ck_assert_contains(err, expected);
		ck_assert_str_eq(out, "");
		free(err);
		free(out);
	}
}

static const char good[] =
	"# A \"quoted\" title\n"
	"\n"
	"Prose. MUST counts only in clauses.\n"
	"\n"
	"```\n"
	"> **BOGUS-1.** in a fence\n"
	"```\n"
	"\n"
	"> **CANCEL-3.** A work item MUST NOT\n"
	"> run, what\?\?/ \\ever \"it\" is.\n"
	">\n"
	"> *Why.* Because of MUSTARD\n"
	"> and MAYBE.\n"
	"> *Since.* 3.4\n"
	"> *Until.* 3.9\n"
	"> *Changed in.* 3.4, from nothing;\n"
	"> 3.10, to CANCEL-4\n"
	"> *Observer.* another thread, by `done`, `cancel`\n"
	"> and `result`; release function\n"
	"> *Left open.* When.\n"
	"> *Source.* documentation: MUST\n"
	"\n"
	"> **CANCEL-4.** It MAY.\n"
	">\n"
	"> *Why.* x\n"
	"> *Since.* 3.10\n"
	"> *Changed in.* 3.10, from CANCEL-3\n"
	"> *Observer.* callback, by `done`\n"
	"> *Source.* y\n";

/* What each clause has to have. */
#define FIELDS ">\n> *Why.* x\n> *Observer.* task\n> *Source.* y\n"

START_TEST(a_chapter_becomes_a_table)
{
	write_whole("b.md", good);
	write_whole("a.md", "# Other\n\n> **EXIT-1.** It SHOULD.\r\n> \r\n> *Why.* x\r\n> *Observer.* log\r\n"
			    "> *Source.* y\r\n> *Untested.* No way.\r\n");
	for (size_t i = 0; i < AWK_COUNT; i++) {
		char *out;

		if (!installed(awks[i]))
			continue;
		ck_assert_int_eq(ledger_awk(awks[i], "b.md a.md"), 0);
		out = read_whole(in_scratch("out.c"));
		ck_assert_contains(out, "\t{\n"
					"\t\t.name = \"CANCEL-3\",\n"
					"\t\t.feature = \"cancel\",\n"
					"\t\t.chapter = \"A \\\"quoted\\\" title\",\n"
					"\t\t.file = \"b.md\",\n"
					"\t\t.line = 9,\n"
					"\t\t.level = MUST,\n"
					"\t\t.since = \"3.4\",\n"
					"\t\t.until = \"3.9\",\n"
					"\t\t.changed_in = \"3.4, from nothing;\\n\"\n"
					"\t\t\"3.10, to CANCEL-4\",\n"
					"\t\t.rule = \"A work item MUST NOT\\n\"\n"
					"\t\t\"run, what?\\?/ \\\\ever \\\"it\\\" is.\",\n"
					"\t\t.why = \"Because of MUSTARD\\n\"\n"
					"\t\t\"and MAYBE.\",\n"
					"\t\t.observer = \"another thread, by `done`, `cancel`\\n\"\n"
					"\t\t\"and `result`; release function\",\n"
					"\t\t.left_open = \"When.\",\n"
					"\t\t.source = \"documentation: MUST\",\n"
					"\t},\n"
					"\t{\n"
					"\t\t.name = \"CANCEL-4\",\n");
		ck_assert_contains(out, "\t\t.level = MAY,\n\t\t.since = \"3.10\",\n\t\t.changed_in = \"3.10, from CANCEL-3\",\n"
					"\t\t.rule = \"It MAY.\",\n\t\t.why = \"x\",\n"
					"\t\t.observer = \"callback, by `done`\",\n\t\t.source = \"y\",\n\t},\n");
		ck_assert_contains(out, "\t\t.level = SHOULD,\n\t\t.since = \"3.2\",\n");
		ck_assert_contains(out, "\t\t.name = \"EXIT-1\",\n");
		ck_assert_contains(out, "\t\t.untested = \"No way.\",\n");
		ck_assert_ptr_null(strstr(out, "BOGUS"));
		free(out);
	}
}
END_TEST

START_TEST(the_table_compiles)
{
	char *include;

	write_whole("a.md", good);
	ck_assert_int_eq(ledger_awk("awk", "a.md"), 0);
	if (!have("cc"))
		return;
	include = harness_file("");
	ck_assert_int_eq(run_shell("cc -std=gnu11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only"
				   " -I'%1$s' -I'%1$s/../include' '%2$s'",
				   include, in_scratch("out.c")),
			 0);
	free(include);
}
END_TEST

START_TEST(malformed_clauses_are_errors)
{
	ck_error("# T\n\n> **CANCEL-3.** It runs.\n", "x.md:3: CANCEL-3 needs exactly one of MUST, SHOULD and MAY");
	ck_error("# T\n\n> **CANCEL-3.** It MUST and SHOULD.\n", "x.md:3: CANCEL-3 needs exactly one");
	ck_error("# T\n\n> **CANCEL-3.** It MUST and MUST.\n", "x.md:3: CANCEL-3 needs exactly one");
	ck_error("# T\n\n> **CANCEL-3.**\n>\n> *Why.* x\n", "x.md:3: CANCEL-3 has no rule");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n\n> **CANCEL-3.** MUST.\n", "x.md:5: CANCEL-3 is at x.md:3 already");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n>\n> *Because.* x\n", "x.md:5: CANCEL-3 has an unknown field \"Because\"");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n>\n> *Why.* x\n> *Why.* y\n", "x.md:6: CANCEL-3 has the field Why twice");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n>\n> *Left open.*\n", "x.md:5: CANCEL-3: the field Left open is empty");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n> *Why.* x\n", "x.md:4: CANCEL-3: an empty \">\" stands between");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n>\n> Why. x\n", "x.md:5: CANCEL-3: a paragraph that begins with no field");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n>\n> *Why.* It MUST.\n", "x.md:5: CANCEL-3: MUST, SHOULD and MAY in capitals");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n>\n> *Since.* 3\n", "x.md:5: CANCEL-3: Since is a version like 3.9");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n>\n> *Since.* 3.9\n> *Until.* 3.8\n", "x.md:6: CANCEL-3 ends before it begins");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n", "x.md:3: CANCEL-3 has no field Why");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n", "x.md:3: CANCEL-3 has no field Observer");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n", "x.md:3: CANCEL-3 has no field Source");
	ck_error("# T\n\n> **CANCEL-3** MUST.\n", "x.md:3: a clause begins with");
	ck_error("# T\n\n> **Cancel-3.** MUST.\n", "x.md:3: a clause begins with");
	ck_error("# T\n\n> **CANCEL-03.** MUST.\n", "x.md:3: a clause begins with");
	ck_error("# T\n\n> CANCEL-3. MUST.\n", "x.md:3: a clause begins with");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n> **CANCEL-4.** MUST.\n", "x.md:4: a clause begins after an empty line");
	ck_error("# T\n\n> **CANCEL-3.** MUST\nlazily.\n", "x.md:4: an empty line ends a clause");
	ck_error("> **CANCEL-3.** MUST.\n", "x.md:1: CANCEL-3 comes before the title of its chapter");
	ck_error("# T\n\nNothing.\n", "no clause in any chapter");
}
END_TEST

START_TEST(observers_are_those_of_the_list)
{
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n>\n> *Observer.* nobody\n", "x.md:5: CANCEL-3: an observer is one of those in");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n>\n> *Observer.* task;log\n> by\n", "not \"log\nby\"");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n>\n> *Observer.* task; caller\n", "x.md:5: CANCEL-3: a caller observes by calls");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n>\n> *Observer.* task, by cancel\n", "x.md:5: CANCEL-3: a task observes by calls");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n>\n> *Observer.* task, `cancel`\n", "x.md:5: CANCEL-3: a task observes by calls");
	ck_error("# T\n\n> **CANCEL-3.** MUST.\n>\n> *Observer.* task;\n", "x.md:5: CANCEL-3: an observer is one of those in");
}
END_TEST

/* A clause that holds as since says, and was changed so. */
static void ck_change_error(const char *fields, const char *expected)
{
	char *chapter = text_format("# T\n\n> **CANCEL-3.** MUST.\n" FIELDS "%s\n> **CANCEL-4.** MUST.\n" FIELDS
				    "> *Since.* 3.8\n> *Changed in.* 3.8, from CANCEL-2\n",
				    fields);

	ck_error(chapter, expected);
	free(chapter);
}

START_TEST(changes_are_told_by_both)
{
	ck_change_error("", "x.md:15: CANCEL-4 was changed from CANCEL-2, which does not say so");
	ck_change_error("> *Until.* 3.7\n", "x.md:8: CANCEL-3 ends, and \"Changed in\" does not say what it was changed to");
	ck_change_error("> *Until.* 3.7\n> *Changed in.* 3.8, to CANCEL-4\n", "x.md:9: CANCEL-3 was changed to CANCEL-4, which");
	ck_change_error("> *Until.* 3.7\n> *Changed in.* 3.9, to CANCEL-4\n", "CANCEL-3 was changed in 3.9 and holds until 3.7");
	ck_change_error("> *Changed in.* 3.9, to CANCEL-4\n", "x.md:8: CANCEL-3 was changed in 3.9 and holds until now");
	ck_change_error("> *Since.* 3.7\n> *Changed in.* 3.6, from x\n", "CANCEL-3 was changed in 3.6 and holds since 3.7");
	ck_change_error("> *Changed in.* 3.2, from x; 3.2, from y\n", "x.md:8: CANCEL-3 was changed from two things");
	ck_change_error("> *Changed in.* 3.2\n", "CANCEL-3: Changed in is like \"3.8, from CANCEL-2\", not \"3.2\"");
	ck_change_error("> *Changed in.* x\n", "x.md:8: CANCEL-3: Changed in is like");
}
END_TEST

START_TEST(names_are_unique_over_all_chapters)
{
	char *err;

	write_whole("a.md", "# A\n\n> **CANCEL-3.** MUST.\n" FIELDS);
	write_whole("b.md", "# B\n\n\n> **CANCEL-3.** MUST.\n> x\n\n> **CANCEL-4.** x\n");
	ck_assert_int_ne(ledger_awk("awk", "a.md b.md"), 0);
	err = read_whole(in_scratch("err"));
	ck_assert_contains(err, "b.md:4: CANCEL-3 is at a.md:3 already\n");
	ck_assert_contains(err, "b.md:7: CANCEL-4 needs exactly one");
	free(err);
}
END_TEST

static int outcomes_awk(const char *awk, const char *text)
{
	char *script = harness_file("outcomes.awk");
	char *command = text_format("cd '%s' && %s -f '%s' x >out.c 2>err", scratch, awk, script);
	int status;

	write_whole("x", text);
	status = system(command);
	free(command);
	free(script);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void ck_bad_outcomes(const char *awk, const char *text, const char *expected)
{
	char *err;

	ck_assert_msg(outcomes_awk(awk, text) != 0, "%s accepts:\n%s", awk, text);
	err = read_whole(in_scratch("err"));
	ck_assert_contains(err, expected);
	free(err);
}

START_TEST(outcomes_become_a_table)
{
	for (size_t i = 0; i < AWK_COUNT; i++) {
		char *out;

		if (!installed(awks[i]))
			continue;
		ck_assert_int_eq(outcomes_awk(awks[i], "# x\na_1_b\t2\tx \"y\" | \\z\nb_2_c\t30\tx; y, z\n"), 0);
		out = read_whole(in_scratch("out.c"));
		ck_assert_contains(out, "const struct exhaustion exhaustions[] = {\n"
					"\t{\"a_1_b\", 2, \"x \\\"y\\\" | \\\\z\"},\n"
					"\t{\"b_2_c\", 30, \"x; y, z\"},\n"
					"\t{NULL, 0, NULL},\n};\n");
		free(out);
		ck_bad_outcomes(awks[i], "a_1_b 2 x\n", "x:1: a line is a scenario");
		ck_bad_outcomes(awks[i], "a_1_b\t0\tx\n", "x:1: a line is a scenario");
		ck_bad_outcomes(awks[i], "a_1_b\t1\t\n", "x:1: a line is a scenario");
		ck_bad_outcomes(awks[i], "a_b\t1\tx\n", "x:1: a line is a scenario");
		ck_bad_outcomes(awks[i], "a_1_b\t1\tx\na_1_b\t1\tx\n", "x:2: a_1_b comes twice");
	}
}
END_TEST

/* ci/links on "a.md"; what it says in "out". */
static int links(const char *text)
{
	char *script = harness_file("../../ci/links");
	char *command = text_format("cd '%s' && python3 '%s' a.md >out", scratch, script);
	int status;

	write_whole("a.md", text);
	status = system(command);
	free(command);
	free(script);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void ck_dead(const char *text, const char *expected)
{
	char *out;

	ck_assert_msg(links(text) != 0, "ci/links accepts:\n%s", text);
	out = read_whole(in_scratch("out"));
	ck_assert_contains(out, expected);
	free(out);
}

START_TEST(a_link_leads_somewhere)
{
	if (!have("python3"))
		return;
	write_whole("b.md", "# A title, two\n\n> **CANCEL-999.** It MUST.\n");
	ck_assert_int_eq(links("[x](b.md) [y](b.md#a-title-two) [z](b.md#CANCEL-999) CANCEL-1 `[](no)`\n"), 0);
	ck_dead("[x](b.md),\n[y](c.md)\n", "a.md:2: there is no c.md");
	ck_dead("[x](b.md#another)\n", "a.md:1: b.md has neither a heading nor a clause another");
	ck_dead("[x](b.md#CANCEL-9)\n", "b.md has neither a heading nor a clause CANCEL-9");
	ck_dead("[x](#CANCEL-999)\n", "a.md has neither");
	ck_dead("    code\n\n```\n[](no)\n```\n[x](c.md)\n", "a.md:6: there is no c.md");
	ck_dead("As CANCEL-998 says.\n", "a.md:1: there is no CANCEL-998");
	ck_dead("Nothing.\n", "0 passed, 0 failed");
}
END_TEST

/* A tool that lists one clause and has run its one case, with such an outcome and exit status. */
static void write_tool(const char *rule, const char *status, const char *file, const char *outcome, const char *exit)
{
	char *text = text_format(
		"#!/bin/sh\n"
		"while [ $# -gt 1 ]; do [ \"$1\" = --json ] && out=$2; [ \"$1\" = run ] && run=1; shift; done\n"
		"case $run in\n"
		"1) echo '{\"results\": [{\"clause\": \"CANCEL-1\", \"outcome\": \"%s\"}]}' >\"$out\"; exit %s;;\n"
		"*) echo '{\"profile\": \"3.2\", \"cases\": [{\"case\": \"c\", \"file\": \"%s\"}], \"clauses\": [{"
		"\"clause\": \"CANCEL-1\", \"level\": \"MUST\", \"since\": \"3.2\", \"rule\": \"%s\","
		" \"status\": \"%s\", \"cases\": [\"c\"]}]}' >\"$out\";;\n"
		"esac\n",
		outcome, exit, file, rule, status);

	write_whole("poolproof", text);
	free(text);
	ck_assert_int_eq(run_shell("chmod +x '%s'%s", in_scratch("poolproof"), ""), 0);
}

static void ck_judged(int expected, const char *message)
{
	char *script = harness_file("../../ci/ledger");
	char *out;

	ck_assert_int_eq(run_shell("python3 '%s' '%s' >\"$PP_OUT\"", script, scratch), expected);
	out = read_whole(in_scratch("out"));
	ck_assert_contains(out, message);
	free(out);
	free(script);
}

START_TEST(the_ledger_is_judged_by_a_run)
{
	if (!have("python3"))
		return;
	setenv("PP_OUT", in_scratch("out"), 1);
	write_tool("It MUST.", "tested", "cases/a.c", "PASS", "0");
	ck_judged(0, "1 clauses, 1 tested by the run, profiles 3.2 to 3.2\n1 passed, 0 failed\n");
	write_tool("It MUST.", "not covered", "cases/a.c", "PASS", "0");
	ck_judged(1, "CANCEL-1: MUST, and neither a case nor a reason");
	write_tool("It MUST.", "tested", "cases/a.c", "UNSUPPORTED", "0");
	ck_judged(1, "CANCEL-1: no case of it executed a check");
	write_tool("It MUST.", "tested", "cases/a.c", "FAIL", "1");
	ck_judged(1, "profile 3.2: the run on the reference is not good");
	write_tool("When two calls meet, it MUST.", "tested", "cases/a.c", "PASS", "0");
	ck_judged(1, "CANCEL-1: it speaks of calls that meet");
	write_tool("When two calls meet, it MUST.", "tested", "a/scenarios/a.c", "PASS", "0");
	ck_judged(0, "1 passed, 0 failed\n");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_chapter_becomes_a_table,
		the_table_compiles,
		malformed_clauses_are_errors,
		observers_are_those_of_the_list,
		changes_are_told_by_both,
		names_are_unique_over_all_chapters,
		outcomes_become_a_table,
		a_link_leads_somewhere,
		the_ledger_is_judged_by_a_run,
	};
	return scratch_run("ledger", tests, sizeof(tests) / sizeof(tests[0]));
}
