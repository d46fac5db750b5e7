/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  What differs comes back as the very bytes that it was. */
#include "bounds.h"
#include "crc32c.h"
#include "cursor.h"
#include "delta.h"
#include "record.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { SPACE = 1 << 16 };

/* Instances as record.h lays them out, whatever their numbers mean. */
static struct list {
	uint8_t bytes[SPACE];
	size_t len;
} before, now;

static uint8_t delta[SPACE], again[SPACE];

static void
clear(void)
{
	before.len = now.len = 0;
}

static void
add(struct list *l, uint64_t start_ns, const char *name, unsigned first_id,
    size_t n, const int64_t *value)
{
	struct writer w = writer_of(l->bytes + l->len, SPACE - l->len);

	write_u8(&w, start_ns != 0);
	if (start_ns != 0)
		write_u64(&w, start_ns);
	write_u8(&w, name != NULL);
	if (name != NULL) {
		write_u8(&w, KEY_DEVICE);
		write_text(&w, name, strlen(name));
	}
	write_u8(&w, (uint8_t)n);
	for (size_t i = 0; i < n; i++) {
		write_varint(&w, i == 0 ? first_id : 0);
		write_zigzag(&w, value[i]);
	}
	CHECK(!w.full);
	l->len += (size_t)writer_finish(&w);
}

static void
add_named(struct list *l, const char *names, int64_t value)
{
	for (; *names != '\0'; names++)
		add(l, 0, (char[]){ *names, '\0' }, 16, 3, (int64_t[]){ value,
		    value * 2, 5 });
}

static ptrdiff_t
encode(size_t cap)
{
	return delta_encode(delta, cap, before.bytes, before.len, now.bytes,
	    now.len);
}

/* Its bytes; they lead to what is now, and to nothing else. */
static ptrdiff_t
round_trip(void)
{
	const ptrdiff_t n = encode(SPACE);

	CHECK(n >= 0);
	CHECK_INT(delta_decode(again, now.len, before.bytes, before.len, delta,
	    (size_t)n), now.len);
	CHECK_MEM(again, now.bytes, now.len);
	/* the very room it needs, and not a byte less */
	CHECK_INT(encode((size_t)n), n);
	if (n > 0)
		CHECK_INT(encode((size_t)n - 1), -ENOBUFS);
	CHECK_INT(encode(SPACE), n);
	if (now.len > 0)
		CHECK_INT(delta_decode(again, now.len - 1, before.bytes,
		    before.len, delta, (size_t)n), -ENOBUFS);
	return n;
}

TEST(what_stands_still_takes_two_bytes)
{
	clear();
	add_named(&before, "abcd", 7);
	add_named(&now, "abcd", 7);
	CHECK_INT(round_trip(), 2);
}

TEST(a_value_that_moves_takes_its_difference)
{
	clear();
	add(&before, 0, "a", 16, 3, (int64_t[]){ 1000000, 5, 9 });
	add(&now, 0, "a", 16, 3, (int64_t[]){ 1000001, 5, 9 });
	/* SAME, one value, the others */
	CHECK_INT(round_trip(), 3);
}

TEST(instances_come_go_and_change_places)
{
	static const char *const lists[] = { "", "a", "b", "abc", "cba", "acb",
		"abcd", "dabc", "xaybzc", "ac", "c", "abcabc", "xyz" };
	const size_t n = sizeof(lists) / sizeof(lists[0]);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			clear();
			add_named(&before, lists[i], 100);
			add_named(&now, lists[k], 101);
			round_trip();
		}
}

TEST(one_gone_of_many_costs_little)
{
	clear();
	add_named(&before, "abcdefghijklmnopqrstuvwxyz", 100);
	add_named(&now, "abcdefghijklnopqrstuvwxyz", 100);
	CHECK(round_trip() <= 8);
}

TEST(another_start_point_or_name_is_another_instance)
{
	const int64_t one = 1;

	clear();
	add(&before, 0, "a", 16, 1, &one);
	add(&now, 77, "a", 16, 1, &one);
	round_trip();
	clear();
	add(&before, 77, "a", 16, 1, &one);
	add(&now, 78, "a", 16, 1, &one);
	round_trip();
	clear();
	add(&before, 0, "a", 16, 1, &one);
	add(&now, 0, "a", 17, 1, &one);
	round_trip();
	clear();
	add(&before, 0, NULL, 16, 1, &one);
	add(&now, 0, "a", 16, 1, &one);
	round_trip();
	clear();
	add(&before, 0, "a", 16, 2, (int64_t[]){ 1, 1 });
	add(&now, 0, "a", 16, 1, &one);
	round_trip();
}

