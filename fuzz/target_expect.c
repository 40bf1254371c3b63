/* SPDX-License-Identifier: MIT */
/* target_expect.c: the input is an expectation file. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "expect.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct pp_option option = {"executor", "a.b:C"};
	int fd = memfd_create("expectations", MFD_CLOEXEC);
	char path[64], error[512] = "";
	struct expectations *e;

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	e = expect_load(path, error, sizeof(error));
	if (!e && !error[0])
		abort(); /* refused without a word */
	if (e) {
		expect_begin(e, "Executor", "3.11.2", &option, 1);
		free(expect_stale(e));
		expect_free(e);
	}
	close(fd);
	return 0;
}
