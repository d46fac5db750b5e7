/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  What the kernel itself charges for handing files over:
 *
 *	floor INTERVAL_MS < PATHS
 *
 * holds them open and reads each with one call an interval, without looking
 * at it, until it is ended.  It asks for as much as the file had and a bit,
 * as a file of /proc/sys costs by what is asked for.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { FILES_MAX = 1024, SPARE = 64 };

static char buf[1048576];
static struct file { int fd; size_t ask; } file[FILES_MAX];
static size_t nfiles;

static void
open_one(const char *path)
{
	struct file *f = &file[nfiles++];
	ssize_t n;

	if (nfiles == FILES_MAX)
		errx(1, "too many files");
	if ((f->fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 ||
	    (n = pread(f->fd, buf, sizeof(buf), 0)) < 0)
		err(1, "%s", path);
	f->ask = (size_t)n + (size_t)n / 4 + SPARE;
}

static void
read_all(void)
{
	for (size_t i = 0; i < nfiles; i++)
		if (pread(file[i].fd, buf, file[i].ask, 0) < 0)
			err(1, "read");
}

int
main(int argc, char **argv)
{
	const long ms = argc == 2 ? atol(argv[1]) : 0;
	const struct timespec interval = { ms / 1000, ms % 1000 * 1000000 };
	const struct itimerspec when = { interval, interval };
	char path[4096];
	uint64_t expired;
	int timer;

	if (ms <= 0)
		errx(2, "usage: floor INTERVAL_MS < PATHS");
	while (fgets(path, sizeof(path), stdin) != NULL) {
		path[strcspn(path, "\n")] = '\0';
		open_one(path);
	}
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (timer < 0 || timerfd_settime(timer, 0, &when, NULL) < 0)
		err(1, "timer");
	while (read(timer, &expired, sizeof(expired)) == sizeof(expired))
		read_all();
	err(1, "timer");
}
