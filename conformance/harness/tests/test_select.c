/* SPDX-License-Identifier: MIT */
/* test_select.c: what the selection options select; list and explain. */
#include "../select.h"
#include "scratch.h"

CASE(cancel_3_pending_item_never_runs)
{
}

CASE(cancel_1_returns_true)
{
}

CASE(state_1_new_future_is_pending)
{
}

/* ---- the ledger -------------------------------------------------------------------- */

START_TEST(clauses_are_found)
{
	ck_assert_ptr_nonnull(ledger_find("CANCEL-3"));
	ck_assert_ptr_eq(ledger_find("cancel-3"), ledger_find("CANCEL-3"));
	ck_assert_ptr_null(ledger_find("CANCEL-03"));
	ck_assert_ptr_eq(ledger_of_case("cancel_3_x"), ledger_find("CANCEL-3"));
	ck_assert_ptr_eq(ledger_of_case("cancel_3"), ledger_find("CANCEL-3"));
	ck_assert_ptr_null(ledger_of_case("cancel_3x"));
	ck_assert_ptr_null(ledger_of_case("cancel"));
	ck_assert_ptr_null(ledger_of_case("cancel_"));
	ck_assert_ptr_null(ledger_of_case("_3_x"));
	ck_assert_ptr_null(ledger_of_case(""));
}
END_TEST

START_TEST(profiles_are_compared_as_versions)
{
	struct clause c = {.since = "3.5", .until = "3.9"};

	ck_assert_int_eq(profile_compare("3.9", "3.14"), -1);
	ck_assert_int_eq(profile_compare("3.14", "3.9"), 1);
	ck_assert_int_eq(profile_compare("3.9", "3.9"), 0);
	ck_assert(clause_in_profile(&c, "3.5") && clause_in_profile(&c, "3.9"));
	ck_assert(!clause_in_profile(&c, "3.4") && !clause_in_profile(&c, "3.10"));
	ck_assert(profile_known("3.2") && profile_known(profile_newest()));
	ck_assert(!profile_known("3.1") && !profile_known("3.99") && !profile_known("3.02"));
	ck_assert(!profile_known("") && !profile_known("3") && !profile_known("3.9.1") && !profile_known("x"));
}
END_TEST

/* ---- selection ---------------------------------------------------------------------- */

static void ck_selects(const int *opts, const char *const *values, const char *expected)
{
	struct selection s = {.profile = NULL};
	char error[512] = "";
	char names[256] = "";

	for (int i = 0; opts[i]; i++)
		select_add(&s, opts[i], values[i]);
	if (select_resolve(&s, error, sizeof(error))) {
		for (size_t i = 0; i < s.case_count; i++) {
			strcat(names, i ? " " : "");
			strcat(names, s.cases[i]->name);
		}
		ck_assert_str_eq(names, expected);
	} else {
		ck_assert_contains(error, expected);
		ck_assert_lacks(error, "\n");
	}
	select_clear(&s);
}

#define SELECTS(opt, value, expected) \
	ck_selects((const int[]){opt, 0}, (const char *const[]){value}, expected)
#define SELECTS2(opt, value, opt2, value2, expected) \
	ck_selects((const int[]){opt, opt2, 0}, (const char *const[]){value, value2}, expected)

START_TEST(globs_select)
{
	ck_selects((const int[]){0}, NULL,
		   "state_1_new_future_is_pending cancel_1_returns_true cancel_3_pending_item_never_runs");
	SELECTS(SELECT_CASE, "*never*", "cancel_3_pending_item_never_runs");
	SELECTS(SELECT_CLAUSE, "cancel-1", "cancel_1_returns_true");
	SELECTS(SELECT_FEATURE, "s*", "state_1_new_future_is_pending");
	SELECTS(SELECT_LEVEL, "must",
		"state_1_new_future_is_pending cancel_1_returns_true cancel_3_pending_item_never_runs");
	SELECTS2(SELECT_CASE, "*never*", SELECT_CASE, "state_*",
		 "state_1_new_future_is_pending cancel_3_pending_item_never_runs");
	SELECTS2(SELECT_FEATURE, "cancel", SELECT_CLAUSE, "*-3", "cancel_3_pending_item_never_runs");
	SELECTS(SELECT_PROFILE, "3.2",
		"state_1_new_future_is_pending cancel_1_returns_true cancel_3_pending_item_never_runs");
}
END_TEST

