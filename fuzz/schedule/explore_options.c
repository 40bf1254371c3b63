/* SPDX-License-Identifier: MIT */
/* explore_options.c: what `poolproof explore` is asked for. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "explore_command.h"
#include "options.h"
#include "tool.h"

#define STEPS_DEFAULT 20000

enum {
	OPT_SCENARIO = OPTION_OWN,
	OPT_INPUT,
	OPT_PROGRAM,
	OPT_STRATEGY,
	OPT_SCHEDULES,
	OPT_TIME,
	OPT_PREEMPTIONS,
	OPT_SEED,
	OPT_JOBS,
	OPT_SHARD,
	OPT_STEPS,
	OPT_TIMEOUTS,
	OPT_SPURIOUS,
	OPT_RACES,
	OPT_FRESH,
	OPT_DIRECTORY,
	OPT_OUTCOMES,
	OPT_NO_EXPECT,
	OPT_GUEST
};

static const struct option longs[] = {
	OPTIONS_BACKEND,
	{"scenario", required_argument, NULL, OPT_SCENARIO},
	{"input", required_argument, NULL, OPT_INPUT},
	{"program", no_argument, NULL, OPT_PROGRAM},
	{"strategy", required_argument, NULL, OPT_STRATEGY},
	{"schedules", required_argument, NULL, OPT_SCHEDULES},
	{"time", required_argument, NULL, OPT_TIME},
	{"preemptions", required_argument, NULL, OPT_PREEMPTIONS},
	{"seed", required_argument, NULL, OPT_SEED},
	{"jobs", required_argument, NULL, OPT_JOBS},
	{"shard", required_argument, NULL, OPT_SHARD},
	{"steps", required_argument, NULL, OPT_STEPS},
	{"timeouts", required_argument, NULL, OPT_TIMEOUTS},
	{"spurious", no_argument, NULL, OPT_SPURIOUS},
	{"fresh", no_argument, NULL, OPT_FRESH},
	{"races", required_argument, NULL, OPT_RACES},
	{"directory", required_argument, NULL, OPT_DIRECTORY},
	{"outcomes", required_argument, NULL, OPT_OUTCOMES},
	{"no-expect", no_argument, NULL, OPT_NO_EXPECT},
	{"guest", required_argument, NULL, OPT_GUEST},
	OPTIONS_COMMON,
};

static int help(void)
{
	printf("Usage: poolproof explore [OPTION]... [BACKEND]\n"
	       "       poolproof explore --program [OPTION]... PROGRAM [ARGUMENT]...\n"
	       "Execute scenarios, or any program on pthreads, under controlled schedules.\n\n"
	       "  -o KEY=VALUE          an option for the backend's adapter; may be repeated\n"
	       "  --scenario GLOB       only scenarios of such names; may be repeated\n"
	       "  --input FILE|DIR      a program of `poolproof fuzz`, or all those of a folder, in the\n"
	       "                        place of scenarios, judged by the model; may be repeated\n"
	       "  --strategy NAME       random, pct, pos, surw, dfs, dpor, or auto (default): dpor until\n"
	       "                        every schedule is covered; or else, for the rest of the time, dfs\n"
	       "                        with few preemptions, and pct\n"
	       "  --schedules N         at most N of a scenario (default: no limit)\n"
	       "  --time S              seconds for all of them (default: 60)\n"
	       "  --preemptions K       dfs: at most K preemptions in a schedule\n"
	       "  --timeouts any|idle   a timer fires at any step, or only when nothing else can\n"
	       "                        be done (default: any)\n"
	       "  --spurious            condition variables also wake up for no reason\n"
	       "  --races fail|explore  where accesses are watched, two that nothing orders are a\n"
	       "                        failure, or become steps from then on (default: fail)\n"
	       "  --fresh               each schedule in a process of its own, also where the strategy\n"
	       "                        draws and the program can repeat its round\n"
	       "  --steps N             an execution of more steps is a livelock (default: %d)\n"
	       "  --seed N              of the strategies that draw (default: 1)\n"
	       "  --jobs N              scenarios at a time (default: one for each processor)\n"
	       "  --shard I/N           the I-th of N parts of the scenarios, counted from 1; by default\n"
	       "                        what an array job says\n"
	       "  --directory DIR       where schedules of failures are written (default: .)\n"
	       "  --outcomes FILE       write a line for each scenario: its name, exhausted or not,\n"
	       "                        executions, and its outcomes, with tabs between them;\n"
	       "                        else they are compared with those of the reference\n"
	       "  --no-expect           also stop at a failure that is known of the backend\n"
	       "  -h, --help            print this\n"
	       "  --version             print the version\n\n"
	       "Exit status: 0 no failure; 1 a failure, or what cannot be controlled; 2 an error in\n"
	       "how it was used.\n",
	       STEPS_DEFAULT);
	return EXIT_GOOD;
}

static bool take_strategy(struct command *c, const char *value)
{
	c->plan.strategy = strategy_find(value);
	if (!c->plan.strategy && strcmp(value, "auto") != 0)
		return option_refuse("strategy", value, "random, pct, pos, surw, dfs, dpor or auto");
	return true;
}

static bool take_number(struct command *c, int opt, const char *value)
{
	struct strategy_options *o = &c->plan.options;
	unsigned long n = 0;
	bool good;

	switch (opt) {
	case OPT_SCHEDULES:
		return option_number("schedules", value, 1, ULONG_MAX, &c->plan.schedules);
	case OPT_TIME:
		return option_positive("time", value, &c->plan.seconds);
	case OPT_JOBS:
		return option_number("jobs", value, 1, 1024, &c->jobs.places);
	case OPT_PREEMPTIONS:
		good = option_number("preemptions", value, 0, INT_MAX, &n);
		o->preemptions = (int)n;
		return good;
	case OPT_SEED:
		good = option_number("seed", value, 0, SEED_MOST, &n);
		o->seed = n;
		return good;
	default: /* OPT_STEPS */
		good = option_number("steps", value, 1, STEPS_MAX, &n);
		o->steps_max = (uint32_t)n;
		return good;
	}
}

