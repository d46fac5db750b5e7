/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  Packs what layout.c made.  A part of the body that comes
 * again with other values gets a plan when it does so for the first time, and
 * is packed by that from then on (gzip_part.h); what is new each time, and
 * what has no room for its plan, as any other bytes.
 */
#ifndef SLUICE_PACKER_H
#define SLUICE_PACKER_H

#include "gzip.h"
#include "layout.h"

enum {
	PACKER_PLANS = 1 << 19,	/* bytes; touched as far as it is needed */
};

struct packer {
	struct gzip gzip;
	struct shelf plans;
	/* of which part each plan is, or that it could not have one */
	uint64_t number[LAYOUT_PARTS];
	struct layout_part part[LAYOUT_PARTS];	/* of this request */
	uint64_t space[];			/* of the plans */
};

/* Fatal without memory. */
struct packer	*packer_new(void);
/* The last body, of that length.  Bytes written to out, or -ENOBUFS. */
ptrdiff_t	packer_pack(struct packer *, const struct layout *, size_t len,
		    uint8_t *out, size_t cap);

#endif
