/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  /proc/mdstat: the kernel's admin-guide/md.  It is
 * read and not /sys/block/mdN/md, whose files wait for an array that hangs.
 */
#ifndef SLUICE_SOURCES_MDRAID_H
#define SLUICE_SOURCES_MDRAID_H

#include "source.h"

enum md_sync {
	MD_RESYNC, MD_RECOVERY, MD_RESHAPE, MD_CHECK, MD_REPAIR, MD_IDLE
};

struct md_array {
	struct text name;
	bool active;
	int64_t size;			/* bytes; -1: not said */
	int64_t disks, working;		/* it is made of; -1: no redundancy */
	int64_t failed, spare;
	enum md_sync sync;
	int64_t done, total, speed;	/* bytes, and a second; of a sync */
};

/* Takes the heading off: 0 or -EBADMSG. */
int	md_begin(struct text *);
/* Takes the lines of the next array off: 1; 0 at the end; -EBADMSG. */
int	md_next(struct text *, struct md_array *);

extern const struct source source_mdraid;

#endif
