/* SPDX-License-Identifier: MIT */
/* module.c: see module.h. */
#include "module.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>

#include "loader.h"

const void *module_symbol(const char *module, const char *symbol)
{
	char path[PATH_MAX];
	void *object = tool_file(module, path, sizeof(path)) ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;

	return object ? dlsym(object, symbol) : NULL;
}
