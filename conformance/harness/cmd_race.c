/* SPDX-License-Identifier: MIT */
/*
 * cmd_race.c: poolproof race.
 *
 * The time is divided over the scenarios.  Each scenario gets its share in batches;
 * one batch is one case of the runner, so that it is supervised like a case, and
 * there are as many sweeps over the scenarios as the share needs batches.  The
 * first red batch is the scenario's verdict and ends it.
 */
#include <errno.h> /* program_invocation_name */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bounded.h"
#include "expect.h"
#include "guest.h"
#include "loader.h"
#include "options.h"
#include "race.h"
#include "report.h"
#include "runner.h"
#include "sanitizers.h"
#include "select.h"
#include "shard.h"
#include "support.h"
#include "tool.h"

#define ERROR_SIZE 4096
#define BATCH_SECONDS 2.0 /* at time_scale 1; well below the deadline of a case */
#define THREADS 6 /* the default of --threads */
#define STRIDE_BITS 24	  /* a batch has fewer rounds than 2 to this */

enum {
	OPT_SCENARIO = OPTION_OWN,
	OPT_TIME,
	OPT_ROUNDS,
	OPT_SEED,
	OPT_THREADS,
	OPT_JOBS,
	OPT_SHARD,
	OPT_SCALE,
	OPT_EXPECT,
	OPT_NO_EXPECT,
	OPT_JSON
};

static const struct option longs[] = {
	{"scenario", required_argument, NULL, OPT_SCENARIO},
	{"time", required_argument, NULL, OPT_TIME},
	{"rounds", required_argument, NULL, OPT_ROUNDS},
	{"seed", required_argument, NULL, OPT_SEED},
	{"threads", required_argument, NULL, OPT_THREADS},
	{"jobs", required_argument, NULL, OPT_JOBS},
	{"shard", required_argument, NULL, OPT_SHARD},
	OPTIONS_BACKEND,
	{"timeout-scale", required_argument, NULL, OPT_SCALE},
	{"expect", required_argument, NULL, OPT_EXPECT},
	{"no-expect", no_argument, NULL, OPT_NO_EXPECT},
	{"json", required_argument, NULL, OPT_JSON},
	{"verbose", no_argument, NULL, 'v'},
	OPTIONS_COMMON,
};

/* A scenario, and what became of it so far. */
struct entrant {
	const struct pp_case *c;
	struct scenario *s;
	struct race_record *record;
	unsigned long rounds; /* of the batches before the one in record */
	double seconds;	      /* that its batches took */
	bool over;	      /* it has had its share, or is red */
	struct verdict verdict;
};

struct race {
	const char *backend;
	const char **globs;
	size_t glob_count;
	double time;
	unsigned long rounds; /* of each scenario; 0 is as many as the time allows */
	uint64_t seed;
	bool seed_given;
	int threads;
	size_t jobs;
	struct shard shard;
	double scale;
	bool verbose;
	bool no_expect;
	const char *expect;
	const char *json;

	struct selection selection;
	struct entrant *entrants;
	size_t count;
	unsigned long sweep;
	struct expectations *expectations;
	struct report *reports;
	FILE *console;
	bool terminal;
	struct run run;
	double started;
	char error[ERROR_SIZE];
};

static struct race *the_race; /* for race_record_of, in the batch processes too */

static int help(void)
{
	printf("Usage: poolproof race [OPTION]... [BACKEND]\n"
	       "Run the scenarios on BACKEND in rounds, with delays drawn from a seed at every\n"
	       "operation.  Without BACKEND: the reference.\n\n"
	       "  -o KEY=VALUE       an option for the backend's adapter; may be repeated\n"
	       "  --scenario GLOB    only scenarios with such a name; may be repeated\n"
	       "  --time SECONDS     for all scenarios together (default: 60)\n"
	       "  --rounds N         so many rounds of each scenario, however long they take\n"
	       "  --seed N           of the first round (default: another one each time)\n"
	       "  --threads N        at the most, where a scenario can be crowded (default: 6)\n"
	       "  --jobs N           as many scenarios at a time (default: one for each processor)\n"
	       "  --shard I/N        of N machines the I-th, counted from 1: seeds of its own.\n"
	       "                     Without it, an array job's own variables are heeded.\n"
	       "  --timeout-scale X  take X times as long for a hang\n"
	       "  --expect FILE      what is known about the backend\n"
	       "  --no-expect        without the file that comes with the backend\n"
	       "  --json FILE        write the verdicts as JSON; - is the standard output\n"
	       "  -v, --verbose      tell about every outcome\n"
	       "  -h, --help         print this\n"
	       "  --version          print the version\n\n"
	       "A round that fails is told with its seed.  The same seed draws the same delays; the\n"
	       "machine adds its own, so give --rounds 1000 if --rounds 1 does not show it again.\n\n"
	       "Exit status: 0 conforming, or exactly as expected; 1 not; 2 an error in how it was used.\n");
	return EXIT_GOOD;
}

