/* SPDX-License-Identifier: MIT */
/* cmd_selfcheck.c: poolproof selfcheck, which looks for mistakes of an adapter. */
#include <stdio.h>
#include <stdlib.h>

#include "guest.h"
#include "loader.h"
#include "options.h"
#include "report.h"
#include "runner.h"
#include "sanitizers.h"
#include "selfcheck.h"
#include "support.h"
#include "tool.h"

#define ERROR_SIZE 4096

static int help(void)
{
	printf("Usage: poolproof selfcheck [OPTION]... BACKEND\n"
	       "Check what an adapter promises for itself, so that its mistakes are not taken for\n"
	       "those of its pool.  To be done before `poolproof run`.\n\n"
	       "  -o KEY=VALUE       an option for the adapter; may be repeated\n"
	       "  --timeout-scale X  give each check X times as long\n"
	       "  -h, --help         print this\n"
	       "  --version          print the version\n\n"
	       "Exit status: 0 no problem; 1 a problem; 2 an error in how it was used.\n");
	return EXIT_GOOD;
}

struct tally {
	unsigned ok, problems, absent;
};

static void print_line(const char *word, const char *promise, const char *detail)
{
	char *clean = text_clean(detail, TEXT_LINE);

	printf("%-12s %s%s%s\n", word, promise, clean ? ": " : "", clean ? clean : "");
	fflush(stdout);
	free(clean);
}

static const char *hint_of(const struct pp_case *c)
{
	size_t i;

	for (i = 0; i < selfcheck_count; i++)
		if (&selfchecks[i].c == c)
			return selfchecks[i].hint;
	return NULL;
}

static bool got_verdict(void *arg, struct verdict *v)
{
	struct tally *t = arg;
	const char *hint = hint_of(v->c);

	if (v->outcome == PASS || v->outcome == SLOW) {
		t->ok++;
		print_line("ok", v->c->name, NULL);
	} else if (v->outcome == UNSUPPORTED) {
		t->absent++;
		print_line("not offered", v->c->name, v->message);
	} else {
		t->problems++;
		print_line("problem", v->c->name, v->message);
		if (hint)
			printf("%-12s %s%s\n", "", v->outcome == FAIL ? "" : "perhaps: ", hint);
	}
	verdict_clear(v);
	return true;
}

static int run_checks(void)
{
	const struct pp_case *cases[64];
	struct tally tally = {0};
	struct runner r = {cases, selfcheck_count, 1, got_verdict, &tally};
	char error[ERROR_SIZE];
	size_t i;

	for (i = 0; i < selfcheck_count; i++)
		cases[i] = &selfchecks[i].c;
	switch (runner_run(&r, error, sizeof(error))) {
	case RUNNER_INTERRUPTED:
		return tool_error("interrupted");
	case RUNNER_FAILED:
		return tool_error("%s", error);
	default:
		printf("%u ok, %u problem%s, %u not offered\n", tally.ok, tally.problems,
		       tally.problems == 1 ? "" : "s", tally.absent);
		return tally.problems ? EXIT_RED : EXIT_GOOD;
	}
}

static int check(const char *name, double scale)
{
	char error[ERROR_SIZE], *backend_name = NULL, *version = NULL;
	int status;

	time_scale = scale * sanitizers_slowdown();
	if (!target_locate(name, error, sizeof(error)) || !guests_begin(error, sizeof(error)) ||
	    !probe(&backend_name, &version, error, sizeof(error)))
		return tool_error("%s", error);
	printf("%s %s\n", backend_name, version);
	free(backend_name);
	free(version);
	status = run_checks();
	return status;
}

static bool take_scale(void *scale, int opt, char *value)
{
	(void)opt;
	return option_positive("timeout-scale", value, scale);
}

int cmd_selfcheck(int argc, char **argv)
{
	static const struct option longs[] = {
		OPTIONS_BACKEND,
		{"timeout-scale", required_argument, NULL, OPTION_OWN},
		OPTIONS_COMMON,
	};
	static const struct options options = {"selfcheck", ":ho:", longs, help, take_scale};
	double scale = 1;
	int status = options_read(&options, &scale, argc, argv);

	if (status >= 0)
		return status;
	if (argc - optind != 1)
		return tool_error("selfcheck: give one backend; `poolproof selfcheck --help` tells more");
	status = check(argv[optind], scale);
	target_clear();
	return status;
}
