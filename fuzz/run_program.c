/* SPDX-License-Identifier: MIT */
/*
 * run_program.c: see run_program.h.
 *
 * A slot's users counts who uses its handle: ABSENT before it is made, GONE once
 * it is released.  What tasks and callbacks point at stays mapped for good, with
 * the number of its run: one that comes late, after a release of its executor,
 * finds another number and leaves no mark.  One that came in time is a guest, and the
 * run is not over before it has left.
 */
#include "run_program.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "blocked.h"
#include "inject.h"
#include "order.h"
#include "under_valgrind.h"

#define QUIET 0.001   /* seconds without an event after which the gates are opened */
#define SHORT 0.002   /* a timeout */
#define PATIENCE 10.0 /* seconds, times scale, that the end waits for threads which are not blocked */
#define HOOKS_MAX 128
#define WORLDS 64

enum { ABSENT = -1, GONE = -2 };

struct slot {
	_Atomic(void *) handle;
	atomic_int users;
};

struct item {
	struct world *world;
	unsigned run;
	int future, executor, kind, operand;
	bool with_release;
	atomic_bool accepted, begun, ended, released;
	atomic_bool may_not_run; /* it, or all of its map, was called off */
};

struct hook {
	struct world *world;
	unsigned run;
	int future, call, kind, operand;
	void *expected;
	int thread; /* that adds it */
	atomic_bool adding, at_once, called;
	bool added;
};

struct gate {
	pthread_mutex_t mu;
	pthread_cond_t opened;
	bool open; /* under mu */
};

struct maker {
	struct world *world;
	unsigned run;
	int kind, executor;
	atomic_int begun;
};

struct world {
	atomic_uint run; /* 0 when none runs */
	atomic_int guests; /* tasks, callbacks and so on of it that are under way */
	const struct pp_backend *b;
	const struct program *p;
	struct history *h;
	uint64_t seed;
	double scale;
	struct slot executors[EXECUTORS_MAX];
	struct slot futures[FUTURES_MAX];
	atomic_bool is_author[FUTURES_MAX];
	struct item items[FUTURES_MAX];
	struct hook hooks[HOOKS_MAX];
	atomic_int hook_count;
	struct maker makers[EXECUTORS_MAX];
	bool released[EXECUTORS_MAX]; /* by the program */
	struct gate gates[GATES_MAX];
	atomic_bool may_not_run[EXECUTORS_MAX]; /* not every accepted task of it does */
	atomic_int threads_left;
	atomic_bool ending; /* no future of the author's half is to stay PENDING */
};

/* Tokens stand for themselves; a future's task gives that of its own number. */
static char tokens[FUTURES_MAX + CALLS_MAX];

static struct world worlds[WORLDS];
static unsigned runs;
static atomic_int thread_count;
static _Thread_local int thread_number;
static _Thread_local int inside = -1; /* the executor whose task, callback or initializer this is */
static _Thread_local const struct op *failing; /* for the next call of this thread; or NULL */

double run_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int me(void)
{
	if (!thread_number)
		thread_number = 10 + atomic_fetch_add_explicit(&thread_count, 1, memory_order_relaxed) % 30000;
	return thread_number;
}

static int outcome_number(const void *pointer)
{
	const char *p = pointer;

	return p >= tokens && p < tokens + sizeof(tokens) ? (int)(p - tokens) : OUTCOME_FOREIGN;
}

/* An output that is to be left as it is holds this. */
static char untouched;

static int written(const void *pointer)
{
	return pointer == &untouched ? OUTCOME_UNWRITTEN : outcome_number(pointer);
}

/* ---- under the explorer -------------------------------------------------------------- */

#define SCHEDULE_HOOK __attribute__((weak, visibility("default")))

void pp_schedule_begin(void) SCHEDULE_HOOK;
void pp_schedule_touch(const void *p) SCHEDULE_HOOK;
void pp_schedule_idle(void) SCHEDULE_HOOK;

/* What our threads share without a lock, so that its order is explored, too. */
static void touch(const void *p)
{
	if (pp_schedule_touch)
		pp_schedule_touch(p);
}

/* What comes before is done in one order. */
static void explore_from_here(void)
{
	if (pp_schedule_begin)
		pp_schedule_begin();
}

/* ---- events --------------------------------------------------------------------- */

static struct event event_of(enum event_kind kind)
{
	return event_blank(kind, inside, me());
}

