/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "expiry.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { HOUR = 3600, DAY = 86400, NOW = 1795219200 };

static struct expiry e;
static struct tls_term term[TLS_THINGS];
static struct export_expiry out;

/* What one step says. */
static const char *
step(int64_t now_s)
{
	static char text[2048];
	const int saved = dup(STDERR_FILENO);
	int log_pipe[2];
	ssize_t n;

	CHECK(pipe2(log_pipe, O_NONBLOCK) == 0);
	CHECK(dup2(log_pipe[1], STDERR_FILENO) == STDERR_FILENO);
	expiry_step(&e, term, now_s, &out);
	dup2(saved, STDERR_FILENO);
	n = read(log_pipe[0], text, sizeof(text) - 1);
	close(saved);
	close(log_pipe[0]);
	close(log_pipe[1]);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void
begin(enum tls_thing thing, int64_t from, int64_t until)
{
	memset(&e, 0, sizeof(e));
	memset(term, 0, sizeof(term));
	term[thing] = (struct tls_term){ from, until };
}

TEST(the_last_fifth_of_a_life_is_soon_and_at_most_thirty_days)
{
	static const struct { int64_t life, soon; } rows[] = {
		{ HOUR, 12 * 60 }, { DAY, DAY / 5 }, { 90 * DAY, 18 * DAY },
		{ 150 * DAY, 30 * DAY }, { 365 * DAY, 30 * DAY },
		{ 20 * 365 * DAY, 30 * DAY },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tls_term t = { NOW, NOW + rows[i].life };

		CHECK_INT(expiry_phase(&t, t.until - rows[i].soon - 1),
		    EXPIRY_FAR);
		CHECK_INT(expiry_phase(&t, t.until - rows[i].soon),
		    EXPIRY_SOON);
		CHECK_INT(expiry_phase(&t, t.until - 1), EXPIRY_SOON);
		CHECK_INT(expiry_phase(&t, t.until), EXPIRY_PAST);
	}
}

TEST(what_is_not_there_never_expires_and_is_not_sent)
{
	memset(&e, 0, sizeof(e));
	memset(term, 0, sizeof(term));
	CHECK_STR(step(INT64_MAX), "");
	CHECK_INT(out.client, 0);
	CHECK_INT(out.server, 0);
	CHECK_INT(out.crl, 0);
}

TEST(a_life_that_is_none_is_past_and_no_number_overflows)
{
	const struct tls_term backwards = { NOW, NOW - 1 };
	const struct tls_term whole = { 1, INT64_MAX };

	CHECK_INT(expiry_phase(&backwards, NOW - 2), EXPIRY_FAR);
	CHECK_INT(expiry_phase(&backwards, NOW), EXPIRY_PAST);
	CHECK_INT(expiry_phase(&whole, 1), EXPIRY_FAR);
}

TEST(each_phase_is_said_once_with_what_it_is_about)
{
	static const char *const names[TLS_THINGS] = {
		[TLS_CLIENT_CHAIN] = "what=client_certificate ",
		[TLS_SERVER_CHAIN] = "what=server_certificate ",
		[TLS_CRL] = "what=crl ",
	};

	for (int i = 0; i < TLS_THINGS; i++) {
		begin((enum tls_thing)i, NOW, NOW + HOUR);
		CHECK_STR(step(NOW), "");
		CHECK(strstr(step(NOW + HOUR - 60), names[i]) != NULL);
		CHECK_STR(step(NOW + HOUR - 59), "");
		CHECK(strstr(step(NOW + HOUR + 1), "event=expired") != NULL);
		CHECK_STR(step(NOW + HOUR + 2), "");
	}
}

TEST(the_line_says_how_long_it_is_still_good_or_has_not_been)
{
	begin(TLS_CRL, NOW, NOW + HOUR);
	CHECK(strstr(step(NOW + HOUR - 60),
	    "event=expires_soon what=crl left_s=60\n") != NULL);
	CHECK(strstr(step(NOW + HOUR + 5),
	    "event=expired what=crl left_s=-5\n") != NULL);
}

TEST(what_was_renewed_is_said_again_when_its_time_comes)
{
	begin(TLS_SERVER_CHAIN, NOW, NOW + HOUR);
	CHECK(strstr(step(NOW + HOUR - 60), "expires_soon") != NULL);
	term[TLS_SERVER_CHAIN] = (struct tls_term){ NOW, NOW + DAY };
	CHECK_STR(step(NOW + HOUR), "");
	CHECK(strstr(step(NOW + DAY - 60), "expires_soon") != NULL);
}

TEST(the_ends_go_to_the_collector)
{
	begin(TLS_CLIENT_CHAIN, NOW, NOW + 1);
	term[TLS_SERVER_CHAIN] = (struct tls_term){ NOW, NOW + 2 };
	term[TLS_CRL] = (struct tls_term){ NOW, NOW + 3 };
	step(NOW);
	CHECK_INT(out.client, NOW + 1);
	CHECK_INT(out.server, NOW + 2);
	CHECK_INT(out.crl, NOW + 3);
}
