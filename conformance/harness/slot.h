/* SPDX-License-Identifier: MIT */
/*
 * slot.h: the record that one running case shares with its supervisor.
 *
 * It is mapped shared before the processes of a case are forked, so it outlives
 * every one of them: what a case found is known however it ends.  One slot
 * serves one case at a time.
 *
 * The first verdict stands.  slot_decide takes the slot for the one thread, of
 * any process of the case, that comes first; what comes later is a consequence.
 *
 * A backend can overwrite the slot, as it can all of the memory of its case.
 * So the supervisor copies texts out with slot_text and follows no pointer.
 */
#ifndef POOLPROOF_SLOT_H
#define POOLPROOF_SLOT_H

#include <stdatomic.h>
#include <stdarg.h>
#include <sys/types.h>

#include "outcome.h"

/* What the main thread of the case is doing. */
enum phase {
	PHASE_BEGIN,   /* nothing yet */
	PHASE_LOAD,    /* dlopen and the backend's entry symbol */
	PHASE_CASE,    /* the body of the case */
	PHASE_CLEANUP, /* the harness releases what the case left */
	PHASE_FINISH,  /* the backend's finish */
	PHASE_LEAKS,   /* looking for what was left behind */
	PHASE_EXIT     /* exit() */
};

#define SLOT_IGNORED_MAX 32

struct slot {
	atomic_int phase;
	atomic_int checks;  /* executed so far */
	atomic_int decided; /* 0; 1 while a thread fills in the verdict; 2 */
	enum outcome outcome;
	char where[256];
	char message[4096];
	char expected[2048];
	char observed[2048];
	char entry[48]; /* the entry of the backend that was called last */
	char open_entry; /* 1 while it has not returned */

	/* What the main thread waits for outside the backend: a number, by name; empty if for none. */
	char awaited[32];
	long awaited_least, awaited_now;

	bool left_open; /* the verdict is about descriptors that the case has left open */

	atomic_int full; /* threads inside submit to a work queue that is bounded, and may be full */

	/* On the clock of now(), when the main thread came there; 0: it did not. */
	double at_case, at_clean_up, at_exit;
	double loading; /* seconds */

	/* Threads that were there before the backend was: a sanitizer's. */
	atomic_int ignored_count;
	pid_t ignored[SLOT_IGNORED_MAX];

	/* Left by the checker, the process that runs Check. */
	atomic_int checked; /* true when the following are set */
	int signal;	    /* that ended the case process, or 0 */
	int status;	    /* that it left with otherwise */
	char check_message[512];
	char stragglers[256]; /* processes that it left behind */

	/* Left by a probe of the backend. */
	char backend_name[256];
	char backend_version[256];
	char problem[2048]; /* why there is no backend; empty if there is one */
};

/* Of this process; NULL in the supervisor. */
extern struct slot *slot;

/* Map one; NULL if memory ran out. */
struct slot *slot_new(void);
void slot_clear(struct slot *s);

/* Where a check stands in the source, and what it saw; members may be NULL. */
struct finding {
	const char *file;
	int line;
	const char *expected;
	const char *observed;
};

/* Record a verdict unless there is one.  Ends nothing. */
void slot_decide(enum outcome o, const struct finding *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void slot_decide_va(enum outcome o, const struct finding *f, const char *format, va_list args);

/* Leave this process at once, without the clean-up of exit(). */
_Noreturn void case_end(void);

/* Do not count the threads that this process has now, besides the calling one. */
void slot_ignore_threads(void);

/* True if tid was there before the backend was; s may be NULL, and then none was. */
bool slot_ignores(const struct slot *s, pid_t tid);

/* A malloc'd copy of one of its texts, which may lack its NUL; NULL if empty. */
char *slot_text(const char *text, size_t size);
#define SLOT_TEXT(array) slot_text(array, sizeof(array))

#endif
