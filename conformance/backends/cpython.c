/* SPDX-License-Identifier: MIT */
/*
 * cpython.c: executors of Python's concurrent.futures, or with its interface.
 *
 *	-o executor=MODULE:CLASS  default concurrent.futures:ThreadPoolExecutor
 *	-o kwargs=JSON            more keyword arguments for the constructor
 *	-o path=DIR               where Python looks for MODULE first
 *	-o libpython=FILE         the CPython to run, 3.6 or later
 *	-o concurrency=N          tasks it runs at once at the most; 0: inside submit
 *	-o queue_bound=N          work items that wait before submit blocks or refuses
 *	-o memory=separate        tasks run in forked processes, which is known of ProcessPoolExecutor
 *	-o without=ENTRY,...      what its documentation says it has not got, as backend.h calls it;
 *	                          map and as_completed are the three entries of that name
 *
 * One build drives every CPython: libpython is opened when the backend is
 * loaded (cpython/python.h).  Handles are the Python objects themselves, values
 * are ints, and exceptions are of a class of the adapter's own with the pointer
 * as their argument.  What a call raises decides its status (cpython/value.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpython/entries.h"

#define DEFAULT_EXECUTOR "concurrent.futures:ThreadPoolExecutor"

struct options {
	const char *executor;
	const char *kwargs;
	const char *path;
	const char *libpython;
	const char *concurrency;
	const char *queue_bound;
	const char *memory;
	const char *without;
};

static const struct {
	const char *key;
	size_t offset;
} known_options[] = {
	{ "executor", offsetof(struct options, executor) },
	{ "kwargs", offsetof(struct options, kwargs) },
	{ "path", offsetof(struct options, path) },
	{ "libpython", offsetof(struct options, libpython) },
	{ "concurrency", offsetof(struct options, concurrency) },
	{ "queue_bound", offsetof(struct options, queue_bound) },
	{ "memory", offsetof(struct options, memory) },
	{ "without", offsetof(struct options, without) },
};
#define KNOWN_OPTION_COUNT (sizeof(known_options) / sizeof(*known_options))

static struct pp_backend table = {
	.size = sizeof(table),
	.abi = PP_ABI_VERSION,
	.concurrency = PP_UNLIMITED,
	.queue_bound = PP_UNLIMITED,
};

static bool set_option(struct options *options, const struct pp_option *given)
{
	for (size_t i = 0; i < KNOWN_OPTION_COUNT; i++) {
		if (strcmp(known_options[i].key, given->key) == 0) {
			*(const char **)((char *)options + known_options[i].offset) = given->value;
			return true;
		}
	}
	return false;
}

static bool read_options(const struct pp_host *host, struct options *options)
{
	for (size_t i = 0; i < host->option_count; i++) {
		if (!set_option(options, &host->options[i])) {
			snprintf(host->error, host->error_size,
				 "unknown option %s: executor, kwargs, path, libpython, concurrency, queue_bound, memory and without are known",
				 host->options[i].key);
			return false;
		}
	}
	return true;
}

/* A limit; without text there is none. */
static bool read_limit(const struct pp_host *host, const char *option, const char *text, int *limit)
{
	char *end;
	long n = text ? strtol(text, &end, 10) : PP_UNLIMITED;

	if (text && (end == text || *end || n < 0 || n > INT_MAX)) {
		snprintf(host->error, host->error_size, "%s=%s: a number from 0 on is needed", option, text);
		return false;
	}
	*limit = (int)n;
	return true;
}

static bool read_memory(const struct pp_host *host, const char *text)
{
	if (text && strcmp(text, "separate") != 0) {
		snprintf(host->error, host->error_size, "memory=%s: separate is all that it can be", text);
		return false;
	}
	table.separate_memory = text;
	return true;
}

/* ---- without ----------------------------------------------------------------- */

