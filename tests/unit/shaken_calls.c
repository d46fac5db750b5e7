/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  See shaken_calls.h. */
/* its inline functions are what is defined here */
#undef _FORTIFY_SOURCE
#include "shaken_calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

struct shaken shaken;

/* What fortified callers call. */
int	__openat_2(int dir, const char *path, int flags);
int	__openat64_2(int dir, const char *path, int flags);
int	__ppoll_chk(struct pollfd *, nfds_t, const struct timespec *,
	    const sigset_t *, size_t);

/* SplitMix64. */
unsigned
shaken_random(unsigned n)
{
	uint64_t z = shaken.random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % n);
}

static bool
is_due(void)
{
	if (shaken.one_in == 0 || shaken_random(shaken.one_in) != 0)
		return false;
	shaken.nfailed++;
	return true;
}

static bool
fails(void)
{
	static const int errors[] = { EIO, ENOMEM, EMFILE, ENFILE };

	if (!is_due())
		return false;
	errno = errors[shaken_random(sizeof(errors) / sizeof(errors[0]))];
	return true;
}

int
__openat_2(int dir, const char *path, int flags)
{
	return fails() ? -1 : (int)syscall(SYS_openat, dir, path, flags, 0);
}

int
__openat64_2(int dir, const char *path, int flags)
{
	return __openat_2(dir, path, flags);
}

int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails() ? -1 : (int)syscall(SYS_openat, dir, path, flags, mode);
}

static bool
is_gone(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink == 0;
}

/* Behind the end of a line the kernel makes no cut. */
ssize_t
pread(int fd, void *buf, size_t len, off_t at)
{
	const char *bytes = buf;
	ssize_t n, cut;

	if (fd == shaken.slow_fd)
		shaken.clock_ns += shaken.slow_ns;
	if (is_gone(fd))
		errno = ENODEV;
	if (is_gone(fd) || fails())
		return -1;
	n = syscall(SYS_pread64, fd, buf, len, at);
	if (n < 2 || !is_due())
		return n;
	cut = 1 + (ssize_t)shaken_random((unsigned)n - 1);
	return bytes[cut - 1] == '\n' ? n : cut;
}

ssize_t
getdents64(int fd, void *buf, size_t len)
{
	return fails() ? -1 : syscall(SYS_getdents64, fd, buf, len);
}

int
fstatat(int dir, const char *path, struct stat *st, int flags)
{
	return fails() ? -1 : (int)syscall(SYS_newfstatat, dir, path, st,
	    flags);
}

int
statfs(const char *path, struct statfs *fs)
{
	return fails() ? -1 : (int)syscall(SYS_statfs, path, fs);
}

int
ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	const bool changed = shaken.changed;

	(void)timeout;
	(void)mask;
	shaken.changed = false;
	fds[0].revents = changed ? POLLPRI : 0;
	return n > 0 && changed;
}

int
__ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask, size_t len)
{
	(void)len;
	return ppoll(fds, n, timeout, mask);
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	if (clock != CLOCK_BOOTTIME)
		return (int)syscall(SYS_clock_gettime, clock, ts);
	shaken.clock_ns += 1000;
	ts->tv_sec = (time_t)(shaken.clock_ns / 1000000000);
	ts->tv_nsec = (long)(shaken.clock_ns % 1000000000);
	return 0;
}
