/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  To whom delivery.c sends, and when: the order of the
 * endpoints, their breakers, what a server asks for, and the pace.
 */
#include "ship_world.h"

#include "retry.h"

enum { LEAST_MS = 50 };

/* Milliseconds until the next post, which must come. */
static uint64_t
wait_for_post(void)
{
	const uint64_t from = now;

	CHECK(posted());
	return (now - from) / MS;
}

/* How long it waits after this answer, without jitter and with the most. */
static void
check_waits(const char *http, uint32_t at_least_ms)
{
	world(1);
	put_step(1, 1);
	CHECK(posted());
	fake_answer(http);
	CHECK_INT(wait_for_post(), at_least_ms + LEAST_MS);
	fake_random = UINT64_MAX;
	fake_answer(http);
	CHECK_INT(wait_for_post(), at_least_ms + 2 * FIRST_MS);
	CHECK_INT(nacks, 0);
	CHECK(same_bytes(&fake_posts[0], last_post()));
}

TEST(the_first_endpoint_gets_everything_while_it_works)
{
	world(3);
	for (int i = 0; i < 5; i++) {
		deliver_step();
		CHECK_INT(last_post()->endpoint, 0);
	}
	CHECK_INT(fake_nposts, 5);
	CHECK_INT(nacks, 5);
}

TEST(the_next_endpoint_gets_the_same_bytes_at_once)
{
	world(3);
	put_step(2, 3);
	CHECK(posted());
	fake_fail(CONN_UNREACHABLE, "connect_failed", "ECONNREFUSED");
	CHECK_INT(wait_for_post(), 0);
	CHECK_INT(last_post()->endpoint, 1);
	fake_answer(HTTP("503", ""));
	CHECK_INT(wait_for_post(), 0);
	CHECK_INT(last_post()->endpoint, 2);
	CHECK(same_bytes(&fake_posts[0], &fake_posts[1]));
	CHECK(same_bytes(&fake_posts[0], &fake_posts[2]));
}

TEST(all_retries_are_the_same_bytes_whatever_the_failure)
{
	world(2);
	put_step(3, 100);
	CHECK(posted());
	for (int i = 0; i < 40; i++) {
		put_step(1, 1);
		if (i % 3 == 0)
			fake_fail(CONN_TIMED_OUT, "timeout_reply", "");
		else if (i % 3 == 1)
			fake_fail(CONN_BAD_REPLY, "bad_reply", "line_end");
		else
			fake_answer(HTTP("429", ""));
		CHECK(posted());
		CHECK(same_bytes(&fake_posts[0], last_post()));
	}
	CHECK_INT(nacks, 0);
	CHECK_INT(d.state.count.requests_retried, 40);
	CHECK_INT(d.state.count.requests_delivered, 0);
}

TEST(the_preferred_one_comes_back_when_it_has_rested)
{
	world(2);
	fake_random = UINT64_MAX;
	put_step(1, 1);
	CHECK(posted());
	fake_fail(CONN_UNREACHABLE, "connect_failed", "");
	CHECK(posted());
	CHECK_INT(last_post()->endpoint, 1);
	fake_answer(OK);
	turn();
	now += FIRST_MS * MS;
	deliver_step();
	CHECK_INT(last_post()->endpoint, 0);
	deliver_step();
	CHECK_INT(last_post()->endpoint, 0);
	CHECK_INT(d.breaker[0].failures, 0);
}

TEST(a_preferred_one_that_fails_again_rests_longer_and_delays_nobody)
{
	uint64_t failed_at;

	world(2);
	fake_random = UINT64_MAX;
	for (uint32_t rest = FIRST_MS; rest <= RETRY_CAP_MS; rest *= 2) {
		put_step(1, 1);
		CHECK(posted());
		CHECK_INT(last_post()->endpoint, 0);
		failed_at = now;
		fake_fail(CONN_UNREACHABLE, "no_reply", "");
		CHECK_INT(wait_for_post(), 0);
		CHECK_INT(last_post()->endpoint, 1);
		fake_answer(OK);
		turn();
		CHECK_INT(d.breaker[0].rests_until_ns,
		    failed_at + rest * MS);
		now = failed_at + rest * MS - 1;
		deliver_step();
		CHECK_INT(last_post()->endpoint, 1);
		now = failed_at + 2 * rest * MS + INTERVAL_MS * MS;
	}
}

