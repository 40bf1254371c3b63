/* SPDX-License-Identifier: MIT */
/* program_print.c: a program as text. */
#include "program.h"

static const char *const timeout_texts[TIMEOUT_KINDS] = {"forever", "0", "short"};
static const char *const form_texts[FORMS] = {"wait", "nowait", "cancel, wait", "cancel, nowait"};
static const char *const init_texts[INIT_KINDS] = {
	"no initializer",
	"initializer succeeds",
	"initializer fails",
	"second initializer fails",
};
static const char *const mode_texts[] = {"FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"};

static void print_set(uint8_t set, FILE *f)
{
	const char *comma = "";
	int i;

	fputc('{', f);
	for (i = 0; i < NAMED_MAX; i++)
		if (set >> i & 1) {
			fprintf(f, "%sf%d", comma, i);
			comma = ", ";
		}
	fputc('}', f);
}

/* What the third operand means to a task, and to a callback. */
static void print_task(const struct op *op, FILE *f)
{
	unsigned n = op->operands[2];

	fputs(task_names[op->operands[1]], f);
	switch (op->operands[1]) {
	case TASK_GATE:
	case TASK_GATE_RAISE:
	case TASK_OPEN:
		fprintf(f, " g%u", n % GATES_MAX);
		break;
	case TASK_SUBMIT:
	case TASK_SHUTDOWN:
	case TASK_SHUTDOWN_CANCEL:
	case TASK_RELEASE_EXECUTOR:
		fprintf(f, " e%u", n % EXECUTORS_MAX);
		break;
	case TASK_CANCEL:
		fprintf(f, " f%u", n);
		break;
	}
}

static void print_callback(const struct op *op, FILE *f)
{
	unsigned n = op->operands[2];

	fputs(callback_names[op->operands[1]], f);
	if (op->operands[1] == CALLBACK_CANCEL)
		fprintf(f, " f%u", n);
	if (op->operands[1] == CALLBACK_SUBMIT || op->operands[1] == CALLBACK_SHUTDOWN)
		fprintf(f, " e%u", n % EXECUTORS_MAX);
}

static void print_operand(const struct op *op, int k, FILE *f)
{
	unsigned n = op->operands[k];

	switch (op_types[op->code].operands[k]) {
	case OPERAND_EXECUTOR:
		fprintf(f, "e%u", n);
		break;
	case OPERAND_FUTURE:
		fprintf(f, "f%u", n);
		break;
	case OPERAND_TASK:
		print_task(op, f);
		break;
	case OPERAND_PLAIN_TASK:
		fputs(task_names[n], f);
		break;
	case OPERAND_CALLBACK:
		print_callback(op, f);
		break;
	case OPERAND_TIMEOUT:
		fputs(timeout_texts[n], f);
		break;
	case OPERAND_SET:
		print_set(op->operands[k], f);
		break;
	case OPERAND_MODE:
		fputs(mode_texts[n], f);
		break;
	case OPERAND_ASKS:
		fprintf(f, "%u asks", n);
		break;
	case OPERAND_ARGUMENTS:
		fprintf(f, "%u arguments, %u asks", map_arguments(op->operands[k]), map_asks(op->operands[k]));
		break;
	case OPERAND_FORM:
		fputs(form_texts[n], f);
		break;
	case OPERAND_WORKERS:
		fprintf(f, "%d workers", workers_of(op->operands[k]));
		break;
	case OPERAND_INIT:
		fputs(init_texts[n], f);
		break;
	case OPERAND_GATE:
		fprintf(f, "g%u", n);
		break;
	case OPERAND_REQUEST:
		fprintf(f, "request %d", request_of(op));
		break;
	case OPERAND_LASTING:
		fputs(is_lasting(op) ? "lasting" : "once", f);
		break;
	case OPERAND_ANY:
	case OPERAND_NONE:
		break;
	}
}

static bool is_shown(const struct op *op, int k)
{
	enum operand o = op_types[op->code].operands[k];

	return o != OPERAND_NONE && o != OPERAND_ANY;
}

void op_print(const struct program *p, size_t i, FILE *f)
{
	const struct op *op = &p->ops[i];
	const char *comma = "";
	int k;

	if (op_makes_future(op))
		fprintf(f, "f%d = ", program_future_of(p, i));
	fprintf(f, "%s(", op_types[op->code].name);
	for (k = 0; k < 3; k++) {
		if (!is_shown(op, k))
			continue;
		fputs(comma, f);
		print_operand(op, k, f);
		comma = ", ";
	}
	fputs(")", f);
}

void program_print(const struct program *p, FILE *f)
{
	unsigned t;
	size_t i;
	bool begun;

	fprintf(f, "e0: %d worker%s, %s\n", p->workers, p->workers == 1 ? "" : "s", init_texts[p->initializer]);
	for (t = 0; t < THREADS_MAX; t++) {
		begun = false;
		for (i = 0; i < p->count; i++) {
			if (p->ops[i].thread != t)
				continue;
			if (!begun && t == 0)
				fputs("set-up:\n", f);
			else if (!begun)
				fprintf(f, "thread %u:\n", t);
			begun = true;
			fputs("  ", f);
			op_print(p, i, f);
			fputc('\n', f);
		}
	}
}
