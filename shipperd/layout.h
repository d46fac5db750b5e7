/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  The body of a request, made of the one before it.
 *
 * From one time step to the next most sources say the same series, and a
 * point's times and its value are eight bytes each, whatever they are.  So
 * the metrics of a source whose records differ from those before in nothing
 * but time and values are not encoded again: these fields alone are written,
 * where they stand.  What is of another shape is encoded as ever, and so is
 * all of a request with descriptions, or in JSON.
 *
 * The bytes are those of otlp_encode(), always, and each record is judged as
 * strictly: by the shape that was judged, to which it is compared byte by
 * byte, and by its values' signs.  That the metrics of one source stand
 * together, sources by their numbers, is how metrics.def numbers them.
 */
#ifndef SLUICE_LAYOUT_H
#define SLUICE_LAYOUT_H

#include "otlp_pb.h"
#include "shelf.h"

enum {
	/* of records that are compared to; touched as far as it is needed */
	LAYOUT_SHAPES = 1 << 20,
};

/* In the order of a body. */
enum layout_slot {
	LAYOUT_FRONT,			/* how long all is; or all, unknown */
	LAYOUT_RESOURCE,
	LAYOUT_SCOPE,			/* how long it is, and its name */
	LAYOUT_SOURCES,			/* from here by their numbers */
	LAYOUT_TAIL = LAYOUT_SOURCES + SOURCE_END,
	LAYOUT_PARTS
};

struct layout_part {
	const uint8_t *bytes;
	size_t len;			/* 0: it is not there */
	uint64_t number;		/* the same: all but values is, too */
	unsigned age;			/* how often it came again */
	const struct otlp_pb_place *place;
	size_t nplaces;
};

struct layout_chunk {
	uint64_t judged_ns;	/* no start in it is later */
	uint64_t number;
	unsigned age;
	bool lost;		/* its bytes; its shape is there */
	size_t series, points;	/* in the body */
	size_t places;		/* points in the records */
};

struct layout {
	uint8_t *space, *spare;		/* REQUEST_MAX bytes each */
	struct shelf bodies;		/* each source's metrics, in space */
	struct shelf shapes;		/* places, then records */
	struct layout_chunk chunk[SOURCE_END];
	/* this request's records of each source, all of one time */
	const struct batch_record *first[SOURCE_END];
	size_t n[SHELF_SLOTS];
	uint64_t wall_ns;
	/* the last request */
	const uint8_t *body;
	struct otlp_pb_body around;	/* the chunks; len 0: not yet */
	uint64_t last_number;
	unsigned age;			/* requests, made of these */
};

/*
 * Fatal without memory.  The request says what stays: the configuration and
 * the version.  The spaces are the caller's: the last body stays in the first
 * one, the second one is free between two calls.
 */
void		layout_init(struct layout *, const struct otlp_request *,
		    uint8_t *space, uint8_t *spare);
/* As otlp_encode() with all of the space; the bytes begin at ->body. */
ptrdiff_t	layout_encode(struct layout *, enum protocol,
		    const struct otlp_request *, uint64_t *points);
/* Of the last body, which had that length. */
void		layout_parts(const struct layout *, size_t len,
		    struct layout_part [LAYOUT_PARTS]);

#endif
