/* SPDX-License-Identifier: MIT */
/* hooks.c: what a program may tell the explorer, by weak symbols of its own. */
#include <stdio.h>

#include "library.h"

EXPORT int pp_schedule_round(void);
EXPORT void pp_schedule_begin(void);
EXPORT void pp_schedule_end(void);
EXPORT void pp_schedule_point(const char *label);
EXPORT void pp_schedule_touch(const void *p);
EXPORT void pp_schedule_idle(void);
EXPORT int pp_schedule_choose(int n);
EXPORT void pp_schedule_outcome(const char *text);

static void push(enum event_kind kind)
{
	push_event((struct event){.kind = (uint8_t)kind, .thread = (uint8_t)number_of(me())});
}

/* The condition of a loop around all that is explored, which leaves nothing behind. */
EXPORT int pp_schedule_round(void)
{
	return round_begins();
}

/* The set-up is over: from here on the order of steps is free. */
EXPORT void pp_schedule_begin(void)
{
	me();
	memory->state.begun = true;
	push(EVENT_BEGIN);
}

EXPORT void pp_schedule_end(void)
{
	push(EVENT_END);
}

EXPORT void pp_schedule_point(const char *label)
{
	(void)label;
	step((struct operation){.kind = OP_POINT});
}

/* A step that changes what is at p, for memory that threads share without a lock. */
EXPORT void pp_schedule_touch(const void *p)
{
	step_on(OP_POINT, object_at(p, OBJECT_ATOMIC, false), CHANGES);
}

/* Returns when no other thread can go on, unless a timer fires. */
EXPORT void pp_schedule_idle(void)
{
	step((struct operation){.kind = OP_IDLE});
}

static int choose_digit(int n)
{
	return step((struct operation){.kind = OP_CHOOSE, .argument = n});
}

/* One of n, in digits of as many values as a step has ways. */
EXPORT int pp_schedule_choose(int n)
{
	int value = 0, room = 1;

	me();
	fork_point();
	if (n <= WAYS_CHOICE)
		return n > 1 ? choose_digit(n) : 0;
	for (; room < n; room *= WAYS_CHOICE)
		value = value * WAYS_CHOICE + choose_digit(WAYS_CHOICE);
	return value % n;
}

EXPORT void pp_schedule_outcome(const char *text)
{
	me();
	snprintf(memory->outcome, sizeof(memory->outcome), "%s", text);
}