static void add(struct world *w, struct event *e)
{
	touch(w->h);
	e->time = run_now();
	history_add(w->h, e);
}

static struct event call_of(enum call_kind what)
{
	struct event e = event_of(EVENT_CALL);

	e.what = (uint8_t)what;
	return e;
}

/* From here to end the backend has the thread, and of what it asks for it may get nothing. */
static void announce(struct world *w, struct event *e)
{
	const struct op *fail = failing;

	failing = NULL;
	if (fail) {
		e->request = (uint8_t)request_of(fail);
		e->lasting = is_lasting(fail);
	}
	add(w, e);
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

static void end(struct world *w, struct event *e, int status)
{
	e->failed = e->request && inject_disarm();
	e->status = (int8_t)status;
	add(w, e);
}

/* ---- slots ------------------------------------------------------------------------- */

static void *acquire(struct slot *s)
{
	int n;

	touch(s);
	n = atomic_load(&s->users);

	while (n >= 0)
		if (atomic_compare_exchange_weak(&s->users, &n, n + 1)) {
			valgrind_take_over(s);
			return atomic_load(&s->handle);
		}
	return NULL;
}

static void let_go(struct slot *s)
{
	valgrind_hand_over(s);
	touch(s);
	atomic_fetch_sub(&s->users, 1);
}

static void publish(struct slot *s, void *handle)
{
	valgrind_hand_over(s);
	touch(s);
	atomic_store(&s->handle, handle);
	atomic_store(&s->users, 0);
}

/* The handle, for the caller alone, who releases it. */
static void *take_away(struct slot *s)
{
	int none = 0;

	touch(s);
	if (!atomic_compare_exchange_strong(&s->users, &none, GONE))
		return NULL;
	valgrind_take_over(s);
	return atomic_load(&s->handle);
}

/* ---- gates ---------------------------------------------------------------------------- */

static void gate_wait(struct gate *g)
{
	pthread_mutex_lock(&g->mu);
	while (!g->open)
		pthread_cond_wait(&g->opened, &g->mu);
	pthread_mutex_unlock(&g->mu);
}

static void gate_open(struct gate *g)
{
	pthread_mutex_lock(&g->mu);
	g->open = true;
	pthread_cond_broadcast(&g->opened);
	pthread_mutex_unlock(&g->mu);
}

/* ---- calls ---------------------------------------------------------------------------------- */

static int task(void *arg, void **outcome);
static int callback(struct pp_future *f, void *arg);
static void release(void *arg);
static int initializer(void *arg);

static void finish_author(struct world *w, int future);

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

static void do_submit(struct world *w, int executor, int future, int kind, int operand, bool with_release)
{
	struct pp_executor *x = acquire(&w->executors[executor]);
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
		status = with_release ? w->b->submit_with_release(x, task, item, release, (struct pp_future **)&f) :
				  w->b->submit(x, task, item, (struct pp_future **)&f);
		e.yes = f != &untouched;
		atomic_store(&item->accepted, status == PP_OK);
		end(w, &e, status);
		if (status == PP_OK)
			publish(&w->futures[future], f);
	}
	let_go(&w->executors[executor]);
}

/* The first of n numbers for futures that no operation names. */
static unsigned new_futures(struct world *w, unsigned n)
{
	touch(w->h);
	return atomic_fetch_add(&w->h->futures, n);
}

static void do_submit_unnamed(struct world *w, int executor)
{
	unsigned future = new_futures(w, 1);

	if (future < FUTURES_MAX)
		do_submit(w, executor, (int)future, TASK_RETURN, 0, false);
}

static void do_future_new(struct world *w, int future)
{
	struct event e = call_of(CALL_FUTURE_NEW);
	struct pp_future *f = NULL;
	int status;

	e.future = (int8_t)future;
	if (!w->b->future_new || !begin(w, &e))
		return;
	status = w->b->future_new(&f);
	end(w, &e, status);
	w->is_author[future] = true;
	if (status == PP_OK)
		publish(&w->futures[future], f);
	if (atomic_load(&w->ending))
		finish_author(w, future);
}

/* The calls that ask one future, which is borrowed. */
static void ask_bool(struct world *w, struct pp_future *f, int future, enum call_kind what)
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
	end(w, &e, PP_OK);
}

static double timeout_of(int kind)
{
	return kind == TIMEOUT_FOREVER ? PP_FOREVER : kind == TIMEOUT_ZERO ? 0 : SHORT;
}

