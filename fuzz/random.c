/* SPDX-License-Identifier: MIT */
/*
 * random.c: see random.h.
 *
 * Programs where operations meet: few executors and futures, a set-up that puts
 * tasks at gates, and threads that work on the same handles.  Nothing is
 * excluded, only made rarer.
 */
#include "random.h"

#include <string.h>

uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

unsigned random_below(uint64_t *state, unsigned n)
{
	return n ? (unsigned)(random_next(state) % n) : 0;
}

/* How often each operation is drawn: in the set-up, and in threads; for `fail` see starve. */
static const struct {
	uint8_t setup, thread;
} weights[OP_COUNT] = {
	[OP_SUBMIT] = {20, 14},
	[OP_SUBMIT_WITH_RELEASE] = {8, 4},
	[OP_CANCEL] = {3, 14},
	[OP_RESULT] = {1, 8},
	[OP_EXCEPTION] = {1, 3},
	[OP_DONE] = {1, 4},
	[OP_RUNNING] = {1, 4},
	[OP_CANCELLED] = {1, 4},
	[OP_ADD_CALLBACK] = {8, 10},
	[OP_WAIT] = {1, 6},
	[OP_AS_COMPLETED] = {1, 5},
	[OP_MAP] = {1, 4},
	[OP_FUTURE_NEW] = {5, 1},
	[OP_NOTIFY] = {1, 4},
	[OP_SET_RESULT] = {1, 4},
	[OP_SET_EXCEPTION] = {1, 3},
	[OP_SHUTDOWN] = {1, 9},
	[OP_EXECUTOR_RELEASE] = {1, 3},
	[OP_FUTURE_RELEASE] = {1, 3},
	[OP_EXECUTOR_NEW] = {4, 2},
	[OP_OPEN] = {0, 6},
	[OP_YIELD] = {0, 3},
};

static uint8_t random_code(uint64_t *state, bool setup)
{
	unsigned sum = 0, at;
	int i;

	for (i = 0; i < OP_COUNT; i++)
		sum += setup ? weights[i].setup : weights[i].thread;
	at = random_below(state, sum);
	for (i = 0; i < OP_COUNT; i++) {
		unsigned w = setup ? weights[i].setup : weights[i].thread;

		if (at < w)
			return (uint8_t)i;
		at -= w;
	}
	return OP_YIELD;
}

static uint8_t random_operand(uint64_t *state, enum operand o)
{
	switch (o) {
	case OPERAND_EXECUTOR:
		return random_below(state, 8) ? 0 : (uint8_t)random_next(state);
	case OPERAND_TASK:
		return random_below(state, 2) ? TASK_GATE : (uint8_t)random_next(state);
	case OPERAND_SET:
		return (uint8_t)(random_next(state) | random_next(state));
	case OPERAND_ASKS:
		return random_below(state, 3) ? NAMED_MAX - 1 : (uint8_t)random_next(state);
	case OPERAND_WORKERS:
		return (uint8_t)random_below(state, random_below(state, 8) ? 3 : 5);
	case OPERAND_ANY:
		return (uint8_t)random_below(state, 3);
	case OPERAND_REQUEST: /* few calls make more */
		return (uint8_t)random_below(state, random_below(state, 2) ? 3 : 6);
	default:
		return (uint8_t)random_next(state);
	}
}

static struct op random_op(uint64_t *state, unsigned thread)
{
	struct op op = {.thread = (uint8_t)thread, .code = random_code(state, thread == 0)};
	int k;

	for (k = 0; k < 3; k++)
		op.operands[k] = random_operand(state, op_types[op.code].operands[k]);
	return op;
}

static void insert_at(struct program *p, size_t at, struct op op)
{
	if (p->count == OPS_MAX)
		return;
	memmove(&p->ops[at + 1], &p->ops[at], (p->count - at) * sizeof(p->ops[0]));
	p->ops[at] = op;
	p->count++;
}

/*
 * Have one operation in three programs fail, or two.  The state is a copy: what is drawn besides
 * is the same with it and without.
 */
static void starve(struct program *p, uint64_t state)
{
	unsigned n = random_below(&state, 3) ? 0 : 1 + random_below(&state, 2);

	while (n-- > 0 && p->count > 0) {
		size_t at = random_below(&state, (unsigned)p->count);
		struct op fail = {.thread = p->ops[at].thread, .code = OP_FAIL};

		fail.operands[0] = random_operand(&state, OPERAND_REQUEST);
		fail.operands[1] = random_operand(&state, OPERAND_LASTING);
		insert_at(p, at, fail);
	}
	program_normalize(p);
}

void program_random(struct program *p, uint64_t *state, unsigned threads)
{
	unsigned t, n, used = threads ? 1 + random_below(state, threads) : 0;

	memset(p, 0, sizeof(*p));
	p->workers = (uint8_t)(1 + random_below(state, 3));
	p->initializer = random_below(state, 4) ? INIT_NONE : (uint8_t)random_below(state, INIT_KINDS);
	for (n = 1 + random_below(state, threads ? 5 : 16); n > 0 && p->count < OPS_MAX; n--)
		p->ops[p->count++] = random_op(state, 0);
	for (t = 1; t <= used; t++)
		for (n = 1 + random_below(state, 5); n > 0 && p->count < OPS_MAX; n--)
			p->ops[p->count++] = random_op(state, t);
	if (!threads) /* sequential ones draw from both tables */
		for (n = random_below(state, 8); n > 0 && p->count < OPS_MAX; n--) {
			p->ops[p->count] = random_op(state, 1);
			p->ops[p->count++].thread = 0;
		}
	starve(p, *state);
}

static void insert(struct program *p, uint64_t *state, unsigned threads)
{
	unsigned thread = random_below(state, threads + 1);
	size_t at = random_below(state, (unsigned)p->count + 1);

	insert_at(p, at, random_op(state, thread));
}

void program_mutate(struct program *p, uint64_t *state, unsigned threads)
{
	unsigned n = 1 + random_below(state, 3);
	struct op *op;

	while (n-- > 0) {
		op = p->count ? &p->ops[random_below(state, (unsigned)p->count)] : NULL;
		switch (op ? random_below(state, 6) : 0) {
		case 0:
		case 1:
			insert(p, state, threads);
			break;
		case 2:
			program_drop(p, (size_t)(op - p->ops));
			break;
		case 3:
			op->thread = (uint8_t)random_below(state, threads + 1);
			break;
		case 4:
			op->operands[random_below(state, 3)] = (uint8_t)random_next(state);
			break;
		default:
			p->initializer = (uint8_t)random_below(state, INIT_KINDS);
			p->workers = (uint8_t)(1 + random_below(state, 3));
		}
		program_normalize(p);
	}
	if (!program_fails(p))
		starve(p, *state);
}
