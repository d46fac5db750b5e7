/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Collections that come more often than all is asked. */
#include "ceiling.h"
#include "cycle_world.h"

#include <stdio.h>
#include <unistd.h>

enum { STEPS = 25 };

TEST(the_sources_that_move_slowly_are_those_of_the_documentation)
{
	size_t len;
	const char *page = test_file("docs/metrics.md", &len);
	const char *begin = strstr(page, "Where `collect.interval` is below");
	char name[64];

	CHECK(begin != NULL);
	for (size_t i = 0; i < source_table_size; i++) {
		const struct source *s = source_table[i];
		const char *found;

		snprintf(name, sizeof(name), "`%s`",
		    registry_source(s->id)->name);
		found = strstr(begin, name);
		CHECK(s->slow == (found != NULL &&
		    found < strstr(begin, "\n\n")));
	}
}

static void
check_pace(uint32_t interval_ms, unsigned every)
{
	begin(SOURCE_BIT(SOURCE_FILESYSTEM) | SOURCE_BIT(SOURCE_CLOCK) |
	    SOURCE_BIT(SOURCE_LOAD), interval_ms);
	for (unsigned i = 0; i < STEPS; i++) {
		step();
		CHECK(said[SOURCE_LOAD].points > 0);
		CHECK((said[SOURCE_FILESYSTEM].points > 0) ==
		    (i % every == 0));
		CHECK((said[SOURCE_CLOCK].points > 0) == (i % every == 0));
	}
	end();
}

TEST(what_moves_slowly_is_asked_in_the_first_step_and_once_in_ten_seconds)
{
	check_pace(1000, 10);
	check_pace(3000, 4);
	check_pace(5000, 2);
	check_pace(9999, 2);
}

TEST(at_ten_seconds_and_above_every_step_has_it)
{
	check_pace(10000, 1);
	check_pace(15000, 1);
	check_pace(3600000, 1);
	/* a tool that collects once or twice has no interval */
	check_pace(0, 1);
}

TEST(a_pause_begins_no_new_series)
{
	begin(SOURCE_BIT(SOURCE_FILESYSTEM), 1000);
	/* it did not speak in the first: what comes later begins later */
	options.enabled = 0;
	step();
	options.enabled = SOURCE_BIT(SOURCE_FILESYSTEM);
	for (unsigned i = 1; i < 10; i++)
		step();
	step();
	const uint64_t start_ns = said[SOURCE_FILESYSTEM].start_ns;

	CHECK(start_ns > 0);
	for (unsigned i = 0; i < 20; i++) {
		step();
		CHECK(said[SOURCE_FILESYSTEM].points == 0 ||
		    said[SOURCE_FILESYSTEM].start_ns == start_ns);
	}
	CHECK(said[SOURCE_FILESYSTEM].points > 0);
	end();
}

/* A disk of that name is said; when its counter began. */
static uint64_t
disk(struct series *s, const char *name)
{
	struct point p = { DISK_IO_READ, 7 };
	const struct attr attr = { KEY_DEVICE, (uint8_t)strlen(name),
		(const uint8_t *)name };

	return series_judge(s, SOURCE_DISK, &attr, 1, &p, 1);
}

TEST(a_source_that_rests_keeps_its_series_however_little_room_there_is)
{
	struct series *s = series_new(world_boot);
	char name[16];

	CHECK(s != NULL);
	series_cycle(s, world_wall(1));
	CHECK_INT(disk(s, "sda"), world_boot);
	series_cycle(s, world_wall(2));
	CHECK_INT(disk(s, "sdb"), world_wall(1));
	for (int i = 0; i < SERIES_INSTANCES_MAX / 2 + 1; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		CHECK_INT(disk(s, name), world_wall(1));
	}
	for (uint64_t i = 3; i < 12; i++) {
		series_cycle(s, world_wall(i));
		series_rest(s, SOURCE_DISK);
	}
	series_cycle(s, world_wall(12));
	CHECK_INT(disk(s, "sdb"), world_wall(1));
	/* from then on it is asked, and not there */
	for (uint64_t i = 13; i < 16; i++)
		series_cycle(s, world_wall(i));
	CHECK_INT(disk(s, "sdb"), world_wall(14));
	series_free(s);
}

TEST(what_failed_is_not_well_again_because_it_is_not_asked)
{
	char top[] = "/tmp/sluice-pace-XXXXXX";
	const uint64_t *missing =
	    &self.failures[SOURCE_FILESYSTEM][FAILURE_MISSING];

	CHECK(mkdtemp(top) != NULL);
	options.max_series = 0;
	/* a copied tree has no file systems to ask */
	begin_on(top, SOURCE_BIT(SOURCE_FILESYSTEM), 1000);
	for (unsigned i = 0; i < STEPS; i++) {
		step();
		CHECK_INT(cycle.nfailed, 1);
		CHECK_INT(*missing, 1 + i / 10);
	}
	options.enabled = 0;
	for (unsigned i = STEPS; i <= 30; i++)
		step();
	CHECK_INT(cycle.nfailed, 0);
	end();
	rmdir(top);
}

TEST(a_pause_gives_no_other_source_more_room_below_the_ceiling)
{
	unsigned points;

	options.max_series = (uint32_t)ceiling_own(0) + 12;
	begin_on("/proc", SOURCE_BIT(SOURCE_FILESYSTEM) |
	    SOURCE_BIT(SOURCE_NETWORK), 1000);
	step();
	points = said[SOURCE_NETWORK].points;
	CHECK(said[SOURCE_FILESYSTEM].points > 0);
	for (unsigned i = 1; i < STEPS; i++) {
		step();
		CHECK_INT(said[SOURCE_NETWORK].points, points);
	}
	end();
}
