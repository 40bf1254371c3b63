/* SPDX-License-Identifier: MIT */
/* record_work.c: submit and map, and the tasks that are run for them. */
#include "recorder.h"

#include <stdlib.h>

enum { MAPS_MAX = 64, MAP_FUTURES = 12, SPARES_MAX = 1 << 16 };

struct item {
	pp_task *task;
	void *arg;
	pp_release *release;
	int future, executor;
};

/* Of a map: which arguments it has, and where they come from. */
struct map {
	_Atomic(void *) handle;
	int call, executor, first;
	unsigned event;
	int pulled;
	bool raised, too_long;
	pp_task *task;
	const struct pp_source *source;
	struct pp_source stand_in;
};

static struct item items[FUTURES_MAX];
static struct map maps[MAPS_MAX];
static atomic_int map_count;

static int run_task(void *arg, void **outcome)
{
	const struct item *item = arg;
	struct event e = rec_event(EVENT_TASK_BEGIN);
	int outer = rec_inside, status;

	e.executor = (int8_t)item->executor;
	e.future = (int8_t)item->future;
	if (item->future >= 0)
		rec_add(&e);
	rec_inside = item->executor;
	status = item->task(item->arg, outcome);
	rec_inside = outer;
	if (item->future < 0 || !rec_writes())
		return status;
	e.kind = EVENT_TASK_END;
	e.outcome = rec_token_given(*outcome);
	e.status = (int8_t)status;
	rec_add(&e);
	return status;
}

static void run_release(void *arg)
{
	const struct item *item = arg;
	struct event e = rec_event(EVENT_ARGUMENT_RELEASED);
	int outer = rec_inside;

	e.executor = (int8_t)item->executor;
	e.future = (int8_t)item->future;
	rec_add(&e);
	rec_inside = HISTORY_EXECUTORS;
	item->release(item->arg);
	rec_inside = outer;
}

/* ---- submit ---------------------------------------------------------------------------------- */

/* Returns what is to be submitted in place of task and arg; NULL if it is not followed. */
static struct item *new_item(struct event *e, struct pp_executor *x, pp_task *task, void *arg, pp_release *release)
{
	int executor = rec_executor_number(x), future = executor < 0 || !rec_writes() ? -1 : rec_numbers_for(1);

	if (future < 0)
		return NULL;
	items[future] = (struct item){task, arg, release, future, executor};
	e->executor = (int8_t)executor;
	e->future = (int8_t)future;
	e->form = release != NULL;
	return rec_begin(e) ? &items[future] : NULL;
}

static int r_submit(struct pp_executor *x, pp_task *task, void *arg, struct pp_future **out)
{
	struct event e = rec_call(CALL_SUBMIT);
	struct item *item = new_item(&e, x, task, arg, NULL);
	void *handle = &rec_untouched;
	int status = inner.submit(x, item ? run_task : task, item ? item : arg, (struct pp_future **)&handle);

	return rec_future_made(&e, status, handle, out);
}

static int r_submit_with_release(struct pp_executor *x, pp_task *task, void *arg, pp_release *release,
				 struct pp_future **out)
{
	struct event e = rec_call(CALL_SUBMIT);
	struct item *item = new_item(&e, x, task, arg, release);
	void *handle = &rec_untouched;
	int status = inner.submit_with_release(x, item ? run_task : task, item ? item : arg,
					       item && release ? run_release : release,
					       (struct pp_future **)&handle);

	return rec_future_made(&e, status, handle, out);
}

/* ---- map ------------------------------------------------------------------------------------- */

/* What is not followed is run by way of an item, too: the task is the same for all arguments. */
static struct item *spare_item(void)
{
	static struct item spares[SPARES_MAX];
	static atomic_int used;
	int i = atomic_fetch_add(&used, 1);

	if (i >= SPARES_MAX)
		abort();
	return &spares[i];
}

