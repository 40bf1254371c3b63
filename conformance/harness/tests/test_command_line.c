/* SPDX-License-Identifier: MIT */
/*
 * test_command_line.c: what a user may get wrong, help, selfcheck and new.
 *
 *	POOLPROOF=build/poolproof HOSTILE=build/harness-tests/hostile.so test_command_line
 */
#include <dlfcn.h>

#include "ran.h"

/* ---- bad input ----------------------------------------------------------------------------- */

/* HOSTILE, LIBC and files of the folder stand for paths; see expand(). */
static const struct bad {
	const char *args[7];
	const char *message;
} bads[] = {
	{{NULL}, "no command given"},
	{{"rum"}, "there is no command 'rum'; do you mean run?"},
	{{""}, "there is no command ''"},
	{{"frobnicate"}, "there is no command 'frobnicate'; `poolproof --help` lists them"},
	{{"run", "./nowhere.so"}, "./nowhere.so: No such file or directory"},
	{{"run", "nowhere"}, "no such backend among those that come with the tool"},
	{{"run", "@empty"}, "not a shared object"},
	{{"run", "@elf"}, "cannot be loaded as a shared object"},
	{{"run", "@"}, "is no regular file"},
	{{"run", "LIBC"}, "exports no function poolproof_backend"},
	{{"run", "HOSTILE", "-o", "way=wrong_abi"}, "made for version 99 of the ABI, this tool has version 1"},
	{{"run", "HOSTILE", "-o", "way=small_table"}, "its table has 24 bytes and needs"},
	{{"run", "HOSTILE", "-o", "way=no:executor_new"}, "the entry executor_new is NULL, which is mandatory"},
	{{"run", "HOSTILE", "-o", "way=no:submit"}, "the entry submit is NULL, which is mandatory"},
	{{"run", "HOSTILE", "-o", "way=no:result"}, "the entry result is NULL, which is mandatory"},
	{{"run", "HOSTILE", "-o", "way=no:shutdown"}, "the entry shutdown is NULL, which is mandatory"},
	{{"run", "HOSTILE", "-o", "way=no_name"}, "the table has no name"},
	{{"run", "HOSTILE", "-o", "way=bad_concurrency"}, "concurrency is -5"},
	{{"run", "HOSTILE", "-o", "way=half_as_completed"}, "as_completed_end belong together; give all three"},
	{{"run", "HOSTILE", "-o", "way=half_map"}, "map_end belong together; give all three"},
	{{"run", "HOSTILE", "-o", "way=no_backend"}, "gives no backend: the moon is in the wrong phase"},
	{{"run", "HOSTILE", "-o", "way=no_reason"}, "does not say why"},
	{{"run", "HOSTILE", "-o", "way=hang_in_load"}, "hangs: every thread is blocked for good while it is loaded"},
	{{"run", "HOSTILE", "-o", "way=exit_in_load"}, "leaves the process with status 0 while it is loaded"},
	{{"run", "HOSTILE", "-o", "way=crash_in_load"}, "while it is loaded"},
	{{"run", "HOSTILE", "-o", "way=wild_table"}, "while it is loaded"},
	{{"run", "HOSTILE", "-o", "way"}, "-o way: an option of the backend is written key=value"},
	{{"run", "HOSTILE", "HOSTILE"}, "one backend at a time"},
	{{"run", "--frob"}, "unknown option --frob; `poolproof run --help` lists them"},
	{{"run", "-x"}, "unknown option -x"},
	{{"run", "--time", "60"}, "unknown option --time; `poolproof run --help` lists them"},
	{{"run", "--time=60"}, "unknown option --time=60"},
	{{"run", "--verb"}, "unknown option --verb"},
	{{"run", "--json"}, "the option --json needs a value"},
	{{"run", "--json", ""}, "run: the option --json needs a value"},
	{{"run", "--json="}, "run: the option --json needs a value"},
	{{"run", "-o", ""}, "run: the option -o needs a value"},
	{{"list", "--case", ""}, "list: the option --case needs a value"},
	{{"run", ""}, "the backend's name is empty"},
	{{"run", "HOSTILE", "--write-expect", "-"}, "--write-expect -: give the name of a file"},
	{{"run", "HOSTILE", "--expect", "/dev/zero"}, "cannot read /dev/zero: File too large"},
	{{"run", "--jobs", "0"}, "--jobs 0: give a number from 1 to 1024"},
	{{"run", "--jobs", "two"}, "--jobs two: give a number"},
	{{"run", "--timeout-scale", "-1"}, "--timeout-scale -1: give a number above 0"},
	{{"run", "HOSTILE", "--case", "no_such_case"}, "no_such_case"},
	{{"run", "HOSTILE", "--clause", "NONE-1"}, "NONE-1"},
	{{"run", "HOSTILE", "--feature", "nonesuch"}, "nonesuch"},
	{{"run", "HOSTILE", "--level", "OUGHT"}, "OUGHT"},
	{{"run", "HOSTILE", "--profile", "1.5"}, "1.5"},
	{{"run", "HOSTILE", "--case", "exec_*", "--json", "/nonexistent/x"}, "--json: cannot write /nonexistent/x"},
	{{"run", "HOSTILE", "--case", "exec_*", "--tap", "/nonexistent/x"}, "--tap: cannot write /nonexistent/x"},
	{{"run", "HOSTILE", "--case", "exec_*", "--junit", "/nonexistent/x"}, "--junit: cannot write /nonexistent/x"},
	{{"run", "HOSTILE", "--write-expect", "/nonexistent/x"}, "/nonexistent/x"},
	{{"run", "HOSTILE", "--expect", "/nonexistent/x"}, "/nonexistent/x"},
	{{"run", "HOSTILE", "--expect", "@expect"}, "expect:2:"},
	{{"run", "--feature", "nonesuch"}, "see `poolproof list --features`"},
	{{"race", "HOSTILE", "--scenario", "@"}, "--scenario: nothing is called '"},
	{{"explore", "HOSTILE", "--scenario", "@"}, "--scenario: nothing is called '"},
	{{"explore", "HOSTILE", "--input", "@expect"}, "expect:1: neither a program nor a schedule"},
	{{"explore", "HOSTILE", "HOSTILE"}, "explore: one backend at a time"},
	{{"explore", "HOSTILE", "--directory", "@empty"}, "--directory: cannot write to"},
	{{"fuzz", "HOSTILE", "--directory", "@empty"}, "--directory: cannot write to"},
	{{"fuzz", "HOSTILE", "--json", "/nonexistent/x"}, "--json: cannot write /nonexistent/x"},
	{{"selfcheck"}, "selfcheck: give one backend"},
	{{"selfcheck", "./nowhere.so"}, "No such file or directory"},
	{{"selfcheck", "--frob"}, "unknown option --frob"},
	{{"selfcheck", "HOSTILE", "-o", "way=wrong_abi"}, "made for version 99"},
	{{"new"}, "new: give one name"},
	{{"new", "my-pool"}, "my-pool: the name is to be letters"},
	{{"new", "../pool"}, "../pool: the name is to be letters"},
	{{"new", "4pool"}, "4pool: the name is to be letters"},
};

