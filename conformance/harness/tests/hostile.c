/* SPDX-License-Identifier: MIT */
/*
 * hostile.c: a backend that misbehaves in the way that -o way=NAME says.
 *
 * Under it is a plain pool, a thread for each task, which is right as far as the
 * cases of test_verdicts.c ask.  A way is an entry of the pool, or of the table,
 * gone wrong; "none" is the pool as it is.  "hang:ENTRY", "crash:ENTRY", "exit:ENTRY"
 * and "garbage:ENTRY" are an entry that does just that.
 *
 * HOSTILE_CONSTRUCTOR=crash or hang in the environment does it in a constructor.
 */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <poolproof/backend.h>

#define TASKS_MAX 64

struct pp_executor {
	pthread_t threads[TASKS_MAX];
	int count;
	bool shut;
};

struct pp_future {
	pthread_mutex_t mu;
	pthread_cond_t finished;
	bool done;
	int status;
	void *outcome;
	pp_task *task;
	void *arg;
	int handles; /* under mu: the caller's and the thread's */
};

static const char *way = "none";

static bool is(const char *name)
{
	return strcmp(way, name) == 0;
}

/* ---- the pool ------------------------------------------------------------------ */

static void drop(struct pp_future *f)
{
	int left;

	pthread_mutex_lock(&f->mu);
	left = --f->handles;
	pthread_mutex_unlock(&f->mu);
	if (left)
		return;
	pthread_mutex_destroy(&f->mu);
	pthread_cond_destroy(&f->finished);
	free(f);
}

static pthread_mutex_t one_by_one = PTHREAD_MUTEX_INITIALIZER;

static void *run_task(void *arg)
{
	struct pp_future *f = arg;
	void *outcome = NULL;
	int status;

	if (is("one_by_one"))
		pthread_mutex_lock(&one_by_one);
	if (is("twice"))
		f->task(f->arg, &outcome);
	status = f->task(f->arg, &outcome);
	if (is("one_by_one"))
		pthread_mutex_unlock(&one_by_one);
	pthread_mutex_lock(&f->mu);
	f->status = status;
	f->outcome = outcome;
	f->done = true;
	pthread_cond_broadcast(&f->finished);
	pthread_mutex_unlock(&f->mu);
	drop(f);
	return NULL;
}

static int pool_new(int max_workers, struct pp_executor **e)
{
	struct pp_executor *fresh;

	if (max_workers <= 0 && max_workers != PP_WORKERS_DEFAULT)
		return PP_INVALID_ARGUMENT;
	fresh = calloc(1, sizeof(*fresh));
	if (!fresh)
		return PP_NO_RESOURCES;
	*e = fresh;
	return PP_OK;
}

static int pool_submit(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	struct pp_future *fresh;

	if (e->shut)
		return PP_SHUTDOWN;
	if (e->count == TASKS_MAX)
		return PP_NO_RESOURCES;
	fresh = calloc(1, sizeof(*fresh));
	if (!fresh)
		return PP_NO_RESOURCES;
	pthread_mutex_init(&fresh->mu, NULL);
	pthread_cond_init(&fresh->finished, NULL);
	fresh->task = task;
	fresh->arg = arg;
	fresh->handles = 2;
	/* The inline way is none: its tasks run when they are asked for their outcome. */
	if (!is("inline")) {
		if (pthread_create(&e->threads[e->count], NULL, run_task, fresh) != 0) {
			free(fresh);
			return PP_NO_RESOURCES;
		}
		e->count++;
	}
	*f = fresh;
	return PP_OK;
}

/* The moment that is timeout seconds away; a day counts as for ever. */
static struct timespec deadline(double timeout)
{
	struct timespec t;

