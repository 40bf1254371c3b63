/* SPDX-License-Identifier: MIT */
/*
 * cmd_explore.c: poolproof explore.
 *
 * Each scenario is a job (jobs.h): it is searched for as long as any other, and what
 * was not exhausted is sampled in the last quarter of the time.
 */
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd_explore.h"
#include "expect.h"
#include "guest.h"
#include "jobs.h"
#include "loader.h"
#include "options.h"
#include "../program_guest.h"
#include "program_subject.h"
#include "race.h"
#include "report.h"
#include "result_report.h"
#include "runner.h"
#include "scenario_guest.h"
#include "select.h"
#include "shard.h"
#include "support.h"
#include "tool.h"

#define ERROR_SIZE 4096
#define STEPS_DEFAULT 20000
#define INPUTS_MAX 64 /* options */
#define BOUNDS 4      /* of preemptions, as they are counted; the last is for more */

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

static int parse(struct command *c, int argc, char **argv);

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
		status = parse(c, argc - at, argv + at);
	}
	return status;
}

static int parse(struct command *c, int argc, char **argv)
{
	static const struct options options = {"explore", "+:ho:", longs, help, take};
	int status = options_read(&options, c, argc, argv);

	if (status >= 0)
		return status;
	c->argv = argv + optind;
	if (c->program) {
		if (optind == argc)
			return tool_error("explore --program: give a program");
		return -1;
	}
	return parse_backend(c, argc, argv);
}

/* ---- one scenario, in its job ------------------------------------------------------------- */

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

/* e: NULL for a program that is no guest. */
static void explore_subject(struct command *c, const char *name, const struct entry *e, FILE *f, struct result *r)
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

static void plan_of_program(struct plan *p, struct program_subject *s)
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

	plan_of_program(&c->plan, &s);
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

static void plan_of_scenario(struct plan *p, struct guest_subject *g)
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

	plan_of_scenario(&c->plan, &g);
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

/* In the process of a job. */
static void explore_entry(void *arg, struct job *j)
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

/* ---- all of them ------------------------------------------------------------------------------ */

static bool select_scenarios(struct command *c)
{
	size_t i, n = 0;

	c->selection.scenarios = true;
	if (!select_resolve(&c->selection, c->error, ERROR_SIZE))
		return false;
	c->entry = calloc(c->selection.case_count + 1, sizeof(*c->entry));
	for (i = 0; c->entry && i < c->selection.case_count; i++) {
		const char *name = c->selection.cases[i]->name;

		if (scenario_find(name) && n++ % c->shard.count == c->shard.number - 1)
			c->entry[c->count++].name = name;
	}
	if (!c->count)
		snprintf(c->error, ERROR_SIZE, "--scenario: no scenario is selected");
	return c->count > 0;
}

/* The file's name without folders, up to the dot. */
static char *name_of(const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	return strndup(base, strcspn(base, "."));
}

static bool add_input(struct command *c, size_t *n, const char *path)
{
	struct entry *grown;

	if ((*n)++ % c->shard.count != c->shard.number - 1)
		return true;
	if (!program_guest_reads(path, c->error, ERROR_SIZE))
		return false;
	grown = realloc(c->entry, (c->count + 1) * sizeof(*grown));
	if (!grown) {
		snprintf(c->error, ERROR_SIZE, "no memory for the programs");
		return false;
	}
	c->entry = grown;
	c->entry[c->count++] = (struct entry){.name = name_of(path), .input = strdup(path)};
	return true;
}

static int is_program_name(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && strcmp(dot, ".program") == 0;
}

/* A file, or all programs of a folder. */
static bool add_inputs(struct command *c, size_t *n, const char *path)
{
	struct dirent **list;
	bool good = true;
	int i, count = scandir(path, &list, is_program_name, alphasort);

	if (count < 0 && errno != ENOTDIR) {
		snprintf(c->error, ERROR_SIZE, "--input %s: %s", path, strerror(errno));
		return false;
	}
	if (count < 0)
		return add_input(c, n, path);
	for (i = 0; i < count; i++) {
		char *file = text_format("%s/%s", path, list[i]->d_name);

		good = good && add_input(c, n, file);
		free(file);
		free(list[i]);
	}
	free(list);
	return good;
}

