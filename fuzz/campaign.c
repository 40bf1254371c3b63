/* SPDX-License-Identifier: MIT */
/* campaign.c: see campaign.h. */
#include "campaign.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "loader.h"
#include "random.h"
#include "report.h"
#include "run_program.h"
#include "sanitizers.h"
#include "support.h"

#define BATCH 5.0 /* seconds */
#define CORPUS_MAX 512
#define OUTPUT_MAX (4UL << 20)

struct shared {
	/* What to do. */
	bool repeat;
	struct program program;
	uint64_t seed;
	double seconds;
	unsigned long runs;

	/* What was done. */
	unsigned long done, unjudged;
	bool loaded, found;
	bool spoken; /* a tool reported something about this program */
	struct ruling finding;
	struct history history;

	/* Kept from batch to batch. */
	unsigned long number; /* of the next program */
	uint8_t features[FEATURE_BITS / 8];
	size_t corpus_count;
	struct program corpus[CORPUS_MAX];
};

bool campaign_open(struct campaign *c, char *error, size_t size)
{
	void *p = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		snprintf(error, size, "no memory to share with the programs");
		return false;
	}
	c->shared = p;
	valgrind_prepare();
	return guest_open(&c->guest, error, size);
}

void campaign_close(struct campaign *c)
{
	guest_close(&c->guest);
	if (c->shared)
		munmap(c->shared, sizeof(*c->shared));
	c->shared = NULL;
}

void failure_clear(struct failure *f)
{
	free(f->history);
	free(f->stacks);
	memset(f, 0, sizeof(*f));
}

const char *failure_name(enum failure_kind k)
{
	static const char *const names[] = {"passed", "FAIL", "HUNG", "CRASHED", "RACE", "LEAK"};

	return names[k];
}

bool failure_same(const struct failure *a, const struct failure *b)
{
	return a->kind == b->kind && strcmp(a->clause, b->clause) == 0;
}

/* ---- in the process of a batch ------------------------------------------------------ */

static unsigned count_features(const struct shared *s)
{
	unsigned i, n = 0;

	for (i = 0; i < sizeof(s->features); i++)
		n += (unsigned)__builtin_popcount(s->features[i]);
	return n;
}

/* A program that showed something new is worth changing. */
static void keep(struct shared *s, uint64_t random)
{
	size_t at = s->corpus_count < CORPUS_MAX ? s->corpus_count++ : random % CORPUS_MAX;

	s->corpus[at] = s->program;
}

static void next_program(const struct campaign *c, struct shared *s)
{
	uint64_t state = c->seed * UINT64_C(0xD1342543DE82EF95) + (s->number++ * c->shard.count + c->shard.number - 1);
	unsigned threads = c->threads;

	random_next(&state);
	if (s->corpus_count > 0 && random_below(&state, 2)) {
		s->program = s->corpus[random_below(&state, (unsigned)s->corpus_count)];
		program_mutate(&s->program, &state, threads);
	} else {
		program_random(&s->program, &state, threads && random_below(&state, 8) ? threads : 0);
	}
	without_apply(&c->without, &s->program);
	s->seed = state;
}

static bool run_one(const struct campaign *c, const struct pp_backend *b)
{
	struct shared *s = c->shared;
	struct running r = {b, &s->program, &s->history, s->seed, time_scale};
	unsigned before = count_features(s);

	run_program(&r);
	oracle_judge(&s->history, s->features, &s->finding);
	s->done++;
	s->unjudged += s->finding.judgement == NOT_JUDGED;
	s->found = s->finding.judgement == VIOLATION;
	s->spoken = sanitizers_spoke();
	if (!s->repeat && count_features(s) > before)
		keep(s, s->seed);
	return !s->found && !s->spoken;
}

static void batch(void *arg)
{
	const struct campaign *c = arg;
	struct shared *s = c->shared;
	struct pp_backend table;
	double until = run_now() + s->seconds;

	valgrind_begin();
	valgrind_unordered(&s->history, sizeof(s->history));
	run_programs_open();
	atomic_store(&slot->phase, PHASE_LOAD);
	if (!target_load(&table, slot->problem, sizeof(slot->problem)))
		return;
	s->loaded = true;
	atomic_store(&slot->phase, PHASE_CASE);
	do {
		if (s->repeat)
			s->seed++;
		else
			next_program(c, s);
	} while (run_one(c, &table) && run_now() < until && s->done < s->runs);
	if (s->found)
		return;
	if (table.finish)
		table.finish();
	valgrind_judge();
}

/* ---- what became of it ------------------------------------------------------------------ */

static char *history_text(const struct history *h, unsigned last)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	history_print(h, last, f);
	fclose(f);
	return text;
}

