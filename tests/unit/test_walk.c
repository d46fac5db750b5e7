/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "walk.h"
#include "make_records.h"

#include <errno.h>
#include <stdio.h>

static struct walk walk;
static struct declared declared;

static void
add(enum source_id source, unsigned id, int64_t value)
{
	open_record(source);
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, id, value);
	close_record();
}

static void
next_metric(const char *name)
{
	const struct metric_row *row = walk_metric(&walk);

	CHECK(row != NULL);
	CHECK_STR(row->name, name);
}

static void
next_point(unsigned id, int64_t value)
{
	struct walk_point p;

	CHECK(walk_point(&walk, &p));
	CHECK_INT(p.id, id);
	CHECK_INT(p.value, value);
}

static void
no_more_points(void)
{
	struct walk_point p;

	CHECK(!walk_point(&walk, &p));
	CHECK(!walk_point(&walk, &p));
}

TEST(of_no_records_there_is_nothing)
{
	CHECK_INT(walk_open(&walk, &declared, NULL, 0), 0);
	CHECK_INT(walk.npoints, 0);
	CHECK(walk_metric(&walk) == NULL);
}

TEST(metrics_come_by_number_whatever_the_order_of_the_records)
{
	forget_records();
	add(SOURCE_EXPORT, EXPORT_CONNECTIONS_ALL, 1);
	add(SOURCE_KERNEL, UPTIME_ALL, 2);
	add(SOURCE_CPU, CPU_TIME_USER, 3);
	CHECK_INT(walk_open(&walk, &declared, record, nrecords), 0);
	CHECK_INT(walk.npoints, 3);
	next_metric("system.cpu.time");
	next_point(CPU_TIME_USER, 3);
	no_more_points();
	next_metric("system.uptime");
	next_point(UPTIME_ALL, 2);
	no_more_points();
	next_metric("sluice.export.connections");
	next_point(EXPORT_CONNECTIONS_ALL, 1);
	no_more_points();
	CHECK(walk_metric(&walk) == NULL);
}

/* Two CPUs in one record and one in another, between records of others. */
static void
open_three_cpus(void)
{
	forget_records();
	open_record(SOURCE_CPU);
	for (int cpu = 0; cpu < 2; cpu++) {
		record_instance(&rw, 0, NULL, 0);
		record_point(&rw, CPU_TIME_USER, 10 * cpu);
		record_point(&rw, CPU_TIME_STEAL, 10 * cpu + 1);
		record_point(&rw, CONTEXT_SWITCHES_ALL, 10 * cpu + 2);
	}
	close_record();
	add(SOURCE_LOAD, LOAD_1M_ALL, 99);
	add(SOURCE_CPU, CPU_TIME_STEAL, 21);
	CHECK_INT(walk_open(&walk, &declared, record, nrecords), 0);
}

static void
see_three_cpus(void)
{
	next_metric("system.cpu.time");
	next_point(CPU_TIME_USER, 0);
	next_point(CPU_TIME_STEAL, 1);
	next_point(CPU_TIME_USER, 10);
	next_point(CPU_TIME_STEAL, 11);
	next_point(CPU_TIME_STEAL, 21);
	no_more_points();
	next_metric("linux.context_switches");
	next_point(CONTEXT_SWITCHES_ALL, 2);
	next_point(CONTEXT_SWITCHES_ALL, 12);
	no_more_points();
	next_metric("system.cpu.load_average.1m");
	next_point(LOAD_1M_ALL, 99);
	no_more_points();
	CHECK(walk_metric(&walk) == NULL);
}

TEST(a_metric_comes_once_with_the_points_of_all_records)
{
	open_three_cpus();
	CHECK_INT(walk.npoints, 8);
	see_three_cpus();
}

TEST(a_walk_can_be_walked_again_from_anywhere)
{
	open_three_cpus();
	next_metric("system.cpu.time");
	next_point(CPU_TIME_USER, 0);
	for (int i = 0; i < 3; i++) {
		walk_rewind(&walk);
		see_three_cpus();
	}
}

TEST(a_point_has_the_times_of_its_record_and_instance)
{
	struct walk_point p;

	forget_records();
	open_record(SOURCE_DISK);
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, DISK_IO_READ, 1);
	record_instance(&rw, made_start + 5, NULL, 0);
	record_point(&rw, DISK_IO_READ, INT64_MAX);
	close_record();
	CHECK_INT(walk_open(&walk, &declared, record, nrecords), 0);
	next_metric("system.disk.io");
	CHECK(walk_point(&walk, &p));
	CHECK(p.wall_ns == made_wall && p.inst->start_ns == made_start);
	CHECK(walk_point(&walk, &p));
	CHECK(p.wall_ns == made_wall && p.inst->start_ns == made_start + 5);
	CHECK(p.value == INT64_MAX);
}

