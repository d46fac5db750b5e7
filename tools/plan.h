/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  What `sluice plan` has found out: plan.c collects and
 * fills a ring; plan_cost.c says what each source and process comes to.
 */
#ifndef SLUICE_PLAN_H
#define SLUICE_PLAN_H

#include "config.h"
#include "ring.h"

/* What was read at one time. */
struct step {
	uint8_t *bytes;		/* of all records, one after the other */
	size_t used;
	size_t nrecords;
	size_t *len;
};

struct plan {
	const struct config *config;
	struct step last, before;
	int64_t times;		/* pauses in an interval */
	uint64_t points;
	uint64_t first;		/* bytes of a segment's first step */
	uint64_t in_segment;	/* steps that a segment holds */
	struct ring ring;
};

/* Memory that both processes claim, before the first byte of it is used. */
struct plan_memory {
	uint64_t collector, collector_used, shipper;
};

/* An empty ring of that many bytes. */
void	plan_make_ring(struct plan *, uint64_t bytes);
/* The last step as it will be so many intervals later: of one source, or 0. */
void	plan_push_step(struct plan *, int64_t intervals, unsigned source);

/* Points of one source in the last step; 0: of all. */
uint64_t	plan_points(const struct plan *, unsigned source);
/* Bytes of the ring for one step of that source, as a difference. */
uint64_t	plan_stored(struct plan *, unsigned source);
/* Bytes of requests' bodies for one step of that source; 0: of all. */
uint64_t	plan_sent(const struct plan *, unsigned source);
void		plan_memory(const struct plan *, struct plan_memory *);

#endif
