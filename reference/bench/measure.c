/* SPDX-License-Identifier: MIT */
/*
 * measure.c: the measures, and the protocol by which ./bench asks for them.
 *
 *	PROGRAM WORKERS
 *
 * reads lines "MEASURE COUNT TIMES" and answers each with one line: the median of
 * TIMES numbers, each taken over COUNT futures, or "-" if the peer lacks what it
 * takes.  It ends with its standard input.  Numbers are nanoseconds per future, but
 *
 *	rtt     nanoseconds, the median round trip of COUNT
 *	bytes   bytes per pending future; in a process of its own, for it is
 *	        the growth of the resident set
 *	sleeps_post, sleeps_fut, sleeps_rtt   how often per thousand futures a
 *	        thread of the process went to sleep
 *	pool, pool_one   microseconds per pool
 *
 * Unless the pool's life is what is measured, one pool serves all requests, and
 * its workers are all there before a clock is read.
 */
#define _GNU_SOURCE
#include "peer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static int workers;
static void *the_pool;
static char *handles; /* of the measure that is on; each of peer.handle_size bytes */
static size_t room;

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *handle(size_t i)
{
	return handles + i * peer.handle_size;
}

static void make_room(size_t count)
{
	if (count <= room)
		return;
	free(handles);
	handles = malloc(count * peer.handle_size);
	if (!handles)
		abort();
	memset(handles, 1, count * peer.handle_size); /* all resident */
	room = count;
}

/* ---- what is run ------------------------------------------------------ */

static void *do_nothing(struct work *work)
{
	return work;
}

static struct work nothing = {do_nothing};

/* Counts down what is left, and says when nothing is. */
struct countdown {
	struct work work;
	atomic_size_t left;
	pthread_mutex_t mu;
	pthread_cond_t zero;
	bool reached; /* under mu */
};

static void *countdown_run(struct work *work)
{
	struct countdown *c = (struct countdown *)work;

	if (atomic_fetch_sub(&c->left, 1) == 1) {
		pthread_mutex_lock(&c->mu);
		c->reached = true;
		pthread_cond_signal(&c->zero);
		pthread_mutex_unlock(&c->mu);
	}
	return NULL;
}

static struct countdown countdown = {
	{countdown_run}, 0, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false,
};

static void countdown_from(size_t count)
{
	countdown.left = count;
	countdown.reached = false;
}

static void countdown_await(void)
{
	pthread_mutex_lock(&countdown.mu);
	while (!countdown.reached)
		pthread_cond_wait(&countdown.zero, &countdown.mu);
	pthread_mutex_unlock(&countdown.mu);
}

/* Holds every worker, so that what is submitted next stays pending. */
struct gate {
	struct work work;
	pthread_mutex_t mu;
	pthread_cond_t changed;
	int inside, left; /* under mu, like open */
	bool open;
};

static void *gate_pass(struct work *work)
{
	struct gate *g = (struct gate *)work;

	pthread_mutex_lock(&g->mu);
	g->inside++;
	pthread_cond_broadcast(&g->changed);
	while (!g->open)
		pthread_cond_wait(&g->changed, &g->mu);
	g->left++;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->mu);
	return NULL;
}

static struct gate gate = {
	{gate_pass}, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, true,
};

static void gate_hold(void *pool)
{
	/* First those whom it held before must be through. */
	pthread_mutex_lock(&gate.mu);
	while (gate.left < gate.inside)
		pthread_cond_wait(&gate.changed, &gate.mu);
	gate.inside = gate.left = 0;
	gate.open = false;
	pthread_mutex_unlock(&gate.mu);
	for (int i = 0; i < workers; i++)
		peer.post(pool, &gate.work);
	pthread_mutex_lock(&gate.mu);
	while (gate.inside < workers)
		pthread_cond_wait(&gate.changed, &gate.mu);
	pthread_mutex_unlock(&gate.mu);
}

static void gate_open(void)
{
	pthread_mutex_lock(&gate.mu);
	gate.open = true;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.mu);
}

static void settle(void *pool)
{
	if (peer.settle)
		peer.settle(pool);
}

/* ---- helpers ----------------------------------------------------------- */

static void submit_many(size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		peer.submit(the_pool, &nothing, handle(i));
}

static void take_many(size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		peer.result(the_pool, handle(i));
		peer.release(handle(i));
	}
}

static void release_many(size_t count)
{
	for (size_t i = 0; i < count; i++)
		peer.release(handle(i));
}

