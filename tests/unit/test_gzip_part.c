/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  What is packed by a plan comes out as the patched bytes,
 * whatever stands in the fields, and a plan never goes beyond its space.
 */
#include "gzip_part.h"
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

enum { PIECE = 40000, FIELDS = 2000, SPACE = 1 << 17, GZIP = 16 };

static struct gzip g;
static uint8_t piece[PIECE], whole[4 * PIECE], again[4 * PIECE];
static uint8_t out[8 * PIECE];
static struct gzip_field field[FIELDS];
static _Alignas(uint64_t) uint8_t space[SPACE + 64];
static size_t nfields, len;

/* Anyone's reading of it, by the library that all others use. */
static void
check_unpacked(ptrdiff_t n, size_t want)
{
	z_stream z = { .next_in = out, .avail_in = (uInt)n,
		.next_out = again, .avail_out = sizeof(again) };

	CHECK(n > 0);
	CHECK_INT(inflateInit2(&z, MAX_WBITS + GZIP), Z_OK);
	CHECK_INT(inflate(&z, Z_FINISH), Z_STREAM_END);
	CHECK_INT(z.avail_in, 0);
	inflateEnd(&z);
	CHECK_INT(z.total_out, want);
	CHECK_MEM(again, whole, want);
}

/* Small, as doubles are, nothing, everything, and what has runs inside. */
static uint64_t
random_value(void)
{
	const uint64_t v = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^
	    (uint64_t)rand();

	switch (rand() % 8) {
	case 0: return 0;
	case 1: return v & 0xff;
	case 2: return v & 0xffff;
	case 3: return v >> rand() % 64;
	case 4: return ~(v >> rand() % 64);
	case 5: return v << rand() % 64;
	case 6: return v & 0xff0000ff00ff0000 >> rand() % 8;
	default: return v;
	}
}

static void
patch(void)
{
	const uint64_t time = random_value();

	for (size_t i = 0; i < nfields; i++) {
		const uint64_t v = field[i].kind == GZIP_FIELD_TIME ? time :
		    random_value();

		memcpy(piece + field[i].at, &v, sizeof(v));
	}
}

/* gap: bytes between two fields, at most. */
static void
random_fields(size_t gap)
{
	size_t at = (size_t)rand() % (gap + 1);

	for (nfields = 0; nfields < FIELDS && at + 8 <= len; nfields++) {
		field[nfields] = (struct gzip_field){ (uint32_t)at,
			rand() % 3 == 0 ? GZIP_FIELD_TIME : GZIP_FIELD_VALUE };
		at += 8 + (size_t)rand() % (gap + 1);
	}
}

/* As requests are: the same words again, few of them new. */
static void
random_bytes(void)
{
	const unsigned letters = 1 + (unsigned)rand() % 256;
	size_t at = 0;

	while (at < len) {
		const size_t from = at > 0 ? (size_t)rand() % at : 0;
		size_t n = 1 + (size_t)rand() % 60;

		for (; n > 0 && at < len; n--, at++)
			piece[at] = from > 0 && n > 8 ? piece[from + n] :
			    (uint8_t)((unsigned)rand() % letters);
	}
}

static const struct gzip_part *
make(void)
{
	const size_t n = gzip_part_make(&g, piece, len, field, nfields, space,
	    SPACE);

	CHECK(n > 0);
	CHECK_INT(n % sizeof(uint64_t), 0);
	return (const struct gzip_part *)(const void *)space;
}

static ptrdiff_t
pack(const struct gzip_part *part, size_t cap)
{
	struct gzip_stream s;

	gzip_begin(&s, &g, out, cap);
	gzip_part_put(&s, part, piece, len);
	memcpy(whole, piece, len);
	return gzip_end(&s);
}

static void
there_and_back(int times)
{
	const struct gzip_part *part;

	patch();
	part = make();
	for (int i = 0; i < times; i++) {
		check_unpacked(pack(part, sizeof(out)), len);
		patch();
	}
}

TEST(whatever_the_fields_hold_comes_out_in_its_place)
{
	gzip_init(&g);
	for (int i = 0; i < 2000; i++) {
		len = (size_t)rand() % (i % 10 == 0 ? PIECE : 600);
		random_bytes();
		random_fields(1 + (size_t)rand() % 200);
		there_and_back(4);
	}
}

TEST(a_piece_may_be_empty_or_without_a_field_or_nothing_but_fields)
{
	gzip_init(&g);
	for (len = 0; len < 100; len++) {
		random_bytes();
		nfields = 0;
		there_and_back(1);
		random_fields(0);	/* from the start to the end */
		there_and_back(20);
	}
}

/* Points whose time is the same, among bytes that look like it. */
static void
make_points(size_t points)
{
	static const uint8_t head[] = "..0123456789,time=", tail[] = "value=";

	for (len = nfields = 0; points > 0; points--) {
		memcpy(piece + len, head, sizeof(head) - 1);
		len += sizeof(head) - 1;
		field[nfields++] = (struct gzip_field){ (uint32_t)len,
			GZIP_FIELD_TIME };
		memcpy(piece + len + 8, tail, sizeof(tail) - 1);
		len += 8 + sizeof(tail) - 1;
		field[nfields++] = (struct gzip_field){ (uint32_t)len,
			GZIP_FIELD_VALUE };
		len += 8;
	}
}

