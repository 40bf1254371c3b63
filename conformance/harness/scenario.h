/* SPDX-License-Identifier: MIT */
/*
 * scenario.h: what a scenario is written with.
 *
 * A scenario is a small concurrent program, named for its clause; writing it
 * registers it, as a case of that name too:
 *
 *	static void one_is_queued(void)
 *	{
 *		open_pool(1);
 *		hold_worker();
 *		put(0, VALUE);
 *	}
 *
 *	static void cancels(void) { do_cancel(0); }
 *	static void lets_go(void) { do_open(); }
 *	static void look(void) { observe("%s", fate(0)); }
 *
 *	SCENARIO(cancel_14_cancel_vs_dequeue,
 *		 .set_up = one_is_queued,
 *		 .threads = {MANY(cancels), ONCE(lets_go)},
 *		 .check = look,
 *		 .outcomes = {
 *			 {"cancelled", ACCEPTABLE, "cancel came first"},
 *			 {"value", ACCEPTABLE, "the worker came first"},
 *		 });
 *
 * A round is: set_up; the threads, all at once; everything is brought to its
 * end (gates opened, executors shut down, outcomes asked for); the accounting;
 * check, which observes one outcome.  An outcome that is not listed is
 * forbidden.  `run` makes one round, `race` many, with delays drawn from a
 * seed, and an explorer takes the place of both through the hooks below.
 *
 * Accounting   what holds for every scenario, whatever its outcome: an accepted
 *              work item ends once, as finished, cancelled or broken, and all
 *              who ask are told the same; its task runs once, and not at all if
 *              it is told as cancelled, broken or refused; what cancel
 *              returned, the state, and whether the task ran agree; each done
 *              callback and release function is called once; nothing begins
 *              or ends after a shutdown that waited; no more
 *              tasks run at once than the executor has workers.
 * Choices      all that is not the executor's comes from choose().
 * Threads      set_up and check belong to the main thread.  What is called
 *              do_... belongs to any thread of the round; it goes to the
 *              backend without a lock or a barrier of the harness's own, which
 *              could hide a race.
 * Crowds       a body in MANY may be run by several threads in one round, one in
 *              ONCE by one.
 */
#ifndef POOLPROOF_SCENARIO_H
#define POOLPROOF_SCENARIO_H

#include "case.h"

enum judgement { ACCEPTABLE, INTERESTING, FORBIDDEN };

struct scenario_outcome {
	const char *text; /* what observe() says; a glob */
	enum judgement judgement;
	const char *reason;
};

struct scenario_thread {
	void (*body)(void);
	bool many;
};
#define ONCE(body_) {body_, false}
#define MANY(body_) {body_, true}

#define SCENARIO_THREADS 4
#define SCENARIO_OUTCOMES 16

struct scenario {
	const char *name; /* clause_number_what */
	void (*set_up)(void);
	struct scenario_thread threads[SCENARIO_THREADS]; /* ends with one of NULL */
	void (*check)(void);
	struct scenario_outcome outcomes[SCENARIO_OUTCOMES];

	/*
	 * The round is a process of its own: when set_up is done and the
	 * threads have begun, it leaves through process_exit.  The accounting
	 * sees what its tasks have left in the arena.
	 */
	bool exits;

	/* Under an explorer everything is brought to its end only when nothing goes on by itself any more. */
	bool rests;
	struct scenario *next;
};

/* Called by SCENARIO before main. */
void scenario_register(struct scenario *s);

/* The case of a scenario: one round, or a batch of them in race. */
void scenario_run(struct scenario *s);

