/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  What the daemons would send next: the collector's own
 * cycle, the shipper's own batch and encoders, and neither's network, lock or
 * second process.  The agent's metrics about itself are left out, since only
 * the daemons know them.
 */
#ifndef SLUICE_SNAPSHOT_H
#define SLUICE_SNAPSHOT_H

#include "batch.h"
#include "config.h"
#include "ring.h"

struct snapshot {
	const struct config *config;
	struct shipconf ship;
	struct ring ring;
	struct batch *batch;
	/* the request: records first to first+n-1 of the batch */
	size_t first, n;
	uint8_t *body;
	size_t body_len;
	uint64_t points;
};

/* Collects that many times; the records of the last stay.  Fatal on failure. */
void	snapshot_take(struct snapshot *, const struct config *,
	    unsigned cycles);

/*
 * The next request of that time step, as the shipper would cut and encode it.
 * False: there is no further one.
 */
bool	snapshot_next(struct snapshot *);

#endif
