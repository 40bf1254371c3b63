/* SPDX-License-Identifier: MIT */
/* history.c: see history.h. */
#include "history.h"

#include <math.h>
#include <string.h>

#include <poolproof/backend.h>

#include "order.h"

const char *const call_names[CALL_KINDS] = {
	[CALL_EXECUTOR_NEW] = "executor_new",
	[CALL_SUBMIT] = "submit",
	[CALL_CANCEL] = "cancel",
	[CALL_RESULT] = "result",
	[CALL_EXCEPTION] = "exception",
	[CALL_DONE] = "done",
	[CALL_RUNNING] = "running",
	[CALL_CANCELLED] = "cancelled",
	[CALL_ADD_CALLBACK] = "add_done_callback",
	[CALL_WAIT] = "wait",
	[CALL_AS_COMPLETED_BEGIN] = "as_completed_begin",
	[CALL_AS_COMPLETED_NEXT] = "as_completed_next",
	[CALL_AS_COMPLETED_END] = "as_completed_end",
	[CALL_MAP_BEGIN] = "map_begin",
	[CALL_MAP_NEXT] = "map_next",
	[CALL_MAP_END] = "map_end",
	[CALL_FUTURE_NEW] = "future_new",
	[CALL_NOTIFY] = "set_running_or_notify_cancel",
	[CALL_SET_RESULT] = "set_result",
	[CALL_SET_EXCEPTION] = "set_exception",
	[CALL_SHUTDOWN] = "shutdown",
	[CALL_EXECUTOR_RELEASE] = "executor_release",
	[CALL_FUTURE_RELEASE] = "future_release",
	[CALL_PROCESS_EXIT] = "process_exit",
};

const char *status_text(int status)
{
	static const char *const names[] = {
		"OK",	  "TIMEOUT",	   "CANCELLED",	       "RAISED",       "BROKEN",
		"SHUTDOWN", "INVALID_STATE", "INVALID_ARGUMENT", "NO_RESOURCES", "STOP_ITERATION",
	};

	return status >= 0 && status <= PP_STOP_ITERATION ? names[status] : "no status";
}

void history_clear(struct history *h, int concurrency, unsigned futures)
{
	unsigned i, used = history_count(h);

	for (i = 0; i < used; i++)
		memset(&h->events[i], 0, sizeof(h->events[i]));
	atomic_store(&h->calls, 0);
	atomic_store(&h->futures, futures);
	h->concurrency = concurrency;
	h->scarce = false;
	atomic_store(&h->count, 0);
}

unsigned history_add(struct history *h, const struct event *e)
{
	unsigned at = atomic_fetch_add_explicit(&h->count, 1, HISTORY_ORDER);
	struct event *slot = &h->events[at];

	if (at >= EVENTS_MAX)
		return at;
	memcpy((char *)slot + 1, (const char *)e + 1, sizeof(*e) - 1);
	atomic_store_explicit(&slot->kind, event_kind(e), HISTORY_PUBLISH);
	return at;
}

bool history_is_cut(const struct history *h)
{
	return atomic_load(&h->count) > EVENTS_MAX || atomic_load(&h->calls) > CALLS_MAX;
}

unsigned history_count(const struct history *h)
{
	unsigned n = atomic_load(&h->count);

	return n < EVENTS_MAX ? n : EVENTS_MAX;
}

int history_call(struct history *h)
{
	unsigned n = atomic_fetch_add_explicit(&h->calls, 1, HISTORY_ORDER);

	return n < CALLS_MAX ? (int)n : -1;
}

/* ---- printing ------------------------------------------------------------------ */

static void print_set(uint64_t set, FILE *f)
{
	const char *comma = "";
	int i;

	fputc('{', f);
	for (i = 0; i < FUTURES_MAX; i++)
		if (set >> i & 1) {
			fprintf(f, "%sf%d", comma, i);
			comma = ", ";
		}
	fputc('}', f);
}

static void print_timeout(double t, FILE *f)
{
	if (isinf(t) && t > 0)
		fputs(", forever", f);
	else
		fprintf(f, ", %g s", t);
}

static void print_request(const struct event *e, FILE *f)
{
	if (e->request)
		fprintf(f, ", its request %d%s failing", e->request, e->lasting ? " and all after it" : "");
}

