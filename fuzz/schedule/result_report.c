/* SPDX-License-Identifier: MIT */
/* result_report.c: see result_report.h. */
#include "result_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stacks.h"

#define OUTPUT_TOLD 2000 /* bytes of what the target wrote */

const char *result_name(const struct result *r)
{
	static const char *const names[] = {"exhausted", "sampled", "FAILED", "UNCONTROLLED", "ERROR"};

	return names[r->kind];
}

const char *plural(unsigned long n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

/* Why all schedules of the search are not all that there are. */
static void print_caveats(FILE *f, const struct result *r)
{
	static const struct {
		enum caveat c;
		const char *text;
	} list[] = {
		{CAVEAT_YIELD, "a yield or a sleep waits for another thread"},
		{CAVEAT_FUTEX, "plain memory decides what a futex does"},
		{CAVEAT_CALL, "a call was not controlled"},
		{CAVEAT_WAYS, "more sleepers than ways of a signal"},
		{CAVEAT_ORPHAN, "a process is left when the first one ends"},
		{CAVEAT_POINTS, "more racing accesses than can be steps"},
		{CAVEAT_TIME, "timers fire only when nothing else can be done"},
	};
	const char *between = "; but for: ";
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (r->searched && (r->caveats & list[i].c)) {
			fprintf(f, "%s%s", between, list[i].text);
			between = ", ";
		}
}

static void print_outcomes(FILE *f, const struct result *r)
{
	int i;

	for (i = 0; i < r->outcome_count; i++)
		if (r->outcomes[i].text[0])
			fprintf(f, "%s%s (%lu)", i ? " | " : "; outcomes: ", r->outcomes[i].text, r->outcomes[i].count);
}

void report_result(FILE *f, const char *name, const struct plan *p, struct result *r)
{
	unsigned long all = r->executions + r->sampled;

	fprintf(f, "%-12s %s: ", result_name(r), name);
	if (r->executions)
		fprintf(f, "%lu %s (%lu complete)%s", r->executions, plural(r->executions, "execution", "executions"),
			r->complete, r->sampled ? ", " : "");
	if (r->sampled)
		fprintf(f, "%lu %s", r->sampled, plural(r->sampled, "schedule", "schedules"));
	if (!all)
		fprintf(f, "no execution");
	fprintf(f, ", %.0f per second, up to %u %s", r->seconds > 0 ? (double)all / r->seconds : 0, r->longest,
		plural(r->longest, "step", "steps"));
	if (r->preemptions != UNBOUNDED && (r->searched || !r->caveats))
		fprintf(f, ", all with at most %d %s", r->preemptions,
			plural((unsigned long)r->preemptions, "preemption", "preemptions"));
	if (p->subject->m->watched)
		fprintf(f, ", accesses watched");
	print_caveats(f, r);
	print_outcomes(f, r);
	fputc('\n', f);
	if (r->kind == RESULT_UNCONTROLLED || r->kind == RESULT_ERROR)
		fprintf(f, "  %s\n", r->text);
}

/* ---- beside the reference ------------------------------------------------------------ */

#define BETWEEN " | "

static size_t length_of_first(const char *list)
{
	const char *end = strstr(list, BETWEEN);

	return end ? (size_t)(end - list) : strlen(list);
}

static const char *after_first(const char *list)
{
	list += length_of_first(list);
	return *list ? list + strlen(BETWEEN) : list;
}

static bool is_listed(const char *list, const char *text)
{
	for (; *list; list = after_first(list))
		if (length_of_first(list) == strlen(text) && strncmp(list, text, strlen(text)) == 0)
			return true;
	return false;
}

static bool was_seen(const struct result *r, const char *text, size_t n)
{
	int i;

	for (i = 0; i < r->outcome_count; i++)
		if (strlen(r->outcomes[i].text) == n && strncmp(r->outcomes[i].text, text, n) == 0)
			return true;
	return false;
}

bool report_difference(FILE *f, const struct exhaustion *e, const struct result *r)
{
	const char *list;
	bool differs = false;
	int i;

	for (i = 0; i < r->outcome_count; i++) {
		if (is_listed(e->outcomes, r->outcomes[i].text))
			continue;
		fprintf(f, "  the reference never ends so: %s\n", r->outcomes[i].text);
		differs = true;
	}
	for (list = e->outcomes; r->kind == RESULT_EXHAUSTED && *list; list = after_first(list)) {
		int n = (int)length_of_first(list);

		if (was_seen(r, list, (size_t)n))
			continue;
		fprintf(f, "  never ends as the reference does: %.*s\n", n, list);
		differs = true;
	}
	return differs;
}

/* ---- a failure ------------------------------------------------------------------------ */

static void print_output(FILE *f, const struct plan *p)
{
	char text[OUTPUT_TOLD + 1];
	size_t n = subject_output(p->subject, text, OUTPUT_TOLD);

	if (n)
		fprintf(f, "what it wrote:\n%.*s%s", (int)n, text, text[n - 1] == '\n' ? "" : "\n");
}

/* At the end of an execution, while it stands still. */
struct sight {
	const struct memory *m;
	char *stacks;
	char *names[OBJECTS_MAX];
	int32_t tids[THREADS_MAX]; /* 0: it is no more */
};

static void look(void *arg, pid_t pid)
{
	struct sight *s = arg;
	uint64_t addresses[OBJECTS_MAX];
	int i;

	for (i = 0; i < s->m->state.objects; i++)
		addresses[i] = s->m->state.object[i].address;
	for (i = 0; i < s->m->state.threads; i++)
		if (s->m->state.thread[i].state == THREAD_LIVE)
			s->tids[i] = s->m->state.thread[i].tid;
	s->stacks = stacks_of(&pid, 1, NULL);
	names_of(pid, addresses, s->names, (size_t)s->m->state.objects);
}

static void print_objects(FILE *f, const struct sight *s)
{
	bool touched[OBJECTS_MAX] = {false};
	uint32_t i;
	int k;

	for (i = 0; i < s->m->events; i++)
		for (k = 0; k < s->m->event[i].operation.count; k++)
			touched[s->m->event[i].operation.touches[k].object] = true;
	for (k = 0; k < s->m->state.objects; k++)
		if (touched[k] && s->names[k])
			fprintf(f, "  %s: %s\n", object_text(s->m, k), s->names[k]);
}

static int thread_of(const struct sight *s, int tid)
{
	int i;

	for (i = 0; i < THREADS_MAX; i++)
		if (s->tids[i] == tid)
			return i;
	return NOBODY;
}

/* Ours, and those in which a thread begins. */
static bool says_nothing(const char *frame)
{
	static const char *const texts[] = {" in poolproof-schedule.so", " start_thread ",    "clone3 ", " clone ",
					    " __libc_start_",		 " _start in", " __restore_rt "};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strstr(frame, texts[i]))
			return true;
	return *frame == '\0';
}

