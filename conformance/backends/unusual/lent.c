/* SPDX-License-Identifier: MIT */
/*
 * lent: threads belong to the process.
 *
 * An executor borrows them for its workers.  One that is given back waits for the next
 * executor that wants one; so a worker runs in a thread that has been another's.
 */
#include "pool/pool.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

struct loan {
	struct loan *next;
	void *(*body)(void *arg);
	void *arg;
};

/* Under the lock. */
static struct loan *loans; /* that nobody has taken */
static int wanted, idle;   /* loans; threads that will take one */
static int threads;
static bool finished; /* no executor is left */
static pid_t process; /* that they are in */

static void run_locked(struct loan loan)
{
	monitor_leave();
	loan.body(loan.arg);
	monitor_enter();
}

/* One that has forked is no longer there to be lent, in the child. */
static void *run_loans(void *unused)
{
	pid_t mine = getpid();
	struct loan *loan, copy;

	monitor_enter();
	while (mine == getpid() && (loans || !finished)) {
		if (!loans) {
			monitor_wait_locked(INFINITY);
			continue;
		}
		loan = loans;
		copy = *loan;
		loans = loan->next;
		free(loan);
		wanted--;
		idle--;
		run_locked(copy);
		idle++;
	}
	threads -= mine == getpid();
	monitor_tell_locked();
	monitor_leave();
	return unused;
}

static bool start_thread(void)
{
	pthread_t id;

	if (pthread_create(&id, NULL, run_loans, NULL) != 0)
		return false;
	pthread_detach(id);
	threads++;
	idle++;
	return true;
}

static bool lend_locked(void *(*body)(void *arg), void *arg)
{
	struct loan *loan = malloc(sizeof(*loan));

	if (process != getpid()) {
		loans = NULL;
		wanted = idle = threads = 0;
		process = getpid();
	}
	if (!loan || (idle <= wanted && !start_thread())) {
		free(loan);
		return false;
	}
	*loan = (struct loan){loans, body, arg};
	loans = loan;
	wanted++;
	monitor_tell_locked();
	return true;
}

static void finish_all(void)
{
	monitor_enter();
	finished = true;
	monitor_tell_locked();
	while (threads > 0 && process == getpid())
		monitor_wait_locked(INFINITY);
	monitor_leave();
}

static const struct design lent = {
	.name = "lent",
	.concurrency = PP_UNLIMITED,
	.lend_locked = lend_locked,
	.finish_all = finish_all,
};

const struct pp_backend *poolproof_backend(const struct pp_host *host)
{
	return pool_backend(&lent, host);
}
