/* SPDX-License-Identifier: MIT */
/*
 * peer.h: what a thread pool gives the bench to be measured.
 *
 * measure.c and one peer_NAME.c or .cc make one measuring program.  An entry
 * that is NULL is what the peer lacks; the measures that need it are left out.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a pool is given to run, as often as it is submitted: run(work) is
 * called and its return is the value.  Whatever more it needs follows it.
 */
struct work {
	void *(*run)(struct work *work);
};

/* Some pools take no function that returns a value: they call this. */
static inline void *work_run(struct work *work)
{
	return work->run(work);
}

struct peer {
	/* How large a handle on a future is; the bench keeps them in an array. */
	size_t handle_size;

	/* A pool of so many workers. */
	void *(*open)(int workers);
	/* Run what is queued, and end the pool with its workers. */
	void (*close)(void *pool);
	/* The same without running what is queued. */
	void (*drop)(void *pool);
	/* The calling thread has submitted all it wants: let go of what it holds for that. */
	void (*settle)(void *pool);

	/* Have work run, with nobody to ask for its value. */
	void (*post)(void *pool, struct work *work);
	/* Have work run, with its future at handle. */
	void (*submit)(void *pool, struct work *work, void *handle);
	/* Wait for it and return its value.  Called once. */
	void *(*result)(void *pool, void *handle);
	void (*release)(void *handle);

	/* The future is pending. */
	void (*cancel)(void *handle);
	/* work is run when the future is done. */
	void (*add_callback)(void *handle, struct work *work);

	/* Wait until all of them are done. */
	void (*wait)(void *handles, size_t count);
	/* Take each as it is done. */
	void (*as_completed)(void *handles, size_t count);
	/* Run work count times, and take the values in order. */
	void (*map)(void *pool, struct work *work, size_t count);
};

extern const struct peer peer;

#ifdef __cplusplus
}
#endif

#endif
