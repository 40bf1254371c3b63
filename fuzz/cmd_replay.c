/* SPDX-License-Identifier: MIT */
/* cmd_replay.c: poolproof replay. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "inject.h"
#include "loader.h"
#include "options.h"
#include "program_file.h"
#include "runner.h"
#include "run_program.h"
#include "sanitizers.h"
#include "support.h"
#include "tool.h"
#include "schedule/cmd_explore.h"

#define ERROR_SIZE 4096

enum { OPT_TIME = OPTION_OWN, OPT_RUNS, OPT_BACKEND, OPT_C, OPT_PRINT };

static const struct option longs[] = {
	OPTIONS_BACKEND,
	{"time", required_argument, NULL, OPT_TIME},
	{"runs", required_argument, NULL, OPT_RUNS},
	{"backend", required_argument, NULL, OPT_BACKEND},
	{"print", no_argument, NULL, OPT_PRINT},
	{"c", no_argument, NULL, OPT_C},
	OPTIONS_COMMON,
};

struct command {
	const char *path, *backend;
	bool print, c;
	struct limits limits;
	struct program_file file;
	struct campaign campaign;
	char error[ERROR_SIZE];
};

static int help(void)
{
	printf("Usage: poolproof replay [OPTION]... FILE\n"
	       "Repeat a program that `poolproof fuzz` has written, until it fails; or once, the\n"
	       "schedule that `poolproof explore` has written.\n\n"
	       "  --backend BACKEND  on another backend than the file says\n"
	       "  -o KEY=VALUE       an option for the backend's adapter; may be repeated\n"
	       "  --time S           for S seconds at the most (default: 10)\n"
	       "  --runs N           N times at the most (default: 10000)\n"
	       "  --print            print the program, and do not run it\n"
	       "  --c                print it as a C program, for a bug report\n"
	       "  -h, --help         print this\n"
	       "  --version          print the version\n\n"
	       "Exit status: 0 it passed; 1 it failed; 2 an error in how it was used.\n");
	return EXIT_GOOD;
}

static bool take(void *command, int opt, char *value)
{
	struct command *c = command;

	switch (opt) {
	case OPT_BACKEND:
		c->backend = value;
		return true;
	case OPT_C:
		return c->c = true;
	case OPT_PRINT:
		return c->print = true;
	case OPT_TIME:
		return option_positive("time", value, &c->limits.seconds);
	default:
		return option_number("runs", value, 1, 1000000000000UL, &c->limits.runs);
	}
}

static int parse(struct command *c, int argc, char **argv)
{
	static const struct options options = {"replay", ":ho:", longs, help, take};
	int status = options_read(&options, c, argc, argv);

	if (status >= 0)
		return status;
	if (argc - optind != 1)
		return tool_error("replay: give one file that `poolproof fuzz` or `poolproof explore` has written");
	c->path = argv[optind];
	if (replay_is_of_schedule(c->path))
		return cmd_replay_schedule(2, (char *[]){argv[0], argv[optind], NULL});
	return -1;
}

static bool prepare(struct command *c)
{
	size_t i, given = target.option_count;
	char *name, *version;
	bool good;

	for (i = 0; given == 0 && i < c->file.option_count; i++)
		if (!target_add_option(c->file.options[i], c->error, ERROR_SIZE))
			return false;
	if (!c->backend && c->file.backend[0])
		c->backend = c->file.backend;
	time_scale = sanitizers_slowdown();
	if (!target_locate(c->backend, c->error, ERROR_SIZE) || !guests_begin(c->error, ERROR_SIZE))
		return false;
	good = probe(&name, &version, c->error, ERROR_SIZE) && campaign_open(&c->campaign, c->error, ERROR_SIZE);
	if (good) {
		free(name);
		free(version);
	}
	return good;
}

static int replay(struct command *c)
{
	struct failure f;
	enum campaign_end end = campaign_repeat(&c->campaign, &c->file.program, c->file.seed, c->limits, &f);

	if (end == CAMPAIGN_INTERRUPTED)
		return tool_error("interrupted");
	program_print(&c->file.program, stdout);
	if (program_fails(&c->file.program) && !inject_is_there())
		puts("(no memory and no thread can be made to fail here: its fail did nothing)");
	if (end == CAMPAIGN_DONE) {
		printf("\nreplay: passed %lu times\n", c->campaign.repeats);
		return EXIT_GOOD;
	}
	printf("\n%s\n%s", f.history ? f.history : "", f.stacks ? f.stacks : "");
	printf("replay: %s%s%s after %lu runs: %s\n", failure_name(f.kind), f.clause[0] ? " " : "", f.clause,
	       c->campaign.repeats, f.message);
	failure_clear(&f);
	return EXIT_RED;
}

static int run(struct command *c)
{
	if (!program_file_read(c->path, &c->file, c->error, ERROR_SIZE))
		return tool_error("%s", c->error);
	if (c->print)
		program_print(&c->file.program, stdout);
	if (c->c)
		program_print_c(&c->file.program, stdout);
	if (c->print || c->c)
		return EXIT_GOOD;
	return prepare(c) ? replay(c) : tool_error("%s", c->error);
}

int cmd_replay(int argc, char **argv)
{
	static struct command c;
	int status;

	c = (struct command){.limits = {10, 10000}, .campaign = {.shard = {1, 1}}};
	status = parse(&c, argc, argv);
	if (status < 0)
		status = run(&c);
	campaign_close(&c.campaign);
	target_clear();
	return status;
}
