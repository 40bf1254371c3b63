/* SPDX-License-Identifier: MIT */
/* text.h: text that is safe to print, and how it is laid out. */
#ifndef POOLPROOF_TEXT_H
#define POOLPROOF_TEXT_H

#include <stddef.h>
#include <stdio.h>

enum text_form {
	TEXT_LINE, /* one line: newlines and tabs are escaped too */
	TEXT_LINES /* newlines and tabs stay */
};

/*
 * A malloc'd copy of s that no terminal, XML or JSON parser stumbles over:
 * valid UTF-8 without control characters, bidirectional overrides and
 * noncharacters.  What is not is shown as "\x1b" or "\u202e".  NULL gives NULL.
 */
char *text_clean(const char *s, enum text_form form);

/* The same for the malloc'd string at s. */
void text_clean_in_place(char **s, enum text_form form);

/*
 * Print text filled up to width columns, and a newline.  The cursor stands at column, and
 * the following lines are indented to it.  An empty line begins a paragraph.
 */
void text_wrap(FILE *f, const char *text, int column, int width);

/* Print the lines of text as they are, indented to column, where the cursor stands. */
void text_indent(FILE *f, const char *text, int column);

/* Columns that s takes on a terminal, counting each character as one. */
int text_columns(const char *s);

/* printf into malloc'd memory; ends the process if there is none. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* array with room for one more than count; ends the process if there is no memory. */
void *array_grow(void *array, size_t count, size_t size);

#endif
