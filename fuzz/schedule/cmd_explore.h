/* SPDX-License-Identifier: MIT */
/* cmd_explore.h: `poolproof explore`, and `poolproof replay` of a schedule. */
#ifndef SCHEDULE_CMD_EXPLORE_H
#define SCHEDULE_CMD_EXPLORE_H

#include <stdbool.h>

/* argv[0] is the command's name; the exit status of the tool is returned. */
int cmd_explore(int argc, char **argv);
int cmd_replay_schedule(int argc, char **argv);

/* Is the file one that explore has written, by its first line? */
bool replay_is_of_schedule(const char *path);

#endif
