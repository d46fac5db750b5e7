/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "cursor.h"
#include "test.h"

#include <errno.h>

TEST(varints_come_back_as_they_went_in_at_every_length)
{
	for (unsigned shift = 0; shift < 64; shift++)
		for (int d = -1; d <= 1; d++) {
			uint64_t v = (UINT64_C(1) << shift) + (uint64_t)d;
			uint8_t b[10];
			struct writer w = writer_of(b, sizeof(b));
			struct reader r;

			write_varint(&w, v);
			CHECK(writer_finish(&w) > 0);
			r = reader_of(b, (size_t)writer_finish(&w));
			CHECK(read_varint(&r) == v);
			CHECK_INT(reader_finish(&r), 0);
		}
}

TEST(signed_values_come_back_at_their_bounds)
{
	static const int64_t values[] = { 0, 1, -1, 63, -64, 64, INT64_MAX,
	    INT64_MIN, INT64_MIN + 1 };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint8_t b[10];
		struct writer w = writer_of(b, sizeof(b));
		struct reader r;

		write_zigzag(&w, values[i]);
		r = reader_of(b, (size_t)writer_finish(&w));
		CHECK(read_zigzag(&r) == values[i]);
		CHECK_INT(reader_finish(&r), 0);
	}
}

TEST(a_varint_in_a_longer_form_than_needed_is_refused)
{
	static const struct { uint8_t b[11]; size_t len; } bad[] = {
		{ { 0x80, 0x00 }, 2 },
		{ { 0xff, 0x80, 0x00 }, 3 },
		{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		    0x02 }, 10 },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		    0x81, 0x00 }, 11 },
		{ { 0x80 }, 1 },
		{ { 0 }, 0 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct reader r = reader_of(bad[i].b, bad[i].len);

		CHECK_INT(read_varint(&r), 0);
		CHECK_INT(reader_finish(&r), -EBADMSG);
	}
}

/* The format's own words: what read_varint() must say of any bytes. */
static bool
plain_varint(const uint8_t *b, size_t len, uint64_t *v, size_t *used)
{
	*v = 0;
	for (size_t i = 0; i < len && i < 10; i++) {
		*v |= (uint64_t)(b[i] & 0x7f) << 7 * i;
		if (b[i] >= 0x80)
			continue;
		*used = i + 1;
		return !(i > 0 && b[i] == 0) && !(i == 9 && b[i] > 1);
	}
	return false;
}

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	return *x ^= *x << 17;
}

/* However few bytes there are, and whatever stands behind the value. */
TEST(any_bytes_are_the_varint_that_they_are_byte_by_byte)
{
	uint64_t x = 88172645463325252, v;
	unsigned good = 0;

	for (int round = 0; round < 200000; round++) {
		uint8_t space[24];
		const size_t len = next_random(&x) % 14;
		/* the exact size, for the sanitizer to look at */
		uint8_t *b = space + sizeof(space) - len;
		const uint64_t more = next_random(&x), zero = next_random(&x);
		struct reader r = reader_of(b, len);
		size_t used = 0;

		for (size_t i = 0; i < len; i++)
			b[i] = (uint8_t)((zero >> 2 * i & 3 ?
			    next_random(&x) & 0x7f : 0) |
			    (more >> 2 * i & 3 ? 0x80 : 0));
		if (plain_varint(b, len, &v, &used)) {
			good++;
			CHECK(read_varint(&r) == v);
			CHECK(!r.bad && r.p == b + used);
		} else {
			CHECK_INT(read_varint(&r), 0);
			CHECK(r.bad);
		}
	}
	CHECK(good > 50000 && good < 190000);
}

TEST(an_error_sticks_and_nothing_is_read_after_it)
{
	static const uint8_t b[] = { 1, 2, 3 };
	struct reader r = reader_of(b, sizeof(b));

	CHECK(read_u64(&r) == 0);
	CHECK_INT(read_u8(&r), 0);
	CHECK(read_span(&r, 0) == NULL);
	CHECK_INT(reader_left(&r), 0);
	CHECK_INT(reader_finish(&r), -EBADMSG);
}

TEST(bytes_left_over_are_an_error)
{
	static const uint8_t b[] = { 1, 2 };
	struct reader r = reader_of(b, sizeof(b));

	CHECK_INT(read_u8(&r), 1);
	CHECK_INT(reader_finish(&r), -EBADMSG);
	CHECK_INT(read_u8(&r), 2);
	CHECK_INT(reader_finish(&r), 0);
}

TEST(a_writer_that_is_full_stays_full_and_touches_nothing_behind_it)
{
	uint8_t b[4] = { 9, 9, 9, 9 };
	struct writer w = writer_of(b, 3);

	write_u8(&w, 1);
	write_span(&w, "xyz", 3);
	write_u8(&w, 2);
	CHECK_INT(writer_finish(&w), -ENOBUFS);
	CHECK_MEM(b, "\x01\x09\x09\x09", 4);
}

TEST(a_text_keeps_to_its_shortest_and_longest_length)
{
	static const uint8_t b[] = { 3, 'a', 'b', 'c' };
	struct reader r = reader_of(b, sizeof(b));
	size_t len;

	CHECK_MEM(read_text(&r, 1, 3, &len), "abc", 3);
	CHECK_INT(len, 3);
	r = reader_of(b, sizeof(b));
	CHECK(read_text(&r, 1, 2, &len) == NULL);
	CHECK_INT(len, 0);
	r = reader_of(b, sizeof(b));
	CHECK(read_text(&r, 4, 9, &len) == NULL);
	r = reader_of(b, 3);
	CHECK(read_text(&r, 1, 3, &len) == NULL);
}