/* Threads by their numbers, as in the columns. */
static void print_stacks(FILE *f, const struct sight *s)
{
	char *line, *rest = s->stacks;
	int tid, thread = 0, frame = 0, end;

	while (rest && (line = strsep(&rest, "\n"))) {
		if (sscanf(line, "thread %d (", &tid) == 1) {
			thread = thread_of(s, tid);
			frame = 0;
			if (thread != NOBODY)
				fprintf(f, "  stack of %s:\n", thread_text(s->m, thread));
		} else if (thread == NOBODY || says_nothing(line)) {
			continue;
		} else if (sscanf(line, " #%*d %n", &end) == 0 && line[2] == '#') {
			fprintf(f, "    #%-2d %s\n", frame++, line + end);
		} else {
			fprintf(f, "    %s\n", line);
		}
	}
}

static void forget(struct sight *s)
{
	int i;

	free(s->stacks);
	for (i = 0; i < OBJECTS_MAX; i++)
		free(s->names[i]);
	free(s);
}

bool report_schedule(FILE *f, const struct plan *p, const struct schedule *schedule)
{
	struct sight *s = calloc(1, sizeof(*s));
	char text[2 * TEXT_MAX];

	if (!s)
		return false;
	s->m = p->subject->m;
	if (!execute_and_look(p, schedule, look, s)) {
		forget(s);
		return false;
	}
	print_columns(f, s->m);
	print_standing(f, s->m);
	if (execution_failed(p, text, sizeof(text))) {
		print_objects(f, s);
		print_stacks(f, s);
	}
	forget(s);
	return true;
}

void report_failure(FILE *f, const char *name, const struct plan *p, struct result *r, struct schedule_file *file,
		    const char *directory)
{
	char path[4096];

	fprintf(f, "  %s\n  found after %lu %s; %s\n", r->text, r->found_after,
		plural(r->found_after, "execution", "executions"),
		r->confirmed ? "three replays were the same" : "REPLAYS WERE NOT THE SAME");
	subject_forget_output(p->subject);
	report_schedule(f, p, &r->schedule);
	print_output(f, p);
	file->timeouts_any = p->options.timeouts_any;
	file->spurious = p->options.spurious;
	file->races_explored = p->options.races_explored;
	memcpy(file->point, p->subject->m->point, sizeof(file->point));
	file->hash = r->hash;
	file->schedule = r->schedule;
	snprintf(path, sizeof(path), "%s/%s-%08" PRIx32 ".schedule", directory, name, (uint32_t)r->hash);
	if (schedule_file_write(path, file, r->text))
		fprintf(f, "  again: poolproof replay %s\n", path);
	else
		fprintf(f, "  its schedule could not be written to %s\n", path);
	file->schedule = (struct schedule){0};
}
