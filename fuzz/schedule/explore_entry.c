/* SPDX-License-Identifier: MIT */
/* explore_entry.c: one scenario or program is explored. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../program_guest.h"
#include "explore_command.h"
#include "loader.h"
#include "scenario_guest.h"
#include "text.h"
#include "tool.h"

static void fill_file(const struct command *c, struct schedule_file *file, const struct entry *e)
{
	size_t i;

	memset(file, 0, sizeof(*file));
	if (e) {
		if (e->input)
			file->input = realpath(e->input, NULL);
		else
			file->scenario = strdup(e->name);
		file->backend = strdup(target.path);
	} else {
		for (; c->argv[file->argument_count]; file->argument_count++)
			;
		file->arguments = calloc(file->argument_count + 1, sizeof(char *));
		for (i = 0; file->arguments && i < file->argument_count; i++)
			file->arguments[i] = strdup(c->argv[i]);
	}
	file->options = calloc(target.option_count + 1, sizeof(char *));
	for (i = 0; file->options && i < target.option_count; i++)
		file->options[i] = text_format("%s=%s", target.options[i].key, target.options[i].value);
	file->option_count = i;
}

/* A line is written at once: other jobs write, too.  0, or why it is not there. */
static int write_outcomes(const char *path, const char *name, const struct result *r)
{
	FILE *f = fopen(path, "ae");
	int i;

	if (!f)
		return errno;
	fprintf(f, "%s\t%s\t%lu\t", name, result_name(r), r->executions + r->sampled);
	for (i = 0; i < r->outcome_count; i++)
		fprintf(f, "%s%s", i ? " | " : "", r->outcomes[i].text);
	fputc('\n', f);
	return fclose(f) == 0 ? 0 : errno;
}

static enum outcome outcome_of(const char *text)
{
	if (strncmp(text, "deadlock", 8) == 0 || strncmp(text, "livelock", 8) == 0)
		return HUNG;
	if (strncmp(text, "race", 4) == 0)
		return RACE;
	return strncmp(text, "killed by", 9) == 0 ? CRASHED : FAIL;
}

/* Does the expectation file of the backend know of this failure? */
static bool is_known(void *arg, const char *text)
{
	struct entry *e = arg;
	struct verdict v = {.c = case_find(e->name), .outcome = outcome_of(text), .message = strdup(text)};
	bool known;

	expect_apply(e->expectations, &v);
	known = v.outcome == XFAIL || v.outcome == FLAKY;
	if (known)
		snprintf(e->reason, sizeof(e->reason), "%s", v.reason ? v.reason : "");
	verdict_clear(&v);
	return known;
}

static bool differs(const struct command *c, const char *scenario, FILE *f, const struct result *r)
{
	const struct exhaustion *e = exhaustion_find(scenario);

	return e && !c->outcomes && report_difference(f, e, r);
}

void explore_subject(struct command *c, const char *name, const struct entry *e, FILE *f, struct result *r)
{
	struct schedule_file file;

	explore(&c->plan, r);
	report_result(f, name, &c->plan, r);
	if (c->outcomes)
		c->lost = write_outcomes(c->outcomes, name, r);
	if (r->kind != RESULT_FAILED)
		return;
	fill_file(c, &file, e);
	report_failure(f, name, &c->plan, r, &file, c->directory);
	schedule_file_clear(&file);
}

static void leave_score(const struct command *c, struct entry *e, const struct result *r)
{
	e->score->lost = c->lost;
	e->score->kind = r->kind;
	e->score->executions = r->executions;
	e->score->sampled = r->sampled;
	e->score->preemptions = r->caveats ? UNBOUNDED : r->preemptions;
}

bool explore_program_failed(void *arg, const struct memory *m, char *text, size_t size)
{
	(void)arg;
	if (WIFEXITED(m->status) && WEXITSTATUS(m->status) == 0)
		return false;
	snprintf(text, size, "exit status %d", WEXITSTATUS(m->status));
	return true;
}

/* ---- in a job -------------------------------------------------------------------------------- */

void explore_plan_of_program(struct plan *p, struct program_subject *s)
{
	p->subject = &s->subject;
	p->before = program_subject_before;
	p->oracle = program_subject_failed;
	p->arg = s;
}

static void explore_input(struct command *c, struct job *j, struct entry *e, FILE *f)
{
	struct program_subject s = {0};
	struct result r;

	explore_plan_of_program(&c->plan, &s);
	if (program_subject_start(&s, e->input, c->error, ERROR_SIZE)) {
		j->target = s.subject.pid;
		explore_subject(c, e->name, e, f, &r);
		if (r.kind == RESULT_FAILED)
			program_guest_print(s.history, e->input, f);
		leave_score(c, e, &r);
	} else {
		fprintf(f, "%-12s %s: %s\n", "ERROR", e->name, c->error);
	}
	program_subject_end(&s);
}

void explore_plan_of_scenario(struct plan *p, struct guest_subject *g)
{
	p->subject = &g->subject;
	p->before = guest_before;
	p->oracle = guest_failed;
	p->arg = g;
}

static void explore_scenario(struct command *c, struct job *j, struct entry *e, FILE *f)
{
	struct guest_subject g = {0};
	struct result r;

	explore_plan_of_scenario(&c->plan, &g);
	e->expectations = c->expectations;
	e->unsupported = &g.unsupported;
	c->plan.known = is_known;
	c->plan.known_arg = e;
	if (guest_subject_start(&g, e->name, c->error, ERROR_SIZE)) {
		j->target = g.subject.pid;
		explore_subject(c, e->name, e, f, &r);
		if (r.known)
			fprintf(f, "  %lu failed as is known: %s\n", r.known, e->reason);
		e->score->unsupported = g.unsupported;
		e->score->known = r.known > 0;
		e->score->differs = differs(c, e->name, f, &r);
		leave_score(c, e, &r);
	} else {
		fprintf(f, "%-12s %s: %s\n", "ERROR", e->name, c->error);
	}
	guest_subject_end(&g);
}

/* Interrupted, or one execution has shown that the backend does not have it. */
static bool is_enough(void *arg)
{
	const struct entry *e = arg;

	return jobs_stopped(e->job) || (e->unsupported && *e->unsupported);
}

void explore_entry(void *arg, struct job *j)
{
	struct command *c = arg;
	struct entry *e = &c->entry[j->number];
	FILE *f = fdopen(e->report, "w");

	if (!f)
		_exit(EXIT_USAGE);
	c->plan.seconds = 0;
	c->plan.more = jobs_more;
	c->plan.more_arg = j;
	e->job = j;
	c->plan.enough = is_enough;
	c->plan.enough_arg = e;
	if (e->input)
		explore_input(c, j, e, f);
	else
		explore_scenario(c, j, e, f);
	fclose(f);
	_exit(0);
}
