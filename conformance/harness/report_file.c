/* SPDX-License-Identifier: MIT */
/* report_file.c: files that are whole at all times. */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