static bool select_inputs(struct command *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->input_count; i++)
		if (!add_inputs(c, &n, c->inputs[i]))
			return false;
	if (!c->count)
		snprintf(c->error, ERROR_SIZE, "--input: there is no program");
	return c->count > 0;
}

static void copy_report(const struct entry *e)
{
	char buffer[4096];
	off_t at = 0;
	ssize_t n;

	if (e->score->kind == RESULT_ERROR && lseek(e->report, 0, SEEK_END) == 0)
		printf("%-12s %s: its process has ended\n", "ERROR", e->name);
	while ((n = pread(e->report, buffer, sizeof(buffer), at)) > 0) {
		fwrite(buffer, 1, (size_t)n, stdout);
		at += n;
	}
	fflush(stdout);
}

static void tell_and_count(struct command *c, const struct entry *e)
{
	const struct score *s = e->score;

	copy_report(e);
	c->executions += s->executions;
	c->sampled += s->sampled;
	c->known += s->known;
	c->failures += s->kind == RESULT_FAILED || (s->differs && c->is_reference);
	c->exhausted += s->kind == RESULT_EXHAUSTED;
	if (s->kind == RESULT_SAMPLED && s->preemptions != UNBOUNDED)
		c->bounded[s->preemptions < BOUNDS ? s->preemptions : BOUNDS - 1]++;
	c->uncontrolled += s->kind == RESULT_UNCONTROLLED || s->kind == RESULT_ERROR;
}

static void count_job(void *arg, struct job *j)
{
	struct command *c = arg;
	struct entry *e = &c->entry[j->number];
	struct score *s = e->score;

	c->unsupported += s->unsupported;
	c->begun++;
	if (s->lost)
		c->lost = s->lost;
	if (!s->unsupported)
		tell_and_count(c, e);
	close(e->report);
	munmap(s, sizeof(*s));
}

