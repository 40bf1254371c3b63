/* SPDX-License-Identifier: MIT */
/*
 * report.c: names of outcomes, clean text, and files that are whole at all times.
 */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- outcomes ------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *key;
	bool red;
} outcomes[OUTCOME_COUNT] = {
	[PASS] = {"PASS", "pass", false},
	[FAIL] = {"FAIL", "fail", true},
	[HUNG] = {"HUNG", "hung", true},
	[CRASHED] = {"CRASHED", "crashed", true},
	[RACE] = {"RACE", "race", true},
	[LEAK] = {"LEAK", "leak", true},
	[UNRESOLVED] = {"UNRESOLVED", "unresolved", true},
	[XPASS] = {"XPASS", "xpass", true},
	[SLOW] = {"SLOW", "slow", false},
	[XFAIL] = {"XFAIL", "xfail", false},
	[FLAKY] = {"FLAKY", "flaky", false},
	[UNSUPPORTED] = {"UNSUPPORTED", "unsupported", false},
	[UNTESTED] = {"UNTESTED", "untested", false},
};

const char *outcome_name(enum outcome o)
{
	return outcomes[o].name;
}

const char *outcome_key(enum outcome o)
{
	return outcomes[o].key;
}

bool outcome_is_red(enum outcome o)
{
	return outcomes[o].red;
}

enum outcome outcome_named(const char *name)
{
	enum outcome o = 0;

	while (o < OUTCOME_COUNT && strcasecmp(outcomes[o].name, name) != 0)
		o++;
	return o;
}

const char *level_name(enum level l)
{
	static const char *const names[] = {"MUST", "SHOULD", "MAY"};

	return names[l];
}

/* ---- runs and verdicts ------------------------------------------------------- */

unsigned run_verdicts(const struct run *run)
{
	unsigned n = 0;

	for (int o = 0; o < OUTCOME_COUNT; o++)
		n += run->summary[o];
	return n;
}

unsigned run_passed(const struct run *run)
{
	return run->summary[PASS] + run->summary[SLOW] + run->summary[XFAIL] + run->summary[FLAKY];
}

unsigned run_red(const struct run *run)
{
	unsigned n = 0;

	for (int o = 0; o < OUTCOME_COUNT; o++)
		n += outcome_is_red(o) ? run->summary[o] : 0;
	return n;
}

unsigned run_skipped(const struct run *run)
{
	return run->summary[UNSUPPORTED] + run->summary[UNTESTED];
}

int run_exit_status(const struct run *run)
{
	return run_red(run) || run->stale || run_verdicts(run) < run->total;
}

void verdict_clear(struct verdict *v)
{
	free(v->message);
	free(v->expected);
	free(v->observed);
	free(v->where);
	free(v->stacks);
	free(v->output);
	free(v->reason);
	free(v->repeat);
	memset(v, 0, sizeof(*v));
}

static void clean(char **s, enum text_form form)
{
	char *copy = text_clean(*s, form);

	free(*s);
	*s = copy;
}

void verdict_clean(struct verdict *v)
{
	clean(&v->message, TEXT_LINES);
	clean(&v->expected, TEXT_LINES);
	clean(&v->observed, TEXT_LINES);
	clean(&v->where, TEXT_LINE);
	clean(&v->stacks, TEXT_LINES);
	clean(&v->output, TEXT_LINES);
	clean(&v->reason, TEXT_LINE);
	clean(&v->repeat, TEXT_LINE);
}

const char *verdict_name(const struct verdict *v)
{
	return v->c ? v->c->name : verdict_clause(v);
}

const char *verdict_clause(const struct verdict *v)
{
	return v->clause ? v->clause->name : "";
}

const char *verdict_feature(const struct verdict *v)
{
	return v->clause ? v->clause->feature : "";
}

const char *verdict_level(const struct verdict *v)
{
	return level_name(v->clause ? v->clause->level : MUST);
}

const char *verdict_message(const struct verdict *v)
{
	return v->message ? v->message : "";
}

const char *verdict_reason(const struct verdict *v)
{
	return v->reason ? v->reason : verdict_message(v);
}

char *verdict_repeat(const struct run *run, const struct verdict *v)
{
	if (v->repeat)
		return text_format("%s", v->repeat);
	return text_format("%s --%s %s", run->repeat ? run->repeat : "poolproof run",
			   v->c ? "case" : "clause", verdict_name(v));
}

