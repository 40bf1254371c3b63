/* SPDX-License-Identifier: MIT */
/* worker_names.c: the names of workers. */
#include "case.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct named {
	struct barrier *meeting; /* so that each runs on a worker of its own */
	struct record *workers;	 /* that have run such a task */
	long worker;
	int status;
	char name[512];
};

/* Of the thread that calls: as long as it lives, and no other's after it. */
static long number_of_worker(struct record *workers)
{
	static _Thread_local long number;

	if (!number) {
		record_add(workers, 1);
		number = record_count(workers);
	}
	return number;
}

static int task_name(void *arg, void **outcome)
{
	struct named *n = arg;

	(void)outcome;
	n->worker = number_of_worker(n->workers);
	n->status = backend()->worker_name(n->name, sizeof(n->name));
	if (n->meeting)
		barrier_meet(n->meeting);
	return PP_OK;
}

/* Have count tasks note the names of their workers; of as many workers if they meet. */
static struct named *names_of(struct pp_executor *e, int count, bool meet)
{
	struct named *names = shared_alloc((size_t)count * sizeof(*names));
	struct barrier *b = meet ? barrier_new(count) : NULL;
	struct record *workers = record_new();

	for (int i = 0; i < count; i++) {
		names[i].meeting = b;
		names[i].workers = workers;
		submit(e, task_name, &names[i]);
	}
	shutdown_wait(e);
	for (int i = 0; i < count; i++) {
		context("worker_name inside task number %d", i);
		EXPECT_STATUS(PP_OK, names[i].status);
	}
	return names;
}

/* WORKER-27: three workers at once. */
CASE(worker_27_names_begin_with_the_prefix)
{
	NEED(worker_name);
	struct named *names = names_of(executor_new_named(3, "mill"), 3, true);

	for (int i = 0; i < 3; i++) {
		context("the name of worker number %d, whose executor has the prefix \"mill\"", i);
		names[i].name[4] = '\0';
		EXPECT_STR("mill", names[i].name);
	}
}

/* WORKER-27: a prefix that is longer than what a system keeps for the name of a thread. */
CASE(worker_27_names_begin_with_a_prefix_that_looks_like_a_format)
{
	static const char prefix[] = "100%-%d-%s-%%";
	NEED(worker_name);
	struct named *names = names_of(executor_new_named(1, prefix), 1, false);

	context("the name of the only worker is \"%s\"", names->name);
	EXPECT(strncmp(prefix, names->name, strlen(prefix)) == 0);
}

CASE(worker_27_each_executor_has_its_own_prefix)
{
	static const char *const prefixes[] = {"mill", "weir", "race"};
	NEED(worker_name);

	for (int i = 0; i < 3; i++) {
		struct named *names = names_of(executor_new_named(1, prefixes[i]), 1, false);

		context("the name of the only worker of executor number %d, with the prefix \"%s\"", i, prefixes[i]);
		names->name[4] = '\0';
		EXPECT_STR(prefixes[i], names->name);
	}
}

CASE(worker_27_names_begin_with_a_long_prefix)
{
	char prefix[300];
	NEED(worker_name);
	for (size_t i = 0; i < sizeof(prefix); i++)
		prefix[i] = "mill-wheel-"[i % 11];
	prefix[sizeof(prefix) - 1] = '\0';
	struct named *names = names_of(executor_new_named(1, prefix), 1, false);

	context("the name of the only worker is \"%s\"", names->name);
	EXPECT(strncmp(prefix, names->name, strlen(prefix)) == 0);
}

/* WORKER-28: the same three. */
CASE(worker_28_names_differ)
{
	NEED(worker_name);
	struct named *names = names_of(executor_new_named(3, "mill"), 3, true);

	for (int i = 0; i < 3; i++) {
		context("the names of three workers are \"%s\", \"%s\" and \"%s\"", names[0].name, names[1].name, names[2].name);
		EXPECT(strcmp(names[i].name, names[(i + 1) % 3].name) != 0);
	}
}