static const char *expand(const char *word)
{
	Dl_info info;

	if (word && strcmp(word, "HOSTILE") == 0)
		return hostile;
	if (word && word[0] == '@')
		return in_folder(word + 1);
	if (word && strcmp(word, "LIBC") == 0)
		return dladdr(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"), &info) ? info.dli_fname : "?";
	return word;
}

static void make_files(void)
{
	write_text(in_folder("empty"), "");
	write_text(in_folder("elf"), "\177ELF and then nothing of the kind");
	write_text(in_folder("expect"), "# a comment\nwhat is this\n");
}

/* One line, and it begins with the tool's name. */
static void expect_one_line(const char *err)
{
	const char *end = strchr(err, '\n');

	ck_assert_msg(strncmp(err, "poolproof: ", 11) == 0, "%s", err);
	ck_assert_msg(end && !end[1], "not one line: %s", err);
}

START_TEST(bad_input_is_one_line)
{
	const struct bad *b = &bads[_i];
	const char *args[8] = {NULL};
	struct ran *r;
	int i;

	make_files();
	for (i = 0; i < 7 && b->args[i]; i++)
		args[i] = expand(b->args[i]);
	r = finish(start(tool, args));
	ck_assert_msg(r->status == 2, "status %d: %.2000s%.1000s", r->status, r->out, r->err);
	expect_one_line(r->err);
	HAS_PART(r->err, b->message);
	ck_assert_str_eq(r->out, "");
}
END_TEST

START_TEST(bad_constructor_is_one_line)
{
	static const char *const ways[] = {"crash", "hang"};
	struct ran *r;

	setenv("HOSTILE_CONSTRUCTOR", ways[_i], 1);
	r = run(tool, "run", hostile, NULL);
	unsetenv("HOSTILE_CONSTRUCTOR");
	ck_assert_int_eq(r->status, 2);
	expect_one_line(r->err);
	HAS_PART(r->err, "while it is loaded");
}
END_TEST

/* The manual page, from this file's own place; make runs in the top folder. */
static void read_manual(char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s../../man/poolproof.1", (int)(strlen(__FILE__) - strlen("test_command_line.c")),
		 __FILE__);
	read_text(path, text);
	HAS_PART(text, ".Nm poolproof");
}

