/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  What has been sent before, so that each cumulative
 * counter carries the right start time: the host's boot for what was there in
 * the first cycle; the cycle before for what came later or was reset (an
 * interface made anew, a 32-bit counter that wrapped).  All points of an
 * instance share one start.  Fixed memory, claimed at start.
 */
#ifndef SLUICE_SERIES_H
#define SLUICE_SERIES_H

#include "record.h"

enum {
	SERIES_INSTANCES_MAX = 8192,
	SERIES_COUNTERS_MAX = 65536,	/* over all instances */
};

struct series;

/* NULL: no memory.  boot_ns: wall clock at boot. */
struct series	*series_new(uint64_t boot_ns);
void		series_free(struct series *);

/* A new cycle begins at this wall time; ages out what is gone. */
void		series_cycle(struct series *, uint64_t wall_ns);

/*
 * Looks one instance up, judges its counters and holds back the small steps
 * backwards that the kernel's own accounting makes (proc(5), iowait): such a
 * value is replaced by the one before.  Returns the start time, or 0 where
 * the table is full (the instance must then be left out and counted).
 */
uint64_t	series_judge(struct series *, enum source_id,
		    const struct attr *, size_t nattrs,
		    struct point *, size_t npoints);

#endif
