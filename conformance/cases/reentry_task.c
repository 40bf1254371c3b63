/* SPDX-License-Identifier: MIT */
/* Reentry: public calls from inside a task. */
#include "deeds.h"

static int task_inside(void *arg, void **outcome)
{
	act(arg);
	*outcome = THE_VALUE;
	return PP_OK;
}

/* Submit a task of e that is to do the deed; its future is in->own. */
static void begin_task(struct inside *in)
{
	in->own = submit(in->e, task_inside, in);
	gate_await(in->ready, 1);
}

static void in_task(struct inside *in)
{
	begin_task(in);
	let(in);
}

/* The same, though it may run inside submit: for deeds that need no own future. */
static void in_task_anywhere(struct inside *in)
{
	gate_open(in->ready);
	in->own = submit(in->e, task_inside, in);
	let(in);
}

static void deed_result_of_own_at_once(struct inside *in)
{
	in->status = backend()->result(in->own, 0, &in->outcome);
}

static void deed_add_callback_to_own(struct inside *in)
{
	in->status = backend()->add_done_callback(in->own, callback_count, in->ran);
}

CASE(reentry_1_task_submits)
{
	struct inside *in = inside_new(deed_submit, executor_any());

	in_task_anywhere(in);
	expect_submitted(in);
}

/* Each task submits the next, a hundred deep. */
struct chain {
	struct pp_executor *e;
	struct counter *ran;
	struct pp_future *f[100];
};

static int task_chain(void *arg, void **outcome)
{
	struct chain *chain = arg;
	long i = counter_value(chain->ran);

	(void)outcome;
	if (i + 1 < 100)
		backend()->submit(chain->e, task_chain, chain, &chain->f[i + 1]);
	counter_add(chain->ran, 1);
	return PP_OK;
}

CASE(reentry_1_chain_of_tasks)
{
	struct chain *chain = shared_alloc(sizeof(*chain));
	int i;

	need_shared_memory();
	chain->e = executor_new(1);
	chain->ran = counter_new();
	submit(chain->e, task_chain, chain);
	counter_await(chain->ran, 100);
	shutdown_wait(chain->e);
	context("each task submitted the next one");
	EXPECT_INT(100, counter_value(chain->ran));
	for (i = 1; i < 100; i++)
		if (HAS(future_release))
			future_release(chain->f[i]);
}

