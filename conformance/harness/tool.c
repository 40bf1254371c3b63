/* SPDX-License-Identifier: MIT */
/* tool.c: see tool.h. */
#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
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

int tool_bad_option(const char *command, int opt, char **argv)
{
	const char *given = argv[optind - 1];
	char short_option[] = {'-', (char)optopt, '\0'};

	if (optopt > ' ' && optopt < 0x7f)
		given = short_option;
	if (opt == ':')
		return tool_error("%s: the option %s needs a value; see `poolproof %s --help`", command,
				  given, command);
	return tool_error("%s: unknown option %s; `poolproof %s --help` lists them", command, given,
			  command);
}

bool tool_parse_scale(const char *text, double *scale)
{
	char *end;

	*scale = strtod(text, &end);
	return *text && !*end && isfinite(*scale) && *scale > 0 && *scale <= 1e6;
}

bool tool_parse_number(const char *text, unsigned long least, unsigned long most, unsigned long *n)
{
	char *end;

	errno = 0;
	*n = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *n >= least && *n <= most;
}

int tool_version(void)
{
	printf("poolproof %s\n", poolproof_version);
	return EXIT_GOOD;
}
