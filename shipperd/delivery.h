/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  Batches to the receiver, first in first out: encodes a
 * batch in as many requests as its size needs, sends the same bytes until
 * there is an answer that ends them, counts what was lost by cause, and says
 * what is wrong once, and again when it changes.
 */
#ifndef SLUICE_DELIVERY_H
#define SLUICE_DELIVERY_H

#include "conn.h"
#include "export.h"
#include "intake.h"

struct delivery {
	const struct shipconf *conf;
	struct intake *intake;
	struct conn *conn;
	struct export_count count;
	uint64_t ack;			/* owed to the collector; 0: none */
	/* the request that is encoded now: records first to first+n-1 */
	size_t first, n;		/* n 0: none */
	uint8_t *body;			/* REQUEST_MAX bytes */
	size_t body_len;
	uint64_t points;
	size_t target;			/* bytes; a 413 halves it */
	/* trying */
	size_t endpoint;
	unsigned failures;		/* in a row */
	uint64_t not_before_ns;		/* CLOCK_MONOTONIC */
	const char *trouble;		/* what was last said; NULL: all well */
	bool ever;			/* something was delivered before */
};

/* Fatal without memory. */
void	delivery_init(struct delivery *, const struct shipconf *,
	    struct intake *, struct conn *, uint64_t now_ns);

/* Starts what can be started; takes what has ended.  Call each turn. */
void	delivery_step(struct delivery *, uint64_t now_ns);

/* When delivery_step() wants to be called; UINT64_MAX: by events alone. */
uint64_t	delivery_deadline(const struct delivery *);

#endif
