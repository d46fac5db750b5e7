/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  What has been sent before, so that each cumulative
 * counter carries the right start time: the host's boot for what was there
 * when its source first spoke; the cycle before for what came later or was
 * reset (an interface made anew).  All points of an instance share one start.
 * Fixed memory, claimed at start.
 */
#ifndef SLUICE_SERIES_H
#define SLUICE_SERIES_H

#include "record.h"

enum {
	/* a host with 5,000 interfaces, and what else it has */
	SERIES_INSTANCES_MAX = 16384,
	SERIES_COUNTERS_MAX = 196608,	/* over all instances */
};

struct series;

/* NULL: no memory.  boot_ns: wall clock at boot. */
struct series	*series_new(uint64_t boot_ns);
void		series_free(struct series *);

/*
 * A new cycle begins at this wall time.  An instance that was in neither of
 * the two cycles before (of the one before, where more than half of the table
 * is used) is forgotten: when it comes back, it is a new one.
 */
void		series_cycle(struct series *, uint64_t wall_ns);
/*
 * Something of this source could not be read in this cycle, which then tells
 * nothing of the instances that were not in it: while there is room it does
 * not count for them.
 */
void		series_unread(struct series *, enum source_id);
/* This source is not asked in this cycle: the same, however little room. */
void		series_rest(struct series *, enum source_id);
/*
 * A start time as it can be said in this cycle.  A clock that was set back
 * behind it must not make a start in the future: then the earliest time that
 * was ever seen stands for it, which does not move from cycle to cycle.
 */
uint64_t	series_start(const struct series *, uint64_t start_ns);

/*
 * Looks one instance up and judges its counters.  Two habits of the kernel
 * are made good in the points: a small step back in CPU time (proc(5),
 * iowait) is replaced by the value before, and a disk's times, which are cut
 * to 32 bits, go on counting behind their wrap.  Any other counter that went
 * back means that the instance was made anew.
 *
 * Returns the start time; or 0 where the table is full (for an instance
 * without attributes there is room for each source's), or where this
 * instance was there before in this cycle: it must then be left out and
 * counted.  (Points without attributes may come in several instances.)
 */
uint64_t	series_judge(struct series *, enum source_id,
		    const struct attr *, size_t nattrs,
		    struct point *, size_t npoints);

/*
 * An instance as it was last sent by the process before, at wall_ns; counters
 * that went on since then keep their start.  After the last one:
 * series_learned().
 */
void		series_learn(struct series *, enum source_id,
		    struct instance *);
void		series_learned(struct series *, uint64_t wall_ns);

#endif
