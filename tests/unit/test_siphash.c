/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "siphash.h"
#include "test.h"

static uint64_t
hash_in_pieces(size_t len, size_t piece)
{
	uint8_t key[SIPHASH_KEY], bytes[64];
	struct siphash h;

	for (uint8_t i = 0; i < sizeof(key); i++)
		key[i] = i;
	for (uint8_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	h = siphash_begin(key);
	for (size_t at = 0; at < len; at += piece)
		siphash_add(&h, bytes + at, len - at < piece ? len - at :
		    piece);
	return siphash_end(&h);
}

TEST(the_hash_of_the_paper_s_example_is_the_paper_s)
{
	CHECK(hash_in_pieces(15, 15) == UINT64_C(0xa129ca6149be45e5));
}

TEST(the_hash_of_nothing_is_that_of_the_reference_vectors)
{
	CHECK(hash_in_pieces(0, 1) == UINT64_C(0x726fdb47dd0e0e31));
}

TEST(pieces_hash_as_the_whole_does)
{
	for (size_t len = 0; len <= 64; len++)
		for (size_t piece = 1; piece <= 17; piece++)
			CHECK(hash_in_pieces(len, piece) ==
			    hash_in_pieces(len, 64));
}
