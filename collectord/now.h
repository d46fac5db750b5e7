/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  Clocks as nanoseconds, clock_gettime(2). */
#ifndef SLUICE_NOW_H
#define SLUICE_NOW_H

#include <stdint.h>
#include <time.h>

static inline uint64_t
now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/*
 * The wall clock at boot.  One that starts in 1970 and was slept through is
 * behind the clock since boot: then it is as early as can be said.
 */
static inline uint64_t
now_boot_ns(uint64_t wall_ns, uint64_t boottime_ns)
{
	return wall_ns > boottime_ns ? wall_ns - boottime_ns : 1;
}

#endif
