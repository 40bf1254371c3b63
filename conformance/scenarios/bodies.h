/* SPDX-License-Identifier: MIT */
/* bodies.h: thread bodies and set-ups that many scenarios share. */
#ifndef POOLPROOF_BODIES_H
#define POOLPROOF_BODIES_H

#include "scenario.h"

#define BODY static inline void __attribute__((unused))

/* A timeout that is up at about the time when the other threads act. */
#define BRIEF 0.0002

BODY lets_go(void) { do_open(); }
BODY submits(void) { do_submit(0, VALUE); }
BODY submits_another(void) { do_submit(1, VALUE); }
BODY cancels(void) { do_cancel(0); }
BODY asks(void) { note(0, do_result(0, PP_FOREVER)); }
BODY asks_briefly(void) { note(0, do_result(0, BRIEF)); }
BODY asks_for_exception(void) { note(0, do_exception(0, PP_FOREVER)); }
BODY adds_callback(void) { do_add_callback(0); }
BODY queries(void) { do_query(0); }
BODY counts(void) { do_count(); }
BODY releases(void) { do_release_pool(); }
BODY drops(void) { do_drop(0); }

BODY shuts_down(void) { do_shutdown(WAITS); }
BODY shuts_down_at_once(void) { do_shutdown(RETURNS); }
BODY cancels_all(void) { do_shutdown(CANCELS_WAITS); }
BODY cancels_all_at_once(void) { do_shutdown(CANCELS_RETURNS); }

BODY waits_for_1(void) { note(0, do_wait(PP_ALL_COMPLETED, PP_FOREVER, 1)); }
BODY waits_for_2(void) { note(0, do_wait(PP_ALL_COMPLETED, PP_FOREVER, 2)); }
BODY iterates_over_1(void) { note(0, do_as_completed(PP_FOREVER, 1)); }
BODY iterates_over_2(void) { note(0, do_as_completed(PP_FOREVER, 2)); }

/* An executor with nothing to do. */
BODY pool_is_idle(void)
{
	int second = choose(2);

	open_pool(backend()->concurrency > 1 ? 1 + second : 1);
}

/* The only worker is busy until the gate opens; item 0 is behind it on the work queue. */
BODY one_is_queued(void)
{
	open_pool(1);
	hold_worker();
	put(0, VALUE);
}

BODY two_are_queued(void)
{
	one_is_queued();
	put(1, VALUE);
}

BODY one_is_queued_to_cancel(void)
{
	NEED(cancel);
	one_is_queued();
}

/* A worker is inside the task of item 0 until the gate opens. */
BODY one_runs(void)
{
	open_pool(1);
	put_running(0, VALUE);
}

BODY one_runs_to_raise(void)
{
	open_pool(1);
	put_running(0, EXCEPTION);
}

BODY two_run(void)
{
	open_pool(2);
	put_running(0, VALUE);
	put_running(1, VALUE);
}

/* The initializer fails once the gate opens, item 0 is PENDING until then. */
BODY pool_is_to_break(void)
{
	open_pool_with_initializer(1, 1);
	put(0, VALUE);
}

BODY pool_is_to_break_under_two(void)
{
	NEED(cancel);
	pool_is_to_break();
	put(1, VALUE);
}

/* The initializer succeeds once the gate opens. */
BODY pool_is_to_begin(void)
{
	open_pool_with_initializer(1, 0);
	put(0, VALUE);
}

/* Outcomes that come again and again. */
#define IS_CANCELLED {"cancelled", ACCEPTABLE, "the future was cancelled before a worker took it"}
#define HAS_VALUE {"value", ACCEPTABLE, "a worker had taken it, or nobody cancels"}
#define HAS_EXCEPTION {"exception", ACCEPTABLE, "its task raised"}
#define IS_BROKEN {"broken", ACCEPTABLE, "it was PENDING when the initializer failed"}
#define IS_REFUSED {"refused", ACCEPTABLE, "the executor was shut down or broken first"}

#endif
