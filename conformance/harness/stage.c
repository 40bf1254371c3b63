/* SPDX-License-Identifier: MIT */
/*
 * stage.c: what a round of a scenario acts on, and the accounting.
 *
 * The stage lies in the arena, so that tasks may be processes.  What threads of a
 * round tell each other through it are relaxed atomics, and a record is judged
 * by the main thread once the round is over: the harness orders nothing that the
 * executor is to order.  An item's payload is the opposite: plain memory, written
 * by its task and read by all who were told that it has ended, so that a
 * sanitizer sees whether the executor has ordered the two.
 *
 * What the main thread waits for when nothing else tells that it has happened
 * (a callback of an executor that was released) is a semaphore.  So is the gate, one
 * for each that waits at it: two workers that pass it are ordered by nothing of ours,
 * and an explorer has no order of theirs to try.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "race.h"
#include "sanitizers.h"
#include "support.h"

#define ITEMS 8	   /* that a scenario names */
#define SPARES 24  /* of further threads of a crowd */
#define MAPS 2	   /* in a round */
#define MAPPED 4   /* arguments of a map */
#define BEGINNERS 8 /* initializers at the gate, each at its own part of it */
#define HOLDER ITEMS
#define FIRST_SPARE (ITEMS + 1)
#define FIRST_MAPPED (FIRST_SPARE + SPARES)
#define ALL (FIRST_MAPPED + MAPS * MAPPED)
#define CALLBACKS 8
#define NOTES 8

#define NOT_YET (-1)

/* Relaxed, as the head of this file says. */
#define GET(what) atomic_load_explicit(&(what), memory_order_relaxed)
#define SET(what, value) atomic_store_explicit(&(what), (value), memory_order_relaxed)
#define ADD(what) atomic_fetch_add_explicit(&(what), 1, memory_order_relaxed)

struct callback {
	struct item *item;
	struct pp_future *f;
	atomic_int added; /* what add_done_callback returned */
	atomic_int called;
};

struct item {
	int number;
	enum ending ending;
	bool gated;	  /* its task waits for the gate; of the set-up, for who opens it reads it */
	bool own;	  /* of the executor author's half */
	bool mapped;
	bool has_release;
	bool early;	  /* submitted in set-up */
	struct pp_future *f;
	long payload;	  /* see the head of this file */

	/* Relaxed, from here to called. */
	atomic_int status; /* what submit returned */
	atomic_int begun;
	atomic_int ended;
	atomic_int cancels_begun;
	atomic_int cancels_true;
	atomic_int cancels_false;
	atomic_int outcomes_set; /* set_result and set_exception that succeeded */
	atomic_int told;	 /* the first status that result told */
	atomic_int released;	 /* times that the release function was called */
	atomic_bool dropped;
	atomic_bool starved; /* there was no thread to be had when it was submitted */
	atomic_int callback_count;
	struct callback callbacks[CALLBACKS];

	sem_t arrived; /* its task is at the gate */
	sem_t go;      /* and may pass it */
	sem_t called;
	sem_t let_go;
	sem_t over; /* its task has ended */
};

struct mapping {
	struct item *first; /* of its work items, which are its arguments */
	int count, next;
	struct pp_source source;
	char text[RACE_TEXT]; /* what map has told */
};

struct stage {
	sem_t begin[BEGINNERS]; /* kept from round to round: a worker that was released may be late */

	struct item items[ALL];
	struct pp_executor *e;
	bool has_initializer;
	int failing;
	int workers;
	struct mapping mappings[MAPS];
	char texts[NOTES][RACE_TEXT];

	/* Relaxed, from here to the end. */
	atomic_bool open; /* the gate */
	atomic_int spares;
	atomic_int maps;
	atomic_bool pool_released;
	atomic_bool waited;	/* a shutdown that waits has returned */
	atomic_bool cancelling; /* a shutdown that cancels has begun */
	atomic_int initializers;
	atomic_int inside; /* tasks that have begun and not ended */
	atomic_bool failed; /* an initializer is about to return that it failed */
	atomic_long notes[NOTES];
};

static struct stage *stage;
static _Thread_local int copy;
static _Thread_local long initialized; /* the round in which this thread ran an initializer */
static atomic_long round_now;

/* ---- what is wrong ---------------------------------------------------------------- */

void violation(const char *clause, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	atomic_fetch_add(&slot->checks, 1);
	end_as(FAIL, NULL, "%s: %s", clause, text);
}

void standing(const char *format, ...)
{
	va_list args;

	if (!race_record)
		return;
	va_start(args, format);
	vsnprintf(race_record->standing, sizeof(race_record->standing), format, args);
	va_end(args);
}

static void must_be_ok(const char *entry, int status)
{
	if (status != PP_OK)
		violation("SHUTDOWN-27", "%s returned %s", entry, status_name(status));
}

/* ---- the stage ----------------------------------------------------------------------- */

static struct item *item(int i)
{
	return &stage->items[i];
}

/* LeakSanitizer is told that the stage holds handles. */
void __lsan_register_root_region(const void *start, size_t size) __attribute__((weak, visibility("default")));

