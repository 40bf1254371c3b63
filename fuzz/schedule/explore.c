/* SPDX-License-Identifier: MIT */
/* explore.c: see explore.h. */
#include "explore.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define SHRINK_TRIES 300

static double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- one execution -------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * 0x100000001b3ULL;
}

uint64_t trace_hash(const struct memory *m)
{
	uint64_t hash = 0xcbf29ce484222325ULL;
	uint32_t i;
	int k;

	for (i = 0; i < m->events; i++) {
		const struct event *e = &m->event[i];

		hash = mix(hash, e->kind | (uint64_t)e->thread << 8 | (uint64_t)e->other << 16 |
					 (uint64_t)e->way << 24 | (uint64_t)e->operation.kind << 32);
		for (k = 0; k < e->operation.count; k++)
			hash = mix(hash, e->operation.touches[k].object | e->operation.touches[k].access << 16);
	}
	return mix(hash, m->ending);
}

static bool execute(const struct plan *p)
{
	if (p->before)
		p->before(p->arg);
	return subject_execute(p->subject);
}

static void follow_schedule(const struct plan *p, const struct schedule *s, bool lenient)
{
	struct request *r = &p->subject->m->request;

	request_begin(r, &p->options, POLICY_STAY);
	r->lenient = lenient;
	r->points = s->points;
	r->count = s->count < STEPS_MAX ? s->count : STEPS_MAX;
	memcpy(r->prefix, s->choices, r->count * sizeof(*s->choices));
}

bool execute_schedule(const struct plan *p, const struct schedule *s, bool lenient)
{
	follow_schedule(p, s, lenient);
	return execute(p);
}

bool execute_and_look(const struct plan *p, const struct schedule *s, void (*look)(void *arg, pid_t pid), void *arg)
{
	bool done;

	follow_schedule(p, s, false);
	p->subject->m->request.hold = true;
	p->subject->look = look;
	p->subject->look_arg = arg;
	done = execute(p);
	p->subject->look = NULL;
	return done;
}

static bool died(const struct memory *m, char *text, size_t size)
{
	if (!WIFSIGNALED(m->status))
		return false;
	snprintf(text, size, "killed by SIG%s", sigabbrev_np(WTERMSIG(m->status)));
	return true;
}

bool execution_failed(const struct plan *p, char *text, size_t size)
{
	const struct memory *m = p->subject->m;

	switch (m->ending) {
	case END_NONE:
		return died(m, text, size) || p->oracle(p->arg, m, text, size);
	case END_DEADLOCK:
		snprintf(text, size, "deadlock: %s", m->text);
		return true;
	case END_RACE:
		snprintf(text, size, "race: %s", m->text);
		return true;
	case END_LIVELOCK:
		snprintf(text, size, "livelock: %s", m->text);
		return true;
	default:
		return false;
	}
}

static struct schedule schedule_of(const struct memory *m)
{
	struct schedule s = {calloc(m->state.steps + 1, sizeof(struct choice)), 0, m->request.points};
	uint32_t i;

	for (i = 0; s.choices && i < m->events; i++)
		if (m->event[i].kind == EVENT_STEP)
			s.choices[s.count++] = (struct choice){m->event[i].thread, m->event[i].way};
	return s;
}

/* ---- confirming and shrinking ------------------------------------------------------------ */

/* "deadlock", "killed by SIGSEGV", or the text of the oracle: what must stay the same. */
static bool fails_alike(const struct plan *p, const char *text)
{
	char now[2 * TEXT_MAX];
	size_t n = strcspn(text, ":");

	return execution_failed(p, now, sizeof(now)) && strncmp(now, text, n) == 0;
}

static bool confirm(const struct plan *p, struct result *r)
{
	int i;

	for (i = 0; i < CONFIRMATIONS; i++) {
		if (!execute_schedule(p, &r->schedule, false) || !fails_alike(p, r->text) ||
		    trace_hash(p->subject->m) != r->hash)
			return false;
	}
	return true;
}

static int switches(const struct schedule *s)
{
	uint32_t i;
	int n = 0;

	for (i = 1; i < s->count; i++)
		n += s->choices[i].thread != s->choices[i - 1].thread;
	return n;
}

static int timers(const struct schedule *s)
{
	uint32_t i;
	int n = 0;

	for (i = 0; i < s->count; i++)
		n += s->choices[i].way >= WAY_TIMEOUT;
	return n;
}

static bool is_simpler(const struct schedule *a, const struct schedule *b)
{
	int sa = switches(a) + 2 * timers(a), sb = switches(b) + 2 * timers(b);

	return sa < sb || (sa == sb && a->count < b->count);
}

