/* SPDX-License-Identifier: MIT */
/*
 * test_programs.c: bugs are found and their schedules repeat; the functions return
 * what libc's do.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../schedule_file.h"
#include "trees.h"

#define WORDS(...) ((char *[]){__VA_ARGS__, NULL})
#define MOST 3000 /* schedules until a bug is found */
#define SECONDS 120
#define REPLAYS 20
#define ROUNDS 200

/* ---- bugs, and the same programs without them ------------------------------------------ */

static char *const bugs[] = {
	"abba",	       "lost_wakeup", "double_check", "wrong_lock", "if_for_while",	"signal_for_broadcast",
	"missing_join", "double_free", "aba",	       "extra_post", "timeout_and_news", "rwlock_upgrade",
	"publication_before_data",
};
#define BUGS (int)(sizeof(bugs) / sizeof(bugs[0]))

static const struct {
	const struct strategy *strategy;
	int preemptions;
} ways[] = {
	{&strategy_dpor, -1}, {&strategy_dfs, 2}, {&strategy_pct, -1}, {&strategy_pos, -1}, {&strategy_random, -1},
	{&strategy_surw, -1},
};
#define WAYS (int)(sizeof(ways) / sizeof(ways[0]))

static bool never(void *arg, const struct memory *m, char *text, size_t size)
{
	(void)arg, (void)m, (void)text, (void)size;
	return false;
}

static void begin(struct plan *p, struct subject *s, char **argv)
{
	char error[1024];

	*s = (struct subject){.argv = argv, .keep = -1, .patience = 20};
	*p = (struct plan){
		.subject = s,
		.schedules = MOST,
		.seconds = SECONDS,
		.oracle = never,
		.options = {.seed = 1, .preemptions = -1, .timeouts_any = true, .whole = true, .steps_max = 2000},
	};
	ck_assert_msg(subject_start(s, error, sizeof(error)), "%s", error);
}

START_TEST(each_strategy_finds_each_bug)
{
	char *path = program("buggy"), *name = bugs[_i % BUGS];
	struct subject s;
	struct plan p;
	struct result r;

	begin(&p, &s, WORDS(path, name));
	p.strategy = ways[_i / BUGS].strategy;
	p.options.preemptions = ways[_i / BUGS].preemptions;
	explore(&p, &r);
	ck_assert_msg(r.kind == RESULT_FAILED, "%s: not found by %s in %lu schedules", name, p.strategy->name,
		      r.executions + r.sampled);
	ck_assert_msg(r.confirmed, "%s: %s: its replays were not the same", name, p.strategy->name);
	result_clear(&r);
	subject_end(&s);
	free(path);
}
END_TEST

START_TEST(no_bug_is_found_where_there_is_none)
{
	char *path = program("buggy");
	struct subject s;
	struct plan p;
	struct result r;

	begin(&p, &s, WORDS(path, bugs[_i], "right"));
	p.strategy = &strategy_dpor;
	explore(&p, &r);
	ck_assert_msg(r.kind == RESULT_EXHAUSTED, "%s: %s", bugs[_i], r.text);
	result_clear(&r);
	subject_end(&s);
	free(path);
}
END_TEST

/* ---- accesses to memory ------------------------------------------------------------------ */

static const struct {
	char *name;
	const char *told; /* NULL: every schedule is seen, and nothing is wrong */
} unordered[] = {
	{"write_and_write", "race: write by thread"},
	{"publication_before_data", "race: "},
	{"use_after_free", "race: use after free: write by thread 1"},
	{"right_atomic", NULL},
	{"right_barrier", NULL},
	{"right_reuse", NULL},
	{"right_fork", NULL}, /* the last: not with ThreadSanitizer's runtime, which dies of it */
};
#define UNORDERED (int)(sizeof(unordered) / sizeof(unordered[0]))

START_TEST(accesses_are_watched)
{
	char *path = program("unordered");
	struct subject s;
	struct plan p;
	struct result r;

	begin(&p, &s, WORDS(path, unordered[_i].name));
	p.strategy = &strategy_dpor;
	explore(&p, &r);
	ck_assert(s.m->watched);
	if (unordered[_i].told) {
		ck_assert_msg(r.kind == RESULT_FAILED && r.confirmed, "%s: not found", unordered[_i].name);
		ck_assert_msg(strncmp(r.text, unordered[_i].told, strlen(unordered[_i].told)) == 0, "%s: %s",
			      unordered[_i].name, r.text);
	} else {
		ck_assert_msg(r.kind == RESULT_EXHAUSTED, "%s: %s", unordered[_i].name, r.text);
	}
	result_clear(&r);
	subject_end(&s);
	free(path);
}
END_TEST

