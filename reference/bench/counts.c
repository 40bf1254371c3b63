/* SPDX-License-Identifier: MIT */
/*
 * counts.c: work that does the same steps every time, to be counted.
 *
 *	counts PHASE COUNT [WORKERS]
 *
 * prints "allocations N" and "bytes N": what PHASE allocates for COUNT futures,
 * and what of that is held while they are all pending.  Run under a tool
 * that counts (./guard does), with two counts, the difference is what the
 * futures cost, with everything that happens once taken away.
 *
 * But for rtt and free_fut, which are for looking only, one worker stays at a gate
 * while work is submitted, and the main thread sleeps outside the library
 * while it is run: no lock is ever contended and nobody is woken by a submit.
 */
#define _GNU_SOURCE
#include "cfutures.h"

#include <malloc.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- allocations, by the linker's --wrap -------------------------------- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

static atomic_size_t allocations, bytes;

/* One word of bookkeeping goes with each. */
static void *count_allocation(void *p)
{
	allocations++;
	bytes += malloc_usable_size(p) + sizeof(size_t);
	return p;
}

void *__wrap_malloc(size_t size)
{
	return count_allocation(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return count_allocation(__real_calloc(count, size));
}

void *__wrap_realloc(void *p, size_t size)
{
	return count_allocation(__real_realloc(p, size));
}

/* ---- the pool ------------------------------------------------------------- */

static struct cf_executor *pool;
static struct cf_future *futures[1 << 20];
static size_t count;
static sem_t inside, gate, ended;

static int pass_gate(void *arg, void **outcome)
{
	(void)arg;
	(void)outcome;
	sem_post(&inside);
	sem_wait(&gate);
	return CF_OK;
}

static int nothing(void *arg, void **outcome)
{
	*outcome = arg;
	return CF_OK;
}

static int end(void *arg, void **outcome)
{
	(void)arg;
	(void)outcome;
	sem_post(&ended);
	return CF_OK;
}

static void must(enum cf_status status)
{
	if (status == CF_OK)
		return;
	fprintf(stderr, "counts: %s\n", cf_status_name(status));
	exit(1);
}

static void hold(void)
{
	must(cf_executor_submit(pool, pass_gate, NULL, NULL));
	sem_wait(&inside);
}

/* See to it that so many workers are there, and idle. */
static void all_workers(int workers)
{
	for (int i = 0; i < workers; i++)
		hold();
	for (int i = 0; i < workers; i++)
		sem_post(&gate);
}

/* Let the worker run what is queued, and sleep until it has. */
static void let_run(void)
{
	must(cf_executor_submit(pool, end, NULL, NULL));
	sem_post(&gate);
	sem_wait(&ended);
}

static void submit_all(void)
{
	for (size_t i = 0; i < count; i++)
		must(cf_executor_submit(pool, nothing, NULL, &futures[i]));
}

static void release_all(void)
{
	for (size_t i = 0; i < count; i++)
		cf_future_release(futures[i]);
}

static void take_all(void)
{
	void *value;

	for (size_t i = 0; i < count; i++)
		must(cf_future_result(futures[i], CF_FOREVER, &value));
}

/* ---- the phases --------------------------------------------------------------- */

static void post(void)
{
	hold();
	for (size_t i = 0; i < count; i++)
		must(cf_executor_submit(pool, nothing, NULL, NULL));
	let_run();
}

static void fut(void)
{
	hold();
	submit_all();
	let_run();
	take_all();
	release_all();
}

static void cancel(void)
{
	hold();
	submit_all();
	for (size_t i = 0; i < count; i++)
		cf_future_cancel(futures[i]);
	let_run();
	release_all();
}

static int on_done(struct cf_future *f, void *arg)
{
	(void)f;
	(void)arg;
	return CF_OK;
}

static void callback(void)
{
	hold();
	submit_all();
	for (size_t i = 0; i < count; i++)
		must(cf_future_add_done_callback(futures[i], on_done, NULL));
	let_run();
	release_all();
}

/* Waits for pending futures, in vain, and leaves them. */
static void wait_pending(void)
{
	hold();
	submit_all();
	if (cf_wait(futures, count, 0, CF_ALL_COMPLETED, NULL) != CF_TIMEOUT)
		abort();
	let_run();
	release_all();
}

/* Waits for futures while they become done. */
static void as_completed(void)
{
	struct cf_completed *it;
	struct cf_future *f;

	hold();
	submit_all();
	must(cf_as_completed(futures, count, CF_FOREVER, &it));
	let_run();
	while (cf_completed_next(it, &f) == CF_OK)
		;
	cf_completed_release(it);
	release_all();
}

static void free_fut(void)
{
	submit_all();
	take_all();
	release_all();
}

static void rtt(void)
{
	void *value;

	for (size_t i = 0; i < count; i++) {
		must(cf_executor_submit(pool, nothing, NULL, &futures[i]));
		must(cf_future_result(futures[i], CF_FOREVER, &value));
		cf_future_release(futures[i]);
	}
}

static const struct phase {
	const char *name;
	void (*run)(void);
} phases[] = {
	{"post", post},
	{"fut", fut},
	{"cancel", cancel},
	{"callback", callback},
	{"wait", wait_pending},
	{"as_completed", as_completed},
	{"free_fut", free_fut},
	{"rtt", rtt},
};

static const struct phase *find(const char *name)
{
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (strcmp(phases[i].name, name) == 0)
			return &phases[i];
	return NULL;
}

/*
 * Ends the process, and uses no buffer from the heap: when the C library tidies up
 * its heap for a large one, each future that was freed costs 50 instructions more.
 */
static _Noreturn void report(void)
{
	char text[96];
	int length = snprintf(text, sizeof(text), "allocations %zu\nbytes %zu\n", (size_t)allocations, (size_t)bytes);

	_exit(write(STDOUT_FILENO, text, (size_t)length) != length);
}

int main(int argc, char **argv)
{
	struct cf_thread_pool_options options = {.max_workers = argc > 3 ? atoi(argv[3]) : 1};
	const struct phase *phase = argc > 2 ? find(argv[1]) : NULL;

	count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	if (!phase || count > sizeof(futures) / sizeof(futures[0])) {
		fprintf(stderr, "usage: %s PHASE COUNT [WORKERS], COUNT up to %zu\n", argv[0],
			sizeof(futures) / sizeof(futures[0]));
		return 2;
	}
	sem_init(&inside, 0, 0);
	sem_init(&gate, 0, 0);
	sem_init(&ended, 0, 0);
	must(cf_thread_pool_new(&options, &pool));
	all_workers(options.max_workers);
	allocations = bytes = 0;
	phase->run();
	report();
}
