/* SPDX-License-Identifier: MIT */
/* oracle.h: does the specification allow this history? */
#ifndef FUZZ_ORACLE_H
#define FUZZ_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history.h"

enum judgement {
	ALLOWED,
	VIOLATION,
	NOT_JUDGED /* cut, or too wild for the bounds of the model */
};

struct ruling {
	enum judgement judgement;
	unsigned event;	    /* the history up to and with it is a violation */
	char clause[24];
	char message[256];
};

/*
 * Judge h.  features, if not NULL, is a bitmap of FEATURE_BITS that gets a bit
 * for each combination of operation, answer and states that was met.
 */
enum { FEATURE_BITS = 1 << 14 };
void oracle_judge(const struct history *h, uint8_t *features, struct ruling *found);

#endif
