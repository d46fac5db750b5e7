/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "resolvconf.h"
#include "test.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct resolvconf_server found[NAMESERVERS_MAX];

static size_t
parse(const char *s)
{
	/* exactly as long, so that a read behind its end is seen */
	char *copy = malloc(strlen(s) + 1);
	size_t n;

	memcpy(copy, s, strlen(s));
	n = resolvconf_parse(found, text_of(copy, strlen(s)));
	free(copy);
	return n;
}

static const char *
address(const struct nameserver *s)
{
	static char buf[INET6_ADDRSTRLEN];

	return inet_ntop(s->family == 4 ? AF_INET : AF_INET6, s->addr, buf,
	    sizeof(buf));
}

TEST(name_servers_come_in_the_order_of_their_lines)
{
	CHECK_INT(parse("# made by hand\n; too\nsearch example.net\n"
	    "nameserver 192.0.2.1\noptions edns0 trust-ad\n"
	    "nameserver\t 2001:db8::1 \nnameserver 127.0.0.53"), 3);
	CHECK_STR(address(&found[0].server), "192.0.2.1");
	CHECK_INT(found[0].server.family, 4);
	CHECK_INT(found[0].server.port, 53);
	CHECK_STR(address(&found[1].server), "2001:db8::1");
	CHECK_INT(found[1].server.family, 6);
	CHECK_STR(found[1].scope, "");
	CHECK_STR(address(&found[2].server), "127.0.0.53");
}

TEST(a_fourth_server_is_left_out)
{
	CHECK_INT(parse("nameserver 192.0.2.1\nnameserver 192.0.2.2\n"
	    "nameserver 192.0.2.3\nnameserver 192.0.2.4\n"), 3);
	CHECK_STR(address(&found[2].server), "192.0.2.3");
}

TEST(a_scope_is_kept_apart_from_its_address)
{
	CHECK_INT(parse("nameserver fe80::1%eth0\nnameserver fe80::2%2#x"), 2);
	CHECK_STR(address(&found[0].server), "fe80::1");
	CHECK_STR(found[0].scope, "eth0");
	CHECK_INT(found[0].server.scope, 0);
	CHECK_STR(found[1].scope, "2");
}

TEST(a_comment_may_follow_an_address)
{
	CHECK_INT(parse("nameserver 192.0.2.1#x\nnameserver 192.0.2.2;x\n"
	    "nameserver 192.0.2.3 # x\n"), 3);
}

TEST(lines_that_name_no_address_are_passed_over)
{
	static const char *const bad[] = { "", "\n\n", "nameserver",
	    "nameserver ", "nameserver\n192.0.2.1", " nameserver 192.0.2.1",
	    "Nameserver 192.0.2.1", "nameservers 192.0.2.1",
	    "nameserver:192.0.2.1", "#nameserver 192.0.2.1",
	    "nameserver #192.0.2.1", "nameserver 192.0.2",
	    "nameserver 192.0.2.256", "nameserver 192.0.2.1.",
	    "nameserver 192.0.2.1:53", "nameserver [2001:db8::1]",
	    "nameserver 2001:db8:::1", "nameserver dns.example.net",
	    "nameserver 192.0.2.1%eth0", "nameserver fe80::1%",
	    "nameserver fe80::1%an_interface_x16", "nameserver %eth0",
	    "nameserver 192.0.2.1\r\n",
	    "nameserver 2001:0db8:0000:0000:0000:0000:0000:0001:0000:0000" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(bad[i]) != 0)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
}

TEST(a_nul_ends_nothing_and_makes_its_line_no_address)
{
	static const char text[] = "nameserver 192.0.2.1\0x\n"
	    "nameserver fe80::1\0eth0\nnameserver fe80::1%a\0b\n"
	    "nameserver 192.0.2.2";

	CHECK_INT(resolvconf_parse(found, text_of(text, sizeof(text) - 1)), 1);
	CHECK_STR(address(&found[0].server), "192.0.2.2");
}

static const char *
make_file(const char *text)
{
	static char path[64];
	int fd;

	strcpy(path, "/tmp/sluice-resolv-XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	return path;
}

TEST(scopes_become_numbers_and_one_that_is_not_there_costs_its_server)
{
	static struct shipconf c;
	const char *path = make_file("nameserver fe80::1%lo\n"
	    "nameserver fe80::2%nosuch0\nnameserver fe80::3%7\n");

	c.nservers = 3;
	resolvconf_fill(&c, path);
	unlink(path);
	CHECK_INT(c.nservers, 2);
	CHECK_INT(c.server[0].scope, if_nametoindex("lo"));
	CHECK_STR(address(&c.server[1]), "fe80::3");
	CHECK_INT(c.server[1].scope, 7);
}

TEST(without_a_file_or_a_server_in_it_the_local_host_is_asked)
{
	static struct shipconf c;
	const char *path = make_file("search example.net\n");

	resolvconf_fill(&c, path);
	CHECK_INT(c.nservers, 1);
	CHECK_STR(address(&c.server[0]), "127.0.0.1");
	CHECK_INT(c.server[0].port, 53);
	unlink(path);
	c.nservers = 0;
	resolvconf_fill(&c, path);
	CHECK_INT(c.nservers, 1);
}