static void print_subject(const struct event *e, FILE *f)
{
	static const char *const forms[] = {"wait", "nowait", "cancel, wait", "cancel, nowait"};
	static const char *const modes[] = {"FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED",
					    "none of the three"};

	switch (e->what) {
	case CALL_SUBMIT:
		fprintf(f, "e%d) of f%d", e->executor, e->future);
		return;
	case CALL_RESULT:
	case CALL_EXCEPTION:
		fprintf(f, "f%d", e->future);
		print_timeout(e->timeout, f);
		break;
	case CALL_WAIT:
		print_set(e->set, f);
		fprintf(f, ", %s", modes[e->form % 4]);
		print_timeout(e->timeout, f);
		break;
	case CALL_AS_COMPLETED_BEGIN:
		print_set(e->set, f);
		print_timeout(e->timeout, f);
		break;
	case CALL_AS_COMPLETED_NEXT:
	case CALL_AS_COMPLETED_END:
	case CALL_MAP_NEXT:
	case CALL_MAP_END:
		fprintf(f, "#%d", e->of);
		break;
	case CALL_MAP_BEGIN:
		fprintf(f, "e%d, %d arguments) from f%d on", e->executor, e->count, e->future);
		return;
	case CALL_SHUTDOWN:
		fprintf(f, "e%d, %s", e->executor, forms[e->form % 4]);
		break;
	case CALL_EXECUTOR_NEW:
		fprintf(f, "%d workers) of e%d", e->count, e->executor);
		return;
	default:
		if (e->executor >= 0)
			fprintf(f, "e%d", e->executor);
		else if (e->future >= 0)
			fprintf(f, "f%d", e->future);
	}
	fputc(')', f);
}

static void print_outcome(const struct event *e, FILE *f)
{
	if (e->outcome == OUTCOME_FOREIGN)
		fputs(", a pointer from nowhere", f);
	else if (e->outcome != OUTCOME_UNWRITTEN)
		fprintf(f, ", token %d", e->outcome);
}

static void print_answer(const struct event *e, FILE *f)
{
	const char *failed = e->failed ? ", a request failed" : "";

	switch (e->what) {
	case CALL_CANCEL:
	case CALL_DONE:
	case CALL_RUNNING:
	case CALL_CANCELLED:
		fprintf(f, "%s%s", e->yes ? "true" : "false", failed);
		return;
	case CALL_AS_COMPLETED_END:
	case CALL_MAP_END:
	case CALL_EXECUTOR_RELEASE:
	case CALL_FUTURE_RELEASE:
		fprintf(f, "returned%s", failed);
		return;
	}
	fprintf(f, "%s%s", status_text(e->status), failed);
	if (e->what == CALL_NOTIFY && e->status == PP_OK)
		fputs(e->yes ? ", true" : ", false", f);
	if (e->what == CALL_ADD_CALLBACK)
		fputs(e->yes ? ", called at once" : ", not called yet", f);
	if (e->what == CALL_AS_COMPLETED_NEXT && e->status == PP_OK)
		fprintf(f, ", f%d", e->future);
	if (e->what == CALL_WAIT && e->status == PP_OK) {
		fputs(", done ", f);
		print_set(e->done, f);
	}
	if (e->what == CALL_RESULT || e->what == CALL_EXCEPTION || e->what == CALL_MAP_NEXT)
		print_outcome(e, f);
}

void event_print(const struct event *e, FILE *f)
{
	fprintf(f, "thread %-2d ", e->thread);
	switch (event_kind(e)) {
	case EVENT_CALL:
		fprintf(f, "#%-3d %s(", e->call, call_names[e->what]);
		print_subject(e, f);
		print_request(e, f);
		break;
	case EVENT_RETURN:
		fprintf(f, "#%-3d ... %s: ", e->call, call_names[e->what]);
		print_answer(e, f);
		break;
	case EVENT_TASK_BEGIN:
		fprintf(f, "     task of f%d begins", e->future);
		break;
	case EVENT_TASK_END:
		fprintf(f, "     task of f%d ends: %s", e->future, status_text(e->status));
		print_outcome(e, f);
		break;
	case EVENT_CALLBACK_BEGIN:
		fprintf(f, "     callback #%d of f%d begins%s", e->call, e->future,
			e->yes ? "" : ", given another future");
		break;
	case EVENT_CALLBACK_END:
		fprintf(f, "     callback #%d of f%d ends", e->call, e->future);
		break;
	case EVENT_INIT_BEGIN:
		fprintf(f, "     initializer of e%d begins", e->executor);
		break;
	case EVENT_INIT_END:
		fprintf(f, "     initializer of e%d ends: %s", e->executor, status_text(e->status));
		break;
	case EVENT_ARGUMENT_RELEASED:
		fprintf(f, "     argument of f%d is released", e->future);
		break;
	case EVENT_THE_END:
		fputs("     the end: all has been waited for", f);
		break;
	default:
		fputs("     (stopped here)", f);
	}
	fputc('\n', f);
}

void history_print(const struct history *h, unsigned last, FILE *f)
{
	unsigned i, n = history_count(h);

	for (i = 0; i < n && i <= last; i++) {
		fprintf(f, "%4u  ", i);
		event_print(&h->events[i], f);
	}
}
