/* SPDX-License-Identifier: MIT */
/*
 * codes.c: what the functions return when one thread calls them; a line for each.
 * The lines are the same with the library and without it.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define SAY(call) printf("%d %s\n", (int)(call), #call)
#define SAY_ERRNO(call) (errno = 0, printf("%d %s\n", (call) == -1 ? errno : 0, #call))

static const struct timespec past = {1, 0}, wrong = {1, -1};

static void mutex_of(int type)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, type);
	printf("type %d\n", type);
	SAY(pthread_mutex_init(&m, &attr));
	SAY(pthread_mutex_lock(&m));
	SAY(pthread_mutex_trylock(&m));
	if (type == PTHREAD_MUTEX_RECURSIVE || type == PTHREAD_MUTEX_ERRORCHECK) {
		SAY(pthread_mutex_lock(&m));
		SAY(pthread_mutex_timedlock(&m, &past));
	} else {
		SAY(pthread_mutex_timedlock(&m, &past));
		SAY(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &past));
		SAY(pthread_mutex_timedlock(&m, &wrong));
	}
	SAY(pthread_mutex_destroy(&m));
	SAY(pthread_mutex_unlock(&m));
	if (type == PTHREAD_MUTEX_RECURSIVE) {
		SAY(pthread_mutex_unlock(&m));
		SAY(pthread_mutex_unlock(&m));
		SAY(pthread_mutex_unlock(&m));
		SAY(pthread_mutex_unlock(&m));
	}
	if (type == PTHREAD_MUTEX_ERRORCHECK)
		SAY(pthread_mutex_unlock(&m));
	SAY(pthread_mutex_timedlock(&m, &wrong));
	SAY(pthread_mutex_unlock(&m));
	SAY(pthread_mutex_destroy(&m));
}

static void *locks(void *m)
{
	SAY(pthread_mutex_lock(m));
	return NULL;
}

static void *unlocks(void *m)
{
	SAY(pthread_mutex_unlock(m));
	return NULL;
}

static void in_thread(void *(*body)(void *), void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, body, arg);
	pthread_join(t, NULL);
}

static void owners(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m, &attr);
	pthread_mutex_lock(&m);
	in_thread(unlocks, &m);
	SAY(pthread_mutex_unlock(&m));
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_NORMAL);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&m, &attr);
	in_thread(locks, &m);
	SAY(pthread_mutex_lock(&m));
	SAY(pthread_mutex_consistent(&m));
	SAY(pthread_mutex_unlock(&m));
	in_thread(locks, &m);
	SAY(pthread_mutex_trylock(&m));
	SAY(pthread_mutex_unlock(&m));
	SAY(pthread_mutex_lock(&m));
	SAY(pthread_mutex_destroy(&m));
}

static void condition_variables(void)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, e = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
	pthread_cond_t c = PTHREAD_COND_INITIALIZER;

	SAY(pthread_cond_signal(&c));
	SAY(pthread_cond_broadcast(&c));
	pthread_mutex_lock(&m);
	SAY(pthread_cond_timedwait(&c, &m, &past));
	SAY(pthread_cond_timedwait(&c, &m, &wrong));
	SAY(pthread_cond_clockwait(&c, &m, CLOCK_MONOTONIC, &past));
	SAY(pthread_mutex_unlock(&m));
	SAY(pthread_cond_timedwait(&c, &e, &past));
	SAY(pthread_cond_destroy(&c));
}

static void reader_writer_locks(void)
{
	pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;

	SAY(pthread_rwlock_rdlock(&l));
	SAY(pthread_rwlock_rdlock(&l));
	SAY(pthread_rwlock_tryrdlock(&l));
	SAY(pthread_rwlock_trywrlock(&l));
	SAY(pthread_rwlock_timedwrlock(&l, &past));
	SAY(pthread_rwlock_timedwrlock(&l, &wrong));
	SAY(pthread_rwlock_unlock(&l));
	SAY(pthread_rwlock_unlock(&l));
	SAY(pthread_rwlock_unlock(&l));
	SAY(pthread_rwlock_wrlock(&l));
	SAY(pthread_rwlock_wrlock(&l));
	SAY(pthread_rwlock_rdlock(&l));
	SAY(pthread_rwlock_tryrdlock(&l));
	SAY(pthread_rwlock_trywrlock(&l));
	SAY(pthread_rwlock_unlock(&l));
	SAY(pthread_rwlock_destroy(&l));
}

static void semaphores(void)
{
	sem_t s;
	int value = 0;

	SAY_ERRNO(sem_init(&s, 0, 1));
	SAY_ERRNO(sem_wait(&s));
	SAY_ERRNO(sem_trywait(&s));
	SAY_ERRNO(sem_timedwait(&s, &past));
	SAY_ERRNO(sem_timedwait(&s, &wrong));
	SAY_ERRNO(sem_post(&s));
	SAY_ERRNO(sem_getvalue(&s, &value));
	SAY(value);
	SAY_ERRNO(sem_timedwait(&s, &past));
	SAY_ERRNO(sem_destroy(&s));
	sem_init(&s, 0, 0x7fffffff);
	SAY_ERRNO(sem_post(&s));
}

static int calls;

static void counts(void)
{
	calls++;
}

static void others(void)
{
	pthread_spinlock_t spin;
	pthread_barrier_t barrier;
	pthread_once_t once = PTHREAD_ONCE_INIT;

	SAY(pthread_spin_init(&spin, 0));
	SAY(pthread_spin_lock(&spin));
	SAY(pthread_spin_trylock(&spin));
	SAY(pthread_spin_unlock(&spin));
	SAY(pthread_spin_destroy(&spin));
	SAY(pthread_barrier_init(&barrier, NULL, 0));
	SAY(pthread_barrier_init(&barrier, NULL, 1));
	SAY(pthread_barrier_wait(&barrier));
	SAY(pthread_barrier_destroy(&barrier));
	SAY(pthread_once(&once, counts));
	SAY(pthread_once(&once, counts));
	SAY(calls);
}

static void *returns(void *arg)
{
	return arg;
}

static void *exits(void *arg)
{
	pthread_exit(arg);
}

static void threads(void)
{
	pthread_attr_t attr;
	pthread_t t;
	void *returned = NULL;

	SAY(pthread_join(pthread_self(), NULL));
	SAY(pthread_create(&t, NULL, returns, &calls));
	SAY(pthread_join(t, &returned));
	SAY(returned == &calls);
	SAY(pthread_create(&t, NULL, exits, &calls));
	SAY(pthread_join(t, &returned));
	SAY(returned == &calls);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	SAY(pthread_create(&t, &attr, returns, NULL));
}

static int c11_body(void *arg)
{
	return arg ? 7 : 8;
}

static void c11(void)
{
	thrd_t t;
	mtx_t m;
	cnd_t c;
	int result = 0;

	SAY(thrd_create(&t, c11_body, NULL));
	SAY(thrd_join(t, &result));
	SAY(result);
	SAY(mtx_init(&m, mtx_timed));
	SAY(mtx_lock(&m));
	SAY(mtx_trylock(&m));
	SAY(mtx_timedlock(&m, &past));
	SAY(cnd_init(&c));
	SAY(cnd_timedwait(&c, &m, &past));
	SAY(cnd_signal(&c));
	SAY(cnd_broadcast(&c));
	SAY(mtx_unlock(&m));
	cnd_destroy(&c);
	mtx_destroy(&m);
	SAY(thrd_sleep(&past, NULL));
	SAY_ERRNO(nanosleep(&wrong, NULL));
	SAY(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, NULL));
}

static void processes(void)
{
	pid_t pid;
	int status = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(3);
	SAY(waitpid(pid, &status, 0) == pid);
	SAY(WEXITSTATUS(status));
}

int main(void)
{
	mutex_of(PTHREAD_MUTEX_NORMAL);
	mutex_of(PTHREAD_MUTEX_RECURSIVE);
	mutex_of(PTHREAD_MUTEX_ERRORCHECK);
	mutex_of(PTHREAD_MUTEX_ADAPTIVE_NP);
	owners();
	condition_variables();
	reader_writer_locks();
	semaphores();
	others();
	threads();
	c11();
	processes();
	return 0;
}
