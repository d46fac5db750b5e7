/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests, inside both daemons by LD_PRELOAD.  Counts what they ask
 * malloc(3) for, and lets their time pass faster: where the collector asks
 * for a timer of so many seconds, it gets one of HURRY_MS milliseconds, and
 * all clocks of both go forward by the difference whenever it has expired.
 * Between two turns they go as they do.  Their locks are the shipped ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { FILE_BYTES = 4096, NS_PER_S = 1000000000, NS_PER_MS = 1000000,
	DAEMONS = 2 };

/* In the order of tests/lib/hurried.py. */
static struct control {
	_Atomic int64_t ahead_ns;	/* of the clocks of both */
	_Atomic uint64_t turns;
	_Atomic uint64_t asked[DAEMONS];
	_Atomic uint64_t asked_by_openssl[DAEMONS];
} *control;

static struct control none;
static int me, timer_fd = -1;
static int64_t gained_ns;		/* by each turn */
static uintptr_t openssl, openssl_end;	/* where its CRYPTO_malloc is */

#if !SLUICE_SANITIZED
void	*__libc_malloc(size_t);
void	*__libc_calloc(size_t, size_t);
void	*__libc_realloc(void *, size_t);
#endif
int	__ppoll_chk(struct pollfd *, nfds_t, const struct timespec *,
	    const sigset_t *, size_t);

static int
find_openssl(struct dl_phdr_info *info, size_t len, void *arg)
{
	(void)len;
	(void)arg;
	if (strstr(info->dlpi_name, "/libcrypto.so") == NULL)
		return 0;
	openssl = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			openssl_end = openssl + info->dlpi_phdr[i].p_vaddr +
			    info->dlpi_phdr[i].p_memsz;
	return 1;
}

__attribute__((constructor)) static void
hurry_init(void)
{
	const char *path = getenv("HURRY");
	const int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *p;

	control = &none;
	dl_iterate_phdr(find_openssl, NULL);
	if (fd < 0)
		return;
	me = strcmp(program_invocation_short_name, "shipperd") == 0;
	p = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		control = p;
}

/* A sanitizer has its own. */
#if !SLUICE_SANITIZED
static void
count(const void *caller)
{
	const uintptr_t from = (uintptr_t)caller;

	if (control == NULL)
		return;
	if (from >= openssl && from < openssl_end)
		atomic_fetch_add(&control->asked_by_openssl[me], 1);
	else
		atomic_fetch_add(&control->asked[me], 1);
}

void *
malloc(size_t len)
{
	count(__builtin_return_address(0));
	return __libc_malloc(len);
}

void *
calloc(size_t n, size_t len)
{
	count(__builtin_return_address(0));
	return __libc_calloc(n, len);
}

void *
realloc(void *p, size_t len)
{
	count(__builtin_return_address(0));
	return __libc_realloc(p, len);
}
#endif

static struct timespec
timespec_ns(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NS_PER_S,
		.tv_nsec = ns % NS_PER_S };
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	const int result = (int)syscall(SYS_clock_gettime, clock, ts);

	if (result == 0 && control != NULL)
		*ts = timespec_ns(ts->tv_sec * (int64_t)NS_PER_S +
		    ts->tv_nsec + control->ahead_ns);
	return result;
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
	const char *ms = getenv("HURRY_MS");
	const int64_t pace = (ms == NULL ? 1000 : atoll(ms)) * NS_PER_MS;
	const struct itimerspec fast = { timespec_ns(pace),
		timespec_ns(pace) };

	(void)flags;
	gained_ns = new->it_interval.tv_sec * (int64_t)NS_PER_S +
	    new->it_interval.tv_nsec - pace;
	return (int)syscall(SYS_timerfd_settime, fd, 0, &fast, old);
}

/* Turns that were missed are none: the one that follows is in time. */
ssize_t
read(int fd, void *buf, size_t len)
{
	const ssize_t n = syscall(SYS_read, fd, buf, len);
	uint64_t one = 1;

	if (fd != timer_fd || n != sizeof(one))
		return n;
	atomic_fetch_add(&control->turns, 1);
	atomic_fetch_add(&control->ahead_ns, gained_ns);
	memcpy(buf, &one, sizeof(one));
	return n;
}

/* A moment that is to come may come at once: nobody sleeps for long. */
int
ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	static const struct timespec most = { .tv_nsec = 5 * NS_PER_MS };
	struct timespec left = most;

	if (timeout != NULL && timeout->tv_sec == 0 &&
	    timeout->tv_nsec < most.tv_nsec)
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
