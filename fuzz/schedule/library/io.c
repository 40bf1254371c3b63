/* SPDX-License-Identifier: MIT */
/*
 * io.c: calls that wait for a descriptor.
 *
 * A call that would block is a step that is possible once the descriptor is ready.
 * What makes it ready is then another controlled thread; nothing else is waited
 * for but by the clock of the explorer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "library.h"
#include "raw.h"

bool descriptor_is_ready(int fd, short events)
{
	struct pollfd p = {fd, events, 0};

	return raw(SYS_poll, (long)&p, 1, 0, 0, 0, 0) != 0;
}

static void await(int fd, short events)
{
	me();
	if (descriptor_is_ready(fd, events))
		return;
	caveat(CAVEAT_CALL, NULL);
	step((struct operation){.kind = OP_DESCRIPTOR, .argument = fd, .deadline = events});
}

static long result_of(long result)
{
	if (result >= 0 || result <= -4096)
		return result;
	errno = (int)-result;
	return -1;
}

EXPORT ssize_t read(int fd, void *buffer, size_t size)
{
	await(fd, POLLIN);
	return result_of(raw(SYS_read, fd, (long)buffer, (long)size, 0, 0, 0));
}

EXPORT ssize_t write(int fd, const void *buffer, size_t size)
{
	await(fd, POLLOUT);
	return result_of(raw(SYS_write, fd, (long)buffer, (long)size, 0, 0, 0));
}

EXPORT ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
	if (!(flags & MSG_DONTWAIT))
		await(fd, POLLIN);
	return result_of(raw(SYS_recvfrom, fd, (long)buffer, (long)size, flags, 0, 0));
}

/* On no descriptors it is a sleep; else it is left to the system. */
EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	if (n == 0 && timeout >= 0)
		usleep((useconds_t)timeout * 1000);
	return (int)result_of(raw(SYS_poll, (long)fds, (long)n, n ? timeout : 0, 0, 0, 0));
}
