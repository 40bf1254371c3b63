/* SPDX-License-Identifier: MIT */
/* report.c: the reports of a run; see report.h. */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module.h"

/* ---- one report ------------------------------------------------------------------ */

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

/* The type itself, or what its module has; NULL if it is not there. */
static const struct report_type *there(const struct report_type *type)
{
	if (type->module)
		return module_symbol(type->module, "report_type");
	return type->missing ? NULL : type;
}

bool report_is_there(const struct report_type *type)
{
	return there(type) != NULL;
}

struct report *report_on(const struct report_type *type, FILE *stream)
{
	struct report *r;

	type = there(type);
	r = type ? calloc(1, type->size) : NULL;
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

	if (!report_is_there(type)) {
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
	snprintf(error, size, "%s%s: cannot write %s: %s", r->type == &report_console ? "" : "--", r->type->option,
		 r->path ? r->path : "to the standard output", strerror(errno));
	return false;
}

bool reports_begin(struct report *list, struct run *run, char *error, size_t size)
{
	text_clean_in_place(&run->backend_name, TEXT_LINE);
	text_clean_in_place(&run->backend_version, TEXT_LINE);
	text_clean_in_place(&run->repeat, TEXT_LINE);
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
	run->rounds += v->rounds ? v->rounds->count : 0;
	for (struct report *r = list; r; r = r->next) {
		if (!r->type->verdict(r, run, v) && ok)
			ok = say_unwritten(r, error, size);
	}
	return ok;
}

bool reports_end(struct report *list, struct run *run, char *error, size_t size)
{
	bool ok = true;

	text_clean_in_place(&run->stale, TEXT_LINES);
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