static void adopt(const struct plan *p, struct result *r, struct schedule now)
{
	free(r->schedule.choices);
	r->schedule = now;
	r->hash = trace_hash(p->subject->m);
	execution_failed(p, r->text, sizeof(r->text));
}

/* Try the schedule without the steps from..to: what can be followed of it is. */
static bool try_without(const struct plan *p, struct result *r, uint32_t from, uint32_t to)
{
	struct schedule s = {calloc(r->schedule.count + 1, sizeof(struct choice)), 0, r->schedule.points}, now;
	uint32_t i;

	if (!s.choices)
		return false;
	for (i = 0; i < r->schedule.count; i++)
		if (i < from || i >= to)
			s.choices[s.count++] = r->schedule.choices[i];
	if (!execute_schedule(p, &s, true) || !fails_alike(p, r->text)) {
		free(s.choices);
		return false;
	}
	free(s.choices);
	now = schedule_of(p->subject->m);
	if (now.choices && is_simpler(&now, &r->schedule)) {
		adopt(p, r, now);
		return true;
	}
	free(now.choices);
	return false;
}

static uint32_t end_of_block(const struct schedule *s, uint32_t from)
{
	uint32_t to = from;

	while (to < s->count && s->choices[to].thread == s->choices[from].thread)
		to++;
	return to;
}

static bool is_enough(const struct plan *p)
{
	return p->enough && p->enough(p->enough_arg);
}

/* First all from some place on, then block after block: without it the others go on. */
static void shrink(const struct plan *p, struct result *r, double end)
{
	uint32_t at, to;
	int tries = SHRINK_TRIES;
	bool better = true;

	while (better && tries > 0 && clock_now() < end && !is_enough(p)) {
		better = false;
		for (at = r->schedule.count / 2; at > 0 && tries-- > 0; at /= 2)
			better |= try_without(p, r, r->schedule.count - at, r->schedule.count);
		for (at = 0; at < r->schedule.count && tries-- > 0 && clock_now() < end; at = to) {
			to = end_of_block(&r->schedule, at);
			better |= try_without(p, r, at, to);
			to = end_of_block(&r->schedule, at < r->schedule.count ? at : r->schedule.count);
		}
	}
}

#define SHRINK_SECONDS 5.0

static void catch_failure(const struct plan *p, struct result *r)
{
	r->kind = RESULT_FAILED;
	r->schedule = schedule_of(p->subject->m);
	/* Once more in a process of its own, if it was not: what that does is what counts. */
	if (p->subject->m->request.in_process && r->schedule.choices)
		execute_schedule(p, &r->schedule, false);
	r->hash = trace_hash(p->subject->m);
	r->found_after = r->executions + r->sampled;
	r->confirmed = r->schedule.choices && confirm(p, r);
	if (!r->confirmed)
		return;
	shrink(p, r, clock_now() + SHRINK_SECONDS);
	r->confirmed = confirm(p, r);
}

/* ---- many ---------------------------------------------------------------------------------- */

static void count_outcome(struct result *r, const char *text)
{
	int i;

	for (i = 0; i < r->outcome_count; i++)
		if (strcmp(r->outcomes[i].text, text) == 0) {
			r->outcomes[i].count++;
			return;
		}
	if (i < OUTCOMES_MAX)
		r->outcomes[r->outcome_count++] = (struct outcome_count){strdup(text), 1};
}

static bool cannot_go_on(const struct plan *p, struct result *r)
{
	const struct memory *m = p->subject->m;
	int t = m->culprit;

	if (m->ending == END_LOST) {
		snprintf(r->text, sizeof(r->text), "%s", m->text);
	} else if (m->ending == END_STUCK) {
		snprintf(r->text, sizeof(r->text), "%s: %s is inside something that is not controlled, after %s",
			 m->text, thread_text(m, t), operation_name(m->state.thread[t].next.kind));
	} else if (m->ending == END_DIVERGED) {
		snprintf(r->text, sizeof(r->text), "the same schedule went another way: %s", m->text);
	} else {
		return false;
	}
	r->kind = RESULT_UNCONTROLLED;
	return true;
}

/* True if there is no reason to go on. */
static bool look(const struct plan *p, struct result *r)
{
	const struct memory *m = p->subject->m;

	r->caveats |= m->caveats;
	if (m->state.steps > r->longest)
		r->longest = m->state.steps;
	if (cannot_go_on(p, r))
		return true;
	if (m->ending == END_ASLEEP)
		return false;
	if (execution_failed(p, r->text, sizeof(r->text))) {
		if (p->known && p->known(p->known_arg, r->text)) {
			r->known++;
			return false;
		}
		catch_failure(p, r);
		return true;
	}
	count_outcome(r, m->outcome);
	return false;
}

