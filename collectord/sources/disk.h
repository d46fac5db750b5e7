/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  /proc/diskstats; the kernel's
 * Documentation/admin-guide/iostats.rst.
 */
#ifndef SLUICE_SOURCES_DISK_H
#define SLUICE_SOURCES_DISK_H

#include "text.h"

/* The counters of one line, in the order of its columns. */
enum disk_column {
	DISK_READS, DISK_READS_MERGED, DISK_READ_BYTES, DISK_READ_MS,
	DISK_WRITES, DISK_WRITES_MERGED, DISK_WRITTEN_BYTES, DISK_WRITE_MS,
	DISK_NOW, DISK_BUSY_MS, DISK_WEIGHTED_MS,
	DISK_COLUMNS
};

struct disk_sample {
	struct text name;
	int64_t value[DISK_COLUMNS];
	bool used;		/* it did something since it is there */
};

/*
 * Takes the next line off: 1; 0 at the end; -EBADMSG where the line is not
 * one of diskstats (it is taken off all the same).
 */
int	diskstats_next(struct text *, struct disk_sample *);

struct source;
extern const struct source source_disk;

#endif