static void ask_outcome(struct world *w, struct pp_future *f, int future, enum call_kind what, double timeout)
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
	end(w, &e, status);
}

static void do_notify(struct world *w, struct pp_future *f, int future)
{
	struct event e = call_of(CALL_NOTIFY);
	bool run = false;
	int status;

	e.future = (int8_t)future;
	if (!w->b->set_running_or_notify_cancel || !begin(w, &e))
		return;
	status = w->b->set_running_or_notify_cancel(f, &run);
	e.yes = run;
	end(w, &e, status);
}

static void do_set(struct world *w, struct pp_future *f, int future, enum call_kind what)
{
	int (*entry)(struct pp_future *, void *) = what == CALL_SET_RESULT ? w->b->set_result : w->b->set_exception;
	struct event e = call_of(what);

	e.future = (int8_t)future;
	e.call = (int16_t)history_call(w->h);
	if (!entry || e.call < 0)
		return;
	e.outcome = FUTURES_MAX + e.call;
	announce(w, &e);
	end(w, &e, entry(f, &tokens[e.outcome]));
}

/* Take it from whatever state to a done one, and have a cancellation noticed. */
static void finish_author(struct world *w, int future)
{
	struct pp_future *f = acquire(&w->futures[future]);

	if (!f)
		return;
	do_notify(w, f, future);
	do_set(w, f, future, CALL_SET_RESULT);
	let_go(&w->futures[future]);
}

static void do_add_callback(struct world *w, struct pp_future *f, int future, int kind, int operand)
{
	int n = atomic_fetch_add(&w->hook_count, 1), status;
	struct event e = call_of(CALL_ADD_CALLBACK);
	struct hook *hook = &w->hooks[n % HOOKS_MAX];

	e.future = (int8_t)future;
	if (n >= HOOKS_MAX || !w->b->add_done_callback || !begin(w, &e))
		return;
	*hook = (struct hook){w, w->run, future, e.call, kind, operand, f, me(), true, false, false, false};
	status = w->b->add_done_callback(f, callback, hook);
	atomic_store(&hook->adding, false);
	e.yes = atomic_load(&hook->at_once);
	end(w, &e, status);
	hook->added = status == PP_OK;
}

static void do_shutdown(struct world *w, int executor, int form)
{
	struct pp_executor *x = acquire(&w->executors[executor]);
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
		end(w, &e, cancels ? w->b->shutdown_cancel(x, wait) : wait ? w->b->shutdown(x) : w->b->shutdown_nowait(x));
	}
	let_go(&w->executors[executor]);
}

static void do_executor_release(struct world *w, int executor)
{
	struct event e = call_of(CALL_EXECUTOR_RELEASE);
	struct pp_executor *x = w->b->executor_release ? take_away(&w->executors[executor]) : NULL;

	e.executor = (int8_t)executor;
	if (!x)
		return;
	w->released[executor] = true;
	if (!begin(w, &e))
		e.call = -1;
	w->b->executor_release(x);
	if (e.call >= 0)
		end(w, &e, PP_OK);
}

static void do_future_release(struct world *w, int future)
{
	struct event e = call_of(CALL_FUTURE_RELEASE);
	struct pp_future *f = w->b->future_release ? take_away(&w->futures[future]) : NULL;

	e.future = (int8_t)future;
	if (!f)
		return;
	if (!begin(w, &e))
		e.call = -1;
	w->b->future_release(f);
	if (e.call >= 0)
		end(w, &e, PP_OK);
}

static void do_executor_new(struct world *w, int executor, int workers, int init)
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
	status = init ? w->b->executor_new_with_initializer(workers, initializer, m, (struct pp_executor **)&x) :
			w->b->executor_new(workers, (struct pp_executor **)&x);
	e.yes = x != &untouched;
	end(w, &e, status);
	if (status == PP_OK)
		publish(&w->executors[executor], x);
}

/* ---- calls on many futures ----------------------------------------------------------------------- */

/* Acquires what there is of set; returns how many. */
static size_t acquire_set(struct world *w, unsigned set, struct pp_future **fs, int *numbers)
{
	size_t n = 0;
	int i;

	for (i = 0; i < NAMED_MAX; i++)
		if (set >> i & 1 && (fs[n] = acquire(&w->futures[i])))
			numbers[n++] = i;
	return n;
}

