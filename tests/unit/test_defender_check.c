/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  The rules of a report, each with what breaks it. */
#include "defender.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>

#define HEAD "{\"header\":{\"report_id\":1,\"version\":\"1.0\"}"
#define STATS "\"network_stats\":{\"bytes_in\":1,\"bytes_out\":2," \
	"\"packets_in\":3,\"packets_out\":4}"
#define METRICS(inside) HEAD ",\"metrics\":{" inside "}}"
#define CUSTOM(inside) HEAD ",\"custom_metrics\":{" inside "}}"
#define PORTS(inside) METRICS("\"listening_tcp_ports\":{" inside "}")
#define TCP(inside) METRICS("\"tcp_connections\":{" \
	"\"established_connections\":{" inside "}}")

static int
judge(const char *text, bool short_names)
{
	char copy[1024];
	const size_t len = strlen(text);

	CHECK(len < sizeof(copy));
	memcpy(copy, text, len);
	return defender_check(copy, len, short_names);
}

TEST(what_the_rules_allow_is_taken)
{
	static const char *const good[] = {
		METRICS(STATS),
		CUSTOM("\"a\":[{\"number\":0}]"),
		CUSTOM("\"a\":[{\"number\":-0.5}],\"b\":[{\"number\":12.00}]"),
		CUSTOM("\"a\":[{\"number_list\":[]}]"),
		CUSTOM("\"a\":[{\"number_list\":[1,-2.5]}]"),
		PORTS("\"ports\":[],\"total\":0"),
		PORTS("\"ports\":[{\"port\":1}]"),
		PORTS("\"ports\":[{\"port\":65535,\"interface\":\"eth0\"}],"
		    "\"total\":2"),
		PORTS("\"total\":1,\"ports\":[{\"port\":1}]"),
		TCP("\"total\":9007199254740991"),
		TCP("\"connections\":[{\"remote_addr\":\"[::1]:5\","
		    "\"local_port\":3,\"local_interface\":\"eth0\"}],"
		    "\"total\":1"),
		METRICS(STATS ",\"listening_udp_ports\":{\"ports\":[]}"),
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (judge(good[i], false) < 0)
			test_fail(__FILE__, __LINE__, "%s", good[i]);
}

TEST(what_breaks_one_rule_is_refused)
{
	static const char *const bad[] = {
		"", "{", "{}", "[]", "null", HEAD "}", HEAD ",\"metrics\":{}}",
		"{\"metrics\":{" STATS "}}",
		METRICS(STATS) " ", " " METRICS(STATS), METRICS(STATS) "}",
		METRICS(STATS ",\"uptime\":1"), METRICS(STATS "," STATS),
		METRICS(STATS) METRICS(STATS), METRICS(STATS ","),
		"{\"header\":{\"report_id\":0,\"version\":\"1.0\"},"
		    "\"metrics\":{" STATS "}}",
		"{\"header\":{\"report_id\":\"1\",\"version\":\"1.0\"},"
		    "\"metrics\":{" STATS "}}",
		"{\"header\":{\"report_id\":1,\"version\":\"2.0\"},"
		    "\"metrics\":{" STATS "}}",
		"{\"header\":{\"report_id\":1,\"version\":1.0},"
		    "\"metrics\":{" STATS "}}",
		"{\"header\":{\"report_id\":1},\"metrics\":{" STATS "}}",
		"{\"hed\":{\"rid\":1,\"v\":\"1.0\"},\"met\":{" STATS "}}",
		METRICS("\"network_stats\":{\"bytes_in\":1}"),
		METRICS("\"network_stats\":{\"bytes_in\":-1,\"bytes_out\":2,"
		    "\"packets_in\":3,\"packets_out\":4}"),
		METRICS("\"network_stats\":[]"),
		TCP("\"total\":9007199254740992"), TCP("\"total\":01"),
		TCP("\"total\":99999999999999999999999999"),
		TCP("\"total\":1.5"), TCP("\"total\":"), TCP("\"total\":null"),
		TCP("\"connections\":[{\"local_port\":3}]"),
		TCP("\"connections\":[{\"remote_addr\":\"\"}]"),
		TCP("\"connections\":[{\"remote_addr\":3}]"),
		PORTS("\"total\":0"),
		PORTS("\"ports\":[{\"port\":0}]"),
		PORTS("\"ports\":[{\"port\":65536}]"),
		PORTS("\"ports\":[{}]"), PORTS("\"ports\":[{\"port\":1},]"),
		PORTS("\"ports\":[1]"),
		PORTS("\"ports\":[{\"interface\":\"eth0\"}]"),
		PORTS("\"ports\":[{\"port\":1,\"interface\":\"e\\u0041\"}]"),
		PORTS("\"ports\":[{\"port\":1,\"interface\":\"e 0\"}]"),
		PORTS("\"ports\":[{\"port\":1,\"port\":1}]"),
		PORTS("\"ports\":[{\"port\":1},{\"port\":2}],\"total\":1"),
		PORTS("\"total\":1,\"ports\":[{\"port\":1},{\"port\":2}]"),
		CUSTOM(""), CUSTOM("\"m\":{\"number\":0}"),
		CUSTOM("\"m\":[]"), CUSTOM("\"m\":[{}]"),
		CUSTOM("\"m\":[{\"number\":0},{\"number\":0}]"),
		CUSTOM("\"m\":[{\"number\":0,\"number_list\":[]}]"),
		CUSTOM("\"m\":[{\"number\":\"0\"}]"),
		CUSTOM("\"m\":[{\"number\":.5}]"),
		CUSTOM("\"m\":[{\"number\":1.}]"),
		CUSTOM("\"m\":[{\"number\":-}]"),
		CUSTOM("\"m\":[{\"number_list\":[1,]}]"),
		CUSTOM("\"m\":[{\"number_list\":1}]"),
		CUSTOM("\"m\":[{\"string_list\":[]}]"),
		CUSTOM("\"\":[{\"number\":0}]"),
		CUSTOM("\"aws:m\":[{\"number\":0}]"),
		CUSTOM("\"m\":[{\"number\":0}],\"m\":[{\"number\":0}]"),
		HEAD ",\"custom_metrics\":[]}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (judge(bad[i], false) == 0)
			test_fail(__FILE__, __LINE__, "%s", bad[i]);
}

TEST(long_and_short_names_are_not_mixed)
{
	static const char good[] = "{\"hed\":{\"rid\":1,\"v\":\"1.0\"},"
	    "\"met\":{\"ns\":{\"bi\":1,\"bo\":2,\"pi\":3,\"po\":4}},"
	    "\"cmet\":{\"m\":[{\"number\":0}]}}";

	CHECK_INT(judge(good, true), 0);
	CHECK_INT(judge(good, false), -EBADMSG);
	CHECK_INT(judge(METRICS(STATS), true), -EBADMSG);
	CHECK_INT(judge("{\"hed\":{\"rid\":1,\"v\":\"1.0\"},"
	    "\"metrics\":{\"ns\":{\"bi\":1,\"bo\":2,\"pi\":3,\"po\":4}}}",
	    true), -EBADMSG);
}

TEST(no_part_of_a_report_is_one)
{
	static const char text[] = CUSTOM("\"a\":[{\"number_list\":[1,2.5]}]");

	for (size_t len = 0; len < sizeof(text) - 1; len++)
		CHECK_INT(defender_check(text, len, false), -EBADMSG);
	CHECK_INT(defender_check(text, sizeof(text) - 1, false), 0);
}

TEST(a_report_larger_than_the_broker_takes_is_refused)
{
	static char text[DEFENDER_REPORT_MAX + 64];
	static const char front[] = CUSTOM("\"a\":[{\"number_list\":[1");
	size_t len = sizeof(front) - 3;	/* without the two last braces */

	memset(text, '1', sizeof(text));
	memcpy(text, front, len);
	text[len++] = '.';
	memcpy(text + DEFENDER_REPORT_MAX - 5, "]}]}}", 5);
	CHECK_INT(defender_check(text, DEFENDER_REPORT_MAX, false), 0);
	memset(text + DEFENDER_REPORT_MAX - 5, '1', 5);
	memcpy(text + DEFENDER_REPORT_MAX - 4, "]}]}}", 5);
	CHECK_INT(defender_check(text, DEFENDER_REPORT_MAX + 1, false),
	    -EBADMSG);
}

TEST(a_name_longer_than_any_is_refused)
{
	char text[512], name[130];

	for (int n = 128; n <= 129; n++) {
		memset(name, 'n', sizeof(name));
		name[n] = '\0';
		snprintf(text, sizeof(text), HEAD ",\"custom_metrics\":{"
		    "\"%s\":[{\"number\":0}]}}", name);
		CHECK_INT(judge(text, false), n == 128 ? 0 : -EBADMSG);
	}
}