TEST(the_largest_differences_are_said_or_refused_and_never_wrong)
{
	static const int64_t extreme[] = { INT64_MIN, INT64_MIN + 1,
		INT64_MIN / 2, -(INT64_C(1) << 32), -1, 0, 1, 63, 64,
		INT64_C(1) << 32, INT64_MAX / 2, INT64_MAX / 2 + 1,
		INT64_MAX - 1, INT64_MAX };
	const size_t n = sizeof(extreme) / sizeof(extreme[0]);
	size_t refused = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			clear();
			add(&before, 0, "a", 16, 2, (int64_t[]){ extreme[i],
			    3 });
			add(&now, 0, "a", 16, 2, (int64_t[]){ extreme[k], 3 });
			if (encode(SPACE) == -ENOBUFS)
				refused++;
			else
				round_trip();
		}
	CHECK(refused > 0 && refused < n * n / 2);
}

TEST(runs_of_values_that_stand_still_join_over_instances)
{
	int64_t values[64];

	clear();
	for (int i = 0; i < 200; i++) {
		char name[8];

		snprintf(name, sizeof(name), "n%d", i);
		for (int k = 0; k < 64; k++)
			values[k] = i * 64 + k;
		add(&before, 0, name, 1, 64, values);
		if (i == 150)
			values[63]++;
		add(&now, 0, name, 1, 64, values);
	}
	CHECK(round_trip() <= 10);
}

TEST(more_gone_than_is_looked_for_still_comes_back)
{
	clear();
	for (int i = 0; i < 100; i++) {
		char name[8];

		snprintf(name, sizeof(name), "n%d", i);
		add(&before, 0, name, 1, 1, &(int64_t){ i });
		if (i > 60)
			add(&now, 0, name, 1, 1, &(int64_t){ i });
	}
	round_trip();
}

static uint64_t state;

static uint32_t
random_below(uint32_t n)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(state >> 33) % n;
}

/* One at a time: the order of a call's arguments is the compiler's. */
static void
add_random(struct list *l)
{
	const size_t n = random_below(9);
	int64_t values[64];
	uint64_t start_ns;
	char name[16];
	bool named;

	for (size_t i = 0; i < n; i++) {
		values[i] = random_below(4);
		values[i] <<= random_below(62);
	}
	snprintf(name, sizeof(name), "%u", random_below(12));
	start_ns = random_below(5) == 0 ? 1 + random_below(3) : 0;
	named = random_below(4) > 0;
	add(l, start_ns, named ? name : NULL, random_below(3), n, values);
}

/* Lists that have much in common, as those of two intervals do. */
static void
add_akin(uint32_t n)
{
	clear();
	while (n-- > 0) {
		const size_t from[] = { before.len, now.len };
		int64_t more;

		add_random(&before);
		memcpy(now.bytes + now.len, before.bytes + from[0],
		    before.len - from[0]);
		now.len += before.len - from[0];
		more = random_below(3) == 0 ? 1 : 0;
		add(&before, 0, "x", 16, 2, (int64_t[]){ n, -5 });
		add(&now, 0, "x", 16, 2, (int64_t[]){ n + more, -5 - more });
		if (random_below(9) == 0)
			add_random(&now);
		if (random_below(9) == 0)
			now.len = from[1];
	}
}

/* Rings of older versions have to be read, and more need not be written. */
TEST(the_encoding_stays_what_it_was)
{
	uint32_t sum = 0;

	state = 7;
	for (uint32_t i = 0; i < 3000; i++) {
		ptrdiff_t n;

		add_akin(i % 50);
		n = encode(i % 3 == 0 ? now.len - now.len / 4 : SPACE);
		sum = crc32c(sum, "", 1);
		if (n >= 0) {
			sum = crc32c(sum, delta, (size_t)n);
			round_trip();
		}
	}
	CHECK_INT(sum, UINT32_C(0xc90093af));
}

TEST(the_length_of_a_run_takes_the_bytes_that_it_needs)
{
	static const struct { int run; size_t len; const char *bytes; } c[] = {
		{ 1, 2, "\x04\x01" }, { 31, 2, "\x7c\x3d" },
		{ 32, 3, "\x80\x01\x3f" }, { 65, 4, "\x84\x02\x81\x01" },
		{ 4095, 4, "\xfc\x7f\xfd\x3f" },
		{ 4096, 5, "\x80\x80\x01\xff\x3f" },
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		clear();
		for (int k = 0; k < c[i].run; k++) {
			add(&before, 0, NULL, 1, 1, &(int64_t){ k });
			add(&now, 0, NULL, 1, 1, &(int64_t){ k });
		}
		CHECK_INT(round_trip(), c[i].len);
		CHECK_INT(encode(SPACE), c[i].len);
		CHECK_MEM(delta, c[i].bytes, c[i].len);
	}
}

TEST(any_two_lists_of_instances_come_back)
{
	state = 42;
	for (int i = 0; i < 20000; i++) {
		clear();
		for (uint32_t n = random_below(8); n > 0; n--)
			add_random(&before);
		for (uint32_t n = random_below(8); n > 0; n--)
			add_random(&now);
		if (encode(SPACE) != -ENOBUFS)
			round_trip();
	}
}

