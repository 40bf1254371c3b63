/* SPDX-License-Identifier: MIT */
/* iterators.c: see iterators.h. */
#include "iterators.h"

struct four four_held(void)
{
	struct four s = {.e = executor_new(4)};

	for (int i = 0; i < 4; i++) {
		s.gates[i] = gate_new();
		s.fs[i] = submit(s.e, task_pass_gate, s.gates[i]);
	}
	for (int i = 0; i < 4; i++)
		gate_await(s.gates[i], 1);
	return s;
}

void four_finish(struct four *s, int i)
{
	void *outcome;

	gate_open(s->gates[i]);
	REQUIRE(result(s->fs[i], PP_FOREVER, &outcome) == PP_OK);
}

int place_of(struct pp_future *const *fs, int count, const struct pp_future *f)
{
	for (int i = 0; i < count; i++)
		if (fs[i] == f)
			return i;
	return -1;
}

void expect_each_once(struct pp_completed *it, struct pp_future *const *fs, int count)
{
	int *seen = shared_alloc((size_t)count * sizeof(*seen) + 1);
	struct pp_future *f = NULL;

	for (int i = 0; i < count; i++) {
		EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
		EXPECT_AT_LEAST(0, place_of(fs, count, f));
		EXPECT_INT(1, ++seen[place_of(fs, count, f)]);
	}
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

void expect_yields(struct pp_completed *it, const struct pp_future *expected)
{
	struct pp_future *f = NULL;

	EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
	EXPECT_PTR(expected, f);
}

static void take_one(void *arg)
{
	struct taker *t = arg;

	t->status = backend()->as_completed_next(t->it, &t->f);
	counter_add(t->returned, 1);
}

void taker_start(struct taker *t)
{
	t->returned = counter_new();
	t->thread = thread_start(take_one, t);
	thread_settle(t->thread);
}
