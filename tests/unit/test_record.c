/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "record.h"
#include "test.h"

#include "../fuzz/record_again.h"

#include <errno.h>
#include <stdlib.h>

static const struct record_head disk_head = {
	.seq = 0x0102030405060708, .boottime_ns = 50000000000,
	.wall_ns = 1763650000000000000, .start_ns = 1763600000000000000,
	.source = SOURCE_DISK, .flags = RECORD_LAST,
};

/* One disk, made later than the others, with three of its points. */
static const uint8_t disk[] = {
	0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,	/* seq */
	0x00, 0x74, 0x3b, 0xa4, 0x0b, 0x00, 0x00, 0x00,	/* boottime */
	0x00, 0x20, 0x1e, 0xae, 0x54, 0xbe, 0x79, 0x18,	/* wall */
	0x00, 0x00, 0xe1, 0x25, 0xdb, 0x90, 0x79, 0x18,	/* start */
	1, 5, 1,				/* version, source, flags */
	1,					/* own start follows */
	0x01, 0x00, 0xe1, 0x25, 0xdb, 0x90, 0x79, 0x18,
	1, 2, 3, 's', 'd', 'a',			/* one attribute: DEVICE */
	3,					/* points */
	0x9f, 0x06, 0x80, 0x08,			/* DISK_IO_READ 512 */
	0x00, 0x00,				/* DISK_IO_WRITE 0 */
	0x5e, 0x01,				/* DISK_IN_FLIGHT_ALL -1 */
};

enum { OFFSET_OWN_FLAG = RECORD_HEAD_SIZE, OFFSET_OWN_START,
	OFFSET_NATTRS = OFFSET_OWN_START + 8, OFFSET_KEY, OFFSET_LENGTH,
	OFFSET_VALUE };

static struct attr
text_attr(enum key key, const char *s)
{
	return (struct attr){ key, (uint8_t)strlen(s), (const uint8_t *)s };
}

static ptrdiff_t
write_disk(void *buf, size_t cap)
{
	const struct attr sda = text_attr(KEY_DEVICE, "sda");
	struct record_writer rw;

	record_begin(&rw, buf, cap, &disk_head);
	record_instance(&rw, disk_head.start_ns + 1, &sda, 1);
	record_point(&rw, DISK_IO_READ, 512);
	record_point(&rw, DISK_IO_WRITE, 0);
	record_point(&rw, DISK_IN_FLIGHT_ALL, -1);
	return record_finish(&rw);
}

TEST(a_record_is_exactly_the_documented_bytes)
{
	uint8_t buf[RECORD_MAX];

	CHECK_INT(write_disk(buf, sizeof(buf)), sizeof(disk));
	CHECK_MEM(buf, disk, sizeof(disk));
}

TEST(what_was_written_is_read)
{
	struct record_reader rr;
	struct instance inst;
	struct point p;

	CHECK_INT(record_check(disk, sizeof(disk)), 0);
	CHECK_INT(record_open(&rr, disk, sizeof(disk)), 0);
	CHECK(rr.head.seq == disk_head.seq);
	CHECK(rr.head.boottime_ns == disk_head.boottime_ns);
	CHECK(rr.head.wall_ns == disk_head.wall_ns);
	CHECK(rr.head.start_ns == disk_head.start_ns);
	CHECK_INT(rr.head.source, SOURCE_DISK);
	CHECK_INT(rr.head.flags, RECORD_LAST);
	CHECK_INT(record_next_instance(&rr, &inst), 1);
	CHECK(inst.start_ns == disk_head.start_ns + 1);
	CHECK_INT(inst.nattrs, 1);
	CHECK_INT(inst.attr[0].key, KEY_DEVICE);
	CHECK_INT(inst.attr[0].len, 3);
	CHECK_MEM(inst.attr[0].value, "sda", 3);
	CHECK_INT(inst.npoints, 3);
	CHECK_INT(record_next_point(&inst, &p), 1);
	CHECK_INT(p.id, DISK_IO_READ);
	CHECK_INT(p.value, 512);
	CHECK_INT(record_next_point(&inst, &p), 1);
	CHECK_INT(record_next_point(&inst, &p), 1);
	CHECK_INT(p.id, DISK_IN_FLIGHT_ALL);
	CHECK_INT(p.value, -1);
	CHECK_INT(record_next_point(&inst, &p), 0);
	CHECK_INT(record_next_instance(&rr, &inst), 0);
}

