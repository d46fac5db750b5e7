/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Memory of each NUMA node, and its huge pages of every
 * size: the kernel's ABI/stable/sysfs-devices-node and admin-guide/mm/
 * hugetlbpage.  A kernel without NUMA has no nodes.
 */
#ifndef SLUICE_SOURCES_NUMA_H
#define SLUICE_SOURCES_NUMA_H

#include "source.h"
#include "sources/named.h"

struct numa_memory {
	int64_t total, free;	/* bytes */
};

/* "Node 0 MemTotal:  10840280 kB" and so on.  0 or -EBADMSG. */
int	numa_memory_parse(struct text, struct numa_memory *);
/* "hugepages-2048kB": true and the size in bytes. */
bool	numa_pool_parse(const char *name, int64_t *size);

extern const struct named_table numa_table;	/* numastat: named_lines() */

extern const struct source source_numa;

#endif