static void
is_attr(const struct walk_attr *a, const char *key, const char *value,
    bool is_integer)
{
	CHECK_STR(a->key, key);
	CHECK_INT(a->len, strlen(value));
	CHECK_MEM(a->value, value, a->len);
	CHECK(a->is_integer == is_integer);
}

/* The first point there is, and its attributes. */
static size_t
attrs(struct walk_attr attr[WALK_ATTRS_MAX])
{
	struct walk_point p;

	CHECK_INT(walk_open(&walk, &declared, record, nrecords), 0);
	CHECK(walk_metric(&walk) != NULL);
	CHECK(walk_point(&walk, &p));
	return walk_attrs(&p, attr);
}

TEST(attributes_are_the_instances_then_the_points)
{
	const struct attr said[] = { made_attr(KEY_DEVICE, "sda1"),
		made_attr(KEY_FS_TYPE, "xfs"), made_attr(KEY_FS_MODE, "rw"),
		made_attr(KEY_FS_MOUNTPOINT, "/") };
	struct walk_attr attr[WALK_ATTRS_MAX];

	forget_records();
	open_record(SOURCE_FILESYSTEM);
	record_instance(&rw, 0, said, 4);
	record_point(&rw, FS_USAGE_FREE, 1);
	close_record();
	CHECK_INT(attrs(attr), 5);
	is_attr(&attr[0], "system.device", "sda1", false);
	is_attr(&attr[1], "system.filesystem.type", "xfs", false);
	is_attr(&attr[2], "system.filesystem.mode", "rw", false);
	is_attr(&attr[3], "system.filesystem.mountpoint", "/", false);
	is_attr(&attr[4], "system.filesystem.state", "free", false);
}

TEST(a_number_is_an_integer_and_two_of_the_point_are_both_there)
{
	const struct attr cpu = made_attr(KEY_CPU, "12");
	struct walk_attr attr[WALK_ATTRS_MAX];

	forget_records();
	open_record(SOURCE_CPU);
	record_instance(&rw, 0, &cpu, 1);
	record_point(&rw, CPU_TIME_IDLE, 1);
	close_record();
	CHECK_INT(attrs(attr), 2);
	is_attr(&attr[0], "cpu.logical_number", "12", true);
	is_attr(&attr[1], "cpu.mode", "idle", false);

	forget_records();
	add(SOURCE_PRESSURE, PSI_STALL_IO_FULL, 1);
	CHECK_INT(attrs(attr), 2);
	is_attr(&attr[0], "resource", "io", false);
	is_attr(&attr[1], "kind", "full", false);
}

TEST(a_point_without_attributes_has_none)
{
	struct walk_attr attr[WALK_ATTRS_MAX];

	forget_records();
	add(SOURCE_KERNEL, UPTIME_ALL, 1);
	CHECK_INT(attrs(attr), 0);
}

TEST(as_many_instances_as_there_is_room_for_and_not_one_more)
{
	struct walk_point p;

	forget_records();
	make_crowd();
	make_crowd();
	CHECK_INT(walk_open(&walk, &declared, record, nrecords), 0);
	CHECK_INT(walk.npoints, WALK_SERIES_MAX);
	next_metric("system.cpu.load_average.1m");
	for (unsigned i = 0; i < WALK_SERIES_MAX; i++)
		next_point(LOAD_1M_ALL, i % RECORD_INSTANCES_MAX);
	CHECK(!walk_point(&walk, &p));
	add(SOURCE_CPU, CPU_COUNT_ALL, 1);
	CHECK_INT(walk_open(&walk, &declared, record, nrecords), -ENOBUFS);
}

TEST(a_record_that_was_never_judged_is_refused)
{
	uint8_t broken[64];
	struct batch_record cut[2];

	forget_records();
	add(SOURCE_LOAD, LOAD_1M_ALL, 1);
	add(SOURCE_KERNEL, UPTIME_ALL, 2);
	CHECK(record[1].len <= sizeof(broken));
	memcpy(cut, record, sizeof(cut));
	for (cut[1].len = 0; cut[1].len < record[1].len; cut[1].len++)
		CHECK_INT(walk_open(&walk, &declared, cut, 2), -EBADMSG);
	/* a point of a metric that is not of the source */
	memcpy(broken, record[1].bytes, record[1].len);
	broken[33] = SOURCE_CLOCK;
	cut[1] = (struct batch_record){ broken, record[1].len };
	CHECK_INT(walk_open(&walk, &declared, cut, 2), -EBADMSG);
	CHECK_INT(walk_open(&walk, &declared, record, 2), 0);
}

