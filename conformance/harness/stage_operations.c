/* SPDX-License-Identifier: MIT */
/* stage_operations.c: what a thread of a scenario can do; see stage.h and scenario.h. */
#include "stage.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "sanitizers.h"
#include "support.h"

/* ---- operations ------------------------------------------------------------------------------ */

void do_open(void)
{
	point("gate");
	stage_open_gate();
	point("gate");
}

/* The first thread of a crowd has the item that is asked about. */
static struct item *mine(int i)
{
	return stage_copy_number ? item(FIRST_SPARE + ADD(stage->spares) % SPARES) : item(i);
}

static int submit_now(struct item *it, enum ending ending)
{
	int status;

	point("submit");
	status = stage_submit(it, ending);
	if (status != PP_OK && it->f)
		violation("EXEC-22", "submit returned %s and wrote the handle", status_name(status));
	if (status == PP_NO_RESOURCES && backend()->queue_bound != PP_UNLIMITED)
		unsupported("the work queue holds %d work items, and the scenario needs more", backend()->queue_bound);
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

/* Another thread may drop it meanwhile; what has been dropped, or is looked at, is taken to be done. */
static bool is_done(struct item *it)
{
	int held = HELD, looked_at = LOOKED_AT;
	bool done;

	if (!atomic_compare_exchange_strong(&it->dropped, &held, LOOKED_AT))
		return true;
	done = backend()->done(it->f);
	if (!atomic_compare_exchange_strong(&it->dropped, &looked_at, HELD))
		backend()->future_release(it->f);
	return done;
}

/* Those of set-up are known to every thread; the others are judged in the accounting. */
static void judge_waited(void)
{
	int i;

	for (i = 0; i <= HOLDER; i++) {
		struct item *it = item(i);

		if (it->early && !it->own && HAS(done) && !is_done(it))
			violation("SHUTDOWN-11", "work item %d is not done when shutdown has returned from waiting",
				  it->number);
	}
}

void do_shutdown(enum form form)
{
	point("shutdown");
	if (form == CANCELS_WAITS || form == CANCELS_RETURNS)
		SET(stage->cancelling, true);
	stage_must_be_ok("shutdown", shut_down(stage->e, form));
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
	if (atomic_exchange(&it->dropped, DROPPED) == HELD)
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
	stage_judge_payload("RESULT-30", it, "a thread to which result told its outcome");
}

int stage_ask_result(struct item *it, double timeout)
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
	status = stage_ask_result(item(i), timeout);
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
	SET(c->added, backend()->add_done_callback(it->f, stage_callback, c));
	point("add_done_callback");
}

void do_query(int i)
{
	struct item *it = item(i);
	bool is_done, is_cancelled;

	point("done");
	is_done = backend()->done(it->f);
	if (is_done && GET(it->begun) && !GET(it->ended))
		violation("STATE-19", "work item %d is done while its task runs", it->number);
	if (is_done && GET(it->ended))
		stage_judge_payload("STATE-19", it, "who sees that it is done");
	is_cancelled = HAS(cancelled) && backend()->cancelled(it->f);
	if (is_cancelled && GET(it->begun))
		violation("STATE-13", "work item %d is cancelled, and its task has begun", it->number);
	if (HAS(running) && backend()->running(it->f) && (is_done || is_cancelled))
		violation(is_cancelled ? "STATE-8" : "STATE-14", "work item %d is running after it was %s", it->number,
			  is_cancelled ? "cancelled" : "done");
	if ((is_done || is_cancelled) && !backend()->done(it->f))
		violation(is_done ? "STATE-16" : "STATE-9", "work item %d is not done after it was %s", it->number,
			  is_done ? "done" : "cancelled");
	point("done");
}

void do_count(void)
{
	bool waited = GET(stage->waited);
	int n;

	point("worker_count");
	n = backend()->worker_count(stage->e);
	if (n > stage->workers)
		violation("WORKER-21", "worker_count is %d with max_workers %d", n, stage->workers);
	if (waited && n > 0)
		violation("WORKER-23", "worker_count is %d after a shutdown that waited", n);
	point("worker_count");
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
	int status = stage_ask_result(it, 0);

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

/* What the call that comes next finds on its stack is nothing that it could use. */
static void __attribute__((noinline)) write_on_the_stack(void)
{
	unsigned char volatile there[2048];
	size_t i;

	for (i = 0; i < sizeof(there); i++)
		there[i] = 0xa5;
}

int do_wait(enum pp_return_when return_when, double timeout, int n)
{
	struct pp_future *fs[ITEMS];
	bool is_done[ITEMS] = {false};
	int i, status, mask = 0;

	futures_of(n, fs);
	point("wait");
	write_on_the_stack();
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
	stage_judge_payload("RESULT-30", it, "the thread to which map told its outcome");
}

static struct pp_map *begin_map(struct mapping *m)
{
	struct pp_map *it = NULL;
	void *exception = NULL;
	int status;

	point("map_begin");
	status = backend()->map_begin(stage->e, stage_task, &m->source, PP_FOREVER, 0, &it, &exception);
	if (status == PP_OK)
		return it;
	if (status == PP_NO_RESOURCES && backend()->queue_bound != PP_UNLIMITED)
		unsupported("the work queue holds %d work items, and the map needs more", backend()->queue_bound);
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

void do_result_in_child(int i, double timeout)
{
	void *outcome = NULL;

	backend()->result(item(i)->f, timeout, &outcome);
}
