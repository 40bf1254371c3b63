/* SPDX-License-Identifier: MIT */
/* keeper.c: the process above everything that is not ours; see guest.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "keeper.h"
#include "proc.h"
#include "sanitizers.h"
#include "support.h"

/* A backend that prints without end is ended by SIGXFSZ. */
#define OUTPUT_MAX (256UL << 20)
#define STRAGGLERS_MAX 64

/* Those that the supervisor, Check or a shell may have set; a sanitizer keeps its own. */
static void default_signals(void)
{
	static const int numbers[] = {SIGHUP,  SIGINT,	SIGQUIT, SIGTERM, SIGALRM, SIGPIPE, SIGCHLD,
				      SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT};
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * The files of the supervisor are none of a backend's business.  Valgrind keeps
 * its own above the limit.
 */
static void close_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d))) {
		int fd = atoi(entry->d_name);

		if (fd > STDERR_FILENO && fd != dirfd(d) && fd < sysconf(_SC_OPEN_MAX))
			close(fd);
	}
	closedir(d);
}

static void redirect(int output)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
}

void keeper_begin(int output)
{
	struct rlimit most = {OUTPUT_MAX, OUTPUT_MAX};
	struct rlimit no_core = {0, 0};

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setpgid(0, 0);
	default_signals();
	redirect(output);
	close_files();
	setrlimit(RLIMIT_FSIZE, &most);
	setrlimit(RLIMIT_CORE, &no_core);
}

void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		raise(SIGKILL);
}

void guest_begin(pid_t keeper)
{
	die_with(keeper);
	default_signals();
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	fflush(NULL);
	sanitizers_settle();
	slot_ignore_threads();
}

static void end_stragglers(void)
{
	pid_t pids[STRAGGLERS_MAX];
	size_t i, n;

	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		n = proc_descendants(getpid(), pids, STRAGGLERS_MAX);
		for (i = 0; i < n && i < STRAGGLERS_MAX; i++) {
			if (!slot->stragglers[0])
				proc_name(pids[i], pids[i], slot->stragglers, sizeof(slot->stragglers));
			kill(pids[i], SIGKILL);
		}
		if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
			break;
	}
}

_Noreturn void keeper_end(void)
{
	end_stragglers();
	atomic_store(&slot->checked, 1);
	_exit(0);
}

/* The supervisor clears the slot, and then lets this process go on. */
void keeper_rest(void)
{
	end_stragglers();
	atomic_store(&slot->checked, 1);
	while (atomic_load(&slot->checked))
		raise(SIGSTOP);
}

void keep_body(void *keeping, int output)
{
	struct keeping *k = keeping;
	pid_t pid, keeper = getpid();
	int status = 0;

	keeper_begin(output);
	pid = fork();
	if (pid == 0) {
		guest_begin(keeper);
		k->body(k->arg);
		atomic_store(&slot->phase, PHASE_EXIT);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		slot->signal = WTERMSIG(status);
	else
		slot->status = WEXITSTATUS(status);
	keeper_end();
}