/*
 * Helgrind and DRD take a relaxed atomic for a plain variable, and what glibc reads of a
 * semaphore inside sem_post for something that comes after it.
 */
static void name_the_unordered(void)
{
	int i;

	for (i = 0; i < ALL; i++)
		valgrind_unordered(&item(i)->status, sizeof(struct item) - offsetof(struct item, status));
	valgrind_unordered(&stage->open, sizeof(*stage) - offsetof(struct stage, open));
	valgrind_unordered(&round_now, sizeof(round_now));
}

void stage_open(void)
{
	int i;

	if (stage)
		return;
	stage = shared_alloc(sizeof(*stage));
	for (i = 0; i < BEGINNERS; i++)
		sem_init(&stage->begin[i], 1, 0);
	name_the_unordered();
	if (__lsan_register_root_region)
		__lsan_register_root_region(stage, sizeof(*stage));
}

static void item_begin(struct item *it, int number)
{
	memset(it, 0, sizeof(*it));
	it->number = number;
	SET(it->status, NOT_YET);
	SET(it->told, NOT_YET);
	sem_init(&it->arrived, 1, 0);
	sem_init(&it->go, 1, 0);
	sem_init(&it->called, 1, 0);
	sem_init(&it->let_go, 1, 0);
	sem_init(&it->over, 1, 0);
}

static void item_end(struct item *it)
{
	sem_destroy(&it->arrived);
	sem_destroy(&it->go);
	sem_destroy(&it->called);
	sem_destroy(&it->let_go);
	sem_destroy(&it->over);
}

void stage_begin(void)
{
	size_t kept = offsetof(struct stage, items);
	int i;

	ADD(round_now);
	copy = 0;
	memset((char *)stage + kept, 0, sizeof(*stage) - kept);
	for (i = 0; i < ALL; i++)
		item_begin(item(i), i);
	for (i = 0; i < BEGINNERS; i++)
		while (sem_trywait(&stage->begin[i]) == 0)
			;
}

static void items_end(void)
{
	int i;

	for (i = 0; i < ALL; i++)
		item_end(item(i));
}

void stage_copy(int number)
{
	copy = number;
}

/* ---- the gate ---------------------------------------------------------------------------- */

static void await(sem_t *s)
{
	while (sem_wait(s) != 0 && errno == EINTR)
		;
}

static void task_passes(struct item *it)
{
	sem_post(&it->arrived);
	await(&it->go);
}

/* More of them than there are places share one, so each leaves it open. */
static void initializer_passes(int number)
{
	sem_t *place = &stage->begin[(number - 1) % BEGINNERS];

	await(place);
	sem_post(place);
}

/* For those who come later, too. */
static void open_gate(void)
{
	int i;

	if (atomic_exchange_explicit(&stage->open, true, memory_order_relaxed))
		return;
	for (i = 0; i <= HOLDER; i++)
		if (item(i)->gated)
			sem_post(&item(i)->go);
	for (i = 0; stage->has_initializer && i < BEGINNERS; i++)
		sem_post(&stage->begin[i]);
}

/* ---- what the backend calls ---------------------------------------------------------------- */

static void judge_begin(struct item *it)
{
	if (ADD(it->begun))
		violation("EXEC-12", "the task of work item %d began a second time", it->number);
	if (ADD(stage->inside) >= stage->workers)
		violation("WORKER-1", "more tasks run at once than there are workers, which is %d", stage->workers);
	if (GET(it->cancels_true))
		violation("CANCEL-3", "the task of work item %d began after cancel had returned true", it->number);
	if (GET(stage->waited))
		violation("SHUTDOWN-7", "the task of work item %d began after a shutdown had returned from waiting",
			  it->number);
	if (stage->has_initializer && initialized != GET(round_now))
		violation("INIT-1", "the task of work item %d began on a worker that has not run the initializer",
			  it->number);
}

static int task(void *arg, void **outcome)
{
	struct item *it = arg;
	enum ending ending = it->ending;

	judge_begin(it);
	point("task");
	if (it->gated)
		task_passes(it);
	point("task");
	it->payload = it->number + 1;
	if (GET(stage->waited))
		violation("SHUTDOWN-9", "the task of work item %d ended after a shutdown had returned from waiting",
			  it->number);
	ADD(it->ended);
	atomic_fetch_sub_explicit(&stage->inside, 1, memory_order_relaxed);
	*outcome = it;
	sem_post(&it->over); /* what follows leaves the item alone */
	return ending == EXCEPTION ? PP_RAISED : PP_OK;
}

/* Whoever is told that it has run must see what it did. */
static void judge_payload(const char *clause, struct item *it, const char *who)
{
	if (it->payload != it->number + 1)
		violation(clause, "what the task of work item %d did is not visible to %s", it->number, who);
}

static void release(void *arg)
{
	struct item *it = arg;

	point("release function");
	if (ADD(it->released))
		violation("MEM-4", "the release function of work item %d was called a second time", it->number);
	if (GET(it->begun) != GET(it->ended))
		violation("MEM-5", "the release function of work item %d was called before its task has ended",
			  it->number);
	if (GET(it->ended))
		judge_payload("MEM-14", it, "its release function");
	sem_post(&it->let_go);
}

