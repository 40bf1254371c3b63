/* SPDX-License-Identifier: MIT */
/* main.c: which command. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inject.h"
#include "select.h"
#include "tool.h"
#include "../../fuzz/schedule/cmd_explore.h"

static const struct command {
	const char *name;
	const char *arguments;
	const char *what;
	int (*main)(int argc, char **argv);
} commands[] = {
	{"run", "[BACKEND]", "judge a backend, clause by clause", cmd_run},
	{"race", "[BACKEND]", "search for races, scenario by scenario", cmd_race},
	{"explore", "[BACKEND]", "execute scenarios under controlled schedules", cmd_explore},
	{"fuzz", "[BACKEND]", "run random programs, judged by a model", cmd_fuzz},
	{"crosscheck", "[BACKEND]", "judge what the cases do by the model of fuzz", cmd_crosscheck},
	{"replay", "FILE", "repeat what fuzz or explore has written", cmd_replay},
	{"merge", "FILE...", "add up the results of race or fuzz", cmd_merge},
	{"list", "", "tell which cases and clauses there are", cmd_list},
	{"explain", "CLAUSE", "print a clause, its reasons and its cases", cmd_explain},
	{"selfcheck", "BACKEND", "look for mistakes of an adapter", cmd_selfcheck},
	{"new", "NAME", "write an adapter to fill in, NAME.c", cmd_new},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int help(void)
{
	size_t i;

	printf("Usage: poolproof COMMAND [OPTION]...\n"
	       "Is your executor poolproof?\n\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-10s %-9s %s\n", commands[i].name, commands[i].arguments, commands[i].what);
	printf("\n`poolproof COMMAND --help` tells the options of a command.\n"
	       "Exit status: 0 conforming, or exactly as expected; 1 not; 2 an error in how it was used.\n");
	return EXIT_GOOD;
}

static int no_such_command(const char *word)
{
	const char *names[COMMANDS], *nearest;
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	nearest = nearest_name(word, names, COMMANDS);
	if (nearest)
		return tool_error("there is no command '%s'; do you mean %s?", word, nearest);
	return tool_error("there is no command '%s'; `poolproof --help` lists them", word);
}

/*
 * Whoever starts us without the standard files must not get other files in their place;
 * what is printed on none is refused, and so told.
 */
static void open_standard_files(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
}

/* If it was an earlier write that failed, its reason is gone; another write has the same, as long as that lasts. */
static const char *why_not_printed(void)
{
	clearerr(stdout);
	return putchar('\n') == '\n' && fflush(stdout) == 0 ? "some of it is lost" : strerror(errno);
}

/* What was printed must have arrived, or status is EXIT_USAGE. */
static int printed(int status)
{
	bool all = fflush(stdout) == 0;

	if ((all && !ferror(stdout)) || status == EXIT_USAGE)
		return status;
	return tool_error("cannot write to the standard output: %s", all ? why_not_printed() : strerror(errno));
}

/* Commands under which memory and threads run out. */
static bool makes_fail(const char *word)
{
	static const char *const words[] = {"run", "crosscheck", "fuzz", "replay"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	size_t i;

	open_standard_files();
	if (!word)
		return tool_error("no command given; try `poolproof run`, or `poolproof --help`");
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return printed(help());
	if (strcmp(word, "--version") == 0)
		return printed(tool_version());
	if (makes_fail(word))
		inject_begin(argv);
	for (i = 0; i < COMMANDS; i++)
		if (strcmp(word, commands[i].name) == 0)
			return printed(commands[i].main(argc - 1, argv + 1));
	return no_such_command(word);
}
