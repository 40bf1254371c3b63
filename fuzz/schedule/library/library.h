/* SPDX-License-Identifier: MIT */
/*
 * library.h: what the files of the preloaded library share.
 *
 * One thread of all controlled processes has the token: it alone runs, and it
 * alone touches memory->state.  So nothing here is locked.  Nothing allocates.
 */
#ifndef SCHEDULE_LIBRARY_H
#define SCHEDULE_LIBRARY_H

#include <stddef.h>

#include "../memory.h"

#define EXPORT __attribute__((visibility("default")))

extern struct memory *memory;

/* ---- core.c ----------------------------------------------------------------------- */

/* The calling thread; attaches the process to the explorer if it is not yet. */
struct thread *me(void);
bool is_preloaded(void); /* by an explorer */
int number_of(const struct thread *t);
bool has_token(void); /* the caller is a controlled thread that has not left */
struct thread *thread_at(int number);

/*
 * Publish what the calling thread does next, and let any thread step until it is
 * this one's turn.  Gives the way that it takes.
 */
int step(struct operation op);

/* The same for an operation with one object. */
int step_on(enum kind kind, struct object *o, enum access access);

/* From now on the caller sleeps: it steps when it is woken, times out, or wakes for no reason. */
int fall_asleep(struct operation sleep, struct operation after);

/* t, asleep, goes on with what it does after; the caller's step has caused that. */
void wake(struct thread *t);

/* Sleepers on o, the first first. */
int sleepers_on(const struct object *o, struct thread **list, int most);

/* The caller steps no more; who comes next has the token. */
void leave(void);

/* The place from which the server forks executions. */
void fork_point(void);

/*
 * True at the begin of a round; false: the program goes on to its end.  The next round of this
 * process is another execution.
 */
bool round_begins(void);

/* From now on several processes have the token by turns. */
void turns_go_far(void);

/* The caller's process takes its last step: what it does from here on is not followed. */
void process_leaves(void);

/* Run when the caller was forked: it is thread t, and waits for its turn. */
void become(int t);

_Noreturn void end_execution(enum execution_end ending, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The claim that all was seen depends on this; text is optional. */
void caveat(enum caveat c, const char *text);

int thread_new(struct thread *parent);	/* its number */
int thread_forked(struct thread *parent); /* the first one of another process */
struct object *process_object(int pid);	/* its threads end, and others wait for that */
void thread_begins(int number);	       /* in the new thread */
void push_event(struct event e);

/* ---- objects.c ----------------------------------------------------------------------- */

/* The object of that kind at address: as it is, or new. */
struct object *object_at(const void *address, enum object_kind kind, bool shared);
struct object *object_new(const void *address, enum object_kind kind, bool shared);
void object_forget(const void *address, bool shared);
void objects_copy(int from_pid, int to_pid, int from_thread, int to_thread);
uint16_t object_number(const struct object *o);
struct object *object_numbered(int number);

struct operation operation_on(enum kind kind, const struct object *o, enum access access);
void operation_add(struct operation *op, const struct object *o, enum access access);

/* ---- ways.c ----------------------------------------------------------------------------- */

/* The ways that t could step now, as bits. */
uint8_t ways_of(const struct thread *t);

/* ---- policy.c --------------------------------------------------------------------------- */

void policy_begin(void);
void policy_thread(struct thread *t);
void policy_spawned(int parent, int thread); /* parent: NOBODY for the first thread */
struct choice policy_choose(const uint8_t *ways);
void policy_stepped(const struct thread *t);
uint64_t draw(void);

/* ---- clock.c ------------------------------------------------------------------------------ */

#define CLOCK_START 1000000000000LL	    /* monotonic */
#define REALTIME_AHEAD 1800000000000000000LL /* of the monotonic clock */

struct timespec;

/* The deadline that t on that clock means; op is timed from now on.  False if t is no time. */
bool operation_until(struct operation *op, int clock, const struct timespec *t);

/* ---- mutex.c -------------------------------------------------------------------------------- */

struct object *mutex_object(const void *mutex);
struct operation mutex_operation(const void *mutex, enum kind kind);

/* After a step OP_LOCK: what pthread_mutex_lock returns. */
int mutex_take(const void *mutex, struct object *o);
int mutex_give(const void *mutex, struct object *o);
bool mutex_is_mine(const void *mutex);
void mutexes_of_the_dead(int thread);

/* ---- processes.c ----------------------------------------------------------------------------- */

bool process_is_gone(int pid);

/* ---- io.c ------------------------------------------------------------------------------------- */

bool descriptors_are_ready(const struct thread *t);

/* ---- points.c ------------------------------------------------------------------------------------ */

void points_step(int thread, const struct operation *op); /* the caller, thread, has taken it */
void points_spawn(int parent, int thread);
void points_learn(int thread, int object); /* what was done before it was changed last */
void points_begin(const void *stack, size_t size);
void points_forked(void); /* in the child */

/* ---- tsan.c --------------------------------------------------------------------------------------- */

void tsan_step(const struct operation *op);
void tsan_learn(struct object *o);

/* May the caller use its pthread_join?  Not at its own end, when it has been seen off. */
bool tsan_may_join(void);

/* ---- mappings.c --------------------------------------------------------------------------------- */

void mappings_freeze(void); /* at the fork point */
void mappings_renew(void);  /* in an execution */

/* ---- the functions behind ours --------------------------------------------------------------- */

void *real_function(const char *name);

#define REAL(name)                                                        \
	__extension__({                                                   \
		static __typeof__(&name) real_;                           \
		if (!real_)                                               \
			*(void **)&real_ = real_function(#name);          \
		real_;                                                    \
	})

#endif
