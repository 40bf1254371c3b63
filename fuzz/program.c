/* SPDX-License-Identifier: MIT */
/* program.c: see program.h. */
#include "program.h"

#include <string.h>

#define CODE_BITS 5
#define WORKERS_MAX 3
#define REQUESTS_MAX 12 /* a map of three arguments makes as many */

const struct op_type op_types[OP_COUNT] = {
	[OP_SUBMIT] = {"submit", {OPERAND_EXECUTOR, OPERAND_TASK, OPERAND_ANY}},
	[OP_SUBMIT_WITH_RELEASE] = {"submit_with_release", {OPERAND_EXECUTOR, OPERAND_TASK, OPERAND_ANY}},
	[OP_CANCEL] = {"cancel", {OPERAND_FUTURE}},
	[OP_RESULT] = {"result", {OPERAND_FUTURE, OPERAND_TIMEOUT}},
	[OP_EXCEPTION] = {"exception", {OPERAND_FUTURE, OPERAND_TIMEOUT}},
	[OP_DONE] = {"done", {OPERAND_FUTURE}},
	[OP_RUNNING] = {"running", {OPERAND_FUTURE}},
	[OP_CANCELLED] = {"cancelled", {OPERAND_FUTURE}},
	[OP_ADD_CALLBACK] = {"add_done_callback", {OPERAND_FUTURE, OPERAND_CALLBACK, OPERAND_ANY}},
	[OP_WAIT] = {"wait", {OPERAND_SET, OPERAND_MODE, OPERAND_TIMEOUT}},
	[OP_AS_COMPLETED] = {"as_completed", {OPERAND_SET, OPERAND_ASKS, OPERAND_TIMEOUT}},
	[OP_MAP] = {"map", {OPERAND_EXECUTOR, OPERAND_PLAIN_TASK, OPERAND_ARGUMENTS}},
	[OP_FUTURE_NEW] = {"future_new", {OPERAND_NONE}},
	[OP_NOTIFY] = {"set_running_or_notify_cancel", {OPERAND_FUTURE}},
	[OP_SET_RESULT] = {"set_result", {OPERAND_FUTURE}},
	[OP_SET_EXCEPTION] = {"set_exception", {OPERAND_FUTURE}},
	[OP_SHUTDOWN] = {"shutdown", {OPERAND_EXECUTOR, OPERAND_FORM}},
	[OP_EXECUTOR_RELEASE] = {"executor_release", {OPERAND_EXECUTOR}},
	[OP_FUTURE_RELEASE] = {"future_release", {OPERAND_FUTURE}},
	[OP_EXECUTOR_NEW] = {"executor_new", {OPERAND_EXECUTOR, OPERAND_WORKERS, OPERAND_INIT}},
	[OP_OPEN] = {"open", {OPERAND_GATE}},
	[OP_YIELD] = {"yield", {OPERAND_NONE}},
	[OP_FAIL] = {"fail", {OPERAND_REQUEST, OPERAND_LASTING}},
};

const char *const task_names[TASK_KINDS] = {
	[TASK_RETURN] = "return",
	[TASK_RAISE] = "raise",
	[TASK_GATE] = "gate",
	[TASK_GATE_RAISE] = "gate_raise",
	[TASK_OPEN] = "open",
	[TASK_SUBMIT] = "submit",
	[TASK_CANCEL] = "cancel",
	[TASK_ASK] = "ask",
	[TASK_SHUTDOWN] = "shutdown",
	[TASK_SHUTDOWN_CANCEL] = "shutdown_cancel",
	[TASK_RELEASE_EXECUTOR] = "release_executor",
};

const char *const callback_names[CALLBACK_KINDS] = {
	[CALLBACK_COUNT] = "count",
	[CALLBACK_RAISE] = "raise",
	[CALLBACK_ASK] = "ask",
	[CALLBACK_ADD] = "add",
	[CALLBACK_SUBMIT] = "submit",
	[CALLBACK_CANCEL] = "cancel",
	[CALLBACK_SHUTDOWN] = "shutdown",
};

bool op_makes_future(const struct op *op)
{
	return op->code == OP_SUBMIT || op->code == OP_SUBMIT_WITH_RELEASE || op->code == OP_FUTURE_NEW;
}

size_t program_futures(const struct program *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->count; i++)
		n += op_makes_future(&p->ops[i]);
	return n;
}

int program_future_of(const struct program *p, size_t i)
{
	size_t k;
	int n = 0;

	if (!op_makes_future(&p->ops[i]))
		return -1;
	for (k = 0; k < i; k++)
		n += op_makes_future(&p->ops[k]);
	return n;
}

unsigned program_threads(const struct program *p)
{
	bool seen[THREADS_MAX] = {false};
	unsigned n = 0;
	size_t i;

	for (i = 0; i < p->count; i++) {
		n += p->ops[i].thread > 0 && !seen[p->ops[i].thread];
		seen[p->ops[i].thread] = true;
	}
	return n;
}

bool program_fails(const struct program *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->ops[i].code == OP_FAIL)
			return true;
	return false;
}

const struct op *program_fail_of(const struct program *p, size_t i)
{
	const struct op *op = &p->ops[i];

	if (op->code == OP_FAIL)
		return NULL;
	while (i-- > 0)
		if (p->ops[i].thread == op->thread)
			return p->ops[i].code == OP_FAIL ? &p->ops[i] : NULL;
	return NULL;
}

int workers_of(uint8_t operand)
{
	static const int workers[] = {1, 2, 3, 0, -1};

	return workers[operand];
}

/* ---- operands ------------------------------------------------------------------ */