static void let_go_of_set(struct world *w, const int *numbers, size_t n)
{
	while (n-- > 0)
		let_go(&w->futures[numbers[n]]);
}

static uint64_t set_of(const int *numbers, size_t n)
{
	uint64_t set = 0;

	while (n-- > 0)
		set |= UINT64_C(1) << numbers[n];
	return set;
}

static void do_wait(struct world *w, unsigned set, int mode, double timeout)
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
		end(w, &e, status);
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
	end(w, &e, status);
	return status == PP_OK;
}

static void do_as_completed(struct world *w, unsigned set, unsigned asks, double timeout)
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
		end(w, &e, status);
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
	end(w, &e, status);
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
		end(w, &e, PP_OK);
}

static void do_map(struct world *w, int executor, int kind, unsigned count, unsigned asks)
{
	unsigned first = new_futures(w, count), i;
	struct pp_executor *x = w->b->map_begin && first + count <= FUTURES_MAX ? acquire(&w->executors[executor]) : NULL;
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
		status = w->b->map_begin(x, task, &source, PP_FOREVER, 0, &it, &raised);
		for (i = first; i < first + count; i++)
			atomic_store(&w->items[i].accepted, status == PP_OK);
		end(w, &e, status);
		while (status == PP_OK && asks-- > 0 && ask_map(w, &e, it))
			;
		if (status == PP_OK)
			end_map(w, &e, it);
	}
	let_go(&w->executors[executor]);
}

/* ---- what the backend calls --------------------------------------------------------------------------- */

static void ask_of(struct world *w, struct pp_future *f, int future)
{
	ask_bool(w, f, future, CALL_DONE);
	ask_bool(w, f, future, CALL_RUNNING);
	ask_bool(w, f, future, CALL_CANCELLED);
	ask_outcome(w, f, future, CALL_RESULT, 0);
}

/* Use a future by its number, if it is there. */
static struct pp_future *named(struct world *w, int operand, int *future)
{
	size_t n = program_futures(w->p);

	*future = n ? (int)((size_t)operand % n) : 0;
	return n ? acquire(&w->futures[*future]) : NULL;
}

static void cancel_named(struct world *w, int operand)
{
	int future;
	struct pp_future *f = named(w, operand, &future);

	if (!f)
		return;
	ask_bool(w, f, future, CALL_CANCEL);
	let_go(&w->futures[future]);
}

static void ask_own(struct world *w, int future)
{
	struct pp_future *f = acquire(&w->futures[future]);

	if (!f)
		return;
	ask_of(w, f, future);
	let_go(&w->futures[future]);
}

static void task_body(struct world *w, const struct item *item)
{
	int executor = item->operand % EXECUTORS_MAX;

	switch (item->kind) {
	case TASK_GATE:
	case TASK_GATE_RAISE:
		gate_wait(&w->gates[item->operand % GATES_MAX]);
		break;
	case TASK_OPEN:
		gate_open(&w->gates[item->operand % GATES_MAX]);
		break;
	case TASK_SUBMIT:
		do_submit_unnamed(w, executor);
		break;
	case TASK_CANCEL:
		cancel_named(w, item->operand);
		break;
	case TASK_ASK:
		ask_own(w, item->future);
		break;
	case TASK_SHUTDOWN:
		do_shutdown(w, executor, FORM_NOWAIT);
		break;
	case TASK_SHUTDOWN_CANCEL:
		do_shutdown(w, executor, FORM_CANCEL_NOWAIT);
		break;
	case TASK_RELEASE_EXECUTOR:
		do_executor_release(w, executor);
		break;
	}
}

static int task(void *arg, void **outcome)
{
	struct item *item = arg;
	struct world *w = item->world;
	struct event e = event_of(EVENT_TASK_BEGIN);
	int outer = inside;

	if (!enter(w, item->run))
		return PP_OK;
	e.executor = (int8_t)item->executor;
	e.future = (int8_t)item->future;
	add(w, &e);
	atomic_store(&item->begun, true);
	inside = item->executor;
	inject_pause();
	task_body(w, item);
	inject_resume();
	inside = outer;
	e.kind = EVENT_TASK_END;
	e.outcome = item->future;
	*outcome = &tokens[item->future];
	end(w, &e, item->kind == TASK_RAISE || item->kind == TASK_GATE_RAISE ? PP_RAISED : PP_OK);
	atomic_store(&item->ended, true); /* and that is in the history */
	leave(w);
	return e.status;
}

