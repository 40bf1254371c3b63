/* SPDX-License-Identifier: MIT */
/*
 * injection.c: RESOURCE once more, one request for memory or a thread at a time.
 *
 * resources.c narrows the address space, and leaves it to chance which request
 * finds nothing.  Here, of the thread that makes a call, the first request fails,
 * then the second, and so on, until the call goes through without a failure;
 * once with the later ones granted, and once with those refused as well.  Each
 * time what was refused must not happen, what was accepted must, and the
 * executor work as before.
 */
#include "inject.h"
#include "resources.h"


/* ---- one failure after the other ------------------------------------------------ */

/* What is done over and over. */
struct deed {
	const char *name;
	int (*act)(void *scene);		 /* under failures; what the entry returned */
	void (*undo)(void *scene);		 /* an act that returned PP_OK */
	void (*judge)(void *scene, bool done); /* NULL, or after each; done if PP_OK */
	bool leaves;				 /* what it cancels may stay on the work queue */
};

static int act_failing(const struct deed *d, void *scene, int nth, bool lasting, bool *failed)
{
	int status;

	inject_arm(nth, lasting);
	status = d->act(scene);
	*failed = inject_disarm();
	return status;
}

#define BATCH 32

/* By how many blocks of memory a batch of refusals grows; 0 unless all are. */
static long growth(const struct deed *d, void *scene, int nth, bool lasting)
{
	long before = inject_blocks();
	bool failed;
	int i;

	for (i = 0; i < BATCH; i++)
		if (act_failing(d, scene, nth, lasting, &failed) == PP_OK) {
			d->undo(scene);
			return 0;
		}
	return inject_blocks() - before;
}

/* The first batch may fill a store that the executor keeps. */
static void expect_nothing_kept(const struct deed *d, void *scene, int nth, bool lasting)
{
	long grown[3], kept;
	int i;

	for (i = 0; i < 3; i++)
		grown[i] = growth(d, scene, nth, lasting);
	kept = grown[1] < grown[2] ? grown[1] : grown[2];
	context("%s, refused %d times, request number %d failing each time: blocks of memory left behind, "
		"in each of two such rows", d->name, BATCH, nth);
	EXPECT_AT_MOST(BATCH - 1, kept);
}

static void expect_as_promised(const struct deed *d, void *scene, int nth, bool lasting, int status)
{
	const char *all = lasting ? " and all after it" : "";

	context("%s, whose request number %d%s for memory or a thread fails", d->name, nth, all);
	EXPECT_STATUS(status == PP_OK ? PP_OK : PP_NO_RESOURCES, status);
	if (d->judge)
		d->judge(scene, status == PP_OK);
	if (status == PP_OK)
		d->undo(scene);
	else if (!d->leaves)
		expect_nothing_kept(d, scene, nth, lasting);
}

static void sweep(const struct deed *d, void *scene, bool lasting)
{
	bool failed = true;
	int nth, status;

	for (nth = 1; failed; nth++) {
		status = act_failing(d, scene, nth, lasting, &failed);
		if (failed) {
			expect_as_promised(d, scene, nth, lasting, status);
			continue;
		}
		context("%s, when %d requests for memory or a thread have failed and this time none does",
			d->name, nth - 1);
		EXPECT_STATUS(PP_OK, status);
		if (d->judge)
			d->judge(scene, true);
		d->undo(scene);
	}
}

static void exhaust(const struct deed *d, void *scene)
{
	sweep(d, scene, false);
	sweep(d, scene, true);
}

/* ---- submit ----------------------------------------------------------------------- */

/* An executor for each attempt: what is due of its workers is due to the first submit. */
struct submission {
	struct pp_executor *e;
	struct pp_future *f;
	int held;  /* workers that are at the gate before the submit */
	bool idle; /* they have come through it, and have nothing to do */
	struct gate *gate;
	bool with_release;
	struct counter *told; /* by the task, and by the release function */
};

