/* SPDX-License-Identifier: MIT */
/* blame.c: see blame.h.  The tables are those of spec/05-author.md. */
#include "blame.h"

#include <string.h>

#include <poolproof/backend.h>

#include "program.h"

typedef const char *const row[MODEL_STATES];

static const row cancel_row = {"CANCEL-1", "CANCEL-4", "CANCEL-8", "CANCEL-9", "CANCEL-6", "CANCEL-6", "INIT-15"};
static const row cancelled_row = {"STATE-1", "STATE-4", "STATE-7", "STATE-10", "STATE-13", "STATE-13", "INIT-13"};
static const row running_row = {"STATE-2", "STATE-5", "STATE-8", "STATE-11", "STATE-14", "STATE-14", "INIT-14"};
static const row done_row = {"STATE-3", "STATE-6", "STATE-9", "STATE-12", "STATE-15", "STATE-15", "INIT-12"};
static const row result_row = {"RESULT-13", "RESULT-14", "RESULT-11", "RESULT-12", "RESULT-1", "RESULT-4", "INIT-9"};
static const row exception_row = {"RESULT-41", "RESULT-41", "RESULT-39", "RESULT-40", "RESULT-34", "RESULT-36",
				  "INIT-10"};
static const row notify_row = {"AUTHOR-4", "AUTHOR-9", "AUTHOR-6", "AUTHOR-10", "AUTHOR-11", "AUTHOR-11", "AUTHOR-11"};
static const row set_result_row = {"AUTHOR-14", "AUTHOR-13", "AUTHOR-15", "AUTHOR-16", "AUTHOR-17", "AUTHOR-17",
				   "AUTHOR-17"};
static const row set_exception_row = {"AUTHOR-20", "AUTHOR-19", "AUTHOR-21", "AUTHOR-22", "AUTHOR-23", "AUTHOR-23",
				      "AUTHOR-23"};
static const row add_row = {"CALLBACK-25", "CALLBACK-26", "CALLBACK-22", "CALLBACK-23", "CALLBACK-21", "CALLBACK-21",
			    "INIT-18"};
static const row wait_row = {"WAIT-18", "WAIT-18", "WAIT-15", "WAIT-15", "WAIT-17", "WAIT-17", "WAIT-17"};
static const row yield_row = {"ASCOMP-3", "ASCOMP-3", "ASCOMP-8", "ASCOMP-8", "ASCOMP-22", "ASCOMP-22", "ASCOMP-7"};
static const row release_row = {"MEM-6", "MEM-5", "MEM-3", "MEM-3", "MEM-1", "MEM-2", "MEM-12"};

/* The states that explain what was seen worst: those it was last to be in. */
static unsigned one_state(unsigned seen)
{
	unsigned s;

	for (s = 0; s < MODEL_STATES; s++)
		if (seen == BIT(s))
			return s;
	for (s = MODEL_STATES; s-- > 0;)
		if (seen & BIT(s))
			return s;
	return PENDING;
}

/* Who answered wrongly when several states were possible: a race, and its clause. */
static const char *meeting(const struct blame *b)
{
	switch (b->event->what) {
	case CALL_CANCEL:
		return b->of_executor ? "CANCEL-14" : "AUTHOR-30";
	case CALL_NOTIFY:
		return "AUTHOR-29";
	case CALL_SET_RESULT:
	case CALL_SET_EXCEPTION:
		return "AUTHOR-28";
	case CALL_RUNNING:
	case CALL_DONE:
		return "STATE-22";
	case CALL_ADD_CALLBACK:
		return "CALLBACK-34";
	}
	return NULL;
}

/* A task runs, or ends, in a state where it must not. */
static const char *task_clause(const struct blame *b)
{
	if (b->seen & BIT(BROKEN))
		return "INIT-11";
	if (b->seen & FINISHED)
		return b->event->kind == EVENT_TASK_END ? "STATE-19" : "EXEC-12";
	if (b->map_refused)
		return "RESOURCE-11";
	if (b->of_map && !b->shutdown_cancels)
		return "MAP-33";
	return b->cancel_told || !b->shutdown_cancels ? "CANCEL-3" : "SHUTDOWN-34";
}

/* An accepted task does not run; what was refused beside it is the likely cause. */
static const char *lost_clause(const struct blame *b, const char *otherwise)
{
	if (b->starved)
		return "RESOURCE-17";
	return b->pool_starved ? "RESOURCE-4" : otherwise;
}

bool blame_is_guess(const char *clause)
{
	return strcmp(clause, "RESOURCE-17") == 0 || strcmp(clause, "RESOURCE-4") == 0;
}

static const char *shutdown_clause(const struct blame *b)
{
	bool cancels = b->event->form == FORM_CANCEL_WAIT || b->event->form == FORM_CANCEL_NOWAIT;
	bool waits = b->event->form == FORM_WAIT || b->event->form == FORM_CANCEL_WAIT;

	if (!waits)
		return "SHUTDOWN-32";
	if (b->begun && !b->ended)
		return cancels ? "SHUTDOWN-37" : "SHUTDOWN-9";
	return cancels || b->begun ? "SHUTDOWN-11" : lost_clause(b, "SHUTDOWN-10");
}