START_TEST(unknown_names_are_refused)
{
	SELECTS(SELECT_CASE, "cancel_1_return_true", "--case: there is no 'cancel_1_return_true'; do you mean cancel_1_returns_true?");
	SELECTS(SELECT_CASE, "never_runs", "do you mean cancel_3_pending_item_never_runs?");
	SELECTS(SELECT_CASE, "zzz*", "--case: nothing is called 'zzz*'; see `poolproof list`");
	SELECTS(SELECT_CASE, "", "--case: nothing is called ''");
	SELECTS(SELECT_CLAUSE, "CANCLE-3", "--clause: there is no 'CANCLE-3'; do you mean CANCEL-3?");
	SELECTS(SELECT_FEATURE, "cancle", "--feature: there is no 'cancle'; do you mean cancel?");
	SELECTS(SELECT_FEATURE, "\033[2J", "--feature: nothing is called '\\x1b[2J'; see `poolproof list --features`");
	SELECTS(SELECT_LEVEL, "perhaps", "--level: 'perhaps' is none of MUST, SHOULD and MAY");
	SELECTS(SELECT_PROFILE, "3.99", "--profile: '3.99' is not known; there are 3.2 to 3.");
}
END_TEST

START_TEST(an_empty_selection_is_refused)
{
	SELECTS2(SELECT_CASE, "state_*", SELECT_FEATURE, "cancel", "nothing is selected: the options exclude");
	SELECTS2(SELECT_CLAUSE, "CANCEL-2", SELECT_CLAUSE, "CANCEL-4", "no case is selected: CANCEL-2 has none, nor");
}
END_TEST

START_TEST(the_nearest_name_is_near)
{
	static const char *const names[] = {"CANCEL-3", "CANCEL-33", "SHUTDOWN-1", "worker"};
	char longer[300];

	ck_assert_str_eq(nearest_name("cancel-3", names, 4), "CANCEL-3");
	ck_assert_str_eq(nearest_name("CANCL-33", names, 4), "CANCEL-33");
	ck_assert_str_eq(nearest_name("shutdwn-1", names, 4), "SHUTDOWN-1");
	ck_assert_ptr_null(nearest_name("bogus", names, 4));
	ck_assert_ptr_null(nearest_name("", names, 4));
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_ptr_null(nearest_name(longer, names, 4));
}
END_TEST

/* ---- list ------------------------------------------------------------------------------- */

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static char *out_of(int (*command)(int, char **), const char *const *words)
{
	ck_assert_int_eq(captured(command, words), 0);
	return read_whole(in_scratch("out"));
}

static void ck_refuses(int (*command)(int, char **), const char *const *words, const char *expected)
{
	char *err;

	ck_assert_int_eq(captured(command, words), 2);
	err = read_whole(in_scratch("err"));
	ck_assert_contains(err, expected);
	ck_assert_ptr_eq(strchr(err, '\n'), err + strlen(err) - 1);
	free(err);
}

START_TEST(list_prints_cases)
{
	char *out = out_of(cmd_list, WORDS("list", "--feature", "cancel"));

	ck_assert_contains(out, "case                              clause       level   feature\n"
				"cancel_1_returns_true             CANCEL-1     MUST    cancel\n"
				"cancel_3_pending_item_never_runs  CANCEL-3     MUST    cancel\n"
				"\n2 cases, profile 3.");
	free(out);
}
END_TEST