/* ThreadSanitizer's own runtime is told of our locks, and leaves with a status when it has seen a race. */
static bool has_left_with_status(void *arg, const struct memory *m, char *text, size_t size)
{
	(void)arg;
	snprintf(text, size, "exit status %d", WEXITSTATUS(m->status));
	return WEXITSTATUS(m->status) != 0;
}

START_TEST(drawn_schedules_tell_the_same)
{
	char *path = program("unordered");
	struct subject s;
	struct plan p;
	struct result r;

	begin(&p, &s, WORDS(path, unordered[_i].name));
	p.strategy = &strategy_random;
	p.schedules = unordered[_i].told ? MOST : 300;
	explore(&p, &r);
	ck_assert_msg(r.kind == (unordered[_i].told ? RESULT_FAILED : RESULT_SAMPLED), "%s: %s", unordered[_i].name,
		      r.text);
	result_clear(&r);
	subject_end(&s);
	free(path);
}
END_TEST

START_TEST(stock_tsan_sees_our_locks)
{
	char *path = program("unordered-tsan"), *name = unordered[_i].name;
	struct subject s;
	struct plan p;
	struct result r;

	begin(&p, &s, WORDS(path, name));
	p.strategy = &strategy_random;
	p.oracle = has_left_with_status;
	p.schedules = unordered[_i].told ? MOST : 200;
	explore(&p, &r);
	if (unordered[_i].told)
		ck_assert_msg(r.kind == RESULT_FAILED && r.confirmed && strcmp(r.text, "exit status 66") == 0, "%s: %s",
			      name, r.text);
	else
		ck_assert_msg(r.kind == RESULT_SAMPLED, "%s: %s", name, r.text);
	result_clear(&r);
	subject_end(&s);
	free(path);
}
END_TEST

/* Told to explore races: a harmless one is no failure, what another leads to is. */
static const struct {
	char *name;
	const char *told;
	unsigned long least; /* executions, if nothing is wrong: the two orders that the race has */
} racing[] = {
	{"publication_before_data", "killed by SIGABRT", 0},
	{"plain_flag", "killed by SIGABRT", 0},
	{"lost_update", "killed by SIGABRT", 0},
	{"use_after_free", "race: use after free", 0},
	{"harmless", NULL, 6},
	{"right_atomic", NULL, 2},
};
#define RACING (int)(sizeof(racing) / sizeof(racing[0]))

START_TEST(what_races_becomes_steps)
{
	char *path = program("unordered"), *name = racing[_i % RACING].name;
	const char *told = racing[_i % RACING].told;
	struct subject s;
	struct plan p;
	struct result r;

	begin(&p, &s, WORDS(path, name));
	p.strategy = ways[_i / RACING].strategy;
	p.options.preemptions = ways[_i / RACING].preemptions;
	p.options.races_explored = true;
	p.schedules = told ? MOST : 200;
	explore(&p, &r);
	if (told) {
		ck_assert_msg(r.kind == RESULT_FAILED && r.confirmed, "%s by %s: not found", name, p.strategy->name);
		ck_assert_msg(strncmp(r.text, told, strlen(told)) == 0, "%s: %s", name, r.text);
	} else {
		ck_assert_msg(r.kind == (p.strategy->exhaustive ? RESULT_EXHAUSTED : RESULT_SAMPLED), "%s: %s", name,
			      r.text);
		ck_assert(s.m->points > 0 || racing[_i % RACING].least == 2);
		ck_assert_uint_ge(r.executions + r.sampled, racing[_i % RACING].least);
	}
	result_clear(&r);
	subject_end(&s);
	free(path);
}
END_TEST

/* ---- the same again ---------------------------------------------------------------------- */

static uint64_t draw_one(const struct plan *p, uint64_t seed)
{
	struct memory *m = p->subject->m;

	request_begin(&m->request, &p->options, POLICY_RANDOM);
	m->request.seed = seed;
	ck_assert(subject_execute(p->subject));
	return trace_hash(m);
}

