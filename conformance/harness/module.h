/* SPDX-License-Identifier: MIT */
/*
 * module.h: parts of the tool that need a large library.
 *
 * Each is a shared object beside the tool, made of a file of modules/, and is
 * loaded when it is first asked for.  A process of a case is a copy of the tool:
 * what is not mapped is not copied, and is not in the way of a backend.
 */
#ifndef POOLPROOF_MODULE_H
#define POOLPROOF_MODULE_H

/* What a module gives is visible; all else of it is its own. */
#define MODULE_EXPORT __attribute__((visibility("default"), used))

/*
 * What the module calls symbol; NULL if the module was not built, for want of the
 * library, or cannot be loaded.
 *
 * Threads   one
 */
const void *module_symbol(const char *module, const char *symbol);

#endif