/* How many values an operand has, given the futures there are. */
static unsigned values_of(enum operand o, size_t futures)
{
	switch (o) {
	case OPERAND_NONE:
		return 1;
	case OPERAND_EXECUTOR:
		return EXECUTORS_MAX;
	case OPERAND_FUTURE:
		return (unsigned)futures;
	case OPERAND_TASK:
		return TASK_KINDS;
	case OPERAND_PLAIN_TASK:
		return TASK_PLAIN_KINDS;
	case OPERAND_CALLBACK:
		return CALLBACK_KINDS;
	case OPERAND_ANY:
	case OPERAND_ASKS:
		return NAMED_MAX;
	case OPERAND_TIMEOUT:
		return TIMEOUT_KINDS;
	case OPERAND_SET:
		return 1U << futures;
	case OPERAND_MODE:
		return 3;
	case OPERAND_ARGUMENTS:
		return 16;
	case OPERAND_FORM:
		return FORMS;
	case OPERAND_WORKERS:
		return 5;
	case OPERAND_INIT:
		return INIT_KINDS;
	case OPERAND_GATE:
		return GATES_MAX;
	case OPERAND_REQUEST:
		return REQUESTS_MAX;
	case OPERAND_LASTING:
		return 2;
	}
	return 1;
}

static bool names_a_future(const struct op *op)
{
	return op_types[op->code].operands[0] == OPERAND_FUTURE;
}

/* The futures past the last that can be named are not made. */
static void drop_excess(struct program *p)
{
	size_t i, kept = 0, futures = 0;

	for (i = 0; i < p->count; i++) {
		bool makes = op_makes_future(&p->ops[i]);

		if (makes && futures == NAMED_MAX)
			continue;
		futures += makes;
		p->ops[kept++] = p->ops[i];
	}
	p->count = kept;
}

/* Nor is there an operation on a future when there are none. */
static void drop_homeless(struct program *p)
{
	size_t i, kept = 0, futures = program_futures(p);

	for (i = 0; i < p->count; i++)
		if (futures > 0 || !names_a_future(&p->ops[i]))
			p->ops[kept++] = p->ops[i];
	p->count = kept;
}

void program_normalize(struct program *p)
{
	size_t i, k, futures;

	drop_excess(p);
	drop_homeless(p);
	futures = program_futures(p);
	p->workers = (uint8_t)(p->workers < 1 ? 1 : (p->workers - 1) % WORKERS_MAX + 1);
	p->initializer %= INIT_KINDS;
	for (i = 0; i < p->count; i++) {
		struct op *op = &p->ops[i];

		op->code %= OP_COUNT;
		op->thread %= THREADS_MAX;
		for (k = 0; k < 3; k++)
			op->operands[k] =
				(uint8_t)(op->operands[k] % values_of(op_types[op->code].operands[k], futures));
	}
}

/* ---- bytes -------------------------------------------------------------------------- */

void program_decode(struct program *p, const uint8_t *bytes, size_t size)
{
	size_t at, k;

	memset(p, 0, sizeof(*p));
	p->workers = (uint8_t)(size > 0 ? (bytes[0] & 3) % WORKERS_MAX + 1 : 1);
	p->initializer = size > 0 ? bytes[0] >> 2 & 3 : 0;
	for (at = 1; at < size && p->count < OPS_MAX; at += 4) {
		struct op *op = &p->ops[p->count++];

		op->code = (bytes[at] & ((1 << CODE_BITS) - 1)) % OP_COUNT;
		op->thread = (bytes[at] >> CODE_BITS) % THREADS_MAX;
		for (k = 0; k < 3 && at + 1 + k < size; k++)
			op->operands[k] = bytes[at + 1 + k];
	}
	program_normalize(p);
}

size_t program_encode(const struct program *p, uint8_t *bytes)
{
	size_t i, n = 0;

	bytes[n++] = (uint8_t)((p->workers - 1) | p->initializer << 2);
	for (i = 0; i < p->count; i++) {
		bytes[n++] = (uint8_t)(p->ops[i].code | p->ops[i].thread << CODE_BITS);
		memcpy(bytes + n, p->ops[i].operands, 3);
		n += 3;
	}
	return n;
}

bool program_equal(const struct program *a, const struct program *b)
{
	uint8_t x[PROGRAM_BYTES], y[PROGRAM_BYTES];
	size_t n = program_encode(a, x);

	return n == program_encode(b, y) && memcmp(x, y, n) == 0;
}

/* ---- taking out ------------------------------------------------------------------------ */

static void remove_op(struct program *p, size_t i)
{
	memmove(&p->ops[i], &p->ops[i + 1], (p->count - i - 1) * sizeof(p->ops[0]));
	p->count--;
}

/* Bit at is gone, and those above it move down. */
static uint8_t set_without(uint8_t set, int at)
{
	unsigned below = (1U << at) - 1;

	return (uint8_t)((set & below) | ((unsigned)set >> 1 & ~below));
}

static void forget_future(struct program *p, int f)
{
	size_t i = 0;

	while (i < p->count) {
		struct op *op = &p->ops[i];

		if (names_a_future(op) && op->operands[0] == f) {
			remove_op(p, i);
			continue;
		}
		if (names_a_future(op) && op->operands[0] > f)
			op->operands[0]--;
		if (op_types[op->code].operands[0] == OPERAND_SET)
			op->operands[0] = set_without(op->operands[0], f);
		i++;
	}
}

void program_drop(struct program *p, size_t i)
{
	int f = program_future_of(p, i);

	remove_op(p, i);
	if (f >= 0)
		forget_future(p, f);
	program_normalize(p);
}
