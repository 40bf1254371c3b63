/* SPDX-License-Identifier: MIT */
/*
 * memory.h: what the explorer and the target share.
 *
 * The explorer maps it, starts the target with the library of library/
 * preloaded, and then asks for executions one by one.  The target is a server
 * until it ends: at the fork point, the first time that there is something to
 * decide, it forks a process for each execution; or for many, if the program can
 * repeat its round and the request allows it.
 *
 * An execution is a sequence of steps.  A thread that arrives at a
 * synchronization operation publishes it, and the thread that ran chooses which
 * thread takes the next step.  What happens between two steps is one thread's
 * own, so the sequence of choices determines the execution.
 *
 * Threads and objects are numbered in the order in which they appear, and no
 * address enters the trace.
 */
#ifndef SCHEDULE_MEMORY_H
#define SCHEDULE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#define THREADS_MAX 48
#define OBJECTS_MAX 2048
#define EVENTS_MAX 200000
#define STEPS_MAX 65536 /* of a prefix */
#define TEXT_MAX 512
#define POINTS_MAX 256
#define DESCRIPTORS_MAX 16
#define NOBODY (-1)
#define ENVIRONMENT "POOLPROOF_SCHEDULE" /* the number of the descriptor to map */

/* How a step touches an object.  Two that touch the same one commute if both only look. */
enum access {
	LOOKS = 1,
	CHANGES,
	TAKES, /* a lock, when it is free */
	GIVES  /* the lock that it holds: never while another thread could take it */
};

enum kind {
	OP_NONE,
	OP_START, /* the first step of a thread */
	OP_EXIT,  /* its last one */
	OP_DEATH, /* the process ends */
	OP_JOIN,
	OP_TRYJOIN,
	OP_DETACH,
	OP_LOCK,
	OP_TRYLOCK,
	OP_UNLOCK,
	OP_COND_WAIT,  /* gives the mutex back and falls asleep */
	OP_COND_SLEEP, /* asleep: the step is a timeout or a spurious wake-up */
	OP_COND_SIGNAL,
	OP_COND_BROADCAST,
	OP_COND_DESTROY,
	OP_RDLOCK,
	OP_WRLOCK,
	OP_TRYRDLOCK,
	OP_TRYWRLOCK,
	OP_RWUNLOCK,
	OP_SPIN_LOCK,
	OP_SPIN_TRYLOCK,
	OP_SPIN_UNLOCK,
	OP_BARRIER,
	OP_BARRIER_SLEEP,
	OP_ONCE,
	OP_ONCE_END,
	OP_SEM_WAIT,
	OP_SEM_TRYWAIT,
	OP_SEM_POST,
	OP_SEM_GET,
	OP_FUTEX_WAIT,
	OP_FUTEX_SLEEP,
	OP_FUTEX_WAKE,
	OP_YIELD,
	OP_SLEEP,
	OP_CHOOSE,
	OP_POINT,
	OP_DESTROY, /* of an object of another kind than a condition variable */
	OP_WAITPID,
	OP_TRYWAITPID,
	OP_FORK,
	OP_ATOMIC,
	OP_ACCESS, /* plain, by an instruction that was seen racing */
	OP_IDLE, /* possible when no other thread can go on, but for timers */
	OP_DESCRIPTOR, /* argument: of how many one is to be ready */
	OP_KINDS
};

enum object_kind {
	OBJECT_NONE,
	OBJECT_THREAD,
	OBJECT_MUTEX,
	OBJECT_COND,
	OBJECT_RWLOCK,
	OBJECT_SPIN,
	OBJECT_BARRIER,
	OBJECT_ONCE,
	OBJECT_SEM,
	OBJECT_FUTEX,
	OBJECT_ATOMIC,
	OBJECT_KINDS
};

struct touch {
	uint16_t object;
	uint8_t access;
};

#define TOUCHES_MAX 2

struct operation {
	uint8_t kind;
	uint8_t count; /* of touches */
	bool timed;    /* it ends at deadline if nothing else ends it */
	uint8_t pid;   /* whose thread does it */
	struct touch touches[TOUCHES_MAX];
	int64_t deadline; /* nanoseconds on the virtual clock */
	int32_t argument; /* of OP_CHOOSE: one of how many */
};

