/* SPDX-License-Identifier: MIT */
/*
 * order.h: how strongly the history orders the threads that write it.
 *
 * Under ThreadSanitizer it must not: a happens-before edge from every event to
 * the next would hide each race of the backend.  Elsewhere it is seq_cst.
 */
#ifndef FUZZ_ORDER_H
#define FUZZ_ORDER_H

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define FUZZ_TSAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(FUZZ_TSAN)
#define HISTORY_ORDER memory_order_relaxed
#else
#define HISTORY_ORDER memory_order_seq_cst
#endif

/* Pairs with the checker's look at the kind of an event, when the program is over. */
#define HISTORY_PUBLISH memory_order_release

#endif