	if (timeout > 86400)
		timeout = 86400;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += (time_t)timeout;
	t.tv_nsec += (long)((timeout - (time_t)timeout) * 1e9);
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static bool pool_done(struct pp_future *f)
{
	bool done;

	pthread_mutex_lock(&f->mu);
	done = f->done;
	pthread_mutex_unlock(&f->mu);
	return done;
}

static int pool_result(struct pp_future *f, double timeout, void **outcome)
{
	struct timespec end = deadline(timeout > 0 ? timeout : 0);
	int status, error = timeout > 0 ? 0 : 1;

	if (is("inline") && !pool_done(f))
		run_task(f);
	pthread_mutex_lock(&f->mu);
	while (!f->done && !error)
		error = isinf(timeout) ? pthread_cond_wait(&f->finished, &f->mu) :
					 pthread_cond_timedwait(&f->finished, &f->mu, &end);
	status = f->done ? f->status : PP_TIMEOUT;
	if (f->done)
		*outcome = f->outcome;
	pthread_mutex_unlock(&f->mu);
	return status;
}

static int pool_shutdown(struct pp_executor *e)
{
	e->shut = true;
	while (e->count)
		pthread_join(e->threads[--e->count], NULL);
	return PP_OK;
}

static void pool_release(struct pp_executor *e)
{
	free(e);
}

static void pool_future_release(struct pp_future *f)
{
	drop(f);
}

/* ---- what goes wrong ---------------------------------------------------------------- */

/* Blocked for good: the lock is held by the thread that waits for it. */
static void hang(void)
{
	pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&mu);
	pthread_mutex_lock(&mu);
}

static void spin(void)
{
	for (volatile unsigned i = 0;; i++)
		;
}

static void crash(void)
{
	int *volatile nowhere = (int *)(uintptr_t)16;

	*nowhere = 1;
}

