/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/cgroup_parse.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const struct cgroup_key keys[] = {
	{ "usage_usec", CGROUP_USAGE_US, 1, 1 },
	{ "throttled_time", CGROUP_THROTTLED_US, 1, 1000 },
	{ "user", CGROUP_USER_US, 10000, 1 },
};
static int64_t v[CGROUP_VALUES];
static struct cgroup_io io;

static struct text
fresh(const char *s)
{
	memset(v, -1, sizeof(v));
	memset(&io, 0, sizeof(io));
	return text_of(s, strlen(s));
}

TEST(lines_are_found_by_name_and_scaled)
{
	CHECK_INT(cgroup_keyed(fresh("nr_periods 7\nuser 5\nthrottled_time"
	    " 12345\nusage_usec 17\nuser_other x\n"), keys, LENGTH(keys), v),
	    0);
	CHECK_INT(v[CGROUP_USAGE_US], 17);
	CHECK_INT(v[CGROUP_THROTTLED_US], 12);
	CHECK_INT(v[CGROUP_USER_US], 50000);
	CHECK_INT(v[CGROUP_NR_PERIODS], -1);
}

TEST(lines_that_nobody_asked_for_may_be_anything)
{
	CHECK_INT(cgroup_keyed(fresh("\n\nx\nuser_usec x\nusage_usec 3"),
	    keys, LENGTH(keys), v), 0);
	CHECK_INT(v[CGROUP_USAGE_US], 3);
	CHECK_INT(v[CGROUP_USER_US], -1);
}

TEST(a_wrong_number_or_none_of_the_names_is_malformed)
{
	static const char *const bad[] = { "", "\n", "user", "user \n",
		"user x\n", "user -1\n", "user 1.5\n", "users 1\n",
		"user 9223372036854775807\n", "user 99999999999999999999\n",
		"usage_usec 1\nuser x\n" };

	for (size_t i = 0; i < LENGTH(bad); i++)
		CHECK_INT(cgroup_keyed(fresh(bad[i]), keys, LENGTH(keys), v),
		    -EBADMSG);
}

TEST(the_kernels_memory_is_its_sum_or_what_it_is_made_of)
{
	CHECK_INT(cgroup_memory_stat(fresh("anon 1\nfile 2\nkernel 3\n"
	    "kernel_stack 100\nslab 100\n"), v), 0);
	cgroup_derive(v);
	CHECK_INT(v[CGROUP_MEM_ANON], 1);
	CHECK_INT(v[CGROUP_MEM_FILE], 2);
	CHECK_INT(v[CGROUP_MEM_KERNEL], 3);
	CHECK_INT(cgroup_memory_stat(fresh("anon 1\nfile 2\nkernel_stack 10\n"
	    "pagetables 20\npercpu 30\nslab_reclaimable 9\nslab 40\n"), v),
	    0);
	cgroup_derive(v);
	CHECK_INT(v[CGROUP_MEM_KERNEL], 100);
	CHECK_INT(cgroup_memory_stat(fresh("anon 1\nfile 2\n"), v), -EBADMSG);
}

TEST(no_limit_is_no_number)
{
	static const char *const none[] = { "max\n", "-1\n", "max",
		"9223372036854771712\n", "4611686018427387904\n" };
	int64_t n;

	for (size_t i = 0; i < LENGTH(none); i++) {
		n = 7;
		CHECK_INT(cgroup_number(text_of(none[i], strlen(none[i])), &n),
		    0);
		CHECK_INT(n, -1);
	}
	CHECK_INT(cgroup_number(fresh("4611686018427387903\n"), &n), 0);
	CHECK_INT(n, INT64_C(4611686018427387903));
	CHECK_INT(cgroup_number(fresh("0\n"), &n), 0);
	CHECK_INT(n, 0);
	CHECK_INT(cgroup_number(fresh(""), &n), -EBADMSG);
	CHECK_INT(cgroup_number(fresh("maximum\n"), &n), -EBADMSG);
	CHECK_INT(cgroup_number(fresh("-2\n"), &n), -EBADMSG);
	CHECK_INT(cgroup_number(fresh("1 2\n"), &n), -EBADMSG);
}

TEST(a_cpu_limit_is_in_thousandths_of_a_cpu)
{
	CHECK_INT(cgroup_cpu_max(fresh("150000 100000\n"), v), 0);
	cgroup_derive(v);
	CHECK_INT(v[CGROUP_MILLICPU_MAX], 1500);
	CHECK_INT(cgroup_cpu_max(fresh("max 100000\n"), v), 0);
	cgroup_derive(v);
	CHECK_INT(v[CGROUP_MILLICPU_MAX], -1);
	CHECK_INT(cgroup_cpu_max(fresh("100000 0\n"), v), 0);
	cgroup_derive(v);
	CHECK_INT(v[CGROUP_MILLICPU_MAX], -1);
	CHECK_INT(cgroup_cpu_max(fresh("100000\n"), v), -EBADMSG);
	CHECK_INT(cgroup_cpu_max(fresh("x 100000\n"), v), -EBADMSG);
}

TEST(where_no_period_went_by_nothing_is_said_of_throttling)
{
	fresh("");
	v[CGROUP_NR_PERIODS] = v[CGROUP_NR_THROTTLED] =
	    v[CGROUP_THROTTLED_US] = 0;
	cgroup_derive(v);
	CHECK_INT(v[CGROUP_NR_PERIODS], -1);
	CHECK_INT(v[CGROUP_NR_THROTTLED], -1);
	CHECK_INT(v[CGROUP_THROTTLED_US], -1);
	v[CGROUP_NR_PERIODS] = 1;
	v[CGROUP_NR_THROTTLED] = 0;
	cgroup_derive(v);
	CHECK_INT(v[CGROUP_NR_THROTTLED], 0);
}

