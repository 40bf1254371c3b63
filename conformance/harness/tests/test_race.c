/* SPDX-License-Identifier: MIT */
/*
 * test_race.c: poolproof race finds what it is for, and says so.
 *
 *	POOLPROOF=build/poolproof RACY=build/harness-tests/racy.so test_race
 *
 * RACY may be left out if racy.so lies beside HOSTILE.  How many rounds a race
 * needs depends on the machine, so each has a hundred times as many as it took.
 */
#include "scratch.h"

#define GENEROUS "40000"

static const char *tool(void)
{
	const char *path = getenv("POOLPROOF");

	ck_assert_msg(path != NULL, "POOLPROOF is not set");
	return path;
}

static const char *racy(void)
{
	static char path[1024];
	const char *given = getenv("RACY");
	const char *hostile = getenv("HOSTILE");
	const char *slash = hostile ? strrchr(hostile, '/') : NULL;

	if (given)
		return given;
	ck_assert_msg(slash != NULL, "neither RACY nor HOSTILE is set");
	snprintf(path, sizeof(path), "%.*s/racy.so", (int)(slash - hostile), hostile);
	return path;
}

static char *out;

/* Exit status of race on the racy pool; what it printed is in out. */
static int race(const char *way, const char *arguments)
{
	char *command = text_format("'%s' race '%s' -o way=%s %s >'%s' 2>&1", tool(), racy(), way, arguments,
				    in_scratch("out"));
	int status = run_shell("%s%s", command, "");

	free(command);
	free(out);
	out = read_whole(in_scratch("out"));
	return status;
}

/* The race is found: by that scenario, as that verdict, with that in its message. */
static void assert_found(const char *way, const char *scenario, const char *verdict, const char *message)
{
	char *arguments = text_format("--scenario %s --rounds " GENEROUS, scenario);
	char *head = text_format("%s  %s\n", verdict, scenario);

	ck_assert_msg(race(way, arguments) == 1, "way %s was not found by %s:\n%s", way, scenario, out);
	ck_assert_contains(out, head);
	ck_assert_contains(out, message);
	ck_assert_contains(out, "\n              seed ");
	ck_assert_contains(out, " --rounds 1\n");
	ck_assert_contains(out, "0 passed, 1 failed, 0 skipped\n");
	free(arguments);
	free(head);
}

START_TEST(a_right_pool_passes)
{
	ck_assert_msg(race("none", "--rounds 30") == 0, "%s", out);
	ck_assert_contains(out, " 0 failed, ");
	ck_assert_lacks(out, "HUNG");
}
END_TEST

START_TEST(cancel_without_the_lock)
{
	assert_found("cancel", "cancel_14_cancel_vs_dequeue", "FAIL", "CANCEL-");
}
END_TEST

START_TEST(begin_without_the_lock)
{
	assert_found("begin", "cancel_14_cancel_vs_dequeue", "FAIL", "CANCEL-");
}
END_TEST

START_TEST(a_wake_up_is_lost)
{
	assert_found("wakeup", "worker_6_submit_vs_completion", "HUNG",
		     "every thread is blocked for good");
}
END_TEST

START_TEST(a_callback_is_lost)
{
	assert_found("callback", "callback_34_add_vs_completion_with_value", "HUNG",
		     "the main thread waiting for a done callback of work item 0");
}
END_TEST

START_TEST(a_callback_is_called_twice)
{
	assert_found("twice", "callback_34_add_vs_completion_with_value", "FAIL",
		     "CALLBACK-34: a done callback of work item 0 was called a second time");
}
END_TEST

START_TEST(a_submit_is_accepted_too_late)
{
	assert_found("submit", "shutdown_7_submit_vs_shutdown", "FAIL",
		     "SHUTDOWN-11: work item ");
}
END_TEST

/* ---- the command ----------------------------------------------------------------------- */

START_TEST(the_number_of_rounds_is_kept)
{
	ck_assert_int_eq(race("none", "--scenario cancel_14_cancel_vs_dequeue --rounds 17 --seed 5"), 0);
	ck_assert_contains(out, "seed 5, ");
	ck_assert_contains(out, "cancel_14_cancel_vs_dequeue        17 ");
}
END_TEST

START_TEST(rounds_of_all_scenarios_are_added_up)
{
	ck_assert_int_eq(race("none", "--scenario cancel_14_cancel_vs_dequeue --scenario callback_34_add_vs_completion_with_value "
				      "--rounds 17"), 0);
	ck_assert_contains(out, " s: 34 rounds, ");
	ck_assert_contains(out, " a second)\n");
}
END_TEST

START_TEST(outcomes_are_counted)
{
	ck_assert_int_eq(race("none", "-v --scenario cancel_14_cancel_vs_dequeue --rounds 50"), 0);
	ck_assert_contains(out, "acceptable  cancelled: ");
	ck_assert_contains(out, "acceptable  value: ");
}
END_TEST

START_TEST(what_a_backend_lacks_is_skipped)
{
	ck_assert_int_eq(race("none", "--scenario 'wait_*' --rounds 1"), 0);
	ck_assert_contains(out, "0 passed, 0 failed, ");
	ck_assert_contains(out, " skipped\n");
	ck_assert(!strstr(out, ", 0 skipped"));
}
END_TEST

