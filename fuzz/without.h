/* SPDX-License-Identifier: MIT */
/*
 * without.h: what programs are to do without, so that a fuzzer gets past what is
 * known of a backend.
 *
 *	wait                    the operation, in every form
 *	fail                    so that no request for memory or a thread fails
 *	task:shutdown_cancel    tasks of that kind
 *	callback:submit         callbacks of that kind
 *	shutdown:cancel         the forms of shutdown that cancel; also shutdown:wait, shutdown:nowait
 *	initializer:fail        initializers that fail; initializer:all for none
 */
#ifndef FUZZ_WITHOUT_H
#define FUZZ_WITHOUT_H

#include "program.h"

struct without {
	uint32_t ops, tasks, callbacks, forms, initializers; /* a bit for each */
};

/* Names separated by commas.  False if there is no such thing. */
bool without_add(struct without *w, const char *names);

bool without_has(const struct without *w, enum op_code code);

/* Put something harmless in its place, or take it out. */
void without_apply(const struct without *w, struct program *p);

#endif