static struct submission *submission_new(int held, bool idle, bool with_release)
{
	struct submission *s = shared_alloc(sizeof(*s));

	s->held = held;
	s->idle = idle;
	s->with_release = with_release;
	return s;
}

static void submission_begin(struct submission *s)
{
	s->e = executor_new(2);
	s->gate = s->held ? hold(s->e, s->held) : gate_new();
	if (s->idle) {
		gate_open(s->gate);
		threads_settle();
	}
	s->told = counter_new();
}

static int do_submit(void *scene)
{
	struct submission *s = scene;

	if (s->with_release)
		return backend()->submit_with_release(s->e, task_count, s->told, release_count, &s->f);
	return backend()->submit(s->e, task_count, s->told, &s->f);
}

static void undo_submit(void *scene)
{
	struct submission *s = scene;

	drop(s->f);
}

static const struct deed submitting = {"submit", do_submit, undo_submit, NULL, false};

/* One attempt; false if there is no nth request. */
static bool try_nth(struct submission *s, int nth, bool lasting)
{
	bool failed;
	int status;

	submission_begin(s);
	s->f = NULL;
	status = act_failing(&submitting, s, nth, lasting, &failed);
	context("submit, whose request number %d%s for memory or a thread %s", nth,
		lasting ? " and all after it" : "", failed ? "fails" : "does not fail, as there is none");
	EXPECT_STATUS(failed && status == PP_NO_RESOURCES ? PP_NO_RESOURCES : PP_OK, status);
	if (status != PP_OK)
		EXPECT_PTR(NULL, s->f);
	gate_open(s->gate);
	if (status == PP_OK) /* nobody has to submit more for it */
		counter_await(s->told, s->with_release ? 2 : 1);
	context("the executor after a submit whose request number %d failed", nth);
	expect_two_workers(s->e);
	EXPECT_STATUS(PP_OK, shutdown_wait(s->e));
	context("runs%s of a task whose submit, its request number %d failing, was %s",
		s->with_release ? " and releases" : "", nth, status == PP_OK ? "accepted" : "refused");
	EXPECT_INT(status != PP_OK ? 0 : s->with_release ? 2 : 1, counter_value(s->told));
	if (status == PP_OK)
		drop(s->f);
	if (HAS(executor_release))
		executor_release(s->e);
	return failed;
}

static void exhaust_submit(int held, bool idle, bool with_release)
{
	struct submission *s;
	int nth, lasting;

	need_injection();
	NEED(future_release);
	s = submission_new(held, idle, with_release);
	for (lasting = 0; lasting < 2; lasting++)
		for (nth = 1; try_nth(s, nth, lasting); nth++)
			;
}

/* RESOURCE-17: the first work of an executor. */
CASE(resource_17_submit_to_a_new_executor)
{
	exhaust_submit(0, false, false);
}

/* RESOURCE-17: a second worker is due, or the work waits for the first. */
CASE(resource_17_submit_behind_a_held_worker)
{
	exhaust_submit(1, false, false);
}

CASE(resource_17_submit_with_release)
{
	NEED(submit_with_release);
	exhaust_submit(0, false, true);
}

/* RESOURCE-6: a worker is claimed for what is then refused. */
CASE(resource_6_each_request_of_submit_to_idle_workers)
{
	exhaust_submit(2, true, false);
}

CASE(resource_6_each_request_of_submit_to_idle_workers_with_release)
{
	NEED(submit_with_release);
	exhaust_submit(2, true, true);
}

static void refuse_over_and_over(int held)
{
	struct submission *s;

	need_injection();
	NEED(future_release);
	s = submission_new(held, false, false);
	submission_begin(s);
	exhaust(&submitting, s);
	gate_open(s->gate);
	expect_two_workers(s->e);
	EXPECT_STATUS(PP_OK, shutdown_wait(s->e));
}

