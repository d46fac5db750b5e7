/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  The codes, for gzip.c and gzip_part.c alone. */
#ifndef SLUICE_GZIP_BITS_H
#define SLUICE_GZIP_BITS_H

#include "gzip.h"

#include <endian.h>
#include <string.h>

enum {
	GZIP_BITS_MAX = 56,		/* written at once */
	GZIP_BITS_ROOM = 8,		/* behind the end */
	GZIP_DISTANCE_BITS = 5,
};

/* How many bits a literal has. */
static inline unsigned
gzip_literal_bits(uint8_t byte)
{
	return byte < 144 ? 8 : 9;
}

/*
 * A word is written each time, and counted as far as it is whole: a question
 * of how much there is would be guessed wrong too often.
 */
static inline void
gzip_bits_write(struct gzip_bits *b, uint64_t value, unsigned n)
{
	uint64_t word;

	b->held |= value << b->n;
	b->n += n;
	word = htole64(b->held);
	memcpy(b->p, &word, sizeof(word));
	b->p += b->n / 8;
	b->held >>= b->n & ~7u;
	b->n %= 8;
}

/* Where nobody has asked whether there is room. */
static inline void
gzip_bits_put(struct gzip_bits *b, uint64_t value, unsigned n)
{
	if (b->p > b->end) {
		b->full = true;
		b->p = b->end;
	}
	gzip_bits_write(b, value, n);
}

/* Two symbols for each number of extra bits, from the third on. */
static inline uint32_t
gzip_distance_code(const struct gzip *g, size_t distance, unsigned *n)
{
	const uint32_t d = (uint32_t)distance - 1;
	const unsigned extra = d < 4 ? 0 : 30 - (unsigned)__builtin_clz(d);

	*n = GZIP_DISTANCE_BITS + extra;
	return g->distance[2 * extra + (d >> extra)] |
	    (d & ((UINT32_C(1) << extra) - 1)) << GZIP_DISTANCE_BITS;
}

#endif
