/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  What the shipper says of itself: the payload of
 * STATE, numbers only.  It goes to the collector, which sends the counters on
 * as records, so that a request is made of the ring alone and a repeated one
 * is the same bytes; what is wrong goes to `systemctl status`.
 */
#ifndef SLUICE_SHIPSTATE_H
#define SLUICE_SHIPSTATE_H

#include <stddef.h>
#include <stdint.h>

enum ship_phase {
	SHIP_WELL,		/* the last request was answered, or none yet */
	SHIP_FAILING,		/* the last one was not; it is tried again */
	SHIP_PHASES
};

/* Counted from the start of the shipper; each point once, at its end. */
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
	uint64_t pin_mismatches;	/* connections: enforced or not */
};

/* When each ends: Unix seconds; 0: there is none, or not known yet. */
struct export_expiry {
	uint64_t client;	/* our certificate, or one of its chain */
	uint64_t server;	/* the first of its chain, when last seen */
	uint64_t crl;		/* the first one of the file to be stale */
};

struct shipstate {
	enum ship_phase phase;
	unsigned reason;	/* reason.h; of what is wrong, else 0 */
	uint8_t endpoint;	/* of the last request, in order from 0 */
	uint64_t http_status;	/* of the last answer; 0: none */
	struct export_count count;
	struct export_expiry expiry;
};

enum { SHIPSTATE_SIZE = 3 + 14 * 8 };

/* SHIPSTATE_SIZE bytes. */
void	shipstate_encode(const struct shipstate *, uint8_t *);
/* 0 or -EBADMSG. */
int	shipstate_decode(struct shipstate *, const uint8_t *, size_t);

#endif
