/* SPDX-License-Identifier: MIT */
/*
 * probe.c: what the backend is, found out where it can do no harm.
 *
 * Constructors run and foreign libraries are loaded with dlopen, so the tool
 * itself never does that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "loader.h"
#include "report.h"
#include "runner.h"
#include "sanitizers.h"
#include "support.h"

static void load(void *arg)
{
	struct pp_backend table;

	(void)arg;
	atomic_store(&slot->phase, PHASE_LOAD);
	if (!target_load(&table, slot->problem, sizeof(slot->problem)))
		return;
	snprintf(slot->backend_name, sizeof(slot->backend_name), "%s", table.name);
	snprintf(slot->backend_version, sizeof(slot->backend_version), "%s",
		 table.version ? table.version : "");
}

static char *one_line(char *text)
{
	char *clean = text_clean(text, TEXT_LINE);

	free(text);
	return clean;
}

static bool read_answer(struct guest *g, char **name, char **version, char *error, size_t size)
{
	char *end = guest_end_text(g);
	char *problem = one_line(SLOT_TEXT(g->slot->problem));

	if (end)
		snprintf(error, size, "%s: %s while it is loaded; its constructors or poolproof_backend do that",
			 target.path, end);
	else if (problem)
		snprintf(error, size, "%s", problem);
	free(end);
	free(problem);
	if (end || problem)
		return false;
	*name = one_line(SLOT_TEXT(g->slot->backend_name));
	*version = one_line(SLOT_TEXT(g->slot->backend_version));
	if (!*version)
		*version = strdup("");
	return true;
}

bool probe(char **name, char **version, char *error, size_t size)
{
	struct guest g = {0};
	bool good = guest_open(&g, error, size);

	if (!good)
		return false;
	snprintf(error, size, "interrupted");
	good = guest_run(&g, load, NULL, GUEST_LIMIT * time_scale) &&
	       read_answer(&g, name, version, error, size);
	guest_close(&g);
	if (good && !sanitizers_see(target.path))
		fprintf(stderr, "poolproof: note: %s is not built with -fsanitize=thread: what its atomic operations put in order may be called a data race\n",
			target.path);
	return good;
}
