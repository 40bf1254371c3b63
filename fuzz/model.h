/* SPDX-License-Identifier: MIT */
/*
 * model.h: the specification as a machine that can be in several states at once.
 *
 * A future is one machine and an executor is another, and what they owe each
 * other goes through facts: a task has ended, an initializer has failed, a
 * shutdown that cancels was called.  Objects that are correct one by one are
 * correct together (linearizability is local), so each has a set of its own: all
 * the states it can be in after what was seen.  Steps that nobody sees (a worker
 * takes the work item, finishes the future, notices a cancellation; the pool
 * breaks) and operations under way are taken when what is seen next needs them.
 * A set that becomes empty means that what was seen cannot be.
 *
 * An operation under way knows the answer that it is going to give, for a
 * history is judged when it is over; so it is only taken where it gives that
 * answer.  One that never returned may give any.
 *
 * The machine knows no queue discipline and no thread: who takes, finishes,
 * notices and calls is left open, as in spec/.
 */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum model_state {
	PENDING,
	RUNNING,
	CANCELLED,
	NOTIFIED, /* CANCELLED_AND_NOTIFIED */
	RETURNED, /* FINISHED with a value */
	RAISED,	  /* FINISHED with an exception */
	BROKEN,	  /* FINISHED because the pool broke */
	MODEL_STATES
};
#define BIT(state) (1U << (state))
#define DONE (BIT(CANCELLED) | BIT(NOTIFIED) | BIT(RETURNED) | BIT(RAISED) | BIT(BROKEN))
#define IS_CANCELLED (BIT(CANCELLED) | BIT(NOTIFIED))
#define FINISHED (BIT(RETURNED) | BIT(RAISED) | BIT(BROKEN))
extern const char *const state_names[MODEL_STATES];

enum {
	STATES_MAX = 512, /* of one object at once */
	UNDER_WAY_MAX = 12
};

/* One operation under way, as far as it can change the object or depends on a moment. */
struct operation {
	int call;
	int what;	/* enum call_kind */
	bool returns;	/* else its answer is not known */
	int status;	/* the answer */
	bool yes;
	int outcome;	/* the token that it sets */
};

/* The set: each member is a state, an outcome, and which operations were taken. */
struct states {
	uint32_t members[STATES_MAX];
	size_t count;
	bool overflow; /* too many: nothing can be said any more */
};

struct underway {
	struct operation operations[UNDER_WAY_MAX];
	unsigned used; /* bit i: operations[i] is there */
};

struct future_model {
	struct states states;
	struct underway underway;

	/* Which hidden steps there are. */
	bool has_executor;  /* a worker may take it and notice its cancellation */
	bool task_ended;
	int task_status;    /* then: PP_OK or PP_RAISED */
	int task_outcome;
	bool may_break;	    /* an initializer of its executor has failed */
	bool may_cancel;    /* a shutdown that cancels, or the end of its map */
};

void future_begin(struct future_model *f, bool has_executor);

/* False if there is no room: the history is too wild to be judged. */
bool future_call(struct future_model *f, const struct operation *op);

/*
 * The operation of call has returned: it was taken by now.  False if it cannot have
 * been; *seen is what states there were then, as bits.
 */
bool future_return(struct future_model *f, int call, unsigned *seen);

/*
 * It was seen to be in one of states, by now; or if outcome is one, in one of
 * them with that outcome.  False as above.
 */
bool future_seen(struct future_model *f, unsigned states, unsigned *seen);
bool future_seen_with(struct future_model *f, unsigned states, int outcome, unsigned *seen);

/* It was in one of states at some time that begins now: drop what is past them. */
bool future_not_past(struct future_model *f, unsigned states, unsigned *seen);

/* The states that it can be in, and can get into with no further news. */
unsigned future_now(const struct future_model *f);
unsigned future_reach(const struct future_model *f);

/* ---- the executor ------------------------------------------------------------- */

enum { OPEN_ = 0, SHUT = 1, BROKE = 2 };

struct executor_model {
	struct states states; /* each a union of SHUT and BROKE */
	struct underway underway;
	bool may_break;
};

void executor_begin(struct executor_model *e);
bool executor_call(struct executor_model *e, const struct operation *op);
bool executor_return(struct executor_model *e, int call, unsigned *seen);

/* A future was told as BROKEN. */
bool executor_seen_broken(struct executor_model *e);

#endif
