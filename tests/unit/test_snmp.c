/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/protocol.h"
#include "test.h"

#include <errno.h>

static struct named_sample sample;

static struct text
of(const char *s)
{
	return text_of(s, strlen(s));
}

static int
snmp(const char *s)
{
	return named_pairs(of(s), &protocol_table, PROTOCOL_SNMP, NULL,
	    &sample);
}

/* The value of a point; -1 where it was not found. */
static int64_t
value(unsigned point)
{
	for (size_t i = 0; i < protocol_table.n; i++)
		if (protocol_table.row[i].point == point)
			return sample.found[i] ? sample.value[i] : -1;
	test_fail(__FILE__, __LINE__, "no row has point %u", point);
}

static size_t
found(void)
{
	size_t n = 0;

	for (size_t i = 0; i < protocol_table.n; i++)
		n += sample.found[i];
	return n;
}

static void
clear(void)
{
	memset(&sample, 0, sizeof(sample));
}

TEST(the_tables_points_ascend_and_are_all_of_the_protocol_source)
{
	for (size_t i = 0; i < protocol_table.n; i++) {
		const unsigned point = protocol_table.row[i].point;

		CHECK(registry_point(point) != NULL);
		CHECK_INT(registry_metric(point_metric(point))->source,
		    SOURCE_PROTOCOL);
		CHECK(i == 0 || protocol_table.row[i - 1].point < point);
	}
}

TEST(no_point_of_the_source_is_without_a_row)
{
	size_t points = 0;

	for (unsigned p = 0; p < POINT_END; p++)
		points += registry_point(p) != NULL &&
		    registry_metric(point_metric(p))->source ==
		    SOURCE_PROTOCOL;
	CHECK_INT(protocol_table.n, points);
}

TEST(columns_are_found_by_name_wherever_they_stand)
{
	clear();
	CHECK_INT(snmp("Tcp: MaxConn OutRsts New InSegs ActiveOpens\n"
	    "Tcp: -1 5 x 6 7\nUdp: InErrors NoPorts\nUdp: 8 9\n"), 0);
	CHECK_INT(value(TCP_RESETS_SENT_ALL), 5);
	CHECK_INT(value(TCP_SEGMENTS_RECEIVE), 6);
	CHECK_INT(value(TCP_OPENED_ACTIVE), 7);
	CHECK_INT(value(UDP_ERRORS_IN4), 8);
	CHECK_INT(value(UDP_ERRORS_PORT4), 9);
	CHECK_INT(found(), 5);
}

TEST(the_same_name_in_another_group_is_not_taken)
{
	clear();
	CHECK_INT(snmp("Icmp: InErrors\nIcmp: 1\nUdpLite: InErrors NoPorts\n"
	    "UdpLite: 2 3\nIpx: InReceives\nIpx: 4\nTcp: InSegs\nTcp: 5\n"),
	    0);
	CHECK_INT(value(TCP_SEGMENTS_RECEIVE), 5);
	CHECK_INT(found(), 1);
}

TEST(a_file_without_any_of_the_names_is_malformed)
{
	clear();
	CHECK_INT(snmp(""), -EBADMSG);
	CHECK_INT(snmp("Icmp: InErrors\nIcmp: 1\n"), -EBADMSG);
	CHECK_INT(found(), 0);
}

TEST(a_value_that_is_no_count_takes_the_whole_file_out)
{
	static const char *const bad[] = {
		"Ip: InReceives\nIp: 1\nTcp: InSegs\nTcp: -1\n",
		("Ip: InReceives\nIp: 1\n"
		    "Tcp: InSegs\nTcp: 9223372036854775808\n"),
		"Ip: InReceives\nIp: 1\nTcp: InSegs\nTcp: 1x\n",
		"Ip: InReceives\nIp: 1\nTcp: InSegs\nTcp:\n",
		"Ip: InReceives\nIp: 1\nTcp: InSegs\nTcp: 1 2\n",
		"Ip: InReceives\nIp: 1\nTcp: InSegs\nUdp: 1\n",
		"Ip: InReceives\nIp: 1\nTcp: InSegs\n",
		"Ip: InReceives\nIp: 1\n\n\n",
		"Ip: InReceives\nIp 1\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		clear();
		if (snmp(bad[i]) != -EBADMSG || found() != 0)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	}
}

TEST(a_malformed_file_leaves_what_another_said)
{
	clear();
	CHECK_INT(named_lines(of("Ip6InReceives\t\t5\nUdp6NoPorts 6\n"),
	    &protocol_table, PROTOCOL_SNMP6, &sample), 0);
	CHECK_INT(snmp("Ip: InReceives\nIp: x\n"), -EBADMSG);
	CHECK_INT(value(IP_PACKETS_RECEIVE6), 5);
	CHECK_INT(value(UDP_ERRORS_PORT6), 6);
	CHECK_INT(found(), 2);
	CHECK_INT(named_lines(of("Ip6InReceives\n"), &protocol_table,
	    PROTOCOL_SNMP6, &sample), -EBADMSG);
	CHECK_INT(found(), 0);
}

static void
read_fixture(const char *kernel, const char *file, int which)
{
	char path[256] = "tests/fixtures/";
	size_t len;
	char *s;

	strcat(strcat(strcat(path, kernel), "/proc/net/"), file);
	s = test_file(path, &len);
	CHECK_INT(which == PROTOCOL_SNMP6 ?
	    named_lines(text_of(s, len), &protocol_table, which, &sample) :
	    named_pairs(text_of(s, len), &protocol_table, which, NULL,
		&sample), 0);
}

TEST(the_files_of_each_kernel_have_every_counter)
{
	static const char *const kernels[] = { "linux-5.14-rhel9",
	    "linux-6.1-debian12", "linux-6.18" };

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		clear();
		read_fixture(kernels[i], "snmp", PROTOCOL_SNMP);
		read_fixture(kernels[i], "snmp6", PROTOCOL_SNMP6);
		read_fixture(kernels[i], "netstat", PROTOCOL_NETSTAT);
		CHECK_INT(found(), protocol_table.n);
	}
}
