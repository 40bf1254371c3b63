/* SPDX-License-Identifier: MIT */
/* loader.c: dlopen of the backend, and the judgement of its table. */
#include "loader.h"

#include <dlfcn.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct target target;

/* The table as far as its last mandatory entry. */
#define SIZE_LEAST (offsetof(struct pp_backend, result) + sizeof(((struct pp_backend *)0)->result))

static bool refuse(char *error, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool refuse(char *error, size_t size, const char *format, ...)
{
	int n = snprintf(error, size, "%s: ", target.path);
	va_list args;

	va_start(args, format);
	if (n > 0 && (size_t)n < size)
		vsnprintf(error + n, size - n, format, args);
	va_end(args);
	return false;
}

bool target_add_option(char *text, char *error, size_t size)
{
	char *equals = strchr(text, '=');
	struct pp_option *grown;

	if (!equals || equals == text) {
		snprintf(error, size, "-o %s: an option of the backend is written key=value", text);
		return false;
	}
	grown = realloc(target.options, (target.option_count + 1) * sizeof(*grown));
	if (!grown) {
		snprintf(error, size, "out of memory");
		return false;
	}
	*equals = '\0';
	grown[target.option_count++] = (struct pp_option){text, equals + 1};
	target.options = grown;
	return true;
}

void target_clear(void)
{
	if (target.object)
		dlclose(target.object);
	free(target.path);
	free(target.expect);
	free(target.options);
	memset(&target, 0, sizeof(target));
}

static bool is_elf(const char *path)
{
	char magic[4] = "";
	FILE *f = fopen(path, "re");
	bool is = f && fread(magic, 1, 4, f) == 4 && memcmp(magic, "\177ELF", 4) == 0;

	if (f)
		fclose(f);
	return is;
}

static bool open_object(char *error, size_t size)
{
	if (!is_elf(target.path))
		return refuse(error, size, "not a shared object; link the adapter with -shared -fPIC");
	target.object = dlopen(target.path, RTLD_NOW | RTLD_LOCAL);
	if (!target.object)
		return refuse(error, size, "cannot be loaded as a shared object: %s", dlerror());
	return true;
}

static const struct pp_backend *ask_for_table(char *error, size_t size)
{
	char reason[1024] = "";
	struct pp_host host = {
		.size = sizeof(host),
		.abi = PP_ABI_VERSION,
		.options = target.options,
		.option_count = target.option_count,
		.error = reason,
		.error_size = sizeof(reason),
	};
	pp_entry *entry;
	const struct pp_backend *table;

	*(void **)&entry = dlsym(target.object, PP_ENTRY_SYMBOL);
	if (!entry) {
		refuse(error, size, "exports no function " PP_ENTRY_SYMBOL
		       "; an adapter defines it (poolproof new NAME writes one)");
		return NULL;
	}
	table = entry(&host);
	reason[sizeof(reason) - 1] = '\0';
	if (!table)
		refuse(error, size, "gives no backend: %s",
		       reason[0] ? reason : "its adapter does not say why (host->error is empty)");
	return table;
}

static bool judge(const struct pp_backend *b, char *error, size_t size)
{
	const char *missing = !b->executor_new ? "executor_new" :
			      !b->submit       ? "submit" :
			      !b->result       ? "result" :
			      !b->shutdown     ? "shutdown" :
						 NULL;

	if (missing)
		return refuse(error, size, "the entry %s is NULL, which is mandatory", missing);
	if (!b->name || !b->name[0])
		return refuse(error, size, "the table has no name; set .name to that of the executor");
	if (!b->as_completed_begin != !b->as_completed_next || !b->as_completed_next != !b->as_completed_end)
		return refuse(error, size, "as_completed_begin, as_completed_next and as_completed_end belong together; "
			      "give all three, or NULL for all");
	if (!b->map_begin != !b->map_next || !b->map_next != !b->map_end)
		return refuse(error, size, "map_begin, map_next and map_end belong together; "
			      "give all three, or NULL for all");
	if (b->concurrency < 0)
		return refuse(error, size, "concurrency is %d; it is 0, a number of tasks, or PP_UNLIMITED",
			      b->concurrency);
	return true;
}

/* Of a thread-local variable: the object that it is in, and where there. */
struct place {
	unsigned long object, offset;
};
void *__tls_get_addr(struct place *place);

#define LOCALS_MAX 64

struct locals {
	unsigned long objects[LOCALS_MAX];
	size_t count;
};

static int note_locals(struct dl_phdr_info *info, size_t size, void *locals)
{
	struct locals *l = locals;

	(void)size;
	if (info->dlpi_tls_modid && l->count < LOCALS_MAX)
		l->objects[l->count++] = info->dlpi_tls_modid;
	return 0;
}

/*
 * Those of an object that is loaded come into being at their first use in a thread, which ends
 * the process if there is no memory then.  A case that takes all memory is to find them there.
 */
static void make_thread_locals(void)
{
	struct locals l = {.count = 0};

	dl_iterate_phdr(note_locals, &l); /* which holds a lock that __tls_get_addr may take */
	for (size_t i = 0; i < l.count; i++) {
		struct place first = {l.objects[i], 0};

		__tls_get_addr(&first);
	}
}

bool target_load(struct pp_backend *table, char *error, size_t size)
{
	const struct pp_backend *given = open_object(error, size) ? ask_for_table(error, size) : NULL;

	if (!given)
		return false;
	if (given->abi != PP_ABI_VERSION)
		return refuse(error, size, "made for version %u of the ABI, this tool has version %d; "
			      "build it with this tool's poolproof/backend.h and .abi = PP_ABI_VERSION",
			      given->abi, PP_ABI_VERSION);
	if (given->size < SIZE_LEAST)
		return refuse(error, size, "its table has %zu bytes and needs %zu at least; "
			      "set .size = sizeof(struct pp_backend)", given->size, SIZE_LEAST);
	make_thread_locals();
	memset(table, 0, sizeof(*table));
	memcpy(table, given, given->size < sizeof(*table) ? given->size : sizeof(*table));
	return judge(table, error, size);
}