static void release(void *arg)
{
	struct item *item = arg;
	struct event e = event_of(EVENT_ARGUMENT_RELEASED);

	if (!enter(item->world, item->run))
		return;
	e.executor = (int8_t)item->executor;
	e.future = (int8_t)item->future;
	add(item->world, &e);
	atomic_store(&item->released, true);
	leave(item->world);
}

static void callback_body(struct world *w, struct pp_future *f, const struct hook *hook)
{
	switch (hook->kind) {
	case CALLBACK_ASK:
		ask_of(w, f, hook->future);
		break;
	case CALLBACK_ADD:
		do_add_callback(w, f, hook->future, CALLBACK_COUNT, 0);
		break;
	case CALLBACK_SUBMIT:
		do_submit_unnamed(w, hook->operand % EXECUTORS_MAX);
		break;
	case CALLBACK_CANCEL:
		cancel_named(w, hook->operand);
		break;
	case CALLBACK_SHUTDOWN:
		do_shutdown(w, hook->operand % EXECUTORS_MAX, FORM_NOWAIT);
		break;
	}
}

static int callback(struct pp_future *f, void *arg)
{
	struct hook *hook = arg;
	struct world *w = hook->world;
	struct event e = event_of(EVENT_CALLBACK_BEGIN);
	int outer = inside;

	if (!enter(w, hook->run))
		return PP_OK;
	if (hook->thread == me() && atomic_load(&hook->adding))
		atomic_store(&hook->at_once, true);
	e.future = (int8_t)hook->future;
	e.call = (int16_t)hook->call;
	e.yes = f == hook->expected;
	add(w, &e);
	inside = HISTORY_EXECUTORS;
	inject_pause();
	callback_body(w, f, hook);
	inject_resume();
	inside = outer;
	e.kind = EVENT_CALLBACK_END;
	add(w, &e);
	atomic_store(&hook->called, true);
	leave(w);
	return hook->kind == CALLBACK_RAISE ? PP_RAISED : PP_OK;
}

static int initializer(void *arg)
{
	struct maker *m = arg;
	struct event e = event_of(EVENT_INIT_BEGIN);
	int n = atomic_fetch_add(&m->begun, 1);

	if (!enter(m->world, m->run))
		return PP_OK;
	e.executor = (int8_t)m->executor;
	add(m->world, &e);
	e.kind = EVENT_INIT_END;
	end(m->world, &e, m->kind == INIT_FAIL || (m->kind == INIT_SECOND_FAILS && n == 1) ? PP_RAISED : PP_OK);
	leave(m->world);
	return e.status;
}

/* ---- the threads of the program ------------------------------------------------------------------------- */

