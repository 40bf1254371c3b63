/* SPDX-License-Identifier: MIT */
/*
 * mappings.c: memory that processes share is each execution's own.
 *
 * What is mapped shared survives a fork, so an execution would see what the one
 * before has left there.  At its start it gets mappings of its own in the
 * place of those, with the pages that were in use at the fork point.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "library.h"
#include "raw.h"

#define MAPPINGS_MAX 32
#define PAGE 4096UL

static struct mapping {
	char *start;
	size_t size;
	unsigned char *used; /* of each page */
} mappings[MAPPINGS_MAX];
static int count;

static long map(void *at, size_t size, int protection, int flags, int fd, long offset)
{
	return raw(SYS_mmap, (long)at, (long)size, protection, flags, fd, offset);
}

static bool failed(long result)
{
	return result < 0 && result > -4096;
}

static void *map_and_note(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	long p = map(at, size, protection, flags, fd, offset);

	if (failed(p)) {
		errno = (int)-p;
		return MAP_FAILED;
	}
	if ((flags & MAP_SHARED) && (flags & MAP_ANONYMOUS) && count < MAPPINGS_MAX)
		mappings[count++] = (struct mapping){(char *)p, (size + PAGE - 1) & ~(PAGE - 1), NULL};
	return (void *)p;
}

EXPORT void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	return map_and_note(at, size, protection, flags, fd, offset);
}

EXPORT void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	return map_and_note(at, size, protection, flags, fd, offset);
}

EXPORT int munmap(void *at, size_t size)
{
	long result = raw(SYS_munmap, (long)at, (long)size, 0, 0, 0, 0);
	int i;

	for (i = 0; i < count; i++)
		if (mappings[i].start == at)
			mappings[i] = mappings[--count];
	if (!failed(result))
		return 0;
	errno = (int)-result;
	return -1;
}

void mappings_freeze(void)
{
	int i;

	for (i = 0; i < count; i++) {
		struct mapping *m = &mappings[i];
		long p = map(NULL, m->size / PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (failed(p))
			end_execution(END_LOST, "no memory for what is mapped shared");
		m->used = (unsigned char *)p;
		if (failed(raw(SYS_mincore, (long)m->start, (long)m->size, p, 0, 0, 0)))
			m->size = 0; /* it is there no more */
	}
}

void mappings_renew(void)
{
	size_t page;
	int i;

	for (i = 0; i < count; i++) {
		struct mapping *m = &mappings[i];
		long p;

		if (!m->size)
			continue;
		p = map(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (failed(p))
			end_execution(END_LOST, "no memory for what is mapped shared");
		for (page = 0; page < m->size / PAGE; page++)
			if (m->used[page])
				memcpy((char *)p + page * PAGE, m->start + page * PAGE, PAGE);
		raw(SYS_mremap, p, (long)m->size, (long)m->size, MREMAP_MAYMOVE | MREMAP_FIXED, (long)m->start, 0);
	}
}