static int done_callback(struct pp_future *f, void *arg)
{
	struct callback *c = arg;
	struct item *it = c->item;
	void *outcome = NULL;
	int status;

	point("done callback");
	if (ADD(c->called))
		violation("CALLBACK-34", "a done callback of work item %d was called a second time", it->number);
	if (f != c->f)
		violation("CALLBACK-8", "a done callback of work item %d was given another future", it->number);
	if (HAS(done) && !backend()->done(f))
		violation("CALLBACK-27", "work item %d is not done in its done callback", it->number);
	status = backend()->result(f, 0, &outcome);
	if (status == PP_TIMEOUT)
		violation("CALLBACK-28", "result has no outcome in a done callback of work item %d", it->number);
	if (GET(it->ended))
		judge_payload("CALLBACK-39", it, "its done callback");
	point("done callback");
	sem_post(&it->called);
	return PP_OK;
}

static int initializer(void *arg)
{
	struct stage *s = arg;
	int number = ADD(s->initializers) + 1;
	bool fails = s->failing && number >= s->failing;

	point("initializer");
	initializer_passes(number);
	point("initializer");
	initialized = GET(round_now);
	if (fails)
		SET(s->failed, true);
	return fails ? PP_RAISED : PP_OK;
}

/* ---- set-up -------------------------------------------------------------------------------- */

static void need_workers(int n)
{
	int most = backend()->concurrency;

	if (most == 0)
		unsupported("the backend runs tasks inside submit");
	if (n > most)
		unsupported("the backend runs %d tasks at once at the most, and the scenario needs %d", most, n);
}

static void opened(int workers, int status)
{
	stage->workers = workers;
	if (status != PP_OK || !stage->e)
		give_up("the executor of the scenario could not be made: %s", status_name(status));
}

void open_pool(int n)
{
	need_workers(n);
	opened(n, backend()->executor_new(n, &stage->e));
}

void open_pool_with_initializer(int n, int failing)
{
	NEED(executor_new_with_initializer);
	need_workers(n);
	stage->has_initializer = true;
	stage->failing = failing;
	opened(n, backend()->executor_new_with_initializer(n, initializer, stage, &stage->e));
}

void __tsan_init(void) __attribute__((weak, visibility("default")));

bool child_starts_threads(void)
{
	return !__tsan_init;
}

static int submit_item(struct item *it, enum ending ending)
{
	int status;

	it->ending = ending;
	it->has_release = HAS(submit_with_release);
	if (it->has_release)
		status = backend()->submit_with_release(stage->e, task, it, release, &it->f);
	else
		status = backend()->submit(stage->e, task, it, &it->f);
	SET(it->status, status);
	return status;
}

static void put_item(struct item *it, enum ending ending)
{
	int status;

	it->early = true;
	status = submit_item(it, ending);
	if (status != PP_OK)
		give_up("submit in the set-up returned %s", status_name(status));
}

void put(int i, enum ending ending)
{
	int bound = backend()->queue_bound;

	if (i >= bound)
		unsupported("the work queue holds %d work items, and the scenario needs more", bound);
	put_item(item(i), ending);
}

/* On return a worker is inside the task. */
static void put_at_gate(struct item *it, enum ending ending)
{
	it->gated = true;
	put_item(it, ending);
	standing("a task of the set-up to begin");
	await(&it->arrived);
	standing("%s", "");
}

void put_running(int i, enum ending ending)
{
	put_at_gate(item(i), ending);
}

void hold_worker(void)
{
	put_at_gate(item(HOLDER), VALUE);
}

void put_own(int i)
{
	struct item *it = item(i);
	int status;

	NEED(future_new);
	it->own = it->early = true;
	status = backend()->future_new(&it->f);
	if (status != PP_OK)
		give_up("future_new returned %s", status_name(status));
	SET(it->status, PP_OK);
}

/* ---- operations ------------------------------------------------------------------------------ */

void do_open(void)
{
	point("gate");
	open_gate();
	point("gate");
}

/* The first thread of a crowd has the item that is asked about. */
static struct item *mine(int i)
{
	return copy ? item(FIRST_SPARE + ADD(stage->spares) % SPARES) : item(i);
}

static int submit_now(struct item *it, enum ending ending)
{
	int status;

	point("submit");
	status = submit_item(it, ending);
	if (status != PP_OK && it->f)
		violation("EXEC-22", "submit returned %s and wrote the handle", status_name(status));
	point("submit");
	return status;
}

int do_submit(int i, enum ending ending)
{
	return submit_now(mine(i), ending);
}

int do_submit_starved(int i, enum ending ending)
{
	struct item *it = mine(i);
	int status;

	SET(it->starved, true);
	starve(true);
	status = submit_now(it, ending);
	starve(false);
	return status;
}

