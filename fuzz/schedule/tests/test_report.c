/* SPDX-License-Identifier: MIT */
/* test_report.c: what `poolproof explore --program` and `replay` print. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trees.h"

static char scratch[] = "/tmp/poolproof-test-XXXXXX";
static char printed[1 << 16];

/* The tool on a command line in a folder of its own; its exit status. */
static int tool(const char *words)
{
	char *path = realpath(folder, NULL), *command;
	FILE *f;
	size_t n;
	int status;

	ck_assert(path && asprintf(&command, "cd %s && B=%s && $B/../../../poolproof %s 2>&1", scratch, path, words) > 0);
	f = popen(command, "r");
	ck_assert(f != NULL);
	n = fread(printed, 1, sizeof(printed) - 1, f);
	printed[n] = '\0';
	status = pclose(f);
	free(command);
	free(path);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void ck_printed(const char *text)
{
	ck_assert_msg(strstr(printed, text) != NULL, "\"%s\" is not in:\n%s", text, printed);
}

static void ck_not_printed(const char *text)
{
	ck_assert_msg(strstr(printed, text) == NULL, "\"%s\" is in:\n%s", text, printed);
}

/* Without elfutils there is nothing to tell. */
static void ck_stacks(const char *first, const char *second)
{
	ck_printed("stack of thread ");
	if (strstr(printed, "built without elfutils"))
		return;
	ck_printed(first);
	ck_printed(second);
	ck_not_printed("poolproof-schedule.so");
}

/* One that would go on for long is told to end, and tells what it has seen. */
START_TEST(an_interruption_ends_it)
{
	ck_assert_int_eq(tool("--version; $B/../../../poolproof explore reference --time 100000 >log 2>&1 & p=$!; "
			      "until grep -qs scenarios log || ! kill -0 $p; do sleep 0.05; done; "
			      "kill -TERM $p; wait $p; s=$?; cat log; exit $s"), 2);
	ck_printed("poolproof: interrupted; ");
	ck_printed("explore: exhausted ");
}
END_TEST

/* Of these executions one in five is cut short when it has a second process. */
START_TEST(what_executions_leave_behind_is_reaped)
{
	ck_assert_int_eq(tool("--version; $B/../../../poolproof explore reference --strategy dpor --schedules 2000 "
			      "--scenario exit_14_exit_vs_cancel_vs_dequeue >log & p=$!; most=0; "
			      "while kill -0 $p && ! grep -q explore: log; do "
			      "n=$(cat /proc/[0-9]*/stat 2>/dev/null | grep -c '(exe) Z'); "
			      "[ $n -gt $most ] && most=$n; sleep 0.05; done; wait $p; s=$?; cat log; "
			      "[ $most -lt 100 ] || echo $most zombies; exit $s"), 0);
	ck_printed("2000 executions");
	ck_not_printed(" zombies");
}
END_TEST

START_TEST(what_cannot_be_written_is_told)
{
	ck_assert_int_eq(tool("explore --program --directory no/such $B/buggy abba"), 2);
	ck_printed("poolproof: --directory: cannot write to no/such: No such file or directory\n");
	ck_assert_int_eq(tool("explore --program --outcomes no/such $B/buggy abba right"), 2);
	ck_printed("poolproof: --outcomes: cannot write no/such: No such file or directory\n");
	ck_assert_int_eq(tool("explore --program --outcomes /dev/full $B/buggy abba right"), 2);
	ck_printed("poolproof: --outcomes: cannot write /dev/full: No space left on device\n");
	ck_assert_int_eq(tool("explore reference --scenario cancel_14_cancel_vs_dequeue --outcomes /dev/full"), 2);
	ck_printed("poolproof: --outcomes: cannot write /dev/full: No space left on device\n");
	ck_assert_int_eq(tool("explore --program --directory found $B/buggy abba"), 1);
	ck_assert_int_eq(tool("replay found/buggy-*.schedule"), 1);
}
END_TEST

/* An inline executor has none of these scenarios: one execution of each is enough to know. */
START_TEST(what_is_not_supported_is_not_explored)
{
	ck_assert_int_eq(tool("explore $B/../../../backends/unusual/inline.so --scenario 'cancel_14*'"), 0);
	ck_printed("are not supported by the backend\n");
	ck_printed("explore: exhausted 0 of 0 scenarios, 0 executions, 0 schedules sampled, 0 failures\n");
}
END_TEST

static void make_scratch(void)
{
	ck_assert(mkdtemp(scratch) != NULL);
}

static void remove_scratch(void)
{
	char *command;

	ck_assert(asprintf(&command, "rm -rf %s", scratch) > 0);
	ck_assert_int_eq(system(command), 0);
	free(command);
}

START_TEST(a_deadlock_has_stacks_and_names)
{
	ck_assert_int_eq(tool("explore --program $B/buggy abba"), 1);
	ck_printed("deadlock: no thread can step");
	ck_printed("thread 1: lock mutex 1, which thread 2 holds");
	ck_stacks("  mutex 0: a in buggy\n", "a_then_b");
	ck_printed("explore: exhausted 0 of 1 program, 2 executions, 0 schedules sampled, 1 failure\n");
	ck_assert_int_eq(tool("replay buggy-*.schedule"), 1);
	ck_stacks("  mutex 1: b in buggy\n", "b_then_a");
	ck_printed("replay: deadlock: no thread can step\n");
}
END_TEST

START_TEST(a_crash_has_the_stack_that_crashed)
{
	ck_assert_int_eq(tool("explore --program $B/buggy double_free"), 1);
	ck_printed("killed by SIGABRT");
	ck_stacks("abort", "drops");
	ck_printed("runs, after ");
}
END_TEST

START_TEST(a_race_has_stacks)
{
	ck_assert_int_eq(tool("explore --program $B/unordered write_and_write"), 1);
	ck_printed("race: write by thread");
	ck_stacks("  stack of thread 1:\n", " in unordered\n");
}
END_TEST

START_TEST(an_exit_status_is_a_failure)
{
	ck_assert_int_eq(tool("explore --program $B/traps no_such_trap"), 1);
	ck_printed("  exit status 2\n");
	ck_assert_int_eq(tool("explore --program $B/no_such_program"), 2);
	ck_printed("ended before there was a schedule to choose");
	ck_assert_int_eq(tool("explore --program $B/buggy abba right"), 0);
	ck_printed("explore: exhausted 1 of 1 program, ");
	ck_printed(" 0 failures\n");
}
END_TEST

/* Of (3 * 8)! / 8!^3 orders there is time for those in which each thread goes on while it can. */
START_TEST(what_is_not_exhausted_is_bounded)
{
	ck_assert_int_eq(tool("explore --schedules 40 --program $B/micro locks 8 8 8"), 0);
	ck_printed("sampled ");
	ck_printed(", all with at most 0 preemptions\n");
	ck_assert_int_eq(tool("explore --strategy dfs --preemptions 1 --program $B/micro locks 2 2"), 0);
	ck_printed(", all with at most 1 preemption\n");
	ck_assert_int_eq(tool("explore --schedules 3 --program $B/micro locks 8 8 8"), 0);
	ck_not_printed("preemption");
}
END_TEST

START_TEST(what_is_no_schedule_is_refused)
{
	ck_assert_int_eq(tool("replay /dev/null"), 2);
	ck_printed("it is empty");
	ck_assert_int_eq(tool("replay $B/test_report"), 2);
	ck_printed("neither a program nor a schedule");
	ck_assert_int_eq(tool("replay no-such-file"), 2);
	ck_printed("no-such-file");
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("report");
	TCase *c = tcase_create("report");
	SRunner *runner = srunner_create(suite);
	int failed;

	folder = argc > 1 ? argv[1] : ".";
	tcase_add_checked_fixture(c, make_scratch, remove_scratch);
	tcase_add_test(c, a_deadlock_has_stacks_and_names);
	tcase_add_test(c, a_crash_has_the_stack_that_crashed);
	tcase_add_test(c, a_race_has_stacks);
	tcase_add_test(c, an_exit_status_is_a_failure);
	tcase_add_test(c, what_is_not_exhausted_is_bounded);
	tcase_add_test(c, what_is_no_schedule_is_refused);
	tcase_add_test(c, an_interruption_ends_it);
	tcase_add_test(c, what_executions_leave_behind_is_reaped);
	tcase_add_test(c, what_cannot_be_written_is_told);
	tcase_add_test(c, what_is_not_supported_is_not_explored);
	tcase_set_timeout(c, 0);
	suite_add_tcase(suite, c);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