/* WORKER-28: so many that their numbers have different lengths. */
CASE(worker_28_names_of_twelve_differ)
{
	NEED(worker_name);
	struct named *names = names_of(executor_new_named(12, "mill"), 12, true);

	for (int i = 0; i < 12; i++)
		for (int k = 0; k < i; k++) {
			context("two of twelve workers are called \"%s\" and \"%s\"", names[i].name, names[k].name);
			EXPECT(strcmp(names[i].name, names[k].name) != 0);
		}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* WORKER-28: more than a byte can count. */
CASE(worker_28_names_of_257_differ)
{
	enum { N = 257 };

	NEED(worker_name);
	struct named *names = names_of(executor_new_named(N, "mill"), N, true);

	qsort(names, N, sizeof(*names), by_name);
	for (int i = 1; i < N; i++) {
		context("two of %d workers are called \"%s\"", N, names[i].name);
		EXPECT(strcmp(names[i].name, names[i - 1].name) != 0);
	}
}

/* WORKER-29: five tasks, one after the other.  A worker that took the place of another has a name of its own. */
CASE(worker_29_name_stays)
{
	NEED(worker_name);
	struct named *names = names_of(executor_new_named(1, "mill"), 5, false);
	bool stays = false;

	for (int i = 1; i < 5; i++) {
		if (names[i].worker != names[i - 1].worker)
			continue;
		stays = true;
		context("the name of the only worker, in task number %d and in the one before", i);
		EXPECT_STR(names[i - 1].name, names[i].name);
	}
	if (!stays)
		unsupported("no worker ran two tasks");
}

/* What a worker is told of its name in its initializer, and in its task. */
struct twice_named {
	pthread_t thread[2];
	int status[2];
	char name[2][512];
};

static void note_name(struct twice_named *n, int at)
{
	n->thread[at] = pthread_self();
	n->status[at] = backend()->worker_name(n->name[at], sizeof(n->name[at]));
}

static int initializer_notes_name(void *n)
{
	note_name(n, 0);
	return PP_OK;
}

static int task_notes_name(void *n, void **outcome)
{
	(void)outcome;
	note_name(n, 1);
	return PP_OK;
}

CASE(worker_29_name_in_the_initializer)
{
	NEED(worker_name);
	struct twice_named *n = shared_alloc(sizeof(*n));
	struct pp_executor *e = executor_new_with_initializer(1, initializer_notes_name, n);

	submit(e, task_notes_name, n);
	shutdown_wait(e);
	if (!pthread_equal(n->thread[0], n->thread[1]))
		unsupported("the worker that ran the task is another one");
	context("worker_name in the initializer of a worker");
	EXPECT_STATUS(PP_OK, n->status[0]);
	context("worker_name in a task of a worker");
	EXPECT_STATUS(PP_OK, n->status[1]);
	EXPECT_STR(n->name[0], n->name[1]);
}

/* WORKER-30: overwritten before the first worker can be there for work. */
CASE(worker_30_prefix_is_borrowed_for_the_call)
{
	NEED(worker_name);
	char prefix[] = "mill";
	struct pp_executor *e = executor_new_named(2, prefix);

	memset(prefix, '!', sizeof(prefix) - 1);
	struct named *names = names_of(e, 2, true);
	for (int i = 0; i < 2; i++) {
		context("the name of a worker whose prefix \"mill\" was overwritten after the call");
		names[i].name[4] = '\0';
		EXPECT_STR("mill", names[i].name);
	}
}

/* WORKER-31: some name. */
CASE(worker_31_name_without_prefix)
{
	NEED(worker_name);
	struct named *names = names_of(executor_new(1), 1, false);

	context("the name of a worker whose executor has no prefix");
	EXPECT(names[0].name[0] != '\0');
}

/* WORKER-32: the main thread, with executors about. */
CASE(worker_32_no_name_for_others)
{
	NEED(worker_name);
	char buffer[16] = "untouched";

	executor_any();
	context("worker_name on the main thread");
	EXPECT_STATUS(PP_INVALID_STATE, backend()->worker_name(buffer, sizeof(buffer)));
}

/* Where a callback was called, and what it was told there. */
struct place {
	bool in_caller;
	int status;
};

static _Thread_local bool is_caller;

static int callback_name(struct pp_future *f, void *arg)
{
	struct place *p = arg;
	char buffer[16];

	(void)f;
	p->in_caller = is_caller;
	p->status = backend()->worker_name(buffer, sizeof(buffer));
	return PP_OK;
}

/* WORKER-32: a thread that calls off the work of an executor is none of its workers. */
CASE(worker_32_no_name_for_a_callback_in_the_caller)
{
	NEED(worker_name);
	NEED(add_done_callback);
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct place places[3] = {{0}};

	is_caller = true;
	for (int i = 0; i < 3; i++) {
		struct pp_future *f = submit(e, must_not_run, NULL);

		REQUIRE(add_done_callback(f, callback_name, &places[i]) == PP_OK);
		if (i == 0)
			REQUIRE(cancel(f));
	}
	shutdown_cancel(e, false);
	gate_open(gate);
	shutdown_wait(e);
	for (int i = 0; i < 3; i++) {
		context("worker_name in a done callback of future number %d, called by a thread that is no worker", i);
		EXPECT(!places[i].in_caller || places[i].status == PP_INVALID_STATE);
	}
}

struct cut {
	char buffer[8];
	int status[4];
	char written[4][8];
};

static int task_cut(void *arg, void **outcome)
{
	struct cut *c = arg;

	(void)outcome;
	for (size_t size = 0; size < 4; size++) {
		memset(c->buffer, '#', sizeof(c->buffer));
		c->status[size] = backend()->worker_name(c->buffer, size);
		memcpy(c->written[size], c->buffer, sizeof(c->buffer));
	}
	return PP_OK;
}

/* WORKER-33: none to three bytes for a longer name; the rest stays as it was. */
CASE(worker_33_name_is_cut_to_size)
{
	NEED(worker_name);
	struct pp_executor *e = executor_new_named(1, "mill");
	struct cut *c = shared_alloc(sizeof(*c));
	void *outcome;

	REQUIRE(result(submit(e, task_cut, c), PP_FOREVER, &outcome) == PP_OK);
	context("worker_name into no bytes");
	EXPECT(memcmp(c->written[0], "########", 8) == 0);
	for (size_t size = 1; size < 4; size++) {
		context("worker_name into %zu bytes", size);
		EXPECT_STATUS(PP_OK, c->status[size]);
		EXPECT_INT((long)size - 1, (long)strnlen(c->written[size], 8));
		EXPECT(memcmp(c->written[size], "mill", size - 1) == 0);
		EXPECT(memcmp(c->written[size] + size, "#######", 8 - size) == 0);
	}
}