bool do_cancel(int i)
{
	struct item *it = item(i);
	bool yes;

	point("cancel");
	ADD(it->cancels_begun);
	yes = backend()->cancel(it->f);
	if (yes)
		ADD(it->cancels_true);
	else
		ADD(it->cancels_false);
	if (yes && HAS(cancelled) && !backend()->cancelled(it->f))
		violation("CANCEL-2", "work item %d is not cancelled though cancel has returned true", it->number);
	if (yes && HAS(done) && !backend()->done(it->f))
		violation("CANCEL-2", "work item %d is not done though cancel has returned true", it->number);
	point("cancel");
	return yes;
}

/* Those of set-up are known to every thread; the others are judged in the accounting. */
static void judge_waited(void)
{
	int i;

	for (i = 0; i <= HOLDER; i++) {
		struct item *it = item(i);

		if (!it->early || it->own || GET(it->dropped) || !HAS(done))
			continue;
		if (!backend()->done(it->f))
			violation("SHUTDOWN-11", "work item %d is not done when shutdown has returned from waiting",
				  it->number);
	}
}

void do_shutdown(enum form form)
{
	point("shutdown");
	if (form == CANCELS_WAITS || form == CANCELS_RETURNS)
		SET(stage->cancelling, true);
	must_be_ok("shutdown", shut_down(stage->e, form));
	if (form == WAITS || form == CANCELS_WAITS) {
		SET(stage->waited, true);
		judge_waited();
	}
	point("shutdown");
}

void do_release_pool(void)
{
	point("executor_release");
	SET(stage->pool_released, true);
	backend()->executor_release(stage->e);
	point("executor_release");
}

void do_drop(int i)
{
	struct item *it = item(i);

	point("future_release");
	SET(it->dropped, true);
	backend()->future_release(it->f);
	point("future_release");
}

/* Everybody is told the same; one who is told that it has ended sees what it did. */
static void judge_told(struct item *it, int status, void *outcome)
{
	int before = NOT_YET;

	if (status == PP_TIMEOUT)
		return;
	if (!atomic_compare_exchange_strong_explicit(&it->told, &before, status, memory_order_relaxed,
						     memory_order_relaxed) &&
	    before != status)
		violation("RESULT-10", "result told %s of work item %d, and %s before", status_name(status),
			  it->number, status_name(before));
	if (status != PP_OK && status != PP_RAISED)
		return;
	if (outcome != it)
		violation(status == PP_OK ? "RESULT-1" : "RESULT-4",
			  "result told another pointer than that of work item %d", it->number);
	if (it->own)
		return;
	if (!GET(it->ended))
		violation("STATE-19", "result told %s of work item %d before its task has ended",
			  status_name(status), it->number);
	judge_payload("RESULT-30", it, "a thread to which result told its outcome");
}

static int ask_result(struct item *it, double timeout)
{
	void *outcome = NULL;
	double begun = now();
	int status = backend()->result(it->f, timeout, &outcome);

	if (status == PP_TIMEOUT && now() < begun + timeout)
		violation("RESULT-21", "result returned TIMEOUT for work item %d before the time was up", it->number);
	judge_told(it, status, outcome);
	return status;
}

int do_result(int i, double timeout)
{
	int status;

	point("result");
	status = ask_result(item(i), timeout);
	point("result");
	return status;
}

int do_exception(int i, double timeout)
{
	struct item *it = item(i);
	void *exception = NULL;
	int status;

	point("exception");
	status = backend()->exception(it->f, timeout, &exception);
	if (status == PP_OK && exception)
		violation("RESULT-35", "exception wrote its output for work item %d, which has a value", it->number);
	judge_told(it, status, status == PP_OK ? it : exception);
	point("exception");
	return status;
}

void do_add_callback(int i)
{
	struct item *it = item(i);
	int n = ADD(it->callback_count);
	struct callback *c = &it->callbacks[n];

	if (n >= CALLBACKS)
		return;
	c->item = it;
	c->f = it->f;
	SET(c->added, NOT_YET);
	point("add_done_callback");
	SET(c->added, backend()->add_done_callback(it->f, done_callback, c));
	point("add_done_callback");
}

/* ---- many futures ------------------------------------------------------------------------------ */

static void futures_of(int n, struct pp_future **fs)
{
	int i;

	for (i = 0; i < n; i++)
		fs[i] = item(i)->f;
}

/* What has begun and is told as done has ended. */
static void judge_done(const char *clause, struct item *it)
{
	int begun = GET(it->begun);

	if (begun && !GET(it->ended) && !it->own)
		violation(clause, "work item %d was told as done while its task runs", it->number);
	if (HAS(done) && !backend()->done(it->f))
		violation(clause, "work item %d was told as done and is not", it->number);
}

static bool has_raised(struct item *it)
{
	int status = ask_result(it, 0);

	return status == PP_RAISED || status == PP_BROKEN;
}

