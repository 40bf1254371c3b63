/* SPDX-License-Identifier: MIT */
/* program_subject.c: see program_subject.h. */
#include "program_subject.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../program_guest.h"
#include "scenario_guest.h"
#include "support.h"

bool program_subject_start(struct program_subject *p, const char *file, char *error, size_t size)
{
	size_t room = program_guest_size();

	p->file = file;
	p->fd = memfd_create("history", MFD_CLOEXEC);
	if (!program_guest_reads(file, error, size))
		return false;
	if (p->fd >= 0 && ftruncate(p->fd, (off_t)room) == 0)
		p->history = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	p->before = malloc(room);
	p->argv = guest_arguments(p->fd, "--input", file);
	if (!p->history || p->history == MAP_FAILED || !p->before || !p->argv) {
		snprintf(error, size, "no memory for the history of a program");
		return false;
	}
	p->subject.argv = p->argv;
	p->subject.keep = p->fd;
	p->subject.patience = 10 * time_scale;
	if (!subject_start(&p->subject, error, size))
		return false;
	memcpy(p->before, p->history, room);
	return true;
}

void program_subject_end(struct program_subject *p)
{
	subject_end(&p->subject);
	guest_arguments_free(p->argv);
	free(p->before);
	if (p->history && p->history != MAP_FAILED)
		munmap(p->history, program_guest_size());
	if (p->fd > 0)
		close(p->fd);
}

void program_subject_before(void *arg)
{
	struct program_subject *p = arg;

	memcpy(p->history, p->before, program_guest_size());
}

bool program_subject_failed(void *arg, const struct memory *m, char *text, size_t size)
{
	const struct program_subject *p = arg;

	if (!WIFEXITED(m->status) || WEXITSTATUS(m->status) != 0) {
		snprintf(text, size, "left the process with status %d", WEXITSTATUS(m->status));
		return true;
	}
	return program_guest_failed(p->history, text, size);
}
