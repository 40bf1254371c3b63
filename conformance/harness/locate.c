/* SPDX-License-Identifier: MIT */
/*
 * locate.c: where backends are.
 *
 * The shipped ones are beside the tool in its build folder (backends/), or where
 * `make install` puts them (../lib/poolproof/, seen from the tool).
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader.h"

#define REFERENCE "reference"

static const char *const folders[] = {"backends", "../lib/poolproof"};

/* The folder that the tool is in, or ".". */
static void tool_folder(char *buffer, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buffer, size - 1);
	char *slash;

	buffer[n > 0 ? n : 0] = '\0';
	slash = strrchr(buffer, '/');
	if (slash)
		*slash = '\0';
	else
		snprintf(buffer, size, ".");
}

/* The i-th folder of shipped backends, if there is such a folder. */
static bool shipped_folder(size_t i, char *buffer, size_t size)
{
	char tool[PATH_MAX], path[2 * PATH_MAX], real[PATH_MAX];

	tool_folder(tool, sizeof(tool));
	snprintf(path, sizeof(path), "%s/%s", tool, folders[i]);
	if (!realpath(path, real))
		return false;
	return snprintf(buffer, size, "%s", real) < (int)size;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool tool_file(const char *name, char *buffer, size_t size)
{
	static const char *const places[] = {"", "../lib/poolproof/tool/", "../"};
	char tool[PATH_MAX];
	size_t i;

	tool_folder(tool, sizeof(tool));
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (snprintf(buffer, size, "%s/%s%s", tool, places[i], name) < (int)size && is_file(buffer))
			return true;
	return false;
}

static size_t stem_length(const char *file)
{
	size_t n = strlen(file);

	return n > 3 && strcmp(file + n - 3, ".so") == 0 ? n - 3 : n;
}

/* FOLDER/NAME.so, for NAME with or without its ".so". */
static char *shipped_path(const char *name)
{
	char folder[PATH_MAX];
	char *path;
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (!shipped_folder(i, folder, sizeof(folder)))
			continue;
		if (asprintf(&path, "%s/%.*s.so", folder, (int)stem_length(name), name) < 0)
			return NULL;
		if (is_file(path))
			return path;
		free(path);
	}
	return NULL;
}

/* "cpython, glib, reference", or what to do if there is none. */
static void shipped_names(char *buffer, size_t size)
{
	char folder[PATH_MAX];
	size_t i, used = 0;

	snprintf(buffer, size, "none is installed");
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]) && !used; i++) {
		struct dirent **found;
		int k, n = shipped_folder(i, folder, sizeof(folder)) ?
				   scandir(folder, &found, NULL, alphasort) : -1;

		for (k = 0; k < n; k++) {
			size_t stem = stem_length(found[k]->d_name);

			if (found[k]->d_name[stem] && used < size)
				used += snprintf(buffer + used, size - used, "%s%.*s", used ? ", " : "",
						 (int)stem, found[k]->d_name);
			free(found[k]);
		}
		if (n >= 0)
			free(found);
	}
}

static bool no_such_backend(const char *name, char *error, size_t size)
{
	int why = access(name, F_OK) == 0 ? EACCES : errno;
	char names[512];

	shipped_names(names, sizeof(names));
	if (strchr(name, '/'))
		snprintf(error, size, "%s: %s; give the path of an adapter's shared object", name,
			 strerror(why));
	else
		snprintf(error, size, "%s: no such file here and no such backend among those that come "
			 "with the tool (%s)", name, names);
	return false;
}

static void find_expectations(void)
{
	char *path, *folder;
	size_t i;
	char shipped[PATH_MAX];

	folder = strdup(target.path);
	if (!folder || !strrchr(folder, '/'))
		goto out;
	*strrchr(folder, '/') = '\0';
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (shipped_folder(i, shipped, sizeof(shipped)) && strcmp(shipped, folder) == 0)
			target.shipped = true;
	if (!target.shipped ||
	    asprintf(&path, "%.*s.expect", (int)stem_length(target.path), target.path) < 0)
		goto out;
	if (is_file(path))
		target.expect = path;
	else
		free(path);
out:
	free(folder);
}

bool target_locate(const char *name, char *error, size_t size)
{
	struct stat st;
	bool here;

	if (!name)
		name = REFERENCE;
	if (!*name) {
		snprintf(error, size, "the backend's name is empty");
		return false;
	}
	here = stat(name, &st) == 0;
	if (here && !S_ISREG(st.st_mode) && strchr(name, '/')) {
		snprintf(error, size, "%s: is no regular file; give the path of an adapter's shared object", name);
		return false;
	}
	if (here && S_ISREG(st.st_mode) && (strchr(name, '/') || name[stem_length(name)]))
		target.path = realpath(name, NULL);
	else if (!strchr(name, '/'))
		target.path = shipped_path(name);
	if (!target.path)
		return no_such_backend(name, error, size);
	find_expectations();
	return true;
}