/* Without a limit, wait has returned because return_when holds. */
static void judge_wait(enum pp_return_when return_when, int n, int mask)
{
	bool raised = false;
	int i;

	if (mask == (1 << n) - 1)
		return;
	for (i = 0; i < n && return_when == PP_FIRST_EXCEPTION; i++)
		raised |= (mask & 1 << i) && has_raised(item(i));
	if (return_when == PP_ALL_COMPLETED)
		violation("WAIT-1", "wait for all returned with %#x done of %d", (unsigned)mask, n);
	if (return_when == PP_FIRST_COMPLETED && !mask)
		violation("WAIT-7", "wait for the first returned with none done");
	if (return_when == PP_FIRST_EXCEPTION && !raised)
		violation("WAIT-10", "wait for the first exception returned with none raised, and %#x done of %d",
			  (unsigned)mask, n);
}

int do_wait(enum pp_return_when return_when, double timeout, int n)
{
	struct pp_future *fs[ITEMS];
	bool is_done[ITEMS] = {false};
	int i, status, mask = 0;

	futures_of(n, fs);
	point("wait");
	status = backend()->wait(fs, (size_t)n, timeout, return_when, is_done);
	if (status != PP_OK)
		violation("WAIT-2", "wait returned %s", status_name(status));
	for (i = 0; i < n; i++) {
		if (!is_done[i])
			continue;
		mask |= 1 << i;
		judge_done("WAIT-18", item(i));
	}
	if (timeout == PP_FOREVER)
		judge_wait(return_when, n, mask);
	point("wait");
	return mask;
}

static int number_of(struct pp_future *f, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (item(i)->f == f)
			return i;
	violation("ASCOMP-1", "as_completed yielded a future that it was not given");
}

static void judge_stop(int status, double timeout, int n, int mask)
{
	if (status == PP_STOP_ITERATION && mask != (1 << n) - 1)
		violation("ASCOMP-1", "as_completed stopped with %#x yielded of %d", (unsigned)mask, n);
	if (status == PP_TIMEOUT && timeout == PP_FOREVER)
		violation("ASCOMP-17", "as_completed without a limit answered TIMEOUT");
	if (status != PP_STOP_ITERATION && status != PP_TIMEOUT)
		violation("ASCOMP-1", "as_completed answered %s", status_name(status));
}

int do_as_completed_some(double timeout, int n, int asked)
{
	struct pp_future *fs[ITEMS], *f = NULL;
	struct pp_completed *it = NULL;
	int i, status, mask = 0;

	futures_of(n, fs);
	point("as_completed_begin");
	status = backend()->as_completed_begin(fs, (size_t)n, timeout, &it);
	if (status != PP_OK)
		violation("ASCOMP-1", "as_completed_begin returned %s", status_name(status));
	while (asked-- > 0) {
		point("as_completed_next");
		status = backend()->as_completed_next(it, &f);
		if (status != PP_OK) {
			judge_stop(status, timeout, n, mask);
			break;
		}
		i = number_of(f, n);
		if (mask & 1 << i)
			violation("ASCOMP-1", "as_completed yielded work item %d twice", i);
		mask |= 1 << i;
		judge_done("ASCOMP-3", item(i));
	}
	point("as_completed_end");
	backend()->as_completed_end(it);
	return mask;
}

int do_as_completed(double timeout, int n)
{
	return do_as_completed_some(timeout, n, n + 1);
}

/* ---- map ------------------------------------------------------------------------------------------ */

static int source_next(void *state, void **arg)
{
	struct mapping *m = state;

	if (m->next == m->count)
		return PP_STOP_ITERATION;
	point("source");
	*arg = m->first + m->next++;
	return PP_OK;
}

/* A map of this thread's own. */
static struct mapping *next_mapping(int n)
{
	int taken = ADD(stage->maps);
	struct mapping *m;
	int i;

	if (taken >= MAPS || n > MAPPED)
		end_as(UNRESOLVED, NULL, "a round has room for %d maps of %d arguments", MAPS, MAPPED);
	m = &stage->mappings[taken];
	m->first = item(FIRST_MAPPED + taken * MAPPED);
	m->count = n;
	m->source = (struct pp_source){source_next, m};
	for (i = 0; i < n; i++)
		m->first[i].mapped = true;
	return m;
}

static const char *map_word(int status)
{
	switch (status) {
	case PP_OK:
		return "value";
	case PP_CANCELLED:
		return "cancelled";
	case PP_BROKEN:
		return "broken";
	case PP_STOP_ITERATION:
		return "stop";
	default:
		return status_name(status);
	}
}

static void map_say(struct mapping *m, const char *word)
{
	size_t used = strlen(m->text);

	snprintf(m->text + used, sizeof(m->text) - used, "%s%s", used ? ", " : "", word);
}

/* The outcome at place i; those without a value have not run. */
static void judge_mapped(struct mapping *m, int i, int status, void *outcome)
{
	struct item *it = &m->first[i];

	SET(it->told, status);
	if (status != PP_OK)
		return;
	if (outcome != it)
		violation("MAP-1", "map told another outcome than that of argument %d", i);
	if (!GET(it->ended))
		violation("STATE-19", "map told the outcome of argument %d before its task has ended", i);
	judge_payload("RESULT-30", it, "the thread to which map told its outcome");
}

static struct pp_map *begin_map(struct mapping *m)
{
	struct pp_map *it = NULL;
	void *exception = NULL;
	int status;

