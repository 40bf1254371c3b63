/* SPDX-License-Identifier: MIT */
/*
 * jobs.h: many explorations share the time.
 *
 * Each is a process of its own, and so many go on at once as there are places.
 * Time comes in slices, and the next one is for the job that has had the least: what
 * ends soon ends, whatever stands beside it, and leaves its time to the others.
 *
 * Interrupted, those that go on are asked to end, and no other begins.
 */
#ifndef SCHEDULE_JOBS_H
#define SCHEDULE_JOBS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct jobs;

struct job {
	size_t number;
	pid_t pid;
	struct jobs *all;

	/* In the parent. */
	int socket; /* on which it asks for time; it is closed when the job has ended */
	int place;  /* that it has, or -1 */
	double begun, spent;
	bool patient; /* its search is over, so it waits for samples */
	bool closed;  /* it gets no more time */
	bool ended;

	/* In the job. */
	pid_t target;	/* a process that goes on with it, or 0 */
	double granted; /* and not taken */
	bool samples;	/* it is for samples */
};

struct jobs {
	struct job *job;
	size_t count;
	size_t places;
	double seconds;
	double search; /* of them; what is left is for samples of those that go on till then */
	void (*run)(void *arg, struct job *j); /* in the process of j, which it leaves */
	void (*over)(void *arg, struct job *j); /* in the parent, in the order in which they end */
	void *arg;
	int news; /* a descriptor; when it can be read, interrupted() says what came.  -1: none */
	bool (*interrupted)(void);

	double start;
	bool search_is_over;
	bool *stop; /* shared with the jobs: all are to end */
	cpu_set_t processors;
};

/* Keep a process on one of those processors. */
void pin_process(const cpu_set_t *processors, pid_t pid, int place);

/* Run all, or up to an interruption, which *stop tells.  False if a process could not be started. */
bool jobs_run(struct jobs *all);

/*
 * In a job: seconds to go on with a search, or with samples; waits until there are some.
 * 0: no more for that.  It fits plan.more, and arg is the job.
 */
double jobs_more(void *arg, bool searches);

/* In a job: is it to end? */
bool jobs_stopped(const struct job *j);

#endif
