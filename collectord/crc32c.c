/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See crc32c.h. */
#include "crc32c.h"

#include <string.h>

/* Four bits at a time: 64 bytes of table do for a few kilobytes a cycle. */
static const uint32_t nibble[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
	0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
	0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
	0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t
crc32c_by_table(uint32_t crc, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return ~crc;
}

#ifdef __x86_64__

__attribute__((target("sse4.2"))) static uint32_t
by_instruction(uint32_t crc, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t v, sum = ~crc;

	for (; len >= sizeof(v); len -= sizeof(v), p += sizeof(v)) {
		memcpy(&v, p, sizeof(v));
		sum = __builtin_ia32_crc32di(sum, v);
	}
	for (; len > 0; len--)
		sum = __builtin_ia32_crc32qi((uint32_t)sum, *p++);
	return ~(uint32_t)sum;
}

#endif

uint32_t
crc32c(uint32_t crc, const void *bytes, size_t len)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return by_instruction(crc, bytes, len);
#endif
	return crc32c_by_table(crc, bytes, len);
}
