/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  delivery.c and intake.c with nothing but fake_conn.c
 * around them:
 *
 *	world(2);			two endpoints
 *	put_step(3, 5);			three records of five points each
 *	CHECK(posted());		time goes on until there is a request
 *	fake_answer(OK);
 */
#ifndef SLUICE_SHIP_WORLD_H
#define SLUICE_SHIP_WORLD_H

#include "delivery.h"
#include "fake_conn.h"
#include "test.h"

#include <stdlib.h>

#define MS UINT64_C(1000000)
#define HTTP(status, more) "HTTP/1.1 " status " words\r\n" more \
	"Content-Length: 0\r\n\r\n"
#define OK HTTP("200", "")

/* FIRST_MS: the longest wait after one failure. */
enum { INTERVAL_MS = 10000, FIRST_MS = INTERVAL_MS / 2, ACKS_MAX = 256 };

static struct shipconf conf;
static struct intake in;
static struct delivery d;
static uint64_t now;
static struct answer acks[ACKS_MAX];
static size_t nacks;
static uint64_t seq, wall;

/* As a new process does it, but for its name and the channel. */
static void
start_delivery(void)
{
	free(d.plain);
	free(d.packed);
	free(d.layout.shapes.space);
	delivery_init(&d, &conf, &in, fake_conn(), now);
}

static void
world(size_t nendpoints)
{
	static const char *const host[] = { "first", "second", "third",
		"fourth" };

	fake_reset();
	batch_free(in.filling);
	batch_free(in.ready);
	memset(&conf, 0, sizeof(conf));
	conf.interval_ms = INTERVAL_MS;
	conf.egress_limit = EGRESS_MAX;
	conf.nendpoints = nendpoints;
	for (size_t i = 0; i < nendpoints; i++)
		strcpy(conf.endpoint[i].host, host[i]);
	now = 10000000 * MS;
	nacks = 0;
	seq = 0;
	wall = UINT64_C(1763650000000000000);
	intake_init(&in, NULL, BATCH_MAX);
	start_delivery();
	/* an hour ago: all of the limit has been earned */
	egress_init(&d.egress, conf.egress_limit, EGRESS_HOUR_MS, now);
}

/* A time step of so many records, of so many points each. */
static void
put_step(unsigned nrecords, unsigned npoints)
{
	static uint8_t bytes[RECORD_MAX];
	struct record_head head = { .boottime_ns = 1, .start_ns = 1,
		.wall_ns = wall += INTERVAL_MS * MS, .source = SOURCE_LOAD };
	struct record_writer w;
	ptrdiff_t len;

	for (unsigned i = 1; i <= nrecords; i++) {
		head.seq = ++seq;
		head.flags = i == nrecords ? RECORD_LAST : 0;
		record_begin(&w, bytes, sizeof(bytes), &head);
		for (unsigned k = 0; k < npoints; k++) {
			record_instance(&w, 0, NULL, 0);
			record_point(&w, LOAD_1M_ALL, (int64_t)seq);
		}
		len = record_finish(&w);
		CHECK(len > 0);
		fake_record(bytes, (size_t)len);
	}
}

/* What main.c does in a turn, the channel always having room. */
static void
turn(void)
{
	/* more than fits in as many messages would be a backlog */
	for (int i = 0; i < 64; i++)
		CHECK_INT(intake_read(&in), 0);
	delivery_step(&d, now);
	if (d.answer.seq == 0)
		return;
	CHECK(nacks < ACKS_MAX);
	acks[nacks++] = d.answer;
	d.answer.seq = 0;
}

/* False: nothing will be posted until something happens. */
static bool
posted(void)
{
	const size_t before = fake_nposts;

	for (int i = 0; i < 1000; i++) {
		uint64_t deadline;

		turn();
		if (fake_nposts > before)
			return true;
		if ((deadline = delivery_deadline(&d)) == UINT64_MAX)
			return false;
		if (deadline > now)
			now = deadline;
	}
	test_fail(__FILE__, __LINE__, "it turns and turns");
}

static inline const struct fake_post *
last_post(void)
{
	CHECK(fake_nposts > 0);
	return &fake_posts[fake_nposts - 1];
}

static inline bool
same_bytes(const struct fake_post *a, const struct fake_post *b)
{
	return a->len == b->len && memcmp(a->body, b->body, a->len) == 0;
}

/* One more step, taken at once. */
static inline void
deliver_step(void)
{
	put_step(1, 1);
	CHECK(posted());
	fake_answer(OK);
	turn();
}

#endif
