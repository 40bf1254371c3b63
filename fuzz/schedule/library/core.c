/* SPDX-License-Identifier: MIT */
/*
 * core.c: the token, the fork point, and how an execution ends.
 *
 * Who has the token publishes its next operation, chooses the next step, and hands
 * the token to the thread that takes it.  A thread that has taken its last step
 * is gone before the next one goes on, so that its stack and its memory come
 * back at a fixed place of the execution.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "library.h"
#include "raw.h"

struct memory *memory;

static __thread int self __attribute__((tls_model("initial-exec"))) = NOBODY;
static bool is_execution;
static struct state snapshot, first; /* at the fork point; at the begin of the first round */
static uint32_t snapshot_events;
static int rounds; /* that this process has begun */
static int32_t process; /* that this is */

extern void __gcov_dump(void) __attribute__((weak));

struct thread *thread_at(int number)
{
	return &memory->state.thread[number];
}

int number_of(const struct thread *t)
{
	return (int)(t - memory->state.thread);
}

bool has_token(void)
{
	return memory && self != NOBODY;
}

void *real_function(const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (!f)
		end_execution(END_LOST, "%s is called, and no library has it", name);
	return f;
}

/* ---- the end ---------------------------------------------------------------------------- */

/* Every other thread waits for its turn, so all stand where they are. */
static void hold(void)
{
	if (!memory->request.hold || memory->held || !is_execution)
		return;
	memory->held = 1;
	while (__atomic_load_n(&memory->held, __ATOMIC_SEQ_CST) == 1)
		raw_sleep_on(&memory->held, 1);
}

/* It is the default action's turn when this has returned. */
static void hold_on_signal(int number)
{
	(void)number;
	hold();
}

