/* SPDX-License-Identifier: MIT */
/* schedule_file.c: see schedule_file.h. */
#include "schedule_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "poolproof schedule 1"

bool schedule_file_is(const char *path)
{
	char line[sizeof(HEAD) + 1] = "";
	FILE *f = fopen(path, "re");
	bool is = f && fgets(line, sizeof(line), f) && strncmp(line, HEAD, strlen(HEAD)) == 0;

	if (f)
		fclose(f);
	return is;
}

/* ---- reading ---------------------------------------------------------------------- */

static bool add(char ***list, size_t *count, const char *text)
{
	char **grown = realloc(*list, (*count + 2) * sizeof(**list));

	if (!grown)
		return false;
	*list = grown;
	grown[(*count)++] = strdup(text);
	grown[*count] = NULL;
	return grown[*count - 1] != NULL;
}

static bool read_steps(struct schedule *s, char *text)
{
	char *word, *rest = text, *end;

	s->choices = calloc(strlen(text) / 2 + 2, sizeof(*s->choices));
	if (!s->choices)
		return false;
	while ((word = strsep(&rest, " "))) {
		unsigned long thread = strtoul(word, &end, 10), way = 0;

		if (!*word)
			continue;
		if (*end == ':')
			way = strtoul(end + 1, &end, 10);
		if (*end || thread >= THREADS_MAX || way > WAY_SPURIOUS || s->count == STEPS_MAX)
			return false;
		s->choices[s->count++] = (struct choice){(uint8_t)thread, (uint8_t)way};
	}
	return true;
}

static bool read_points(struct schedule_file *s, char *text)
{
	char *word, *rest = text, *end;

	while ((word = strsep(&rest, " "))) {
		if (!*word)
			continue;
		if (s->schedule.points == POINTS_MAX)
			return false;
		s->point[s->schedule.points++] = strtoull(word, &end, 16);
		if (*end)
			return false;
	}
	return true;
}

static bool set(char **to, const char *text)
{
	free(*to);
	*to = strdup(text);
	return *to != NULL;
}

static bool read_line(struct schedule_file *s, char *line)
{
	char *value = line, *word = strsep(&value, " ");
	char *end;

	if (!*word || *word == '#')
		return true;
	if (!value)
		return strcmp(word, "program") == 0;
	if (strcmp(word, "scenario") == 0)
		return set(&s->scenario, value);
	if (strcmp(word, "input") == 0)
		return set(&s->input, value);
	if (strcmp(word, "backend") == 0)
		return set(&s->backend, value);
	if (strcmp(word, "argument") == 0)
		return add(&s->arguments, &s->argument_count, value);
	if (strcmp(word, "option") == 0)
		return add(&s->options, &s->option_count, value);
	if (strcmp(word, "timeouts") == 0)
		return s->timeouts_any = strcmp(value, "any") == 0, true;
	if (strcmp(word, "spurious") == 0)
		return s->spurious = strcmp(value, "yes") == 0, true;
	if (strcmp(word, "races") == 0)
		return s->races_explored = strcmp(value, "explore") == 0, true;
	if (strcmp(word, "points") == 0)
		return read_points(s, value);
	if (strcmp(word, "hash") == 0)
		return s->hash = strtoull(value, &end, 16), *end == '\0';
	return strcmp(word, "steps") == 0 && !s->schedule.choices && read_steps(&s->schedule, value);
}

static bool is_whole(const struct schedule_file *s)
{
	int subjects = !!s->scenario + !!s->input + !!s->arguments;

	return s->schedule.choices && subjects == 1 && !s->arguments == !!s->backend;
}

bool schedule_file_read(const char *path, struct schedule_file *s, char *error, size_t size)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	unsigned number = 1;
	bool good = f != NULL;

	memset(s, 0, sizeof(*s));
	if (!f)
		snprintf(error, size, "%s: %s", path, strerror(errno));
	for (; good && getline(&line, &room, f) > 0; number++) {
		line[strcspn(line, "\n")] = '\0';
		good = number == 1 ? strcmp(line, HEAD) == 0 : read_line(s, line);
		if (!good)
			snprintf(error, size, "%s:%u: no line of a schedule", path, number);
	}
	if (good && !is_whole(s)) {
		snprintf(error, size, "%s: a schedule that is not whole", path);
		good = false;
	}
	free(line);
	if (f)
		fclose(f);
	return good;
}

/* ---- writing ------------------------------------------------------------------------ */

static void write_steps(FILE *f, const struct schedule *s)
{
	uint32_t i;

	fprintf(f, "steps");
	for (i = 0; i < s->count; i++)
		fprintf(f, s->choices[i].way ? " %d:%d" : " %d", s->choices[i].thread, s->choices[i].way);
	fputc('\n', f);
}

static void write_points(FILE *f, const struct schedule_file *s)
{
	uint32_t i;

	fprintf(f, "points");
	for (i = 0; i < s->schedule.points; i++)
		fprintf(f, " %" PRIx64, s->point[i]);
	fputc('\n', f);
}

bool schedule_file_write(const char *path, const struct schedule_file *s, const char *what)
{
	FILE *f = fopen(path, "we");
	size_t i;

	if (!f)
		return false;
	fprintf(f, "%s\n# %.*s\n", HEAD, (int)strcspn(what, "\n"), what);
	if (s->backend)
		fprintf(f, "%s %s\nbackend %s\n", s->scenario ? "scenario" : "input",
			s->scenario ? s->scenario : s->input, s->backend);
	else
		fprintf(f, "program\n");
	for (i = 0; i < s->argument_count; i++)
		fprintf(f, "argument %s\n", s->arguments[i]);
	for (i = 0; i < s->option_count; i++)
		fprintf(f, "option %s\n", s->options[i]);
	fprintf(f, "timeouts %s\nspurious %s\nraces %s\nhash %016" PRIx64 "\n", s->timeouts_any ? "any" : "idle",
		s->spurious ? "yes" : "no", s->races_explored ? "explore" : "fail", s->hash);
	if (s->schedule.points)
		write_points(f, s);
	write_steps(f, &s->schedule);
	return fclose(f) == 0;
}

static void free_list(char **list, size_t count)
{
	while (count-- > 0)
		free(list[count]);
	free(list);
}

void schedule_file_clear(struct schedule_file *s)
{
	free(s->scenario);
	free(s->input);
	free(s->backend);
	free_list(s->arguments, s->argument_count);
	free_list(s->options, s->option_count);
	free(s->schedule.choices);
	memset(s, 0, sizeof(*s));
}
