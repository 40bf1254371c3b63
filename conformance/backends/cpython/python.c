/* SPDX-License-Identifier: MIT */
/*
 * python.c: finding libpython and its standard library.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "python.h"

#define OLDEST_MINOR 6
#define NEWEST_MINOR 30

struct python py;

static const struct function {
	const char *name;
	size_t offset;
} functions[] = {
#define PYTHON_ENTRY(result, name, parameters) { #name, offsetof(struct python, name) },
	PYTHON_FUNCTIONS(PYTHON_ENTRY)
#undef PYTHON_ENTRY
};

/* Global, for the extension modules of the standard library look for libpython's symbols there. */
static void *open_library(const char *file)
{
	return dlopen(file, RTLD_NOW | RTLD_GLOBAL);
}

static void *open_minor(int minor)
{
	/* Until 3.7 the name told that the usual memory allocator was built in. */
	static const char *const forms[] = { "libpython3.%d.so.1.0", "libpython3.%dm.so.1.0" };
	char name[64];

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		snprintf(name, sizeof(name), forms[i], minor);

		void *library = open_library(name);
		if (library)
			return library;
	}
	return NULL;
}

static void *open_default(void)
{
	void *library = open_minor(11);

	for (int minor = NEWEST_MINOR; !library && minor >= OLDEST_MINOR; minor--)
		library = open_minor(minor);
	return library;
}

static bool find_functions(void *library, char *error, size_t error_size)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		void *found = dlsym(library, functions[i].name);

		if (!found) {
			snprintf(error, error_size, "this is no libpython 3.6 or later: it has no %s", functions[i].name);
			return false;
		}
		memcpy((char *)&py + functions[i].offset, &found, sizeof(found));
	}
	return true;
}

static bool version_is_supported(int *minor, char *error, size_t error_size)
{
	int major = 0;

	if (sscanf(py.Py_GetVersion(), "%d.%d", &major, minor) == 2 && major == 3 && *minor >= OLDEST_MINOR)
		return true;
	snprintf(error, error_size, "CPython %s is too old: 3.%d or later is needed", cpython_version(), OLDEST_MINOR);
	return false;
}

/*
 * Where the library's own standard library is, if it is in one of the folders
 * above it: an installation that was built for, or moved to, a place of its own.
 */
static bool find_home(int minor, char home[PATH_MAX])
{
	Dl_info info;
	void *address;
	char landmark[PATH_MAX + 32];

	memcpy(&address, &py.Py_GetVersion, sizeof(address));
	if (!dladdr(address, &info) || !realpath(info.dli_fname, home))
		return false;
	for (int level = 0; level < 4; level++) {
		char *slash = strrchr(home, '/');

		if (!slash || slash == home)
			return false;
		*slash = '\0';
		snprintf(landmark, sizeof(landmark), "%s/lib/python3.%d/os.py", home, minor);
		if (access(landmark, R_OK) == 0)
			return true;
	}
	return false;
}

/*
 * Python 3.6 has no GIL before this is called, or before a first thread of its
 * own is started: threads of a case would be inside the interpreter together.
 */
static void make_gil(void *library)
{
	void *found = dlsym(library, "PyEval_InitThreads");
	void (*init_threads)(void);

	memcpy(&init_threads, &found, sizeof(found));
	if (init_threads)
		init_threads();
}

/* The variable is taken back so that the programs a case starts do not see it. */
static void initialize(int minor)
{
	char home[PATH_MAX];
	bool set = !getenv("PYTHONHOME") && find_home(minor, home);

	if (set)
		setenv("PYTHONHOME", home, 1);
	py.Py_InitializeEx(0);
	if (set)
		unsetenv("PYTHONHOME");
}

bool cpython_start(const char *file, char *error, size_t error_size)
{
	int minor = 0;
	void *library = file ? open_library(file) : open_default();

	if (!library && file)
		snprintf(error, error_size, "cannot load libpython: %s", dlerror());
	else if (!library)
		snprintf(error, error_size, "no libpython3 found: install libpython3.11, or name one with -o libpython=FILE");
	if (!library)
		return false;
	if (!find_functions(library, error, error_size) || !version_is_supported(&minor, error, error_size))
		return false;
	initialize(minor);
	if (minor == OLDEST_MINOR)
		make_gil(library);
	return true;
}

const char *cpython_version(void)
{
	static char version[32];

	snprintf(version, sizeof(version), "%.*s", (int)strcspn(py.Py_GetVersion(), " "), py.Py_GetVersion());
	return version;
}
