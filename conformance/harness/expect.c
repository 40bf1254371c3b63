/* SPDX-License-Identifier: MIT */
/* expect.c: expectations are compared with verdicts. */
#include "expectations.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "select.h"
#include "text.h"

struct expectations *expect_new(void)
{
	return memset(array_grow(NULL, 0, sizeof(struct expectations)), 0, sizeof(struct expectations));
}

static void entry_clear(struct entry *en)
{
	free(en->pattern);
	free(en->outcome_text);
	free(en->version);
	for (size_t i = 0; i < en->option_count; i++)
		free(en->options[i]);
	free(en->options);
	free(en->message);
	free(en->reason);
}

void expect_free(struct expectations *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->entry_count; i++)
		entry_clear(&e->entries[i]);
	for (size_t i = 0; i < e->note_count; i++)
		free(e->notes[i].message);
	free(e->entries);
	free(e->notes);
	free(e->path);
	free(e->backend);
	free(e);
}

bool expect_needs_message(enum outcome o)
{
	return o != HUNG && o != CRASHED && o != LEAK && o != FLAKY;
}

/* ---- applying -------------------------------------------------------------------------------- */

/* As profile_compare, as far as bound goes: 3.12.1 is the same as 3.12. */
static int compare_to_bound(const char *version, const char *bound)
{
	for (;;) {
		char *v_end;
		char *b_end;
		unsigned long v = strtoul(version, &v_end, 10);
		unsigned long b = strtoul(bound, &b_end, 10);

		if (v != b)
			return v < b ? -1 : 1;
		if (*b_end != '.')
			return 0;
		version = v_end + (*v_end == '.' ? 1 : strlen(v_end));
		bound = b_end + 1;
	}
}

static bool version_in_range(const char *version, const char *range)
{
	const char *dash = strchr(range, '-');

	version += strcspn(version, "0123456789");
	if (*version == '\0')
		return false;
	if (!dash)
		return compare_to_bound(version, range) == 0;
	if (dash > range && compare_to_bound(version, range) < 0)
		return false;
	return dash[1] == '\0' || compare_to_bound(version, dash + 1) <= 0;
}

static bool option_given(const char *wanted, const struct pp_option *options, size_t count)
{
	size_t key = strcspn(wanted, "=");

	for (size_t i = 0; i < count; i++) {
		if (strlen(options[i].key) == key && strncmp(options[i].key, wanted, key) == 0 &&
		    fnmatch(wanted + key + 1, options[i].value, 0) == 0)
			return true;
	}
	return false;
}

static bool entry_holds(const struct entry *en, const char *version, const struct pp_option *options,
			size_t count)
{
	if (en->version && !version_in_range(version ? version : "", en->version))
		return false;
	for (size_t i = 0; i < en->option_count; i++) {
		if (!option_given(en->options[i], options, count))
			return false;
	}
	return true;
}

void expect_begin(struct expectations *e, const char *backend_name, const char *backend_version,
		  const struct pp_option *options, size_t option_count)
{
	bool about = !e->backend || fnmatch(e->backend, backend_name ? backend_name : "", 0) == 0;

	for (size_t i = 0; i < e->entry_count; i++)
		e->entries[i].holds = about && entry_holds(&e->entries[i], backend_version, options, option_count);
}

static bool passed(enum outcome o)
{
	return o == PASS || o == SLOW;
}

bool expect_is_about(const struct entry *en, const struct pp_case *c)
{
	return en->holds && fnmatch(en->pattern, c->name, 0) == 0;
}

static bool entry_met(const struct entry *en, const struct verdict *v)
{
	if (passed(v->outcome))
		return en->outcome == FLAKY;
	if (en->outcome != FLAKY && en->outcome != v->outcome)
		return false;
	return !en->message || strstr(verdict_message(v), en->message);
}

/* Find the entry that v comes up to, or at least one that is about its case. */
static void note_compare(const struct expectations *e, struct note *n, const struct verdict *v)
{
	for (size_t i = 0; i < e->entry_count && !n->met; i++) {
		const struct entry *en = &e->entries[i];

		if (!expect_is_about(en, v->c))
			continue;
		if (entry_met(en, v))
			n->met = en;
		else if (!n->contradicted)
			n->contradicted = en;
	}
}

static void set(char **member, char *text)
{
	free(*member);
	*member = text;
}

static char *entry_text(const struct expectations *e, const struct entry *en)
{
	return text_format("%s:%d expects %s%s%s%s", e->path, en->line, outcome_name(en->outcome),
			   en->message ? " with \"" : "", en->message ? en->message : "",
			   en->message ? "\"" : "");
}

static void verdict_contradicts(const struct expectations *e, const struct entry *en, struct verdict *v)
{
	char *expected = entry_text(e, en);

	if (passed(v->outcome)) {
		v->outcome = XPASS;
		set(&v->message, text_format("it passed, but %s", expected));
		set(&v->reason, text_format("%s", en->reason));
	} else {
		set(&v->message, text_format("%s\n(%s)", verdict_message(v), expected));
	}
	free(expected);
}

void expect_apply(struct expectations *e, struct verdict *v)
{
	struct note n = {.c = v->c, .outcome = v->outcome};

	verdict_clean(v);
	if (!v->c)
		return;
	if (passed(v->outcome) || outcome_is_red(v->outcome))
		note_compare(e, &n, v);
	n.message = text_format("%s", verdict_message(v));
	if (n.met) {
		v->outcome = n.met->outcome == FLAKY ? FLAKY : XFAIL;
		set(&v->reason, text_format("%s", n.met->reason));
	} else if (n.contradicted) {
		verdict_contradicts(e, n.contradicted, v);
	}
	e->notes = array_grow(e->notes, e->note_count, sizeof(*e->notes));
	e->notes[e->note_count++] = n;
}

/* ---- afterwards ------------------------------------------------------------------------------ */

const struct note *expect_note_of(const struct expectations *e, const struct pp_case *c)
{
	for (size_t i = 0; i < e->note_count; i++) {
		if (e->notes[i].c == c)
			return &e->notes[i];
	}
	return NULL;
}

/* Whether a run that ended with n leaves en in force; of two that may fail or pass, one is met. */
static bool note_keeps(const struct note *n, const struct entry *en)
{
	return n->met == en || n->contradicted == en || (n->met && en->outcome == FLAKY);
}

/*
 * Stale: every case of the entry had its verdict, none came up to it, and none
 * is red already because it contradicts it.
 */
static bool entry_stale(const struct expectations *e, const struct entry *en)
{
	size_t count;
	const struct pp_case *const *cases = case_list(&count);

	for (size_t i = 0; i < count; i++) {
		const struct note *n;

		if (!expect_is_about(en, cases[i]))
			continue;
		n = expect_note_of(e, cases[i]);
		if (!n || note_keeps(n, en))
			return false;
	}
	return en->holds;
}

char *expect_stale(const struct expectations *e)
{
	char *text = NULL;

	for (size_t i = 0; i < e->entry_count; i++) {
		const struct entry *en = &e->entries[i];

		if (entry_stale(e, en))
			set(&text, text_format("%s%s%s:%d: %s %s", text ? text : "", text ? "\n" : "",
					       e->path, en->line, en->pattern, outcome_name(en->outcome)));
	}
	return text;
}
