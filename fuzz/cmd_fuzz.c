/* SPDX-License-Identifier: MIT */
/* cmd_fuzz.c: poolproof fuzz. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "campaign.h"
#include "inject.h"
#include "loader.h"
#include "options.h"
#include "program_file.h"
#include "report.h"
#include "results.h"
#include "run_program.h"
#include "runner.h"
#include "sanitizers.h"
#include "shard.h"
#include "support.h"
#include "tool.h"

#define ERROR_SIZE 4096
#define FINDINGS_MAX 64
#define SHRINK_TIME 20.0

enum {
	OPT_TIME = OPTION_OWN,
	OPT_RUNS,
	OPT_SEED,
	OPT_THREADS,
	OPT_SHARD,
	OPT_WITHOUT,
	OPT_JSON,
	OPT_DIRECTORY,
	OPT_FIRST,
	OPT_NO_SHRINK,
	OPT_SCALE
};

static const struct option longs[] = {
	OPTIONS_BACKEND,
	{"time", required_argument, NULL, OPT_TIME},
	{"runs", required_argument, NULL, OPT_RUNS},
	{"seed", required_argument, NULL, OPT_SEED},
	{"threads", required_argument, NULL, OPT_THREADS},
	{"shard", required_argument, NULL, OPT_SHARD},
	{"without", required_argument, NULL, OPT_WITHOUT},
	{"json", required_argument, NULL, OPT_JSON},
	{"directory", required_argument, NULL, OPT_DIRECTORY},
	{"first", no_argument, NULL, OPT_FIRST},
	{"no-shrink", no_argument, NULL, OPT_NO_SHRINK},
	{"timeout-scale", required_argument, NULL, OPT_SCALE},
	OPTIONS_COMMON,
};

struct finding_told {
	char clause[24];
	enum failure_kind kind;
	char message[512];
	char path[512];
	unsigned times;
};

struct command {
	const char *backend;
	struct campaign campaign;
	struct limits limits;
	double scale;
	bool first_only, no_shrink;
	const char *json, *directory;
	char *name, *version;
	struct finding_told told[FINDINGS_MAX];
	size_t count;
	double started;
	char error[ERROR_SIZE];
};

static int help(void)
{
	printf("Usage: poolproof fuzz [OPTION]... [BACKEND]\n"
	       "Run random programs on BACKEND, and judge what they saw by a model of the\n"
	       "specification.  A program that fails is made small and written to a file, which\n"
	       "`poolproof replay` repeats.\n\n"
	       "  -o KEY=VALUE       an option for the backend's adapter; may be repeated\n"
	       "  --time S           for S seconds (default: 60), and a tenth more to make small what is\n"
	       "                     found at the end\n"
	       "  --runs N           for N programs at the most\n"
	       "  --seed N           the programs of this seed (default: another each time)\n"
	       "  --threads N        with up to N threads, 0 to 4 (default: 3); 0 is sequential\n"
	       "  --shard I/N        the I-th part of N, counted from 1; by default what an array job says\n"
	       "  --without NAMES    without these operations: wait, shutdown:cancel, task:submit,\n"
	       "                     callback:submit, initializer:fail, fail, ...\n"
	       "  --first            end with the first that fails\n"
	       "  --no-shrink        write programs that fail as they are\n"
	       "  --directory DIR    write programs that fail to DIR (default: .)\n"
	       "  --json FILE        write what was done and found as JSON\n"
	       "  --timeout-scale X  give everything X times as long\n"
	       "  -h, --help         print this\n"
	       "  --version          print the version\n\n"
	       "Exit status: 0 nothing found; 1 found something; 2 an error in how it was used.\n");
	return EXIT_GOOD;
}

/* ---- options ---------------------------------------------------------------------- */

static bool take_number(struct command *c, int opt, const char *value)
{
	unsigned long n;
	bool good;

	switch (opt) {
	case OPT_RUNS:
		if (isnan(c->limits.seconds))
			c->limits.seconds = INFINITY;
		return option_number("runs", value, 1, 1000000000000UL, &c->limits.runs);
	case OPT_SEED:
		good = option_number("seed", value, 0, SEED_MOST, &n);
		c->campaign.seed = n;
		return good;
	default:
		good = option_number("threads", value, 0, THREADS_MAX - 1, &n);
		c->campaign.threads = (unsigned)n;
		return good;
	}
}

