/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "gap.h"
#include "registry.h"
#include "test.h"

#include <stdio.h>

static const char *const miss_name[MISSED_END] = {
	[MISSED_LATE] = "late",
	[MISSED_SUSPENDED] = "suspended",
	[MISSED_CLOCK_STEP] = "clock_step",
	[MISSED_RESTART] = "restart",
	[MISSED_SOURCE_TIMEOUT] = "source_timeout",
	[MISSED_UNREADABLE] = "unreadable",
};

/* The fixed attribute of a point, which is what arrives downstream. */
static const char *
cause_of(unsigned point)
{
	const struct point_row *row = registry_point(point);

	CHECK(row != NULL);
	CHECK_STR(row->attr[0].key, "sluice.cause");
	CHECK(row->attr[1].key == NULL);
	return row->attr[0].value;
}

TEST(each_loss_is_the_point_of_its_name_and_there_is_no_other)
{
	for (unsigned i = 0; i < LOST_END; i++)
		CHECK_STR(cause_of(RECORDS_LOST_QUEUE_FULL + i),
		    loss_name((enum loss)i));
	CHECK(registry_point(RECORDS_LOST_QUEUE_FULL + LOST_END) == NULL);
}

TEST(each_missed_interval_is_the_point_of_its_name_and_there_is_no_other)
{
	for (unsigned i = 0; i < MISSED_END; i++)
		CHECK_STR(cause_of(INTERVALS_MISSED_LATE + i),
		    miss_name[i]);
	CHECK(registry_point(INTERVALS_MISSED_LATE + MISSED_END) == NULL);
}

static bool
is_word(const char *s)
{
	return s[0] != '\0' &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz_") == strlen(s);
}

TEST(each_cause_is_one_word_and_no_two_are_the_same)
{
	for (int i = 0; i < LOST_END; i++) {
		CHECK(is_word(loss_name((enum loss)i)));
		for (int j = 0; j < i; j++)
			CHECK(strcmp(loss_name((enum loss)i),
			    loss_name((enum loss)j)) != 0);
	}
	for (int i = 0; i < MISSED_END; i++) {
		CHECK(is_word(miss_name[i]));
		for (int j = 0; j < i; j++)
			CHECK(strcmp(miss_name[i],
			    miss_name[j]) != 0);
	}
}

/* In the table behind the line that names the metric: "| `CAUSE` | …". */
static void
check_explained(const char *metric, const char *cause)
{
	size_t len;
	const char *page = test_file("docs/operations.md", &len);
	const char *from, *to, *row;
	char start[128];

	snprintf(start, sizeof(start), "\n`%s`: ", metric);
	from = strstr(page, start);
	if (from == NULL)
		test_fail(__FILE__, __LINE__, "no part on %s", metric);
	to = strstr(from + 1, "\n`sluice.");
	snprintf(start, sizeof(start), "\n| `%s` | ", cause);
	row = strstr(from, start);
	if (row == NULL || (to != NULL && row > to))
		test_fail(__FILE__, __LINE__, "%s: no row %s", metric, cause);
}

TEST(each_cause_has_a_row_in_the_operators_page)
{
	for (int i = 0; i < LOST_END; i++)
		check_explained("sluice.records.lost",
		    loss_name((enum loss)i));
	for (int i = 0; i < MISSED_END; i++)
		check_explained("sluice.intervals.missed",
		    miss_name[i]);
}
