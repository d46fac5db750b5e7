/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See gzip.h. */
#include "gzip_bits.h"

#include <assert.h>
#include <errno.h>

enum {
	LENGTH_MIN = 4,		/* of a repetition that is looked for */
	PLACES_MIN = 64,
	TAIL = 8,
};

static_assert((int)TAIL == (int)GZIP_BITS_ROOM, "a word may go there");

static inline uint32_t
four(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Fewer places for a short piece: each must be cleared first. */
static unsigned
places_for(size_t len)
{
	unsigned places = PLACES_MIN;

	while (places < GZIP_PLACES && places < len)
		places *= 2;
	return places;
}

static inline size_t
place_of(uint32_t v, unsigned places)
{
	return (le32toh(v) * UINT32_C(2654435761) >> 21) & (places - 1);
}

static_assert(GZIP_PLACES == 1 << (32 - 21), "place_of");

/* How far both go on alike; the first four bytes do. */
static size_t
run_length(const uint8_t *a, const uint8_t *b, size_t most)
{
	size_t n = LENGTH_MIN;
	uint64_t va, vb;

	for (; n + sizeof(va) <= most; n += sizeof(va)) {
		memcpy(&va, a + n, sizeof(va));
		memcpy(&vb, b + n, sizeof(vb));
		if (va != vb)
			return n + (size_t)__builtin_ctzll(le64toh(va ^ vb)) /
			    8;
	}
	while (n < most && a[n] == b[n])
		n++;
	return n;
}

static void
put_literal(const struct gzip *g, struct gzip_bits *b, uint8_t byte)
{
	const struct gzip_code code = gzip_literal(g, byte);

	gzip_bits_put(b, code.bits, code.n);
}

static void
put_repetition(const struct gzip *g, struct gzip_bits *b, size_t length,
    size_t distance)
{
	unsigned n;
	const uint32_t code = gzip_distance_code(g, distance, &n);

	gzip_bits_put(b, g->length[length].bits, g->length[length].n);
	gzip_bits_put(b, code, n);
}

/* Where the four bytes at in + at stood last; at itself: nowhere near. */
static size_t
look_up(struct gzip *g, unsigned places, const uint8_t *in, size_t at)
{
	const uint32_t v = four(in + at);
	uint32_t *place = &g->place[place_of(v, places)];
	const size_t before = *place;

	*place = (uint32_t)at;
	return before < at && at - before <= GZIP_DISTANCE_MAX &&
	    four(in + before) == v ? before : at;
}

static void
put_bytes(struct gzip *g, struct gzip_bits *b, const uint8_t *in, size_t len)
{
	const unsigned places = places_for(len);
	size_t at = 0;

	memset(g->place, 0, places * sizeof(g->place[0]));
	while (at + LENGTH_MIN <= len) {
		const size_t left = len - at;
		const size_t before = look_up(g, places, in, at);
		size_t n;

		if (before == at) {
			put_literal(g, b, in[at++]);
			continue;
		}
		n = run_length(in + at, in + before,
		    left < GZIP_LENGTH_MAX ? left : GZIP_LENGTH_MAX);
		put_repetition(g, b, n, at - before);
		at += n;
	}
	while (at < len)
		put_literal(g, b, in[at++]);
}

void
gzip_begin(struct gzip_stream *s, struct gzip *g, uint8_t *out, size_t cap)
{
	const size_t head = (size_t)(g->head_bits.p - g->head);

	*s = (struct gzip_stream){ .gzip = g, .out = out, .sum = UINT32_MAX,
		.bits = g->head_bits };
	s->bits.full = cap < head + TAIL;
	if (s->bits.full)
		return;
	memcpy(out, g->head, head);
	s->bits.p = out + head;
	s->bits.end = out + cap - TAIL;
}

void
gzip_put(struct gzip_stream *s, const uint8_t *in, size_t len)
{
	struct gzip_bits b = s->bits;	/* a copy can stay in registers */

	s->bits.full = b.full || len > UINT32_MAX - s->len;
	if (s->bits.full)
		return;
	put_bytes(s->gzip, &b, in, len);
	s->bits = b;
	s->sum = crc32_add(&s->gzip->crc, s->sum, in, len);
	s->len += len;
}

ptrdiff_t
gzip_end(struct gzip_stream *s)
{
	struct gzip_bits *b = &s->bits;
	uint32_t tail[2];

	if (b->full)
		return -ENOBUFS;
	gzip_bits_put(b, s->gzip->end.bits, s->gzip->end.n);
	b->p += b->n > 0;	/* it is written already */
	if (b->full || b->p > b->end)
		return -ENOBUFS;
	tail[0] = htole32(~s->sum);
	tail[1] = htole32((uint32_t)s->len);
	memcpy(b->p, tail, TAIL);
	return b->p + TAIL - s->out;
}

ptrdiff_t
gzip_pack(struct gzip *g, const uint8_t *in, size_t len, uint8_t *out,
    size_t cap)
{
	struct gzip_stream s;

	gzip_begin(&s, g, out, cap);
	gzip_put(&s, in, len);
	return gzip_end(&s);
}
