/* SPDX-License-Identifier: MIT */
/* standalone.c: a target without a fuzzing engine: each file that is given, once. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "target.h"

#define SIZE_MAX_READ (1UL << 20)

static int replay(const char *path)
{
	static uint8_t bytes[SIZE_MAX_READ];
	FILE *f = fopen(path, "rbe");
	size_t n;

	if (!f) {
		perror(path);
		return 1;
	}
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	LLVMFuzzerTestOneInput(bytes, n);
	return 0;
}

int main(int argc, char **argv)
{
	int i, failed = 0;

	for (i = 1; i < argc; i++)
		failed += replay(argv[i]);
	printf("%d inputs\n", argc - 1 - failed);
	return failed != 0;
}