/* Without the end of the process, which a round does not come to. */
static uint64_t trace_of_round(struct memory *m)
{
	uint32_t all = m->events;
	uint64_t hash;

	while (m->events && m->event[m->events - 1].operation.kind == OP_DEATH)
		m->events--;
	hash = trace_hash(m);
	m->events = all;
	return hash;
}

static struct schedule taken(const struct memory *m)
{
	struct schedule s = {calloc(m->state.steps + 1, sizeof(struct choice)), 0, 0};
	uint32_t i;

	for (i = 0; i < m->events; i++)
		if (m->event[i].kind == EVENT_STEP)
			s.choices[s.count++] = (struct choice){m->event[i].thread, m->event[i].way};
	return s;
}

START_TEST(a_schedule_repeats)
{
	char *path = program("random_program");
	struct subject s;
	struct plan p;
	struct schedule schedule;
	uint64_t hash;
	int i;

	begin(&p, &s, WORDS(path, "17", "4", "4"));
	hash = draw_one(&p, (uint64_t)_i);
	schedule = taken(s.m);
	for (i = 0; i < REPLAYS; i++) {
		ck_assert(execute_schedule(&p, &schedule, false));
		ck_assert_int_ne(s.m->ending, END_DIVERGED);
		ck_assert_uint_eq(trace_hash(s.m), hash);
	}
	/* And in a process that was started anew, from the seed. */
	subject_end(&s);
	begin(&p, &s, WORDS(path, "17", "4", "4"));
	ck_assert_uint_eq(draw_one(&p, (uint64_t)_i), hash);
	free(schedule.choices);
	subject_end(&s);
	free(path);
}
END_TEST

/* What came before in the same process leaves no trace. */
START_TEST(a_round_is_as_good_as_a_process)
{
	char *path = program("micro");
	uint64_t hash[ROUNDS];
	pid_t pid = 0;
	struct subject s;
	struct plan p;
	int i, together = 0;

	begin(&p, &s, WORDS(path, "locks", "3", "3", "3"));
	for (i = 0; i < 2 * ROUNDS; i++) {
		request_begin(&s.m->request, &p.options, POLICY_RANDOM);
		s.m->request.seed = (uint64_t)(i % ROUNDS);
		s.m->request.in_process = i < ROUNDS;
		ck_assert(subject_execute(&s));
		ck_assert_int_eq(s.m->ending, END_NONE);
		together += s.m->pid == pid;
		pid = s.m->pid;
		if (i < ROUNDS)
			hash[i] = trace_of_round(s.m);
		else
			ck_assert_uint_eq(trace_of_round(s.m), hash[i - ROUNDS]);
	}
	ck_assert_int_ge(together, ROUNDS / 2);
	ck_assert_int_lt(together, ROUNDS);
	subject_end(&s);
	free(path);
}
END_TEST

START_TEST(a_wrong_schedule_diverges)
{
	char *path = program("buggy");
	struct choice nobody[] = {{7, 0}};
	struct subject s;
	struct plan p;

	begin(&p, &s, WORDS(path, "abba"));
	ck_assert(execute_schedule(&p, &(struct schedule){nobody, 1, 0}, false));
	ck_assert_int_eq(s.m->ending, END_DIVERGED);
	ck_assert(execute_schedule(&p, &(struct schedule){nobody, 1, 0}, true));
	ck_assert_int_eq(s.m->ending, END_NONE);
	subject_end(&s);
	free(path);
}
END_TEST

/* ---- schedules as files ------------------------------------------------------------------------ */

START_TEST(a_schedule_file_is_read_as_it_was_written)
{
	struct choice choices[] = {{0, 0}, {1, WAY_TIMEOUT}, {0, 3}};
	char *words[] = {"./a.out", "two words", NULL};
	struct schedule_file out = {.arguments = words, .argument_count = 2, .spurious = true, .hash = 0xfeedULL << 40,
				    .schedule = {choices, 3, 2},
				    .point = {0x1234, 0xabcdef}, .races_explored = true}, in;
	char *path = program("written.schedule"), error[256];

	ck_assert(schedule_file_write(path, &out, "what happened\nin two lines"));
	ck_assert(schedule_file_is(path));
	ck_assert_msg(schedule_file_read(path, &in, error, sizeof(error)), "%s", error);
	ck_assert(!in.scenario && in.spurious && !in.timeouts_any);
	ck_assert_uint_eq(in.argument_count, 2);
	ck_assert_str_eq(in.arguments[1], "two words");
	ck_assert_uint_eq(in.hash, out.hash);
	ck_assert_uint_eq(in.schedule.count, 3);
	ck_assert(in.races_explored);
	ck_assert_uint_eq(in.schedule.points, 2);
	ck_assert_uint_eq(in.point[1], 0xabcdef);
	ck_assert_int_eq(memcmp(in.schedule.choices, choices, sizeof(choices)), 0);
	schedule_file_clear(&in);
	free(path);
}
END_TEST

