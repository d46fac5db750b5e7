/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  delivery.c with Device Defender reports: when one goes,
 * what is owed for it, and what each answer means.
 */
#include "ship_world.h"

#include "reason.h"

#include <stdio.h>

enum { REPORT_MS = DEFENDER_INTERVAL_MIN_MS };

static void
report_world(uint8_t flags)
{
	free(d.defender);
	world(1);
	conf.protocol = PROTOCOL_DEVICE_DEFENDER;
	conf.flags = flags;
	conf.defender.interval_ms = REPORT_MS;
	conf.defender.list_max = 50;
	CHECK(defender_conf_add(&conf.defender, "load",
	    "system.cpu.load_average.1m max") == NULL);
	start_delivery();
}

/* Steps at their interval, until a request is there. */
static void
steps_until_posted(void)
{
	const size_t before = fake_nposts;

	for (int i = 0; i < 100 && fake_nposts == before; i++) {
		put_step(1, 1);
		now += INTERVAL_MS * MS;
		turn();
	}
	CHECK_INT(fake_nposts, before + 1);
}

static void
answer_with(const char *http)
{
	fake_answer(http);
	turn();
}

TEST(a_new_host_reports_at_once_and_one_that_was_there_an_interval_later)
{
	const uint64_t began = UINT64_C(10000000) * MS;

	report_world(SHIPCONF_FRESH);
	put_step(1, 1);
	CHECK(posted());
	CHECK(now == began);
	/* a report is paid for like any body */
	CHECK_INT(d.egress.used, last_post()->len);
	report_world(0);
	steps_until_posted();
	CHECK(now - began >= REPORT_MS * MS);
	CHECK(now - began <= (REPORT_MS + REPORT_MS / 10 + INTERVAL_MS) * MS);
}

TEST(no_two_reports_are_closer_than_the_interval)
{
	uint64_t last = 0;

	report_world(SHIPCONF_FRESH);
	for (int i = 0; i < 6; i++) {
		steps_until_posted();
		CHECK(last == 0 || now - last >= REPORT_MS * MS);
		last = now;
		answer_with(OK);
		CHECK_INT(nacks, i + 1);
		CHECK_INT(acks[i].seq, seq);
		CHECK_INT(acks[i].what, ACK_DELIVERED);
	}
	CHECK_INT(d.state.count.requests_delivered, 6);
	CHECK_INT(d.state.count.delivered, 6);
}

TEST(nothing_is_acknowledged_before_its_report_is_accepted)
{
	report_world(0);
	for (int i = 0; i < 10; i++) {
		put_step(2, 1);
		now += INTERVAL_MS * MS;
		turn();
	}
	CHECK_INT(nacks, 0);
	CHECK_INT(fake_nposts, 0);
	CHECK(intake_has_room(&in));
	steps_until_posted();
	CHECK_INT(nacks, 0);
	answer_with(OK);
	CHECK_INT(nacks, 1);
	CHECK_INT(acks[0].seq, seq);
}

TEST(the_same_bytes_go_again_until_they_are_answered)
{
	static const char *const again[] = { HTTP("429", ""), HTTP("500", ""),
		HTTP("503", "Retry-After: 1\r\n"), HTTP("599", "") };

	report_world(SHIPCONF_FRESH);
	put_step(1, 1);
	CHECK(posted());
	for (size_t i = 0; i < 4; i++) {
		fake_answer(again[i]);
		put_step(1, 1);
		CHECK(posted());
		CHECK(same_bytes(&fake_posts[0], last_post()));
		CHECK_INT(nacks, 0);
	}
	answer_with(OK);
	CHECK_INT(nacks, 1);
	CHECK_INT(acks[0].seq, 1);
	CHECK_INT(d.state.count.requests_retried, 4);
	/* all that came meanwhile is one report, in its time */
	steps_until_posted();
	answer_with(OK);
	CHECK_INT(acks[1].seq, seq);
}

TEST(a_refusal_for_good_ends_one_report_and_not_the_next)
{
	static const struct {
		const char *http, *reason;
	} row[] = {
		{ HTTP("400", ""), "http_400" },
		{ HTTP("401", ""), "http_401" },
		{ HTTP("403", ""), "http_403" },
		{ HTTP("404", ""), "http_404" },
		{ HTTP("405", ""), "http_405" },
		{ HTTP("413", ""), "http_413" },
		{ HTTP("422", ""), "http_4xx" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint64_t before;

		report_world(SHIPCONF_FRESH);
		put_step(1, 1);
		CHECK(posted());
		before = now;
		answer_with(row[i].http);
		CHECK_INT(nacks, 1);
		CHECK_INT(acks[0].what, ACK_REJECTED);
		CHECK_STR(reason_name(d.state.reason), row[i].reason);
		CHECK_INT(d.state.count.refused, 1);
		CHECK(!d.defender->reported);
		steps_until_posted();
		CHECK(now - before >= REPORT_MS * MS);
		answer_with(OK);
		CHECK_INT(acks[1].what, ACK_DELIVERED);
		CHECK(d.defender->reported);
	}
}

TEST(a_portal_s_page_is_no_acceptance)
{
	report_world(SHIPCONF_FRESH);
	put_step(1, 1);
	CHECK(posted());
	answer_with("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
	    "Content-Length: 2\r\n\r\nhi");
	CHECK_INT(nacks, 0);
	CHECK_STR(reason_name(d.state.reason), "captive_portal");
}

TEST(an_object_is_no_page_whatever_it_is_called)
{
	report_world(SHIPCONF_FRESH);
	put_step(1, 1);
	CHECK(posted());
	answer_with("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
	    "Content-Length: 2\r\n\r\n{}");
	CHECK_INT(nacks, 1);
	CHECK_INT(acks[0].what, ACK_DELIVERED);
}

TEST(an_interval_without_anything_to_say_is_no_request)
{
	report_world(SHIPCONF_FRESH);
	conf.defender.ncustom = 0;
	for (int i = 0; i < 100; i++) {
		put_step(1, 1);
		now += INTERVAL_MS * MS;
		turn();
	}
	CHECK_INT(fake_nposts, 0);
	CHECK_INT(nacks, 0);
	CHECK(intake_has_room(&in));
}

TEST(a_step_after_a_long_silence_is_reported_at_once)
{
	report_world(SHIPCONF_FRESH);
	put_step(1, 1);
	CHECK(posted());
	answer_with(OK);
	for (int i = 0; i < 10; i++) {
		now += REPORT_MS * MS;
		turn();
	}
	put_step(1, 1);
	turn();
	CHECK_INT(fake_nposts, 2);
}

TEST(it_sleeps_until_there_is_something_to_do)
{
	report_world(0);
	CHECK(delivery_deadline(&d) == UINT64_MAX);
	put_step(1, 1);
	turn();
	CHECK(delivery_deadline(&d) >= now + REPORT_MS * MS);
	now = delivery_deadline(&d);
	turn();
	CHECK_INT(fake_nposts, 1);
	CHECK(delivery_deadline(&d) == UINT64_MAX);
}
