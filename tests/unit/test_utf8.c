/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "test.h"
#include "utf8.h"

static size_t
sequence(const char *s)
{
	return utf8_sequence((const uint8_t *)s, strlen(s));
}

TEST(the_first_and_last_character_of_each_length_are_taken)
{
	static const struct { const char *s; size_t len; } good[] = {
		{ "\x01", 1 }, { "\x7f", 1 },
		{ "\xc2\x80", 2 }, { "\xdf\xbf", 2 },
		{ "\xe0\xa0\x80", 3 }, { "\xed\x9f\xbf", 3 },
		{ "\xee\x80\x80", 3 }, { "\xef\xbf\xbf", 3 },
		{ "\xf0\x90\x80\x80", 4 }, { "\xf4\x8f\xbf\xbf", 4 },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK_INT(sequence(good[i].s), good[i].len);
}

TEST(overlong_forms_surrogates_and_what_lies_beyond_unicode_are_refused)
{
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",
		"\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff",
		"\xc3(", "\xe2(\xac", "\xe2\x82(", "\xf0\x9f\x92(",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(sequence(bad[i]), 0);
}

/* Every code point, encoded by the definition, and each cut short. */
TEST(every_code_point_is_judged_by_the_definition)
{
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint8_t s[4];
		size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		const bool surrogate = c >= 0xd800 && c <= 0xdfff;

		s[0] = (uint8_t)(lead[n] | c >> 6 * (n - 1));
		for (size_t i = 1; i < n; i++)
			s[i] = (uint8_t)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
		CHECK_INT(utf8_sequence(s, n), surrogate ? 0 : n);
		CHECK(utf8_valid(s, n) == !surrogate);
		for (size_t cut = 0; cut < n; cut++)
			CHECK_INT(utf8_sequence(s, cut), 0);
	}
}

TEST(a_string_is_valid_when_all_of_it_is)
{
	CHECK(utf8_valid((const uint8_t *)"", 0));
	CHECK(utf8_valid((const uint8_t *)"a\xc3\xa9\0z", 5));
	CHECK(!utf8_valid((const uint8_t *)"a\xc3\xa9z\xc3", 5));
	CHECK(!utf8_valid((const uint8_t *)"\xc3\xa9\xa9", 3));
}
