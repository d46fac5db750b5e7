/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The names that diskstats has for the numbers of
 * devices: a cgroup's disk is called what the source of disks calls it.
 */
#ifndef SLUICE_SOURCES_CGROUP_DISKS_H
#define SLUICE_SOURCES_CGROUP_DISKS_H

#include "source.h"

enum { CGROUP_DISK_NAME_MAX = 48 };

/* A new cycle: numbers may mean others now. */
void		cgroup_disks_begin(void);
/*
 * The name, or the number itself, "8:0", in buf, where the host has no such
 * disk; nothing where the names could not be read: it may have another.
 */
struct text	cgroup_disk_name(struct collect *, int64_t major,
		    int64_t minor, char buf[CGROUP_DISK_NAME_MAX]);

#endif