TEST(with_all_of_them_down_the_one_that_is_due_first_is_asked)
{
	world(2);
	put_step(1, 1);
	CHECK(posted());
	fake_answer(HTTP("503", "Retry-After: 30\r\n"));
	CHECK(posted());
	fake_answer(HTTP("503", "Retry-After: 20\r\n"));
	CHECK_INT(wait_for_post(), 20000 + LEAST_MS);
	CHECK_INT(last_post()->endpoint, 1);
	fake_fail(CONN_UNREACHABLE, "no_reply", "");
	CHECK_INT(wait_for_post(), LEAST_MS);
	CHECK_INT(last_post()->endpoint, 1);
}

TEST(what_one_endpoint_asks_for_binds_it_alone)
{
	world(2);
	put_step(1, 1);
	CHECK(posted());
	fake_answer(HTTP("429", "Retry-After: 600\r\n"));
	CHECK_INT(wait_for_post(), 0);
	CHECK_INT(last_post()->endpoint, 1);
	fake_answer(OK);
	turn();
	for (int i = 0; i < 9; i++) {
		now += INTERVAL_MS * MS;
		deliver_step();
		CHECK_INT(last_post()->endpoint, 1);
	}
	now += 600000 * MS;
	deliver_step();
	CHECK_INT(last_post()->endpoint, 0);
}

