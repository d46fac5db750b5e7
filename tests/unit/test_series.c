/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "series_world.h"

#include <stdio.h>

static uint64_t
disk(struct series *s, const char *name, int64_t bytes)
{
	return judge_disk(s, name, &bytes);
}

TEST(what_is_there_at_first_counts_since_boot_and_goes_on_doing_so)
{
	struct series *s = begun();

	CHECK_INT(disk(s, "sda", 10), BOOT);
	series_cycle(s, SECOND);
	CHECK_INT(disk(s, "sda", 20), BOOT);
	series_cycle(s, THIRD);
	CHECK_INT(disk(s, "sda", 20), BOOT);
	series_free(s);
}

TEST(what_comes_later_counts_since_the_cycle_before)
{
	struct series *s = begun();

	CHECK_INT(disk(s, "sda", 10), BOOT);
	series_cycle(s, SECOND);
	CHECK_INT(disk(s, "sdb", 10), FIRST);
	series_cycle(s, THIRD);
	CHECK_INT(disk(s, "sdb", 11), FIRST);
	series_free(s);
}

TEST(a_source_that_first_answers_late_still_counts_since_boot)
{
	struct series *s = begun();

	series_cycle(s, SECOND);
	CHECK_INT(disk(s, "sda", 10), BOOT);
	CHECK_INT(disk(s, "sdb", 10), BOOT);
	series_cycle(s, THIRD);
	CHECK_INT(disk(s, "sdc", 10), SECOND);
	series_free(s);
}

TEST(what_has_no_attributes_is_the_host_and_counts_since_boot)
{
	struct point p = { OOM_KILLS_ALL, 1 };
	struct attr a = device("swap");
	struct point gauge = { PAGING_USAGE_USED, 1 };
	struct series *s = begun();

	CHECK_INT(series_judge(s, SOURCE_PAGING, &a, 1, &gauge, 1), BOOT);
	series_cycle(s, SECOND);
	CHECK_INT(series_judge(s, SOURCE_PAGING, NULL, 0, &p, 1), BOOT);
	series_free(s);
}

TEST(a_counter_that_went_back_starts_its_instance_anew)
{
	const struct attr a = device("sda");
	struct point p[] = { { DISK_IO_READ, 10 }, { DISK_IO_WRITE, 10 } };
	struct series *s = begun();

	CHECK_INT(series_judge(s, SOURCE_DISK, &a, 1, p, 2), BOOT);
	series_cycle(s, SECOND);
	p[0].value = 50;
	p[1].value = 9;
	CHECK_INT(series_judge(s, SOURCE_DISK, &a, 1, p, 2), FIRST);
	CHECK_INT(p[0].value, 50);
	CHECK_INT(p[1].value, 9);
	series_cycle(s, THIRD);
	p[1].value = 10;
	CHECK_INT(series_judge(s, SOURCE_DISK, &a, 1, p, 2), FIRST);
	series_cycle(s, THIRD + 1);
	p[0].value = 49;
	CHECK_INT(series_judge(s, SOURCE_DISK, &a, 1, p, 2), THIRD);
	series_cycle(s, THIRD + 2);
	p[0].value = 48;
	CHECK_INT(series_judge(s, SOURCE_DISK, &a, 1, p, 2), THIRD + 1);
	series_free(s);
}

TEST(a_gauge_may_go_back_as_it_likes)
{
	const struct attr a = device("sda");
	struct point p = { DISK_IN_FLIGHT_ALL, 10 };
	struct series *s = begun();

	CHECK_INT(series_judge(s, SOURCE_DISK, &a, 1, &p, 1), BOOT);
	series_cycle(s, SECOND);
	p.value = 0;
	CHECK_INT(series_judge(s, SOURCE_DISK, &a, 1, &p, 1), BOOT);
	CHECK_INT(p.value, 0);
	series_free(s);
}

static uint64_t
idle(struct series *s, int64_t *value)
{
	struct point p[] = { { CPU_TIME_USER, 10 }, { CPU_TIME_IDLE, *value } };
	const uint64_t start = series_judge(s, SOURCE_CPU, NULL, 0, p, 2);

	*value = p[1].value;
	return start;
}

