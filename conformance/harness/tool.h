/* SPDX-License-Identifier: MIT */
/*
 * tool.h: what the commands share.
 *
 * Exit status  0 conforming or exactly as expected; 1 not; 2 usage or harness
 *              error, with one line on stderr that says what to do
 */
#ifndef POOLPROOF_TOOL_H
#define POOLPROOF_TOOL_H

#include <stdbool.h>
#include <stdio.h>

enum { EXIT_GOOD = 0, EXIT_RED = 1, EXIT_USAGE = 2 };

/* Print "poolproof: ..." on stderr, on one line whatever it holds; EXIT_USAGE. */
int tool_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print " " and prefix and word, quoted for a shell. */
void tool_put_word(FILE *f, const char *prefix, const char *word);

/* The processors that this process may use. */
size_t tool_processors(void);

/* "0.1.0" */
extern const char poolproof_version[];

/* Print the version; EXIT_GOOD. */
int tool_version(void);

/* argv[0] is the command's name; the exit status of the tool is returned. */
int cmd_run(int argc, char **argv);
int cmd_race(int argc, char **argv);
int cmd_fuzz(int argc, char **argv);   /* fuzz/ */
int cmd_replay(int argc, char **argv); /* fuzz/ */
int cmd_crosscheck(int argc, char **argv); /* fuzz/ */
int cmd_merge(int argc, char **argv);
int cmd_selfcheck(int argc, char **argv);
int cmd_new(int argc, char **argv);

#endif
