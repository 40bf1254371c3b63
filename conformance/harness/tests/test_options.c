/* SPDX-License-Identifier: MIT */
/*
 * test_options.c: what the options of `poolproof run` do.
 *
 *	POOLPROOF=build/poolproof HOSTILE=build/harness-tests/hostile.so test_options
 */
#include <sys/stat.h>

#include "../case.h"
#include "../slot.h"
#include "ran.h"

/* ---- cases of this program's own ------------------------------------------------- */

CASE(exec_6_plain)
{
	struct pp_executor *e = executor_new(1);
	void *outcome;

	EXPECT_STATUS(PP_OK, result(submit(e, task_return, token(7)), PP_FOREVER, &outcome));
	EXPECT_PTR(token(7), outcome);
}

CASE(exec_11_fails)
{
	context("after %d steps", 3);
	EXPECT_INT(4, 2 + 3);
}

/* Each comes first to a pipe, in whose opening it waits for the other. */
CASE(exec_23_meets_the_next)
{
	EXPECT(open(getenv("POOLPROOF_TEST_PIPE"), O_WRONLY) >= 0);
	case_end();
}

CASE(exec_24_meets_the_one_before)
{
	EXPECT(open(getenv("POOLPROOF_TEST_PIPE"), O_RDONLY) >= 0);
	case_end();
}

/* ---- what options do --------------------------------------------------------------------------- */

static struct ran *run_jobs(const char *jobs, const char *scale)
{
	char *pipe = in_folder("pipe");

	unlink(pipe);
	ck_assert_int_eq(mkfifo(pipe, 0600), 0);
	setenv("POOLPROOF_TEST_PIPE", pipe, 1);
	return run(self, "run", hostile, "--case", "exec_23_*", "--case", "exec_24_*", "--jobs", jobs,
		   "--timeout-scale", scale, "--json", in_folder("json"), NULL);
}

/* With two at a time the cases meet; with one the first waits for ever. */
START_TEST(jobs_run_at_the_same_time)
{
	struct ran *r = run_jobs("1", "0.05");

	ck_assert_int_eq(r->status, 1);
	expect_outcome(r, "HUNG", "exec_23_meets_the_next");
	r = run_jobs("2", "100");
	HAS_NO_PART(r->json, "\"HUNG\"");
}
END_TEST

static struct ran *run_failing(const char *option, const char *file)
{
	return run(self, "run", hostile, "--case", "exec_11_fails", "--json", in_folder("json"), option,
		   file, NULL);
}

/* What --write-expect wrote, with a reason, which it leaves to be filled in. */
static void give_reason(const char *path)
{
	char text[TEXT_MAX];
	size_t n;

	read_text(path, text);
	n = strlen(text);
	ck_assert_msg(n > 7 && strcmp(text + n - 7, "reason\n") == 0, "%.2000s", text);
	strcpy(text + n - 1, " it adds up\n");
	write_text(path, text);
}

START_TEST(expectations_go_round)
{
	char *known = strdup(in_folder("known"));
	struct ran *r = run_failing("--write-expect", known);

	ck_assert_int_eq(r->status, 1);
	r = run_failing("--expect", known);
	ck_assert_int_eq(r->status, 2);
	HAS_PART(r->err, "the reason is still empty");
	give_reason(known);
	r = run_failing("--expect", known);
	ck_assert_msg(r->status == 0, "%.2000s", r->out);
	expect_outcome(r, "XFAIL", NULL);
	HAS_PART(r->out, "as expected");
	free(known);
}
END_TEST

/* The file that comes with a backend of the tool, and how to do without it. */
START_TEST(no_expect_does_without)
{
	struct ran *r = run(tool, "run", "glib", "--case", "exec_1_no_workers", "--json", in_folder("json"), NULL);

	if (has(r->err, "no such backend"))
		return;
	ck_assert_int_eq(r->status, 0);
	expect_outcome(r, "XFAIL", NULL);
	r = run(tool, "run", "glib", "--case", "exec_1_no_workers", "--json", in_folder("json"), "--no-expect", NULL);
	ck_assert_int_eq(r->status, 1);
	expect_outcome(r, "FAIL", NULL);
	HAS_PART(r->out, "run glib --no-expect --case exec_1_no_workers\n");
}
END_TEST

static const struct {
	const char *option;
	const char *begins;
} dashes[] = {{"--json", "{\"tool\": "}, {"--tap", "TAP version 1"}, {"--junit", "<?xml "}};

START_TEST(dash_is_the_standard_output)
{
	struct ran *r = run(self, "run", hostile, "--case", "exec_6_plain", dashes[_i].option, "-", NULL);

	if (has(r->err, "built without"))
		return;
	ck_assert_int_eq(r->status, 0);
	ck_assert_msg(strncmp(r->out, dashes[_i].begins, strlen(dashes[_i].begins)) == 0, "%.500s", r->out);
	HAS_PART(r->err, "1 passed, 0 failed");
}
END_TEST

START_TEST(verbose_tells_about_every_case)
{
	struct ran *r = run(self, "run", hostile, "--case", "exec_6_plain", NULL);

	HAS_NO_PART(r->out, "exec_6_plain");
	r = run(self, "run", hostile, "--case", "exec_6_plain", "-v", NULL);
	HAS_PART(r->out, "exec_6_plain");
	r = run(self, "run", hostile, "--case", "exec_6_plain", "--verbose", NULL);
	HAS_PART(r->out, "exec_6_plain");
}
END_TEST

/* Each narrows the selection down to what its text says. */
static const struct {
	const char *options[5];
	const char *selected, *left_out;
} selections[] = {
	{{"--case", "exec_1[01]*"}, "exec_11_fails", "exec_6_plain"},
	{{"--clause", "EXEC-6"}, "exec_6_plain", "exec_11_fails"},
	{{"--clause", "exec-6"}, "exec_6_plain", "exec_11_fails"},
	{{"--clause", "EXEC-6", "--clause", "EXEC-11"}, "exec_11_fails", "exec_10_unsupported"},
	{{"--case", "exec_6*", "--clause", "EXEC-6"}, "exec_6_plain", "exec_11_fails"},
	{{"--feature", "exec", "--case", "*_plain"}, "exec_6_plain", "exec_11_fails"},
	{{"--level", "MUST", "--case", "*_plain"}, "exec_6_plain", "exec_11_fails"},
	{{"--profile", "3.9", "--case", "*_plain"}, "\"profile\": \"3.9\"", "exec_11_fails"},
};

START_TEST(selection_selects)
{
	const char *const *o = selections[_i].options;
	struct ran *r = run(self, "run", hostile, "--json", in_folder("json"), o[0], o[1], o[2], o[3], NULL);

	HAS_PART(r->json, selections[_i].selected);
	HAS_NO_PART(r->json, selections[_i].left_out);
}
END_TEST

/* ---- all -------------------------------------------------------------------------------------------- */

static Suite *options_suite(void)
{
	Suite *s = suite_create("options");
	TCase *t = group(s, "options");

	tcase_add_test(t, jobs_run_at_the_same_time);
	tcase_add_test(t, expectations_go_round);
	tcase_add_test(t, no_expect_does_without);
	tcase_add_loop_test(t, dash_is_the_standard_output, 0, COUNT(dashes));
	tcase_add_test(t, verbose_tells_about_every_case);
	tcase_add_loop_test(t, selection_selects, 0, COUNT(selections));
	return s;
}

int main(int argc, char **argv)
{
	return ran_main(argc, argv, options_suite);
}
