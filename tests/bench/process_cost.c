/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  What a cycle of the sources process and top costs on this
 * host, and what it costs to read the same stat files without looking at them:
 *
 *	process_cost CYCLES PAUSE_MS [SLEEPERS]	for process_cost.py
 *
 * prints processes and how many of their files the collector keeps open, then
 * ms of CPU per cycle, least and median, of the sources, of the floor with as
 * many files kept open, and of the floor with all of them kept open; then KiB
 * of the kernel's memory for each file that is kept open.
 */
#include "now.h"
#include "source.h"
#include "sources/process.h"
#include "sources/processes.h"
#include "sources/top.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CYCLES_MAX = 1000, MEASURES = 3, WARM_UP = 3 };

static uint64_t cost[MEASURES][CYCLES_MAX];
static uint8_t space[BUILD_SPACE];
static char text[PIDSTAT_MAX];
static int32_t pids[PROCESSES_MAX];
static int fds[PROCESSES_MAX];
static size_t npids, nheld;
static uint64_t step = 1;

static void
report(void *arg, const struct source *s, const char *path, int error)
{
	(void)arg;
	(void)s;
	warnx("%s: %s", path, strerror(-error));
}

static void
run_one(struct collect *c, struct series *series, const struct source *s)
{
	const struct record_head head = { .boottime_ns = step,
		.wall_ns = now_ns(CLOCK_REALTIME), .start_ns = 1,
		.source = s->id };

	c->source = s;
	build_start(c->build, &head, series, space);
	c->deadline_ns = now_ns(CLOCK_BOOTTIME) + UINT64_C(500000000);
	s->read(c);
	build_finish(c->build);
}

static void
run_sources(struct collect *c, struct series *series)
{
	step++;
	series_cycle(series, now_ns(CLOCK_REALTIME));
	run_one(c, series, &source_process);
	run_one(c, series, &source_top);
}

static int
open_stat(struct host *h, int32_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/stat", (int)pid);
	return host_open_file(h, HOST_PROC, path);
}

static void
run_floor(struct host *h, size_t held)
{
	for (size_t i = 0; i < npids; i++) {
		const int fd = i < held ? fds[i] : open_stat(h, pids[i]);

		if (pread(fd, text, sizeof(text), 0) < 0)
			err(1, "%d", (int)pids[i]);
		if (i >= held)
			close(fd);
	}
}

static long
slab_kib(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	long slab = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "Slab: %ld", &slab) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return slab;
}

/* All of them are kept open; how much that took. */
static double
open_floor(struct collect *c, struct series *series)
{
	struct processes *all;
	long before;

	run_sources(c, series);
	step++;
	all = processes_get(c);
	for (size_t i = 0; i < all->n; i++) {
		pids[npids++] = all->process[i].pid;
		nheld += all->process[i].fd >= 0;
	}
	before = slab_kib();
	for (size_t i = 0; i < npids; i++)
		if ((fds[i] = open_stat(c->host, pids[i])) < 0 ||
		    pread(fds[i], text, sizeof(text), 0) < 0)
			err(1, "%d", (int)pids[i]);
	return (double)(slab_kib() - before) / (double)npids;
}

static int
compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* In turns, so that what else goes on here falls on all of them alike. */
static void
measure(struct collect *c, struct series *series, unsigned n, unsigned ms)
{
	for (unsigned i = 0; i < n * MEASURES; i++) {
		uint64_t before;

		usleep(ms * 1000);
		before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
		if (i % MEASURES == 0)
			run_sources(c, series);
		else
			run_floor(c->host, i % MEASURES == 1 ? nheld : npids);
		cost[i % MEASURES][i / MEASURES] =
		    now_ns(CLOCK_PROCESS_CPUTIME_ID) - before;
	}
	for (unsigned m = 0; m < MEASURES; m++) {
		qsort(cost[m], n, sizeof(cost[m][0]), compare);
		printf(" %.3f %.3f", (double)cost[m][0] / 1e6,
		    (double)cost[m][n / 2] / 1e6);
	}
}

static void
make_sleepers(int n)
{
	while (n-- > 0) {
		const pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	/* they settle */
	sleep(1);
}

int
main(int argc, char **argv)
{
	const struct source_options options = { .top_count = 10 };
	const unsigned n = argc >= 3 ? (unsigned)atoi(argv[1]) : 0;
	struct rlimit files;
	struct build build;
	struct host host;
	struct collect c = { .host = &host, .build = &build,
		.options = &options, .report = report };
	struct series *series = series_new(1);
	const char *which;
	double kib;

	if (n == 0 || n > CYCLES_MAX)
		errx(2, "usage: process_cost CYCLES PAUSE_MS [SLEEPERS]");
	if (host_open(&host, "/proc", "/sys", &which) < 0 || series == NULL)
		err(1, "start");
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		err(1, "descriptors");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		err(1, "descriptors");
	if (argc > 3)
		make_sleepers(atoi(argv[3]));
	kib = open_floor(&c, series);
	for (int i = 0; i < WARM_UP; i++)
		run_sources(&c, series);
	printf("%zu %zu", npids, nheld);
	measure(&c, series, n, (unsigned)atoi(argv[2]));
	printf(" %.1f\n", kib);
	series_free(series);
	host_close(&host);
	return 0;
}
