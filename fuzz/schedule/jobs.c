/* SPDX-License-Identifier: MIT */
/* jobs.c: see jobs.h. */
#include "jobs.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#define NOWHERE (-1)
#define LEAST 0.2  /* seconds of a slice */
#define FIRST 0.25 /* of an even share: the first slice; those that follow double what was had */

struct grant {
	double seconds; /* 0: no more */
	bool samples;	/* the search is over */
	int place;
};

/*
 * Explorer and target take turns, as the target's threads do: a token that stays
 * on one processor goes about twice as fast from hand to hand.
 */
void pin_process(const cpu_set_t *processors, pid_t pid, int place)
{
	int cpu, n = CPU_COUNT(processors) ? place % CPU_COUNT(processors) : 0;
	cpu_set_t one;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, processors) || n-- > 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(pid, sizeof(one), &one);
		return;
	}
}

/* ---- in the job ---------------------------------------------------------------------- */

static void receive(struct job *j)
{
	struct grant g;

	if (recv(j->socket, &g, sizeof(g), 0) != sizeof(g))
		_exit(0); /* who started it has gone */
	j->granted = g.seconds;
	j->samples = g.samples;
	pin_process(&j->all->processors, 0, g.place);
	if (j->target)
		pin_process(&j->all->processors, j->target, g.place);
}

#define TO_SEARCH 's'
#define TO_SAMPLE 'd' /* drawn */

double jobs_more(void *arg, bool searches)
{
	struct job *j = arg;
	char what = searches || j->all->search == j->all->seconds ? TO_SEARCH : TO_SAMPLE;
	double seconds;

	if (!j->granted) {
		send(j->socket, &what, 1, MSG_NOSIGNAL);
		receive(j);
	}
	if (j->samples && searches)
		return 0;
	seconds = j->granted;
	j->granted = 0;
	return seconds;
}

bool jobs_stopped(const struct job *j)
{
	return *(volatile bool *)j->all->stop;
}

static _Noreturn void begin(struct job *j)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	receive(j);
	j->all->run(j->all->arg, j);
	_exit(0);
}

/* ---- who is next ------------------------------------------------------------------------ */

/* Or all that go on have searched all that they can. */
static bool is_search_over(const struct jobs *all)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		if (!all->job[i].ended && !all->job[i].closed && !all->job[i].patient)
			return now() > all->start + all->search;
	return true;
}

static bool waits(const struct job *j)
{
	return !j->ended && !j->closed && j->place == NOWHERE && (!j->patient || j->all->search_is_over);
}

static struct job *next_job(struct jobs *all)
{
	struct job *best = NULL;
	size_t i;

	for (i = 0; i < all->count; i++)
		if (waits(&all->job[i]) && (!best || all->job[i].spent < best->spent))
			best = &all->job[i];
	return best;
}

/* Of what is left, for each that still waits. */
static double last_share(const struct jobs *all)
{
	double left = all->start + all->seconds - now();
	size_t i, n = 0;

	for (i = 0; i < all->count; i++)
		n += waits(&all->job[i]);
	return left * (double)(n < all->places ? n : all->places) / (double)n;
}

static double slice(const struct jobs *all, const struct job *j)
{
	double left = all->start + all->search - now();
	double s = all->seconds * (double)all->places / (double)all->count * FIRST;

	s = j->spent > s ? j->spent : s;
	return s < left ? s : left;
}

static double at_least(double seconds)
{
	return seconds > LEAST ? seconds : LEAST;
}

/* The last grant is for samples, or if there are none, only for what has not begun. */
static struct grant grant_for(const struct jobs *all, const struct job *j)
{
	struct grant g = {.samples = all->search_is_over && all->search < all->seconds};

	if (!all->search_is_over)
		g.seconds = at_least(slice(all, j));
	else if (g.samples || !j->pid)
		g.seconds = at_least(last_share(all));
	return g;
}

/* ---- the parent ----------------------------------------------------------------------------- */

