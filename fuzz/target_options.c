/* SPDX-License-Identifier: MIT */
/*
 * target_options.c: the input is what a user types, one word a line: selections
 * of cases, options of a backend, shards, and what a fuzzer is to do without.
 */
#include <stdlib.h>
#include <string.h>

#include "loader.h"
#include "program_file.h"
#include "select.h"
#include "shard.h"
#include "target.h"
#include "without.h"

#define WORDS_MAX 16

static void take(struct selection *s, char *word, size_t i)
{
	struct without without = {0};
	struct shard shard;
	char error[512];

	select_add(s, SELECT_CASE + (int)(i % (SELECT_END - SELECT_CASE)), word);
	if (shard_parse(word, &shard) && (shard.number < 1 || shard.number > shard.count))
		abort();
	without_add(&without, word);
	target_add_option(word, error, sizeof(error));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = calloc(1, size + 1), *word, *rest = text;
	struct selection s = {0};
	char error[512] = "";
	size_t i = 0;

	if (!text)
		return 0;
	memcpy(text, bytes, size);
	while (i < WORDS_MAX && (word = strsep(&rest, "\n")))
		take(&s, word, i++);
	if (!select_resolve(&s, error, sizeof(error)) && !error[0])
		abort();
	select_clear(&s);
	target_clear();
	free(text);
	return 0;
}
