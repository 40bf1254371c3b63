/* SPDX-License-Identifier: MIT */
/* micro.c: micro SHAPE N...: programs whose schedules can be counted with pencil and paper. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int pp_schedule_round(void) __attribute__((weak));

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER, own[8];
static int sections[8];

/* Sections under one lock: (n1 + n2 + ...)! / (n1! n2! ...) orders. */
static void *locks(void *arg)
{
	int i, n = *(int *)arg;

	for (i = 0; i < n; i++) {
		pthread_mutex_lock(&mu);
		pthread_mutex_unlock(&mu);
	}
	return NULL;
}

/* Each under its own: one order. */
static void *owns(void *arg)
{
	int i, n = *(int *)arg;

	for (i = 0; i < n; i++) {
		pthread_mutex_lock(&own[(int *)arg - sections]);
		pthread_mutex_unlock(&own[(int *)arg - sections]);
	}
	return NULL;
}

/* One lock inside another: as many as of the outer one alone. */
static void *nests(void *arg)
{
	int i, n = *(int *)arg;

	for (i = 0; i < n; i++) {
		pthread_mutex_lock(&mu);
		pthread_mutex_lock(&own[0]);
		pthread_mutex_unlock(&own[0]);
		pthread_mutex_unlock(&mu);
	}
	return NULL;
}

/* The first starts one more after its sections, which has two: (n1 + 2 + n2)! / ((n1 + 2)! n2!). */
static void *chains(void *arg)
{
	pthread_t t;

	locks(arg);
	if (arg != &sections[0])
		return NULL;
	pthread_create(&t, NULL, locks, &sections[7]);
	pthread_join(t, NULL);
	return NULL;
}

/* The first forks, at any place among the steps of the second: 2 n + 3. */
static void *forks(void *arg)
{
	pid_t pid;

	if (arg != &sections[0])
		return owns(arg);
	pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	return NULL;
}

static void *(*shape_of(const char *name))(void *)
{
	static const struct {
		const char *name;
		void *(*shape)(void *);
	} shapes[] = {{"locks", locks}, {"owns", owns}, {"nests", nests}, {"chains", chains}, {"forks", forks}};
	size_t i;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (strcmp(shapes[i].name, name) == 0)
			return shapes[i].shape;
	abort();
}

int main(int argc, char **argv)
{
	void *(*shape)(void *) = shape_of(argv[1]);
	int (*again)(void) = pp_schedule_round;
	pthread_t handle[8];
	int i, n = argc - 2;

	for (i = 0; i < 8; i++)
		pthread_mutex_init(&own[i], NULL);
	sections[7] = 2;
	while (!again || again()) {
		for (i = 0; i < n; i++) {
			sections[i] = atoi(argv[i + 2]);
			pthread_create(&handle[i], NULL, shape, &sections[i]);
		}
		for (i = 0; i < n; i++)
			pthread_join(handle[i], NULL);
		if (!again)
			break;
	}
	return 0;
}