/* ---- options --------------------------------------------------------------------- */

static bool take_number(struct race *r, int opt, const char *value)
{
	unsigned long n;
	bool good;

	switch (opt) {
	case OPT_ROUNDS:
		return option_number("rounds", value, 1, 1UL << 40, &r->rounds);
	case OPT_SEED:
		r->seed_given = good = option_number("seed", value, 0, SEED_MOST, &n);
		r->seed = n;
		return good;
	case OPT_THREADS:
		good = option_number("threads", value, 2, 16, &n);
		r->threads = (int)n;
		return good;
	default:
		return option_number("jobs", value, 1, 1024, &r->jobs);
	}
}

/* One option; false if it was refused. */
static bool take(void *race, int opt, char *value)
{
	struct race *r = race;

	switch (opt) {
	case OPT_SCENARIO:
		r->globs = array_grow(r->globs, r->glob_count, sizeof(*r->globs));
		r->globs[r->glob_count++] = value;
		break;
	case OPT_TIME:
		return option_positive("time", value, &r->time);
	case OPT_SHARD:
		return option_shard(value, &r->shard);
	case OPT_SCALE:
		return option_positive("timeout-scale", value, &r->scale);
	case OPT_EXPECT:
		r->expect = value;
		break;
	case OPT_NO_EXPECT:
		r->no_expect = true;
		break;
	case OPT_JSON:
		r->json = value;
		break;
	case 'v':
		r->verbose = true;
		break;
	default:
		return take_number(r, opt, value);
	}
	return true;
}

static const struct options options = {"race", ":ho:v", longs, help, take};

/* -1 to go on, or the exit status. */
static int parse(struct race *r, int argc, char **argv)
{
	int status = options_read(&options, r, argc, argv);

	return status < 0 ? options_one_backend(&options, argc, argv, &r->backend) : status;
}

/* ---- which scenarios -------------------------------------------------------------- */

/* The scenarios in the order of the ledger, as the selection has them. */
static bool select_scenarios(struct race *r)
{
	size_t i;

	for (i = 0; i < r->glob_count; i++)
		select_add(&r->selection, SELECT_CASE, r->globs[i]);
	r->selection.scenarios = true;
	if (!select_resolve(&r->selection, r->error, ERROR_SIZE))
		return false;
	for (i = 0; i < r->selection.case_count; i++) {
		const struct pp_case *c = r->selection.cases[i];
		struct scenario *s = scenario_find(c->name);

		if (!s || s->rests) /* without an explorer it is what it is the same of */
			continue;
		r->entrants = array_grow(r->entrants, r->count, sizeof(*r->entrants));
		r->entrants[r->count++] = (struct entrant){.c = c, .s = s};
	}
	if (!r->count)
		snprintf(r->error, ERROR_SIZE, "--scenario: these are cases, and none is a scenario");
	return r->count > 0;
}