static bool lost(struct result *r)
{
	r->kind = RESULT_ERROR;
	snprintf(r->text, sizeof(r->text), "the target has ended outside of an execution");
	return true;
}

static bool has_time(const struct plan *p, const struct strategy *s, struct result *r, double *begun, double *end)
{
	double now = clock_now(), seconds;

	if (now < *end)
		return true;
	r->seconds += now - *begun;
	seconds = p->more ? p->more(p->more_arg, s->exhaustive) : 0;
	*begun = clock_now();
	*end = *begun + seconds;
	return seconds > 0;
}

/* There are more steps than the search knows of. */
static void *begin_again(const struct strategy *s, void *state, const struct plan *p)
{
	s->end(state);
	return s->begin(&p->options);
}

/* True if there is no reason to go on with another strategy. */
static bool follow(const struct plan *p, const struct strategy *s, struct result *r, double seconds)
{
	void *state = s->begin(&p->options);
	double begun = clock_now(), end = begun + seconds;
	const struct memory *m = p->subject->m;
	unsigned long n = 0;
	uint32_t points = m->points;
	bool over = false;

	while (state && !over && !is_enough(p) && (!p->schedules || n < p->schedules) &&
	       has_time(p, s, r, &begun, &end)) {
		if (!s->next(state, &p->subject->m->request)) {
			r->searched = true;
			break;
		}
		p->subject->m->request.points = points;
		p->subject->m->request.in_process = !s->exhaustive && !p->options.fresh;
		if (!execute(p)) {
			over = lost(r);
			break;
		}
		n++;
		s->exhaustive ? r->executions++ : r->sampled++;
		r->complete += s->exhaustive && m->ending != END_ASLEEP;
		s->seen(state, m);
		over = look(p, r);
		if (points != m->points && s->exhaustive)
			state = begin_again(s, state, p);
		points = m->points;
	}
	r->seconds += clock_now() - begun;
	if (state)
		s->end(state);
	return over;
}

/*
 * Nothing was left, and nothing stands against the claim that this was all.  An execution
 * that fails may end before its time, so what would follow was not seen.
 */
static bool is_exhausted(const struct result *r)
{
	return r->searched && !r->caveats && !r->known;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct outcome_count *)a)->text, ((const struct outcome_count *)b)->text);
}

/* All schedules without a preemption, all with at most one, and so on, while there is time.  True as follow. */
static bool follow_bounded(const struct plan *p, struct result *r, double seconds)
{
	double end = clock_now() + seconds;
	struct plan few = *p;
	bool over = false;

	few.options.preemptions = UNBOUNDED;
	while (!over && clock_now() < end) {
		few.options.preemptions++;
		over = follow(&few, &strategy_dfs, r, end - clock_now());
		if (!r->searched)
			break;
		r->preemptions = few.options.preemptions;
		r->searched = false;
	}
	return over;
}

/* What dpor has not exhausted in its time. */
static void follow_rest(const struct plan *p, struct result *r, double seconds)
{
	struct plan rest = *p;
	double end;

	if (p->more)
		seconds = p->more(p->more_arg, false);
	end = clock_now() + seconds;
	rest.more = NULL;
	if (r->searched || !follow_bounded(&rest, r, seconds * EXPLORE_BOUNDED))
		follow(&rest, &strategy_pct, r, end - clock_now());
}

static void follow_all(const struct plan *p, struct result *r)
{
	double search = p->more ? p->seconds : p->seconds * EXPLORE_SEARCH;

	if (!follow(p, &strategy_dpor, r, search) && !is_exhausted(r))
		follow_rest(p, r, p->seconds - search);
}

void explore(const struct plan *p, struct result *r)
{
	memset(r, 0, sizeof(*r));
	r->kind = RESULT_SAMPLED;
	r->preemptions = UNBOUNDED;
	if (p->strategy)
		follow(p, p->strategy, r, p->seconds);
	else
		follow_all(p, r);
	if (r->searched)
		r->preemptions = p->options.preemptions;
	if (r->kind == RESULT_SAMPLED && is_exhausted(r))
		r->kind = RESULT_EXHAUSTED;
	qsort(r->outcomes, (size_t)r->outcome_count, sizeof(r->outcomes[0]), by_text);
}

void result_clear(struct result *r)
{
	int i;

	for (i = 0; i < r->outcome_count; i++)
		free(r->outcomes[i].text);
	free(r->schedule.choices);
	memset(r, 0, sizeof(*r));
}
