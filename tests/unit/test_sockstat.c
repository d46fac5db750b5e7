/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/socket.h"
#include "test.h"

#include <errno.h>

static struct named_sample sample;

static int
parse(int file, const char *s, size_t len)
{
	return named_words(text_of(s, len), &socket_table, file, &sample);
}

static int
fresh(const char *s)
{
	memset(&sample, 0, sizeof(sample));
	return parse(SOCKET_SOCKSTAT, s, strlen(s));
}

/* The value of a point; -1 where it was not found. */
static int64_t
value(unsigned point)
{
	for (size_t i = 0; i < socket_table.n; i++)
		if (socket_table.row[i].point == point)
			return sample.found[i] ? sample.value[i] : -1;
	test_fail(__FILE__, __LINE__, "no row has point %u", point);
}

TEST(every_point_of_the_source_has_one_row_in_ascending_order)
{
	size_t points = 0;

	for (unsigned p = 0; p < POINT_END; p++)
		points += registry_point(p) != NULL &&
		    registry_metric(point_metric(p))->source == SOURCE_SOCKET;
	CHECK_INT(socket_table.n, points);
	for (size_t i = 1; i < socket_table.n; i++)
		CHECK(socket_table.row[i - 1].point <
		    socket_table.row[i].point);
}

TEST(numbers_are_found_by_line_and_name)
{
	CHECK_INT(fresh("sockets: used 290\nTCP: mem 5 inuse 6 tw 7\n"
	    "UDP: inuse 2 mem 3\nFRAG: inuse 9 memory 9\n"), 0);
	CHECK_INT(value(SOCKETS_USED_ALL), 290);
	CHECK_INT(value(SOCKETS_INUSE_TCP4), 6);
	CHECK_INT(value(SOCKETS_INUSE_UDP4), 2);
	CHECK_INT(value(TCP_SOCKETS_TIME_WAIT), 7);
	CHECK_INT(value(TCP_SOCKETS_ORPHAN), -1);
	CHECK_INT(value(SOCKETS_INUSE_TCP6), -1);
}

TEST(memory_is_pages_until_it_is_made_bytes)
{
	CHECK_INT(fresh("TCP: inuse 6 mem 5\nUDP: mem 3\n"), 0);
	CHECK_INT(value(SOCKET_MEMORY_TCP), 5);
	CHECK_INT(socket_pages(&sample, 4096), 0);
	CHECK_INT(value(SOCKET_MEMORY_TCP), 5 * 4096);
	CHECK_INT(value(SOCKET_MEMORY_UDP), 3 * 4096);
	CHECK_INT(value(SOCKETS_INUSE_TCP4), 6);
}

TEST(more_pages_than_bytes_can_be_counted_are_taken_out)
{
	CHECK_INT(fresh("TCP: inuse 6 mem 9223372036854775807\nUDP: mem 3\n"),
	    0);
	CHECK_INT(socket_pages(&sample, 4096), -EBADMSG);
	CHECK_INT(value(SOCKET_MEMORY_TCP), -1);
	CHECK_INT(value(SOCKET_MEMORY_UDP), 3 * 4096);
	CHECK_INT(value(SOCKETS_INUSE_TCP4), 6);
}

TEST(a_line_of_another_form_takes_the_whole_file_out)
{
	static const char *const bad[] = {
		"sockets: used 1\nTCP: inuse\n",
		"sockets: used 1\nTCP: inuse x\n",
		"sockets: used 1\nTCP: inuse -1\n",
		"sockets: used 1\n\n",
		"sockets: used 9223372036854775808\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(fresh(bad[i]), -EBADMSG);
		CHECK_INT(value(SOCKETS_USED_ALL), -1);
	}
}

TEST(the_files_of_each_kernel_have_every_number)
{
	static const char *const kernels[] = { "linux-5.14-rhel9",
	    "linux-6.1-debian12", "linux-6.18" };

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		char path[256] = "tests/fixtures/";
		size_t len;
		char *s;

		strcat(strcat(path, kernels[i]), "/proc/net/sockstat");
		s = test_file(path, &len);
		memset(&sample, 0, sizeof(sample));
		CHECK_INT(parse(SOCKET_SOCKSTAT, s, len), 0);
		s = test_file(strcat(path, "6"), &len);
		CHECK_INT(parse(SOCKET_SOCKSTAT6, s, len), 0);
		for (size_t k = 0; k < socket_table.n; k++)
			CHECK(sample.found[k]);
	}
}
