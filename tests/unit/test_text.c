/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "test.h"
#include "text.h"

#include <stdlib.h>

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

TEST(as_many_numbers_as_there_are_come_at_once)
{
	struct text t = TEXT(" 1\t22  9223372036854775807 "), word;
	int64_t v[4] = { -1, -1, -1, -1 };

	CHECK_INT(text_numbers(&t, v, 2), 2);
	CHECK_INT(v[1], 22);
	CHECK_INT(v[2], -1);
	CHECK_INT(text_numbers(&t, v, 4), 1);
	CHECK_INT(v[0], INT64_MAX);
	CHECK_INT(v[1], 22);
	CHECK_INT(text_numbers(&t, v, 4), 0);
	CHECK(!text_word(&t, &word));
	t = TEXT("1 2 x 3");
	CHECK_INT(text_numbers(&t, v, 2), 2);
	CHECK(text_numbers(&t, v, 2) < 0);
	t = TEXT("1 9223372036854775808");
	CHECK(text_numbers(&t, v, 2) < 0);
}

TEST(words_are_counted_and_two_are_two)
{
	static const struct {
		const char *s;
		size_t n;
	} row[] = { { "", 0 }, { " ", 0 }, { "\t \t", 0 }, { "a", 1 },
	    { " a", 1 }, { "a ", 1 }, { "abc", 1 }, { "a b", 2 },
	    { " a\tb ", 2 }, { "a b c", 3 }, { "  aa  bb  cc", 3 } };

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct text t = text_of(row[i].s, strlen(row[i].s));

		CHECK_INT(text_words(t), row[i].n);
		CHECK_INT(text_more(t), row[i].n > 0);
		CHECK_INT(text_has_two(t), row[i].n > 1);
		CHECK(text_skip(&t, row[i].n));
		CHECK(!text_skip(&t, 1));
	}
}

/* Some words of what numbers are made of, and nearly are. */
static struct text
random_words(void)
{
	static const char bytes[] = "0000123456789999999  \t  -xaF";
	static char buf[64];
	const size_t len = (size_t)random() % sizeof(buf);

	for (size_t i = 0; i < len; i++)
		buf[i] = bytes[(size_t)random() % (sizeof(bytes) - 1)];
	return text_of(buf, len);
}

TEST(a_number_read_in_one_pass_is_the_next_word_as_a_number)
{
	for (int i = 0; i < 100000; i++) {
		struct text t = random_words(), fast = t, all = t, word;
		int64_t v = -1, w = -1, n[3] = { -1, -1, -1 };
		int count = 0;

		while (count < 3 && text_word(&t, &word)) {
			const bool good = text_u63(word, &v);

			CHECK_INT(text_next_u63(&fast, &w), good);
			CHECK_INT(w, v);
			CHECK(fast.p == t.p && fast.len == t.len);
			if (!good)
				break;
			count++;
		}
		if (count < 3 && word.len > 0) {
			CHECK(text_numbers(&all, n, 3) < 0);
			continue;
		}
		CHECK_INT(text_numbers(&all, n, 3), count);
		for (int j = 0; j < 3; j++)
			CHECK(j < count || n[j] == -1);
		CHECK(count == 0 || n[count - 1] == v);
	}
}

/* One word as up to eight hexadecimal digits. */
static bool
plain_hex(struct text word, uint32_t *v)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	*v = 0;
	for (size_t i = 0; i < word.len; i++) {
		const char *at = memchr(digits, word.p[i], 32);

		if (at == NULL)
			return false;
		*v = *v << 4 | (uint32_t)(at - digits) % 16;
	}
	return word.len > 0 && word.len <= 8;
}

TEST(a_hexadecimal_number_in_one_pass_is_the_next_word_as_one)
{
	for (int i = 0; i < 100000; i++) {
		struct text t = random_words(), fast = t, word;
		uint32_t v, w;

		while (text_word(&t, &word)) {
			const bool good = plain_hex(word, &v);

			CHECK_INT(text_next_hex32(&fast, &w), good);
			CHECK(!good || w == v);
			CHECK(fast.p == t.p && fast.len == t.len);
		}
		CHECK(!text_next_hex32(&fast, &w));
	}
}

TEST(eight_zeros_are_nothing_only_where_a_word_ends_with_them)
{
	struct text t = TEXT("00000000 00000000\t00000000");
	uint32_t v = 1;

	for (int i = 0; i < 3; i++)
		CHECK(text_next_hex32(&t, &v) && v == 0);
	t = TEXT("000000001");
	CHECK(!text_next_hex32(&t, &v));
	t = TEXT("00000000x");
	CHECK(!text_next_hex32(&t, &v));
}