TEST(a_record_cut_short_anywhere_is_refused)
{
	for (size_t len = 0; len < sizeof(disk); len++) {
		/* of that very size, for the sanitizer to look at */
		uint8_t *cut = malloc(len + (len == 0));

		CHECK(cut != NULL);
		memcpy(cut, disk, len);
		CHECK_INT(record_check(cut, len), -EBADMSG);
		free(cut);
	}
}

TEST(a_record_with_a_byte_more_is_refused)
{
	uint8_t buf[sizeof(disk) + 1] = { 0 };

	memcpy(buf, disk, sizeof(disk));
	CHECK_INT(record_check(buf, sizeof(buf)), -EBADMSG);
}

TEST(a_flipped_bit_is_refused_or_is_another_record_in_its_only_encoding)
{
	unsigned taken = 0;

	for (size_t bit = 0; bit < 8 * sizeof(disk); bit++) {
		uint8_t flipped[sizeof(disk)], again[RECORD_MAX];

		memcpy(flipped, disk, sizeof(disk));
		flipped[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (record_check(flipped, sizeof(flipped)) < 0)
			continue;
		taken++;
		CHECK_INT(record_again(flipped, sizeof(flipped), again,
		    sizeof(again)), sizeof(flipped));
		CHECK_MEM(again, flipped, sizeof(flipped));
	}
	/* seq, boottime, most times: all that is free to be anything */
	CHECK(taken >= 128);
	CHECK(taken < 6 * sizeof(disk));
}

TEST(a_buffer_too_small_by_any_number_of_bytes_is_told)
{
	uint8_t buf[sizeof(disk)];

	for (size_t cap = 0; cap < sizeof(disk); cap++)
		CHECK_INT(write_disk(buf, cap), -ENOBUFS);
	CHECK_INT(write_disk(buf, sizeof(disk)), sizeof(disk));
}

static int
check_with(size_t offset, uint8_t byte)
{
	uint8_t buf[sizeof(disk)];

	memcpy(buf, disk, sizeof(disk));
	buf[offset] = byte;
	return record_check(buf, sizeof(buf));
}

TEST(unknown_versions_sources_flags_and_keys_are_refused)
{
	for (unsigned b = 0; b < 256; b++) {
		CHECK(check_with(32, (uint8_t)b) == (b == 1 ? 0 : -EBADMSG));
		CHECK(check_with(34, (uint8_t)b) == (b <= 1 ? 0 : -EBADMSG));
		CHECK(check_with(OFFSET_KEY, (uint8_t)b) ==
		    (b == KEY_DEVICE ? 0 : -EBADMSG));
		/* another source has neither this key nor these points */
		CHECK(check_with(33, (uint8_t)b) ==
		    (b == SOURCE_DISK ? 0 : -EBADMSG));
		CHECK(check_with(OFFSET_OWN_FLAG, (uint8_t)b) ==
		    (b == 1 ? 0 : -EBADMSG));
		CHECK(check_with(OFFSET_NATTRS, (uint8_t)b) ==
		    (b == 1 ? 0 : -EBADMSG));
	}
}

static int
check_times(uint64_t wall, uint64_t start, uint64_t own)
{
	uint8_t buf[sizeof(disk)];
	struct writer w = writer_of(buf + 16, 16);

	memcpy(buf, disk, sizeof(disk));
	write_u64(&w, wall);
	write_u64(&w, start);
	w = writer_of(buf + OFFSET_OWN_START, 8);
	write_u64(&w, own);
	return record_check(buf, sizeof(buf));
}

TEST(times_are_not_zero_and_a_start_is_not_after_the_reading)
{
	CHECK_INT(check_times(10, 5, 7), 0);
	CHECK_INT(check_times(10, 10, 9), 0);
	CHECK_INT(check_times(10, 5, 10), 0);
	CHECK_INT(check_times(INT64_MAX, 1, 2), 0);
	CHECK_INT(check_times((uint64_t)INT64_MAX + 1, 1, 2), -EBADMSG);
	CHECK_INT(check_times(0, 0, 0), -EBADMSG);
	CHECK_INT(check_times(10, 0, 7), -EBADMSG);
	CHECK_INT(check_times(10, 11, 7), -EBADMSG);
	CHECK_INT(check_times(10, 5, 0), -EBADMSG);
	CHECK_INT(check_times(10, 5, 11), -EBADMSG);
}

TEST(an_own_start_that_is_the_records_is_refused_and_never_written)
{
	const struct attr sda = text_attr(KEY_DEVICE, "sda");
	uint8_t buf[RECORD_MAX];
	struct record_writer rw;

	CHECK_INT(check_times(10, 5, 5), -EBADMSG);
	record_begin(&rw, buf, sizeof(buf), &disk_head);
	record_instance(&rw, disk_head.start_ns, &sda, 1);
	record_point(&rw, DISK_IO_READ, 1);
	CHECK(record_finish(&rw) > 0);
	CHECK_INT(buf[OFFSET_OWN_FLAG], 0);
}

/* The source's points, each with the value that is asked for. */
static ptrdiff_t
write_source(uint8_t *buf, unsigned source, int64_t value, size_t *npoints)
{
	struct record_head head = disk_head;
	struct record_writer rw;

	*npoints = 0;
	head.source = (enum source_id)source;
	record_begin(&rw, buf, RECORD_MAX, &head);
	record_instance(&rw, 0, NULL, 0);
	for (unsigned id = 0; id < POINT_END; id++) {
		const struct metric_row *row;

		if (registry_point(id) == NULL)
			continue;
		row = registry_metric(point_metric(id));
		if ((unsigned)row->source != source ||
		    (row->instrument == COUNTER && value < 0))
			continue;
		record_point(&rw, id, value);
		++*npoints;
	}
	return *npoints == 0 ? 0 : record_finish(&rw);
}

TEST(every_point_of_every_source_comes_back_at_the_bounds_of_its_value)
{
	static const int64_t values[] = { 0, 1, -1, INT64_MAX, INT64_MIN };

	for (unsigned source = 1; source < SOURCE_END; source++)
		for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++) {
			uint8_t buf[RECORD_MAX], again[RECORD_MAX];
			struct record_reader rr;
			struct instance inst;
			struct point p;
			size_t n;
			ptrdiff_t len = write_source(buf, source, values[v],
			    &n);

			if (n == 0)
				continue;
			CHECK_INT(record_check(buf, (size_t)len), 0);
			record_open(&rr, buf, (size_t)len);
			CHECK_INT(record_next_instance(&rr, &inst), 1);
			CHECK_INT(inst.npoints, n);
			while (record_next_point(&inst, &p) == 1)
				CHECK(p.value == values[v]);
			CHECK_INT(record_again(buf, (size_t)len, again,
			    sizeof(again)), len);
			CHECK_MEM(again, buf, (size_t)len);
		}
}

