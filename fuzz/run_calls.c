/* SPDX-License-Identifier: MIT */
/* run_calls.c: the calls of the backend, each between its two events. */
#include "run_calls.h"

#include "inject.h"
#include "run_called.h"

static int outcome_number(const void *pointer)
{
	const char *p = pointer;

	return p >= world_tokens && p < world_tokens + sizeof(world_tokens) ? (int)(p - world_tokens) : OUTCOME_FOREIGN;
}

/* An output that is to be left as it is holds this. */
static char untouched;

static int written(const void *pointer)
{
	return pointer == &untouched ? OUTCOME_UNWRITTEN : outcome_number(pointer);
}

static struct event call_of(enum call_kind what)
{
	struct event e = world_event(EVENT_CALL);

	e.what = (uint8_t)what;
	return e;
}

/* From here to end the backend has the thread, and of what it asks for it may get nothing. */
static void announce(struct world *w, struct event *e)
{
	const struct op *fail = world_failing;

	world_failing = NULL;
	if (fail) {
		e->request = (uint8_t)request_of(fail);
		e->lasting = is_lasting(fail);
	}
	world_add(w, e);
	e->kind = EVENT_RETURN;
	if (fail)
		inject_arm(e->request, e->lasting);
}

/* False if there is no room for another call: then it is not made. */
static bool begin(struct world *w, struct event *e)
{
	e->call = (int16_t)history_call(w->h);
	if (e->call < 0)
		return false;
	announce(w, e);
	return true;
}

/* ---- executors and one future ---------------------------------------------------------------- */

void call_executor_new(struct world *w, int executor, int workers, int init)
{
	struct maker *m = &w->makers[executor];
	struct event e = call_of(CALL_EXECUTOR_NEW);
	void *x = &untouched;
	int status, absent = ABSENT;

	/* Two threads may come here; GONE keeps the second out, and users too. */
	if (!atomic_compare_exchange_strong(&w->executors[executor].users, &absent, GONE))
		return;
	if (!w->b->executor_new_with_initializer)
		init = INIT_NONE;
	*m = (struct maker){w, w->run, init, executor, 0};
	e.executor = (int8_t)executor;
	e.count = (int16_t)workers;
	e.form = (uint8_t)init;
	if (!begin(w, &e))
		return;
	if (init == INIT_FAIL || init == INIT_SECOND_FAILS)
		atomic_store(&w->may_not_run[executor], true);
	status = init ? w->b->executor_new_with_initializer(workers, called_initializer, m, (struct pp_executor **)&x) :
			w->b->executor_new(workers, (struct pp_executor **)&x);
	e.yes = x != &untouched;
	world_end(w, &e, status);
	if (status == PP_OK)
		world_publish(&w->executors[executor], x);
}

void call_executor_release(struct world *w, int executor)
{
	struct event e = call_of(CALL_EXECUTOR_RELEASE);
	struct pp_executor *x = w->b->executor_release ? world_take_away(&w->executors[executor]) : NULL;

	e.executor = (int8_t)executor;
	if (!x)
		return;
	if (!begin(w, &e))
		e.call = -1;
	w->b->executor_release(x);
	if (e.call >= 0)
		world_end(w, &e, PP_OK);
}

void call_shutdown(struct world *w, int executor, int form)
{
	struct pp_executor *x = world_acquire(&w->executors[executor]);
	struct event e = call_of(CALL_SHUTDOWN);
	bool wait = form == FORM_WAIT || form == FORM_CANCEL_WAIT;
	bool cancels = form == FORM_CANCEL_WAIT || form == FORM_CANCEL_NOWAIT;

	if (!x)
		return;
	e.executor = (int8_t)executor;
	e.form = (uint8_t)form;
	if ((wait || w->b->shutdown_nowait) && (!cancels || w->b->shutdown_cancel) && begin(w, &e)) {
		if (cancels)
			atomic_store(&w->may_not_run[executor], true);
		world_end(w, &e, cancels ? w->b->shutdown_cancel(x, wait) : wait ? w->b->shutdown(x) : w->b->shutdown_nowait(x));
	}
	world_let_go(&w->executors[executor]);
}

