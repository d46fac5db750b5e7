/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests, inside a daemon by LD_PRELOAD.  Does to its clocks and to
 * its system calls what tests/lib/meddle.py writes into the file MEDDLE, while
 * the daemon runs; its lock is the shipped one.  strace(1) cannot: the call
 * that it puts in the place of one that fails is one that the lock kills.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

/* In the order of CALLS in tests/lib/meddle.py. */
enum call { NONE, OPENAT, PREAD, READ, GETDENTS, CLOSE, STATFS, ADJTIMEX,
	PPOLL, SENDTO, RECVMSG, WRITE, SOCKET, CONNECT, GETSOCKOPT, SETSOCKOPT,
	MALLOC, GETENTROPY, CALL_END };

enum { FILE_BYTES = 4096, NS_PER_S = 1000000000 };

static struct control {
	_Atomic int64_t wall_ns;	/* the wall clock was set forward */
	_Atomic int64_t slept_ns;	/* what CLOCK_MONOTONIC did not see */
	_Atomic uint32_t call;		/* that one fails */
	_Atomic int32_t error;		/* 0: it is cut short instead */
	_Atomic uint32_t bytes;		/* to so many bytes */
	_Atomic uint32_t every;		/* one of so many */
	_Atomic uint32_t phase;		/* which one of them */
	_Atomic uint32_t most;		/* then no more */
	_Atomic uint32_t failed;
	_Atomic uint32_t seen[CALL_END];
} *control;

/* The one of the loop; it did not see the machine sleep either. */
static int timer_fd = -1;
static int64_t timer_interval_ns, timer_slept_ns;

int	getentropy(void *, size_t);
int	__ppoll_chk(struct pollfd *, nfds_t, const struct timespec *,
	    const sigset_t *, size_t);
int	__openat64_2(int, const char *, int);
#if !SLUICE_SANITIZED
void	*__libc_malloc(size_t);
void	*__libc_calloc(size_t, size_t);
void	*__libc_realloc(void *, size_t);
#endif

__attribute__((constructor)) static void
meddle_init(void)
{
	const char *path = getenv("MEDDLE");
	const int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		control = p;
}

/* True where it is this one's turn. */
static int
is_due(enum call call)
{
	uint32_t n, failed;

	if (control == NULL)
		return 0;
	n = atomic_fetch_add(&control->seen[call], 1);
	if (control->call != call || n % control->every != control->phase)
		return 0;
	failed = atomic_load(&control->failed);
	if (failed >= control->most)
		return 0;
	atomic_store(&control->failed, failed + 1);
	return 1;
}

/* True where the call fails with errno set. */
static int
fails(enum call call)
{
	if (!is_due(call))
		return 0;
	errno = control->error;
	return 1;
}

/* The same, but less than was asked for may be done instead. */
static int
fails_or_cuts(enum call call, size_t *len)
{
	if (!is_due(call))
		return 0;
	if (control->error == 0) {
		if (*len > control->bytes)
			*len = control->bytes;
		return 0;
	}
	errno = control->error;
	return 1;
}

int
openat64(int dir, const char *path, int flags, ...)
{
	return fails(OPENAT) ? -1 : (int)syscall(SYS_openat, dir, path, flags,
	    0);
}

int
__openat64_2(int dir, const char *path, int flags)
{
	return openat64(dir, path, flags);
}

ssize_t
pread64(int fd, void *buf, size_t len, off64_t at)
{
	return fails_or_cuts(PREAD, &len) ? -1 :
	    syscall(SYS_pread64, fd, buf, len, at);
}

int
timerfd_create(clockid_t clock, int flags)
{
	timer_fd = (int)syscall(SYS_timerfd_create, clock, flags);
	return timer_fd;
}

int
timerfd_settime(int fd, int flags, const struct itimerspec *new,
    struct itimerspec *old)
{
	timer_interval_ns = new->it_interval.tv_sec * (int64_t)NS_PER_S +
	    new->it_interval.tv_nsec;
	return (int)syscall(SYS_timerfd_settime, fd, flags, new, old);
}

/* A sleep of whole intervals, seen at the next turn. */
static void
add_slept(uint64_t *expired)
{
	const int64_t slept = control->slept_ns - timer_slept_ns;

	*expired += (uint64_t)(slept / timer_interval_ns);
	timer_slept_ns += slept;
}

