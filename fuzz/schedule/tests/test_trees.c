/* SPDX-License-Identifier: MIT */
/* test_trees.c: counts of schedules in closed form; dfs and dpor reach the same outcomes. */
#include <stdlib.h>

#include "trees.h"

#define WORDS(...) ((char *[]){__VA_ARGS__, NULL})
#define DFS_PROGRAMS 200
#define DRAWN_PROGRAMS 60
#define DRAWN 200 /* schedules of a program */
#define MOST 2500 /* executions of a program; one that has more is left out */

static const struct {
	char *words[6];
	unsigned long complete;
} counts[] = {
	{{"locks", "1", "1"}, 2},
	{{"locks", "2", "2"}, 6},
	{{"locks", "3", "3"}, 20},
	{{"locks", "4", "2"}, 15},
	{{"locks", "1", "1", "1"}, 6},
	{{"locks", "2", "2", "2"}, 90},
	{{"locks", "1", "1", "1", "1"}, 24},
	{{"locks", "3", "2", "1"}, 60},
	{{"owns", "3", "3", "3"}, 1},
	{{"nests", "2", "2"}, 6},
	{{"nests", "1", "1", "1"}, 6},
	{{"chains", "1", "2"}, 10},
	{{"forks", "1", "1"}, 5},
	{{"forks", "1", "3"}, 9},
};

START_TEST(dpor_runs_each_order_once)
{
	char *argv[8] = {program("micro")};
	struct search r;
	int i;

	for (i = 0; i < 6; i++)
		argv[i + 1] = counts[_i].words[i];
	search(argv, &strategy_dpor, -1, 100000, &r);
	ck_assert(r.over);
	ck_assert_uint_eq(r.caveats, 0);
	ck_assert_uint_eq(r.complete, counts[_i].complete);
	search_clear(&r);
	free(argv[0]);
}
END_TEST

static const char *first_missing(const struct set *b, const struct set *a)
{
	int i;

	for (i = 0; i < a->count; i++) {
		struct set one = {{a->text[i]}, 1};

		if (!set_holds(b, &one))
			return a->text[i];
	}
	return "nothing";
}

/* Of programs whose tree is small enough: how many were compared. */
static int compared;

static void compare(int seed, const struct strategy *other, char *threads, char *operations, unsigned long most)
{
	char number[16];
	char *path = program("random_program");
	struct search all, reduced;

	snprintf(number, sizeof(number), "%d", seed);
	search(WORDS(path, number, threads, operations), &strategy_dpor, -1, MOST, &reduced);
	search(WORDS(path, number, threads, operations), other, -1, most, &all);
	if (reduced.over) {
		ck_assert_msg(set_holds(&reduced.outcomes, &all.outcomes), "seed %d, %s, %s: dpor misses %s", seed,
			      threads, operations, first_missing(&reduced.outcomes, &all.outcomes));
		compared += !other->exhaustive || all.over;
	}
	if (all.over) {
		ck_assert_msg(reduced.over, "seed %d: dpor has not come to its end", seed);
		ck_assert_msg(set_holds(&all.outcomes, &reduced.outcomes), "seed %d, %s, %s: dfs misses %s", seed,
			      threads, operations, first_missing(&all.outcomes, &reduced.outcomes));
		ck_assert_uint_le(reduced.executions, all.executions);
	}
	search_clear(&all);
	search_clear(&reduced);
	free(path);
}

static int programs(int usual)
{
	const char *text = getenv("SCHEDULE_PROGRAMS");

	return text ? atoi(text) : usual;
}

START_TEST(dfs_and_dpor_reach_the_same_outcomes)
{
	int i, n = programs(DFS_PROGRAMS);

	compared = 0;
	for (i = 1; i <= n; i++)
		compare(i, &strategy_dfs, "2", i % 2 ? "1" : "2", MOST);
	ck_assert_int_ge(compared, n * 7 / 10);
}
END_TEST

START_TEST(what_is_drawn_dpor_has_seen)
{
	int i, n = programs(DRAWN_PROGRAMS);

	compared = 0;
	for (i = 1; i <= n; i++)
		compare(1000 + i, i % 2 ? &strategy_random : &strategy_pos, "3", "2", DRAWN);
	ck_assert_int_ge(compared, n * 7 / 10);
}
END_TEST

static void add(TCase *c)
{
	tcase_add_loop_test(c, dpor_runs_each_order_once, 0, sizeof(counts) / sizeof(counts[0]));
	tcase_add_test(c, dfs_and_dpor_reach_the_same_outcomes);
	tcase_add_test(c, what_is_drawn_dpor_has_seen);
}

int main(int argc, char **argv)
{
	return run_tests(argc, argv, "trees", add);
}
