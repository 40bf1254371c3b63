/* SPDX-License-Identifier: MIT */
/* checks.c: what makes a case PASS, FAIL, UNRESOLVED or UNSUPPORTED. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 1024

/* Said by context() for the next check of this thread, with ": " at its end. */
static _Thread_local char said[TEXT_MAX];

void context(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(said, sizeof(said) - 2, format, args);
	va_end(args);
	if (n > 0)
		strcat(said, ": ");
}

_Noreturn void end_as(enum outcome o, const struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	slot_decide_va(o, f, format, args);
	va_end(args);
	case_end();
}

_Noreturn void give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	slot_decide_va(UNRESOLVED, NULL, format, args);
	va_end(args);
	case_end();
}

void unsupported(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	slot_decide_va(UNSUPPORTED, NULL, format, args);
	va_end(args);
	case_end();
}

void require(const char *file, int line, bool value, const char *text)
{
	struct finding f = {file, line, NULL, NULL};

	if (!value)
		end_as(UNRESOLVED, &f, "%sthe set-up failed: %s is false", said, text);
}

/* Count a check; one that held has used up the context. */
static bool check_held(bool held)
{
	atomic_fetch_add(&slot->checks, 1);
	if (held)
		said[0] = '\0';
	return held;
}

static _Noreturn void fail(const char *file, int line, const char *text, const char *expected,
			   const char *observed)
{
	struct finding f = {file, line, expected, observed};

	end_as(FAIL, &f, "%s%s: expected %s, observed %s", said, text, expected, observed);
}

void check_true(const char *file, int line, bool value, const char *text)
{
	if (!check_held(value))
		fail(file, line, text, "true", "false");
}

void check_false(const char *file, int line, bool value, const char *text)
{
	if (!check_held(!value))
		fail(file, line, text, "false", "true");
}

static const char *const status_names[] = {
	[PP_OK] = "PP_OK",
	[PP_TIMEOUT] = "PP_TIMEOUT",
	[PP_CANCELLED] = "PP_CANCELLED",
	[PP_RAISED] = "PP_RAISED",
	[PP_BROKEN] = "PP_BROKEN",
	[PP_SHUTDOWN] = "PP_SHUTDOWN",
	[PP_INVALID_STATE] = "PP_INVALID_STATE",
	[PP_INVALID_ARGUMENT] = "PP_INVALID_ARGUMENT",
	[PP_NO_RESOURCES] = "PP_NO_RESOURCES",
	[PP_STOP_ITERATION] = "PP_STOP_ITERATION",
};

const char *status_name(int status)
{
	size_t n = sizeof(status_names) / sizeof(status_names[0]);

	return status >= 0 && (size_t)status < n ? status_names[status] : "no enum pp_status";
}

void check_status(const char *file, int line, int expected, int observed, const char *text)
{
	char number[64];

	if (check_held(expected == observed))
		return;
	snprintf(number, sizeof(number), "%d, which is no enum pp_status", observed);
	if (observed >= PP_OK && observed <= PP_STOP_ITERATION)
		snprintf(number, sizeof(number), "%s", status_name(observed));
	fail(file, line, text, status_name(expected), number);
}

static void check_number(const char *file, int line, bool held, const char *how, long expected,
			 long observed, const char *text)
{
	char wanted[64], seen[64];

	if (check_held(held))
		return;
	snprintf(wanted, sizeof(wanted), "%s%ld", how, expected);
	snprintf(seen, sizeof(seen), "%ld", observed);
	fail(file, line, text, wanted, seen);
}

void check_int(const char *file, int line, long expected, long observed, const char *text)
{
	check_number(file, line, expected == observed, "", expected, observed, text);
}

void check_at_least(const char *file, int line, long least, long observed, const char *text)
{
	check_number(file, line, observed >= least, "at least ", least, observed, text);
}

void check_at_most(const char *file, int line, long most, long observed, const char *text)
{
	check_number(file, line, observed <= most, "at most ", most, observed, text);
}

/* Addresses differ from run to run; tokens are named, so that messages can be matched. */
static void pointer_text(char *buffer, size_t size, const void *p)
{
	const char *first = token(0), *last = token(4095), *c = p;

	if (!p)
		snprintf(buffer, size, "NULL");
	else if (c >= first && c <= last)
		snprintf(buffer, size, "token(%d)", (int)(c - first));
	else
		snprintf(buffer, size, "%p", p);
}

void check_ptr(const char *file, int line, const void *expected, const void *observed,
	       const char *text)
{
	char wanted[64], seen[64];

	if (check_held(expected == observed))
		return;
	pointer_text(wanted, sizeof(wanted), expected);
	pointer_text(seen, sizeof(seen), observed);
	fail(file, line, text, wanted, seen);
}

static void string_text(char *buffer, size_t size, const char *s)
{
	snprintf(buffer, size, s ? "\"%s\"" : "NULL", s);
}

void check_str(const char *file, int line, const char *expected, const char *observed,
	       const char *text)
{
	char wanted[TEXT_MAX], seen[TEXT_MAX];
	bool equal = expected && observed ? strcmp(expected, observed) == 0 : expected == observed;

	if (check_held(equal))
		return;
	string_text(wanted, sizeof(wanted), expected);
	string_text(seen, sizeof(seen), observed);
	fail(file, line, text, wanted, seen);
}
