/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "breaker.h"
#include "retry.h"
#include "test.h"

#define MS UINT64_C(1000000)

enum { LEAST_MS = 50 };

static struct breaker b[3];
static uint64_t when;

static void
forget(void)
{
	memset(b, 0, sizeof(b));
	when = 0;
}

TEST(a_new_one_lets_everything_through_at_once)
{
	forget();
	CHECK_INT(breaker_choose(b, 3, 77, &when), 0);
	CHECK_INT(when, 77);
	CHECK_INT(breaker_choose(b, 1, 0, &when), 0);
	CHECK_INT(when, 0);
}

TEST(the_first_failure_opens_it_for_the_wait_that_is_returned)
{
	forget();
	CHECK_INT(breaker_failed(&b[0], 1000 * MS, 0, 0), LEAST_MS);
	CHECK_INT(b[0].failures, 1);
	CHECK_INT(breaker_choose(b, 1, 1000 * MS, &when), 0);
	CHECK_INT(when, (1000 + LEAST_MS) * MS);
	CHECK_INT(breaker_failed(&b[0], 0, 0, UINT64_MAX), 2000);
}

TEST(each_failure_in_a_row_doubles_the_longest_wait_up_to_the_cap)
{
	static const uint32_t longest[] = { 1000, 2000, 4000, 8000, 16000,
		32000, 60000, 60000, 60000 };

	forget();
	for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++)
		CHECK_INT(breaker_failed(&b[0], 0, 0, UINT64_MAX), longest[i]);
}

TEST(the_longest_first_wait_is_the_callers_and_stays_with_a_success)
{
	forget();
	b[0].first_ms = 5000;
	CHECK_INT(breaker_failed(&b[0], 0, 0, UINT64_MAX), 5000);
	CHECK_INT(breaker_failed(&b[0], 0, 0, UINT64_MAX), 10000);
	breaker_worked(&b[0]);
	CHECK_INT(breaker_failed(&b[0], 0, 0, UINT64_MAX), 5000);
}

TEST(jitter_comes_on_top_of_what_the_server_asked_for)
{
	forget();
	CHECK_INT(breaker_failed(&b[0], 0, 7000, 0), 7000 + LEAST_MS);
	CHECK_INT(breaker_failed(&b[0], 0, 7000, UINT64_MAX), 7000 + 2000);
	forget();
	for (int i = 0; i < 20; i++)
		breaker_failed(&b[0], 0, 0, 0);
	CHECK_INT(breaker_failed(&b[0], 5 * MS, RETRY_AFTER_MAX_MS,
	    UINT64_MAX), RETRY_AFTER_MAX_MS + RETRY_CAP_MS);
	CHECK_INT(b[0].rests_until_ns,
	    (5 + RETRY_AFTER_MAX_MS + RETRY_CAP_MS) * MS);
}

TEST(one_that_rests_gives_way_to_the_next_in_order)
{
	forget();
	breaker_failed(&b[0], 0, 0, UINT64_MAX);
	CHECK_INT(breaker_choose(b, 3, 1, &when), 1);
	CHECK_INT(when, 1);
	breaker_failed(&b[1], 1, 0, UINT64_MAX);
	CHECK_INT(breaker_choose(b, 3, 1, &when), 2);
}

TEST(the_first_comes_back_as_soon_as_it_has_rested)
{
	forget();
	breaker_failed(&b[0], 0, 0, UINT64_MAX);
	CHECK_INT(breaker_choose(b, 2, 1000 * MS - 1, &when), 1);
	CHECK_INT(breaker_choose(b, 2, 1000 * MS, &when), 0);
	CHECK_INT(when, 1000 * MS);
}

TEST(when_all_rest_the_one_that_is_due_first_is_waited_for)
{
	forget();
	breaker_failed(&b[0], 0, 5000, 0);
	breaker_failed(&b[1], 0, 3000, 0);
	breaker_failed(&b[2], 0, 4000, 0);
	CHECK_INT(breaker_choose(b, 3, 1, &when), 1);
	CHECK_INT(when, (3000 + LEAST_MS) * MS);
	/* of two that are due together, the preferred one */
	b[0].rests_until_ns = b[1].rests_until_ns;
	CHECK_INT(breaker_choose(b, 3, 1, &when), 0);
}

TEST(one_that_is_not_configured_is_never_chosen)
{
	forget();
	breaker_failed(&b[0], 0, 9000, 0);
	CHECK_INT(breaker_choose(b, 1, 1, &when), 0);
	CHECK_INT(when, (9000 + LEAST_MS) * MS);
}

TEST(one_success_forgets_every_failure)
{
	forget();
	for (int i = 0; i < 9; i++)
		breaker_failed(&b[0], 0, 0, UINT64_MAX);
	breaker_worked(&b[0]);
	CHECK_INT(b[0].failures, 0);
	CHECK_INT(breaker_choose(b, 2, 1, &when), 0);
	CHECK_INT(when, 1);
	CHECK_INT(breaker_failed(&b[0], 0, 0, UINT64_MAX), 1000);
}

TEST(a_failure_that_follows_a_rest_opens_it_for_longer)
{
	forget();
	breaker_failed(&b[0], 0, 0, UINT64_MAX);
	CHECK_INT(breaker_choose(b, 2, 1000 * MS, &when), 0);
	breaker_failed(&b[0], 1000 * MS, 0, UINT64_MAX);
	CHECK_INT(breaker_choose(b, 2, 2999 * MS, &when), 1);
	CHECK_INT(breaker_choose(b, 2, 3000 * MS, &when), 0);
}
