/* SPDX-License-Identifier: MIT */
/* initializers.c: see initializers.h. */
#include "initializers.h"

static int initializer_of_plan(void *arg)
{
	struct plan *p = arg;
	int call = __atomic_add_fetch(&p->calls, 1, __ATOMIC_SEQ_CST);
	bool fails = p->failing == ALL || p->failing == call;

	if (fails || p->failing == NONE)
		gate_wait(p->gate);
	counter_add(p->ended, 1);
	return fails ? PP_RAISED : PP_OK;
}

struct plan *plan_new(int workers, int failing)
{
	struct plan *p = shared_alloc(sizeof(*p));

	p->failing = failing;
	p->gate = gate_new();
	p->ended = counter_new();
	p->e = executor_new_with_initializer(workers, initializer_of_plan, p);
	return p;
}

struct plan *about_to_break(struct pp_future **f, int n)
{
	struct plan *p = plan_new(1, ALL);
	int i;

	for (i = 0; i < n; i++)
		f[i] = submit(p->e, must_not_run, NULL);
	gate_await(p->gate, 1);
	return p;
}

struct plan *about_to_break_beside(struct gate **busy, struct pp_future **f, int n)
{
	struct plan *p = plan_new(2, 2);
	int i;

	*busy = hold(p->e, 1);
	for (i = 0; i < n; i++)
		f[i] = submit(p->e, must_not_run, NULL);
	gate_await(p->gate, 1);
	return p;
}

void expect_broken(struct pp_future *f)
{
	void *outcome = token(9);

	context("result of a future that was PENDING when an initializer failed");
	EXPECT_STATUS(PP_BROKEN, result(f, PP_FOREVER, &outcome));
	context("BROKEN tells no outcome, so the out parameter is left as it was");
	EXPECT_PTR(token(9), outcome);
}

struct plan *broken(struct pp_future **f)
{
	struct plan *p = about_to_break(f, 1);
	void *outcome;

	gate_open(p->gate);
	REQUIRE(result(*f, PP_FOREVER, &outcome) == PP_BROKEN);
	return p;
}

void expect_refused_or_broken(struct pp_executor *e)
{
	struct pp_future *f = NULL;
	int status = try_submit(e, must_not_run, NULL, &f);

	if (status == PP_OK) {
		expect_broken(f);
		return;
	}
	context("submit to a pool whose initializer fails was refused");
	EXPECT_STATUS(PP_BROKEN, status);
}
