/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Turns of the grid without a step, each counted once
 * and under its cause, whoever is killed and when: what has been counted
 * stands in the ring beside the counters, and changes with them.
 */
#ifndef SLUICE_TURNS_H
#define SLUICE_TURNS_H

#include "ring.h"

/*
 * Two clocks drifted apart by more than reading them takes.  Corrections that
 * are no step move the clock since boot as well and do not show (adjtimex(2)).
 */
enum { TURNS_CLOCK_NS = 100000000 };

/* All times are CLOCK_BOOTTIME.  The last step of the process before: */
struct turns_last {
	uint64_t boottime_ns;	/* 0: there is none */
	bool cut;		/* it died before it had committed all of it */
};

struct turns {
	struct ring *ring;
	uint32_t interval_ms;
	uint64_t interval_ns, phase_ns;
	struct turns_last last;
	uint64_t first_ns;	/* the first regular collection */
	uint64_t restarted;	/* turns missed before it, not counted yet */
	bool now;		/* the next step is before it */
};

/*
 * Counts what the process before was killed over, and learns what it missed.
 * Sets first_ns.  The ring is the caller's.
 */
void	turns_start(struct turns *, struct ring *, uint32_t interval_ms,
	    uint32_t phase_ms, uint64_t now_ns, const struct turns_last *);

/* Whether to collect at once, before first_ns; asked when that can be done. */
bool	turns_begin_now(struct turns *, uint64_t now_ns);

/*
 * Whether the wall clock was set since it was last looked at, by whichever
 * process, and by how much; counted.  ahead_ns: of CLOCK_BOOTTIME.
 */
bool	turns_clock(struct turns *, uint64_t ahead_ns, int64_t *by_ns);

/*
 * Behind a step of that time; slept: how many intervals the machine may
 * have slept through.  gap: what was counted now, by cause.
 */
void	turns_step(struct turns *, uint64_t boottime_ns, uint64_t slept,
	    uint64_t gap[MISSED_END]);

#endif
