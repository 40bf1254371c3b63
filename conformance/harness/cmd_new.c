/* SPDX-License-Identifier: MIT */
/* cmd_new.c: poolproof new, which writes an adapter to fill in. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "new_adapter.h"
#include "options.h"
#include "report.h"
#include "tool.h"

static int help(void)
{
	printf("Usage: poolproof new NAME\n"
	       "Write NAME.c, an adapter to fill in, which compiles and runs as it is; and tell how to\n"
	       "build it.\n\n"
	       "  -h, --help  print this\n"
	       "  --version   print the version\n\n"
	       "Exit status: 0 written; 2 not.\n");
	return EXIT_GOOD;
}

static bool is_identifier(const char *name)
{
	const char *p;

	if (!isalpha((unsigned char)name[0]) && name[0] != '_')
		return false;
	for (p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			return false;
	return p - name <= 64;
}

static bool write_adapter(const char *path, const char *name)
{
	const char *at = new_adapter, *mark;
	FILE *f = fopen(path, "wx");
	bool ok;

	if (!f)
		return false;
	while ((mark = strstr(at, "@NAME@"))) {
		fprintf(f, "%.*s%s", (int)(mark - at), at, name);
		at = mark + strlen("@NAME@");
	}
	fputs(at, f);
	ok = !ferror(f);
	return fclose(f) == 0 && ok;
}

/* "-I... ", for the headers that came with this tool; malloc'd. */
static char *include_option(void)
{
	static const char *const folders[] = {"../include", "../conformance/include"};
	char tool[PATH_MAX], real[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", tool, sizeof(tool) - 1);
	char *slash, *path;
	size_t i;

	tool[n > 0 ? n : 0] = '\0';
	slash = strrchr(tool, '/');
	if (slash)
		*slash = '\0';
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		path = text_format("%s/%s/poolproof/backend.h", tool, folders[i]);
		n = realpath(path, real) != NULL;
		free(path);
		if (!n)
			continue;
		real[strlen(real) - strlen("/poolproof/backend.h")] = '\0';
		return strcmp(real, "/usr/include") == 0 ? text_format("%s", "") : text_format("-I%s ", real);
	}
	return text_format("%s", "");
}

static int tell(const char *name)
{
	char *include = include_option();

	printf("wrote %s.c; build it with\n\n"
	       "\tcc -shared -fPIC %s-o %s.so %s.c\n\n"
	       "or, in a Makefile (add what your pool needs to link),\n\n"
	       "%s.so: %s.c\n"
	       "\t$(CC) -shared -fPIC $(CFLAGS) %s-o $@ $<\n\n"
	       "and judge it with\n\n"
	       "\t%s selfcheck ./%s.so\n"
	       "\t%s run ./%s.so\n",
	       name, include, name, name, name, name, include, program_invocation_name, name,
	       program_invocation_name, name);
	free(include);
	return EXIT_GOOD;
}

static int create(const char *name)
{
	char *path;
	bool ok;

	if (!is_identifier(name))
		return tool_error("new: %s: the name is to be letters, digits and '_', as of a C function", name);
	path = text_format("%s.c", name);
	ok = write_adapter(path, name);
	if (!ok && errno == EEXIST)
		tool_error("new: %s exists already; choose another name, or remove it", path);
	else if (!ok)
		tool_error("new: cannot write %s: %s", path, strerror(errno));
	free(path);
	return ok ? tell(name) : EXIT_USAGE;
}

int cmd_new(int argc, char **argv)
{
	static const struct option longs[] = {OPTIONS_COMMON};
	static const struct options options = {"new", ":h", longs, help, NULL};
	int status = options_read(&options, NULL, argc, argv);

	if (status >= 0)
		return status;
	if (argc - optind != 1)
		return tool_error("new: give one name; `poolproof new --help` tells more");
	return create(argv[optind]);
}