TEST(a_retry_after_is_waited_for_and_jitter_comes_on_top)
{
	check_waits(HTTP("429", "Retry-After: 7\r\n"), 7000);
	check_waits(HTTP("503", "Retry-After: 120\r\n"), 120000);
	check_waits(HTTP("502", "Retry-After: 1\r\n"), 1000);
	check_waits(HTTP("504", "Date: Sun, 06 Nov 1994 08:49:07 GMT\r\n"
	    "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), 30000);
}

TEST(an_absurd_retry_after_has_a_floor_and_a_ceiling)
{
	check_waits(HTTP("503", "Retry-After: 0\r\n"), 0);
	check_waits(HTTP("503", "Retry-After: 86400\r\n"),
	    RETRY_AFTER_MAX_MS);
	check_waits(HTTP("503", "Retry-After: 99999999999999999999\r\n"),
	    RETRY_AFTER_MAX_MS);
	check_waits(HTTP("429", "Date: Sun, 06 Nov 1994 08:49:07 GMT\r\n"
	    "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n"),
	    RETRY_AFTER_MAX_MS);
}

TEST(a_retry_after_that_says_nothing_leaves_the_back_off)
{
	check_waits(HTTP("503", ""), 0);
	check_waits(HTTP("503", "Retry-After: -5\r\n"), 0);
	check_waits(HTTP("503", "Retry-After: soon\r\n"), 0);
	check_waits(HTTP("503", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"
	    "\r\n"), 0);
	check_waits(HTTP("503", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	    "Retry-After: Sun, 06 Nov 1994 08:49:07 GMT\r\n"), 0);
}

TEST(a_configuration_error_keeps_the_queue_and_is_tried_slowly)
{
	static const char *const refused[] = { HTTP("401", ""),
		HTTP("403", ""), HTTP("404", ""), HTTP("405", ""),
		HTTP("407", ""), HTTP("307", ""), HTTP("511", ""),
		HTTP("400", "Content-Type: text/html\r\n"),
		HTTP("200", "Content-Type: text/html\r\n") };

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		check_waits(refused[i], RETRY_REFUSED_MS);
}

TEST(a_certificate_that_is_refused_keeps_the_queue_until_it_is_taken)
{
	static const enum conn_outcome refused[] = { CONN_CLIENT_REFUSED,
		CONN_SERVER_REFUSED };

	for (size_t i = 0; i < 2; i++) {
		world(1);
		put_step(2, 2);
		put_step(1, 1);
		CHECK(posted());
		for (int k = 0; k < 50; k++) {
			fake_fail(refused[i], "client_refused", "expired");
			CHECK(wait_for_post() >= RETRY_REFUSED_MS);
			CHECK(same_bytes(&fake_posts[0], last_post()));
		}
		CHECK_INT(nacks, 0);
		CHECK_INT(d.state.count.refused, 0);
		fake_answer(OK);
		CHECK(posted());
		fake_answer(OK);
		turn();
		CHECK_INT(nacks, 2);
		CHECK_INT(acks[1].seq, 3);
		CHECK_INT(d.state.count.delivered, 5);
	}
}

TEST(a_server_that_refuses_us_gives_way_to_the_next_one)
{
	world(2);
	put_step(1, 1);
	CHECK(posted());
	fake_fail(CONN_CLIENT_REFUSED, "client_refused", "");
	CHECK_INT(wait_for_post(), 0);
	CHECK_INT(last_post()->endpoint, 1);
}

TEST(a_backlog_goes_at_most_so_many_times_faster_than_it_was_made)
{
	enum { STEPS = 200, PACE_MS = INTERVAL_MS / CATCH_UP };
	uint64_t begun, least = UINT64_MAX, most = 0;

	world(1);
	for (int i = 0; i < STEPS; i++)
		put_step(1, 1);
	CHECK(posted());
	begun = now;
	for (int i = 1; i < STEPS; i++) {
		uint64_t waited;

		fake_random = (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15);
		fake_answer(OK);
		waited = wait_for_post();
		least = waited < least ? waited : least;
		most = waited > most ? waited : most;
	}
	CHECK(least >= PACE_MS * 3 / 4 && least < PACE_MS * 4 / 5);
	CHECK(most <= PACE_MS * 5 / 4 && most > PACE_MS * 6 / 5);
	/* together within a hundredth of the pace */
	CHECK((now - begun) / MS >= (STEPS - 1) * PACE_MS * 99 / 100);
}

TEST(the_pace_holds_for_what_is_dropped_too)
{
	world(1);
	for (int i = 0; i < 5; i++)
		put_step(1, 1);
	CHECK(posted());
	for (int i = 0; i < 4; i++) {
		fake_answer(HTTP("500", ""));
		CHECK(wait_for_post() >= INTERVAL_MS / CATCH_UP * 3 / 4);
	}
}

TEST(a_step_that_is_due_waits_for_nothing)
{
	world(1);
	deliver_step();
	now += INTERVAL_MS * MS;
	put_step(1, 1);
	CHECK_INT(wait_for_post(), 0);
}

TEST(the_first_request_waits_for_the_hosts_own_moment)
{
	world(1);
	conf.seed = 42;
	start_delivery();
	put_step(1, 1);
	CHECK_INT(wait_for_post(), retry_phase_ms(42, INTERVAL_MS));
	CHECK(retry_phase_ms(42, INTERVAL_MS) > 0);
}

TEST(the_first_request_of_all_waits_for_nothing)
{
	world(1);
	conf.seed = 42;
	conf.flags |= SHIPCONF_FRESH;
	start_delivery();
	put_step(1, 1);
	CHECK_INT(wait_for_post(), 0);
	conf.flags = 0;
}

TEST(while_nothing_waits_no_time_is_set)
{
	world(1);
	turn();
	CHECK(delivery_deadline(&d) == UINT64_MAX);
	deliver_step();
	turn();
	CHECK(delivery_deadline(&d) == UINT64_MAX);
	put_step(1, 1);
	CHECK(posted());
	/* under way: conn.c has its own deadline */
	CHECK(delivery_deadline(&d) == UINT64_MAX);
}
