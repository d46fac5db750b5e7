/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/pidstat.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int
parse(const char *s, size_t len)
{
	struct pidstat p = { .state = PROCESS_STATES };
	const int error = pidstat_parse(text_of(s, len), &p);

	return error < 0 ? error : (int)p.state;
}

/* The start of a line, with all the numbers behind it. */
static int
of(const char *s)
{
	char line[256];
	const int len = snprintf(line, sizeof(line), "%s 1 1 1 1 1 1 1 1 1 1 1"
	    " 1 1 1 1 1 1 1 1 1 1 1 1 1\n", s);

	return parse(line, (size_t)len);
}

TEST(each_letter_of_the_kernel_has_its_state)
{
	CHECK_INT(of("1 (a) R 0 1"), PROCESS_RUNNING);
	CHECK_INT(of("1 (a) S 0 1"), PROCESS_SLEEPING);
	CHECK_INT(of("1 (a) D 0 1"), PROCESS_SLEEPING);
	CHECK_INT(of("1 (a) I 0 1"), PROCESS_SLEEPING);
	CHECK_INT(of("1 (a) P 0 1"), PROCESS_SLEEPING);
	CHECK_INT(of("1 (a) T 0 1"), PROCESS_STOPPED);
	CHECK_INT(of("1 (a) t 0 1"), PROCESS_STOPPED);
	CHECK_INT(of("1 (a) Z 0 1"), PROCESS_DEFUNCT);
	CHECK_INT(of("1 (a) X 0 1"), PROCESS_DEFUNCT);
}

TEST(a_name_cannot_forge_the_state)
{
	CHECK_INT(of("7 (x) R 1 (y) S 1 7"), PROCESS_SLEEPING);
	CHECK_INT(of("7 (\n) R\n) Z 1 7"), PROCESS_DEFUNCT);
	CHECK_INT(of("7 () ) T 1 7"), PROCESS_STOPPED);
	CHECK_INT(of("7 () R 1 7"), PROCESS_RUNNING);
	CHECK_INT(of("7 (((( R) I 1 7"), PROCESS_SLEEPING);
	CHECK_INT(of("7 (\xff\xfe\x01) R 1 7"), PROCESS_RUNNING);
}

TEST(text_without_a_known_state_is_malformed)
{
	static const char *const bad[] = { "", "1", "1 (a", "1 (a)", "1 (a) ",
	    "1 (a)R", "1 (a) ? 0", "1 (a)  S 0", "1 (a) r 0", ")" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(of(bad[i]), -EBADMSG);
}

TEST(nothing_is_read_behind_the_end)
{
	for (size_t len = 0; len < 9; len++) {
		/* a copy of its own: a sanitizer sees its end */
		char *copy = strndup("1 (a) R 1", len);

		CHECK_INT(parse(copy, len), -EBADMSG);
		free(copy);
	}
}

TEST(the_processes_of_a_captured_host_are_read)
{
	static const struct {
		const char *pid;
		enum process_state state;
	} process[] = {
		{ "1", PROCESS_SLEEPING }, { "3", PROCESS_SLEEPING },
		{ "1544", PROCESS_SLEEPING }, { "1600", PROCESS_STOPPED },
		{ "1601", PROCESS_STOPPED }, { "1700", PROCESS_DEFUNCT },
		{ "1702", PROCESS_RUNNING },
	};

	for (size_t i = 0; i < sizeof(process) / sizeof(process[0]); i++) {
		char path[128] = "tests/fixtures/linux-5.14-rhel9/proc/";
		size_t len;
		char *s;

		s = test_file(strcat(strcat(path, process[i].pid), "/stat"),
		    &len);
		CHECK_INT(parse(s, len), process[i].state);
	}
}

static const char whole[] = "42 (a) b (c) S 1 2 3 4 -1 6 10 11 12 13 14 15 16 "
    "17 20 0 5 0 9000 1048576 77 18446744073709551615 1 1 0 0 0\n";

TEST(each_number_comes_from_its_field)
{
	struct pidstat p;

	CHECK_INT(pidstat_parse(text_of(whole, strlen(whole)), &p), 0);
	CHECK_INT(p.counter[PROCESS_MINOR_FAULTS], 10);
	CHECK_INT(p.counter[PROCESS_MAJOR_FAULTS], 12);
	CHECK_INT(p.counter[PROCESS_USER], 14);
	CHECK_INT(p.counter[PROCESS_SYSTEM], 15);
	CHECK_INT(p.threads, 5);
	CHECK_INT(p.start, 9000);
	CHECK_INT(p.rss, 77);
	CHECK_INT(p.state, PROCESS_SLEEPING);
	CHECK_INT(p.name.len, 7);
	CHECK(memcmp(p.name.p, "a) b (c", 7) == 0);
}

TEST(a_line_that_ends_before_its_last_number_is_malformed)
{
	const size_t needed = (size_t)(strstr(whole, " 18446") - whole);
	struct pidstat p;

	for (size_t len = 0; len <= needed; len++)
		/* the last number may be cut within its digits */
		CHECK_INT(pidstat_parse(text_of(whole, len), &p),
		    len > needed - 2 ? 0 : -EBADMSG);
}

TEST(a_line_may_end_with_the_last_number_that_is_used)
{
	static const char line[] =
	    "1 (a\nb) S 1 2 3 4 -1 6 10 1 1 1 1 1 1 1 20 0 5 0 9 1 7\n";
	struct pidstat p;

	CHECK_INT(pidstat_parse(text_of(line, strlen(line)), &p), 0);
	CHECK_INT(p.rss, 7);
	CHECK_INT(pidstat_parse(text_of(line, strlen(line) - 3), &p),
	    -EBADMSG);
}

TEST(numbers_below_zero_or_too_great_are_malformed)
{
	static const char *const bad[] = {
	    "1 (a) S 1 2 3 4 -1 6 -10 1 1 1 1 1 1 1 20 0 5 0 9 1 7",
	    ("1 () S 1 2 3 4 -1 6 1 1 1 1 9223372036854775808 1 1 1 2 0 5 0 9"
	    " 1 7"),
	    "1 (a) S 1 2 3 4 -1 6 10 1 1 1 1 1 1 1 20 0 5 0 -9 1 7",
	    "1 (a) S 1 2 3 4 -1 6 10 1 1 1 1 1 1 1 20 0 5 0 9 1 x" };
	struct pidstat p;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(pidstat_parse(text_of(bad[i], strlen(bad[i])), &p),
		    -EBADMSG);
}

TEST(the_longest_line_that_there_can_be_fits)
{
	char line[PIDSTAT_MAX + 1];
	struct pidstat p;
	size_t n = (size_t)snprintf(line, sizeof(line), "2147483647 (%s) S",
	    "kworker/u1024:1023-a-name-of-64-bytes-is-the-longest-of-all-here");

	for (int i = 4; i <= 52; i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, " %s",
		    i > 24 ? "18446744073709551615" : "9223372036854775807");
	CHECK(n < PIDSTAT_MAX);
	CHECK_INT(pidstat_parse(text_of(line, n), &p), 0);
}
