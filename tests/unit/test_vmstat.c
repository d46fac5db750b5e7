/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/paging.h"

#include <errno.h>

static struct ran ran;

static int
parse(const char *s, struct vmstat_sample *out)
{
	return vmstat_parse(text_of(s, strlen(s)), out);
}

TEST(faults_swapping_and_oom_kills_are_what_the_file_says)
{
	run_source(&ran, &source_paging, "linux-5.14-rhel9", NULL);
	CHECK_INT(said(&ran, PAGING_FAULTS_MAJOR), 44121);
	CHECK_INT(said(&ran, PAGING_FAULTS_MINOR), 912233441 - 44121);
	CHECK_INT(said(&ran, PAGING_OPERATIONS_IN), 78);
	CHECK_INT(said(&ran, PAGING_OPERATIONS_OUT), 512);
	CHECK_INT(said(&ran, OOM_KILLS_ALL), 2);
	CHECK_INT(ran.nfailures, 0);
}

TEST(the_counters_are_found_among_those_of_newer_kernels)
{
	run_source(&ran, &source_paging, "linux-6.12-rhel10", NULL);
	CHECK_INT(said(&ran, PAGING_FAULTS_MAJOR), 3312);
	CHECK_INT(said(&ran, OOM_KILLS_ALL), 1);
	CHECK_INT(ran.n, 5);
	run_source(&ran, &source_paging, "linux-6.18", NULL);
	CHECK_INT(said(&ran, PAGING_FAULTS_MINOR), 10155907 - 5190);
	CHECK_INT(ran.n, 5);
}

TEST(a_kernel_without_swap_says_faults_alone)
{
	struct vmstat_sample s;

	CHECK_INT(parse("nr_free_pages 9\npgfault 10\npgmajfault 4\n", &s), 0);
	CHECK_INT(s.faults, 10);
	CHECK_INT(s.major_faults, 4);
	CHECK_INT(s.swapped_in, -1);
	CHECK_INT(s.oom_kills, -1);
}

TEST(malformed_counters_refuse_the_file)
{
	static const char *const bad[] = { "", "nr_free_pages 9\n",
	    "pgfault\n", "pgfault x\n", "oom_kill -1\n",
	    "pgfault 9223372036854775808\n", "pgfault 3\npgmajfault 4\n" };
	struct vmstat_sample s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(parse(bad[i], &s), -EBADMSG);
}

TEST(lines_that_are_not_ours_may_hold_anything)
{
	struct vmstat_sample s;

	CHECK_INT(parse("pgfaultx -\n\nnew_thing\noom_kill 0\n-1 -1\n", &s),
	    0);
	CHECK_INT(s.oom_kills, 0);
	CHECK_INT(s.faults, -1);
}
