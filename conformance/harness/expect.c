/* SPDX-License-Identifier: MIT */
/*
 * expect.c: expectation files, read, applied to verdicts, and written.
 *
 * An entry is one block of the file.  A note is what became of one verdict: which
 * entry it came up to, if any.  What is stale and what is to be written
 * follows from the two lists alone.
 */
#include "expect.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"
#include "select.h"

#define FILE_MOST (16UL << 20)

struct entry {
	int line;
	char *pattern; /* of case names */
	enum outcome outcome;
	char *outcome_text; /* NULL until given */
	char *version;
	char **options; /* "key=glob" */
	size_t option_count;
	char *message;
	char *reason;
	int reason_line;
	bool holds; /* for this backend and its options */
};

struct note {
	const struct pp_case *c;
	enum outcome outcome; /* of the case itself, before it was compared */
	char *message;
	const struct entry *met; /* the entry it came up to, or NULL */
	const struct entry *contradicted; /* one that it did not */
};

struct expectations {
	char *path;
	char *backend; /* glob of the name of who it is about, or NULL */
	struct entry *entries;
	size_t entry_count;
	struct note *notes;
	size_t note_count;
};

/* ---- making and freeing -------------------------------------------------------- */

struct expectations *expect_new(void)
{
	return memset(array_grow(NULL, 0, sizeof(struct expectations)), 0, sizeof(struct expectations));
}

static void entry_clear(struct entry *en)
{
	free(en->pattern);
	free(en->outcome_text);
	free(en->version);
	for (size_t i = 0; i < en->option_count; i++)
		free(en->options[i]);
	free(en->options);
	free(en->message);
	free(en->reason);
}

void expect_free(struct expectations *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->entry_count; i++)
		entry_clear(&e->entries[i]);
	for (size_t i = 0; i < e->note_count; i++)
		free(e->notes[i].message);
	free(e->entries);
	free(e->notes);
	free(e->path);
	free(e->backend);
	free(e);
}

/* ---- versions ------------------------------------------------------------------- */

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

/* As profile_compare, as far as bound goes: 3.12.1 is the same as 3.12. */
static int compare_to_bound(const char *version, const char *bound)
{
	for (;;) {
		char *v_end;
		char *b_end;
		unsigned long v = strtoul(version, &v_end, 10);
		unsigned long b = strtoul(bound, &b_end, 10);

		if (v != b)
			return v < b ? -1 : 1;
		if (*b_end != '.')
			return 0;
		version = v_end + (*v_end == '.' ? 1 : strlen(v_end));
		bound = b_end + 1;
	}
}

static bool version_in_range(const char *version, const char *range)
{
	const char *dash = strchr(range, '-');

	version += strcspn(version, "0123456789");
	if (*version == '\0')
		return false;
	if (!dash)
		return compare_to_bound(version, range) == 0;
	if (dash > range && compare_to_bound(version, range) < 0)
		return false;
	return dash[1] == '\0' || compare_to_bound(version, dash + 1) <= 0;
}

/* ---- reading --------------------------------------------------------------------- */

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

