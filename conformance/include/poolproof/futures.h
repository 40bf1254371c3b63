/* SPDX-License-Identifier: MIT */
/*
 * poolproof/futures.h: the reference's future as the future of a backend.
 *
 * Every entry of backend.h that is about futures alone, on top of libcfutures
 * through its public header:
 *
 *	static const struct pp_backend backend = {
 *		.size = sizeof(backend),
 *		...
 *		PP_FUTURE_ENTRIES,
 *	};
 *
 * For a pool without futures see poolproof/plain.h, which includes this.
 * Included instead of backend.h, or before it.  Links with libcfutures.
 */
#ifndef POOLPROOF_FUTURES_H
#define POOLPROOF_FUTURES_H

#ifdef POOLPROOF_BACKEND_H
#error "include <poolproof/futures.h> instead of <poolproof/backend.h>, or before it"
#endif

/*
 * The backend's future is the reference's, under one name: no pointer to a
 * future, and no pointer to a function that takes one, is ever converted.
 */
#define pp_future cf_future
#define pp_completed cf_completed

#include <cfutures.h>
#include <poolproof/backend.h>

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A negative size here says that the numbers of the two headers differ. */
typedef char pp_cf_statuses_agree
	[(int)PP_OK == (int)CF_OK && (int)PP_TIMEOUT == (int)CF_TIMEOUT &&
	 (int)PP_CANCELLED == (int)CF_CANCELLED && (int)PP_RAISED == (int)CF_RAISED &&
	 (int)PP_BROKEN == (int)CF_BROKEN && (int)PP_SHUTDOWN == (int)CF_SHUTDOWN &&
	 (int)PP_INVALID_STATE == (int)CF_INVALID_STATE &&
	 (int)PP_INVALID_ARGUMENT == (int)CF_INVALID_ARGUMENT &&
	 (int)PP_NO_RESOURCES == (int)CF_NO_RESOURCES &&
	 (int)PP_STOP_ITERATION == (int)CF_STOP_ITERATION ? 1 : -1];
typedef char pp_cf_return_whens_agree
	[(int)PP_FIRST_COMPLETED == (int)CF_FIRST_COMPLETED &&
	 (int)PP_FIRST_EXCEPTION == (int)CF_FIRST_EXCEPTION &&
	 (int)PP_ALL_COMPLETED == (int)CF_ALL_COMPLETED ? 1 : -1];

/* ---- the reference's functions, returning an int ---------------------------- */

static inline int pp_cf_result(struct pp_future *f, double timeout, void **outcome)
{
	return cf_future_result(f, timeout, outcome);
}

static inline int pp_cf_exception(struct pp_future *f, double timeout, void **exception)
{
	return cf_future_exception(f, timeout, exception);
}

static inline int pp_cf_add_done_callback(struct pp_future *f, pp_done_callback *callback,
					     void *arg)
{
	return cf_future_add_done_callback(f, callback, arg);
}

static inline int pp_cf_future_new(struct pp_future **f)
{
	return cf_future_new(f);
}

static inline int pp_cf_set_running_or_notify_cancel(struct pp_future *f, bool *run)
{
	return cf_future_set_running_or_notify_cancel(f, run);
}

static inline int pp_cf_set_result(struct pp_future *f, void *value)
{
	return cf_future_set_result(f, value);
}

static inline int pp_cf_set_exception(struct pp_future *f, void *exception)
{
	return cf_future_set_exception(f, exception);
}

/* For the ABI a wait that timed out has still answered. */
static inline int pp_cf_wait(struct pp_future *const *fs, size_t count, double timeout,
				enum pp_return_when return_when, bool *done)
{
	enum cf_status status = cf_wait(fs, count, timeout, (enum cf_return_when)return_when, done);

	return status == CF_TIMEOUT ? PP_OK : (int)status;
}

static inline int pp_cf_as_completed_begin(struct pp_future *const *fs, size_t count,
					      double timeout, struct pp_completed **it)
{
	return cf_as_completed(fs, count, timeout, it);
}

static inline int pp_cf_as_completed_next(struct pp_completed *it, struct pp_future **f)
{
	return cf_completed_next(it, f);
}

/*
 * For the initializer of the table: everything about futures.  In the order
 * of the table, as C++20 wants it.
 */
#define PP_FUTURE_ENTRIES                                                   \
	.result = pp_cf_result,                                             \
	.exception = pp_cf_exception,                                       \
	.cancel = cf_future_cancel,                                         \
	.cancelled = cf_future_cancelled,                                   \
	.running = cf_future_running,                                       \
	.done = cf_future_done,                                             \
	.add_done_callback = pp_cf_add_done_callback,                       \
	.future_release = cf_future_release,                                \
	.future_new = pp_cf_future_new,                                     \
	.set_running_or_notify_cancel = pp_cf_set_running_or_notify_cancel, \
	.set_result = pp_cf_set_result,                                     \
	.set_exception = pp_cf_set_exception,                               \
	.wait = pp_cf_wait,                                                 \
	.as_completed_begin = pp_cf_as_completed_begin,                     \
	.as_completed_next = pp_cf_as_completed_next,                       \
	.as_completed_end = cf_completed_release

/* ---- options ----------------------------------------------------------- */

/* For an adapter without options: false, and host->error is set, if one came. */
static inline bool pp_no_options(const struct pp_host *host)
{
	if (host->option_count == 0)
		return true;
	snprintf(host->error, host->error_size, "unknown option '%s': this backend takes none",
		 host->options[0].key);
	return false;
}

#ifdef __cplusplus
}
#endif

#endif