TEST(a_time_is_written_once_and_then_repeated)
{
	const struct gzip_part *part;
	ptrdiff_t n;

	gzip_init(&g);
	memset(piece, 0, sizeof(piece));
	make_points(300);
	part = make();
	CHECK_INT(part->nterms, 301);
	n = pack(part, sizeof(out));
	check_unpacked(n, len);
	/* a repetition and a value of one byte and its run */
	CHECK(n < 300 * 5);
	there_and_back(100);
}

TEST(the_longest_repetition_ends_before_a_time_that_is_too_long_for_it)
{
	gzip_init(&g);
	for (size_t before = 0; before < 16; before++) {
		memset(piece, 'a', sizeof(piece));
		len = 2000;
		nfields = 0;
		for (size_t at = before; at + 8 <= len; at += 8 + before / 8)
			field[nfields++] = (struct gzip_field){ (uint32_t)at,
				GZIP_FIELD_TIME };
		there_and_back(10);
	}
}

TEST(what_stood_too_far_before_is_not_repeated)
{
	gzip_init(&g);
	for (len = 32768 + 200; len < 32768 + 400; len += 9) {
		nfields = 0;
		memset(piece, 0, len);
		for (size_t i = 0; i < 200; i++)
			piece[i] = piece[len - 200 + i] =
			    (uint8_t)(i * i + 1);
		there_and_back(1);
	}
}

TEST(what_holds_the_bytes_of_a_time_by_chance_is_not_taken_for_it)
{
	gzip_init(&g);
	for (int i = 0; i < 2000; i++) {
		len = 64 + (size_t)rand() % 64;
		memset(piece, rand() % 2 * 'a', len);
		random_fields(16);
		for (size_t k = 0; k < nfields; k++)
			memset(piece + field[k].at, piece[0], 8);
		make();
		patch();
		check_unpacked(pack((const struct gzip_part *)(const void *)
		    space, sizeof(out)), len);
	}
}

TEST(pieces_of_either_kind_follow_each_other_in_any_order)
{
	struct gzip_stream s;

	gzip_init(&g);
	for (int i = 0; i < 500; i++) {
		size_t at = 0;

		gzip_begin(&s, &g, out, sizeof(out));
		for (int k = rand() % 6; k > 0; k--) {
			len = (size_t)rand() % 500;
			random_bytes();
			random_fields(20);
			patch();
			if (rand() % 2 == 0) {
				const struct gzip_part *part = make();

				patch();
				gzip_part_put(&s, part, piece, len);
			} else {
				gzip_put(&s, piece, len);
			}
			memcpy(whole + at, piece, len);
			at += len;
		}
		check_unpacked(gzip_end(&s), at);
	}
}

TEST(a_plan_that_does_not_fit_is_none_and_nothing_behind_is_touched)
{
	size_t need, n = 0;

	gzip_init(&g);
	len = 3000;
	random_bytes();
	random_fields(50);
	patch();
	for (need = 0; need < SPACE; need += 8) {
		memset(space + need, 0xa5, 64);
		n = gzip_part_make(&g, piece, len, field, nfields, space,
		    need);
		if (n > 0)
			break;
		for (size_t i = 0; i < 64; i++)
			CHECK_INT(space[need + i], 0xa5);
	}
	CHECK(need > sizeof(struct gzip_part) && n <= need && need < SPACE);
	check_unpacked(pack((const struct gzip_part *)(const void *)space,
	    sizeof(out)), len);
}

TEST(a_body_that_has_no_room_is_said_and_nothing_behind_is_touched)
{
	const uint64_t worst = UINT64_C(0xfffefffefffefffe);
	const struct gzip_part *part;
	size_t cap;

	gzip_init(&g);
	len = 2000;
	random_bytes();
	random_fields(20);
	for (size_t i = 0; i < nfields; i++)
		memcpy(piece + field[i].at, &worst, sizeof(worst));
	part = make();
	for (cap = 0; cap < sizeof(out); cap++) {
		memset(out + cap, 0xa5, 16);
		if (pack(part, cap) > 0)
			break;
		CHECK_INT(pack(part, cap), -ENOBUFS);
		for (size_t i = 0; i < 16; i++)
			CHECK_INT(out[cap + i], 0xa5);
	}
	CHECK(cap <= GZIP_HEAD + part->most + 2 + 8);
	check_unpacked(pack(part, cap), len);
}

TEST(the_same_bytes_give_the_same_plan)
{
	static uint8_t first[SPACE];
	static struct gzip other;
	size_t n;

	gzip_init(&g);
	gzip_init(&other);
	len = 5000;
	random_bytes();
	random_fields(40);
	patch();
	n = gzip_part_make(&g, piece, len, field, nfields, space, SPACE);
	memcpy(first, space, n);
	gzip_pack(&g, whole, sizeof(whole), out, sizeof(out));
	CHECK_INT(gzip_part_make(&other, piece, len, field, nfields, space,
	    SPACE), n);
	CHECK_MEM(first, space, n);
	CHECK_INT(gzip_part_make(&g, piece, len, field, nfields, space,
	    SPACE), n);
	CHECK_MEM(first, space, n);
}