static ptrdiff_t
two_points(unsigned first, int64_t value, unsigned second)
{
	uint8_t buf[RECORD_MAX];
	struct record_writer rw;

	record_begin(&rw, buf, sizeof(buf), &disk_head);
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, first, value);
	record_point(&rw, second, 1);
	return record_finish(&rw);
}

TEST(a_point_that_breaks_the_rules_is_not_written)
{
	CHECK(two_points(DISK_IO_READ, 1, DISK_IO_WRITE) > 0);
	CHECK_INT(two_points(DISK_IO_WRITE, 1, DISK_IO_READ), -ENOBUFS);
	CHECK_INT(two_points(DISK_IO_READ, 1, DISK_IO_READ), -ENOBUFS);
	CHECK_INT(two_points(DISK_IO_READ, -1, DISK_IO_WRITE), -ENOBUFS);
	CHECK_INT(two_points(DISK_IO_READ, 1, NET_IO_RECEIVE), -ENOBUFS);
	CHECK_INT(two_points(DISK_IO_READ, 1, DISK_IO_WRITE + 1), -ENOBUFS);
	CHECK_INT(two_points(DISK_IO_READ, 1, POINT_END), -ENOBUFS);
	CHECK_INT(two_points(DISK_IO_READ, 1, UINT32_MAX), -ENOBUFS);
}

