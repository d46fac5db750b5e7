/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "reason.h"
#include "test.h"

TEST(no_reason_is_the_empty_word)
{
	CHECK_STR(reason_name(REASON_NONE), "");
	CHECK_INT(reason_number(""), REASON_NONE);
}

TEST(every_word_has_its_number_and_each_is_there_once)
{
	unsigned n = 1;

	for (; reason_name(n) != NULL; n++) {
		CHECK(reason_name(n)[0] != '\0');
		CHECK_INT(reason_number(reason_name(n)), n);
	}
	CHECK(n > 40);
	CHECK(n <= 255);	/* one byte on the channel */
}

TEST(the_numbers_of_the_contract_stay)
{
	CHECK_STR(reason_name(1), "no_name_server");
	CHECK_STR(reason_name(12), "connect_failed");
	CHECK_STR(reason_name(15), "client_refused");
	CHECK_STR(reason_name(49), "http_504");
}

TEST(a_word_that_is_none_has_no_number)
{
	CHECK_INT(reason_number("http_503 "), REASON_NONE);
	CHECK_INT(reason_number("http_50"), REASON_NONE);
	CHECK_INT(reason_number("HTTP_503"), REASON_NONE);
	CHECK_INT(reason_number("bored"), REASON_NONE);
}

TEST(a_number_beyond_the_list_has_no_word)
{
	CHECK(reason_name(255) == NULL);
	CHECK(reason_name(~0u) == NULL);
}
