/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See gzip.h. */
#include "gzip.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum {
	DISTANCE_MAX = 32768,
	END_OF_BLOCK = 256,
	FIRST_LENGTH = 257,	/* symbol of a repetition of three bytes */
	DISTANCE_BITS = 5,
	HEAD = 10, TAIL = 8,
};

/* Bits go into bytes from the lowest upwards (RFC 1951, section 3.1.1). */
struct bits {
	uint64_t held;
	unsigned n;		/* below 8 between two calls */
	uint8_t *p, *end;	/* TAIL bytes have room behind the end */
	bool full;
};

static_assert(TAIL == sizeof(uint64_t), "put() writes that much at the end");

/*
 * n is at most 32.  All is written each time, and counted as far as it is
 * whole: a question of how much there is would be guessed wrong too often.
 */
static inline void
put(struct bits *b, uint64_t value, unsigned n)
{
	uint64_t word;

	b->held |= value << b->n;
	b->n += n;
	if (b->p > b->end) {
		b->full = true;
		b->p = b->end;
	}
	word = htole64(b->held);
	memcpy(b->p, &word, sizeof(word));
	b->p += b->n / 8;
	b->held >>= b->n & ~7u;
	b->n %= 8;
}

/* What is left is written already, and becomes a whole byte. */
static void
flush(struct bits *b)
{
	b->p += b->n > 0;
	b->full = b->full || b->p > b->end;
}

/* Codes are written from their highest bit. */
static uint16_t
reversed(unsigned code, unsigned n)
{
	unsigned out = 0;

	for (unsigned i = 0; i < n; i++)
		out |= (code >> i & 1) << (n - 1 - i);
	return (uint16_t)out;
}

static struct gzip_code
fixed_code(unsigned symbol)
{
	unsigned n = 8, code = 0x30 + symbol;

	if (symbol >= 280)
		code = 0xc0 + symbol - 280;
	else if (symbol >= END_OF_BLOCK) {
		n = 7;
		code = symbol - END_OF_BLOCK;
	} else if (symbol >= 144) {
		n = 9;
		code = 0x190 + symbol - 144;
	}
	return (struct gzip_code){ reversed(code, n), (uint16_t)n };
}

static void
fill_codes(struct gzip *g)
{
	unsigned symbol = FIRST_LENGTH, length = 3;

	for (unsigned i = 0; i < GZIP_LITERALS; i++)
		g->literal[i] = fixed_code(i);
	for (unsigned i = 0; i < GZIP_DISTANCES; i++)
		g->distance[i] = (uint8_t)reversed(i, DISTANCE_BITS);
	/* four symbols for each number of extra bits, from the second eight */
	for (; length < GZIP_LENGTH_MAX; symbol++) {
		const struct gzip_code code = g->literal[symbol];
		const unsigned extra = symbol < FIRST_LENGTH + 8 ? 0 :
		    (symbol - FIRST_LENGTH) / 4 - 1;

		for (unsigned i = 0; i < 1u << extra; i++, length++) {
			g->length[length].bits = code.bits | i << code.n;
			g->length[length].n = code.n + extra;
		}
	}
	/* the longest has a symbol of its own */
	g->length[GZIP_LENGTH_MAX].bits = g->literal[285].bits;
	g->length[GZIP_LENGTH_MAX].n = g->literal[285].n;
}

void
gzip_init(struct gzip *g)
{
	memset(g, 0, sizeof(*g));
	fill_codes(g);
	crc32_init(&g->crc);
}

static inline uint32_t
four(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline size_t
place_of(uint32_t v)
{
	return le32toh(v) * UINT32_C(2654435761) >> 21;
}

static_assert(GZIP_PLACES == 1 << (32 - 21), "place_of");

/* How far both go on alike; the first four bytes do. */
static size_t
run_length(const uint8_t *a, const uint8_t *b, size_t most)
{
	size_t n = GZIP_LENGTH_MIN;
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

/* Two symbols for each number of extra bits, from the third on. */
static void
put_distance(const struct gzip *g, struct bits *b, unsigned distance)
{
	const unsigned d = distance - 1;
	const unsigned extra = d < 4 ? 0 : 30 - (unsigned)__builtin_clz(d);

	put(b, g->distance[2 * extra + (d >> extra)] |
	    (uint64_t)(d & ((1u << extra) - 1)) << DISTANCE_BITS,
	    DISTANCE_BITS + extra);
}

static void
put_literal(const struct gzip *g, struct bits *b, unsigned symbol)
{
	put(b, g->literal[symbol].bits, g->literal[symbol].n);
}

/* Where the four bytes at in + at stood last; at itself: nowhere near. */
static size_t
look_up(struct gzip *g, const uint8_t *in, size_t at)
{
	const uint32_t v = four(in + at);
	uint32_t *place = &g->place[place_of(v)];
	const size_t before = *place;

	*place = (uint32_t)at;
	return before < at && at - before <= DISTANCE_MAX &&
	    four(in + before) == v ? before : at;
}

static void
put_block(struct gzip *g, struct bits *b, const uint8_t *in, size_t len)
{
	size_t at = 0;

	memset(g->place, 0, sizeof(g->place));
	put(b, 1 | 1 << 1, 3);			/* the last; fixed codes */
	while (at + GZIP_LENGTH_MIN <= len) {
		const size_t left = len - at, before = look_up(g, in, at);
		size_t n;

		if (before == at) {
			put_literal(g, b, in[at++]);
			continue;
		}
		n = run_length(in + at, in + before,
		    left < GZIP_LENGTH_MAX ? left : GZIP_LENGTH_MAX);
		put(b, g->length[n].bits, g->length[n].n);
		put_distance(g, b, (unsigned)(at - before));
		at += n;
	}
	while (at < len)
		put_literal(g, b, in[at++]);
	put_literal(g, b, END_OF_BLOCK);
}

ptrdiff_t
gzip_pack(struct gzip *g, const uint8_t *in, size_t len, uint8_t *out,
    size_t cap)
{
	/* no name, no time, fastest, unknown system */
	static const uint8_t head[HEAD] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4,
		255 };
	struct bits b = { .p = out + HEAD };
	uint32_t tail[2];

	if (cap < HEAD + TAIL || len > UINT32_MAX)
		return -ENOBUFS;
	b.end = out + cap - TAIL;
	memcpy(out, head, HEAD);
	put_block(g, &b, in, len);
	flush(&b);
	if (b.full)
		return -ENOBUFS;
	tail[0] = htole32(crc32_of(&g->crc, in, len));
	tail[1] = htole32((uint32_t)len);
	memcpy(b.p, tail, TAIL);
	return b.p + TAIL - out;
}