static bool take(void *command, int opt, char *value)
{
	struct command *c = command;

	switch (opt) {
	case OPT_TIME:
		return option_positive("time", value, &c->limits.seconds);
	case OPT_SHARD:
		return option_shard(value, &c->campaign.shard);
	case OPT_WITHOUT:
		return without_add(&c->campaign.without, value) ||
		       option_refuse("without", value, "an operation that --help names");
	case OPT_SCALE:
		return option_positive("timeout-scale", value, &c->scale);
	case OPT_JSON:
		if (results_missing)
			tool_error("--json: not in this build; install %s and build again", results_missing);
		c->json = value;
		return !results_missing;
	case OPT_DIRECTORY:
		c->directory = value;
		return true;
	case OPT_FIRST:
		c->first_only = true;
		return true;
	case OPT_NO_SHRINK:
		c->no_shrink = true;
		return true;
	}
	return take_number(c, opt, value);
}

static const struct options options = {"fuzz", ":ho:", longs, help, take};

/* -1 to go on, or the exit status. */
static int parse(struct command *c, int argc, char **argv)
{
	int status = options_read(&options, c, argc, argv);

	if (isnan(c->limits.seconds))
		c->limits.seconds = 60;
	return status < 0 ? options_one_backend(&options, argc, argv, &c->backend) : status;
}

/* ---- findings ------------------------------------------------------------------------ */

static void write_program(struct command *c, const struct failure *f, FILE *out)
{
	char *text = NULL;
	size_t i, size;
	FILE *m;

	fprintf(out, "poolproof program 1\nbackend  %s\n", c->backend ? c->backend : "reference");
	for (i = 0; i < target.option_count; i++)
		fprintf(out, "option   %s=%s\n", target.options[i].key, target.options[i].value);
	fprintf(out, "found    %s %s %.*s\n", failure_name(f->kind), f->clause[0] ? f->clause : "-",
		(int)strcspn(f->message, "\n"), f->message);
	fprintf(out, "seed     %llu\nbytes    ", (unsigned long long)f->seed);
	print_bytes(&f->program, out);
	fputs("\n#\n", out);
	m = open_memstream(&text, &size);
	if (m) {
		program_print(&f->program, m);
		fputc('\n', m);
		fputs(f->history ? f->history : "", m);
		fclose(m);
		print_comment(text, out);
	}
	print_comment(f->stacks, out);
	free(text);
}

static void save(struct command *c, const struct failure *f, struct finding_told *t)
{
	bool written;
	FILE *out;

	snprintf(t->path, sizeof(t->path), "%s/%s-%016llx.program", c->directory,
		 f->clause[0] ? f->clause : failure_name(f->kind), (unsigned long long)f->seed);
	out = fopen(t->path, "we");
	if (!out) {
		tool_error("%s: %s; the program is not kept", t->path, strerror(errno));
		t->path[0] = '\0';
		return;
	}
	write_program(c, f, out);
	written = !ferror(out);
	if (fclose(out) != 0 || !written) {
		tool_error("%s: %s; the program is not whole", t->path, strerror(errno));
		t->path[0] = '\0';
	}
}

static struct finding_told *find_told(struct command *c, const struct failure *f)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (c->told[i].kind == f->kind && strcmp(c->told[i].clause, f->clause) == 0)
			return &c->told[i];
	return NULL;
}

/*
 * How long a program may be made smaller: at the most until the time is up, or a tenth of
 * it for one that was found at its end.
 */
static double shrink_time(const struct command *c)
{
	double rest = c->started + c->limits.seconds - run_now(), tenth = c->limits.seconds / 10;

	return fmin(SHRINK_TIME * time_scale, fmax(rest, tenth));
}

