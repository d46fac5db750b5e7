/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  How many bytes of bodies may leave, whoever makes them:
 * a captured collector, too.  In no hour more than the limit; and next to
 * nothing is there at the start, each second earns its part of the limit, so
 * that who ends the pair to have it start again has won nothing.  Pure.
 */
#ifndef SLUICE_EGRESS_H
#define SLUICE_EGRESS_H

#include <stddef.h>
#include <stdint.h>

enum {
	EGRESS_HOUR_MS = 3600000,
	EGRESS_MINUTES = 61,	/* the one that is running, and an hour */
	/* RestartSec= of the unit: a pause in which nothing was earned */
	EGRESS_PAUSE_MS = 500,
	/* who installs it sees it at once */
	EGRESS_FRESH_MS = 1500,
};

#define EGRESS_OVER UINT64_MAX

struct egress {
	uint32_t limit;		/* bytes in an hour */
	uint64_t born_ns;
	uint64_t minute;	/* the running one, from born_ns */
	uint64_t used;		/* sum of them all */
	uint32_t bytes[EGRESS_MINUTES];
};

/* As if it had been there for so long already. */
void		egress_init(struct egress *, uint32_t limit,
		    uint32_t age_ms, uint64_t now_ns);

/*
 * So much is going to be sent: from when on it may be, or EGRESS_OVER, for
 * good.  The clock is that of the process: what it slept has earned nothing.
 */
uint64_t	egress_take(struct egress *, size_t bytes, uint64_t now_ns);

/* The pause that a backlog makes behind so much, to stay below the limit. */
uint64_t	egress_pace_ms(const struct egress *, size_t bytes);

#endif
