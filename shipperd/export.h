/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  What the shipper has to say about itself: a record of
 * source EXPORT that goes with the last request of each time step.  Pure.
 */
#ifndef SLUICE_EXPORT_H
#define SLUICE_EXPORT_H

#include "record.h"

enum { EXPORT_RECORD_MAX = 256 };

/* Counted from the start of the agent; each point once, at its end. */
struct export_count {
	uint64_t delivered;	/* points */
	uint64_t rejected;	/* points of a partial success */
	uint64_t refused;	/* points of a batch that was dropped */
	uint64_t oversize;	/* points of a record too large to send */
	uint64_t requests_delivered;
	uint64_t requests_dropped;
	uint64_t requests_retried;
	uint64_t bytes;		/* of bodies answered for */
	uint64_t connections;
};

/* Bytes written to buf[EXPORT_RECORD_MAX]. */
size_t	export_record(uint8_t *buf, const struct export_count *,
	    uint64_t start_ns, uint64_t wall_ns);

#endif
