/* SPDX-License-Identifier: MIT */
/* traps.c: traps NAME: programs that a scheduler gets wrong if nobody has thought of them. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "parts.h"

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static volatile int flag;

static void section(void)
{
	pthread_mutex_lock(&mu);
	pthread_mutex_unlock(&mu);
}

/* ---- calls come before any constructor ------------------------------------------------ */

static int early;

static void before_constructors(void)
{
	early = pthread_mutex_lock(&mu) == 0 && pthread_mutex_unlock(&mu) == 0;
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(void) = before_constructors;

static void early_calls(void)
{
	check(early);
}

/* ---- loops that wait for another thread ------------------------------------------------- */

static void *sets_flag(void *arg)
{
	section();
	flag = 1;
	return arg;
}

static void yield_loop(void)
{
	pthread_t t = start(sets_flag, NULL);

	while (!flag)
		sched_yield();
	pthread_join(t, NULL);
}

static void sleep_loop(void)
{
	pthread_t t = start(sets_flag, NULL);

	while (!flag)
		usleep(10);
	pthread_join(t, NULL);
}

static void lock_loop(void)
{
	pthread_t t = start(sets_flag, NULL);

	while (!flag)
		section();
	pthread_join(t, NULL);
}

/* No call in it: only a clock on the wall can tell. */
static void bare_loop(void)
{
	start(sets_flag, NULL);
	while (!flag)
		;
}

/* ---- time --------------------------------------------------------------------------------- */

static void *naps(void *arg)
{
	usleep(100000);
	flag = 1;
	return arg;
}

/* Right if timers fire in their order, as they do on a machine that is not busy. */
static void ordered_by_sleeping(void)
{
	pthread_t t = start(naps, NULL);

	sleep(2);
	check(flag);
	pthread_join(t, NULL);
}

static void time_goes_on(void)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	thrd_sleep(&(struct timespec){3600, 0}, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	check(b.tv_sec >= a.tv_sec + 3600);
	check(time(NULL) > 1700000000);
}

/* ---- how threads and processes end ---------------------------------------------------------- */

static void *last_word(void *arg)
{
	section();
	flag = 1;
	exit(arg ? 0 : 1);
}

static void main_goes_first(void)
{
	start(last_word, &mu);
	pthread_exit(NULL);
}

static pthread_key_t key;
static int destroyed;

static void destroys(void *value)
{
	pthread_mutex_lock(&mu);
	destroyed += *(int *)value;
	pthread_mutex_unlock(&mu);
}

static void *has_data(void *arg)
{
	static int one = 1;

	pthread_setspecific(key, &one);
	return arg;
}

static void destructors_lock(void)
{
	pthread_t t, u;

	pthread_key_create(&key, destroys);
	t = start(has_data, NULL);
	u = start(has_data, NULL);
	pthread_join(t, NULL);
	pthread_join(u, NULL);
	check(destroyed == 2);
}

static void *stack_of(void *to)
{
	*(void **)to = __builtin_frame_address(0);
	return NULL;
}

/* A stack that was given back is taken again, always. */
static void stacks_come_back(void)
{
	void *first = NULL, *second = NULL;

	pthread_join(start(stack_of, &first), NULL);
	pthread_join(start(stack_of, &second), NULL);
	check(first == second);
}

static void children_are_not_explored(void)
{
	check(!getenv("LD_PRELOAD"));
	check(system("exit 7") == 7 << 8);
}

static void *posts(void *sem)
{
	sem_post(sem);
	return NULL;
}

static void forks(void)
{
	pid_t pid;
	sem_t sem;
	int status = 0;

	sem_init(&sem, 0, 0);
	pthread_mutex_lock(&mu);
	pid = fork();
	if (pid == 0) { /* owns its copy of the lock, and may start threads */
		pthread_mutex_unlock(&mu);
		start(posts, &sem);
		sem_wait(&sem);
		_exit(5);
	}
	pthread_mutex_unlock(&mu);
	waitpid(pid, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 5);
}

/* Whichever ends first is waited for first, and there are two. */
static void waits_for_any(void)
{
	int i, status, sum = 0;

	for (i = 1; i <= 2; i++)
		if (fork() == 0)
			_exit(i);
	for (i = 1; i <= 2; i++) {
		check(wait(&status) > 0);
		sum += WEXITSTATUS(status);
	}
	check(sum == 3 && wait(&status) == -1);
}

/* A process is there until its last step, and then it is not. */
static void asks_for_its_child(void)
{
	pid_t pid = fork();
	int status = 0, asked = 0;

	if (pid == 0)
		_exit(6);
	while (waitpid(pid, &status, WNOHANG) == 0)
		check(++asked < 1000);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 6);
}

