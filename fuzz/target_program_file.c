/* SPDX-License-Identifier: MIT */
/* target_program_file.c: the input is a file for `poolproof replay`. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "program_file.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uint8_t encoded[PROGRAM_BYTES];
	struct program_file file;
	struct program again;
	char path[64], error[512] = "";
	int fd = memfd_create("program", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (program_file_read(path, &file, error, sizeof(error))) {
		program_decode(&again, encoded, program_encode(&file.program, encoded));
		if (!program_equal(&file.program, &again))
			abort();
	} else if (!error[0]) {
		abort();
	}
	close(fd);
	return 0;
}
