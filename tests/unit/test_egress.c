/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  How much may leave in an hour, alone and in delivery.c,
 * with a collector that keeps to no rule.
 */
#include "egress.h"
#include "ship_world.h"

#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT = 3600000, MINUTE_MS = 60000 };

#define HOUR (EGRESS_HOUR_MS * MS)

static struct egress
aged(uint64_t at)
{
	struct egress e;

	egress_init(&e, LIMIT, EGRESS_HOUR_MS, at);
	return e;
}

TEST(nothing_is_there_at_the_start_and_each_second_earns_its_part)
{
	struct egress e;

	/* a byte each millisecond */
	egress_init(&e, LIMIT, 0, 5 * MS);
	CHECK_INT(egress_take(&e, 1000, 5 * MS), 1005 * MS);
	CHECK_INT(egress_take(&e, 1, 1005 * MS), 1006 * MS);
	CHECK_INT(egress_take(&e, 8999, 60 * 1000 * MS), 10005 * MS);
}

/* Each with the unit's pause before it. */
static uint64_t
live(unsigned life_ms, unsigned fresh_ms)
{
	const uint64_t turn = EGRESS_PAUSE_MS + life_ms;
	uint64_t sent = 0;

	for (unsigned life = 1; life * turn < EGRESS_HOUR_MS; life++) {
		const uint64_t end = life * turn * MS;
		uint64_t at = end - life_ms * MS;
		struct egress e;

		egress_init(&e, LIMIT, fresh_ms, at);
		while ((at = egress_take(&e, 100, at)) <= end)
			sent += 100;
	}
	return sent;
}

TEST(many_short_lives_together_earn_no_more_than_one_long)
{
	size_t len;

	for (unsigned life_ms = 100; life_ms < 60000; life_ms *= 3) {
		CHECK(live(life_ms, EGRESS_PAUSE_MS) <= LIMIT);
		CHECK(live(life_ms, EGRESS_PAUSE_MS) > LIMIT * 9 / 10);
	}
	/* the unit's pause must be as long as it is said to be */
	CHECK(strstr(test_file("systemd/sluice.service.in", &len),
	    "\nRestartSec=500ms\n") != NULL);
	CHECK_INT(EGRESS_PAUSE_MS, 500);
}

TEST(lives_that_each_lose_the_ring_have_three_limits_at_most)
{
	for (unsigned life_ms = 1; life_ms < 60000; life_ms *= 3)
		CHECK(live(life_ms, EGRESS_FRESH_MS) <= 3 * LIMIT);
}

TEST(what_starts_with_the_machine_has_no_time_from_before)
{
	struct egress e;

	egress_init(&e, LIMIT, EGRESS_PAUSE_MS, 100 * MS);
	CHECK_INT(egress_take(&e, 200, 100 * MS), 200 * MS);
}

TEST(an_hour_takes_the_limit_to_the_byte_and_not_one_more)
{
	struct egress e = aged(2 * HOUR);

	CHECK(egress_take(&e, LIMIT - 1, 2 * HOUR) <= 2 * HOUR);
	CHECK(egress_take(&e, 1, 2 * HOUR) <= 2 * HOUR);
	CHECK(egress_take(&e, 1, 2 * HOUR) == EGRESS_OVER);
	CHECK(egress_take(&e, 1, 3 * HOUR - MS) == EGRESS_OVER);
	/* of the minute in which it went all is forgotten at once */
	CHECK(egress_take(&e, LIMIT, 3 * HOUR + MINUTE_MS * MS) <=
	    3 * HOUR + MINUTE_MS * MS);
}

TEST(no_hour_whatever_its_start_has_more_than_the_limit)
{
	enum { STEP_MS = 7013, STEPS = 3 * EGRESS_HOUR_MS / STEP_MS };
	static uint32_t sent[STEPS];
	struct egress e = aged(2 * HOUR);
	uint64_t window = 0, most = 0, random = 1;

	for (unsigned i = 0; i < STEPS; i++) {
		random = random * UINT64_C(6364136223846793005) + 1;
		sent[i] = (uint32_t)(random >> 48);
		if (egress_take(&e, sent[i], 2 * HOUR + (uint64_t)i * STEP_MS *
		    MS) == EGRESS_OVER)
			sent[i] = 0;
	}
	for (unsigned i = 0; i < STEPS; i++) {
		window += sent[i];
		if (i >= EGRESS_HOUR_MS / STEP_MS)
			window -= sent[i - EGRESS_HOUR_MS / STEP_MS];
		most = window > most ? window : most;
	}
	CHECK(most <= LIMIT && most > LIMIT * 9 / 10);
}

TEST(what_is_larger_than_any_size_is_over_and_no_sum_wraps)
{
	struct egress e;

	egress_init(&e, EGRESS_MAX, 0, 0);
	CHECK(egress_take(&e, SIZE_MAX, 2 * HOUR) == EGRESS_OVER);
	CHECK(egress_take(&e, EGRESS_MAX, 2 * HOUR) == HOUR);
	CHECK(egress_take(&e, SIZE_MAX, 2 * HOUR) == EGRESS_OVER);
	CHECK(egress_take(&e, EGRESS_MAX, UINT64_MAX) < UINT64_MAX);
}

TEST(at_the_pace_of_a_backlog_three_quarters_of_the_limit_are_used)
{
	const struct egress e = { .limit = 4000 };

	CHECK_INT(egress_pace_ms(&e, 3000), EGRESS_HOUR_MS);
	CHECK_INT(egress_pace_ms(&e, 1), EGRESS_HOUR_MS / 3000);
}

