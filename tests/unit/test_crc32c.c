/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  CRC-32C as RFC 3720, appendix B.4, has it, both ways. */
#include "crc32c.h"
#include "test.h"

#include <stdlib.h>

enum { LONGEST = 300 };

static uint8_t bytes[LONGEST + 8];

TEST(the_sums_of_the_standard_come_out)
{
	uint8_t b[32] = { 0 };

	CHECK_INT(crc32c(0, b, sizeof(b)), 0x8a9136aa);
	memset(b, 0xff, sizeof(b));
	CHECK_INT(crc32c(0, b, sizeof(b)), 0x62a8ab43);
	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)i;
	CHECK_INT(crc32c(0, b, sizeof(b)), 0x46dd794e);
	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(31 - i);
	CHECK_INT(crc32c(0, b, sizeof(b)), 0x113fdb5c);
}

TEST(both_ways_agree_wherever_the_bytes_are_cut)
{
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)rand();
	for (size_t from = 0; from < 8; from++)
		for (size_t len = 0; len <= LONGEST; len++) {
			const uint32_t sum = crc32c_by_table(0, bytes + from,
			    len);

			CHECK_INT(crc32c(0, bytes + from, len), sum);
			CHECK_INT(crc32c(crc32c(0, bytes + from, len / 3),
			    bytes + from + len / 3, len - len / 3), sum);
		}
}