#define ENTRY(name) { #name, { offsetof(struct pp_backend, name) } }
#define ITERATOR(name)                                                                                  \
	{ #name,                                                                                        \
	  { offsetof(struct pp_backend, name##_begin), offsetof(struct pp_backend, name##_next),        \
	    offsetof(struct pp_backend, name##_end) } }

/* What the documentation of an executor may disclaim; 0 is the offset of no entry. */
static const struct {
	const char *name;
	size_t offsets[3];
} optional[] = {
	ENTRY(executor_new_with_initializer),
	ENTRY(executor_new_named),
	ENTRY(submit_with_release),
	ENTRY(shutdown_nowait),
	ENTRY(shutdown_cancel),
	ENTRY(worker_count),
	ENTRY(worker_name),
	ENTRY(exception),
	ENTRY(cancel),
	ENTRY(cancelled),
	ENTRY(running),
	ENTRY(done),
	ENTRY(add_done_callback),
	ENTRY(wait),
	ITERATOR(as_completed),
	ITERATOR(map),
	ENTRY(process_exit),
	ENTRY(process_fork),
};
#define OPTIONAL_COUNT (sizeof(optional) / sizeof(*optional))

static bool take_out(const char *name, size_t length)
{
	for (size_t i = 0; i < OPTIONAL_COUNT; i++) {
		if (strlen(optional[i].name) != length || memcmp(optional[i].name, name, length) != 0)
			continue;
		for (size_t j = 0; j < 3 && optional[i].offsets[j]; j++)
			memset((char *)&table + optional[i].offsets[j], 0, sizeof(void (*)(void)));
		return true;
	}
	return false;
}

/* Of the table, when it is filled. */
static bool take_all_out(const struct pp_host *host, const char *names)
{
	while (names && *names) {
		size_t length = strcspn(names, ",");

		if (!take_out(names, length)) {
			snprintf(host->error, host->error_size,
				 "without=%.*s: backend.h has no such entry that is optional here", (int)length, names);
			return false;
		}
		names += length + (names[length] == ',');
	}
	return true;
}

/* ---- the class ---------------------------------------------------------------- */

/* Say what went wrong with an option, and the Python exception that tells why. */
static bool refuse(const struct pp_host *host, const char *option, const char *value)
{
	char why[256];

	cpython_error_line(why, sizeof(why));
	snprintf(host->error, host->error_size, "%s=%s: %s", option, value, why);
	return false;
}

static bool add_path(const char *directory)
{
	struct object *text = py.Py_BuildValue("s", directory);
	struct object *path = py.PySys_GetObject("path");
	bool added = text && path && py.PyList_Insert(path, 0, text) == 0;

	cpython_drop(text);
	return added;
}

/* object.name, where name may have dots; consumes object, which may be NULL with an exception set. */
static struct object *find_attribute(struct object *object, const char *name)
{
	struct object *attrgetter = object ? cpython_import("operator", "attrgetter") : NULL;
	struct object *getter = attrgetter ? py.PyObject_CallFunction(attrgetter, "s", name) : NULL;
	struct object *found = getter ? py.PyObject_CallFunction(getter, "O", object) : NULL;

	cpython_drop(getter);
	cpython_drop(attrgetter);
	cpython_drop(object);
	return found;
}

/* The class that MODULE:CLASS names. */
static struct object *find_class(const char *executor)
{
	char module[256];
	size_t length = strcspn(executor, ":");

	snprintf(module, sizeof(module), "%.*s", (int)length, executor);
	return find_attribute(py.PyImport_ImportModule(module), executor + length + 1);
}

static bool is_class(struct object *object)
{
	struct object *type = cpython_import("builtins", "type");
	bool is = type && py.PyObject_IsInstance(object, type) == 1;

	cpython_drop(type);
	return is;
}

static struct object *load_class(const struct pp_host *host, const char *executor)
{
	struct object *class;

	if (!strchr(executor, ':')) {
		snprintf(host->error, host->error_size, "executor=%s: MODULE:CLASS is needed", executor);
		return NULL;
	}
	class = find_class(executor);
	if (!class) {
		refuse(host, "executor", executor);
		return NULL;
	}
	if (!is_class(class)) {
		snprintf(host->error, host->error_size, "executor=%s: that is no class", executor);
		py.Py_DecRef(class);
		return NULL;
	}
	return class;
}

static struct object *load_keywords(const struct pp_host *host, const char *json)
{
	struct object *loads = cpython_import("json", "loads");
	struct object *keywords = loads ? py.PyObject_CallFunction(loads, "s", json) : NULL;
	struct object *copy = keywords ? py.PyDict_Copy(keywords) : NULL;

	if (!keywords) {
		refuse(host, "kwargs", json);
	} else if (!copy) {
		py.PyErr_Clear();
		snprintf(host->error, host->error_size, "kwargs=%s: a JSON object is needed", json);
	}
	cpython_drop(keywords);
	cpython_drop(loads);
	return copy;
}

static bool runs_in_processes(struct object *class)
{
	struct object *pool = cpython_import("concurrent.futures", "ProcessPoolExecutor");
	bool is = pool && py.PyObject_IsSubclass(class, pool) == 1;

	cpython_drop(pool);
	py.PyErr_Clear();
	return is;
}

/* "concurrent.futures.ThreadPoolExecutor" */
static void set_name(const char *executor)
{
	static char name[256];

	snprintf(name, sizeof(name), "%s", executor);
	*strchr(name, ':') = '.';
	table.name = name;
	table.version = cpython_version();
}

static bool fill_table(const struct pp_host *host, const struct options *options)
{
	const char *executor = options->executor ? options->executor : DEFAULT_EXECUTOR;
	struct object *class, *keywords;

	if (!cpython_values_start() || !cpython_calls_start())
		return refuse(host, "libpython", options->libpython ? options->libpython : cpython_version());
	if (options->path && !add_path(options->path))
		return refuse(host, "path", options->path);

	class = load_class(host, executor);
	keywords = class ? load_keywords(host, options->kwargs ? options->kwargs : "{}") : NULL;
	if (!keywords)
		return false;
	table.separate_memory |= runs_in_processes(class);
	set_name(executor);
	if (!cpython_executor_entries(&table, class, keywords) || !cpython_future_entries(&table) ||
	    !cpython_many_entries(&table, class) || !cpython_process_entries(&table))
		return refuse(host, "executor", executor);
	return take_all_out(host, options->without);
}

const struct pp_backend *poolproof_backend(const struct pp_host *host);

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	struct options options = { 0 };

	if (!read_options(host, &options) ||
	    !read_limit(host, "concurrency", options.concurrency, &table.concurrency) ||
	    !read_limit(host, "queue_bound", options.queue_bound, &table.queue_bound) ||
	    !read_memory(host, options.memory))
		return NULL;
	if (!cpython_threads_start()) {
		snprintf(host->error, host->error_size, "there is no key of threads left");
		return NULL;
	}
	if (!cpython_start(options.libpython, host->error, host->error_size))
		return NULL;

	bool filled = fill_table(host, &options);
	py.PyEval_SaveThread();
	return filled ? &table : NULL;
}
