/* SPDX-License-Identifier: MIT */
/*
 * run_called.c: see run_called.h.
 *
 * Each is a guest of its world while it is under way, unless the run that it is of is over:
 * then it leaves no mark.
 */
#include "run_called.h"

#include "inject.h"
#include "order.h"
#include "run_calls.h"

/* False if that run is over. */
static bool enter(struct world *w, unsigned run)
{
	atomic_fetch_add_explicit(&w->guests, 1, HISTORY_ORDER);
	if (atomic_load_explicit(&w->run, HISTORY_ORDER) == run)
		return true;
	atomic_fetch_sub_explicit(&w->guests, 1, HISTORY_ORDER);
	return false;
}

static void leave(struct world *w)
{
	atomic_fetch_sub_explicit(&w->guests, 1, HISTORY_ORDER);
}

/* Use a future by its number, if it is there. */
static struct pp_future *named(struct world *w, int operand, int *future)
{
	size_t n = program_futures(w->p);

	*future = n ? (int)((size_t)operand % n) : 0;
	return n ? world_acquire(&w->futures[*future]) : NULL;
}

static void cancel_named(struct world *w, int operand)
{
	int future;
	struct pp_future *f = named(w, operand, &future);

	if (!f)
		return;
	call_ask(w, f, future, CALL_CANCEL);
	world_let_go(&w->futures[future]);
}

static void ask_own(struct world *w, int future)
{
	struct pp_future *f = world_acquire(&w->futures[future]);

	if (!f)
		return;
	call_ask_all(w, f, future);
	world_let_go(&w->futures[future]);
}

static void task_body(struct world *w, const struct item *item)
{
	int executor = item->operand % EXECUTORS_MAX;

	switch (item->kind) {
	case TASK_GATE:
	case TASK_GATE_RAISE:
		world_gate_wait(&w->gates[item->operand % GATES_MAX]);
		break;
	case TASK_OPEN:
		world_gate_open(&w->gates[item->operand % GATES_MAX]);
		break;
	case TASK_SUBMIT:
		call_submit_unnamed(w, executor);
		break;
	case TASK_CANCEL:
		cancel_named(w, item->operand);
		break;
	case TASK_ASK:
		ask_own(w, item->future);
		break;
	case TASK_SHUTDOWN:
		call_shutdown(w, executor, FORM_NOWAIT);
		break;
	case TASK_SHUTDOWN_CANCEL:
		call_shutdown(w, executor, FORM_CANCEL_NOWAIT);
		break;
	case TASK_RELEASE_EXECUTOR:
		call_executor_release(w, executor);
		break;
	}
}

int called_task(void *arg, void **outcome)
{
	struct item *item = arg;
	struct world *w = item->world;
	struct event e = world_event(EVENT_TASK_BEGIN);
	int outer = world_inside;

	if (!enter(w, item->run))
		return PP_OK;
	e.executor = (int8_t)item->executor;
	e.future = (int8_t)item->future;
	world_add(w, &e);
	atomic_store(&item->begun, true);
	world_inside = item->executor;
	inject_pause();
	task_body(w, item);
	inject_resume();
	world_inside = outer;
	e.kind = EVENT_TASK_END;
	e.outcome = item->future;
	*outcome = &world_tokens[item->future];
	world_end(w, &e, item->kind == TASK_RAISE || item->kind == TASK_GATE_RAISE ? PP_RAISED : PP_OK);
	atomic_store(&item->ended, true); /* and that is in the history */
	leave(w);
	return e.status;
}

void called_release(void *arg)
{
	struct item *item = arg;
	struct event e = world_event(EVENT_ARGUMENT_RELEASED);

	if (!enter(item->world, item->run))
		return;
	e.executor = (int8_t)item->executor;
	e.future = (int8_t)item->future;
	world_add(item->world, &e);
	atomic_store(&item->released, true);
	leave(item->world);
}

static void callback_body(struct world *w, struct pp_future *f, const struct hook *hook)
{
	switch (hook->kind) {
	case CALLBACK_ASK:
		call_ask_all(w, f, hook->future);
		break;
	case CALLBACK_ADD:
		call_add_callback(w, f, hook->future, CALLBACK_COUNT, 0);
		break;
	case CALLBACK_SUBMIT:
		call_submit_unnamed(w, hook->operand % EXECUTORS_MAX);
		break;
	case CALLBACK_CANCEL:
		cancel_named(w, hook->operand);
		break;
	case CALLBACK_SHUTDOWN:
		call_shutdown(w, hook->operand % EXECUTORS_MAX, FORM_NOWAIT);
		break;
	}
}

int called_callback(struct pp_future *f, void *arg)
{
	struct hook *hook = arg;
	struct world *w = hook->world;
	struct event e = world_event(EVENT_CALLBACK_BEGIN);
	int outer = world_inside;

	if (!enter(w, hook->run))
		return PP_OK;
	if (hook->thread == world_thread() && atomic_load(&hook->adding))
		atomic_store(&hook->at_once, true);
	e.future = (int8_t)hook->future;
	e.call = (int16_t)hook->call;
	e.yes = f == hook->expected;
	world_add(w, &e);
	world_inside = HISTORY_EXECUTORS;
	inject_pause();
	callback_body(w, f, hook);
	inject_resume();
	world_inside = outer;
	e.kind = EVENT_CALLBACK_END;
	world_add(w, &e);
	atomic_store(&hook->called, true);
	leave(w);
	return hook->kind == CALLBACK_RAISE ? PP_RAISED : PP_OK;
}

int called_initializer(void *arg)
{
	struct maker *m = arg;
	struct event e = world_event(EVENT_INIT_BEGIN);
	int n = atomic_fetch_add(&m->begun, 1);

	if (!enter(m->world, m->run))
		return PP_OK;
	e.executor = (int8_t)m->executor;
	world_add(m->world, &e);
	e.kind = EVENT_INIT_END;
	world_end(m->world, &e, m->kind == INIT_FAIL || (m->kind == INIT_SECOND_FAILS && n == 1) ? PP_RAISED : PP_OK);
	leave(m->world);
	return e.status;
}