void call_submit(struct world *w, int executor, int future, int kind, int operand, bool with_release)
{
	struct pp_executor *x = world_acquire(&w->executors[executor]);
	struct item *item = &w->items[future];
	struct event e = call_of(CALL_SUBMIT);
	void *f = &untouched;
	int status;

	if (!x)
		return;
	with_release = with_release && w->b->submit_with_release;
	*item = (struct item){w, w->run, future, executor, kind, operand, with_release, false, false, false, false, false};
	e.executor = (int8_t)executor;
	e.future = (int8_t)future;
	e.form = with_release;
	if (begin(w, &e)) {
		status = with_release ? w->b->submit_with_release(x, called_task, item, called_release,
								  (struct pp_future **)&f) :
				  w->b->submit(x, called_task, item, (struct pp_future **)&f);
		e.yes = f != &untouched;
		atomic_store(&item->accepted, status == PP_OK);
		world_end(w, &e, status);
		if (status == PP_OK)
			world_publish(&w->futures[future], f);
	}
	world_let_go(&w->executors[executor]);
}

void call_submit_unnamed(struct world *w, int executor)
{
	unsigned future = world_new_futures(w, 1);

	if (future < FUTURES_MAX)
		call_submit(w, executor, (int)future, TASK_RETURN, 0, false);
}

void call_future_new(struct world *w, int future)
{
	struct event e = call_of(CALL_FUTURE_NEW);
	struct pp_future *f = NULL;
	int status;

	e.future = (int8_t)future;
	if (!w->b->future_new || !begin(w, &e))
		return;
	status = w->b->future_new(&f);
	world_end(w, &e, status);
	w->is_author[future] = true;
	if (status == PP_OK)
		world_publish(&w->futures[future], f);
	if (atomic_load(&w->ending))
		call_finish(w, future);
}

void call_future_release(struct world *w, int future)
{
	struct event e = call_of(CALL_FUTURE_RELEASE);
	struct pp_future *f = w->b->future_release ? world_take_away(&w->futures[future]) : NULL;

	e.future = (int8_t)future;
	if (!f)
		return;
	if (!begin(w, &e))
		e.call = -1;
	w->b->future_release(f);
	if (e.call >= 0)
		world_end(w, &e, PP_OK);
}

void call_ask(struct world *w, struct pp_future *f, int future, enum call_kind what)
{
	bool (*entry)(struct pp_future *) = what == CALL_CANCEL	 ? w->b->cancel :
					    what == CALL_DONE	 ? w->b->done :
					    what == CALL_RUNNING ? w->b->running :
								   w->b->cancelled;
	struct event e = call_of(what);

	e.future = (int8_t)future;
	if (!entry || !begin(w, &e))
		return;
	e.yes = entry(f);
	if (what == CALL_CANCEL && e.yes)
		atomic_store(&w->items[future].may_not_run, true);
	world_end(w, &e, PP_OK);
}

void call_ask_outcome(struct world *w, struct pp_future *f, int future, enum call_kind what, double timeout)
{
	int (*entry)(struct pp_future *, double, void **) = what == CALL_RESULT ? w->b->result : w->b->exception;
	struct event e = call_of(what);
	void *outcome = &untouched;
	int status;

	e.future = (int8_t)future;
	e.timeout = timeout;
	if (!entry || !begin(w, &e))
		return;
	status = entry(f, timeout, &outcome);
	e.outcome = written(outcome);
	world_end(w, &e, status);
}

void call_ask_all(struct world *w, struct pp_future *f, int future)
{
	call_ask(w, f, future, CALL_DONE);
	call_ask(w, f, future, CALL_RUNNING);
	call_ask(w, f, future, CALL_CANCELLED);
	call_ask_outcome(w, f, future, CALL_RESULT, 0);
}

