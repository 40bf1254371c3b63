/* SPDX-License-Identifier: MIT */
/*
 * cmd_crosscheck.c: poolproof crosscheck.
 *
 * The cases run as in `poolproof run`, with a recording table before the backend's
 * (record.h), and the model judges what each of them saw.  A case that passes and a
 * history that the model forbids, or a case that fails and a history that the model
 * has seen whole and allows, disagree.
 */
#include <errno.h> /* program_invocation_name */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "guest.h"
#include "loader.h"
#include "options.h"
#include "oracle.h"
#include "record.h"
#include "report.h"
#include "run_program.h"
#include "runner.h"
#include "sanitizers.h"
#include "select.h"
#include "shorten.h"
#include "support.h"
#include "tool.h"

#define ERROR_SIZE 4096

enum {
	OPT_BLIND = OPTION_OWN,
	OPT_JOBS,
	OPT_SCALE
};

static const struct option longs[] = {
	SELECT_OPTIONS,
	{"blind", required_argument, NULL, OPT_BLIND},
	OPTIONS_BACKEND,
	{"jobs", required_argument, NULL, OPT_JOBS},
	{"timeout-scale", required_argument, NULL, OPT_SCALE},
	{"verbose", no_argument, NULL, 'v'},
	OPTIONS_COMMON,
};

/* Why nothing is known of what a case saw. */
enum nothing {
	NOT_SUPPORTED, /* the backend lacks what the case needs */
	NOT_ASKED,     /* the case calls no backend */
	NOT_ENDED,     /* it hung, crashed, or took a second attempt */
	TOO_WILD,
	NOTHINGS
};
static const char *const nothing_texts[NOTHINGS] = {
	[NOT_SUPPORTED] = "need what the backend lacks",
	[NOT_ASKED] = "call nothing that the model knows",
	[NOT_ENDED] = "have no end",
	[TOO_WILD] = "leave too many states open",
};

struct command {
	const char *backend;
	struct selection selection;
	size_t jobs;
	double scale;
	unsigned blind;
	bool verbose;

	struct record *records; /* of each case of the selection */
	char *name, *version;
	unsigned whole, part, none, disagree, red;
	unsigned gaps[GAPS], nothing[NOTHINGS];
	unsigned long events;
	double started;
	char error[ERROR_SIZE];
};

static struct command *the_command; /* in the processes of the cases too */

static int help(void)
{
	printf("Usage: poolproof crosscheck [OPTION]... [BACKEND]\n"
	       "Run the cases on BACKEND, and judge what each of them saw by the model of\n"
	       "`poolproof fuzz` as well: suite, model and backend must agree.\n\n"
	       "%s"
	       "  -o KEY=VALUE       an option for the backend's adapter; may be repeated\n"
	       "  --blind CALL       do not write such calls (cancel, shutdown, set_result, ...): then\n"
	       "                     they must disagree; may be repeated\n"
	       "  --jobs N           as many cases at a time (default: two for each processor)\n"
	       "  --timeout-scale X  give everything X times as long\n"
	       "  -v, --verbose      tell of each case how much of it was judged\n"
	       "  -h, --help         print this\n"
	       "  --version          print the version\n\n"
	       "Exit status: 0 they agree; 1 they do not; 2 an error in how it was used.\n",
	       select_help);
	return EXIT_GOOD;
}

/* ---- options ---------------------------------------------------------------------- */

static bool take_blind(struct command *c, const char *value)
{
	int i;

	for (i = 0; i < CALL_KINDS; i++)
		if (strcmp(call_names[i], value) == 0)
			c->blind |= 1U << i;
	return c->blind || option_refuse("blind", value, "the name of a call, as backend.h has it");
}

static bool take(void *command, int opt, char *value)
{
	struct command *c = command;

	if (select_is_option(opt)) {
		select_add(&c->selection, opt, value);
		return true;
	}
	switch (opt) {
	case OPT_BLIND:
		return take_blind(c, value);
	case OPT_JOBS:
		return option_number("jobs", value, 1, 1024, &c->jobs);
	case OPT_SCALE:
		return option_positive("timeout-scale", value, &c->scale);
	}
	c->verbose = true;
	return true;
}

static const struct options options = {"crosscheck", ":ho:v", longs, help, take};

/* -1 to go on, or the exit status. */
static int parse(struct command *c, int argc, char **argv)
{
	int status = options_read(&options, c, argc, argv);

	return status < 0 ? options_one_backend(&options, argc, argv, &c->backend) : status;
}

/* ---- before the first case ------------------------------------------------------------ */

static struct record *record_of(const struct command *c, const struct pp_case *of)
{
	size_t i;

	for (i = 0; i < c->selection.case_count && c->selection.cases[i] != of; i++)
		;
	return i < c->selection.case_count ? &c->records[i] : NULL;
}

static void stand_in(struct pp_backend *table)
{
	struct record *r = record_of(the_command, the_case);

	if (r && !table->separate_memory)
		record_stand_before(table, r);
}

static bool map_records(struct command *c)
{
	size_t i, size = c->selection.case_count * sizeof(*c->records);

	c->records = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c->records == MAP_FAILED)
		return false;
	for (i = 0; c->blind && i < c->selection.case_count; i++)
		c->records[i].blind = c->blind;
	return true;
}

static bool prepare(struct command *c)
{
	time_scale = c->scale * sanitizers_slowdown();
	if (!select_resolve(&c->selection, c->error, ERROR_SIZE) || !target_locate(c->backend, c->error, ERROR_SIZE) ||
	    !guests_begin(c->error, ERROR_SIZE) || !probe(&c->name, &c->version, c->error, ERROR_SIZE))
		return false;
	if (!map_records(c)) {
		snprintf(c->error, ERROR_SIZE, "no memory for the histories of the cases");
		return false;
	}
	the_command = c;
	backend_stand_in = stand_in;
	return true;
}

