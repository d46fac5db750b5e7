/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  What a cycle of the source cgroup costs on this host, and
 * what it costs to read the same files held open, without looking at them:
 *
 *	cgroup_cost CYCLES PAUSE_MS		for tests/bench/cgroup_cost.py
 *
 * prints cgroups, their files, how many of them could be held, then ms of CPU
 * per cycle of both: least and median.
 */
#include "now.h"
#include "source.h"
#include "sources/cgroup.h"
#include "sources/cgroup_layout.h"
#include "sources/cgroup_tree.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CYCLES_MAX = 1000, FILES_MAX = CGROUPS_MAX * CGROUP_FILES_MAX };

static uint64_t cost[CYCLES_MAX];
static uint8_t space[BUILD_SPACE];
static char text[65536];
static int fds[FILES_MAX];
static size_t nfds, nfiles, ncgroups;

static void
ignore(void *arg, const struct source *s, const char *path, int error)
{
	(void)arg;
	(void)s;
	(void)path;
	(void)error;
}

static void
run_source(struct collect *c, struct series *series)
{
	const struct record_head head = { .boottime_ns = 1,
		.wall_ns = now_ns(CLOCK_REALTIME), .start_ns = 1,
		.source = SOURCE_CGROUP };

	series_cycle(series, head.wall_ns);
	build_start(c->build, &head, series, space);
	c->deadline_ns = now_ns(CLOCK_BOOTTIME) + UINT64_C(500000000);
	c->source->read(c);
	build_finish(c->build);
}

static void
open_one(struct host *h, const struct cgroup_layout *layout,
    const struct cgroup *cg)
{
	char path[1024];

	for (size_t i = 0; i < layout->nfiles; i++) {
		const struct cgroup_file *f = &layout->file[i];
		int fd;

		if (f->limit)
			continue;
		snprintf(path, sizeof(path), "%s%.*s/%s", f->base, cg->len,
		    cg->path, f->name);
		fd = host_open_file(h, HOST_SYS, path);
		nfiles += fd != -ENOENT;
		if (fd >= 0)
			fds[nfds++] = fd;
	}
}

/* The files that the source reads in most cycles, all of them held. */
static void
open_floor(struct collect *c)
{
	static struct cgroup_tree tree;

	c->deadline_ns = UINT64_MAX;
	if (!cgroup_tree_refresh(&tree, c))
		errx(1, "no cgroups");
	for (size_t i = 0; i < CGROUPS_MAX; i++)
		if (tree.entry[i].used) {
			ncgroups++;
			open_one(c->host, tree.layout, &tree.entry[i]);
		}
	cgroup_tree_reset(&tree);
	/* the source needs some itself */
	for (size_t spare = 0; spare < 600 && nfds < nfiles; spare++)
		close(fds[--nfds]);
}

static void
run_floor(void)
{
	for (size_t i = 0; i < nfds; i++)
		if (pread(fds[i], text, sizeof(text), 0) < 0)
			continue;
}

static int
compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
print(unsigned n)
{
	qsort(cost, n, sizeof(cost[0]), compare);
	printf(" %.3f %.3f", (double)cost[0] / 1e6, (double)cost[n / 2] / 1e6);
}

static void
measure(struct collect *c, struct series *series, unsigned n, unsigned ms)
{
	for (int floor = 0; floor < 2; floor++) {
		for (unsigned i = 0; i < n; i++) {
			uint64_t before;

			usleep(ms * 1000);
			before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
			if (floor)
				run_floor();
			else
				run_source(c, series);
			cost[i] = now_ns(CLOCK_PROCESS_CPUTIME_ID) - before;
		}
		print(n);
	}
}

int
main(int argc, char **argv)
{
	const struct source_options options = { 0 };
	struct rlimit files;
	const unsigned n = argc == 3 ? (unsigned)atoi(argv[1]) : 0;
	struct build build;
	struct host host;
	struct collect c = { .host = &host, .build = &build,
		.options = &options, .source = &source_cgroup,
		.report = ignore };
	struct series *series = series_new(1);
	const char *which;

	if (n == 0 || n > CYCLES_MAX)
		errx(2, "usage: cgroup_cost CYCLES PAUSE_MS");
	if (host_open(&host, "/proc", "/sys", &which) < 0 || series == NULL)
		err(1, "start");
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		err(1, "descriptors");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		err(1, "descriptors");
	open_floor(&c);
	printf("%zu %zu %zu", ncgroups, nfiles, nfds);
	run_source(&c, series);
	measure(&c, series, n, (unsigned)atoi(argv[2]));
	putchar('\n');
	series_free(series);
	host_close(&host);
	return 0;
}
