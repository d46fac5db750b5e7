/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  See gzip.h.  The codes, and how a block announces them
 * (RFC 1951, sections 3.2.2 and 3.2.7); once.
 *
 * How many bits each symbol has is what Huffman's way gives for the requests
 * of a plain host, no letter beyond ten.  Any complete codes would do: others
 * make bodies longer, not wrong.
 */
#include "gzip_bits.h"

#include <assert.h>

enum {
	END_OF_BLOCK = 256,
	FIRST_LENGTH = 257,	/* symbol of a repetition of three bytes */
	LITERALS = 286, DISTANCES = 30, SIZES = 19,
	CODE_MAX = 15,		/* bits */
	REPEAT = 16,		/* of the size before, three to six times */
	REPEAT_MIN = 3, REPEAT_MAX = 6,
};

/* A digit a symbol: the bytes, then the end and the lengths. */
static const char literal_sizes[LITERALS + 1] =
	"4778888888599999786a89897878aaa9"
	"988aaaa9aaaaaa6987989989996aaaa9"
	"8aaaaaaaaaaaa9a9aaaaaaaaaaaaaaa7"
	"a686657885a866666a65568888a8a8aa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"a6677589878785787889988aa9aaaa";
static const char distance_sizes[DISTANCES + 1] =
	"399998676763353444555557777778";
/* Of the sizes above and of REPEAT, as a block announces them. */
static const char size_sizes[SIZES + 1] = "0005543333300000200";

static unsigned
size_of(char digit)
{
	return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
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

/* Shorter ones first, and those of one size in the order of the symbols. */
static void
fill_codes(const char *sizes, size_t n, struct gzip_code *out)
{
	unsigned code = 0;

	for (unsigned size = 1; size <= CODE_MAX; size++) {
		code <<= 1;
		for (size_t i = 0; i < n; i++)
			if (size_of(sizes[i]) == size)
				out[i] = (struct gzip_code){
				    reversed(code++, size), (uint16_t)size };
	}
	assert(code == 1u << CODE_MAX);		/* no code is left over */
}

static void
fill_literals(struct gzip *g, const struct gzip_code *code)
{
	for (unsigned i = 0; i < GZIP_LITERALS; i++) {
		assert(code[i].n <= GZIP_LITERAL_MOST);
		g->literal[i] = (uint16_t)(code[i].bits << GZIP_SIZE_BITS |
		    code[i].n);
	}
	g->end = code[END_OF_BLOCK];
}

static void
fill_lengths(struct gzip *g, const struct gzip_code *code)
{
	unsigned symbol = FIRST_LENGTH, length = 3;

	/* four symbols for each number of extra bits, from the second eight */
	for (; length < GZIP_LENGTH_MAX; symbol++) {
		const unsigned extra = symbol < FIRST_LENGTH + 8 ? 0 :
		    (symbol - FIRST_LENGTH) / 4 - 1;

		for (unsigned i = 0; i < 1u << extra; i++, length++) {
			g->length[length].bits = code[symbol].bits |
			    i << code[symbol].n;
			g->length[length].n = code[symbol].n + extra;
		}
	}
	/* the longest has a symbol of its own */
	g->length[GZIP_LENGTH_MAX].bits = code[LITERALS - 1].bits;
	g->length[GZIP_LENGTH_MAX].n = code[LITERALS - 1].n;
}

static void
fill_runs(struct gzip *g)
{
	for (unsigned n = 3; n < 8; n++) {
		const uint32_t both = g->length[n].n + g->distance[0].n;

		assert(both <= GZIP_RUN_MOST);
		g->run[n] = both | (g->length[n].bits | (uint32_t)
		    g->distance[0].bits << g->length[n].n) << GZIP_SIZE_BITS;
	}
}

/* How many, at most REPEAT_MAX, are the same as the one before them. */
static unsigned
repeated(const char *sizes, size_t i)
{
	unsigned n = 0;

	while (i > 0 && n < REPEAT_MAX && sizes[i + n] == sizes[i - 1])
		n++;
	return n;
}

static void
put_sizes(struct gzip_bits *b, const struct gzip_code *code,
    const char *sizes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned same = repeated(sizes, i);
		const struct gzip_code c = code[same >= REPEAT_MIN ? REPEAT :
		    size_of(sizes[i])];

		gzip_bits_put(b, c.bits, c.n);
		if (same < REPEAT_MIN)
			continue;
		gzip_bits_put(b, same - REPEAT_MIN, 2);
		i += same - 1;
	}
}

/* What all bodies begin with. */
static void
fill_head(struct gzip *g)
{
	/* no name, no time, fastest, unknown system */
	static const uint8_t head[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255 };
	static const uint8_t order[SIZES] = { 16, 17, 18, 0, 8, 7, 9, 6, 10,
		5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	struct gzip_code code[SIZES] = { 0 };
	struct gzip_bits *b = &g->head_bits;

	memcpy(g->head, head, sizeof(head));
	b->p = g->head + sizeof(head);
	b->end = g->head + sizeof(g->head) - GZIP_BITS_ROOM;
	fill_codes(size_sizes, SIZES, code);
	gzip_bits_put(b, 1 | 2 << 1, 3);	/* the last; codes of its own */
	gzip_bits_put(b, LITERALS - 257, 5);
	gzip_bits_put(b, DISTANCES - 1, 5);
	gzip_bits_put(b, SIZES - 4, 4);
	for (size_t i = 0; i < SIZES; i++)
		gzip_bits_put(b, code[order[i]].n, 3);
	put_sizes(b, code, literal_sizes, LITERALS);
	put_sizes(b, code, distance_sizes, DISTANCES);
	assert(!b->full && b->p <= b->end);
}

void
gzip_init(struct gzip *g)
{
	struct gzip_code code[LITERALS] = { 0 };

	memset(g, 0, sizeof(*g));
	fill_codes(literal_sizes, LITERALS, code);
	fill_literals(g, code);
	fill_lengths(g, code);
	fill_codes(distance_sizes, DISTANCES, g->distance);
	fill_runs(g);
	fill_head(g);
	crc32_init(&g->crc);
}