void call_add_callback(struct world *w, struct pp_future *f, int future, int kind, int operand)
{
	int n = atomic_fetch_add(&w->hook_count, 1), status;
	struct event e = call_of(CALL_ADD_CALLBACK);
	struct hook *hook = &w->hooks[n % HOOKS_MAX];

	e.future = (int8_t)future;
	if (n >= HOOKS_MAX || !w->b->add_done_callback || !begin(w, &e))
		return;
	*hook = (struct hook){w, w->run, future, e.call, kind, operand, f, world_thread(), true, false, false, false};
	status = w->b->add_done_callback(f, called_callback, hook);
	atomic_store(&hook->adding, false);
	e.yes = atomic_load(&hook->at_once);
	world_end(w, &e, status);
	hook->added = status == PP_OK;
}

void call_notify(struct world *w, struct pp_future *f, int future)
{
	struct event e = call_of(CALL_NOTIFY);
	bool run = false;
	int status;

	e.future = (int8_t)future;
	if (!w->b->set_running_or_notify_cancel || !begin(w, &e))
		return;
	status = w->b->set_running_or_notify_cancel(f, &run);
	e.yes = run;
	world_end(w, &e, status);
}

void call_set(struct world *w, struct pp_future *f, int future, enum call_kind what)
{
	int (*entry)(struct pp_future *, void *) = what == CALL_SET_RESULT ? w->b->set_result : w->b->set_exception;
	struct event e = call_of(what);

	e.future = (int8_t)future;
	e.call = (int16_t)history_call(w->h);
	if (!entry || e.call < 0)
		return;
	e.outcome = FUTURES_MAX + e.call;
	announce(w, &e);
	world_end(w, &e, entry(f, &world_tokens[e.outcome]));
}

void call_finish(struct world *w, int future)
{
	struct pp_future *f = world_acquire(&w->futures[future]);

	if (!f)
		return;
	call_notify(w, f, future);
	call_set(w, f, future, CALL_SET_RESULT);
	world_let_go(&w->futures[future]);
}

/* ---- many futures ---------------------------------------------------------------------------- */

/* Acquires what there is of set; returns how many. */
static size_t acquire_set(struct world *w, unsigned set, struct pp_future **fs, int *numbers)
{
	size_t n = 0;
	int i;

	for (i = 0; i < NAMED_MAX; i++)
		if (set >> i & 1 && (fs[n] = world_acquire(&w->futures[i])))
			numbers[n++] = i;
	return n;
}

static void let_go_of_set(struct world *w, const int *numbers, size_t n)
{
	while (n-- > 0)
		world_let_go(&w->futures[numbers[n]]);
}

static uint64_t set_of(const int *numbers, size_t n)
{
	uint64_t set = 0;

	while (n-- > 0)
		set |= UINT64_C(1) << numbers[n];
	return set;
}

void call_wait(struct world *w, unsigned set, int mode, double timeout)
{
	struct pp_future *fs[NAMED_MAX];
	bool done[NAMED_MAX] = {false};
	int numbers[NAMED_MAX];
	size_t i, n = w->b->wait ? acquire_set(w, set, fs, numbers) : 0;
	struct event e = call_of(CALL_WAIT);

	e.set = set_of(numbers, n);
	e.form = (uint8_t)mode;
	e.timeout = timeout;
	if (w->b->wait && begin(w, &e)) {
		int status = w->b->wait(fs, n, timeout, (enum pp_return_when)mode, done);

		for (i = 0; i < n; i++)
			if (done[i])
				e.done |= UINT64_C(1) << numbers[i];
		world_end(w, &e, status);
	}
	let_go_of_set(w, numbers, n);
}

static int number_of(struct pp_future *const *fs, const int *numbers, size_t n, const struct pp_future *f)
{
	while (n-- > 0)
		if (fs[n] == f)
			return numbers[n];
	return -1;
}