/* RESOURCE-17: as often as it is refused, in the same executor, whose workers are there and held. */
CASE(resource_17_refused_over_and_over)
{
	refuse_over_and_over(2);
}

/* RESOURCE-17: the same, and each time a second worker is due. */
CASE(resource_17_refused_over_and_over_while_a_worker_is_due)
{
	refuse_over_and_over(1);
}

/* ---- to make an executor ------------------------------------------------------------ */

struct making {
	int form; /* 0 plain, 1 with an initializer, 2 with names */
	struct pp_executor *e;
};

static int do_make(void *scene)
{
	struct making *m = scene;

	m->e = token(1);
	switch (m->form) {
	case 1:
		return backend()->executor_new_with_initializer(3, initializer_count, counter_new(), &m->e);
	case 2:
		return backend()->executor_new_named(3, "prefix", &m->e);
	default:
		return backend()->executor_new(3, &m->e);
	}
}

static void judge_make(void *scene, bool done)
{
	struct making *m = scene;
	struct pp_future *f = NULL;
	void *outcome = NULL;

	if (!done) {
		EXPECT_PTR(token(1), m->e);
		return;
	}
	EXPECT_STATUS(PP_OK, backend()->submit(m->e, task_return, token(2), &f));
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_PTR(token(2), outcome);
	drop(f);
}

static void undo_make(void *scene)
{
	struct making *m = scene;

	EXPECT_STATUS(PP_OK, backend()->shutdown(m->e));
	if (HAS(executor_release))
		backend()->executor_release(m->e);
}

/* The threads that are left behind are found when the case has ended. */
static void exhaust_make(int form)
{
	static const struct deed deed = {"executor_new", do_make, undo_make, judge_make, false};
	struct making m = {.form = form};

	need_injection();
	exhaust(&deed, &m);
}

CASE(resource_18_executor_new)
{
	exhaust_make(0);
}

CASE(resource_18_executor_new_with_initializer)
{
	NEED(executor_new_with_initializer);
	exhaust_make(1);
}

CASE(resource_18_executor_new_named)
{
	NEED(executor_new_named);
	exhaust_make(2);
}

/* ---- futures, one and many ------------------------------------------------------------ */

struct crowd {
	struct pp_executor *e;
	struct gate *gate;
	struct pp_future *fs[100]; /* the even ones done, the odd ones held */
	struct pp_future *fresh;
	struct pp_completed *it;
	struct counter *called;
	long added;
	bool told[100];
};

static struct crowd *crowd_new(void)
{
	struct crowd *c = shared_alloc(sizeof(*c));
	struct pp_future *held, *done;
	void *outcome;
	int i;

	need_injection();
	c->e = executor_new(2);
	c->gate = gate_new();
	c->called = counter_new();
	held = submit(c->e, task_pass_gate, c->gate);
	gate_await(c->gate, 1);
	done = submit(c->e, task_return, token(1));
	REQUIRE(result(done, PP_FOREVER, &outcome) == PP_OK);
	for (i = 0; i < 100; i++)
		c->fs[i] = i % 2 ? held : done;
	return c;
}

static void keep(void *scene)
{
	(void)scene;
}

static int do_future_new(void *scene)
{
	struct crowd *c = scene;

	return backend()->future_new(&c->fresh);
}

static void undo_future_new(void *scene)
{
	struct crowd *c = scene;

	backend()->future_release(c->fresh);
}

/* RESOURCE-8: each request of future_new fails in turn. */
CASE(resource_8_each_request_of_future_new)
{
	static const struct deed deed = {"future_new", do_future_new, undo_future_new, NULL, false};

	NEED(future_new);
	NEED(future_release);
	need_injection();
	struct crowd c = {0};

	exhaust(&deed, &c);
}

static int do_wait(void *scene)
{
	struct crowd *c = scene;

	return backend()->wait(c->fs, 100, 0, PP_ALL_COMPLETED, c->told);
}

