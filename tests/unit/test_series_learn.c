/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Series that go on over a restart of the agent. */
#include "series.h"
#include "test.h"

#include <stdio.h>

enum { BOOT = 1000, FIRST = 5000, SECOND = 6000, THIRD = 7000 };

static struct attr
device(const char *name)
{
	return (struct attr){ KEY_DEVICE, (uint8_t)strlen(name),
		(const uint8_t *)name };
}

static uint64_t
disk(struct series *s, const char *name, int64_t bytes)
{
	const struct attr a = device(name);
	struct point p = { DISK_IO_READ, bytes };

	return series_judge(s, SOURCE_DISK, &a, 1, &p, 1);
}

/* As it was sent by the process before. */
static void
learn_disk(struct series *s, const char *name, uint64_t start_ns,
    int64_t bytes)
{
	static uint8_t space[256];
	const struct record_head head = { .wall_ns = FIRST,
		.start_ns = BOOT, .source = SOURCE_DISK };
	const struct attr a = device(name);
	struct record_writer rw;
	struct record_reader rr;
	struct instance inst;

	record_begin(&rw, space, sizeof(space), &head);
	record_instance(&rw, start_ns, &a, 1);
	record_point(&rw, DISK_IO_READ, bytes);
	record_point(&rw, DISK_IN_FLIGHT_ALL, 99);
	CHECK_INT(record_open(&rr, space, (size_t)record_finish(&rw)), 0);
	CHECK_INT(record_next_instance(&rr, &inst), 1);
	series_learn(s, SOURCE_DISK, &inst);
}

/* One that took over at FIRST, and is in its first cycle at SECOND. */
static struct series *
learned(void)
{
	struct series *s = series_new(BOOT);

	CHECK(s != NULL);
	learn_disk(s, "sda", BOOT, 10);
	learn_disk(s, "sdb", 3000, 500);
	series_learned(s, FIRST);
	series_cycle(s, SECOND);
	return s;
}

TEST(starts_go_on_over_a_restart_as_they_were)
{
	struct series *s = learned();

	CHECK_INT(disk(s, "sda", 10), BOOT);
	CHECK_INT(disk(s, "sdb", 501), 3000);
	series_cycle(s, THIRD);
	CHECK_INT(disk(s, "sda", 11), BOOT);
	CHECK_INT(disk(s, "sdb", 502), 3000);
	series_free(s);
}

TEST(a_counter_reset_while_the_agent_was_down_starts_at_the_last_step)
{
	struct series *s = learned();

	CHECK_INT(disk(s, "sda", 9), FIRST);
	CHECK_INT(disk(s, "sdb", 0), FIRST);
	series_cycle(s, THIRD);
	CHECK_INT(disk(s, "sda", 10), FIRST);
	series_free(s);
}

TEST(what_came_while_the_agent_was_down_counts_since_the_last_step)
{
	struct series *s = learned();

	CHECK_INT(disk(s, "sdc", 1000), FIRST);
	series_cycle(s, THIRD);
	CHECK_INT(disk(s, "sdd", 1000), SECOND);
	CHECK_INT(disk(s, "sdc", 1001), FIRST);
	series_free(s);
}

TEST(a_source_that_had_said_nothing_before_the_restart_counts_since_boot)
{
	struct series *s = learned();
	struct attr a = { KEY_INTERFACE, 4, (const uint8_t *)"eth0" };
	struct point p = { NET_IO_RECEIVE, 5 };

	CHECK_INT(series_judge(s, SOURCE_NETWORK, &a, 1, &p, 1), BOOT);
	series_free(s);
}

TEST(what_is_gone_after_the_restart_is_forgotten_and_new_when_it_is_back)
{
	struct series *s = learned();

	CHECK_INT(disk(s, "sda", 10), BOOT);
	series_cycle(s, THIRD);
	CHECK_INT(disk(s, "sda", 10), BOOT);
	series_cycle(s, 8000);
	CHECK_INT(disk(s, "sda", 10), BOOT);
	CHECK_INT(disk(s, "sdb", 600), THIRD);
	series_free(s);
}

TEST(a_gauge_that_was_learned_is_no_counter_that_went_back)
{
	const struct attr a = device("sda");
	struct point p[] = { { DISK_IO_READ, 10 }, { DISK_IN_FLIGHT_ALL, 0 } };
	struct series *s = learned();

	CHECK_INT(series_judge(s, SOURCE_DISK, &a, 1, p, 2), BOOT);
	CHECK_INT(p[1].value, 0);
	series_free(s);
}

TEST(small_steps_back_are_made_good_over_a_restart_too)
{
	static uint8_t space[256];
	const struct record_head head = { .wall_ns = FIRST,
		.start_ns = BOOT, .source = SOURCE_CPU };
	struct series *s = series_new(BOOT);
	struct record_writer rw;
	struct record_reader rr;
	struct instance inst;
	struct point now[] = { { CPU_TIME_USER, 10 },
		{ CPU_TIME_IDLE, 99800 } };

	record_begin(&rw, space, sizeof(space), &head);
	record_instance(&rw, 0, NULL, 0);
	record_point(&rw, CPU_TIME_USER, 10);
	record_point(&rw, CPU_TIME_IDLE, 100000);
	CHECK_INT(record_open(&rr, space, (size_t)record_finish(&rw)), 0);
	CHECK_INT(record_next_instance(&rr, &inst), 1);
	series_learn(s, SOURCE_CPU, &inst);
	series_learned(s, FIRST);
	series_cycle(s, SECOND);
	CHECK_INT(series_judge(s, SOURCE_CPU, NULL, 0, now, 2), BOOT);
	CHECK_INT(now[1].value, 100000);
	series_free(s);
}

TEST(more_than_fits_is_learned_as_far_as_there_is_room)
{
	struct series *s = series_new(BOOT);
	char name[32];

	for (int i = 0; i < SERIES_INSTANCES_MAX + 10; i++) {
		snprintf(name, sizeof(name), "disk%d", i);
		learn_disk(s, name, 2000, i);
	}
	series_learned(s, FIRST);
	series_cycle(s, SECOND);
	CHECK_INT(disk(s, "disk0", 0), 2000);
	CHECK_INT(disk(s, "disk16383", 16383), 2000);
	CHECK_INT(disk(s, "disk16384", 16384), 0);
	series_free(s);
}
