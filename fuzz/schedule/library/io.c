/* SPDX-License-Identifier: MIT */
/*
 * io.c: calls that wait for a descriptor, or for a signal.
 *
 * A call that would block is a step that is possible once a descriptor is ready.
 * What makes it ready is then another controlled thread; nothing else is waited
 * for but by the clock of the explorer.  What goes through a descriptor is no step, so
 * there are more orders than are seen.  Signals come when they like: who waits for one,
 * or sets a timer that sends one, is not controlled, and told so.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "library.h"
#include "raw.h"

static bool is_ready(const struct pollfd *p, int n)
{
	struct pollfd now[DESCRIPTORS_MAX];

	memcpy(now, p, (size_t)n * sizeof(*p));
	return raw(SYS_poll, (long)now, n, 0, 0, 0, 0) != 0;
}

bool descriptors_are_ready(const struct thread *t)
{
	struct pollfd p[DESCRIPTORS_MAX];
	int i;

	for (i = 0; i < t->next.argument; i++)
		p[i] = (struct pollfd){t->descriptor[i].fd, t->descriptor[i].events, 0};
	return is_ready(p, t->next.argument);
}

/* Others may read from it what one writes: a pipe, a socket, an eventfd; but no file. */
static bool is_channel(int fd)
{
	struct stat s;

	return raw(SYS_fstat, fd, (long)&s, 0, 0, 0, 0) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode) &&
	       !S_ISCHR(s.st_mode);
}

static void note_channels(const struct pollfd *p, int n)
{
	int i;

	for (i = 0; i < n && i < DESCRIPTORS_MAX; i++)
		if (is_channel(p[i].fd))
			caveat(CAVEAT_CALL, NULL);
}

static bool blocks(int fd)
{
	return !(raw(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0) & O_NONBLOCK);
}

/* One of them is ready, or the time is up; NULL: there is any amount of it. */
static void await_any(const struct pollfd *p, int n, const struct timespec *time)
{
	struct operation op = {.kind = OP_DESCRIPTOR, .argument = n};
	struct thread *t = me();
	int i;

	if (n > DESCRIPTORS_MAX)
		end_execution(END_LOST, "a wait for %d descriptors is not controlled", n);
	note_channels(p, n);
	if (is_ready(p, n))
		return;
	for (i = 0; i < n; i++) {
		t->descriptor[i].fd = p[i].fd;
		t->descriptor[i].events = p[i].events;
	}
	if (time) {
		operation_until(&op, CLOCK_MONOTONIC, time);
		op.deadline += t->time;
	}
	step(op);
}

static void await(int fd, short events)
{
	struct pollfd p = {fd, events, 0};

	if (blocks(fd))
		await_any(&p, 1, NULL);
	else
		note_channels(&p, 1);
}

static long result_of(long result)
{
	if (result >= 0 || result <= -4096)
		return result;
	errno = (int)-result;
	return -1;
}

/* ---- reading and writing --------------------------------------------------------------- */

EXPORT ssize_t read(int fd, void *buffer, size_t size)
{
	await(fd, POLLIN);
	return result_of(raw(SYS_read, fd, (long)buffer, (long)size, 0, 0, 0));
}

EXPORT ssize_t readv(int fd, const struct iovec *parts, int n)
{
	await(fd, POLLIN);
	return result_of(raw(SYS_readv, fd, (long)parts, n, 0, 0, 0));
}

EXPORT ssize_t write(int fd, const void *buffer, size_t size)
{
	await(fd, POLLOUT);
	return result_of(raw(SYS_write, fd, (long)buffer, (long)size, 0, 0, 0));
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int n)
{
	await(fd, POLLOUT);
	return result_of(raw(SYS_writev, fd, (long)parts, n, 0, 0, 0));
}

EXPORT ssize_t recvfrom(int fd, void *restrict buffer, size_t size, int flags, __SOCKADDR_ARG from,
			socklen_t *restrict length)
{
	if (!(flags & MSG_DONTWAIT))
		await(fd, POLLIN);
	return result_of(raw(SYS_recvfrom, fd, (long)buffer, (long)size, flags, (long)from.__sockaddr__, (long)length));
}

EXPORT ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
	return recvfrom(fd, buffer, size, flags, (__SOCKADDR_ARG){NULL}, NULL);
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	if (!(flags & MSG_DONTWAIT))
		await(fd, POLLIN);
	return result_of(raw(SYS_recvmsg, fd, (long)message, flags, 0, 0, 0));
}

EXPORT int accept4(int fd, __SOCKADDR_ARG from, socklen_t *restrict length, int flags)
{
	await(fd, POLLIN);
	return (int)result_of(raw(SYS_accept4, fd, (long)from.__sockaddr__, (long)length, flags, 0, 0));
}

EXPORT int accept(int fd, __SOCKADDR_ARG from, socklen_t *restrict length)
{
	return accept4(fd, from, length, 0);
}

/* ---- waiting for several --------------------------------------------------------------- */

#define MASK_SIZE 8 /* bytes, of the kernel's sigset_t */

