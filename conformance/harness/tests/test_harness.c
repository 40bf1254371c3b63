/* SPDX-License-Identifier: MIT */
/*
 * test_harness.c: the harness and the command line, seen from outside.
 *
 *	POOLPROOF=build/poolproof HOSTILE=build/harness-tests/hostile.so test_harness
 *
 * Each test runs the tool as a child process and looks at its exit status, what
 * it prints and the JSON it writes.  What is about the command line runs
 * $POOLPROOF.  What is about verdicts runs this program itself: called with "run" it
 * is the tool, on the cases below, so that no test depends on the suite.
 */
#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../case.h"
#include "../guest.h"
#include "../proc.h"
#include "../sanitizers.h"
#include "../slot.h"
#include "../support.h"
#include "../tool.h"

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

/* ---- running the tool ---------------------------------------------------------------- */

#define TEXT_MAX 65536
#define ARGS_MAX 32

static char self[PATH_MAX];
static const char *tool, *hostile;
static char folder[] = "/tmp/poolproof-test-XXXXXX";

struct ran {
	int status; /* exit status; -1 if a signal ended it */
	char out[TEXT_MAX];
	char err[TEXT_MAX];
	char json[TEXT_MAX];
};

static char *in_folder(const char *name)
{
	static char paths[8][PATH_MAX];
	static int next;
	char *path = paths[next++ % 8];

	snprintf(path, PATH_MAX, "%s/%s", folder, name);
	return path;
}

static void read_text(const char *path, char *text)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, TEXT_MAX - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* Start program with the arguments, up to NULL; its output goes to files. */
static pid_t start(const char *program, const char *const *args)
{
	char *argv[ARGS_MAX] = {(char *)program};
	int i;
	pid_t pid;

	for (i = 0; args[i]; i++)
		argv[i + 1] = (char *)args[i];
	unlink(in_folder("json"));
	pid = fork();
	if (pid == 0) {
		dup2(open(in_folder("out"), O_CREAT | O_TRUNC | O_WRONLY, 0600), STDOUT_FILENO);
		dup2(open(in_folder("err"), O_CREAT | O_TRUNC | O_WRONLY, 0600), STDERR_FILENO);
		execv(program, argv);
		_exit(127);
	}
	return pid;
}

static struct ran *finish(pid_t pid)
{
	static struct ran r;
	int status;

	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	r.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	read_text(in_folder("out"), r.out);
	read_text(in_folder("err"), r.err);
	read_text(in_folder("json"), r.json);
	return &r;
}

static struct ran *run(const char *program, ...)
{
	const char *args[ARGS_MAX];
	va_list list;
	int n = 0;