TEST(each_device_of_io_stat_that_did_something_is_there)
{
	CHECK_INT(cgroup_io_stat(fresh(
	    "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
	    "8:16 rbytes=0 wbytes=0 rios=0 wios=0 dbytes=5 dios=6\n"
	    "259:3 cost.usage=9 wios=7\n"), &io), 0);
	CHECK_INT(io.n, 2);
	CHECK_INT(io.device[0].major, 8);
	CHECK_INT(io.device[0].minor, 0);
	for (int i = 0; i < CGROUP_IO_VALUES; i++)
		CHECK_INT(io.device[0].value[i], i + 1);
	CHECK_INT(io.device[1].major, 259);
	CHECK_INT(io.device[1].minor, 3);
	CHECK_INT(io.device[1].value[CGROUP_READ_BYTES], 0);
	CHECK_INT(io.device[1].value[CGROUP_WRITES], 7);
}

TEST(a_line_that_older_kernels_did_not_end_belongs_to_its_last_device)
{
	CHECK_INT(cgroup_io_stat(fresh("7:7 7:6 7:5 rbytes=1 wbytes=0 rios=1"
	    " wios=0\n253:1 253:0 "), &io), 0);
	CHECK_INT(io.n, 1);
	CHECK_INT(io.device[0].minor, 5);
}

TEST(a_disk_without_a_number_is_passed_over)
{
	CHECK_INT(cgroup_io_stat(fresh("(unknown) rbytes=1 wbytes=x\n"
	    "8:0 rbytes=2\n"), &io), 0);
	CHECK_INT(io.n, 1);
	CHECK_INT(io.device[0].value[CGROUP_READ_BYTES], 2);
	CHECK_INT(cgroup_blkio(fresh("(unknown) Read 5\n8:0 Read 4\nTotal 9\n"),
	    CGROUP_READ_BYTES, &io), 0);
	CHECK_INT(io.n, 1);
	CHECK_INT(io.device[0].value[CGROUP_READ_BYTES], 4);
}

TEST(malformed_io_is_refused)
{
	static const char *const bad[] = { "x", "8 rbytes=1\n", "rbytes=1\n",
		"8:0 rbytes=\n", "8:0 rbytes=-1\n", "8:x rbytes=1\n",
		":0 rbytes=1\n", "8:0 rbytes=1 x\n" };
	static const char *const bad_v1[] = { "", "\n", "Total\n", "8:0\n",
		"8:0 Read\n", "8:0 Read x\n", "8 Read 1\n", "Total x\n" };

	for (size_t i = 0; i < LENGTH(bad); i++)
		CHECK_INT(cgroup_io_stat(fresh(bad[i]), &io), -EBADMSG);
	for (size_t i = 0; i < LENGTH(bad_v1); i++)
		CHECK_INT(cgroup_blkio(fresh(bad_v1[i]), CGROUP_READS, &io),
		    -EBADMSG);
}

TEST(bytes_and_operations_of_version_1_meet_at_their_device)
{
	struct text t = fresh("8:0 Read 10\n8:0 Write 20\n8:0 Sync 1\n"
	    "8:0 Total 30\n8:16 Write 5\nTotal 35\n");

	CHECK_INT(cgroup_blkio(t, CGROUP_READ_BYTES, &io), 0);
	t = text_of("8:16 Write 2\n8:0 Read 3\nTotal 5\n", 32);
	CHECK_INT(cgroup_blkio(t, CGROUP_READS, &io), 0);
	CHECK_INT(io.n, 2);
	CHECK_INT(io.device[0].value[CGROUP_READ_BYTES], 10);
	CHECK_INT(io.device[0].value[CGROUP_WRITE_BYTES], 20);
	CHECK_INT(io.device[0].value[CGROUP_READS], 3);
	CHECK_INT(io.device[1].value[CGROUP_WRITES], 2);
}

TEST(more_devices_than_there_is_room_for_are_an_error)
{
	char text[8192];
	size_t at = 0;

	for (int i = 0; i < CGROUP_DEVICES_MAX; i++)
		at += (size_t)snprintf(text + at, 32,
		    "8:%d rbytes=1\n", i);
	CHECK_INT(cgroup_io_stat(fresh(text), &io), 0);
	CHECK_INT(io.n, CGROUP_DEVICES_MAX);
	snprintf(text + at, 32, "9:0 rbytes=0\n");
	CHECK_INT(cgroup_io_stat(fresh(text), &io), 0);
	snprintf(text + at, 32, "9:0 rbytes=1\n");
	CHECK_INT(cgroup_io_stat(fresh(text), &io), -EFBIG);
}

TEST(cgroups_are_counted_in_both_versions)
{
	int64_t n;

	CHECK_INT(cgroup_descendants(fresh("nr_descendants 15\n"
	    "nr_dying_descendants 2\n"), &n), 0);
	CHECK_INT(n, 15);
	CHECK_INT(cgroup_descendants(fresh("nr_dying_descendants 2\n"), &n),
	    -EBADMSG);
	CHECK_INT(cgroup_numbers(fresh("#subsys_name\thierarchy\tnum_cgroups\t"
	    "enabled\ncpu\t1\t3\t1\nmemory\t4\t42\t1\n"), &n), 0);
	CHECK_INT(n, 45);
	CHECK_INT(cgroup_numbers(fresh("#only\n"), &n), -EBADMSG);
	CHECK_INT(cgroup_numbers(fresh("cpu\t1\n"), &n), -EBADMSG);
}
