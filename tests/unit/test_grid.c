/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "grid.h"
#include "now.h"
#include "test.h"

#define MS UINT64_C(1000000)

enum { INTERVAL = 10000 };

TEST(a_turn_is_at_the_phase_after_a_whole_interval_since_boot)
{
	CHECK_INT(grid_next(0, INTERVAL, 0), 10000 * MS);
	CHECK_INT(grid_next(0, INTERVAL, 1), 1 * MS);
	CHECK_INT(grid_next(0, INTERVAL, 9999), 9999 * MS);
	CHECK_INT(grid_next(4000 * MS, INTERVAL, 4001), 4001 * MS);
	CHECK_INT(grid_next(4001 * MS, INTERVAL, 4001), 14001 * MS);
	CHECK_INT(grid_next(4001 * MS - 1, INTERVAL, 4001), 4001 * MS);
	CHECK_INT(grid_next(123456789 * MS, INTERVAL, 3), 123460003 * MS);
}

TEST(whenever_one_starts_it_is_in_the_grid_of_the_one_before)
{
	static const uint32_t intervals[] = { 1000, 7001, 10000, 3600000 };

	for (size_t i = 0; i < sizeof(intervals) / sizeof(*intervals); i++) {
		const uint32_t interval = intervals[i];
		const uint64_t step = interval * MS;

		/* a prime number of nanoseconds, close to a second */
		for (uint64_t now = 0; now < 3 * step; now += 999999937) {
			const uint32_t phase = (uint32_t)(now % interval);
			const uint64_t next = grid_next(now, interval, phase);

			CHECK(next > now && next <= now + step);
			CHECK(next % step == phase * MS);
			CHECK_INT(grid_next(next, interval, phase),
			    next + step);
			CHECK_INT(grid_next(next - 1, interval, phase), next);
		}
	}
}

TEST(the_first_one_of_all_is_at_once_unless_its_turn_is_near)
{
	CHECK(grid_starts_now(100 * MS, 9000 * MS, 0, INTERVAL));
	CHECK(grid_starts_now(100 * MS, 5101 * MS, 0, INTERVAL));
	CHECK(!grid_starts_now(100 * MS, 5100 * MS, 0, INTERVAL));
	CHECK(!grid_starts_now(100 * MS, 200 * MS, 0, INTERVAL));
}

TEST(who_starts_for_the_first_time_collects_at_once_and_half_a_turn_later)
{
	for (uint64_t now = 0; now < 3 * INTERVAL * MS; now += 77 * MS) {
		const uint64_t next = grid_next(now, INTERVAL, 1000);
		const uint64_t first = grid_first(now, INTERVAL, 1000, 0);

		CHECK(grid_starts_now(now, first, 0, INTERVAL));
		CHECK(first == next || first == next + INTERVAL * MS);
		CHECK(first > now + INTERVAL * MS / 2);
		CHECK(first <= now + INTERVAL * MS * 3 / 2);
		/* one that was there before keeps to its turns */
		CHECK_INT(grid_first(now, INTERVAL, 1000, 1), next);
	}
}

TEST(one_that_starts_again_collects_at_once_only_where_nothing_is_near)
{
	/* the turn before was missed, the next one is far */
	CHECK(grid_starts_now(23000 * MS, 31000 * MS, 11000 * MS, INTERVAL));
	/* the last collection is as good */
	CHECK(!grid_starts_now(23000 * MS, 31000 * MS, 21000 * MS, INTERVAL));
	CHECK(!grid_starts_now(26000 * MS, 31001 * MS, 21000 * MS, INTERVAL));
	CHECK(grid_starts_now(26000 * MS + 1, 31001 * MS, 21000 * MS,
	    INTERVAL));
	/* the next one is */
	CHECK(!grid_starts_now(29000 * MS, 31000 * MS, 11000 * MS, INTERVAL));
	/* a clock that says less than it did is no reason to hurry */
	CHECK(!grid_starts_now(1000 * MS, 9000 * MS, 11000 * MS, INTERVAL));
}

/* No clock that the battery kept: it starts with the machine, in 1970. */
TEST(a_wall_clock_that_is_behind_the_boot_makes_no_time_in_the_future)
{
	CHECK_INT(now_boot_ns(1000, 400), 600);
	CHECK_INT(now_boot_ns(1000, 1000), 1);
	CHECK_INT(now_boot_ns(1000, 1400), 1);
}
