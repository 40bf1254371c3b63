/* SPDX-License-Identifier: MIT */
/*
 * test_cpython.c: what the adapter of CPython makes of a class that is not like ThreadPoolExecutor.
 *
 *	POOLPROOF=build/poolproof HOSTILE=build/harness-tests/hostile.so test_cpython
 *
 * Does nothing where the backend is not built, or finds no libpython.
 */
#include "ran.h"

static const char odd[] = "import threading\n"
			  "from concurrent.futures import Executor, Future, ThreadPoolExecutor\n"
			  "class Inline(Executor):\n" /* no max_workers */
			  "    shut = False\n"
			  "    def submit(self, call, *args):\n"
			  "        if self.shut:\n"
			  "            raise RuntimeError('Can not schedule new futures after being shutdown')\n"
			  "        f = Future()\n"
			  "        try:\n"
			  "            f.set_result(call(*args))\n"
			  "        except Exception as e:\n"
			  "            f.set_exception(e)\n"
			  "        return f\n"
			  "    def shutdown(self, wait=True):\n"
			  "        self.shut = True\n"
			  "class Local(ThreadPoolExecutor):\n" /* a thread that submits twice is one thread */
			  "    mine = threading.local()\n"
			  "    makers = 0\n"
			  "    def submit(self, *args):\n"
			  "        if not hasattr(self.mine, 'made'):\n"
			  "            self.mine.made = True\n"
			  "            Local.makers += 1\n"
			  "        assert Local.makers <= 5, 'a thread has lost its thread locals'\n"
			  "        return super().submit(*args)\n"
			  "class NoMap:\n"
			  "    def __init__(self, max_workers=None):\n"
			  "        self.pool = ThreadPoolExecutor(max_workers)\n"
			  "        self.submit, self.shutdown = self.pool.submit, self.pool.shutdown\n";

static const struct {
	const char *executor;
	const char *option;
	const char *name;
	const char *part;
	int status;
} classes[] = {
	{"odd:Inline", "concurrency=0", "exec_6_value_is_the_result", " PASS (", 0},
	{"odd:Inline", "concurrency=0", "exec_1_no_workers", " PASS (", 0},
	{"odd:Inline", "concurrency=0", "exec_22_refused_and_not_written", " PASS (", 0},
	{"odd:Local", "kwargs={}", "exec_21_several_threads_submit", " PASS (", 0},
	{"odd:NoMap", "kwargs={}", "map_1_*", " UNSUPPORTED (", 0},
	{"odd:Local", "without=cancel,map", "cancel_1_submitted_pending", " UNSUPPORTED (", 0},
	{"odd:Local", "without=map", "cancel_1_submitted_pending", " PASS (", 0},
	{"odd:Local", "without=map,moon", "cancel_1_submitted_pending", "without=moon: ", 2},
	{"odd:Local", "queue_bound=-1", "exec_20_much_work_while_all_are_busy", "queue_bound=-1: ", 2},
	{"odd:Local", "memory=separate", "exec_16_begins_by_itself", " (", 0},
	{"odd:Local", "memory=rented", "exec_16_begins_by_itself", "memory=rented: ", 2},
};

START_TEST(class_is_adapted)
{
	char executor[64], path[PATH_MAX + 8];
	struct ran *r;

	write_text(in_folder("odd.py"), odd);
	snprintf(executor, sizeof(executor), "executor=%s", classes[_i].executor);
	snprintf(path, sizeof(path), "path=%s", folder);
	r = run(tool, "run", "cpython", "--no-expect", "-o", executor, "-o", path, "-o", classes[_i].option,
		"--case", classes[_i].name, NULL);
	HAS_PART(r->status == 2 ? r->err : r->out, classes[_i].part);
	ck_assert_int_eq(r->status, classes[_i].status);
}
END_TEST

static Suite *cpython_suite(void)
{
	Suite *s = suite_create("adapter of CPython");
	TCase *t = tcase_create("classes");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 0);
	if (run(tool, "run", "cpython", "--no-expect", "--case", "exec_6_value_is_the_result", NULL)->status != 2)
		tcase_add_loop_test(t, class_is_adapted, 0, COUNT(classes));
	return s;
}

int main(int argc, char **argv)
{
	return ran_main(argc, argv, cpython_suite);
}
