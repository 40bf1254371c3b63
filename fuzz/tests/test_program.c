/* SPDX-License-Identifier: MIT */
/* test_program.c: bytes, programs and text. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "program_file.h"
#include "random.h"
#include "shard.h"
#include "without.h"

static char *text_of(const struct program *p, void (*print)(const struct program *p, FILE *f))
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	print(p, f);
	fclose(f);
	return text;
}

static struct program random_bytes(uint64_t *state)
{
	uint8_t bytes[PROGRAM_BYTES + 8];
	size_t i, n = random_below(state, sizeof(bytes) + 1);
	struct program p;

	for (i = 0; i < n; i++)
		bytes[i] = (uint8_t)random_next(state);
	program_decode(&p, bytes, n);
	return p;
}

/* Every operand is within its range, so that nothing later has to ask. */
static void expect_valid(const struct program *p)
{
	size_t i, futures = program_futures(p);

	ck_assert_uint_le(p->count, OPS_MAX);
	ck_assert_uint_le(futures, NAMED_MAX);
	ck_assert(p->workers >= 1 && p->workers <= 3 && p->initializer < INIT_KINDS);
	for (i = 0; i < p->count; i++) {
		ck_assert_uint_lt(p->ops[i].code, OP_COUNT);
		ck_assert_uint_lt(p->ops[i].thread, THREADS_MAX);
		if (op_types[p->ops[i].code].operands[0] == OPERAND_FUTURE)
			ck_assert_uint_lt(p->ops[i].operands[0], futures);
	}
}

START_TEST(every_byte_string_is_a_program_and_comes_back)
{
	uint8_t bytes[PROGRAM_BYTES];
	uint64_t state = 1;
	struct program p, q;
	int i;

	for (i = 0; i < 20000; i++) {
		p = random_bytes(&state);
		expect_valid(&p);
		program_decode(&q, bytes, program_encode(&p, bytes));
		ck_assert(program_equal(&p, &q));
	}
}
END_TEST

START_TEST(no_bytes_are_a_program_too)
{
	struct program p;

	program_decode(&p, NULL, 0);
	expect_valid(&p);
	ck_assert_uint_eq(p.count, 0);
}
END_TEST

START_TEST(random_and_mutated_programs_are_valid)
{
	uint64_t state = 2;
	struct program p;
	int i, k;

	for (i = 0; i < 2000; i++) {
		program_random(&p, &state, (unsigned)i % THREADS_MAX);
		for (k = 0; k < 5; k++) {
			expect_valid(&p);
			program_mutate(&p, &state, (unsigned)i % THREADS_MAX);
		}
	}
}
END_TEST

START_TEST(a_seed_means_the_same_programs)
{
	uint64_t a = 77, b = 77;
	struct program p, q;

	program_random(&p, &a, 3);
	program_random(&q, &b, 3);
	ck_assert(program_equal(&p, &q));
}
END_TEST

/* f0 = submit; f1 = submit; cancel(f1); wait({f0, f1}) */
static struct program small_program(void)
{
	return (struct program){
		.workers = 2,
		.count = 4,
		.ops = {
			{0, OP_SUBMIT, {0, TASK_GATE, 1}},
			{0, OP_SUBMIT, {0, TASK_RAISE, 0}},
			{1, OP_CANCEL, {1}},
			{2, OP_WAIT, {3, 2, TIMEOUT_FOREVER}},
		},
	};
}

START_TEST(dropping_a_future_takes_its_uses_along)
{
	struct program p = small_program();

	program_drop(&p, 0);
	ck_assert_uint_eq(p.count, 3);
	ck_assert_uint_eq(p.ops[1].code, OP_CANCEL);
	ck_assert_uint_eq(p.ops[1].operands[0], 0); /* what was f1 */
	ck_assert_uint_eq(p.ops[2].operands[0], 1);
	p = small_program();
	program_drop(&p, 1);
	ck_assert_uint_eq(p.count, 2);
	ck_assert_uint_eq(p.ops[1].code, OP_WAIT);
	ck_assert_uint_eq(p.ops[1].operands[0], 1);
}
END_TEST