/* One ask of an iterator; false when it has no more to give. */
static bool ask_completed(struct world *w, const struct event *made, struct pp_completed *it,
			  struct pp_future *const *fs, const int *numbers, size_t n)
{
	struct event e = call_of(CALL_AS_COMPLETED_NEXT);
	struct pp_future *f = NULL;
	int status;

	e.of = made->call;
	e.timeout = made->timeout;
	if (!begin(w, &e))
		return false;
	status = w->b->as_completed_next(it, &f);
	if (status == PP_OK)
		e.future = (int8_t)number_of(fs, numbers, n, f);
	world_end(w, &e, status);
	return status == PP_OK;
}

void call_as_completed(struct world *w, unsigned set, unsigned asks, double timeout)
{
	struct pp_future *fs[NAMED_MAX];
	struct pp_completed *it = NULL;
	int numbers[NAMED_MAX];
	size_t n = w->b->as_completed_begin ? acquire_set(w, set, fs, numbers) : 0;
	struct event e = call_of(CALL_AS_COMPLETED_BEGIN);
	int status;

	e.set = set_of(numbers, n);
	e.timeout = timeout;
	if (w->b->as_completed_begin && begin(w, &e)) {
		status = w->b->as_completed_begin(fs, n, timeout, &it);
		world_end(w, &e, status);
		while (status == PP_OK && asks-- > 0 && ask_completed(w, &e, it, fs, numbers, n))
			;
		if (status == PP_OK)
			w->b->as_completed_end(it);
	}
	let_go_of_set(w, numbers, n);
}

struct arguments {
	struct world *world;
	int next, last;
};

static int next_argument(void *state, void **arg)
{
	struct arguments *a = state;

	if (a->next == a->last)
		return PP_STOP_ITERATION;
	*arg = &a->world->items[a->next++];
	return PP_OK;
}

static bool ask_map(struct world *w, const struct event *made, struct pp_map *it)
{
	struct event e = call_of(CALL_MAP_NEXT);
	void *outcome = &untouched;
	int status;

	e.of = made->call;
	e.timeout = PP_FOREVER;
	if (!begin(w, &e))
		return false;
	status = w->b->map_next(it, &outcome);
	e.outcome = written(outcome);
	world_end(w, &e, status);
	return status == PP_OK;
}

static void end_map(struct world *w, const struct event *made, struct pp_map *it)
{
	struct event e = call_of(CALL_MAP_END);
	int i;

	e.of = made->call;
	for (i = 0; i < made->count; i++)
		atomic_store(&w->items[made->future + i].may_not_run, true);
	if (!begin(w, &e))
		e.call = -1;
	w->b->map_end(it);
	if (e.call >= 0)
		world_end(w, &e, PP_OK);
}

void call_map(struct world *w, int executor, int kind, unsigned count, unsigned asks)
{
	unsigned first = world_new_futures(w, count), i;
	struct pp_executor *x = w->b->map_begin && first + count <= FUTURES_MAX ? world_acquire(&w->executors[executor]) : NULL;
	struct arguments arguments = {w, (int)first, (int)(first + count)};
	struct pp_source source = {next_argument, &arguments};
	struct event e = call_of(CALL_MAP_BEGIN);
	struct pp_map *it = NULL;
	void *raised = NULL;
	int status;

	if (!x)
		return;
	e.executor = (int8_t)executor;
	e.future = (int8_t)first;
	e.count = (int16_t)count;
	for (i = first; i < first + count; i++)
		w->items[i] = (struct item){w, w->run, (int)i, executor, kind, 0, false, false, false, false, false, false};
	if (begin(w, &e)) {
		status = w->b->map_begin(x, called_task, &source, PP_FOREVER, 0, &it, &raised);
		for (i = first; i < first + count; i++)
			atomic_store(&w->items[i].accepted, status == PP_OK);
		world_end(w, &e, status);
		while (status == PP_OK && asks-- > 0 && ask_map(w, &e, it))
			;
		if (status == PP_OK)
			end_map(w, &e, it);
	}
	world_let_go(&w->executors[executor]);
}
