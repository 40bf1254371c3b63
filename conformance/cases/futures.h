/* SPDX-License-Identifier: MIT */
/*
 * futures.h: futures in a wanted state, and threads that wait for them.
 *
 * The transition table is every operation in every state.  There are two ways
 * into a state: the executor author's half alone (future_in), and an executor
 * with a gate (submitted_in).  A row of the table is a function of the state,
 * and each cell is a case of its own, so that it has a verdict of its own.
 */
#ifndef POOLPROOF_CASES_FUTURES_H
#define POOLPROOF_CASES_FUTURES_H

#include "case.h"

/* The five states, FINISHED once for each of its two outcomes. */
enum future_state {
	F_PENDING,
	F_RUNNING,
	F_CANCELLED,
	F_NOTIFIED, /* CANCELLED_AND_NOTIFIED */
	F_RETURNED, /* FINISHED with the value THE_VALUE */
	F_RAISED    /* FINISHED with the exception THE_EXCEPTION */
};
#define F_STATES 6

#define THE_VALUE token(1)
#define THE_EXCEPTION token(2)

/* What such a future is called in a message: "a PENDING future". */
const char *future_called(enum future_state s);

/* A future in state s that no executor knows. */
struct pp_future *future_in(enum future_state s);

/*
 * A future in state s that an executor of one worker gave; FINISHED ones are
 * from executor_any.  One that is PENDING, RUNNING or CANCELLED stays so until
 * *gate is opened, and then finishes with THE_VALUE unless it is cancelled.
 * gate may be NULL.
 */
struct pp_future *submitted_in(enum future_state s, struct gate **gate);

/* f is in state s, by every question that the backend answers. */
void expect_in(struct pp_future *f, enum future_state s);

/* f is PENDING, and nothing that waits or looks finds anything of another one in it. */
void expect_fresh(struct pp_future *f);

/* What result, or exception, says of a future in s without waiting. */
void expect_result(struct pp_future *f, enum future_state s, double timeout);
void expect_exception(struct pp_future *f, enum future_state s, double timeout);

/*
 * Have call(arg) done by a thread with a stack that has no place for a frame for each of
 * twenty thousand futures or callbacks.
 */
void on_a_small_stack(void (*call)(void *arg), void *arg);

/* Once the gate is open: tasks that end with THE_VALUE or THE_EXCEPTION, and an initializer that fails. */
int task_return_at_gate(void *gate, void **outcome);
int task_raise_at_gate(void *gate, void **outcome);
int initializer_fail_at_gate(void *gate);

/* A done callback that ends once the gate is open. */
int callback_pass_gate(struct pp_future *f, void *gate);

/* A done callback that raises; calls counts them, or is NULL. */
int callback_raise(struct pp_future *f, void *calls);

/* A task that returns and sets no outcome. */
int task_silent(void *ignored, void **outcome);

/* A task that submits to e, once the gate is open, what must not run. */
struct submitter {
	struct pp_executor *e;
	struct gate *gate;
	int status; /* what it was told */
};
int task_submits(void *submitter, void **outcome);

/* A thread inside result, or inside exception. */
struct waiter {
	struct pp_future *f;
	double timeout;
	bool asks_exception;
	int status; /* what the call returned, after waiter_join */
	void *outcome;
	double seconds; /* how long it took */
	struct counter *returned;
	struct thread *thread;
};
void waiter_start(struct waiter *w, struct pp_future *f, double timeout, bool asks_exception);
void waiter_join(struct waiter *w);

/* n of them, on a future that has reached s since, return and were told so. */
void expect_waiters(struct waiter *w, int n, enum future_state s);

/* A thread inside wait, or inside a loop over as_completed, for a few futures. */
#define FUTURES 3

struct loop {
	struct pp_future *f[FUTURES];
	enum pp_return_when return_when;
	int status;
	int told[FUTURES]; /* how often f[i] was told as done */
	struct thread *thread;
};

/* The bodies of such a thread; the second after need_as_completed. */
void wait_in_thread(void *loop);
void iterate_in_thread(void *loop);
void need_as_completed(void);

/* How many times one of them was told as done, in all. */
int loop_told(const struct loop *loop);

/* UNSUPPORTED if tasks cannot use the caller's handles. */
void need_shared_memory(void);

/* A future that is done, of a task that returns or raises: task_return or task_raise, of token(1). */
struct pp_future *ended(struct pp_executor *e, pp_task *task);

/*
 * Have e, of so many workers and with nothing to do, get over work that went wrong on each of
 * them: tasks that raised, done callbacks that did, and work that was cancelled.
 */
void have_failures(struct pp_executor *e, int workers);

/* Drop a handle early, if the backend can; the harness drops the others. */
void let_go(struct pp_future *f);

/* The same of a handle that no wrapper made, which may be NULL, on any thread. */
void drop(struct pp_future *f);

/* An executor, or a future, that the case releases by itself and the harness does not know. */
struct pp_executor *own_executor(int n);
struct pp_future *own_submit(struct pp_executor *e, pp_task *task, void *arg);

#endif
