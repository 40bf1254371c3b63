/* SPDX-License-Identifier: MIT */
/* test_traps.c: what schedulers get wrong; no function that blocks goes past the library. */
#include <stdlib.h>
#include <string.h>

#include "trees.h"

#define WORDS(...) ((char *[]){__VA_ARGS__, NULL})
#define SCHEDULES 60

static bool never(void *arg, const struct memory *m, char *text, size_t size)
{
	(void)arg, (void)m, (void)text, (void)size;
	return false;
}

static const struct trap {
	char *name;
	bool timeouts_idle;
	enum result_kind expected; /* of drawn schedules */
	const char *text;	   /* a part of what is told */
} traps[] = {
	{"early_calls", false, RESULT_SAMPLED, ""},
	{"yield_loop", false, RESULT_SAMPLED, ""},
	{"sleep_loop", false, RESULT_SAMPLED, ""},
	{"sleep_loop", true, RESULT_SAMPLED, ""},
	{"lock_loop", false, RESULT_SAMPLED, ""},
	{"bare_loop", false, RESULT_UNCONTROLLED, "thread 0 (main) is inside something that is not controlled"},
	{"ordered_by_sleeping", true, RESULT_SAMPLED, ""},
	{"ordered_by_sleeping", false, RESULT_FAILED, "SIGABRT"},
	{"time_goes_on", false, RESULT_SAMPLED, ""},
	{"main_goes_first", false, RESULT_SAMPLED, ""},
	{"destructors_lock", false, RESULT_SAMPLED, ""},
	{"stacks_come_back", false, RESULT_SAMPLED, ""},
	{"children_are_not_explored", false, RESULT_SAMPLED, ""},
	{"forks", false, RESULT_SAMPLED, ""},
	{"waits_for_any", false, RESULT_SAMPLED, ""},
	{"asks_for_its_child", false, RESULT_SAMPLED, ""},
	{"children_execute", false, RESULT_SAMPLED, ""},
	{"memory_is_used_again", false, RESULT_SAMPLED, ""},
	{"pipes", false, RESULT_SAMPLED, ""},
	{"descriptors", false, RESULT_SAMPLED, ""},
	{"awaits_signal", false, RESULT_UNCONTROLLED, "sigwait is not controlled"},
	{"sets_alarm", false, RESULT_UNCONTROLLED, "alarm is not controlled"},
	{"cancels", false, RESULT_UNCONTROLLED, "pthread_cancel is not controlled"},
};
#define TRAPS (int)(sizeof(traps) / sizeof(traps[0]))

static const struct strategy *const strategies[] = {&strategy_random, &strategy_pct, &strategy_pos, &strategy_surw};
#define STRATEGIES (int)(sizeof(strategies) / sizeof(strategies[0]))

START_TEST(traps_are_known)
{
	const struct trap *t = &traps[_i % TRAPS];
	char *path = program("traps");
	char error[1024];
	struct subject s = {.argv = WORDS(path, t->name), .keep = -1, .patience = 3};
	struct plan p = {
		.subject = &s,
		.strategy = strategies[_i / TRAPS],
		.schedules = SCHEDULES,
		.seconds = 120,
		.oracle = never,
		.options = {.seed = 1, .preemptions = -1, .whole = true, .steps_max = 5000},
	};
	struct result r;

	p.options.timeouts_any = !t->timeouts_idle;
	ck_assert_msg(subject_start(&s, error, sizeof(error)), "%s", error);
	explore(&p, &r);
	ck_assert_msg(r.kind == t->expected, "%s by %s: %d in the place of %d: %s", t->name, p.strategy->name, r.kind,
		      t->expected, r.text);
	ck_assert_msg(strstr(r.text, t->text) != NULL, "%s: %s", t->name, r.text);
	result_clear(&r);
	subject_end(&s);
	free(path);
}
END_TEST

/* ---- names --------------------------------------------------------------------------------- */

/* Functions of these families that neither block nor change what others see. */
static bool is_harmless(const char *name)
{
	static const char *const parts[] = {"attr", "prioceiling", "getkind", "setkind", "np@", "self", "equal"};
	static const char *const names[] = {
		"pthread_getaffinity_np", "pthread_mutex_consistent_np", "sem_close", "sem_open", "sem_unlink",
		"thrd_current", "thrd_equal",
	};
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(name, parts[i]))
			return true;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool exports(const char *names, const char *name)
{
	char line[256];

	snprintf(line, sizeof(line), "\n%s\n", name);
	return strstr(names, line) != NULL;
}

static char *names_of(const char *object)
{
	char command[4096], *names = calloc(1, 1 << 20);
	FILE *f;

	snprintf(command, sizeof(command), "nm -D --defined-only %s | sed 's/.* //; s/@.*//' | sort -u", object);
	f = popen(command, "r");
	names[0] = '\n';
	ck_assert(f != NULL && fread(names + 1, 1, (1 << 20) - 2, f) > 0);
	pclose(f);
	return names;
}

START_TEST(no_function_that_blocks_is_missed)
{
	static const char *const families[] = {
		"pthread_mutex_", "pthread_cond_", "pthread_rwlock_", "pthread_spin_", "pthread_barrier_",
		"sem_", "thrd_", "mtx_", "cnd_",
	};
	char *library = program("poolproof-schedule.so"), *ours = names_of(library);
	char *libc = names_of("$(ldconfig -p | awk '/libc.so.6.*x86-64/ {print $NF; exit}')");
	char *name, *rest = libc;
	size_t i, looked = 0;

	while ((name = strsep(&rest, "\n")))
		for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
			if (strncmp(name, families[i], strlen(families[i])) != 0 || is_harmless(name))
				continue;
			looked++;
			ck_assert_msg(exports(ours, name), "%s goes past the library", name);
		}
	ck_assert_uint_ge(looked, 60);
	free(ours);
	free(libc);
	free(library);
}
END_TEST

static void add(TCase *c)
{
	tcase_add_loop_test(c, traps_are_known, 0, TRAPS * STRATEGIES);
	tcase_add_test(c, no_function_that_blocks_is_missed);
}

int main(int argc, char **argv)
{
	return run_tests(argc, argv, "traps", add);
}