static const struct {
	const char *text, *told;
} wrong_files[] = {
	{"poolproof program 1\n", "1: no line of a schedule"},
	{"poolproof schedule 1\nfrobnicate 1\n", "2: no line of a schedule"},
	{"poolproof schedule 1\nargument a\nsteps 0 x\n", "3: no line of a schedule"},
	{"poolproof schedule 1\nargument a\nsteps 0 99\n", "3: no line of a schedule"},
	{"poolproof schedule 1\nargument a\nsteps 0:9\n", "3: no line of a schedule"},
	{"poolproof schedule 1\nsteps 0\n", "a schedule that is not whole"},
	{"poolproof schedule 1\nscenario s\nsteps 0\n", "a schedule that is not whole"},
	{"poolproof schedule 1\nargument a\n", "a schedule that is not whole"},
};

START_TEST(a_wrong_schedule_file_is_refused)
{
	char *path = program("wrong.schedule"), error[256] = "";
	struct schedule_file in;
	FILE *f = fopen(path, "w");

	ck_assert(f != NULL && fputs(wrong_files[_i].text, f) >= 0 && fclose(f) == 0);
	ck_assert(!schedule_file_read(path, &in, error, sizeof(error)));
	ck_assert_msg(strstr(error, wrong_files[_i].told) != NULL, "%s", error);
	schedule_file_clear(&in);
	free(path);
}
END_TEST

/* ---- what functions return ------------------------------------------------------------------ */

START_TEST(functions_return_what_those_of_libc_do)
{
	static char real[16384], ours[16384];
	char *path = program("codes");
	FILE *f = popen(path, "r");
	struct subject s;
	struct plan p;
	struct schedule none = {(struct choice[]){{0, 0}}, 0, 0};
	size_t i, line = 0;

	ck_assert(f != NULL && fread(real, 1, sizeof(real) - 1, f) > 0);
	ck_assert_int_eq(pclose(f), 0);
	begin(&p, &s, WORDS(path));
	ck_assert(execute_schedule(&p, &none, false));
	ck_assert_msg(s.m->ending == END_NONE, "%s", s.m->text);
	subject_output(&s, ours, sizeof(ours) - 1);
	for (i = 0; ours[i] && ours[i] == real[i]; i++)
		line = ours[i] == '\n' ? i + 1 : line;
	ck_assert_msg(ours[i] == real[i], "ours: %.60s; libc: %.60s", ours + line, real + line);
	subject_end(&s);
	free(path);
}
END_TEST

static void add(TCase *c)
{
	tcase_add_test(c, functions_return_what_those_of_libc_do);
	tcase_add_loop_test(c, each_strategy_finds_each_bug, 0, BUGS * WAYS);
	tcase_add_loop_test(c, no_bug_is_found_where_there_is_none, 0, BUGS);
	tcase_add_loop_test(c, accesses_are_watched, 0, UNORDERED);
	tcase_add_loop_test(c, drawn_schedules_tell_the_same, 0, UNORDERED);
	tcase_add_loop_test(c, stock_tsan_sees_our_locks, 0, UNORDERED - 1);
	tcase_add_loop_test(c, what_races_becomes_steps, 0, RACING * WAYS);
	tcase_add_loop_test(c, a_schedule_repeats, 0, 5);
	tcase_add_test(c, a_round_is_as_good_as_a_process);
	tcase_add_test(c, a_wrong_schedule_diverges);
	tcase_add_test(c, a_schedule_file_is_read_as_it_was_written);
	tcase_add_loop_test(c, a_wrong_schedule_file_is_refused, 0, sizeof(wrong_files) / sizeof(wrong_files[0]));
}

int main(int argc, char **argv)
{
	return run_tests(argc, argv, "programs", add);
}
