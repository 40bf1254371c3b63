/* SPDX-License-Identifier: MIT */
/*
 * points_init.c: an object of its own, which watched code is linked with.
 *
 * Only such code may find __tsan_init: who asks whether ThreadSanitizer is there, as
 * the harness does, is to hear that it is not.
 */
void poolproof_points_begin(void);

__attribute__((visibility("default"))) void __tsan_init(void);

void __tsan_init(void)
{
	poolproof_points_begin();
}
