/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See gzip_part.h.  What is done each second. */
#include "gzip_part.h"

#include "gzip_bits.h"

#include <assert.h>

enum {
	RUN_MIN = 4,		/* so that all the rest fits into one word */
	RUN_DISTANCE_BITS = GZIP_DISTANCE_BITS,
	HALF = GZIP_FIELD_SIZE / 2,
};

static inline uint64_t
field_at(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

struct run {
	uint64_t bits;
	unsigned n;
};

/* The highest bytes of v as literals, before what is there already. */
static inline struct run
literals(const struct gzip *g, uint64_t v, unsigned bytes, struct run then)
{
	for (; bytes > 0; bytes--, v <<= 8) {
		const uint8_t byte = (uint8_t)(v >> 56);
		const unsigned n = gzip_literal_bits(byte);

		then.bits = then.bits << n | g->literal[byte];
		then.n += n;
	}
	return then;
}

/*
 * Most values are small: the highest of their bytes are the same, and a
 * repetition of the one below them.
 */
static inline void
put_field(const struct gzip *g, struct gzip_bits *b, uint64_t v)
{
	const unsigned run = (unsigned)__builtin_clzll((v ^ v << 8) | 1) / 8;
	struct run r = { 0, 0 };

	if (run >= RUN_MIN) {
		r.bits = g->length[run].bits;	/* and distance 1: no bit set */
		r.n = g->length[run].n + RUN_DISTANCE_BITS;
		r = literals(g, v << 8 * run, GZIP_FIELD_SIZE - run, r);
		gzip_bits_write(b, r.bits, r.n);
		return;
	}
	r = literals(g, v << 8 * HALF, HALF, r);
	gzip_bits_write(b, r.bits, r.n);
	r = literals(g, v, HALF, (struct run){ 0, 0 });
	gzip_bits_write(b, r.bits, r.n);
}

/* The codes up to the next field, or to the end. */
static inline const uint64_t *
copy_codes(struct gzip_bits *b, const uint64_t *word)
{
	for (; (*word & GZIP_PART_LAST) == 0; word++)
		gzip_bits_write(b, *word, GZIP_BITS_MAX);
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
	struct gzip_bits b = s->bits;	/* a copy can stay in registers */

	assert(len == part->len);
	s->bits.full = b.full || len > UINT32_MAX - s->len ||
	    b.p > b.end || (size_t)(b.end - b.p) < part->most;
	if (s->bits.full)
		return;
	for (word = copy_codes(&b, word); term < end; term++) {
		put_field(s->gzip, &b, field_at(bytes + term->at));
		word = copy_codes(&b, word);
	}
	assert(word == (const uint64_t *)(const void *)end + part->nwords);
	s->bits = b;
	s->sum = crc32_terms(&s->gzip->crc, s->sum, part->factor, part->term,
	    part->nterms, bytes) ^ part->sum;
	s->len += len;
}