TEST(a_small_step_back_in_cpu_time_is_held_at_the_value_before)
{
	struct series *s = begun();
	int64_t v = 100000;

	CHECK_INT(idle(s, &v), BOOT);
	series_cycle(s, SECOND);
	v = 99700;
	CHECK_INT(idle(s, &v), BOOT);
	CHECK_INT(v, 100000);
	series_cycle(s, THIRD);
	v = 100001;
	CHECK_INT(idle(s, &v), BOOT);
	CHECK_INT(v, 100001);
	series_free(s);
}

TEST(steps_back_do_not_add_up_unseen)
{
	struct series *s = begun();
	int64_t v = 100000;

	CHECK_INT(idle(s, &v), BOOT);
	series_cycle(s, SECOND);
	v = 99800;
	CHECK_INT(idle(s, &v), BOOT);
	series_cycle(s, THIRD);
	v = 99600;
	CHECK_INT(idle(s, &v), SECOND);
	CHECK_INT(v, 99600);
	series_free(s);
}

static uint64_t
busy(struct series *s, int64_t *ms, int64_t bytes)
{
	const struct attr a = device("sda");
	struct point p[] = { { DISK_IO_READ, bytes },
		{ DISK_WEIGHTED_TIME_ALL, *ms } };
	const uint64_t start = series_judge(s, SOURCE_DISK, &a, 1, p, 2);

	*ms = p[1].value;
	return start;
}

TEST(a_disk_s_times_go_on_behind_their_32_bits_and_its_bytes_with_them)
{
	const int64_t turn = INT64_C(1) << 32;
	struct series *s = begun();
	int64_t ms = turn - 10;

	CHECK_INT(busy(s, &ms, 100), BOOT);
	for (int i = 1; i <= 3; i++) {
		/* three steps a turn, each less than half of it */
		const int64_t at[] = { 5, turn / 3, turn / 3 * 2 };

		for (int k = 0; k < 3; k++) {
			series_cycle(s, SECOND);
			ms = at[k];
			CHECK_INT(busy(s, &ms, 100 + i), BOOT);
			CHECK_INT(ms, i * turn + at[k]);
		}
	}
	series_free(s);
}

TEST(a_disk_made_anew_is_no_wrap)
{
	struct series *s = begun();
	int64_t ms = 500000;

	CHECK_INT(busy(s, &ms, 100), BOOT);
	series_cycle(s, SECOND);
	ms = 1;
	CHECK_INT(busy(s, &ms, 100), FIRST);
	CHECK_INT(ms, 1);
	series_cycle(s, THIRD);
	ms = (INT64_C(1) << 32) - 1;
	CHECK_INT(busy(s, &ms, 100), FIRST);
	series_cycle(s, THIRD);
	ms = 7;
	CHECK_INT(busy(s, &ms, 0), THIRD);
	CHECK_INT(ms, 7);
	series_free(s);
}

TEST(an_instance_that_misses_one_cycle_keeps_its_start_and_two_do_not)
{
	struct series *s = begun();

	CHECK_INT(disk(s, "sda", 10), BOOT);
	CHECK_INT(disk(s, "sdb", 10), BOOT);
	series_cycle(s, SECOND);
	CHECK_INT(disk(s, "sda", 10), BOOT);
	series_cycle(s, THIRD);
	CHECK_INT(disk(s, "sda", 10), BOOT);
	series_cycle(s, 8000);
	CHECK_INT(disk(s, "sdb", 10), THIRD);
	CHECK_INT(disk(s, "sda", 10), BOOT);
	series_free(s);
}

TEST(a_clock_set_back_behind_a_start_gives_one_that_does_not_move)
{
	struct series *s = begun();

	CHECK_INT(disk(s, "sda", 10), BOOT);
	series_cycle(s, BOOT - 500);
	CHECK_INT(disk(s, "sda", 11), BOOT - 500);
	series_cycle(s, BOOT - 400);
	CHECK_INT(disk(s, "sda", 12), BOOT - 500);
	CHECK_INT(disk(s, "sdb", 1), BOOT - 500);
	series_cycle(s, SECOND);
	CHECK_INT(disk(s, "sda", 13), BOOT);
	CHECK_INT(disk(s, "sdb", 2), BOOT - 500);
	series_free(s);
}

