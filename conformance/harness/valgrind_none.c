/* SPDX-License-Identifier: MIT */
/* valgrind_none.c: built where Valgrind's headers are missing (package valgrind). */
#include "sanitizers.h"

bool valgrind_runs(void)
{
	return false;
}

bool valgrind_spoke(void)
{
	return false;
}

void valgrind_unordered(void *start, size_t size)
{
	(void)start;
	(void)size;
}

void valgrind_prepare(void)
{
}

void valgrind_hand_over(const void *p)
{
	(void)p;
}

void valgrind_take_over(const void *p)
{
	(void)p;
}

void valgrind_begin(void)
{
}

void valgrind_judge(void)
{
}
