/* SPDX-License-Identifier: MIT */
/*
 * unordered.c: unordered NAME: programs whose accesses to memory are watched; those
 * whose name begins with "right" have no race.
 */
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parts.h"

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;
static int data, ready, *block;
static atomic_int published;

/* ---- races --------------------------------------------------------------------------- */

static void *writes(void *arg)
{
	pthread_mutex_lock(&mu);
	pthread_mutex_unlock(&mu);
	data = 1;
	return arg;
}

static void write_and_write(void)
{
	pthread_t t = start(writes, NULL);

	writes(NULL);
	pthread_join(t, NULL);
}

/* The flag is set before what it tells of. */
static void *publishes_too_early(void *arg)
{
	pthread_mutex_lock(&mu);
	ready = 1;
	pthread_mutex_unlock(&mu);
	data = 1;
	return arg;
}

static void publication_before_data(void)
{
	pthread_t t = start(publishes_too_early, NULL);
	int is_ready, seen = 1;

	pthread_mutex_lock(&mu);
	is_ready = ready;
	pthread_mutex_unlock(&mu);
	if (is_ready)
		seen = data;
	pthread_join(t, NULL);
	check(seen);
}

static void *uses(void *arg)
{
	pthread_mutex_lock(&mu);
	*block = 1;
	pthread_mutex_unlock(&mu);
	return arg;
}

static void use_after_free(void)
{
	pthread_t t;

	block = malloc(sizeof(*block));
	*block = 0;
	t = start(uses, NULL);
	pthread_mutex_lock(&mu);
	free(block);
	pthread_mutex_unlock(&mu);
	pthread_join(t, NULL);
}

/* No lock at all, and no atomic: only steps between the accesses show it. */
static void *sets_plain_flag(void *arg)
{
	ready = 1;
	data = 1;
	return arg;
}

static void plain_flag(void)
{
	pthread_t t = start(sets_plain_flag, NULL);

	if (ready)
		check(data == 1);
	pthread_join(t, NULL);
}

static void *adds_one(void *arg)
{
	data++;
	return arg;
}

static void lost_update(void)
{
	pthread_t t = start(adds_one, NULL), u = start(adds_one, NULL);

	pthread_join(t, NULL);
	pthread_join(u, NULL);
	check(data == 2);
}

/* Each order is as good as any other. */
static void *sets_one(void *arg)
{
	data = 1;
	return arg;
}

static void harmless(void)
{
	pthread_t t = start(sets_one, NULL), u = start(sets_one, NULL);

	check(data == 0 || data == 1);
	pthread_join(t, NULL);
	pthread_join(u, NULL);
}

/* ---- none -------------------------------------------------------------------------------- */

static void *publishes(void *arg)
{
	data = 1;
	atomic_store(&published, 1);
	return arg;
}

static void right_atomic(void)
{
	pthread_t t = start(publishes, NULL);

	check(!atomic_load(&published) || data == 1);
	pthread_join(t, NULL);
}

static void *arrives(void *arg)
{
	data = 1;
	pthread_barrier_wait(&barrier);
	return arg;
}

static void right_barrier(void)
{
	pthread_t t;

	pthread_barrier_init(&barrier, NULL, 2);
	t = start(arrives, NULL);
	pthread_barrier_wait(&barrier);
	check(data == 1);
	pthread_join(t, NULL);
}

static void *has_locals(void *arg)
{
	volatile int local[16];
	int i;

	for (i = 0; i < 16; i++)
		local[i] = i;
	pthread_mutex_lock(&mu);
	data += local[3];
	pthread_mutex_unlock(&mu);
	free(malloc(64));
	return arg;
}

/* Stacks and blocks come back; what was there before is another thread's no more. */
static void right_reuse(void)
{
	pthread_t t = start(has_locals, NULL), u;

	pthread_detach(t);
	u = start(has_locals, NULL);
	free(malloc(64));
	pthread_join(u, NULL);
}

static void *adds_locked(void *arg)
{
	pthread_mutex_lock(&mu);
	data++;
	pthread_mutex_unlock(&mu);
	return arg;
}

/* In the child, too, whoever has chosen its step. */
static void right_fork(void)
{
	pthread_t t = start(writes, NULL), u;
	pid_t pid;
	int status = 0;

	pthread_mutex_lock(&mu);
	pid = fork();
	pthread_mutex_unlock(&mu);
	if (pid == 0) {
		data = 0;
		u = start(adds_locked, NULL);
		adds_locked(NULL);
		pthread_join(u, NULL);
		_exit(data != 2);
	}
	waitpid(pid, &status, 0);
	pthread_join(t, NULL);
	check(status == 0);
}

static const struct part programs[] = {
	{"write_and_write", write_and_write},
	{"publication_before_data", publication_before_data},
	{"use_after_free", use_after_free},
	{"plain_flag", plain_flag},
	{"lost_update", lost_update},
	{"harmless", harmless},
	{"right_atomic", right_atomic},
	{"right_barrier", right_barrier},
	{"right_reuse", right_reuse},
	{"right_fork", right_fork},
};

int main(int argc, char **argv)
{
	return RUN_PART(programs, argc, argv);
}
