/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  One disk after the other, as series.h sees them. */
#ifndef SLUICE_TESTS_SERIES_WORLD_H
#define SLUICE_TESTS_SERIES_WORLD_H

#include "series.h"
#include "test.h"

enum { BOOT = 1000, FIRST = 5000, SECOND = 6000, THIRD = 7000 };

static inline struct series *
begun(void)
{
	struct series *s = series_new(BOOT);

	CHECK(s != NULL);
	series_cycle(s, FIRST);
	return s;
}

static inline struct attr
device(const char *name)
{
	return (struct attr){ KEY_DEVICE, (uint8_t)strlen(name),
		(const uint8_t *)name };
}

/* When it began; *bytes becomes what is sent. */
static inline uint64_t
judge_disk(struct series *s, const char *name, int64_t *bytes)
{
	const struct attr a = device(name);
	struct point p = { DISK_IO_READ, *bytes };
	const uint64_t start = series_judge(s, SOURCE_DISK, &a, 1, &p, 1);

	*bytes = p.value;
	return start;
}

#endif
