/* SPDX-License-Identifier: MIT */
/* shorten.c: see shorten.h. */
#include "shorten.h"

#include <string.h>

static struct history kept; /* what h was before the last try */

typedef bool matching(const struct event *e, int number);

/* Events that match are taken out; calls keep their numbers. */
static bool without(struct history *h, struct ruling *found, matching *out, int number)
{
	unsigned i, n = history_count(h), left = 0;
	struct ruling now;

	memcpy(&kept, h, sizeof(kept));
	for (i = 0; i < n; i++)
		if (!out(&h->events[i], number))
			h->events[left++] = h->events[i];
	atomic_store(&h->count, left);
	if (left < n) {
		oracle_judge(h, NULL, &now);
		if (now.judgement == VIOLATION && strcmp(now.clause, found->clause) == 0) {
			*found = now;
			atomic_store(&h->count, now.event + 1);
			return true;
		}
	}
	memcpy(h, &kept, sizeof(kept));
	return false;
}

static bool is_call(const struct event *e)
{
	return event_kind(e) == EVENT_CALL || event_kind(e) == EVENT_RETURN;
}

static bool asks(const struct event *e)
{
	switch (e->what) {
	case CALL_RESULT:
	case CALL_EXCEPTION:
	case CALL_DONE:
	case CALL_RUNNING:
	case CALL_CANCELLED:
	case CALL_WAIT:
		return true;
	}
	return false;
}

static bool is_question(const struct event *e, int call)
{
	return is_call(e) && e->call == call && asks(e);
}

static bool is_release(const struct event *e, int call)
{
	return is_call(e) && e->call == call && (e->what == CALL_FUTURE_RELEASE || e->what == CALL_EXECUTOR_RELEASE);
}

static bool of_iterator(const struct event *e, int call)
{
	return is_call(e) && (e->of == call || (e->call == call && e->what == CALL_AS_COMPLETED_BEGIN));
}

static bool of_future(const struct event *e, int future)
{
	return e->future == future && !(is_call(e) && (e->what == CALL_MAP_BEGIN || e->what == CALL_AS_COMPLETED_NEXT));
}

static bool of_executor(const struct event *e, int executor)
{
	return e->executor == executor;
}

void history_shorten(struct history *h, struct ruling *found)
{
	int i;

	atomic_store(&h->count, found->event + 1);
	for (i = CALLS_MAX - 1; i >= 0; i--) {
		without(h, found, is_question, i);
		without(h, found, is_release, i);
		without(h, found, of_iterator, i);
	}
	for (i = 0; i < HISTORY_EXECUTORS; i++)
		without(h, found, of_executor, i);
	for (i = 0; i < FUTURES_MAX; i++)
		without(h, found, of_future, i);
}
