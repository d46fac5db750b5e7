/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd, and `sluice show`.  The parts of a request in binary
 * protobuf, for who puts it together himself (shipperd/layout.h).
 */
#ifndef SLUICE_OTLP_PB_H
#define SLUICE_OTLP_PB_H

#include "otlp_encoder.h"

enum {
	/* a tag between them */
	OTLP_PB_TIME_TO_VALUE = sizeof(uint64_t) + 1,
	OTLP_PB_TAIL_MAX = 64,	/* more than what stands behind metrics */
};

/* Where a point's value stands: eight bytes, and its time before them. */
struct otlp_pb_place {
	uint32_t at;			/* 0: it is not in the body */
	enum scale scale : 31;
	bool monotonic : 1;		/* a value below zero is none */
};

/* Where the parts of a body begin. */
struct otlp_pb_body {
	const uint8_t *start, *resource, *scope;
	size_t len;			/* of all, metrics included */
};

/* All metrics of the walk, as they stand in their scope. */
void		otlp_pb_metrics(struct writer *, struct walk *, bool terse);
/* Of what that wrote, tersely: a place for each point that was read. */
void		otlp_pb_places(const uint8_t *, size_t, struct walk *,
		    struct otlp_pb_place *);
/* The value at a place. */
void		otlp_pb_put(uint8_t *at, enum scale, int64_t value);
/* As much as can stand before metrics; made in the spare room to see it. */
size_t		otlp_pb_head_most(const struct otlp_request *, uint8_t *spare);
/*
 * Puts around len bytes of metrics what belongs there: there is as much room
 * before them, and OTLP_PB_TAIL_MAX behind.
 */
struct otlp_pb_body	otlp_pb_wrap(const struct otlp_request *,
			    uint8_t *metrics, size_t len, uint8_t *spare);

#endif
