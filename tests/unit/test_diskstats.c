/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/disk.h"
#include "test.h"

#include <errno.h>

static struct text
of(const char *s)
{
	return text_of(s, strlen(s));
}

static int
one(const char *s, struct disk_sample *d)
{
	struct text t = of(s);

	return diskstats_next(&t, d);
}

TEST(sectors_become_bytes_and_each_column_has_its_place)
{
	struct disk_sample d;

	CHECK_INT(one("   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n", &d), 1);
	CHECK(text_is(d.name, "sda"));
	CHECK_INT(d.value[DISK_READS], 1);
	CHECK_INT(d.value[DISK_READS_MERGED], 2);
	CHECK_INT(d.value[DISK_READ_BYTES], 3 * 512);
	CHECK_INT(d.value[DISK_READ_MS], 4);
	CHECK_INT(d.value[DISK_WRITES], 5);
	CHECK_INT(d.value[DISK_WRITES_MERGED], 6);
	CHECK_INT(d.value[DISK_WRITTEN_BYTES], 7 * 512);
	CHECK_INT(d.value[DISK_WRITE_MS], 8);
	CHECK_INT(d.value[DISK_NOW], 9);
	CHECK_INT(d.value[DISK_BUSY_MS], 10);
	CHECK_INT(d.value[DISK_WEIGHTED_MS], 11);
}

TEST(lines_of_14_18_20_and_more_columns_are_read)
{
	static const char *const lines[] = {
		"8 0 sda 1 0 8 1 0 0 0 0 0 1 1",
		"8 0 sda 1 0 8 1 0 0 0 0 0 1 1 5 0 40 2",
		"8 0 sda 1 0 8 1 0 0 0 0 0 1 1 5 0 40 2 7 8",
		"8 0 sda 1 0 8 1 0 0 0 0 0 1 1 5 0 40 2 7 8 9",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct disk_sample d;

		CHECK_INT(one(lines[i], &d), 1);
		CHECK_INT(d.value[DISK_READ_BYTES], 4096);
		CHECK_INT(d.value[DISK_WEIGHTED_MS], 1);
	}
}

TEST(a_device_counts_as_used_after_any_io_even_a_flush_alone)
{
	struct disk_sample d;

	CHECK_INT(one("7 0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", &d), 1);
	CHECK(!d.used);
	CHECK_INT(one("7 0 loop0 0 0 0 0 0 0 0 0 1 0 0", &d), 1);
	CHECK(d.used);
	CHECK_INT(one("8 0 sda 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0", &d), 1);
	CHECK(d.used);
}

TEST(zeros_of_any_number_are_a_device_that_was_never_used)
{
	struct disk_sample d;

	for (size_t n = 0; n < 24; n++) {
		char s[64] = "7 0 loop0";
		const size_t start = strlen(s), len = start + 2 * n;
		const int result = n < DISK_COLUMNS ? -EBADMSG : 1;

		for (size_t i = start; i < len; i++)
			s[i] = (i - start) % 2 == 0 ? ' ' : '0';
		CHECK_INT(one(s, &d), result);
		CHECK(!d.used);
		CHECK(n < DISK_COLUMNS || text_is(d.name, "loop0"));
		for (size_t i = start + 1; i < len; i += 2) {
			s[i] = '1';
			CHECK_INT(one(s, &d), result);
			CHECK(n < DISK_COLUMNS || d.used);
			s[i] = 'x';
			CHECK_INT(one(s, &d), -EBADMSG);
			s[i] = '0';
		}
		s[len] = ' ';
		CHECK_INT(one(s, &d), result);
	}
}

TEST(a_line_that_is_cut_or_holds_no_number_is_malformed)
{
	static const char *const bad[] = {
		"\n", " ", "8", "8 0", "8 0 sda", "8 0 sda 1 2 3",
		"8 0 sda 1 0 8 1 0 0 0 0 0 1", "x 0 sda 1 0 8 1 0 0 0 0 0 1 1",
		"8 0 sda 1 0 8 -1 0 0 0 0 0 1 1",
		"8 0 sda 1 0 8 1 0 0 0 0 0 1 z",
		"8 0 sda 1 0 8 1 0 0 0 0 0 1 1 q",
		"8 0 sda 9223372036854775808 0 8 1 0 0 0 0 0 1 1",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct disk_sample d;

		if (one(bad[i], &d) != -EBADMSG)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	}
}

TEST(more_sectors_than_bytes_can_be_counted_are_malformed)
{
	struct disk_sample d;

	/* 2^63 / 512 */
	CHECK_INT(one("8 0 s 1 0 18014398509481984 1 0 0 0 0 0 1 1", &d),
	    -EBADMSG);
	CHECK_INT(one("8 0 s 1 0 0 1 0 0 18014398509481984 0 0 1 1", &d),
	    -EBADMSG);
	CHECK_INT(one("8 0 s 1 0 18014398509481983 1 0 0 0 0 0 1 1", &d), 1);
}

TEST(a_bad_line_is_passed_and_the_next_is_read)
{
	struct text t = of("8 0\n8 16 sdb 1 0 8 1 0 0 0 0 0 1 1\n");
	struct disk_sample d;

	CHECK_INT(diskstats_next(&t, &d), -EBADMSG);
	CHECK_INT(diskstats_next(&t, &d), 1);
	CHECK(text_is(d.name, "sdb"));
	CHECK_INT(diskstats_next(&t, &d), 0);
	CHECK_INT(diskstats_next(&t, &d), 0);
}

TEST(the_file_of_each_kernel_is_read_to_its_end)
{
	static const struct {
		const char *path;
		int lines, used;
	} host[] = {
		{ "tests/fixtures/linux-5.14-rhel9/proc/diskstats", 7, 6 },
		{ "tests/fixtures/linux-6.1-debian12/proc/diskstats", 5, 4 },
		{ "tests/fixtures/linux-6.18/proc/diskstats", 10, 1 },
	};

	for (size_t i = 0; i < sizeof(host) / sizeof(host[0]); i++) {
		struct disk_sample d;
		struct text t;
		int more, lines = 0, used = 0;
		size_t len;
		char *s = test_file(host[i].path, &len);

		t = text_of(s, len);
		for (; (more = diskstats_next(&t, &d)) == 1; lines++)
			used += d.used;
		CHECK_INT(more, 0);
		CHECK_INT(lines, host[i].lines);
		CHECK_INT(used, host[i].used);
	}
}