TEST(what_is_no_list_of_instances_is_refused)
{
	clear();
	add_named(&before, "ab", 1);
	add_named(&now, "ab", 2);
	for (size_t cut = 1; cut < 5; cut++)
		CHECK_INT(delta_encode(delta, SPACE, before.bytes, before.len,
		    now.bytes, now.len - cut), -EBADMSG);
	now.bytes[now.len - 1] |= 0x80;
	CHECK_INT(encode(SPACE), -EBADMSG);
}

static void
take_both(const char *bytes, size_t len)
{
	memcpy(before.bytes, bytes, len);
	memcpy(now.bytes, bytes, len);
	before.len = now.len = len;
}

#define TAKE_BOTH(literal) take_both(literal, sizeof(literal) - 1)

TEST(a_number_that_is_none_is_refused_even_where_it_is_the_same)
{
	TAKE_BOTH("\0\0\1\5\x80\1");
	CHECK_INT(round_trip(), 2);
	TAKE_BOTH("\0\0\1\5\x80\0");
	CHECK_INT(encode(SPACE), -EBADMSG);
	TAKE_BOTH("\0\0\1\x85\0\5");
	CHECK_INT(encode(SPACE), -EBADMSG);
	TAKE_BOTH("\0\0\1\5\xff\xff\xff\xff\xff\xff\xff\xff\xff\1");
	CHECK_INT(round_trip(), 2);
	TAKE_BOTH("\0\0\1\5\xff\xff\xff\xff\xff\xff\xff\xff\xff\2");
	CHECK_INT(encode(SPACE), -EBADMSG);
	TAKE_BOTH("\0\0\1\5\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\1");
	CHECK_INT(encode(SPACE), -EBADMSG);
}

static ptrdiff_t
decode(const char *bytes, size_t len)
{
	/* as long as it is, so that a read behind it is seen */
	uint8_t *exact = malloc(len + (len == 0));
	ptrdiff_t n;

	CHECK(exact != NULL);
	memcpy(exact, bytes, len);
	n = delta_decode(again, SPACE, before.bytes, before.len, exact, len);
	free(exact);
	return n;
}

#define DECODE(literal) decode(literal, sizeof(literal) - 1)

TEST(a_malformed_difference_is_refused)
{
	clear();
	add_named(&before, "ab", 1);
	CHECK_INT(DECODE(""), 0);
	CHECK_INT(DECODE("\x08\x0b"), before.len);	/* 2 SAME, 6 still */
	CHECK_INT(DECODE("\x00"), -EBADMSG);		/* of nothing */
	CHECK_INT(DECODE("\x01"), -EBADMSG);
	CHECK_INT(DECODE("\x02"), -EBADMSG);
	CHECK_INT(DECODE("\x03"), -EBADMSG);		/* no operation */
	CHECK_INT(DECODE("\x07"), -EBADMSG);
	CHECK_INT(DECODE("\x08"), -EBADMSG);		/* without values */
	CHECK_INT(DECODE("\x08\x09"), -EBADMSG);	/* too few */
	CHECK_INT(DECODE("\x08\x0d"), -EBADMSG);	/* too many */
	CHECK_INT(DECODE("\x08\x00"), -EBADMSG);	/* a step of nothing */
	CHECK_INT(DECODE("\x0c\x0b"), -EBADMSG);	/* 3 SAME of 2 */
	CHECK_INT(DECODE("\x0d"), -EBADMSG);		/* 3 SKIP of 2 */
	CHECK_INT(DECODE("\x09"), 0);			/* 2 SKIP */
	CHECK_INT(DECODE("\x09\x04\x0b"), -EBADMSG);	/* SAME behind them */
	CHECK_INT(DECODE("\x06"), -EBADMSG);		/* NEW, and no byte */
	CHECK_INT(DECODE("\x06q"), 1);
	CHECK_INT(DECODE("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01q"),
	    -EBADMSG);
	CHECK_INT(DECODE("\xfc\xff\xff\xff\xff\xff\xff\xff\xff\x01\x0b"),
	    -EBADMSG);
	CHECK_INT(DECODE("\xfd\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
	    -EBADMSG);
	CHECK_INT(DECODE("\x08\x8b"), -EBADMSG);	/* varint cut short */
	CHECK_INT(DECODE("\x88\x00\x0b"), -EBADMSG);	/* and padded */
}

TEST(one_that_belongs_to_other_instances_never_leads_out_of_bounds)
{
	clear();
	add_named(&before, "abcdef", 1000);
	add_named(&now, "abxdef", 1001);
	for (size_t n = (size_t)encode(SPACE), i = 0; i < 50000; i++) {
		uint8_t *spoilt = malloc(n);

		CHECK(spoilt != NULL);
		memcpy(spoilt, delta, n);
		spoilt[random_below((uint32_t)n)] = (uint8_t)random_below(256);
		spoilt[random_below((uint32_t)n)] ^= 1;
		delta_decode(again, SPACE, before.bytes, before.len, spoilt,
		    1 + random_below((uint32_t)n));
		free(spoilt);
	}
}