/* One of two words; *second is whether it is the second. */
static bool take_word(const char *option, const char *value, const char *first, const char *second, bool *is_second)
{
	char advice[64];

	*is_second = strcmp(value, second) == 0;
	snprintf(advice, sizeof(advice), "%s or %s", first, second);
	return *is_second || strcmp(value, first) == 0 || option_refuse(option, value, advice);
}

static bool take_input(struct command *c, const char *value)
{
	if (c->input_count == INPUTS_MAX)
		return option_refuse("input", value, "no more than 64 of them, or a folder");
	c->inputs[c->input_count++] = value;
	return true;
}

static bool take(void *command, int opt, char *value)
{
	struct command *c = command;

	switch (opt) {
	case OPT_SCENARIO:
		select_add(&c->selection, SELECT_CASE, value);
		return true;
	case OPT_INPUT:
		return take_input(c, value);
	case OPT_PROGRAM:
		return c->program = true;
	case OPT_STRATEGY:
		return take_strategy(c, value);
	case OPT_SHARD:
		return option_shard(value, &c->shard);
	case OPT_TIMEOUTS:
		return take_word("timeouts", value, "idle", "any", &c->plan.options.timeouts_any);
	case OPT_RACES:
		return take_word("races", value, "fail", "explore", &c->plan.options.races_explored);
	case OPT_SPURIOUS:
		return c->plan.options.spurious = true;
	case OPT_FRESH:
		return c->plan.options.fresh = true;
	case OPT_NO_EXPECT:
		return c->no_expect = true;
	case OPT_DIRECTORY:
		c->directory = value;
		return true;
	case OPT_OUTCOMES:
		c->outcomes = value;
		return true;
	case OPT_GUEST:
		c->guest = atoi(value);
		return true;
	}
	return take_number(c, opt, value);
}

/* Options may also stand behind the backend; behind a program they are the program's. */
static int parse_backend(struct command *c, int argc, char **argv)
{
	int status = -1, at = optind;

	if (at == argc)
		return -1;
	if (c->backend)
		return tool_error("explore: one backend at a time; %s is one too many", argv[at]);
	c->backend = argv[at];
	if (at + 1 < argc) {
		argv[at] = argv[0];
		status = explore_parse(c, argc - at, argv + at);
	}
	return status;
}

int explore_parse(struct command *c, int argc, char **argv)
{
	static const struct options options = {"explore", "+:ho:", longs, help, take};
	int status = options_read(&options, c, argc, argv);

	if (status >= 0)
		return status;
	c->argv = argv + optind;
	if (c->program) {
		if (optind == argc)
			return tool_error("explore --program: give a program");
		if (c->backend)
			return tool_error("explore: a backend, %s, or --program, not both", c->backend);
		return -1;
	}
	return parse_backend(c, argc, argv);
}

struct command *explore_command(void)
{
	static struct command c;

	c = (struct command){
		.directory = ".",
		.guest = -1,
		.jobs = {.places = tool_processors()},
		.shard = shard_from_environment(),
		.plan = {.seconds = 60,
			 .options = {.seed = 1, .preemptions = -1, .timeouts_any = true, .steps_max = STEPS_DEFAULT}},
	};
	return &c;
}
