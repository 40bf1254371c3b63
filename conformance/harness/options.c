/* SPDX-License-Identifier: MIT */
/* options.c: see options.h. */
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader.h"
#include "tool.h"

#define POSITIVE_MOST 1e6

static bool take_backend_option(char *text)
{
	char error[1024];

	if (target_add_option(text, error, sizeof(error)))
		return true;
	tool_error("%s", error);
	return false;
}

/* The long option that getopt_long has just read, as it was given. */
static const char *long_option(char **argv)
{
	return argv[optind - 1] == optarg ? argv[optind - 2] : argv[optind - 1];
}

/* getopt_long takes --time for --timeout-scale, where there is no --time. */
static bool is_whole(const char *given, const char *name)
{
	return strcspn(given, "=") == strlen("--") + strlen(name);
}

static int unknown_option(const char *command, const char *given)
{
	return tool_error("%s: unknown option %s; `poolproof %s --help` lists them", command, given, command);
}

static int bad_option(const char *command, int opt, char **argv)
{
	const char *given = argv[optind - 1];
	char short_option[] = {'-', (char)optopt, '\0'};

	if (optopt > ' ' && optopt < 0x7f)
		given = short_option;
	if (opt == ':')
		return tool_error("%s: the option %s needs a value; see `poolproof %s --help`", command,
				  given, command);
	return unknown_option(command, given);
}

/* Of an option that was given '' for a value. */
static int empty_value(const struct options *o, int opt, int at)
{
	char name[] = {'-', (char)opt, '\0'};

	return tool_error("%s: the option %s%s needs a value; see `poolproof %s --help`", o->command,
			  at < 0 ? "" : "--", at < 0 ? name : o->longs[at].name, o->command);
}

int options_read(const struct options *o, void *command, int argc, char **argv)
{
	int opt, at = -1;

	optind = 0;
	opterr = 0;
	for (; (opt = getopt_long(argc, argv, o->shorts, o->longs, &at)) != -1; at = -1) {
		if (opt == '?' || opt == ':')
			return bad_option(o->command, opt, argv);
		if (at >= 0 && !is_whole(long_option(argv), o->longs[at].name))
			return unknown_option(o->command, long_option(argv));
		if (optarg && !*optarg)
			return empty_value(o, opt, at);
		if (opt == OPTION_HELP)
			return o->help();
		if (opt == OPTION_VERSION)
			return tool_version();
		if (!(opt == 'o' ? take_backend_option(optarg) : o->take(command, opt, optarg)))
			return EXIT_USAGE;
	}
	return -1;
}

int options_one_backend(const struct options *o, int argc, char **argv, const char **backend)
{
	if (argc - optind > 1)
		return tool_error("%s: one backend at a time; %s is one too many", o->command, argv[optind + 1]);
	*backend = argv[optind];
	return -1;
}

bool option_refuse(const char *name, const char *value, const char *advice)
{
	tool_error("--%s %s: give %s", name, value, advice);
	return false;
}

bool option_number(const char *name, const char *value, unsigned long least, unsigned long most, unsigned long *n)
{
	char advice[64], *end;

	errno = 0;
	*n = strtoul(value, &end, 10);
	if (*value >= '0' && *value <= '9' && !*end && !errno && *n >= least && *n <= most)
		return true;
	snprintf(advice, sizeof(advice), "a number from %lu to %lu", least, most);
	return option_refuse(name, value, advice);
}

bool option_positive(const char *name, const char *value, double *n)
{
	char *end;

	*n = strtod(value, &end);
	return (*value && !*end && isfinite(*n) && *n > 0 && *n <= POSITIVE_MOST) ||
	       option_refuse(name, value, "a number above 0 and up to 1000000, such as 2.5");
}

bool option_directory(const char *path)
{
	bool made = mkdir(path, 0777) == 0 || errno == EEXIST;
	int fd = made ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	bool good = fd >= 0 && access(path, W_OK) == 0;

	if (!good)
		tool_error("--directory: cannot write to %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

bool option_shard(const char *value, struct shard *shard)
{
	return shard_parse(value, shard) ||
	       option_refuse("shard", value, "two numbers, the first from 1 to the second, such as 2/8");
}
