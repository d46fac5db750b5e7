/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  /proc/net/softnet_stat: what the kernel does with
 * packets that came in, one line of hexadecimal numbers for each CPU that is
 * online (net/core/net-procfs.c).  Each number is 32 bits wide and wraps.
 */
#ifndef SLUICE_SOURCES_SOFTNET_H
#define SLUICE_SOURCES_SOFTNET_H

#include "text.h"

enum { SOFTNET_CPUS_MAX = 8192 };

enum softnet_counter {
	SOFTNET_PROCESSED, SOFTNET_DROPPED, SOFTNET_SQUEEZED,
	SOFTNET_STEERED,	/* woken by another CPU (RPS) */
	SOFTNET_FLOW_LIMITED,
	SOFTNET_COUNTERS
};

struct softnet_row {
	uint32_t cpu;
	uint32_t count[SOFTNET_COUNTERS];
	uint32_t backlog;		/* packets that wait now */
};

/* The sums over all CPUs, which go on behind a wrap of any of them. */
struct softnet {
	bool seen[SOFTNET_CPUS_MAX];
	uint32_t last[SOFTNET_CPUS_MAX][SOFTNET_COUNTERS];
	int64_t total[SOFTNET_COUNTERS];
};

/* Takes a line off: 1; 0 at the end; -EBADMSG where it is none of these. */
int	softnet_next(struct text *, struct softnet_row *);
/* The row's CPU is below SOFTNET_CPUS_MAX. */
void	softnet_add(struct softnet *, const struct softnet_row *);

#endif
