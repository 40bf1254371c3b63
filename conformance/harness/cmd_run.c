/* SPDX-License-Identifier: MIT */
/* cmd_run.c: poolproof run. */
#include <errno.h> /* program_invocation_name */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounded.h"
#include "expect.h"
#include "guest.h"
#include "loader.h"
#include "options.h"
#include "report.h"
#include "runner.h"
#include "sanitizers.h"
#include "select.h"
#include "support.h"
#include "tool.h"

#define ERROR_SIZE 4096

enum {
	OPT_JOBS = OPTION_OWN,
	OPT_SCALE,
	OPT_EXPECT,
	OPT_NO_EXPECT,
	OPT_WRITE_EXPECT,
	OPT_TAP,
	OPT_JUNIT,
	OPT_JSON
};

static const struct option longs[] = {
	SELECT_OPTIONS,
	OPTIONS_BACKEND,
	{"jobs", required_argument, NULL, OPT_JOBS},
	{"timeout-scale", required_argument, NULL, OPT_SCALE},
	{"expect", required_argument, NULL, OPT_EXPECT},
	{"no-expect", no_argument, NULL, OPT_NO_EXPECT},
	{"write-expect", required_argument, NULL, OPT_WRITE_EXPECT},
	{"tap", required_argument, NULL, OPT_TAP},
	{"junit", required_argument, NULL, OPT_JUNIT},
	{"json", required_argument, NULL, OPT_JSON},
	{"verbose", no_argument, NULL, 'v'},
	OPTIONS_COMMON,
};

/* The files of --tap, --junit and --json, in the order of their options. */
static const struct report_type *const file_types[] = {&report_tap, &report_junit, &report_json};
#define FILE_TYPES (sizeof(file_types) / sizeof(file_types[0]))

struct command {
	const char *backend;
	struct selection selection;
	size_t jobs;
	double scale;
	bool verbose;
	bool no_expect;
	const char *expect;
	const char *write_expect;
	const char *files[FILE_TYPES];

	struct expectations *expectations;
	struct report *reports;
	struct run run;
	double started;
	char error[ERROR_SIZE];
};

static int help(void)
{
	printf("Usage: poolproof run [OPTION]... [BACKEND]\n"
	       "Judge BACKEND, clause by clause: a shared object, or the name of one that comes\n"
	       "with the tool.  Without it: the reference.\n\n"
	       "  -o KEY=VALUE       an option for the backend's adapter; may be repeated\n%s"
	       "  --jobs N           as many cases at a time (default: three for each processor)\n"
	       "  --timeout-scale X  give each case X times as long\n"
	       "  --expect FILE      what is known about the backend; a run that comes out so is good\n"
	       "  --no-expect        without the file that comes with the backend\n"
	       "  --write-expect FILE  write such a file from what this run finds\n"
	       "  --tap FILE         write the verdicts as TAP; - is the standard output\n"
	       "  --junit FILE       as JUnit XML\n"
	       "  --json FILE        as JSON\n"
	       "  -v, --verbose      tell about every case\n"
	       "  -h, --help         print this\n"
	       "  --version          print the version\n\n"
	       "Exit status: 0 conforming, or exactly as expected; 1 not; 2 an error in how it was used.\n",
	       select_help);
	return EXIT_GOOD;
}

/* ---- options --------------------------------------------------------------------- */

size_t tool_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

/* One option; false if it was refused. */
static bool take(void *command, int opt, char *value)
{
	struct command *c = command;

	if (select_is_option(opt)) {
		select_add(&c->selection, opt, value);
		return true;
	}
	switch (opt) {
	case OPT_JOBS:
		return option_number("jobs", value, 1, 1024, &c->jobs);
	case OPT_SCALE:
		return option_positive("timeout-scale", value, &c->scale);
	case OPT_EXPECT:
		c->expect = value;
		break;
	case OPT_NO_EXPECT:
		c->no_expect = true;
		break;
	case OPT_WRITE_EXPECT:
		c->write_expect = value;
		return strcmp(value, "-") != 0 || option_refuse("write-expect", value, "the name of a file");
	case 'v':
		c->verbose = true;
		break;
	default:
		c->files[opt - OPT_TAP] = value;
	}
	return true;
}

static const struct options options = {"run", ":ho:v", longs, help, take};

/* -1 to go on, or the exit status. */
static int parse(struct command *c, int argc, char **argv)
{
	int status = options_read(&options, c, argc, argv);

	return status < 0 ? options_one_backend(&options, argc, argv, &c->backend) : status;
}

/* ---- the command that repeats a case ------------------------------------------------ */

static bool is_plain(const char *word)
{
	return *word && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				     "_./:=,+-@%") == strlen(word);
}

void tool_put_word(FILE *f, const char *prefix, const char *word)
{
	fprintf(f, " %s", prefix);
	if (is_plain(word)) {
		fputs(word, f);
		return;
	}
	fputc('\'', f);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, f);
	fputc('\'', f);
}

