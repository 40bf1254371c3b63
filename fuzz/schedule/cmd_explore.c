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
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../program_guest.h"
#include "cmd_explore.h"
#include "explore_command.h"
#include "guest.h"
#include "loader.h"
#include "options.h"
#include "race.h"
#include "runner.h"
#include "scenario_guest.h"
#include "text.h"
#include "tool.h"

/* ---- what is explored ------------------------------------------------------------------------ */

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

/* ---- all of them ----------------------------------------------------------------------------- */

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

/* ---- a program ------------------------------------------------------------------------------- */

static int explore_program(struct command *c)
{
	struct subject s = {.argv = c->argv, .keep = -1, .patience = 10};
	char *name = strdup(c->argv[0]);
	struct result r;
	int status;

	c->plan.subject = &s;
	c->plan.oracle = explore_program_failed;
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

/* ---- the command ----------------------------------------------------------------------------- */

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
	struct command *c = explore_command();
	int status = explore_parse(c, argc, argv);

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
