/* SPDX-License-Identifier: MIT */
/* cmd_merge.c: poolproof merge. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "results.h"
#include "tool.h"

#define SIZE_MOST (64UL << 20)

static int help(void)
{
	printf("Usage: poolproof merge [--json FILE] FILE...\n"
	       "Add up what `poolproof race --json` or `poolproof fuzz --json` wrote, on one machine\n"
	       "or with --shard on many, about one backend.\n\n"
	       "  --json FILE  write the sum to FILE, which can be merged again; - is the standard output\n"
	       "  -h, --help   print this\n"
	       "  --version    print the version\n\n"
	       "Exit status: 0 conforming, or exactly as expected; 1 not; 2 an error in how it was used.\n");
	return EXIT_GOOD;
}

static bool add_stream(struct results *r, const char *path, FILE *f, char *error, size_t size)
{
	char *text = malloc(SIZE_MOST);
	size_t length = text ? fread(text, 1, SIZE_MOST, f) : 0;
	bool good = text && !ferror(f) && length < SIZE_MOST;

	if (!good)
		snprintf(error, size, "%s: %s", path, ferror(f) ? strerror(errno) : "is too large");
	else
		good = results_add(r, path, text, length, error, size);
	free(text);
	return good;
}

static bool add_path(struct results *r, const char *path, char *error, size_t size)
{
	FILE *f = fopen(path, "re");
	bool good;

	if (!f) {
		snprintf(error, size, "%s: %s", path, strerror(errno));
		return false;
	}
	good = add_stream(r, path, f, error, size);
	fclose(f);
	return good;
}

static bool write_sum(const struct results *r, const char *path)
{
	bool to_stdout = strcmp(path, "-") == 0;
	FILE *f = to_stdout ? stdout : fopen(path, "we");
	bool good = f && results_write(r, f);

	if (f && !to_stdout)
		good = fclose(f) == 0 && good;
	return good;
}

static int merge(struct results *r, const char *json, char **paths)
{
	char error[512];

	for (; *paths; paths++)
		if (!add_path(r, *paths, error, sizeof(error)))
			return tool_error("%s", error);
	if (json && !write_sum(r, json))
		return tool_error("--json: cannot write %s: %s", json, strerror(errno));
	results_print(r, json && strcmp(json, "-") == 0 ? stderr : stdout);
	return results_red(r) ? EXIT_RED : EXIT_GOOD;
}

static bool take_json(void *json, int opt, char *value)
{
	(void)opt;
	*(const char **)json = value;
	return true;
}

int cmd_merge(int argc, char **argv)
{
	static const struct option longs[] = {{"json", required_argument, NULL, OPTION_OWN}, OPTIONS_COMMON};
	static const struct options options = {"merge", ":h", longs, help, take_json};
	const char *json = NULL;
	struct results *r;
	int status = options_read(&options, &json, argc, argv);

	if (status >= 0)
		return status;
	if (optind == argc)
		return tool_error("merge: give the files that `poolproof race --json` or `poolproof fuzz --json` wrote");
	if (results_missing)
		return tool_error("merge: not in this build; install %s and build again", results_missing);
	r = results_new();
	status = merge(r, json, argv + optind);
	results_free(r);
	return status;
}