static void *sleep_for_good(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *hang_for_good(void *arg)
{
	hang();
	return arg;
}

static void leave_thread(void *(*body)(void *))
{
	pthread_t t;

	pthread_create(&t, NULL, body, NULL);
	pthread_setname_np(t, "left-behind");
	pthread_detach(t);
}

static void leave_process(void)
{
	if (fork() == 0)
		sleep_for_good(NULL);
}

/* Its parent leaves at once, so nobody in the case is its parent. */
static void leave_daemon(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		leave_process();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void break_heap(void)
{
	char *p = malloc(64), *volatile q = p;

	free(p);
	free(q);
}

static void close_all(void)
{
	int fd;

	for (fd = 0; fd < 1024; fd++)
		close(fd);
}

static void print_forever(void)
{
	for (;;)
		if (puts("all work and no play makes a pool a dull executor") < 0)
			pause();
}

static void exit_0(void)
{
	exit(0);
}

static void _exit_3(void)
{
	_exit(3);
}

static void print(void)
{
	printf("on stdout\033[31m\n");
	fprintf(stderr, "on stderr ]]> </x> \001\n");
}

static void stop(void)
{
	raise(SIGSTOP);
}

static void terminate(void)
{
	raise(SIGTERM);
}

static void kill_self(void)
{
	raise(SIGKILL);
}

static void leave_open(void)
{
	if (open("/dev/null", O_RDONLY) < 0)
		abort();
}

static void leave_open_once(void)
{
	static bool open_now;

	if (!open_now)
		leave_open();
	open_now = true;
}

static void close_one(void)
{
	close(STDIN_FILENO);
}

static void leave_blocked_thread(void)
{
	leave_thread(hang_for_good);
}

static void leave_sleeping_thread(void)
{
	leave_thread(sleep_for_good);
}

static void kill_parent(void)
{
	kill(getppid(), SIGKILL);
	sleep_for_good(NULL);
}

static void stop_parent(void)
{
	kill(getppid(), SIGSTOP);
	sleep_for_good(NULL);
}

static int raced;

static void *race_once(void *arg)
{
	raced++;
	return arg;
}

/* For ThreadSanitizer. */
static void race(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, race_once, NULL);
	pthread_create(&b, NULL, race_once, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

static void *volatile kept;

/* For LeakSanitizer and Valgrind. */
static void lose_memory(void)
{
	kept = malloc(100);
	kept = NULL;
}

/* For AddressSanitizer and Valgrind. */
static void use_after_free(void)
{
	char *volatile p = malloc(100);

	free(p);
	if (p[10] == 'x')
		puts("x");
}

static void nothing(void)
{
}

/* The ways that happen in the middle of submit. */
static const struct deed {
	const char *way;
	void (*act)(void);
} deeds[] = {
	{"crash", crash},
	{"hang_submit", hang},
	{"spin", spin},
	{"exit0", exit_0},
	{"_exit", _exit_3},
	{"close_all", close_all},
	{"print", print},
	{"print_forever", print_forever},
	{"sigstop", stop},
	{"sigterm", terminate},
	{"sigkill", kill_self},
	{"abort", abort},
	{"heap", break_heap},
	{"threads_left", leave_blocked_thread},
	{"sleeper_left", leave_sleeping_thread},
	{"process_left", leave_process},
	{"daemon_left", leave_daemon},
	{"fd_left", leave_open},
	{"fd_left_once", leave_open_once},
	{"fd_closed", close_one},
	{"kill_parent", kill_parent},
	{"stop_parent", stop_parent},
	{"race", race},
	{"lose_memory", lose_memory},
	{"use_after_free", use_after_free},
	{"none", nothing},
};

static void act(void)
{
	size_t i;

	for (i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (is(deeds[i].way))
			deeds[i].act();
}

/* ---- a bounded queue: one worker and so much behind it, or so the table says -------------- */

#define BOUND 2

/* "bound_refuses", "bound_blocks", and both with "_early", with room left; and "bound_overtaken". */
static bool is_bounded(void)
{
	return strncmp(way, "bound_", 6) == 0;
}

static bool seems_full(const struct pp_executor *e)
{
	return e->count >= (strstr(way, "_early") ? BOUND : 1 + BOUND);
}

/* The main thread comes when there is room for one, which another thread takes meanwhile. */
static int submit_overtaken(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	static atomic_bool is_inside, is_full;
	int status;

	if (gettid() != getpid()) {
		while (!is_inside)
			usleep(100);
		status = pool_submit(e, task, arg, f);
		is_full = true;
		return status;
	}
	if (e->count < BOUND)
		return pool_submit(e, task, arg, f);
	is_inside = true;
	while (!is_full)
		usleep(100);
	hang();
	return PP_OK;
}

static int submit_bounded(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	if (is("bound_overtaken"))
		return submit_overtaken(e, task, arg, f);
	if (!seems_full(e))
		return pool_submit(e, task, arg, f);
	if (strstr(way, "blocks"))
		hang();
	return PP_NO_RESOURCES;
}

/* ---- what goes wrong when memory runs out ------------------------------------------- */

static bool have_memory(void)
{
	void *volatile block = malloc(16);

	free(block);
	return block != NULL;
}

static int new_keeping_a_thread(int max_workers, struct pp_executor **e)
{
	if (have_memory())
		return pool_new(max_workers, e);
	leave_thread(sleep_for_good);
	return PP_NO_RESOURCES;
}

static int submit_and_refuse(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	struct pp_future *fresh;
	int status = pool_submit(e, task, arg, &fresh);

	if (status != PP_OK)
		return status;
	if (have_memory()) {
		*f = fresh;
		return PP_OK;
	}
	drop(fresh);
	return PP_NO_RESOURCES;
}

static int submit_and_leak(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	void *volatile block = malloc(16);
	int status = block ? pool_submit(e, task, arg, f) : PP_NO_RESOURCES;

	if (status == PP_OK)
		free(block);
	return status;
}

static int forget(void *arg, void **outcome)
{
	(void)arg;
	(void)outcome;
	return PP_OK;
}

static int submit_and_lose(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	return pool_submit(e, have_memory() ? task : forget, arg, f);
}

static int hostile_new(int max_workers, struct pp_executor **e)
{
	if (is("short_new_keeps_thread"))
		return new_keeping_a_thread(max_workers, e);
	if (is("new_fails"))
		return PP_NO_RESOURCES;
	if (is("hang_new"))
		hang();
	return pool_new(max_workers, e);
}

static int hostile_submit(struct pp_executor *e, pp_task *task, void *arg, struct pp_future **f)
{
	act();
	if (is("garbage_status"))
		return 4711;
	if (is("no_handle"))
		return PP_OK;
	if (is_bounded())
		return submit_bounded(e, task, arg, f);
	if (is("short_refused_runs"))
		return submit_and_refuse(e, task, arg, f);
	if (is("short_refused_leaks"))
		return submit_and_leak(e, task, arg, f);
	if (is("short_accepted_is_lost"))
		return submit_and_lose(e, task, arg, f);
	if (is("short_refused_writes") && !have_memory())
		*f = (struct pp_future *)e;
	if (is("short_crashes") && !have_memory())
		crash();
	if (is("short_wrong_status") && !have_memory())
		return PP_SHUTDOWN;
	return pool_submit(e, task, arg, f);
}

static int hostile_result(struct pp_future *f, double timeout, void **outcome)
{
	int status;

	if (is("hang_result"))
		hang();
	if (is("changes_out"))
		*outcome = NULL;
	status = pool_result(f, timeout, outcome);
	if (is("wrong_value") && status == PP_OK)
		*outcome = (char *)*outcome + 1;
	if (is("null_is_timeout") && status == PP_OK && !*outcome)
		return PP_TIMEOUT;
	if (is("raised_is_value") && status == PP_RAISED)
		return PP_OK;
	return status;
}

static int hostile_shutdown(struct pp_executor *e)
{
	if (is("hang_shutdown"))
		hang();
	if (is("crash_shutdown"))
		crash();
	return pool_shutdown(e);
}

static void hostile_executor_release(struct pp_executor *e)
{
	if (is("hang_release"))
		hang();
	pool_release(e);
}

static void hostile_finish(void)
{
	if (is("hang_finish"))
		hang();
	if (is("hang_at_exit"))
		atexit(hang);
	if (is("crash_at_exit"))
		atexit(crash);
}

static void hostile_process_exit(int status)
{
	if (is("use_after_free_at_exit"))
		atexit(use_after_free);
	exit(status);
}

static int hostile_as_completed_begin(struct pp_future *const *fs, size_t count, double timeout,
				      struct pp_completed **it)
{
	(void)fs;
	(void)count;
	(void)timeout;
	(void)it;
	return PP_NO_RESOURCES;
}

/* ---- the table ------------------------------------------------------------------------ */

static struct pp_backend table = {
	.size = sizeof(table),
	.abi = PP_ABI_VERSION,
	.name = "hostile",
	.version = "1.0",
	.concurrency = PP_UNLIMITED,
	.queue_bound = PP_UNLIMITED,
	.executor_new = hostile_new,
	.submit = hostile_submit,
	.result = hostile_result,
	.shutdown = hostile_shutdown,
	.executor_release = hostile_executor_release,
	.future_release = pool_future_release,
	.done = pool_done,
	.finish = hostile_finish,
};

/* Entries of any type are called as this; what they are given does not matter. */
static int do_any(void)
{
	if (strncmp(way, "hang:", 5) == 0)
		hang();
	if (strncmp(way, "crash:", 6) == 0)
		crash();
	if (strncmp(way, "exit:", 5) == 0)
		exit(5);
	return 4711;
}

#define ENTRY(name) {#name, offsetof(struct pp_backend, name)}
static const struct {
	const char *name;
	size_t offset;
} entries[] = {
	ENTRY(executor_new), ENTRY(executor_new_with_initializer), ENTRY(executor_new_named),
	ENTRY(submit), ENTRY(submit_with_release), ENTRY(shutdown), ENTRY(shutdown_nowait),
	ENTRY(shutdown_cancel), ENTRY(executor_release), ENTRY(worker_count), ENTRY(result),
	ENTRY(exception), ENTRY(cancel), ENTRY(cancelled), ENTRY(running), ENTRY(done),
	ENTRY(add_done_callback), ENTRY(future_release), ENTRY(future_new),
	ENTRY(set_running_or_notify_cancel), ENTRY(set_result), ENTRY(set_exception), ENTRY(wait),
	ENTRY(as_completed_begin), ENTRY(as_completed_next), ENTRY(as_completed_end),
	ENTRY(map_begin), ENTRY(map_next), ENTRY(map_end), ENTRY(set_log_hook), ENTRY(finish),
};

/* The entry of the way, and those that go with it: as_completed_* and map_*. */
static bool goes_with(const char *name, const char *target)
{
	return strcmp(name, target) == 0 ||
	       (strncmp(target, "map_", 4) == 0 && strncmp(name, "map_", 4) == 0) ||
	       (strncmp(target, "as_completed_", 13) == 0 && strncmp(name, "as_completed_", 13) == 0);
}

static void spoil_entry(const char *target)
{
	int (*any)(void) = do_any;
	size_t i;

	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (goes_with(entries[i].name, target))
			memcpy((char *)&table + entries[i].offset, &any, sizeof(any));
}

static void withdraw_entry(const char *target)
{
	size_t i;

	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (strcmp(entries[i].name, target) == 0)
			memset((char *)&table + entries[i].offset, 0, sizeof(table.submit));
}

static void spoil_table(void)
{
	if (strchr(way, ':'))
		spoil_entry(strchr(way, ':') + 1);
	if (strncmp(way, "no:", 3) == 0)
		withdraw_entry(way + 3);
	if (is("wrong_abi"))
		table.abi = 99;
	if (is("small_table"))
		table.size = 24;
	if (is("old_table"))
		table.size = offsetof(struct pp_backend, result) + sizeof(table.result);
	if (is("no_name"))
		table.name = NULL;
	if (is("bad_concurrency"))
		table.concurrency = -5;
	if (is("inline"))
		table.concurrency = 0;
	if (is_bounded()) {
		table.concurrency = 1;
		table.queue_bound = BOUND;
	}
	if (is("bad_name"))
		table.name = "evil\033[2J\n<name attr=\"'\">&]]>";
	if (is("exits") || is("use_after_free_at_exit"))
		table.process_exit = hostile_process_exit;
	if (is("half_as_completed"))
		table.as_completed_begin = hostile_as_completed_begin;
	if (is("half_map")) {
		spoil_entry("map_begin");
		withdraw_entry("map_end");
	}
	if (is("half_author"))
		spoil_entry("set_result");
}

const struct pp_backend *poolproof_backend(const struct pp_host *host);

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	size_t i;

	for (i = 0; i < host->option_count; i++)
		if (strcmp(host->options[i].key, "way") == 0)
			way = host->options[i].value;
	if (is("fd_of_load"))
		leave_open();
	if (is("crash_in_load"))
		crash();
	if (is("hang_in_load"))
		hang();
	if (is("exit_in_load"))
		exit(0);
	if (is("wild_table"))
		return (const struct pp_backend *)(uintptr_t)8;
	if (is("no_backend"))
		snprintf(host->error, host->error_size, "the moon is in the wrong phase\nand more");
	if (is("no_backend") || is("no_reason"))
		return NULL;
	spoil_table();
	return &table;
}

__attribute__((constructor)) static void construct(void)
{
	const char *how = getenv("HOSTILE_CONSTRUCTOR");

	if (how && strcmp(how, "crash") == 0)
		crash();
	if (how && strcmp(how, "hang") == 0)
		hang();
}
