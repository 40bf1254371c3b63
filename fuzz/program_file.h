/* SPDX-License-Identifier: MIT */
/*
 * program_file.h: a program in a file, to be repeated, read and kept.
 *
 *	poolproof program 1
 *	backend  reference
 *	option   key=value
 *	found    FAIL CANCEL-3 the task begins; f1 can only be CANCELLED
 *	seed     42
 *	bytes    00010203...
 *
 * Lines that begin with '#' are comments: the program and its history as text.
 */
#ifndef FUZZ_PROGRAM_FILE_H
#define FUZZ_PROGRAM_FILE_H

#include "program.h"

struct program_file {
	struct program program;
	uint64_t seed;
	char backend[512]; /* empty if not told */
	char options[8][128];
	size_t option_count;
	char found[64]; /* the first two words of found: "FAIL CANCEL-3", or "passed" */
};

/* False with one line in error. */
bool program_file_read(const char *path, struct program_file *f, char *error, size_t size);

/* Lines of text as comments. */
void print_comment(const char *text, FILE *f);
void print_bytes(const struct program *p, FILE *f);

#endif
