/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "retry.h"
#include "test.h"

#include <stdio.h>
#include <time.h>

/* 784111777, the date that RFC 9110 has in its examples. */
#define IMF "Sun, 06 Nov 1994 08:49:37 GMT"
#define RFC850 "Sunday, 06-Nov-94 08:49:37 GMT"
#define ASCTIME "Sun Nov  6 08:49:37 1994"

TEST(back_off_doubles_up_to_the_cap)
{
	static const uint32_t ceilings[] = { 1000, 1000, 2000, 4000, 8000,
		16000, 32000, 60000, 60000 };

	for (unsigned n = 0; n < sizeof(ceilings) / sizeof(ceilings[0]); n++)
		CHECK_INT(retry_backoff_ms(0, n, UINT64_MAX), ceilings[n]);
	CHECK_INT(retry_backoff_ms(0, 1000, UINT64_MAX), RETRY_CAP_MS);
	CHECK_INT(retry_backoff_ms(0, ~0u, UINT64_MAX), RETRY_CAP_MS);
}

TEST(back_off_starts_where_it_is_told_to_between_a_second_and_the_cap)
{
	static const uint32_t first[][2] = { { 0, 1000 }, { 999, 1000 },
		{ 1000, 1000 }, { 5000, 5000 }, { 60000, 60000 },
		{ 150000, 60000 }, { UINT32_MAX, 60000 } };

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		CHECK_INT(retry_backoff_ms(first[i][0], 1, UINT64_MAX),
		    first[i][1]);
	CHECK_INT(retry_backoff_ms(5000, 2, UINT64_MAX), 10000);
	CHECK_INT(retry_backoff_ms(5000, 4, UINT64_MAX), 40000);
	CHECK_INT(retry_backoff_ms(5000, 5, UINT64_MAX), RETRY_CAP_MS);
	CHECK_INT(retry_backoff_ms(5000, ~0u, UINT64_MAX), RETRY_CAP_MS);
}

TEST(jitter_is_spread_over_all_of_the_capped_wait)
{
	for (unsigned n = 1; n < 20; n++) {
		const uint32_t most = retry_backoff_ms(0, n, UINT64_MAX);
		const uint32_t half = retry_backoff_ms(0, n,
		    UINT64_C(1) << 63);

		CHECK_INT(retry_backoff_ms(0, n, 0), 50);
		CHECK(half >= 50 + (most - 50) / 2 &&
		    half <= 50 + (most - 50) / 2 + 1);
	}
}

TEST(retry_after_is_taken_as_seconds)
{
	uint32_t ms = 1;

	CHECK(retry_after_ms("0", "", &ms));
	CHECK_INT(ms, 0);
	CHECK(retry_after_ms("7", "", &ms));
	CHECK_INT(ms, 7000);
	CHECK(retry_after_ms("0007", IMF, &ms));
	CHECK_INT(ms, 7000);
	CHECK(retry_after_ms("899", "", &ms));
	CHECK_INT(ms, 899000);
}

TEST(a_huge_retry_after_is_cut_to_the_longest_wait)
{
	static const char *const huge[] = { "900", "901", "86400",
		"4294967296", "18446744073709551615", "18446744073709551617",
		"99999999999999999999999999999999999999999999999999999999" };
	uint32_t ms;

	for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		ms = 0;
		CHECK(retry_after_ms(huge[i], "", &ms));
		CHECK_INT(ms, RETRY_AFTER_MAX_MS);
	}
	CHECK(retry_after_ms("Mon, 07 Nov 1994 08:49:37 GMT", IMF, &ms));
	CHECK_INT(ms, RETRY_AFTER_MAX_MS);
	CHECK(retry_after_ms("Fri, 31 Dec 9999 23:59:59 GMT", IMF, &ms));
	CHECK_INT(ms, RETRY_AFTER_MAX_MS);
}

TEST(a_nonsense_retry_after_is_ignored)
{
	static const char *const nonsense[] = { "", "-1", "+1", "soon", "1.5",
		"1s", "0x10", " 7", "7 ", "1,2", "\xd9\xa7", IMF " ",
		"Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994" };
	uint32_t ms = 123;

	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
		CHECK(!retry_after_ms(nonsense[i],
		    "Sun, 06 Nov 1994 08:49:00 GMT", &ms));
	CHECK_INT(ms, 123);
}

TEST(a_date_is_measured_from_the_servers_own_date)
{
	uint32_t ms;

	CHECK(retry_after_ms(IMF, "Sun, 06 Nov 1994 08:49:07 GMT", &ms));
	CHECK_INT(ms, 30000);
	CHECK(retry_after_ms(ASCTIME, RFC850, &ms));
	CHECK_INT(ms, 0);
	CHECK(retry_after_ms("Sun, 06 Nov 1994 09:04:36 GMT", IMF, &ms));
	CHECK_INT(ms, 899000);
}

TEST(a_date_that_is_past_or_has_nothing_to_measure_from_is_ignored)
{
	uint32_t ms;

	CHECK(!retry_after_ms(IMF, "Sun, 06 Nov 1994 08:49:38 GMT", &ms));
	CHECK(!retry_after_ms(IMF, "", &ms));
	CHECK(!retry_after_ms(IMF, "yesterday", &ms));
}

