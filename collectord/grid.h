/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  When a host collects: at its own phase after each
 * whole interval since boot, so that hosts that boot together are not in step
 * and one that starts again goes on where it was.  Pure; CLOCK_BOOTTIME.
 */
#ifndef SLUICE_GRID_H
#define SLUICE_GRID_H

#include <stdbool.h>
#include <stdint.h>

enum { GRID_NS_PER_MS = 1000000 };

static inline uint64_t
grid_next(uint64_t now_ns, uint32_t interval_ms, uint32_t phase_ms)
{
	const uint64_t interval_ns = interval_ms * (uint64_t)GRID_NS_PER_MS;
	const uint64_t next_ns = now_ns - now_ns % interval_ns +
	    phase_ms * (uint64_t)GRID_NS_PER_MS;

	return next_ns > now_ns ? next_ns : next_ns + interval_ns;
}

/* Which turn of its grid a time is in; the phase is less than an interval. */
static inline uint64_t
grid_turn(uint64_t at_ns, uint64_t interval_ns, uint64_t phase_ns)
{
	return (at_ns + interval_ns - phase_ns) / interval_ns;
}

/*
 * The first turn of one that starts.  Who starts for the first time (last_ns
 * 0) collects at once, for there is a person who waits, and that stands for a
 * turn which is near.
 */
static inline uint64_t
grid_first(uint64_t now_ns, uint32_t interval_ms, uint32_t phase_ms,
    uint64_t last_ns)
{
	const uint64_t interval_ns = interval_ms * (uint64_t)GRID_NS_PER_MS;
	const uint64_t next_ns = grid_next(now_ns, interval_ms, phase_ms);

	return last_ns == 0 && next_ns <= now_ns + interval_ns / 2 ?
	    next_ns + interval_ns : next_ns;
}

/*
 * Whether one that starts collects at once: not where the first turn, or the
 * last collection before (last_ns; 0: none), is as good.
 */
static inline bool
grid_starts_now(uint64_t now_ns, uint64_t first_ns, uint64_t last_ns,
    uint32_t interval_ms)
{
	const uint64_t half_ns = interval_ms * (uint64_t)GRID_NS_PER_MS / 2;

	return first_ns > now_ns + half_ns &&
	    (last_ns == 0 || now_ns > last_ns + half_ns);
}

#endif
