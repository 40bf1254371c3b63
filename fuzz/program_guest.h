/* SPDX-License-Identifier: MIT */
/*
 * program_guest.h: a program of the fuzzer as a program under exploration.
 *
 * The guest runs it once, and its history is in memory that the explorer sees, and
 * judges there by the model.  No name here is one of the fuzzer's own: the
 * explorer has others by the same names.
 */
#ifndef FUZZ_PROGRAM_GUEST_H
#define FUZZ_PROGRAM_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Of a history. */
size_t program_guest_size(void);

/* Is there a program in file?  False with one line in error. */
bool program_guest_reads(const char *file, char *error, size_t size);

/* Run the program in file on target (loader.h), once; fd: where the history goes.  Leaves the process. */
_Noreturn void program_guest_main(int fd, const char *file);

/* True, with the clause and what is wrong in text, if the specification does not allow it. */
bool program_guest_failed(const void *history, char *text, size_t size);

/* The program, and what it did and saw up to where it went wrong. */
void program_guest_print(const void *history, const char *file, FILE *f);

#endif