START_TEST(wrong_options_are_refused)
{
	static const char *const wrong[] = {
		"--rounds 0", "--rounds x", "--seed -1", "--time 0", "--threads 1", "--jobs 0", "--shard 3/2",
		"--shard 1", "--scenario nothing_*", "--scenario cancel_3_pending_item_never_runs",
		"--timeout-scale 0", "--nonsense",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(race("none", wrong[i]) == 2, "%s was taken:\n%s", wrong[i], out);
	ck_assert_int_eq(race("no_such_way", "--rounds 1"), 2);
}
END_TEST

START_TEST(shards_have_seeds_of_their_own)
{
	ck_assert_int_eq(race("submit", "--scenario shutdown_7_submit_vs_shutdown --rounds " GENEROUS
					" --seed 0 --shard 2/4"), 1);
	ck_assert_contains(out, "shard 2 of 4");
	ck_assert_msg(strtoul(strstr(out, " --seed ") + 8, NULL, 10) >= 1UL << 24, "%s", out);
}
END_TEST

START_TEST(verdicts_are_in_the_json)
{
	char *arguments = text_format("--scenario cancel_14_cancel_vs_dequeue --rounds 5 --json '%s'",
				      in_scratch("json"));
	char *json;

	ck_assert_int_eq(race("none", arguments), 0);
	json = read_whole(in_scratch("json"));
	ck_assert_contains(json, "\"cancel_14_cancel_vs_dequeue\"");
	ck_assert_contains(json, "\"race\": {\"rounds\": 5, ");
	ck_assert_contains(json, ", \"rounds\": 5, ");
	ck_assert_contains(json, "\"complete\": true");
	free(json);
	free(arguments);
}
END_TEST

/* ---- merge ------------------------------------------------------------------------------ */

/* Shard number of 3, as JSON in the scratch file of that name. */
static int race_shard(const char *way, int number, int rounds, const char *file)
{
	char *arguments = text_format("--scenario shutdown_7_submit_vs_shutdown --rounds %d --seed 5 --shard %d/3 --json '%s'",
				      rounds, number, in_scratch(file));
	int status = race(way, arguments);

	free(arguments);
	return status;
}

/* Exit status of merge; what it printed is in out. */
static int merge(const char *arguments)
{
	char *command = text_format("cd '%s' && '%s' merge %s >out 2>&1", in_scratch(""), tool(), arguments);
	int status = run_shell("%s%s", command, "");

	free(command);
	free(out);
	out = read_whole(in_scratch("out"));
	return status;
}

/* Of each file that merge reads or writes. */
static void assert_valid(const char *files)
{
	static const char program[] =
		"import json, jsonschema, sys\n"
		"schema = json.load(open(sys.argv[1]))\n"
		"for name in sys.argv[2:]:\n"
		"    jsonschema.Draft7Validator(schema).validate(json.load(open(name)))\n";
	const char *script = write_whole("validate.py", program);
	char *schema = harness_file("poolproof.schema.json");
	char *command = text_format("cd '%s' && python3 '%s' '%s' %s", in_scratch(""), script, schema, files);

	if (have_jsonschema())
		ck_assert_int_eq(run_shell("%s%s", command, ""), 0);
	free(command);
	free(schema);
}

START_TEST(shards_are_added_up)
{
	char *json;

	ck_assert_int_eq(race_shard("none", 1, 20, "a.json"), 0);
	ck_assert_int_eq(race_shard("none", 2, 30, "b.json"), 0);
	ck_assert_int_eq(race_shard("submit", 3, 40000, "c.json"), 1);
	ck_assert_int_eq(merge("--json ab.json a.json b.json"), 0);
	ck_assert_contains(out, "\n50 rounds of 1 scenarios on ");
	ck_assert_contains(out, " of 2 parts\n");
	json = read_whole(in_scratch("ab.json"));
	ck_assert_contains(json, "\n \"rounds\": 50,");
	free(json);
	ck_assert_int_eq(merge("--json abc.json ab.json c.json"), 1);
	ck_assert_contains(out, "  FAIL\n");
	json = read_whole(in_scratch("abc.json"));
	ck_assert_contains(json, "\"total\": 1,");
	ck_assert_contains(json, "\"outcome\": \"FAIL\",");
	ck_assert_contains(json, "SHUTDOWN-11: work item ");
	free(json);
	assert_valid("a.json c.json ab.json abc.json");
}
END_TEST

START_TEST(nothing_is_counted_twice)
{
	ck_assert_int_eq(race_shard("none", 1, 5, "a.json"), 0);
	ck_assert_int_eq(race_shard("none", 2, 5, "b.json"), 0);
	ck_assert_int_eq(merge("a.json b.json a.json"), 2);
	ck_assert_str_eq(out, "poolproof: a.json: shard 1/3 of seed 5 is there already\n");
	ck_assert_int_eq(merge("a.json nothing.json"), 2);
	ck_assert_int_eq(merge(""), 2);
}
END_TEST

/* In run a scenario is a case: one round. */
START_TEST(run_plays_each_scenario_once)
{
	char *command = text_format("'%s' run '%s' --case '*_vs_*' --tap - >'%s' 2>/dev/null", tool(), racy(),
				    in_scratch("tap"));
	char *tap;

	ck_assert_int_eq(run_shell("%s%s", command, ""), 0);
	tap = read_whole(in_scratch("tap"));
	ck_assert_contains(tap, "cancel_14_cancel_vs_dequeue");
	free(tap);
	free(command);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_right_pool_passes,	       cancel_without_the_lock,	   begin_without_the_lock,
		a_wake_up_is_lost,	       a_callback_is_lost,	   a_callback_is_called_twice,
		a_submit_is_accepted_too_late, the_number_of_rounds_is_kept, rounds_of_all_scenarios_are_added_up,
		outcomes_are_counted,
		what_a_backend_lacks_is_skipped, wrong_options_are_refused, shards_have_seeds_of_their_own,
		verdicts_are_in_the_json,      shards_are_added_up,
		nothing_is_counted_twice,      run_plays_each_scenario_once,
	};

	return scratch_run("race", tests, sizeof(tests) / sizeof(tests[0]));
}
