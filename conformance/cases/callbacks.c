/* SPDX-License-Identifier: MIT */
/* callbacks.c: see callbacks.h. */
#include "callbacks.h"

#include <unistd.h>

int callback_note(struct pp_future *f, void *arg)
{
	struct note *note = arg;

	(void)f;
	record_add(note->order, note->value);
	return PP_OK;
}

int callback_look(struct pp_future *f, void *arg)
{
	struct look *look = arg;

	look->f = f;
	look->done = backend()->done ? backend()->done(f) : -1;
	look->cancelled = backend()->cancelled ? backend()->cancelled(f) : -1;
	look->status = backend()->result(f, 0, &look->outcome);
	look->pid = getpid();
	look->thread = pthread_self();
	counter_add(look->calls, 1);
	return PP_OK;
}

struct look *look_new(void)
{
	struct look *look = shared_alloc(sizeof(*look));

	look->calls = counter_new();
	return look;
}

void add_callback(struct pp_future *f, pp_done_callback *callback, void *arg)
{
	REQUIRE(add_done_callback(f, callback, arg) == PP_OK);
}

struct look *look_at(struct pp_future *f)
{
	struct look *look = look_new();

	add_callback(f, callback_look, look);
	return look;
}

struct record *add_notes(struct pp_future *f, int count, pp_done_callback *callback)
{
	struct record *order = record_new();
	int i;

	for (i = 0; i < count; i++) {
		struct note *note = shared_alloc(sizeof(*note));

		*note = (struct note){order, i};
		add_callback(f, callback, note);
	}
	return order;
}

void expect_order(struct record *order, int count)
{
	int i;

	record_await(order, count);
	for (i = 0; i < count; i++) {
		context("of %d callbacks, the one that was called as number %d", count, i);
		EXPECT_INT(i, record_at(order, i));
	}
	EXPECT_INT(count, record_count(order));
}

struct pp_future *future_about_to_break(struct pp_executor **e, struct gate **gate)
{
	*gate = gate_new();
	*e = executor_new_with_initializer(1, initializer_fail_at_gate, *gate);
	return submit(*e, must_not_run, NULL);
}

struct pp_future *future_about_to_be_cancelled(struct pp_executor **e, struct gate **gate)
{
	NEED(shutdown_cancel);
	NEED(shutdown_nowait);
	*e = executor_new(1);
	*gate = hold(*e, 1);
	return submit(*e, must_not_run, NULL);
}
