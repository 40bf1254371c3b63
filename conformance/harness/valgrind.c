/* SPDX-License-Identifier: MIT */
/* valgrind.c: asks Valgrind, if it runs us, what it found in this case. */
#include <stdlib.h>

#include <valgrind/drd.h>
#include <valgrind/helgrind.h>
#include <valgrind/memcheck.h>
#include <valgrind/valgrind.h>

#include "sanitizers.h"
#include "slot.h"
#include "support.h"

static unsigned long errors, lost;

bool valgrind_runs(void)
{
	return RUNNING_ON_VALGRIND != 0;
}

static unsigned long definitely_lost(void)
{
	unsigned long leaked = 0, dubious = 0, reachable = 0, suppressed = 0;

	VALGRIND_DO_QUICK_LEAK_CHECK;
	VALGRIND_COUNT_LEAKS(leaked, dubious, reachable, suppressed);
	(void)dubious;
	(void)reachable;
	(void)suppressed;
	return leaked;
}

bool valgrind_spoke(void)
{
	return VALGRIND_COUNT_ERRORS != errors;
}

/* The two tools know a request of the other's as none of theirs. */
void valgrind_unordered(void *start, size_t size)
{
	VALGRIND_HG_DISABLE_CHECKING(start, size);
	VALGRIND_DO_CLIENT_REQUEST_STMT(VG_USERREQ__DRD_START_SUPPRESSION, start, size, 0, 0, 0);
}

void valgrind_prepare(void)
{
	if (valgrind_runs())
		lost = definitely_lost();
}

void valgrind_hand_over(const void *p)
{
	DO_CREQ_v_W(_VG_USERREQ__HG_USERSO_SEND_PRE, const void *, p);
	VALGRIND_DO_CLIENT_REQUEST_STMT(VG_USERREQ__DRD_ANNOTATE_HAPPENS_BEFORE, p, 0, 0, 0, 0);
}

void valgrind_take_over(const void *p)
{
	DO_CREQ_v_W(_VG_USERREQ__HG_USERSO_RECV_POST, const void *, p);
	VALGRIND_DO_CLIENT_REQUEST_STMT(VG_USERREQ__DRD_ANNOTATE_HAPPENS_AFTER, p, 0, 0, 0, 0);
}

static void judge_errors(const char *when)
{
	unsigned long found = VALGRIND_COUNT_ERRORS - errors;

	if (found)
		slot_decide(RACE, NULL, "Valgrind reported %lu error%s%s; they are in its own output", found,
			    found == 1 ? "" : "s", when);
}

/*
 * The last that a process of the case does if it leaves by exit, for it was registered before
 * the backend was there.  What destructors of shared objects do after it is heard by nobody.
 */
static void judge_at_exit(void)
{
	judge_errors(", the last as a process of the case left");
}

void valgrind_begin(void)
{
	if (!valgrind_runs())
		return;
	errors = VALGRIND_COUNT_ERRORS;
	atexit(judge_at_exit);
}

/* The arena is large: nothing searches for pointers in memory that is not to be accessed. */
static void judge_leaks(void)
{
	size_t size;
	void *rest = arena_rest(&size);
	unsigned long now_lost;

	VALGRIND_MAKE_MEM_NOACCESS(rest, size);
	now_lost = definitely_lost();
	if (now_lost > lost) {
		slot_decide(LEAK, NULL, "%lu bytes are definitely lost; where they come from is in Valgrind's own output",
			    now_lost - lost);
		VALGRIND_DO_LEAK_CHECK;
	}
	VALGRIND_MAKE_MEM_DEFINED(rest, size);
}

void valgrind_judge(void)
{
	if (!valgrind_runs())
		return;
	judge_errors("");
	judge_leaks();
}