/* What a child executes is not followed, and is waited for. */
static void children_execute(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		execlp("sh", "sh", "-c", "exit 7", (char *)NULL);
	waitpid(pid, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	pid = vfork();
	if (pid == 0) {
		execl("/no/such/program", "program", (char *)NULL);
		_exit(8);
	}
	waitpid(pid, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 8);
	section();
}

/* ---- objects -------------------------------------------------------------------------------- */

static union {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	sem_t sem;
} place;

/* One address, one object after the other, with init and without. */
static void memory_is_used_again(void)
{
	pthread_mutex_init(&place.mutex, NULL);
	pthread_mutex_lock(&place.mutex);
	memset(&place, 0, sizeof(place));
	sem_init(&place.sem, 0, 2);
	sem_wait(&place.sem);
	sem_wait(&place.sem);
	check(sem_trywait(&place.sem) != 0);
	memset(&place, 0, sizeof(place));
	check(pthread_cond_signal(&place.cond) == 0);
	memset(&place, 0, sizeof(place));
	check(pthread_mutex_trylock(&place.mutex) == 0);
	check(pthread_mutex_unlock(&place.mutex) == 0);
}

/* ---- calls that wait for a descriptor ---------------------------------------------------------- */

static int ends[2];

static void *writes(void *arg)
{
	section();
	check(write(ends[1], "x", 1) == 1);
	return arg;
}

static void pipes(void)
{
	pthread_t t;
	char c = 0;

	check(pipe(ends) == 0);
	t = start(writes, NULL);
	check(read(ends[0], &c, 1) == 1 && c == 'x');
	pthread_join(t, NULL);
}

static void *connects(void *arg)
{
	check(write(ends[1], "y", 1) == 1);
	return arg;
}

/* Each call that can wait for the other thread, and those that wait for time alone. */
static void descriptors(void)
{
	struct pollfd p;
	struct epoll_event event = {.events = EPOLLIN};
	struct timespec day = {86400, 0};
	struct timeval second = {1, 0};
	pthread_t t;
	fd_set set;
	char c;
	int e = epoll_create1(0), i;

	pthread_join(start(sets_flag, NULL), NULL); /* from here on what is made is the execution's own */
	check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	check(epoll_ctl(e, EPOLL_CTL_ADD, ends[0], &event) == 0);
	for (i = 0; i < 4; i++) {
		t = start(connects, NULL);
		p = (struct pollfd){ends[0], POLLIN, 0};
		FD_ZERO(&set);
		FD_SET(ends[0], &set);
		check(i != 0 || poll(&p, 1, -1) == 1);
		check(i != 1 || select(ends[0] + 1, &set, NULL, NULL, NULL) == 1);
		check(i != 2 || epoll_wait(e, &event, 1, -1) == 1);
		check(recv(ends[0], &c, 1, 0) == 1 && c == 'y');
		pthread_join(t, NULL);
	}
	check(poll(&p, 1, 3600 * 1000) == 0 && ppoll(&p, 1, &day, NULL) == 0);
	check(epoll_wait(e, &event, 1, 3600 * 1000) == 0 && poll(NULL, 0, 3600 * 1000) == 0);
	check(select(0, NULL, NULL, NULL, &second) == 0);
	check(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 && read(ends[0], &c, 1) == -1 && errno == EAGAIN);
}

static void awaits_signal(void)
{
	sigset_t set;
	int number;

	sigemptyset(&set);
	start(sets_flag, NULL);
	sigwait(&set, &number);
}

static void sets_alarm(void)
{
	start(sets_flag, NULL);
	alarm(0);
	alarm(100);
}

static void cancels(void)
{
	pthread_t t = start(sets_flag, NULL);

	pthread_cancel(t);
	pthread_join(t, NULL);
}

static const struct part programs[] = {
	{"early_calls", early_calls},
	{"yield_loop", yield_loop},
	{"sleep_loop", sleep_loop},
	{"lock_loop", lock_loop},
	{"bare_loop", bare_loop},
	{"ordered_by_sleeping", ordered_by_sleeping},
	{"time_goes_on", time_goes_on},
	{"main_goes_first", main_goes_first},
	{"destructors_lock", destructors_lock},
	{"stacks_come_back", stacks_come_back},
	{"children_are_not_explored", children_are_not_explored},
	{"forks", forks},
	{"waits_for_any", waits_for_any},
	{"asks_for_its_child", asks_for_its_child},
	{"children_execute", children_execute},
	{"memory_is_used_again", memory_is_used_again},
	{"pipes", pipes},
	{"descriptors", descriptors},
	{"awaits_signal", awaits_signal},
	{"sets_alarm", sets_alarm},
	{"cancels", cancels},
};

int main(int argc, char **argv)
{
	return RUN_PART(programs, argc, argv);
}
