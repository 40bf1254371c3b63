/* SPDX-License-Identifier: MIT */
/*
 * raw.h: system calls by hand, for x86-64: what libc offers under these names is
 * what the library stands in front of.
 */
#ifndef SCHEDULE_RAW_H
#define SCHEDULE_RAW_H

#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>

static inline long raw(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static inline void raw_sleep_on(uint32_t *word, uint32_t value)
{
	raw(SYS_futex, (long)word, FUTEX_WAIT, value, 0, 0, 0);
}

static inline void raw_wake(uint32_t *word)
{
	raw(SYS_futex, (long)word, FUTEX_WAKE, 1, 0, 0, 0);
}

/* The same within one process, where the kernel need not ask what page the word is on. */
static inline void raw_sleep_near(uint32_t *word, uint32_t value)
{
	raw(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, value, 0, 0, 0);
}

static inline void raw_wake_near(uint32_t *word)
{
	raw(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

#endif