static char *repeat_command(const struct command *c)
{
	char *text = NULL;
	size_t i, size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fprintf(f, "%s run", program_invocation_name);
	if (c->backend)
		tool_put_word(f, "", c->backend);
	for (i = 0; i < target.option_count; i++) {
		char *option = text_format("%s=%s", target.options[i].key, target.options[i].value);

		tool_put_word(f, "-o ", option);
		free(option);
	}
	if (strcmp(c->selection.profile, profile_newest()) != 0)
		tool_put_word(f, "--profile ", c->selection.profile);
	if (c->expect)
		tool_put_word(f, "--expect ", c->expect);
	else if (c->no_expect)
		tool_put_word(f, "", "--no-expect");
	fclose(f);
	return text;
}

/* ---- the run -------------------------------------------------------------------------- */

static bool load_expectations(struct command *c)
{
	const char *path = c->expect ? c->expect : c->no_expect ? NULL : target.expect;

	if (path)
		c->expectations = expect_load(path, c->error, sizeof(c->error));
	else
		c->expectations = expect_new();
	if (!c->expectations)
		return false;
	return !c->write_expect || expect_writable(c->write_expect, c->error, sizeof(c->error));
}

/* Two in one file would be none. */
static bool reports_are_apart(struct command *c)
{
	size_t i, k;

	for (i = 0; i < FILE_TYPES; i++)
		for (k = 0; k < i; k++)
			if (c->files[i] && c->files[k] && strcmp(c->files[i], c->files[k]) == 0) {
				snprintf(c->error, ERROR_SIZE, "two reports to %s; give each a file of its own", c->files[i]);
				return false;
			}
	return true;
}

static bool open_reports(struct command *c)
{
	bool to_stdout = reports_on_stdout(c->files, FILE_TYPES);
	size_t i;

	reports_add(&c->reports, report_on(&report_console, to_stdout ? stderr : stdout));
	for (i = 0; i < FILE_TYPES; i++)
		if (c->files[i] && !reports_add(&c->reports, report_open(file_types[i], c->files[i],
									c->error, sizeof(c->error))))
			return false;
	return true;
}

/* All that can go wrong before the first case. */
static bool prepare(struct command *c)
{
	char *e = c->error;

	time_scale = c->scale * sanitizers_slowdown();
	if (!select_resolve(&c->selection, e, ERROR_SIZE) ||
	    !target_locate(c->backend, e, ERROR_SIZE) || !guests_begin(e, ERROR_SIZE) ||
	    !reports_are_apart(c) || !load_expectations(c) ||
	    !probe(&c->run.backend_name, &c->run.backend_version, e, ERROR_SIZE) || !open_reports(c))
		return false;
	expect_begin(c->expectations, c->run.backend_name, c->run.backend_version, target.options, target.option_count);
	c->started = now();
	c->run.tool = "poolproof";
	c->run.version = poolproof_version;
	c->run.command = "run";
	c->run.profile = c->selection.profile;
	c->run.total = c->selection.case_count + c->selection.untested_count;
	c->run.repeat = repeat_command(c);
	c->run.verbose = c->verbose;
	return reports_begin(c->reports, &c->run, e, ERROR_SIZE);
}

static bool got_verdict(void *arg, struct verdict *v)
{
	struct command *c = arg;
	bool ok;

	expect_apply(c->expectations, v);
	c->run.seconds = now() - c->started;
	ok = reports_verdict(c->reports, &c->run, v, c->error, ERROR_SIZE);
	verdict_clear(v);
	return ok;
}

/* Clauses that no case can observe have a verdict too. */
static bool report_untested(struct command *c)
{
	size_t i;

	for (i = 0; i < c->selection.untested_count; i++) {
		const struct clause *clause = c->selection.untested[i];
		struct verdict v = {.clause = clause, .outcome = UNTESTED, .message = strdup(clause->untested)};

		if (!got_verdict(c, &v))
			return false;
	}
	return true;
}

static int run_cases(struct command *c)
{
	struct runner r = {c->selection.cases, c->selection.case_count, c->jobs, got_verdict, c};
	enum runner_end end;
	unsigned told;

	backend_stand_in = bounded_stand_in;
	end = runner_run(&r, c->error, ERROR_SIZE);
	told = run_verdicts(&c->run);

	if (end == RUNNER_FAILED)
		return tool_error("%s", c->error);
	if (end == RUNNER_DONE) {
		if (!report_untested(c))
			return tool_error("%s", c->error);
		c->run.stale = expect_stale(c->expectations);
	}
	c->run.seconds = now() - c->started;
	if (!reports_end(c->reports, &c->run, c->error, ERROR_SIZE))
		return tool_error("%s", c->error);
	if (end == RUNNER_INTERRUPTED)
		return tool_error("interrupted after %u of %zu cases; the reports hold what was found so far",
				  told, r.count);
	if (c->write_expect && !expect_write(c->expectations, c->write_expect, &c->run, c->error, ERROR_SIZE))
		return tool_error("%s", c->error);
	return run_exit_status(&c->run);
}

static void clear(struct command *c)
{
	reports_close(c->reports);
	if (c->expectations)
		expect_free(c->expectations);
	select_clear(&c->selection);
	free(c->run.backend_name);
	free(c->run.backend_version);
	free(c->run.repeat);
	free(c->run.stale);
	target_clear();
}

int cmd_run(int argc, char **argv)
{
	struct command c = {.jobs = 3 * tool_processors(), .scale = 1}; /* a case waits for most of its time */
	int status = parse(&c, argc, argv);

	if (status < 0)
		status = prepare(&c) ? run_cases(&c) : tool_error("%s", c.error);
	clear(&c);
	return status;
}
