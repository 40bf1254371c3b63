/* SPDX-License-Identifier: MIT */
/* target.h: the entry that libFuzzer, AFL++ and standalone.c call. */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

/* An input that shows an error ends the process with abort(). */
__attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
