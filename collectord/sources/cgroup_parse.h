/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The files of a cgroup: the kernel's documents
 * admin-guide/cgroup-v2.rst and admin-guide/cgroup-v1/.  Pure.
 */
#ifndef SLUICE_SOURCES_CGROUP_PARSE_H
#define SLUICE_SOURCES_CGROUP_PARSE_H

#include "text.h"

/* Those that are said come first, in the order of the registry's points. */
enum cgroup_value {
	CGROUP_USAGE_US, CGROUP_USER_US, CGROUP_SYSTEM_US,
	CGROUP_NR_PERIODS, CGROUP_NR_THROTTLED, CGROUP_THROTTLED_US,
	CGROUP_MILLICPU_MAX,
	CGROUP_MEM, CGROUP_MEM_ANON, CGROUP_MEM_FILE, CGROUP_MEM_KERNEL,
	CGROUP_MEM_SWAP, CGROUP_MEM_MAX, CGROUP_MEM_HIGH, CGROUP_SWAP_MAX,
	CGROUP_OOM, CGROUP_OOM_KILL, CGROUP_MAX, CGROUP_HIGH,
	CGROUP_TASKS, CGROUP_TASKS_MAX,
	CGROUP_CPU_SOME_US, CGROUP_CPU_FULL_US,
	CGROUP_MEM_SOME_US, CGROUP_MEM_FULL_US,
	CGROUP_IO_SOME_US, CGROUP_IO_FULL_US,
	CGROUP_SAID,
	/* what others are made of */
	CGROUP_QUOTA_US = CGROUP_SAID, CGROUP_PERIOD_US,
	CGROUP_SLAB, CGROUP_STACKS, CGROUP_PAGE_TABLES, CGROUP_PER_CPU,
	CGROUP_VALUES
};

/* One name of a file of lines "name number". */
struct cgroup_key {
	const char *name;
	enum cgroup_value value;
	int64_t times, over;	/* to the unit that is said */
};

enum { CGROUP_DEVICES_MAX = 64 };

enum cgroup_io_value {
	CGROUP_READ_BYTES, CGROUP_WRITE_BYTES, CGROUP_READS, CGROUP_WRITES,
	CGROUP_IO_VALUES
};

struct cgroup_io {
	bool has_bytes, has_operations;	/* set by who calls these */
	size_t n;
	struct {
		int64_t major, minor;
		int64_t value[CGROUP_IO_VALUES];
	} device[CGROUP_DEVICES_MAX];
};

/*
 * Each adds what it finds; value[] is of CGROUP_VALUES, -1 where nothing was
 * found.  0 or -EBADMSG; -EFBIG: more devices than there is room for.
 */
/* Ends when all keys are found.  None of them is malformed. */
int	cgroup_keyed(struct text, const struct cgroup_key *, size_t n,
	    int64_t *value);
/* memory.stat, of version 2. */
int	cgroup_memory_stat(struct text, int64_t *value);
/* One number; "max", -1, or what version 1 has in its place, is no limit. */
int	cgroup_number(struct text, int64_t *value);
/* cpu.max: "max 100000" or "50000 100000". */
int	cgroup_cpu_max(struct text, int64_t *value);
/* io.stat. */
int	cgroup_io_stat(struct text, struct cgroup_io *);
/* blkio.throttle.io_service*: read is the value of "Read", write follows. */
int	cgroup_blkio(struct text, enum cgroup_io_value read,
	    struct cgroup_io *);
/* cgroup.stat's nr_descendants; /proc/cgroups, all hierarchies together. */
int	cgroup_descendants(struct text, int64_t *);
int	cgroup_numbers(struct text, int64_t *);
/* What follows from other values. */
void	cgroup_derive(int64_t *value);

#endif
