/* SPDX-License-Identifier: MIT */
/* blame.h: which clause says that what was seen cannot be. */
#ifndef FUZZ_BLAME_H
#define FUZZ_BLAME_H

#include "history.h"
#include "model.h"

struct blame {
	const struct event *event; /* what was seen */
	unsigned seen;		   /* the states that there were then */
	bool of_executor;
	bool cancel_told;	/* a cancel returned true */
	bool shutdown_cancels;
	bool shut;
	bool of_map;
	bool map_refused; /* for want of memory or a thread */
	bool starved;	   /* a request of the submit that made it failed */
	bool pool_starved; /* or of any call of its executor */
	bool begun, ended;
};

const char *blame_clause(const struct blame *b);
/* That clause is named because something was refused, too, which may be beside the point. */
bool blame_is_guess(const char *clause);

const char *blame_text(const struct blame *b, char *buffer, size_t size);

#endif
