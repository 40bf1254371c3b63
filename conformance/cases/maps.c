/* SPDX-License-Identifier: MIT */
/* maps.c: see maps.h. */
#include "maps.h"

void *const abc[3] = {(void *)1, (void *)2, (void *)3};
void *const two_three_four[3] = {(void *)2, (void *)3, (void *)4};

struct pp_map *mapped(struct pp_executor *e, pp_task *task, void *const *args, size_t count)
{
	struct pp_map *it = NULL;
	void *raised = NULL;

	EXPECT_STATUS(PP_OK, map_begin(e, task, source_of(args, count, NULL), PP_FOREVER, 0, &it, &raised));
	return it;
}

void expect_next(struct pp_map *it, int status, void *expected)
{
	void *outcome = token(4000);

	EXPECT_STATUS(status, map_next(it, &outcome));
	EXPECT_PTR(expected, outcome);
}

void expect_stop(struct pp_map *it)
{
	void *outcome;

	EXPECT_STATUS(PP_STOP_ITERATION, map_next(it, &outcome));
}

void expect_usable(struct pp_executor *e)
{
	void *outcome = NULL;

	EXPECT_STATUS(PP_OK, result(submit(e, task_return, token(9)), PP_FOREVER, &outcome));
	EXPECT_PTR(token(9), outcome);
}

int task_step(void *arg, void **outcome)
{
	struct step *s = arg;

	gate_wait(s->gate);
	*outcome = s->value;
	counter_add(s->ended, 1);
	return s->raises ? PP_RAISED : PP_OK;
}

struct counter *steps_new(void **args, int n)
{
	struct counter *ended = counter_new();

	for (int i = 0; i < n; i++) {
		struct step *s = shared_alloc(sizeof(*s));

		s->gate = gate_new();
		s->ended = ended;
		s->value = token(i);
		args[i] = s;
	}
	return ended;
}

void open_step(void *arg)
{
	struct step *s = arg;

	gate_open(s->gate);
}

void await_step(void *arg)
{
	struct step *s = arg;

	gate_await(s->gate, 1);
}

static void ask(void *arg)
{
	struct asker *a = arg;

	a->status = backend()->map_next(a->it, &a->outcome);
	counter_add(a->returned, 1);
}

void asker_start(struct asker *a)
{
	a->returned = counter_new();
	a->thread = thread_start(ask, a);
	thread_settle(a->thread);
}

int task_raise_odd(void *arg, void **outcome)
{
	*outcome = arg;
	return (unsigned long)arg & 1 ? PP_RAISED : PP_OK;
}