TEST(what_begins_as_the_clock_is_set_back_begins_now_and_stays_there)
{
	struct series *s = begun();

	CHECK_INT(disk(s, "sda", 10), BOOT);
	series_cycle(s, THIRD);
	CHECK_INT(disk(s, "sda", 11), BOOT);
	series_cycle(s, SECOND);
	CHECK_INT(disk(s, "sda", 1), SECOND);
	CHECK_INT(disk(s, "sdb", 1), SECOND);
	series_cycle(s, 9000);
	CHECK_INT(disk(s, "sda", 2), SECOND);
	CHECK_INT(disk(s, "sdb", 2), SECOND);
	series_free(s);
}

TEST(cycles_in_which_a_source_could_not_be_read_do_not_count)
{
	struct series *s = begun();

	CHECK_INT(disk(s, "sda", 10), BOOT);
	CHECK_INT(disk(s, "sdb", 10), BOOT);
	for (int i = 0; i < 10; i++) {
		series_cycle(s, SECOND + i);
		series_unread(s, SOURCE_DISK);
		CHECK_INT(disk(s, "sda", 20), BOOT);
	}
	series_cycle(s, THIRD);
	CHECK_INT(disk(s, "sda", 20), BOOT);
	series_unread(s, SOURCE_CPU);
	CHECK_INT(disk(s, "sdb", 20), BOOT);
	for (int i = 0; i < 3; i++) {
		series_cycle(s, 8000 + i);
		series_unread(s, SOURCE_CPU);
		CHECK_INT(disk(s, "sdb", 30), BOOT);
	}
	CHECK_INT(disk(s, "sda", 30), 8001);
	series_free(s);
}

TEST(the_same_instance_twice_in_a_cycle_is_refused)
{
	struct series *s = begun();

	CHECK_INT(disk(s, "sda", 10), BOOT);
	CHECK_INT(disk(s, "sda", 10), 0);
	series_cycle(s, SECOND);
	CHECK_INT(disk(s, "sda", 10), BOOT);
	series_free(s);
}

TEST(instances_differ_by_source_key_and_every_byte_of_a_value)
{
	const struct attr one[] = { device("ab"), { KEY_FS_TYPE, 1,
		(const uint8_t *)"c" } };
	const struct attr other[] = { device("a"), { KEY_FS_TYPE, 2,
		(const uint8_t *)"bc" } };
	struct point p = { FS_USAGE_USED, 1 };
	struct series *s = begun();

	CHECK_INT(disk(s, "a", 1), BOOT);
	CHECK_INT(disk(s, "b", 1), BOOT);
	CHECK_INT(series_judge(s, SOURCE_FILESYSTEM, one, 2, &p, 1), BOOT);
	CHECK_INT(series_judge(s, SOURCE_FILESYSTEM, other, 2, &p, 1), BOOT);
	CHECK_INT(series_judge(s, SOURCE_FILESYSTEM, one, 1, &p, 1), BOOT);
	series_free(s);
}

TEST(no_start_is_after_the_record_when_the_clock_was_set_back)
{
	struct series *s = begun();

	CHECK_INT(disk(s, "sda", 10), BOOT);
	series_cycle(s, SECOND);
	CHECK_INT(disk(s, "sdb", 10), FIRST);
	series_cycle(s, 900);
	CHECK_INT(disk(s, "sda", 10), 900);
	CHECK_INT(disk(s, "sdb", 10), 900);
	CHECK_INT(disk(s, "sdc", 10), 900);
	series_cycle(s, SECOND);
	CHECK_INT(disk(s, "sda", 10), BOOT);
	series_free(s);
}

TEST(the_table_is_full_at_its_bound_and_what_is_in_it_stays_good)
{
	struct series *s = begun();
	char name[32];

	for (int i = 0; i < SERIES_INSTANCES_MAX; i++) {
		snprintf(name, sizeof(name), "disk%d", i);
		CHECK_INT(disk(s, name, i), BOOT);
	}
	CHECK_INT(disk(s, "one-more", 1), 0);
	series_cycle(s, SECOND);
	for (int i = 0; i < SERIES_INSTANCES_MAX; i++) {
		snprintf(name, sizeof(name), "disk%d", i);
		CHECK_INT(disk(s, name, i), BOOT);
	}
	CHECK_INT(disk(s, "one-more", 1), 0);
	series_free(s);
}

