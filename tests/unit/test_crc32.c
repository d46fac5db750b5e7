/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Both ways to the sum say what all others say. */
#include "crc32.h"
#include "test.h"

#include <stdlib.h>
#include <zlib.h>

enum { LONGEST = 700 };

static uint8_t bytes[LONGEST + 16];
static struct crc32 c;

static void
compare(size_t from, size_t len)
{
	const uint32_t sum = (uint32_t)crc32(0, bytes + from, (uInt)len);

	CHECK_INT(crc32_of(&c, bytes + from, len), sum);
	CHECK_INT(crc32_by_table(&c, bytes + from, len), sum);
}

TEST(any_bytes_of_any_length_have_the_sum_that_zlib_says)
{
	crc32_init(&c);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)rand();
	for (size_t from = 0; from < 16; from++)
		for (size_t len = 0; len <= LONGEST; len++)
			compare(from, len);
}

TEST(bytes_that_are_all_alike_have_it_too)
{
	crc32_init(&c);
	for (int byte = 0; byte <= 0xff; byte += 0x33) {
		memset(bytes, byte, sizeof(bytes));
		for (size_t len = 0; len <= LONGEST; len++)
			compare(0, len);
	}
}

/* Words anywhere in bytes that are summed up once. */
static void
compare_terms(size_t len)
{
	struct crc32_term term[LONGEST / 8];
	const uint32_t before = (uint32_t)rand();
	uint32_t rest, whole, end = CRC32_SAME;
	size_t n = 0;

	for (size_t at = (size_t)rand() % 20; at + 8 <= len;
	    at += 8 + (size_t)rand() % 20 * (rand() % 2))
		term[n++] = (struct crc32_term){ (uint32_t)at,
			crc32_zeros(&c, CRC32_LAST, len - at - 8) };
	end = crc32_zeros(&c, end, len);
	rest = crc32_add(&c, 0, bytes, len) ^
	    crc32_terms(&c, 0, end, term, n, bytes);
	for (size_t i = 0; i < n * 8; i++)
		bytes[term[i / 8].at + i % 8] = (uint8_t)rand();
	whole = crc32_add(&c, before, bytes, len);
	CHECK_INT(crc32_terms(&c, before, end, term, n, bytes) ^ rest, whole);
	CHECK_INT(crc32_terms_by_table(&c, before, end, term, n, bytes) ^
	    rest, whole);
}

TEST(words_in_known_bytes_change_the_sum_by_their_products)
{
	crc32_init(&c);
	for (int i = 0; i < 3000; i++)
		compare_terms((size_t)rand() % LONGEST);
}

TEST(a_sum_goes_on_where_it_stood)
{
	static const uint8_t zeros[LONGEST];

	crc32_init(&c);
	for (size_t len = 0; len <= LONGEST; len++) {
		const size_t half = (size_t)rand() % (len + 1);
		const uint32_t sum = crc32_add(&c, UINT32_MAX, bytes, half);
		const uint32_t more = crc32_add(&c, sum, bytes + half,
		    len - half);

		CHECK_INT(more, ~crc32_of(&c, bytes, len));
		CHECK_INT(crc32_zeros(&c, sum, len),
		    crc32_add(&c, sum, zeros, len));
	}
}
