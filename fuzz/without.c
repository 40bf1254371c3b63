/* SPDX-License-Identifier: MIT */
/* without.c: see without.h. */
#include "without.h"

#include <string.h>

static bool find(const char *name, size_t length, const char *const *names, int count, uint32_t *bits)
{
	int i;

	for (i = 0; i < count; i++)
		if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0) {
			*bits |= 1U << i;
			return true;
		}
	return false;
}

static bool find_op(const char *name, size_t length, uint32_t *bits)
{
	int i;

	for (i = 0; i < OP_COUNT; i++)
		if (strlen(op_types[i].name) == length && strncmp(op_types[i].name, name, length) == 0) {
			*bits |= 1U << i;
			return true;
		}
	return false;
}

static bool is(const char *name, size_t length, const char *word)
{
	return strlen(word) == length && strncmp(name, word, length) == 0;
}

static bool after(const char **name, size_t *length, const char *prefix)
{
	size_t n = strlen(prefix);

	if (*length < n || strncmp(*name, prefix, n) != 0)
		return false;
	*name += n;
	*length -= n;
	return true;
}

static bool add(struct without *w, const char *name, size_t length)
{
	if (after(&name, &length, "task:"))
		return find(name, length, task_names, TASK_KINDS, &w->tasks);
	if (after(&name, &length, "callback:"))
		return find(name, length, callback_names, CALLBACK_KINDS, &w->callbacks);
	if (is(name, length, "shutdown:cancel"))
		w->forms |= 1U << FORM_CANCEL_WAIT | 1U << FORM_CANCEL_NOWAIT;
	else if (is(name, length, "shutdown:wait"))
		w->forms |= 1U << FORM_WAIT | 1U << FORM_CANCEL_WAIT;
	else if (is(name, length, "shutdown:nowait"))
		w->forms |= 1U << FORM_NOWAIT | 1U << FORM_CANCEL_NOWAIT;
	else if (is(name, length, "initializer:fail"))
		w->initializers |= 1U << INIT_FAIL | 1U << INIT_SECOND_FAILS;
	else if (is(name, length, "initializer:all"))
		w->initializers |= 1U << INIT_OK | 1U << INIT_FAIL | 1U << INIT_SECOND_FAILS;
	else
		return find_op(name, length, &w->ops);
	return true;
}

bool without_add(struct without *w, const char *names)
{
	if (!names[strspn(names, ",")])
		return false;
	while (*names) {
		size_t length = strcspn(names, ",");

		if (length && !add(w, names, length))
			return false;
		names += length + (names[length] == ',');
	}
	return true;
}

bool without_has(const struct without *w, enum op_code code)
{
	return w->ops >> code & 1;
}

static void tame(const struct without *w, struct op *op)
{
	uint8_t *o = op->operands;

	if ((op->code == OP_SUBMIT || op->code == OP_SUBMIT_WITH_RELEASE || op->code == OP_MAP) && w->tasks >> o[1] & 1)
		o[1] = TASK_RETURN;
	if (op->code == OP_ADD_CALLBACK && w->callbacks >> o[1] & 1)
		o[1] = CALLBACK_COUNT;
	if (op->code == OP_EXECUTOR_NEW && w->initializers >> o[2] & 1)
		o[2] = INIT_NONE;
}

void without_apply(const struct without *w, struct program *p)
{
	size_t i = 0;

	if (w->initializers >> p->initializer & 1)
		p->initializer = INIT_NONE;
	while (i < p->count) {
		struct op *op = &p->ops[i];

		tame(w, op);
		if (without_has(w, op->code) || (op->code == OP_SHUTDOWN && w->forms >> op->operands[1] & 1))
			program_drop(p, i);
		else
			i++;
	}
}
