/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "build.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>

static uint8_t space[BUILD_SPACE];

static const struct record_head head = { .boottime_ns = 1, .wall_ns = 9000,
	.start_ns = 1000, .source = SOURCE_DISK };

static struct build
begun(enum source_id source, struct series *series)
{
	struct record_head h = head;
	struct build b;

	h.source = source;
	build_start(&b, &h, series, space);
	return b;
}

static void
say_disk(struct build *b, const char *name, int64_t bytes)
{
	build_instance(b);
	build_attr(b, KEY_DEVICE, name, strlen(name));
	build_point(b, DISK_IO_READ, bytes);
}

/* Opens the only record and goes to its first instance. */
static struct instance
only_instance(const struct build *b, struct record_reader *rr)
{
	uint8_t *record = NULL;
	struct instance inst;
	size_t len;

	CHECK_INT(b->nrecords, 1);
	CHECK(build_next(b, &record, &len));
	CHECK_INT(record_check(record, len), 0);
	CHECK_INT(record_open(rr, record, len), 0);
	CHECK_INT(record_next_instance(rr, &inst), 1);
	return inst;
}

TEST(what_a_source_says_is_in_the_record)
{
	struct build b = begun(SOURCE_DISK, NULL);
	struct record_reader rr;
	struct instance inst;
	struct point p;

	say_disk(&b, "sda", 42);
	build_point(&b, DISK_IN_FLIGHT_ALL, -3);
	CHECK_INT(build_finish(&b), 1);
	inst = only_instance(&b, &rr);
	CHECK_INT(rr.head.source, SOURCE_DISK);
	CHECK_INT(rr.head.wall_ns, 9000);
	CHECK_INT(inst.start_ns, 1000);
	CHECK_INT(inst.nattrs, 1);
	CHECK_INT(inst.attr[0].len, 3);
	CHECK_MEM(inst.attr[0].value, "sda", 3);
	CHECK_INT(record_next_point(&inst, &p), 1);
	CHECK(p.id == DISK_IO_READ && p.value == 42);
	CHECK_INT(record_next_point(&inst, &p), 1);
	CHECK(p.id == DISK_IN_FLIGHT_ALL && p.value == -3);
	CHECK_INT(record_next_point(&inst, &p), 0);
}

TEST(no_points_no_instance_and_no_instance_no_record)
{
	struct build b = begun(SOURCE_DISK, NULL);
	uint8_t *record = NULL;
	size_t len;

	CHECK_INT(build_finish(&b), 0);
	b = begun(SOURCE_DISK, NULL);
	build_instance(&b);
	build_attr(&b, KEY_DEVICE, "sda", 3);
	build_instance(&b);
	CHECK_INT(build_finish(&b), 0);
	CHECK_INT(b.lost, 0);
	CHECK(!build_next(&b, &record, &len));
}

static int
broken_by(void (*say)(struct build *))
{
	struct build b = begun(SOURCE_DISK, NULL);

	say_disk(&b, "good", 1);
	say(&b);
	say_disk(&b, "good-too", 1);
	return build_finish(&b);
}

static void
point_of_another(struct build *b)
{
	build_point(b, CPU_TIME_USER, 1);
}

static void
point_unknown(struct build *b)
{
	build_point(b, DISK_IO_WRITE + 1, 1);
}

static void
point_out_of_order(struct build *b)
{
	build_point(b, DISK_OPERATIONS_READ, 1);
	build_point(b, DISK_IO_WRITE, 1);
}

static void
point_twice(struct build *b)
{
	build_point(b, DISK_IO_READ, 1);
}

static void
counter_below_zero(struct build *b)
{
	build_point(b, DISK_IO_WRITE, -1);
}

static void
attr_of_another(struct build *b)
{
	build_instance(b);
	build_attr(b, KEY_CPU, "1", 1);
}

static void
attr_behind_a_point(struct build *b)
{
	build_attr(b, KEY_DEVICE, "sdb", 3);
}