	point("map_begin");
	status = backend()->map_begin(stage->e, task, &m->source, PP_FOREVER, 0, &it, &exception);
	if (status == PP_OK)
		return it;
	map_say(m, status == PP_SHUTDOWN || status == PP_BROKEN ? "refused" : status_name(status));
	return NULL;
}

static void take_map(struct mapping *m, struct pp_map *it, int asked)
{
	void *outcome = NULL;
	int i, status;

	for (i = 0; i < asked; i++) {
		point("map_next");
		status = backend()->map_next(it, &outcome);
		map_say(m, map_word(status));
		if (status == PP_STOP_ITERATION)
			break;
		if (i == m->count)
			violation("MAP-4", "map went on after its last outcome");
		judge_mapped(m, i, status, outcome);
	}
	point("map_end");
	backend()->map_end(it);
}

const char *do_map(int n, int asked)
{
	struct mapping *m = next_mapping(n);
	struct pp_map *it = begin_map(m);

	if (it)
		take_map(m, it, asked);
	return m->text;
}

const char *do_map_releasing(int n)
{
	struct mapping *m = next_mapping(n);
	struct pp_map *it = begin_map(m);

	do_release_pool();
	if (it)
		take_map(m, it, n + 1);
	return m->text;
}

/* ---- the executor author's half ---------------------------------------------------------------------- */

static bool set(struct item *it, int status, const char *entry)
{
	if (status == PP_OK)
		ADD(it->outcomes_set);
	else if (status != PP_INVALID_STATE)
		violation("AUTHOR-28", "%s returned %s", entry, status_name(status));
	point(entry);
	return status == PP_OK;
}

bool do_set_result(int i)
{
	struct item *it = item(i);

	point("set_result");
	return set(it, backend()->set_result(it->f, it), "set_result");
}

bool do_set_exception(int i)
{
	struct item *it = item(i);

	point("set_exception");
	return set(it, backend()->set_exception(it->f, it), "set_exception");
}

int do_begin(int i)
{
	bool run = false;
	int status;

	point("set_running_or_notify_cancel");
	status = backend()->set_running_or_notify_cancel(item(i)->f, &run);
	point("set_running_or_notify_cancel");
	return status == PP_OK ? run : -1;
}

/* ---- fork ----------------------------------------------------------------------------------------------- */

static void fork_body(void *arg)
{
	void (*body)(void);

	sanitizers_forget_leaks();
	memcpy(&body, arg, sizeof(body));
	body();
}

