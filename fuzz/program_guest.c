/* SPDX-License-Identifier: MIT */
/* program_guest.c: see program_guest.h. */
#include "program_guest.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader.h"
#include "oracle.h"
#include "program_file.h"
#include "run_program.h"

/* Time is virtual, and what can come has come before any is waited for. */
#define SCALE 0.0002

size_t program_guest_size(void)
{
	return sizeof(struct history);
}

bool program_guest_reads(const char *file, char *error, size_t size)
{
	struct program_file p;

	return program_file_read(file, &p, error, size);
}

_Noreturn void program_guest_main(int fd, const char *file)
{
	static struct program_file p;
	static struct pp_backend table;
	struct history *h = mmap(NULL, sizeof(*h), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct running r = {&table, &p.program, h, 0, SCALE};
	char error[1024];

	close(fd);
	if (h == MAP_FAILED || !program_file_read(file, &p, error, sizeof(error)) ||
	    !target_load(&table, error, sizeof(error)))
		_exit(127);
	r.seed = p.seed;
	run_programs_open();
	run_program(&r);
	if (table.finish)
		table.finish();
	exit(0);
}

bool program_guest_failed(const void *history, char *text, size_t size)
{
	struct ruling r;

	oracle_judge(history, NULL, &r);
	if (r.judgement == VIOLATION)
		snprintf(text, size, "FAIL %s: %s", r.clause, r.message);
	return r.judgement == VIOLATION;
}

void program_guest_print(const void *history, const char *file, FILE *f)
{
	struct program_file p;
	struct ruling r;
	char error[1024];

	if (program_file_read(file, &p, error, sizeof(error))) {
		program_print(&p.program, f);
		if (program_fails(&p.program))
			fputs("(no memory and no thread can be made to fail here: its fail did nothing)\n", f);
	}
	oracle_judge(history, NULL, &r);
	fputc('\n', f);
	history_print(history, r.judgement == VIOLATION ? r.event : EVENTS_MAX, f);
}