TEST(what_a_source_says_of_itself_finds_room_in_a_full_table)
{
	struct series *s = begun();
	struct point p[] = { { CONTEXT_SWITCHES_ALL, 5 } };
	char name[32];

	for (int i = 0; i < SERIES_INSTANCES_MAX + 10; i++) {
		snprintf(name, sizeof(name), "disk%d", i);
		disk(s, name, i);
	}
	for (int source = 1; source < SOURCE_END; source++)
		CHECK_INT(series_judge(s, (enum source_id)source, NULL, 0, p,
		    1), BOOT);
	CHECK_INT(disk(s, "one-more", 1), 0);
	series_free(s);
}

/* 4096 new names each cycle, and a few that stay among them. */
TEST(names_that_always_change_leave_those_that_stay_alone)
{
	struct series *s = begun();
	char name[32];

	for (int cycle = 0; cycle < 50; cycle++) {
		int refused = 0;

		CHECK_INT(disk(s, "stays", 10 + cycle), BOOT);
		for (int i = 0; i < 4096; i++) {
			snprintf(name, sizeof(name), "c%d-%d", cycle, i);
			refused += disk(s, name, i) == 0;
		}
		/* the cycle before's names still take half of the room */
		CHECK(refused <= 1);
		series_cycle(s, SECOND + (uint64_t)cycle);
	}
	for (int cycle = 0; cycle < 3; cycle++) {
		CHECK_INT(disk(s, "stays", 100), BOOT);
		series_cycle(s, THIRD);
	}
	for (int i = 0; i < SERIES_INSTANCES_MAX - 1; i++) {
		snprintf(name, sizeof(name), "new%d", i);
		CHECK_INT(disk(s, name, i), THIRD);
	}
	series_free(s);
}

/* So many counters, of a disk of that number. */
static uint64_t
many(struct series *s, int number, int counters)
{
	static const unsigned id[13] = { DISK_IO_READ, DISK_IO_WRITE,
	    DISK_OPERATIONS_READ, DISK_OPERATIONS_WRITE, DISK_MERGED_READ,
	    DISK_MERGED_WRITE, DISK_OPERATION_TIME_READ,
	    DISK_OPERATION_TIME_WRITE, DISK_IO_TIME_ALL, CPU_TIME_USER,
	    CPU_TIME_NICE, NET_IO_RECEIVE, NET_IO_TRANSMIT };
	struct point p[13];
	struct attr a;
	char name[16];

	snprintf(name, sizeof(name), "%d", number);
	a = (struct attr){ KEY_DEVICE, (uint8_t)strlen(name),
		(const uint8_t *)name };
	for (int i = 0; i < counters; i++)
		p[i] = (struct point){ id[i], number };
	return series_judge(s, SOURCE_DISK, &a, 1, p, (size_t)counters);
}

/* Thirteen counters take four of the blocks of four. */
TEST(counters_are_bounded_too_and_their_room_comes_back)
{
	const int fit = SERIES_COUNTERS_MAX / 16;
	struct series *s = begun();

	for (int i = 0; i < fit - 1; i++)
		CHECK_INT(many(s, i, 13), BOOT);
	CHECK_INT(many(s, fit, 12), BOOT);
	/* one is left */
	CHECK_INT(many(s, fit + 1, 13), 0);
	for (int i = 0; i < 4; i++)
		series_cycle(s, SECOND);
	for (int i = 0; i < fit - 1; i++)
		CHECK_INT(many(s, i, 13), SECOND);
	CHECK_INT(many(s, fit + 1, 13), SECOND);
	series_free(s);
}

/* Deletions in the middle of runs of the index must lose nobody. */
TEST(whoever_stays_is_found_whoever_goes)
{
	struct series *s = begun();
	char name[32];

	for (int i = 0; i < 8000; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		CHECK_INT(disk(s, name, 1000 + i), BOOT);
	}
	for (int cycle = 1; cycle < 12; cycle++) {
		series_cycle(s, SECOND);
		for (int i = 0; i < 8000; i += cycle) {
			int64_t bytes = 1000 + i + cycle;

			snprintf(name, sizeof(name), "d%d", i);
			if (i % 5040 == 0)
				CHECK_INT(judge_disk(s, name, &bytes), BOOT);
			else
				CHECK(judge_disk(s, name, &bytes) != 0);
			CHECK_INT(bytes, 1000 + i + cycle);
		}
	}
	series_free(s);
}
