/* SPDX-License-Identifier: MIT */
/* runner.c: see runner.h. */
#include "runner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "case_process.h"
#include "guest.h"
#include "report.h"
#include "sanitizers.h"
#include "support.h"

#define OUTPUT_SHOWN (16UL << 10)
#define OUTPUT_SEARCHED (4UL << 20)
#define RETRY_SCALE 4

/* One guest, and the case it is busy with. */
struct seat {
	const struct pp_case *c;
	bool retried;
	bool warm;
	struct errand *errand;
};

/* ---- what happened ------------------------------------------------------------------ */

static char *awaited(struct slot *s, const char *entry)
{
	char *name = SLOT_TEXT(s->awaited);
	char *text = text_format("%s%s, where it waits for %s to be %ld: it is %ld", entry ? "after " : "in the case",
				 entry ? entry : "", name, s->awaited_least, s->awaited_now);

	free(name);
	return text;
}

/* Where the main thread was, as the end of a sentence. */
static char *place(struct slot *s)
{
	char *entry = SLOT_TEXT(s->entry);
	bool inside = entry && s->open_entry;
	char *text;

	switch (atomic_load(&s->phase)) {
	case PHASE_BEGIN:
		text = text_format("before the case began");
		break;
	case PHASE_LOAD:
		text = text_format("while the backend was loaded");
		break;
	case PHASE_CASE:
		text = inside	       ? text_format("in %s", entry) :
		       s->awaited[0]   ? awaited(s, entry) :
		       entry	       ? text_format("after %s", entry) :
					 text_format("in the case");
		break;
	case PHASE_CLEANUP:
		text = text_format("%s%s, in the clean-up after the case",
				   inside ? "in " : "outside the backend", inside ? entry : "");
		break;
	case PHASE_FINISH:
		text = text_format("in finish, after the case");
		break;
	default:
		text = text_format("at exit, after the case");
	}
	free(entry);
	return text;
}

/* The last line of what the case wrote: an abort says there why. */
static char *last_line(const char *output)
{
	const char *end, *start;

	if (!output)
		return NULL;
	end = output + strlen(output);
	while (end > output && strchr("\n \t", end[-1]))
		end--;
	for (start = end; start > output && start[-1] != '\n'; start--)
		;
	return end > start ? strndup(start, end - start) : NULL;
}

static void decide(struct verdict *v, enum outcome o, char *message)
{
	v->outcome = o;
	v->message = message;
}

static void crashed_by_signal(struct verdict *v, int signal, const char *at)
{
	char *line = signal == SIGABRT ? last_line(v->output) : NULL;

	decide(v, CRASHED, text_format("killed by %s %s%s%s", signal_text(signal), at,
				       line ? "; it said: " : "", line ? line : ""));
	free(line);
}

static void hung(struct verdict *v, const struct guest *g, const char *at)
{
	if (atomic_load(&g->slot->full) > 0) {
		decide(v, UNSUPPORTED, text_format("the work queue is full, and submit blocks; the case stands %s", at));
		return;
	}
	v->stacks = g->stacks ? strdup(g->stacks) : NULL;
	switch (g->end) {
	case GUEST_BLOCKED:
		decide(v, HUNG, text_format("every thread is blocked for good; the case stands %s", at));
		break;
	case GUEST_STOPPED:
		decide(v, HUNG, text_format("the process was stopped by a signal %s", at));
		break;
	default:
		decide(v, HUNG, text_format("not finished after %g s; the case stands %s", g->limit, at));
	}
}

/* A verdict that a process of the case left in the slot. */
static bool take_from_slot(struct verdict *v, struct slot *s)
{
	if (!atomic_load(&s->decided) || (unsigned)s->outcome >= OUTCOME_COUNT)
		return false;
	decide(v, s->outcome, SLOT_TEXT(s->message));
	v->where = SLOT_TEXT(s->where);
	v->expected = SLOT_TEXT(s->expected);
	v->observed = SLOT_TEXT(s->observed);
	return true;
}

static void judge_end(struct verdict *v, const struct guest *g, const char *at)
{
	struct slot *s = g->slot;
	bool complete = atomic_load(&s->phase) == PHASE_EXIT;
	char *name;

	if (g->end != GUEST_ENDED)
		hung(v, g, at);
	else if (WIFSTOPPED(g->status))
		decide(v, CRASHED, text_format("stopped its parent process %s", at));
	else if (WIFSIGNALED(g->status) || !atomic_load(&s->checked))
		decide(v, CRASHED, text_format("killed its parent process %s", at));
	else if (s->signal)
		crashed_by_signal(v, s->signal, at);
	else if (!complete || s->status)
		decide(v, CRASHED, text_format("left the process with status %d %s", s->status, at));
	else if ((name = SLOT_TEXT(s->stragglers)))
		decide(v, LEAK, text_format("a process was left running: %s", name)), free(name);
	else
		decide(v, PASS, NULL);
}