static bool message_needed(enum outcome o)
{
	return o != HUNG && o != CRASHED && o != LEAK && o != FLAKY;
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
	if (!en->message && message_needed(en->outcome))
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

/* ---- applying ------------------------------------------------------------------------ */

static bool option_given(const char *wanted, const struct pp_option *options, size_t count)
{
	size_t key = strcspn(wanted, "=");

	for (size_t i = 0; i < count; i++) {
		if (strlen(options[i].key) == key && strncmp(options[i].key, wanted, key) == 0 &&
		    fnmatch(wanted + key + 1, options[i].value, 0) == 0)
			return true;
	}
	return false;
}

static bool entry_holds(const struct entry *en, const char *version, const struct pp_option *options,
			size_t count)
{
	if (en->version && !version_in_range(version ? version : "", en->version))
		return false;
	for (size_t i = 0; i < en->option_count; i++) {
		if (!option_given(en->options[i], options, count))
			return false;
	}
	return true;
}

void expect_begin(struct expectations *e, const char *backend_name, const char *backend_version,
		  const struct pp_option *options, size_t option_count)
{
	bool about = !e->backend || fnmatch(e->backend, backend_name ? backend_name : "", 0) == 0;

	for (size_t i = 0; i < e->entry_count; i++)
		e->entries[i].holds = about && entry_holds(&e->entries[i], backend_version, options, option_count);
}

static bool passed(enum outcome o)
{
	return o == PASS || o == SLOW;
}

static bool entry_is_about(const struct entry *en, const struct pp_case *c)
{
	return en->holds && fnmatch(en->pattern, c->name, 0) == 0;
}

static bool entry_met(const struct entry *en, const struct verdict *v)
{
	if (passed(v->outcome))
		return en->outcome == FLAKY;
	if (en->outcome != FLAKY && en->outcome != v->outcome)
		return false;
	return !en->message || strstr(verdict_message(v), en->message);
}

/* Find the entry that v comes up to, or at least one that is about its case. */
static void note_compare(const struct expectations *e, struct note *n, const struct verdict *v)
{
	for (size_t i = 0; i < e->entry_count && !n->met; i++) {
		const struct entry *en = &e->entries[i];

		if (!entry_is_about(en, v->c))
			continue;
		if (entry_met(en, v))
			n->met = en;
		else if (!n->contradicted)
			n->contradicted = en;
	}
}

static void set(char **member, char *text)
{
	free(*member);
	*member = text;
}

static char *entry_text(const struct expectations *e, const struct entry *en)
{
	return text_format("%s:%d expects %s%s%s%s", e->path, en->line, outcome_name(en->outcome),
			   en->message ? " with \"" : "", en->message ? en->message : "",
			   en->message ? "\"" : "");
}

static void verdict_contradicts(const struct expectations *e, const struct entry *en, struct verdict *v)
{
	char *expected = entry_text(e, en);

	if (passed(v->outcome)) {
		v->outcome = XPASS;
		set(&v->message, text_format("it passed, but %s", expected));
		set(&v->reason, text_format("%s", en->reason));
	} else {
		set(&v->message, text_format("%s\n(%s)", verdict_message(v), expected));
	}
	free(expected);
}

void expect_apply(struct expectations *e, struct verdict *v)
{
	struct note n = {.c = v->c, .outcome = v->outcome};

	verdict_clean(v);
	if (!v->c)
		return;
	if (passed(v->outcome) || outcome_is_red(v->outcome))
		note_compare(e, &n, v);
	n.message = text_format("%s", verdict_message(v));
	if (n.met) {
		v->outcome = n.met->outcome == FLAKY ? FLAKY : XFAIL;
		set(&v->reason, text_format("%s", n.met->reason));
	} else if (n.contradicted) {
		verdict_contradicts(e, n.contradicted, v);
	}
	e->notes = array_grow(e->notes, e->note_count, sizeof(*e->notes));
	e->notes[e->note_count++] = n;
}

/* ---- afterwards ------------------------------------------------------------------------ */

static const struct note *note_of(const struct expectations *e, const struct pp_case *c)
{
	for (size_t i = 0; i < e->note_count; i++) {
		if (e->notes[i].c == c)
			return &e->notes[i];
	}
	return NULL;
}

/* Whether a run that ended with n leaves en in force; of two that may fail or pass, one is met. */
static bool note_keeps(const struct note *n, const struct entry *en)
{
	return n->met == en || n->contradicted == en || (n->met && en->outcome == FLAKY);
}

/*
 * Stale: every case of the entry had its verdict, none came up to it, and none
 * is red already because it contradicts it.
 */
static bool entry_stale(const struct expectations *e, const struct entry *en)
{
	size_t count;
	const struct pp_case *const *cases = case_list(&count);

	for (size_t i = 0; i < count; i++) {
		const struct note *n;

		if (!entry_is_about(en, cases[i]))
			continue;
		n = note_of(e, cases[i]);
		if (!n || note_keeps(n, en))
			return false;
	}
	return en->holds;
}

char *expect_stale(const struct expectations *e)
{
	char *text = NULL;

	for (size_t i = 0; i < e->entry_count; i++) {
		const struct entry *en = &e->entries[i];

		if (entry_stale(e, en))
			set(&text, text_format("%s%s%s:%d: %s %s", text ? text : "", text ? "\n" : "",
					       e->path, en->line, en->pattern, outcome_name(en->outcome)));
	}
	return text;
}

bool expect_writable(const char *path, char *error, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (fd < 0) {
		snprintf(error, size, "--write-expect: cannot write %s: %s", path, strerror(errno));
		return false;
	}
	close(fd);
	return true;
}

static void put_line(FILE *f, const char *key, const char *value)
{
	if (value && *value)
		fprintf(f, "%-8s %s\n", key, value);
}

static void put_reason(FILE *f, const char *reason)
{
	fputs("reason   ", f);
	text_wrap(f, reason, 9, 80);
}

static void put_entry(FILE *f, const struct entry *en, const char *pattern)
{
	fputc('\n', f);
	put_line(f, "case", pattern);
	put_line(f, "outcome", outcome_name(en->outcome));
	put_line(f, "version", en->version);
	for (size_t i = 0; i < en->option_count; i++)
		put_line(f, "option", en->options[i]);
	put_line(f, "message", en->message);
	put_reason(f, en->reason);
}

/* What e says about c is to be kept: c did not run, or came up to it. */
static bool entry_kept_for(const struct expectations *e, const struct entry *en, const struct pp_case *c)
{
	const struct note *n = note_of(e, c);

	return !n || n->met == en;
}

static bool entry_kept_whole(const struct expectations *e, const struct entry *en)
{
	size_t count;
	const struct pp_case *const *cases = case_list(&count);

	for (size_t i = 0; i < count; i++) {
		if (entry_is_about(en, cases[i]) && !entry_kept_for(e, en, cases[i]))
			return false;
	}
	return true;
}

static void put_entry_kept(FILE *f, const struct expectations *e, const struct entry *en)
{
	size_t count;
	const struct pp_case *const *cases = case_list(&count);

	if (entry_kept_whole(e, en)) {
		put_entry(f, en, en->pattern);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (entry_is_about(en, cases[i]) && entry_kept_for(e, en, cases[i]))
			put_entry(f, en, cases[i]->name);
	}
}

/* The part of a message that the next run will give again: its first line up to an address. */
static int stable_length(const char *message)
{
	size_t line = strcspn(message, "\n");
	const char *address = strstr(message, "0x");

	if (address && address < message + line && address > message + 8)
		line = (size_t)(address - message);
	while (line > 0 && message[line - 1] == ' ')
		line--;
	return (int)line;
}

static void put_note(FILE *f, const struct note *n)
{
	const char *message = n->message + strspn(n->message, " \t\n");

	fputc('\n', f);
	put_line(f, "case", n->c->name);
	put_line(f, "outcome", outcome_name(n->outcome));
	if (message_needed(n->outcome) || (n->outcome == CRASHED && *message))
		fprintf(f, "message  %.*s\n", stable_length(message), message);
	fputs("reason\n", f);
}

static void put_expectations(FILE *f, const struct expectations *e, const struct run *run)
{
	fprintf(f, "# What is known about %s %s, and why.  poolproof run --expect reads it.\n",
		run->backend_name, run->backend_version);
	if (e->backend) {
		fputc('\n', f);
		put_line(f, "backend", e->backend);
	}
	for (size_t i = 0; i < e->entry_count; i++)
		put_entry_kept(f, e, &e->entries[i]);
	for (size_t i = 0; i < e->note_count; i++) {
		const struct note *n = &e->notes[i];

		if (outcome_is_red(n->outcome) && !n->met)
			put_note(f, n);
	}
}

static bool write_to(const char *path, const struct expectations *e, const struct run *run)
{
	FILE *f = fopen(path, "we");
	bool ok = f != NULL;

	if (f) {
		put_expectations(f, e, run);
		ok = !ferror(f);
		ok = fclose(f) == 0 && ok;
	}
	return ok;
}

/* By way of a file beside it, so that no reason in the old one is lost if there is no room. */
static bool replace(const char *path, mode_t mode, const struct expectations *e, const struct run *run)
{
	char *beside = text_format("%s.new", path);
	bool ok = write_to(beside, e, run) && chmod(beside, mode) == 0 && rename(beside, path) == 0;
	int why = errno;

	if (!ok)
		unlink(beside);
	free(beside);
	errno = why;
	return ok || (why == EACCES && write_to(path, e, run)); /* a folder in which nothing can be made */
}

bool expect_write(const struct expectations *e, const char *path, const struct run *run, char *error, size_t size)
{
	struct stat st;
	bool regular = lstat(path, &st) == 0 && S_ISREG(st.st_mode);

	if (regular ? replace(path, st.st_mode & 0777, e, run) : write_to(path, e, run))
		return true;
	snprintf(error, size, "--write-expect: cannot write %s: %s", path, strerror(errno));
	return false;
}
