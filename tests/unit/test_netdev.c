/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/network.h"
#include "test.h"

#include <errno.h>

#define HEADINGS \
	"Inter-|   Receive      |  Transmit\n" \
	" face |bytes    packets|bytes    packets\n"

static int
one(const char *s, struct net_sample *n)
{
	struct text t = text_of(s, strlen(s));

	return netdev_next(&t, n);
}

TEST(headings_are_passed_and_each_column_has_its_place)
{
	struct net_sample n;

	CHECK_INT(one(HEADINGS
	    "  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", &n), 1);
	CHECK(text_is(n.name, "eth0"));
	CHECK_INT(n.value[NET_RX_BYTES], 1);
	CHECK_INT(n.value[NET_RX_PACKETS], 2);
	CHECK_INT(n.value[NET_RX_ERRORS], 3);
	CHECK_INT(n.value[NET_RX_DROPPED], 4);
	CHECK_INT(n.value[NET_TX_BYTES], 9);
	CHECK_INT(n.value[NET_TX_PACKETS], 10);
	CHECK_INT(n.value[NET_TX_ERRORS], 11);
	CHECK_INT(n.value[NET_TX_DROPPED], 12);
}

TEST(a_number_may_follow_the_name_without_a_blank)
{
	struct net_sample n;

	CHECK_INT(one("eth0:123 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", &n), 1);
	CHECK(text_is(n.name, "eth0"));
	CHECK_INT(n.value[NET_RX_BYTES], 123);
}

TEST(names_of_every_sort_are_taken_whole)
{
	static const char *const names[] = { "br-1a2b", "eth0.100", "wg_0",
	    "veth12@if3", "a|b", "enp0s31f6", "\xc3\xa9th", "x" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char line[128];
		struct net_sample n;

		strcpy(line, "  ");
		strcat(line, names[i]);
		strcat(line, ": 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
		CHECK_INT(one(line, &n), 1);
		CHECK(text_is(n.name, names[i]));
	}
}

TEST(a_line_of_another_form_is_malformed)
{
	static const char *const bad[] = {
		"\n", "eth0\n", "eth0:", ": 1 2 3 4 5 6 7 8 9 10 11 12 13 14",
		"eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n",
		"eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 x\n",
		"eth0: -1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
		"a b: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
		" : 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
		("eth0: 18446744073709551615 2 3 4 5 6 7 8 9 10 11 12 13 14 "
		    "15 16\n"),
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct net_sample n;

		if (one(bad[i], &n) != -EBADMSG)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	}
}

TEST(headings_alone_are_the_end)
{
	struct net_sample n;

	CHECK_INT(one(HEADINGS, &n), 0);
	CHECK_INT(one("", &n), 0);
}

TEST(the_file_of_each_kernel_is_read_to_its_end)
{
	static const struct {
		const char *path;
		int lines;
	} host[] = {
		{ "tests/fixtures/linux-5.14-rhel9/proc/net/dev", 4 },
		{ "tests/fixtures/linux-6.1-debian12/proc/net/dev", 4 },
		{ "tests/fixtures/linux-6.18/proc/net/dev", 4 },
	};

	for (size_t i = 0; i < sizeof(host) / sizeof(host[0]); i++) {
		struct net_sample n;
		struct text t;
		int more, lines = 0;
		size_t len;
		char *s = test_file(host[i].path, &len);

		t = text_of(s, len);
		while ((more = netdev_next(&t, &n)) == 1)
			lines++;
		CHECK_INT(more, 0);
		CHECK_INT(lines, host[i].lines);
	}
}