static void judge_wait(void *scene, bool done)
{
	struct crowd *c = scene;

	if (!done)
		return;
	EXPECT(c->told[0]);
	EXPECT_FALSE(c->told[1]);
}

/* RESOURCE-9: each request of wait fails in turn. */
CASE(resource_9_each_request_of_wait)
{
	static const struct deed deed = {"wait", do_wait, keep, judge_wait, false};

	NEED(wait);
	struct crowd *c = crowd_new();

	exhaust(&deed, c);
	gate_open(c->gate);
	context("wait after those whose requests failed");
	EXPECT_STATUS(PP_OK, wait_for(c->fs, 100, PP_FOREVER, PP_ALL_COMPLETED, c->told));
	EXPECT(c->told[0] && c->told[1]);
}

static int do_as_completed(void *scene)
{
	struct crowd *c = scene;

	return backend()->as_completed_begin(c->fs, 100, 0, &c->it);
}

static void undo_as_completed(void *scene)
{
	struct crowd *c = scene;

	backend()->as_completed_end(c->it);
}

static void judge_as_completed(void *scene, bool done)
{
	struct crowd *c = scene;
	struct pp_future *f = NULL;

	if (!done)
		return;
	EXPECT_STATUS(PP_OK, backend()->as_completed_next(c->it, &f));
	EXPECT_PTR(c->fs[0], f);
	EXPECT_STATUS(PP_TIMEOUT, backend()->as_completed_next(c->it, &f));
}

/* RESOURCE-19: the futures are finished after it, with nobody left to be told. */
CASE(resource_19_as_completed)
{
	static const struct deed deed = {"as_completed", do_as_completed, undo_as_completed,
					 judge_as_completed, false};

	NEED(as_completed_begin);
	struct crowd *c = crowd_new();
	struct pp_completed *it;
	struct pp_future *f = NULL;

	exhaust(&deed, c);
	gate_open(c->gate);
	it = as_completed_begin(c->fs, 100, PP_FOREVER);
	context("as_completed after those whose requests failed");
	EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
	EXPECT_STATUS(PP_OK, as_completed_next(it, &f));
	EXPECT_STATUS(PP_STOP_ITERATION, as_completed_next(it, &f));
}

static int do_add(void *scene)
{
	struct crowd *c = scene;

	return backend()->add_done_callback(c->fs[1], callback_count, c->called);
}

static void undo_add(void *scene)
{
	struct crowd *c = scene;

	c->added++;
}

/* RESOURCE-13: exactly those that were accepted are called. */
CASE(resource_13_each_request_of_add_done_callback)
{
	static const struct deed deed = {"add_done_callback", do_add, undo_add, NULL, false};

	NEED(add_done_callback);
	struct crowd *c = crowd_new();

	exhaust(&deed, c);
	gate_open(c->gate);
	shutdown_wait(c->e);
	context("done callbacks that were called, of which some were refused and %ld accepted", c->added);
	EXPECT_INT(c->added, counter_value(c->called));
}

/* ---- map -------------------------------------------------------------------------------- */

struct mapping {
	struct pp_executor *e;
	struct gate *gate;
	size_t buffersize;
	struct pp_map *it;
	struct counter *ran;
	long pulled; /* by the attempt */
};

static int pull(void *state, void **arg)
{
	struct mapping *m = state;

	*arg = m->ran;
	return m->pulled++ < 9 ? PP_OK : PP_STOP_ITERATION;
}

static int do_map(void *scene)
{
	struct mapping *m = scene;
	struct pp_source source = {pull, m};
	void *raised = NULL;

	m->pulled = 0;
	return backend()->map_begin(m->e, task_count, &source, PP_FOREVER, m->buffersize, &m->it, &raised);
}

static void undo_map(void *scene)
{
	struct mapping *m = scene;

	backend()->map_end(m->it);
}