/* fail(request 2, once); e1 = ...; fail(request 1, lasting); f0 = submit; in thread 1, fail; in thread 2, wait */
static struct program failing_program(void)
{
	return (struct program){
		.workers = 1,
		.count = 8,
		.ops = {
			{0, OP_FAIL, {1, 0}},
			{0, OP_EXECUTOR_NEW, {1, 0, 0}},
			{0, OP_FAIL, {0, 1}},
			{1, OP_FAIL, {3, 0}},
			{0, OP_SUBMIT, {0, TASK_RETURN, 0}},
			{2, OP_WAIT, {1, 2, TIMEOUT_FOREVER}},
			{1, OP_FAIL, {4, 0}},
			{1, OP_MAP, {0, TASK_RETURN, 3}},
		},
	};
}

START_TEST(a_fail_is_for_the_next_operation_of_its_thread)
{
	static const int expected[] = {-1, 0, -1, -1, 2, -1, -1, 6};
	struct program p = failing_program(), small = small_program();
	size_t i;

	for (i = 0; i < p.count; i++)
		ck_assert_ptr_eq(program_fail_of(&p, i), expected[i] < 0 ? NULL : &p.ops[expected[i]]);
	ck_assert(program_fails(&p));
	ck_assert(!program_fails(&small));
}
END_TEST

START_TEST(a_fail_reads_as_text)
{
	struct program p = failing_program();
	char *text = text_of(&p, program_print);

	ck_assert_str_eq(text, "e0: 1 worker, no initializer\n"
			       "set-up:\n"
			       "  fail(request 2, once)\n"
			       "  executor_new(e1, 1 workers, no initializer)\n"
			       "  fail(request 1, lasting)\n"
			       "  f0 = submit(e0, return)\n"
			       "thread 1:\n"
			       "  fail(request 4, once)\n"
			       "  fail(request 5, once)\n"
			       "  map(e0, return, 3 arguments, 0 asks)\n"
			       "thread 2:\n"
			       "  wait({f0}, ALL_COMPLETED, forever)\n");
	free(text);
}
END_TEST

START_TEST(a_program_reads_as_text)
{
	struct program p = small_program();
	char *text = text_of(&p, program_print);

	ck_assert_str_eq(text, "e0: 2 workers, no initializer\n"
			       "set-up:\n"
			       "  f0 = submit(e0, gate g1)\n"
			       "  f1 = submit(e0, raise)\n"
			       "thread 1:\n"
			       "  cancel(f1)\n"
			       "thread 2:\n"
			       "  wait({f0, f1}, ALL_COMPLETED, forever)\n");
	free(text);
}
END_TEST

static void expect_compiles(const struct program *p, const char *path)
{
	char command[256];
	FILE *f = fopen(path, "w");

	program_print_c(p, f);
	fclose(f);
	snprintf(command, sizeof(command), "cc -std=gnu11 -Wall -Wno-unused -Werror -fsyntax-only -Iconformance/include %s",
		 path);
	ck_assert_int_eq(system(command), 0);
}

/* Each text that is C compiles; what it does is shown by hand, and for one that fails by fuzz/check. */
START_TEST(a_program_prints_as_c_that_compiles)
{
	char path[] = "/tmp/poolproof-repro-XXXXXX.c";
	int i, fd = mkstemps(path, 2);
	struct program p = failing_program();
	uint64_t state = 5;

	ck_assert_int_ge(fd, 0);
	expect_compiles(&p, path);
	for (i = 0; i < 4; i++) {
		program_random(&p, &state, 4);
		expect_compiles(&p, path);
	}
	remove(path);
}
END_TEST

START_TEST(what_a_program_is_to_do_without_is_not_in_it)
{
	struct without w = {0};
	uint64_t state = 3;
	struct program p;
	size_t k;
	int i;

	ck_assert(without_add(&w, "wait,shutdown:cancel,task:gate,callback:submit,initializer:all"));
	ck_assert(!without_add(&w, "job"));
	ck_assert(!without_add(&w, "task:"));
	for (i = 0; i < 2000; i++) {
		program_random(&p, &state, 3);
		without_apply(&w, &p);
		expect_valid(&p);
		ck_assert_int_eq(p.initializer, INIT_NONE);
		for (k = 0; k < p.count; k++) {
			ck_assert_int_ne(p.ops[k].code, OP_WAIT);
			ck_assert(p.ops[k].code != OP_SHUTDOWN || p.ops[k].operands[1] < FORM_CANCEL_WAIT);
			ck_assert(p.ops[k].code != OP_SUBMIT || p.ops[k].operands[1] != TASK_GATE);
		}
	}
}
END_TEST

