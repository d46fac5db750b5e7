/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A body that is made of the one before it against one that
 * is made of nothing: the same bytes, or the same refusal.
 */
#include "layout.h"
#include "made_steps.h"
#include "otlp_pb.h"

#include <errno.h>
#include <stdlib.h>

static struct shipconf conf;
static struct layout layout;
static uint8_t *plain;

static void
world(void)
{
	if (plain == NULL)
		CHECK((plain = malloc(REQUEST_MAX)) != NULL);
	memset(&conf, 0, sizeof(conf));
	conf.nattrs = 1;
	strcpy(conf.attr[0].key, "service.name");
	strcpy(conf.attr[0].value, "s");
	made_declare(&conf.declared);
	made_layout(&layout, &conf);
}

/* The length, or what both say is wrong. */
static ptrdiff_t
encode_records(enum protocol protocol, bool terse,
    const struct batch_record *first, size_t n)
{
	const struct otlp_request rq = { &conf, "1", first, n, terse };
	uint64_t want_points, points;
	const ptrdiff_t want = otlp_encode(protocol, &rq, plain, REQUEST_MAX,
	    &want_points);
	const ptrdiff_t len = layout_encode(&layout, protocol, &rq, &points);

	CHECK_INT(len, want);
	CHECK_INT(points, want_points);
	CHECK(len < 0 || memcmp(layout.body, plain, (size_t)len) == 0);
	return len;
}

static ptrdiff_t
encode_both(enum protocol protocol, bool terse)
{
	return encode_records(protocol, terse, record, nrecords);
}

static ptrdiff_t
encode(void)
{
	return encode_both(PROTOCOL_HTTP_PROTOBUF, true);
}

TEST(whatever_came_before_the_bytes_are_those_of_the_encoder)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		world();
		made_begin(seed, &conf.declared);
		for (int step = 0; step < 60; step++) {
			made_change();
			made_step();
			encode_both(made_one_in(40) ? PROTOCOL_HTTP_JSON :
			    PROTOCOL_HTTP_PROTOBUF, !made_one_in(30));
		}
	}
}

/* Where the first metric's name stands. */
static uint8_t *
first_name(void)
{
	uint8_t *at = layout.bodies.space;

	while (memcmp(at, "ystem.", 6) != 0)
		at++;
	return at - 1;
}

static void
make_load(void)
{
	nrecords = 0;
	made_source(SOURCE_LOAD, false);
}

/* Nobody but the encoder writes a name. */
static void
nothing_is_encoded(void)
{
	const struct otlp_request rq = { &conf, "1", record, 1, true };
	uint64_t points;

	*first_name() = 'S';
	make_load();
	CHECK(layout_encode(&layout, PROTOCOL_HTTP_PROTOBUF, &rq,
	    &points) > 0);
	CHECK_INT(*first_name(), 'S');
	*first_name() = 's';
}

TEST(what_has_the_same_shape_is_not_encoded_again)
{
	world();
	made_begin(1, &conf.declared);
	make_load();
	CHECK(encode() > 0);
	nothing_is_encoded();
	*first_name() = 'S';
	made[SOURCE_LOAD].series[2].here = true;
	make_load();
	CHECK(encode() > 0);
	CHECK_INT(*first_name(), 's');
	/* descriptions are written over it, and so it is, once */
	CHECK(encode_both(PROTOCOL_HTTP_PROTOBUF, false) > 0);
	CHECK(encode() > 0);
	nothing_is_encoded();
}

TEST(a_record_that_is_damaged_is_judged_as_ever)
{
	for (uint64_t seed = 1; seed <= 4; seed++) {
		world();
		made_begin(seed, &conf.declared);
		made_step();
		CHECK(encode() > 0);
		for (size_t i = 0; i < nrecords; i++)
			for (size_t at = 0; at < record[i].len; at += 1 +
			    made_random() % 4) {
				uint8_t *byte = made_bytes(i) + at;
				const uint8_t was = *byte;

				*byte ^= (uint8_t)(1u << made_random() % 8);
				encode();
				*byte = was;
				CHECK(made_one_in(2) || encode() > 0);
			}
	}
}

