/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  See crc32.h.  Polynomials are held as the checksum is,
 * the highest power in the lowest bit: 32 bits begin with x^31.
 */
#include "crc32.h"

#include <endian.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

static const uint32_t polynomial = UINT32_C(0xedb88320);

/* Times x^n. */
static uint32_t
times_x(uint32_t v, int n)
{
	for (; n > 0; n--)
		v = v >> 1 ^ ((v & 1) != 0 ? polynomial : 0);
	return v;
}

void
crc32_init(struct crc32 *c)
{
	for (uint32_t i = 0; i < 256; i++)
		c->table[0][i] = times_x(i, 8);
	for (int k = 1; k < 8; k++)
		for (uint32_t i = 0; i < 256; i++)
			c->table[k][i] = c->table[k - 1][i] >> 8 ^
			    c->table[0][c->table[k - 1][i] & 0xff];
}

static uint64_t
eight(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* Eight bytes a step. */
static uint32_t
add_by_table(const struct crc32 *c, uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len >= sizeof(uint64_t); len -= sizeof(uint64_t)) {
		const uint64_t v = eight(p) ^ sum;

		sum = 0;
		for (int k = 0; k < 8; k++)
			sum ^= c->table[7 - k][v >> 8 * k & 0xff];
		p += sizeof(v);
	}
	for (; len > 0; len--)
		sum = sum >> 8 ^ c->table[0][(sum ^ *p++) & 0xff];
	return sum;
}

uint32_t
crc32_by_table(const struct crc32 *c, const uint8_t *p, size_t len)
{
	return ~add_by_table(c, UINT32_MAX, p, len);
}

uint32_t
crc32_zeros(const struct crc32 *c, uint32_t sum, size_t n)
{
	for (; n > 0; n--)
		sum = sum >> 8 ^ c->table[0][sum & 0xff];
	return sum;
}

/* Of the product of 64 bits and a factor, which lacks one x. */
static uint32_t
product(const struct crc32 *c, uint64_t v, uint32_t factor)
{
	uint32_t left = crc32_zeros(c, (uint32_t)v, 4) ^ (uint32_t)(v >> 32);
	uint32_t sum = 0;

	for (; factor != 0; factor <<= 1, left = times_x(left, 1))
		sum ^= (factor >> 31) != 0 ? left : 0;
	return times_x(sum, 1);
}

uint32_t
crc32_terms_by_table(const struct crc32 *c, uint32_t sum, uint32_t factor,
    const struct crc32_term *term, size_t n, const uint8_t *bytes)
{
	sum = product(c, (uint64_t)sum << 32, factor);
	for (size_t i = 0; i < n; i++)
		sum ^= product(c, eight(bytes + term[i].at), term[i].factor);
	return sum;
}

#ifdef __x86_64__

enum { BLOCK = sizeof(__m128i) };

#define MULTIPLIES __attribute__((target("pclmul")))

/* So few bytes that no table is worth its cache lines. */
static uint32_t
add_few(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len > 0; len--)
		sum = times_x(sum ^ *p++, 8);
	return sum;
}

static __m128i
load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static __m128i
low_half(uint64_t v)
{
	return _mm_cvtsi64_si128((long long)v);
}

/*
 * The remainder of 96 bits.  Their first 32 are x^64 times themselves; then
 * Barrett's way: multiplying by the reciprocal gives the quotient.
 */
MULTIPLIES static uint32_t
remainder_of(__m128i v)
{
	const __m128i x63 = low_half(0xb8bc6765);
	const __m128i barrett = _mm_set_epi64x(0x1db710641, 0x1f7011641);
	const __m128i first = _mm_set_epi32(0, 0, 0, -1);
	__m128i q;

	v = _mm_xor_si128(_mm_srli_si128(v, 4),
	    _mm_clmulepi64_si128(_mm_and_si128(v, first), x63, 0x00));
	q = _mm_clmulepi64_si128(_mm_and_si128(v, first), barrett, 0x00);
	q = _mm_clmulepi64_si128(_mm_and_si128(q, first), barrett, 0x10);
	return (uint32_t)((uint64_t)_mm_cvtsi128_si64(_mm_xor_si128(v, q)) >>
	    32);
}

/*
 * What stands 128 bits before the end has the same remainder as its two
 * halves multiplied by x^192 and x^128 modulo the polynomial; so 16 bytes
 * carry the remainder of all before them.
 */
MULTIPLIES static uint32_t
by_product(uint32_t sum, const uint8_t *p, size_t len)
{
	const __m128i powers = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
	const __m128i x95 = low_half(0xccaa009e);
	__m128i v = _mm_xor_si128(load(p), _mm_cvtsi32_si128((int)sum));

	for (p += BLOCK, len -= BLOCK; len >= BLOCK;
	    p += BLOCK, len -= BLOCK)
		v = _mm_xor_si128(load(p), _mm_xor_si128(
		    _mm_clmulepi64_si128(v, powers, 0x00),
		    _mm_clmulepi64_si128(v, powers, 0x11)));
	v = _mm_xor_si128(_mm_srli_si128(v, 8),
	    _mm_clmulepi64_si128(v, x95, 0x00));
	return add_few(remainder_of(v), p, len);
}

MULTIPLIES static uint32_t
terms_by_product(uint32_t sum, uint32_t factor,
    const struct crc32_term *term, size_t n, const uint8_t *bytes)
{
	__m128i v = _mm_clmulepi64_si128(low_half((uint64_t)sum << 32),
	    low_half(factor), 0x00);

	for (size_t i = 0; i < n; i++)
		v = _mm_xor_si128(v, _mm_clmulepi64_si128(
		    low_half(eight(bytes + term[i].at)),
		    low_half(term[i].factor), 0x00));
	return remainder_of(v);
}

#endif

uint32_t
crc32_add(const struct crc32 *c, uint32_t sum, const uint8_t *p, size_t len)
{
#ifdef __x86_64__
	if (len >= BLOCK && __builtin_cpu_supports("pclmul"))
		return by_product(sum, p, len);
#endif
	return add_by_table(c, sum, p, len);
}

uint32_t
crc32_of(const struct crc32 *c, const uint8_t *p, size_t len)
{
	return ~crc32_add(c, UINT32_MAX, p, len);
}

uint32_t
crc32_terms(const struct crc32 *c, uint32_t sum, uint32_t factor,
    const struct crc32_term *term, size_t n, const uint8_t *bytes)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("pclmul"))
		return terms_by_product(sum, factor, term, n, bytes);
#endif
	return crc32_terms_by_table(c, sum, factor, term, n, bytes);
}