static void hold_on_signals(void)
{
	static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
	struct sigaction action = {.sa_handler = hold_on_signal, .sa_flags = SA_RESETHAND}, was;
	size_t i;

	for (i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		if (sigaction(deadly[i], NULL, &was) == 0 && was.sa_handler == SIG_DFL)
			sigaction(deadly[i], &action, NULL);
}

_Noreturn void end_execution(enum execution_end ending, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(memory->text, sizeof(memory->text), format, args);
	va_end(args);
	memory->ending = ending;
	memory->culprit = self;
	hold();
	if (__gcov_dump)
		__gcov_dump();
	/* The first process of the execution may be another one, that waits for us. */
	if (is_execution && process != memory->pid)
		raw(SYS_kill, memory->pid, SIGKILL, 0, 0, 0, 0);
	raw(SYS_exit_group, 0, 0, 0, 0, 0, 0);
	__builtin_trap();
}

void caveat(enum caveat c, const char *text)
{
	if (text && !(memory->caveats & c) && !memory->text[0])
		snprintf(memory->text, sizeof(memory->text), "%s", text);
	memory->caveats |= c;
}

void push_event(struct event e)
{
	if (memory->events == EVENTS_MAX)
		end_execution(END_LIVELOCK, "the trace is full after %u steps", memory->state.steps);
	memory->event[memory->events++] = e;
}

/* ---- threads come into being ----------------------------------------------------------------- */

static int thread_of_process(struct thread *parent, bool is_forked)
{
	struct state *s = &memory->state;
	struct thread *t;

	if (s->threads == THREADS_MAX)
		end_execution(END_LOST, "more than %d threads", THREADS_MAX);
	t = &s->thread[s->threads++];
	memset(t, 0, sizeof(*t));
	t->state = THREAD_LIVE;
	t->pid = parent && !is_forked ? parent->pid : number_of(t) + 1;
	t->parent = parent ? parent->pid : 0;
	t->next = (struct operation){.kind = OP_START, .pid = (uint8_t)t->pid};
	t->time = parent ? parent->time : CLOCK_START;
	t->turn = memory->forked ? TURN_FAR : 0;
	t->object = object_number(object_new(t, OBJECT_THREAD, true));
	policy_thread(t);
	policy_spawned(parent ? number_of(parent) : NOBODY, number_of(t));
	points_spawn(parent ? number_of(parent) : NOBODY, number_of(t));
	if (parent)
		push_event((struct event){.kind = EVENT_SPAWN, .thread = (uint8_t)number_of(parent),
					  .other = (uint8_t)number_of(t), .operation = t->next});
	return number_of(t);
}

int thread_new(struct thread *parent)
{
	return thread_of_process(parent, false);
}

int thread_forked(struct thread *parent)
{
	memory->forked = true;
	return thread_of_process(parent, true);
}

struct object *process_object(int pid)
{
	return object_numbered(thread_at(pid - 1)->object);
}

/* ---- attaching ------------------------------------------------------------------------------ */

static _Noreturn void refuse(const char *why)
{
	raw(SYS_write, 2, (long)why, (long)strlen(why), 0, 0, 0);
	raw(SYS_exit_group, 2, 0, 0, 0, 0, 0);
	__builtin_trap();
}

/* Programs that the target runs are none of ours. */
static void hide(void)
{
	unsetenv(ENVIRONMENT);
	unsetenv("LD_PRELOAD");
	unsetenv("LD_BIND_NOW");
	unsetenv("MALLOC_ARENA_MAX");
}

/*
 * The value of our variable; NOBODY if it is not set.  From the kernel: the first
 * call may come before libc knows its environment.
 */
static int inherited_descriptor(void)
{
	static const char name[] = ENVIRONMENT "=";
	char buffer[4096];
	size_t matched = 0; /* of name; or: not at the start of an entry */
	int number = NOBODY;
	long i, n, fd = raw(SYS_open, (long)"/proc/self/environ", 0, 0, 0, 0, 0);

	while (number == NOBODY && (n = raw(SYS_read, fd, (long)buffer, sizeof(buffer), 0, 0, 0)) > 0)
		for (i = 0; i < n; i++) {
			if (matched == sizeof(name) - 1 && buffer[i])
				number = (number == NOBODY ? 0 : number * 10) + buffer[i] - '0';
			else if (number != NOBODY)
				break;
			else if (matched < sizeof(name) - 1)
				matched = buffer[i] == name[matched] ? matched + 1 : buffer[i] ? sizeof(name) : 0;
			else if (!buffer[i])
				matched = 0;
		}
	raw(SYS_close, fd, 0, 0, 0, 0, 0);
	return number;
}

bool is_preloaded(void)
{
	return memory || inherited_descriptor() != NOBODY;
}

static void attach(void)
{
	int fd = inherited_descriptor();
	void *p;

	if (fd == NOBODY)
		refuse("poolproof-schedule.so: preloaded without an explorer; use `poolproof explore`\n");
	p = (void *)raw(SYS_mmap, 0, sizeof(struct memory), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if ((unsigned long)p > -4096UL)
		refuse("poolproof-schedule.so: cannot map what it shares with the explorer\n");
	raw(SYS_close, fd, 0, 0, 0, 0, 0);
	memory = p;
	if (memory->server)
		refuse("poolproof-schedule.so: a second copy of the library was loaded; link or preload one\n");
	memory->server = process = (int32_t)raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
	memory->state.dying = memory->state.last = NOBODY;
	self = thread_new(NULL);
	thread_begins(self);
	thread_at(self)->next = (struct operation){0};
}

/* A backend that was linked with it may be looked at without an explorer. */
__attribute__((constructor)) static void construct(void)
{
	if (!is_preloaded())
		return;
	me();
	hide();
}

struct thread *me(void)
{
	if (__builtin_expect(!memory, 0))
		attach();
	if (self == NOBODY)
		end_execution(END_LOST, "a thread that was not made with pthread_create");
	return thread_at(self);
}

/* ---- the fork point --------------------------------------------------------------------------- */

static void await_request(void)
{
	while (__atomic_load_n(&memory->asked, __ATOMIC_SEQ_CST) == memory->done)
		raw_sleep_on(&memory->asked, memory->done);
}

static void answer(int status)
{
	memory->status = status;
	__atomic_add_fetch(&memory->done, 1, __ATOMIC_SEQ_CST);
	raw_wake(&memory->done);
}

/* What there is of objects and threads, and no more. */
static void copy_state(struct state *to, const struct state *from)
{
	memcpy(to, from, offsetof(struct state, thread));
	memcpy(to->thread, from->thread, (size_t)from->threads * sizeof(*to->thread));
	memcpy(to->object, from->object, (size_t)from->objects * sizeof(*to->object));
}

static void restore(const struct state *from)
{
	copy_state(&memory->state, from);
	memory->events = snapshot_events;
	memory->ending = END_NONE;
	memory->caveats = 0;
	memory->forked = false;
	memory->pid = 0;
	memory->held = 0;
	memory->text[0] = memory->outcome[0] = '\0';
}

static void begin_steps(void)
{
	is_execution = true;
	thread_at(self)->tid = (int32_t)raw(SYS_gettid, 0, 0, 0, 0, 0, 0);
	policy_begin();
}

static void begin_execution(pid_t server)
{
	memory->pid = process = (int32_t)raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
	raw(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	raw(SYS_setpgid, 0, 0, 0, 0, 0, 0);
	if (raw(SYS_getppid, 0, 0, 0, 0, 0, 0) != server)
		raw(SYS_exit_group, 0, 0, 0, 0, 0, 0);
	if (memory->request.hold)
		hold_on_signals();
	mappings_renew();
	begin_steps();
}

/*
 * What an execution has forked comes to the server, which sees it out: a process that is killed and not
 * yet gone still sleeps on its turn, and could be woken in the place of one of the next execution.
 */
static void end_group(pid_t pid)
{
	int status;
	long ended;

	raw(SYS_kill, -pid, SIGKILL, 0, 0, 0, 0);
	do
		ended = raw(SYS_wait4, -pid, (long)&status, 0, 0, 0, 0);
	while (ended > 0 || ended == -EINTR);
}

void fork_point(void)
{
	pid_t server, pid;
	int status;

	me();
	if (is_execution)
		return;
	if (rounds > 1) { /* forked before */
		begin_steps();
		return;
	}
	mappings_freeze();
	copy_state(&snapshot, &memory->state);
	snapshot_events = memory->events;
	server = process;
	memory->ready = 1;
	raw_wake(&memory->ready);
	for (;;) {
		await_request();
		restore(&snapshot);
		/* Without the handlers of pthread_atfork: the program has not forked. */
		pid = _Fork();
		if (pid == 0) {
			begin_execution(server);
			return;
		}
		while (raw(SYS_wait4, pid, (long)&status, 0, 0, 0, 0) == -EINTR)
			;
		end_group(pid);
		if (memory->retired) {
			memory->retired = false;
			continue;
		}
		answer(status);
	}
}

/* ---- the token ----------------------------------------------------------------------------------- */

static void sleep_until_turn(struct thread *t, uint32_t turn)
{
	if (turn & TURN_FAR)
		raw_sleep_on(&t->turn, turn);
	else
		raw_sleep_near(&t->turn, turn);
}

static void wake_for_turn(struct thread *t, uint32_t turn)
{
	if (!(turn & TURN_ASLEEP))
		return;
	if (turn & TURN_FAR)
		raw_wake(&t->turn);
	else
		raw_wake_near(&t->turn);
}

static void await_turn(struct thread *t)
{
	uint32_t turn;

	while (!((turn = __atomic_load_n(&t->turn, __ATOMIC_ACQUIRE)) & TURN_COME)) {
		turn = __atomic_or_fetch(&t->turn, TURN_ASLEEP, __ATOMIC_ACQ_REL);
		if (!(turn & TURN_COME))
			sleep_until_turn(t, turn);
	}
	t->turn = turn & TURN_FAR;
}

static void hand_to(struct thread *t)
{
	wake_for_turn(t, __atomic_fetch_or(&t->turn, TURN_COME, __ATOMIC_ACQ_REL));
}

void turns_go_far(void)
{
	int i;

	for (i = 0; i < memory->state.threads; i++) {
		struct thread *t = thread_at(i);

		/* Who sleeps near goes to sleep anew. */
		wake_for_turn(t, __atomic_fetch_or(&t->turn, TURN_FAR, __ATOMIC_ACQ_REL));
	}
}

/* The first thread of a process stays visible until the others have gone, too. */
static void see_off_the_dying(void)
{
	struct state *s = &memory->state;
	struct thread *t;

	if (s->dying == NOBODY || s->dying == self)
		return;
	t = thread_at(s->dying);
	if (t->pid != thread_at(self)->pid)
		return;
	s->dying = NOBODY;
	if (t->tid == process)
		return;
	while (raw(SYS_tgkill, process, t->tid, 0, 0, 0, 0) == 0)
		raw(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	if (t->detached && tsan_may_join())
		REAL(pthread_join)((pthread_t)t->handle, NULL);
}

static bool is_waiting(const struct thread *t)
{
	return t->state == THREAD_LIVE;
}

/* The first deadline of all, when nothing else can be done. */
static bool let_time_pass(uint8_t *ways)
{
	struct state *s = &memory->state;
	int i, first = NOBODY;

	for (i = 0; i < s->threads; i++) {
		struct thread *t = &s->thread[i];

		if (is_waiting(t) && t->next.timed &&
		    (first == NOBODY || t->next.deadline < thread_at(first)->next.deadline))
			first = i;
	}
	if (first == NOBODY)
		return false;
	ways[first] |= 1 << WAY_TIMEOUT;
	caveat(CAVEAT_TIME, NULL);
	return true;
}

#define ROW_MAX 200 /* steps of one thread while others could step */

/*
 * Who yields, or goes on for too long, waits for a step of another thread; one that yields
 * as well is no such step, or two that wait for a third would go first in turn.
 */
static void let_others_go_first(uint8_t *ways)
{
	struct state *s = &memory->state;
	int i, ready = 0, patient = 0;

	for (i = 0; i < s->threads; i++) {
		struct thread *t = &s->thread[i];
		bool waits = t->yielded || t->row > ROW_MAX;

		ready += (ways[i] & ~(1 << WAY_TIMEOUT | 1 << WAY_SPURIOUS)) && !waits;
		patient += ways[i] && waits;
	}
	if (!ready || !patient)
		return;
	for (i = 0; i < s->threads; i++)
		if (s->thread[i].yielded || s->thread[i].row > ROW_MAX)
			ways[i] = 0;
	caveat(CAVEAT_YIELD, NULL);
}

static bool find_ways(uint8_t *ways)
{
	struct state *s = &memory->state;
	bool found = false;
	int i;

	memset(ways, 0, THREADS_MAX);
	for (i = 0; i < s->threads; i++) {
		if (is_waiting(&s->thread[i]))
			ways[i] = ways_of(&s->thread[i]);
		found |= ways[i] != 0;
	}
	if (!found)
		return let_time_pass(ways);
	let_others_go_first(ways);
	return true;
}

static bool all_have_gone(void)
{
	int i;

	for (i = 0; i < memory->state.threads; i++)
		if (is_waiting(&memory->state.thread[i]))
			return false;
	return true;
}

static bool is_possible(const uint8_t *ways, struct choice c)
{
	return c.thread < memory->state.threads && (ways[c.thread] & 1 << c.way);
}

static struct choice choose_step(const uint8_t *ways)
{
	struct request *r = &memory->request;
	uint32_t at = memory->state.steps;

	if (at >= r->count)
		return policy_choose(ways);
	if (is_possible(ways, r->prefix[at]))
		return r->prefix[at];
	if (r->lenient)
		return policy_choose(ways);
	end_execution(END_DIVERGED, "step %u is not possible: thread %d by way %d", at, r->prefix[at].thread,
		      r->prefix[at].way);
}

/* Its clock is behind none of the objects that it touches, so equivalent executions tell the same time. */
static void advance_clock(struct thread *t, int way)
{
	struct operation *op = &t->next;
	int i;

	for (i = 0; i < op->count; i++) {
		struct object *o = object_numbered(op->touches[i].object);

		if (o->time > t->time)
			t->time = o->time;
		if (op->touches[i].access != LOOKS && o->looked > t->time)
			t->time = o->looked;
	}
	if (way == WAY_TIMEOUT && op->deadline > t->time)
		t->time = op->deadline;
	t->time += 1000;
	for (i = 0; i < op->count; i++) {
		struct object *o = object_numbered(op->touches[i].object);

		if (op->touches[i].access == LOOKS)
			o->looked = o->looked > t->time ? o->looked : t->time;
		else
			o->time = t->time;
	}
}

static void note_step(struct choice c, const uint8_t *ways)
{
	struct state *s = &memory->state;
	struct thread *t = &s->thread[c.thread];
	struct event e = {.kind = EVENT_STEP, .thread = c.thread, .way = c.way, .operation = t->next};
	bool yields = t->next.kind == OP_YIELD || t->next.kind == OP_SLEEP;
	int i;

	memcpy(e.ways, ways, THREADS_MAX);
	push_event(e);
	t->way = c.way;
	t->timed_out = c.way == WAY_TIMEOUT;
	t->spurious = c.way == WAY_SPURIOUS;
	t->row++;
	for (i = 0; i < s->threads; i++) {
		if (i == c.thread)
			continue;
		s->thread[i].yielded = s->thread[i].yielded && yields;
		s->thread[i].row = 0;
	}
	t->yielded = false;
	s->last = s->running = c.thread;
	s->steps++;
	advance_clock(t, c.way);
	policy_stepped(t);
}

static const char *const no_step = "no thread can step";

/* Who takes the next step; NOBODY if there is nobody left. */
static int next_step(void)
{
	uint8_t ways[THREADS_MAX];
	struct choice c;

	if (!find_ways(ways)) {
		if (all_have_gone())
			return NOBODY;
		fork_point();
		end_execution(END_DEADLOCK, "%s", no_step);
	}
	if (memory->state.steps >= memory->request.steps_max)
		end_execution(END_LIVELOCK, "%u steps, and no end", memory->state.steps);
	c = choose_step(ways);
	note_step(c, ways);
	return c.thread;
}

static int pass(void)
{
	int to = next_step();

	if (to != self) {
		hand_to(thread_at(to));
		await_turn(thread_at(self));
		see_off_the_dying();
	}
	/* By the thread itself: what they note belongs to its process. */
	points_step(self, &thread_at(self)->next);
	tsan_step(&thread_at(self)->next);
	return thread_at(self)->way;
}

static void publish(struct thread *t, struct operation op)
{
	op.pid = (uint8_t)t->pid;
	t->next = op;
	push_event((struct event){.kind = EVENT_NEXT, .thread = (uint8_t)number_of(t), .operation = op});
	policy_thread(t);
}

/* Before the fork point there is one thread, and what it does is no part of a schedule. */
static bool step_alone(struct thread *t, struct operation op)
{
	uint8_t ways;

	if (is_execution)
		return false;
	t->next = op;
	ways = ways_of(t);
	if (!ways) {
		fork_point();
		return false;
	}
	t->way = (uint8_t)__builtin_ctz(ways);
	advance_clock(t, t->way);
	return true;
}

int step(struct operation op)
{
	struct thread *t = me();

	t->woken = t->yielded = false;
	if (step_alone(t, op))
		return t->way;
	t->yielded = op.kind == OP_YIELD || op.kind == OP_SLEEP;
	publish(t, op);
	return pass();
}

int step_on(enum kind kind, struct object *o, enum access access)
{
	return step(operation_on(kind, o, access));
}

int fall_asleep(struct operation sleep, struct operation after)
{
	struct thread *t = me();

	fork_point();
	t->woken = false;
	t->asleep = ++memory->state.sleepers;
	t->after = after;
	t->after.pid = (uint8_t)t->pid;
	publish(t, sleep);
	return pass();
}

void wake(struct thread *t)
{
	t->woken = true;
	t->next = t->after;
	if (t->time < me()->time)
		t->time = me()->time;
	push_event((struct event){.kind = EVENT_WAKE, .thread = (uint8_t)self, .other = (uint8_t)number_of(t),
				  .operation = t->next});
}

static bool sleeps_on(const struct thread *t, const struct object *o)
{
	enum kind k = t->next.kind;

	return t->state == THREAD_LIVE && (k == OP_COND_SLEEP || k == OP_BARRIER_SLEEP || k == OP_FUTEX_SLEEP) &&
	       t->next.touches[0].object == object_number(o);
}

int sleepers_on(const struct object *o, struct thread **list, int most)
{
	struct state *s = &memory->state;
	int i, k, n = 0;

	for (i = 0; i < s->threads; i++) {
		struct thread *t = &s->thread[i];

		if (!sleeps_on(t, o) || n == most)
			continue;
		for (k = n++; k > 0 && list[k - 1]->asleep > t->asleep; k--)
			list[k] = list[k - 1];
		list[k] = t;
	}
	return n;
}

void leave(void)
{
	struct thread *t = me();
	int to;

	t->state = THREAD_EXITED;
	to = next_step();
	self = NOBODY;
	if (to != NOBODY)
		hand_to(thread_at(to));
}

void thread_begins(int number)
{
	struct thread *t = thread_at(number);

	self = number;
	t->tid = (int32_t)raw(SYS_gettid, 0, 0, 0, 0, 0, 0);
	if (number == 0)
		return;
	await_turn(t);
	see_off_the_dying();
}

void become(int number)
{
	process = thread_at(number)->process = (int32_t)raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
	thread_begins(number);
}

/* ---- rounds in one process ----------------------------------------------------------------------- */

#define ROUNDS_MAX 500

/* Nothing is left of the round: no thread, no process, nothing that is watched. */
static bool can_repeat(void)
{
	const struct state *s = &memory->state;
	int i;

	if (rounds == 0 || !memory->request.in_process || memory->watched || memory->forked ||
	    self != 0)
		return false;
	for (i = 1; i < s->threads; i++)
		if (s->thread[i].state == THREAD_LIVE)
			return false;
	return is_execution;
}

/* The objects of the round before are forgotten, so that those of the next have the same numbers. */
bool round_begins(void)
{
	me();
	if (rounds == 0 && !is_execution) {
		copy_state(&first, &memory->state);
		rounds = 1;
		return true;
	}
	see_off_the_dying();
	if (!can_repeat())
		return false;
	answer(0);
	await_request();
	if (!memory->request.in_process || rounds++ == ROUNDS_MAX) {
		memory->retired = true;
		raw(SYS_exit_group, 0, 0, 0, 0, 0, 0);
	}
	restore(&first);
	memory->pid = process;
	is_execution = false;
	return true;
}

/* ---- the end of a process ----------------------------------------------------------------------- */

/* From here on its threads are no more. */
static void take_death(void)
{
	struct state *s = &memory->state;
	int i, to, pid = me()->pid;

	step(operation_on(OP_DEATH, process_object(pid), GIVES));
	for (i = 0; i < s->threads; i++)
		if (s->thread[i].pid == pid)
			s->thread[i].state = THREAD_EXITED;
	if (pid == FIRST_PROCESS && !all_have_gone())
		caveat(CAVEAT_ORPHAN, NULL);
	to = next_step();
	self = NOBODY;
	if (to != NOBODY)
		hand_to(thread_at(to));
}

void process_leaves(void)
{
	/* The child of vfork is not followed. */
	if (!has_token() || raw(SYS_getpid, 0, 0, 0, 0, 0, 0) != process)
		return;
	fork_point();
	take_death();
}

/* The last that runs of a process that exits. */
__attribute__((destructor)) static void process_ends(void)
{
	if (has_token() && process == memory->pid)
		hold();
	process_leaves();
}

EXPORT void _exit(int status)
{
	process_ends();
	raw(SYS_exit_group, status, 0, 0, 0, 0, 0);
	__builtin_trap();
}

EXPORT void _Exit(int status)
{
	_exit(status);
}
