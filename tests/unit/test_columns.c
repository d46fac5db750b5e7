/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  What is kept of lines of names makes no difference. */
#include "sources/columns.h"
#include "sources/protocol.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct columns columns;

static int
parse(struct text t, int file, struct columns *c, struct named_sample *s)
{
	memset(s, 0, sizeof(*s));
	return named_pairs(t, &protocol_table, file, c, s);
}

/* With what is kept, whatever that is, and without. */
static int
check(struct text t, int file)
{
	struct named_sample plain, known;
	const int error = parse(t, file, NULL, &plain);

	/* the second time each line is one that was kept */
	for (int i = 0; i < 2; i++) {
		CHECK_INT(parse(t, file, &columns, &known), error);
		for (size_t row = 0; row < protocol_table.n; row++) {
			CHECK_INT(known.found[row], plain.found[row]);
			if (plain.found[row])
				CHECK_INT(known.value[row], plain.value[row]);
		}
	}
	return error;
}

static int
snmp(const char *s)
{
	return check(text_of(s, strlen(s)), PROTOCOL_SNMP);
}

static const char *const kernels[] = { "linux-5.14-rhel9",
	"linux-6.1-debian12", "linux-6.18" };
enum { KERNELS = sizeof(kernels) / sizeof(kernels[0]) };

static void
check_fixture(const char *kernel, const char *name, int file)
{
	char path[256];
	size_t len;
	const char *s;

	snprintf(path, sizeof(path), "tests/fixtures/%s/proc/net/%s", kernel,
	    name);
	s = test_file(path, &len);
	CHECK_INT(check(text_of(s, len), file), 0);
}

TEST(one_kernels_file_after_anothers_is_read_as_if_it_were_the_first)
{
	memset(&columns, 0, sizeof(columns));
	for (int i = 0; i < 3 * KERNELS * KERNELS; i++) {
		check_fixture(kernels[i % KERNELS], "snmp", PROTOCOL_SNMP);
		check_fixture(kernels[i / KERNELS % KERNELS], "netstat",
		    PROTOCOL_NETSTAT);
	}
}

TEST(the_lines_of_the_same_kernel_are_all_known_the_second_time)
{
	for (size_t i = 0; i < KERNELS; i++) {
		memset(&columns, 0, sizeof(columns));
		check_fixture(kernels[i], "snmp", PROTOCOL_SNMP);
		CHECK_INT(columns.nlines, 3);
		check_fixture(kernels[i], "netstat", PROTOCOL_NETSTAT);
		CHECK_INT(columns.nlines, 4);
		check_fixture(kernels[i], "snmp", PROTOCOL_SNMP);
		CHECK_INT(columns.nlines, 4);
	}
}

TEST(a_line_of_other_names_is_read_anew)
{
	memset(&columns, 0, sizeof(columns));
	CHECK_INT(snmp("Tcp: InSegs OutSegs\nTcp: 1 2\n"), 0);
	CHECK_INT(snmp("Tcp: OutSegs InSegs\nTcp: 1 2\n"), 0);
	CHECK_INT(snmp("Tcp: InSegs\nTcp: 1\n"), 0);
	CHECK_INT(snmp("Tcp: New InSegs OutSegs\nTcp: 1 2 3\n"), 0);
	CHECK_INT(snmp("Tcp: InSegs OutSegs New\nTcp: 1 2 -3\n"), 0);
	CHECK_INT(snmp("Tcp:  InSegs OutSegs\nTcp: 1 2\n"), 0);
	CHECK_INT(snmp("Udp: InErrors\nUdp: 1\nTcp: InSegs\nTcp: 1\n"), 0);
}

TEST(the_same_line_of_another_file_is_another_line)
{
	const struct text t = text_of("TcpExt: ListenDrops\nTcpExt: 1\n", 30);

	memset(&columns, 0, sizeof(columns));
	CHECK_INT(check(t, PROTOCOL_NETSTAT), 0);
	CHECK_INT(check(t, PROTOCOL_SNMP), -EBADMSG);
	CHECK_INT(check(t, PROTOCOL_NETSTAT), 0);
}

TEST(numbers_under_a_known_line_are_refused_as_under_a_new_one)
{
	static const char *const numbers[] = { "", "Tcp:", "Tcp: 1 2",
	    "Tcp: 1 2 3 4", "Udp: 1 2 3", "Tcp: 1 2 x", "Tcp: x 2 3",
	    "Tcp: 1 2 9223372036854775808", "Tcp 1 2 3", "Tcp:1 2 3" };
	char s[128];

	memset(&columns, 0, sizeof(columns));
	CHECK_INT(snmp("Tcp: InSegs New OutSegs\nTcp: 1 -2 3\n"), 0);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(s, sizeof(s), "Tcp: InSegs New OutSegs\n%s\n",
		    numbers[i]);
		CHECK_INT(snmp(s), -EBADMSG);
	}
	CHECK_INT(snmp("Tcp: InSegs New OutSegs\nTcp: 1 x 3 \n"), 0);
	CHECK_INT(snmp("Tcp: InSegs New OutSegs"), -EBADMSG);
}

/* A line of that many times one name and as many numbers. */
static struct text
repeated(const char *name, size_t times)
{
	static char buf[65536];
	size_t n = (size_t)snprintf(buf, sizeof(buf), "Tcp:");

	for (size_t i = 0; i < times; i++)
		n += (size_t)snprintf(buf + n, sizeof(buf) - n, " %s", name);
	n += (size_t)snprintf(buf + n, sizeof(buf) - n, " InSegs\nTcp:");
	for (size_t i = 0; i <= times; i++)
		n += (size_t)snprintf(buf + n, sizeof(buf) - n, " %zu", i);
	CHECK(n < sizeof(buf) - 1);
	buf[n++] = '\n';
	return text_of(buf, n);
}

TEST(what_finds_no_room_is_read_name_by_name)
{
	memset(&columns, 0, sizeof(columns));
	for (size_t i = 0; i < 2 * COLUMNS_WANTED; i++)
		CHECK_INT(check(repeated("OutSegs", i), PROTOCOL_SNMP), 0);
	for (size_t i = 0; i < 3 * COLUMNS_LINES; i++) {
		CHECK_INT(check(repeated("N", i), PROTOCOL_SNMP), 0);
		CHECK(columns.nlines > 0 && columns.nlines <= COLUMNS_LINES);
	}
	for (size_t i = 0; i < COLUMNS_BYTES; i += 97)
		CHECK_INT(check(repeated("N", i), PROTOCOL_SNMP), 0);
	CHECK_INT(snmp("Tcp: InSegs\nTcp: 1\n"), 0);
}

TEST(the_longest_line_that_there_is_room_for_is_kept)
{
	/* "Tcp:", " NNNN" each, " InSegs": to the last byte */
	const size_t most = (COLUMNS_BYTES - 11) / 5;

	CHECK_INT((COLUMNS_BYTES - 11) % 5, 0);
	memset(&columns, 0, sizeof(columns));
	CHECK_INT(check(repeated("NNNN", most + 1), PROTOCOL_SNMP), 0);
	CHECK_INT(columns.nlines, 0);
	CHECK_INT(check(repeated("NNNN", most), PROTOCOL_SNMP), 0);
	CHECK_INT(columns.nlines, 1);
	CHECK_INT(snmp("Tcp: InSegs\nTcp: 1\n"), 0);
	CHECK_INT(columns.nlines, 1);
}
