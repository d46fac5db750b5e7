/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See siphash.h. */
#include "siphash.h"

#include "cursor.h"

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void
rounds(uint64_t v[4], int n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

struct siphash
siphash_begin(const uint8_t key[SIPHASH_KEY])
{
	struct reader r = reader_of(key, SIPHASH_KEY);
	const uint64_t k0 = read_u64(&r);
	const uint64_t k1 = read_u64(&r);

	return (struct siphash){ .v = {
		k0 ^ UINT64_C(0x736f6d6570736575),
		k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261),
		k1 ^ UINT64_C(0x7465646279746573),
	} };
}

static void
mix(struct siphash *s, uint64_t word)
{
	s->v[3] ^= word;
	rounds(s->v, 2);
	s->v[0] ^= word;
}

void
siphash_add(struct siphash *s, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < len; i++) {
		s->word |= (uint64_t)b[i] << 8 * (s->len++ % 8);
		if (s->len % 8 == 0) {
			mix(s, s->word);
			s->word = 0;
		}
	}
}

uint64_t
siphash_end(struct siphash *s)
{
	mix(s, s->word | s->len << 56);
	s->v[2] ^= 0xff;
	rounds(s->v, 4);
	return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}