static void op_on_future(struct world *w, const struct op *op, struct pp_future *f)
{
	int future = op->operands[0];
	bool author = w->is_author[future];

	switch (op->code) {
	case OP_CANCEL:
		ask_bool(w, f, future, CALL_CANCEL);
		break;
	case OP_RESULT:
		ask_outcome(w, f, future, CALL_RESULT, timeout_of(op->operands[1]));
		break;
	case OP_EXCEPTION:
		ask_outcome(w, f, future, CALL_EXCEPTION, timeout_of(op->operands[1]));
		break;
	case OP_DONE:
		ask_bool(w, f, future, CALL_DONE);
		break;
	case OP_RUNNING:
		ask_bool(w, f, future, CALL_RUNNING);
		break;
	case OP_CANCELLED:
		ask_bool(w, f, future, CALL_CANCELLED);
		break;
	case OP_ADD_CALLBACK:
		do_add_callback(w, f, future, op->operands[1], op->operands[2]);
		break;
	case OP_NOTIFY:
		if (author)
			do_notify(w, f, future);
		break;
	case OP_SET_RESULT:
	case OP_SET_EXCEPTION:
		if (author)
			do_set(w, f, future, op->code == OP_SET_RESULT ? CALL_SET_RESULT : CALL_SET_EXCEPTION);
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
		do_submit(w, o[0], program_future_of(w->p, i), o[1], o[2], op->code == OP_SUBMIT_WITH_RELEASE);
		break;
	case OP_WAIT:
		do_wait(w, o[0], o[1], timeout_of(o[2]));
		break;
	case OP_AS_COMPLETED:
		do_as_completed(w, o[0], o[1], timeout_of(o[2]));
		break;
	case OP_MAP:
		do_map(w, o[0], o[1], map_arguments(o[2]), map_asks(o[2]));
		break;
	case OP_FUTURE_NEW:
		do_future_new(w, program_future_of(w->p, i));
		break;
	case OP_SHUTDOWN:
		do_shutdown(w, o[0], o[1]);
		break;
	case OP_EXECUTOR_RELEASE:
		do_executor_release(w, o[0]);
		break;
	case OP_FUTURE_RELEASE:
		do_future_release(w, o[0]);
		break;
	case OP_EXECUTOR_NEW:
		do_executor_new(w, o[0], workers_of(o[1]), o[2]);
		break;
	case OP_OPEN:
		gate_open(&w->gates[o[0]]);
		break;
	case OP_YIELD:
		sched_yield();
		break;
	case OP_FAIL: /* see run_part */
		break;
	default:
		f = acquire(&w->futures[o[0]]);
		if (f) {
			op_on_future(w, op, f);
			let_go(&w->futures[o[0]]);
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

	thread_number = (int)part->thread + 1;
	for (i = 0; i < w->p->count; i++)
		if (w->p->ops[i].thread == part->thread) {
			if (part->thread && !pp_schedule_begin)
				delay(&random);
			failing = may_fail ? program_fail_of(w->p, i) : NULL;
			run_op(w, i);
		}
	failing = NULL;
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
		gate_open(&w->gates[i]);
	for (i = 0; i < NAMED_MAX; i++)
		if (w->is_author[i])
			finish_author(w, i);
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
		struct pp_future *f = was_never_made(&w->futures[i]) ? NULL : acquire(&w->futures[i]);

		if (!f)
			continue;
		ask_outcome(w, f, i, CALL_RESULT, PP_FOREVER);
		ask_of(w, f, i);
		let_go(&w->futures[i]);
	}
}

static void clean_up(struct world *w)
{
	int i;

	open_gates(w);
	for (i = 0; i < EXECUTORS_MAX; i++)
		do_shutdown(w, i, FORM_WAIT);
	ask_all(w);
	await(w, all_has_come);
	for (i = 0; i < FUTURES_MAX; i++)
		if (!was_never_made(&w->futures[i]))
			do_future_release(w, i);
	for (i = 0; i < EXECUTORS_MAX; i++)
		do_executor_release(w, i);
}

static void destroy_gates(struct world *w)
{
	int i;

	for (i = 0; i < GATES_MAX; i++) {
		pthread_mutex_destroy(&w->gates[i].mu);
		pthread_cond_destroy(&w->gates[i].opened);
	}
}

static struct world *world_new(const struct running *r)
{
	unsigned number = ++runs;
	struct world *w = &worlds[number % WORLDS];
	int i;

	if (number > WORLDS)
		destroy_gates(w);
	memset(w, 0, sizeof(*w));
	w->b = r->backend;
	w->p = r->program;
	w->h = r->history;
	w->seed = r->seed;
	w->scale = r->scale;
	for (i = 0; i < EXECUTORS_MAX; i++)
		atomic_store(&w->executors[i].users, ABSENT);
	for (i = 0; i < FUTURES_MAX; i++)
		atomic_store(&w->futures[i].users, ABSENT);
	for (i = 0; i < GATES_MAX; i++) {
		pthread_mutex_init(&w->gates[i].mu, NULL);
		pthread_cond_init(&w->gates[i].opened, NULL);
	}
	atomic_store(&w->run, number);
	return w;
}

void run_programs_open(void)
{
	valgrind_unordered(worlds, sizeof(worlds));
	valgrind_unordered(&thread_count, sizeof(thread_count));
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
	thread_number = 1;
	for (i = 0; i < r->program->count; i++)
		if (r->program->ops[i].thread > last)
			last = r->program->ops[i].thread;
	do_executor_new(w, 0, r->program->workers, r->program->initializer);
	if (last == 0)
		explore_from_here();
	run_threads(w, 0, 0);
	if (last > 0) {
		explore_from_here();
		run_threads(w, 1, last);
	}
	t = (unsigned)me();
	clean_up(w);
	e = event_of(EVENT_THE_END);
	e.thread = (int16_t)t;
	add(w, &e);
	atomic_store(&w->run, 0);
	if (!all_have_left(w))
		await(w, all_have_left);
}
