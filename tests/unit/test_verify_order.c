/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Which place a request has among those of its ring. */
#include "test.h"
#include "verify.h"

#define RING_A "ring-000102030405060708090a0b0c0d0e0f"
#define RING_B "ring-ffffffffffffffffffffffffffffffff"
#define KEY_A "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY_B "sha256//BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="

static struct order *order;
static struct order_gap gap;
static const char *ring, *key;
static uint8_t number;

/* A command that ends frees nothing, and tsearch(3) hides its pointers. */
const char	*__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

static void
begin(void)
{
	order = order_new();
	ring = RING_A;
	key = KEY_A;
}

static struct claim
claim(uint64_t first, uint64_t last, uint64_t created)
{
	struct claim c = { .first = first, .last = last,
		.count = last - first + 1, .created = created,
		.ring = { ring, VERIFY_RING }, .keyid = { key, VERIFY_KEYID } };

	c.signature[0] = ++number;
	return c;
}

static enum place
take(uint64_t first, uint64_t last, uint64_t created)
{
	const struct claim c = claim(first, last, created);

	return order_take(order, &c, &gap);
}

static uint64_t
missing(void)
{
	FILE *nowhere = fopen("/dev/null", "w");
	const uint64_t n = order_print(order, nowhere);

	fclose(nowhere);
	return n;
}

TEST(requests_in_order_are_next_and_holes_between_them_are_named)
{
	begin();
	CHECK_INT(take(5, 9, 100), PLACE_FIRST);
	CHECK_INT(take(10, 10, 100), PLACE_NEXT);
	CHECK_INT(take(14, 20, 101), PLACE_GAP);
	CHECK_INT(gap.first, 11);
	CHECK_INT(gap.last, 13);
	CHECK_INT(take(21, 22, 90), PLACE_NEXT);
	CHECK_INT(missing(), 3);
}

TEST(records_that_a_request_itself_leaves_out_are_missing)
{
	struct claim c;

	begin();
	c = claim(1, 10, 100);
	c.count = 8;
	CHECK_INT(order_take(order, &c, &gap), PLACE_FIRST);
	CHECK_INT(missing(), 2);
}

TEST(the_same_signature_again_is_a_replay_even_with_its_other_half_changed)
{
	struct claim c;

	begin();
	c = claim(1, 2, 100);
	CHECK_INT(order_take(order, &c, &gap), PLACE_FIRST);
	CHECK_INT(order_take(order, &c, &gap), PLACE_REPLAYED);
	c.signature[40] ^= 1;
	CHECK_INT(order_take(order, &c, &gap), PLACE_REPLAYED);
	CHECK_INT(take(3, 4, 101), PLACE_NEXT);
	CHECK_INT(order_take(order, &c, &gap), PLACE_REPLAYED);
}

TEST(records_that_are_left_out_of_what_a_retry_adds_are_missing)
{
	struct claim c;

	begin();
	CHECK_INT(take(1, 5, 100), PLACE_FIRST);
	c = claim(3, 9, 101);
	c.count = 5;
	CHECK_INT(order_take(order, &c, &gap), PLACE_AGAIN);
	CHECK_INT(missing(), 2);
	/* no more of them than there is new */
	c = claim(4, 10, 102);
	c.count = 5;
	CHECK_INT(order_take(order, &c, &gap), PLACE_AGAIN);
	CHECK_INT(missing(), 3);
	/* nothing new: they were counted */
	c.count = 4;
	c.signature[0] = ++number;
	CHECK_INT(order_take(order, &c, &gap), PLACE_AGAIN);
	CHECK_INT(missing(), 3);
}

TEST(what_was_signed_again_later_is_a_retry_and_what_was_signed_before_is_not)
{
	begin();
	CHECK_INT(take(1, 5, 100), PLACE_FIRST);
	CHECK_INT(take(1, 5, 100), PLACE_AGAIN);
	CHECK_INT(take(3, 8, 130), PLACE_AGAIN);
	CHECK_INT(take(9, 9, 131), PLACE_NEXT);
	CHECK_INT(take(2, 3, 99), PLACE_REORDERED);
	CHECK_INT(missing(), 0);
}

TEST(what_comes_after_its_place_was_named_as_a_gap_is_reordered)
{
	begin();
	CHECK_INT(take(1, 5, 100), PLACE_FIRST);
	CHECK_INT(take(11, 15, 100), PLACE_GAP);
	CHECK_INT(take(6, 10, 100), PLACE_REORDERED);
	CHECK_INT(take(10, 16, 102), PLACE_REORDERED);
	CHECK_INT(take(16, 16, 102), PLACE_NEXT);
	CHECK_INT(missing(), 5);
	begin();
	CHECK_INT(take(6, 10, 100), PLACE_FIRST);
	CHECK_INT(take(1, 5, 100), PLACE_REORDERED);
}

TEST(rings_and_keys_do_not_speak_for_each_other)
{
	begin();
	CHECK_INT(take(1, 5, 100), PLACE_FIRST);
	ring = RING_B;
	CHECK_INT(take(1, 5, 100), PLACE_FIRST);
	ring = RING_A;
	key = KEY_B;
	CHECK_INT(take(50, 60, 100), PLACE_FIRST);
	key = KEY_A;
	CHECK_INT(take(6, 7, 100), PLACE_NEXT);
	CHECK_INT(missing(), 0);
}