void do_fork(void (*body)(void))
{
	int status;

	point("fork");
	status = process_fork_run(fork_body, &body);
	point("fork");
	if (WIFSIGNALED(status))
		violation("FORK-6", "the child of fork was killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == FORK_CANNOT)
		violation("FORK-1", "the child of fork could not make and use an executor of its own");
	if (WEXITSTATUS(status) != 0)
		violation("FORK-6", "the child of fork left with status %d in the place of 0",
			  WEXITSTATUS(status));
}

/* ---- notes ------------------------------------------------------------------------------------------------ */

void note(int at, long value)
{
	if (!copy)
		SET(stage->notes[at], value);
}

long noted(int at)
{
	return GET(stage->notes[at]);
}

void note_text(int at, const char *text)
{
	if (!copy)
		snprintf(stage->texts[at], sizeof(stage->texts[at]), "%s", text);
}

const char *noted_text(int at)
{
	return stage->texts[at];
}

/* ---- to the end ---------------------------------------------------------------------------------------------- */

static bool accepted(struct item *it)
{
	return GET(it->status) == PP_OK;
}

/* The handle is there: ask.  After a shutdown that waited, all of them must have an answer. */
static void settle_item(struct item *it)
{
	double timeout = GET(stage->pool_released) ? PP_FOREVER : 0;

	if (it->own && GET(it->told) == NOT_YET && !GET(it->cancels_true) && !GET(it->outcomes_set))
		must_be_ok("set_result", backend()->set_result(it->f, it)), ADD(it->outcomes_set);
	standing("the outcome of work item %d", it->number);
	if (ask_result(it, timeout) == PP_TIMEOUT)
		violation(it->own ? "RESULT-26" : "SHUTDOWN-11",
			  "work item %d is not done when all that could finish it has ended", it->number);
}

/* Without a handle, a task that was not cancelled is known to have run. */
static void settle_dropped(struct item *it)
{
	if (GET(it->cancels_true) || GET(stage->cancelling) || GET(stage->failed))
		return;
	standing("the end of the task of work item %d", it->number);
	await(&it->over);
}

static void settle_callbacks(struct item *it)
{
	int i, n = GET(it->callback_count);

	for (i = 0; i < n && i < CALLBACKS; i++) {
		if (GET(it->callbacks[i].added) != PP_OK)
			violation("CALLBACK-34", "add_done_callback returned %s",
				  status_name(GET(it->callbacks[i].added)));
		standing("a done callback of work item %d", it->number);
		await(&it->called);
	}
}

static void settle_release(struct item *it)
{
	if (!it->has_release)
		return;
	if (!GET(stage->pool_released) && !GET(it->released))
		violation("MEM-9", "the release function of work item %d was not called when shutdown returned from waiting",
			  it->number);
	standing("the release function of work item %d", it->number);
	await(&it->let_go);
}

static void settle_pool(void)
{
	if (!stage->e || GET(stage->pool_released))
		return;
	standing("shutdown");
	must_be_ok("shutdown", backend()->shutdown(stage->e));
	SET(stage->waited, true);
}

/* ---- the accounting -------------------------------------------------------------------------------------------- */

static void judge_refused(struct item *it)
{
	int status = GET(it->status);

	if (status != PP_SHUTDOWN && status != PP_BROKEN && !(status == PP_NO_RESOURCES && GET(it->starved)))
		violation("EXEC-16", "submit returned %s", status_name(status));
	if (status == PP_BROKEN && !GET(stage->failed))
		violation("INIT-31", "submit returned BROKEN and no initializer has failed");
	if (GET(it->begun))
		violation(status == PP_BROKEN ? "INIT-11" : status == PP_SHUTDOWN ? "SHUTDOWN-4" : "RESOURCE-1",
			  "the task of work item %d ran though it was refused", it->number);
	if (GET(it->released))
		violation("MEM-8", "the release function of work item %d was called though it was refused",
			  it->number);
}

static void judge_cancels(struct item *it, bool is_cancelled)
{
	if (GET(it->cancels_true) && !is_cancelled)
		violation("CANCEL-2", "cancel returned true for work item %d, and its outcome is another", it->number);
	if (GET(it->cancels_false) && is_cancelled)
		violation("CANCEL-14", "cancel returned false for work item %d, and it was cancelled", it->number);
	if (is_cancelled && !GET(it->cancels_true) && !GET(stage->cancelling))
		violation("SHUTDOWN-33", "work item %d was cancelled by nobody", it->number);
}

/* In each final state, how often the task has run. */
static void judge_runs(struct item *it, int status)
{
	int expected = status == PP_OK || status == PP_RAISED;

	if (it->own)
		return;
	if (GET(it->begun) != expected || GET(it->ended) != expected)
		violation(status == PP_CANCELLED ? "CANCEL-3" : status == PP_BROKEN ? "INIT-11" : "EXEC-12",
			  "work item %d ended with %s, and its task began %d times and ended %d times", it->number,
			  status_name(status), GET(it->begun), GET(it->ended));
}

static void judge_state(struct item *it, int status)
{
	bool is_cancelled = status == PP_CANCELLED;

	if (HAS(done) && !backend()->done(it->f))
		violation("STATE-18", "work item %d is not done, and result has told %s", it->number, status_name(status));
	if (HAS(running) && backend()->running(it->f))
		violation("STATE-14", "work item %d is running, and result has told %s", it->number, status_name(status));
	if (HAS(cancelled) && backend()->cancelled(it->f) != is_cancelled)
		violation("STATE-24", "cancelled is %s for work item %d, and result has told %s",
			  is_cancelled ? "false" : "true", it->number, status_name(status));
}

static void judge_final(struct item *it)
{
	int status = GET(it->told);
	int natural = it->ending == EXCEPTION ? PP_RAISED : PP_OK;

	if (status != PP_CANCELLED && status != PP_BROKEN && status != natural && !it->own)
		violation("RESULT-31", "result told %s of work item %d, whose task ends with %s",
			  status_name(status), it->number, status_name(natural));
	if (status == PP_BROKEN && !GET(stage->failed))
		violation("INIT-9", "result told BROKEN of work item %d, and no initializer has failed", it->number);
	if (it->own && GET(it->outcomes_set) + (status == PP_CANCELLED) != 1)
		violation("CANCEL-18", "%d outcomes were set of work item %d, which ended with %s",
			  GET(it->outcomes_set), it->number, status_name(status));
	judge_runs(it, status);
	judge_cancels(it, status == PP_CANCELLED);
	judge_state(it, status);
}

/* Told by result, or by nobody any more. */
static void judge_dropped(struct item *it)
{
	int told = GET(it->told);

	if (told != NOT_YET) {
		judge_runs(it, told);
		judge_cancels(it, told == PP_CANCELLED);
		return;
	}
	if (GET(it->begun) != GET(it->ended))
		violation("EXEC-12", "the task of work item %d began and did not end", it->number);
	if (!GET(it->cancels_true) && !GET(stage->cancelling) && !GET(stage->failed) && !GET(it->ended))
		violation("MEM-15", "the task of work item %d never ran", it->number);
}

static void judge_mapped_runs(struct item *it)
{
	int told = GET(it->told);

	if (told == NOT_YET || told == PP_TIMEOUT) {
		if (GET(it->begun) != GET(it->ended))
			violation("EXEC-12", "a task of map began and did not end");
		return;
	}
	judge_runs(it, told);
}

static void settle_and_judge(struct item *it)
{
	if (it->mapped || GET(it->status) == NOT_YET)
		return;
	if (!accepted(it)) {
		judge_refused(it);
		return;
	}
	if (GET(it->dropped))
		settle_dropped(it);
	else
		settle_item(it);
	settle_callbacks(it);
	settle_release(it);
	if (GET(it->dropped))
		judge_dropped(it);
	else
		judge_final(it);
}

/*
 * Accepted work is done without a further call to the executor (EXEC-16); a shutdown
 * would give the workers another wake-up.  In every other round there is one
 * while the work is still under way.
 */
static void settle_work(void)
{
	int i;

	if (GET(stage->waited) || (!pp_schedule_choose && choose(2)))
		return;
	for (i = 0; i < FIRST_MAPPED; i++) {
		struct item *it = item(i);

		if (!accepted(it) || it->own || GET(it->dropped))
			continue;
		standing("the outcome of work item %d, before any further call", it->number);
		ask_result(it, PP_FOREVER);
	}
}

void stage_settle(void)
{
	int i;

	open_gate();
	settle_work();
	settle_pool();
	for (i = 0; i < ALL; i++)
		settle_and_judge(item(i));
	/* A pool that was released has no other sign that its map is over. */
	for (i = FIRST_MAPPED; i < ALL; i++)
		if (item(i)->mapped && !GET(stage->pool_released))
			judge_mapped_runs(item(i));
	atomic_fetch_add(&slot->checks, 1);
	standing("%s", "");
}

void stage_end(void)
{
	int i;

	for (i = 0; i < ALL; i++) {
		struct item *it = item(i);

		if (accepted(it) && !it->mapped && !GET(it->dropped) && HAS(future_release))
			backend()->future_release(it->f);
	}
	items_end();
	if (stage->e && !GET(stage->pool_released) && HAS(executor_release))
		backend()->executor_release(stage->e);
}

/* ---- a process that has exited ------------------------------------------------------------------------------------ */

/*
 * What submit accepted has been done, as far as submit has returned.  A thread may
 * have been inside cancel when the process was gone.
 */
static void judge_exited(struct item *it)
{
	bool expected = !GET(it->cancels_begun) && !GET(stage->failed) && !GET(stage->cancelling);
	int callbacks = 0, i;

	if (GET(it->status) == NOT_YET)
		return;
	if (GET(it->status) != PP_OK) {
		judge_refused(it);
		return;
	}
	if (GET(it->begun) != GET(it->ended))
		violation("EXIT-2", "the task of work item %d began and did not end before the process was gone",
			  it->number);
	if (expected && !GET(it->ended))
		violation("EXIT-13", "the task of work item %d was accepted and had not run when the process was gone",
			  it->number);
	if (GET(it->cancels_true) && GET(it->begun))
		violation("EXIT-14", "the task of work item %d ran though its future was cancelled", it->number);
	for (i = 0; i < CALLBACKS; i++)
		callbacks += GET(it->callbacks[i].called);
	if (it->early && GET(it->ended) && callbacks != GET(it->callback_count))
		violation("EXIT-3", "%d of %d done callbacks of work item %d were called before the process was gone",
			  callbacks, GET(it->callback_count), it->number);
}

void stage_settle_exited(int status)
{
	int i;

	if (!WIFEXITED(status))
		violation("EXIT-4", "the process was killed by signal %d and did not exit", WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		violation("EXIT-4", "the process exited with %d in the place of 0", WEXITSTATUS(status));
	for (i = 0; i < FIRST_MAPPED; i++)
		judge_exited(item(i));
	items_end();
	atomic_fetch_add(&slot->checks, 1);
}

/* ---- what is observed ------------------------------------------------------------------------------------------------ */

static const char *ended_word(struct item *it)
{
	int told = GET(it->told);

	if (told == NOT_YET) /* dropped, or of a process that is gone */
		told = !GET(it->ended)		  ? PP_CANCELLED :
		       it->ending == EXCEPTION ? PP_RAISED :
						 PP_OK;
	switch (told) {
	case PP_OK:
		return "value";
	case PP_RAISED:
		return "exception";
	case PP_CANCELLED:
		return GET(it->told) == NOT_YET && !GET(it->cancels_true) ? "not run" : "cancelled";
	default:
		return "broken";
	}
}

const char *fate(int i)
{
	struct item *it = item(i);
	int status = GET(it->status);

	if (status == NOT_YET)
		return "left";
	return status == PP_OK ? ended_word(it) : "refused";
}

int map_ran(void)
{
	int i, n = 0;

	for (i = FIRST_MAPPED; i < ALL; i++)
		n += GET(item(i)->ended);
	return n;
}

void look_at_1(void)
{
	observe("%s", fate(0));
}

void look_at_2(void)
{
	observe("%s, %s", fate(0), fate(1));
}

void look_at_3(void)
{
	observe("%s, %s, %s", fate(0), fate(1), fate(2));
}

void look_at_mask_and_1(void)
{
	observe("%ld; %s", noted(0), fate(0));
}

void look_at_mask_and_2(void)
{
	observe("%ld; %s, %s", noted(0), fate(0), fate(1));
}

void look_at_status_and_1(void)
{
	observe("%s; %s", status_name((int)noted(0)), fate(0));
}
