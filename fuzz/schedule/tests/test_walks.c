/* SPDX-License-Identifier: MIT */
/* test_walks.c: surw draws every order of the sections under one lock alike; a plain walk does not. */
#include <stdlib.h>
#include <string.h>

#include "trees.h"

#define ORDERS_MAX 128
#define SAMPLES 40 /* of each order, expected */

/* The threads that took the lock, one after the other. */
struct orders {
	char text[ORDERS_MAX][32];
	unsigned long times[ORDERS_MAX], all;
	int count;
};

static void count_order(struct orders *o, const struct memory *m)
{
	char text[32] = "";
	size_t n = 0;
	uint32_t i;
	int k;

	for (i = 0; i < m->events; i++) {
		const struct event *e = &m->event[i];

		if (e->kind == EVENT_STEP && e->operation.kind == OP_LOCK && n < sizeof(text) - 1)
			text[n++] = (char)('0' + e->thread);
	}
	for (k = 0; k < o->count && strcmp(o->text[k], text) != 0; k++)
		;
	ck_assert_int_lt(k, ORDERS_MAX);
	if (k == o->count)
		strcpy(o->text[o->count++], text);
	o->times[k]++;
	o->all++;
}

static void draw(char **argv, const struct strategy *s, unsigned long samples, struct orders *orders)
{
	struct strategy_options o = {.seed = 7, .preemptions = -1, .timeouts_any = true, .whole = true, .steps_max = 2000};
	struct subject subject = {.argv = argv, .keep = -1, .patience = 20};
	char error[1024];
	void *state = s->begin(&o);
	unsigned long i;

	memset(orders, 0, sizeof(*orders));
	ck_assert_msg(subject_start(&subject, error, sizeof(error)), "%s", error);
	for (i = 0; i <= samples; i++) {
		ck_assert(s->next(state, &subject.m->request));
		ck_assert(subject_execute(&subject));
		ck_assert_int_eq(subject.m->ending, END_NONE);
		s->seen(state, subject.m);
		if (i > 0) /* the first tells what there is to do */
			count_order(orders, subject.m);
	}
	s->end(state);
	subject_end(&subject);
}

/* Pearson's, of all orders alike. */
static double unevenness(const struct orders *o, int orders)
{
	double expected = (double)o->all / orders, sum = (orders - o->count) * expected;
	int i;

	for (i = 0; i < o->count; i++) {
		double off = (double)o->times[i] - expected;

		sum += off * off / expected;
	}
	return sum;
}

static const struct {
	char *words[6];
	int orders;
	double bound; /* of chi square with orders - 1 degrees of freedom, at 0.001 */
} walks[] = {
	{{"locks", "1", "4"}, 5, 18.5},
	{{"locks", "3", "3"}, 20, 43.8},
	{{"locks", "6", "1"}, 7, 22.5},
	{{"locks", "3", "2", "1"}, 60, 98.3},
	{{"locks", "1", "1", "1", "1"}, 24, 49.7},
	{{"chains", "1", "2"}, 10, 27.9},
	{{"chains", "3", "1"}, 6, 20.5},
};
#define WALKS (int)(sizeof(walks) / sizeof(walks[0]))

static double unevenness_of(int walk, const struct strategy *s)
{
	char *argv[8] = {program("micro")};
	struct orders orders;
	int i;

	for (i = 0; i < 6; i++)
		argv[i + 1] = walks[walk].words[i];
	draw(argv, s, (unsigned long)walks[walk].orders * SAMPLES, &orders);
	free(argv[0]);
	ck_assert_int_le(orders.count, walks[walk].orders);
	return unevenness(&orders, walks[walk].orders);
}

START_TEST(surw_draws_each_order_alike)
{
	double is = unevenness_of(_i, &strategy_surw);

	ck_assert_msg(is < walks[_i].bound, "%s %s %s: %g, and at the most %g is expected", walks[_i].words[0],
		      walks[_i].words[1], walks[_i].words[2], is, walks[_i].bound);
}
END_TEST

/* Or the test could not tell. */
START_TEST(random_does_not)
{
	ck_assert(unevenness_of(0, &strategy_random) > walks[0].bound);
	ck_assert(unevenness_of(2, &strategy_random) > walks[2].bound);
	ck_assert(unevenness_of(5, &strategy_random) > walks[5].bound);
}
END_TEST

static void add(TCase *c)
{
	tcase_add_loop_test(c, surw_draws_each_order_alike, 0, WALKS);
	tcase_add_test(c, random_does_not);
}

int main(int argc, char **argv)
{
	return run_tests(argc, argv, "walks", add);
}
