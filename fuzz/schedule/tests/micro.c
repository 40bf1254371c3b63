/* SPDX-License-Identifier: MIT */
/* micro.c: micro SHAPE N...: programs whose schedules can be counted with pencil and paper. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int main(int argc, char **argv)
{
	void *(*shape)(void *) = strcmp(argv[1], "locks") == 0 ? locks : strcmp(argv[1], "owns") == 0 ? owns : nests;
	pthread_t handle[8];
	int i, n = argc - 2;

	for (i = 0; i < 8; i++)
		pthread_mutex_init(&own[i], NULL);
	for (i = 0; i < n; i++) {
		sections[i] = atoi(argv[i + 2]);
		pthread_create(&handle[i], NULL, shape, &sections[i]);
	}
	for (i = 0; i < n; i++)
		pthread_join(handle[i], NULL);
	return 0;
}
