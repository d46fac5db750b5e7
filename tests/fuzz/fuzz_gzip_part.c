/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A piece with fields anywhere: its plan fits its space, and
 * what is packed by it is what zlib unpacks.  A byte for each field first, its
 * distance from the one before and its kind, until one of zero; then the
 * piece.
 */
#include "gzip_part.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { PIECE = 1 << 16, GZIP = 16, TIME = 0x80 };

static uint8_t piece[PIECE], again[PIECE], out[2 * PIECE];
static struct gzip_field field[PIECE / GZIP_FIELD_SIZE];
static _Alignas(uint64_t) uint8_t space[3 * PIECE];

static void
must(bool what)
{
	if (!what)
		abort();
}

/* Eight bytes that differ each time; a time's is the same throughout. */
static void
patch(size_t nfields, uint64_t seed)
{
	for (size_t i = 0; i < nfields; i++) {
		const uint64_t k = field[i].kind == GZIP_FIELD_TIME ? 1 : i;
		const uint64_t v = (k + seed) * UINT64_C(0x9e3779b97f4a7c15) >>
		    (k * 7 + seed) % 64;

		memcpy(piece + field[i].at, &v, sizeof(v));
	}
}

static void
check(struct gzip *g, const struct gzip_part *part, size_t len)
{
	struct gzip_stream s;
	ptrdiff_t n;
	z_stream z = { .next_in = out, .next_out = again,
		.avail_out = sizeof(again) };

	gzip_begin(&s, g, out, sizeof(out));
	gzip_part_put(&s, part, piece, len);
	n = gzip_end(&s);
	must(n > 0);
	z.avail_in = (uInt)n;
	must(inflateInit2(&z, MAX_WBITS + GZIP) == Z_OK);
	must(inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_in == 0);
	must(z.total_out == len && memcmp(again, piece, len) == 0);
	inflateEnd(&z);
}

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gzip g;
	size_t n = 0, at = 0, start, len, cap;

	gzip_init(&g);
	for (; n < size && n < sizeof(field) / sizeof(field[0]) &&
	    data[n] != 0; n++, at += GZIP_FIELD_SIZE) {
		at += (data[n] & ~TIME) - ((data[n] & TIME) == 0);
		field[n] = (struct gzip_field){ (uint32_t)at,
			(data[n] & TIME) != 0 };
	}
	start = n < size ? n + 1 : n;
	len = size - start;
	if (len > PIECE)
		return 0;
	if (len > 0)
		memcpy(piece, data + start, len);
	while (n > 0 && field[n - 1].at + GZIP_FIELD_SIZE > len)
		n--;
	patch(n, size);
	cap = size % 2 == 0 ? sizeof(space) : size;
	if (gzip_part_make(&g, piece, len, field, n, space, cap) == 0) {
		must(cap < sizeof(space));
		return 0;
	}
	check(&g, (const struct gzip_part *)(const void *)space, len);
	patch(n, size + 1);
	check(&g, (const struct gzip_part *)(const void *)space, len);
	return 0;
}
