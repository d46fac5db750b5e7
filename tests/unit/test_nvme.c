/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/nvme.h"

#include <errno.h>

static struct ran ran;

TEST(a_controller_is_in_one_of_the_states)
{
	run_source(&ran, &source_nvme, "linux-5.14-rhel9", NULL);
	CHECK_INT(said_of(&ran, HW_STATUS_OK, "nvme0"), 1);
	CHECK_INT(said_of(&ran, HW_STATUS_DEGRADED, "nvme0"), 0);
	CHECK_INT(said_of(&ran, HW_STATUS_FAILED, "nvme0"), 0);
	CHECK_INT(said_of(&ran, HW_STATUS_OK, "nvme12"), 0);
	CHECK_INT(said_of(&ran, HW_STATUS_FAILED, "nvme12"), 1);
	/* nvme-subsys0 and what else is called so is no controller */
	CHECK_INT(ran.n, 6);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_host_without_nvme_reports_nothing)
{
	run_source(&ran, &source_nvme, "linux-6.18", NULL);
	CHECK_INT(ran.n, 0);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_state_that_is_not_known_is_none)
{
	CHECK_INT(nvme_status(TEXT("live")), HW_STATUS_OK);
	CHECK_INT(nvme_status(TEXT("connecting")), HW_STATUS_DEGRADED);
	CHECK_INT(nvme_status(TEXT("deleting (no IO)")), HW_STATUS_FAILED);
	CHECK_INT(nvme_status(TEXT("liven")), 0);
	CHECK_INT(nvme_status(TEXT("")), 0);
}