/* ---- verdicts --------------------------------------------------------------------------- */

static void put_repeat(const struct command *c, const struct verdict *v)
{
	size_t i;

	printf("  repeat it: %s crosscheck", program_invocation_name);
	if (c->backend)
		tool_put_word(stdout, "", c->backend);
	for (i = 0; i < target.option_count; i++) {
		char *option = text_format("%s=%s", target.options[i].key, target.options[i].value);

		tool_put_word(stdout, "-o ", option);
		free(option);
	}
	for (i = 0; i < CALL_KINDS; i++)
		if (c->blind >> i & 1)
			printf(" --blind %s", call_names[i]);
	printf(" --case %s\n\n", v->c->name);
}

static void put_violation(struct command *c, const struct verdict *v, struct record *r, struct ruling *found)
{
	c->disagree++;
	history_shorten(&r->history, found);
	printf("DISAGREE  %s passes, and the model says\n  %s: %s\n\n", v->c->name, found->clause, found->message);
	history_print(&r->history, found->event, stdout);
	putchar('\n');
	put_repeat(c, v);
}

static void put_unseen(struct command *c, const struct verdict *v)
{
	c->disagree++;
	printf("DISAGREE  %s is %s, and the model allows all that it saw\n  %.*s\n\n", v->c->name, outcome_name(v->outcome),
	       v->message ? (int)strcspn(v->message, "\n") : 0, v->message ? v->message : "");
	put_repeat(c, v);
}

static void put_gaps(unsigned gaps)
{
	int i;

	for (i = 0; i < GAPS; i++)
		if (gaps >> i & 1)
			printf("; it %s", gap_texts[i]);
}

/* Nothing is judged: why. */
static void take_nothing(struct command *c, const struct verdict *v, enum nothing why)
{
	c->none++;
	c->nothing[why]++;
	if (c->verbose)
		printf("not at all  %s: of those that %s\n", v->c->name, nothing_texts[why]);
}

static void take_judged(struct command *c, const struct verdict *v, const struct record *r)
{
	unsigned i, gaps = atomic_load(&r->gaps);

	c->events += history_count(&r->history);
	if (gaps)
		c->part++;
	else
		c->whole++;
	for (i = 0; i < GAPS; i++)
		c->gaps[i] += gaps >> i & 1;
	if (c->verbose) {
		printf("%-11s %s: %u events", gaps ? "in part" : "whole", v->c->name, history_count(&r->history));
		put_gaps(gaps);
		putchar('\n');
	}
}

static void judge(struct command *c, const struct verdict *v, struct record *r)
{
	bool good = v->outcome == PASS;
	struct ruling found;

	record_close(r, good);
	oracle_judge(&r->history, NULL, &found);
	if (v->outcome == UNSUPPORTED)
		take_nothing(c, v, NOT_SUPPORTED);
	else if (v->outcome == SLOW)
		take_nothing(c, v, NOT_ENDED);
	else if (history_count(&r->history) <= 1)
		take_nothing(c, v, good ? NOT_ASKED : NOT_ENDED);
	else if (found.judgement == NOT_JUDGED)
		take_nothing(c, v, TOO_WILD);
	else
		take_judged(c, v, r);
	c->red += outcome_is_red(v->outcome);
	if (found.judgement == VIOLATION && good)
		put_violation(c, v, r, &found);
	else if (found.judgement == ALLOWED && outcome_is_red(v->outcome))
		put_unseen(c, v);
}

static bool got_verdict(void *arg, struct verdict *v)
{
	struct command *c = arg;
	struct record *r = record_of(c, v->c);

	judge(c, v, r);
	fflush(stdout);
	verdict_clear(v);
	return true;
}

/* ---- the run ----------------------------------------------------------------------------- */

static void summary(const struct command *c)
{
	unsigned i;

	printf("crosscheck of %s %s: %zu cases, %u red: %u judged whole, %u in part, %u not at all; %lu events in %.1f s\n",
	       c->name, c->version, c->selection.case_count, c->red, c->whole, c->part, c->none, c->events,
	       run_now() - c->started);
	for (i = 0; i < GAPS; i++)
		if (c->gaps[i])
			printf("  in part     %4u  where one %s\n", c->gaps[i], gap_texts[i]);
	for (i = 0; i < NOTHINGS; i++)
		if (c->nothing[i])
			printf("  not at all  %4u  that %s\n", c->nothing[i], nothing_texts[i]);
	printf("%u disagree\n", c->disagree);
}

static int run_cases(struct command *c)
{
	struct runner r = {c->selection.cases, c->selection.case_count, c->jobs, got_verdict, c};
	enum runner_end end;

	c->started = run_now();
	end = runner_run(&r, c->error, ERROR_SIZE);
	if (end == RUNNER_FAILED)
		return tool_error("%s", c->error);
	if (end == RUNNER_INTERRUPTED)
		return tool_error("interrupted");
	summary(c);
	if (!c->whole && !c->part)
		return tool_error("crosscheck: nothing of these cases can be judged");
	return c->disagree ? EXIT_RED : EXIT_GOOD;
}

int cmd_crosscheck(int argc, char **argv)
{
	struct command c = {.jobs = 2 * tool_processors(), .scale = 1};
	int status = parse(&c, argc, argv);

	if (status < 0)
		status = prepare(&c) ? run_cases(&c) : tool_error("%s", c.error);
	select_clear(&c.selection);
	free(c.name);
	free(c.version);
	target_clear();
	return status;
}
