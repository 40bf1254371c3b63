/* SPDX-License-Identifier: MIT */
/* main.c: the two commands of the program fuzzer as a program of their own, for its tests. */
#include <getopt.h>
#include <string.h>

#include "cmd_fuzz.h"
#include "tool.h"

int main(int argc, char **argv)
{
	opterr = 0;
	if (argc > 1 && strcmp(argv[1], "fuzz") == 0)
		return cmd_fuzz(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "replay") == 0)
		return cmd_replay(argc - 1, argv + 1);
	return tool_error("give a command: fuzz or replay");
}
