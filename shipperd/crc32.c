/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See crc32.h. */
#include "crc32.h"

#include <endian.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

static const uint32_t polynomial = UINT32_C(0xedb88320);

/* One byte's worth of division. */
static uint32_t
divide(uint32_t crc)
{
	for (int bit = 0; bit < 8; bit++)
		crc = crc >> 1 ^ ((crc & 1) != 0 ? polynomial : 0);
	return crc;
}

void
crc32_init(struct crc32 *c)
{
	for (uint32_t i = 0; i < 256; i++)
		c->table[0][i] = divide(i);
	for (int k = 1; k < 8; k++)
		for (uint32_t i = 0; i < 256; i++)
			c->table[k][i] = c->table[k - 1][i] >> 8 ^
			    c->table[0][c->table[k - 1][i] & 0xff];
}

/* Eight bytes a step. */
uint32_t
crc32_by_table(const struct crc32 *c, const uint8_t *p, size_t len)
{
	uint32_t crc = UINT32_MAX;
	uint64_t v;

	for (; len >= sizeof(v); len -= sizeof(v), p += sizeof(v)) {
		memcpy(&v, p, sizeof(v));
		v = le64toh(v) ^ crc;
		crc = 0;
		for (int k = 0; k < 8; k++)
			crc ^= c->table[7 - k][v >> 8 * k & 0xff];
	}
	for (; len > 0; len--)
		crc = crc >> 8 ^ c->table[0][(crc ^ *p++) & 0xff];
	return ~crc;
}

#ifdef __x86_64__

enum { BLOCK = sizeof(__m128i) };

/* So few bytes that no table is worth its cache lines. */
static uint32_t
add_few(uint32_t crc, const uint8_t *p, size_t len)
{
	for (; len > 0; len--)
		crc = divide(crc ^ *p++);
	return crc;
}

static __m128i
load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/*
 * What stands 128 bits before the end has the same remainder as its two
 * halves multiplied by x^192 and x^128 modulo the polynomial; so 16 bytes
 * carry the remainder of all before them.
 */
__attribute__((target("pclmul"))) static uint32_t
by_product(const uint8_t *p, size_t len)
{
	const __m128i powers = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
	__m128i sum = _mm_xor_si128(load(p), _mm_cvtsi32_si128(-1));
	uint8_t last[BLOCK];

	for (p += BLOCK, len -= BLOCK; len >= BLOCK;
	    p += BLOCK, len -= BLOCK)
		sum = _mm_xor_si128(load(p), _mm_xor_si128(
		    _mm_clmulepi64_si128(sum, powers, 0x00),
		    _mm_clmulepi64_si128(sum, powers, 0x11)));
	_mm_storeu_si128((__m128i *)(void *)last, sum);
	return ~add_few(add_few(0, last, sizeof(last)), p, len);
}

#endif

uint32_t
crc32_of(const struct crc32 *c, const uint8_t *p, size_t len)
{
#ifdef __x86_64__
	if (len >= BLOCK && __builtin_cpu_supports("pclmul"))
		return by_product(p, len);
#endif
	return crc32_by_table(c, p, len);
}
