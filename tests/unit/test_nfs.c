/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/nfs.h"

#include <errno.h>

static struct ran ran;

TEST(calls_and_what_they_were_for_are_said_by_version)
{
	run_source(&ran, &source_nfs, "linux-5.14-rhel9", NULL);
	CHECK_INT(said(&ran, NFS_CALLS_ALL), 1218785755);
	CHECK_INT(said(&ran, NFS_RETRANSMISSIONS_ALL), 374636);
	CHECK_INT(said(&ran, NFS_AUTH_REFRESHES_ALL), 1218815394);
	CHECK_INT(said(&ran, NFS_OPERATIONS_GETATTR3), 101);
	CHECK_INT(said(&ran, NFS_OPERATIONS_COMMIT3), 121);
	CHECK_INT(said(&ran, NFS_OPERATIONS_READ4), 401);
	CHECK_INT(said(&ran, NFS_OPERATIONS_LOCK4), 414);
	CHECK_INT(said(&ran, NFS_OPERATIONS_LOOKUP4), 419);
	CHECK_INT(ran.n, NFS_VALUES);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_host_that_never_mounted_nfs_reports_nothing)
{
	run_source(&ran, &source_nfs, "linux-6.18", NULL);
	CHECK_INT(ran.n, 0);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_version_that_is_not_built_in_is_not_said)
{
	struct nfs_sample s;

	CHECK_INT(nfs_parse(TEXT("net 0 0 0 0\nrpc 7 0 0\nproc5 1 2\n"), &s),
	    0);
	CHECK_INT(s.value[0], 7);
	CHECK_INT(s.value[3], -1);
	CHECK_INT(s.value[NFS_VALUES - 1], -1);
}

TEST(numbers_that_are_missing_take_the_whole_file_out)
{
	static const char *const bad[] = { "", "\n", "net 0 0 0 0\n",
	    "rpc 1 2\n", "rpc 1 x 3\n", "rpc 1 2 3\nproc3 22 0 1 2\n",
	    "rpc 1 2 3\nproc4 1 2\n" };
	struct nfs_sample s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(nfs_parse(text_of(bad[i], strlen(bad[i])), &s),
		    -EBADMSG);
}
