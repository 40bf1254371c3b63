/* SPDX-License-Identifier: MIT */
/* expect_write.c: an expectation file is written, with what is known and what the run has shown. */
#include "expectations.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"
#include "select.h"

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
	const struct note *n = expect_note_of(e, c);

	return !n || n->met == en;
}

static bool entry_kept_whole(const struct expectations *e, const struct entry *en)
{
	size_t count;
	const struct pp_case *const *cases = case_list(&count);

	for (size_t i = 0; i < count; i++) {
		if (expect_is_about(en, cases[i]) && !entry_kept_for(e, en, cases[i]))
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
		if (expect_is_about(en, cases[i]) && entry_kept_for(e, en, cases[i]))
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
	if (expect_needs_message(n->outcome) || (n->outcome == CRASHED && *message))
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
