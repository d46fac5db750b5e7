/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests, inside a daemon by LD_PRELOAD.  Moves the wall clock by
 * TIMESHIFT_BY seconds, TIMESHIFT_AFTER milliseconds after the start, and
 * says on standard error when the random generator asks the kernel for more.
 * Nothing else is changed: the daemon's lock is the shipped one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int	getentropy(void *, size_t);

static long long shift_s, after_ms, start_ms;

static long long
real_ms(clockid_t clock)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, clock, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

__attribute__((constructor)) static void
timeshift_init(void)
{
	const char *by = getenv("TIMESHIFT_BY");
	const char *after = getenv("TIMESHIFT_AFTER");

	shift_s = by == NULL ? 0 : atoll(by);
	after_ms = after == NULL ? 0 : atoll(after);
	start_ms = real_ms(CLOCK_MONOTONIC);
}

static long long
shift_now(void)
{
	return real_ms(CLOCK_MONOTONIC) - start_ms >= after_ms ? shift_s : 0;
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int result = (int)syscall(SYS_clock_gettime, clock, ts);

	if (result == 0 && clock == CLOCK_REALTIME)
		ts->tv_sec += (time_t)shift_now();
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
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

/* What OpenSSL seeds from; the system call is made all the same. */
int
getentropy(void *buf, size_t len)
{
	static const char said[] = "timeshift: reseed\n";
	int kept = errno;

	if (write(STDERR_FILENO, said, sizeof(said) - 1) < 0)
		return -1;
	errno = kept;
	return syscall(SYS_getrandom, buf, len, 0) == (long)len ? 0 : -1;
}