/* Pending futures, count of them. */
static void hold_with(size_t count)
{
	gate_hold(the_pool);
	submit_many(0, count);
}

/* ---- the measures --------------------------------------------------------- */

static double measure_post(size_t count)
{
	double start = now_ns();

	countdown_from(count);
	for (size_t i = 0; i < count; i++)
		peer.post(the_pool, &countdown.work);
	countdown_await();
	settle(the_pool);
	return (now_ns() - start) / (double)count;
}

static double measure_fut(size_t count)
{
	double start = now_ns();

	submit_many(0, count);
	take_many(0, count);
	return (now_ns() - start) / (double)count;
}

/* One of two threads that submit half each. */
struct half {
	pthread_barrier_t *go;
	size_t from, to;
	double began, ended;
};

static void *half_run(void *arg)
{
	struct half *h = arg;

	pthread_barrier_wait(h->go);
	h->began = now_ns();
	submit_many(h->from, h->to);
	take_many(h->from, h->to);
	h->ended = now_ns();
	settle(the_pool);
	return NULL;
}

static double measure_fan_fut(size_t count)
{
	pthread_barrier_t go;
	struct half one = {.go = &go, .from = 0, .to = count / 2};
	struct half two = {.go = &go, .from = count / 2, .to = count};
	pthread_t threads[2];
	double began, ended;

	pthread_barrier_init(&go, NULL, 2);
	pthread_create(&threads[0], NULL, half_run, &one);
	pthread_create(&threads[1], NULL, half_run, &two);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	pthread_barrier_destroy(&go);
	began = one.began < two.began ? one.began : two.began;
	ended = one.ended > two.ended ? one.ended : two.ended;
	return (ended - began) / (double)count;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *of, size_t count)
{
	qsort(of, count, sizeof(*of), ascending);
	return of[count / 2];
}

static double measure_rtt(size_t count)
{
	double *took = malloc(count * sizeof(*took)), result;

	if (!took)
		abort();
	for (size_t i = 0; i < count; i++) {
		double start = now_ns();

		peer.submit(the_pool, &nothing, handle(0));
		peer.result(the_pool, handle(0));
		took[i] = now_ns() - start;
		peer.release(handle(0));
	}
	result = median(took, count);
	free(took);
	return result;
}

static double resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (!f || fscanf(f, "%*d %ld", &pages) != 1)
		abort();
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double measure_bytes(size_t count)
{
	double before, after;

	gate_hold(the_pool);
	before = resident_bytes();
	submit_many(0, count);
	after = resident_bytes();
	gate_open();
	take_many(0, count);
	return (after - before) / (double)count;
}

static double measure_cancel(size_t count)
{
	double start, took;

	hold_with(count);
	start = now_ns();
	for (size_t i = 0; i < count; i++)
		peer.cancel(handle(i));
	took = now_ns() - start;
	gate_open();
	settle(the_pool);
	release_many(count);
	return took / (double)count;
}

static double measure_callback(size_t count)
{
	double start, took;

	hold_with(count);
	countdown_from(count);
	start = now_ns();
	for (size_t i = 0; i < count; i++)
		peer.add_callback(handle(i), &countdown.work);
	gate_open();
	countdown_await();
	took = now_ns() - start;
	release_many(count);
	return took / (double)count;
}

static double measure_wait(size_t count)
{
	double start, took;

	hold_with(count);
	start = now_ns();
	gate_open();
	peer.wait(handles, count);
	took = now_ns() - start;
	release_many(count);
	return took / (double)count;
}

static double measure_as_completed(size_t count)
{
	double start, took;

	hold_with(count);
	start = now_ns();
	gate_open();
	peer.as_completed(handles, count);
	took = now_ns() - start;
	release_many(count);
	return took / (double)count;
}

static double measure_map(size_t count)
{
	double start = now_ns();

	peer.map(the_pool, &nothing, count);
	return (now_ns() - start) / (double)count;
}

/* A pool with count work items queued, its workers held. */
static void *queued_pool(size_t count)
{
	void *pool = peer.open(workers);

	gate_hold(pool);
	for (size_t i = 0; i < count; i++)
		peer.post(pool, &nothing);
	return pool;
}

static double measure_drain(size_t count)
{
	void *pool = queued_pool(count);
	double start = now_ns();

	gate_open();
	peer.close(pool);
	return (now_ns() - start) / (double)count;
}

