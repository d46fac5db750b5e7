/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See gzip_part.h.  What is done each second. */
#include "gzip_part.h"

#include "gzip_bits.h"

#include <assert.h>

enum {
	RUN_MIN = 4,		/* so that all the rest fits into one word */
	HALF = GZIP_FIELD_SIZE / 2,
	SIZE_MASK = (1 << GZIP_SIZE_BITS) - 1,
};

static_assert(GZIP_LITERAL_MOST * 4 + GZIP_RUN_MOST <= 56,
    "half of a field and a run are written at once");

static inline uint64_t
field_at(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* Codes that are written at once. */
struct codes {
	uint64_t bits;
	unsigned sizes;		/* their sum, in the lowest bits */
};

/* The highest bytes of v as literals, before what is there already. */
static inline struct codes
literals(const struct gzip *g, uint64_t v, unsigned bytes, struct codes c)
{
	for (; bytes > 0; bytes--, v <<= 8) {
		const unsigned both = g->literal[v >> 56];

		/* what stands above a size is not looked at */
		c.bits = c.bits << (both & SIZE_MASK) | both >> GZIP_SIZE_BITS;
		c.sizes += both;
	}
	return c;
}

static inline void
put_codes(struct gzip_bits *b, struct codes c)
{
	gzip_bits_write(b, c.bits, c.sizes & SIZE_MASK);
}

/*
 * Most values are small: the highest of their bytes are the same, and a
 * repetition of the one below them.
 */
static inline void
put_field(const struct gzip *g, struct gzip_bits *b, uint64_t v)
{
	const unsigned run = (unsigned)__builtin_clzll((v ^ v << 8) | 1) / 8;
	const struct codes none = { 0, 0 };

	if (run < RUN_MIN) {
		put_codes(b, literals(g, v << 8 * HALF, HALF, none));
		put_codes(b, literals(g, v, HALF, none));
		return;
	}
	put_codes(b, literals(g, v << 8 * run, GZIP_FIELD_SIZE - run,
	    (struct codes){ g->run[run] >> GZIP_SIZE_BITS, g->run[run] }));
}

/* The codes up to the next field, or to the end. */
static inline const uint64_t *
copy_codes(struct gzip_bits *b, const uint64_t *word)
{
	for (; (*word & GZIP_PART_LAST) == 0; word++)
		gzip_bits_write_most(b, *word);
	gzip_bits_write(b, *word << 8 >> 8,
	    (unsigned)(*word >> GZIP_BITS_MAX) & 0x7f);
	return word + 1;
}

void
gzip_part_put(struct gzip_stream *s, const struct gzip_part *part,
    const uint8_t *bytes, size_t len)
{
	const struct crc32_term *term = part->term, *end = term + part->nterms;
	const uint64_t *word = (const uint64_t *)(const void *)end;
	const struct gzip *g = s->gzip;
	struct gzip_bits b = s->bits;	/* a copy can stay in registers */

	assert(len == part->len);
	s->bits.full = b.full || len > UINT32_MAX - s->len ||
	    b.p > b.end || (size_t)(b.end - b.p) < part->most;
	if (s->bits.full)
		return;
	for (word = copy_codes(&b, word); term < end; term++) {
		put_field(g, &b, field_at(bytes + term->at));
		word = copy_codes(&b, word);
	}
	assert(word == (const uint64_t *)(const void *)end + part->nwords);
	s->bits = b;
	s->sum = crc32_terms(&g->crc, s->sum, part->factor, part->term,
	    part->nterms, bytes) ^ part->sum;
	s->len += len;
}
