/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/storage.h"

#include <errno.h>

#define UUID "d3ad17e2-6f1c-4b5a-9a63-1f0e5b7c8d90"

static struct ran ran;
static struct named_sample sample;

static int64_t
value(unsigned point)
{
	for (size_t i = 0; i < storage_table.n; i++)
		if (storage_table.row[i].point == point)
			return sample.found[i] ? sample.value[i] : -1;
	test_fail(__FILE__, __LINE__, "no row has point %u", point);
}

TEST(the_rows_are_in_order)
{
	for (size_t i = 1; i < storage_table.n; i++)
		CHECK(storage_table.row[i - 1].point <
		    storage_table.row[i].point);
}

TEST(each_file_system_says_what_it_knows_of_itself)
{
	run_source(&ran, &source_storage, "linux-5.14-rhel9", NULL);
	CHECK_INT(said_of(&ran, XFS_IO_READ, "dm-0"), 8820231168);
	CHECK_INT(said_of(&ran, XFS_IO_WRITE, "dm-0"), 36013314048);
	CHECK_INT(said_of(&ran, XFS_OPERATIONS_READ, "dm-0"), 1032211);
	CHECK_INT(said_of(&ran, XFS_OPERATIONS_WRITE, "dm-0"), 221233);
	CHECK_INT(said_of(&ran, XFS_LOG_WRITES_ALL, "dm-0"), 2883);
	CHECK_INT(said_of(&ran, XFS_LOG_WAITS_ALL, "dm-0"), 511);
	CHECK_INT(said_of(&ran, EXT4_ERRORS_ALL, "nvme0n1p1"), 2);
	CHECK_INT(ran.n, 7);
	CHECK_INT(ran.nfailures, 0);
}

TEST(file_systems_beyond_the_bound_are_said_to_be_left_out)
{
	char where[] = "/tmp/test_storage.XXXXXX", command[256];
	const char *which;
	struct host h;

	CHECK(mkdtemp(where) != NULL);
	snprintf(command, sizeof(command), "cd %s && for i in $(seq 256); do "
	    "mkdir -p fs/ext4/d$i; echo $i >fs/ext4/d$i/errors_count; done",
	    where);
	CHECK_INT(system(command), 0);
	CHECK_INT(host_open(&h, where, where, &which), 0);
	run_on_host(&ran, &source_storage, &h, NULL);
	CHECK_INT(ran.n, 256);
	CHECK_INT(ran.nfailures, 0);
	snprintf(command, sizeof(command), "mkdir %s/fs/ext4/more", where);
	CHECK_INT(system(command), 0);
	run_on_host(&ran, &source_storage, &h, NULL);
	CHECK_INT(ran.nfailures, 1);
	CHECK_INT(ran.last_error, -EFBIG);
	host_close(&h);
	snprintf(command, sizeof(command), "rm -r %s", where);
	CHECK_INT(system(command), 0);
}

TEST(errors_of_all_devices_of_a_btrfs_are_added_up)
{
	run_source(&ran, &source_storage, "linux-6.12-rhel10", NULL);
	CHECK_INT(said_of(&ran, BTRFS_USAGE_DATA, UUID), 10737418240);
	CHECK_INT(said_of(&ran, BTRFS_ALLOCATED_METADATA, UUID), 1073741824);
	CHECK_INT(said_of(&ran, BTRFS_ERRORS_CORRUPTION, UUID), 3 + 4);
	CHECK_INT(said_of(&ran, BTRFS_ERRORS_WRITE, UUID), 0);
	CHECK_INT(ran.nfailures, 0);
}

TEST(pools_and_the_cache_of_zfs_are_said)
{
	run_source(&ran, &source_storage, "linux-6.1-debian12", NULL);
	CHECK_INT(said(&ran, ZFS_ARC_USAGE_ALL), 4294967296);
	CHECK_INT(said(&ran, ZFS_ARC_LIMIT_ALL), 8589934592);
	CHECK_INT(said(&ran, ZFS_ARC_ACCESSES_HIT), 8772612);
	CHECK_INT(said(&ran, ZFS_ARC_ACCESSES_MISS), 604635);
	CHECK_INT(said_of(&ran, ZFS_POOL_STATE_ONLINE, "rpool"), 1);
	CHECK_INT(said_of(&ran, ZFS_POOL_STATE_FAILED, "rpool"), 0);
	CHECK_INT(said_of(&ran, ZFS_POOL_STATE_FAILED, "tank"), 1);
	CHECK_INT(ran.n, 4 + 2 * 3);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_host_without_any_of_them_reports_nothing)
{
	run_source(&ran, &source_storage, "linux-6.18", NULL);
	CHECK_INT(ran.n, 0);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_file_that_lacks_a_row_is_not_taken)
{
	memset(&sample, 0, sizeof(sample));
	CHECK_INT(xfs_parse(TEXT("log 1 2 3 4 5\nrw 1 2\n"), &sample),
	    -EBADMSG);
	CHECK_INT(value(XFS_OPERATIONS_READ), -1);
	CHECK_INT(xfs_parse(TEXT("log 1 2 3 4 5\nrw 1\nxpc 1 2 3\n"),
	    &sample), -EBADMSG);
	CHECK_INT(xfs_parse(TEXT("log 1 2 3 4 5\nrw 1 x\nxpc 1 2 3\n"),
	    &sample), -EBADMSG);
	CHECK_INT(xfs_parse(TEXT("log 1 2 3 4 5\n\n"), &sample), -EBADMSG);
	CHECK_INT(xfs_parse(TEXT("log 1 2 3 4 5\nrw 6 7\nxpc 8 9 10\nnew x\n"),
	    &sample), 0);
	CHECK_INT(value(XFS_OPERATIONS_READ), 7);
	CHECK_INT(value(XFS_IO_WRITE), 9);
	CHECK_INT(arc_parse(TEXT("a\nname type data\nhits 4 1\n"), &sample),
	    -EBADMSG);
	CHECK_INT(arc_parse(TEXT("hits 4 1\n"), &sample), -EBADMSG);
	CHECK_INT(arc_parse(TEXT(""), &sample), -EBADMSG);
	CHECK_INT(btrfs_errors_parse(TEXT("write_errs 1\n"), &sample),
	    -EBADMSG);
	CHECK_INT(btrfs_errors_parse(TEXT("write_errs\n"), &sample),
	    -EBADMSG);
}

TEST(states_and_names_that_are_not_known_are_none)
{
	CHECK_INT(zfs_state(TEXT("SUSPENDED")), ZFS_POOL_STATE_FAILED);
	CHECK_INT(zfs_state(TEXT("DEGRADED")), ZFS_POOL_STATE_DEGRADED);
	CHECK_INT(zfs_state(TEXT("online")), 0);
	CHECK_INT(zfs_state(TEXT("")), 0);
	CHECK(btrfs_is_uuid(UUID));
	CHECK(!btrfs_is_uuid("features"));
	CHECK(!btrfs_is_uuid("d3ad17e2-6f1c-4b5a-9a63-1f0e5b7c8d9"));
	CHECK(!btrfs_is_uuid("D3AD17E2-6f1c-4b5a-9a63-1f0e5b7c8d90"));
	CHECK(!btrfs_is_uuid("d3ad17e2-6f1c-4b5a-9a63x1f0e5b7c8d90"));
}
