/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  What is packed comes out again as it went in. */
#include "gzip.h"
#include "registry.h"
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

enum { SPACE = 1 << 20, GZIP = 16 };

static uint8_t in[SPACE], out[SPACE + SPACE / 2], again[SPACE];

/* Anyone's reading of it, by the library that all others use. */
static size_t
unpack(const uint8_t *bytes, size_t len)
{
	z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)bytes,
		.avail_in = (uInt)len, .next_out = again,
		.avail_out = sizeof(again) };

	CHECK_INT(inflateInit2(&z, MAX_WBITS + GZIP), Z_OK);
	CHECK_INT(inflate(&z, Z_FINISH), Z_STREAM_END);
	CHECK_INT(z.avail_in, 0);
	inflateEnd(&z);
	return z.total_out;
}

static struct gzip *
new_gzip(void)
{
	struct gzip *g = malloc(sizeof(*g));

	CHECK(g != NULL);
	gzip_init(g);
	return g;
}

static size_t
there_and_back(struct gzip *g, size_t len)
{
	const ptrdiff_t n = gzip_pack(g, in, len, out, sizeof(out));

	CHECK(n > 0);
	CHECK_INT(unpack(out, (size_t)n), len);
	CHECK(len == 0 || memcmp(again, in, len) == 0);
	return (size_t)n;
}

TEST(any_bytes_of_any_length_come_out_as_they_went_in)
{
	struct gzip *g = new_gzip();

	for (size_t len = 0; len <= sizeof(in); len = len * 3 + 1) {
		memset(in, 'a', len);
		there_and_back(g, len);
		for (size_t i = 0; i < len; i++)
			in[i] = (uint8_t)rand();
		there_and_back(g, len);
	}
	free(g);
}

TEST(what_repeats_becomes_small_and_the_same_bytes_give_the_same)
{
	struct gzip *g = new_gzip(), *other = new_gzip();
	static uint8_t first[SPACE];
	size_t n;

	for (size_t i = 0; i < 20000; i++)
		in[i] = (uint8_t)"one data point like the other"[i % 29];
	n = there_and_back(g, 20000);
	CHECK(n < 400);
	memcpy(first, out, n);
	/* whatever it had compressed before, and in whichever process */
	memset(in + 30000, 'z', 1000);
	there_and_back(g, 40000);
	CHECK_INT(there_and_back(g, 20000), n);
	CHECK_INT(memcmp(out, first, n), 0);
	CHECK_INT(there_and_back(other, 20000), n);
	CHECK_INT(memcmp(out, first, n), 0);
	free(g);
	free(other);
}

TEST(what_does_not_fit_is_said_and_the_next_is_well)
{
	struct gzip *g = new_gzip();
	ptrdiff_t n;

	for (size_t i = 0; i < 5000; i++)
		in[i] = (uint8_t)rand();
	n = gzip_pack(g, in, 5000, out, sizeof(out));
	CHECK(n > 5000);
	for (ptrdiff_t cap = 0; cap < n; cap += cap < 200 ? 1 : 371) {
		memset(out + cap, 0xa5, 16);
		CHECK_INT(gzip_pack(g, in, 5000, out, (size_t)cap),
		    -ENOBUFS);
		for (int i = 0; i < 16; i++)
			CHECK_INT(out[cap + i], 0xa5);
	}
	CHECK_INT(there_and_back(g, 5000), n);
	free(g);
}

TEST(what_was_packed_before_is_not_seen_in_what_is_packed_now)
{
	struct gzip *g = new_gzip();
	static uint8_t first[SPACE];

	for (int k = 0; k < 50; k++) {
		struct gzip *fresh = new_gzip();
		size_t n;

		for (size_t i = 0; i < 4000; i++)
			in[i] = (uint8_t)(rand() % 4);
		n = there_and_back(fresh, 4000);
		memcpy(first, out, n);
		CHECK_INT(there_and_back(g, 4000), n);
		CHECK_MEM(first, out, n);
		free(fresh);
	}
	free(g);
}

/* By the library, with the codes that need not be announced. */
static size_t
fixed_codes(size_t len)
{
	z_stream z = { .next_in = in, .avail_in = (uInt)len,
		.next_out = out, .avail_out = sizeof(out) };

	CHECK_INT(deflateInit2(&z, 1, Z_DEFLATED, MAX_WBITS + GZIP, 9,
	    Z_FIXED), Z_OK);
	CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

TEST(what_requests_are_made_of_is_shorter_than_in_the_fixed_codes)
{
	struct gzip *g = new_gzip();
	size_t len = 0;

	for (unsigned i = 0; i < METRIC_END; i++) {
		const struct metric_row *row = &registry_metrics[i];

		if (row->name == NULL)
			continue;
		in[len++] = 0x0a;
		in[len++] = (uint8_t)row->name_len;
		memcpy(in + len, row->name, row->name_len);
		len += row->name_len;
		in[len++] = (uint8_t)i;
		for (int k = 0; k < 7; k++)
			in[len++] = 0;
	}
	CHECK(len > 5000);
	CHECK(there_and_back(g, len) < fixed_codes(len));
	free(g);
}
