/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  The collector's own cycle, once for each line on standard
 * input, into a ring that nobody empties:
 *
 *	ring_fill [-c] PROC SYS BYTES
 *
 * answers each with "points usage lost": of this collection, bytes of the
 * ring in use, records that were lost.
 * -c: a copied tree is to be taken as the kernel's own, with file systems of
 * our making, so that it costs what a real host does.
 */
#include "cycle.h"
#include "now.h"

#include <err.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool copied;
static uint64_t steps;

/* In place of libc's: the two roots, in the order that they are opened. */
int
fstatfs(int fd, struct statfs *fs)
{
	static int calls;

	if (!copied)
		return (int)syscall(SYS_fstatfs, fd, fs);
	memset(fs, 0, sizeof(*fs));
	fs->f_type = calls++ == 0 ? PROC_SUPER_MAGIC : SYSFS_MAGIC;
	return 0;
}

/* Some are written to all the time, some hardly ever, some never. */
int
statfs(const char *path, struct statfs *fs)
{
	const uint64_t pace = strlen(path) % 3;
	const uint64_t written = steps * pace * 700 + steps % 13 * pace * 40;

	if (!copied)
		return (int)syscall(SYS_statfs, path, fs);
	memset(fs, 0, sizeof(*fs));
	fs->f_type = EXT4_SUPER_MAGIC;
	fs->f_bsize = fs->f_frsize = 4096;
	fs->f_blocks = 100 << 20;
	fs->f_bfree = (60 << 20) - written;
	fs->f_bavail = fs->f_bfree - (1 << 20);
	fs->f_files = 10 << 20;
	fs->f_ffree = (9 << 20) - written / 50;
	return 0;
}

static void
count_points(void *arg, const uint8_t *record, size_t len)
{
	struct record_reader rr;
	struct instance inst;

	if (record_open(&rr, record, len) < 0)
		errx(1, "the record is malformed");
	while (record_next_instance(&rr, &inst) == 1)
		*(uint64_t *)arg += inst.npoints;
}

static void
answer(struct ring *r)
{
	uint64_t points = 0;

	ring_last_step(r, count_points, &points);
	printf("%llu %llu %llu\n", (unsigned long long)points,
	    (unsigned long long)ring_usage(r),
	    (unsigned long long)ring_lost(r, LOST_QUEUE_FULL));
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static struct source_options options;
	static struct cycle cycle;
	static struct ring ring;
	static struct host host;
	static struct self self;
	const char *which;
	char line[16];

	copied = argc > 1 && strcmp(argv[1], "-c") == 0;
	argv += copied;
	options.enabled = source_profile(PROFILE_STANDARD);
	if (argc - copied != 4)
		errx(2, "usage: ring_fill [-c] PROC SYS BYTES");
	if (host_open(&host, argv[1], argv[2], &which) < 0)
		err(1, "%s", which);
	if (self_open(&self, getpid()) < 0)
		err(1, "/proc/self");
	if (ring_new(&ring, strtoull(argv[3], NULL, 10),
	    now_ns(CLOCK_REALTIME), now_ns(CLOCK_REALTIME) -
	    now_ns(CLOCK_BOOTTIME)) < 0)
		err(1, "ring");
	cycle_init(&cycle, &host, &ring, &self, &options);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		steps++;
		cycle_run(&cycle);
		answer(&ring);
	}
	return 0;
}