/* All points of a source, with values of any length, into so many bytes. */
static ptrdiff_t
write_points(uint8_t *buf, size_t cap, enum source_id source, uint64_t x,
    bool together)
{
	struct record_head h = disk_head;
	struct record_writer rw;
	struct point p[RECORD_POINTS_MAX];
	size_t n = 0;

	h.source = source;
	for (unsigned id = 0; id < POINT_END && n < RECORD_POINTS_MAX; id++) {
		x = x * 6364136223846793005 + 1442695040888963407;
		if (point_ok(id, source, 0) && x >> 63 != 0)
			p[n++] = (struct point){ id,
			    (int64_t)(x * 31 >> (x >> 58 | 1)) };
	}
	record_begin(&rw, buf, cap, &h);
	record_instance(&rw, 0, NULL, 0);
	if (together) {
		record_points(&rw, p, n / 2);
		record_points(&rw, p + n / 2, n - n / 2);
		return record_finish(&rw);
	}
	for (size_t i = 0; i < n; i++)
		record_point(&rw, p[i].id, p[i].value);
	return record_finish(&rw);
}

TEST(points_written_together_are_the_bytes_of_each_written_alone)
{
	for (unsigned source = 1; source < SOURCE_END; source++)
		for (uint64_t seed = 0; seed < 50; seed++) {
			uint8_t a[RECORD_MAX], b[RECORD_MAX];
			ptrdiff_t len = write_points(a, sizeof(a), source,
			    seed, false);

			CHECK_INT(write_points(b, sizeof(b), source, seed,
			    true), len);
			if (len < 0)
				continue;
			CHECK_MEM(a, b, (size_t)len);
			CHECK_INT(record_check(b, (size_t)len), 0);
			CHECK_INT(write_points(b, (size_t)len, source, seed,
			    true), len);
			CHECK_MEM(a, b, (size_t)len);
			CHECK_INT(write_points(b, (size_t)len - 1, source,
			    seed, true), -ENOBUFS);
		}
}

TEST(points_together_out_of_order_are_found_by_the_check)
{
	static const struct point bad[][2] = {
		{ { DISK_IO_WRITE, 1 }, { DISK_IO_READ, 1 } },
		{ { DISK_IO_READ, 1 }, { DISK_IO_READ, 1 } },
		{ { DISK_IO_READ, -1 }, { DISK_IO_WRITE, 1 } },
		{ { DISK_IO_READ, 1 }, { NET_IO_RECEIVE, 1 } },
		{ { DISK_IO_READ, 1 }, { POINT_END, 1 } },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t buf[RECORD_MAX];
		struct record_writer rw;
		ptrdiff_t len;

		record_begin(&rw, buf, sizeof(buf), &disk_head);
		record_instance(&rw, 0, NULL, 0);
		record_points(&rw, bad[i], 2);
		len = record_finish(&rw);
		CHECK(len > 0);
		CHECK_INT(record_check(buf, (size_t)len), -EBADMSG);
	}
}

static ptrdiff_t
with_attrs(const struct attr *attr, size_t n)
{
	uint8_t buf[RECORD_MAX];
	struct record_writer rw;
	ptrdiff_t len;

	record_begin(&rw, buf, sizeof(buf), &disk_head);
	buf[33] = SOURCE_CGROUP;
	rw.source = SOURCE_CGROUP;
	record_instance(&rw, 0, attr, n);
	record_point(&rw, CGROUP_MEMORY_ALL, 1);
	if ((len = record_finish(&rw)) > 0)
		CHECK_INT(record_check(buf, (size_t)len), 0);
	return len;
}

TEST(attributes_are_ascending_and_at_most_seven)
{
	struct attr attr[RECORD_ATTRS_MAX + 1] = {
		text_attr(KEY_DEVICE, "sda"),
		text_attr(KEY_UNIT, "a.service"),
		text_attr(KEY_SLICE, "a.slice"),
		text_attr(KEY_UNIT_UID, "1000"),
		text_attr(KEY_CONTAINER_ID, "1f"),
		text_attr(KEY_CONTAINER_RUNTIME, "docker"),
		text_attr(KEY_POD_UID, "2e"),
		text_attr((enum key)(KEY_POD_UID + 1), "x"),
	};

	CHECK_INT(RECORD_ATTRS_MAX, 7);
	CHECK(with_attrs(attr, 0) > 0);
	CHECK(with_attrs(attr, 7) > 0);
	CHECK_INT(with_attrs(attr, 8), -ENOBUFS);
	attr[1] = attr[0];
	CHECK_INT(with_attrs(attr, 2), -ENOBUFS);
	attr[0] = text_attr(KEY_UNIT, "a.service");
	CHECK_INT(with_attrs(attr, 2), -ENOBUFS);
}

