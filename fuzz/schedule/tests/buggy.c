/* SPDX-License-Identifier: MIT */
/*
 * buggy.c: buggy NAME: small programs with one bug each, which shows under some
 * schedules only: as an abort or a deadlock.  buggy NAME right is the same program
 * without the bug.
 */
#include <semaphore.h>
#include <stdio.h>

#include "parts.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER,
		       c = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static bool right;

static void run(int n, void *(*const *bodies)(void *))
{
	pthread_t t[8];
	int i;

	for (i = 0; i < n; i++)
		pthread_create(&t[i], NULL, bodies[i], (void *)(long)i);
	for (i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

#define RUN(...)                                            \
	do {                                                \
		void *(*const bodies[])(void *) = {__VA_ARGS__}; \
		run(sizeof(bodies) / sizeof(bodies[0]), bodies); \
	} while (0)

/* ---- ABBA: two locks in two orders ------------------------------------------------ */

static void both(pthread_mutex_t *first, pthread_mutex_t *second)
{
	pthread_mutex_lock(first);
	pthread_mutex_lock(second);
	pthread_mutex_unlock(second);
	pthread_mutex_unlock(first);
}

static void *a_then_b(void *arg)
{
	(void)arg;
	both(&a, &b);
	return NULL;
}

static void *b_then_a(void *arg)
{
	(void)arg;
	both(right ? &a : &b, right ? &b : &a);
	return NULL;
}

static void abba(void)
{
	RUN(a_then_b, b_then_a);
}

/* ---- lost wake-up: the test and the wait are not one section ------------------------ */

static bool ready;

static void *sleeps(void *arg)
{
	bool was;

	(void)arg;
	pthread_mutex_lock(&a);
	was = ready;
	if (!right) {
		pthread_mutex_unlock(&a);
		pthread_mutex_lock(&a);
	}
	while (!was) {
		pthread_cond_wait(&news, &a);
		was = ready;
	}
	pthread_mutex_unlock(&a);
	return NULL;
}

static void *wakes(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&a);
	ready = true;
	pthread_cond_signal(&news);
	pthread_mutex_unlock(&a);
	return NULL;
}

static void lost_wakeup(void)
{
	RUN(sleeps, wakes);
}

/* ---- double check: it is not tested again under the lock ------------------------------ */

static int made;

static void *makes(void *arg)
{
	bool there;

	(void)arg;
	pthread_mutex_lock(&a);
	there = made > 0;
	pthread_mutex_unlock(&a);
	if (there)
		return NULL;
	pthread_mutex_lock(&a);
	if (!right || made == 0)
		made++;
	pthread_mutex_unlock(&a);
	return NULL;
}

static void double_check(void)
{
	RUN(makes, makes);
	check(made == 1);
}

/* ---- publication before data: who sees the flag sees nothing behind it ------------------ */

static int data;
static bool published;

static void set_data(void)
{
	pthread_mutex_lock(&a);
	data = 1;
	pthread_mutex_unlock(&a);
}

static void *publishes(void *arg)
{
	(void)arg;
	if (right)
		set_data();
	pthread_mutex_lock(&b);
	published = true;
	pthread_mutex_unlock(&b);
	if (!right)
		set_data();
	return NULL;
}

static void *looks(void *arg)
{
	bool there;

	(void)arg;
	pthread_mutex_lock(&b);
	there = published;
	pthread_mutex_unlock(&b);
	pthread_mutex_lock(&a);
	check(!there || data == 1);
	pthread_mutex_unlock(&a);
	return NULL;
}

static void publication_before_data(void)
{
	RUN(publishes, looks);
}

/* ---- wrong lock: two threads, two locks, one variable ----------------------------------- */

static int count;

static void *adds(void *arg)
{
	pthread_mutex_t *mine = arg && !right ? &b : &a;
	int seen;

	pthread_mutex_lock(mine);
	seen = count;
	pthread_mutex_lock(&c);
	pthread_mutex_unlock(&c);
	count = seen + 1;
	pthread_mutex_unlock(mine);
	return NULL;
}

static void wrong_lock(void)
{
	RUN(adds, adds);
	check(count == 2);
}

/* ---- if instead of while: what was signalled is gone when the waiter has the lock --------- */

static int items;

static void *consumes(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&a);
	if (right)
		while (!items)
			pthread_cond_wait(&news, &a);
	else if (!items)
		pthread_cond_wait(&news, &a);
	check(items > 0);
	items--;
	pthread_mutex_unlock(&a);
	return NULL;
}

static void *produces_two(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 2; i++) {
		pthread_mutex_lock(&a);
		items++;
		pthread_cond_signal(&news);
		pthread_mutex_unlock(&a);
	}
	return NULL;
}

static void if_for_while(void)
{
	RUN(consumes, consumes, produces_two);
}

/* ---- signal instead of broadcast: it reaches a thread that waits for something else -------- */

static int turn;

static void *waits_for_turn(void *arg)
{
	pthread_mutex_lock(&a);
	while (turn != (int)(long)arg)
		pthread_cond_wait(&news, &a);
	turn++;
	if (right)
		pthread_cond_broadcast(&news);
	else
		pthread_cond_signal(&news);
	pthread_mutex_unlock(&a);
	return NULL;
}

