/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  The body of a request in the gzip format (RFC 1952), as
 * one deflate block with the fixed codes (RFC 1951, section 3.2.6); HTTP's
 * Content-Encoding: gzip (RFC 9110, section 8.4.1.3).  Only ever packs: what
 * a server sends is never unpacked.  Pure; the same bytes give the same.
 *
 * Why not zlib: it has nothing that we need and this has not, and its memory
 * is cold each time, which costs as much as all the rest of an exchange
 * (docs/performance.md).
 */
#ifndef SLUICE_GZIP_H
#define SLUICE_GZIP_H

#include "crc32.h"

#include <stddef.h>
#include <stdint.h>

enum {
	GZIP_PLACES = 2048,		/* where four bytes were seen last */
	GZIP_LITERALS = 286,
	GZIP_DISTANCES = 30,
	GZIP_LENGTH_MIN = 4,		/* of a repetition */
	GZIP_LENGTH_MAX = 258,
};

struct gzip_code {
	uint16_t bits;			/* in the order they are written */
	uint16_t n;
};

struct gzip {
	struct gzip_code literal[GZIP_LITERALS];
	uint8_t distance[GZIP_DISTANCES];	/* five bits each */
	/* a repetition's length with its extra bits */
	struct { uint32_t bits, n; } length[GZIP_LENGTH_MAX + 1];
	struct crc32 crc;
	uint32_t place[GZIP_PLACES];
};

/* The tables; once. */
void		gzip_init(struct gzip *);
/* Bytes written to out, or -ENOBUFS where cap is too small. */
ptrdiff_t	gzip_pack(struct gzip *, const uint8_t *in, size_t len,
		    uint8_t *out, size_t cap);

#endif
