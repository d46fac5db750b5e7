/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "test.h"
#include "text.h"

#define TEXT(literal) text_of(literal, sizeof(literal) - 1)

TEST(lines_come_one_by_one_and_the_last_needs_no_newline)
{
	struct text t = TEXT("one\n\nthree"), line;

	CHECK(text_line(&t, &line) && text_is(line, "one"));
	CHECK(text_line(&t, &line) && text_is(line, ""));
	CHECK(text_line(&t, &line) && text_is(line, "three"));
	CHECK(!text_line(&t, &line));
}

TEST(a_newline_at_the_end_does_not_begin_another_line)
{
	struct text t = TEXT("one\n"), line;

	CHECK(text_line(&t, &line) && text_is(line, "one"));
	CHECK(!text_line(&t, &line));
}

TEST(text_of_no_bytes_has_no_line_and_no_word_wherever_it_is)
{
	struct text t = text_of(NULL, 0), out;

	CHECK(!text_line(&t, &out));
	CHECK(!text_word(&t, &out));
	CHECK(!text_until(&t, ':', &out));
	CHECK(!text_skip(&t, 1));
	CHECK(text_skip(&t, 0));
	CHECK(text_is(t, ""));
	CHECK(text_starts(t, ""));
}

TEST(a_hexadecimal_number_has_one_to_eight_digits_and_nothing_else)
{
	struct text t = TEXT(" 0 ffffffff\t0000aBcD");
	static const char *const bad[] = { "", " ", "0x1", "-1", "g", "1g",
	    "123456789", "000000001" };
	uint32_t v;

	CHECK(text_next_hex32(&t, &v) && v == 0);
	CHECK(text_next_hex32(&t, &v) && v == UINT32_MAX);
	CHECK(text_next_hex32(&t, &v) && v == 0xabcd);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t = text_of(bad[i], strlen(bad[i]));
		CHECK(!text_next_hex32(&t, &v));
	}
}

TEST(words_are_parted_by_any_number_of_spaces_and_tabs)
{
	struct text t = TEXT(" \t a\tbc   d "), word;

	CHECK(text_word(&t, &word) && text_is(word, "a"));
	CHECK(text_word(&t, &word) && text_is(word, "bc"));
	CHECK(text_word(&t, &word) && text_is(word, "d"));
	CHECK(!text_word(&t, &word));
}

TEST(a_word_is_compared_as_a_whole_and_a_start_as_a_start)
{
	CHECK(text_is(TEXT("cpu"), "cpu"));
	CHECK(!text_is(TEXT("cpu0"), "cpu"));
	CHECK(!text_is(TEXT("cp"), "cpu"));
	CHECK(text_starts(TEXT("cpu0"), "cpu"));
	CHECK(!text_starts(TEXT("cp"), "cpu"));
}

TEST(what_stands_before_a_character_is_taken_with_it)
{
	struct text t = TEXT("Name:  12"), before;

	CHECK(!text_until(&t, ';', &before));
	CHECK(text_until(&t, ':', &before) && text_is(before, "Name"));
	CHECK(text_is(t, "  12"));
}

TEST(numbers_fit_63_bits_and_have_nothing_but_digits)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "0x1",
	    "1a", "9223372036854775808", "18446744073709551615",
	    "99999999999999999999999" };
	int64_t v;

	CHECK(text_u63(TEXT("0"), &v) && v == 0);
	CHECK(text_u63(TEXT("0012"), &v) && v == 12);
	CHECK(text_u63(TEXT("9223372036854775807"), &v) && v == INT64_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!text_u63(text_of(bad[i], strlen(bad[i])), &v));
}

TEST(only_text_int_takes_a_minus_sign)
{
	int64_t v;

	CHECK(text_int(TEXT("-2"), &v) && v == -2);
	CHECK(text_int(TEXT("7"), &v) && v == 7);
	CHECK(!text_int(TEXT("-"), &v));
	CHECK(!text_int(TEXT("--2"), &v));
	CHECK(!text_int(TEXT(""), &v));
}

TEST(hundredths_need_no_point_and_no_second_digit)
{
	int64_t v;

	CHECK(text_centi(TEXT("12.34"), &v) && v == 1234);
	CHECK(text_centi(TEXT("12.3"), &v) && v == 1230);
	CHECK(text_centi(TEXT("0.05"), &v) && v == 5);
	CHECK(text_centi(TEXT("12"), &v) && v == 1200);
	CHECK(text_centi(TEXT("1.239"), &v) && v == 123);
	CHECK(text_centi(TEXT("92233720368547758.07"), &v) && v == INT64_MAX);
}

TEST(malformed_hundredths_are_refused)
{
	static const char *const bad[] = { "", ".", "1.", ".5", "1.x", "1.2x",
	    "1.23x", "1.2.3", "-1.00", "92233720368547758.08",
	    "100000000000000000.00" };
	int64_t v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!text_centi(text_of(bad[i], strlen(bad[i])), &v));
}

TEST(the_next_number_is_the_next_word_and_no_other)
{
	struct text t = TEXT(" 12 x 3");
	int64_t v;

	CHECK(text_next_u63(&t, &v) && v == 12);
	CHECK(!text_next_u63(&t, &v));
	CHECK(text_next_u63(&t, &v) && v == 3);
	CHECK(!text_next_u63(&t, &v));
}

TEST(octal_escapes_of_paths_are_undone_and_nothing_else_is)
{
	char out[32];

	CHECK_INT(text_unescape(TEXT("/a\\040b"), out, sizeof(out)), 4);
	CHECK_MEM(out, "/a b", 4);
	CHECK_INT(text_unescape(TEXT("\\134\\377"), out, sizeof(out)), 2);
	CHECK_MEM(out, "\\\xff", 2);
	CHECK_INT(text_unescape(TEXT("\\0x\\400\\04"), out, sizeof(out)), 10);
	CHECK_MEM(out, "\\0x\\400\\04", 10);
	CHECK_INT(text_unescape(TEXT("\\040\\040"), out, 1), 1);
}

/* What stands beside a blank in the code, and what has its high bit. */
TEST(a_word_of_any_length_ends_at_its_blank_and_nowhere_else)
{
	static const char bytes[] = "!\x01\b\n\x7f\x80\xa0\x89\xff\x1f""0z";
	char s[64];

	for (size_t len = 1; len < 40; len++)
		for (size_t first = 0; first < sizeof(bytes) - 1; first++)
			for (size_t rest = 0; rest < 20; rest++) {
				struct text t = text_of(s, len + rest), word;

				for (size_t i = 0; i < len + rest; i++)
					s[i] = bytes[(first + i) %
					    (sizeof(bytes) - 1)];
				if (rest > 0)
					s[len] = rest % 2 ? '\t' : ' ';
				CHECK(text_word(&t, &word));
				CHECK_INT(word.len, len);
				CHECK_INT(t.len, rest);
			}
}
