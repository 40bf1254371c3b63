/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "entries.h"

/* Under the GIL. */
static pp_log_hook *log_hook;
static void *log_hook_arg;

static struct object *os;

/* This process is the child of a fork in a thread other than the main one. */
static bool thread_forked;

static bool is_main_thread(void)
{
	struct object *current = py.PyObject_CallMethod(cpython_threading, "current_thread", NULL);
	struct object *main_thread = py.PyObject_CallMethod(cpython_threading, "main_thread", NULL);
	bool is_main = current && current == main_thread;

	cpython_drop(main_thread);
	cpython_drop(current);
	py.PyErr_Clear();
	return is_main;
}

static void call_and_drop(struct object *object, const char *method)
{
	struct object *answer = object ? py.PyObject_CallMethod(object, method, NULL) : NULL;

	cpython_drop(answer);
	py.PyErr_Clear();
}

/*
 * The end of a process that a thread forked, as multiprocessing ends one: the
 * interpreter is not finalized, which crashes in 3.13 (the thread state of the
 * main thread, which the child does not have, is taken up again).
 */
static void leave_forked(int status)
{
	call_and_drop(cpython_threading, "_shutdown");
	call_and_drop(py.PyImport_ImportModule("atexit"), "_run_exitfuncs");
	fflush(NULL);
	_exit(status);
}

static void tell_gone(struct object *capsule)
{
	(void)capsule;
	cpython_set_gone();
}

/*
 * Py_FinalizeEx drops what sys holds at the end: when no Python code runs any more, and
 * before the thread states go.  Since 3.12 a thread that asks for the GIL after that,
 * while Py_FinalizeEx is not over yet, crashes.
 */
static void tell_when_gone(void)
{
	struct object *sys = py.PyImport_ImportModule("sys");
	struct object *capsule = py.PyCapsule_New(&log_hook, "poolproof.gone", tell_gone);

	/* A capsule that sys did not take is kept: to drop it would tell now. */
	if (sys && capsule && py.PyObject_SetAttrString(sys, "_poolproof_gone", capsule) == 0)
		cpython_drop(capsule);
	cpython_drop(sys);
	py.PyErr_Clear();
}

/*
 * As python ends when its main program has: exit handlers, among them the one
 * of concurrent.futures, run while the interpreter is being finalized.  In
 * another thread a Python program has os._exit for this, and nothing else.
 */
static void process_exit(int status)
{
	cpython_enter();
	if (!is_main_thread()) {
		fflush(NULL);
		_exit(status);
	}
	if (thread_forked)
		leave_forked(status);
	tell_when_gone();
	if (py.Py_FinalizeEx() != 0 && status == 0)
		status = 120;
	cpython_set_gone();
	exit(status);
}

/*
 * The child keeps the thread state of the thread that forked, its only one, for
 * good: an interpreter of 3.11 that has let go of its last one aborts when the
 * next is made ("thread state already initialized").
 */
static int process_fork(void)
{
	int gil = cpython_enter();
	bool in_main_thread = is_main_thread();
	struct object *pid;
	int answer = -1;

	cpython_hold_threads();
	pid = py.PyObject_CallMethod(os, "fork", NULL);
	cpython_let_threads_go();
	if (pid)
		answer = (int)py.PyLong_AsLong(pid);
	else
		cpython_take_error(NULL);
	cpython_drop(pid);
	if (answer == 0) {
		thread_forked = !in_main_thread;
		(void)cpython_enter();
	}
	cpython_leave(gil);
	return answer;
}

static void tell_hook(const char *message)
{
	pp_log_hook *hook = log_hook;
	void *hook_arg = log_hook_arg;

	if (!hook)
		return;

	void *state = py.PyEval_SaveThread();
	hook(hook_arg, message);
	py.PyEval_RestoreThread(state);
}

/* handle(record) of the handler. */
static struct object *handle(struct object *self, struct object *record)
{
	struct object *text = py.PyObject_CallMethod(record, "getMessage", NULL);
	char line[1024];

	(void)self;
	if (!text)
		return NULL;

	bool readable = cpython_text(text, line, sizeof(line));
	py.Py_DecRef(text);
	if (!readable)
		return NULL;
	tell_hook(line);
	return py.Py_BuildValue("");
}

/*
 * A logging.Handler whose method handle, rather than emit, is ours: so the
 * handler's lock is not held while the hook runs.
 */
static struct object *new_handler(void)
{
	static struct method method = { "handle", handle, ARGUMENTS_ONE, NULL };
	struct object *base = cpython_import("logging", "Handler");
	struct object *type = cpython_import("builtins", "type");
	struct object *function = py.PyCFunction_NewEx(&method, NULL, NULL);
	struct object *class = NULL, *handler = NULL;

	if (base && type && function)
		class = py.PyObject_CallFunction(type, "s(O){s:O}", "Hook", base, "handle", function);
	if (class)
		handler = py.PyObject_CallFunction(class, NULL);
	cpython_drop(class);
	cpython_drop(function);
	cpython_drop(type);
	cpython_drop(base);
	return handler;
}

static bool install_handler(void)
{
	struct object *get_logger = cpython_import("logging", "getLogger");
	struct object *logger = get_logger ? py.PyObject_CallFunction(get_logger, "s", "concurrent.futures") : NULL;
	struct object *answer = logger ? cpython_call(logger, "addHandler", new_handler()) : NULL;

	cpython_drop(answer);
	cpython_drop(logger);
	cpython_drop(get_logger);
	return answer != NULL;
}

static void set_log_hook(pp_log_hook *hook, void *hook_arg)
{
	static bool installed;
	int gil = cpython_enter();

	log_hook = hook;
	log_hook_arg = hook_arg;
	if (hook && !installed) {
		installed = install_handler();
		if (!installed)
			cpython_take_error(NULL);
	}
	cpython_leave(gil);
}

bool cpython_process_entries(struct pp_backend *b)
{
	b->process_exit = process_exit;
	b->process_fork = process_fork;
	b->set_log_hook = set_log_hook;
	os = py.PyImport_ImportModule("os");
	return os != NULL;
}
