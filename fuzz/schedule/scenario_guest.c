/* SPDX-License-Identifier: MIT */
/* scenario_guest.c: see scenario_guest.h. */
#include "scenario_guest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loader.h"
#include "race.h"
#include "report.h"
#include "support.h"

/* ---- in the explorer ---------------------------------------------------------------- */

/* poolproof explore --guest FD --scenario NAME -o KEY=VALUE ... BACKEND */
char **guest_arguments(int fd, const char *option, const char *value)
{
	char **argv = calloc(2 * target.option_count + 8, sizeof(*argv));
	size_t i, n = 0;

	if (!argv)
		return NULL;
	argv[n++] = strdup("/proc/self/exe");
	argv[n++] = strdup("explore");
	argv[n++] = strdup("--guest");
	argv[n++] = text_format("%d", fd);
	argv[n++] = strdup(option);
	argv[n++] = strdup(value);
	for (i = 0; i < target.option_count; i++) {
		argv[n++] = strdup("-o");
		argv[n++] = text_format("%s=%s", target.options[i].key, target.options[i].value);
	}
	argv[n++] = strdup(target.path);
	return argv;
}

void guest_arguments_free(char **argv)
{
	size_t i;

	for (i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}

bool guest_subject_start(struct guest_subject *g, const char *scenario, char *error, size_t size)
{
	g->scenario = scenario;
	g->slot_fd = memfd_create("slot", MFD_CLOEXEC);
	if (g->slot_fd >= 0 && ftruncate(g->slot_fd, sizeof(*g->slot)) == 0)
		g->slot = mmap(NULL, sizeof(*g->slot), PROT_READ | PROT_WRITE, MAP_SHARED, g->slot_fd, 0);
	g->before = malloc(sizeof(*g->before));
	g->argv = guest_arguments(g->slot_fd, "--scenario", scenario);
	if (!g->slot || g->slot == MAP_FAILED || !g->before || !g->argv) {
		snprintf(error, size, "no memory for the record of a scenario");
		return false;
	}
	g->subject.argv = g->argv;
	g->subject.keep = g->slot_fd;
	g->subject.patience = 10 * time_scale;
	if (!subject_start(&g->subject, error, size))
		return false;
	*g->before = *g->slot;
	return true;
}

void guest_subject_end(struct guest_subject *g)
{
	subject_end(&g->subject);
	guest_arguments_free(g->argv);
	free(g->before);
	if (g->slot && g->slot != MAP_FAILED)
		munmap(g->slot, sizeof(*g->slot));
	if (g->slot_fd > 0)
		close(g->slot_fd);
}

void guest_before(void *arg)
{
	struct guest_subject *g = arg;

	*g->slot = *g->before;
}

bool guest_failed(void *arg, const struct memory *m, char *text, size_t size)
{
	struct guest_subject *g = arg;

	if (atomic_load(&g->slot->decided)) {
		g->unsupported = g->slot->outcome == UNSUPPORTED;
		snprintf(g->why, sizeof(g->why), "%.500s", g->slot->message);
		snprintf(text, size, "%s: %.900s", outcome_name(g->slot->outcome), g->slot->message);
		return !g->unsupported;
	}
	if (!WIFEXITED(m->status) || WEXITSTATUS(m->status) != 0) {
		snprintf(text, size, "left the process with status %d", WEXITSTATUS(m->status));
		return true;
	}
	if (!atomic_load(&g->slot->checks)) {
		snprintf(text, size, "ended without having executed a check");
		return true;
	}
	return false;
}

/* ---- in the guest ----------------------------------------------------------------------- */

static void clean_up(void)
{
	gates_open_all();
	threads_join_all();
	entries_clean_up();
	if (backend_is_loaded() && HAS(finish))
		backend()->finish();
}

_Noreturn void guest_main(int slot_fd, const char *scenario, const char *path)
{
	struct scenario *s = scenario_find(scenario);

	slot = mmap(NULL, sizeof(*slot), PROT_READ | PROT_WRITE, MAP_SHARED, slot_fd, 0);
	close(slot_fd);
	target.path = strdup(path);
	if (slot == MAP_FAILED || !s || !target.path)
		_exit(127);
	arena_open();
	thread_is_main = true;
	if (!s->exits) /* whose process loads it for itself */
		backend();
	scenario_run(s);
	clean_up();
	exit(0);
}
