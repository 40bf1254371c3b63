/* SPDX-License-Identifier: MIT */
/* replay_schedule.c: a schedule that `poolproof explore` has written, again. */
#include <string.h>

#include "../program_guest.h"
#include "cmd_explore.h"
#include "explore_command.h"
#include "loader.h"
#include "race.h"
#include "scenario_guest.h"
#include "tool.h"

static int replay(struct command *c, struct schedule_file *file)
{
	const struct plan *p = &c->plan;
	char text[2 * TEXT_MAX];
	bool failed;

	p->subject->m->points = file->schedule.points;
	memcpy(p->subject->m->point, file->point, sizeof(file->point));
	if (!report_schedule(stdout, p, &file->schedule))
		return tool_error("the target has ended outside of an execution");
	failed = execution_failed(p, text, sizeof(text));
	if (p->subject->m->ending == END_DIVERGED)
		printf("replay: DIVERGED: %s\n", p->subject->m->text);
	else
		printf("replay: %s%s\n", failed ? text : "passed",
		       trace_hash(p->subject->m) == file->hash ? "" : " (its trace is not that of the file)");
	return failed || p->subject->m->ending == END_DIVERGED ? EXIT_RED : EXIT_GOOD;
}

static int replay_input(struct command *c, struct schedule_file *file)
{
	struct program_subject s = {0};
	int status = EXIT_USAGE;

	explore_plan_of_program(&c->plan, &s);
	if (program_subject_start(&s, file->input, c->error, ERROR_SIZE)) {
		status = replay(c, file);
		program_guest_print(s.history, file->input, stdout);
	} else {
		tool_error("%s", c->error);
	}
	program_subject_end(&s);
	return status;
}

static int replay_scenario(struct command *c, struct schedule_file *file)
{
	struct guest_subject g = {0};
	int status = EXIT_USAGE;

	explore_plan_of_scenario(&c->plan, &g);
	if (!scenario_find(file->scenario))
		return tool_error("there is no scenario %s", file->scenario);
	if (guest_subject_start(&g, file->scenario, c->error, ERROR_SIZE))
		status = replay(c, file);
	else
		tool_error("%s", c->error);
	guest_subject_end(&g);
	return status;
}

static int replay_on_backend(struct command *c, struct schedule_file *file)
{
	size_t i;

	for (i = 0; i < file->option_count; i++)
		if (!target_add_option(file->options[i], c->error, ERROR_SIZE))
			return tool_error("%s", c->error);
	if (!target_locate(file->backend, c->error, ERROR_SIZE))
		return tool_error("%s", c->error);
	return file->input ? replay_input(c, file) : replay_scenario(c, file);
}

static int replay_program(struct command *c, struct schedule_file *file)
{
	struct subject s = {.argv = file->arguments, .keep = -1, .patience = 10};
	int status = EXIT_USAGE;

	c->plan.subject = &s;
	c->plan.oracle = explore_program_failed;
	c->plan.options.whole = true;
	if (subject_start(&s, c->error, ERROR_SIZE))
		status = replay(c, file);
	else
		tool_error("%s", c->error);
	subject_end(&s);
	return status;
}

bool replay_is_of_schedule(const char *path)
{
	return schedule_file_is(path);
}

int cmd_replay_schedule(int argc, char **argv)
{
	struct command *c = explore_command();
	struct schedule_file file;
	int status;

	if (argc != 2)
		return tool_error("replay: give one file that `poolproof explore` has written");
	if (!schedule_file_read(argv[1], &file, c->error, ERROR_SIZE)) {
		schedule_file_clear(&file);
		return tool_error("%s", c->error);
	}
	c->plan.options.timeouts_any = file.timeouts_any;
	c->plan.options.spurious = file.spurious;
	c->plan.options.races_explored = file.races_explored;
	status = file.backend ? replay_on_backend(c, &file) : replay_program(c, &file);
	schedule_file_clear(&file);
	target_clear();
	return status;
}