static void
attr_twice(struct build *b)
{
	build_instance(b);
	build_attr(b, KEY_DEVICE, "a", 1);
	build_attr(b, KEY_DEVICE, "b", 1);
}

TEST(a_source_that_breaks_the_registry_s_rules_is_refused_as_a_whole)
{
	CHECK_INT(broken_by(point_of_another), -EPROTO);
	CHECK_INT(broken_by(point_unknown), -EPROTO);
	CHECK_INT(broken_by(point_out_of_order), -EPROTO);
	CHECK_INT(broken_by(point_twice), -EPROTO);
	CHECK_INT(broken_by(counter_below_zero), -EPROTO);
	CHECK_INT(broken_by(attr_of_another), -EPROTO);
	CHECK_INT(broken_by(attr_behind_a_point), -EPROTO);
	CHECK_INT(broken_by(attr_twice), -EPROTO);
}

TEST(nothing_can_be_said_before_an_instance_begins)
{
	struct build b = begun(SOURCE_DISK, NULL);

	build_point(&b, DISK_IO_READ, 1);
	CHECK_INT(build_finish(&b), -EPROTO);
	b = begun(SOURCE_DISK, NULL);
	build_attr(&b, KEY_DEVICE, "a", 1);
	CHECK_INT(build_finish(&b), -EPROTO);
}

static void
check_name(const char *said, size_t len, const char *sent)
{
	struct build b = begun(SOURCE_DISK, NULL);
	struct record_reader rr;
	struct instance inst;

	build_instance(&b);
	build_attr(&b, KEY_DEVICE, said, len);
	build_point(&b, DISK_IO_READ, 1);
	CHECK_INT(build_finish(&b), 1);
	inst = only_instance(&b, &rr);
	CHECK_INT(inst.attr[0].len, strlen(sent));
	CHECK_MEM(inst.attr[0].value, sent, strlen(sent));
}

TEST(bytes_outside_the_alphabet_are_escaped_and_so_is_the_escape)
{
	check_name("cciss/c0d0", 10, "cciss/c0d0");
	check_name("a b", 3, "a%20b");
	check_name("a%20b", 5, "a%2520b");
	check_name("\x00\n\"", 3, "%00%0A%22");
	check_name("\xc3\xa4\xff", 3, "%C3%A4%FF");
}

static void
say_mount(struct build *b, const char *fs_type, const char *path)
{
	build_instance(b);
	build_attr(b, KEY_FS_TYPE, fs_type, strlen(fs_type));
	build_attr(b, KEY_FS_MOUNTPOINT, path, strlen(path));
	build_point(b, FS_LIMIT_ALL, 1);
}

TEST(a_path_keeps_its_letters_and_loses_what_is_no_utf_8)
{
	struct build b = begun(SOURCE_FILESYSTEM, NULL);
	static const char want[] = "/a b/\xc3\xa4/%C3/%ED%A0%80";
	struct record_reader rr;
	struct instance inst;

	say_mount(&b, "ext4", "/a b/\xc3\xa4/\xc3/\xed\xa0\x80");
	CHECK_INT(build_finish(&b), 1);
	inst = only_instance(&b, &rr);
	CHECK_INT(inst.attr[1].len, sizeof(want) - 1);
	CHECK_MEM(inst.attr[1].value, want, sizeof(want) - 1);
}

TEST(a_name_that_cannot_be_said_costs_its_instance_and_is_counted)
{
	struct build b = begun(SOURCE_FILESYSTEM, NULL);
	struct record_reader rr;
	struct instance inst;
	char path[300];

	memset(path, 'x', sizeof(path));
	path[256] = '\0';
	say_mount(&b, "ext4", path);
	say_mount(&b, "fuse.odd type", "/b");
	say_mount(&b, "", "/c");
	CHECK_INT(b.lost, 3);
	path[255] = '\0';
	say_mount(&b, "ext4", path);
	path[250] = '"';
	say_mount(&b, "ext4", path);
	path[253] = '\0';
	say_mount(&b, "ext4", path);
	CHECK_INT(build_finish(&b), 1);
	CHECK_INT(b.lost, 4);
	inst = only_instance(&b, &rr);
	CHECK_INT(inst.attr[1].len, 255);
	CHECK_INT(record_next_instance(&rr, &inst), 1);
	CHECK_INT(inst.attr[1].len, 255);
	CHECK_MEM(inst.attr[1].value + 249, "x%22xx", 6);
}

