/* SPDX-License-Identifier: MIT */
/*
 * recorder.h: what stands before the entries of a backend, in parts; for record*.c alone, others
 * have record.h.
 *
 * record.c has events and numbers, record_executors.c, record_work.c and record_futures.c the
 * entries.  Each of these hands its call on, between its two events.
 *
 * Numbers stand for handles: an entry of a list of handles is found by its address
 * and forgotten before its handle is released, after which the address may come
 * again.
 *
 * All may be called by any thread; none takes memory or a lock.
 */
#ifndef FUZZ_RECORDER_H
#define FUZZ_RECORDER_H

#include "record.h"

extern struct pp_backend inner; /* the table that is stood before */
extern struct record *rec;	/* of this process */

/* As in run_world.h: the executor whose task this thread is in. */
extern _Thread_local int rec_inside;

/* An output that was not written points here. */
extern char rec_untouched;

/* ---- events ------------------------------------------------------------------------ */

/* The number of this thread. */
int rec_thread(void);

void rec_gap(enum record_gap g);

/* That gap, for want of room: nothing is written any more. */
void rec_no_room(enum record_gap g);

/* Does this process still write? */
bool rec_writes(void);

/* One of this thread, which names nothing yet; it is not written. */
struct event rec_event(enum event_kind kind);
struct event rec_call(enum call_kind what);

/* Write e.  Its place; EVENTS_MAX if it has none. */
unsigned rec_add(struct event *e);

/* Write the CALL e, which is its RETURN from then on.  False if it is not written: then its return is not, either. */
bool rec_begin(struct event *e);

/* Write the RETURN e, with that status, if its CALL was. */
void rec_end(struct event *e, int status);

/* ---- pointers and numbers ---------------------------------------------------------- */

/* Where pointer is in list; -1 if it is not, or is NULL. */
int rec_find(_Atomic(void *) *list, int size, const void *pointer);

/* Take it off; -1 is none. */
void rec_forget(_Atomic(void *) *list, int number);

/* The number of an outcome that somebody gives, which is a new one if need be. */
int rec_token_given(void *pointer);

/* The number of an outcome that was got; OUTCOME_UNWRITTEN, OUTCOME_FOREIGN. */
int rec_token_got(void *pointer);

/* n futures in a row; -1 if there is no room. */
int rec_numbers_for(int n);

/* -1: it is not followed. */
int rec_executor_number(const struct pp_executor *e);

/*
 * The end of a call that makes the future e->future, if it is followed: *out is handle unless
 * that is &rec_untouched.  The status.
 */
int rec_future_made(struct event *e, int status, void *handle, struct pp_future **out);

/* ---- the parts --------------------------------------------------------------------- */

/* This process exits: a call for each executor that is there, and for those that are made from now on. */
void rec_tell_exits(void);

/* The entries of *table that its part has, unless they are NULL, become its own. */
void rec_executors(struct pp_backend *table);
void rec_work(struct pp_backend *table);
void rec_futures(struct pp_backend *table);
#define STAND_BEFORE(table, entry) ((table)->entry = (table)->entry ? r_##entry : NULL)

#endif
