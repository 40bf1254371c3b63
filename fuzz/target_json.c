/* SPDX-License-Identifier: MIT */
/*
 * target_json.c: the input is what `poolproof merge` reads, one file or several with a
 * line "#" between them.  A sum must be fit to be merged again.
 */
#include <stdlib.h>
#include <string.h>

#include "results.h"
#include "target.h"

static bool add(struct results *r, const char *text, size_t size)
{
	char error[256] = "";
	bool good = results_add(r, "input", text, size, error, sizeof(error));

	if (good == (error[0] != '\0'))
		abort(); /* refused without a word, or taken with one */
	return good;
}

static void add_again(const struct results *sum)
{
	struct results *r = results_new();
	char *text = NULL, *table = NULL;
	size_t size, table_size;
	FILE *f = open_memstream(&text, &size), *t = open_memstream(&table, &table_size);

	if (!f || !t || !results_write(sum, f))
		abort();
	results_print(sum, t);
	fclose(t);
	fclose(f);
	if (!add(r, text, size) || results_red(r) != results_red(sum))
		abort();
	results_free(r);
	free(table);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *at = (const char *)bytes, *end = at + size, *cut;
	struct results *sum;
	bool good = true;

	if (results_missing)
		return 0;
	sum = results_new();
	for (; good && at < end; at = cut < end ? cut + 2 : end) {
		cut = memmem(at, (size_t)(end - at), "\n#", 2);
		if (!cut)
			cut = end;
		good = add(sum, at, (size_t)(cut - at));
	}
	if (good && size > 0)
		add_again(sum);
	results_free(sum);
	return 0;
}
