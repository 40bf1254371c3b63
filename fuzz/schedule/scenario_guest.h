/* SPDX-License-Identifier: MIT */
/*
 * scenario_guest.h: a scenario of the suite as a program under exploration.
 *
 * The guest is this tool itself, started again with the library preloaded; its slot
 * is mapped by both, and says after each execution what the harness found.
 */
#ifndef SCHEDULE_SCENARIO_GUEST_H
#define SCHEDULE_SCENARIO_GUEST_H

#include "explore.h"

struct guest_subject {
	struct subject subject;
	const char *scenario;
	struct slot *slot, *before; /* of an execution, and as it was at the fork point */
	int slot_fd;
	char **argv;

	/* Set by the oracle. */
	bool unsupported;
	char why[TEXT_MAX];
};

/*
 * The command line of a guest, on the backend of target: this tool, with the descriptor of
 * what it shares and an option that says what it runs.  NULL: no memory.
 */
char **guest_arguments(int fd, const char *option, const char *value);
void guest_arguments_free(char **argv);

/* The backend is that of target (loader.h).  False with one line in error. */
bool guest_subject_start(struct guest_subject *g, const char *scenario, char *error, size_t size);
void guest_subject_end(struct guest_subject *g);

/* For a plan; arg is the guest_subject. */
void guest_before(void *arg);
bool guest_failed(void *arg, const struct memory *m, char *text, size_t size);

/* In the guest: run the scenario, once.  Leaves the process. */
_Noreturn void guest_main(int slot_fd, const char *scenario, const char *path);

#endif
