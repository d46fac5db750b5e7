/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  The body of a request in the gzip format (RFC 1952), as
 * one deflate block whose codes are always the same (gzip_codes.c); HTTP's
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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GZIP_PLACES = 2048,		/* where four bytes were seen last */
	GZIP_LITERALS = 256,
	GZIP_DISTANCES = 30,
	GZIP_DISTANCE_MAX = 32768,
	GZIP_LENGTH_MAX = 258,		/* of a repetition */
	GZIP_LITERAL_MOST = 10,		/* bits */
	GZIP_RUN_MOST = 16,
	GZIP_SIZE_BITS = 6,		/* of how many bits a code has */
	GZIP_HEAD = 128,		/* that a body begins with, at most */
};

struct gzip_code {
	uint16_t bits;			/* in the order they are written */
	uint16_t n;
};

/* Bits go into bytes from the lowest upwards (RFC 1951, section 3.1.1). */
struct gzip_bits {
	uint64_t held;
	unsigned n;			/* below 8 between two calls */
	uint8_t *p, *end;		/* a word has room behind the end */
	bool full;
};

struct gzip {
	/* a code's bits above their number: what is used most, in little */
	uint16_t literal[GZIP_LITERALS];
	struct gzip_code distance[GZIP_DISTANCES], end;
	/* a repetition's length with its extra bits */
	struct { uint32_t bits, n; } length[GZIP_LENGTH_MAX + 1];
	/* a byte's repetition within eight bytes, so at distance 1 */
	uint32_t run[8];
	uint8_t head[GZIP_HEAD];
	struct gzip_bits head_bits;	/* behind it */
	struct crc32 crc;
	uint32_t place[GZIP_PLACES];
};

/* A body that is packed piece by piece. */
struct gzip_stream {
	struct gzip *gzip;
	struct gzip_bits bits;
	uint8_t *out;
	size_t len;			/* what is in it, before packing */
	uint32_t sum;
};

/* The tables; once. */
void		gzip_init(struct gzip *);

/* A piece repeats only its own bytes. */
void		gzip_begin(struct gzip_stream *, struct gzip *, uint8_t *out,
		    size_t cap);
void		gzip_put(struct gzip_stream *, const uint8_t *in, size_t len);
/* Bytes written to out, or -ENOBUFS where cap was too small. */
ptrdiff_t	gzip_end(struct gzip_stream *);

/* All three, for one piece. */
ptrdiff_t	gzip_pack(struct gzip *, const uint8_t *in, size_t len,
		    uint8_t *out, size_t cap);

#endif
