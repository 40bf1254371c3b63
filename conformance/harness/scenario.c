/* SPDX-License-Identifier: MIT */
/* scenario.c: the rounds of a scenario, and what becomes of an outcome. */
#include <fnmatch.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "race.h"
#include "sanitizers.h"
#include "support.h"

#define CROWD_MOST 16
#define ONE_ROUND 1 /* the seed of `run` */

struct scenario *scenarios;
struct race_record *race_record;
struct race_record *(*race_record_of)(const struct scenario *s);

static struct scenario *running_scenario;

void scenario_register(struct scenario *s)
{
	s->next = scenarios;
	scenarios = s;
}

struct scenario *scenario_find(const char *name)
{
	struct scenario *s;

	for (s = scenarios; s && strcmp(s->name, name) != 0; s = s->next)
		;
	return s;
}

/* ---- what is observed ------------------------------------------------------------- */

static const struct scenario_outcome *listed(const struct scenario *s, const char *text)
{
	int i;

	for (i = 0; i < SCENARIO_OUTCOMES && s->outcomes[i].text; i++)
		if (fnmatch(s->outcomes[i].text, text, 0) == 0)
			return &s->outcomes[i];
	return NULL;
}

static void remember(const struct scenario_outcome *o, const char *text)
{
	if (!race_record)
		return;
	snprintf(race_record->outcome, sizeof(race_record->outcome), "%s", text);
	if (o)
		race_record->outcomes[o - running_scenario->outcomes]++;
}

void observe(const char *format, ...)
{
	const struct scenario_outcome *o;
	char text[RACE_TEXT];
	struct finding f = {NULL, 0, "an outcome that is listed", text};
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (pp_schedule_outcome)
		pp_schedule_outcome(text);
	o = listed(running_scenario, text);
	remember(o, text);
	atomic_fetch_add(&slot->checks, 1);
	if (!o)
		end_as(FAIL, &f, "the outcome \"%s\" is none of those that the scenario lists", text);
	f.expected = "another outcome";
	if (o->judgement == FORBIDDEN)
		end_as(FAIL, &f, "the outcome \"%s\" is forbidden: %s", text, o->reason);
}

/* ---- the threads of a round ---------------------------------------------------------- */

struct actor {
	pthread_t pthread;
	int number;
	int copy;
	void (*body)(void);
};

static atomic_int ready;
static int expected;

/* All at once: a thread that is on its way must not find the others gone. */
static void line_up(void)
{
	if (pp_schedule_begin)
		return;
	atomic_fetch_add(&ready, 1);
	while (atomic_load(&ready) < expected)
		sched_yield();
}

static void *act(void *arg)
{
	struct actor *a = arg;

	delays_thread(a->number);
	stage_copy(a->copy);
	line_up();
	a->body();
	return NULL;
}

static int cast(const struct scenario *s, struct actor *actors)
{
	int most = race_record && !pp_schedule_begin ? race_record->threads : 0;
	int bodies = 0, n = 0, i, copy, copies;

	while (bodies < SCENARIO_THREADS && s->threads[bodies].body)
		bodies++;
	for (i = 0; i < bodies; i++) {
		copies = s->threads[i].many ? crowd_size(bodies, most) : 1;
		for (copy = 0; copy < copies && n < CROWD_MOST; copy++, n++)
			actors[n] = (struct actor){.number = n, .copy = copy, .body = s->threads[i].body};
		most -= copies - 1;
	}
	return n;
}

static int start_all(const struct scenario *s, struct actor *actors)
{
	int i, n = cast(s, actors);

	atomic_store(&ready, 0);
	expected = n;
	for (i = 0; i < n; i++)
		if (pthread_create(&actors[i].pthread, NULL, act, &actors[i]) != 0)
			give_up("no thread could be started for the scenario");
	return n;
}

/* ---- a round ---------------------------------------------------------------------------- */

static void act_out(struct scenario *s)
{
	struct actor actors[CROWD_MOST];
	int i, n;

	if (pp_schedule_begin)
		pp_schedule_begin();
	n = start_all(s, actors);
	standing("the threads of the scenario");
	for (i = 0; i < n; i++)
		pthread_join(actors[i].pthread, NULL);
	if (pp_schedule_end)
		pp_schedule_end();
}

/* Its threads go on while it exits, and end with it. */
static void act_out_and_exit(void *arg)
{
	static struct actor actors[CROWD_MOST];
	struct scenario *s = arg;

	s->set_up();
	if (pp_schedule_begin)
		pp_schedule_begin();
	start_all(s, actors);
	line_up();
	point("process_exit");
}

static void play(struct scenario *s)
{
	if (s->exits) {
		stage_settle_exited(process_run(act_out_and_exit, s));
		s->check();
		return;
	}
	s->set_up();
	act_out(s);
	if (s->rests && pp_schedule_idle)
		pp_schedule_idle();
	stage_settle();
	s->check();
	stage_end();
}

static void play_round(struct scenario *s, uint64_t seed, bool quiet)
{
	delays_begin(seed, quiet);
	stage_begin();
	play(s);
}

/* ---- a batch ------------------------------------------------------------------------------ */

/* The round in which a tool reports something is the last: the verdict will be about it. */
static void play_batch(struct scenario *s, struct race_record *r)
{
	double end = now() + r->seconds;
	unsigned long i;

	for (i = 0; i < r->limit; i++) {
		double begun = now();

		if (i && (begun >= end || sanitizers_spoke()))
			break;
		r->round = i;
		r->round_seed = r->seed + i;
		r->outcome[0] = '\0';
		atomic_fetch_add(&r->rounds, 1);
		play_round(s, r->seed + i, false);
		r->spent += now() - begun;
	}
}

static void play_rounds(struct scenario *s)
{
	if (!pp_schedule_round)
		play_round(s, ONE_ROUND, true);
	else
		while (pp_schedule_round())
			play_round(s, ONE_ROUND, true);
}

void scenario_run(struct scenario *s)
{
	running_scenario = s;
	stage_open();
	delays_open();
	valgrind_unordered(&ready, sizeof(ready));
	if (race_record_of)
		race_record = race_record_of(s);
	if (race_record)
		play_batch(s, race_record);
	else
		play_rounds(s);
}
