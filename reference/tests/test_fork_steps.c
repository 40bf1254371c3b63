/* SPDX-License-Identifier: MIT */
/*
 * test_fork_steps.c: one thread makes a call and is stopped at its first step,
 * then its second, and so on; at each of them another thread forks.  The child
 * is held to what it is promised, whatever that call had only half done.
 */
#include "unit.h"

enum { FUTURES = 3 };

struct scene {
	const struct act *act;
	struct gate ready; /* all is submitted: the worker may go on */
	struct pause pause;
	int step;
	struct cf_executor *e; /* NULL once the act has released it */
	struct cf_future *own, *f[FUTURES];
	struct hold hold;
};

/* What the thread does, and what it is given for it. */
struct act {
	const char *name;
	void (*run)(struct scene *s);
	int max_workers;
	bool holds_worker; /* then f are PENDING when it begins */
	bool releases;     /* its handle on e */
	cf_task *task;     /* of f; default task_return */
	int (*initializer)(void *scene);
};

/* ---- what is done --------------------------------------------------------------- */

static void do_result(struct scene *s)
{
	void *outcome;

	cf_future_result(s->own, 1e-9, &outcome);
	cf_future_result(s->f[0], 1e-9, &outcome);
}

static void do_wait(struct scene *s)
{
	struct cf_future *const fs[] = {s->own, s->f[0], s->own, s->f[1]};
	bool done[4];

	cf_wait(fs, 4, 1e-9, CF_ALL_COMPLETED, done);
}

static void do_as_completed(struct scene *s)
{
	struct cf_future *const fs[] = {s->own, s->f[0], s->f[1]}, *f;
	struct cf_completed *it = NULL;

	if (cf_as_completed(fs, 3, 1e-9, &it) != CF_OK)
		return;
	while (cf_completed_next(it, (struct cf_future **)&f) == CF_OK)
		;
	cf_completed_release(it);
}

static void do_submit(struct scene *s)
{
	for (int i = 0; i < 2; i++)
		cf_executor_submit(s->e, task_return, NULL, NULL);
}

static void do_cancel(struct scene *s)
{
	cf_future_cancel(s->f[0]);
	cf_future_cancel(s->f[FUTURES - 1]);
}

static void do_shutdown_cancel(struct scene *s)
{
	cf_executor_shutdown(s->e, CF_CANCEL_FUTURES);
}

static void do_shutdown_wait(struct scene *s)
{
	cf_executor_shutdown(s->e, CF_WAIT | CF_CANCEL_FUTURES);
}

static void do_release(struct scene *s)
{
	cf_executor_release(s->e);
}

static int give_two(void *given, void **arg)
{
	(void)arg;
	return ++*(int *)given <= 2 ? CF_OK : CF_STOP_ITERATION;
}

static void do_map(struct scene *s)
{
	int given = 0;
	struct cf_source source = {give_two, &given};
	struct cf_map *it = NULL;
	void *outcome;

	cf_executor_map(s->e, task_return, &source, 1e-9, 1, &it, NULL);
	cf_map_next(it, &outcome);
	cf_map_release(it);
}

static void do_callback(struct scene *s)
{
	static atomic_int called;

	cf_future_add_done_callback(s->f[0], callback_count, &called);
	cf_future_set_result(s->own, NULL);
}

/* ---- what is done by the worker ---------------------------------------------------- */

static void stop_here(struct scene *s)
{
	step_hook(s->step, pause_here, &s->pause);
}

/* On the worker. */
static void stop_when_ready(struct scene *s)
{
	gate_wait(&s->ready);
	stop_here(s);
}

static int task_steps(void *scene, void **outcome)
{
	(void)outcome;
	stop_when_ready(scene);
	return CF_OK;
}

static int task_exit_steps(void *scene, void **outcome)
{
	(void)outcome;
	stop_when_ready(scene);
	pthread_exit(NULL);
}

static int initializer_fail_steps(void *scene)
{
	stop_when_ready(scene);
	return CF_RAISED;
}

