/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  What file systems say of themselves, beside their
 * space: ext4 and XFS (admin-guide/ext4, admin-guide/xfs), Btrfs (btrfs(5))
 * and ZFS on Linux (zfs(4)).  A host has only some of them, or none.
 */
#ifndef SLUICE_SOURCES_STORAGE_H
#define SLUICE_SOURCES_STORAGE_H

#include "source.h"
#include "sources/named.h"

enum storage_file { STORAGE_XFS, STORAGE_BTRFS_ERRORS, STORAGE_ARC };

extern const struct named_table storage_table;

/* Each fills the rows of its file and leaves the others: 0 or -EBADMSG. */
/* /sys/fs/xfs/DEVICE/stats/stats: "rw 1 2", by line and column. */
int	xfs_parse(struct text, struct named_sample *);
/* /sys/fs/btrfs/UUID/devinfo/N/error_stats: "write_errs 0"; adds up. */
int	btrfs_errors_parse(struct text, struct named_sample *);
/* /proc/spl/kstat/zfs/arcstats: "hits 4 123" behind two lines of heading. */
int	arc_parse(struct text, struct named_sample *);

/* The point of linux.zfs.pool.state for that word of a pool; 0: not known. */
unsigned	zfs_state(struct text);
bool		btrfs_is_uuid(const char *name);

extern const struct source source_storage;

#endif