#define SCENARIO(name_, ...)                                              \
	static struct scenario scenario_##name_ = {#name_, __VA_ARGS__};  \
	__attribute__((constructor)) static void scenario_##name_##_(void) \
	{                                                                 \
		scenario_register(&scenario_##name_);                     \
	}                                                                 \
	CASE(name_)                                                       \
	{                                                                 \
		scenario_run(&scenario_##name_);                          \
	}                                                                 \
	_Static_assert(1, "")

/*
 * And the same once more, at rest: what ends the round meets nothing.  So an explorer can exhaust it where
 * it could not the first, which has that too.
 */
#define SCENARIO_AND_AT_REST(name_, ...) \
	SCENARIO(name_, __VA_ARGS__);    \
	SCENARIO(name_##_at_rest, .rests = true, __VA_ARGS__)

/* ---- set-up ------------------------------------------------------------ */

/*
 * The executor of the round, with n workers.  UNSUPPORTED if the backend cannot
 * run n tasks at once.
 */
void open_pool(int n);

/*
 * The same, with an initializer that waits for do_open.  From its call number
 * failing on, counted from 1, it fails; 0 is never.
 */
void open_pool_with_initializer(int n, int failing);

/*
 * Call open, which opens a pool of one worker and submits.  Returns when the worker is inside the
 * initializer, and the round then waits for its end: where the pool may be released and its work
 * cancelled, nothing else tells that.
 */
void await_initializer(void (*open)(void));

/* A worker is inside a task that ends with do_open. */
void hold_worker(void);

/* How a task ends. */
enum ending { VALUE, EXCEPTION };

/* Submit work item i, from 0 to 7; it must be accepted. */
void put(int i, enum ending ending);

/* The same; its task begins, and ends after do_open. */
void put_running(int i, enum ending ending);

/* The same, from the executor author's half: no executor knows the future. */
void put_own(int i);

/* One of n, from 0 to n - 1; drawn from the seed, or the explorer's choice. */
int choose(int n);

/* ---- operations: any thread of the round ------------------------------- */

void do_open(void);
/* Work item i, or for the further threads of a crowd one that is not asked about. */
int do_submit(int i, enum ending ending);
/* The same while no thread can be started. */
int do_submit_starved(int i, enum ending ending);
bool do_cancel(int i);
void do_shutdown(enum form form);
void do_release_pool(void);
void do_drop(int i); /* future_release */
int do_result(int i, double timeout);
int do_exception(int i, double timeout);
void do_add_callback(int i);
void do_query(int i); /* done, cancelled, running, each judged by what the ones before have said */
void do_count(void);  /* worker_count */

/* On work items 0 to n - 1; give a bit for each that is done or was yielded. */
int do_wait(enum pp_return_when return_when, double timeout, int n);
int do_as_completed(double timeout, int n);

/* Ask only for so many of n, and end the iterator. */
int do_as_completed_some(double timeout, int n, int asked);

/*
 * map over n arguments, 4 at the most, asked takes times, then ended.  The text of
 * what it told.  Two threads may do so in a round, each once.
 */
const char *do_map(int n, int asked);

/* The same; the executor is released once map has begun. */
const char *do_map_releasing(int n);

/* The executor author's half. */
bool do_set_result(int i);
bool do_set_exception(int i);
int do_begin(int i); /* 1 run, 0 do not, -1 refused */

/*
 * fork; body in the child, which then exits.  A body that finds that it cannot
 * use an executor of its own leaves by _exit(FORK_CANNOT).
 */
#define FORK_CANNOT 77
void do_fork(void (*body)(void));

/* In the child: result of work item i, which may be told what it is not told here. */
void do_result_in_child(int i, double timeout);

/* A number or a text of this thread's own for check; of a crowd, the first thread's. */
void note(int at, long value);
void note_text(int at, const char *text);

/* ---- check --------------------------------------------------------------- */

/* "value", "exception", "cancelled", "broken", "refused", "left" (never submitted). */
const char *fate(int i);

/* How many of the tasks of a map have run. */
int map_ran(void);
long noted(int at);
const char *noted_text(int at);
void observe(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Checks that say the fates of the work items, with ", " between them. */
void look_at_1(void);
void look_at_2(void);
void look_at_3(void);

/* Behind the status, mask or text at note 0: "PP_TIMEOUT; value", "3; value". */
void look_at_status_and_1(void);
void look_at_mask_and_1(void);
void look_at_mask_and_2(void);

/* ---- for backends that lack something -------------------------------------- */

/* False under ThreadSanitizer: the child of a process with threads can have none. */
bool child_starts_threads(void);

/* ---- hooks of an explorer; NULL without one --------------------------------- */

#define SCHEDULE_HOOK __attribute__((weak, visibility("default")))

int pp_schedule_round(void) SCHEDULE_HOOK;   /* the condition of a loop of rounds */
void pp_schedule_begin(void) SCHEDULE_HOOK; /* set-up is done: a place to fork */
void pp_schedule_end(void) SCHEDULE_HOOK;   /* the threads have ended */
void pp_schedule_point(const char *label) SCHEDULE_HOOK;
int pp_schedule_choose(int n) SCHEDULE_HOOK;
void pp_schedule_outcome(const char *text) SCHEDULE_HOOK;
void pp_schedule_idle(void) SCHEDULE_HOOK; /* returns when all the others wait */

#endif
