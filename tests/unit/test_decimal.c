/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "decimal.h"
#include "test.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { TEXT_MAX = 32 };

static const enum scale scales[] = { SCALE_INT, SCALE_CENTI, SCALE_MILLI,
	SCALE_MICRO, SCALE_NANO };
enum { SCALES = sizeof(scales) / sizeof(scales[0]) };

static const char *
text_of_value(int64_t value, enum scale scale)
{
	static char text[TEXT_MAX];
	struct writer w = writer_of(text, sizeof(text) - 1);
	ptrdiff_t len;

	decimal_write(&w, value, scale);
	len = writer_finish(&w);
	CHECK(len > 0);
	text[len] = '\0';
	return text;
}

static void
is_nearest(int64_t value, enum scale scale)
{
	const char *text = text_of_value(value, scale);
	const double got = decimal_double(value, scale);
	const double want = strtod(text, NULL);

	if (memcmp(&got, &want, sizeof(got)) != 0)
		test_fail(__FILE__, __LINE__, "%s is %a, not %a", text, got,
		    want);
}

TEST(every_digit_of_the_scale_is_written)
{
	static const struct {
		int64_t value;
		enum scale scale;
		const char *text;
	} cases[] = {
		{ 0, SCALE_INT, "0" },
		{ 0, SCALE_CENTI, "0.00" },
		{ 0, SCALE_NANO, "0.000000000" },
		{ 7, SCALE_INT, "7" },
		{ -7, SCALE_INT, "-7" },
		{ 1, SCALE_CENTI, "0.01" },
		{ -1, SCALE_CENTI, "-0.01" },
		{ 99, SCALE_CENTI, "0.99" },
		{ 100, SCALE_CENTI, "1.00" },
		{ -101, SCALE_CENTI, "-1.01" },
		{ 1200, SCALE_CENTI, "12.00" },
		{ 1, SCALE_MILLI, "0.001" },
		{ 1000001, SCALE_MILLI, "1000.001" },
		{ 5, SCALE_MICRO, "0.000005" },
		{ -5, SCALE_NANO, "-0.000000005" },
		{ 999999999, SCALE_NANO, "0.999999999" },
		{ 1000000000, SCALE_NANO, "1.000000000" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_STR(text_of_value(cases[i].value, cases[i].scale),
		    cases[i].text);
}

TEST(the_largest_and_the_smallest_value_are_written)
{
	CHECK_STR(text_of_value(INT64_MAX, SCALE_INT), "9223372036854775807");
	CHECK_STR(text_of_value(INT64_MIN, SCALE_INT),
	    "-9223372036854775808");
	CHECK_STR(text_of_value(INT64_MAX, SCALE_CENTI),
	    "92233720368547758.07");
	CHECK_STR(text_of_value(INT64_MIN, SCALE_MILLI),
	    "-9223372036854775.808");
	CHECK_STR(text_of_value(INT64_MIN, SCALE_MICRO),
	    "-9223372036854.775808");
	CHECK_STR(text_of_value(INT64_MAX, SCALE_NANO),
	    "9223372036.854775807");
}

TEST(an_unsigned_number_is_written_up_to_its_largest)
{
	static const uint64_t values[] = { 0, 9, 10, INT64_MAX, UINT64_MAX };
	static const char *const texts[] = { "0", "9", "10",
		"9223372036854775807", "18446744073709551615" };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char text[TEXT_MAX];
		struct writer w = writer_of(text, sizeof(text));
		const size_t len = strlen(texts[i]);

		decimal_write_unsigned(&w, values[i]);
		CHECK_INT(writer_finish(&w), len);
		CHECK_MEM(text, texts[i], len);
	}
}

TEST(text_that_does_not_fit_is_an_error_and_writes_nothing_beyond)
{
	const size_t len = strlen("-9223372036.854775808");

	for (size_t cap = 0; cap <= len; cap++) {
		char text[TEXT_MAX];
		struct writer w = writer_of(text, cap);

		memset(text, 'x', sizeof(text));
		decimal_write(&w, INT64_MIN, SCALE_NANO);
		CHECK_INT(writer_finish(&w), cap < len ? -ENOBUFS :
		    (ptrdiff_t)len);
		for (size_t i = cap; i < sizeof(text); i++)
			CHECK(text[i] == 'x');
	}
}

TEST(nothing_is_never_minus_nothing)
{
	for (size_t i = 0; i < SCALES; i++) {
		CHECK(!signbit(decimal_double(0, scales[i])));
		CHECK(text_of_value(0, scales[i])[0] == '0');
	}
}

TEST(the_double_is_the_one_nearest_to_the_text)
{
	static const int64_t at[] = { 0, 1, 5, 99, 101, 999999999,
		INT64_C(1) << 53, INT64_C(1) << 54, INT64_C(1) << 62,
		INT64_C(4611686018427387905), INT64_C(9007199254740993),
		INT64_C(900719925474099300), INT64_MAX - 600 };

	for (size_t i = 0; i < SCALES; i++)
		for (size_t j = 0; j < sizeof(at) / sizeof(at[0]); j++)
			for (int64_t near = -512; near <= 512; near++) {
				is_nearest(at[j] + near, scales[i]);
				is_nearest(-(at[j] + near), scales[i]);
			}
	for (size_t i = 0; i < SCALES; i++) {
		is_nearest(INT64_MAX, scales[i]);
		is_nearest(INT64_MIN, scales[i]);
	}
}

/* Rounded twice, each of these would be the double beside it. */
TEST(a_value_above_2_to_the_53_is_rounded_once)
{
	unsigned twice = 0;
	uint64_t v = 88172645463325252;

	for (unsigned i = 0; i < 100000; i++) {
		const enum scale scale = scales[1 + i % (SCALES - 1)];
		int64_t value;

		v ^= v << 13;
		v ^= v >> 7;
		v ^= v << 17;		/* xorshift64 */
		value = (int64_t)(v >> 1 >> i % 11);
		is_nearest(value, scale);
		if ((double)value / (double)scale !=
		    decimal_double(value, scale))
			twice++;
	}
	CHECK(twice > 1000);
}
