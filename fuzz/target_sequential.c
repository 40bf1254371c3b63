/* SPDX-License-Identifier: MIT */
/*
 * target_sequential.c: the input is a program, all of whose operations are made
 * by one thread; the reference, linked in, runs it, and the model judges.
 */
#include <stdlib.h>

#include "oracle.h"
#include "run_program.h"
#include "target.h"

const struct pp_backend *poolproof_backend(const struct pp_host *host);

static void make_sequential(struct program *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		p->ops[i].thread = 0;
}

static void tell(const struct program *p, const struct history *h, const struct ruling *f)
{
	program_print(p, stderr);
	history_print(h, f->event, stderr);
	fprintf(stderr, "%s: %s\n", f->clause, f->message);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct history history;
	struct pp_host host = {.size = sizeof(host), .abi = PP_ABI_VERSION};
	struct ruling found;
	struct program p;
	struct running r = {poolproof_backend(&host), &p, &history, 1, 1};

	program_decode(&p, bytes, size);
	make_sequential(&p);
	run_program(&r);
	oracle_judge(&history, NULL, &found);
	if (found.judgement == VIOLATION) {
		tell(&p, &history, &found);
		abort();
	}
	return 0;
}
