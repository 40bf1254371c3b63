/* SPDX-License-Identifier: MIT */
/*
 * deeds.h: what the cases about reentry share: a public call, and where it is made.
 *
 * A deed is such a call; it is done inside a task, a done callback, an initializer or a
 * release function, and records what it was told.  An executor that holds a lock there never
 * returns from it.
 */
#ifndef POOLPROOF_CASES_DEEDS_H
#define POOLPROOF_CASES_DEEDS_H

#include "futures.h"

struct inside;
typedef void deed(struct inside *in);

struct inside {
	deed *deed;
	struct pp_executor *e;	    /* that the deed is about */
	struct pp_executor *another; /* that deed_map_on_another is about */
	struct pp_future *own;	    /* of the task, callback or argument itself */
	struct pp_future *other;    /* another one */
	struct pp_future *made;	    /* by the deed */
	struct gate *ready;	    /* all of this is set */
	struct counter *ran;	    /* work and callbacks that the deed asked for */
	struct counter *begun;
	struct counter *finished;   /* the deed has returned */
	int status;
	bool answer;
	void *outcome;
	long before; /* value of ran when the deed had returned */
};

struct inside *inside_new(deed *what, struct pp_executor *e);

/* Does the deed, where it is called the first time. */
void act(struct inside *in);

/* The same as a done callback, an initializer and a release function; the first sets in->own. */
int callback_inside(struct pp_future *f, void *in);
int initializer_inside(void *in);
void release_inside(void *in);

/* Let the deed be done, and wait until it is. */
void let(struct inside *in);

/* Done in a done callback of a work item of in->e, which finishes. */
void in_callback(struct inside *in);

/* Done in the release function of the argument of a task of in->e. */
void in_release(struct inside *in);

/* ---- the deeds: what in has about them is their argument, status, answer and outcome what they told ---- */

deed deed_submit, deed_submit_and_wait, deed_result_of_other, deed_cancel_other, deed_cancel_own, deed_shutdown_nowait,
	deed_shutdown_wait, deed_shutdown_cancel, deed_release_executor, deed_release_own, deed_release_made, deed_wait_for_other,
	deed_as_completed_other, deed_map, deed_map_on_another, deed_worker_count, deed_finish_other, deed_add_callback_to_other;

/* Make, use, shut down and release an executor. */
deed deed_nested_executor;

/* result at once, done, cancelled and running of in->own; answer: one of the last three. */
deed deed_ask_own;

/* The work that deed_submit has asked for was accepted, and runs. */
void expect_submitted(struct inside *in);

/* ---- what holds at each place ------------------------------------------------------------ */

enum place { CALLBACK, INITIALIZER, RELEASE };

/* A deed at that place of an executor of one worker, which in->e is; in->other is done. */
struct inside *inside_at(enum place place, deed *what);

/* Have the deed done, and the executor go on to work if it still accepts any. */
void done_at(enum place place, struct inside *in);

/* That such a call, made there, returns and tells what it tells anywhere. */
void expect_wait_at(enum place place);
void expect_as_completed_at(enum place place);
void expect_map_at(enum place place);
void expect_finish_at(enum place place);
void expect_nested_at(enum place place);
void expect_worker_count_at(enum place place);
void expect_shutdown_wait_at(enum place place);
void expect_shutdown_cancel_at(enum place place);

/* Why a work item ends that never runs. */
enum cause { CANCEL, SHUTDOWN, BREAK };

/*
 * The last handle on an executor of one worker is dropped at CALLBACK or RELEASE, for work that ends so;
 * there the worker is let go too.
 */
void expect_last_handle_dropped_at(enum place place, enum cause cause);

#endif