/* The gate is opened by a thread of its own, for drop may wait for the workers. */
static void *gate_opener(void *arg)
{
	(void)arg;
	usleep(100);
	gate_open();
	return NULL;
}

static double measure_drop(size_t count)
{
	void *pool = queued_pool(count);
	pthread_t opener;
	double start, took;

	pthread_create(&opener, NULL, gate_opener, NULL);
	start = now_ns();
	peer.drop(pool);
	took = now_ns() - start;
	pthread_join(opener, NULL);
	return took / (double)count;
}

static double measure_pool(size_t count)
{
	double start = now_ns();

	for (size_t i = 0; i < count; i++)
		peer.close(peer.open(workers));
	return (now_ns() - start) / (double)count / 1e3;
}

static double measure_pool_one(size_t count)
{
	double start = now_ns();

	for (size_t i = 0; i < count; i++) {
		void *pool = peer.open(workers);

		peer.submit(pool, &nothing, handle(0));
		peer.result(pool, handle(0));
		peer.release(handle(0));
		peer.close(pool);
	}
	return (now_ns() - start) / (double)count / 1e3;
}

/* How often a thread went to sleep per thousand futures of a measure. */
static double sleeps(double (*measure)(size_t), size_t count)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	measure(count);
	getrusage(RUSAGE_SELF, &after);
	return (double)(after.ru_nvcsw - before.ru_nvcsw) * 1e3 / (double)count;
}

static double measure_sleeps_post(size_t count)
{
	return sleeps(measure_post, count);
}

static double measure_sleeps_fut(size_t count)
{
	return sleeps(measure_fut, count);
}

static double measure_sleeps_rtt(size_t count)
{
	return sleeps(measure_rtt, count);
}

/* ---- the protocol ------------------------------------------------------------ */

static const struct measure {
	const char *name;
	double (*run)(size_t count);
} measures[] = {
	{"post", measure_post},
	{"fut", measure_fut},
	{"fan_fut", measure_fan_fut},
	{"rtt", measure_rtt},
	{"bytes", measure_bytes},
	{"cancel", measure_cancel},
	{"callback", measure_callback},
	{"wait", measure_wait},
	{"as_completed", measure_as_completed},
	{"map", measure_map},
	{"drain", measure_drain},
	{"drop", measure_drop},
	{"pool", measure_pool},
	{"pool_one", measure_pool_one},
	{"sleeps_post", measure_sleeps_post},
	{"sleeps_fut", measure_sleeps_fut},
	{"sleeps_rtt", measure_sleeps_rtt},
};

static bool has(const char *name)
{
	if (strcmp(name, "cancel") == 0)
		return peer.cancel;
	if (strcmp(name, "callback") == 0)
		return peer.add_callback;
	if (strcmp(name, "wait") == 0)
		return peer.wait;
	if (strcmp(name, "as_completed") == 0)
		return peer.as_completed;
	if (strcmp(name, "map") == 0)
		return peer.map;
	if (strcmp(name, "drop") == 0)
		return peer.drop;
	if (strcmp(name, "drain") == 0 || strncmp(name, "pool", 4) == 0)
		return peer.close;
	return true;
}

static const struct measure *find(const char *name)
{
	for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++)
		if (strcmp(measures[i].name, name) == 0)
			return &measures[i];
	fprintf(stderr, "unknown measure %s\n", name);
	exit(2);
}

static void answer(const struct measure *m, size_t count, size_t times)
{
	double *results;

	if (!has(m->name)) {
		puts("-");
		return;
	}
	results = malloc(times * sizeof(*results));
	if (!results)
		abort();
	make_room(count);
	for (size_t i = 0; i < times; i++)
		results[i] = m->run(count);
	printf("%.3f\n", median(results, times));
	free(results);
}

int main(int argc, char **argv)
{
	char name[32];
	size_t count, times;

	workers = argc == 2 ? atoi(argv[1]) : 0;
	if (workers < 1) {
		fprintf(stderr, "usage: %s WORKERS <<<'MEASURE COUNT TIMES'\n", argv[0]);
		return 2;
	}
	the_pool = peer.open(workers);
	gate_hold(the_pool);
	gate_open();
	settle(the_pool);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (scanf("%31s %zu %zu", name, &count, &times) == 3 && count > 0 && times > 0)
		answer(find(name), count, times);
	return 0; /* the pool ends with the process */
}
