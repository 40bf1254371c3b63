/* SPDX-License-Identifier: MIT */
/*
 * select.h: which cases and clauses a command is about.
 *
 * The options are the same for every command:
 *
 *	static const struct option options[] = {SELECT_OPTIONS, ..., {0}};
 *	...
 *	if (select_is_option(opt)) select_add(&selection, opt, optarg);
 *	...
 *	if (!select_resolve(&selection, error, sizeof(error))) -> exit 2
 *	run selection.cases[0 .. case_count - 1]
 *
 * Patterns of one option add up; different options narrow each other down.
 * select.c also defines case_register() of case.h.
 */
#ifndef POOLPROOF_SELECT_H
#define POOLPROOF_SELECT_H

#include <getopt.h>

#include "outcome.h"

enum select_option {
	SELECT_CASE = 0x1000, /* above every short option */
	SELECT_CLAUSE,
	SELECT_FEATURE,
	SELECT_LEVEL,
	SELECT_PROFILE,
	SELECT_END
};

#define SELECT_OPTIONS                                        \
	{"case", required_argument, NULL, SELECT_CASE},       \
	{"clause", required_argument, NULL, SELECT_CLAUSE},   \
	{"feature", required_argument, NULL, SELECT_FEATURE}, \
	{"level", required_argument, NULL, SELECT_LEVEL},     \
	{"profile", required_argument, NULL, SELECT_PROFILE}

/* The lines of --help that tell about them. */
extern const char select_help[];

struct patterns {
	const char **items;
	size_t count;
};

struct selection {
	struct patterns given[SELECT_PROFILE - SELECT_CASE];
	const char *profile; /* NULL stands for the newest; resolved to that */
	bool every_profile;  /* set by commands that look past profiles; profile stays NULL */
	bool scenarios;      /* set by commands whose option for names is --scenario, not --case */

	/* Set by select_resolve, in the order of the ledger. */
	const struct pp_case **cases;
	size_t case_count;
	const struct clause **clauses; /* selected, with or without cases */
	size_t clause_count;
	const struct clause **untested; /* those of them that say why they have no case */
	size_t untested_count;		/* 0 if cases were given by name */
};

bool select_is_option(int opt);

/* Takes one option; value is borrowed until select_clear. */
void select_add(struct selection *s, int opt, const char *value);

/*
 * Judge the patterns and find what they select.  False with one line in error if
 * one matches nothing (the nearest name is suggested), if no case is left, or
 * if a case of the suite names no clause.
 */
bool select_resolve(struct selection *s, char *error, size_t size);

/* The same, for commands that need no case to be left. */
bool select_resolve_clauses(struct selection *s, char *error, size_t size);
void select_clear(struct selection *s);

/* All cases of the suite, in the order of the ledger; those that name no clause last. */
const struct pp_case *const *case_list(size_t *count);

/* The cases of a clause: how many, and in *first where they stand in case_list. */
size_t clause_cases(const struct clause *c, const struct pp_case *const **first);

/* "tested", "untestable", "not built" or "not covered". */
const char *clause_status(const struct clause *c);
const struct pp_case *case_find(const char *name);

/*
 * The name that looks most like word, of count names; NULL if none does.
 * Letters count alike in either case.
 */
const char *nearest_name(const char *word, const char *const *names, size_t count);

/* ---- profiles (ledger.c) --------------------------------------------------- */

const char *profile_oldest(void);
const char *profile_newest(void);
bool profile_known(const char *profile);

/* ---- commands that only look --------------------------------------------- */

/* What is selected, as JSON (report_json.c; false without Jansson, or if f cannot be written). */
bool json_list(FILE *f, const struct selection *s);

/* argv[0] is the command's name; the exit status of the tool is returned. */
int cmd_list(int argc, char **argv);
int cmd_explain(int argc, char **argv);

#endif
