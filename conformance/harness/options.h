/* SPDX-License-Identifier: MIT */
/*
 * options.h: how the commands read their command lines.
 *
 *	enum { OPT_JOBS = OPTION_OWN, ... };
 *	static const struct option longs[] = {OPTIONS_BACKEND, {"jobs", required_argument, NULL, OPT_JOBS}, OPTIONS_COMMON};
 *	static const struct options options = {"run", ":ho:v", longs, help, take};
 *	...
 *	status = options_read(&options, &command, argc, argv);
 *	if (status < 0) -> go on; what is no option begins at argv[optind]
 *
 * What a user got wrong is told in one line on stderr, where it is found.
 */
#ifndef POOLPROOF_OPTIONS_H
#define POOLPROOF_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "shard.h"

enum {
	OPTION_HELP = 'h',
	OPTION_VERSION = 0x100, /* above every short option */
	OPTION_OWN = 0x2000 /* a command's own, from here on; below are those of select.h */
};

/* The last of every command's. */
#define OPTIONS_COMMON {"help", no_argument, NULL, OPTION_HELP}, {"version", no_argument, NULL, OPTION_VERSION}, {0}

/* -o KEY=VALUE, for those that load a backend; with "o:" among the short ones. */
#define OPTIONS_BACKEND {"option", required_argument, NULL, 'o'}

struct options {
	const char *command;
	const char *shorts; /* for getopt_long, from ":h" on */
	const struct option *longs;
	int (*help)(void);					   /* prints it; the exit status */
	bool (*take)(void *command, int option, char *value); /* false if it was refused, which it has told */
};

/* -1 to go on, or the exit status.  The name of an option is whole: another version may have a longer one. */
int options_read(const struct options *o, void *command, int argc, char **argv);

/* The one word that may be left, or NULL, goes to *backend.  -1 to go on, or the exit status. */
int options_one_backend(const struct options *o, int argc, char **argv, const char **backend);

/* Tell "--name value: give advice"; false. */
bool option_refuse(const char *name, const char *value, const char *advice);

/* A whole number from least to most; or false, and it was told. */
bool option_number(const char *name, const char *value, unsigned long least, unsigned long most, unsigned long *n);

/* A number above 0, such as of seconds; or false, and it was told. */
bool option_positive(const char *name, const char *value, double *n);

/* --directory: a folder to write to, made if it is not there; or false, and it was told. */
bool option_directory(const char *path);

/* --shard, as shard.h reads it; or false, and it was told. */
bool option_shard(const char *value, struct shard *shard);

#endif
