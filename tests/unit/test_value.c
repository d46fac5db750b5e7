/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "config_value.h"
#include "test.h"

#include <errno.h>

TEST(a_duration_is_a_number_and_one_of_four_units)
{
	static const struct { const char *text; uint64_t ms; } good[] = {
		{ "0ms", 0 }, { "0s", 0 }, { "500ms", 500 }, { "10s", 10000 },
		{ "5m", 300000 }, { "1h", 3600000 },
		{ "18446744073709551615ms", UINT64_MAX },
		{ "18446744073709551s", UINT64_MAX - 615 },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t v = 1;

		CHECK_INT(value_parse(good[i].text, value_time, &v), 0);
		CHECK(v == good[i].ms);
	}
}

TEST(a_size_is_a_number_and_one_of_four_units)
{
	static const struct { const char *text; uint64_t bytes; } good[] = {
		{ "0B", 0 }, { "1B", 1 }, { "256KiB", 262144 },
		{ "16MiB", 16777216 }, { "1GiB", 1073741824 },
		{ "17179869183GiB", UINT64_MAX - 1073741823 },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t v = 1;

		CHECK_INT(value_parse(good[i].text, value_bytes, &v), 0);
		CHECK(v == good[i].bytes);
	}
}

TEST(any_other_form_is_malformed)
{
	static const char *const bad[] = { "", "s", "10", " 10s", "10 s",
	    "10s ", "+10s", "-10s", "1.5s", "1e3s", "0x10s", "010s", "00s",
	    "10S", "10sec", "10ss", "1h30m", "10d", "10us", "10MiB", "\t1s",
	    "1s\n", "\xd9\xa1s" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t v;

		CHECK_INT(value_parse(bad[i], value_time, &v), -EBADMSG);
	}
	static const char *const sizes[] = { "16MB", "16M", "16mib", "16 MiB",
	    "16TiB", "10s", "16", "0x1B", "1,024B" };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t v;

		CHECK_INT(value_parse(sizes[i], value_bytes, &v), -EBADMSG);
	}
}

TEST(what_64_bits_cannot_hold_is_out_of_range_and_never_wraps)
{
	static const char *const huge[] = { "18446744073709551616ms",
	    "18446744073709552s", "99999999999999999999999999999999ms",
	    "5124095576031h", "307445734561826m" };

	for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		uint64_t v;

		CHECK_INT(value_parse(huge[i], value_time, &v), -ERANGE);
	}
}

TEST(a_value_is_shown_in_the_largest_unit_without_a_fraction)
{
	char b[VALUE_TEXT_MAX];

	CHECK_STR(value_print(b, value_time, 0), "0ms");
	CHECK_STR(value_print(b, value_time, 500), "500ms");
	CHECK_STR(value_print(b, value_time, 1000), "1s");
	CHECK_STR(value_print(b, value_time, 90000), "90s");
	CHECK_STR(value_print(b, value_time, 120000), "2m");
	CHECK_STR(value_print(b, value_time, 7200000), "2h");
	CHECK_STR(value_print(b, value_bytes, 32768), "32KiB");
	CHECK_STR(value_print(b, value_bytes, 1073741825), "1073741825B");
	CHECK_STR(value_print(b, value_bytes, UINT64_MAX),
	    "18446744073709551615B");
}

TEST(what_is_shown_is_read_back_as_the_same)
{
	static const uint64_t values[] = { 0, 1, 999, 1000, 60000, 61000,
	    3600000, UINT64_MAX };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char b[VALUE_TEXT_MAX];
		uint64_t v;

		value_print(b, value_time, values[i]);
		CHECK_INT(value_parse(b, value_time, &v), 0);
		CHECK(v == values[i]);
	}
}
