/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  What delivery.c makes of each answer: what is owed to the
 * collector, what is counted, what is said, and what goes out next.
 */
#include "ship_world.h"

#include "reason.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PARTIAL "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
	"Content-Length: 65\r\n\r\n" \
	"{\"partialSuccess\":{\"rejectedDataPoints\":\"5\"," \
	"\"errorMessage\":\"no\"}}"

/* The next post, and its answer. */
static void
exchange(const char *http)
{
	CHECK(posted());
	fake_answer(http);
	turn();
}

static void
check_ack(size_t i, uint64_t number, enum ack what)
{
	CHECK(i < nacks);
	CHECK_INT(acks[i].seq, number);
	CHECK_INT(acks[i].what, what);
}

static void
check_state(enum ship_phase phase, const char *reason, uint64_t status)
{
	CHECK_INT(d.state.phase, phase);
	CHECK_STR(reason_name(d.state.reason), reason);
	CHECK_INT(d.state.http_status, status);
}

/* Every point that was posted for good is counted once. */
static uint64_t
counted(void)
{
	const struct export_count *c = &d.state.count;

	return c->delivered + c->rejected + c->refused + c->oversize;
}

static int saved_stderr = -1, log_pipe[2];

/* From here to heard(), the log goes nowhere else. */
static void
listen_to_log(void)
{
	saved_stderr = dup(STDERR_FILENO);
	CHECK(pipe2(log_pipe, O_NONBLOCK) == 0);
	CHECK(dup2(log_pipe[1], STDERR_FILENO) == STDERR_FILENO);
}