TEST(a_fleet_starts_spread_over_the_interval)
{
	unsigned tenth[10] = { 0 };

	for (uint64_t seed = 0; seed < 10000; seed++) {
		const uint32_t ms = retry_phase_ms(seed, 10000);

		CHECK(ms < 10000);
		CHECK_INT(ms, retry_phase_ms(seed, 10000));
		tenth[ms / 1000]++;
	}
	for (size_t i = 0; i < 10; i++)
		CHECK(tenth[i] > 850 && tenth[i] < 1150);
}

TEST(a_phase_is_below_any_interval)
{
	for (uint64_t seed = 0; seed < 1000; seed++) {
		CHECK_INT(retry_phase_ms(seed, 0), 0);
		CHECK_INT(retry_phase_ms(seed, 1), 0);
		CHECK(retry_phase_ms(seed << 54, 3) < 3);
	}
}

TEST(the_three_forms_of_an_http_date_are_one_time)
{
	CHECK_INT(http_date_parse(IMF), 784111777);
	CHECK_INT(http_date_parse(RFC850), 784111777);
	CHECK_INT(http_date_parse(ASCTIME), 784111777);
}

TEST(dates_agree_with_the_c_library_from_1970_to_9999)
{
	/* a prime number of seconds, close to 25 days */
	for (int64_t t = 0; t < INT64_C(253402300800); t += 2160007) {
		const time_t at = (time_t)t;
		struct tm tm;
		char s[64];

		gmtime_r(&at, &tm);
		CHECK(strftime(s, sizeof(s), "%a, %d %b %Y %H:%M:%S GMT",
		    &tm) > 0);
		CHECK_INT(http_date_parse(s), t);
		CHECK(strftime(s, sizeof(s), "%a %b %e %H:%M:%S %Y",
		    &tm) > 0);
		CHECK_INT(http_date_parse(s), t);
	}
	CHECK_INT(http_date_parse("Fri, 31 Dec 9999 23:59:59 GMT"),
	    253402300799);
}

TEST(a_year_of_two_digits_lies_between_1970_and_2069)
{
	CHECK_INT(http_date_parse("Thursday, 01-Jan-70 00:00:00 GMT"), 0);
	CHECK_INT(http_date_parse("Tuesday, 31-Dec-69 23:59:59 GMT"),
	    INT64_C(3155759999));
	CHECK_INT(http_date_parse("Friday, 31-Dec-99 23:59:59 GMT"),
	    946684799);
	CHECK_INT(http_date_parse("Saturday, 01-Jan-00 00:00:00 GMT"),
	    946684800);
}

TEST(a_leap_day_and_a_leap_second_are_dates)
{
	CHECK_INT(http_date_parse("Thu, 29 Feb 2024 00:00:00 GMT"),
	    1709164800);
	CHECK_INT(http_date_parse("Tue, 29 Feb 2000 00:00:00 GMT"),
	    951782400);
	CHECK_INT(http_date_parse("Sat, 31 Dec 2016 23:59:60 GMT"),
	    1483228800);
}

TEST(what_is_no_http_date_is_refused)
{
	static const char *const bad[] = {
		"", " ", "0", "784111777", " " IMF, IMF " ", IMF "0",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 +0000",
		"Sun, 06 Nov 1994 08:49:37 gmt",
		"sun, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT",
		"Mon, 06 Nov 1994 08:49:37 GMT",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun,  6 Nov 1994 08:49:37 GMT",
		"Sun, 06  Nov 1994 08:49:37 GMT",
		"Sun 06 Nov 1994 08:49:37 GMT",
		"06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 94 08:49:37 GMT",
		"Sun, 06 Nov 01994 08:49:37 GMT",
		"Sun, 06 Nov 1994 8:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Nov 1994 08:49:-7 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Thu, 31 Nov 1994 08:49:37 GMT",
		"Fri, 32 Dec 1994 08:49:37 GMT",
		"Wed, 29 Feb 2023 00:00:00 GMT",
		"Mon, 29 Feb 2100 00:00:00 GMT",
		"Wed, 31 Dec 1969 23:59:59 GMT",
		"Sun, 06-Nov-94 08:49:37 GMT",
		"Sunday, 06-Nov-1994 08:49:37 GMT",
		"Sun Nov 6 08:49:37 1994",
		"Sun Nov  6 08:49:37 94",
		"Sun Nov    08:49:37 1994",
		"Sun, 06 Nov 1994 08:49:37 GM",
		"Sun, 06 Xyz 1994 08:49:37 GMT",
		"1994-11-06T08:49:37Z",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (http_date_parse(bad[i]) != -1)
			test_fail(__FILE__, __LINE__, "taken: \"%s\"", bad[i]);
}

TEST(no_part_of_a_date_is_a_date)
{
	char s[sizeof(IMF)];

	for (size_t len = 0; len < sizeof(IMF) - 1; len++) {
		snprintf(s, sizeof(s), "%.*s", (int)len, IMF);
		CHECK_INT(http_date_parse(s), -1);
	}
}
