/* SPDX-License-Identifier: MIT */
/*
 * case_process.c: the two processes of a case.
 *
 * The checker, the keeper of a case, runs exactly one Check test in fork mode, and
 * then rests until there is another case.  So the case process is Check's child, and
 * Check sees how it ended.  Check's own timeouts play no part: the supervisor keeps
 * the time.
 */
#include "case_process.h"

#include <check.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "keeper.h"
#include "rehearsal.h"
#include "sanitizers.h"
#include "support.h"

/* ---- the case process --------------------------------------------------------- */

const struct pp_case *the_case;

static void enter_phase(enum phase p)
{
	atomic_store(&slot->phase, p);
	slot->entry[0] = '\0';
	slot->open_entry = 0;
}

static void clean_up(void)
{
	slot->at_clean_up = now();
	enter_phase(PHASE_CLEANUP);
	gates_open_all();
	threads_join_all();
	entries_clean_up();
	enter_phase(PHASE_FINISH);
	if (backend_is_loaded() && HAS(finish))
		backend()->finish();
}

static void judge_checks(void)
{
	struct finding f = {the_case->file, the_case->line, "at least one check", "none"};

	if (!atomic_load(&slot->checks))
		end_as(FAIL, &f, "the case ended without having executed a check");
}

static pid_t checker;	  /* the process that forks the cases */
static bool case_is_warm; /* see struct errand */

static void warm_up(void)
{
	void *outcome;

	(void)result(submit(executor_any(), task_return, NULL), PP_FOREVER, &outcome);
	entries_clean_up();
}

static void run_case(void)
{
	guest_begin(checker);
	valgrind_begin();
	arena_open();
	thread_is_main = true;
	if (case_is_warm)
		warm_up();
	leaks_begin();
	slot->at_case = now();
	enter_phase(PHASE_CASE);
	the_case->run();
	judge_checks();
	clean_up();
	enter_phase(PHASE_LEAKS);
	leaks_judge();
	valgrind_judge();
	slot->at_exit = now();
	enter_phase(PHASE_EXIT);
}

START_TEST(case_test)
{
	run_case();
}
END_TEST

/* ---- Check ---------------------------------------------------------------------- */

/* Check tells how a process ended in words only. */
static void read_check_message(const char *message)
{
	snprintf(slot->check_message, sizeof(slot->check_message), "%s", message);
	if (sscanf(message, "Received signal %d", &slot->signal) != 1)
		sscanf(message, "Early exit with return value %d", &slot->status);
}

static void run_check(const TTest *body, enum fork_status fork)
{
	Suite *suite = suite_create("poolproof");
	TCase *test = tcase_create(the_case->name);
	SRunner *runner = srunner_create(suite);
	TestResult **results;

	tcase_add_test(test, body);
	tcase_set_timeout(test, 0);
	suite_add_tcase(suite, test);
	srunner_set_fork_status(runner, fork);
	srunner_run_all(runner, CK_SILENT);
	results = srunner_results(runner);
	if (srunner_ntests_run(runner) == 1 && tr_rtype(results[0]) != CK_PASS)
		read_check_message(tr_msg(results[0]));
	free(results);
	srunner_free(runner);
}

/* ---- rehearsal -------------------------------------------------------------------- */

/* What run_case() does, as far as it leaves nothing behind in this process. */
START_TEST(rehearsal)
{
	sanitizers_settle();
	slot_ignore_threads();
	arena_open();
	leaks_begin();
	thread_is_main = true;
	rehearse_case();
	judge_checks();
	clean_up();
	leaks_judge();
	valgrind_judge();
	thread_is_main = false;
	arena_close();
}
END_TEST

static void nothing(void)
{
}

static void rehearse(void)
{
	static const struct pp_case empty = {.name = "rehearsal", .run = nothing};

	slot = valgrind_runs() ? slot_new() : NULL;
	if (!slot)
		return;
	the_case = &empty;
	run_check(rehearsal, CK_NOFORK);
	run_check(case_test, CK_FORK);
	munmap(slot, sizeof(*slot));
	slot = NULL;
}

/* ---- the checkers ------------------------------------------------------------------ */

static void forget_check_variables(void)
{
	static const char *const names[] = {
		"CK_FORK", "CK_RUN_SUITE", "CK_RUN_CASE", "CK_INCLUDE_TAGS", "CK_EXCLUDE_TAGS",
		"CK_VERBOSITY", "CK_DEFAULT_TIMEOUT", "CK_TIMEOUT_MULTIPLIER", "CK_LOG_FILE_NAME",
		"CK_XML_LOG_FILE_NAME", "CK_TAP_LOG_FILE_NAME", "CK_MAX_MSG_SIZE",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

void checkers_begin(void)
{
	forget_check_variables();
	rehearse();
}

_Noreturn void checker_main(void *errand, int output)
{
	const struct errand *next = errand;

	keeper_begin(output);
	checker = getpid();
	for (;;) {
		the_case = next->c;
		time_scale = next->scale;
		case_is_warm = next->warm;
		run_check(case_test, CK_FORK);
		keeper_rest();
	}
}