static void
declare(void)
{
	memset(&declared, 0, sizeof(declared));
	CHECK(declared_add_label(&declared, "job") == NULL);
	CHECK(declared_add(&declared, "a_total", "counter By") == NULL);
	CHECK(declared_add(&declared, "b_age", "gauge s") == NULL);
	CHECK(declared_seal(&declared));
}

/* A sample of that number, with labels where there are any. */
static void
sample_text(uint32_t number, const char *labels, unsigned id, int64_t value)
{
	char digits[16];
	struct attr attr[2];

	snprintf(digits, sizeof(digits), "%u", (unsigned)number);
	attr[0] = (struct attr){ KEY_DECLARED, (uint8_t)strlen(digits),
		(const uint8_t *)digits };
	attr[1] = (struct attr){ KEY_LABELS, (uint8_t)strlen(labels),
		(const uint8_t *)labels };
	open_record(SOURCE_OPERATOR);
	record_instance(&rw, 0, attr, labels[0] == '\0' ? 1 : 2);
	record_point(&rw, id, value);
	close_record();
}

static void
sample(uint32_t number, unsigned key, unsigned id, int64_t value)
{
	sample_text(number, key == 0 ? "" : "abc", id, value);
}

TEST(a_declared_metric_goes_by_the_names_that_were_declared)
{
	struct walk_attr attr[WALK_ATTRS_MAX];
	const struct metric_row *row;
	struct walk_point p;

	declare();
	forget_records();
	sample(declared.metric[1].number, 0, OPERATOR_GAUGE_ALL, -5);
	sample(declared.metric[0].number, KEY_LABELS, OPERATOR_COUNTER_ALL,
	    7);
	sample(declared.metric[0].number, 0, OPERATOR_COUNTER_ALL, 8);
	add(SOURCE_OPERATOR, OPERATOR_FILES_READ, 1);
	CHECK_INT(walk_open(&walk, &declared, record, nrecords), 0);
	CHECK_INT(walk.npoints, 4);
	next_metric("sluice.operator.files");
	next_point(OPERATOR_FILES_READ, 1);
	no_more_points();
	CHECK((row = walk_metric(&walk)) != NULL);
	CHECK_STR(row->name, "a_total");
	CHECK_STR(row->unit, "By");
	CHECK_INT(row->instrument, COUNTER);
	CHECK(walk_point(&walk, &p));
	CHECK_INT(walk_attrs(&p, attr), 1);
	CHECK_STR(attr[0].key, "job");
	CHECK_MEM(attr[0].value, "abc", 3);
	CHECK(walk_point(&walk, &p));
	CHECK_INT(p.value, 8);
	CHECK_INT(walk_attrs(&p, attr), 0);
	no_more_points();
	CHECK((row = walk_metric(&walk)) != NULL);
	CHECK_STR(row->name, "b_age");
	CHECK_INT(row->scale, SCALE_MICRO);
	next_point(OPERATOR_GAUGE_ALL, -5);
	CHECK(walk_metric(&walk) == NULL);
}

/* Both kinds under one name. */
static void
two_points(uint32_t number)
{
	char digits[16];
	struct attr attr;

	snprintf(digits, sizeof(digits), "%u", (unsigned)number);
	attr = (struct attr){ KEY_DECLARED, (uint8_t)strlen(digits),
		(const uint8_t *)digits };
	open_record(SOURCE_OPERATOR);
	record_instance(&rw, 0, &attr, 1);
	record_point(&rw, OPERATOR_COUNTER_ALL, 7);
	record_point(&rw, OPERATOR_GAUGE_ALL, 8);
	close_record();
}

TEST(what_was_not_declared_has_no_way_out)
{
	declare();
	forget_records();
	/* another number, the other kind, a label without a name, no number */
	sample(declared.metric[0].number + 1, 0, OPERATOR_COUNTER_ALL, 1);
	sample(declared.metric[0].number, 0, OPERATOR_GAUGE_ALL, 2);
	sample_text(declared.metric[0].number, "a,b", OPERATOR_COUNTER_ALL,
	    3);
	add(SOURCE_OPERATOR, OPERATOR_COUNTER_ALL, 4);
	add(SOURCE_OPERATOR, OPERATOR_GAUGE_ALL, 5);
	sample(declared.metric[0].number, 0, OPERATOR_FILES_READ, 6);
	two_points(declared.metric[0].number);
	CHECK_INT(walk_open(&walk, &declared, record, nrecords), 0);
	CHECK_INT(walk.npoints, 0);
	CHECK(walk_metric(&walk) == NULL);
}
