/* SPDX-License-Identifier: MIT */
/*
 * proc.h: what /proc tells about threads and processes.
 *
 * All of it may be out of date when it is returned.  What can be concluded
 * nevertheless stands in watch.h.
 */
#ifndef POOLPROOF_PROC_H
#define POOLPROOF_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct proc_thread {
	char state;		/* 'R', 'S', 'T', 'Z', ... */
	unsigned long switches; /* grows whenever the thread stops running */
	long number;		/* of the system call it is in; -1 if in none */
	unsigned long args[6];
};

/* False if there is no such thread any more. */
bool proc_thread_read(pid_t pid, pid_t tid, struct proc_thread *t);

/*
 * True if t sleeps in a system call that no time ends, only another thread or
 * process of the case: a futex wait or a wait for a child, without timeout.
 */
bool proc_waits_for_others(const struct proc_thread *t);

/* The seconds that the threads of a process have run, those that have ended too; 0 if it is gone. */
double proc_run_time(pid_t pid);

/* True if pid has a timer of timer_create, which may wake any of its threads. */
bool proc_has_timers(pid_t pid);

/* The name of a thread; "?" if it is gone. */
void proc_name(pid_t pid, pid_t tid, char *buffer, size_t size);

/* The threads of pid; returns how many there are, of which max are stored. */
size_t proc_threads(pid_t pid, pid_t *tids, size_t max);

/*
 * The processes under root, its children first, without root itself and without
 * those of which no thread is left; returns how many there are, of which max are stored,
 * or just more than max.  Asked of the lists of children that the kernel keeps
 * (CONFIG_PROC_CHILDREN), or found among all processes, where it keeps none or
 * proc_reads_all is set, for a test.  One may be missed while another beside it ends.
 */
size_t proc_descendants(pid_t root, pid_t *pids, size_t max);
extern bool proc_reads_all;

#endif
