/* SPDX-License-Identifier: MIT */
/*
 * record.c: events, numbers, and the process; see record.h, and recorder.h for the rest.
 *
 * Soundness of `over`: a thread that cannot write its call sets it before it makes
 * the call, and each event is written after a look at it that follows what the
 * event tells.  So nothing is written that the unwritten call may have caused.
 */
#include "recorder.h"

#include <unistd.h>

#include "run_program.h"

enum { TOKENS_MAX = 1024 };

const char *const gap_texts[GAPS] = {
	[GAP_WORKERS] = "asks for the number or the name of workers",
	[GAP_LOG] = "listens to the log",
	[GAP_BUFFER] = "has a map with a buffersize",
	[GAP_ARGUMENTS] = "has a map of too many arguments",
	[GAP_FUTURES] = "has too many futures",
	[GAP_EXECUTORS] = "has too many executors",
	[GAP_EVENTS] = "makes too many calls",
	[GAP_FORK] = "forks, and its child is not followed",
	[GAP_EXIT] = "exits, and its end is not seen",
};

struct pp_backend inner;
struct record *rec;
char rec_untouched;
_Thread_local int rec_inside = -1;

static pid_t owner;
static _Atomic(void *) tokens[TOKENS_MAX];
static atomic_int thread_count;
static _Thread_local int thread_number;

/* Stands for NULL in a list of pointers. */
static char nothing;

int rec_thread(void)
{
	if (!thread_number)
		thread_number = 1 + atomic_fetch_add(&thread_count, 1);
	return thread_number;
}

void rec_gap(enum record_gap g)
{
	atomic_fetch_or(&rec->gaps, 1U << g);
}

/* ---- events ---------------------------------------------------------------------------------- */

bool rec_writes(void)
{
	if (getpid() != owner) {
		rec_gap(GAP_FORK);
		return false;
	}
	return !atomic_load(&rec->over);
}

void rec_no_room(enum record_gap g)
{
	rec_gap(g);
	atomic_store(&rec->over, true);
}

struct event rec_event(enum event_kind kind)
{
	return event_blank(kind, rec_inside, rec_thread());
}

struct event rec_call(enum call_kind what)
{
	struct event e = rec_event(EVENT_CALL);

	e.what = (uint8_t)what;
	return e;
}

unsigned rec_add(struct event *e)
{
	unsigned at = EVENTS_MAX;

	if (!rec_writes())
		return at;
	e->time = run_now();
	if (history_count(&rec->history) < EVENTS_MAX)
		at = history_add(&rec->history, e);
	if (at >= EVENTS_MAX)
		rec_no_room(GAP_EVENTS);
	return at;
}

bool rec_begin(struct event *e)
{
	if (!rec_writes() || rec->blind >> e->what & 1)
		return false;
	e->call = (int16_t)history_call(&rec->history);
	if (e->call < 0) {
		rec_no_room(GAP_EVENTS);
		return false;
	}
	rec_add(e);
	e->kind = EVENT_RETURN;
	return true;
}

void rec_end(struct event *e, int status)
{
	e->status = (int8_t)status;
	if (e->call >= 0)
		rec_add(e);
}

/* ---- pointers and numbers -------------------------------------------------------------------- */

int rec_find(_Atomic(void *) *list, int size, const void *pointer)
{
	int i;

	for (i = 0; pointer && i < size; i++)
		if (atomic_load(&list[i]) == pointer)
			return i;
	return -1;
}

void rec_forget(_Atomic(void *) *list, int number)
{
	if (number >= 0)
		atomic_store(&list[number], NULL);
}

static void *as_token(void *pointer)
{
	return pointer ? pointer : &nothing;
}

int rec_token_given(void *pointer)
{
	void *p = as_token(pointer);
	int i;

	for (i = 0; i < TOKENS_MAX; i++) {
		void *there = NULL;

		if (atomic_compare_exchange_strong(&tokens[i], &there, p) || there == p)
			return i;
	}
	rec_no_room(GAP_EVENTS);
	return 0;
}

int rec_token_got(void *pointer)
{
	int i;

	if (pointer == &rec_untouched)
		return OUTCOME_UNWRITTEN;
	i = rec_find(tokens, TOKENS_MAX, as_token(pointer));
	return i >= 0 ? i : OUTCOME_FOREIGN;
}

int rec_numbers_for(int n)
{
	unsigned first = atomic_load(&rec->history.futures);

	while (first + (unsigned)n <= FUTURES_MAX)
		if (atomic_compare_exchange_weak(&rec->history.futures, &first, first + (unsigned)n))
			return (int)first;
	rec_gap(GAP_FUTURES);
	return -1;
}

/* ---- the process ----------------------------------------------------------------------------- */

static void r_process_exit(int status)
{
	rec_gap(getpid() == owner ? GAP_EXIT : GAP_FORK);
	rec_tell_exits();
	inner.process_exit(status);
}

static int r_process_fork(void)
{
	rec_gap(GAP_FORK);
	return inner.process_fork();
}

static void r_set_log_hook(pp_log_hook *hook, void *arg)
{
	if (hook)
		rec_gap(GAP_LOG);
	inner.set_log_hook(hook, arg);
}

void record_stand_before(struct pp_backend *table, struct record *r)
{
	rec = r;
	owner = getpid();
	inner = *table;
	if (atomic_fetch_add(&r->tables, 1) > 0)
		rec_gap(GAP_EXIT);
	r->history.concurrency = table->concurrency;
	r->history.scarce = true; /* a case does not tell when it sees to that */
	rec_executors(table);
	rec_work(table);
	rec_futures(table);
	STAND_BEFORE(table, process_exit);
	STAND_BEFORE(table, process_fork);
	STAND_BEFORE(table, set_log_hook);
}

/* A thread that found no room may have taken a place behind the last. */
void record_close(struct record *r, bool ended_well)
{
	struct history *h = &r->history;
	struct event the_end = {.kind = EVENT_THE_END, .executor = -1, .future = -1, .call = -1, .of = -1};

	atomic_store(&h->count, history_count(h));
	if (atomic_load(&h->calls) > CALLS_MAX)
		atomic_store(&h->calls, CALLS_MAX);
	if (ended_well && !atomic_load(&r->over) && !(atomic_load(&r->gaps) & 1U << GAP_EXIT))
		history_add(h, &the_end);
}
