/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/conntrack.h"

#include <errno.h>

static struct ran ran;
static struct named_sample sample;

static int
parse(const char *s)
{
	return conntrack_stat_parse(text_of(s, strlen(s)), &sample);
}

static int64_t
value(unsigned point)
{
	for (size_t i = 0; i < conntrack_table.n; i++)
		if (conntrack_table.row[i].point == point)
			return sample.found[i] ? sample.value[i] : -1;
	test_fail(__FILE__, __LINE__, "no row has point %u", point);
}

TEST(connections_and_events_are_said_whatever_columns_a_kernel_has)
{
	run_source(&ran, &source_conntrack, "linux-5.14-rhel9", NULL);
	CHECK_INT(said(&ran, CONNTRACK_ENTRIES_ALL), 1877);
	CHECK_INT(said(&ran, CONNTRACK_LIMIT_ALL), 262144);
	CHECK_INT(said(&ran, CONNTRACK_EVENTS_INVALID), 0x21 + 0x1f);
	CHECK_INT(said(&ran, CONNTRACK_EVENTS_INSERT_FAILED), 3);
	CHECK_INT(said(&ran, CONNTRACK_EVENTS_DROP), 0x0a);
	CHECK_INT(said(&ran, CONNTRACK_EVENTS_EARLY_DROP), 0);
	CHECK_INT(ran.nfailures, 0);
	run_source(&ran, &source_conntrack, "linux-6.18", NULL);
	CHECK_INT(ran.n, 6);
	CHECK_INT(said(&ran, CONNTRACK_EVENTS_INVALID), 0x10);
}

TEST(a_host_without_connection_tracking_says_nothing_and_reports_nothing)
{
	run_source(&ran, &source_conntrack, "linux-6.12-rhel10", NULL);
	CHECK_INT(ran.result, 0);
	CHECK_INT(ran.n, 0);
	CHECK_INT(ran.nfailures, 0);
}

TEST(numbers_are_hexadecimal_and_added_up_over_all_cpus)
{
	CHECK_INT(parse("entries drop invalid\n"
	    "00000001 ffffffff 0000000A\n00000001 ffffffff 00000001\n"), 0);
	CHECK_INT(value(CONNTRACK_EVENTS_DROP), 2 * 0xffffffffll);
	CHECK_INT(value(CONNTRACK_EVENTS_INVALID), 11);
	CHECK_INT(value(CONNTRACK_EVENTS_EARLY_DROP), -1);
}

#define TEN(what) what what what what what what what what what what
#define SIXTY(what) TEN(what) TEN(what) TEN(what) TEN(what) TEN(what) TEN(what)

TEST(columns_are_read_until_there_are_several_times_too_many)
{
	CHECK_INT(parse(SIXTY("n ") "a b c drop\n" SIXTY("0 ") "0 0 0 7\n"),
	    0);
	CHECK_INT(value(CONNTRACK_EVENTS_DROP), 7);
	CHECK_INT(parse(SIXTY("n ") "a b c drop d\n" SIXTY("0 ")
	    "0 0 0 7 0\n"), -EBADMSG);
}

TEST(a_line_that_is_not_as_long_as_its_heading_is_refused)
{
	static const char *const bad[] = { "", "entries drop\n",
	    "entries drop\n00000001\n", "entries drop\n1 2 3\n",
	    "entries drop\n1 2\n\n", "entries drop\n1 123456789\n",
	    "entries drop\n1 g\n", "entries drop\n1 -1\n",
	    "entries found\n1 2\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(parse(bad[i]), -EBADMSG);
}
