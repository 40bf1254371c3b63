/* SPDX-License-Identifier: MIT */
/* stage.c: set-up, the gate, and what the backend calls; see stage.h. */
#include "stage.h"

#include <stdarg.h>
#include <string.h>

#include "support.h"
#include "under_valgrind.h"

struct stage *stage;
_Thread_local int stage_copy_number;
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

void stage_must_be_ok(const char *entry, int status)
{
	if (status != PP_OK)
		violation("SHUTDOWN-27", "%s returned %s", entry, status_name(status));
}

/* ---- the stage ----------------------------------------------------------------------- */

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

static void make_places(void)
{
	int i;

	sem_init(&stage->begun, 1, 0);
	sem_init(&stage->left, 1, 0);
	for (i = 0; i < BEGINNERS; i++)
		sem_init(&stage->begin[i], 1, 0);
}

void stage_places_renew(void)
{
	int i;

	sem_destroy(&stage->begun);
	sem_destroy(&stage->left);
	for (i = 0; i < BEGINNERS; i++)
		sem_destroy(&stage->begin[i]);
	make_places();
}

void stage_open(void)
{
	if (stage)
		return;
	stage = shared_alloc(sizeof(*stage));
	make_places();
	name_the_unordered();
	if (__lsan_register_root_region)
		__lsan_register_root_region(stage, sizeof(*stage));
}

static void item_begin(struct item *it, int number)
{
	int i;

	memset(it, 0, sizeof(*it));
	it->number = number;
	for (i = 0; i < CALLBACKS; i++)
		SET(it->callbacks[i].added, NOT_YET);
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

static void drain(sem_t *s)
{
	while (sem_trywait(s) == 0)
		;
}

void stage_begin(void)
{
	size_t kept = offsetof(struct stage, items);
	int i;

	ADD(round_now);
	stage_copy_number = 0;
	memset((char *)stage + kept, 0, sizeof(*stage) - kept);
	for (i = 0; i < ALL; i++)
		item_begin(item(i), i);
	drain(&stage->begun);
	drain(&stage->left);
	for (i = 0; i < BEGINNERS; i++)
		drain(&stage->begin[i]);
}

void stage_items_end(void)
{
	int i;

	for (i = 0; i < ALL; i++)
		item_end(item(i));
}

void stage_copy(int number)
{
	stage_copy_number = number;
}

/* ---- the gate ---------------------------------------------------------------------------- */

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
void stage_open_gate(void)
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

int stage_task(void *arg, void **outcome)
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
void stage_judge_payload(const char *clause, struct item *it, const char *who)
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
		stage_judge_payload("MEM-14", it, "its release function");
	sem_post(&it->let_go);
}

int stage_callback(struct pp_future *f, void *arg)
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
		stage_judge_payload("CALLBACK-39", it, "its done callback");
	point("done callback");
	sem_post(&it->called);
	return PP_OK;
}

static int initializer(void *arg)
{
	struct stage *s = arg;
	int number = ADD(s->initializers) + 1;
	bool fails = s->failing && number >= s->failing;

	if (s->initializer_awaited)
		sem_post(&s->begun);
	point("initializer");
	initializer_passes(number);
	point("initializer");
	initialized = GET(round_now);
	if (fails)
		SET(s->failed, true);
	if (s->initializer_awaited)
		sem_post(&s->left);
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

int stage_submit(struct item *it, enum ending ending)
{
	int status;

	it->ending = ending;
	it->has_release = HAS(submit_with_release);
	if (it->has_release)
		status = backend()->submit_with_release(stage->e, stage_task, it, release, &it->f);
	else
		status = backend()->submit(stage->e, stage_task, it, &it->f);
	SET(it->status, status);
	return status;
}

static void put_item(struct item *it, enum ending ending)
{
	int status;

	it->early = true;
	status = stage_submit(it, ending);
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

void await_initializer(void (*open)(void))
{
	stage->initializer_awaited = true;
	open();
	await(&stage->begun);
}

/* ---- notes ------------------------------------------------------------------------------------------------ */

void note(int at, long value)
{
	if (!stage_copy_number)
		SET(stage->notes[at], value);
}

long noted(int at)
{
	return GET(stage->notes[at]);
}

void note_text(int at, const char *text)
{
	if (!stage_copy_number)
		snprintf(stage->texts[at], sizeof(stage->texts[at]), "%s", text);
}

const char *noted_text(int at)
{
	return stage->texts[at];
}
