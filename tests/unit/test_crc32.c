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
