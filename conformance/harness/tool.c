/* SPDX-License-Identifier: MIT */
/* tool.c: see tool.h. */
#include "tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "report.h"
#include "select.h"

const char poolproof_version[] = PP_VERSION;

int tool_error(const char *format, ...)
{
	char *text = NULL, *line;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	line = text_clean(text, TEXT_LINE);
	fflush(stdout);
	fprintf(stderr, "poolproof: %s\n", line ? line : "out of memory");
	free(line);
	free(text);
	return EXIT_USAGE;
}

int tool_version(void)
{
	printf("poolproof %s\n", poolproof_version);
	return EXIT_GOOD;
}