/* RESOURCE-11: the worker is held, and each map is ended before it goes on. */
static void exhaust_map(size_t buffersize)
{
	static const struct deed deed = {"map", do_map, undo_map, NULL, true};
	struct mapping m = {.buffersize = buffersize};

	need_injection();
	NEED(map_begin);
	m.e = executor_new(1);
	m.gate = hold(m.e, 1);
	m.ran = counter_new();
	exhaust(&deed, &m);
	gate_open(m.gate);
	EXPECT_STATUS(PP_OK, shutdown_wait(m.e));
	context("tasks of maps that were refused, or ended before any of them began");
	EXPECT_INT(0, counter_value(m.ran));
}

CASE(resource_11_each_request_of_map)
{
	exhaust_map(0);
}

CASE(resource_11_each_request_of_map_with_buffersize)
{
	if (backend()->map_begin && !backend()->map_has_buffersize)
		unsupported("map has no buffersize");
	exhaust_map(3);
}

#define BUFFERED 9 /* arguments */

static int pull_token(void *state, void **arg)
{
	int *pulled = state;

	*arg = token(*pulled);
	return (*pulled)++ < BUFFERED ? PP_OK : PP_STOP_ITERATION;
}

/* True if a request has failed, of those that the asks have made. */
static bool asks_run_short(int nth, bool lasting)
{
	int pulled = 0, told = 0, status;
	struct pp_source source = {pull_token, &pulled};
	struct pp_executor *e = executor_new(1);
	void *raised = NULL, *outcome = NULL;
	struct pp_map *it = NULL;
	bool failed;

	REQUIRE(map_begin(e, task_return, &source, PP_FOREVER, 2, &it, &raised) == PP_OK);
	inject_arm(nth, lasting);
	while ((status = backend()->map_next(it, &outcome)) == PP_OK && outcome == token(told))
		told++;
	failed = inject_disarm();
	context("map over %d arguments with a buffersize of 2, whose request number %d%s for memory or a thread fails as it "
		"is asked, after %d outcomes", BUFFERED, nth, lasting ? " and all after it" : "", told);
	EXPECT_STATUS(told == BUFFERED ? PP_STOP_ITERATION : PP_NO_RESOURCES, status);
	map_end(it);
	shutdown_wait(e);
	return failed;
}

/* RESOURCE-22: until the asks get all that they request. */
CASE(resource_22_each_request_of_an_ask_of_map)
{
	need_injection();
	NEED(map_begin);
	if (!backend()->map_has_buffersize)
		unsupported("map has no buffersize");
	for (int lasting = 0; lasting < 2; lasting++)
		for (int nth = 1; asks_run_short(nth, lasting); nth++)
			;
}

/* ---- what needs nothing ------------------------------------------------------------------- */

/* A worker asks for memory in vain from the end of one task to the beginning of the next. */
static int task_arm(void *arg, void **outcome)
{
	inject_arm(1, true);
	*outcome = arg;
	return PP_OK;
}

static int task_disarm(void *arg, void **outcome)
{
	inject_disarm();
	*outcome = arg;
	return PP_OK;
}

/* RESOURCE-14: whatever the worker asks for, after a task that returns and one that was cancelled. */
CASE(resource_14_each_request_of_a_worker)
{
	need_injection();
	struct pp_executor *e = executor_new(1);
	struct gate *gate = hold(e, 1);
	struct counter *called = counter_new();
	struct pp_future *f = submit(e, task_arm, token(1)), *between = submit(e, task_return, token(2)),
			 *victim = HAS(cancel) ? submit(e, must_not_run, NULL) : NULL,
			 *last = submit(e, task_disarm, token(3));
	void *outcome = NULL;

	if (HAS(add_done_callback))
		REQUIRE(add_done_callback(f, callback_count, called) == PP_OK);
	if (victim)
		REQUIRE(cancel(victim));
	gate_open(gate);
	context("work items on a worker that gets no memory from the end of the first to the last");
	EXPECT_STATUS(PP_OK, result(f, PP_FOREVER, &outcome));
	EXPECT_PTR(token(1), outcome);
	EXPECT_STATUS(PP_OK, result(between, PP_FOREVER, &outcome));
	EXPECT_PTR(token(2), outcome);
	EXPECT_STATUS(PP_OK, result(last, PP_FOREVER, &outcome));
	shutdown_wait(e);
	EXPECT_INT(HAS(add_done_callback) ? 1 : 0, counter_value(called));
}