static void signal_for_broadcast(void)
{
	RUN(waits_for_turn, waits_for_turn, waits_for_turn);
}

/* ---- missing join: the process ends while the thread still works ----------------------------- */

static sem_t done;

static void *works(void *arg)
{
	int *result = arg;

	pthread_mutex_lock(&a);
	*result = 1;
	pthread_mutex_unlock(&a);
	sem_post(&done);
	return NULL;
}

static void missing_join(void)
{
	static int result;
	pthread_t t;
	int seen;

	pthread_create(&t, NULL, works, &result);
	if (right)
		pthread_join(t, NULL);
	pthread_mutex_lock(&a);
	seen = result;
	pthread_mutex_unlock(&a);
	check(seen == 1);
}

/* ---- use after free: the last who leaves frees, and is not the last ---------------------------- */

static int references = 2;
static bool freed;

static void *drops(void *arg)
{
	bool last = false;

	(void)arg;
	pthread_mutex_lock(&a);
	if (right)
		last = --references == 0;
	else
		references--;
	pthread_mutex_unlock(&a);
	pthread_mutex_lock(&a);
	if (!right)
		last = references == 0;
	if (last) {
		check(!freed);
		freed = true;
	}
	pthread_mutex_unlock(&a);
	return NULL;
}

static void double_free(void)
{
	RUN(drops, drops);
}

/* ---- ABA: the head is the same, the rest is not ------------------------------------------------ */

static int next_of[4] = {0, 2, 3, 0}, top = 1;

static void *pops(void *arg)
{
	int head, next;

	(void)arg;
	pthread_mutex_lock(&a);
	head = top;
	next = next_of[head];
	if (!right) {
		pthread_mutex_unlock(&a);
		pthread_mutex_lock(&a);
	}
	if (top == head)
		top = next;
	pthread_mutex_unlock(&a);
	return NULL;
}

/* Takes 1 and 2 away and puts 1 back: 1 is then before 3. */
static void *replaces(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&a);
	if (top == 1) {
		top = next_of[next_of[1]];
		next_of[1] = top;
		next_of[2] = -1; /* nobody's */
	}
	pthread_mutex_unlock(&a);
	pthread_mutex_lock(&a);
	if (top == 3 && next_of[1] == 3)
		top = 1;
	pthread_mutex_unlock(&a);
	return NULL;
}

static void aba(void)
{
	RUN(pops, replaces);
	check(next_of[top] != -1);
}

/* ---- semaphore as a lock that is posted once too often ---------------------------------------- */

static sem_t slots;
static int inside, most;

static void *enters(void *arg)
{
	sem_wait(&slots);
	pthread_mutex_lock(&a);
	if (++inside > most)
		most = inside;
	pthread_mutex_unlock(&a);
	pthread_mutex_lock(&a);
	inside--;
	pthread_mutex_unlock(&a);
	sem_post(&slots);
	if (!right && !arg)
		sem_post(&slots);
	return NULL;
}

static void extra_post(void)
{
	sem_init(&slots, 0, 1);
	RUN(enters, enters, enters);
	check(most == 1);
}

/* ---- upgrade: two readers want to write --------------------------------------------------------- */

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;

static void *upgrades(void *arg)
{
	(void)arg;
	if (!right)
		pthread_rwlock_rdlock(&rw);
	pthread_rwlock_wrlock(&rw);
	pthread_rwlock_unlock(&rw);
	if (!right)
		pthread_rwlock_unlock(&rw);
	return NULL;
}

static void *reads(void *arg)
{
	(void)arg;
	pthread_rwlock_rdlock(&rw);
	pthread_rwlock_unlock(&rw);
	return NULL;
}

static void rwlock_upgrade(void)
{
	RUN(upgrades, reads);
}

/* ---- timeout: what came in time is thrown away --------------------------------------------------- */

static int mail;

static void *receives(void *arg)
{
	struct timespec until = {4000000000, 0};
	int error = 0;

	(void)arg;
	pthread_mutex_lock(&a);
	while (!mail && !error)
		error = pthread_cond_timedwait(&news, &a, &until);
	if (error)
		check(right || !mail);
	pthread_mutex_unlock(&a);
	return NULL;
}

static void *sends(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&a);
	mail = 1;
	pthread_mutex_unlock(&a);
	pthread_cond_signal(&news);
	return NULL;
}

static void timeout_and_news(void)
{
	RUN(receives, sends);
}

static const struct part programs[] = {
	{"abba", abba},
	{"lost_wakeup", lost_wakeup},
	{"double_check", double_check},
	{"wrong_lock", wrong_lock},
	{"if_for_while", if_for_while},
	{"signal_for_broadcast", signal_for_broadcast},
	{"missing_join", missing_join},
	{"double_free", double_free},
	{"aba", aba},
	{"publication_before_data", publication_before_data},
	{"extra_post", extra_post},
	{"timeout_and_news", timeout_and_news},
	{"rwlock_upgrade", rwlock_upgrade},
};

int main(int argc, char **argv)
{
	right = argc > 2 && strcmp(argv[2], "right") == 0;
	return RUN_PART(programs, argc, argv);
}
