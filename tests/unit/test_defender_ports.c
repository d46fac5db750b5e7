/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Ports and connections of a Device Defender report. */
#include "defender_world.h"

TEST(an_empty_list_is_sent_only_where_there_is_no_port)
{
	begin();
	open_step(SOURCE_SOCKDIAG);
	connections("ipv4", 0);
	counted(0);
	take();
	CHECK(strstr(written(), "\"listening_tcp_ports\":{\"ports\":[],"
	    "\"total\":0},\"listening_udp_ports\":{\"ports\":[],\"total\":0}")
	    != NULL);
	begin();
	open_step(SOURCE_SOCKDIAG);
	connections("ipv4", 0);
	take();
	CHECK_INT(defender_write(&d, out, sizeof(out), &points), -ENODATA);
}

TEST(sockets_are_those_of_the_last_step)
{
	begin();
	sockets();
	sockets();
	CHECK(strstr(written(), "\"established_connections\":{\"total\":7}")
	    != NULL);
	wall_s += 10;
	open_step(SOURCE_SOCKDIAG);
	connections("ipv4", 1);
	port(NULL, "ipv4", "80", LISTENING_TCP);
	counted(0);
	take();
	CHECK(strstr(written(), "{\"total\":1}},\"listening_tcp_ports\":"
	    "{\"ports\":[{\"port\":80}],\"total\":1},"
	    "\"listening_udp_ports\":{\"ports\":[],\"total\":0}}}") != NULL);
}

TEST(a_name_that_no_interface_has_makes_no_total)
{
	begin();
	open_step(SOURCE_SOCKDIAG);
	port("a-name-of-more-than-31-letters-on-it", "ipv4", "22",
	    LISTENING_TCP);
	port(NULL, "ipv4", "80", LISTENING_TCP);
	port("a-name-of-more-than-31-letters-on-it", "ipv4", "68",
	    LISTENING_UDP);
	counted(0);
	take();
	CHECK(strstr(written(), "{\"total\":0}},\"listening_tcp_ports\":"
	    "{\"ports\":[{\"port\":80}]}}}") != NULL);
}

TEST(a_list_that_was_cut_where_it_was_made_has_no_total)
{
	begin();
	open_step(SOURCE_SOCKDIAG);
	port(NULL, "ipv4", "68", LISTENING_UDP);
	counted(3);
	take();
	CHECK(strstr(written(), "{\"total\":0}},\"listening_udp_ports\":"
	    "{\"ports\":[{\"port\":68}]}}}") != NULL);
	begin();
	open_step(SOURCE_SOCKDIAG);
	connections("ipv4", 9);
	port(NULL, "ipv4", "22", LISTENING_TCP);
	counted(3);
	take();
	CHECK(strstr(written(), "\"metrics\":{\"tcp_connections\":{"
	    "\"established_connections\":{\"total\":9}},"
	    "\"listening_tcp_ports\":{\"ports\":[{\"port\":22}]}}}") != NULL);
}

TEST(a_long_list_is_sampled_and_its_total_stays_true)
{
	static char first[DEFENDER_REPORT_MAX + 1];
	unsigned ports = 0, high = 0, last = 0, v;
	char number[8];

	begin();
	open_step(SOURCE_SOCKDIAG);
	for (unsigned i = 1; i <= 200; i++) {
		snprintf(number, sizeof(number), "%u", i);
		port(NULL, "ipv4", number, LISTENING_TCP);
	}
	counted(0);
	take();
	strcpy(first, written());
	CHECK(strstr(first, "\"total\":200}") != NULL);
	for (const char *s = first; (s = strstr(s, "{\"port\":")) != NULL;
	    s++) {
		CHECK(sscanf(s, "{\"port\":%u", &v) == 1);
		CHECK(v > last);
		last = v;
		high += v > 100;
		ports++;
	}
	CHECK_INT(ports, 50);
	CHECK(high > 12 && high < 38);
	/* another report has another sample; the same one has the same */
	d.report_id = 0;
	CHECK_STR(written(), first);
	CHECK(strcmp(strstr(written(), "metrics"),
	    strstr(first, "metrics")) != 0);
}

TEST(more_ports_than_are_kept_have_no_total)
{
	char number[8];

	for (unsigned n = DEFENDER_PORTS_MAX; n < DEFENDER_PORTS_MAX + 2;
	    n++) {
		begin();
		open_step(SOURCE_SOCKDIAG);
		for (unsigned i = 1; i <= n; i++) {
			snprintf(number, sizeof(number), "%u", i);
			port(NULL, "ipv4", number, LISTENING_TCP);
		}
		counted(0);
		take();
		CHECK((strstr(written(), "\"total\":512}") != NULL) ==
		    (n == DEFENDER_PORTS_MAX));
		CHECK(strstr(written(), "\"total\":513}") == NULL);
	}
}