ssize_t
read(int fd, void *buf, size_t len)
{
	ssize_t n;

	if (fails_or_cuts(READ, &len))
		return -1;
	n = syscall(SYS_read, fd, buf, len);
	if (control != NULL && fd == timer_fd && n == sizeof(uint64_t))
		add_slept(buf);
	return n;
}

ssize_t
write(int fd, const void *buf, size_t len)
{
	return fails_or_cuts(WRITE, &len) ? -1 :
	    syscall(SYS_write, fd, buf, len);
}

ssize_t
getdents64(int fd, void *buf, size_t len)
{
	return fails(GETDENTS) ? -1 : syscall(SYS_getdents64, fd, buf, len);
}

/* Linux closes it all the same, close(2). */
int
close(int fd)
{
	const int due = is_due(CLOSE);
	const int result = (int)syscall(SYS_close, fd);

	if (due)
		errno = control->error;
	return due ? -1 : result;
}

int
statfs64(const char *path, struct statfs64 *buf)
{
	return fails(STATFS) ? -1 : (int)syscall(SYS_statfs, path, buf);
}

int
adjtimex(struct timex *t)
{
	return fails(ADJTIMEX) ? -1 : (int)syscall(SYS_adjtimex, t);
}

int
ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	struct timespec left = { 0 };

	if (fails(PPOLL))
		return -1;
	if (timeout != NULL)
		left = *timeout;
	return (int)syscall(SYS_ppoll, fds, n, timeout == NULL ? NULL : &left,
	    mask, sizeof(uint64_t));
}

int
__ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask, size_t size)
{
	(void)size;
	return ppoll(fds, n, timeout, mask);
}

ssize_t
sendto(int fd, const void *buf, size_t len, int flags,
    __CONST_SOCKADDR_ARG to, socklen_t to_len)
{
	return fails(SENDTO) ? -1 :
	    syscall(SYS_sendto, fd, buf, len, flags,
	    to.__sockaddr__, to_len);
}

ssize_t
recvmsg(int fd, struct msghdr *msg, int flags)
{
	return fails(RECVMSG) ? -1 : syscall(SYS_recvmsg, fd, msg, flags);
}

int
socket(int domain, int type, int protocol)
{
	return fails(SOCKET) ? -1 :
	    (int)syscall(SYS_socket, domain, type, protocol);
}

int
connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t len)
{
	return fails(CONNECT) ? -1 :
	    (int)syscall(SYS_connect, fd, to.__sockaddr__, len);
}

int
getsockopt(int fd, int level, int name, void *restrict value,
    socklen_t *restrict len)
{
	return fails(GETSOCKOPT) ? -1 :
	    (int)syscall(SYS_getsockopt, fd, level, name, value, len);
}

int
setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return fails(SETSOCKOPT) ? -1 :
	    (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

/* A sanitizer has its own. */
#if !SLUICE_SANITIZED
void *
malloc(size_t len)
{
	return fails(MALLOC) ? NULL : __libc_malloc(len);
}

void *
calloc(size_t n, size_t len)
{
	return fails(MALLOC) ? NULL : __libc_calloc(n, len);
}

void *
realloc(void *p, size_t len)
{
	return fails(MALLOC) ? NULL : __libc_realloc(p, len);
}
#endif

/* What OpenSSL seeds from. */
int
getentropy(void *buf, size_t len)
{
	return fails(GETENTROPY) ||
	    syscall(SYS_getrandom, buf, len, 0) != (long)len ? -1 : 0;
}

/* A sleep moves every clock but CLOCK_MONOTONIC. */
int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	const int result = (int)syscall(SYS_clock_gettime, clock, ts);
	int64_t ns = 0;

	if (control == NULL || result != 0)
		return result;
	if (clock == CLOCK_REALTIME)
		ns = control->wall_ns + control->slept_ns;
	else if (clock == CLOCK_BOOTTIME)
		ns = control->slept_ns;
	ns += ts->tv_nsec;
	ts->tv_sec += ns / NS_PER_S;
	ts->tv_nsec = ns % NS_PER_S;
	if (ts->tv_nsec < 0) {
		ts->tv_nsec += NS_PER_S;
		ts->tv_sec--;
	}
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}
