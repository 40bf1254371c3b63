/* SPDX-License-Identifier: MIT */
/*
 * test_verdicts.c: the verdicts of the harness, seen from outside.
 *
 *	POOLPROOF=build/poolproof HOSTILE=build/harness-tests/hostile.so test_verdicts
 *
 * On a backend that does what it must not, and on cases that do; and when a run is ended.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

#include "../case.h"
#include "../support.h"
#include "ran.h"

/* ---- cases of this program's own ------------------------------------------------- */

CASE(exec_6_plain)
{
	struct pp_executor *e = executor_new(1);
	void *outcome;

	EXPECT_STATUS(PP_OK, result(submit(e, task_return, token(7)), PP_FOREVER, &outcome));
	EXPECT_PTR(token(7), outcome);
}

CASE(exec_7_without_a_check)
{
	executor_new(1);
}

CASE(exec_8_unresolved)
{
	REQUIRE(1 + 1 == 3);
}

CASE(exec_9_runs_what_must_not)
{
	void *outcome;

	EXPECT(true);
	result(submit(executor_new(1), must_not_run, NULL), PP_FOREVER, &outcome);
}

CASE(exec_10_unsupported)
{
	NEED(cancel);
	EXPECT(true);
}

CASE(exec_11_fails)
{
	context("after %d steps", 3);
	EXPECT_INT(4, 2 + 3);
}

/* Past any deadline but the one of the retry, which is for a scale of 1. */
CASE(exec_12_slow)
{
	if (time_scale < 1)
		sleep(1000);
	EXPECT(true);
}

/* All is left to the clean-up: an open gate, a thread, a shutdown, the handles. */
static void pass(void *gate)
{
	gate_wait(gate);
}

CASE(exec_13_leaves_all_to_the_clean_up)
{
	struct pp_executor *e = executor_new(2);

	hold(e, 2);
	thread_start(pass, gate_new());
	submit(e, task_return, NULL);
	EXPECT(true);
}

CASE(exec_14_waits_for_nobody)
{
	EXPECT(true);
	gate_wait(gate_new());
}

CASE(exec_25_waits_for_one_more)
{
	struct counter *c = counter_new();

	EXPECT(true);
	counter_add(c, 1);
	counter_await(c, 1);
	counter_await(c, 2);
}

static void open_later(void *gate)
{
	usleep(800000);
	gate_open(gate);
}

/* For most of a second nobody runs, but one thread sleeps for a time only. */
CASE(exec_15_sleeps_and_wakes)
{
	struct gate *gate = gate_new();

	thread_start(open_later, gate);
	gate_wait(gate);
	EXPECT(true);
}

CASE(exec_16_times_out)
{
	struct pp_future *f = submit(executor_new(1), task_pass_gate, gate_new());
	void *outcome;

	EXPECT_STATUS(PP_TIMEOUT, result(f, 0.8, &outcome));
}

static void nothing(void *arg)
{
	(void)arg;
}

CASE(exec_17_in_another_process)
{
	EXPECT_INT(0, process_run(nothing, NULL));
}

CASE(exec_18_raises_a_signal)
{
	raise(SIGUSR1);
}

static void fail_there(void *arg)
{
	(void)arg;
	EXPECT(!"in a thread");
}

CASE(exec_19_fails_in_a_thread)
{
	thread_join(thread_start(fail_there, NULL));
}

CASE(exec_20_spins)
{
	for (volatile unsigned i = 0;; i++)
		;
}

static void *exit_later(void *arg)
{
	(void)arg;
	usleep(800000);
	_exit(7);
}

/* For most of a second the process waited for has no main thread any more, and one that sleeps for a time. */
CASE(exec_21_waits_for_a_process_without_its_main_thread)
{
	pthread_t thread;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		pthread_create(&thread, NULL, exit_later, NULL);
		pthread_exit(NULL);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	EXPECT_INT(7, WEXITSTATUS(status));
}

