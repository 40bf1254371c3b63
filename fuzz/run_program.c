/* SPDX-License-Identifier: MIT */
/*
 * run_program.c: the threads of a program, and its end; see run_program.h.
 *
 * What they act on is a world (run_world.h).  run_calls.h has the calls that they
 * make, run_called.h what the backend calls.
 */
#include "run_program.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "blocked.h"
#include "inject.h"
#include "run_calls.h"

#define QUIET 0.001   /* seconds without an event after which the gates are opened */
#define SHORT 0.002   /* a timeout */
#define PATIENCE 10.0 /* seconds, times scale, that the end waits for threads which are not blocked */

double run_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* What comes before is done in one order. */
static void explore_from_here(void)
{
	if (pp_schedule_begin)
		pp_schedule_begin();
}

/* ---- the threads of the program ------------------------------------------------------------------------- */

static double timeout_of(int kind)
{
	return kind == TIMEOUT_FOREVER ? PP_FOREVER : kind == TIMEOUT_ZERO ? 0 : SHORT;
}

static void op_on_future(struct world *w, const struct op *op, struct pp_future *f)
{
	int future = op->operands[0];
	bool author = w->is_author[future];

	switch (op->code) {
	case OP_CANCEL:
		call_ask(w, f, future, CALL_CANCEL);
		break;
	case OP_RESULT:
		call_ask_outcome(w, f, future, CALL_RESULT, timeout_of(op->operands[1]));
		break;
	case OP_EXCEPTION:
		call_ask_outcome(w, f, future, CALL_EXCEPTION, timeout_of(op->operands[1]));
		break;
	case OP_DONE:
		call_ask(w, f, future, CALL_DONE);
		break;
	case OP_RUNNING:
		call_ask(w, f, future, CALL_RUNNING);
		break;
	case OP_CANCELLED:
		call_ask(w, f, future, CALL_CANCELLED);
		break;
	case OP_ADD_CALLBACK:
		call_add_callback(w, f, future, op->operands[1], op->operands[2]);
		break;
	case OP_NOTIFY:
		if (author)
			call_notify(w, f, future);
		break;
	case OP_SET_RESULT:
	case OP_SET_EXCEPTION:
		if (author)
			call_set(w, f, future, op->code == OP_SET_RESULT ? CALL_SET_RESULT : CALL_SET_EXCEPTION);
		break;
	}
}

static void run_op(struct world *w, size_t i)
{
	const struct op *op = &w->p->ops[i];
	const uint8_t *o = op->operands;
	struct pp_future *f;

	switch (op->code) {
	case OP_SUBMIT:
	case OP_SUBMIT_WITH_RELEASE:
		call_submit(w, o[0], program_future_of(w->p, i), o[1], o[2], op->code == OP_SUBMIT_WITH_RELEASE);
		break;
	case OP_WAIT:
		call_wait(w, o[0], o[1], timeout_of(o[2]));
		break;
	case OP_AS_COMPLETED:
		call_as_completed(w, o[0], o[1], timeout_of(o[2]));
		break;
	case OP_MAP:
		call_map(w, o[0], o[1], map_arguments(o[2]), map_asks(o[2]));
		break;
	case OP_FUTURE_NEW:
		call_future_new(w, program_future_of(w->p, i));
		break;
	case OP_SHUTDOWN:
		call_shutdown(w, o[0], o[1]);
		break;
	case OP_EXECUTOR_RELEASE:
		call_executor_release(w, o[0]);
		break;
	case OP_FUTURE_RELEASE:
		call_future_release(w, o[0]);
		break;
	case OP_EXECUTOR_NEW:
		call_executor_new(w, o[0], workers_of(o[1]), o[2]);
		break;
	case OP_OPEN:
		world_gate_open(&w->gates[o[0]]);
		break;
	case OP_YIELD:
		sched_yield();
		break;
	case OP_FAIL: /* see run_part */
		break;
	default:
		f = world_acquire(&w->futures[o[0]]);
		if (f) {
			op_on_future(w, op, f);
			world_let_go(&w->futures[o[0]]);
		}
	}
}

/* Nothing, a yield, or some turns of a loop: so that threads meet in other ways each time. */
static void delay(uint64_t *random)
{
	volatile unsigned i;

	*random = *random * UINT64_C(6364136223846793005) + 1442695040888963407;
	switch (*random >> 61) {
	case 0:
	case 1:
		sched_yield();
		break;
	case 2:
	case 3:
		for (i = 0; i < (unsigned)(*random >> 48 & 0xfff); i++)
			;
		break;
	}
}

struct part {
	struct world *world;
	unsigned thread;
};

static void *run_part(void *arg)
{
	struct part *part = arg;
	struct world *w = part->world;
	uint64_t random = w->seed + part->thread * UINT64_C(0x9E3779B97F4A7C15);
	bool may_fail = program_fails(w->p) && inject_is_there();
	size_t i;

	world_thread_number = (int)part->thread + 1;
	for (i = 0; i < w->p->count; i++)
		if (w->p->ops[i].thread == part->thread) {
			if (part->thread && !pp_schedule_begin)
				delay(&random);
			world_failing = may_fail ? program_fail_of(w->p, i) : NULL;
			run_op(w, i);
		}
	world_failing = NULL;
	atomic_fetch_sub(&w->threads_left, 1);
	return NULL;
}

/* ---- the end --------------------------------------------------------------------------------------------- */