static void ignore_log(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static const struct act acts[] = {
	{"result", do_result, 1, true, false, NULL, NULL},
	{"wait", do_wait, 1, true, false, NULL, NULL},
	{"as_completed", do_as_completed, 1, true, false, NULL, NULL},
	{"submit", do_submit, 2, true, false, NULL, NULL},
	{"cancel", do_cancel, 1, true, false, NULL, NULL},
	{"shutdown, cancelling", do_shutdown_cancel, 1, true, false, NULL, NULL},
	{"shutdown, waiting", do_shutdown_wait, 2, false, false, NULL, NULL},
	{"release", do_release, 2, false, true, NULL, NULL},
	{"release while busy", do_release, 1, true, true, NULL, NULL},
	{"map", do_map, 1, true, false, NULL, NULL},
	{"callbacks", do_callback, 1, true, false, NULL, NULL},
	{"a work item", NULL, 1, false, false, task_steps, NULL},
	{"a lost worker", NULL, 1, false, false, task_exit_steps, NULL},
	{"a failing initializer", NULL, 1, false, false, NULL, initializer_fail_steps},
};

/* ---- what the child is promised -------------------------------------------------------- */

static void child_uses_futures(struct scene *s)
{
	enum cf_status status;
	void *outcome;

	for (int i = 0; i < FUTURES; i++) {
		status = cf_future_result(s->f[i], 0, &outcome);
		CHILD_EXPECT(status != CF_TIMEOUT);
	}
	status = cf_future_set_result(s->own, s);
	CHILD_EXPECT_STATUS(CF_OK, cf_future_result(s->own, 0, &outcome));
	CHILD_EXPECT(status == CF_INVALID_STATE || outcome == s);
}

/* Threads come first: they have the stacks of the parent's. */
static void child_starts_pool(void)
{
	struct cf_thread_pool_options options = {.max_workers = 2};
	struct cf_executor *e = NULL;
	atomic_int ran = 0;

	CHILD_EXPECT_STATUS(CF_OK, cf_thread_pool_new(&options, &e));
	for (int i = 0; i < 4; i++)
		CHILD_EXPECT_STATUS(CF_OK, cf_executor_submit(e, task_count, &ran, NULL));
	CHILD_EXPECT_STATUS(CF_OK, cf_executor_shutdown(e, CF_WAIT));
	CHILD_EXPECT(ran == 4);
	cf_executor_release(e);
}

static void child_ends_parents_pool(struct scene *s)
{
	CHILD_EXPECT_STATUS(CF_BROKEN, cf_executor_submit(s->e, task_must_not_run, NULL, NULL));
	CHILD_EXPECT_STATUS(CF_OK, cf_executor_shutdown(s->e, CF_WAIT));
	CHILD_EXPECT(cf_thread_pool_workers(s->e) == 0);
	cf_executor_release(s->e);
}

static void child(void *arg)
{
	struct scene *s = arg;

	if (child_starts_threads())
		child_starts_pool();
	if (!s->act->releases)
		child_ends_parents_pool(s);
	child_uses_futures(s);
	for (int i = 0; i < FUTURES; i++)
		cf_future_release(s->f[i]);
	cf_future_release(s->own);
}

/* ---- the parent ---------------------------------------------------------------------------- */

static void *actor(void *arg)
{
	struct scene *s = arg;

	if (s->act->run) {
		stop_here(s);
		s->act->run(s);
		step_hook(0, NULL, NULL);
	} else {
		/* What the worker does is over when it has left. */
		cf_executor_shutdown(s->e, CF_WAIT);
	}
	gate_open(&s->pause.over);
	return NULL;
}

static void scene_begin(struct scene *s)
{
	const struct act *act = s->act;

	s->own = future_new();
	s->e = pool_with_initializer(act->max_workers, act->initializer, s);
	if (act->holds_worker)
		cf_future_release(hold_worker(s->e, &s->hold));
	for (int i = 0; i < FUTURES; i++)
		s->f[i] = submit(s->e, i == 0 && act->task ? act->task : task_return, s);
	gate_open(&s->ready);
}

static void scene_end(struct scene *s)
{
	gate_open(&s->hold.leave);
	if (!s->act->releases)
		pool_end(s->e);
	await_threads(0);
	for (int i = 0; i < FUTURES; i++)
		cf_future_release(s->f[i]);
	cf_future_release(s->own);
}

/* False if the act has no such step. */
static bool fork_at_step(const struct act *act, int step)
{
	struct scene s = {.act = act, .step = step};
	bool reached, succeeded = true;
	pthread_t thread;

	scene_begin(&s);
	thread = thread_start(actor, &s);
	reached = await_pause(&s.pause);
	if (reached)
		succeeded = child_succeeds(child, &s);
	gate_open(&s.pause.resume);
	thread_join(thread);
	scene_end(&s);
	ck_assert_msg(succeeded, "a fork at step %d of: %s", step, act->name);
	return reached;
}

TEST(a_fork_at_any_step_of_a_call_gives_a_sound_child)
{
	cf_set_log_hook(ignore_log, NULL);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		int step = 1;

		while (fork_at_step(&acts[i], step))
			step++;
		ck_assert_msg(step > 1, "no step of: %s", acts[i].name);
	}
}