static bool read_text(const char *text, struct program_file *f, char *error, size_t size)
{
	char path[] = "/tmp/poolproof-program-XXXXXX";
	int fd = mkstemp(path);
	FILE *out = fdopen(fd, "w");
	bool good;

	fputs(text, out);
	fclose(out);
	good = program_file_read(path, f, error, size);
	remove(path);
	return good;
}

START_TEST(files_are_read_and_their_mistakes_told)
{
	static const char *const bad[] = {
		"", "not a program\n", "poolproof program 1\n", "poolproof program 1\nbytes    0\n",
		"poolproof program 1\nbytes    0g\n", "poolproof program 1\nseed     x\nbytes    00\n",
		"poolproof program 1\ncolour   red\nbytes    00\n",
	};
	struct program_file f;
	char error[512];
	size_t i;

	ck_assert(read_text("poolproof program 1\nbackend  glib\noption   a=b\nfound    FAIL CANCEL-3 x\nseed     42\n"
			    "# a comment\nbytes    0100000000\n", &f, error, sizeof(error)));
	ck_assert_str_eq(f.backend, "glib");
	ck_assert_str_eq(f.options[0], "a=b");
	ck_assert_uint_eq(f.seed, 42);
	ck_assert_uint_eq(f.program.workers, 2);
	ck_assert_uint_eq(f.program.count, 1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error[0] = '\0';
		ck_assert(!read_text(bad[i], &f, error, sizeof(error)));
		ck_assert_str_ne(error, "");
	}
}
END_TEST

START_TEST(shards_come_from_options_and_from_the_environment)
{
	static const char *const wrong[] = {"0/5", "6/5", "0/0", "1/2x", "-1/2", "+1/2", "1/ 2", "1", "/", "1/", "/1", ""};
	struct shard s;
	size_t i;

	ck_assert(shard_parse("5/5", &s) && s.number == 5 && s.count == 5);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(!shard_parse(wrong[i], &s), "%s", wrong[i]);
	unsetenv("CI_NODE_INDEX");
	unsetenv("CIRCLE_NODE_INDEX");
	setenv("SLURM_ARRAY_TASK_ID", "12", 1);
	setenv("SLURM_ARRAY_TASK_MIN", "10", 1);
	setenv("SLURM_ARRAY_TASK_COUNT", "4", 1);
	s = shard_from_environment();
	ck_assert(s.number == 3 && s.count == 4);
	setenv("CI_NODE_INDEX", "1", 1);
	setenv("CI_NODE_TOTAL", "3", 1);
	s = shard_from_environment();
	ck_assert(s.number == 1 && s.count == 3);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("program");
	TCase *t = tcase_create("program");
	SRunner *r = srunner_create(s);

	tcase_set_timeout(t, 60);
	tcase_add_test(t, every_byte_string_is_a_program_and_comes_back);
	tcase_add_test(t, no_bytes_are_a_program_too);
	tcase_add_test(t, random_and_mutated_programs_are_valid);
	tcase_add_test(t, a_seed_means_the_same_programs);
	tcase_add_test(t, dropping_a_future_takes_its_uses_along);
	tcase_add_test(t, a_fail_is_for_the_next_operation_of_its_thread);
	tcase_add_test(t, a_fail_reads_as_text);
	tcase_add_test(t, a_program_reads_as_text);
	tcase_add_test(t, a_program_prints_as_c_that_compiles);
	tcase_add_test(t, what_a_program_is_to_do_without_is_not_in_it);
	tcase_add_test(t, files_are_read_and_their_mistakes_told);
	tcase_add_test(t, shards_come_from_options_and_from_the_environment);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	return srunner_ntests_failed(r) != 0;
}