/* A record of source DISK whose only instance is these bytes. */
static int
check_instance(const void *bytes, size_t len)
{
	uint8_t buf[RECORD_MAX];

	memcpy(buf, disk, RECORD_HEAD_SIZE);
	memcpy(buf + RECORD_HEAD_SIZE, bytes, len);
	return record_check(buf, RECORD_HEAD_SIZE + len);
}

TEST(hostile_instances_are_refused)
{
	static const struct { int want; size_t len; uint8_t b[24]; } cases[] = {
		/* good: no attribute, DISK_IO_READ is 800 = 799 + 1 */
		{ 0, 6, { 0, 0, 1, 0x9f, 0x06, 2 } },
		/* a counter below zero */
		{ -EBADMSG, 6, { 0, 0, 1, 0x9f, 0x06, 1 } },
		/* no points */
		{ -EBADMSG, 3, { 0, 0, 0 } },
		/* the longer form of a varint */
		{ -EBADMSG, 7, { 0, 0, 1, 0x9f, 0x86, 0x00, 2 } },
		{ -EBADMSG, 7, { 0, 0, 1, 0x9f, 0x06, 0x82, 0x00 } },
		{ -EBADMSG, 9, { 0, 0, 2, 0x9f, 0x06, 2, 0x80, 0x00, 2 } },
		/* a number without a row: the third of DISK_IO */
		{ -EBADMSG, 6, { 0, 0, 1, 0xa1, 0x06, 2 } },
		/* steps that wrap the number around */
		{ -EBADMSG, 12, { 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		    0xff, 0x7f, 2 } },
		{ -EBADMSG, 8, { 0, 0, 2, 0x9f, 0x06, 2, 0xff, 0x7f } },
		/* another source's point: CPU_TIME_USER */
		{ -EBADMSG, 5, { 0, 0, 1, 0x0f, 2 } },
		/* an attribute of length 0, a bad byte, the same key twice */
		{ -EBADMSG, 8, { 0, 1, 2, 0, 1, 0x9f, 0x06, 2 } },
		{ -EBADMSG, 9, { 0, 1, 2, 1, '\n', 1, 0x9f, 0x06, 2 } },
		{ -EBADMSG, 12, { 0, 2, 2, 1, 'a', 2, 1, 'b', 1, 0x9f, 0x06,
		    2 } },
		{ 0, 9, { 0, 1, 2, 1, 'a', 1, 0x9f, 0x06, 2 } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (check_instance(cases[i].b, cases[i].len) != cases[i].want)
			test_fail(__FILE__, __LINE__, "case %zu", i);
}

TEST(an_instance_has_points_and_a_record_has_an_instance)
{
	uint8_t buf[RECORD_MAX];
	struct record_writer rw;

	record_begin(&rw, buf, sizeof(buf), &disk_head);
	CHECK_INT(record_finish(&rw), -ENOBUFS);
	record_begin(&rw, buf, sizeof(buf), &disk_head);
	record_point(&rw, DISK_IO_READ, 1);
	CHECK_INT(record_finish(&rw), -ENOBUFS);
	record_begin(&rw, buf, sizeof(buf), &disk_head);
	record_instance(&rw, 0, NULL, 0);
	CHECK_INT(record_finish(&rw), -ENOBUFS);
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, DISK_IO_READ, 1);
	CHECK_INT(record_finish(&rw), -ENOBUFS);
}

TEST(a_record_holds_4096_instances_and_not_one_more)
{
	static const uint8_t one[] = { 0, 0, 1, 0x9f, 0x06, 2 };
	uint8_t buf[RECORD_MAX];
	size_t len = RECORD_HEAD_SIZE;

	memcpy(buf, disk, RECORD_HEAD_SIZE);
	for (size_t i = 0; i < RECORD_INSTANCES_MAX; i++) {
		memcpy(buf + len, one, sizeof(one));
		len += sizeof(one);
	}
	CHECK_INT(record_check(buf, len), 0);
	memcpy(buf + len, one, sizeof(one));
	CHECK_INT(record_check(buf, len + sizeof(one)), -EBADMSG);
}

TEST(flags_can_be_set_afterwards_and_nothing_else_changes)
{
	uint8_t buf[sizeof(disk)], want[sizeof(disk)];

	memcpy(buf, disk, sizeof(disk));
	memcpy(want, disk, sizeof(disk));
	want[34] = 0;
	record_set_flags(buf, 0);
	CHECK_MEM(buf, want, sizeof(buf));
}
