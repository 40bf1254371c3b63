/* SPDX-License-Identifier: MIT */
/*
 * executor.h: the interface that every kind of executor implements.  Its
 * struct begins with a struct cf_executor.
 */
#ifndef CF_EXECUTOR_H
#define CF_EXECUTOR_H

#include "cfutures.h"
#include "future.h"

struct cf__executor_ops {
	/*
	 * Accept f, and with it one of its handles, to be ended by one of the
	 * cf__work_ functions; or refuse it with CF_SHUTDOWN, CF_BROKEN or
	 * CF_NO_RESOURCES, and leave it alone.
	 */
	enum cf_status (*submit)(struct cf_executor *e, struct cf_future *f);
	/* What submit would say at this moment but for CF_NO_RESOURCES. */
	enum cf_status (*accepts)(struct cf_executor *e);
	/* flags are known ones. */
	void (*shutdown)(struct cf_executor *e, unsigned flags);
	void (*retain)(struct cf_executor *e);
	void (*release)(struct cf_executor *e);
	int (*workers)(struct cf_executor *e);
};

struct cf_executor {
	const struct cf__executor_ops *ops;
};

#endif