/* ---- text ---------------------------------------------------------------------- */

static void *or_die(void *memory)
{
	if (!memory) {
		fputs("poolproof: out of memory\n", stderr);
		exit(2);
	}
	return memory;
}

char *text_format(const char *format, ...)
{
	va_list ap;
	char *s = NULL;

	va_start(ap, format);
	if (vasprintf(&s, format, ap) < 0)
		s = NULL;
	va_end(ap);
	return or_die(s);
}

void *array_grow(void *array, size_t count, size_t size)
{
	return or_die(realloc(array, (count + 1) * size));
}

/* Decode one character of s into *c; the bytes it takes, or 0 if it is not UTF-8. */
static size_t utf8_decode(const unsigned char *s, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;

	if (length <= 1) {
		*c = *s;
		return length;
	}
	*c = *s & (0xffu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	if (*c < least[length] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return length;
}

/* True for what a terminal or a parser may act on rather than show. */
static bool acts(uint32_t c, enum text_form form)
{
	if (c == '\n' || c == '\t')
		return form == TEXT_LINE;
	return c < 0x20 || (c >= 0x7f && c < 0xa0)	   /* control characters */
	       || c == 0x61c || c == 0x200e || c == 0x200f /* direction marks */
	       || (c >= 0x2028 && c <= 0x202e)		   /* separators, overrides */
	       || (c >= 0x2066 && c <= 0x2069)		   /* isolates */
	       || c == 0xfeff || (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
}

static char *put_escape(char *to, uint32_t c)
{
	switch (c) {
	case '\n':
		return stpcpy(to, "\\n");
	case '\t':
		return stpcpy(to, "\\t");
	case '\r':
		return stpcpy(to, "\\r");
	default:
		return to + sprintf(to, c < 0x80 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
	}
}

char *text_clean(const char *s, enum text_form form)
{
	if (!s)
		return NULL;

	/* Four for each byte: the longest escapes are those of single bytes. */
	char *copy = or_die(malloc(4 * strlen(s) + 1));
	char *to = copy;

	for (const unsigned char *p = (const unsigned char *)s; *p;) {
		uint32_t c;
		size_t length = utf8_decode(p, &c);

		if (length == 0) {
			to += sprintf(to, "\\x%02x", *p++);
		} else if (acts(c, form)) {
			to = put_escape(to, c);
			p += length;
		} else {
			memcpy(to, p, length);
			to += length;
			p += length;
		}
	}
	*to = '\0';
	return or_die(realloc(copy, (size_t)(to - copy) + 1));
}

static int columns(const char *s, size_t length)
{
	int n = 0;

	for (size_t i = 0; i < length; i++)
		n += (s[i] & 0xc0) != 0x80;
	return n;
}

int text_columns(const char *s)
{
	return columns(s, strlen(s));
}

void text_wrap(FILE *f, const char *text, int column, int width)
{
	int at = column;

	for (;;) {
		size_t space = strspn(text, " \t\n");
		bool paragraph = memmem(text, space, "\n\n", 2) != NULL;
		size_t length = strcspn(text += space, " \t\n");
		int word = columns(text, length);

		if (length == 0)
			break;
		if (at > column && (paragraph || at + 1 + word > width)) {
			fprintf(f, paragraph ? "\n\n%*s" : "\n%*s", column, "");
			at = column;
		} else if (at > column) {
			fputc(' ', f);
			at++;
		}
		fwrite(text, 1, length, f);
		at += word;
		text += length;
	}
	fputc('\n', f);
}

void text_indent(FILE *f, const char *text, int column)
{
	for (;;) {
		size_t length = strcspn(text, "\n");

		fwrite(text, 1, length, f);
		fputc('\n', f);
		text += length;
		if (text[0] == '\0' || text[1] == '\0')
			return;
		text++;
		if (*text != '\n')
			fprintf(f, "%*s", column, "");
	}
}

/* ---- files ----------------------------------------------------------------------- */

/* A regular file that is not opened for appending can be written at any place. */
static void find_start(struct report *r)
{
	struct stat st;
	int fd = fileno(r->file);
	int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & O_APPEND) || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	r->start = lseek(fd, 0, SEEK_CUR);
	r->body = r->start;
	r->rewritable = r->start >= 0;
}

struct report *report_on(const struct report_type *type, FILE *stream)
{
	struct report *r = calloc(1, type->size);

	if (!r)
		return NULL;
	r->type = type;
	r->file = stream;
	fflush(stream);
	find_start(r);
	return r;
}

struct report *report_open(const struct report_type *type, const char *path, char *error, size_t size)
{
	FILE *f;
	struct report *r;

	if (type->missing) {
		snprintf(error, size, "--%s: not in this build; install %s and build again",
			 type->option, type->missing);
		return NULL;
	}
	if (strcmp(path, "-") == 0)
		return report_on(type, stdout);
	f = fopen(path, "we");
	if (!f) {
		snprintf(error, size, "--%s: cannot write %s: %s", type->option, path, strerror(errno));
		return NULL;
	}
	r = report_on(type, f);
	if (!r) {
		snprintf(error, size, "--%s: out of memory", type->option);
		fclose(f);
		return NULL;
	}
	r->path = path;
	return r;
}

static bool write_at(int fd, const char *data, size_t count, long long at)
{
	while (count > 0) {
		ssize_t n = pwrite(fd, data, count, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		at += n;
		count -= (size_t)n;
	}
	return true;
}

/*
 * One write for both, so that the old trailer gives way to the record and the new
 * trailer in one step.
 */
static bool put_both(struct report *r, const char *record, const char *trailer)
{
	char *both = text_format("%s%s", record, trailer);
	size_t length = strlen(both);
	bool ok = write_at(fileno(r->file), both, length, r->body) &&
		  ftruncate(fileno(r->file), r->body + (long long)length) == 0;

	r->body += (long long)strlen(record);
	free(both);
	return ok;
}

static bool put_stream(struct report *r, const char *text)
{
	return fputs(text, r->file) >= 0 && fflush(r->file) == 0;
}

bool report_put(struct report *r, const char *record, const char *trailer)
{
	return r->rewritable ? put_both(r, record, trailer) : put_stream(r, record);
}

bool report_put_head(struct report *r, const char *head)
{
	return !r->rewritable || write_at(fileno(r->file), head, strlen(head), r->start);
}

bool report_finish(struct report *r, const char *record, const char *trailer)
{
	if (!r->rewritable)
		return put_stream(r, record) && put_stream(r, trailer);
	/* What others write to the same stream goes behind the report. */
	return put_both(r, record, trailer) && lseek(fileno(r->file), 0, SEEK_END) >= 0;
}

/* ---- all reports of a run ------------------------------------------------------------ */

bool reports_add(struct report **list, struct report *r)
{
	while (*list)
		list = &(*list)->next;
	*list = r;
	return r != NULL;
}

bool reports_on_stdout(const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (paths[i] && (strcmp(paths[i], "-") == 0 || strcmp(paths[i], "/dev/stdout") == 0))
			return true;
	}
	return false;
}

static bool say_unwritten(const struct report *r, char *error, size_t size)
{
	snprintf(error, size, "--%s: cannot write %s: %s", r->type->option,
		 r->path ? r->path : "the output", strerror(errno));
	return false;
}

bool reports_begin(struct report *list, struct run *run, char *error, size_t size)
{
	clean(&run->backend_name, TEXT_LINE);
	clean(&run->backend_version, TEXT_LINE);
	clean(&run->repeat, TEXT_LINE);
	for (struct report *r = list; r; r = r->next) {
		if (!r->type->begin(r, run))
			return say_unwritten(r, error, size);
	}
	return true;
}

bool reports_verdict(struct report *list, struct run *run, struct verdict *v, char *error, size_t size)
{
	bool ok = true;

	verdict_clean(v);
	run->summary[v->outcome]++;
	for (struct report *r = list; r; r = r->next) {
		if (!r->type->verdict(r, run, v) && ok)
			ok = say_unwritten(r, error, size);
	}
	return ok;
}

bool reports_end(struct report *list, struct run *run, char *error, size_t size)
{
	bool ok = true;

	clean(&run->stale, TEXT_LINES);
	for (struct report *r = list; r; r = r->next) {
		if (!r->type->end(r, run) && ok)
			ok = say_unwritten(r, error, size);
	}
	return ok;
}

void reports_close(struct report *list)
{
	while (list) {
		struct report *next = list->next;

		if (list->path)
			fclose(list->file);
		free(list);
		list = next;
	}
}
