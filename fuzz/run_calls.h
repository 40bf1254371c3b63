/* SPDX-License-Identifier: MIT */
/*
 * run_calls.h: the calls that the threads, tasks and callbacks of a program make; for run_*.c alone.
 *
 * Executors, and futures unless they are given as a handle, are their numbers: what is not
 * there, and an entry that the backend lacks, make a call do nothing.  Handles are
 * borrowed.  Each call is written as two events, and is not made where the history has no
 * room for it; releases are made all the same.
 */
#ifndef FUZZ_RUN_CALLS_H
#define FUZZ_RUN_CALLS_H

#include "run_world.h"

/* ---- executors and one future ------------------------------------------------------ */

/* Make the executor of that number, unless there is or was one. */
void call_executor_new(struct world *w, int executor, int workers, int init);
void call_executor_release(struct world *w, int executor);

/* form: enum shutdown_form. */
void call_shutdown(struct world *w, int executor, int form);

/* Submit a task of that kind as that future, whose number nobody else has. */
void call_submit(struct world *w, int executor, int future, int kind, int operand, bool with_release);

/* Submit one that returns, as a future that no operation names. */
void call_submit_unnamed(struct world *w, int executor);

/* Make a future of the executor author's half, which is finished at once if the program is ending. */
void call_future_new(struct world *w, int future);
void call_future_release(struct world *w, int future);

/* cancel, done, running, cancelled. */
void call_ask(struct world *w, struct pp_future *f, int future, enum call_kind what);

/* result, exception. */
void call_ask_outcome(struct world *w, struct pp_future *f, int future, enum call_kind what, double timeout);

/* done, running, cancelled, and result without waiting. */
void call_ask_all(struct world *w, struct pp_future *f, int future);

void call_add_callback(struct world *w, struct pp_future *f, int future, int kind, int operand);

/* set_running_or_notify_cancel. */
void call_notify(struct world *w, struct pp_future *f, int future);

/* set_result, set_exception. */
void call_set(struct world *w, struct pp_future *f, int future, enum call_kind what);

/* Take it from whatever state to a done one, and have a cancellation noticed. */
void call_finish(struct world *w, int future);

/* ---- many futures ------------------------------------------------------------------ */

/* set: a bit for each future that operations name; those that are there are waited for. */
void call_wait(struct world *w, unsigned set, int mode, double timeout);

/* An iterator of its own, which is asked at most that often. */
void call_as_completed(struct world *w, unsigned set, unsigned asks, double timeout);
void call_map(struct world *w, int executor, int kind, unsigned count, unsigned asks);

#endif