START_TEST(list_prints_clauses)
{
	char *out = out_of(cmd_list, WORDS("list", "--clauses"));

	ck_assert_contains(out, "clause       level   profiles  cases  status\n");
	ck_assert_contains(out, "CANCEL-3     MUST    3.2-          1  tested\n");
	ck_assert_contains(out, "CANCEL-2     MUST    3.2-          0  not covered\n");
	ck_assert_contains(out, "INIT-7       MAY     3.7-          0  untestable: It permits both; there is nothing to");
	ck_assert_contains(out, "PROCESS-3    SHOULD  3.2-3.12      0  not built yet: the ABI has no process pools,");
	ck_assert_contains(out, " tested by 3 cases, ");
	free(out);
}
END_TEST

START_TEST(list_prints_features)
{
	char *out = out_of(cmd_list, WORDS("list", "--features"));

	ck_assert_contains(out, "feature       clauses  cases  tested  untestable  not built  not covered\n");
	ck_assert_contains(out, "\ncancel  ");
	free(out);
}
END_TEST

START_TEST(list_writes_json)
{
	char *out;

	if (report_json.missing)
		return;
	out = out_of(cmd_list, WORDS("list", "--clauses", "--clause", "CANCEL-3", "--json", "-"));
	ck_assert_contains(out, "\"clause\": \"CANCEL-3\"");
	ck_assert_contains(out, "\"status\": \"tested\"");
	ck_assert_contains(out, "\"cases\": [\n        \"cancel_3_pending_item_never_runs\"\n");
	ck_assert_contains(out, "\"observer\": \"task\"");
	ck_assert_lacks(out, "CANCEL-1");
	ck_assert_lacks(out, "changed_in");
	free(out);
	out = out_of(cmd_list, WORDS("list", "--clauses", "--clause", "WORKER-25", "--json", "-"));
	ck_assert_contains(out, "\"changed_in\": \"3.8, from WORKER-26; 3.13, to WORKER-24\"");
	free(out);
}
END_TEST

START_TEST(list_keeps_to_the_schema)
{
	static const char program[] =
		"import json, sys, jsonschema\n"
		"listed = json.load(open(sys.argv[2]))\n"
		"jsonschema.Draft7Validator(json.load(open(sys.argv[1]))).validate(listed)\n"
		"assert len(listed['clauses']) > 700 and len(listed['cases']) == 3\n";
	char *schema;
	char *command;

	if (report_json.missing || !have_jsonschema())
		return;
	free(out_of(cmd_list, WORDS("list", "--json", in_scratch("list.json"))));
	schema = harness_file("poolproof.schema.json");
	command = text_format("python3 '%s' '%%s' '%%s'", write_whole("validate.py", program));
	ck_assert_int_eq(run_shell(command, schema, in_scratch("list.json")), 0);
	free(command);
	free(schema);
}
END_TEST

START_TEST(list_refuses)
{
	ck_refuses(cmd_list, WORDS("list", "--bogus"), "poolproof: list: unknown option --bogus; `poolproof list --help`");
	ck_refuses(cmd_list, WORDS("list", "--case"), "poolproof: list: the option --case needs a value");
	ck_refuses(cmd_list, WORDS("list", "cancel"), "poolproof: list: takes options only; do you mean --case cancel?");
	ck_refuses(cmd_list, WORDS("list", "--feature", "cancle"), "do you mean cancel?");
	ck_refuses(cmd_list, WORDS("list", "--json", "/no/such/file"), "--json: cannot write /no/such/file: No such file");
}
END_TEST

/* ---- explain -------------------------------------------------------------------------------- */

