/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  Batches to the receiver, first in first out: encodes a
 * batch in as many requests as its size needs, sends the same bytes until
 * there is an answer that ends them, says what became of them, and says what
 * is wrong once, and again when it changes.
 */
#ifndef SLUICE_DELIVERY_H
#define SLUICE_DELIVERY_H

#include "breaker.h"
#include "conn.h"
#include "defender.h"
#include "egress.h"
#include "frame.h"
#include "intake.h"
#include "layout.h"
#include "packer.h"
#include "sign.h"

enum {
	/*
	 * On average a backlog is sent at most so many times faster than it
	 * was made: a fleet that comes back does not crush its receiver.
	 */
	CATCH_UP = 10,
};

/* Owed to the collector: what became of all up to seq. */
struct answer {
	uint64_t seq;		/* 0: nothing is owed */
	enum ack what;
};

struct delivery {
	const struct shipconf *conf;
	struct intake *intake;
	struct conn *conn;
	struct shipstate state;
	struct answer answer;
	/* the request that is encoded now: records first to first+n-1 */
	size_t first, n;		/* n 0: none */
	uint8_t *plain, *packed;	/* REQUEST_MAX bytes each */
	size_t plain_len;		/* 0: none */
	struct layout layout;		/* what it makes is in plain */
	struct http_body body;		/* one of the two */
	struct packer *packer;		/* NULL: bodies stay plain */
	const struct signer *signer;	/* NULL: requests are not signed */
	char lines[SIGN_FIELDS_MAX];
	uint64_t points;
	uint64_t seed;			/* of the spread */
	size_t target;			/* plain bytes; a 413 halves it */
	struct defender *defender;	/* NULL: requests are OTLP */
	struct egress egress;
	size_t step;			/* bytes sent of this time step */
	/* trying */
	size_t endpoint;
	struct breaker breaker[ENDPOINTS_MAX];
	const char *trouble[ENDPOINTS_MAX];	/* last said; NULL: well */
	uint64_t not_before_ns;		/* CLOCK_MONOTONIC */
	uint64_t now_ns;		/* of this turn */
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
