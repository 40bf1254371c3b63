/* SPDX-License-Identifier: MIT */
/*
 * program.h: what a program fuzzer runs, and how bytes become one.
 *
 * A program is a list of operations.  Each belongs to the set-up, which runs
 * first and alone, or to one of up to four threads that then run at once.
 * Futures are numbered in the order of the operations that make them; executor
 * e0 is there from the start.
 *
 * Every byte string is a program, and what a program encodes to decodes to it
 * again.  Byte 0 tells how e0 is made; after it come four bytes for each
 * operation: thread and code, then three operands, each taken modulo the number
 * of its values.
 *
 * `fail` says of the next operation of its thread that, of what the first call of it
 * asks for, memory or a thread, the Nth is refused, and if lasting all after it.  That
 * holds for the calling thread and for what the backend asks for: not for tasks, callbacks
 * and all that they call, though it is inside that call that they run.  Where nothing can be
 * made to fail (inject_is_there) it does nothing.
 *
 * Every program ends: what waits without limit waits for gates, which are opened
 * when nothing moves any more, or for futures of the author's half, which are
 * finished then (run_program.h).
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	THREADS_MAX = 5, /* the set-up, 0, and four more */
	OPS_MAX = 24,
	NAMED_MAX = 8, /* futures that operations can name */
	EXECUTORS_MAX = 3,
	GATES_MAX = 4,
	PROGRAM_BYTES = 1 + 4 * OPS_MAX
};

enum op_code {
	OP_SUBMIT,
	OP_SUBMIT_WITH_RELEASE,
	OP_CANCEL,
	OP_RESULT,
	OP_EXCEPTION,
	OP_DONE,
	OP_RUNNING,
	OP_CANCELLED,
	OP_ADD_CALLBACK,
	OP_WAIT,
	OP_AS_COMPLETED,
	OP_MAP,
	OP_FUTURE_NEW,
	OP_NOTIFY,
	OP_SET_RESULT,
	OP_SET_EXCEPTION,
	OP_SHUTDOWN,
	OP_EXECUTOR_RELEASE,
	OP_FUTURE_RELEASE,
	OP_EXECUTOR_NEW,
	OP_OPEN,
	OP_YIELD,
	OP_FAIL, /* a request of the first call of the next operation of its thread */
	OP_COUNT
};

/* What a task does before it returns, or raises, its own token. */
enum task_kind {
	TASK_RETURN,
	TASK_RAISE,
	TASK_GATE,
	TASK_GATE_RAISE,
	TASK_OPEN,
	TASK_SUBMIT,
	TASK_CANCEL,
	TASK_ASK, /* of its own future */
	TASK_SHUTDOWN,
	TASK_SHUTDOWN_CANCEL,
	TASK_RELEASE_EXECUTOR,
	TASK_KINDS,
	TASK_PLAIN_KINDS = TASK_OPEN /* those that map uses come before it */
};

enum callback_kind {
	CALLBACK_COUNT,
	CALLBACK_RAISE,
	CALLBACK_ASK,
	CALLBACK_ADD,
	CALLBACK_SUBMIT,
	CALLBACK_CANCEL,
	CALLBACK_SHUTDOWN,
	CALLBACK_KINDS
};

enum timeout_kind { TIMEOUT_FOREVER, TIMEOUT_ZERO, TIMEOUT_SHORT, TIMEOUT_KINDS };
enum shutdown_form { FORM_WAIT, FORM_NOWAIT, FORM_CANCEL_WAIT, FORM_CANCEL_NOWAIT, FORMS };
enum init_kind { INIT_NONE, INIT_OK, INIT_FAIL, INIT_SECOND_FAILS, INIT_KINDS };

enum operand {
	OPERAND_NONE,
	OPERAND_EXECUTOR,
	OPERAND_FUTURE,
	OPERAND_TASK,
	OPERAND_PLAIN_TASK,
	OPERAND_CALLBACK,
	OPERAND_ANY, /* a gate, a future or an executor: the task or callback knows */
	OPERAND_TIMEOUT,
	OPERAND_SET, /* of futures, one bit each */
	OPERAND_MODE,
	OPERAND_ASKS,
	OPERAND_ARGUMENTS, /* of map: how many, and how many asks */
	OPERAND_FORM,
	OPERAND_WORKERS,
	OPERAND_INIT,
	OPERAND_GATE,
	OPERAND_REQUEST, /* for memory or a thread: which one, from 0 on */
	OPERAND_LASTING	 /* whether all after it fail too */
};

/* What the codes are called, and what their operands mean. */
struct op_type {
	const char *name;
	enum operand operands[3];
};
extern const struct op_type op_types[OP_COUNT];
extern const char *const task_names[TASK_KINDS];
extern const char *const callback_names[CALLBACK_KINDS];

struct op {
	uint8_t thread;
	uint8_t code;
	uint8_t operands[3];
};

struct program {
	uint8_t workers;     /* of e0 */
	uint8_t initializer; /* of e0: enum init_kind */
	size_t count;
	struct op ops[OPS_MAX];
};

void program_decode(struct program *p, const uint8_t *bytes, size_t size);

/* Returns how many of PROGRAM_BYTES were written. */
size_t program_encode(const struct program *p, uint8_t *bytes);

bool program_equal(const struct program *a, const struct program *b);

/* Bring operands back into their ranges after a change. */
void program_normalize(struct program *p);

bool op_makes_future(const struct op *op);
size_t program_futures(const struct program *p); /* that operations can name */
unsigned program_threads(const struct program *p); /* without the set-up */

/* The number of the future that operation i makes; -1 if it makes none. */
int program_future_of(const struct program *p, size_t i);

/* Does anything in it fail? */
bool program_fails(const struct program *p);

/* The `fail` that is for operation i; NULL if there is none. */
const struct op *program_fail_of(const struct program *p, size_t i);

/* Take operation i out, and with it what names the future that it makes. */
void program_drop(struct program *p, size_t i);

/* The numbers that executor_new is given for an operand, and the asks of map. */
int workers_of(uint8_t operand);
static inline unsigned map_arguments(uint8_t operand) { return operand & 3; }
static inline unsigned map_asks(uint8_t operand) { return operand >> 2 & 3; }
static inline int request_of(const struct op *fail) { return fail->operands[0] + 1; }
static inline bool is_lasting(const struct op *fail) { return fail->operands[1]; }

/* program_print.c: the program as text to read. */
void program_print(const struct program *p, FILE *f);
void op_print(const struct program *p, size_t i, FILE *f);

/* program_c.c: the program as a C program, complete, for a bug report. */
void program_print_c(const struct program *p, FILE *f);

#endif
