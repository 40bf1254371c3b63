/* SPDX-License-Identifier: MIT */
/* future.h: a future, for those who wait for several. */
#ifndef UNUSUAL_FUTURE_H
#define UNUSUAL_FUTURE_H

#include <poolproof/backend.h>

enum state { PENDING, RUNNING, CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED };

struct callback {
	struct callback *next;
	pp_done_callback *call;
	void *arg;
};

/* Under the monitor's lock. */
struct pp_future {
	int handles;
	enum state state;
	int status; /* if FINISHED */
	void *outcome;
	unsigned long when; /* it became done, among all futures */
	struct callback *callbacks, **last; /* oldest first */
};

#endif
