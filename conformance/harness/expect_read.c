/* SPDX-License-Identifier: MIT */
/* expect_read.c: an expectation file is read. */
#include "expectations.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "select.h"
#include "text.h"

#define FILE_MOST (16UL << 20)

struct reader {
	struct expectations *e;
	const char *path;
	int line;
	char *error;
	size_t size;
	bool in_entry;
	bool in_reason; /* the line before belongs to a reason */
};

static bool refuse(const struct reader *r, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static bool refuse(const struct reader *r, int line, const char *format, ...)
{
	int n = snprintf(r->error, r->size, "%s:%d: ", r->path, line);
	va_list ap;

	va_start(ap, format);
	if (n >= 0 && (size_t)n < r->size)
		vsnprintf(r->error + n, r->size - (size_t)n, format, ap);
	va_end(ap);
	return false;
}

static size_t version_length(const char *s)
{
	size_t n = 0;

	for (;;) {
		size_t digits = strspn(s + n, "0123456789");

		if (digits == 0)
			return 0;
		n += digits;
		if (s[n] != '.')
			return n;
		n++;
	}
}

/* "A-B", "A-", "-B" or "A". */
static bool range_valid(const char *range)
{
	size_t from = version_length(range);
	const char *to = range + from;

	if (*to == '\0')
		return from > 0;
	if (*to++ != '-')
		return false;
	return *to == '\0' ? from > 0 : to[version_length(to)] == '\0' && version_length(to) > 0;
}

static bool pattern_matches_suite(const char *pattern)
{
	size_t count;
	const struct pp_case *const *cases = case_list(&count);

	for (size_t i = 0; i < count; i++) {
		if (fnmatch(pattern, cases[i]->name, 0) == 0)
			return true;
	}
	return false;
}

static const char *nearest_case(const char *name)
{
	size_t count;
	const struct pp_case *const *cases = case_list(&count);
	const char **names = array_grow(NULL, count, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; i < count; i++)
		names[i] = cases[i]->name;
	nearest = nearest_name(name, names, count);
	free(names);
	return nearest;
}

static bool check_pattern(const struct reader *r, const char *pattern)
{
	const char *nearest;

	if (pattern_matches_suite(pattern))
		return true;
	nearest = nearest_case(pattern);
	return refuse(r, r->line, "no case is called '%s'%s%s%s", pattern, nearest ? "; do you mean " : "",
		      nearest ? nearest : "", nearest ? "?" : "");
}

static bool outcome_expectable(enum outcome o)
{
	return o == FLAKY || (o < OUTCOME_COUNT && o != XPASS && outcome_is_red(o));
}

static bool entry_option(struct reader *r, struct entry *en, const char *value)
{
	if (!strchr(value, '=') || *value == '=')
		return refuse(r, r->line, "an option is written key=value, not '%s'", value);
	en->options = array_grow(en->options, en->option_count, sizeof(*en->options));
	en->options[en->option_count++] = text_format("%s", value);
	return true;
}

static bool entry_set(struct reader *r, const char *key, char **member, const char *value)
{
	if (*member)
		return refuse(r, r->line, "a block has one '%s'", key);
	if (*value == '\0' && strcmp(key, "reason") != 0)
		return refuse(r, r->line, "nothing follows '%s'", key);
	*member = text_format("%s", value);
	return true;
}

static bool entry_outcome(struct reader *r, struct entry *en, const char *value)
{
	if (!entry_set(r, "outcome", &en->outcome_text, value))
		return false;
	en->outcome = outcome_named(value);
	return outcome_expectable(en->outcome) ||
	       refuse(r, r->line, "no outcome '%s' can be expected; FAIL, HUNG, CRASHED, RACE, LEAK,"
		      " UNRESOLVED and FLAKY can", value);
}

static bool entry_key(struct reader *r, struct entry *en, const char *key, const char *value)
{
	if (strcmp(key, "case") == 0)
		return entry_set(r, key, &en->pattern, value) && check_pattern(r, value);
	if (strcmp(key, "outcome") == 0)
		return entry_outcome(r, en, value);
	if (strcmp(key, "version") == 0)
		return entry_set(r, key, &en->version, value) &&
		       (range_valid(value) ||
			refuse(r, r->line, "versions are written 3.7-3.9, 3.7-, -3.9 or 3.7, not '%s'", value));
	if (strcmp(key, "option") == 0)
		return entry_option(r, en, value);
	if (strcmp(key, "message") == 0)
		return entry_set(r, key, &en->message, value);
	if (strcmp(key, "reason") == 0) {
		r->in_reason = true;
		en->reason_line = r->line;
		return entry_set(r, key, &en->reason, value);
	}
	return refuse(r, r->line, "unknown key '%s'; there are case, outcome, version, option, message and reason",
		      key);
}

static bool entry_end(struct reader *r)
{
	const struct entry *en;

	r->in_reason = false;
	if (!r->in_entry)
		return true;
	r->in_entry = false;
	en = &r->e->entries[r->e->entry_count - 1];
	if (!en->pattern)
		return refuse(r, en->line, "the block has no case");
	if (!en->outcome_text)
		return refuse(r, en->line, "the block has no outcome");
	if (!en->message && expect_needs_message(en->outcome))
		return refuse(r, en->line, "the block has no message, and %s needs one", outcome_name(en->outcome));
	if (!en->reason)
		return refuse(r, en->line, "the block has no reason");
	if (*en->reason == '\0')
		return refuse(r, en->reason_line, "the reason is still empty: say whose mistake it is, and what shows it");
	return true;
}

static struct entry *entry_begin(struct reader *r)
{
	struct expectations *e = r->e;

	if (!r->in_entry) {
		e->entries = array_grow(e->entries, e->entry_count, sizeof(*e->entries));
		e->entries[e->entry_count++] = (struct entry){.line = r->line};
		r->in_entry = true;
	}
	return &e->entries[e->entry_count - 1];
}

/* "backend GLOB", a block of its own: whom the whole file is about. */
static bool file_backend(struct reader *r, const char *value)
{
	if (r->in_entry)
		return refuse(r, r->line, "'backend' is about the whole file, and stands in no block");
	if (r->e->backend)
		return refuse(r, r->line, "a file has one 'backend'");
	if (*value == '\0')
		return refuse(r, r->line, "nothing follows 'backend'");
	r->e->backend = text_format("%s", value);
	return true;
}

static bool reason_continue(struct reader *r, const char *text)
{
	struct entry *en;
	char *longer;

	if (!r->in_reason)
		return refuse(r, r->line, "only a reason goes on in a line that begins with white space");
	en = &r->e->entries[r->e->entry_count - 1];
	longer = text_format("%s%s%s", en->reason, *en->reason ? " " : "", text);
	free(en->reason);
	en->reason = longer;
	return true;
}

/* line has neither a newline nor white space at its end. */
static bool read_line(struct reader *r, char *line)
{
	size_t length = strcspn(line, " \t");
	char *value = line + length + strspn(line + length, " \t");
	struct entry *en;

	if (*line == '#')
		return true;
	if (*line == '\0')
		return entry_end(r);
	if (length == 0)
		return reason_continue(r, value);
	r->in_reason = false;
	line[length] = '\0';
	if (strcmp(line, "backend") == 0)
		return file_backend(r, value);
	en = entry_begin(r);
	return entry_key(r, en, line, value);
}

static void trim(char *line)
{
	size_t length = strlen(line);

	while (length > 0 && strchr(" \t\r\n", line[length - 1]))
		line[--length] = '\0';
}

static bool read_file(struct reader *r, FILE *f)
{
	char *line = NULL;
	size_t room = 0;
	bool ok = true;

	errno = 0;
	while (ok && getline(&line, &room, f) >= 0) {
		char *text;

		trim(line);
		text = text_clean(line, TEXT_LINES);
		r->line++;
		ok = read_line(r, text);
		free(text);
	}
	if (ok && ferror(f)) {
		snprintf(r->error, r->size, "cannot read %s: %s", r->path, strerror(errno));
		ok = false;
	}
	free(line);
	return ok && entry_end(r);
}

/* What path holds, as a stream in memory: *text, which outlives it.  NULL and errno, EFBIG if it has no end. */
static FILE *open_whole(const char *path, char **text)
{
	FILE *f = fopen(path, "re");
	size_t length = 0;
	int why = 0;

	*text = f ? malloc(FILE_MOST) : NULL;
	if (*text)
		length = fread(*text, 1, FILE_MOST, f);
	if (!*text || ferror(f))
		why = errno;
	else if (length == FILE_MOST)
		why = EFBIG;
	if (f)
		fclose(f);
	if (!why) {
		(*text)[length] = '\n'; /* no stream in memory may be empty */
		return fmemopen(*text, length + 1, "r");
	}
	errno = why;
	return NULL;
}

struct expectations *expect_load(const char *path, char *error, size_t size)
{
	char *text;
	FILE *f = open_whole(path, &text);
	struct reader r = {.path = path, .error = error, .size = size};
	bool ok;

	if (!f) {
		snprintf(error, size, "cannot read %s: %s", path, strerror(errno));
		free(text);
		return NULL;
	}
	r.e = expect_new();
	r.e->path = text_format("%s", path);
	ok = read_file(&r, f);
	fclose(f);
	free(text);
	if (!ok) {
		expect_free(r.e);
		return NULL;
	}
	return r.e;
}