TEST(a_record_that_was_cut_or_has_more_behind_it_is_judged_as_ever)
{
	world();
	made_begin(7, &conf.declared);
	made_step();
	CHECK(encode() > 0);
	for (size_t i = 0; i < nrecords; i++) {
		const size_t len = record[i].len;

		for (record[i].len = 0; record[i].len < len; record[i].len++)
			encode();
		CHECK(encode() > 0);
		memset(made_bytes(i) + len, 0, 4);
		for (size_t more = 1; more <= 4; more++) {
			record[i].len = len + more;
			encode();
		}
		record[i].len = len;
		CHECK(encode() > 0);
	}
}

TEST(a_counter_that_started_later_than_now_is_refused)
{
	world();
	made_begin(1, &conf.declared);
	made[SOURCE_CPU].series[0].start_ns = MADE_START_NS + 500;
	made_wall_ns = MADE_START_NS + 1000;
	made_records();
	CHECK(encode() > 0);
	made_wall_ns = MADE_START_NS + 499;
	made_records();
	CHECK_INT(encode(), -EBADMSG);
	made_wall_ns = MADE_START_NS + 500;
	made_records();
	CHECK(encode() > 0);
}

TEST(records_of_two_times_are_both_sent_with_their_own)
{
	world();
	made_begin(3, &conf.declared);
	made_records();
	CHECK(encode() > 0 && nrecords > 1);
	made_bytes(nrecords - 1)[MADE_WALL_AT] ^= 1;
	CHECK(encode() > 0);
	made_step();
	CHECK(encode() > 0);
}

static void
steps_with_more_and_more(struct shelf *room, size_t most)
{
	for (room->cap = 8; room->cap < most; room->cap *= 2)
		for (int step = 0; step < 10; step++) {
			made_change();
			made_step();
			encode();
		}
}

TEST(without_room_for_shapes_all_is_encoded_each_time)
{
	world();
	made_begin(5, &conf.declared);
	steps_with_more_and_more(&layout.shapes, 20000);
}

TEST(without_room_for_a_body_the_plain_encoder_has_the_word)
{
	world();
	made_begin(5, &conf.declared);
	steps_with_more_and_more(&layout.bodies, 200000);
}

TEST(a_step_may_grow_and_shrink_up_to_what_a_walk_remembers)
{
	world();
	made_begin(9, &conf.declared);
	for (unsigned i = 0; i < 40; i++) {
		nrecords = 0;
		made_crowd(SOURCE_LOAD, LOAD_1M_ALL, 1u << i * 5 % 13);
		CHECK(encode() > 0);
	}
	nrecords = 0;
	made_crowd(SOURCE_LOAD, LOAD_1M_ALL, RECORD_INSTANCES_MAX);
	made_crowd(SOURCE_CPU, CPU_COUNT_ALL, RECORD_INSTANCES_MAX);
	CHECK(encode() > 0);
	CHECK(encode() > 0);
	made_crowd(SOURCE_KERNEL, UPTIME_ALL, 1);
	CHECK_INT(encode(), -ENOBUFS);
}

TEST(more_records_than_a_batch_has_do_not_fit)
{
	static struct batch_record many[BATCH_RECORDS_MAX + 1];

	world();
	made_begin(1, &conf.declared);
	make_load();
	for (size_t i = 0; i <= BATCH_RECORDS_MAX; i++)
		many[i] = record[0];
	CHECK(encode_records(PROTOCOL_HTTP_PROTOBUF, true, many,
	    BATCH_RECORDS_MAX) > 0);
	CHECK_INT(encode_records(PROTOCOL_HTTP_PROTOBUF, true, many,
	    BATCH_RECORDS_MAX + 1), -ENOBUFS);
}

TEST(nothing_is_no_request)
{
	world();
	nrecords = 0;
	CHECK_INT(encode(), -ENODATA);
}
