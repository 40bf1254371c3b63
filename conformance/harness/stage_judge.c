/* SPDX-License-Identifier: MIT */
/* stage_judge.c: the end of a round, its accounting, and what a scenario is told; see stage.h. */
#include "stage.h"

#include <string.h>
#include <sys/wait.h>

#include "support.h"

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
		stage_must_be_ok("set_result", backend()->set_result(it->f, it)), ADD(it->outcomes_set);
	standing("the outcome of work item %d", it->number);
	if (stage_ask_result(it, timeout) == PP_TIMEOUT)
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
	if (stage->initializer_awaited) {
		standing("the end of the initializer");
		await(&stage->left);
	}
	if (!stage->e || GET(stage->pool_released))
		return;
	standing("shutdown");
	stage_must_be_ok("shutdown", backend()->shutdown(stage->e));
	SET(stage->waited, true);
}

/* ---- the accounting -------------------------------------------------------------------------------------------- */

static void judge_not_accepted(struct item *it)
{
	int status = GET(it->status);

	if (GET(it->begun))
		violation(status == PP_BROKEN ? "INIT-11" : status == PP_SHUTDOWN ? "SHUTDOWN-4" : "RESOURCE-1",
			  "the task of work item %d ran though it was refused", it->number);
	if (GET(it->released))
		violation("MEM-8", "the release function of work item %d was called though it was refused",
			  it->number);
}

static void judge_refused(struct item *it)
{
	int status = GET(it->status);

	if (status != PP_SHUTDOWN && status != PP_BROKEN && !(status == PP_NO_RESOURCES && GET(it->starved)))
		violation("EXEC-16", "submit returned %s", status_name(status));
	if (status == PP_BROKEN && !GET(stage->failed))
		violation("INIT-31", "submit returned BROKEN and no initializer has failed");
	judge_not_accepted(it);
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
		stage_ask_result(it, PP_FOREVER);
	}
}

void stage_settle(void)
{
	int i;

	stage_open_gate();
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
	stage_items_end();
	if (stage->e && !GET(stage->pool_released) && HAS(executor_release))
		backend()->executor_release(stage->e);
}

/* ---- a process that has exited ------------------------------------------------------------------------------------ */

/*
 * What submit accepted has been done, as far as submit has returned; so it is with
 * add_done_callback.  A thread may have been inside cancel when the process was gone.
 */
static void judge_exited(struct item *it)
{
	bool expected = !GET(it->cancels_begun) && !GET(stage->failed) && !GET(stage->cancelling);
	int added = 0, called = 0, i;

	if (GET(it->status) == NOT_YET)
		return;
	if (GET(it->status) != PP_OK) {
		judge_not_accepted(it); /* EXIT-12 leaves open what a refusal says */
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
		if (GET(it->callbacks[i].added) == PP_OK) {
			added++;
			called += GET(it->callbacks[i].called);
		}
	if (it->early && GET(it->ended) && called != added)
		violation("EXIT-3", "%d of %d done callbacks of work item %d were called before the process was gone",
			  called, added, it->number);
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
	stage_items_end();
	stage_places_renew();
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
