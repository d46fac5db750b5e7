/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/mdraid.h"

#include <errno.h>

static struct ran ran;
static struct md_array array;

static int
next(const char *s)
{
	struct text t = text_of(s, strlen(s));

	return md_next(&t, &array);
}

TEST(each_array_is_said_with_its_disks_and_what_it_does)
{
	run_source(&ran, &source_mdraid, "linux-5.14-rhel9", NULL);
	CHECK_INT(said_of(&ran, MD_ACTIVE_ALL, "md127"), 1);
	CHECK_INT(said_of(&ran, MD_RAID_DISKS_ALL, "md127"), 2);
	CHECK_INT(said_of(&ran, MD_DISKS_WORKING, "md127"), 2);
	CHECK_INT(said_of(&ran, MD_DEGRADED_ALL, "md127"), 0);
	CHECK_INT(said_of(&ran, MD_SYNC_DONE_CHECK, "md127"), NOT_SAID);
	CHECK_INT(said_of(&ran, MD_DEGRADED_ALL, "md5"), 1);
	CHECK_INT(said_of(&ran, MD_DISKS_FAILED, "md5"), 1);
	CHECK_INT(said_of(&ran, MD_DISKS_SPARE, "md5"), 1);
	CHECK_INT(said_of(&ran, MD_SYNC_DONE_RECOVERY, "md5"),
	    37043392ll * 1024);
	CHECK_INT(said_of(&ran, MD_SYNC_TOTAL_RECOVERY, "md5"),
	    292945152ll * 1024);
	CHECK_INT(said_of(&ran, MD_SYNC_SPEED_RECOVERY, "md5"), 33440 * 1024);
	CHECK_INT(said_of(&ran, MD_ACTIVE_ALL, "md9"), 0);
	CHECK_INT(said_of(&ran, MD_LIMIT_ALL, "md9"), 1465006080ll * 1024);
	CHECK_INT(said_of(&ran, MD_RAID_DISKS_ALL, "md9"), NOT_SAID);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_driver_without_arrays_has_none_and_a_host_may_lack_the_driver)
{
	run_source(&ran, &source_mdraid, "linux-6.1-debian12", NULL);
	CHECK_INT(ran.n, 0);
	CHECK_INT(ran.nfailures, 0);
	run_source(&ran, &source_mdraid, "linux-6.18", NULL);
	CHECK_INT(ran.n, 0);
	CHECK_INT(ran.nfailures, 0);
}

TEST(what_waits_for_its_turn_makes_no_progress)
{
	CHECK_INT(next("md1 : active (auto-read-only) raid1 sda1[0]\n"
	    "      5 blocks super 1.2 [2/1] [U_]\n"
	    "      \tresync=DELAYED\n      bitmap: 0/1 pages\n\n"), 1);
	CHECK_INT(array.sync, MD_IDLE);
	CHECK_INT(array.size, 5 * 1024);
	CHECK_INT(array.working, 1);
	CHECK_INT(next("md1 : active raid0 sda1[0]\n"
	    "      5 blocks super 1.2 512k chunks\n"), 1);
	CHECK_INT(array.disks, -1);
}

TEST(arrays_of_another_form_are_refused)
{
	static const char *const bad[] = { "\n", "md0\n", "md0 :\n",
	    "md0 active raid1\n", "md0 : active raid1\n x blocks\n",
	    "md0 : active\n 1 blocks [1/2] [U]\n",
	    "md0 : active\n 1 blocks [x/2] [U]\n",
	    "md0 : active\n 1 blocks [2/1 [U]\n",
	    "md0 : active\n 9223372036854775807 blocks\n",
	    "md0 : active\n check = 1%\n", "md0 : active\n check\n",
	    "md0 : active\n check = 1% (1/2) speed=K\n",
	    "md0 : active\n check = 1% (1/x) speed=1K\n",
	    "md0 : active\n check = 1% (1 speed=1K\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(next(bad[i]), -EBADMSG);
	CHECK_INT(next(""), 0);
	CHECK_INT(next("unused devices: <none>\n"), 0);
}

TEST(a_file_without_its_heading_is_not_the_one)
{
	struct text t = TEXT("md0 : active raid1\n");

	CHECK_INT(md_begin(&t), -EBADMSG);
	t = TEXT("");
	CHECK_INT(md_begin(&t), -EBADMSG);
}
