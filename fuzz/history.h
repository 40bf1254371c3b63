/* SPDX-License-Identifier: MIT */
/*
 * history.h: what a program did and saw, in one order.
 *
 * Every call of the backend is two events, CALL and RETURN; what the backend does
 * to the program (it runs a task, a callback, an initializer, a release function)
 * is one or two more.  An event takes its place by one atomic step: before the
 * call that it announces, after the return that it tells of.  So if the return
 * of a call stands before another call, the one had returned before the other
 * was made; for the rest the order says nothing.
 *
 * Futures, executors, calls and threads are numbers here.  A history tells all
 * that the model needs to know; it can be written by hand.
 */
#ifndef FUZZ_HISTORY_H
#define FUZZ_HISTORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { EVENTS_MAX = 1024, CALLS_MAX = 512, FUTURES_MAX = 64, HISTORY_EXECUTORS = 8 };

enum event_kind {
	EVENT_NONE, /* taken, and not written: its thread was stopped there */
	EVENT_CALL,
	EVENT_RETURN,
	EVENT_TASK_BEGIN,
	EVENT_TASK_END,
	EVENT_CALLBACK_BEGIN,
	EVENT_CALLBACK_END,
	EVENT_INIT_BEGIN,
	EVENT_INIT_END,
	EVENT_ARGUMENT_RELEASED,
	EVENT_THE_END /* all has been waited for */
};

enum call_kind {
	CALL_EXECUTOR_NEW,
	CALL_SUBMIT,
	CALL_CANCEL,
	CALL_RESULT,
	CALL_EXCEPTION,
	CALL_DONE,
	CALL_RUNNING,
	CALL_CANCELLED,
	CALL_ADD_CALLBACK,
	CALL_WAIT,
	CALL_AS_COMPLETED_BEGIN,
	CALL_AS_COMPLETED_NEXT,
	CALL_AS_COMPLETED_END,
	CALL_MAP_BEGIN,
	CALL_MAP_NEXT,
	CALL_MAP_END,
	CALL_FUTURE_NEW,
	CALL_NOTIFY, /* set_running_or_notify_cancel */
	CALL_SET_RESULT,
	CALL_SET_EXCEPTION,
	CALL_SHUTDOWN,
	CALL_EXECUTOR_RELEASE,
	CALL_FUTURE_RELEASE,
	CALL_PROCESS_EXIT, /* for each executor; to the model a shutdown that does not return */
	CALL_KINDS
};
extern const char *const call_names[CALL_KINDS];

/*
 * Which members an event has, besides kind, thread and time:
 *
 * CALL             what, call, and of its subject executor, future, set; request
 *                  and lasting, if one is to fail
 * RETURN           what, call, the subject again, and of its answer status,
 *                  yes, outcome, done; failed
 * TASK_*           executor, future; at the END status and outcome
 * CALLBACK_*       future, call (the one that added it); yes: of the right future
 * INIT_*           executor; at the END status
 * ARGUMENT_RELEASED  future
 */
struct event {
	_Atomic uint8_t kind; /* written last */
	uint8_t what;	      /* enum call_kind */
	uint8_t form;	      /* of shutdown, return_when, with release function */
	uint8_t yes;	      /* bool answers, *run, called at once, the source raised */
	uint8_t request;      /* for memory or a thread, of the call: the one that is to fail; 0: none */
	bool lasting;	      /* and all after it */
	bool failed;	      /* one did */
	int8_t status;
	int8_t executor; /* -1 for none, as for all that follow */
	int8_t future;	 /* the first one of a map */
	int8_t worker;	 /* executor whose task or initializer makes the call; HISTORY_EXECUTORS: a callback */
	int16_t call;
	int16_t of; /* the call that made an iterator */
	int16_t thread;
	int16_t count;	 /* of arguments of a map; of workers of an executor */
	int32_t outcome; /* a token's number, or OUTCOME_* */
	double timeout;
	double time; /* seconds */
	uint64_t set;
	uint64_t done;
};

/* Once it is written, all of the event is. */
static inline unsigned event_kind(const struct event *e)
{
	return atomic_load_explicit(&e->kind, memory_order_acquire);
}

enum { OUTCOME_UNWRITTEN = -1, OUTCOME_FOREIGN = -2 };

/* An event of a thread, inside worker's task (see struct event), that names nothing yet. */
static inline struct event event_blank(enum event_kind kind, int worker, int thread)
{
	return (struct event){
		.kind = kind,
		.executor = -1,
		.future = -1,
		.worker = (int8_t)worker,
		.call = -1,
		.of = -1,
		.thread = (int16_t)thread,
		.outcome = OUTCOME_UNWRITTEN,
	};
}

struct history {
	atomic_uint count; /* may pass EVENTS_MAX: then it is cut */
	atomic_uint calls;
	atomic_uint futures; /* numbers given out to futures that no operation names */
	int concurrency;     /* as the backend declares it */
	bool scarce;	     /* any call may find no memory, thread or room; else one of which a request failed */
	struct event events[EVENTS_MAX];
};

void history_clear(struct history *h, int concurrency, unsigned futures);

/* Append e and return its place; its call number must be there already. */
unsigned history_add(struct history *h, const struct event *e);
bool history_is_cut(const struct history *h);
unsigned history_count(const struct history *h);

/* A number for a call; -1 if there are no more. */
int history_call(struct history *h);

/* "OK", "TIMEOUT" */
const char *status_text(int status);

void event_print(const struct event *e, FILE *f);

/* The events up to and with last. */
void history_print(const struct history *h, unsigned last, FILE *f);

#endif