static const char *
heard(void)
{
	static char text[8192];
	ssize_t n;

	dup2(saved_stderr, STDERR_FILENO);
	n = read(log_pipe[0], text, sizeof(text) - 1);
	close(saved_stderr);
	close(log_pipe[0]);
	close(log_pipe[1]);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static unsigned
count_of(const char *text, const char *word)
{
	unsigned n = 0;

	while ((text = strstr(text, word)) != NULL) {
		n++;
		text += strlen(word);
	}
	return n;
}

TEST(every_status_from_200_to_299_is_a_delivery)
{
	char http[64];

	for (unsigned status = 200; status < 300; status++) {
		world(1);
		put_step(2, 4);
		snprintf(http, sizeof(http),
		    "HTTP/1.1 %u words\r\nContent-Length: 0\r\n\r\n", status);
		exchange(http);
		CHECK_INT(nacks, 1);
		check_ack(0, 2, ACK_DELIVERED);
		check_state(SHIP_WELL, "", status);
		CHECK_INT(d.state.count.delivered, 8);
		CHECK_INT(d.state.count.requests_delivered, 1);
		CHECK_INT(d.state.count.bytes, fake_posts[0].len);
		CHECK_INT(d.state.count.connections, 1);
	}
}

TEST(a_partial_success_is_counted_and_never_sent_again)
{
	world(2);
	conf.protocol = PROTOCOL_HTTP_JSON;
	put_step(2, 4);
	put_step(1, 3);
	exchange(PARTIAL);
	check_ack(0, 2, ACK_DELIVERED);
	check_state(SHIP_WELL, "partial_success", 200);
	CHECK_INT(d.state.count.delivered, 3);
	CHECK_INT(d.state.count.rejected, 5);
	CHECK_INT(d.state.count.requests_delivered, 1);
	CHECK_INT(d.state.count.requests_retried, 0);
	exchange(OK);
	CHECK_INT(fake_nposts, 2);
	CHECK_INT(last_post()->endpoint, 0);
	check_ack(1, 3, ACK_DELIVERED);
	check_state(SHIP_WELL, "", 200);
	CHECK_INT(d.state.count.delivered, 6);
}

TEST(more_rejected_than_was_sent_is_all_of_it)
{
	world(1);
	put_step(1, 2);
	exchange(PARTIAL);
	CHECK_INT(d.state.count.delivered, 0);
	CHECK_INT(d.state.count.rejected, 2);
}

TEST(a_2xx_that_says_something_odd_is_a_delivery_with_a_word)
{
	world(1);
	put_step(1, 2);
	exchange("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	    "Content-Length: 3\r\n\r\n{[}");
	check_ack(0, 1, ACK_DELIVERED);
	check_state(SHIP_WELL, "odd_body", 200);
	CHECK_INT(d.state.count.delivered, 2);
}

TEST(an_answer_for_good_drops_that_batch_alone)
{
	static const struct {
		const char *http, *reason;
		unsigned status;
	} row[] = {
		{ HTTP("400", ""), "http_400", 400 },
		{ HTTP("415", ""), "http_415", 415 },
		{ HTTP("422", ""), "http_4xx", 422 },
		{ HTTP("500", ""), "http_500", 500 },
		{ HTTP("501", ""), "http_501", 501 },
		{ HTTP("505", "Retry-After: 9\r\n"), "http_5xx", 505 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		world(2);
		put_step(2, 4);
		put_step(1, 1);
		exchange(row[i].http);
		check_ack(0, 2, ACK_REJECTED);
		check_state(SHIP_WELL, row[i].reason, row[i].status);
		CHECK_INT(d.state.count.refused, 8);
		CHECK_INT(d.state.count.requests_dropped, 1);
		CHECK_INT(d.state.count.requests_delivered, 0);
		exchange(OK);
		CHECK_INT(fake_nposts, 2);
		CHECK(!same_bytes(&fake_posts[0], &fake_posts[1]));
		CHECK_INT(last_post()->endpoint, 0);
		check_ack(1, 3, ACK_DELIVERED);
		check_state(SHIP_WELL, "", 200);
		CHECK_INT(d.state.count.delivered, 1);
	}
}

TEST(a_413_halves_the_requests_and_loses_nothing)
{
	uint64_t last = 0;
	size_t first_len;

	world(1);
	put_step(8, 500);
	put_step(8, 500);
	CHECK(posted());
	first_len = last_post()->len;
	CHECK(first_len > 4 * 16384);
	fake_answer(HTTP("413", ""));
	turn();
	CHECK_INT(nacks, 0);
	check_state(SHIP_WELL, "http_413", 413);
	while (last < 16) {
		CHECK(last_post()->len <= first_len / 2);
		fake_answer(OK);
		posted();
		CHECK(nacks > 0);
		CHECK(acks[nacks - 1].seq > last);
		CHECK_INT(acks[nacks - 1].what, ACK_DELIVERED);
		last = acks[nacks - 1].seq;
	}
	CHECK_INT(d.state.count.delivered, 16 * 500);
	CHECK_INT(counted(), 16 * 500);
	CHECK(fake_nposts <= 7);
}

TEST(a_413_for_one_record_alone_drops_that_record)
{
	world(1);
	put_step(1, 1500);
	put_step(1, 1);
	CHECK(posted());
	CHECK(last_post()->len > 16384);
	fake_answer(HTTP("413", ""));
	turn();
	check_ack(0, 1, ACK_REJECTED);
	CHECK_INT(d.state.count.refused, 1500);
	exchange(OK);
	check_ack(1, 2, ACK_DELIVERED);
}

TEST(a_server_that_says_413_to_everything_is_asked_a_bounded_number_of_times)
{
	world(1);
	put_step(16, 500);
	while (posted())
		fake_answer(HTTP("413", ""));
	CHECK(fake_nposts <= 16 + 5);
	CHECK_INT(acks[nacks - 1].seq, 16);
	CHECK_INT(d.state.count.refused, 16 * 500);
	CHECK_INT(counted(), 16 * 500);
	for (size_t i = 0; i < nacks; i++)
		CHECK_INT(acks[i].what, ACK_REJECTED);
}

TEST(records_that_are_small_together_are_not_halved_further)
{
	world(1);
	put_step(4, 10);
	exchange(HTTP("413", ""));
	CHECK_INT(nacks, 1);
	check_ack(0, 4, ACK_REJECTED);
	CHECK_INT(d.state.count.refused, 40);
}

TEST(a_record_larger_than_any_request_is_dropped_and_its_step_goes_on)
{
	world(1);
	put_step(1, 1);
	put_step(1, 1);
	put_step(1, 3000);
	put_step(1, 1);
	exchange(OK);
	exchange(OK);
	fake_request_max = 8192;
	exchange(OK);
	CHECK_INT(fake_nposts, 3);
	CHECK_INT(nacks, 4);
	check_ack(2, 3, ACK_OVERSIZE);
	check_ack(3, 4, ACK_DELIVERED);
	check_state(SHIP_WELL, "", 200);
	CHECK_INT(d.state.count.oversize, 3000);
	CHECK_INT(d.state.count.delivered, 3);
	CHECK_INT(d.state.count.requests_dropped, 0);
}

TEST(records_around_one_too_large_are_delivered_in_their_order)
{
	static const enum ack want[] = { ACK_OVERSIZE, ACK_DELIVERED,
		ACK_OVERSIZE };

	world(1);
	fake_request_max = 40000;
	put_step(1, 3000);
	put_step(4, 1);
	put_step(1, 3000);
	while (posted())
		fake_answer(OK);
	CHECK_INT(nacks, 3);
	for (size_t i = 0; i < 3; i++)
		CHECK_INT(acks[i].what, want[i]);
	CHECK_INT(acks[1].seq, 5);
	CHECK_INT(d.state.count.oversize, 6000);
	CHECK_INT(d.state.count.delivered, 4);
}

TEST(nothing_is_encoded_while_an_answer_is_owed)
{
	world(1);
	put_step(1, 1);
	put_step(1, 1);
	CHECK(posted());
	fake_answer(OK);
	CHECK_INT(intake_read(&in), 0);
	delivery_step(&d, now);
	CHECK_INT(d.answer.seq, 1);
	now += INTERVAL_MS * MS;
	delivery_step(&d, now);
	CHECK_INT(d.answer.seq, 1);
	CHECK_INT(fake_nposts, 1);
	CHECK(delivery_deadline(&d) == UINT64_MAX);
	turn();
	CHECK(posted());
	CHECK_INT(fake_nposts, 2);
}

TEST(a_failure_shows_in_the_state_and_its_end_too)
{
	world(2);
	check_state(SHIP_WELL, "", 0);
	put_step(1, 2);
	CHECK(posted());
	fake_fail(CONN_UNREACHABLE, "connect_failed", "ECONNREFUSED");
	turn();
	check_state(SHIP_FAILING, "connect_failed", 0);
	CHECK_INT(d.state.endpoint, 0);		/* whose trouble it is */
	CHECK_INT(last_post()->endpoint, 1);
	CHECK_INT(d.state.count.requests_retried, 1);
	fake_answer(HTTP("503", ""));
	turn();
	check_state(SHIP_FAILING, "http_503", 503);
	CHECK_INT(d.state.endpoint, 1);
	CHECK_INT(d.state.count.requests_retried, 2);
	CHECK(posted());
	CHECK_INT(last_post()->endpoint, 0);
	fake_answer(HTTP("403", ""));
	turn();
	check_state(SHIP_FAILING, "http_403", 403);
	CHECK_INT(d.state.endpoint, 0);
	CHECK_INT(last_post()->endpoint, 1);
	fake_answer(OK);
	turn();
	check_state(SHIP_WELL, "", 200);
	CHECK_INT(d.state.endpoint, 1);
	CHECK_INT(d.state.count.requests_retried, 3);
	CHECK_INT(d.state.count.delivered, 2);
	CHECK_INT(counted(), 2);
}

TEST(every_reason_of_a_failure_has_a_number)
{
	static const char *const reasons[] = { "connect_failed",
		"timeout_reply", "client_refused", "bad_reply" };

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		world(1);
		put_step(1, 1);
		CHECK(posted());
		fake_fail((enum conn_outcome)(CONN_UNREACHABLE + i),
		    reasons[i], "");
		turn();
		check_state(SHIP_FAILING, reasons[i], 0);
	}
}

TEST(a_trouble_is_said_once_and_its_end_once)
{
	const char *log;

	world(1);
	listen_to_log();
	put_step(1, 1);
	CHECK(posted());
	for (int i = 0; i < 30; i++) {
		fake_fail(CONN_UNREACHABLE, "connect_failed", "ECONNREFUSED");
		CHECK(posted());
	}
	fake_answer(OK);
	turn();
	deliver_step();
	log = heard();
	CHECK_INT(count_of(log, "\n"), 2);
	CHECK_INT(count_of(log, "event=delivery_failed"), 1);
	CHECK(strstr(log, " reason=connect_failed endpoint=\"first\" "
	    "detail=\"ECONNREFUSED\" retry_in_ms=50\n") != NULL);
	CHECK(strstr(log, "event=delivery_restored endpoint=\"first\" "
	    "failures=30\n") != NULL);
}

TEST(another_trouble_is_said_again)
{
	const char *log;

	world(1);
	listen_to_log();
	put_step(1, 1);
	CHECK(posted());
	fake_fail(CONN_UNREACHABLE, "connect_failed", "");
	CHECK(posted());
	fake_answer(HTTP("503", ""));
	CHECK(posted());
	fake_answer(HTTP("503", ""));
	turn();
	log = heard();
	CHECK_INT(count_of(log, "\n"), 2);
	CHECK_INT(count_of(log, "reason=connect_failed"), 1);
	CHECK_INT(count_of(log, "reason=http_503"), 1);
}

TEST(each_endpoint_has_its_own_trouble)
{
	const char *log;

	world(2);
	listen_to_log();
	put_step(1, 1);
	for (int i = 0; i < 20; i++) {
		CHECK(posted());
		fake_fail(CONN_UNREACHABLE, "no_reply", "");
	}
	exchange(OK);
	log = heard();
	CHECK_INT(count_of(log, "event=delivery_failed"), 2);
	CHECK_INT(count_of(log, "endpoint=\"second\""),
	    last_post()->endpoint == 1 ? 2 : 1);
	CHECK_INT(count_of(log, "event=delivery_restored"), 1);
	CHECK_INT(count_of(log, "\n"), 3);
}

TEST(a_receiver_that_drops_every_batch_is_said_once)
{
	const char *log;

	world(1);
	listen_to_log();
	for (int i = 0; i < 30; i++) {
		put_step(1, 1);
		exchange(HTTP("400", ""));
	}
	log = heard();
	CHECK_INT(count_of(log, "\n"), 1);
	CHECK_INT(count_of(log, "event=batch_dropped reason=http_400"), 1);
	CHECK_INT(d.state.count.requests_dropped, 30);
}
