/* SPDX-License-Identifier: MIT */
/*
 * explore_command.h: what `poolproof explore` and the replay of a schedule share.
 *
 * explore_options.c reads what is asked for, cmd_explore.c has all of it explored in jobs and
 * counts, explore_entry.c explores one, replay_schedule.c repeats one schedule.
 */
#ifndef SCHEDULE_EXPLORE_COMMAND_H
#define SCHEDULE_EXPLORE_COMMAND_H

#include <stdio.h>

#include "expect.h"
#include "jobs.h"
#include "program_subject.h"
#include "result_report.h"
#include "select.h"
#include "shard.h"

#define ERROR_SIZE 4096
#define INPUTS_MAX 64 /* options */
#define BOUNDS 4      /* of preemptions, as they are counted; the last is for more */

struct guest_subject;

/* What a job leaves for the parent, in shared memory. */
struct score {
	enum result_kind kind;
	bool unsupported;
	bool known;   /* it fails as the backend's expectation file says */
	bool differs; /* its outcomes are not those that the ledger has for the reference */
	unsigned long executions, sampled;
	int lost; /* why --outcomes could not be written, or 0 */
	int preemptions; /* as of a result */
};

struct entry {
	const char *name;
	char *input; /* of a program; NULL: it is a scenario */
	int report; /* a file in memory */
	struct score *score;

	/* In its job. */
	const struct job *job;
	const bool *unsupported;
	struct expectations *expectations;
	char reason[TEXT_MAX]; /* of the last failure that is known */
};

struct command {
	const char *backend, *directory, *outcomes;
	const char *inputs[INPUTS_MAX];
	size_t input_count;
	bool program;
	bool is_reference;
	bool no_expect;
	int guest;
	char **argv; /* the program's */
	struct plan plan;
	struct jobs jobs;
	struct shard shard;
	struct selection selection;
	struct expectations *expectations; /* of the backend, as `run` has them */

	struct entry *entry;
	size_t count;
	unsigned long begun, exhausted, failures, known, uncontrolled, unsupported, executions, sampled;
	unsigned long bounded[BOUNDS]; /* sampled, but all of so many preemptions */
	int lost; /* as in a score */
	char error[ERROR_SIZE];
};

/* ---- options ----------------------------------------------------------------------- */

/* The one of this process, as it is when nothing is asked for. */
struct command *explore_command(void);

/* argv[0] is the command's name.  The exit status of the tool; -1: go on. */
int explore_parse(struct command *c, int argc, char **argv);

/* ---- one of them ------------------------------------------------------------------- */

/*
 * Explore c->plan, whose subject has started, and report to f: the outcomes to c->outcomes, and of
 * a failure the schedule to a file.  e is NULL for a program that is no guest.
 */
void explore_subject(struct command *c, const char *name, const struct entry *e, FILE *f, struct result *r);

/* The oracle of a program that is no guest: has it not exited with 0?  Then why, in text. */
bool explore_program_failed(void *unused, const struct memory *m, char *text, size_t size);

/* p's subject is s or g from now on, with what is asked before and after each execution. */
void explore_plan_of_program(struct plan *p, struct program_subject *s);
void explore_plan_of_scenario(struct plan *p, struct guest_subject *g);

/* In the process of job j, which ends here: explore the entry of its number of the struct command. */
void explore_entry(void *command, struct job *j);

#endif