/* What a sanitizer says is the cause of whatever else was seen, a leak of nothing. */
static void hear_sanitizers(struct verdict *v, const struct guest *g)
{
	char *output = guest_output(g, OUTPUT_SEARCHED);
	enum outcome spoken;
	char *report = sanitizers_report(output, &spoken);
	bool other = v->outcome != PASS && v->outcome != CRASHED;
	bool counts = report && (spoken == RACE || !other);

	free(output);
	if (!counts) {
		free(report);
		return;
	}
	if (other) {
		char *both = text_format("%s\n(also: %s)", report, v->message);

		free(report);
		report = both;
	}
	free(v->message);
	decide(v, spoken, report);
}

/* A case that went another way than most has no price. */
static void take_prices(struct verdict *v, const struct guest *g)
{
	const struct slot *s = g->slot;

	v->priced = v->outcome == PASS && s->at_exit > 0 && s->loading > 0;
	v->prices[PRICE_START] = s->at_case - g->started;
	v->prices[PRICE_LOAD] = s->loading;
	v->prices[PRICE_LEAVE] = s->at_exit - s->at_clean_up;
	v->prices[PRICE_REPORT] = g->started + g->seconds - s->at_exit;
}

static void judge(struct verdict *v, const struct guest *g)
{
	char *at = place(g->slot);

	v->output = guest_output(g, OUTPUT_SHOWN);
	v->seconds = g->seconds;
	if (!take_from_slot(v, g->slot))
		judge_end(v, g, at);
	hear_sanitizers(v, g);
	take_prices(v, g);
	free(at);
}

/* ---- the run ------------------------------------------------------------------------ */

static bool start(struct guest *g, struct seat *seat)
{
	double scale = seat->retried ? RETRY_SCALE * time_scale : time_scale;

	*seat->errand = (struct errand){seat->c, scale, seat->warm};
	return guest_start(g, checker_main, seat->errand, GUEST_LIMIT * scale);
}

static bool finish(const struct runner *r, struct guest *g, struct seat *seat)
{
	struct verdict v = {.c = seat->c, .clause = ledger_of_case(seat->c->name)};

	judge(&v, g);
	if (seat->retried && v.outcome == PASS)
		decide(&v, SLOW, text_format("took %.1f s; at first it was not finished after %g s",
					     v.seconds, GUEST_LIMIT * time_scale));
	seat->c = NULL;
	return r->verdict(r->arg, &v);
}

/* Give every empty seat a case, as long as there are any. */
static bool fill(const struct runner *r, struct guest *guests, struct seat *seats, size_t *next)
{
	size_t i;

	for (i = 0; i < r->jobs && *next < r->count; i++) {
		if (seats[i].c)
			continue;
		seats[i].c = r->cases[(*next)++];
		seats[i].retried = seats[i].warm = false;
		if (!start(&guests[i], &seats[i]))
			return false;
	}
	return true;
}

/* A case that was not finished in time gets more of it. */
static bool was_late(const struct guest *g, const struct seat *seat)
{
	return g->end == GUEST_OVERDUE && !seat->retried && !atomic_load(&g->slot->decided);
}

/*
 * A library may open for good what the first executor of a process or a thread needs, an event loop for
 * example.  That is no leak: it grows with nothing.  What an executor leaves is left by the second one too.
 */
static bool left_open(const struct guest *g, const struct seat *seat)
{
	return g->end == GUEST_ENDED && !seat->warm && g->slot->left_open;
}

static enum runner_end take_turns(const struct runner *r, struct guest *guests, struct seat *seats)
{
	size_t next = 0, ended = 0;
	struct guest *g;

	while (ended < r->count) {
		struct seat *seat;

		if (!fill(r, guests, seats, &next))
			return RUNNER_FAILED;
		g = guests_wait(guests, r->jobs);
		if (!g)
			return RUNNER_INTERRUPTED;
		seat = &seats[g - guests];
		if (was_late(g, seat) || left_open(g, seat)) {
			seat->retried |= was_late(g, seat);
			seat->warm |= left_open(g, seat);
			if (!start(g, seat))
				return RUNNER_FAILED;
			continue;
		}
		ended++;
		if (!finish(r, g, seat))
			return RUNNER_FAILED;
	}
	return RUNNER_DONE;
}

/* One errand for each seat, or NULL. */
static struct errand *errands_new(size_t seats)
{
	void *p = mmap(NULL, seats * sizeof(struct errand), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

enum runner_end runner_run(const struct runner *r, char *error, size_t size)
{
	struct guest *guests = calloc(r->jobs, sizeof(*guests));
	struct seat *seats = calloc(r->jobs, sizeof(*seats));
	struct errand *errands = errands_new(r->jobs);
	enum runner_end end = RUNNER_FAILED;
	bool room = guests && seats && errands;
	size_t i;

	checkers_begin();
	valgrind_prepare();
	snprintf(error, size, "a process could not be started for a case; is the limit of processes reached?");
	for (i = 0; room && i < r->jobs; i++) {
		seats[i].errand = &errands[i];
		if (!guest_open(&guests[i], error, size))
			goto out;
	}
	if (room)
		end = take_turns(r, guests, seats);
	guests_end(guests, r->jobs);
out:
	for (i = 0; guests && i < r->jobs; i++)
		guest_close(&guests[i]);
	if (errands)
		munmap(errands, r->jobs * sizeof(*errands));
	free(guests);
	free(seats);
	return end;
}