struct ending {
	struct pp_executor *e;
	struct gate *gate;
	int form; /* 0 waits; 1 does not; 2 cancels and waits; 3 cancels and does not */
	struct pp_future *victim;
	struct counter *ran;
};

static int do_shutdown(void *scene)
{
	struct ending *s = scene;

	switch (s->form) {
	case 0:
		return backend()->shutdown(s->e);
	case 1:
		return backend()->shutdown_nowait(s->e);
	default:
		return backend()->shutdown_cancel(s->e, s->form == 2);
	}
}

static int do_cancel(void *scene)
{
	struct ending *s = scene;

	return backend()->cancel(s->victim) ? PP_OK : PP_INVALID_STATE;
}

static void ending_begin(struct ending *s)
{
	s->e = executor_new(1);
	s->gate = hold(s->e, 1);
	s->ran = counter_new();
	s->victim = submit(s->e, task_count, s->ran);
	submit(s->e, task_count, s->ran);
	if (s->form == 0 || s->form == 2)
		gate_open(s->gate);
}

/* An executor for each attempt, as none is shut down twice. */
static bool end_failing(struct ending *s, const struct deed *d, int nth, bool lasting)
{
	bool failed;
	int status;

	ending_begin(s);
	status = act_failing(d, s, nth, lasting, &failed);
	context("%s, of whose requests for memory or a thread number %d %s", d->name, nth,
		failed ? "fails" : "would have failed");
	EXPECT_STATUS(PP_OK, status);
	gate_open(s->gate);
	EXPECT_STATUS(PP_OK, shutdown_wait(s->e));
	return failed;
}

static void exhaust_ending(struct ending *s, const struct deed *d, long runs)
{
	int nth, lasting;

	need_injection();
	for (lasting = 0; lasting < 2; lasting++)
		for (nth = 1; ; nth++) {
			bool failed = end_failing(s, d, nth, lasting);

			context("tasks that ran, of two that were PENDING, around a %s with failures", d->name);
			EXPECT_AT_MOST(2, counter_value(s->ran));
			EXPECT_AT_LEAST(runs, counter_value(s->ran));
			if (!failed)
				break;
		}
}

static void exhaust_shutdown(int form)
{
	static const struct deed deed = {"shutdown", do_shutdown, keep, NULL, false};
	struct ending s = {.form = form};

	exhaust_ending(&s, &deed, form < 2 ? 2 : 0);
}

/* RESOURCE-16: each form of shutdown, each request failing in turn. */
CASE(resource_16_each_request_of_shutdown)
{
	exhaust_shutdown(0);
}

CASE(resource_16_each_request_of_shutdown_nowait)
{
	NEED(shutdown_nowait);
	exhaust_shutdown(1);
}

CASE(resource_16_each_request_of_shutdown_cancel)
{
	NEED(shutdown_cancel);
	exhaust_shutdown(2);
}

/* RESOURCE-15: each request of cancel fails in turn. */
CASE(resource_15_each_request_of_cancel)
{
	static const struct deed deed = {"cancel", do_cancel, keep, NULL, false};
	struct ending s = {.form = 1};

	NEED(cancel);
	exhaust_ending(&s, &deed, 1);
	context("tasks that ran, of one that was cancelled and one that was not");
	EXPECT_INT(1, counter_value(s.ran));
}
