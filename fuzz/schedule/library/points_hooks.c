/* SPDX-License-Identifier: MIT */
/*
 * points_hooks.c: what the compiler calls in code that is watched; an object of its own, which
 * such code is linked with.
 *
 * Nobody else may find these names: who asks whether ThreadSanitizer is there, as the
 * harness does, is to hear that it is not; and where it is, they are its own.
 */
#include <stdint.h>

#include "points.h"

#define EXPORT __attribute__((visibility("default")))
#define HERE __builtin_return_address(0)

EXPORT void __tsan_init(void);
EXPORT void __tsan_init(void)
{
	poolproof_points_begin();
}

#define IGNORES(name, ...)             \
	EXPORT void name(__VA_ARGS__); \
	EXPORT void name(__VA_ARGS__)  \
	{                              \
	}
IGNORES(__tsan_func_entry, void *pc __attribute__((unused)))
IGNORES(__tsan_func_exit, void)
IGNORES(__tsan_atomic_thread_fence, int order __attribute__((unused)))
IGNORES(__tsan_atomic_signal_fence, int order __attribute__((unused)))

#define TOUCHES(name, size_, writes)                              \
	EXPORT void name(void *p);                                \
	EXPORT void name(void *p)                                 \
	{                                                         \
		poolproof_points_touch(p, (size_), writes, HERE); \
	}
#define TOUCHES_OF(size)                                  \
	TOUCHES(__tsan_read##size, size, false)           \
	TOUCHES(__tsan_write##size, size, true)           \
	TOUCHES(__tsan_unaligned_read##size, size, false) \
	TOUCHES(__tsan_unaligned_write##size, size, true) \
	TOUCHES(__tsan_volatile_read##size, size, false)  \
	TOUCHES(__tsan_volatile_write##size, size, true)
TOUCHES_OF(1)
TOUCHES_OF(2)
TOUCHES_OF(4)
TOUCHES_OF(8)
TOUCHES_OF(16)
TOUCHES(__tsan_vptr_read, sizeof(void *), false)

EXPORT void __tsan_vptr_update(void **p, void *value);
EXPORT void __tsan_vptr_update(void **p, void *value)
{
	if (*p != value)
		poolproof_points_touch(p, sizeof(*p), true, HERE);
}

EXPORT void __tsan_read_range(void *p, size_t size);
EXPORT void __tsan_read_range(void *p, size_t size)
{
	poolproof_points_touch(p, size, false, HERE);
}

EXPORT void __tsan_write_range(void *p, size_t size);
EXPORT void __tsan_write_range(void *p, size_t size)
{
	poolproof_points_touch(p, size, true, HERE);
}

/* ---- atomics: each is a step --------------------------------------------------------------------------- */

#define RMW(bits, type, name, builtin)                                                     \
	EXPORT type __tsan_atomic##bits##_##name(volatile type *p, type value, int order); \
	EXPORT type __tsan_atomic##bits##_##name(volatile type *p, type value, int order)  \
	{                                                                                  \
		(void)order;                                                               \
		poolproof_points_atomic(p, true);                                          \
		return builtin(p, value, __ATOMIC_SEQ_CST);                                \
	}
#define EXCHANGES(bits, type, strength)                                                                              \
	EXPORT int __tsan_atomic##bits##_compare_exchange_##strength(volatile type *p, type *old, type value, int a, \
								     int b);                                         \
	EXPORT int __tsan_atomic##bits##_compare_exchange_##strength(volatile type *p, type *old, type value, int a, \
								     int b)                                          \
	{                                                                                                            \
		(void)a, (void)b;                                                                                    \
		poolproof_points_atomic(p, true);                                                                    \
		return __atomic_compare_exchange_n(p, old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);            \
	}
#define ATOMICS(bits, type)                                                                                           \
	EXPORT type __tsan_atomic##bits##_load(const volatile type *p, int order);                                    \
	EXPORT type __tsan_atomic##bits##_load(const volatile type *p, int order)                                     \
	{                                                                                                             \
		(void)order;                                                                                          \
		poolproof_points_atomic(p, false);                                                                    \
		return __atomic_load_n(p, __ATOMIC_SEQ_CST);                                                          \
	}                                                                                                             \
	EXPORT void __tsan_atomic##bits##_store(volatile type *p, type value, int order);                             \
	EXPORT void __tsan_atomic##bits##_store(volatile type *p, type value, int order)                              \
	{                                                                                                             \
		(void)order;                                                                                          \
		poolproof_points_atomic(p, true);                                                                     \
		__atomic_store_n(p, value, __ATOMIC_SEQ_CST);                                                         \
	}                                                                                                             \
	EXPORT type __tsan_atomic##bits##_compare_exchange_val(volatile type *p, type old, type value, int a, int b); \
	EXPORT type __tsan_atomic##bits##_compare_exchange_val(volatile type *p, type old, type value, int a, int b)  \
	{                                                                                                             \
		(void)a, (void)b;                                                                                     \
		poolproof_points_atomic(p, true);                                                                     \
		__atomic_compare_exchange_n(p, &old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                   \
		return old;                                                                                           \
	}                                                                                                             \
	RMW(bits, type, exchange, __atomic_exchange_n)                                                                \
	RMW(bits, type, fetch_add, __atomic_fetch_add)                                                                \
	RMW(bits, type, fetch_sub, __atomic_fetch_sub)                                                                \
	RMW(bits, type, fetch_and, __atomic_fetch_and)                                                                \
	RMW(bits, type, fetch_or, __atomic_fetch_or)                                                                  \
	RMW(bits, type, fetch_xor, __atomic_fetch_xor)                                                                \
	RMW(bits, type, fetch_nand, __atomic_fetch_nand)                                                              \
	EXCHANGES(bits, type, strong)                                                                                 \
	EXCHANGES(bits, type, weak)

ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)
