/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  How bits are written, for the gzip modules alone. */
#ifndef SLUICE_GZIP_BITS_H
#define SLUICE_GZIP_BITS_H

#include "gzip.h"

#include <endian.h>
#include <string.h>

enum {
	GZIP_BITS_MAX = 56,		/* written at once */
	GZIP_BITS_ROOM = 8,		/* behind the end */
};

static inline struct gzip_code
gzip_literal(const struct gzip *g, uint8_t byte)
{
	const unsigned both = g->literal[byte];

	return (struct gzip_code){ (uint16_t)(both >> GZIP_SIZE_BITS),
		both & ((1u << GZIP_SIZE_BITS) - 1) };
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

/* The same for GZIP_BITS_MAX bits: so many are whole bytes. */
static inline void
gzip_bits_write_most(struct gzip_bits *b, uint64_t value)
{
	uint64_t word;

	b->held |= value << b->n;
	word = htole64(b->held);
	memcpy(b->p, &word, sizeof(word));
	b->p += GZIP_BITS_MAX / 8;
	b->held >>= GZIP_BITS_MAX;
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

	const struct gzip_code code = g->distance[2 * extra + (d >> extra)];

	*n = code.n + extra;
	return code.bits | (d & ((UINT32_C(1) << extra) - 1)) << code.n;
}

#endif