static void nap(double seconds)
{
	struct timespec t = {0, (long)(seconds * 1e9)};

	nanosleep(&t, NULL);
}

/* The thread that makes such a future later sees ending, and finishes it itself. */
static void open_gates(struct world *w)
{
	int i;

	atomic_store(&w->ending, true);
	for (i = 0; i < GATES_MAX; i++)
		world_gate_open(&w->gates[i]);
	for (i = 0; i < NAMED_MAX; i++)
		if (w->is_author[i])
			call_finish(w, i);
}

/* Returns when the threads have ended, or nothing has moved for a while. */
static void watch(struct world *w)
{
	unsigned before = history_count(w->h);
	double since = run_now();

	if (pp_schedule_idle)
		pp_schedule_idle();
	while (!pp_schedule_idle && atomic_load(&w->threads_left) > 0 && run_now() - since < QUIET) {
		nap(QUIET / 20);
		if (history_count(w->h) != before) {
			before = history_count(w->h);
			since = run_now();
		}
	}
}

static void run_threads(struct world *w, unsigned first, unsigned last)
{
	struct part parts[THREADS_MAX];
	pthread_t threads[THREADS_MAX];
	unsigned t;

	atomic_store(&w->threads_left, (int)(last - first + 1));
	for (t = first; t <= last; t++) {
		parts[t] = (struct part){w, t};
		if (pthread_create(&threads[t], NULL, run_part, &parts[t]) != 0)
			abort();
	}
	watch(w);
	if (atomic_load(&w->threads_left) > 0)
		open_gates(w);
	for (t = first; t <= last; t++)
		pthread_join(threads[t], NULL);
}

/* False while something is still to come for it. */
static bool has_come(struct world *w, struct item *item)
{
	bool begun = atomic_load(&item->begun);

	if (begun && !atomic_load(&item->ended)) /* in a map that was refused, too */
		return false;
	if (!atomic_load(&item->accepted))
		return true;
	if (item->with_release && !atomic_load(&item->released))
		return false;
	return begun || atomic_load(&item->may_not_run) || atomic_load(&w->may_not_run[item->executor]);
}

/* The last handle on it is gone; nobody calls its callbacks if it was PENDING (AUTHOR-34). */
static bool was_dropped(struct world *w, int future)
{
	return w->is_author[future] && atomic_load(&w->futures[future].users) == GONE;
}

static bool all_has_come(struct world *w)
{
	int i, hooks = atomic_load(&w->hook_count);

	for (i = 0; i < FUTURES_MAX; i++)
		if (!has_come(w, &w->items[i]))
			return false;
	for (i = 0; i < hooks && i < HOOKS_MAX; i++)
		if (w->hooks[i].added && !atomic_load(&w->hooks[i].called) && !was_dropped(w, w->hooks[i].future))
			return false;
	return true;
}

/* Then nothing more is written. */
static bool all_have_left(struct world *w)
{
	return atomic_load(&w->guests) <= 0;
}

/* Returns when it is so, or there is nobody left that it could come from. */
static void await(struct world *w, bool (*is_so)(struct world *w))
{
	double until = run_now() + PATIENCE * w->scale;

	if (pp_schedule_idle)
		pp_schedule_idle();
	else
		blocked_begin();
	while (!is_so(w) && (pp_schedule_idle || !blocked_for_good()) && run_now() < until)
		nap(0.0002);
}

/* Nobody makes it any more, and so nobody needs to look twice. */
static bool was_never_made(const struct slot *s)
{
	return atomic_load(&s->users) == ABSENT;
}

static void ask_all(struct world *w)
{
	int i;

	for (i = 0; i < FUTURES_MAX; i++) {
		struct pp_future *f = was_never_made(&w->futures[i]) ? NULL : world_acquire(&w->futures[i]);

		if (!f)
			continue;
		call_ask_outcome(w, f, i, CALL_RESULT, PP_FOREVER);
		call_ask_all(w, f, i);
		world_let_go(&w->futures[i]);
	}
}

static void clean_up(struct world *w)
{
	int i;

	open_gates(w);
	for (i = 0; i < EXECUTORS_MAX; i++)
		call_shutdown(w, i, FORM_WAIT);
	ask_all(w);
	await(w, all_has_come);
	for (i = 0; i < FUTURES_MAX; i++)
		if (!was_never_made(&w->futures[i]))
			call_future_release(w, i);
	for (i = 0; i < EXECUTORS_MAX; i++)
		call_executor_release(w, i);
}

void run_programs_open(void)
{
	worlds_open();
}

void run_program(const struct running *r)
{
	unsigned t, last = 0;
	struct world *w;
	struct event e;
	size_t i;

	history_clear(r->history, r->backend->concurrency, NAMED_MAX);
	r->history->scarce = r->backend->queue_bound != PP_UNLIMITED;
	w = world_new(r);
	world_thread_number = 1;
	for (i = 0; i < r->program->count; i++)
		if (r->program->ops[i].thread > last)
			last = r->program->ops[i].thread;
	call_executor_new(w, 0, r->program->workers, r->program->initializer);
	if (last == 0)
		explore_from_here();
	run_threads(w, 0, 0);
	if (last > 0) {
		explore_from_here();
		run_threads(w, 1, last);
	}
	t = (unsigned)world_thread();
	clean_up(w);
	e = world_event(EVENT_THE_END);
	e.thread = (int16_t)t;
	world_add(w, &e);
	atomic_store(&w->run, 0);
	if (!all_have_left(w))
		await(w, all_have_left);
}
