/* SPDX-License-Identifier: MIT */
/* stacks.c: stacks and names, read with elfutils. */
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "proc.h"
#include "stacks.h"
#include "watch.h"

#define FRAMES_MAX 48

struct walk {
	FILE *f;
	Dwfl *dwfl;
	pid_t pid;
	const struct slot *slot;
	int frames;
};

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Only what has debugging information can tell. */
static void print_line(FILE *f, Dwfl_Module *module, Dwarf_Addr pc)
{
	Dwfl_Line *line = dwfl_module_getsrc(module, pc);
	const char *source;
	int number;

	source = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
	if (source)
		fprintf(f, " at %s:%d", file_name(source), number);
}

static void print_place(struct walk *w, Dwarf_Addr pc)
{
	Dwfl_Module *module = dwfl_addrmodule(w->dwfl, pc);
	const char *name = module ? dwfl_module_addrname(module, pc) : NULL;
	const char *object;

	fprintf(w->f, "  #%-2d %s", w->frames, name ? name : "?");
	if (module) {
		print_line(w->f, module, pc);
		object = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
		fprintf(w->f, " in %s", object ? file_name(object) : "?");
	}
	fputc('\n', w->f);
}

/* The address that a frame returns to may be in the next line, so step back. */
/* What is below is the harness's own and the same in every case. */
static bool is_ours(struct walk *w, Dwarf_Addr pc)
{
	static const char *const names[] = {"case_test_fn", "srunner_run_tagged", "keep_body"};
	Dwfl_Module *module = dwfl_addrmodule(w->dwfl, pc);
	const char *name = module ? dwfl_module_addrname(module, pc) : NULL;
	size_t i;

	for (i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static int print_frame(Dwfl_Frame *frame, void *arg)
{
	struct walk *w = arg;
	bool exact;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(frame, &pc, &exact))
		return DWARF_CB_ABORT;
	pc -= !exact;
	if (is_ours(w, pc))
		return DWARF_CB_ABORT;
	print_place(w, pc);
	return ++w->frames < FRAMES_MAX ? DWARF_CB_OK : DWARF_CB_ABORT;
}

static int print_thread(Dwfl_Thread *thread, void *arg)
{
	struct walk *w = arg;
	pid_t tid = dwfl_thread_tid(thread);
	char name[32];

	if (slot_ignores(w->slot, tid))
		return DWARF_CB_OK;
	proc_name(w->pid, tid, name, sizeof(name));
	fprintf(w->f, "thread %d (%s)%s:\n", (int)tid, name, tid == w->pid ? ", main" : "");
	w->frames = 0;
	dwfl_thread_getframes(thread, print_frame, w);
	if (!w->frames)
		fprintf(w->f, "  (%s)\n", dwfl_errmsg(-1));
	return DWARF_CB_OK;
}

static char *no_path;
static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.debuginfo_path = &no_path,
};

static void print_process(FILE *f, pid_t pid, const struct slot *s)
{
	struct walk w = {f, dwfl_begin(&callbacks), pid, s, 0};

	if (!w.dwfl || dwfl_linux_proc_report(w.dwfl, pid) != 0 ||
	    dwfl_report_end(w.dwfl, NULL, NULL) != 0 ||
	    dwfl_linux_proc_attach(w.dwfl, pid, false) != 0 ||
	    dwfl_getthreads(w.dwfl, print_thread, &w) != DWARF_CB_OK)
		fprintf(f, "(the stacks of process %d cannot be read: %s)\n", (int)pid, dwfl_errmsg(-1));
	if (w.dwfl)
		dwfl_end(w.dwfl);
}

/* Elfutils would for what is not on this machine. */
static void ask_no_servers(void)
{
	unsetenv("DEBUGINFOD_URLS");
}

static char *stacks_of_processes(const pid_t *pids, size_t count, const struct slot *s)
{
	char *text = NULL;
	size_t i, size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	ask_no_servers();
	for (i = 0; i < count; i++) {
		if (count > 1)
			fprintf(f, "process %d:\n", (int)pids[i]);
		print_process(f, pids[i], s);
	}
	fclose(f);
	return text;
}

static char *name_of(Dwfl *dwfl, Dwarf_Addr address)
{
	Dwfl_Module *module = dwfl_addrmodule(dwfl, address);
	const char *name, *object;
	GElf_Sym symbol;
	GElf_Off offset;
	char *text, plus[24] = "";

	if (!module)
		return NULL;
	name = dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
	object = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	if (!name || offset >= symbol.st_size)
		return NULL;
	if (offset)
		snprintf(plus, sizeof(plus), "+%d", (int)offset);
	return asprintf(&text, "%s%s in %s", name, plus, object ? file_name(object) : "?") < 0 ? NULL : text;
}

static void names_in_process(pid_t pid, const uint64_t *addresses, char **names, size_t count)
{
	Dwfl *dwfl = dwfl_begin(&callbacks);
	bool good;
	size_t i;

	ask_no_servers();
	good = dwfl && dwfl_linux_proc_report(dwfl, pid) == 0 && dwfl_report_end(dwfl, NULL, NULL) == 0;
	for (i = 0; i < count; i++)
		names[i] = good ? name_of(dwfl, addresses[i]) : NULL;
	if (dwfl)
		dwfl_end(dwfl);
}

MODULE_EXPORT const struct stacks_reader stacks_reader = {stacks_of_processes, names_in_process};
