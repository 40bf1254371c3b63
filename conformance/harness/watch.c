/* SPDX-License-Identifier: MIT */
/* watch.c: see watch.h. */
#include "watch.h"

#include <math.h>

#include "proc.h"

#define PROCESSES_MAX 128
#define THREADS_MAX 512
#define SAMPLES 3
#define SPREAD 0.2 /* seconds between the first and the last */

/* One sample, while it is being taken. */
struct sample {
	unsigned long long fingerprint;
	int waiting;
	int stopped;
	bool alive; /* a thread was seen that may go on by itself */
};

/* FNV-1a, over whole numbers. */
static void mix(struct sample *sample, unsigned long number)
{
	sample->fingerprint = (sample->fingerprint ^ number) * 0x100000001b3ULL;
}

static void look_at_thread(struct sample *sample, pid_t pid, pid_t tid)
{
	struct proc_thread t;

	/* The last thread of a process that has yet to tell the parent of its end is an 'X'. */
	if (!proc_thread_read(pid, tid, &t) || t.state == 'X') {
		sample->alive = true;
		return;
	}
	if (t.state == 'Z')
		return;
	mix(sample, (unsigned long)tid);
	mix(sample, t.switches);
	mix(sample, (unsigned long)t.number);
	mix(sample, t.args[0]);
	if (t.state == 'T')
		sample->stopped++;
	else if (proc_waits_for_others(&t))
		sample->waiting++;
	else
		sample->alive = true;
}

static void look_at_process(struct sample *sample, pid_t pid, pid_t besides, const struct slot *s)
{
	pid_t tids[THREADS_MAX];
	size_t i, n = proc_threads(pid, tids, THREADS_MAX);

	if (n > THREADS_MAX || proc_has_timers(pid))
		sample->alive = true;
	for (i = 0; i < n && i < THREADS_MAX && !sample->alive; i++)
		if (tids[i] != besides && !slot_ignores(s, tids[i]))
			look_at_thread(sample, pid, tids[i]);
}

static enum watch_result conclude(struct watch *w, const struct sample *sample)
{
	if (sample->alive || !(sample->waiting + sample->stopped)) {
		w->samples = 0;
		return WATCH_ALIVE;
	}
	if (!w->samples || w->fingerprint != sample->fingerprint) {
		w->fingerprint = sample->fingerprint;
		w->samples = 1;
		w->since = now();
		return WATCH_ALIVE;
	}
	if (++w->samples < SAMPLES || now() - w->since < SPREAD)
		return WATCH_ALIVE;
	return sample->stopped ? WATCH_STOPPED : WATCH_BLOCKED;
}

enum watch_result watch_threads(struct watch *w, pid_t pid, pid_t besides, const struct slot *s)
{
	struct sample sample = {0};

	look_at_process(&sample, pid, besides, s);
	return conclude(w, &sample);
}

enum watch_result watch_sample(struct watch *w, pid_t root, const struct slot *s)
{
	struct sample sample = {0};
	pid_t pids[PROCESSES_MAX];
	size_t i, n = proc_descendants(root, pids, PROCESSES_MAX);

	sample.alive = n > PROCESSES_MAX;
	for (i = 0; i < n && i < PROCESSES_MAX; i++)
		look_at_process(&sample, pids[i], 0, s);
	return conclude(w, &sample);
}

static bool is_ready(pid_t pid)
{
	pid_t tids[THREADS_MAX];
	size_t i, n = proc_threads(pid, tids, THREADS_MAX);
	struct proc_thread t;

	for (i = 0; i < n && i < THREADS_MAX; i++)
		if (proc_thread_read(pid, tids[i], &t) && t.state == 'R')
			return true;
	return false;
}

double watch_starved(struct watch_share *share, pid_t root)
{
	struct watch_share before = *share;
	pid_t pids[PROCESSES_MAX];
	size_t i, n = proc_descendants(root, pids, PROCESSES_MAX);
	bool ready = false;

	*share = (struct watch_share){.at = now()};
	for (i = 0; i < n && i < PROCESSES_MAX; i++) {
		share->ran += proc_run_time(pids[i]);
		ready = ready || is_ready(pids[i]);
	}
	if (!ready || !before.at)
		return 0;
	return fmax(share->at - before.at - fmax(share->ran - before.ran, 0), 0);
}