/* Of a thread, bits: which ways its next step may go. */
enum way {
	WAY_ON = 0, /* and for a choice the first of its ways; a signal, the first sleeper */
	WAY_TIMEOUT = 6,
	WAY_SPURIOUS = 7
};
#define WAYS_CHOICE 6 /* ways of a choice or of a signal */

struct thread {
	uint8_t state; /* enum thread_state */
	bool detached;
	bool joined;
	bool yielded; /* and nobody else has stepped since */
	bool woken;
	bool timed_out;
	bool spurious;
	uint8_t way;	   /* of the step that it takes */
	uint32_t turn;	   /* enum turn; a futex */
	int32_t pid;	   /* of its process, numbered as threads are, from 1 */
	int32_t tid;
	int32_t process;   /* the first thread of a forked process: its process id */
	int32_t parent;	   /* and whose child that is, as pid has it */
	bool waited;	   /* and it was waited for */
	int32_t object;	   /* of kind OBJECT_THREAD */
	uint64_t asleep;   /* since when, to wake the first first */
	uint64_t handle;   /* pthread_t */
	uint64_t start, argument; /* what it runs */
	bool c11;
	struct operation next;
	struct operation after; /* of a sleeper: what it does once woken */
	int64_t time;	   /* its virtual clock */
	uint64_t priority;
	uint32_t row; /* of steps, without another thread */
	struct {
		int32_t fd;
		int16_t events;
	} descriptor[DESCRIPTORS_MAX]; /* of OP_DESCRIPTOR */
	char name[16];
};

enum thread_state { THREAD_FREE, THREAD_LIVE, THREAD_EXITED };

/* Bits. */
enum turn {
	TURN_COME = 1,
	TURN_ASLEEP = 2, /* who hands it over has to wake the thread */
	TURN_FAR = 4	 /* and may be another process */
};

struct object {
	uint64_t address;
	int32_t pid; /* that it belongs to; 0 for an object shared by processes */
	uint8_t kind;
	uint16_t number; /* among those of its kind, from 0 */
	int16_t owner;	 /* of a lock: a thread, or NOBODY */
	bool destroyed, ownerless, lost;
	int32_t count; /* recursion; readers; value; arrivals */
	int32_t limit; /* of a barrier */
	int64_t time, looked;
};

/* ---- the trace ------------------------------------------------------------------- */

enum event_kind {
	EVENT_NEXT,  /* thread publishes operation */
	EVENT_STEP,  /* thread takes the step that it has published, by way */
	EVENT_SPAWN, /* thread made the thread other */
	EVENT_WAKE,  /* thread woke the thread other, whose next is now operation */
	EVENT_BEGIN, /* the set-up is over */
	EVENT_END
};

struct event {
	uint8_t kind, thread, other, way;
	struct operation operation;
	uint8_t ways[THREADS_MAX]; /* EVENT_STEP: of each thread before it */
};

struct choice {
	uint8_t thread, way;
};

/* ---- how an execution ends --------------------------------------------------------- */

enum execution_end {
	END_NONE,     /* by itself: see status */
	END_DEADLOCK, /* no thread can step */
	END_LIVELOCK, /* the limit of steps is reached */
	END_DIVERGED, /* the prefix asks for a step that is not possible */
	END_ASLEEP,   /* nothing is left but what the sleep set covers */
	END_RACE,     /* nothing orders two accesses, or one and a free: see text */
	END_LOST,     /* something that cannot be controlled: see text */
	END_STUCK,    /* a thread does not come back; set by the explorer */
	ENDINGS
};

/* What a claim of completeness depends on. */
enum caveat {
	CAVEAT_YIELD = 1,	/* a yield was taken to be fair */
	CAVEAT_FUTEX = 2,	/* plain memory decides what a futex does */
	CAVEAT_CALL = 4,	/* a call was not controlled: see text */
	CAVEAT_WAYS = 8,	/* more sleepers than a signal has ways */
	CAVEAT_ORPHAN = 16,	/* a process was left when the first one ended */
	CAVEAT_POINTS = 64,	/* more racing accesses than can be steps */
	CAVEAT_TIME = 32	/* timers fired only when nothing else could be done */
};

