/* SPDX-License-Identifier: MIT */
/*
 * loader.h: from what the user typed to a table of the backend's entries.
 *
 * locate    the supervisor finds the file; nothing of it runs
 * probe     a child loads it, under a deadline, and tells whether it will do
 *           (probe.h)
 * load      each process of a case loads it for itself
 */
#ifndef POOLPROOF_LOADER_H
#define POOLPROOF_LOADER_H

#include "outcome.h"

/* The backend of the run; set once, before the first fork. */
struct target {
	char *path;   /* to dlopen, with a '/' in it */
	char *expect; /* the expectation file shipped beside it, or NULL */
	struct pp_option *options;
	size_t option_count;
	bool shipped; /* one of those that come with the tool */
	void *object; /* of dlopen; NULL until it is loaded */
};
extern struct target target;

/*
 * Find the backend that name means: a path; or a file name or the name of a
 * shipped backend, without a '/'.  NULL is the reference.  False with one line
 * in error if there is no such file.
 */
bool target_locate(const char *name, char *error, size_t size);

/* The path of a file that belongs to the tool; false if it is not there. */
bool tool_file(const char *name, char *buffer, size_t size);

/* Take one -o key=value; text is borrowed for good.  False if it has no '='. */
bool target_add_option(char *text, char *error, size_t size);

/* Free what locating it took, and close what was loaded. */
void target_clear(void);

/*
 * dlopen target.path, ask it for its table, and judge that.  The table is copied
 * into *table, where entries that the backend is too old to know are NULL.
 */
bool target_load(struct pp_backend *table, char *error, size_t size);

#endif