TEST(numbers_are_attributes_without_a_leading_zero)
{
	static const struct { uint64_t v; const char *text; } row[] = {
	    { 0, "0" }, { 7, "7" }, { 120, "120" }, { 999999, "999999" } };

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct build b = begun(SOURCE_CPU, NULL);
		struct record_reader rr;
		struct instance inst;

		build_instance(&b);
		build_attr_number(&b, KEY_CPU, row[i].v);
		build_point(&b, CPU_TIME_USER, 1);
		CHECK_INT(build_finish(&b), 1);
		inst = only_instance(&b, &rr);
		CHECK_INT(inst.attr[0].len, strlen(row[i].text));
		CHECK_MEM(inst.attr[0].value, row[i].text, inst.attr[0].len);
	}
}

static size_t
count_instances(const struct build *b, size_t *longest)
{
	uint8_t *record = NULL;
	size_t n = 0, len = 0;

	for (*longest = 0; build_next(b, &record, &len);) {
		struct record_reader rr;
		struct instance inst;

		CHECK_INT(record_check(record, len), 0);
		CHECK_INT(record_open(&rr, record, len), 0);
		while (record_next_instance(&rr, &inst) == 1)
			n++;
		if (len > *longest)
			*longest = len;
	}
	return n;
}

TEST(many_instances_are_cut_into_short_records_and_none_is_lost)
{
	struct build b = begun(SOURCE_DISK, NULL);
	size_t longest;
	char name[32];

	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "disk%d", i);
		say_disk(&b, name, i);
	}
	CHECK(build_finish(&b) > 5);
	CHECK_INT(b.lost, 0);
	CHECK_INT(count_instances(&b, &longest), 5000);
	CHECK(longest > 8192 && longest < 10240);
}

TEST(what_does_not_fit_the_space_is_counted_and_the_rest_is_whole)
{
	struct build b = begun(SOURCE_FILESYSTEM, NULL);
	size_t longest, kept;
	char path[256];

	memset(path, 'x', sizeof(path) - 1);
	path[255] = '\0';
	for (int i = 0; i < 5000; i++) {
		path[0] = (char)('a' + i % 26);
		say_mount(&b, "ext4", path);
	}
	CHECK(build_finish(&b) > 0);
	kept = count_instances(&b, &longest);
	CHECK(kept > 3500 && b.lost > 0);
	CHECK_INT(kept + b.lost, 5000);
	CHECK(b.used <= BUILD_SPACE);
}

TEST(an_instance_that_came_later_carries_its_own_start)
{
	struct series *s = series_new(1000);
	struct build b;
	struct record_reader rr;
	struct instance inst;

	series_cycle(s, 8000);
	b = begun(SOURCE_DISK, s);
	say_disk(&b, "sda", 5);
	CHECK_INT(build_finish(&b), 1);
	CHECK_INT(only_instance(&b, &rr).start_ns, 1000);
	series_cycle(s, 9000);
	b = begun(SOURCE_DISK, s);
	say_disk(&b, "sda", 6);
	say_disk(&b, "sdb", 6);
	say_disk(&b, "sdb", 7);
	CHECK_INT(build_finish(&b), 1);
	CHECK_INT(b.lost, 1);
	inst = only_instance(&b, &rr);
	CHECK_INT(inst.start_ns, 1000);
	CHECK_INT(record_next_instance(&rr, &inst), 1);
	CHECK_INT(inst.start_ns, 8000);
	CHECK_INT(record_next_instance(&rr, &inst), 0);
	series_free(s);
}