static void tell(struct command *c, struct failure *f)
{
	struct finding_told *t = find_told(c, f);
	unsigned tries;

	if (t) {
		t->times++;
		return;
	}
	if (c->count == FINDINGS_MAX)
		return;
	t = &c->told[c->count++];
	printf("%s%s%s: %s\n", failure_name(f->kind), f->clause[0] ? " " : "", f->clause, f->message);
	fflush(stdout);
	tries = c->no_shrink ? 0 : shrink(&c->campaign, f, shrink_time(c));
	t->kind = f->kind;
	t->times = 1;
	memcpy(t->clause, f->clause, sizeof(t->clause));
	memcpy(t->message, f->message, sizeof(t->message));
	save(c, f, t);
	printf("\n  after %u programs tried to make it smaller:\n\n", tries);
	program_print(&f->program, stdout);
	printf("\n%s\n%s", f->history ? f->history : "", f->stacks ? f->stacks : "");
	if (t->path[0])
		printf("  repeat it: %s replay %s\n\n", program_invocation_name, t->path);
	fflush(stdout);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static bool write_results(const struct command *c, FILE *f, bool complete)
{
	struct fuzz_finding findings[FINDINGS_MAX];
	struct fuzz_results results = {
		c->name, c->version, c->campaign.seed, c->campaign.shard, c->campaign.threads, c->campaign.runs,
		c->campaign.unjudged, c->campaign.features, run_now() - c->started, findings, c->count, complete,
	};
	size_t i;

	for (i = 0; i < c->count; i++) {
		const struct finding_told *t = &c->told[i];

		findings[i] = (struct fuzz_finding){failure_name(t->kind), t->clause, t->message, t->path, t->times};
	}
	return results_write_fuzz(f, &results);
}

static bool write_json(struct command *c, bool complete)
{
	FILE *f = c->json ? fopen(c->json, "we") : NULL;
	bool good;

	if (!c->json)
		return true;
	good = f && write_results(c, f, complete);
	if (f)
		good = fclose(f) == 0 && good;
	if (!good)
		snprintf(c->error, sizeof(c->error), "--json: cannot write %s: %s", c->json, strerror(errno));
	return good;
}

/* ---- the campaign --------------------------------------------------------------------------- */

/* Before the time is spent, not after; what cannot be is told. */
static bool can_write(struct command *c)
{
	FILE *f;

	if (!option_directory(c->directory))
		return false;
	f = c->json ? fopen(c->json, "ae") : NULL;
	if (f)
		fclose(f);
	else if (c->json)
		tool_error("--json: cannot write %s: %s", c->json, strerror(errno));
	return f || !c->json;
}

static bool prepare(struct command *c)
{
	time_scale = c->scale * sanitizers_slowdown();
	if (!inject_is_there() && !without_has(&c->campaign.without, OP_FAIL)) {
		printf("fuzz: no memory and no thread can be made to fail here: without fail\n");
		without_add(&c->campaign.without, op_types[OP_FAIL].name);
	}
	return target_locate(c->backend, c->error, ERROR_SIZE) && guests_begin(c->error, ERROR_SIZE) &&
	       probe(&c->name, &c->version, c->error, ERROR_SIZE) && campaign_open(&c->campaign, c->error, ERROR_SIZE);
}

static void summary(const struct command *c)
{
	double seconds = run_now() - c->started;
	unsigned long all = c->campaign.runs + c->campaign.repeats;
	char smaller[64] = "";

	if (c->campaign.repeats)
		snprintf(smaller, sizeof(smaller), " and %lu tries to make one smaller", c->campaign.repeats);
	printf("fuzz: %s %s: %lu programs%s in %.1f s (%.0f a second), %lu not judged, %u features; seed %llu, shard %u/%u; "
	       "%zu found\n",
	       c->name, c->version, c->campaign.runs, smaller, seconds, seconds > 0 ? (double)all / seconds : 0,
	       c->campaign.unjudged, c->campaign.features, (unsigned long long)c->campaign.seed, c->campaign.shard.number,
	       c->campaign.shard.count, c->count);
}

static int search(struct command *c)
{
	double until;
	enum campaign_end end;
	struct failure f;

	c->started = run_now();
	until = c->started + c->limits.seconds;
	do {
		struct limits rest = {until - run_now(), c->limits.runs - c->campaign.runs};

		end = campaign_search(&c->campaign, rest, &f);
		if (end == CAMPAIGN_FAILURE) {
			tell(c, &f);
			failure_clear(&f);
		}
	} while (end == CAMPAIGN_FAILURE && !c->first_only && run_now() < until && c->campaign.runs < c->limits.runs);
	summary(c);
	if (!write_json(c, end != CAMPAIGN_INTERRUPTED))
		return tool_error("%s", c->error);
	if (end == CAMPAIGN_INTERRUPTED)
		return tool_error("interrupted");
	return c->count ? EXIT_RED : EXIT_GOOD;
}

int cmd_fuzz(int argc, char **argv)
{
	static struct command c;
	int status;

	c = (struct command){.limits = {NAN, 1000000000000UL}, .scale = 1, .directory = "."};
	c.campaign.threads = 3;
	c.campaign.seed = (uint64_t)(run_now() * 1e6) ^ (uint64_t)getpid() << 32;
	c.campaign.seed &= 0xffffffffffffULL;
	c.campaign.shard = shard_from_environment();
	status = parse(&c, argc, argv);
	if (status < 0)
		status = !can_write(&c) ? EXIT_USAGE : prepare(&c) ? search(&c) : tool_error("%s", c.error);
	campaign_close(&c.campaign);
	free(c.name);
	free(c.version);
	target_clear();
	return status;
}
