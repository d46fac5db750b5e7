/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  An instance is known by its place, its bytes or its hash. */
#include "series_world.h"

#include <stdio.h>

/* With and without the one before, by its bytes and by its hash. */
TEST(in_whatever_order_they_come_each_finds_its_own)
{
	struct series *s = begun();
	unsigned order = 1;

	for (int cycle = 0; cycle < 300; cycle++) {
		for (unsigned i = 0; i < 53; i++) {
			const unsigned n = cycle % 3 == 0 ? i :
			    (i * order + (unsigned)cycle) % 53;
			int64_t bytes = (int64_t)n * 1000 + cycle;
			char name[64];

			/* 5 to 56 bytes, and some differ in the last one */
			snprintf(name, sizeof(name), "d%0*u", 4 + (int)n / 2 *
			    2, n);
			if (cycle > 0 && (n * 7 + (unsigned)cycle) % 11 == 0)
				continue;
			CHECK_INT(judge_disk(s, name, &bytes), BOOT);
			CHECK_INT(bytes, n * 1000 + (unsigned)cycle);
			CHECK_INT(judge_disk(s, name, &bytes), 0);
		}
		order = order % 52 + 1;
		series_cycle(s, SECOND);
	}
	series_free(s);
}

/* A short name is known by its bytes, a long one by its hash alone. */
TEST(two_attributes_of_any_length_are_told_from_one_and_from_another)
{
	static const uint8_t x[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	struct point p = { DISK_IO_READ, 1 };
	struct series *s = begun();

	for (uint8_t first = 1; first < 36; first++)
		for (uint8_t second = 1; second < 36; second++) {
			const struct attr a[] = { { KEY_DEVICE, first, x },
				{ KEY_UNIT, second, x } };

			CHECK(series_judge(s, SOURCE_DISK, a, 2, &p, 1) != 0);
		}
	series_cycle(s, SECOND);
	for (uint8_t first = 1; first < 36; first++)
		for (uint8_t second = 1; second < 36; second++) {
			const struct attr a[] = { { KEY_DEVICE, first, x },
				{ KEY_UNIT, second, x } };
			const uint64_t alone = second == 1 ? FIRST : 0;

			CHECK_INT(series_judge(s, SOURCE_DISK, a, 1, &p, 1),
			    alone);
			CHECK_INT(series_judge(s, SOURCE_DISK, a, 2, &p, 1),
			    BOOT);
		}
	series_free(s);
}

TEST(one_that_comes_first_is_not_another_source_s_of_that_name)
{
	const struct attr a = { KEY_DEVICE, 1, (const uint8_t *)"x" };
	struct point read = { DISK_IO_READ, 7 }, received = { NET_IO_RECEIVE,
		5 };
	struct series *s = begun();

	CHECK_INT(series_judge(s, SOURCE_DISK, &a, 1, &read, 1), BOOT);
	series_cycle(s, SECOND);
	CHECK_INT(series_judge(s, SOURCE_NETWORK, &a, 1, &received, 1), BOOT);
	CHECK_INT(series_judge(s, SOURCE_DISK, &a, 1, &read, 1), BOOT);
	series_free(s);
}