/* No time: it only looks.  No descriptor: it sleeps. */
static void await_or_sleep(const struct pollfd *p, int n, const struct timespec *time)
{
	if (time && !time->tv_sec && !time->tv_nsec)
		note_channels(p, n);
	else if (n == 0 && time)
		nanosleep(time, NULL);
	else
		await_any(p, n, time);
}

/* Not inline: the header says of poll that it only writes there. */
static __attribute__((noinline)) int poll_until(struct pollfd *fds, nfds_t n, const struct timespec *time,
						const sigset_t *mask)
{
	await_or_sleep(fds, (int)n, time);
	return (int)result_of(raw(SYS_ppoll, (long)fds, (long)n, (long)&(struct timespec){0, 0}, (long)mask, MASK_SIZE,
				  0));
}

static struct timespec *milliseconds(int n, struct timespec *t)
{
	*t = (struct timespec){n / 1000, n % 1000 * 1000000L};
	return n < 0 ? NULL : t;
}

EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *time, const sigset_t *mask)
{
	return poll_until(fds, n, time, mask);
}

EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	struct timespec t;

	return poll_until(fds, n, milliseconds(timeout, &t), NULL);
}

/* What select is asked for as poll has it. */
static int polled_of(int n, const fd_set *in, const fd_set *out, const fd_set *others, struct pollfd *p)
{
	int fd, count = 0;

	for (fd = 0; fd < n; fd++) {
		short events = (short)((in && FD_ISSET(fd, in) ? POLLIN : 0) | (out && FD_ISSET(fd, out) ? POLLOUT : 0) |
				       (others && FD_ISSET(fd, others) ? POLLPRI : 0));

		if (events && count < DESCRIPTORS_MAX)
			p[count] = (struct pollfd){fd, events, 0};
		count += events != 0;
	}
	return count;
}

EXPORT int pselect(int n, fd_set *in, fd_set *out, fd_set *others, const struct timespec *time, const sigset_t *mask)
{
	struct pollfd p[DESCRIPTORS_MAX];
	int count = polled_of(n, in, out, others, p);
	const struct {
		const sigset_t *mask;
		size_t size;
	} masked = {mask, MASK_SIZE};

	await_or_sleep(p, count, time);
	return (int)result_of(raw(SYS_pselect6, n, (long)in, (long)out, (long)others, (long)&(struct timespec){0, 0},
				  (long)&masked));
}

EXPORT int select(int n, fd_set *in, fd_set *out, fd_set *others, struct timeval *time)
{
	struct timespec t;

	if (time)
		t = (struct timespec){time->tv_sec, time->tv_usec * 1000L};
	return pselect(n, in, out, others, time ? &t : NULL, NULL);
}

/* An epoll descriptor is ready when it has an event. */
EXPORT int epoll_pwait(int fd, struct epoll_event *events, int most, int timeout, const sigset_t *mask)
{
	struct pollfd p = {fd, POLLIN, 0};
	struct timespec t;

	await_or_sleep(&p, 1, milliseconds(timeout, &t));
	return (int)result_of(raw(SYS_epoll_pwait, fd, (long)events, most, 0, (long)mask, MASK_SIZE));
}

EXPORT int epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
	return epoll_pwait(fd, events, most, timeout, NULL);
}

/* ---- signals ------------------------------------------------------------------------------ */

static _Noreturn void lose(const char *name)
{
	me();
	fork_point();
	end_execution(END_LOST, "%s is not controlled", name);
}

#define NOT_CONTROLLED(type, name, parameters, ...) \
	EXPORT type name parameters                 \
	{                                           \
		__VA_ARGS__;                        \
		lose(#name);                        \
	}

NOT_CONTROLLED(int, sigwait, (const sigset_t *set, int *number), (void)set, (void)number)
NOT_CONTROLLED(int, sigwaitinfo, (const sigset_t *set, siginfo_t *info), (void)set, (void)info)
NOT_CONTROLLED(int, sigtimedwait, (const sigset_t *set, siginfo_t *info, const struct timespec *t), (void)set,
	       (void)info, (void)t)
NOT_CONTROLLED(int, sigsuspend, (const sigset_t *set), (void)set)
NOT_CONTROLLED(int, pause, (void), (void)0)
NOT_CONTROLLED(int, timer_settime, (timer_t timer, int flags, const struct itimerspec *t, struct itimerspec *was),
	       (void)timer, (void)flags, (void)t, (void)was)
NOT_CONTROLLED(int, timerfd_settime, (int fd, int flags, const struct itimerspec *t, struct itimerspec *was), (void)fd,
	       (void)flags, (void)t, (void)was)
NOT_CONTROLLED(int, setitimer,
	       (__itimer_which_t which, const struct itimerval *restrict t, struct itimerval *restrict was),
	       (void)which, (void)t, (void)was)

EXPORT unsigned alarm(unsigned seconds)
{
	if (seconds)
		lose("alarm");
	return REAL(alarm)(0);
}

/* To itself it comes at once; who parks takes none. */
EXPORT int pthread_kill(pthread_t handle, int number)
{
	me();
	if (number && !pthread_equal(handle, pthread_self()))
		lose("pthread_kill of another thread");
	return REAL(pthread_kill)(handle, number);
}
