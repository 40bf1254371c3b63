/* SPDX-License-Identifier: MIT */
/*
 * random_program.c: random_program SEED THREADS OPERATIONS.
 *
 * A small program drawn from a number: each thread does some synchronization
 * operations and notes what they told it.  The notes of all threads are the
 * outcome, known also if the program ends in a deadlock.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4
#define NOTES 64

void pp_schedule_outcome(const char *text) __attribute__((weak));
int pp_schedule_choose(int n) __attribute__((weak));
void pp_schedule_idle(void) __attribute__((weak));

static pthread_mutex_t mu[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static sem_t sem;
static int plan[THREADS][16], operations, shared;
static int value[2]; /* each under the mutex of its number */
static int flag;
static char notes[THREADS][NOTES];

static void note(int t, char what, int n)
{
	char text[THREADS * NOTES + 8] = "";
	size_t used = strlen(notes[t]);
	int i;

	snprintf(notes[t] + used, NOTES - used, "%c%d", what, n);
	for (i = 0; i < THREADS; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s/", notes[i]);
	if (pp_schedule_outcome)
		pp_schedule_outcome(text);
}

static struct timespec soon(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec++;
	return t;
}

static void section(int t, int which)
{
	pthread_mutex_lock(&mu[which]);
	value[which] = value[which] * 3 + t + 1;
	note(t, 'v', value[which] % 1000);
	pthread_mutex_unlock(&mu[which]);
}

static void try_section(int t, pthread_mutex_t *m)
{
	int error = pthread_mutex_trylock(m);

	note(t, 't', error != 0);
	if (!error)
		pthread_mutex_unlock(m);
}

static void timed_section(int t)
{
	struct timespec until = soon();
	int error = pthread_mutex_timedlock(&mu[0], &until);

	note(t, 'l', error != 0);
	if (!error)
		pthread_mutex_unlock(&mu[0]);
}

static void wait_for_flag(int t, int timed)
{
	struct timespec until = soon();
	int error = 0;

	pthread_mutex_lock(&mu[0]);
	while (!flag && !error)
		error = timed ? pthread_cond_timedwait(&news, &mu[0], &until) : pthread_cond_wait(&news, &mu[0]);
	note(t, 'w', error != 0);
	flag = 0;
	pthread_mutex_unlock(&mu[0]);
}

static void set_flag(int t, int all)
{
	pthread_mutex_lock(&mu[0]);
	flag = 1;
	pthread_mutex_unlock(&mu[0]);
	if (all)
		pthread_cond_broadcast(&news);
	else
		pthread_cond_signal(&news);
	note(t, 'f', 0);
}

/* The child leaves with what it has got of the others' memory. */
static void fork_and_look(int t)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit((value[0] * 5 + value[1] * 3 + shared) & 0x7f);
	waitpid(pid, &status, 0);
	note(t, 'k', WEXITSTATUS(status));
}

static void operate(int t, int what)
{
	switch (what) {
	case 0:
	case 1:
		section(t, what);
		break;
	case 2:
		try_section(t, &mu[0]);
		break;
	case 3:
		sem_post(&sem);
		break;
	case 4:
		note(t, 's', sem_trywait(&sem) != 0);
		break;
	case 5:
	case 6:
		wait_for_flag(t, what == 5);
		break;
	case 7:
	case 8:
		set_flag(t, what == 8);
		break;
	case 9:
		pthread_rwlock_rdlock(&rw);
		note(t, 'r', shared);
		pthread_rwlock_unlock(&rw);
		break;
	case 10:
		pthread_rwlock_wrlock(&rw);
		shared = shared * 2 + t;
		pthread_rwlock_unlock(&rw);
		break;
	case 11:
		sem_wait(&sem);
		note(t, 'd', 0);
		break;
	case 12:
		timed_section(t);
		break;
	case 13:
		if (pp_schedule_idle)
			pp_schedule_idle();
		section(t, 0);
		break;
	case 14:
		fork_and_look(t);
		break;
	default:
		note(t, 'c', pp_schedule_choose ? pp_schedule_choose(2) : 0);
	}
}

static void *run(void *arg)
{
	int i, t = (int)(long)arg;

	for (i = 0; i < operations; i++)
		operate(t, plan[t][i]);
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[2]) : 2, t, i;
	pthread_t handle[THREADS];

	srand(argc > 1 ? (unsigned)atoi(argv[1]) : 1);
	operations = argc > 3 ? atoi(argv[3]) : 2;
	sem_init(&sem, 0, (unsigned)(rand() % 2));
	for (t = 0; t < threads; t++)
		for (i = 0; i < operations; i++)
			plan[t][i] = rand() % 16;
	for (t = 0; t < threads; t++)
		pthread_create(&handle[t], NULL, run, (void *)(long)t);
	for (t = 0; t < threads; t++)
		pthread_join(handle[t], NULL);
	return 0;
}
