/* SPDX-License-Identifier: MIT */
/* valgrind_none.c: built where Valgrind's headers are missing (package valgrind). */
#include "sanitizers.h"

bool valgrind_runs(void)
{
	return false;
}

unsigned long valgrind_errors(void)
{
	return 0;
}

void valgrind_unordered(void *start, size_t size)
{
	(void)start;
	(void)size;
}

void valgrind_prepare(void)
{
}

void valgrind_begin(void)
{
}

void valgrind_judge(void)
{
}