START_TEST(explain_prints_a_clause)
{
	char *out = out_of(cmd_explain, WORDS("explain", "cancel-3"));

	ck_assert_contains(out, "CANCEL-3  MUST  Cancel (spec/");
	ck_assert_contains(out, "\n  A work item whose future is cancelled while PENDING MUST NOT");
	ck_assert_contains(out, "\n  Profiles       3.2 and later\n");
	ck_assert_contains(out, "\n  Why            ");
	ck_assert_contains(out, "\n  Observer       task\n");
	ck_assert_contains(out, "\n  Source         ");
	ck_assert_contains(out, "\n  Cases          cancel_3_pending_item_never_runs\n");
	ck_assert_lacks(out, "Changed in");
	ck_assert_contains(out, "test_select.c:");
	for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"))
		ck_assert_int_le(text_columns(line), 100);
	free(out);
	out = out_of(cmd_explain, WORDS("explain", "WORKER-25"));
	ck_assert_contains(out, "\n  Profiles       3.8 to 3.12\n  Changed in     3.8, from WORKER-26; 3.13, to WORKER-24\n");
	free(out);
}
END_TEST

START_TEST(explain_prints_cases_and_features)
{
	char *out = out_of(cmd_explain, WORDS("explain", "state_1_new_future_is_pending", "CANCEL"));

	ck_assert_contains(out, "state_1_new_future_is_pending  (");
	ck_assert_contains(out, "STATE-1  MUST");
	ck_assert_contains(out, "\nCANCEL-1     MUST    ");
	free(out);
}
END_TEST

START_TEST(explain_finds_words)
{
	char *out = out_of(cmd_explain, WORDS("explain", "shutdown running leave"));

	ck_assert_contains(out, "SHUTDOWN-35  MUST    `shutdown` that cancels MUST leave a RUNNING task");
	ck_assert_lacks(out, "SHUTDOWN-36");
	free(out);
	out = out_of(cmd_explain, WORDS("explain", "cancel_futures"));
	ck_assert_contains(out, "In what stands below the rule:\n");
	ck_assert_contains(out, "SHUTDOWN-35");
	free(out);
	ck_refuses(cmd_explain, WORDS("explain", " "), "no clause, case or feature is called ' '");
	ck_refuses(cmd_explain, WORDS("explain", "shutdown zzzzzzzz"), "no clause has such words");
}
END_TEST

START_TEST(explain_refuses)
{
	ck_refuses(cmd_explain, WORDS("explain"), "poolproof: explain: which clause, case or feature?");
	ck_refuses(cmd_explain, WORDS("explain", "CANCLE-3"), "there is no 'CANCLE-3'; do you mean CANCEL-3?");
	ck_refuses(cmd_explain, WORDS("explain", "zzzzzzzz"), "no clause, case or feature is called 'zzzzzzzz'");
	ck_refuses(cmd_explain, WORDS("explain", "\033c"), "'\\x1bc'");
	ck_refuses(cmd_explain, WORDS("explain", "--bogus"), "unknown option --bogus");
}
END_TEST

START_TEST(help_and_version_are_printed)
{
	char *out = out_of(cmd_list, WORDS("list", "--help"));

	ck_assert_contains(out, "Usage: poolproof list ");
	ck_assert_contains(out, "--profile VERSION");
	free(out);
	out = out_of(cmd_explain, WORDS("explain", "--help"));
	ck_assert_contains(out, "Usage: poolproof explain NAME...");
	free(out);
	out = out_of(cmd_explain, WORDS("explain", "--version"));
	ck_assert_contains(out, "poolproof ");
	free(out);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		clauses_are_found,
		profiles_are_compared_as_versions,
		globs_select,
		unknown_names_are_refused,
		an_empty_selection_is_refused,
		the_nearest_name_is_near,
		list_prints_cases,
		list_prints_clauses,
		list_prints_features,
		list_writes_json,
		list_keeps_to_the_schema,
		list_refuses,
		explain_prints_a_clause,
		explain_prints_cases_and_features,
		explain_finds_words,
		explain_refuses,
		help_and_version_are_printed,
	};
	return scratch_run("select", tests, sizeof(tests) / sizeof(tests[0]));
}