static bool map_records(struct race *r)
{
	struct race_record *all = mmap(NULL, r->count * sizeof(*all), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (all == MAP_FAILED) {
		snprintf(r->error, ERROR_SIZE, "no memory for the records of the scenarios");
		return false;
	}
	for (i = 0; i < r->count; i++)
		r->entrants[i].record = &all[i];
	return true;
}

static struct race_record *record_of(const struct scenario *s)
{
	size_t i;

	for (i = 0; i < the_race->count; i++)
		if (the_race->entrants[i].s == s)
			return the_race->entrants[i].record;
	return NULL;
}

/* ---- before the first batch ----------------------------------------------------------- */

static bool load_expectations(struct race *r)
{
	const char *path = r->expect ? r->expect : r->no_expect ? NULL : target.expect;

	r->expectations = path ? expect_load(path, r->error, ERROR_SIZE) : expect_new();
	return r->expectations != NULL;
}

static bool open_reports(struct race *r)
{
	bool to_stdout = reports_on_stdout(&r->json, 1);
	const char *term = getenv("TERM");

	r->console = to_stdout ? stderr : stdout;
	r->terminal = isatty(fileno(r->console)) && !(term && strcmp(term, "dumb") == 0);
	reports_add(&r->reports, report_on(&report_console, r->console));
	return !r->json || reports_add(&r->reports, report_open(&report_json, r->json, r->error, ERROR_SIZE));
}

static bool prepare(struct race *r)
{
	char *e = r->error;

	time_scale = r->scale * sanitizers_slowdown();
	if (!r->seed_given)
		r->seed = (uint64_t)(now() * 1e6) % 1000000007;
	if (!select_scenarios(r) || !map_records(r) || !target_locate(r->backend, e, ERROR_SIZE) ||
	    !guests_begin(e, ERROR_SIZE) || !load_expectations(r) ||
	    !probe(&r->run.backend_name, &r->run.backend_version, e, ERROR_SIZE) || !open_reports(r))
		return false;
	expect_begin(r->expectations, r->run.backend_name, r->run.backend_version, target.options, target.option_count);
	the_race = r;
	race_record_of = record_of;
	r->started = now();
	r->run.tool = "poolproof";
	r->run.version = poolproof_version;
	r->run.command = "race";
	r->run.seed = r->seed;
	r->run.shard = r->shard;
	r->run.profile = r->selection.profile;
	r->run.total = r->count;
	r->run.verbose = false;
	if (!reports_begin(r->reports, &r->run, e, ERROR_SIZE))
		return false;
	fprintf(r->console, "seed %llu, %zu at a time, shard %u of %u\n", (unsigned long long)r->seed, r->jobs,
		r->shard.number, r->shard.count);
	fflush(r->console);
	return true;
}

/* ---- what is told ------------------------------------------------------------------------ */

struct tally {
	unsigned long kinds[FORBIDDEN + 1];
};

static struct tally tally(const struct entrant *e)
{
	struct tally t = {{0}};
	int i;

	for (i = 0; i < SCENARIO_OUTCOMES && e->s->outcomes[i].text; i++)
		t.kinds[e->s->outcomes[i].judgement] += e->record->outcomes[i];
	if (e->verdict.outcome == FAIL && !t.kinds[FORBIDDEN])
		t.kinds[FORBIDDEN] = 1;
	return t;
}

static unsigned long rounds_of(const struct entrant *e)
{
	return e->rounds + atomic_load(&e->record->rounds);
}

static double rate(const struct entrant *e)
{
	return e->record->spent > 0 ? (double)rounds_of(e) / e->record->spent : 0;
}

static void put_progress(struct race *r, const struct entrant *e)
{
	struct tally t = tally(e);

	if (!r->terminal)
		return;
	fprintf(r->console, "\r\033[K%.48s: %lu rounds, %lu acceptable, %lu interesting, %lu forbidden", e->c->name,
		rounds_of(e), t.kinds[ACCEPTABLE], t.kinds[INTERESTING], t.kinds[FORBIDDEN]);
	fflush(r->console);
}

static void put_outcomes(struct race *r, const struct entrant *e)
{
	static const char *const words[] = {"acceptable", "interesting", "forbidden"};
	int i;

	for (i = 0; i < SCENARIO_OUTCOMES && e->s->outcomes[i].text; i++) {
		const struct scenario_outcome *o = &e->s->outcomes[i];

		if (r->verbose || (o->judgement == INTERESTING && e->record->outcomes[i]))
			fprintf(r->console, "    %9lu  %-11s %s: %s\n", e->record->outcomes[i], words[o->judgement],
				o->text, o->reason);
	}
}

static int longest_name(const struct race *r)
{
	size_t i, n, most = 0;

	for (i = 0; i < r->count; i++) {
		n = strlen(r->entrants[i].c->name);
		most = n > most ? n : most;
	}
	return (int)most;
}

static void put_table(struct race *r)
{
	int width = longest_name(r);
	size_t i;

	fprintf(r->console, "\n%-*s %9s %7s %10s %11s %9s\n", width, "scenario", "rounds", "per s", "acceptable",
		"interesting", "forbidden");
	for (i = 0; i < r->count; i++) {
		const struct entrant *e = &r->entrants[i];
		struct tally t = tally(e);

		if (e->verdict.outcome == UNSUPPORTED)
			continue;
		fprintf(r->console, "%-*s %9lu %7.0f %10lu %11lu %9lu%s%s\n", width, e->c->name, rounds_of(e), rate(e),
			t.kinds[ACCEPTABLE], t.kinds[INTERESTING], t.kinds[FORBIDDEN],
			e->verdict.outcome == PASS ? "" : "  ",
			e->verdict.outcome == PASS ? "" : outcome_name(e->verdict.outcome));
		put_outcomes(r, e);
	}
}

/* What was left behind is looked for once, when all rounds of a batch are over. */
static bool of_batch(const struct entrant *e)
{
	return e->verdict.outcome == LEAK;
}

static char *repeat_command(const struct race *r, const struct entrant *e)
{
	char *text = NULL;
	size_t i, size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fprintf(f, "%s race", program_invocation_name);
	if (r->backend)
		tool_put_word(f, "", r->backend);
	for (i = 0; i < target.option_count; i++) {
		char *option = text_format("%s=%s", target.options[i].key, target.options[i].value);

		tool_put_word(f, "-o ", option);
		free(option);
	}
	if (r->threads != THREADS)
		fprintf(f, " --threads %d", r->threads);
	fprintf(f, " --scenario %s --seed %llu --rounds %lu", e->c->name,
		(unsigned long long)(of_batch(e) ? e->record->seed : e->record->round_seed),
		of_batch(e) ? e->record->round + 1 : 1);
	fclose(f);
	return text;
}

/* Which round it was, and where that round stood. */
static void add_round(struct entrant *e, struct verdict *v)
{
	struct race_record *rec = e->record;
	const char *outcome = rec->outcome[0] ? rec->outcome : NULL;
	char *text = v->outcome == LEAK ? text_format("%s\nseed %llu, after %lu rounds",
						      v->message ? v->message : "",
						      (unsigned long long)rec->seed, rec->round + 1) :
					  text_format("%s\nseed %llu, round %lu%s%.*s%s%.*s", v->message ? v->message : "",
				 (unsigned long long)rec->round_seed, e->rounds + rec->round + 1,
				 outcome ? ", outcome " : "", RACE_TEXT, outcome ? outcome : "",
				 rec->standing[0] ? ", the main thread waiting for " : "", RACE_TEXT, rec->standing);

	free(v->message);
	v->message = text;
}

/* ---- batches ----------------------------------------------------------------------------- */

/* Shares are of wall clock: as many scenarios run at a time as there are jobs. */
static double share(const struct race *r)
{
	double jobs = (double)(r->jobs < r->count ? r->jobs : r->count);

	return r->time * jobs / (double)r->count;
}

static bool has_enough(const struct race *r, const struct entrant *e)
{
	if (r->rounds)
		return rounds_of(e) >= r->rounds;
	return e->seconds >= share(r) * 0.9;
}

static void begin_batch(const struct race *r, struct entrant *e)
{
	struct race_record *rec = e->record;
	uint64_t batch = r->sweep * r->shard.count + r->shard.number - 1;
	double longest = BATCH_SECONDS * (time_scale > 1 ? time_scale : 1);
	double left = share(r) - e->seconds;

	e->rounds += atomic_exchange(&rec->rounds, 0);
	rec->seed = r->seed + (batch << STRIDE_BITS);
	rec->limit = r->rounds ? r->rounds - e->rounds : 1UL << STRIDE_BITS;
	if (rec->limit > 1UL << STRIDE_BITS)
		rec->limit = 1UL << STRIDE_BITS;
	rec->seconds = r->rounds || left > longest ? longest : left;
	rec->threads = r->threads;
	rec->outcome[0] = rec->standing[0] = '\0';
}

static struct entrant *entrant_of(struct race *r, const struct pp_case *c)
{
	size_t i;

	for (i = 0; i < r->count && r->entrants[i].c != c; i++)
		;
	return &r->entrants[i];
}

/* The first that is not PASS stays. */
static bool got_batch(void *arg, struct verdict *v)
{
	struct race *r = arg;
	struct entrant *e = entrant_of(r, v->c);

	e->seconds += v->seconds;
	if (v->outcome != PASS && v->outcome != UNSUPPORTED)
		add_round(e, v);
	verdict_clear(&e->verdict);
	e->verdict = *v;
	memset(v, 0, sizeof(*v));
	if (outcome_is_red(e->verdict.outcome))
		e->verdict.repeat = repeat_command(r, e);
	e->over = (e->verdict.outcome != PASS && e->verdict.outcome != SLOW) || has_enough(r, e);
	put_progress(r, e);
	return true;
}

static bool tell(struct race *r, struct entrant *e)
{
	struct rounds rounds = {e->s, rounds_of(e), e->record->spent, e->record->outcomes};
	enum outcome found;
	bool ok;

	e->verdict.seconds = e->seconds;
	e->verdict.rounds = &rounds;
	expect_apply(r->expectations, &e->verdict);
	r->run.seconds = now() - r->started;
	ok = reports_verdict(r->reports, &r->run, &e->verdict, r->error, ERROR_SIZE);
	found = e->verdict.outcome;
	verdict_clear(&e->verdict);
	e->verdict.outcome = found;
	return ok;
}

/* One batch of each scenario that has not had its share.  The verdicts of those that now have are told. */
static enum runner_end make_sweep(struct race *r)
{
	const struct pp_case **cases = calloc(r->count, sizeof(*cases));
	struct runner runner = {cases, 0, r->jobs, got_batch, r};
	bool *active = calloc(r->count, sizeof(*active));
	enum runner_end end = RUNNER_FAILED;
	size_t i;

	if (!cases || !active)
		goto out;
	for (i = 0; i < r->count; i++) {
		if (r->entrants[i].over)
			continue;
		begin_batch(r, &r->entrants[i]);
		active[i] = true;
		cases[runner.count++] = r->entrants[i].c;
	}
	backend_stand_in = bounded_stand_in;
	end = runner_run(&runner, r->error, ERROR_SIZE);
	for (i = 0; i < r->count && end == RUNNER_DONE; i++)
		if (active[i] && r->entrants[i].over && !tell(r, &r->entrants[i]))
			end = RUNNER_FAILED;
out:
	free(cases);
	free(active);
	return end;
}

static bool all_over(const struct race *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (!r->entrants[i].over)
			return false;
	return true;
}

static int run_race(struct race *r)
{
	enum runner_end end = RUNNER_DONE;

	for (; end == RUNNER_DONE && !all_over(r); r->sweep++)
		end = make_sweep(r);
	if (end == RUNNER_FAILED)
		return tool_error("%s", r->error);
	if (r->terminal)
		fputs("\r\033[K", r->console);
	put_table(r);
	r->run.stale = end == RUNNER_DONE ? expect_stale(r->expectations) : NULL;
	r->run.seconds = now() - r->started;
	if (!reports_end(r->reports, &r->run, r->error, ERROR_SIZE))
		return tool_error("%s", r->error);
	if (end == RUNNER_INTERRUPTED)
		return tool_error("interrupted; the reports hold what was found so far");
	return run_exit_status(&r->run);
}

static void clear(struct race *r)
{
	reports_close(r->reports);
	if (r->expectations)
		expect_free(r->expectations);
	select_clear(&r->selection);
	free(r->globs);
	free(r->entrants);
	free(r->run.backend_name);
	free(r->run.backend_version);
	free(r->run.stale);
	target_clear();
}

int cmd_race(int argc, char **argv)
{
	struct race r = {.jobs = tool_processors(), .scale = 1, .time = 60, .threads = THREADS,
			 .shard = shard_from_environment()};
	int status = parse(&r, argc, argv);

	if (status < 0)
		status = prepare(&r) ? run_race(&r) : tool_error("%s", r.error);
	clear(&r);
	return status;
}