	va_start(list, program);
	while (n < ARGS_MAX - 1 && (args[n] = va_arg(list, const char *)))
		n++;
	va_end(list);
	args[n] = NULL;
	return finish(start(program, args));
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

#define HAS_PART(text, part)                                                       \
	ck_assert_msg(has(text, part), "\"%s\" is not in:\n%.3000s", part, text)
#define HAS_NO_PART(text, part)                                                    \
	ck_assert_msg(!has(text, part), "\"%s\" is in:\n%.3000s", part, text)

/* What passes may be SLOW where the machine is. */
static void expect_outcome(const struct ran *r, const char *outcome, const char *part)
{
	char text[64];

	if (strcmp(outcome, "PASS") == 0 && has(r->json, "\"outcome\": \"SLOW\""))
		outcome = "SLOW";
	snprintf(text, sizeof(text), "\"outcome\": \"%s\"", outcome);
	HAS_PART(r->json, text);
	if (part)
		HAS_PART(r->json, part);
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
	{"short_accepted_is_lost", "resource_17_submit_to_a_new_executor", "FAIL",
	 "runs of a task whose submit, its request number 1 failing, was accepted"},
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

static void wait_for_json(const char *part)
{
	char text[TEXT_MAX];
	int i;

	for (i = 0; i < 60000; i++) { /* nearly as long as a test may last */
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

	wait_for_json("exec_11_fails");
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

/* ---- bad input ----------------------------------------------------------------------------- */

/* HOSTILE, LIBC and files of the folder stand for paths; see expand(). */
static const struct bad {
	const char *args[7];
	const char *message;
} bads[] = {
	{{NULL}, "no command given"},
	{{"rum"}, "there is no command rum; do you mean run?"},
	{{"frobnicate"}, "there is no command frobnicate; `poolproof --help` lists them"},
	{{"run", "./nowhere.so"}, "./nowhere.so: No such file or directory"},
	{{"run", "nowhere"}, "no such backend among those that come with the tool"},
	{{"run", "@empty"}, "not a shared object"},
	{{"run", "@elf"}, "cannot be loaded as a shared object"},
	{{"run", "@"}, "is no regular file"},
	{{"run", "LIBC"}, "exports no function poolproof_backend"},
	{{"run", "HOSTILE", "-o", "way=wrong_abi"}, "made for version 99 of the ABI, this tool has version 1"},
	{{"run", "HOSTILE", "-o", "way=small_table"}, "its table has 24 bytes and needs"},
	{{"run", "HOSTILE", "-o", "way=no:executor_new"}, "the entry executor_new is NULL, which is mandatory"},
	{{"run", "HOSTILE", "-o", "way=no:submit"}, "the entry submit is NULL, which is mandatory"},
	{{"run", "HOSTILE", "-o", "way=no:result"}, "the entry result is NULL, which is mandatory"},
	{{"run", "HOSTILE", "-o", "way=no:shutdown"}, "the entry shutdown is NULL, which is mandatory"},
	{{"run", "HOSTILE", "-o", "way=no_name"}, "the table has no name"},
	{{"run", "HOSTILE", "-o", "way=bad_concurrency"}, "concurrency is -5"},
	{{"run", "HOSTILE", "-o", "way=no_backend"}, "gives no backend: the moon is in the wrong phase"},
	{{"run", "HOSTILE", "-o", "way=no_reason"}, "does not say why"},
	{{"run", "HOSTILE", "-o", "way=hang_in_load"}, "hangs: every thread is blocked for good while it is loaded"},
	{{"run", "HOSTILE", "-o", "way=exit_in_load"}, "leaves the process with status 0 while it is loaded"},
	{{"run", "HOSTILE", "-o", "way=crash_in_load"}, "while it is loaded"},
	{{"run", "HOSTILE", "-o", "way=wild_table"}, "while it is loaded"},
	{{"run", "HOSTILE", "-o", "way"}, "-o way: an option of the backend is written key=value"},
	{{"run", "HOSTILE", "HOSTILE"}, "one backend at a time"},
	{{"run", "--frob"}, "unknown option --frob; `poolproof run --help` lists them"},
	{{"run", "-x"}, "unknown option -x"},
	{{"run", "--json"}, "the option --json needs a value"},
	{{"run", "--jobs", "0"}, "--jobs 0: give a number from 1 to 1024"},
	{{"run", "--jobs", "two"}, "--jobs two: give a number"},
	{{"run", "--timeout-scale", "-1"}, "--timeout-scale -1: give a number above 0"},
	{{"run", "HOSTILE", "--case", "no_such_case"}, "no_such_case"},
	{{"run", "HOSTILE", "--clause", "NONE-1"}, "NONE-1"},
	{{"run", "HOSTILE", "--feature", "nonesuch"}, "nonesuch"},
	{{"run", "HOSTILE", "--level", "OUGHT"}, "OUGHT"},
	{{"run", "HOSTILE", "--profile", "1.5"}, "1.5"},
	{{"run", "HOSTILE", "--case", "exec_*", "--json", "/nonexistent/x"}, "--json: cannot write /nonexistent/x"},
	{{"run", "HOSTILE", "--case", "exec_*", "--tap", "/nonexistent/x"}, "--tap: cannot write /nonexistent/x"},
	{{"run", "HOSTILE", "--case", "exec_*", "--junit", "/nonexistent/x"}, "--junit: cannot write /nonexistent/x"},
	{{"run", "HOSTILE", "--write-expect", "/nonexistent/x"}, "/nonexistent/x"},
	{{"run", "HOSTILE", "--expect", "/nonexistent/x"}, "/nonexistent/x"},
	{{"run", "HOSTILE", "--expect", "@expect"}, "expect:2:"},
	{{"selfcheck"}, "selfcheck: give one backend"},
	{{"selfcheck", "./nowhere.so"}, "No such file or directory"},
	{{"selfcheck", "--frob"}, "unknown option --frob"},
	{{"selfcheck", "HOSTILE", "-o", "way=wrong_abi"}, "made for version 99"},
	{{"new"}, "new: give one name"},
	{{"new", "my-pool"}, "my-pool: the name is to be letters"},
	{{"new", "../pool"}, "../pool: the name is to be letters"},
	{{"new", "4pool"}, "4pool: the name is to be letters"},
};

static const char *expand(const char *word)
{
	Dl_info info;

	if (word && strcmp(word, "HOSTILE") == 0)
		return hostile;
	if (word && word[0] == '@')
		return in_folder(word + 1);
	if (word && strcmp(word, "LIBC") == 0)
		return dladdr(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"), &info) ? info.dli_fname : "?";
	return word;
}

static void make_files(void)
{
	write_text(in_folder("empty"), "");
	write_text(in_folder("elf"), "\177ELF and then nothing of the kind");
	write_text(in_folder("expect"), "# a comment\nwhat is this\n");
}

/* One line, and it begins with the tool's name. */
static void expect_one_line(const char *err)
{
	const char *end = strchr(err, '\n');

	ck_assert_msg(strncmp(err, "poolproof: ", 11) == 0, "%s", err);
	ck_assert_msg(end && !end[1], "not one line: %s", err);
}

START_TEST(bad_input_is_one_line)
{
	const struct bad *b = &bads[_i];
	const char *args[8] = {NULL};
	struct ran *r;
	int i;

	make_files();
	for (i = 0; i < 7 && b->args[i]; i++)
		args[i] = expand(b->args[i]);
	r = finish(start(tool, args));
	ck_assert_msg(r->status == 2, "status %d: %.2000s%.1000s", r->status, r->out, r->err);
	expect_one_line(r->err);
	HAS_PART(r->err, b->message);
	ck_assert_str_eq(r->out, "");
}
END_TEST

START_TEST(bad_constructor_is_one_line)
{
	static const char *const ways[] = {"crash", "hang"};
	struct ran *r;

	setenv("HOSTILE_CONSTRUCTOR", ways[_i], 1);
	r = run(tool, "run", hostile, NULL);
	unsetenv("HOSTILE_CONSTRUCTOR");
	ck_assert_int_eq(r->status, 2);
	expect_one_line(r->err);
	HAS_PART(r->err, "while it is loaded");
}
END_TEST

/* The manual page, from this file's own place; make runs in the top folder. */
static void read_manual(char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s../../man/poolproof.1", (int)(strlen(__FILE__) - strlen("test_harness.c")),
		 __FILE__);
	read_text(path, text);
	HAS_PART(text, ".Nm poolproof");
}

/* Each --option of the help is in the manual page, in its own section or that of all. */
static void expect_options_in_manual(const char *help)
{
	char manual[TEXT_MAX], word[64];
	const char *at;

	read_manual(manual);
	for (at = strstr(help, "--"); at; at = strstr(at + 2, "--")) {
		snprintf(word, sizeof(word), "Fl Fl %.*s",
			 (int)strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-"), at + 2);
		HAS_PART(manual, word);
	}
}

static void expect_help_of(const char *command)
{
	char name[64];
	struct ran *r = run(tool, command, "--help", NULL);

	ck_assert_int_eq(r->status, 0);
	snprintf(name, sizeof(name), "Usage: poolproof %s", command);
	HAS_PART(r->out, name);
	ck_assert_str_eq(r->err, "");
	expect_options_in_manual(r->out);
	r = run(tool, command, "--version", NULL);
	ck_assert_int_eq(r->status, 0);
	ck_assert_int_eq(strncmp(r->out, "poolproof ", 10), 0);
}

/* Of every command that the tool's own help lists. */
START_TEST(help_and_version)
{
	char *help = strdup(run(tool, "--help", NULL)->out), *line, *rest = help, command[32];
	int count = 0;

	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, "  %31[a-z] ", command) == 1) {
			expect_help_of(command);
			count++;
		}
	ck_assert_int_ge(count, 6);
	free(help);
}
END_TEST

START_TEST(suite_runs_on_the_hostile_one)
{
	struct ran *r = run(tool, "run", hostile, "--case", "exec_6*", "--json", in_folder("json"), NULL);

	ck_assert_msg(r->status == 0, "%.3000s%.500s", r->out, r->err);
	expect_outcome(r, "PASS", NULL);
}
END_TEST

START_TEST(closed_files_do_no_harm)
{
	char command[4 * PATH_MAX];
	struct ran *r;

	snprintf(command, sizeof(command),
		 "exec '%s' run '%s' --case 'exec_6*' --json '%s' <&- >&- 2>&-", tool, hostile,
		 in_folder("json"));
	r = run("/bin/sh", "-c", command, NULL);
	ck_assert_int_eq(r->status, 0);
	expect_outcome(r, "PASS", NULL);
}
END_TEST

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

/* ---- selfcheck and new ------------------------------------------------------------------------ */

static const struct {
	const char *way;
	int status;
	const char *line;
} selfs[] = {
	{"none", 0, " 0 problems"},
	{"garbage_status", 1, "problem      each submit gives a future of its own: submit returned 4711"},
	{"null_is_timeout", 1, "problem      values come back as they were"},
	{"raised_is_value", 1, "problem      exceptions come back as they were"},
	{"changes_out", 1, "problem      a timeout is kept, and leaves the outcome alone"},
	{"one_by_one", 1, "problem      as many tasks run at once as declared"},
	{"inline", 1, "problem      tasks of an inline executor run inside submit"},
	{"half_as_completed", 1, "problem      the table does not contradict itself"},
	{"crash", 1, "problem      values come back"},
	{"hang_shutdown", 1, "every thread is blocked for good"},
};

START_TEST(selfcheck_finds_it)
{
	char option[64];
	struct ran *r;

	snprintf(option, sizeof(option), "way=%s", selfs[_i].way);
	r = run(tool, "selfcheck", hostile, "-o", option, NULL);
	HAS_PART(r->out, selfs[_i].line);
	ck_assert_int_eq(r->status, selfs[_i].status);
	ck_assert_str_eq(r->err, "");
}
END_TEST

START_TEST(new_writes_once)
{
	char absolute[PATH_MAX];
	struct ran *r;

	ck_assert_ptr_nonnull(realpath(tool, absolute));
	ck_assert_int_eq(chdir(folder), 0);
	r = run(absolute, "new", "mypool", NULL);
	ck_assert_int_eq(r->status, 0);
	HAS_PART(r->out, "mypool.so: mypool.c\n\t$(CC) -shared -fPIC");
	r = run(absolute, "new", "mypool", NULL);
	ck_assert_int_eq(r->status, 2);
	HAS_PART(r->err, "mypool.c exists already");
}
END_TEST

/* The command that `poolproof new` printed; nothing of what it builds is red. */
START_TEST(new_adapter_runs)
{
	char absolute[PATH_MAX], *command, *end;
	struct ran *r;

	ck_assert_ptr_nonnull(realpath(tool, absolute));
	ck_assert_int_eq(chdir(folder), 0);
	r = run(absolute, "new", "pool2", NULL);
	command = strstr(r->out, "\tcc -shared");
	end = command ? strchr(command, '\n') : NULL;
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	command = strdup(command);
	r = run("/bin/sh", "-c", command, NULL);
	free(command);
	ck_assert_msg(r->status == 0, "%.3000s", r->err);
	r = run(absolute, "selfcheck", "./pool2.so", NULL);
	ck_assert_msg(r->status == 0, "%.3000s", r->out);
	r = run(absolute, "run", "./pool2.so", "--case", "exec_*", NULL);
	ck_assert_msg(r->status == 0, "%.3000s", r->out);
}
END_TEST

/* ---- small parts --------------------------------------------------------------------------------- */

START_TEST(sanitizer_reports_are_read)
{
	enum outcome o = PASS;
	char *text = sanitizers_report("noise\n==12==ERROR: LeakSanitizer: detected memory leaks\n\n", &o);

	ck_assert_str_eq(text, "ERROR: LeakSanitizer: detected memory leaks");
	ck_assert_int_eq(o, LEAK);
	free(text);
	text = sanitizers_report("====\nWARNING: ThreadSanitizer: data race (pid=7)\n  Read\n", &o);
	ck_assert_str_eq(text, "WARNING: ThreadSanitizer: data race\n  Read");
	ck_assert_int_eq(o, RACE);
	free(text);
	text = sanitizers_report("a.c:3:5: runtime error: shift", &o);
	ck_assert_str_eq(text, "a.c:3:5: runtime error: shift");
	free(text);
	ck_assert_ptr_null(sanitizers_report("panic: runtime error: index out of range", &o));
	ck_assert_ptr_null(sanitizers_report(NULL, &o));
}
END_TEST

START_TEST(slot_text_needs_no_nul)
{
	char text[4] = {'a', 'b', 'c', 'd'}, empty[4] = "";
	char *copy = SLOT_TEXT(text);

	ck_assert_str_eq(copy, "abc");
	free(copy);
	ck_assert_ptr_null(SLOT_TEXT(empty));
}
END_TEST

START_TEST(only_waits_without_end_count)
{
	struct proc_thread t = {.state = 'S', .number = SYS_futex};

	ck_assert(proc_waits_for_others(&t));
	t.args[3] = 1; /* a timeout */
	ck_assert(!proc_waits_for_others(&t));
	t.args[3] = 0;
	t.args[1] = 1; /* FUTEX_WAKE */
	ck_assert(!proc_waits_for_others(&t));
	t.args[1] = 0;
	t.state = 'R';
	ck_assert(!proc_waits_for_others(&t));
	t.state = 'S';
	t.number = -1;
	ck_assert(!proc_waits_for_others(&t));
}
END_TEST

START_TEST(signals_have_names)
{
	ck_assert_str_eq(signal_text(SIGSEGV), "SIGSEGV (Segmentation fault)");
	ck_assert_msg(has(signal_text(64), "64"), "%s", signal_text(64));
}
END_TEST

/* ---- all -------------------------------------------------------------------------------------------- */

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static TCase *group(Suite *s, const char *name)
{
	TCase *t = tcase_create(name);

	tcase_set_timeout(t, 1800); /* for what hangs, on a machine however busy */
	suite_add_tcase(s, t);
	return t;
}

static Suite *harness_suite(void)
{
	Suite *s = suite_create("harness");
	TCase *t = group(s, "verdicts");

	tcase_add_loop_test(t, hostile_way_has_its_verdict, 0, COUNT(ways));
	tcase_add_loop_test(t, case_has_its_verdict, 0, COUNT(cases));
	tcase_add_loop_test(t, each_entry_may_hang, 0, COUNT(each));
	tcase_add_loop_test(t, each_entry_may_crash, 0, COUNT(each));
	tcase_add_loop_test(t, each_entry_may_exit, 0, COUNT(each));
	tcase_add_loop_test(t, each_entry_may_return_garbage, 0, COUNT(each));
	tcase_add_loop_test(t, shortage_has_its_verdict, 0, COUNT(shorts));
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
	t = group(s, "command line");
	tcase_add_loop_test(t, bad_input_is_one_line, 0, COUNT(bads));
	tcase_add_loop_test(t, bad_constructor_is_one_line, 0, 2);
	tcase_add_test(t, help_and_version);
	tcase_add_test(t, suite_runs_on_the_hostile_one);
	tcase_add_test(t, closed_files_do_no_harm);
	t = group(s, "options");
	tcase_add_test(t, jobs_run_at_the_same_time);
	tcase_add_test(t, expectations_go_round);
	tcase_add_test(t, no_expect_does_without);
	tcase_add_loop_test(t, dash_is_the_standard_output, 0, COUNT(dashes));
	tcase_add_test(t, verbose_tells_about_every_case);
	tcase_add_loop_test(t, selection_selects, 0, COUNT(selections));
	t = group(s, "selfcheck and new");
	tcase_add_loop_test(t, selfcheck_finds_it, 0, COUNT(selfs));
	tcase_add_test(t, new_writes_once);
	tcase_add_test(t, new_adapter_runs);
	t = group(s, "parts");
	tcase_add_test(t, sanitizer_reports_are_read);
	tcase_add_test(t, slot_text_needs_no_nul);
	tcase_add_test(t, only_waits_without_end_count);
	tcase_add_test(t, signals_have_names);
	return s;
}

static int run_tests(void)
{
	SRunner *runner = srunner_create(harness_suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}

int main(int argc, char **argv)
{
	char command[64];
	int failed;

	if (argc > 1 && strcmp(argv[1], "run") == 0)
		return cmd_run(argc - 1, argv + 1);
	tool = argc > 1 ? argv[1] : getenv("POOLPROOF");
	hostile = argc > 2 ? argv[2] : getenv("HOSTILE");
	if (!tool || !hostile || !realpath("/proc/self/exe", self) || !mkdtemp(folder)) {
		fprintf(stderr, "usage: POOLPROOF=TOOL HOSTILE=BACKEND %s\n", argv[0]);
		return 2;
	}
	failed = run_tests();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) != 0 || failed ? 1 : 0;
}
