/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "shipstate.h"

#include "bounds.h"
#include "reason.h"
#include "test.h"

#include <errno.h>
#include <stdlib.h>

/* Where the parts of the payload stand. */
enum { AT_PHASE = 0, AT_REASON = 1, AT_ENDPOINT = 2, AT_STATUS = 3,
	AT_COUNT = 11, NUMBERS = 13 };

static const struct shipstate full = {
	.phase = SHIP_FAILING,
	.reason = 12,
	.endpoint = 3,
	.http_status = 503,
	.count = { 1, 2, 3, 4, 5, 6, 7, UINT64_C(0x0102030405060708),
	    9, INT64_MAX },
	.expiry = { 1795219200, 11, INT64_MAX },
};

static uint8_t bytes[SHIPSTATE_SIZE];
static struct shipstate got;

static void
encode_full(void)
{
	shipstate_encode(&full, bytes);
}

static int
decode(void)
{
	return shipstate_decode(&got, bytes, sizeof(bytes));
}

TEST(what_was_said_is_what_is_heard)
{
	encode_full();
	CHECK_INT(decode(), 0);
	CHECK_INT(got.phase, SHIP_FAILING);
	CHECK_INT(got.reason, 12);
	CHECK_INT(got.endpoint, 3);
	CHECK_INT(got.http_status, 503);
	CHECK_MEM(&got.count, &full.count, sizeof(full.count));
	CHECK_MEM(&got.expiry, &full.expiry, sizeof(full.expiry));
}

TEST(the_counters_and_then_the_ends_stand_in_the_order_of_their_structs)
{
	uint64_t count[NUMBERS];

	memcpy(count, &full.count, sizeof(full.count));
	memcpy(count + 10, &full.expiry, sizeof(full.expiry));
	encode_full();
	for (size_t i = 0; i < NUMBERS; i++)
		for (unsigned k = 0; k < 8; k++)
			CHECK_INT(bytes[AT_COUNT + 8 * i + k],
			    count[i] >> (8 * k) & 0xff);
	CHECK_INT(AT_COUNT + NUMBERS * 8, SHIPSTATE_SIZE);
}

TEST(a_shipper_that_has_done_nothing_says_zeros)
{
	const struct shipstate none = { 0 };
	static const uint8_t zeros[SHIPSTATE_SIZE];

	memset(bytes, 0xff, sizeof(bytes));
	shipstate_encode(&none, bytes);
	CHECK_MEM(bytes, zeros, sizeof(bytes));
	CHECK_INT(decode(), 0);
}

TEST(any_other_length_is_refused)
{
	uint8_t *exact;

	encode_full();
	for (size_t len = 0; len < SHIPSTATE_SIZE; len++) {
		exact = malloc(len + 1);	/* a sanitizer sees the end */
		CHECK(exact != NULL);
		memcpy(exact, bytes, len);
		CHECK_INT(shipstate_decode(&got, exact, len), -EBADMSG);
		free(exact);
	}
	exact = calloc(1, SHIPSTATE_SIZE + 1);
	CHECK(exact != NULL);
	CHECK_INT(shipstate_decode(&got, exact, SHIPSTATE_SIZE + 1),
	    -EBADMSG);
	free(exact);
}

TEST(a_phase_a_reason_or_an_endpoint_that_does_not_exist_is_refused)
{
	encode_full();
	bytes[AT_PHASE] = SHIP_PHASES;
	CHECK_INT(decode(), -EBADMSG);
	encode_full();
	bytes[AT_REASON] = 255;
	CHECK_INT(decode(), -EBADMSG);
	encode_full();
	bytes[AT_ENDPOINT] = ENDPOINTS_MAX - 1;
	CHECK_INT(decode(), 0);
	bytes[AT_ENDPOINT] = ENDPOINTS_MAX;
	CHECK_INT(decode(), -EBADMSG);
}

TEST(a_status_is_of_three_digits)
{
	encode_full();
	bytes[AT_STATUS] = 999 & 0xff;
	bytes[AT_STATUS + 1] = 999 >> 8;
	CHECK_INT(decode(), 0);
	CHECK_INT(got.http_status, 999);
	bytes[AT_STATUS] = 1000 & 0xff;
	CHECK_INT(decode(), -EBADMSG);
	encode_full();
	bytes[AT_STATUS + 7] = 0x80;
	CHECK_INT(decode(), -EBADMSG);
}

TEST(a_counter_that_no_point_can_hold_is_refused)
{
	for (size_t i = 0; i < NUMBERS; i++) {
		encode_full();
		bytes[AT_COUNT + 8 * i + 7] = 0x80;
		CHECK_INT(decode(), -EBADMSG);
	}
}