/* Each --option of the help is in the manual page, in its own section or that of all. */
static void expect_options_in_manual(const char *help)
{
	char manual[TEXT_MAX], word[64];
	const char *at;

	read_manual(manual);
	for (at = strstr(help, "--"); at; at = strstr(at + 2, "--")) {
		snprintf(word, sizeof(word), "Fl Fl %.*s",
			 (int)strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-"), at + 2);
		HAS_PART(manual, word);
	}
}

static void expect_help_of(const char *command)
{
	char name[64];
	struct ran *r = run(tool, command, "--help", NULL);

	ck_assert_int_eq(r->status, 0);
	snprintf(name, sizeof(name), "Usage: poolproof %s", command);
	HAS_PART(r->out, name);
	ck_assert_str_eq(r->err, "");
	expect_options_in_manual(r->out);
	r = run(tool, command, "--version", NULL);
	ck_assert_int_eq(r->status, 0);
	ck_assert_int_eq(strncmp(r->out, "poolproof ", 10), 0);
}

/* Of every command that the tool's own help lists. */
START_TEST(help_and_version)
{
	char *help = strdup(run(tool, "--help", NULL)->out), *line, *rest = help, command[32];
	int count = 0;

	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, "  %31[a-z] ", command) == 1) {
			expect_help_of(command);
			count++;
		}
	ck_assert_int_ge(count, 6);
	free(help);
}
END_TEST

START_TEST(suite_runs_on_the_hostile_one)
{
	struct ran *r = run(tool, "run", hostile, "--case", "exec_6*", "--json", in_folder("json"), NULL);

	ck_assert_msg(r->status == 0, "%.3000s%.500s", r->out, r->err);
	expect_outcome(r, "PASS", NULL);
}
END_TEST

/* The tool, called by a shell that has done something to its files. */
static struct ran *run_with_files(const char *words, const char *files)
{
	char command[4 * PATH_MAX];

	snprintf(command, sizeof(command), "exec '%s' %s %s", tool, words, files);
	return run("/bin/sh", "-c", command, NULL);
}

/* run on the hostile backend, with --json. */
static const char *run_and_json(void)
{
	static char words[3 * PATH_MAX];

	snprintf(words, sizeof(words), "run '%s' --case 'exec_6*' --json '%s'", hostile, in_folder("json"));
	return words;
}

START_TEST(closed_files_do_no_harm)
{
	struct ran *r = run_with_files(run_and_json(), "<&- 2>&-");

	ck_assert_int_eq(r->status, 0);
	expect_outcome(r, "PASS", NULL);
	r = run_with_files(run_and_json(), "<&- >&-");
	ck_assert_int_eq(r->status, 2);
	expect_one_line(r->err);
}
END_TEST

/* What these print is all that there is of their result. */
static const char *const printers[] = {
	"--help",
	"--version",
	"explain --help",
	"list",
	"list --features",
	"list --json -",
	"explain CANCEL-3",
	"run \"$HOSTILE\" --case 'exec_6*'",
	"race \"$HOSTILE\" --scenario 'cancel_14*' --rounds 1",
	"fuzz \"$HOSTILE\" --runs 2 --directory \"${HOSTILE%/*}\"",
	"crosscheck \"$HOSTILE\" --case 'exec_6*'",
	"selfcheck \"$HOSTILE\" -o way=none",
};