static void set_message(struct failure *f, enum failure_kind kind, const char *text)
{
	f->kind = kind;
	snprintf(f->message, sizeof(f->message), "%.*s", (int)sizeof(f->message) - 1, text ? text : "");
}

static bool hear_valgrind(struct campaign *c, struct failure *f)
{
	const struct slot *s = c->guest.slot;

	if (atomic_load(&s->decided) == 2)
		set_message(f, s->outcome == LEAK ? LEAKED : RACED, s->message);
	return f->kind != NO_FAILURE;
}

static bool hear_sanitizers(struct campaign *c, struct failure *f)
{
	char *output = guest_output(&c->guest, OUTPUT_MAX);
	enum outcome spoken;
	char *report = sanitizers_report(output, &spoken);

	if (report)
		set_message(f, spoken == LEAK ? LEAKED : RACED, report);
	free(output);
	free(report);
	return f->kind != NO_FAILURE;
}

/* Where it hangs may only show what has gone wrong before. */
static void judge_hang(struct shared *s)
{
	oracle_judge(&s->history, NULL, &s->finding);
	s->found = s->finding.judgement == VIOLATION;
}

/* Of an executor with a bound a submit may block, and a worker that is inside one frees no other. */
static bool has_no_room(const struct history *h)
{
	unsigned i, j, count = history_count(h);

	for (i = 0; h->scarce && i < count; i++) {
		const struct event *e = &h->events[i];

		if (event_kind(e) != EVENT_CALL || (e->what != CALL_SUBMIT && e->what != CALL_MAP_BEGIN && e->what != CALL_MAP_NEXT))
			continue;
		for (j = i; j < count; j++)
			if (event_kind(&h->events[j]) == EVENT_RETURN && h->events[j].call == e->call)
				break;
		if (j == count)
			return true;
	}
	return false;
}

static void judge(struct campaign *c, struct failure *f)
{
	struct shared *s = c->shared;
	char *end = guest_end_text(&c->guest);
	unsigned last = EVENTS_MAX;

	if (!s->found && s->loaded && end && c->guest.end != GUEST_ENDED)
		judge_hang(s);
	if (s->found) {
		last = s->finding.event;
		set_message(f, FAILED, s->finding.message);
		snprintf(f->clause, sizeof(f->clause), "%s", s->finding.clause);
	} else if (c->guest.end == GUEST_BLOCKED && has_no_room(&s->history)) {
		c->unjudged++;
	} else if (!hear_sanitizers(c, f) && !hear_valgrind(c, f) && end) {
		set_message(f, c->guest.end == GUEST_ENDED ? CRASH : HUNG_UP, end);
	}
	if (f->kind != NO_FAILURE) {
		f->program = s->program;
		f->seed = s->seed;
		f->history = history_text(&s->history, last);
		f->stacks = c->guest.stacks ? strdup(c->guest.stacks) : NULL;
	}
	free(end);
}

static unsigned long *counter(struct campaign *c)
{
	return c->shared->repeat ? &c->repeats : &c->runs;
}

static enum campaign_end run_batch(struct campaign *c, struct limits limits, struct failure *f)
{
	struct shared *s = c->shared;

	s->done = s->unjudged = 0;
	s->found = s->loaded = s->spoken = false;
	s->runs = limits.runs;
	s->seconds = limits.seconds < BATCH ? limits.seconds : BATCH;
	history_clear(&s->history, 0, 0);
	if (!guest_run(&c->guest, batch, c, s->seconds + GUEST_LIMIT * time_scale))
		return CAMPAIGN_INTERRUPTED;
	*counter(c) += s->done;
	c->unjudged += s->unjudged;
	c->features = count_features(s);
	memset(f, 0, sizeof(*f));
	judge(c, f);
	return f->kind == NO_FAILURE ? CAMPAIGN_DONE : CAMPAIGN_FAILURE;
}

static enum campaign_end run_batches(struct campaign *c, struct limits limits, struct failure *f)
{
	double until = run_now() + limits.seconds;
	unsigned long last = *counter(c) + limits.runs;
	enum campaign_end end;

	do {
		struct limits rest = {until - run_now(), last - *counter(c)};

		end = run_batch(c, rest, f);
	} while (end == CAMPAIGN_DONE && run_now() < until && *counter(c) < last);
	return end;
}

enum campaign_end campaign_search(struct campaign *c, struct limits limits, struct failure *f)
{
	c->shared->repeat = false;
	return run_batches(c, limits, f);
}

enum campaign_end campaign_repeat(struct campaign *c, const struct program *p, uint64_t seed, struct limits limits,
				  struct failure *f)
{
	c->shared->repeat = true;
	c->shared->program = *p;
	c->shared->seed = seed - 1;
	return run_batches(c, limits, f);
}
