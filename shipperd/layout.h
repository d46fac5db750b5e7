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
 * byte, and by its values' signs.
 */
#ifndef SLUICE_LAYOUT_H
#define SLUICE_LAYOUT_H

#include "otlp.h"
#include "shelf.h"

enum {
	/* of records that are compared to; touched as far as it is needed */
	LAYOUT_SHAPES = 1 << 20,
};

struct layout_chunk {
	uint64_t judged_ns;	/* no start in it is later */
	size_t series, points;	/* in the body */
	size_t places;		/* points in the records */
};

struct layout {
	uint8_t *space, *spare;		/* REQUEST_MAX bytes each */
	struct shelf bodies;		/* each source's metrics, in space */
	struct shelf shapes;		/* places, then records */
	struct layout_chunk chunk[SOURCE_END];
	const uint8_t *body;		/* of the last request */
	size_t len;			/* 0: it must be wrapped anew */
};

/*
 * Fatal without memory.  The spaces are the caller's: the last body stays in
 * the first one, the second one is free between two calls.
 */
void		layout_init(struct layout *, uint8_t *space, uint8_t *spare);
/*
 * As otlp_encode() with all of the space, but that the bytes begin at
 * ->body.  The configuration and the version must be the same at each call.
 */
ptrdiff_t	layout_encode(struct layout *, enum protocol,
		    const struct otlp_request *, uint64_t *points);

#endif
