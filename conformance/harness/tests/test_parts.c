/* SPDX-License-Identifier: MIT */
/* test_parts.c: small parts of the harness that need no backend. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest.h"
#include "../proc.h"
#include "../sanitizers.h"
#include "../slot.h"
#include "../watch.h"

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

START_TEST(objects_are_looked_into)
{
	char name[] = "/tmp/poolproof-object-XXXXXX";
	static const char text[] = "\177ELF\0__tsan_init\0";
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	ck_assert(sanitizers_know(name)); /* empty: nothing is known about it */
	ck_assert_int_eq(write(fd, text, 5), 5);
	ck_assert(!sanitizers_know(name));
	ck_assert_int_eq(write(fd, text + 5, sizeof(text) - 5), (ssize_t)sizeof(text) - 5);
	ck_assert(sanitizers_know(name));
	close(fd);
	unlink(name);
	ck_assert(sanitizers_know(name));
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

/* On one processor, so that they are in each other's way. */
static pid_t start_spinner(void)
{
	cpu_set_t first;
	pid_t pid = fork();

	if (pid)
		return pid;
	sched_getaffinity(0, sizeof(first), &first);
	for (int cpu = 0, found = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &first) && found++)
			CPU_CLR(cpu, &first);
	sched_setaffinity(0, sizeof(first), &first);
	for (volatile unsigned i = 0;; i++)
		;
}

/* A root with a spinner, beside three that are none of its. */
START_TEST(others_starve_a_process)
{
	struct watch_share share = {0};
	struct proc_thread t;
	pid_t root, child, others[3];
	double starved = 0, begin;
	int told[2];

	ck_assert_int_eq(pipe(told), 0);
	root = fork();
	if (root == 0) {
		child = start_spinner();
		if (write(told[1], &child, sizeof(child)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(told[0], &child, sizeof(child)), sizeof(child));
	for (int i = 0; i < 3; i++)
		others[i] = start_spinner();
	begin = now();
	ck_assert(watch_starved(&share, root) == 0);
	while (starved < 0.05) {
		usleep(1000);
		starved += watch_starved(&share, root);
	}
	ck_assert(share.ran > 0 && starved <= now() - begin);
	kill(child, SIGSTOP);
	while (proc_thread_read(child, child, &t) && t.state != 'T')
		usleep(1000);
	ck_assert(watch_starved(&share, root) == 0);
	kill(child, SIGKILL);
	kill(root, SIGKILL);
	waitpid(root, NULL, 0);
	ck_assert(watch_starved(&share, root) == 0);
	for (int i = 0; i < 3; i++) {
		kill(others[i], SIGKILL);
		waitpid(others[i], NULL, 0);
	}
	close(told[0]);
	close(told[1]);
}
END_TEST

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (;;)
		pause();
}

static void *start_sleeper_in_a_thread(void *told)
{
	pid_t pid = start_sleeper();

	if (write(*(int *)told, &pid, sizeof(pid)) < 0)
		_exit(1);
	for (;;)
		pause();
}

/* Below root a child, one of another thread of its, one that has ended, and one of the first: what both ways find. */
START_TEST(descendants_are_found)
{
	pid_t root, pids[4], below[3];
	int told[2];

	ck_assert_int_eq(pipe(told), 0);
	root = fork();
	if (root == 0) {
		pthread_t thread;
		pid_t child = fork();

		if (child == 0)
			start_sleeper_in_a_thread(&told[1]);
		if (write(told[1], &child, sizeof(child)) < 0)
			_exit(1);
		child = fork();
		if (child == 0)
			_exit(0);
		waitid(P_PID, child, &(siginfo_t){0}, WEXITED | WNOWAIT);
		pthread_create(&thread, NULL, start_sleeper_in_a_thread, &told[1]);
		for (;;)
			pause();
	}
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(read(told[0], &below[i], sizeof(below[i])), sizeof(below[i]));
	for (int way = 0; way < 2; way++) {
		proc_reads_all = way;
		ck_assert_uint_eq(proc_descendants(getpid(), pids, 4), 4);
		ck_assert_int_eq(pids[0], root);
		ck_assert_uint_eq(proc_descendants(root, pids, 4), 3);
		for (int i = 0; i < 3; i++)
			ck_assert(pids[0] == below[i] || pids[1] == below[i] || pids[2] == below[i]);
		ck_assert_uint_gt(proc_descendants(root, pids, 1), 1);
	}
	proc_reads_all = false;
	for (int i = 0; i < 3; i++)
		kill(below[i], SIGKILL);
	kill(root, SIGKILL);
	waitpid(root, NULL, 0);
	ck_assert_uint_eq(proc_descendants(getpid(), pids, 4), 0);
	close(told[0]);
	close(told[1]);
}
END_TEST

START_TEST(signals_have_names)
{
	ck_assert_str_eq(signal_text(SIGSEGV), "SIGSEGV (Segmentation fault)");
	ck_assert_msg(strstr(signal_text(64), "64") != NULL, "%s", signal_text(64));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("parts");
	TCase *t = tcase_create("parts");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_test(t, sanitizer_reports_are_read);
	tcase_add_test(t, objects_are_looked_into);
	tcase_add_test(t, slot_text_needs_no_nul);
	tcase_add_test(t, only_waits_without_end_count);
	tcase_add_test(t, others_starve_a_process);
	tcase_add_test(t, descendants_are_found);
	tcase_add_test(t, signals_have_names);
	suite_add_tcase(s, t);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
