/* SPDX-License-Identifier: MIT */
/* cmd_fuzz.h: the commands `poolproof fuzz` and `poolproof replay`. */
#ifndef FUZZ_CMD_FUZZ_H
#define FUZZ_CMD_FUZZ_H

/* argv[0] is the command's name; the exit status of the tool is returned. */
int cmd_fuzz(int argc, char **argv);
int cmd_replay(int argc, char **argv);

#endif