static bool start(struct job *j)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	fflush(NULL);
	j->pid = fork();
	j->socket = ends[j->pid == 0];
	close(ends[j->pid != 0]);
	if (j->pid == 0)
		begin(j);
	return j->pid > 0;
}

static int free_place(const struct jobs *all)
{
	size_t i;
	int place = 0;

	for (i = 0; i < all->count; i++)
		if (!all->job[i].ended && all->job[i].place == place) {
			place++;
			i = (size_t)-1;
		}
	return place;
}

static bool let_go_on(struct jobs *all, struct job *j)
{
	struct grant g = grant_for(all, j);

	if (!j->pid && !start(j))
		return false;
	j->place = g.place = free_place(all);
	j->begun = now();
	j->closed = all->search_is_over;
	send(j->socket, &g, sizeof(g), MSG_NOSIGNAL);
	return true;
}

static void see_off(struct jobs *all, struct job *j)
{
	close(j->socket);
	j->place = NOWHERE;
	j->ended = true;
	all->over(all->arg, j);
}

/* It asks for time, or has ended. */
static void hear(struct jobs *all, struct job *j)
{
	struct grant none = {.samples = true};
	char c;

	if (recv(j->socket, &c, 1, 0) != 1) {
		see_off(all, j);
		return;
	}
	j->spent += now() - j->begun;
	j->patient = c == TO_SAMPLE;
	none.place = j->place;
	if (j->closed)
		send(j->socket, &none, sizeof(none), MSG_NOSIGNAL);
	else
		j->place = NOWHERE;
}

/* None begins any more; who waits gets nothing, and who goes on sees *stop. */
static void stop_all(struct jobs *all)
{
	const struct grant none = {.samples = true};
	size_t i;

	*all->stop = true;
	for (i = 0; i < all->count; i++) {
		struct job *j = &all->job[i];

		j->closed = true;
		if (!j->pid || j->ended || j->place != NOWHERE)
			continue;
		j->place = 0;
		send(j->socket, &none, sizeof(none), MSG_NOSIGNAL);
	}
}

/* Jobs that have ended, and what they have left behind. */
static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static size_t listen_to(const struct jobs *all, struct pollfd *p)
{
	size_t i, n = 0;

	for (i = 0; i < all->count; i++)
		if (all->job[i].place != NOWHERE)
			p[n++] = (struct pollfd){all->job[i].socket, POLLIN, 0};
	return n;
}

static struct job *job_of(struct jobs *all, int socket)
{
	size_t i;

	for (i = 0; all->job[i].place == NOWHERE || all->job[i].socket != socket; i++)
		;
	return &all->job[i];
}

static bool keep_going(struct jobs *all, struct pollfd *p)
{
	struct job *j;
	size_t i, n;

	for (;;) {
		all->search_is_over |= is_search_over(all);
		n = listen_to(all, p);
		if (n < all->places && (j = next_job(all))) {
			if (!let_go_on(all, j))
				return false;
			continue;
		}
		if (n == 0)
			return true;
		p[n] = (struct pollfd){all->news, POLLIN, 0};
		poll(p, n + 1, -1);
		reap();
		if (p[n].revents && all->interrupted())
			stop_all(all);
		for (i = 0; i < n; i++)
			if (p[i].revents)
				hear(all, job_of(all, p[i].fd));
	}
}

bool jobs_run(struct jobs *all)
{
	struct pollfd *p = calloc(all->count + 1, sizeof(*p));
	bool good;
	size_t i;

	sched_getaffinity(0, sizeof(all->processors), &all->processors);
	all->start = now();
	for (i = 0; i < all->count; i++)
		all->job[i] = (struct job){.number = i, .all = all, .place = NOWHERE};
	all->stop = mmap(NULL, sizeof(*all->stop), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	good = p && all->stop != MAP_FAILED && keep_going(all, p);
	reap();
	free(p);
	return good;
}
