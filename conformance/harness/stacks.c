/* SPDX-License-Identifier: MIT */
/* stacks.c: see stacks.h. */
#include "stacks.h"

#include "module.h"
#include "proc.h"
#include "watch.h"

#define THREADS_MAX 64

static char *system_calls_of(const pid_t *pids, size_t count, const struct slot *s)
{
	pid_t tids[THREADS_MAX];
	struct proc_thread t;
	char *text = NULL, name[32];
	size_t size, i, k, n;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (i = 0; i < count; i++) {
		n = proc_threads(pids[i], tids, THREADS_MAX);
		for (k = 0; k < n && k < THREADS_MAX; k++) {
			if (slot_ignores(s, tids[k]) || !proc_thread_read(pids[i], tids[k], &t))
				continue;
			proc_name(pids[i], tids[k], name, sizeof(name));
			fprintf(f, "thread %d (%s): state %c, system call %ld\n", (int)tids[k], name,
				t.state, t.number);
		}
	}
	fprintf(f, "(no stacks: built without the package libdw-dev)\n");
	fclose(f);
	return text;
}

static void no_names(pid_t pid, const uint64_t *addresses, char **names, size_t count)
{
	size_t i;

	(void)pid, (void)addresses;
	for (i = 0; i < count; i++)
		names[i] = NULL;
}

static const struct stacks_reader *reader(void)
{
	static const struct stacks_reader none = {system_calls_of, no_names};
	const struct stacks_reader *r = module_symbol("poolproof-stacks.so", "stacks_reader");

	return r ? r : &none;
}

char *stacks_of(const pid_t *pids, size_t count, const struct slot *s)
{
	return reader()->stacks_of(pids, count, s);
}

void names_of(pid_t pid, const uint64_t *addresses, char **names, size_t count)
{
	reader()->names_of(pid, addresses, names, count);
}