enum policy { POLICY_STAY, POLICY_RANDOM, POLICY_PCT, POLICY_POS, POLICY_SURW };

struct request {
	uint32_t policy;
	uint64_t seed;
	uint32_t steps_max;
	uint32_t depth;	 /* of PCT */
	uint32_t length; /* of an execution, as PCT estimates it */
	uint32_t weight[THREADS_MAX]; /* SURW: steps weighed, of a thread and of those that it makes */
	uint64_t weighed[OBJECTS_MAX / 64]; /* SURW: a bit for each object */
	bool timeouts_any; /* a timer may fire at any step; else only when nothing else can */
	bool spurious;
	bool races_explored; /* they are learned, and no failure */
	uint32_t points; /* in force */
	bool lenient; /* a prefix is followed as far as it can be */
	bool whole;   /* the set-up too is free */
	bool hold;    /* stay as it is at its end, for the explorer to look at it */
	bool in_process; /* it may follow another execution in the same process */
	uint32_t count;
	struct choice prefix[STEPS_MAX];
	uint8_t asleep[THREADS_MAX]; /* ways that the sleep set holds after the prefix */
};

struct state {
	int32_t running; /* thread */
	int32_t threads, objects;
	int32_t dying;	 /* a thread that has taken its last step and is not gone, or NOBODY */
	uint64_t sleepers; /* numbers asleep */
	uint32_t steps;
	bool begun;
	uint64_t random;
	int32_t last; /* the thread that took the last step */
	uint32_t changes[8]; /* PCT: the steps at which a priority drops */
	uint64_t lowest; /* PCT: priorities below all others */
	uint32_t left[THREADS_MAX]; /* SURW: of the weight of each thread */
	int32_t intended; /* SURW: the thread that takes the next step weighed, or NOBODY */
	uint16_t numbers[OBJECT_KINDS];
	struct thread thread[THREADS_MAX];
	struct object object[OBJECTS_MAX];
};

struct memory {
	/* The explorer counts asked up, and the target counts done after it; futexes. */
	uint32_t asked, done;
	bool watched;	/* there is code that tells its accesses */
	uint32_t points; /* instructions that were seen racing, from execution to execution */
	uint64_t point[POINTS_MAX];
	bool retired; /* a process has ended between two executions */
	uint32_t ready; /* the target has come to its fork point */
	struct request request;

	uint32_t held; /* 1: it waits until this is something else; a futex */
	uint8_t ending; /* enum execution_end */
	uint32_t caveats;
	bool forked; /* there is another process, or was */
	int32_t status; /* as waitpid gave it */
	int32_t server, pid; /* processes */
	int32_t culprit; /* thread */
	char text[TEXT_MAX];
	char outcome[TEXT_MAX];

	uint32_t events;
	struct state state;
	struct event event[EVENTS_MAX];
};

/* May the two touch the same object in a way that order matters? */
static inline bool touches_conflict(struct touch a, struct touch b)
{
	return a.object == b.object && !(a.access == LOOKS && b.access == LOOKS);
}

#define FIRST_PROCESS 1 /* what is left of the execution ends with it */

/* Does the step depend on those of every other thread? */
static inline bool operation_is_of_all(const struct operation *op)
{
	return op->kind == OP_IDLE || (op->kind == OP_DEATH && op->pid == FIRST_PROCESS);
}

/* On those of every other thread of its process, whose memory it copies or whose threads it ends? */
static inline bool operation_is_of_process(const struct operation *op)
{
	return op->kind == OP_DEATH || op->kind == OP_FORK;
}

/* Are they dependent, whatever they touch? */
static inline bool operations_exclude(const struct operation *a, const struct operation *b)
{
	if (operation_is_of_all(a) || operation_is_of_all(b))
		return true;
	return a->pid == b->pid && (operation_is_of_process(a) || operation_is_of_process(b));
}

/* Are two steps of different threads dependent? */
static inline bool operations_conflict(const struct operation *a, const struct operation *b)
{
	int i, k;

	if (operations_exclude(a, b))
		return true;
	for (i = 0; i < a->count; i++)
		for (k = 0; k < b->count; k++)
			if (touches_conflict(a->touches[i], b->touches[k]))
				return true;
	return false;
}

#endif