START_TEST(lost_output_is_told)
{
	static const char *const files[] = {">/dev/full", ">&-"};
	size_t i;

	setenv("HOSTILE", hostile, 1);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct ran *r = run_with_files(printers[_i], files[i]);

		ck_assert_msg(r->status == 2, "%s %s: status %d", printers[_i], files[i], r->status);
		expect_one_line(r->err);
		HAS_PART(r->err, i ? "Bad file descriptor" : "No space left on device");
	}
}
END_TEST

/* ---- selfcheck and new ------------------------------------------------------------------------ */

static const struct {
	const char *way;
	int status;
	const char *line;
} selfs[] = {
	{"none", 0, " 0 problems"},
	{"garbage_status", 1, "problem      each submit gives a future of its own: submit returned 4711"},
	{"null_is_timeout", 1, "problem      values come back as they were"},
	{"raised_is_value", 1, "problem      exceptions come back as they were"},
	{"changes_out", 1, "problem      a timeout is kept, and leaves the outcome alone"},
	{"one_by_one", 1, "problem      as many tasks run at once as declared"},
	{"inline", 1, "problem      tasks of an inline executor run inside submit"},
	{"half_author", 1, "problem      the table does not contradict itself"},
	{"crash", 1, "problem      values come back"},
	{"hang_shutdown", 1, "every thread is blocked for good"},
	{"twice", 1, "problem      a task runs once: counter_value(ran): expected 1, observed 2"},
	{"hang_result", 1, "perhaps: keep the status beside the pointer"},
};

START_TEST(selfcheck_finds_it)
{
	char option[64];
	struct ran *r;

	snprintf(option, sizeof(option), "way=%s", selfs[_i].way);
	r = run(tool, "selfcheck", hostile, "-o", option, NULL);
	HAS_PART(r->out, selfs[_i].line);
	ck_assert_int_eq(r->status, selfs[_i].status);
	ck_assert_str_eq(r->err, "");
}
END_TEST

START_TEST(new_writes_once)
{
	char absolute[PATH_MAX];
	struct ran *r;

	ck_assert_ptr_nonnull(realpath(tool, absolute));
	ck_assert_int_eq(chdir(folder), 0);
	r = run(absolute, "new", "mypool", NULL);
	ck_assert_int_eq(r->status, 0);
	HAS_PART(r->out, "mypool.so: mypool.c\n\t$(CC) -shared -fPIC");
	r = run(absolute, "new", "mypool", NULL);
	ck_assert_int_eq(r->status, 2);
	HAS_PART(r->err, "mypool.c exists already");
}
END_TEST

/* The command that `poolproof new` printed; nothing of what it builds is red. */
START_TEST(new_adapter_runs)
{
	char absolute[PATH_MAX], *command, *end;
	struct ran *r;

	ck_assert_ptr_nonnull(realpath(tool, absolute));
	ck_assert_int_eq(chdir(folder), 0);
	r = run(absolute, "new", "pool2", NULL);
	command = strstr(r->out, "\tcc -shared");
	end = command ? strchr(command, '\n') : NULL;
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	command = strdup(command);
	r = run("/bin/sh", "-c", command, NULL);
	free(command);
	ck_assert_msg(r->status == 0, "%.3000s", r->err);
	r = run(absolute, "selfcheck", "./pool2.so", NULL);
	ck_assert_msg(r->status == 0, "%.3000s", r->out);
	r = run(absolute, "run", "./pool2.so", "--case", "exec_*", NULL);
	ck_assert_msg(r->status == 0, "%.3000s", r->out);
}
END_TEST

/* ---- all -------------------------------------------------------------------------------------------- */

static Suite *command_line_suite(void)
{
	Suite *s = suite_create("command line");
	TCase *t = group(s, "command line");

	tcase_add_loop_test(t, bad_input_is_one_line, 0, COUNT(bads));
	tcase_add_loop_test(t, bad_constructor_is_one_line, 0, 2);
	tcase_add_test(t, help_and_version);
	tcase_add_test(t, suite_runs_on_the_hostile_one);
	tcase_add_test(t, closed_files_do_no_harm);
	tcase_add_loop_test(t, lost_output_is_told, 0, COUNT(printers));
	t = group(s, "selfcheck and new");
	tcase_add_loop_test(t, selfcheck_finds_it, 0, COUNT(selfs));
	tcase_add_test(t, new_writes_once);
	tcase_add_test(t, new_adapter_runs);
	return s;
}

int main(int argc, char **argv)
{
	return ran_main(argc, argv, command_line_suite);
}
