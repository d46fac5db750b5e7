/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  What is packed by plans comes out as any other body. */
#include "made_steps.h"
#include "packer.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

enum { GZIP = 16, GUARD = 64 };

static struct shipconf conf;
static struct layout layout;
static struct packer *packer;
static uint8_t *packed, *again;

static void
world(uint64_t seed)
{
	if (packed == NULL) {
		packed = malloc(REQUEST_MAX);
		again = malloc(REQUEST_MAX);
		CHECK(packed != NULL && again != NULL);
	}
	free(packer);
	memset(&conf, 0, sizeof(conf));
	made_declare(&conf.declared);
	made_layout(&layout, &conf);
	packer = packer_new();
	made_begin(seed, &conf.declared);
}

static size_t
encode(bool terse)
{
	const struct otlp_request rq = { &conf, "1", record, nrecords, terse };
	uint64_t points;
	const ptrdiff_t len = layout_encode(&layout, PROTOCOL_HTTP_PROTOBUF,
	    &rq, &points);

	return len < 0 ? 0 : (size_t)len;
}

static void
unpack(size_t packed_len, size_t len)
{
	z_stream z = { .next_in = packed, .avail_in = (uInt)packed_len,
		.next_out = again, .avail_out = REQUEST_MAX };

	CHECK_INT(inflateInit2(&z, MAX_WBITS + GZIP), Z_OK);
	CHECK_INT(inflate(&z, Z_FINISH), Z_STREAM_END);
	CHECK_INT(z.avail_in, 0);
	inflateEnd(&z);
	CHECK_INT(z.total_out, len);
	CHECK(memcmp(again, layout.body, len) == 0);
}

static size_t
there_and_back(size_t len)
{
	const ptrdiff_t n = packer_pack(packer, &layout, len, packed,
	    REQUEST_MAX);

	CHECK(n > 0);
	unpack((size_t)n, len);
	return (size_t)n;
}

static size_t
count_plans(void)
{
	size_t n = 0;

	for (size_t i = 0; i < LAYOUT_PARTS; i++)
		n += packer->plans.len[i] > 0;
	return n;
}

TEST(whatever_came_before_the_body_comes_out_again)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		world(seed);
		for (int step = 0; step < 120; step++) {
			size_t len;

			/* what stays for long is what plans are for */
			if (step % 30 > 25)
				made_change();
			made_step();
			if ((len = encode(!made_one_in(30))) > 0)
				there_and_back(len);
		}
	}
}

/* One record of each source, in order; nothing changes but values. */
static void
make_steady(void)
{
	nrecords = 0;
	made_wall_ns += 1000;
	for (unsigned s = 1; s < SOURCE_END; s++)
		if (!made[s].silent)
			made_source(s, false);
}

TEST(what_comes_again_and_again_gets_a_plan_and_loses_it_when_it_changes)
{
	size_t sources = 0;

	world(1);
	for (unsigned s = 1; s < SOURCE_END; s++)
		sources += !made[s].silent;
	for (int step = 0; step < 40; step++) {
		make_steady();
		there_and_back(encode(true));
		CHECK(step > 2 || count_plans() == 0);
	}
	/* and the resource, and the end */
	CHECK_INT(count_plans(), sources + 2);
	made[SOURCE_LOAD].series[3].here = true;
	make_steady();
	there_and_back(encode(true));
	CHECK_INT(count_plans(), sources + 1);
	CHECK_INT(packer->plans.len[LAYOUT_SOURCES + SOURCE_LOAD], 0);
}

static void
make_for_long(void)
{
	for (int step = 0; step < 40; step++) {
		make_steady();
		there_and_back(encode(true));
	}
}

TEST(descriptions_in_between_cost_no_plan)
{
	size_t plans;

	world(1);
	make_for_long();
	plans = count_plans();
	make_steady();
	there_and_back(encode(false));
	CHECK_INT(count_plans(), plans);
	make_steady();
	there_and_back(encode(true));
	CHECK_INT(count_plans(), plans);
}

/* The place of what no short piece has. */
static void
nothing_is_looked_for(void)
{
	packer->gzip.place[GZIP_PLACES - 1] = 42;
	make_steady();
	there_and_back(encode(true));
	CHECK_INT(packer->gzip.place[GZIP_PLACES - 1], 42);
}

TEST(a_source_that_rests_keeps_its_plan)
{
	size_t plans;

	world(1);
	make_for_long();
	plans = count_plans();
	for (int round = 0; round < 3; round++) {
		made[SOURCE_CPU].silent = round != 1;
		made[SOURCE_LOAD].silent = round != 2;
		nothing_is_looked_for();
		CHECK_INT(count_plans(), plans);
	}
}

TEST(with_a_plan_nothing_is_looked_for)
{
	world(1);
	make_for_long();
	nothing_is_looked_for();
}

TEST(without_room_for_plans_it_is_packed_as_any_bytes)
{
	size_t first;

	world(2);
	make_steady();
	first = there_and_back(encode(true));
	for (packer->plans.cap = 8; packer->plans.cap < 100000;
	    packer->plans.cap *= 3)
		for (int step = 0; step < 30; step++) {
			make_steady();
			CHECK(there_and_back(encode(true)) < first * 3 / 2);
			CHECK(packer->plans.used <= packer->plans.cap);
		}
}

/* Nor does the making of plans, which happens there, too. */
static void
does_not_fit(size_t len, size_t cap)
{
	for (int i = 0; i < 2; i++) {
		memset(packed + cap, 0xa5, GUARD);
		CHECK_INT(packer_pack(packer, &layout, len, packed, cap),
		    -ENOBUFS);
		for (size_t k = 0; k < GUARD; k++)
			CHECK_INT(packed[cap + k], 0xa5);
		memset(packer->number, 0, sizeof(packer->number));
	}
}

TEST(what_does_not_fit_is_said_with_plans_and_without)
{
	size_t len, n;

	world(3);
	make_for_long();
	make_steady();
	len = encode(true);
	n = there_and_back(len);
	for (size_t cap = 0; cap < n; cap += cap < 20 ? 1 : 97)
		does_not_fit(len, cap);
	CHECK(there_and_back(len) > 0);
}

TEST(a_retry_of_the_same_step_would_be_the_same_bytes)
{
	static uint8_t first[1 << 20];
	size_t len, n;

	world(4);
	make_for_long();
	make_steady();
	len = encode(true);
	n = there_and_back(len);
	CHECK(n < sizeof(first));
	memcpy(first, packed, n);
	CHECK_INT(there_and_back(encode(true)), n);
	CHECK_INT(memcmp(first, packed, n), 0);
}
