/* SPDX-License-Identifier: MIT */
/* trees.c: see trees.h. */
#include "trees.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

const char *folder = ".";

char *program(const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	return path;
}

static void put(struct set *s, const char *text)
{
	int i;

	for (i = 0; i < s->count; i++)
		if (strcmp(s->text[i], text) == 0)
			return;
	ck_assert_int_lt(s->count, SET_MAX);
	s->text[s->count++] = strdup(text);
}

bool set_holds(const struct set *b, const struct set *a)
{
	int i, k;

	for (i = 0; i < a->count; i++) {
		for (k = 0; k < b->count && strcmp(a->text[i], b->text[k]) != 0; k++)
			;
		if (k == b->count)
			return false;
	}
	return true;
}

/* A deadlock is an outcome like another; the rest of what may go wrong is not. */
static void take_outcome(struct search *r, const struct memory *m)
{
	char text[TEXT_MAX + 32];

	ck_assert_msg(m->ending == END_NONE || m->ending == END_DEADLOCK, "%s", m->text);
	ck_assert(m->ending == END_DEADLOCK || (WIFEXITED(m->status) && WEXITSTATUS(m->status) == 0));
	snprintf(text, sizeof(text), "%s%s", m->ending == END_DEADLOCK ? "deadlock " : "", m->outcome);
	put(&r->outcomes, text);
	r->complete++;
}

void search(char **argv, const struct strategy *s, int preemptions, unsigned long most, struct search *r)
{
	struct strategy_options o = {.seed = 1, .preemptions = preemptions, .timeouts_any = true, .whole = true,
				     .steps_max = 2000};
	struct subject subject = {.argv = argv, .keep = -1, .patience = 20};
	char error[1024];
	void *state = s->begin(&o);

	memset(r, 0, sizeof(*r));
	ck_assert_msg(subject_start(&subject, error, sizeof(error)), "%s", error);
	while (!r->over && r->executions < most) {
		r->over = !s->next(state, &subject.m->request);
		if (r->over)
			break;
		ck_assert(subject_execute(&subject));
		r->executions++;
		r->caveats |= subject.m->caveats;
		s->seen(state, subject.m);
		if (subject.m->ending != END_ASLEEP)
			take_outcome(r, subject.m);
	}
	s->end(state);
	subject_end(&subject);
}

void search_clear(struct search *r)
{
	while (r->outcomes.count)
		free(r->outcomes.text[--r->outcomes.count]);
}

static void stay_on_one_processor(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu < 0 ? 0 : cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int run_tests(int argc, char **argv, const char *name, void (*add)(TCase *c))
{
	Suite *suite = suite_create(name);
	TCase *c = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	folder = argc > 1 ? argv[1] : ".";
	stay_on_one_processor();
	add(c);
	tcase_set_timeout(c, 0);
	suite_add_tcase(suite, c);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
