/* SPDX-License-Identifier: MIT */
/* program_file.c: see program_file.h. */
#include "program_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static bool refuse(char *error, size_t size, const char *path, int line, const char *what)
{
	snprintf(error, size, "%s:%d: %s", path, line, what);
	return false;
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

static bool take_bytes(struct program_file *f, const char *value)
{
	uint8_t bytes[PROGRAM_BYTES];
	size_t n = 0;

	for (; value[0]; value += 2) {
		if (digit(value[0]) < 0 || digit(value[1]) < 0 || n == sizeof(bytes))
			return false;
		bytes[n++] = (uint8_t)(digit(value[0]) << 4 | digit(value[1]));
	}
	program_decode(&f->program, bytes, n);
	return n > 0;
}

static bool take_seed(struct program_file *f, const char *value)
{
	char *end;

	errno = 0;
	f->seed = strtoull(value, &end, 10);
	return *value && !*end && !errno;
}

static bool take_option(struct program_file *f, const char *value)
{
	if (f->option_count == sizeof(f->options) / sizeof(f->options[0]) || !strchr(value, '='))
		return false;
	snprintf(f->options[f->option_count++], sizeof(f->options[0]), "%s", value);
	return true;
}

/* One line without its end.  *bytes is set by the line that every file has. */
static bool take_line(struct program_file *f, char *line, bool *bytes)
{
	char *value = line + strcspn(line, " \t");

	if (*value)
		*value++ = '\0';
	value += strspn(value, " \t");
	if (strcmp(line, "backend") == 0)
		return (size_t)snprintf(f->backend, sizeof(f->backend), "%s", value) < sizeof(f->backend);
	if (strcmp(line, "option") == 0)
		return take_option(f, value);
	if (strcmp(line, "found") == 0) {
		snprintf(f->found, sizeof(f->found), "%s", value);
		return true;
	}
	if (strcmp(line, "seed") == 0)
		return take_seed(f, value);
	if (strcmp(line, "bytes") == 0)
		return *bytes = take_bytes(f, value);
	return false;
}

static bool read_lines(FILE *in, const char *path, struct program_file *f, char *error, size_t size)
{
	char line[2048];
	bool bytes = false;
	int n = 0;

	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\r\n")] = '\0';
		n++;
		if (n == 1 && strcmp(line, "poolproof program 1") != 0)
			return refuse(error, size, path, n, "neither a program nor a schedule: the one begins with \"poolproof program 1\", the other with \"poolproof schedule 1\"");
		if (n > 1 && line[0] && line[0] != '#' && !take_line(f, line, &bytes))
			return refuse(error, size, path, n, "not understood; a line is backend, option, found, seed or bytes and its value");
	}
	if (n == 0)
		return refuse(error, size, path, 1, "it is empty");
	return bytes || refuse(error, size, path, n, "there is no line with the bytes of the program");
}

bool program_file_read(const char *path, struct program_file *f, char *error, size_t size)
{
	FILE *in = fopen(path, "re");
	bool good;

	memset(f, 0, sizeof(*f));
	if (!in) {
		snprintf(error, size, "%s: %s", path, strerror(errno));
		return false;
	}
	good = read_lines(in, path, f, error, size);
	if (ferror(in)) {
		snprintf(error, size, "%s: %s", path, strerror(errno));
		good = false;
	}
	fclose(in);
	return good;
}

void print_comment(const char *text, FILE *f)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		fprintf(f, "# %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

void print_bytes(const struct program *p, FILE *f)
{
	uint8_t bytes[PROGRAM_BYTES];
	size_t i, n = program_encode(p, bytes);

	for (i = 0; i < n; i++)
		fprintf(f, "%02x", bytes[i]);
}
