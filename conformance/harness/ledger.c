/* SPDX-License-Identifier: MIT */
/* ledger.c: finding clauses; the table itself is made from spec/ by ledger.awk. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "select.h"

const struct clause *ledger_find(const char *name)
{
	for (size_t i = 0; i < ledger_size; i++) {
		if (strcasecmp(ledger[i].name, name) == 0)
			return &ledger[i];
	}
	return NULL;
}

/* "cancel_3_pending_item_never_runs" is a case of CANCEL-3. */
const struct clause *ledger_of_case(const char *case_name)
{
	char name[64];
	size_t letters = 0;
	size_t digits;

	while (isalpha((unsigned char)case_name[letters]))
		letters++;
	if (letters == 0 || case_name[letters] != '_')
		return NULL;
	digits = strspn(case_name + letters + 1, "0123456789");
	if (digits == 0 || (case_name[letters + 1 + digits] != '_' && case_name[letters + 1 + digits] != '\0'))
		return NULL;
	snprintf(name, sizeof(name), "%.*s-%.*s", (int)letters, case_name, (int)digits,
		 case_name + letters + 1);
	return ledger_find(name);
}

const struct exhaustion *exhaustion_find(const char *scenario)
{
	const struct exhaustion *e;

	for (e = exhaustions; e->scenario; e++)
		if (strcmp(e->scenario, scenario) == 0)
			return e;
	return NULL;
}

/* ---- profiles ------------------------------------------------------------ */

/* "3.14" is newer than "3.9". */
int profile_compare(const char *a, const char *b)
{
	while (*a || *b) {
		char *a_end;
		char *b_end;
		unsigned long x = strtoul(a, &a_end, 10);
		unsigned long y = strtoul(b, &b_end, 10);

		if (x != y)
			return x < y ? -1 : 1;
		a = a_end + (*a_end != '\0');
		b = b_end + (*b_end != '\0');
	}
	return 0;
}

bool clause_in_profile(const struct clause *c, const char *profile)
{
	return profile_compare(c->since, profile) <= 0 &&
	       (!c->until || profile_compare(profile, c->until) <= 0);
}

/* The first Python that has concurrent.futures. */
const char *profile_oldest(void)
{
	return "3.2";
}

const char *profile_newest(void)
{
	const char *newest = profile_oldest();

	for (size_t i = 0; i < ledger_size; i++) {
		const struct clause *c = &ledger[i];

		if (profile_compare(c->since, newest) > 0)
			newest = c->since;
		if (c->until && profile_compare(c->until, newest) > 0)
			newest = c->until;
	}
	return newest;
}

bool profile_known(const char *profile)
{
	const char *newest = profile_newest();

	for (unsigned minor = 2;; minor++) {
		char known[24];

		snprintf(known, sizeof(known), "3.%u", minor);
		if (profile_compare(known, newest) > 0)
			return false;
		if (strcmp(known, profile) == 0)
			return true;
	}
}