/* A record of a collector that never says that its step has ended. */
static void
put_open(unsigned npoints, uint64_t at)
{
	static uint8_t bytes[RECORD_MAX];
	struct record_head head = { .seq = ++seq, .boottime_ns = 1,
		.start_ns = 1, .wall_ns = at, .source = SOURCE_LOAD };
	struct record_writer w;
	ptrdiff_t len;

	record_begin(&w, bytes, sizeof(bytes), &head);
	for (unsigned k = 0; k < npoints; k++) {
		record_instance(&w, 0, NULL, 0);
		record_point(&w, LOAD_1M_ALL, INT64_MAX - k);
	}
	CHECK((len = record_finish(&w)) > 0);
	fake_record(bytes, (size_t)len);
}

static void
limited(uint32_t limit, uint32_t age_ms)
{
	world(1);
	conf.egress_limit = limit;
	egress_init(&d.egress, limit, age_ms, now);
}

TEST(a_step_that_is_never_ended_keeps_the_pace_too)
{
	world(1);
	for (int i = 0; i < 50; i++)
		put_open(1, wall += MS);
	for (int i = 0; i < 48; i++) {
		const uint64_t before = now;

		CHECK(posted());
		CHECK(i == 0 || now - before >=
		    INTERVAL_MS / CATCH_UP * 3 / 4 * MS);
		fake_answer(OK);
	}
}

TEST(the_parts_of_one_step_that_fills_the_batch_do_not_wait)
{
	uint64_t begun;

	world(1);
	begun = now;
	batch_free(in.filling);
	batch_free(in.ready);
	intake_init(&in, NULL, BATCH_MIN);
	for (int i = 0; i < 8; i++)
		put_open(1500, wall);
	for (int i = 0; i < 7; i++) {
		CHECK(posted());
		fake_answer(OK);
	}
	CHECK_INT(now - begun, 0);
}

TEST(the_first_body_waits_until_it_is_earned_and_is_paid_for_once)
{
	uint64_t begun;
	size_t len;

	limited(EGRESS_MIN, 0);
	begun = now;
	put_step(1, 1);
	CHECK(posted());
	len = last_post()->len;
	CHECK_INT((now - begun) / MS, (len * EGRESS_HOUR_MS + EGRESS_MIN - 1) /
	    EGRESS_MIN);
	for (int i = 0; i < 20; i++) {
		fake_fail(CONN_UNREACHABLE, "connect_failed", "");
		CHECK(posted());
	}
	CHECK_INT(d.egress.used, len);
}

TEST(a_backlog_of_hours_never_meets_the_limit_and_is_faster_than_live)
{
	enum { EACH_MS = 60000, STEPS = 200 };
	uint64_t begun;
	size_t len;

	limited(EGRESS_MIN, EGRESS_HOUR_MS);
	put_step(1, 1);
	CHECK(posted());
	len = last_post()->len;
	/* what is made live is two thirds of the limit */
	limited((uint32_t)(len * (EGRESS_HOUR_MS / EACH_MS) * 3 / 2), 0);
	conf.interval_ms = EACH_MS;
	begun = now;
	for (int i = 0; i < STEPS; i++)
		put_step(1, 1);
	for (int i = 0; i < STEPS; i++) {
		CHECK(posted());
		fake_answer(OK);
	}
	CHECK(now - begun > 2 * HOUR);
	CHECK(now - begun < (uint64_t)STEPS * EACH_MS * MS * 4 / 5);
}

TEST(each_step_of_a_backlog_waits_for_its_own_bytes_alone)
{
	enum { WAIT_MS = 2000, STEPS = 20 };
	size_t len;

	limited(EGRESS_MIN, EGRESS_HOUR_MS);
	put_step(1, 1);
	CHECK(posted());
	len = last_post()->len;
	limited((uint32_t)(len * (EGRESS_HOUR_MS / WAIT_MS) * 4 / 3),
	    EGRESS_HOUR_MS);
	for (int i = 0; i < STEPS; i++)
		put_step(1, 1);
	for (int i = 0; i < STEPS; i++) {
		const uint64_t before = now;

		CHECK(posted());
		CHECK(now - before <= (WAIT_MS + 1) * MS);
		CHECK(i == 0 || now - before >= (WAIT_MS - 20) * MS);
		fake_answer(OK);
	}
}

static void
smuggle(void)
{
	limited(EGRESS_MIN, EGRESS_HOUR_MS);
	for (int i = 0; i < 200; i++) {
		put_open(1000, wall);
		if (posted())
			fake_answer(OK);
	}
}

TEST(more_than_the_limit_in_an_hour_ends_the_shipper_with_one_line)
{
	char text[4096] = "";
	int said[2], status;
	ssize_t len;
	pid_t pid;

	CHECK_INT(pipe(said), 0);
	CHECK((pid = fork()) >= 0);
	if (pid == 0) {
		dup2(said[1], STDERR_FILENO);
		smuggle();
		_exit(0);
	}
	close(said[1]);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK((len = read(said[0], text, sizeof(text) - 1)) > 0);
	close(said[0]);
	text[len] = '\0';
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 1);
	CHECK(strstr(text, "<3>sluice: event=egress_exceeded bytes=") != NULL);
	CHECK(strstr(text, " limit=65536\n") != NULL);
	CHECK(strchr(strstr(text, "egress_exceeded"), '\n')[1] == '\0');
}