/* The CALL tells how many arguments there are: that is known when they have been taken. */
static int pull(void *state, void **arg)
{
	struct map *m = state;
	void *given = NULL;
	int status = m->source->next(m->source->state, &given);
	struct item *item;

	if (status != PP_OK) {
		m->raised = status == PP_RAISED;
		*arg = given;
		return status;
	}
	m->too_long = m->too_long || m->pulled == MAP_FUTURES;
	if (m->too_long) {
		rec_gap(GAP_ARGUMENTS);
		item = spare_item();
		*item = (struct item){m->task, given, NULL, -1, m->executor};
	} else {
		item = &items[m->first + m->pulled];
		*item = (struct item){m->task, given, NULL, m->first + m->pulled++, m->executor};
		if (m->event < EVENTS_MAX)
			rec->history.events[m->event].count = (int16_t)m->pulled;
	}
	*arg = item;
	return PP_OK;
}

/* NULL if it is not followed. */
static struct map *new_map(struct event *e, struct pp_executor *x, pp_task *task, const struct pp_source *source)
{
	int executor = rec_executor_number(x), first, i;

	if (executor < 0 || !rec_writes() || (first = rec_numbers_for(MAP_FUTURES)) < 0)
		return NULL;
	i = atomic_fetch_add(&map_count, 1);
	if (i >= MAPS_MAX || rec->blind >> CALL_MAP_BEGIN & 1) {
		rec_gap(GAP_FUTURES);
		return NULL;
	}
	e->executor = (int8_t)executor;
	e->future = (int8_t)first;
	e->call = (int16_t)history_call(&rec->history);
	if (e->call < 0) {
		rec_no_room(GAP_EVENTS);
		return NULL;
	}
	maps[i].call = e->call;
	maps[i].executor = executor;
	maps[i].first = first;
	maps[i].task = task;
	maps[i].source = source;
	maps[i].event = rec_add(e);
	e->kind = EVENT_RETURN;
	return &maps[i];
}

/* The numbers that it did not need, if nobody has taken more since. */
static void give_back(const struct map *m)
{
	unsigned end = (unsigned)m->first + MAP_FUTURES;

	atomic_compare_exchange_strong(&rec->history.futures, &end, (unsigned)(m->first + m->pulled));
}

static int r_map_begin(struct pp_executor *x, pp_task *task, const struct pp_source *source, double timeout,
		       size_t buffersize, struct pp_map **it, void **exception)
{
	struct event e = rec_call(CALL_MAP_BEGIN);
	struct map *m;
	int status;

	e.timeout = timeout;
	m = buffersize ? NULL : new_map(&e, x, task, source);
	if (buffersize)
		rec_gap(GAP_BUFFER);
	if (!m)
		return inner.map_begin(x, task, source, timeout, buffersize, it, exception);
	m->stand_in = (struct pp_source){pull, m};
	status = inner.map_begin(x, run_task, &m->stand_in, timeout, 0, it, exception);
	if (status == PP_OK)
		atomic_store(&m->handle, (void *)*it);
	e.count = (int16_t)m->pulled;
	e.yes = m->raised;
	rec_end(&e, status);
	give_back(m);
	return status;
}

static struct map *find_map(const struct pp_map *it)
{
	int i;

	for (i = 0; i < MAPS_MAX; i++)
		if (atomic_load(&maps[i].handle) == (const void *)it)
			return &maps[i];
	return NULL;
}

static int r_map_next(struct pp_map *it, void **out)
{
	struct map *m = find_map(it);
	struct event e = rec_call(CALL_MAP_NEXT);
	void *outcome = &rec_untouched;
	int status;

	if (m && !m->too_long) {
		e.of = (int16_t)m->call;
		rec_begin(&e);
	}
	status = inner.map_next(it, &outcome);
	if (outcome != &rec_untouched)
		*out = outcome;
	e.outcome = rec_token_got(outcome);
	rec_end(&e, status);
	return status;
}

static void r_map_end(struct pp_map *it)
{
	struct map *m = find_map(it);
	struct event e = rec_call(CALL_MAP_END);

	if (m) {
		e.of = (int16_t)m->call;
		rec_begin(&e);
		atomic_store(&m->handle, NULL);
	}
	inner.map_end(it);
	rec_end(&e, PP_OK);
}

void rec_work(struct pp_backend *table)
{
	STAND_BEFORE(table, submit);
	STAND_BEFORE(table, submit_with_release);
	STAND_BEFORE(table, map_begin);
	STAND_BEFORE(table, map_next);
	STAND_BEFORE(table, map_end);
}