/* The entry that $POOLPROOF_TEST_ENTRY names, once; what it is given is not looked into. */
static int call_entry(const char *name, struct pp_executor *e, struct pp_future *f)
{
	struct pp_completed *it = token(1);
	struct pp_map *map = token(1);
	void *outcome;
	bool flag;

#define CALLS(entry, call)               \
	if (strcmp(name, #entry) == 0) { \
		call;                    \
		return 1;                \
	}
	CALLS(executor_new, executor_new(1))
	CALLS(executor_new_with_initializer, executor_new_with_initializer(1, initializer_count, counter_new()))
	CALLS(executor_new_named, executor_new_named(1, "x"))
	CALLS(submit, submit(e, task_return, NULL))
	CALLS(submit_with_release, submit_with_release(e, task_count, counter_new(), release_count))
	CALLS(shutdown, shutdown_wait(e))
	CALLS(shutdown_nowait, shutdown_nowait(e))
	CALLS(shutdown_cancel, shutdown_cancel(e, true))
	CALLS(executor_release, executor_release(e))
	CALLS(worker_count, worker_count(e))
	CALLS(result, result(f, PP_FOREVER, &outcome))
	CALLS(exception, exception(f, PP_FOREVER, &outcome))
	CALLS(cancel, cancel(f))
	CALLS(cancelled, cancelled(f))
	CALLS(running, running(f))
	CALLS(done, done(f))
	CALLS(add_done_callback, add_done_callback(f, callback_count, counter_new()))
	CALLS(future_release, future_release(f))
	CALLS(future_new, future_new())
	CALLS(set_running_or_notify_cancel, set_running_or_notify_cancel(f, &flag))
	CALLS(set_result, set_result(f, NULL))
	CALLS(set_exception, set_exception(f, NULL))
	CALLS(wait, wait_for(&f, 1, PP_FOREVER, PP_ALL_COMPLETED, &flag))
	CALLS(as_completed_begin, as_completed_begin(&f, 1, PP_FOREVER))
	CALLS(as_completed_next, as_completed_next(it, &f))
	CALLS(as_completed_end, as_completed_end(it))
	CALLS(map_begin, map_begin(e, task_return, source_of(NULL, 0, NULL), PP_FOREVER, 0, &map, &outcome))
	CALLS(map_next, map_next(map, &outcome))
	CALLS(map_end, map_end(map))
	CALLS(set_log_hook, log_record())
#undef CALLS
	return 0;
}

CASE(exec_22_calls_one_entry)
{
	const char *name = getenv("POOLPROOF_TEST_ENTRY");
	bool first = strcmp(name, "executor_new") == 0 || strcmp(name, "submit") == 0;
	struct pp_executor *e = first ? NULL : executor_new(1);
	struct pp_future *f = first ? NULL : submit(e, task_return, NULL);

	if (strcmp(name, "submit") == 0)
		e = executor_new(1);
	EXPECT_INT(1, call_entry(name, e, f));
}

/* With so many work items behind a held worker. */
static void queue_up(int n)
{
	struct pp_executor *e = executor_new(1);

	hold(e, 1);
	while (n-- > 0)
		submit(e, task_return, NULL);
	EXPECT(true);
}

CASE(exec_26_queues_two)
{
	queue_up(2);
}

CASE(exec_27_queues_three)
{
	queue_up(3);
}

static void submit_one(void *e)
{
	struct pp_future *f = NULL;

	backend()->submit(e, task_return, NULL, &f);
}

CASE(exec_27_two_queue_the_second)
{
	struct pp_executor *e = executor_new(1);

	hold(e, 1);
	submit(e, task_return, NULL);
	thread_start(submit_one, e);
	submit(e, task_return, NULL);
	EXPECT(true);
}

/* Run one case of this program against the hostile backend. */
static struct ran *run_way(const char *way, const char *name, const char *scale)
{
	char option[64];

	snprintf(option, sizeof(option), "way=%s", way);
	return run(self, "run", hostile, "-o", option, "--case", name, "--json", in_folder("json"),
		   "--timeout-scale", scale, "--jobs", "2", NULL);
}

/* ---- verdicts on a hostile backend ---------------------------------------------------- */

/* What a sanitizer changes is not asked for under one. */
static bool sanitized(void)
{
	return dlsym(RTLD_DEFAULT, "__asan_init") || dlsym(RTLD_DEFAULT, "__tsan_init");
}

static const struct way {
	const char *way;
	const char *outcome;
	const char *message;
	bool plain; /* only without sanitizers */
} ways[] = {
	{"none", "PASS", NULL, false},
	{"crash", "CRASHED", NULL, false},
	{"crash", "CRASHED", "killed by SIGSEGV (Segmentation fault) in submit", true},
	{"crash_shutdown", "CRASHED", "in shutdown, in the clean-up after the case", true},
	{"crash_at_exit", "CRASHED", "at exit", true},
	{"abort", "CRASHED", "killed by SIGABRT", true},
	{"heap", "CRASHED", "free(): double free", true},
	{"sigterm", "CRASHED", "killed by SIGTERM (Terminated) in submit", false},
	{"sigkill", "CRASHED", "killed by SIGKILL", false},
	{"exit0", "CRASHED", "left the process with status 0 in submit", false},
	{"_exit", "CRASHED", "left the process with status 3 in submit", false},
	{"kill_parent", "CRASHED", "killed its parent process", false},
	{"stop_parent", "CRASHED", "stopped its parent process", false},
	{"hang_new", "HUNG", "every thread is blocked for good; the case stands in executor_new", false},
	{"hang_submit", "HUNG", "every thread is blocked for good; the case stands in submit", false},
	{"hang_result", "HUNG", "the case stands in result", false},
	{"hang_shutdown", "HUNG", "in shutdown, in the clean-up after the case", false},
	{"hang_release", "HUNG", "in executor_release, in the clean-up", false},
	{"hang_finish", "HUNG", "in finish", false},
	{"hang_at_exit", "HUNG", "at exit, after the case", false},
	{"sigstop", "HUNG", "the process was stopped by a signal in submit", false},
	{"threads_left", "LEAK", "1 thread left running: left-behind", false},
	{"process_left", "LEAK", "1 process left running", false},
	{"daemon_left", "LEAK", "a process was left running", false},
	{"fd_left", "LEAK", "1 descriptor left open", false},
	{"fd_left_once", "PASS", NULL, false},
	{"fd_of_load", "PASS", NULL, false},
	{"fd_closed", "LEAK", "0 (/dev/null)", false},
	{"close_all", "LEAK", "descriptors closed that the backend did not open", false},
	{"garbage_status", "FAIL", "submit returned 4711, which is no enum pp_status", false},
	{"no_handle", "FAIL", "submit returned PP_OK and left no handle", false},
	{"wrong_value", "FAIL", "outcome: expected token(7), observed token(8)", false},
	{"new_fails", "UNRESOLVED", "executor_new(1) returned PP_NO_RESOURCES", false},
	{"inline", "UNSUPPORTED", "the backend runs tasks inside submit", false},
	{"old_table", "PASS", NULL, true}, /* it releases nothing */
	{"print", "PASS", NULL, false},
};

START_TEST(hostile_way_has_its_verdict)
{
	const struct way *w = &ways[_i];
	bool good = strcmp(w->outcome, "PASS") == 0 || strcmp(w->outcome, "UNSUPPORTED") == 0;
	struct ran *r;

	if (w->plain && sanitized())
		return;
	r = run_way(w->way, "exec_6_plain", "1");
	expect_outcome(r, w->outcome, w->message);
	ck_assert_int_eq(r->status, good ? 0 : 1);
	ck_assert_str_eq(r->err, "");
}
END_TEST

/* ---- each entry, gone wrong --------------------------------------------------------------- */

static const struct {
	const char *name;
	bool status; /* returns one, so that another number is seen */
} each[] = {
	{"executor_new", true},
	{"executor_new_with_initializer", true},
	{"executor_new_named", true},
	{"submit", true},
	{"submit_with_release", true},
	{"shutdown", true},
	{"shutdown_nowait", true},
	{"shutdown_cancel", true},
	{"executor_release", false},
	{"worker_count", false},
	{"result", true},
	{"exception", true},
	{"cancel", false},
	{"cancelled", false},
	{"running", false},
	{"done", false},
	{"add_done_callback", true},
	{"future_release", false},
	{"future_new", true},
	{"set_running_or_notify_cancel", true},
	{"set_result", true},
	{"set_exception", true},
	{"wait", true},
	{"as_completed_begin", true},
	{"as_completed_next", true},
	{"as_completed_end", false},
	{"map_begin", true},
	{"map_next", true},
	{"map_end", false},
	{"set_log_hook", false},
};

static void expect_entry(const char *deed, const char *entry, const char *outcome, const char *format)
{
	char way[80], message[160];

	snprintf(way, sizeof(way), "%s:%s", deed, entry);
	snprintf(message, sizeof(message), format, entry);
	setenv("POOLPROOF_TEST_ENTRY", entry, 1);
	expect_outcome(run_way(way, "exec_22_calls_one_entry", "1"), outcome, message);
}

START_TEST(each_entry_may_hang)
{
	expect_entry("hang", each[_i].name, "HUNG", "every thread is blocked for good; the case stands in %s");
}
END_TEST

START_TEST(each_entry_may_crash)
{
	if (!sanitized())
		expect_entry("crash", each[_i].name, "CRASHED", "killed by SIGSEGV (Segmentation fault) in %s");
}
END_TEST

START_TEST(each_entry_may_exit)
{
	expect_entry("exit", each[_i].name, "CRASHED", "left the process with status 5 in %s");
}
END_TEST

START_TEST(each_entry_may_return_garbage)
{
	if (each[_i].status)
		expect_entry("garbage", each[_i].name, "FAIL", "%s returned 4711, which is no enum pp_status");
}
END_TEST

/* What a backend does when memory or threads run out; the cases are the suite's. */
static const struct {
	const char *way;
	const char *name;
	const char *outcome;
	const char *message;
} shorts[] = {
	{"none", "resource_17_submit_to_a_new_executor", "PASS", NULL},
	{"none", "resource_17_submit_behind_a_held_worker", "PASS", NULL},
	{"none", "resource_17_refused_over_and_over", "PASS", NULL},
	{"none", "resource_18_executor_new", "PASS", NULL},
	{"short_refused_runs", "resource_17_submit_to_a_new_executor", "FAIL",
	 "runs of a task whose submit, its request number 3 failing, was refused"},
	{"short_refused_leaks", "resource_17_refused_over_and_over", "FAIL",
	 "submit, refused 32 times, request number 2 failing each time: blocks of memory left behind"},
	{"short_accepted_is_lost", "resource_17_submit_to_a_new_executor", "HUNG", "where it waits for a counter to be 1: it is 0"},
	{"short_refused_writes", "resource_17_submit_to_a_new_executor", "FAIL", "s->f: expected NULL"},
	{"short_wrong_status", "resource_17_submit_to_a_new_executor", "FAIL",
	 "submit, whose request number 1 for memory or a thread fails: status: expected PP_OK, observed PP_SHUTDOWN"},
	{"short_crashes", "resource_17_submit_to_a_new_executor", "CRASHED", "killed by SIGSEGV"},
	{"short_new_keeps_thread", "resource_18_executor_new", "FAIL",
	 "executor_new, refused 32 times, request number 1 failing each time: blocks of memory left behind"},
};

START_TEST(shortage_has_its_verdict)
{
	char option[64];
	struct ran *r;

	if (sanitized())
		return; /* which take the place of malloc themselves */
	snprintf(option, sizeof(option), "way=%s", shorts[_i].way);
	r = run(tool, "run", hostile, "-o", option, "--case", shorts[_i].name, "--json", in_folder("json"), NULL);
	expect_outcome(r, shorts[_i].outcome, shorts[_i].message);
	ck_assert_str_eq(r->err, "");
}
END_TEST

/* What hostile.c calls bounded holds two behind its one worker. */
static const struct {
	const char *way;
	const char *name;
	const char *outcome;
	const char *message;
} bounds[] = {
	{"bound_refuses", "exec_26_queues_two", "PASS", NULL},
	{"bound_blocks", "exec_26_queues_two", "PASS", NULL},
	{"bound_refuses", "exec_27_queues_three", "UNSUPPORTED",
	 "the work queue holds 2 work items, and the case needs more"},
	{"bound_blocks", "exec_27_queues_three", "UNSUPPORTED", "the work queue is full, and submit blocks"},
	{"bound_overtaken", "exec_27_two_queue_the_second", "UNSUPPORTED", "the work queue is full, and submit blocks"},
	{"bound_refuses_early", "exec_26_queues_two", "UNRESOLVED", "returned PP_NO_RESOURCES"},
	{"bound_blocks_early", "exec_26_queues_two", "HUNG", "every thread is blocked for good; the case stands in submit"},
};

START_TEST(bound_has_its_verdict)
{
	struct ran *r = run_way(bounds[_i].way, bounds[_i].name, "1");

	expect_outcome(r, bounds[_i].outcome, bounds[_i].message);
	ck_assert_str_eq(r->err, "");
}
END_TEST

START_TEST(hang_shows_the_stacks)
{
	struct ran *r = run_way("hang_result", "exec_6_plain", "1");

	HAS_PART(r->out, "main");
	if (!has(r->out, "built without elfutils"))
		HAS_PART(r->out, "hostile_result");
}
END_TEST

START_TEST(next_case_goes_on)
{
	struct ran *r = run(self, "run", hostile, "-o", "way=close_all", "--case", "exec_6_plain",
			    "--case", "exec_11_fails", "--case", "exec_8_unresolved", "--json",
			    in_folder("json"), "--jobs", "1", NULL);

	ck_assert_int_eq(r->status, 1);
	expect_outcome(r, "LEAK", NULL);
	expect_outcome(r, "FAIL", NULL);
	expect_outcome(r, "UNRESOLVED", NULL);
}
END_TEST

START_TEST(past_the_deadline_is_hung)
{
	struct ran *r = run_way("spin", "exec_6_plain", "0.02");

	ck_assert_int_eq(r->status, 1);
	expect_outcome(r, "HUNG", "not finished after");
}
END_TEST

START_TEST(late_is_slow)
{
	struct ran *r;

	if (sanitized())
		return; /* the scale is another one */
	r = run_way("none", "exec_12_slow", "0.25");
	expect_outcome(r, "SLOW", "at first it was not finished after 2.5 s");
	ck_assert_int_eq(r->status, 0);
}
END_TEST

START_TEST(output_stays_off_the_console)
{
	struct ran *r = run_way("print", "exec_6_plain", "1");

	HAS_NO_PART(r->out, "on stdout");
	HAS_NO_PART(r->out, "\033");
}
END_TEST

START_TEST(names_are_escaped)
{
	struct ran *r = run_way("bad_name", "exec_6_plain", "1");

	ck_assert_int_eq(r->status, 0);
	HAS_NO_PART(r->out, "\033");
	HAS_NO_PART(r->json, "\033");
	HAS_PART(r->out, "evil");
}
END_TEST

START_TEST(sanitizer_has_its_verdict)
{
	if (dlsym(RTLD_DEFAULT, "__tsan_init"))
		expect_outcome(run_way("race", "exec_6_plain", "1"), "RACE", "ThreadSanitizer: data race");
	if (!dlsym(RTLD_DEFAULT, "__asan_init"))
		return;
	expect_outcome(run_way("use_after_free", "exec_6_plain", "1"), "RACE", "heap-use-after-free");
	expect_outcome(run_way("heap", "exec_6_plain", "1"), "RACE", "double-free");
	expect_outcome(run_way("lose_memory", "exec_6_plain", "1"), "LEAK", "LeakSanitizer");
}
END_TEST

/* Under Valgrind, if it is there; as slow as that is, so a few times only. */
static struct ran *run_memcheck(const char *way, const char *name)
{
	char option[64];

	snprintf(option, sizeof(option), "way=%s", way);
	return run("/usr/bin/env", "valgrind", "-q", self, "run", hostile, "-o", option, "--case",
		   name, "--json", in_folder("json"), NULL);
}

START_TEST(valgrind_has_its_verdict)
{
	if (sanitized() || run("/usr/bin/env", "valgrind", "--version", NULL)->status != 0)
		return;
	expect_outcome(run_memcheck("none", "exec_6_plain"), "PASS", NULL);
	expect_outcome(run_memcheck("use_after_free", "exec_6_plain"), "RACE", "Valgrind reported 1 error");
	expect_outcome(run_memcheck("lose_memory", "exec_6_plain"), "LEAK", "100 bytes are definitely lost");
	expect_outcome(run_memcheck("hang_result", "exec_6_plain"), "HUNG", "blocked for good");
	expect_outcome(run_memcheck("exits", "exec_17_in_another_process"), "PASS", NULL);
	expect_outcome(run_memcheck("use_after_free_at_exit", "exec_17_in_another_process"), "RACE",
		       "Valgrind reported 1 error, the last as a process of the case left");
}
END_TEST

/* ---- verdicts on the cases themselves --------------------------------------------------- */

static const struct {
	const char *name;
	const char *outcome;
	const char *message;
} cases[] = {
	{"exec_7_without_a_check", "FAIL", "without having executed a check"},
	{"exec_8_unresolved", "UNRESOLVED", "the set-up failed: 1 + 1 == 3 is false"},
	{"exec_9_runs_what_must_not", "FAIL", "a task ran that must not run"},
	{"exec_10_unsupported", "UNSUPPORTED", "the backend has no cancel"},
	{"exec_11_fails", "FAIL", "after 3 steps: 2 + 3: expected 4, observed 5"},
	{"exec_13_leaves_all_to_the_clean_up", "PASS", NULL},
	{"exec_14_waits_for_nobody", "HUNG", "blocked for good; the case stands in the case"},
	{"exec_15_sleeps_and_wakes", "PASS", NULL},
	{"exec_25_waits_for_one_more", "HUNG", "stands in the case, where it waits for a counter to be 2: it is 1"},
	{"exec_16_times_out", "PASS", NULL},
	{"exec_17_in_another_process", "UNSUPPORTED", "the backend has no process_exit"},
	{"exec_18_raises_a_signal", "CRASHED", "killed by SIGUSR1"},
	{"exec_19_fails_in_a_thread", "FAIL", "in a thread"},
	{"exec_21_waits_for_a_process_without_its_main_thread", "PASS", NULL},
};

START_TEST(case_has_its_verdict)
{
	struct ran *r = run_way("none", cases[_i].name, "1");

	expect_outcome(r, cases[_i].outcome, cases[_i].message);
	ck_assert_str_eq(r->err, "");
}
END_TEST

/* ---- interrupted ------------------------------------------------------------------------ */

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

/* Of a process that writes it before it ends. */
static void wait_for_json(pid_t pid, const char *part)
{
	char text[TEXT_MAX];
	bool ended = false;
	int i;

	for (i = 0; i < 60000 && !ended; i++) { /* nearly as long as a test may last */
		ended = has_ended(pid);
		read_text(in_folder("json"), text);
		if (has(text, part))
			return;
		usleep(20000);
	}
	ck_abort_msg("no %s in the JSON:\n%.3000s", part, text);
}

/* The first case fails; the second is on its way for ever when signal comes. */
static struct ran *run_and_signal(int signal)
{
	const char *args[] = {"run", hostile, "--case", "exec_11_fails", "--case", "exec_20_spins",
			      "--json", in_folder("json"), "--jobs", "2", NULL};
	pid_t pid = start(self, args);

	wait_for_json(pid, "exec_11_fails");
	kill(pid, signal);
	return finish(pid);
}

START_TEST(interrupted_run_says_so)
{
	struct ran *r = run_and_signal(_i);

	ck_assert_int_eq(r->status, 2);
	HAS_PART(r->err, "interrupted after 1 of 2 cases");
	expect_outcome(r, "FAIL", "after 3 steps");
}
END_TEST

START_TEST(killed_run_loses_nothing)
{
	struct ran *r = run_and_signal(SIGKILL);
	size_t n = strlen(r->json);

	ck_assert_int_eq(r->status, -1);
	expect_outcome(r, "FAIL", "after 3 steps");
	while (n && strchr(" \n", r->json[n - 1]))
		n--;
	ck_assert_msg(n && r->json[n - 1] == '}', "the JSON is cut:\n%.3000s", r->json);
}
END_TEST

/* ---- all -------------------------------------------------------------------------------------------- */

static Suite *verdicts_suite(void)
{
	Suite *s = suite_create("verdicts");
	TCase *t = group(s, "verdicts");

	tcase_add_loop_test(t, hostile_way_has_its_verdict, 0, COUNT(ways));
	tcase_add_loop_test(t, case_has_its_verdict, 0, COUNT(cases));
	tcase_add_loop_test(t, each_entry_may_hang, 0, COUNT(each));
	tcase_add_loop_test(t, each_entry_may_crash, 0, COUNT(each));
	tcase_add_loop_test(t, each_entry_may_exit, 0, COUNT(each));
	tcase_add_loop_test(t, each_entry_may_return_garbage, 0, COUNT(each));
	tcase_add_loop_test(t, shortage_has_its_verdict, 0, COUNT(shorts));
	tcase_add_loop_test(t, bound_has_its_verdict, 0, COUNT(bounds));
	tcase_add_test(t, hang_shows_the_stacks);
	tcase_add_test(t, next_case_goes_on);
	tcase_add_test(t, past_the_deadline_is_hung);
	tcase_add_test(t, late_is_slow);
	tcase_add_test(t, output_stays_off_the_console);
	tcase_add_test(t, names_are_escaped);
	tcase_add_test(t, sanitizer_has_its_verdict);
	tcase_add_test(t, valgrind_has_its_verdict);
	t = group(s, "interrupted");
	tcase_add_loop_test(t, interrupted_run_says_so, SIGINT, SIGINT + 1);
	tcase_add_loop_test(t, interrupted_run_says_so, SIGTERM, SIGTERM + 1);
	tcase_add_test(t, killed_run_loses_nothing);
	return s;
}

int main(int argc, char **argv)
{
	return ran_main(argc, argv, verdicts_suite);
}