static bool open_entries(struct command *c)
{
	size_t i;

	for (i = 0; i < c->count; i++) {
		struct entry *e = &c->entry[i];

		e->report = memfd_create("report", MFD_CLOEXEC);
		e->score = mmap(NULL, sizeof(*e->score), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (e->report < 0 || e->score == MAP_FAILED)
			return false;
		e->score->kind = RESULT_ERROR;
	}
	return true;
}

static int outcomes_lost(const struct command *c, int why)
{
	return tool_error("--outcomes: cannot write %s: %s", c->outcomes, strerror(why));
}

static const char *noun(const struct command *c)
{
	return c->input_count ? "program" : "scenario";
}

static void tell(const struct command *c, unsigned long n, const char *one, const char *many)
{
	if (n)
		printf("%lu %s%s %s\n", n, noun(c), plural(n, "", "s"), n == 1 ? one : many);
}

/* Of those that are only sampled. */
static void tell_bounds(const struct command *c)
{
	int i;

	for (i = 0; i < BOUNDS; i++)
		if (c->bounded[i])
			printf("%lu %s%s: all schedules with at most %d %s%s\n", c->bounded[i], noun(c),
			       plural(c->bounded[i], "", "s"), i, plural((unsigned long)i, "preemption", "preemptions"),
			       i == BOUNDS - 1 ? " or more" : "");
}

static void print_closing_line(const struct command *c, unsigned long n, const char *what)
{
	printf("explore: exhausted %lu of %lu %s%s, %lu %s, %lu %s sampled, %lu %s\n", c->exhausted, n, what,
	       plural(n, "", "s"), c->executions, plural(c->executions, "execution", "executions"), c->sampled,
	       plural(c->sampled, "schedule", "schedules"), c->failures, plural(c->failures, "failure", "failures"));
}

static int explore_all(struct command *c)
{
	bool samples = !c->plan.strategy;

	c->jobs = (struct jobs){
		.job = calloc(c->count, sizeof(*c->jobs.job)),
		.count = c->count,
		.places = c->jobs.places,
		.seconds = c->plan.seconds,
		.search = c->plan.seconds * (samples ? EXPLORE_SEARCH : 1),
		.run = explore_entry,
		.over = count_job,
		.arg = c,
		.news = guests_news(),
		.interrupted = guests_interrupted,
	};
	if (!c->jobs.job || !open_entries(c) || !jobs_run(&c->jobs))
		return tool_error("no process could be started for a scenario");
	tell(c, c->unsupported, "is not supported by the backend", "are not supported by the backend");
	tell(c, c->known, "fails as is known of the backend", "fail as is known of the backend");
	tell(c, c->uncontrolled, "could not be controlled", "could not be controlled");
	tell_bounds(c);
	print_closing_line(c, c->count - c->unsupported, noun(c));
	if (*c->jobs.stop)
		return tool_error("interrupted; %lu of %zu had begun", c->begun, c->count);
	if (c->lost)
		return outcomes_lost(c, c->lost);
	return c->failures || c->uncontrolled ? EXIT_RED : EXIT_GOOD;
}

/* ---- a program ------------------------------------------------------------------------------------ */

static bool program_failed(void *arg, const struct memory *m, char *text, size_t size)
{
	(void)arg;
	if (WIFEXITED(m->status) && WEXITSTATUS(m->status) == 0)
		return false;
	snprintf(text, size, "exit status %d", WEXITSTATUS(m->status));
	return true;
}

static int explore_program(struct command *c)
{
	struct subject s = {.argv = c->argv, .keep = -1, .patience = 10};
	char *name = strdup(c->argv[0]);
	struct result r;
	int status;

	c->plan.subject = &s;
	c->plan.oracle = program_failed;
	c->plan.options.whole = true;
	sched_getaffinity(0, sizeof(c->jobs.processors), &c->jobs.processors);
	pin_process(&c->jobs.processors, 0, 0);
	if (!subject_start(&s, c->error, ERROR_SIZE)) {
		subject_end(&s);
		free(name);
		return tool_error("%s", c->error);
	}
	explore_subject(c, basename(name), NULL, stdout, &r);
	status = c->lost ? outcomes_lost(c, c->lost) :
		 r.kind == RESULT_EXHAUSTED || r.kind == RESULT_SAMPLED ? EXIT_GOOD : EXIT_RED;
	c->exhausted = r.kind == RESULT_EXHAUSTED;
	c->failures = r.kind == RESULT_FAILED;
	c->executions = r.executions;
	c->sampled = r.sampled;
	print_closing_line(c, 1, "program");
	result_clear(&r);
	subject_end(&s);
	free(name);
	return status;
}

/* False, with errno, if nothing can be written there. */
static bool empty_outcomes(struct command *c)
{
	FILE *f = c->outcomes ? fopen(c->outcomes, "we") : NULL;

	return !c->outcomes || (f && fclose(f) == 0);
}

static int run(struct command *c)
{
	char *name, *version;

	if (!option_directory(c->directory))
		return EXIT_USAGE;
	if (!empty_outcomes(c))
		return outcomes_lost(c, errno);
	if (c->program)
		return explore_program(c);
	if (!(c->input_count ? select_inputs(c) : select_scenarios(c)) || !target_locate(c->backend, c->error, ERROR_SIZE) ||
	    !guests_begin(c->error, ERROR_SIZE) || !probe(&name, &version, c->error, ERROR_SIZE))
		return tool_error("%s", c->error);
	c->expectations = target.expect && !c->no_expect ? expect_load(target.expect, c->error, ERROR_SIZE) : expect_new();
	if (!c->expectations)
		return tool_error("%s", c->error);
	c->is_reference = strcmp(name, "libcfutures") == 0;
	expect_begin(c->expectations, name, version, target.options, target.option_count);
	printf("poolproof %s: %s %s, %zu %s%s\n", poolproof_version, name, version, c->count, noun(c),
	       plural(c->count, "", "s"));
	free(name);
	free(version);
	return explore_all(c);
}

static struct command *command_begin(void)
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

static _Noreturn void start_program_guest(struct command *c)
{
	target.path = strdup(c->backend);
	program_guest_main(c->guest, c->inputs[0]);
}

static void free_entries(struct command *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (c->entry[i].input) {
			free((char *)c->entry[i].name);
			free(c->entry[i].input);
		}
	free(c->entry);
}

int cmd_explore(int argc, char **argv)
{
	struct command *c = command_begin();
	int status = parse(c, argc, argv);

	if (status < 0 && c->guest >= 0 && c->input_count)
		start_program_guest(c);
	if (status < 0 && c->guest >= 0)
		guest_main(c->guest, c->selection.given[0].items[0], c->backend);
	if (status < 0)
		status = run(c);
	if (c->expectations)
		expect_free(c->expectations);
	select_clear(&c->selection);
	free_entries(c);
	free(c->jobs.job);
	target_clear();
	return status;
}

/* ---- replay --------------------------------------------------------------------------------------------- */

static int replay(struct command *c, struct schedule_file *file)
{
	const struct plan *p = &c->plan;
	char text[2 * TEXT_MAX];
	bool failed;

	p->subject->m->points = file->schedule.points;
	memcpy(p->subject->m->point, file->point, sizeof(file->point));
	if (!report_schedule(stdout, p, &file->schedule))
		return tool_error("the target has ended outside of an execution");
	failed = execution_failed(p, text, sizeof(text));
	if (p->subject->m->ending == END_DIVERGED)
		printf("replay: DIVERGED: %s\n", p->subject->m->text);
	else
		printf("replay: %s%s\n", failed ? text : "passed",
		       trace_hash(p->subject->m) == file->hash ? "" : " (its trace is not that of the file)");
	return failed || p->subject->m->ending == END_DIVERGED ? EXIT_RED : EXIT_GOOD;
}

static int replay_input(struct command *c, struct schedule_file *file)
{
	struct program_subject s = {0};
	int status = EXIT_USAGE;

	plan_of_program(&c->plan, &s);
	if (program_subject_start(&s, file->input, c->error, ERROR_SIZE)) {
		status = replay(c, file);
		program_guest_print(s.history, file->input, stdout);
	} else {
		tool_error("%s", c->error);
	}
	program_subject_end(&s);
	return status;
}

static int replay_scenario(struct command *c, struct schedule_file *file)
{
	struct guest_subject g = {0};
	int status = EXIT_USAGE;

	plan_of_scenario(&c->plan, &g);
	if (!scenario_find(file->scenario))
		return tool_error("there is no scenario %s", file->scenario);
	if (guest_subject_start(&g, file->scenario, c->error, ERROR_SIZE))
		status = replay(c, file);
	else
		tool_error("%s", c->error);
	guest_subject_end(&g);
	return status;
}

static int replay_on_backend(struct command *c, struct schedule_file *file)
{
	size_t i;

	for (i = 0; i < file->option_count; i++)
		if (!target_add_option(file->options[i], c->error, ERROR_SIZE))
			return tool_error("%s", c->error);
	if (!target_locate(file->backend, c->error, ERROR_SIZE))
		return tool_error("%s", c->error);
	return file->input ? replay_input(c, file) : replay_scenario(c, file);
}

static int replay_program(struct command *c, struct schedule_file *file)
{
	struct subject s = {.argv = file->arguments, .keep = -1, .patience = 10};
	int status = EXIT_USAGE;

	c->plan.subject = &s;
	c->plan.oracle = program_failed;
	c->plan.options.whole = true;
	if (subject_start(&s, c->error, ERROR_SIZE))
		status = replay(c, file);
	else
		tool_error("%s", c->error);
	subject_end(&s);
	return status;
}

bool replay_is_of_schedule(const char *path)
{
	return schedule_file_is(path);
}

int cmd_replay_schedule(int argc, char **argv)
{
	struct command *c = command_begin();
	struct schedule_file file;
	int status;

	if (argc != 2)
		return tool_error("replay: give one file that `poolproof explore` has written");
	if (!schedule_file_read(argv[1], &file, c->error, ERROR_SIZE)) {
		schedule_file_clear(&file);
		return tool_error("%s", c->error);
	}
	c->plan.options.timeouts_any = file.timeouts_any;
	c->plan.options.spurious = file.spurious;
	c->plan.options.races_explored = file.races_explored;
	status = file.backend ? replay_on_backend(c, &file) : replay_program(c, &file);
	schedule_file_clear(&file);
	target_clear();
	return status;
}