CASE(reentry_2_task_waits_for_another)
{
	struct inside *in = inside_new(deed_submit_and_wait, executor_new(2));

	in_task(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

/* A task that waits for another, and then lets a third one pass. */
struct patient {
	struct pp_future *awaited;
	struct gate *ready, *third;
	int status;
};

static int task_patient(void *arg, void **outcome)
{
	struct patient *p = arg;

	gate_wait(p->ready);
	p->status = backend()->result(p->awaited, PP_FOREVER, outcome);
	gate_open(p->third);
	return PP_OK;
}

/* Work is queued that ends only after the task that waits: that task is not the place for it. */
CASE(reentry_2_task_waits_for_another_while_work_is_queued)
{
	struct pp_executor *e = executor_new(2);
	struct patient *p = shared_alloc(sizeof(*p));
	struct gate *gate = gate_new();
	struct pp_future *waiting, *third;
	void *outcome;

	need_shared_memory();
	*p = (struct patient){submit(e, task_pass_gate, gate), gate_new(), gate_new(), -1};
	gate_await(gate, 1);
	waiting = submit(e, task_patient, p);
	gate_await(p->ready, 1);
	third = submit(e, task_pass_gate, p->third);
	gate_open(p->ready);
	threads_settle();
	gate_open(gate);
	context("a task waits for one that another worker runs, while work is queued that waits for itself");
	EXPECT_STATUS(PP_OK, result(waiting, PP_FOREVER, &outcome));
	EXPECT_STATUS(PP_OK, p->status);
	EXPECT_STATUS(PP_OK, result(third, PP_FOREVER, &outcome));
}

CASE(reentry_3_task_takes_a_result)
{
	struct pp_executor *e = executor_any();
	struct inside *in = inside_new(deed_result_of_other, e);
	void *outcome;

	in->other = submit(e, task_return, THE_VALUE);
	result(in->other, PP_FOREVER, &outcome);
	in_task_anywhere(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

/* One worker, which is at the task, so what stands behind it is PENDING. */
CASE(reentry_4_task_cancels_another)
{
	struct inside *in;

	NEED(cancel);
	in = inside_new(deed_cancel_other, executor_new(1));
	begin_task(in);
	in->other = submit(in->e, must_not_run, NULL);
	let(in);
	EXPECT(in->answer);
	shutdown_wait(in->e);
	expect_in(in->other, F_NOTIFIED);
}

CASE(reentry_5_task_cannot_cancel_itself)
{
	struct inside *in;

	NEED(cancel);
	in = inside_new(deed_cancel_own, executor_new(1));
	in_task(in);
	context("a task has cancelled its own future");
	EXPECT_FALSE(in->answer);
	expect_result(in->own, F_RETURNED, PP_FOREVER);
}

CASE(reentry_6_task_adds_a_callback_to_itself)
{
	struct inside *in;

	NEED(add_done_callback);
	in = inside_new(deed_add_callback_to_own, executor_new(1));
	in_task(in);
	EXPECT_STATUS(PP_OK, in->status);
	context("a task has added a callback to its own future and not yet ended");
	EXPECT_INT(0, in->before);
	counter_await(in->ran, 1);
	EXPECT_INT(1, counter_value(in->ran));
}

CASE(reentry_7_task_asks_for_its_own_result)
{
	struct inside *in = inside_new(deed_result_of_own_at_once, executor_new(1));

	in_task(in);
	EXPECT_STATUS(PP_TIMEOUT, in->status);
	expect_result(in->own, F_RETURNED, PP_FOREVER);
}

CASE(reentry_8_task_shuts_down)
{
	struct inside *in;
	struct pp_future *f;

	NEED(shutdown_nowait);
	in = inside_new(deed_shutdown_nowait, executor_any());
	in_task_anywhere(in);
	EXPECT_STATUS(PP_OK, in->status);
	context("a task has shut its executor down");
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(in->e, must_not_run, NULL, &f));
	expect_result(in->own, F_RETURNED, PP_FOREVER);
}

CASE(reentry_9_queued_work_runs_though_a_task_shuts_down)
{
	struct inside *in;
	int i;

	NEED(shutdown_nowait);
	in = inside_new(deed_shutdown_nowait, executor_new(1));
	begin_task(in);
	for (i = 0; i < 10; i++)
		submit(in->e, task_count, in->ran);
	let(in);
	shutdown_wait(in->e);
	context("10 work items were on the queue as a task shut the executor down");
	EXPECT_INT(10, counter_value(in->ran));
}

CASE(reentry_10_task_cancels_all)
{
	struct pp_future *f[5];
	struct inside *in;
	int i;

	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	in = inside_new(deed_shutdown_cancel, executor_new(1));
	begin_task(in);
	for (i = 0; i < 5; i++)
		f[i] = submit(in->e, must_not_run, NULL);
	let(in);
	EXPECT_STATUS(PP_OK, in->status);
	shutdown_wait(in->e);
	for (i = 0; i < 5; i++)
		expect_in(f[i], F_NOTIFIED);
	expect_result(in->own, F_RETURNED, PP_FOREVER);
}

CASE(reentry_11_task_asks_shutdown_to_wait)
{
	struct inside *in = inside_new(deed_shutdown_wait, executor_new(1));
	struct pp_future *f;

	in_task(in);
	expect_result(in->own, F_RETURNED, PP_FOREVER);
	context("a task has asked its own executor to shut down and wait");
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(in->e, must_not_run, NULL, &f));
}

/* Wherever it runs, if need be inside submit. */
CASE(reentry_11_task_of_any_executor_asks_shutdown_to_wait)
{
	struct inside *in = inside_new(deed_shutdown_wait, executor_any());
	struct pp_future *f;

	in_task_anywhere(in);
	expect_result(in->own, F_RETURNED, PP_FOREVER);
	context("a task has asked its own executor to shut down and wait");
	EXPECT_STATUS(PP_SHUTDOWN, try_submit(in->e, must_not_run, NULL, &f));
}

struct visit {
	struct pp_executor *e, *other;
	int status;
};

static int task_visit_and_shut_down(void *arg, void **outcome)
{
	struct visit *v = arg;
	struct pp_future *f = NULL;
	void *ignored;

	v->status = backend()->submit(v->other, task_return, THE_VALUE, &f);
	if (v->status == PP_OK)
		v->status = backend()->result(f, PP_FOREVER, &ignored);
	drop(f);
	backend()->shutdown(v->e);
	*outcome = THE_VALUE;
	return PP_OK;
}

/* What the task has had done elsewhere does not make the executor forget whose task it is. */
CASE(reentry_11_task_that_used_another_executor_asks_shutdown_to_wait)
{
	struct visit *v = shared_alloc(sizeof(*v));

	need_shared_memory();
	v->e = executor_any();
	v->other = executor_any();
	expect_result(submit(v->e, task_visit_and_shut_down, v), F_RETURNED, PP_FOREVER);
	context("what a task was told by another executor, before it asked its own to shut down and wait");
	EXPECT_STATUS(PP_OK, v->status);
}

CASE(reentry_12_task_releases_its_executor)
{
	struct inside *in = inside_new(deed_release_executor, own_executor(1));

	in_task(in);
	context("a task has dropped the last handle on its executor");
	EXPECT_STATUS(PP_OK, in->status);
	expect_result(in->own, F_RETURNED, PP_FOREVER);
}

CASE(reentry_13_task_releases_its_future)
{
	struct inside *in = inside_new(deed_release_own, executor_new(1));

	in->own = own_submit(in->e, task_inside, in);
	let(in);
	shutdown_wait(in->e);
	context("a task has dropped the last handle on its own future");
	EXPECT_STATUS(PP_OK, in->status);
}

CASE(reentry_14_task_uses_another_executor)
{
	struct inside *in = inside_new(deed_nested_executor, executor_any());

	in_task_anywhere(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

CASE(reentry_15_task_waits_for_a_done_future)
{
	struct inside *in;

	NEED(wait);
	in = inside_new(deed_wait_for_other, executor_any());
	in->other = submitted_in(F_RETURNED, NULL);
	in_task_anywhere(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT(in->answer);
}

CASE(reentry_16_task_is_yielded_a_done_future)
{
	struct inside *in;

	NEED(as_completed_begin);
	NEED(as_completed_next);
	NEED(as_completed_end);
	in = inside_new(deed_as_completed_other, executor_any());
	in->other = submitted_in(F_RETURNED, NULL);
	in_task_anywhere(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT(in->answer);
}

CASE(reentry_17_task_maps_on_another_executor)
{
	struct inside *in;

	NEED(map_begin);
	NEED(map_next);
	NEED(map_end);
	in = inside_new(deed_map, executor_any());
	gate_open(in->ready);
	in->own = submit(executor_any(), task_inside, in);
	let(in);
	EXPECT_STATUS(PP_OK, in->status);
	EXPECT_PTR(THE_VALUE, in->outcome);
}

CASE(reentry_18_task_asks_for_the_count_of_workers)
{
	struct inside *in;

	NEED(worker_count);
	in = inside_new(deed_worker_count, executor_any());
	in_task_anywhere(in);
	context("a task has asked for the count of workers, and was answered");
	EXPECT_INT(1, counter_value(in->finished));
}

CASE(reentry_19_task_finishes_a_future)
{
	struct inside *in;

	NEED(set_result);
	in = inside_new(deed_finish_other, executor_any());
	in->other = future_new();
	in_task_anywhere(in);
	EXPECT_STATUS(PP_OK, in->status);
	expect_in(in->other, F_RETURNED);
}