/* Told as cancelled, and nobody has. */
static const char *cancelled_clause(const struct blame *b, const row r)
{
	if (b->seen & FINISHED)
		return "STATE-24";
	if (b->begun)
		return "STATE-23";
	return b->shut ? "SHUTDOWN-33" : r[one_state(b->seen)];
}

static const char *result_clause(const struct blame *b, const row r)
{
	const struct event *e = b->event;

	if (e->status == PP_TIMEOUT)
		return e->what == CALL_RESULT ? "RESULT-19" : e->what == CALL_EXCEPTION ? "RESULT-46" : "MAP-28";
	if (e->status == PP_CANCELLED)
		return cancelled_clause(b, r);
	if (e->status == PP_BROKEN)
		return "INIT-9";
	if (b->of_executor && !b->begun && !(b->seen & DONE))
		return lost_clause(b, "EXEC-12"); /* an outcome without a run */
	if (b->of_executor && b->begun && !b->ended)
		return "STATE-19";
	return r[one_state(b->seen)];
}

/* Not told as done, though the executor is through with it. */
static const char *wait_cancelled_clause(const struct blame *b)
{
	if (!b->shutdown_cancels)
		return "WAIT-15";
	return b->cancel_told ? "SHUTDOWN-44" : "SHUTDOWN-41";
}

/* What must not need what it did not get. */
static const char *needy_clause(const struct event *e)
{
	if (!e->failed)
		return NULL;
	if (e->what == CALL_CANCEL && !e->yes)
		return "RESOURCE-15";
	if ((e->what == CALL_SET_RESULT || e->what == CALL_SET_EXCEPTION) && e->status == PP_NO_RESOURCES)
		return "RESOURCE-14";
	return NULL;
}

static const char *return_clause(const struct blame *b)
{
	unsigned s = one_state(b->seen);

	switch (b->event->what) {
	case CALL_CANCEL:
		return cancel_row[s];
	case CALL_CANCELLED:
		return b->event->yes ? cancelled_clause(b, cancelled_row) : cancelled_row[s];
	case CALL_RUNNING:
		return running_row[s];
	case CALL_DONE:
		return b->event->yes && b->begun && !b->ended ? "STATE-19" : done_row[s];
	case CALL_RESULT:
	case CALL_MAP_NEXT:
		return result_clause(b, result_row);
	case CALL_EXCEPTION:
		return result_clause(b, exception_row);
	case CALL_NOTIFY:
		return notify_row[s];
	case CALL_SET_RESULT:
		return set_result_row[s];
	case CALL_SET_EXCEPTION:
		return set_exception_row[s];
	case CALL_ADD_CALLBACK:
		return add_row[s];
	case CALL_WAIT:
		return s == NOTIFIED ? wait_cancelled_clause(b) : wait_row[s];
	case CALL_AS_COMPLETED_NEXT:
		return yield_row[s];
	case CALL_SHUTDOWN:
		return shutdown_clause(b);
	case CALL_MAP_END:
		return "MAP-33";
	case CALL_MAP_BEGIN:
		return "RESOURCE-11";
	}
	return "STATE-22";
}

const char *blame_clause(const struct blame *b)
{
	bool several = (b->seen & (b->seen - 1)) != 0;
	const char *clause;

	switch (event_kind(b->event)) {
	case EVENT_TASK_BEGIN:
	case EVENT_TASK_END:
		return task_clause(b);
	case EVENT_CALLBACK_BEGIN:
		return b->begun ? "CALLBACK-26" : "CALLBACK-25";
	case EVENT_ARGUMENT_RELEASED:
		return release_row[b->seen & BIT(PENDING) ? PENDING : one_state(b->seen)];
	case EVENT_THE_END:
		return b->begun ? "STATE-19" : lost_clause(b, "EXEC-12");
	}
	clause = needy_clause(b->event);
	if (!clause && several)
		clause = meeting(b);
	return clause ? clause : return_clause(b);
}

const char *blame_text(const struct blame *b, char *buffer, size_t size)
{
	const struct event *e = b->event;

	switch (event_kind(e)) {
	case EVENT_TASK_BEGIN:
		return "the task begins";
	case EVENT_TASK_END:
		return "the task ends";
	case EVENT_CALLBACK_BEGIN:
		return "a callback is called";
	case EVENT_ARGUMENT_RELEASED:
		return "the argument is released";
	case EVENT_THE_END:
		return "all has been waited for, and the task has not run";
	}
	switch (e->what) {
	case CALL_CANCEL:
	case CALL_CANCELLED:
	case CALL_RUNNING:
	case CALL_DONE:
		snprintf(buffer, size, "%s returned %s", call_names[e->what], e->yes ? "true" : "false");
		break;
	case CALL_ADD_CALLBACK:
		snprintf(buffer, size, "add_done_callback returned and %s its callback",
			 e->yes ? "had called" : "had not called");
		break;
	case CALL_SHUTDOWN:
		snprintf(buffer, size, "shutdown returned");
		break;
	default:
		snprintf(buffer, size, "%s returned %s", call_names[e->what], status_text(e->status));
	}
	return buffer;
}
