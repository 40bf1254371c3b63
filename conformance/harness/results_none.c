/* SPDX-License-Identifier: MIT */
/* results_none.c: in the place of results.c where Jansson is absent. */
#include "results.h"

const char *const results_missing = "libjansson-dev";

bool results_write_fuzz(FILE *f, const struct fuzz_results *fuzz)
{
	(void)f;
	(void)fuzz;
	return false;
}

struct results *results_new(void)
{
	return NULL;
}

void results_free(struct results *r)
{
	(void)r;
}

bool results_add(struct results *r, const char *name, const char *text, size_t size, char *error, size_t error_size)
{
	(void)r;
	(void)text;
	(void)size;
	snprintf(error, error_size, "%s: without %s there is no JSON in this build", name, results_missing);
	return false;
}

bool results_write(const struct results *r, FILE *f)
{
	(void)r;
	(void)f;
	return false;
}

void results_print(const struct results *r, FILE *f)
{
	(void)r;
	(void)f;
}

bool results_red(const struct results *r)
{
	(void)r;
	return true;
}
